"""Fires at where the enemy will be if it goes on driving and turning as it does now, and stops at walls."""

from beepsim.fdlibm import cos, hypot, sin
from beepsim.geometry import absolute_bearing, relative_angle
from beepsim.robots.compiled import NEVER, may_fire_soon, shoot, usual_power
from beepsim.rules import HALF_BOT_WIDTH, bullet_speed


def aim(view, target, command):
    if not may_fire_soon(view, target):
        return
    power = usual_power(view, target)
    turn = 0.0
    if target.last_turn != NEVER:
        turn = relative_angle(target.heading - target.last_heading) / (target.turn - target.last_turn)
    # The shot leaves next turn, from where this robot will be then.
    from_x = view.x + sin(view.heading) * view.velocity
    from_y = view.y + cos(view.heading) * view.velocity
    # Each turn rotates the enemy's step; two products are cheaper than a sine and a cosine.
    sine, cosine = sin(turn), cos(turn)
    step_x, step_y = sin(target.heading) * target.velocity, cos(target.heading) * target.velocity
    x, y, flown = target.x, target.y, 0.0
    while flown < hypot(x - from_x, y - from_y):
        step_x, step_y = step_x * cosine + step_y * sine, step_y * cosine - step_x * sine
        x = min(max(x + step_x, HALF_BOT_WIDTH), view.width - HALF_BOT_WIDTH)
        y = min(max(y + step_y, HALF_BOT_WIDTH), view.height - HALF_BOT_WIDTH)
        flown += bullet_speed(power)
    shoot(view, target, command, absolute_bearing(from_x, from_y, x, y), power)
