"""What a robot of a class does wrong, and what becomes of it."""

import sys

import pytest
from host_robots import SCAN, Duck, running

from beepsim.engine.state import DEAD, HIT_WALL_EVENT, SCANNED_ROBOT
from beepsim.robots import AdvancedRobot, Condition, Robot, host
from beepsim.robots.exchange import (
    DISABLE,
    GONE,
    KILL,
    MOST_FAULTS,
)
from beepsim.robots.interrupts import Looped
from beepsim.rules import RUNNING_TURNS_AFTER_DECISION

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
    assert fault.message.count("File ") == 1 and "test_host_faults.py" in fault.message
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


# --- a lack of memory is no fault ---


def use_up(*_):
    bytearray(1 << 62)


def in_run(robot):
    robot.execute()
    use_up()


def in_a_condition(robot):
    robot.execute()
    robot.wait_for(type("Never", (Condition,), {"test": use_up})())


def at_the_end(robot):
    try:
        robot.ahead(1000)
    finally:
        use_up()


def in_the_second_round(robot):
    type(robot).made += 1
    if robot.made == 2:
        use_up()


@pytest.mark.parametrize(
    "parts",
    [
        {"run": in_run},
        {"run": in_a_condition},
        {"run": at_the_end},
        {"run": lambda robot: robot.ahead(1000), "on_scanned_robot": use_up},
        {"on_scanned_robot": use_up},
        {"made": 0, "__init__": in_the_second_round},
    ],
    ids=["run", "condition", "finally", "handler in a call", "handler", "init"],
)
def test_a_lack_of_memory_ends_the_battle(arena, parts):
    stage = arena(type("Bot", (AdvancedRobot,), parts), Duck, num_rounds=2)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    with pytest.raises(MemoryError):
        stage.play()
        stage.end()
        stage.start()
    assert not stage.hosts[0].faults and stage.verdicts[0] == []


def test_a_lack_of_memory_at_the_last_event_ends_the_battle(arena):
    parts = {"on_win": lambda robot, event: robot.turn_right(36_000), "on_battle_ended": use_up}
    stage = arena(type("Bot", (AdvancedRobot,), parts), Duck, num_rounds=1)
    stage.play(2)
    stage.world.robots[1]["state"] = DEAD
    stage.world.battle["alive"] = 1
    with pytest.raises(MemoryError):
        stage.play(1 + RUNNING_TURNS_AFTER_DECISION)
        stage.end()
    assert not stage.hosts[0].faults


def test_a_robot_that_catches_its_lack_of_memory_goes_on(arena):
    def run(robot):
        robot.execute()
        try:
            use_up()
        except MemoryError:
            robot.ahead(100)

    stage = arena(running(run), Duck)
    stage.play()
    assert stage.orders()["distance"] == 100 and not stage.hosts[0].faults


def test_a_lack_of_memory_after_a_loop_ends_the_battle(arena, monkeypatch):
    def run(robot):
        robot.execute()
        try:
            while True:
                len("")
        except Looped:
            use_up()

    monkeypatch.setattr(host, "PATIENCE", 0.1)
    stage = arena(running(run), Duck)
    with pytest.raises(MemoryError):
        stage.play()
    assert not stage.hosts[0].faults
