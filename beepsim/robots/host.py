"""Runs a robot's class in a battle: a fresh object and greenlet each round, and what becomes of those that misbehave.

A robot that raises in `run`, makes 10,000 calls without ending its turn or does not end it at all loses its energy for
the round and is not called again; what a handler raises is noted and the robot goes on, as in Robocode. A lack of
memory is nobody's fault, it ends the battle.
Source: `HostingRobotProxy.java`, `BasicRobotProxy.waitForBattleEndImpl`, `RobotPeer.checkSkippedTurn`.
"""

import ctypes
import math
import shutil
import time
import traceback
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import CodeType
from typing import Any

from greenlet import getcurrent, greenlet

from beepsim.engine.state import BATTLE, DEAD, ROBOT, World
from beepsim.jit import PACKAGE
from beepsim.robots.advanced import AdvancedRobot
from beepsim.robots.crew import Crew
from beepsim.robots.engine_random import RUNNING, random_of
from beepsim.robots.events import BattleEndedEvent, Event, SkippedTurnEvent
from beepsim.robots.exchange import DISABLE, FOR_EVER, GONE, KILL, MOST_FAULTS, Fault
from beepsim.robots.interrupts import Looped, RoundOver, TooManyCalls
from beepsim.robots.memory import word_of, words
from beepsim.robots.output import Output
from beepsim.robots.proxy import TURN, Proxy
from beepsim.robots.watchdog import PATIENCE, WATCHDOG
from beepsim.rules import RUNNING_TURNS_AFTER_DECISION

MOST_SKIPPED_TURNS, MOST_SKIPPED_TURNS_WITH_FILES = 30, 240
# Times the limit that a robot may take before its first turn, at most 10 s, and for its first one.
START_ALLOWANCE, MOST_START_ALLOWANCE, FIRST_ALLOWANCE = 300.0, 10.0, 10.0
(STATE,) = word_of(ROBOT, "state")
END_TIMER, ROUND = word_of(BATTLE, "end_timer", "round")


