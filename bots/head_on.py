"""Fires at where the enemy is."""

import numpy as np

from beepsim.robots.compiled import bullet_power, may_fire_soon, shoot
from beepsim.robots.power import POWER, power_of

SETTINGS = {**POWER}
MEMORY = np.dtype([("power", "f8")])


def prepare(settings, memory):
    memory.power = power_of(settings)


def aim(view, target, memory, command):
    if may_fire_soon(view, target):
        shoot(view, target, command, target.bearing, bullet_power(view, target, memory.power))
