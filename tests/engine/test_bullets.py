"""Bullets that the engine does not compare because they cannot meet: those that Robocode's own test lets meet are never
among them."""

import math

import numpy as np
from hypothesis import assume, example, given
from hypothesis import strategies as st

from beepsim.engine.bullets import may_meet
from beepsim.engine.state import BULLET
from beepsim.fdlibm import sin_cos
from beepsim.geometry import segments_cross
from beepsim.rules import bullet_speed

places, headings, powers = st.floats(0.0, 1000.0), st.floats(0.0, 2.0 * math.pi), st.floats(0.1, 3.0)
bullets = st.tuples(places, places, headings, powers)


def flying(owner: int, x: float, y: float, heading: float, power: float) -> np.record:
    """A bullet that has just moved to (x, y)."""
    bullet = np.zeros(1, BULLET)[0]
    sine, cosine = sin_cos(heading)
    bullet.x, bullet.y, bullet.owner = x, y, owner
    bullet.step_x, bullet.step_y = bullet_speed(power) * sine, bullet_speed(power) * cosine
    bullet.last_x, bullet.last_y = x - bullet.step_x, y - bullet.step_y
    return bullet


def flights_of(bullet: np.record) -> np.ndarray:
    return np.array([bullet.x, bullet.y, bullet.step_x, bullet.step_y, float(bullet.owner)])


def moves_cross(moved: np.record, other: np.record) -> bool:
    """Whether the next move of `moved` crosses the last or the next one of the other."""
    mine = (moved.x, moved.y, moved.x + moved.step_x, moved.y + moved.step_y)
    theirs = (
        (other.last_x, other.last_y, other.x, other.y),
        (other.x, other.y, other.x + other.step_x, other.y + other.step_y),
    )
    return any(segments_cross(*segment, *mine) for segment in theirs)


@given(bullets, bullets)
@example((100.0, 100.0, 0.0, 3.0), (100.0, 900.0, math.pi, 3.0))
def test_bullets_that_meet_are_compared(one: tuple, another: tuple) -> None:
    first, second = flying(0, *one), flying(1, *another)
    if moves_cross(first, second):
        assert may_meet.py_func(first, flights_of(second), 1, 1)


@given(places, places, headings, powers, headings, powers, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_bullets_on_crossing_moves_are_compared(x, y, heading, power, other_heading, other_power, way, other_way):
    """Both next moves pass (x, y)."""
    assume(abs(math.sin(heading - other_heading)) > 1e-3)
    first, second = flying(0, x, y, heading, power), flying(1, x, y, other_heading, other_power)
    for bullet, share in ((first, way), (second, other_way)):
        bullet.x, bullet.y = x - share * bullet.step_x, y - share * bullet.step_y
    assert may_meet.py_func(first, flights_of(second), 1, 1)


def test_distant_bullets_and_those_of_one_owner_are_not_compared() -> None:
    first = flying(0, 100.0, 100.0, 1.0, 2.0)
    assert not may_meet.py_func(first, flights_of(flying(1, 150.0, 100.0, 2.0, 2.0)), 1, 1)
    assert not may_meet.py_func(first, flights_of(flying(0, 101.0, 100.0, 2.0, 2.0)), 1, 1)
    assert may_meet.py_func(first, flights_of(flying(1, 101.0, 100.0, 2.0, 2.0)), 1, 1)
