"""A compiled bot as plain Python, for a debugger or for the traceback of what it raised: the same battle, slowly."""

import traceback
from types import TracebackType

import numpy as np

from beepsim.engine.state import World
from beepsim.robots.crew import Crew, show
from beepsim.robots.entry import plain_function
from beepsim.robots.exchange import DISABLE, GONE, Fault
from beepsim.robots.guard import EndlessLoop
from beepsim.robots.loader import Bot


class PlainHost:
    """Runs one robot of a compiled bot for a battle, as Host runs one of a class; its memory outlasts the rounds."""

    def __init__(self, bot: Bot, robot: int, memory: np.ndarray, crew: Crew, world: World) -> None:
        self.faults: list[Fault] = []
        self.skipped_turns = 0
        self._function = plain_function(bot.parts)
        self._robot, self._memory, self._crew, self._world = robot, memory[0], crew, world

    def start_round(self) -> None:
        """Nothing is to be done."""

    def run(self, count: int) -> None:
        """One turn; a bot that raises gives no orders in it and is disabled."""
        robot, crew = self._robot, self._crew
        try:
            self._function(
                crew.views[robot],
                crew.events[:count].view(np.recarray),
                self._memory,
                crew.commands[robot],
                crew.random[robot : robot + 1],
            )
        except MemoryError:
            raise
        except Exception as error:  # whatever else a bot raises costs it the round, not the battle
            battle = self._world.battle[0]
            message = "".join(traceback.format_exception(error.with_traceback(bot_frames(error))))
            kind = "looped" if isinstance(error, EndlessLoop) else "raised"
            self.faults.append(Fault(int(battle["round"]), int(battle["turn"]), kind, message))
            show(self._world, crew, robot)  # the orders as they were
            crew.verdicts[robot], crew.waits[robot] = DISABLE, GONE

    def end_round(self) -> None:
        """Nothing is to be done."""

    def close(self) -> None:
        """Nothing is to be done."""


def bot_frames(error: Exception) -> TracebackType | None:
    """Where the error passed through the bot's own functions, without those of beepsim that called them."""
    frames = error.__traceback__
    for _ in range(2):
        frames = frames.tb_next if frames and frames.tb_next else frames
    return frames
