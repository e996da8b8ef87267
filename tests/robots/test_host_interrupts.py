"""Robots of classes that do not end their turn, and Ctrl-C."""

import gc
import json
import signal
import threading

import pytest
from host_robots import SCAN, Duck, running

from beepsim.engine.state import SCANNED_ROBOT
from beepsim.robots import Robot, host, watchdog
from beepsim.robots.exchange import (
    DISABLE,
)
from beepsim.robots.interrupts import Looped

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


def test_who_catches_every_interruption_is_left(ctrl_c, arena, impatient):
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
    with pytest.raises(RecursionError):  # not the end of the process, see watchdog.Left
        json.loads("[" * 10**5)


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
