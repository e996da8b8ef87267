"""Where a target that keeps its velocity and turn rate meets a bullet (compiled): linear and circular aiming.

px, turns, radians clockwise from north; answers in guess factors.
"""

import numpy as np

from beepsim.fdlibm import atan2, sin_cos
from beepsim.geometry import relative_angle
from beepsim.jit import jit
from beepsim.rules import HALF_BOT_WIDTH

LONGEST_FLIGHT = 2000  # turns; a bullet crosses the largest field sooner


@jit(nogil=True)
def fill_predicted_guess_factors(rows, is_circular, angle):
    """`predicted_guess_factor` of each wave of the table [Q]."""
    for q in range(len(rows)):
        angle[q] = predicted_guess_factor(rows[q], is_circular)


@jit
def predicted_guess_factor(row, is_circular):
    """GF of the meeting point for a wave's row; the target stops at the walls.

    The target is known as of the aim turn and the bullet leaves `source` a turn later; but bullets move before robots,
    so move k of the bullet, to k · v, is tested against the target as it stood k moves after the aim.
    """
    x, y, heading = np.float64(row["target_x"]), np.float64(row["target_y"]), np.float64(row["target_heading"])
    turn_rate = np.float64(row["target_turn_rate"]) if is_circular else 0.0
    # Each turn rotates the target's step; two products are cheaper than a sine and a cosine.
    sine, cosine = sin_cos(heading + turn_rate)
    step_x, step_y = sine * row["target_velocity"], cosine * row["target_velocity"]
    sine, cosine = sin_cos(turn_rate)
    for flown in range(1, LONGEST_FLIGHT):
        x = min(max(x + step_x, HALF_BOT_WIDTH), row["field_width"] - HALF_BOT_WIDTH)
        y = min(max(y + step_y, HALF_BOT_WIDTH), row["field_height"] - HALF_BOT_WIDTH)
        dx, dy = x - row["source_x"], y - row["source_y"]
        reach = flown * row["bullet_speed"]
        if dx * dx + dy * dy <= reach * reach:
            break
        step_x, step_y = step_x * cosine + step_y * sine, step_y * cosine - step_x * sine
    return guess_factor_at(row, x, y)


@jit
def guess_factor_at(row, x, y):
    """GF from -1 to 1 of a place, for the wave of a row."""
    bearing = atan2(x - row["source_x"], y - row["source_y"])
    offset = row["orbit_direction"] * relative_angle(bearing - row["absolute_bearing"])
    is_clockwise = row["orbit_direction"] > 0
    negative = row["escape_left"] if is_clockwise else row["escape_right"]
    positive = row["escape_right"] if is_clockwise else row["escape_left"]
    return min(max(offset / (negative if offset < 0.0 else positive), -1.0), 1.0)
