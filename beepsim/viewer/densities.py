"""What guns believe, drawn on their waves: densities outward from the ring, chosen angles, virtual bullets, candidates.

Each gun has a colour of its own, which its line in the panel shows too.
"""

import math

import numpy as np

from beepsim.targeting.aiming import AIM_REACH, GRID, GRID_REACH
from beepsim.targeting.belief import Belief
from beepsim.viewer.airborne import Airborne
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.colours import FIELD, TEXT, faded, mixed
from beepsim.viewer.shapes import Block, Circle, Colour, Fact, Line, Polygon, Shape
from beepsim.viewer.view import View
from beepsim.viewer.wave_shapes import point, source_of

GUN_COLOURS = (
    Colour(48, 200, 150),
    Colour(232, 130, 190),
    Colour(240, 228, 66),
    Colour(165, 145, 255),
    Colour(232, 236, 242),
    Colour(222, 92, 70),
)
HEIGHT = 70.0  # px that the highest density of a wave reaches above its ring
EVERY = 4  # nodes of the grid from one point of an outline to the next
INSIDE = np.arange(GRID_REACH - AIM_REACH, GRID_REACH + AIM_REACH + 1, EVERY)
MARK = 8.0  # px from the ring inwards to the candidates' marks
MOST_MARK = 5.5  # px, radius of the heaviest candidate


def shown_guns(beliefs: Beliefs, view: View) -> dict[str, Colour]:
    """The guns that the view shows, all if it names none, and their colours."""
    return {
        name: GUN_COLOURS[place % len(GUN_COLOURS)]
        for place, name in enumerate(beliefs.guns)
        if not view.guns or name in view.guns
    }


def believed(airborne: Airborne, beliefs: Beliefs, view: View, wave: int) -> dict[str, tuple[Colour, Belief]]:
    """Colour and belief of each shown gun."""
    return {
        name: (colour, beliefs.belief(name, airborne.index, airborne.shooter, wave))
        for name, colour in shown_guns(beliefs, view).items()
    }


def density_shapes(airborne: Airborne, beliefs: Beliefs, view: View) -> list[Shape]:
    """Densities and chosen angles of all shown guns on the chosen wave, on one scale."""
    wave = airborne.chosen
    if wave is None:
        return []
    guns = believed(airborne, beliefs, view, wave)
    densities = {name: one.density[INSIDE] for name, (_, one) in guns.items() if one.density is not None}
    highest = max((float(density.max()) for density in densities.values()), default=1.0)
    shapes: list[Shape] = []
    for name, density in densities.items():
        shapes += front_shapes(airborne, wave, density * (HEIGHT / highest), guns[name][0])
    x, y, radius = *source_of(airborne, wave), airborne.radius(wave)
    for colour, belief in guns.values():
        if not math.isnan(belief.angle):
            angle = float(airborne.angle(wave, belief.angle))
            ends = point(x, y, angle, radius), point(x, y, angle, radius + HEIGHT + 8.0)
            shapes += [Line(ends, faded(colour, 0.85), 1.2), Circle(*ends[1], 2.5, colour)]
    return shapes


def front_shapes(airborne: Airborne, wave: int, heights: np.ndarray, colour: Colour) -> list[Shape]:
    """Heights (px) above the ring at the nodes INSIDE, filled and outlined."""
    (x, y), radius = source_of(airborne, wave), airborne.radius(wave)
    angles = airborne.angle(wave, GRID[INSIDE])
    sines, cosines = np.sin(angles), np.cos(angles)
    outer = np.stack([x + (radius + heights) * sines, y + (radius + heights) * cosines], axis=1)
    inner = np.stack([x + radius * sines, y + radius * cosines], axis=1)[::-8]
    outline = tuple(map(tuple, outer.tolist()))
    area = Polygon(outline + tuple(map(tuple, inner.tolist())), faded(colour, 0.1))
    return [area, Line(outline, colour, 1.4)]


