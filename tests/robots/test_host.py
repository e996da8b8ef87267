"""Rounds of a robot of a class: its start and end, what it does wrong, the time that it may take."""

import gc
import signal
import sys
import threading

import pytest
from greenlet import getcurrent, greenlet

from beepsim.battle import Rules, fight
from beepsim.engine.state import BATTLE_ENDED, DEAD, DEATH, HIT_WALL_EVENT, ROUND_ENDED, SCANNED_ROBOT, WIN
from beepsim.robots import AdvancedRobot, JuniorRobot, Robot, host, watchdog
from beepsim.robots.exchange import (
    CALL_ALWAYS,
    DISABLE,
    FOR_EVER,
    GONE,
    KILL,
    MOST_FAULTS,
    UNTIL_GUN_TURNED,
    UNTIL_MOVED,
)
from beepsim.robots.interrupts import Looped
from beepsim.robots.proxy import Proxy
from beepsim.rules import RUNNING_TURNS_AFTER_DECISION

SCAN = dict(other=1, energy=80.0, bearing=0.25, distance=200.0, heading=1.0, velocity=4.0)


class Duck(AdvancedRobot):
    """Stands."""


class Noting(AdvancedRobot):
    """Notes what it hears."""

    def run(self):
        self.log = ["run"]

    def note(self, event):
        self.log.append(type(event).__name__)


for name in [name for name in dir(AdvancedRobot) if name.startswith("on_") and name != "on_status"]:
    setattr(Noting, name, Noting.note)


def running(run, **handlers):
    """A class with this `run`."""
    return type("Bot", (AdvancedRobot,), {"run": run, **handlers})


def greenlets():
    main = getcurrent()
    gc.collect()
    return sum(type(one) is greenlet and one is not main for one in gc.get_objects())


