"""Where a target that keeps its velocity and turn rate meets a bullet (compiled): linear and circular aiming.

px, turns, radians clockwise from north; answers in guess factors.
"""

from beepsim.fdlibm import atan2, cos, sin
from beepsim.geometry import relative_angle
from beepsim.jit import jit
from beepsim.rules import HALF_BOT_WIDTH

LONGEST_FLIGHT = 2000  # turns; a bullet crosses the largest field sooner


@jit(nogil=True)
def fill_predicted_guess_factors(rows, is_circular, angle):
    """GF [Q] of the meeting point for each wave of the table; the target stops at the walls.

    The target is known as of the aim turn and the bullet leaves `source` a turn later; but bullets move before robots,
    so move k of the bullet, to k · v, is tested against the target as it stood k moves after the aim.
    """
    for q in range(len(rows)):
        row = rows[q]
        x, y, heading = float(row.target_x), float(row.target_y), float(row.target_heading)
        turn_rate = float(row.target_turn_rate) if is_circular else 0.0
        for flown in range(1, LONGEST_FLIGHT):
            heading += turn_rate
            x += row.target_velocity * sin(heading)
            y += row.target_velocity * cos(heading)
            x = min(max(x, HALF_BOT_WIDTH), row.field_width - HALF_BOT_WIDTH)
            y = min(max(y, HALF_BOT_WIDTH), row.field_height - HALF_BOT_WIDTH)
            dx, dy = x - row.source_x, y - row.source_y
            reach = flown * row.bullet_speed
            if dx * dx + dy * dy <= reach * reach:
                break
        offset = row.orbit_direction * relative_angle(atan2(x - row.source_x, y - row.source_y) - row.absolute_bearing)
        if row.orbit_direction > 0:
            negative, positive = row.escape_left, row.escape_right
        else:
            negative, positive = row.escape_right, row.escape_left
        angle[q] = min(max(offset / (negative if offset < 0.0 else positive), -1.0), 1.0)
