"""Fires at where the enemy is."""

from beepsim.robots.compiled import may_fire_soon, shoot, usual_power


def aim(view, target, command):
    if may_fire_soon(view, target):
        shoot(view, target, command, target.bearing, usual_power(view, target))
