"""A wave: every place that a bullet fired at one moment could have reached; what it says when it has passed the target.

Pixels; turns; radians clockwise from north. An *offset* is an angle minus the wave's absolute bearing, positive
clockwise; a *guess factor* (GF) is the offset in units of the escape angle on its side, positive in the direction in
which the target was orbiting the shooter. Compiled functions; live guns and the extraction call the same.
Source: facts on BeepBoop (RoboWiki: Waves/Precise Intersection, Maximum Escape Angle/Precise Positional/Non-Iterative).
"""

import math

import numpy as np

from beepsim.fdlibm import asin, atan, atan2, sin_cos
from beepsim.geometry import PI, TWO_PI
from beepsim.jit import jit
from beepsim.rules import HALF_BOT_WIDTH, MAX_VELOCITY, bullet_speed

ARC_STEPS = 12  # bisection steps of the orbital wall feature
HISTORY = 100  # turns of the target, the present one included, that count for any feature
MIN_ESCAPE_ANGLE = 0.001
MAX_GUESS_FACTOR = 0.99999
MIDAIR, TOUCHING, PASSED = 0, 1, 2  # where a wave is relative to the target's box
FARTHEST_STEP = 8.5  # a box comes nearer by at most MAX_VELOCITY a turn; the rest is for rounded recordings

SIGHTING = np.dtype([("x", "f8"), ("y", "f8"), ("heading", "f8"), ("velocity", "f8")], align=True)
"""The target at the end of one turn. Histories are arrays of these whose length is a power of two, turn t at
t & (length - 1), so that a live gun may keep a ring of 128 and research code a whole round."""

SHOT = np.dtype(
    [
        ("power", "f8"),
        ("speed", "f8"),
        ("max_escape_angle", "f8"),  # asin(8 / speed), without walls
        ("arc_sin", "f8", ARC_STEPS),  # of arc / 2, arc / 4, ... with arc = 1.5 max_escape_angle + 0.01
        ("arc_cos", "f8", ARC_STEPS),
    ],
    align=True,
)
"""What depends on the power of a bullet alone."""

WAVE = np.dtype(
    [
        ("source_x", "f8"),
        ("source_y", "f8"),
        ("fire_turn", "i8"),
        ("power", "f8"),
        ("speed", "f8"),
        ("absolute_bearing", "f8"),  # from the source to the target at the aim turn, in (-pi, pi]
        ("bearing_sin", "f8"),
        ("bearing_cos", "f8"),
        ("orbit_direction", "f8"),  # +1 or -1
        ("escape_left", "f8"),  # > 0, for negative offsets
        ("escape_right", "f8"),
        # Directions of the least and the greatest offset that has touched the target's box so far, as vectors along and
        # across the absolute bearing, each with a key that orders directions as their angles do.
        ("low_key", "f8"),
        ("low_along", "f8"),
        ("low_across", "f8"),
        ("high_key", "f8"),
        ("high_along", "f8"),
        ("high_across", "f8"),
        ("hit_offset", "f8"),  # NaN until the first turn in which the ring reaches beyond the farthest corner
    ],
    align=True,
)
"""A wave in the air, with the part of its hit interval that is known so far."""

UNTOUCHED_KEY = 10.0  # beyond every key of a direction, which lie in [-2, 2]


@jit
def describe_shot(shot, power):
    """Fill the SHOT record for a bullet power."""
    shot["power"] = power
    shot["speed"] = bullet_speed(power)
    shot["max_escape_angle"] = asin(MAX_VELOCITY / shot["speed"])
    step = 1.5 * shot["max_escape_angle"] + 0.01
    for k in range(ARC_STEPS):
        step *= 0.5
        shot["arc_sin"][k], shot["arc_cos"][k] = sin_cos(step)


@jit
def offset_between(bearing, angle):
    """angle - bearing in (-pi, pi] for angles in [-pi, 2 pi)."""
    offset = angle - bearing
    while offset > PI:
        offset -= TWO_PI
    while offset <= -PI:
        offset += TWO_PI
    return offset