@pytest.fixture
def ctrl_c():
    """Its signal as a terminal has it; where tests run in the background it may be ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# --- a round ---


def test_each_round_has_a_fresh_object_and_no_greenlet_is_left(arena):
    before = greenlets()
    stage = arena(running(lambda robot: robot.ahead(10_000)), Duck)
    first = stage.robots[0]
    stage.play(3)
    stage.end()
    stage.start()
    assert stage.robots[0] is not first
    stage.play(3)
    stage.close()
    del stage.slipped, first
    assert greenlets() == before
    stage.close()  # twice is not once too often


def test_finally_blocks_run_at_the_end_of_a_round(arena):
    done = []

    def run(robot):
        try:
            robot.ahead(10_000)
        finally:
            done.append(robot.get_time())
            robot.ahead(10)
            done.append("not reached")

    stage = arena(running(run), Duck)
    stage.play(3)
    stage.end()
    assert done == [3] and not stage.hosts[0].faults


def test_a_run_that_returns_still_hears_events(arena):
    stage = arena(Noting, Duck)
    stage.play(2)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    assert stage.robots[0].log == ["run", "ScannedRobotEvent"]


def test_a_dead_robots_next_call_does_not_return(arena):
    class Bot(Noting):
        def run(self):
            self.log = []
            while True:
                self.ahead(1)
                self.log.append(self.get_energy())

        def on_death(self, event):
            self.log.append("death")
            self.ahead(10)
            self.log.append("not reached")

    stage = arena(Bot, Duck)
    stage.play(2)
    stage.world.robots[0]["state"], stage.world.robots[0]["died_now"] = DEAD, True
    stage.slip(0, DEATH)
    stage.slip(0, HIT_WALL_EVENT, bearing=0.0)
    log = stage.robots[0].log
    log.clear()
    stage.play()
    # The death is handled after all else, when nothing of the robot is left but its last turn.
    assert log == ["HitWallEvent", "death"]
    assert stage.crew.waits[0] == GONE and not stage.hosts[0].faults
    orders = stage.orders().tobytes()
    stage.hosts[0].run(0)
    assert log == ["HitWallEvent", "death"] and stage.orders().tobytes() == orders


def test_a_death_while_a_handler_runs_is_heard_after_it(arena):
    class Bot(Noting):
        def on_scanned_robot(self, event):
            try:
                self.turn_right(90)
            finally:
                self.log.append("left the handler")

    stage = arena(Bot, Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    stage.world.robots[0]["state"], stage.world.robots[0]["died_now"] = DEAD, True
    stage.slip(0, DEATH)
    stage.play()
    assert stage.robots[0].log == ["run", "left the handler", "DeathEvent"]


def test_the_winner_hears_of_it_and_is_halted(arena):
    class Bot(Noting):
        def on_win(self, event):
            self.log.append("win")
            self.turn_right(36_000)
            self.log.append("not reached")

    stage = arena(Bot, Duck, num_rounds=1)
    stage.play(2)
    stage.world.robots[1]["state"] = DEAD
    stage.world.battle["alive"] = 1
    stage.play()
    assert stage.robots[0].log == ["run", "RoundEndedEvent", "win"]
    turn = float(stage.orders()["body_turn"])
    stage.play(RUNNING_TURNS_AFTER_DECISION)
    # BattleEnded waited for the handler, which only the halt ends; the orders go on.
    assert stage.robots[0].log == ["run", "RoundEndedEvent", "win", "BattleEndedEvent"]
    assert float(stage.orders()["body_turn"]) < turn - 10.0
    stage.end()
    assert stage.crew.waits[0] == GONE and not stage.hosts[0].faults


def test_who_fell_before_hears_the_end_of_the_battle_only_in_the_last_round(arena):
    class Bot(Noting):
        logs: list = []

        def __init__(self):
            Bot.logs.append([])
            self.log = Bot.logs[-1]

        def run(self):
            self.log.append("run")

        def on_battle_ended(self, event):
            results = event.get_results()
            self.log.append((results.get_rank(), results.get_score(), results.get_team_leader_name()))

    stage = arena(Bot, Duck, num_rounds=2)
    for _ in range(2):
        stage.play()
        stage.world.robots[0]["state"], stage.world.robots[0]["died_now"] = DEAD, True
        stage.slip(0, DEATH)
        stage.play()
        stage.world.battle["alive"] = 1
        stage.play(3)
        stage.end()
        stage.start()
    assert Bot.logs[:2] == [["run", "DeathEvent"], ["run", "DeathEvent", (2, 0, "Bot")]]


def test_all_that_ends_a_round_is_heard_in_order(arena):
    stage = arena(Noting, Duck)
    for kind in (DEATH, BATTLE_ENDED, WIN, ROUND_ENDED):
        stage.slip(0, kind)
    stage.play()
    assert stage.robots[0].log == ["run", "RoundEndedEvent", "BattleEndedEvent", "WinEvent", "DeathEvent"]


# --- parking ---


@pytest.mark.parametrize(
    ("call", "wait"),
    [
        (lambda robot: robot.ahead(100), UNTIL_MOVED),
        (lambda robot: robot.turn_gun_right(100), UNTIL_GUN_TURNED),
        (lambda robot: None, FOR_EVER),
        (lambda robot: robot.do_nothing(), CALL_ALWAYS),
        (lambda robot: robot.fire(1), CALL_ALWAYS),
        (lambda robot: robot.scan(), CALL_ALWAYS),
    ],
)
def test_what_a_robot_waits_for(arena, call, wait):
    stage = arena(running(call), Duck)
    assert stage.crew.waits[0] == wait


def test_robots_that_need_every_turn_are_called_in_every_turn(arena):
    class Status(AdvancedRobot):
        def on_status(self, event):
            """Wants to know."""

    class Custom(AdvancedRobot):
        def run(self):
            from beepsim.robots import MoveCompleteCondition

            self.add_custom_event(MoveCompleteCondition(self))

    class Handling(AdvancedRobot):
        def on_scanned_robot(self, event):
            self.turn_right(90)

    for bot in (Status, Custom):
        assert arena(bot, Duck).crew.waits[0] == CALL_ALWAYS
    assert arena(Duck, Duck, limit=5.0).crew.waits[0] == CALL_ALWAYS
    stage = arena(Handling, Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    assert stage.crew.waits[0] == CALL_ALWAYS  # the second scan still waits
    stage.play(3)
    assert stage.crew.waits[0] != CALL_ALWAYS


@pytest.mark.parametrize(
    "bots",
    [
        ["sample.Walls", "sample.Crazy"],
        ["sample.MyFirstJuniorRobot", "sample.Target"],
        ["sample.Corners", "sample.SpinBot", "sample.TrackFire", "sample.VelociRobot", "sample.Tracker"],
    ],
)
def test_turns_that_pass_without_a_call_change_nothing(bots, monkeypatch):
    def outcome():
        result = fight(bots, 7, Rules(num_rounds=2))
        return result.turns, result.robots

    parked = outcome()
    tick = Proxy.tick
    monkeypatch.setattr(Proxy, "tick", lambda proxy, wait=CALL_ALWAYS: tick(proxy))
    assert outcome() == parked


def test_a_junior_robot_is_called_in_every_turn_while_a_shot_waits(arena):
    class Bot(JuniorRobot):
        def run(self):
            self.turn_gun_right(30)
            self.fire(1)
            self.turn_gun_right(360)
            self.turn_gun_right(360)

    stage = arena(Bot, Duck)
    waits, shots = [], []
    for _ in range(45):
        waits.append(int(stage.crew.waits[0]))
        shots.append(int(stage.world.robots[0]["last_bullet_id"]) - 1)
        stage.play()
    # Asked for in turn 2; ordered by the first status with a cool gun (from turn 30 on) that does not turn.
    fired = shots.index(1)
    assert waits[:2] == [UNTIL_GUN_TURNED] * 2 and waits[2:fired] == [CALL_ALWAYS] * (fired - 2)
    assert waits[fired] == UNTIL_GUN_TURNED and fired == 3 + 19 + 19  # 360 degrees leave a rest in the last bits


# --- faults ---


def test_what_run_raises_costs_the_energy_of_the_round(arena):
    def run(robot):
        robot.set_turn_right(90)
        robot.execute()
        raise ValueError("too bad")

    stage = arena(running(run), Duck)
    stage.play()
    (fault,) = stage.hosts[0].faults
    assert (fault.round, fault.turn, fault.kind) == (0, 1, "raised")
    assert fault.message.endswith("ValueError: too bad") and "in _live" not in fault.message
    assert fault.message.count("File ") == 1 and "test_host.py" in fault.message
    assert stage.verdicts[0] == [DISABLE] and stage.crew.waits[0] == GONE
    stage.play(2)
    stage.end()
    stage.start()
    stage.play()
    assert [(fault.round, fault.turn) for fault in stage.hosts[0].faults] == [(0, 1), (1, 1)]
    assert "ValueError: too bad" in stage.hosts[0].output


def test_causes_are_told_without_the_frames_of_beepsim(arena):
    def run(robot):
        try:
            robot.ahead("far")
        except TypeError as error:
            raise RuntimeError("as it was") from error

    stage = arena(running(run), Duck)
    message = stage.hosts[0].faults[0].message
    assert "TypeError" in message and "RuntimeError: as it was" in message and "direct cause" in message
    assert "proxy.py" not in message and "robot.py" not in message


def test_what_a_handler_raises_is_noted_and_the_robot_goes_on(arena):
    stage = arena(running(lambda robot: robot.ahead(1000), on_scanned_robot=lambda robot, event: 1 / 0), Duck)
    for _ in range(2):
        stage.slip(0, SCANNED_ROBOT, **SCAN)
        stage.play()
    assert [fault.kind for fault in stage.hosts[0].faults] == ["raised"] * 2
    assert stage.verdicts[0] == [] and stage.orders()["distance"] < 1000


def test_faults_of_a_handler_are_kept_to_a_limit_and_hide_none_of_others(arena):
    def run(robot):
        while robot.get_time() < MOST_FAULTS + 5:
            robot.do_nothing()
        raise LookupError("at last")

    def hit_wall(robot, event):
        raise ValueError("wall")

    stage = arena(running(run, on_scanned_robot=lambda robot, event: 1 / 0, on_hit_wall=hit_wall), Duck)
    for turn in range(MOST_FAULTS + 5):
        stage.slip(0, SCANNED_ROBOT, **SCAN)
        if turn == MOST_FAULTS + 2:
            stage.slip(0, HIT_WALL_EVENT)
        stage.play()
    messages = [fault.message.splitlines()[-1] for fault in stage.hosts[0].faults]
    scans = ["ZeroDivisionError: division by zero"] * MOST_FAULTS
    assert messages == [*scans, "ValueError: wall", "LookupError: at last"]


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), RecursionError("deep")])
def test_exits_are_faults(arena, error):
    def run(robot):
        raise error

    stage = arena(running(run), Duck)
    assert stage.hosts[0].faults[0].kind == "raised" and stage.verdicts[0] == [DISABLE]


def test_sys_exit_in_a_handler_ends_the_robot(arena):
    stage = arena(running(lambda robot: None, on_scanned_robot=lambda robot, event: sys.exit()), Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    assert "SystemExit" in stage.hosts[0].faults[0].message and stage.verdicts[0] == [DISABLE]


def test_a_class_that_cannot_be_made_is_punished(arena):
    class Bot(Robot):
        def __init__(self):
            self.get_x()

    stage = arena(Bot, Duck)
    assert "before your run() method is called" in stage.hosts[0].faults[0].message
    assert stage.verdicts[0] == [KILL]
    stage.play(2)
    stage.end()


@pytest.mark.parametrize("call", ["get_x", "get_energy", "get_time", "get_turn_remaining", "set_stop", "set_resume"])
def test_ten_thousand_calls_without_the_end_of_a_turn_disable(arena, call):
    calls = []

    def run(robot):
        robot.execute()
        for number in range(20_000):
            calls.append(number)
            getattr(robot, call)()

    stage = arena(running(run), Duck)
    stage.play()
    (fault,) = stage.hosts[0].faults
    assert fault.kind == "too many calls" and "10000 calls" in fault.message and len(calls) == 10_000
    assert stage.verdicts[0] == [DISABLE]


def test_calls_are_counted_from_turn_to_turn(arena):
    def run(robot):
        while True:
            for _ in range(9000):
                robot.get_x()
            robot.set_ahead(1)
            robot.execute()

    stage = arena(running(run), Duck)
    stage.play(3)
    assert not stage.hosts[0].faults


# --- robots that do not end their turn; they are interrupted after a moment here, after 10 s elsewhere ---


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(host, "PATIENCE", 0.1)
    monkeypatch.setattr(watchdog, "MORE_PATIENCE", 0.1)


def spin():
    number = 0
    while True:
        number += 1


def test_a_robot_that_loops_is_interrupted(arena, impatient):
    done = []

    def run(robot):
        try:
            robot.execute()
            spin()
        finally:
            done.append("finally")

    stage = arena(running(run), Duck)
    stage.play(3)
    (fault,) = stage.hosts[0].faults
    assert (fault.turn, fault.kind) == (1, "looped") and "within 0.1 s" in fault.message
    assert stage.verdicts[0] == [DISABLE] and done == ["finally"]
    stage.end()


def test_a_robot_that_loops_while_it_is_made_is_interrupted(arena, impatient):
    stage = arena(type("Bot", (Robot,), {"__init__": lambda robot: spin()}), Duck)
    assert stage.hosts[0].faults[0].kind == "looped"


def test_who_catches_the_interruption_and_ends_the_turn_is_disabled_all_the_same(arena, impatient):
    def run(robot):
        try:
            spin()
        except Looped:
            robot.ahead(10)

    stage = arena(running(run), Duck)
    stage.play(3)
    assert [fault.kind for fault in stage.hosts[0].faults] == ["looped"] and stage.verdicts[0] == [DISABLE]


def test_who_catches_every_interruption_is_left(arena, impatient):
    caught = []

    def guarded(depth):
        while True:
            try:
                len("")
                guarded(depth - 1) if depth else spin()
            except BaseException as error:
                caught.append(type(error))

    stage = arena(running(lambda robot: guarded(3)), Duck)
    stage.play(2)
    assert [fault.kind for fault in stage.hosts[0].faults] == ["looped"] and Looped in caught
    number = len(caught)
    stage.end()
    stage.start()
    assert len(stage.hosts[0].faults) == 2 and len(caught) > number
    number = len(caught)
    stage.close()
    gc.collect()
    assert len(caught) == number  # nobody tries to end it


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no way to wake a sleeper")
def test_a_robot_that_sleeps_is_woken(ctrl_c, arena, impatient):
    import time

    stage = arena(running(lambda robot: time.sleep(1000)), Duck)
    stage.play()
    assert [fault.kind for fault in stage.hosts[0].faults] == ["looped"]


def test_a_robot_that_does_not_want_to_die_is_left(arena):
    turns = []

    def run(robot):
        while True:
            try:
                robot.ahead(10)
            except BaseException:
                turns.append(robot.get_time())

    stage = arena(running(run), Duck)
    stage.play(3)
    stage.end()
    assert turns and set(turns) == {3}
    number = len(turns)
    stage.start()
    stage.play(2)
    stage.close()
    gc.collect()
    assert len(turns) == 2 * number and not stage.hosts[0].faults


def let_go(robot, event):
    signal.raise_signal(signal.SIGINT)


def catch(robot, event):
    try:
        signal.raise_signal(signal.SIGINT)
    except KeyboardInterrupt:
        robot.turn_right(10)


@pytest.mark.parametrize("handler", [let_go, catch])
def test_ctrl_c_ends_the_battle_and_is_no_fault(ctrl_c, arena, handler):
    stage = arena(running(lambda robot: None, on_scanned_robot=handler), Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    with pytest.raises(KeyboardInterrupt):
        stage.play()
    stage.close()
    assert not stage.hosts[0].faults and stage.verdicts[0] == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_robot_that_raises_what_ctrl_c_raises_is_at_fault(ctrl_c, arena):
    def run(robot):
        raise KeyboardInterrupt

    stage = arena(running(run), Duck)
    assert "KeyboardInterrupt" in stage.hosts[0].faults[0].message and stage.verdicts[0] == [DISABLE]


@pytest.fixture
def no_ctrl_c():
    """Its signal as worker processes have it."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no way to wake a sleeper")
