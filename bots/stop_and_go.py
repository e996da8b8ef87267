"""Stands until the enemy has fired, then dashes to one side, the farther the stronger the shot was."""

import numpy as np

from beepsim.javarandom import next_double
from beepsim.robots.compiled import orbit

MEMORY = np.dtype([("direction", "f8"), ("go_until", "i8")])


def move(view, target, memory, command, random):
    if view.turn == 0:
        memory.direction, memory.go_until = 1.0, 0
    if target.shot_power > 0.0 and view.turn >= memory.go_until:
        memory.go_until = view.turn + 8 + int(6.0 * target.shot_power)
        if next_double(random) < 0.4:
            memory.direction = -memory.direction
    orbit(view, target, command, memory.direction, 350.0)
    if view.turn >= memory.go_until:
        command.distance = 0.0
