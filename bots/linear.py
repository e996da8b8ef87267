"""Fires at where the enemy will be if it drives straight on at its present velocity, and stops at walls."""

from beepsim.fdlibm import cos, hypot, sin
from beepsim.geometry import absolute_bearing
from beepsim.robots.compiled import may_fire_soon, shoot, usual_power
from beepsim.rules import HALF_BOT_WIDTH, bullet_speed


def aim(view, target, command):
    if not may_fire_soon(view, target):
        return
    power = usual_power(view, target)
    # The shot leaves next turn, from where this robot will be then.
    from_x = view.x + sin(view.heading) * view.velocity
    from_y = view.y + cos(view.heading) * view.velocity
    step_x, step_y = sin(target.heading) * target.velocity, cos(target.heading) * target.velocity
    x, y = target.x + step_x, target.y + step_y
    flown = bullet_speed(power)
    while flown < hypot(x - from_x, y - from_y):
        x = min(max(x + step_x, HALF_BOT_WIDTH), view.width - HALF_BOT_WIDTH)
        y = min(max(y + step_y, HALF_BOT_WIDTH), view.height - HALF_BOT_WIDTH)
        flown += bullet_speed(power)
    shoot(view, target, command, absolute_bearing(from_x, from_y, x, y), power)