def test_where_ctrl_c_is_ignored_a_robot_that_sleeps_is_woken_too(no_ctrl_c, arena, impatient):
    import time

    def run(robot):
        signal.raise_signal(signal.SIGINT)
        time.sleep(1000)

    stage = arena(running(run), Duck)
    stage.play()
    stage.close()
    assert [fault.kind for fault in stage.hosts[0].faults] == ["looped"]
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_where_ctrl_c_is_ignored_nobody_ends_the_battle(no_ctrl_c, arena):
    def run(robot):
        raise KeyboardInterrupt

    stage = arena(running(run), Duck)
    assert "KeyboardInterrupt" in stage.hosts[0].faults[0].message and stage.verdicts[0] == [DISABLE]


def test_the_watchdogs_thread_ends_with_the_last_battle(arena):
    stages = [arena(Duck), arena(Duck)]

    def watching():
        return [thread for thread in threading.enumerate() if thread.name == "beepsim watchdog"]

    (thread,) = watching()
    stages[0].close()
    assert watching() == [thread]
    stages[1].close()
    thread.join(10)
    assert not thread.is_alive()


# --- a limit of time, with a clock that only robots move on ---


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(host.time, "perf_counter", clock)
    return clock


def test_who_is_late_misses_turns(arena, clock):
    class Bot(AdvancedRobot):
        def run(self):
            self.log = []
            self.execute()
            self.set_ahead(1000)
            self.execute()
            clock.now += 3.5  # of turn 2
            self.set_ahead(-1000)
            self.execute()
            self.log.append(("awake", self.get_time()))

        def on_skipped_turn(self, event):
            self.log.append((event.get_skipped_turn(), event.get_time()))

        def on_scanned_robot(self, event):
            self.log.append(("scan", event.get_time()))

    stage = arena(Bot, Duck, limit=1.0)
    distances = []
    stage.play()
    for turn in range(2, 8):
        if turn in (4, 6):
            stage.slip(0, SCANNED_ROBOT, **SCAN)
        stage.play()
        distances.append(float(stage.orders()["distance"]))
    # The old orders go on in turns 3 to 5, the new ones act in turn 6; the scan of turn 4 is lost.
    assert distances == [999.0, 997.0, 994.0, -1000.0, -1002.0, -1002.0]
    assert stage.robots[0].log == [(3, 6), (4, 6), (5, 6), ("scan", 6), ("awake", 6)]
    assert stage.hosts[0].skipped_turns == 3 and not stage.hosts[0].faults


