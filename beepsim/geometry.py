"""Angles, the boxes of robots, segments.

Pixels and radians; angles clockwise from north (0 = up = +y). A box is a square of 36 pixels given by its lower left
corner, which Robocode stores in single precision: `box_edge` rounds, all tests then work on doubles.
Source: `Utils.java`, `BoundingRectangle.java`, `java.awt.geom.Rectangle2D`, `BulletPeer.java`.
"""

import numpy as np

from beepsim.fdlibm import atan2
from beepsim.jit import jit
from beepsim.rules import BOT_WIDTH, HALF_BOT_WIDTH

PI = 3.141592653589793
HALF_PI = PI / 2.0
TWO_PI = 2.0 * PI
THREE_HALVES_PI = 3.0 * PI / 2.0
NEAR = 0.00001  # angles and speeds closer than this are snapped together
LEFT, RIGHT, BELOW, ABOVE = 1, 2, 4, 8  # sides of a box on which a point lies; added up


@jit
def whole_turns_off(angle):
    """fmod(angle, 2 pi) of an angle beyond +-2 pi. Where one turn is too many, their difference is exact."""
    turned = abs(angle)
    rest = turned - TWO_PI if turned < 2.0 * TWO_PI else np.fmod(turned, TWO_PI)
    return -rest if angle < 0.0 else rest


@jit
def absolute_angle(angle):
    """The same direction in [0, 2 pi)."""
    rest = angle
    if not -TWO_PI < angle < TWO_PI:
        rest = whole_turns_off(angle)
    return rest if rest >= 0.0 else rest + TWO_PI


@jit
def relative_angle(angle):
    """The same direction in [-pi, pi)."""
    rest = angle
    if not -TWO_PI < angle < TWO_PI:
        rest = whole_turns_off(angle)
    result = rest - TWO_PI if rest >= PI else rest
    return rest + TWO_PI if rest < -PI else result


@jit
def is_near(a, b):
    """Whether a and b differ by less than 1e-5."""
    return abs(a - b) < NEAR


@jit
def near_absolute_angle(angle):
    """The same direction in [0, 2 pi), moved onto a multiple of pi/2 if that is nearer than 1e-5."""
    result = absolute_angle(angle)
    # Most angles are far from all of these: one question for one guess of the processor.
    quarters = result * (1.0 / HALF_PI)
    if abs(quarters - np.floor(quarters + 0.5)) > 2.0 * NEAR:
        return result
    if is_near(result, HALF_PI):
        return HALF_PI
    if is_near(result, PI):
        return PI
    if is_near(result, THREE_HALVES_PI):
        return THREE_HALVES_PI
    return 0.0 if is_near(result, 0.0) or is_near(result, TWO_PI) else result


@jit
def absolute_bearing(from_x, from_y, to_x, to_y):
    """Direction from one point to another in (-pi, pi], as Robocode's events compute it."""
    return atan2(to_x - from_x, to_y - from_y)


@jit
def box_edge(centre):
    """Left (or lower) edge of the box of a robot whose centre has this x (or y)."""
    return np.float64(np.float32(centre - HALF_BOT_WIDTH))


@jit
def box_contains(left, low, x, y):
    """Whether the box contains the point (left and lower edge included, right and upper edge not)."""
    return x >= left and y >= low and x < left + BOT_WIDTH and y < low + BOT_WIDTH


@jit
def boxes_overlap(left, low, other_left, other_low):
    """Whether two boxes share more than an edge."""
    return (
        other_left + BOT_WIDTH > left
        and other_low + BOT_WIDTH > low
        and other_left < left + BOT_WIDTH
        and other_low < low + BOT_WIDTH
    )


@jit
def box_side(left, low, x, y):
    """Sum of the sides LEFT, RIGHT, BELOW, ABOVE on which the point lies outside the box; 0 within and on the edge."""
    side = 0
    if x < left:
        side = LEFT
    elif x > left + BOT_WIDTH:
        side = RIGHT
    if y < low:
        side += BELOW
    elif y > low + BOT_WIDTH:
        side += ABOVE
    return side


@jit
def box_meets_segment(left, low, x1, y1, x2, y2):
    """Whether the segment has a point in the box (`Rectangle2D.intersectsLine`: clips the first end, edge by edge)."""
    side2 = box_side(left, low, x2, y2)
    if side2 == 0:
        return True
    while True:
        side1 = box_side(left, low, x1, y1)
        if side1 == 0:
            return True
        if side1 & side2 != 0:
            return False
        if side1 & (LEFT | RIGHT) != 0:
            edge = left + BOT_WIDTH if side1 & RIGHT != 0 else left
            y1 = y1 + (edge - x1) * (y2 - y1) / (x2 - x1)
            x1 = edge
        else:
            edge = low + BOT_WIDTH if side1 & ABOVE != 0 else low
            x1 = x1 + (edge - y1) * (x2 - x1) / (y2 - y1)
            y1 = edge


@jit
def segments_cross(x1, y1, x2, y2, x3, y3, x4, y4):
    """Whether segment 1-2 crosses segment 3-4, ends included; parallel and collinear ones never do.

    Not symmetric in the last bit: 3-4 is the segment of the bullet that is being moved.
    """
    dx13, dy13 = x1 - x3, y1 - y3
    dx21, dy21 = x2 - x1, y2 - y1
    dx43, dy43 = x4 - x3, y4 - y3
    determinant = dy43 * dx21 - dx43 * dy21
    if determinant == 0.0:
        return False
    along_first = dx43 * dy13 - dy43 * dx13
    along_second = dx21 * dy13 - dy21 * dx13
    # Robocode asks whether both are within [0, 1] once divided by the determinant. A rounded quotient is at most 1
    # exactly if the numerator is not the greater, so the division can be spared.
    if determinant < 0.0:
        return determinant <= along_first <= 0.0 and determinant <= along_second <= 0.0
    return 0.0 <= along_first <= determinant and 0.0 <= along_second <= determinant
