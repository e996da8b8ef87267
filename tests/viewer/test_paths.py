"""Predicted ways against the engine, and what they must be whatever the place."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.engine.rounds import clear_orders, start_round
from beepsim.engine.state import ADVANCED, new_rules, new_world
from beepsim.engine.turn import play_turn
from beepsim.geometry import relative_angle
from beepsim.viewer.paths import CLOCKWISE, COUNTER_CLOCKWISE, STOP, Driver, Wave, path_of, smoothed

WIDTH, HEIGHT = 800.0, 600.0
places = st.builds(
    Driver,
    st.floats(18.0, WIDTH - 18.0),
    st.floats(18.0, HEIGHT - 18.0),
    st.floats(0.0, 6.28),
    st.floats(-8.0, 8.0),
)
waves = st.builds(
    Wave, st.floats(18.0, WIDTH - 18.0), st.floats(18.0, HEIGHT - 18.0), st.just(0.0), st.floats(11.0, 19.7)
)
ways = st.sampled_from([CLOCKWISE, STOP, COUNTER_CLOCKWISE])


def driven_by_the_engine(driver: Driver, way: int, wave: Wave, turns: int) -> list[Driver]:
    """The engine's robot under the orders that lead around the source."""
    world = new_world(new_rules(width=800, height=600, num_rounds=1), np.array([ADVANCED]), 1)
    start_round(world)
    robot, command = world.robots[0], world.commands[0]
    robot.x, robot.y, robot.heading, robot.velocity = driver
    states = [driver]
    for _ in range(turns):
        clear_orders(command)
        command.distance = 0.0
        if way != STOP:
            tangent = math.atan2(robot.x - wave.x, robot.y - wave.y) + way * math.pi / 2
            turn = relative_angle(smoothed(robot.x, robot.y, tangent, way, WIDTH, HEIGHT) - robot.heading)
            command.distance = math.inf if abs(turn) <= math.pi / 2 else -math.inf
            command.body_turn = turn if abs(turn) <= math.pi / 2 else relative_angle(turn + math.pi)
        play_turn(world)
        states.append(Driver(float(robot.x), float(robot.y), float(robot.heading), float(robot.velocity)))
    return states


@pytest.mark.parametrize("way", [CLOCKWISE, STOP, COUNTER_CLOCKWISE])
@pytest.mark.parametrize("velocity", [-8.0, 0.0, 3.0, 8.0])
@pytest.mark.parametrize("heading", [0.3, 2.0, 4.4])
def test_ways_are_those_that_the_engine_drives(way, velocity, heading):
    driver, wave = Driver(500.0, 250.0, heading, velocity), Wave(200.0, 300.0, 40.0, 11.0)
    path = path_of(driver, way, wave, WIDTH, HEIGHT)
    expected = driven_by_the_engine(driver, way, wave, len(path) - 1)
    assert len(path) > 15
    for one, other in zip(path, expected, strict=True):
        assert (one.x, one.y, one.velocity) == pytest.approx((other.x, other.y, other.velocity), abs=1e-6)
        assert relative_angle(one.heading - other.heading) == pytest.approx(0.0, abs=1e-9)


@given(places, waves, ways)
def test_ways_stay_inside_and_end_where_the_ring_is(driver, wave, way):
    path = path_of(driver, way, wave, WIDTH, HEIGHT)
    for one, other in zip(path, path[1:], strict=False):
        assert 18.0 <= other.x <= WIDTH - 18.0 and 18.0 <= other.y <= HEIGHT - 18.0 and abs(other.velocity) <= 8.0
        assert math.hypot(other.x - one.x, other.y - one.y) <= 8.0 + 1e-9
    reached = [math.hypot(one.x - wave.x, one.y - wave.y) <= turn * wave.speed for turn, one in enumerate(path)]
    assert reached[-1] and not any(reached[:-1])


@given(st.floats(0.0, 6.28), st.floats(-8.0, 8.0))
def test_both_ways_lead_to_their_sides(heading, velocity):
    wave = Wave(400.0, 60.0, 0.0, 11.0)
    ends = [
        path_of(Driver(400.0, 420.0, heading, velocity), way, wave, WIDTH, HEIGHT)[-1]
        for way in (COUNTER_CLOCKWISE, STOP, CLOCKWISE)
    ]
    bearings = [math.atan2(end.x - wave.x, end.y - wave.y) for end in ends]
    assert bearings[0] < bearings[1] < bearings[2]
