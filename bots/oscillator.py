"""Drives to and fro across the line to the enemy, 160 px each way."""

import numpy as np

from beepsim.geometry import HALF_PI, relative_angle
from beepsim.robots.compiled import NEVER

MEMORY = np.dtype([("direction", "f8")])


def move(view, target, memory, command):
    if command.distance == 0.0:  # arrived, or stopped by a wall
        memory.direction = -1.0 if memory.direction > 0.0 else 1.0
        command.distance = memory.direction * 160.0
    if target.turn != NEVER:
        turn = relative_angle(target.bearing + HALF_PI - view.heading)
        # Either side will do: the smaller turn that puts the body across the line.
        command.body_turn = turn if abs(turn) < HALF_PI else relative_angle(turn + np.pi)
