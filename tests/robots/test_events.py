"""Events: their default priorities, their order, their getters' numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.robots import (
    Bullet,
    HitByBulletEvent,
    HitRobotEvent,
    HitWallEvent,
    RobotStatus,
    ScannedRobotEvent,
    WinEvent,
)
from beepsim.robots.events import EVENT_CLASSES

ANGLES = st.floats(-math.pi, math.pi)
PRIORITIES = {  # facts: 11.2
    "StatusEvent": 99,
    "CustomEvent": 80,
    "RobotDeathEvent": 70,
    "BulletMissedEvent": 60,
    "BulletHitBulletEvent": 55,
    "BulletHitEvent": 50,
    "HitRobotEvent": 40,
    "HitWallEvent": 30,
    "HitByBulletEvent": 20,
    "ScannedRobotEvent": 10,
    "RoundEndedEvent": 110,
    "BattleEndedEvent": 100,
    "WinEvent": 100,
    "SkippedTurnEvent": 100,
    "DeathEvent": -1,
}
SYSTEM = {"RoundEndedEvent", "BattleEndedEvent", "WinEvent", "SkippedTurnEvent", "DeathEvent"}


def scan(distance, time=0):
    event = ScannedRobotEvent("other", 50.0, 0.5, distance, 1.0, 8.0)
    event._time = time
    return event


def test_default_priorities_and_what_belongs_to_the_system():
    assert {event.__name__: event.DEFAULT_PRIORITY for event in EVENT_CLASSES} == PRIORITIES
    assert {event.__name__ for event in EVENT_CLASSES if event._is_system} == SYSTEM


def test_what_print_shows_of_an_event():
    event = ScannedRobotEvent("other", 50.0, math.pi / 2, 120.0, math.pi, 8.0)
    assert repr(event) == (
        "ScannedRobotEvent(bearing=90.0, distance=120.0, energy=50.0, heading=180.0, name='other', priority=10, "
        "time=0, velocity=8.0, is_sentry_robot=False)"
    )


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ([102.0, 100.5], [100.5, 102.0]),
        ([100.9, 100.1], [100.9, 100.1]),  # less than a pixel apart: as they came
        ([101.0, 100.0], [100.0, 101.0]),
        ([300.0, 100.0, 200.0], [100.0, 200.0, 300.0]),
    ],
)
def test_scans_are_sorted_by_whole_pixels(distances, expected):
    assert [event.get_distance() for event in sorted(scan(distance) for distance in distances)] == expected


def test_earlier_then_higher_priority_then_own_fault():
    own, others = HitRobotEvent("a", 0.0, 1.0, True), HitRobotEvent("a", 0.0, 1.0, False)
    old, win, wall = scan(5.0, -1), WinEvent(), HitWallEvent(0.0)
    assert sorted([wall, others, own, win, old]) == [old, win, own, others, wall]


def scan_order_of_java(distances):
    """The list sort of Java for fewer than 32 entries: a run at the start, the rest inserted by bisection."""
    items = list(distances)

    def before(a, b):
        return int(a - b) < 0

    run = 1
    if len(items) > 1:
        falls = before(items[1], items[0])
        run = 2
        while run < len(items) and before(items[run], items[run - 1]) == falls:
            run += 1
        if falls:
            items[:run] = items[:run][::-1]
    for start in range(run, len(items)):
        low, high = 0, start
        while low < high:
            middle = (low + high) // 2
            if before(items[start], items[middle]):
                high = middle
            else:
                low = middle + 1
        items.insert(low, items.pop(start))
    return items


@given(st.lists(st.floats(0.0, 6.0), max_size=31))
def test_ties_that_form_circles_are_sorted_as_in_java(distances):
    events = [scan(distance) for distance in distances]
    events.sort()
    assert [event.get_distance() for event in events] == scan_order_of_java(distances)


@given(ANGLES)
def test_bearings_in_degrees_are_javas(angle):
    degrees = angle * 180.0 / math.pi
    bullet = Bullet(angle, 1.0, 2.0, 3.0, "me", None, False, 7)
    for event in (ScannedRobotEvent("a", 1.0, angle, 1.0, angle, 1.0), HitWallEvent(angle)):
        assert event.get_bearing() == degrees and event.get_bearing_radians() == angle
    assert HitByBulletEvent(angle, bullet).get_bearing() == degrees
    assert HitByBulletEvent(angle, bullet).get_heading() == bullet.get_heading() == angle * 57.29577951308232
    status = RobotStatus((9.0, 1.0, 2.0, angle, angle + 1, angle + 2, 3.0, 0.5), (0.1, 0.2, 0.3, 4.0), (5, 6, 7, 8))
    assert status.get_heading() == angle * 57.29577951308232


def test_status_tells_each_number_by_its_name():
    status = RobotStatus((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0), (9.0, 10.0, 11.0, 12.0), (13, 14, 15, 16))
    told = [
        status.get_energy(),
        status.get_x(),
        status.get_y(),
        status.get_heading_radians(),
        status.get_gun_heading_radians(),
        status.get_radar_heading_radians(),
        status.get_velocity(),
        status.get_gun_heat(),
        status.get_turn_remaining_radians(),
        status.get_radar_turn_remaining_radians(),
        status.get_gun_turn_remaining_radians(),
        status.get_distance_remaining(),
        status.get_others(),
        status.get_round_num(),
        status.get_num_rounds(),
        status.get_time(),
    ]
    assert told == list(range(1, 17))
    assert status.get_gun_heading() == 5.0 * 57.29577951308232
    assert status.get_turn_remaining() == 9.0 * 57.29577951308232


def test_bullets_are_the_same_by_their_shot():
    one, same = Bullet(0.0, 1.0, 2.0, 3.0, "me", None, True, 7), Bullet(1.0, 5.0, 6.0, 3.0, "me", "you", False, 7)
    assert one == same and hash(one) == hash(same) and one != Bullet(0.0, 1.0, 2.0, 3.0, "me", None, True, 8)
    assert one.get_velocity() == 11.0 and one.get_victim() is None and same.get_victim() == "you"
