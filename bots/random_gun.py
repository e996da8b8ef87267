"""Fires at a random angle among those that the enemy could reach; the one every smarter gun must beat."""

import numpy as np

from beepsim.fdlibm import asin
from beepsim.javarandom import next_double
from beepsim.robots.compiled import NEVER, bullet_power, shoot
from beepsim.robots.power import POWER, power_of
from beepsim.rules import MAX_VELOCITY, bullet_speed

SETTINGS = {**POWER}
MEMORY = np.dtype([("power", "f8"), ("offset", "f8"), ("was_hot", "?")])


def prepare(settings, memory):
    memory.power = power_of(settings)


def aim(view, target, memory, command, random):
    if target.turn == NEVER:
        return
    power = bullet_power(view, target, memory.power)
    # One draw per shot: drawing anew each turn would keep the gun swinging, and it fires only where it has arrived.
    is_hot = view.gun_heat > view.gun_cooling_rate
    if memory.was_hot and not is_hot:
        memory.offset = asin(MAX_VELOCITY / bullet_speed(power)) * (2.0 * next_double(random) - 1.0)
    memory.was_hot = is_hot
    shoot(view, target, command, target.bearing + memory.offset, power)
