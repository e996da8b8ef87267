"""Scalar laws against Robocode's constants and its sequences of velocities."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim import rules
from beepsim.rules import new_velocity, stop_distance

# Velocity/distance left in successive turns from a velocity and a distance, `*` where the robot is overdriving.
# fmt: off
JOURNEYS = [
    (0, 100, 8, "1/99 2/97 3/94 4/90 5/85 6/79 7/72 8/64 8/56 8/48 8/40 8/32 8/24 8/16 7/9 5/4 3/1 1/0 0/0"),
    (8, 10, 8, "6/4 4/0 2/-2 0/-2 -1/-1 -1/0 0/0"),
    (8, 0, 8, "6/-6* 4/-10* 2/-12* 0/0"),
    (5, 3, 8, "3/0 1/-1 -0.5/-0.5 -0.5/0 0/0"),
    (-3, 50, 8, "-1/51 0.5/50.5 1.5/49 2.5/46.5 3.5/43 4.5/38.5 5.5/33 6.5/26.5 7.5/19 7.75/11.25 5.75/5.5 3.75/1.75 "
                "1.75/0 0/0"),
    (4, 37, 8, "5/32 6/26 7/19 7.75/11.25 5.75/5.5 3.75/1.75 1.75/0 0/0"),
    (4, 37, 3, "3/34 3/31 3/28 3/25 3/22 3/19 3/16 3/13 3/10 3/7 3/4 3/1 1/0 0/0"),
]
# fmt: on
velocities = st.floats(-8, 8)
distances = st.floats(-1000, 1000)
limits = st.floats(0, 8)


@pytest.mark.parametrize(("velocity", "distance", "limit", "expected"), JOURNEYS)
def test_journey(velocity: float, distance: float, limit: float, expected: str) -> None:
    velocity, distance, overdriving, steps = float(velocity), float(distance), False, []
    for _ in expected.split():
        velocity = new_velocity(velocity, distance, float(limit))
        if abs(velocity) < 1e-5 and overdriving:
            distance, overdriving = 0.0, False
        if not distance * velocity < 0:
            overdriving = stop_distance(velocity) > abs(distance)
        distance -= velocity
        steps.append(f"{velocity + 0.0:g}/{distance + 0.0:g}{'*' * overdriving}")
    assert " ".join(steps) == expected


def velocity_by_the_book(velocity: float, distance: float, limit: float) -> float:
    """`RobotPeer.getNewVelocity` word for word."""
    if distance < 0:
        return -velocity_by_the_book(-velocity, -distance, limit)
    goal = limit
    if distance != math.inf:
        steps = max(1.0, math.ceil((math.sqrt(4.0 * distance + 1.0) - 1.0) / 2.0))
        covered = (steps / 2.0) * (steps - 1) * 2
        goal = min((steps - 1) * 2 + (distance - covered) / steps, limit)
    if velocity >= 0:
        return max(velocity - 2, min(goal, velocity + 1))
    braking = min(1, -velocity / 2) * 2 + max(0, 1 - -velocity / 2) * 1
    return max(velocity - 1, min(goal, velocity + braking))


@given(velocities, distances, limits)
def test_velocity_by_the_book(velocity: float, distance: float, limit: float) -> None:
    assert new_velocity(velocity, distance, limit) == velocity_by_the_book(velocity, distance, limit)
    assert new_velocity(velocity, math.inf, limit) == velocity_by_the_book(velocity, math.inf, limit)


@given(velocities, distances, limits)
def test_velocity_changes_by_at_most_two_and_mirrors(velocity: float, distance: float, limit: float) -> None:
    changed = new_velocity(velocity, distance, limit)
    assert abs(changed - velocity) <= 2.0 + 1e-12
    assert abs(changed) <= max(limit, abs(velocity))
    assert new_velocity(-velocity, -distance, limit) == -changed or distance == 0.0


@given(velocities)
def test_stop_distance_is_what_braking_covers(velocity: float) -> None:
    total, speed = 0.0, abs(velocity)
    while speed > 0.0:
        speed = new_velocity(speed, 0.0, 8.0)
        total += speed
    assert stop_distance(velocity) == total


def test_scalar_laws() -> None:
    assert rules.bullet_speed(3.0) == 11.0 and rules.bullet_speed(0.1) == 19.7
    assert rules.bullet_speed(0.01) == 19.7 and rules.bullet_speed(9.0) == 11.0
    assert rules.bullet_damage(0.5) == 2.0 and rules.bullet_damage(3.0) == 16.0
    assert rules.bullet_hit_gain(2.0) == 6.0
    assert rules.gun_heat_of_shot(3.0) == 1.6
    assert [rules.wall_damage(v) for v in (-8.0, 3.0, 2.0, 0.0)] == [3.0, 0.5, 0.0, 0.0]
    assert rules.body_turn_rate(0.0) == rules.MAX_BODY_TURN == math.radians(10)
    assert rules.body_turn_rate(-8.0) == pytest.approx(math.radians(4), abs=1e-15)
    assert rules.MAX_GUN_TURN == math.radians(20) and rules.MAX_RADAR_TURN == math.radians(45)
