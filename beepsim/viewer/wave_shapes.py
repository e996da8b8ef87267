"""Waves as shapes: rings over the escape angles, the guess-factor scale, the hit interval as it grows, verdicts.

Everything is in the shooter's colour but what would hit, which is bright.
"""

import math

import numpy as np

from beepsim.geometry import HALF_PI
from beepsim.viewer.airborne import LINGERS, NO_BULLET, Airborne
from beepsim.viewer.colours import TEXT, faded, robot_colour
from beepsim.viewer.shapes import Arc, Colour, Line, Shape, Text

TICKS = (-1.0, -0.5, 0.0, 0.5, 1.0)
HIT = Colour(255, 244, 200)
MARK = 6.0  # px, of a bullet that missed, to either side of the ring
TICK_LENGTH, LABEL_GAP = 6.0, 22.0  # px
ROOM_FOR_A_LABEL = 26.0  # px along the ring
ALL_OF_IT = 0.02  # of an escape range, to either side


def point(x: float, y: float, angle: float, radius: float) -> tuple[float, float]:
    return x + radius * math.sin(angle), y + radius * math.cos(angle)


def source_of(airborne: Airborne, wave: int) -> tuple[float, float]:
    launched = airborne.flight.waves[wave]
    return float(launched["source_x"]), float(launched["source_y"])


def arc_between(airborne: Airborne, wave: int, low: float, high: float, colour: Colour, width: float) -> Arc:
    """Part of the ring between two offsets."""
    start = float(airborne.flight.waves["absolute_bearing"][wave]) + low
    return Arc(*source_of(airborne, wave), airborne.radius(wave), start, high - low, colour, width=width)


def escape_arc(airborne: Airborne, wave: int, colour: Colour, width: float) -> Arc:
    """The ring where the target can be."""
    launched = airborne.flight.waves[wave]
    low, high = -float(launched["escape_left"]), float(launched["escape_right"])
    return arc_between(airborne, wave, low, high, colour, width)


def wave_shapes(airborne: Airborne) -> list[Shape]:
    """The waves of real bullets, the chosen one with its scale."""
    colour = robot_colour(airborne.shooter)
    shapes: list[Shape] = []
    for wave in airborne.passed.tolist():
        if wave != airborne.chosen:
            age = airborne.turn - int(airborne.flight.rows["break_turn"][wave])
            shapes += passed_shapes(airborne, wave, colour, 1.0 - age / LINGERS)
    for wave in airborne.real.tolist():
        if wave != airborne.chosen:
            shapes.append(escape_arc(airborne, wave, faded(colour, 0.55), 1.2))
            shapes += interval_shapes(airborne, wave, 3.0, 0.7)
    if airborne.chosen is not None:
        shapes += chosen_shapes(airborne, airborne.chosen, colour)
    return shapes


def virtual_shapes(airborne: Airborne) -> list[Shape]:
    """The waves on which no bullet flies."""
    colour = faded(robot_colour(airborne.shooter), 0.16)
    return [escape_arc(airborne, wave, colour, 1.0) for wave in airborne.virtual.tolist() if wave != airborne.chosen]


def interval_shapes(airborne: Airborne, wave: int, width: float, share: float) -> list[Shape]:
    low, high = airborne.interval(wave)
    if math.isnan(low):
        return []
    return [arc_between(airborne, wave, low, high, faded(HIT, share), width)]


def passed_shapes(airborne: Airborne, wave: int, colour: Colour, share: float) -> list[Shape]:
    """A wave that has passed, where it was then: what would have hit, and by how much the bullet missed it."""
    shapes: list[Shape] = [escape_arc(airborne, wave, faded(colour, 0.4 * share), 1.0)]
    return shapes + interval_shapes(airborne, wave, 3.0, share) + miss_shapes(airborne, wave, colour, share)


