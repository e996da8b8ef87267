"""Circles the enemy and reverses at random: seldom just after a reversal, more often at close range."""

import numpy as np

from beepsim.javarandom import next_double
from beepsim.robots.compiled import orbit

MEMORY = np.dtype([("direction", "f8"), ("turns", "f8")])


def move(view, target, memory, command, random):
    if view.turn == 0:
        memory.direction, memory.turns = 1.0, 0.0
    memory.turns += 1.0
    chance = min(memory.turns / 20.0, 1.0) * (0.03 + 12.0 / max(target.distance, 100.0))
    if next_double(random) < chance:
        memory.direction, memory.turns = -memory.direction, 0.0
    orbit(view, target, command, memory.direction, 450.0)