class Host:
    """Runs one robot of a class of Python for a battle.

    With `turn_time_limit` (seconds) a robot that takes t for a turn misses floor(t / limit) turns: so much later do its
    orders act, and it hears only of the system's events meanwhile. At the start of a round it has more time.
    """

    def __init__(
        self,
        robot_class: type,
        robot: int,
        names: Sequence[str],
        crew: Crew,
        world: World,
        turn_time_limit: float | None = None,
        is_compiled: bool = True,
    ) -> None:
        self.faults: list[Fault] = []
        self._raised: Counter[tuple[CodeType, int]] = Counter()  # of handlers, by where
        self.skipped_turns = 0
        self._class, self._index, self._limit, self._world = robot_class, robot, turn_time_limit, world
        self._robot: Any = None  # of this round
        self._output = Output()
        self._proxy = Proxy(robot, tuple(names), crew, world, self._output, is_compiled)
        self._proxy.on_fault = self._note_handler
        self._proxy.leave = self._leave
        self._proxy.is_advanced = self._proxy.queue.is_advanced = issubclass(robot_class, AdvancedRobot)
        self._verdicts, self._waits = words(crew.verdicts, "q"), words(crew.waits, "q")
        self._state, self._battle = words(world.robots[robot : robot + 1], "q"), words(world.battle, "q")
        self._command = words(crew.commands[robot : robot + 1], "B")
        self._random = random_of(world.random)
        self._greenlet: Any = None
        self._is_left = False
        self._missed = 0  # turns that it still misses
        self._late: list[Event] = []  # what it will be told of them
        self._late_orders = b""
        self._ended_undecided = False  # its run, before the round was decided
        patience = PATIENCE
        if turn_time_limit is not None:
            patience = min(PATIENCE, (START_ALLOWANCE + MOST_SKIPPED_TURNS + 1) * turn_time_limit)
        WATCHDOG.start(patience)
        self._is_open = True

    @property
    def output(self) -> str:
        """What the robot printed to `out`, the last 100,000 characters."""
        return self._output._text()

    def start_round(self) -> None:
        """Before the first run of a round."""
        self._finish()
        self._proxy.start_round()
        self._proxy.hub = getcurrent()
        self._robot = self._proxy.queue.robot = None
        self._greenlet = greenlet(self._live)
        self._is_left = self._ended_undecided = False
        self._missed = 0
        self._late.clear()

    def run(self, count: int) -> None:
        """One turn: the first `count` of crew.events are its own; returns when the robot has ended its turn."""
        proxy = self._proxy
        if self._waits[self._index] == GONE:
            return
        if self._battle[END_TIMER] > RUNNING_TURNS_AFTER_DECISION or (count and self._state[STATE] == DEAD):
            proxy.is_over = True
        if self._limit is not None:
            self._run_in_time(count, self._limit)
        else:
            self._enter(self._greenlet.switch, count)

    def end_round(self) -> None:
        """After the round's last turn: the greenlet has ended; a robot that fell before hears the battle's end."""
        self._finish()
        is_last = self._battle[ROUND] == int(self._world.rules[0]["num_rounds"]) - 1
        if self._ended_undecided and is_last and self._battle[END_TIMER] > 0 and not self._is_left:
            totals = self._world.totals["total"]
            ranking = sorted(range(len(totals)), key=totals.__getitem__)[::-1]
            results = self._proxy.reader.battle_results(ranking.index(self._index) + 1)
            self._proxy.queue.add(BattleEndedEvent(results), self._proxy.view_ints[TURN])
            self._enter(greenlet(self._hear_last).switch)

    def close(self) -> None:
        """After the battle, also when it was interrupted: nothing of the robot stays alive."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            self._finish()
        finally:
            WATCHDOG.stop()
            RUNNING[0] = None
            self._robot = self._proxy.queue.robot = self._greenlet = None
            if self._proxy.folder is not None:
                shutil.rmtree(self._proxy.folder, ignore_errors=True)

    # --- one turn ---

    def _enter(self, enter: Any, *values: Any) -> None:
        """Lets the robot's greenlet run until it switches back."""
        RUNNING[0] = self._random
        watchdog = WATCHDOG
        watchdog.leave = self._proxy.leave
        watchdog.turns += 1
        watchdog.inside = True
        has_looped, shortage = False, None
        try:
            enter(*values)
        except Looped:
            has_looped = True
        except MemoryError as error:
            shortage = error
        except KeyboardInterrupt:
            watchdog.fired = watchdog.interrupted = False
            raise
        finally:
            watchdog.inside = False
        if has_looped or watchdog.fired:
            # What it sent may still arrive here, its exception and its signal.
            try:
                watchdog.calm()
            except (Looped, KeyboardInterrupt):
                try:
                    watchdog.calm()
                except (Looped, KeyboardInterrupt):
                    watchdog.calm()
            if watchdog.interrupted:  # and the robot caught it
                watchdog.interrupted = False
                raise KeyboardInterrupt
            if shortage is None:
                self._condemn("looped", f"the robot did not end its turn within {watchdog.patience:g} s")
        if shortage is not None:
            raise shortage

    def _live(self, count: int) -> None:
        """The robot's round, in its own greenlet."""
        proxy = self._proxy
        fault = None
        try:
            robot = self._make_robot()
            if robot is not None:
                proxy.begin(count)
                robot._beepsim_live()
                while True:
                    proxy.tick(FOR_EVER)
        except RoundOver:
            pass
        except Looped:
            raise
        except TooManyCalls as error:
            fault = ("too many calls", str(error))
        except BaseException as error:
            if is_no_fault(error):
                raise
            fault = ("raised", trimmed_traceback(error))
        if fault is not None:
            self._condemn(*fault)
        proxy.is_over = True
        self._waits[self._index] = GONE
        self._ended_undecided = self._battle[END_TIMER] == 0
        self._hear_last()

    def _make_robot(self) -> Any:
        """The robot's object; None where its class cannot be made, which Robocode punishes like skipped turns."""
        proxy = self._proxy
        try:
            robot = self._class()
        except MemoryError:
            raise
        except Exception as error:
            self._note("raised", trimmed_traceback(error))
            self._verdicts[self._index] = KILL
            return None
        self._robot = robot
        robot._beepsim, robot.out = proxy, self._output
        proxy.queue.robot = robot._beepsim_listener()
        proxy.hears_status = robot._beepsim_status()
        proxy.may_park = self._limit is None and robot._beepsim_may_park()
        return robot

    def _hear_last(self) -> None:
        """The system's events that wait when a robot's calls do not return any more; its handlers cannot act."""
        queue = self._proxy.queue
        queue.clear()
        queue.conditions.clear()
        while queue.events and queue.robot is not None:
            try:
                queue.process(self._proxy.view_ints[TURN])
            except (RoundOver, TooManyCalls):
                continue
            except Looped:
                raise
            except BaseException as error:
                if is_no_fault(error):
                    raise
                self._note("raised", trimmed_traceback(error))

    # --- a limit of time ---

    def _run_in_time(self, count: int, limit: float) -> None:
        """`run` where time counts."""
        proxy = self._proxy
        if self._missed and not proxy.is_over:
            self._miss_turn(count)
            return
        orders = bytes(self._command)
        proxy.late = self._late
        started = time.perf_counter()
        self._enter(self._greenlet.switch, count)
        beyond = time.perf_counter() - started - allowance(proxy.view_ints[TURN], limit)
        self._missed = max(math.floor(beyond / limit) + 1, 0)
        self._late = []
        if self._missed and self._waits[self._index] != GONE:
            self._late_orders = bytes(self._command)
            self._command[:] = orders

    def _miss_turn(self, count: int) -> None:
        """A turn that the robot's last one took away: the old orders go on."""
        proxy = self._proxy
        turn = proxy.view_ints[TURN]
        self._missed -= 1
        self.skipped_turns += 1
        self._late += [event for event in proxy.reader.listed(count) if event._is_system]
        self._late.append(SkippedTurnEvent(turn))
        most = MOST_SKIPPED_TURNS_WITH_FILES if proxy.folder is not None else MOST_SKIPPED_TURNS
        if sum(isinstance(event, SkippedTurnEvent) for event in self._late) > most:
            self._condemn("skipped too many turns", f"the robot skipped more than {most} turns in a row")
            self._verdicts[self._index] = KILL
        elif self._missed == 0:
            self._command[:] = self._late_orders

    # --- faults ---

    def _condemn(self, kind: str, message: str) -> None:
        """Notes a fault that ends the robot's round: it loses its energy and gives no more orders."""
        self._note(kind, message)
        self._verdicts[self._index] = DISABLE
        self._waits[self._index] = GONE
        self._proxy.is_over = True

    def _note_handler(self, error: Exception) -> None:
        place = place_of(error)
        self._raised[place] += 1
        if self._raised[place] <= MOST_FAULTS:
            self._note("raised", trimmed_traceback(error))

    def _note(self, kind: str, message: str) -> None:
        self._output._note(f"SYSTEM: {message}")
        self.faults.append(Fault(self._battle[ROUND], self._proxy.view_ints[TURN], kind, message))

    def _finish(self) -> None:
        """Ends the greenlet; the robot's `finally` blocks run."""
        if self._greenlet and not self._is_left:
            self._proxy.is_over = True
            self._enter(self._greenlet.throw, RoundOver)

    def _leave(self) -> None:
        """Gives up on the greenlet that runs now; to end it would run the robot's code again, so it is never freed."""
        self._is_left = True
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._greenlet))
        self._proxy.hub.switch()


