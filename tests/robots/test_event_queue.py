"""The queue: what is handled when, nested and interrupted handlers, what is dropped."""

import pytest

from beepsim.robots.event_queue import MOST_EVENTS, EventQueue
from beepsim.robots.events import (
    BulletMissedEvent,
    DeathEvent,
    HitByBulletEvent,
    HitWallEvent,
    RobotDeathEvent,
    ScannedRobotEvent,
    SkippedTurnEvent,
    StatusEvent,
    WinEvent,
)
from beepsim.robots.interrupts import EventInterrupted, RoundOver


class Listener:
    """Notes what is handled; `actions` maps a handler to what it does, given the event."""

    def __init__(self):
        self.heard, self.actions = [], {}

    def __getattr__(self, name):
        if not name.startswith("on_"):
            raise AttributeError(name)

        def handle(event):
            self.heard.append((name, event.get_time()))
            self.actions.get(name, lambda event: None)(event)
            self.heard.append((f"end of {name}", event.get_time()))

        return handle

    def began(self):
        return [name for name, _ in self.heard if not name.startswith("end")]


class Condition:
    def __init__(self, result, priority=80):
        self.result, self.priority, self.tests = result, priority, 0

    def test(self):
        self.tests += 1
        return self.result

    def get_priority(self):
        return self.priority


@pytest.fixture
def stage():
    notes, errors = [], []
    queue = EventQueue(notes.append, errors.append)
    queue.robot, queue.is_advanced = Listener(), True
    queue.notes, queue.errors = notes, errors
    return queue


def scan(distance=100.0):
    return ScannedRobotEvent("other", 50.0, 0.5, distance, 1.0, 8.0)


def test_all_are_handled_by_priority(stage):
    for event in (scan(), DeathEvent(), HitWallEvent(0.0), WinEvent(), RobotDeathEvent("a"), StatusEvent(None)):
        stage.add(event, 5)
    stage.process(5)
    expected = ["on_win", "on_status", "on_robot_death", "on_hit_wall", "on_scanned_robot", "on_death"]
    assert stage.robot.began() == expected and not stage.events
    assert all(time == 5 for _, time in stage.robot.heard)


def test_handlers_that_act_are_interrupted_by_higher_priorities_only(stage):
    def act(event):
        stage.add(scan(), 6)
        stage.add(HitWallEvent(0.0), 6)
        stage.process(6)

    stage.robot.actions["on_hit_by_bullet"] = act
    stage.add(HitByBulletEvent(0.0, None), 5)
    stage.process(5)
    assert stage.robot.heard == [
        ("on_hit_by_bullet", 5),
        ("on_hit_wall", 6),
        ("end of on_hit_wall", 6),
        ("end of on_hit_by_bullet", 5),
        ("on_scanned_robot", 6),
        ("end of on_scanned_robot", 6),
    ]


def test_an_older_event_of_low_priority_blocks_newer_ones(stage):
    def act(event):
        stage.add(HitWallEvent(0.0), 6)
        stage.process(6)
        assert stage.robot.began() == ["on_hit_by_bullet"]  # the scan of turn 5 is first in the queue and too low

    stage.robot.actions["on_hit_by_bullet"] = act
    stage.add(HitByBulletEvent(0.0, None), 5)
    stage.add(scan(), 5)
    stage.process(5)
    assert stage.robot.began() == ["on_hit_by_bullet", "on_scanned_robot", "on_hit_wall"]


def test_equal_priority_waits_unless_the_handler_is_interruptible(stage):
    def act(event):
        stage.add(scan(), 6)
        stage.process(6)

    stage.robot.actions["on_scanned_robot"] = lambda event: act(event) if event.get_time() == 5 else None
    stage.add(scan(), 5)
    stage.process(5)
    assert [name for name, _ in stage.robot.heard] == ["on_scanned_robot", "end of on_scanned_robot"] * 2

    stage.robot.heard.clear()
    stage.reset()
    stage.robot.actions["on_scanned_robot"] = lambda event: (
        (stage.set_interruptible(10, True), act(event)) if event.get_time() == 5 else None
    )
    stage.add(scan(), 5)
    stage.process(5)
    # The first handler does not come to its end; the mark is gone with the restart.
    assert [name for name, _ in stage.robot.heard] == ["on_scanned_robot"] * 2 + ["end of on_scanned_robot"]
    assert not stage.is_interruptible(10) and stage.top_priority < -1


def test_the_interrupted_handler_is_ended_within_a_nested_one(stage):
    """An interruption reaches only as far as the handler of its priority; those around it go on."""

    def outer(event):
        stage.add(RobotDeathEvent("a"), 6)
        stage.process(6)

    def inner(event):
        if event.get_time() == 6:
            stage.set_interruptible(70, True)
            stage.add(RobotDeathEvent("b"), 7)
            stage.process(7)

    stage.robot.actions.update(on_hit_wall=outer, on_robot_death=inner)
    stage.add(HitWallEvent(0.0), 5)
    stage.process(5)
    assert stage.robot.heard == [
        ("on_hit_wall", 5),
        ("on_robot_death", 6),
        ("on_robot_death", 7),
        ("end of on_robot_death", 7),
        ("end of on_hit_wall", 5),
    ]


