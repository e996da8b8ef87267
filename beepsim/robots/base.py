"""What all kinds of robots share: the hidden link to the battle, and the output."""

import sys
from typing import Any

from beepsim.robots.interrupts import RobotException
from beepsim.robots.output import Output


class NotInBattle:
    """Stands for the link while the robot is being made: every use of it is an error."""

    def __getattr__(self, name: str) -> Any:
        caller = sys._getframe(1).f_code.co_name
        raise RobotException(
            f"You cannot call the {caller}() method before your run() method is called, or you are using a Robot "
            "object that the game doesn't know about."
        )


class RobotBase:
    """Base of JuniorRobot and Robot."""

    _beepsim: Any = NotInBattle()  # a Proxy once it is in a battle
    out: Output  # its console

    def run(self) -> None:
        """The robot's life; where it returns, events are still handled."""

    def _beepsim_live(self) -> None:
        """What is run in a round."""
        self.run()

    def _beepsim_listener(self) -> Any:
        """Whose handlers are called."""
        return self

    def _beepsim_may_park(self) -> bool:
        """Whether turns without events may pass without calling it while it waits."""
        return not self._beepsim_status()

    def _beepsim_status(self) -> bool:
        """Whether it wants its status of each turn."""
        return False
