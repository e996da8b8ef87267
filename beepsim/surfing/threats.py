"""The enemy's bullets in the air: the wave of each, what its gun may have thought, where it is harmless.

Pixels, turns, radians clockwise from north; angles on a wave in guess factors (GF). A THREAT is known from the turn
after the enemy's gun fired, when its energy has fallen, until its wave has passed or its bullet is gone. Shadows are
angles where the bullet would have met one of this robot's own, which fly on: there it cannot be any more.
"""

import math

import numpy as np

from beepsim.fdlibm import atan2
from beepsim.jit import jit
from beepsim.rules import HALF_BOT_WIDTH, bullet_speed
from beepsim.targeting.aiming import GRID_NODES
from beepsim.waves.wave import WAVE, guess_factor

THREATS = 24  # in the air at once: at the usual cooling rate enough for 2,600 px; more are not seen
SIMPLE_GUNS = 3  # head-on, linear, circular
SHADOWS = 8  # of a threat; more are not seen
BULLETS = 16  # of this robot in the air at once
HALF_WIDTH = 1.1 * HALF_BOT_WIDTH  # px; half of what a square of 36 px is wide, seen from any side
GONE = -1  # BULLET.turn of a bullet that is known to be gone

SHADOW = np.dtype([("low", "f8"), ("high", "f8"), ("bullet", "i8"), ("turn", "i8")], align=True)
"""GF between which own `bullet` met the wave in the move after `turn`."""

THREAT = np.dtype(
    [
        ("wave", WAVE),
        ("slot", "i8"),  # of its row in the WATCH
        ("guesses", "f8", SIMPLE_GUNS),  # GF at which the simple guns would have fired
        ("spread", "f8"),  # GF around them
        ("cumulative", "f8", GRID_NODES),  # of the density that its learned gun has, at the nodes of `aiming.GRID`
        ("visited", "f8", GRID_NODES),  # likewise, of one that learns where this robot was
        ("low", "f8"),  # offsets (rad) between which it would have hit this robot so far
        ("high", "f8"),
        ("shadow_count", "i8"),
        ("shadows", SHADOW, SHADOWS),
    ],
    align=True,
)

BULLET = np.dtype(
    [("x", "f8"), ("y", "f8"), ("step_x", "f8"), ("step_y", "f8"), ("turn", "i8"), ("power", "f8")], align=True
)
"""An own bullet: where it left after `turn`, and its move in a turn."""


@jit
def radius_of(wave, turn):
    """How far the wave's bullet has come by the end of `turn`."""
    return (turn - wave["fire_turn"]) * wave["speed"]


@jit
def offset_of(wave, x, y):
    """Angle of a point on the wave minus its absolute bearing, rad in (-pi, pi]."""
    return offset_at(wave, x - wave["source_x"], y - wave["source_y"])


@jit
def offset_at(wave, dx, dy):
    """`offset_of` a point relative to the source."""
    sine, cosine = wave["bearing_sin"], wave["bearing_cos"]
    return atan2(dx * cosine - dy * sine, dx * sine + dy * cosine)


@jit
def factor_of(wave, offset):
    """GF of an offset, clipped as everywhere."""
    return guess_factor(offset, wave["orbit_direction"], wave["escape_left"], wave["escape_right"])


@jit
def has_passed(wave, turn, x, y):
    """Whether the wave lies beyond the farthest corner of a robot at (x, y)."""
    far_x, far_y = abs(x - wave["source_x"]) + HALF_BOT_WIDTH, abs(y - wave["source_y"]) + HALF_BOT_WIDTH
    inner = radius_of(wave, turn)
    return inner * inner > far_x * far_x + far_y * far_y


@jit
def widen(wave, turn, x, y, low, high):
    """Offsets (rad) at which a bullet hits, widened by those of a robot at (x, y) after `turn`, if it is touched."""
    dx, dy = x - wave["source_x"], y - wave["source_y"]
    distance = math.sqrt(dx * dx + dy * dy)
    inner = radius_of(wave, turn)
    if inner + wave["speed"] < distance - HALF_BOT_WIDTH or inner > distance + HALF_BOT_WIDTH:
        return low, high
    return widen_to(wave, x, y, low, high)


