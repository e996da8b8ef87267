"""When the enemy fires it goes on for a part of the bullet's flight, drawn at random, and then turns back."""

import numpy as np

from beepsim.javarandom import next_double
from beepsim.robots.compiled import orbit
from beepsim.rules import bullet_speed

MEMORY = np.dtype([("direction", "f8"), ("reverse_at", "f8")])


def move(view, target, memory, command, random):
    if view.turn == 0:
        memory.direction, memory.reverse_at = 1.0, np.inf
    if target.shot_power > 0.0:
        flight = target.distance / bullet_speed(target.shot_power)
        # Mostly a long way out, sometimes back early: two humps of guess factors.
        part = 0.75 if next_double(random) < 0.7 else 0.2
        memory.reverse_at = view.turn + flight * (part + 0.25 * next_double(random))
    if view.turn >= memory.reverse_at:
        memory.direction, memory.reverse_at = -memory.direction, np.inf
    orbit(view, target, command, memory.direction, 500.0)