@jit
def escape_angles(source_x, source_y, target_x, target_y, shot, width, height):
    """(left, right): greatest offsets at which the target can meet the bullet inside the field, each >= 0.001.

    The places that target and bullet can reach at the same moment form a circle, whose tangents from the source are at
    asin(8/v); where a tangent point is outside the field, the circle's crossings with the field's border decide.
    """
    dx, dy = target_x - source_x, target_y - source_y
    distance = math.sqrt(dx * dx + dy * dy)
    along_x, along_y = dx / distance, dy / distance
    speed = shot["speed"]
    square = speed * speed - MAX_VELOCITY * MAX_VELOCITY
    radius = distance * MAX_VELOCITY * speed / square
    to_centre = distance * speed * speed / square
    sine = MAX_VELOCITY / speed
    cosine = math.sqrt(1.0 - sine * sine)
    tangent = to_centre * cosine
    right, low = width - HALF_BOT_WIDTH, HALF_BOT_WIDTH
    top = height - HALF_BOT_WIDTH

    x = source_x + tangent * (along_x * cosine - along_y * sine)
    y = source_y + tangent * (along_y * cosine + along_x * sine)
    is_left_free = low <= x < right and low <= y < top
    x = source_x + tangent * (along_x * cosine + along_y * sine)
    y = source_y + tangent * (along_y * cosine - along_x * sine)
    is_right_free = low <= x < right and low <= y < top
    free = shot["max_escape_angle"]
    if is_left_free and is_right_free:
        return free, free

    least, most = math.inf, -math.inf  # slopes across / along; every crossing lies ahead of the source
    centre_x, centre_y = source_x + to_centre * along_x, source_y + to_centre * along_y
    for side in range(4):
        is_vertical = side < 2
        border = (low, right, low, top)[side]
        root = radius * radius - (border - (centre_x if is_vertical else centre_y)) ** 2
        if root >= 0.0:
            root = math.sqrt(root)
            for sign in (-1.0, 1.0):
                if is_vertical:
                    x, y = border, centre_y + sign * root
                    is_in_field = low <= y <= top
                else:
                    x, y = centre_x + sign * root, border
                    is_in_field = low <= x <= right
                if is_in_field:
                    x -= source_x
                    y -= source_y
                    slope = (x * along_y - y * along_x) / (x * along_x + y * along_y)
                    least, most = min(least, slope), max(most, slope)
    left_angle = free if is_left_free else max(-atan(least), MIN_ESCAPE_ANGLE)
    right_angle = free if is_right_free else max(atan(most), MIN_ESCAPE_ANGLE)
    return left_angle, right_angle


@jit
def guess_factor(offset, orbit_direction, escape_left, escape_right):
    """GF of an offset, clipped to +-0.99999."""
    factor = orbit_direction * offset / (escape_left if offset < 0.0 else escape_right)
    return max(-MAX_GUESS_FACTOR, min(MAX_GUESS_FACTOR, factor))


@jit
def orbit_direction_of(heading_sin, heading_cos, bearing_sin, bearing_cos, move_direction):
    """+1 where the target moves clockwise around the shooter, else -1."""
    clockwise = (heading_sin * bearing_cos - heading_cos * bearing_sin) * move_direction
    return 1.0 if clockwise > 0.0 else -1.0


@jit
def last_move_direction(history, seen_since, aim_turn):
    """Sign of the last velocity other than zero within the history that counts; 0 if there is none."""
    mask = history.size - 1
    for turn in range(aim_turn, max(seen_since, aim_turn - HISTORY + 2) - 1, -1):
        velocity = history[turn & mask]["velocity"]
        if velocity != 0.0:
            return 1.0 if velocity > 0.0 else -1.0
    return 0.0


@jit
def launch_wave(wave, shot, source_x, source_y, fire_turn, history, seen_since, previous_orbit, width, height):
    """Fill the WAVE record for a bullet that leaves `source` after turn `fire_turn`, aimed at the turn before.

    `history` are SIGHTINGs of the target at least up to the aim turn fire_turn - 1, the first at turn `seen_since`;
    `previous_orbit` is the orbit direction where the target has not moved (the previous wave's, +1 in a new round).
    """
    target = history[(fire_turn - 1) & (history.size - 1)]
    wave["source_x"], wave["source_y"], wave["fire_turn"] = source_x, source_y, fire_turn
    wave["power"], wave["speed"] = shot["power"], shot["speed"]
    dx, dy = target["x"] - source_x, target["y"] - source_y
    distance = math.sqrt(dx * dx + dy * dy)
    wave["absolute_bearing"] = atan2(dx, dy)
    wave["bearing_sin"], wave["bearing_cos"] = dx / distance, dy / distance
    move_direction = last_move_direction(history, seen_since, fire_turn - 1)
    orbit = previous_orbit
    if move_direction != 0.0:
        heading_sin, heading_cos = sin_cos(target["heading"])
        orbit = orbit_direction_of(heading_sin, heading_cos, wave["bearing_sin"], wave["bearing_cos"], move_direction)
    wave["orbit_direction"] = orbit
    left, right = escape_angles(source_x, source_y, target["x"], target["y"], shot, width, height)
    wave["escape_left"], wave["escape_right"] = left, right
    wave["low_key"], wave["high_key"], wave["hit_offset"] = UNTOUCHED_KEY, -UNTOUCHED_KEY, np.nan


@jit
def direction_key(along, across):
    """A number in [-2, 2] that grows with atan2(across, along)."""
    key = across / (abs(along) + abs(across))
    if along >= 0.0:
        return key
    return 2.0 - key if across >= 0.0 else -2.0 - key