def allowance(turn: int, limit: float) -> float:
    """Seconds that a robot may take after this turn without missing one (`Battle.startRound`, `wakeupRobots`)."""
    if turn == 0:
        return max(min(START_ALLOWANCE * limit, MOST_START_ALLOWANCE), limit)
    return FIRST_ALLOWANCE * limit if turn == 1 else limit


def is_no_fault(error: BaseException) -> bool:
    """Whether this ends the battle: Ctrl-C, and a lack of memory, on which no result may depend."""
    is_ctrl_c = isinstance(error, KeyboardInterrupt) and (WATCHDOG.interrupted or not WATCHDOG.has_handler)
    return is_ctrl_c or isinstance(error, MemoryError)


def place_of(error: BaseException) -> tuple[CodeType, int]:
    """The code and the line in which it was raised."""
    *_, (frame, line) = traceback.walk_tb(error.__traceback__)
    return frame.f_code, line


def trimmed_traceback(error: BaseException) -> str:
    """The traceback without the frames of this package."""
    report = traceback.TracebackException.from_exception(error)
    link: traceback.TracebackException | None = report
    while link is not None:
        link.stack[:] = [frame for frame in link.stack if not Path(frame.filename).is_relative_to(PACKAGE)]
        link = link.__cause__ or link.__context__
    return "".join(report.format()).rstrip()
