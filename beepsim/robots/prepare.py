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

BLOCK = 4096  # bytes
SEED = 0  # of what a `prepare` draws from global generators, so that it prepares the same for every battle

Blocks = tuple[tuple[int, np.ndarray], ...]
"""Where in a memory BLOCK bytes begin that are not all zero, and these bytes: of megabytes for waves few are."""


def new_memory(bot: Bot) -> np.ndarray:
    """The record [1] of memory_dtype; keep it for as long as a crew holds its address.

    Raises UserError where a part's `prepare` raises.
    """
    memory = np.zeros(1, memory_dtype(bot.parts))
    if any(part.prepares for part in bot.parts):
        files = [file_hash(value) for settled in bot.settings for _, value in settled if isinstance(value, Path)]
        try:
            blocks = prepared(bot.parts, bot.settings, tuple(files))
        except UserError as error:
            raise UserError(f"bot '{bot.name}': {error}") from error.__cause__
        contents = memory.view(np.uint8)
        for at, block in blocks:
            contents[at : at + len(block)] = block
    return memory


@lru_cache(maxsize=256)
def prepared(parts: Parts, settings: tuple[Settled, ...], files: tuple[str, ...]) -> Blocks:
    """The memory that the parts prepare, once for each contents of the settings' `files`: duels may take milliseconds.

    Raises UserError where a `prepare` raises.
    """
    memory = np.zeros(1, memory_dtype(parts))
    with own_global_randomness(SEED):
        for part, settled in zip(parts, settings, strict=True):
            if not part.prepares:
                continue
            try:
                load_module(part.path).prepare(dict(settled), memory[0][part.kind])
            except (UserError, KeyboardInterrupt):
                raise
            except BaseException as error:  # whatever a stranger's file raises is the user's to know
                raise UserError(failure(part.path, error, "prepare failed")) from error
    contents = memory.view(np.uint8)
    places = range(0, len(contents), BLOCK)
    return tuple((at, contents[at : at + BLOCK].copy()) for at in places if contents[at : at + BLOCK].any())


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
