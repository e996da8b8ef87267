"""The chosen wave as its target, a surfer, may see it: where its bullet is likely to be, and where the surfer can go.

Danger of a place is the probability to be hit there, by the bullets of this battle whose angle the surfer has learned
before (targeting/surfing.py), weighed by how alike the situations are.
"""

import math
from typing import NamedTuple

import numpy as np

from beepsim.geometry import relative_angle
from beepsim.rules import HALF_BOT_WIDTH
from beepsim.targeting.aiming import mass_around
from beepsim.targeting.battles import BOX_WIDENING
from beepsim.targeting.densities import fill_cumulative
from beepsim.targeting.guns import escape_sides
from beepsim.viewer.airborne import Airborne
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.colours import TEXT, faded, mixed, robot_colour
from beepsim.viewer.film import DEAD
from beepsim.viewer.paths import CLOCKWISE, COUNTER_CLOCKWISE, STOP, Driver, Wave, driver_of, path_of
from beepsim.viewer.shapes import Arc, Block, Circle, Colour, Fact, Line, Shape, Text
from beepsim.viewer.wave_shapes import source_of

DANGERS = (Colour(58, 66, 150), Colour(160, 50, 150), Colour(232, 88, 96), Colour(252, 170, 70), Colour(248, 240, 110))
"""From the least to the greatest of a wave; ever brighter, so that eyes which see no red see them too."""
WAYS = {CLOCKWISE: "clockwise", STOP: "stopping", COUNTER_CLOCKWISE: "counter-clockwise"}
PIECES = 64  # of the ring
TURNS_A_PIECE = 2  # of a path


class Surf(NamedTuple):
    """The surfer's outlook: `known` bullets learned, `cumulative` probability of the bullet's GF, ways it can go."""

    wave: int
    known: int
    cumulative: np.ndarray
    sides: tuple[float, float, float]
    paths: dict[int, list[Driver]]


def surf_at(airborne: Airborne, beliefs: Beliefs) -> Surf | None:
    """Of the chosen wave, until it has passed; None where there is nothing to surf."""
    key = airborne.index, airborne.turn, airborne.shooter, airborne.chosen
    return beliefs.latest("surf", key, lambda: computed_surf(airborne, beliefs))


def computed_surf(airborne: Airborne, beliefs: Beliefs) -> Surf | None:
    wave, surfer = airborne.chosen, 1 - airborne.shooter
    rows = airborne.flight.rows
    if wave is None or not rows["real"][wave] or rows["break_turn"][wave] <= airborne.turn:
        return None
    state = airborne.part.robots[airborne.turn][surfer]
    if state["state"] == DEAD:
        return None
    density, known = beliefs.danger(airborne.index, surfer, wave)
    cumulative = np.empty(len(density))
    fill_cumulative(density, cumulative)
    row = rows[wave : wave + 1]
    negative, positive = (float(side[0]) for side in escape_sides(row))
    half_width = BOX_WIDENING * HALF_BOT_WIDTH / float(row["distance"][0])
    rules = beliefs.film.recording.header.rules
    ring = Wave(*source_of(airborne, wave), airborne.radius(wave), float(row["bullet_speed"][0]))
    paths = {way: path_of(driver_of(state), way, ring, rules.width, rules.height) for way in WAYS}
    return Surf(wave, known, cumulative, (half_width, negative, positive), paths)


def danger_at(surf: Surf, gf: float) -> float:
    return float(mass_around(surf.cumulative, min(max(gf, -1.0), 1.0), *surf.sides))


def danger_of(surf: Surf, airborne: Airborne, driver: Driver) -> float:
    """At the direction of a robot from the wave's source."""
    x, y = source_of(airborne, surf.wave)
    bearing = float(airborne.flight.waves["absolute_bearing"][surf.wave])
    offset = relative_angle(math.atan2(driver.x - x, driver.y - y) - bearing)
    return danger_at(surf, airborne.guess_factor(surf.wave, offset))


def surfing_shapes(airborne: Airborne, beliefs: Beliefs) -> list[Shape]:
    """The ring coloured by danger, the surfer's ways by that of where it is, their ends with the danger there."""
    surf = surf_at(airborne, beliefs)
    if surf is None:
        return []
    edges = np.linspace(-1.0, 1.0, PIECES + 1)
    dangers = [danger_at(surf, float(gf)) for gf in 0.5 * (edges[1:] + edges[:-1])]
    low, high = min(dangers), max(max(dangers), 1e-9)

    def colour_of(danger: float) -> Colour:
        share = min(max((danger - low) / max(high - low, 1e-9), 0.0), 1.0) * (len(DANGERS) - 1)
        stop = min(int(share), len(DANGERS) - 2)
        return mixed(DANGERS[stop], DANGERS[stop + 1], share - stop)

    x, y, radius = *source_of(airborne, surf.wave), airborne.radius(surf.wave)
    angles = airborne.angle(surf.wave, edges).tolist()
    shapes: list[Shape] = [
        Arc(x, y, radius, min(one, other), abs(other - one), faded(colour_of(danger), 0.8), width=9.0)
        for one, other, danger in zip(angles, angles[1:], dangers, strict=False)
    ]
    for path in surf.paths.values():
        for start in range(0, len(path) - 1, TURNS_A_PIECE):
            piece = path[start : start + TURNS_A_PIECE + 1]
            danger = danger_of(surf, airborne, piece[-1])
            shapes.append(Line(tuple((one.x, one.y) for one in piece), colour_of(danger), 4.0))
    for path in surf.paths.values():
        end, danger = path[-1], danger_of(surf, airborne, path[-1])
        shapes.append(Circle(end.x, end.y, HALF_BOT_WIDTH, faded(colour_of(danger), 0.25), colour_of(danger), 1.5))
        shapes.append(Text(end.x, end.y, f"{danger:.0%}", TEXT, 11.0))
    return shapes


def surfing_blocks(airborne: Airborne, beliefs: Beliefs) -> list[Block]:
    """What the surfer knows, and the danger at the end of each way."""
    surf, surfer = surf_at(airborne, beliefs), 1 - airborne.shooter
    if surf is None:
        return []
    facts = [
        Fact(beliefs.film.names[surfer], "surfs", robot_colour(surfer)),
        Fact("bullets whose angle it knows", str(surf.known)),
    ]
    facts += [
        Fact(f"danger {name}", f"{danger_of(surf, airborne, surf.paths[way][-1]):.0%}") for way, name in WAYS.items()
    ]
    return [Block("Danger on the ways of the target", tuple(facts))]
