"""Fires at where the enemy will be if it does what it did the last time that it had moved as it does now."""

import numpy as np

from beepsim.fdlibm import sin_cos
from beepsim.geometry import absolute_bearing, relative_angle
from beepsim.robots.compiled import bullet_power, may_fire_soon, shoot
from beepsim.robots.power import POWER, power_of
from beepsim.rules import bullet_speed
from beepsim.targeting.pattern import LOG, longest_flight, meet, nearest_stretch, note_motion

SETTINGS = {**POWER}
MEMORY = np.dtype([("power", "f8"), ("log", LOG)])


def prepare(settings, memory):
    memory.power = power_of(settings)


def aim(view, target, memory, command):
    is_seen = target.turn == view.turn and target.last_turn == view.turn - 1
    note_motion(memory.log, is_seen, target.velocity, relative_angle(target.heading - target.last_heading))
    if not may_fire_soon(view, target):
        return
    power, heading = bullet_power(view, target, memory.power), target.bearing
    speed = bullet_speed(power)
    last = -1
    if view.gun_heat <= view.gun_cooling_rate:
        last = nearest_stretch(memory.log, longest_flight(target.distance, speed))
    if last >= 0:
        # The shot leaves next turn, from where this robot will be then.
        sine, cosine = sin_cos(view.heading)
        from_x, from_y = view.x + sine * view.velocity, view.y + cosine * view.velocity
        x, y = meet(
            memory.log, last, target.x, target.y, target.heading, from_x, from_y, speed, view.width, view.height
        )
        heading = absolute_bearing(from_x, from_y, x, y)
    shoot(view, target, command, heading, power)