def test_a_mark_ends_with_its_handler_and_the_systems_priorities_have_none(stage):
    stage.robot.actions["on_scanned_robot"] = lambda event: stage.set_interruptible(10, True)
    stage.add(scan(), 5)
    stage.process(5)
    assert not stage.is_interruptible(10)
    for priority in (-1, 100, 110):
        stage.set_interruptible(priority, True)
        assert not stage.is_interruptible(priority)


def test_events_older_than_a_turn_are_dropped_but_not_the_systems(stage):
    stage.add(scan(), 5)
    stage.add(SkippedTurnEvent(3), 5)
    stage.add(HitWallEvent(0.0), 6)
    stage.process(7)
    assert stage.robot.began() == ["on_skipped_turn", "on_hit_wall"]


def test_a_queue_of_more_than_256_takes_no_more(stage):
    for _ in range(MOST_EVENTS + 10):
        stage.add(scan(), 5)
    assert len(stage.events) == 257 and len(stage.notes) == 9


def test_clear_keeps_the_systems_events(stage):
    for event in (scan(), WinEvent(), HitWallEvent(0.0), DeathEvent()):
        stage.add(event, 5)
    stage.clear()
    assert [type(event) for event in stage.events] == [WinEvent, DeathEvent]
    stage.reset()
    assert not stage.events


def test_conditions_are_tested_each_time_and_queued_by_their_priority(stage):
    low, high, never = Condition(True, 5), Condition(True, 90), Condition(False)
    stage.conditions += [low, high, never]
    order = []
    stage.robot.actions["on_custom_event"] = lambda event: order.append(event.get_condition())
    stage.add(scan(), 5)
    stage.process(5)
    assert order == [high, low] and never.tests == 1
    assert stage.robot.began() == ["on_custom_event", "on_scanned_robot", "on_custom_event"]
    assert not stage.is_testing


def test_only_advanced_robots_hear_of_conditions_and_skipped_turns(stage):
    stage.is_advanced = False
    stage.conditions.append(Condition(True))
    stage.add(SkippedTurnEvent(4), 5)
    stage.process(5)
    assert stage.robot.heard == [] and not stage.events


def test_a_condition_that_raises_is_not_being_tested_any_more(stage):
    broken = Condition(True)
    broken.test = lambda: 1 / 0
    stage.conditions.append(broken)
    with pytest.raises(ZeroDivisionError):
        stage.process(5)
    assert not stage.is_testing


def test_what_a_handler_raises_is_noted_and_the_next_event_handled(stage):
    stage.robot.actions["on_hit_wall"] = lambda event: 1 / 0
    stage.add(HitWallEvent(0.0), 5)
    stage.add(scan(), 5)
    stage.process(5)
    assert [type(error) for error in stage.errors] == [ZeroDivisionError]
    assert stage.robot.began() == ["on_hit_wall", "on_scanned_robot"] and stage.top_priority < -1


def test_the_end_of_the_round_goes_through_handlers(stage):
    def end(event):
        raise RoundOver

    stage.robot.actions["on_hit_wall"] = end
    stage.add(HitWallEvent(0.0), 5)
    stage.add(scan(), 5)
    with pytest.raises(RoundOver):
        stage.process(5)
    assert stage.top_event is None and stage.top_priority < -1 and len(stage.events) == 1


def test_priorities_of_classes(stage):
    stage.set_priority("ScannedRobotEvent", 95)
    stage.set_priority("robocode.HitWallEvent", -7)
    stage.set_priority("HitRobotEvent", 200)
    assert [stage.priority_of(name) for name in ("ScannedRobotEvent", "HitWallEvent", "HitRobotEvent")] == [95, 0, 99]
    notes = len(stage.notes)
    stage.set_priority("WinEvent", 50)
    stage.set_priority("NoEvent", 50)
    assert len(stage.notes) == notes + 2
    assert stage.priority_of("WinEvent") == 100 and stage.priority_of("NoEvent") == -1
    stage.reset()
    stage.add(HitWallEvent(0.0), 5)
    stage.add(scan(), 5)
    stage.process(5)
    assert stage.robot.began() == ["on_scanned_robot", "on_hit_wall"]  # priorities outlast the round


def test_the_last_event_handled_is_remembered_unless_it_was_interrupted(stage):
    stage.add(scan(), 5)
    stage.process(5)
    assert type(stage.top_event) is ScannedRobotEvent

    def interrupt(event):
        raise EventInterrupted

    stage.robot.actions["on_bullet_missed"] = interrupt
    stage.add(BulletMissedEvent(None), 6)
    stage.process(6)
    assert stage.top_event is None
