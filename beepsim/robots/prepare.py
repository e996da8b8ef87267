"""A bot's memory as a battle finds it: zero, and what its parts make of their settings."""

import numpy as np

from beepsim.errors import UserError
from beepsim.robots.entry import memory_dtype
from beepsim.robots.loader import Bot
from beepsim.robots.modules import failure, load_module


def new_memory(bot: Bot) -> np.ndarray:
    """The record [1] of memory_dtype; keep it for as long as a crew holds its address.

    Raises UserError where a part's `prepare` raises.
    """
    memory = np.zeros(1, memory_dtype(bot.parts))
    for part, settings in zip(bot.parts, bot.settings, strict=True):
        if not part.prepares:
            continue
        try:
            load_module(part.path).prepare(dict(settings), memory[0][part.kind])
        except UserError as error:
            raise UserError(f"bot '{bot.name}': {error}") from None
        except (Exception, SystemExit) as error:  # whatever a stranger's file raises is the user's to know
            raise UserError(f"bot '{bot.name}': {failure(part.path, error, 'prepare failed')}") from error
    return memory