def virtual_bullets(airborne: Airborne, beliefs: Beliefs, view: View) -> list[Shape]:
    """Where a bullet of each gun would be on every real wave; once it has passed, filled if it would have hit."""
    shapes: list[Shape] = []
    for wave in [*airborne.passed.tolist(), *airborne.real.tolist()]:
        x, y, radius = *source_of(airborne, wave), airborne.radius(wave)
        hit_low, hit_high = airborne.interval(wave)
        has_passed = airborne.has_passed(wave)
        for colour, belief in believed(airborne, beliefs, view, wave).values():
            if math.isnan(belief.angle):
                continue
            angle = float(airborne.angle(wave, belief.angle))
            offset = angle - float(airborne.flight.waves["absolute_bearing"][wave])
            place = point(x, y, angle, radius)
            if hit_low <= offset <= hit_high:
                shapes.append(Circle(*place, 4.0, colour, TEXT, 1.0))
            else:
                shapes.append(Circle(*place, 3.0, mixed(colour, FIELD, 0.6 if has_passed else 0.2)))
    return shapes


def with_candidates(airborne: Airborne, beliefs: Beliefs, view: View) -> tuple[str, Colour, Belief] | None:
    """The last shown gun that looks at past waves, and what it believes of the chosen wave."""
    if airborne.chosen is None:
        return None
    guns = believed(airborne, beliefs, view, airborne.chosen)
    found = [(name, colour, belief) for name, (colour, belief) in guns.items() if len(belief.candidates)]
    return found[-1] if found else None


def candidate_shapes(airborne: Airborne, beliefs: Beliefs, view: View) -> list[Shape]:
    """Where the heaviest past waves passed their target, their areas as their weights."""
    found, wave = with_candidates(airborne, beliefs, view), airborne.chosen
    if found is None or wave is None:
        return []
    _, colour, belief = found
    x, y, radius = *source_of(airborne, wave), airborne.radius(wave)
    angles = airborne.angle(wave, beliefs.battle(airborne.shooter).waves.rows["gf"][belief.candidates])
    heaviest = float(belief.weights[0])
    shapes: list[Shape] = []
    for angle, weight in zip(angles[::-1].tolist(), belief.weights[::-1].tolist(), strict=True):
        size = MOST_MARK * math.sqrt(weight / heaviest)
        shapes.append(Circle(*point(x, y, angle, radius - MARK), size, faded(colour, 0.2), colour))
    return shapes


def candidate_blocks(airborne: Airborne, beliefs: Beliefs, view: View) -> list[Block]:
    """The same as a list: where they came from, what they weigh, what they say."""
    found = with_candidates(airborne, beliefs, view)
    if found is None:
        return []
    name, colour, belief = found
    rows = beliefs.battle(airborne.shooter).waves.rows[belief.candidates]
    facts = [Fact("past wave", "weight at GF")]
    facts += [
        Fact(f"round {row['round']} turn {row['fire_turn']}", f"{weight:.2%} {signed(row['gf'])}", colour)
        for row, weight in zip(rows, belief.weights, strict=True)
    ]
    return [Block(f"Heaviest candidates of {name}", tuple(facts))]


def gun_blocks(airborne: Airborne, beliefs: Beliefs, view: View) -> list[Block]:
    """Where each gun aims on the chosen wave, what it expects, and whether it hits."""
    wave = airborne.chosen
    if wave is None:
        return []
    low, high = airborne.interval(wave)
    has_passed = airborne.has_passed(wave)
    facts = []
    for name, (colour, belief) in believed(airborne, beliefs, view, wave).items():
        if math.isnan(belief.angle):
            facts.append(Fact(name, "anywhere", colour))
            continue
        offset = float(airborne.angle(wave, belief.angle)) - float(airborne.flight.waves["absolute_bearing"][wave])
        expects = "" if math.isnan(belief.predicted) else f" {belief.predicted:.0%}"
        verdict = " hits" if low <= offset <= high else " misses" if has_passed else ""
        facts.append(Fact(name, f"{signed(belief.angle)}{expects}{verdict}", colour))
    return [Block("Guns: GF, own hit chance", tuple(facts))]


def signed(gf: float) -> str:
    """A guess factor as text."""
    return f"{gf:+.2f}".replace("-", "−")