@jit
def widen_interval(wave, x, y):
    """Let the wave's interval contain the direction of the point (x, y) relative to its source."""
    along = x * wave["bearing_sin"] + y * wave["bearing_cos"]
    across = x * wave["bearing_cos"] - y * wave["bearing_sin"]
    key = direction_key(along, across)
    if key < wave["low_key"]:
        wave["low_key"], wave["low_along"], wave["low_across"] = key, along, across
    if key > wave["high_key"]:
        wave["high_key"], wave["high_along"], wave["high_across"] = key, along, across


@jit
def widen_by_ring(wave, inner_square, outer_square, left, right, low, high):
    """Widen the interval by ring ∩ box (edges relative to the source): corners in the ring, circles crossing sides."""
    for x in (left, right):
        for y in (low, high):
            if inner_square <= x * x + y * y <= outer_square:
                widen_interval(wave, x, y)
    for square in (inner_square, outer_square):
        for x in (left, right):
            root = square - x * x
            if root >= 0.0:
                root = math.sqrt(root)
                if low <= root <= high:
                    widen_interval(wave, x, root)
                if low <= -root <= high:
                    widen_interval(wave, x, -root)
        for y in (low, high):
            root = square - y * y
            if root >= 0.0:
                root = math.sqrt(root)
                if left <= root <= right:
                    widen_interval(wave, root, y)
                if left <= -root <= right:
                    widen_interval(wave, -root, y)


@jit
def has_touched(wave):
    """Whether the wave has a hit interval."""
    return wave["low_key"] <= wave["high_key"]


@jit
def hit_interval(wave):
    """(low, high): offsets in (-pi, pi] between which a bullet would have hit, as far as the wave has been swept."""
    return atan2(wave["low_across"], wave["low_along"]), atan2(wave["high_across"], wave["high_along"])


@jit
def fix_hit_offset(wave):
    """Note the middle of the interval, once: a target that runs along may widen the interval afterwards."""
    if np.isnan(wave["hit_offset"]) and has_touched(wave):
        low, high = hit_interval(wave)
        wave["hit_offset"] = (low + high) / 2.0


@jit
def sweep_wave(wave, turn, x, y):
    """Move the wave over the target as it stood at the end of `turn`; returns (status, idle turns).

    In the following turn the bullet covers the ring from (turn - fire_turn) v to one v more, and is tested against the
    box of this turn: bullets move before robots. PASSED when the ring lies beyond the farthest corner. In the idle
    turns to come the wave cannot touch the box whatever the target does; who knows its whole path may skip them.
    """
    inner = (turn - wave["fire_turn"]) * wave["speed"]
    outer = inner + wave["speed"]
    dx, dy = x - wave["source_x"], y - wave["source_y"]
    far_x, far_y = abs(dx) + HALF_BOT_WIDTH, abs(dy) + HALF_BOT_WIDTH
    inner_square, outer_square = inner * inner, outer * outer
    far_square = far_x * far_x + far_y * far_y
    if inner_square > far_square:
        fix_hit_offset(wave)
        return PASSED, 0
    near_x, near_y = max(far_x - 2.0 * HALF_BOT_WIDTH, 0.0), max(far_y - 2.0 * HALF_BOT_WIDTH, 0.0)
    near_square = near_x * near_x + near_y * near_y
    if outer_square < near_square:
        gap = math.sqrt(near_square) - outer
        return MIDAIR, int(gap / (wave["speed"] + FARTHEST_STEP))
    widen_by_ring(
        wave,
        inner_square,
        outer_square,
        dx - HALF_BOT_WIDTH,
        dx + HALF_BOT_WIDTH,
        dy - HALF_BOT_WIDTH,
        dy + HALF_BOT_WIDTH,
    )
    if outer_square > far_square:
        fix_hit_offset(wave)
    return TOUCHING, 0


@jit
def nearest_wave(waves, count, turn, x, y):
    """Index of the wave, of the first `count`, that is fewest turns from reaching the box at (x, y); -1 for none.

    Counted in whole turns, so several may be equally near: the first of them. Waves do not count that will have passed
    by the next turn if the box stays where it is.
    """
    best, best_turns = -1, 1 << 30
    for i in range(count):
        speed = waves[i]["speed"]
        age = turn - waves[i]["fire_turn"]
        dx, dy = abs(x - waves[i]["source_x"]), abs(y - waves[i]["source_y"])
        near_x, near_y = max(dx - HALF_BOT_WIDTH, 0.0), max(dy - HALF_BOT_WIDTH, 0.0)
        near_square = near_x * near_x + near_y * near_y
        if best >= 0:  # most waves are ruled out without a root
            limit = (age + best_turns) * speed
            if near_square > limit * limit * 1.000001:
                continue
            limit = (age - best_turns + 1) * speed
            if limit > 0.0 and near_square < limit * limit * 0.999999:
                continue
        turns = abs(int(math.sqrt(near_square) / speed) - age)
        if turns < best_turns:
            far_x, far_y = dx + HALF_BOT_WIDTH, dy + HALF_BOT_WIDTH
            if 1 + int(math.sqrt(far_x * far_x + far_y * far_y) / speed) - age > 1:
                best, best_turns = i, turns
    return best
