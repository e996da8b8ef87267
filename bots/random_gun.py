"""Fires at a random angle among those that the enemy could reach; the one every smarter gun must beat."""

import numpy as np

from beepsim.fdlibm import asin
from beepsim.javarandom import next_double
from beepsim.robots.compiled import NEVER, shoot, usual_power
from beepsim.rules import MAX_VELOCITY, bullet_speed

MEMORY = np.dtype([("offset", "f8"), ("was_hot", "?")])


def aim(view, target, memory, command, random):
    if target.turn == NEVER:
        return
    power = usual_power(view, target)
    # One draw per shot: drawing anew each turn would keep the gun swinging, and it fires only where it has arrived.
    is_hot = view.gun_heat > view.gun_cooling_rate
    if memory.was_hot and not is_hot:
        memory.offset = asin(MAX_VELOCITY / bullet_speed(power)) * (2.0 * next_double(random) - 1.0)
    memory.was_hot = is_hot
    shoot(view, target, command, target.bearing + memory.offset, power)
