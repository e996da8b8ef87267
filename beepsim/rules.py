"""Robocode's constants and scalar laws: speed, turning, guns, damage.

Pixels, turns, radians, energy points. Source: the classic engine, version 1.11.1 (`Rules.java`, `RobotPeer.java`),
whose expressions are evaluated here in the same order, so that results agree to the last bit.
"""

import math

import numpy as np

from beepsim.jit import jit

RULES_VERSION = "robocode-1.11.1-3"  # changes only when a battle of the same bots and seed would change

ACCELERATION = 1.0
DECELERATION = 2.0
MAX_VELOCITY = 8.0
MAX_BODY_TURN = 0.17453292519943295  # 10 degrees
MAX_GUN_TURN = 0.3490658503988659  # 20 degrees
MAX_RADAR_TURN = 0.7853981633974483  # 45 degrees
RADAR_RANGE = 1200.0
MIN_POWER = 0.1
MAX_POWER = 3.0
START_ENERGY = 100.0
START_GUN_HEAT = 3.0
BOT_WIDTH = 36.0
HALF_BOT_WIDTH = 18.0
BULLET_RADIUS = 3.0  # for the test against walls only
RAM_DAMAGE = 0.6
RAM_SCORE = 1.2
ZAP_ENERGY = 0.1
DISABLED_BELOW = 0.01  # energy below it becomes zero
ACTIVITY_POINTS = 10.0  # so much energy lost by anybody starts the count of inactive turns again
BULLET_EXPLOSION_FRAMES = 17
ROBOT_EXPLOSION_FRAMES = 71
TURNS_AFTER_DECISION = 150
RUNNING_TURNS_AFTER_DECISION = 121  # robots run, hear events and gain energy no longer than this
SURVIVAL_SCORE = 50.0
LAST_SURVIVOR_SCORE = 10.0  # for each other robot
BULLET_KILL_SHARE = 0.20
RAM_KILL_SHARE = 0.30
BULLET_IDS_PER_ROBOT = 10000
BULLET_IDS_PER_ROUND = 1000000


@jit
def bullet_speed(power):
    """Pixels per turn of a bullet; the power counts as if within [0.1, 3]."""
    return 20.0 - 3.0 * min(max(power, MIN_POWER), MAX_POWER)


@jit
def bullet_damage(power):
    """Energy that a hit takes from the victim."""
    damage = 4.0 * power
    if power > 1.0:
        damage += 2.0 * (power - 1.0)
    return damage


@jit
def bullet_hit_gain(power):
    """Energy that a hit gives to the shooter."""
    return 3.0 * power


@jit
def gun_heat_of_shot(power):
    """Heat that a shot adds to the gun."""
    return 1.0 + power / 5.0


@jit
def wall_damage(velocity):
    """Energy that an advanced robot loses when it hits a wall at this velocity."""
    return max(abs(velocity) / 2.0 - 1.0, 0.0)


@jit
def body_turn_rate(velocity):
    """Most radians that the body turns in a turn: 10 degrees, less 0.75 degrees per pixel per turn of velocity."""
    return (0.4 + 0.6 * (1.0 - abs(velocity) / MAX_VELOCITY)) * MAX_BODY_TURN


@jit
def top_velocity_to_stop_within(distance):
    """Greatest velocity next turn from which the robot can still stop after `distance` >= 0 pixels."""
    steps = max(1.0, np.ceil((math.sqrt(4.0 * distance + 1.0) - 1.0) / 2.0))
    if steps == math.inf:
        return MAX_VELOCITY
    covered = (steps / 2.0) * (steps - 1.0) * DECELERATION
    return (steps - 1.0) * DECELERATION + (distance - covered) / steps


@jit
def new_velocity(velocity, distance, max_velocity):
    """Velocity in the next turn of a robot that wants to cover `distance` (its sign is the direction; may be infinite).

    `RobotPeer.getNewVelocity`; a robot that reverses spends the part of the turn left after braking on accelerating.
    """
    is_backwards = distance < 0.0
    forwards = velocity_forwards(-velocity if is_backwards else velocity, abs(distance), max_velocity)
    return -forwards if is_backwards else forwards


@jit
def velocity_forwards(velocity, distance, max_velocity):
    """`new_velocity` for distance >= 0."""
    goal = max_velocity
    # A robot can stop within 20 pixels at most from top speed, so further away its own limit decides.
    if distance < 20.0:
        goal = min(top_velocity_to_stop_within(distance), max_velocity)
    braking = min(1.0, -velocity / DECELERATION)
    reversal = braking * DECELERATION + max(0.0, 1.0 - -velocity / DECELERATION) * ACCELERATION
    least = velocity - DECELERATION if velocity >= 0.0 else velocity - ACCELERATION
    most = velocity + ACCELERATION if velocity >= 0.0 else velocity + reversal
    return max(least, min(goal, most))


@jit
def stop_distance(velocity):
    """Pixels that a robot at this velocity covers while braking, this turn's not counted."""
    first = max(abs(velocity) - DECELERATION, 0.0)
    second = max(first - DECELERATION, 0.0)
    total, speed = first + second, max(second - DECELERATION, 0.0)
    # Robots drive at 8 at most, where this is the last step.
    total += speed
    while speed > DECELERATION:
        speed -= DECELERATION
        total += speed
    return total
