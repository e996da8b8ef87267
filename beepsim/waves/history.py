"""How the target moved before a gun was aimed, turn by turn, as numbers that models can compare; what shots showed.

Compiled functions; a live gun and the extraction from recordings call the same ones. Velocities in px/turn along and
across the bearing from shooter to target at the aim turn; a positive lateral one is in the orbit direction.
"""

import math

import numpy as np

from beepsim.fdlibm import sin_cos
from beepsim.jit import jit

LATERAL_LAGS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 36, 40)
ADVANCING_LAGS = (0, 4, 8, 14, 20, 30)
"""Turns before the aim turn; the advancing ones are among the lateral ones."""
LATERAL = tuple(f"lateral{lag}" for lag in LATERAL_LAGS)
ADVANCING = tuple(f"advancing{lag}" for lag in ADVANCING_LAGS)
LAST_GUESS_FACTORS = ("lastGF1", "lastGF2", "lastGF3")
LONGEST_SHOT_TIMER = 99.0

LAGS = np.array(LATERAL_LAGS, np.int64)
IS_ADVANCING = np.isin(LAGS, ADVANCING_LAGS)


@jit
def fill_past(values, history, seen_since, aim_turn, shooter_x, shooter_y, orbit_direction):
    """values [LATERAL + ADVANCING]: velocities of the target at the lags; before its first sighting those of then.

    `history` are SIGHTINGs up to the aim turn, the first at turn `seen_since`; the shooter stands where it was then.
    """
    mask = history.size - 1
    target = history[aim_turn & mask]
    dx, dy = target["x"] - shooter_x, target["y"] - shooter_y
    distance = math.sqrt(dx * dx + dy * dy)
    bearing_sin, bearing_cos = dx / distance, dy / distance
    next_advancing = LAGS.size
    for i in range(LAGS.size):
        then = history[max(aim_turn - LAGS[i], seen_since) & mask]
        heading_sin, heading_cos = sin_cos(then["heading"])
        across = heading_sin * bearing_cos - heading_cos * bearing_sin
        values[i] = then["velocity"] * across * orbit_direction
        if IS_ADVANCING[i]:
            values[next_advancing] = then["velocity"] * (heading_sin * bearing_sin + heading_cos * bearing_cos)
            next_advancing += 1


@jit
def last_guess_factors(break_turns, sides, count, fire_turn, orbit_direction):
    """GF of the three real waves of this round that broke last before `fire_turn`, latest first; 0 where there is none.

    Of the first `count` real waves, in firing order: break_turns and `sides`, their GF times their orbit direction, so
    that the same side has the same sign when the target has turned. Of those that broke in one turn the last fired.
    """
    first, second, third = -1, -1, -1
    for i in range(count - 1, -1, -1):
        turn = break_turns[i]
        if turn >= fire_turn:
            continue
        if first < 0 or turn > break_turns[first]:
            first, second, third = i, first, second
        elif second < 0 or turn > break_turns[second]:
            second, third = i, second
        elif third < 0 or turn > break_turns[third]:
            third = i
    return (
        sides[first] * orbit_direction if first >= 0 else 0.0,
        sides[second] * orbit_direction if second >= 0 else 0.0,
        sides[third] * orbit_direction if third >= 0 else 0.0,
    )
