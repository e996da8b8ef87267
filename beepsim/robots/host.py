"""Runs a robot's class in a battle: a fresh object and greenlet each round, and what becomes of those that misbehave."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from greenlet import getcurrent, greenlet

from beepsim.engine.state import BATTLE, DEAD, ROBOT, World
from beepsim.jit import PACKAGE
from beepsim.robots.advanced import AdvancedRobot
from beepsim.robots.crew import Crew
from beepsim.robots.exchange import DISABLE, FOR_EVER, GONE, KILL, Fault
from beepsim.robots.interrupts import RoundOver, TooManyCalls
from beepsim.robots.output import Output
from beepsim.robots.proxy import TURN, Proxy, words
from beepsim.robots.utils import RUNNING, Random
from beepsim.rules import RUNNING_TURNS_AFTER_DECISION

MOST_FAULTS = 100  # kept of a battle; a handler may raise in every turn
STATE, END_TIMER = ROBOT.fields["state"][1] // 8, BATTLE.fields["end_timer"][1] // 8


class Host:
    """Runs one robot of a class of Python for a battle."""

    def __init__(
        self,
        robot_class: type,
        robot: int,
        names: Sequence[str],
        crew: Crew,
        world: World,
        turn_time_limit: float | None = None,
    ) -> None:
        self.robot_class, self.index, self.limit = robot_class, robot, turn_time_limit
        self.faults: list[Fault] = []
        self.skipped_turns = 0
        self.world = world
        self._output = Output()
        self.proxy = Proxy(robot, tuple(names), crew, world, self._output)
        self.proxy.on_fault = self.note_handler_fault
        self.proxy.is_advanced = self.proxy.queue.is_advanced = issubclass(robot_class, AdvancedRobot)
        self.verdicts = words(crew.verdicts, "q")
        self.state = words(world.robots[robot : robot + 1], "q")
        self.battle = words(world.battle, "q")
        self.random = Random(world.random)
        self.robot: Any = None
        self.greenlet: Any = None

    @property
    def output(self) -> str:
        """What the robot printed to `out`, the last 100,000 characters."""
        return self._output._text()

    def start_round(self) -> None:
        """Before the first run of a round."""
        self.proxy.start_round()
        self.proxy.hub = getcurrent()
        self.robot = None
        self.greenlet = greenlet(self.live)

    def run(self, count: int) -> None:
        """One turn: the first `count` of crew.events are its own; returns when the robot has ended its turn."""
        proxy = self.proxy
        if self.greenlet.dead:
            return
        if self.state[STATE] == DEAD or self.battle[END_TIMER] > RUNNING_TURNS_AFTER_DECISION:
            proxy.is_over = True
        RUNNING[0] = self.random
        self.greenlet.switch(count)

    def live(self, count: int) -> None:
        """The robot's round, in its own greenlet."""
        proxy = self.proxy
        try:
            self.robot = self.robot_class()
        except Exception as error:
            self.note_fault("raised", trimmed_traceback(error))
            self.verdicts[self.index] = KILL
            return
        robot = self.robot
        robot._beepsim, robot.out = proxy, self._output
        proxy.queue.robot = robot._beepsim_listener()
        proxy.hears_status = robot._beepsim_status()
        proxy.may_park = self.limit is None and not proxy.hears_status
        try:
            proxy.begin(count)
            robot._beepsim_live()
            while True:
                proxy.tick(FOR_EVER)
        except RoundOver:
            pass
        except TooManyCalls as error:
            self.condemn("too many calls", str(error))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            self.condemn("raised", trimmed_traceback(error))

    def condemn(self, kind: str, message: str) -> None:
        """Notes a fault that ends the robot's round: it loses its energy and gives no more orders."""
        self.note_fault(kind, message)
        self.verdicts[self.index] = DISABLE
        self.proxy.waits[self.index] = FOR_EVER

    def note_fault(self, kind: str, message: str) -> None:
        self._output.println(f"SYSTEM: {message}")
        if len(self.faults) < MOST_FAULTS:
            turn = self.proxy.view_ints[TURN]
            self.faults.append(Fault(int(self.world.battle[0]["round"]), turn, kind, message))

    def note_handler_fault(self, error: Exception, handler: str) -> None:
        self.note_fault("raised", trimmed_traceback(error))

    def end_round(self) -> None:
        """After the round's last turn."""
        self.finish()

    def finish(self) -> None:
        if self.greenlet is not None and not self.greenlet.dead:
            self.proxy.is_over = True
            if self.greenlet:
                self.greenlet.throw(RoundOver)

    def close(self) -> None:
        """After the battle: nothing of the robot stays alive."""
        self.finish()
        self.robot = self.proxy.queue.robot = None


def trimmed_traceback(error: BaseException) -> str:
    """The traceback without the frames of this package."""
    summary = traceback.TracebackException.from_exception(error)
    summary.stack[:] = [frame for frame in summary.stack if not Path(frame.filename).is_relative_to(PACKAGE)]
    return "".join(summary.format()).rstrip()