def test_who_is_in_time_misses_nothing(arena, clock):
    def run(robot):
        while True:
            clock.now += 0.999
            robot.set_ahead(100)
            robot.execute()

    stage = arena(running(run), Duck, limit=1.0)
    stage.play(5)
    assert stage.hosts[0].skipped_turns == 0


def test_the_start_of_a_round_may_take_longer(arena, clock):
    """300 times the limit, 10 s at most; in turn 1 ten times the limit (facts on time)."""
    for start, first, missed in ((2.999, 0.099, 0), (3.005, 0.0, 1), (3.015, 0.0, 2), (0.0, 0.105, 1)):

        def run(robot, start=start, first=first):
            clock.now += start
            robot.execute()
            clock.now += first
            robot.execute()

        stage = arena(running(run), Duck, limit=0.01)
        stage.play(6)
        assert stage.hosts[0].skipped_turns == missed
    assert host.allowance(0, 1.0) == 10.0 and host.allowance(0, 20.0) == 20.0


def test_more_than_thirty_missed_turns_kill(arena, clock):
    def run(robot):
        robot.execute()
        robot.execute()
        clock.now += 30.5 if robot.get_round_num() == 0 else 31.0
        robot.execute()

    stage = arena(running(run), Duck, limit=1.0)
    stage.play(40)
    assert stage.hosts[0].skipped_turns == 30 and stage.verdicts[0] == []
    stage.end()
    stage.start()
    stage.play(40)
    (fault,) = stage.hosts[0].faults
    assert fault.kind == "skipped too many turns" and fault.turn == 33 and stage.verdicts[0] == [KILL]
    stage.end()


def test_robots_with_files_may_miss_more(arena, clock):
    def run(robot):
        robot.get_data_directory()
        robot.execute()
        robot.execute()
        clock.now += 100.0
        robot.execute()

    stage = arena(running(run), Duck, limit=1.0)
    stage.play(110)
    assert stage.hosts[0].skipped_turns == 100 and not stage.hosts[0].faults


def test_a_late_robot_hears_of_its_death(arena, clock):
    class Bot(Noting):
        def run(self):
            self.log = []
            self.execute()
            self.execute()
            clock.now += 10.0
            self.execute()

    stage = arena(Bot, Duck, limit=1.0)
    stage.play(3)
    stage.world.robots[0]["state"], stage.world.robots[0]["died_now"] = DEAD, True
    stage.slip(0, DEATH)
    stage.play()
    assert stage.robots[0].log == ["SkippedTurnEvent", "DeathEvent"]


def test_the_limit_sets_the_patience(arena, clock):
    arena(Duck, limit=0.01)
    assert watchdog.WATCHDOG.patience == pytest.approx(3.31)
    arena(Duck, limit=100.0)
    assert watchdog.WATCHDOG.patience == watchdog.PATIENCE
