"""A bot's memory as a battle finds it: zero, and what its parts make of their settings."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np

from beepsim.errors import UserError
from beepsim.robots.entry import Parts, memory_dtype
from beepsim.robots.loader import Bot
from beepsim.robots.modules import failure, load_module
from beepsim.robots.settings import Settled, file_hash

MOST_KEPT = 4096  # bytes of a memory that is prepared once for a process: a duel of simple bots takes ten milliseconds
SEED = 0  # of what a `prepare` draws from global generators, so that it prepares the same for every battle


def new_memory(bot: Bot) -> np.ndarray:
    """The record [1] of memory_dtype; keep it for as long as a crew holds its address.

    Raises UserError where a part's `prepare` raises.
    """
    if not any(part.prepares for part in bot.parts):
        return np.zeros(1, memory_dtype(bot.parts))
    try:
        if is_prepared_each_time(bot):
            return prepared(bot.parts, bot.settings)
        files = [file_hash(value) for settled in bot.settings for _, value in settled if isinstance(value, Path)]
        return prepared_once(bot.parts, bot.settings, tuple(files)).copy().view(memory_dtype(bot.parts))
    except UserError as error:
        raise UserError(f"bot '{bot.name}': {error}") from error.__cause__


def is_prepared_each_time(bot: Bot) -> bool:
    """Whether Python of its file runs at the start of each battle."""
    return any(part.prepares for part in bot.parts) and memory_dtype(bot.parts).itemsize > MOST_KEPT


@lru_cache(maxsize=1024)
def prepared_once(parts: Parts, settings: tuple[Settled, ...], files: tuple[str, ...]) -> np.ndarray:
    """`prepared` as bytes, once for each contents of the settings' files."""
    return prepared(parts, settings).view(np.uint8)


def prepared(parts: Parts, settings: tuple[Settled, ...]) -> np.ndarray:
    """A new memory, prepared. Raises UserError where that fails."""
    memory = np.zeros(1, memory_dtype(parts))
    with own_global_randomness(SEED):
        for part, settled in zip(parts, settings, strict=True):
            if not part.prepares:
                continue
            try:
                load_module(part.path).prepare(dict(settled), memory[0][part.kind])
            except UserError:
                raise
            except (Exception, SystemExit) as error:  # whatever a stranger's file raises is the user's to know
                raise UserError(failure(part.path, error, "prepare failed")) from error
    return memory


@contextmanager
def own_global_randomness(seed: int) -> Iterator[None]:
    """Seeds `random` and numpy's global generator, which bots in Python may draw from; restores both afterwards."""
    states = random.getstate(), np.random.get_state()
    random.seed(seed)
    np.random.seed([seed & 0xFFFFFFFF, seed >> 32])
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
