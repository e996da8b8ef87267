"""Circles the enemy; turns back before walls rather than following them, and runs freely in the middle of the field."""

import numpy as np

from beepsim.javarandom import next_double
from beepsim.robots.compiled import orbit

MEMORY = np.dtype([("direction", "f8"), ("wait", "f8")])


def wall_distance(view):
    return min(min(view.x, view.width - view.x), min(view.y, view.height - view.y))


def move(view, target, memory, command, random):
    if view.turn == 0:
        memory.direction, memory.wait = 1.0, 0.0
    memory.wait -= 1.0
    near = wall_distance(view) < 110.0
    if memory.wait <= 0.0 and next_double(random) < (0.25 if near else 0.02):
        memory.direction, memory.wait = -memory.direction, 25.0
    command.max_velocity = 8.0 if near else 6.5
    orbit(view, target, command, memory.direction, 380.0)
