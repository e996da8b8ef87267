"""Where a robot can drive until a wave reaches it: simple precise prediction by the rules.

Px, turns, radians clockwise from north. Three ways are foretold: clockwise and counter-clockwise around the wave's
source as fast as it can, kept off the walls, and stopping.
"""

import math
from typing import NamedTuple

import numpy as np

from beepsim.geometry import HALF_PI, relative_angle
from beepsim.rules import HALF_BOT_WIDTH, MAX_VELOCITY, body_turn_rate, new_velocity

STICK = 140.0
"""Px ahead that must be inside the field."""
SMOOTHING = math.radians(5.0)
CLOCKWISE, STOP, COUNTER_CLOCKWISE = 1, 0, -1
MOST_TURNS = 200


class Wave(NamedTuple):
    """A ring around its source: `radius` now, growing by `speed` a turn."""

    x: float
    y: float
    radius: float
    speed: float


class Driver(NamedTuple):
    """A robot's state at the end of a turn."""

    x: float
    y: float
    heading: float
    velocity: float


def path_of(driver: Driver, way: int, wave: Wave, width: float, height: float) -> list[Driver]:
    """The robot's states at the end of this turn and of each to come, until the ring has reached its centre."""
    states, radius = [driver], wave.radius
    while radius < math.hypot(states[-1].x - wave.x, states[-1].y - wave.y) and len(states) <= MOST_TURNS:
        states.append(moved(states[-1], way, wave, width, height))
        radius += wave.speed
    return states


def moved(driver: Driver, way: int, wave: Wave, width: float, height: float) -> Driver:
    """The robot one turn on: it turns as far as its speed lets it, then speeds up or brakes, then moves."""
    x, y, heading, velocity = driver
    if way == STOP:
        distance = 0.0
    else:
        course = smoothed(x, y, math.atan2(x - wave.x, y - wave.y) + way * HALF_PI, way, width, height)
        turn = relative_angle(course - heading)
        distance = math.inf
        if abs(turn) > HALF_PI:  # sooner backwards
            turn, distance = relative_angle(turn + math.pi), -math.inf
        rate = body_turn_rate(velocity)
        heading += min(max(turn, -rate), rate)
    velocity = new_velocity(velocity, distance, MAX_VELOCITY)
    x, y = x + velocity * math.sin(heading), y + velocity * math.cos(heading)
    inside_x = min(max(x, HALF_BOT_WIDTH), width - HALF_BOT_WIDTH)
    inside_y = min(max(y, HALF_BOT_WIDTH), height - HALF_BOT_WIDTH)
    if inside_x != x or inside_y != y:
        velocity = 0.0
    return Driver(inside_x, inside_y, heading, velocity)


def smoothed(x: float, y: float, course: float, way: int, width: float, height: float) -> float:
    """The course turned towards the source, as little as keeps a stick ahead of the robot inside the field."""
    for step in range(int(math.pi / SMOOTHING)):
        turned = course + way * step * SMOOTHING
        ahead = x + STICK * math.sin(turned), y + STICK * math.cos(turned)
        if all(HALF_BOT_WIDTH <= at <= size - HALF_BOT_WIDTH for at, size in zip(ahead, (width, height), strict=True)):
            return turned
    return course


def driver_of(row: np.void) -> Driver:
    """From a row of RECORDED_ROBOT."""
    return Driver(*(float(row[name]) for name in ("x", "y", "heading", "velocity")))
