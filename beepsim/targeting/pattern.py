"""Pattern matching, played forward: what the target did when it last moved as it does now, it will do again (compiled).

A LOG keeps the target's velocity and turn of every turn of the battle; px/turn and rad/turn. Source: RoboWiki, Pattern
Matching and Play It Forward; here the nearest past stretch by the sum of absolute differences, not an equal one.
"""

import numpy as np

from beepsim.fdlibm import sin_cos
from beepsim.jit import jit
from beepsim.rules import HALF_BOT_WIDTH, MAX_VELOCITY
from beepsim.targeting.ballistics import guess_factor_at

LOG_LENGTH = 16_384  # turns; then the log begins again
PATTERN = 25  # turns that must be alike
PER_RADIAN = 40.0  # px/turn that count as much as 1 rad/turn: 8 px/turn as much as 11 degrees
GAP = 1e6  # velocity of a turn in which the target was not seen, unlike any other

LOG = np.dtype([("count", "i8"), ("velocity", "f4", LOG_LENGTH), ("turn", "f4", LOG_LENGTH)], align=True)


@jit
def note_motion(log, is_seen, velocity, turn):
    """The target's motion in the present turn."""
    if log["count"] == LOG_LENGTH:
        log["count"] = 0
    log["velocity"][log["count"]] = velocity if is_seen else GAP
    log["turn"][log["count"]] = turn if is_seen else 0.0
    log["count"] += 1


@jit
def nearest_stretch(log, future):
    """Last turn in the log of the stretch most like the latest PATTERN turns, at least `future` turns ago; of equally
    near ones the latest; -1 where the log is too short."""
    count = log["count"]
    places = count - future - PATTERN
    if places <= 0:
        return -1
    far = np.zeros(places, np.float32)  # place i is the stretch that begins there
    for k in range(PATTERN):
        velocity, turn = log["velocity"][count - PATTERN + k], log["turn"][count - PATTERN + k]
        velocities, turns = log["velocity"][k : k + places], log["turn"][k : k + places]
        for i in range(places):
            far[i] += abs(velocities[i] - velocity) + np.float32(PER_RADIAN) * abs(turns[i] - turn)
    best = places - 1
    for i in range(places - 2, -1, -1):
        if far[i] < far[best]:
            best = i
    return best + PATTERN - 1


@jit
def meet(log, last, x, y, heading, source_x, source_y, speed, width, height):
    """(x, y) where a bullet meets the target that moves on from (x, y) as it did after the turn `last` of the log.

    At walls it stops; where the log ends or has a gap it goes straight on.
    """
    velocity, turn, flown, playing = 0.0, 0.0, 0.0, True
    while flown * flown < (x - source_x) * (x - source_x) + (y - source_y) * (y - source_y):
        last += 1
        playing = playing and last < log["count"] and log["velocity"][last] != np.float32(GAP)
        velocity = log["velocity"][last] if playing else velocity
        turn = log["turn"][last] if playing else 0.0
        heading += turn
        sine, cosine = sin_cos(heading)
        x = min(max(x + sine * velocity, HALF_BOT_WIDTH), width - HALF_BOT_WIDTH)
        y = min(max(y + cosine * velocity, HALF_BOT_WIDTH), height - HALF_BOT_WIDTH)
        flown += speed
    return x, y


@jit
def played_guess_factor(log, row):
    """GF at which the target of a wave's row would be met; head-on where the log is too short."""
    speed, distance = np.float64(row["bullet_speed"]), np.float64(row["distance"])
    last = nearest_stretch(log, longest_flight(distance, speed))
    if last < 0:
        return 0.0
    x, y, heading = np.float64(row["target_x"]), np.float64(row["target_y"]), np.float64(row["target_heading"])
    source_x, source_y = np.float64(row["source_x"]), np.float64(row["source_y"])
    x, y = meet(log, last, x, y, heading, source_x, source_y, speed, row["field_width"], row["field_height"])
    return guess_factor_at(row, x, y)


@jit
def longest_flight(distance, speed):
    """Turns after which a bullet has met a target that flees straight ahead."""
    return int(distance / (speed - MAX_VELOCITY)) + 1
