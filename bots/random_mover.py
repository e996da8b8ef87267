"""Circles the enemy, reverses and changes its speed at random moments."""

import numpy as np

from beepsim.javarandom import next_double
from beepsim.robots.compiled import orbit

DISTANCE = 400.0  # px that it keeps from the enemy
MEMORY = np.dtype([("direction", "f8"), ("max_velocity", "f8")])


def move(view, target, memory, command, random):
    if view.turn == 0:
        memory.direction = 1.0
    if next_double(random) < 0.06:  # every 17 turns on average
        memory.direction = -memory.direction
    if view.turn == 0 or next_double(random) < 0.05:
        memory.max_velocity = 8.0 if next_double(random) < 0.5 else 2.0 + 6.0 * next_double(random)
    command.max_velocity = memory.max_velocity
    orbit(view, target, command, memory.direction, DISTANCE)
