"""Fires at where the enemy is."""

from beepsim.robots.compiled import NEVER, shoot, usual_power


def aim(view, target, command):
    if target.turn != NEVER:
        shoot(view, target, command, target.bearing, usual_power(view, target))