def miss_shapes(airborne: Airborne, wave: int, colour: Colour, share: float) -> list[Shape]:
    """From a bullet that passed its target to the nearest place that would have hit, along the ring."""
    missed = airborne.missed_by(wave)
    if math.isnan(missed) or missed == 0.0 or airborne.has_met(wave):
        return []
    (low, high), offset = airborne.interval(wave), airborne.bullet_offset(wave)
    first, last = (offset, low) if offset < low else (high, offset)
    (x, y), radius = source_of(airborne, wave), airborne.radius(wave)
    angle = float(airborne.flight.waves["absolute_bearing"][wave]) + offset
    mark = Line((point(x, y, angle, radius - MARK), point(x, y, angle, radius + MARK)), faded(colour, share), 1.5)
    text = f"missed by {missed:.0f} px"
    label = Text(*point(x, y, angle, radius + 2.5 * MARK), text, faded(TEXT, share), 11.0)
    return [arc_between(airborne, wave, first, last, faded(colour, share), 1.5), mark, label]


def chosen_shapes(airborne: Airborne, wave: int, colour: Colour) -> list[Shape]:
    """The ring with its scale, the hit interval so far, and the way of its bullet."""
    shapes: list[Shape] = [escape_arc(airborne, wave, colour, 2.0)]
    shapes += scale_shapes(airborne, wave, colour)
    shapes += interval_shapes(airborne, wave, 5.0, 1.0)
    if airborne.has_passed(wave) and airborne.bullet(wave) != NO_BULLET:
        shapes += miss_shapes(airborne, wave, colour, 1.0)
    return shapes


def scale_shapes(airborne: Airborne, wave: int, colour: Colour) -> list[Shape]:
    """Ticks at guess factors -1 to 1, with as many labels as there is room for."""
    (x, y), radius = source_of(airborne, wave), airborne.radius(wave)
    launched = airborne.flight.waves[wave]
    half = 0.5 * radius * float(min(launched["escape_left"], launched["escape_right"]))
    shapes: list[Shape] = []
    for tick, angle in zip(TICKS, airborne.angle(wave, np.array(TICKS)).tolist(), strict=True):
        length = TICK_LENGTH if tick in (-1.0, 0.0, 1.0) else 0.6 * TICK_LENGTH
        shapes.append(Line((point(x, y, angle, radius - length), point(x, y, angle, radius + length)), colour, 1.5))
        if half > ROOM_FOR_A_LABEL or (tick != 0.5 and tick != -0.5 and 2.0 * half > ROOM_FOR_A_LABEL):
            shapes.append(Text(*point(x, y, angle, radius - LABEL_GAP), f"{tick:g}".replace("-", "−"), colour, 11.0))
    return shapes


def escape_shapes(airborne: Airborne) -> list[Shape]:
    """The sector of the chosen wave that the target can reach, and the bearing at which it was aimed at."""
    wave = airborne.chosen
    if wave is None:
        return []
    colour, (x, y), radius = robot_colour(airborne.shooter), source_of(airborne, wave), airborne.radius(wave)
    launched = airborne.flight.waves[wave]
    left, right = float(launched["escape_left"]), float(launched["escape_right"])
    bearing = float(launched["absolute_bearing"])
    shapes: list[Shape] = [Arc(x, y, radius, bearing - left, left + right, fill=faded(colour, 0.07))]
    for offset, way in ((-left, -1.0), (right, 1.0)):
        shapes.append(Line(((x, y), point(x, y, bearing + offset, radius)), faded(colour, 0.5)))
        middle = point(x, y, bearing + offset, 0.5 * radius)
        label = f"{math.degrees(abs(offset)):.0f}°"
        shapes.append(
            Text(*point(*middle, bearing + offset + way * HALF_PI, LABEL_GAP), label, faded(colour, 0.9), 11.0)
        )
    shapes.append(Line(((x, y), point(x, y, bearing, radius)), faded(colour, 0.25)))
    return shapes