@jit
def widen_to(wave, x, y, low, high):
    """`widen` by a robot that is touched."""
    dx, dy = x - wave["source_x"], y - wave["source_y"]
    half = HALF_WIDTH / max(math.sqrt(dx * dx + dy * dy), 2.0 * HALF_WIDTH)
    offset = offset_of(wave, x, y)
    return min(low, offset - half), max(high, offset + half)


@jit
def start_bullet(bullet, x, y, sine, cosine, power, turn):
    """Fills BULLET for a shot that leaves (x, y) along a direction after `turn`."""
    speed = bullet_speed(power)
    bullet["x"], bullet["y"], bullet["step_x"], bullet["step_y"] = x, y, speed * sine, speed * cosine
    bullet["turn"], bullet["power"] = turn, power


@jit
def crossing(bullet_x, bullet_y, step_x, step_y, radius):
    """The part u of a move at whose end a point comes as near as `radius` to the origin; NaN if it never does."""
    a = step_x * step_x + step_y * step_y
    b = bullet_x * step_x + bullet_y * step_y
    c = bullet_x * bullet_x + bullet_y * bullet_y - radius * radius
    root = b * b - a * c
    return (-b - math.sqrt(root)) / a if root >= 0.0 else math.nan


@jit
def cast_shadow(threat, bullet, index, turn):
    """Adds to THREAT where its bullet, from `turn` on, would meet the own one: in each turn both cover a piece of their
    way, and those pieces that cross are of the angles at which the own piece lies in the wave's ring."""
    wave = threat["wave"]
    start_x, start_y = bullet["x"] - wave["source_x"], bullet["y"] - wave["source_y"]
    step_x, step_y = bullet["step_x"], bullet["step_y"]
    now = max(max(turn, bullet["turn"]), wave["fire_turn"])
    age = now - bullet["turn"]
    x, y = start_x + age * step_x, start_y + age * step_y
    closing = wave["speed"] + math.sqrt(step_x * step_x + step_y * step_y)
    gap = math.sqrt(x * x + y * y) - radius_of(wave, now)
    if gap < 0.0 or x * step_x + y * step_y >= 0.0:  # it has passed, or the bullet flies away from the source
        return
    skipped = int(gap / closing)
    now, x, y = now + skipped, x + skipped * step_x, y + skipped * step_y
    for _ in range(6):
        inner = radius_of(wave, now)
        outer = inner + wave["speed"]
        first, last = crossing(x, y, step_x, step_y, outer), crossing(x, y, step_x, step_y, inner)
        first = max(first, 0.0)
        last = min(last, 1.0)
        if first < last and threat["shadow_count"] < SHADOWS:
            low = factor_of(wave, offset_at(wave, x + first * step_x, y + first * step_y))
            high = factor_of(wave, offset_at(wave, x + last * step_x, y + last * step_y))
            add_shadow(threat, min(low, high), max(low, high), index, now)
        if x * x + y * y < inner * inner:
            return
        now, x, y = now + 1, x + step_x, y + step_y


@jit
def add_shadow(threat, low, high, index, turn):
    """One that lies wholly or partly within others only adds what they leave: shadows never overlap."""
    for i in range(threat["shadow_count"]):
        other = threat["shadows"][i]
        if other["low"] <= low < other["high"]:
            low = other["high"]
        if other["low"] < high <= other["high"]:
            high = other["low"]
    if low < high:
        shadow = threat["shadows"][threat["shadow_count"]]
        shadow["low"], shadow["high"], shadow["bullet"], shadow["turn"] = low, high, index, turn
        threat["shadow_count"] += 1


@jit
def lift_shadows(threat, index, turn):
    """Takes away the shadows of an own bullet that is gone since `turn`, where it would have cast them later."""
    kept = 0
    for i in range(threat["shadow_count"]):
        shadow = threat["shadows"][i]
        if shadow["bullet"] != index or shadow["turn"] < turn:
            if kept != i:
                threat["shadows"][kept] = shadow
            kept += 1
    threat["shadow_count"] = kept
