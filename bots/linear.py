"""Fires at where the enemy will be if it drives straight on at its present velocity, and stops at walls."""

import numpy as np

from beepsim.fdlibm import sin_cos
from beepsim.geometry import absolute_bearing
from beepsim.robots.compiled import bullet_power, may_fire_soon, shoot
from beepsim.robots.power import POWER, power_of
from beepsim.rules import HALF_BOT_WIDTH, bullet_speed

SETTINGS = {**POWER}
MEMORY = np.dtype([("power", "f8")])


def prepare(settings, memory):
    memory.power = power_of(settings)


def aim(view, target, memory, command):
    if not may_fire_soon(view, target):
        return
    power = bullet_power(view, target, memory.power)
    speed = bullet_speed(power)
    # The shot leaves next turn, from where this robot will be then.
    sine, cosine = sin_cos(view.heading)
    from_x, from_y = view.x + sine * view.velocity, view.y + cosine * view.velocity
    sine, cosine = sin_cos(target.heading)
    step_x, step_y = sine * target.velocity, cosine * target.velocity
    x, y = target.x + step_x, target.y + step_y
    flown = speed
    while flown * flown < (x - from_x) * (x - from_x) + (y - from_y) * (y - from_y):
        x = min(max(x + step_x, HALF_BOT_WIDTH), view.width - HALF_BOT_WIDTH)
        y = min(max(y + step_y, HALF_BOT_WIDTH), view.height - HALF_BOT_WIDTH)
        flown += speed
    shoot(view, target, command, absolute_bearing(from_x, from_y, x, y), power)
