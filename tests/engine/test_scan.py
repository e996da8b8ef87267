"""The quick answer to "is it seen" against Arc2D's own test, and that test against geometry."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from beepsim.engine.scan import is_seen, pie_meets_box
from beepsim.engine.state import ROBOT
from beepsim.fdlibm import atan2
from beepsim.geometry import HALF_PI, PI, absolute_angle, box_edge
from beepsim.jit import jit


@jit
def quick_and_exact(robots, start, sweep):
    """What the engine answers, and what Robocode's arithmetic answers."""
    robot, other = robots[0], robots[1]
    quick = is_seen(robot, other, atan2(other.x - robot.x, other.y - robot.y), start, sweep)
    degrees = 180.0 * absolute_angle(start - HALF_PI) / PI
    return quick, pie_meets_box(robot.x, robot.y, degrees, 180.0 * sweep / PI, other.left, other.low)


def pair(x: float, y: float, bearing: float, distance: float) -> np.ndarray:
    robots = np.zeros(2, dtype=ROBOT)
    robots["x"] = x, x + distance * math.sin(bearing)
    robots["y"] = y, y + distance * math.cos(bearing)
    for robot in robots:
        robot["left"], robot["low"] = box_edge(float(robot["x"])), box_edge(float(robot["y"]))
    return robots


angles = st.floats(0, 2 * math.pi)
sweeps = st.one_of(st.floats(-1.4, 1.4), st.just(0.0), st.floats(-1e-3, 1e-3))


@settings(max_examples=2000)
@given(angles, st.floats(0, 1300), sweeps, st.floats(-40, 40), st.booleans())
def test_quick_answer_is_the_exact_one(
    bearing: float, distance: float, sweep: float, aside: float, is_at_end: bool
) -> None:
    """Beams that begin or end up to 40 pixels beside the other's centre, where the answer changes."""
    edge = bearing + aside / max(distance, 20.0)
    start = absolute_angle(edge - sweep if is_at_end else edge)
    quick, exact = quick_and_exact(pair(400.0, 300.0, bearing, distance), start, sweep)
    assert quick == exact


@settings(max_examples=500)
@given(angles, st.floats(0, 1300), sweeps, angles)
def test_quick_answer_anywhere(bearing: float, distance: float, sweep: float, start: float) -> None:
    quick, exact = quick_and_exact(pair(400.0, 300.0, bearing, distance), start, sweep)
    assert quick == exact


@settings(max_examples=500)
@given(angles, st.floats(30, 1150), st.floats(-1.3, 1.3), st.floats(0, 1))
def test_centre_in_the_beam_is_seen(bearing: float, distance: float, sweep: float, part: float) -> None:
    start = absolute_angle(bearing - part * sweep)
    assert quick_and_exact(pair(400.0, 300.0, bearing, distance), start, sweep) == (True, True)


@settings(max_examples=500)
@given(angles, st.floats(60, 2000), st.floats(-1.3, 1.3), st.floats(0, 1))
def test_beside_and_beyond_the_beam_is_not_seen(bearing: float, distance: float, sweep: float, part: float) -> None:
    gap = math.asin(26 / distance)
    away = gap + part * (2 * math.pi - abs(sweep) - 2 * gap)
    start = absolute_angle(bearing + math.copysign(away, sweep))
    assert quick_and_exact(pair(400.0, 300.0, bearing, distance), start, sweep) == (False, False)
    far = pair(400.0, 300.0, bearing, 1226.0 + distance)
    assert quick_and_exact(far, absolute_angle(bearing - part * sweep), sweep) == (False, False)
