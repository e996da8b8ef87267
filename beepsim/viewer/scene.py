"""One moment of a film as plain shapes: field, robots, bullets, explosions, overlays, and the panel's blocks.

Pure: the same film, moment and view give the same scene. Sizes in px of the field.
"""

import math

import numpy as np

from beepsim.recording.columns import HIT_ROBOT, SCORE_COLUMNS
from beepsim.rules import RADAR_RANGE
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.colours import (
    DEAD_ROBOT,
    FAINT_TEXT,
    FIELD,
    FLASH,
    TEXT,
    WALL,
    faded,
    mixed,
    robot_colour,
)
from beepsim.viewer.film import (
    BULLET_EXPLOSION_TURNS,
    DEAD,
    ROBOT_EXPLOSION_TURNS,
    Film,
    FilmRound,
    Moment,
    bullets_at,
)
from beepsim.viewer.overlays import overlay_blocks, overlay_shapes
from beepsim.viewer.shapes import Arc, Block, Circle, Colour, Fact, Line, Polygon, Scene, Shape, Text
from beepsim.viewer.view import View

LABEL_DISTANCE = 24.0  # from a robot's centre to its energy and name

# Parts of a robot that looks north, from its centre to the right and up.
TRACKS = (((-18, -18), (-18, 18), (-11, 18), (-11, -18)), ((18, -18), (18, 18), (11, 18), (11, -18)))
HULL = ((-11, -15), (-11, 11), (-7, 15), (7, 15), (11, 11), (11, -15))
BARREL = ((-2, 4), (-2, 25), (2, 25), (2, 4))
TURRET_RADIUS = 8.5
DISH = ((-7, 3.5), (-3, 0.5), (3, 0.5), (7, 3.5), (3, -2.5), (-3, -2.5))


def scene_at(film: Film, moment: Moment, view: View = View(), beliefs: Beliefs | None = None) -> Scene:
    """The scene at the end of a turn; overlays need the film's beliefs."""
    rules, part = film.recording.header.rules, film.rounds[moment.round]
    shapes: list[Shape] = [field_of(rules.width, rules.height)]
    shapes += scan_arcs(part, moment.turn)
    if beliefs:
        shapes += overlay_shapes(film, moment, view, beliefs)
    shapes += robot_shapes(film, part, moment.turn)
    shapes += bullet_shapes(part, moment.turn)
    shapes += robot_explosions(part, moment.turn)
    blocks = battle_blocks(film, moment)
    if beliefs:
        blocks += overlay_blocks(film, moment, view, beliefs)
    return Scene(rules.width, rules.height, tuple(shapes), tuple(blocks))


def field_of(width: float, height: float) -> Polygon:
    return Polygon(((0.0, 0.0), (0.0, height), (width, height), (width, 0.0)), FIELD, WALL, 2.0)


def scan_arcs(part: FilmRound, turn: int) -> list[Shape]:
    """What each living robot's radar swept over in this turn."""
    if turn == 0:
        return []
    shapes: list[Shape] = []
    before, now = part.robots[turn - 1], part.robots[turn]
    for robot in np.flatnonzero(now["state"] != DEAD).tolist():
        start, end = float(before[robot]["radar_heading"]), float(now[robot]["radar_heading"])
        extent = math.remainder(end - start, 2 * math.pi)
        colour, x, y = robot_colour(robot), float(now[robot]["x"]), float(now[robot]["y"])
        if abs(extent) < 1e-6:
            tip = (x + RADAR_RANGE * math.sin(end), y + RADAR_RANGE * math.cos(end))
            shapes.append(Line(((x, y), tip), faded(colour, 0.25)))
        else:
            first = start if extent > 0 else end
            shapes.append(Arc(x, y, RADAR_RANGE, first, abs(extent), fill=faded(colour, 0.1)))
    return shapes


def robot_shapes(film: Film, part: FilmRound, turn: int) -> list[Shape]:
    """Bodies of all robots, the dead ones first and faint; energy and names of the living."""
    rows = part.robots[turn]
    dead, alive = np.flatnonzero(rows["state"] == DEAD).tolist(), np.flatnonzero(rows["state"] != DEAD).tolist()
    shapes = [shape for robot in dead for shape in body_of(rows[robot], DEAD_ROBOT, is_dead=True)]
    shapes += [shape for robot in alive for shape in body_of(rows[robot], robot_colour(robot))]
    for robot in alive:
        x, y = float(rows[robot]["x"]), float(rows[robot]["y"])
        shapes.append(Text(x, y + LABEL_DISTANCE, f"{rows[robot]['energy']:.1f}", TEXT, anchor="above"))
        shapes.append(Text(x, y - LABEL_DISTANCE, film.names[robot], FAINT_TEXT, 11.0, anchor="below"))
    return shapes


def body_of(row: np.void, colour: Colour, is_dead: bool = False) -> list[Shape]:
    """Tracks, hull, gun and radar of a robot, each turned where it points."""
    x, y = float(row["x"]), float(row["y"])
    dark = colour if is_dead else mixed(colour, FIELD, 0.55)
    light = colour if is_dead else mixed(colour, TEXT, 0.5)
    heading, gun, radar = (float(row[name]) for name in ("heading", "gun_heading", "radar_heading"))
    return [
        *(Polygon(placed(track, x, y, heading), dark) for track in TRACKS),
        Polygon(placed(HULL, x, y, heading), colour),
        Polygon(placed(BARREL, x, y, gun), light, FIELD),
        Circle(x, y, TURRET_RADIUS, mixed(colour, FIELD, 0.25) if not is_dead else colour, FIELD),
        Polygon(placed(DISH, x, y, radar), light),
    ]


def placed(
    points: tuple[tuple[float, float], ...], x: float, y: float, heading: float
) -> tuple[tuple[float, float], ...]:
    """Points given for north, turned clockwise to `heading` and moved to x, y."""
    sine, cosine = math.sin(heading), math.cos(heading)
    return tuple((x + right * cosine + ahead * sine, y - right * sine + ahead * cosine) for right, ahead in points)


def bullet_shapes(part: FilmRound, turn: int) -> list[Shape]:
    """Bullets in their owners' colours, their areas as their powers, and what is left of those that hit."""
    shapes: list[Shape] = []
    flying = bullets_at(part, turn)
    for row, x, y, exploding in zip(*(column.tolist() for column in flying), strict=True):
        bullet = part.bullets[row]
        radius, colour = math.sqrt(2.5 * float(bullet["power"])), robot_colour(int(bullet["owner"]))
        if exploding:
            is_hit = bullet["state_last"] == HIT_ROBOT
            shapes += explosion(x, y, 3 + 5 * radius if is_hit else 8.0, exploding / BULLET_EXPLOSION_TURNS, colour)
            continue
        shapes.append(Circle(x, y, radius, mixed(colour, TEXT, 0.55)))
    return shapes


def robot_explosions(part: FilmRound, turn: int) -> list[Shape]:
    """Robots that died a short time ago."""
    shapes: list[Shape] = []
    for robot, death in enumerate(death_turns(part)):
        if death <= turn < death + ROBOT_EXPLOSION_TURNS:
            row, share = part.robots[turn][robot], (turn - death + 1) / ROBOT_EXPLOSION_TURNS
            for delay in (0.0, 0.2, 0.4):
                if share > delay:
                    later = (share - delay) / (1 - delay)
                    shapes += explosion(float(row["x"]), float(row["y"]), 60 * (1 - delay), later, robot_colour(robot))
    return shapes


def death_turns(part: FilmRound) -> list[int]:
    """The turn in which each robot died; a turn after the round's last where it did not."""
    dead = part.robots["state"] == DEAD
    return np.where(dead.any(axis=0), dead.argmax(axis=0), len(dead) + 1).tolist()


def explosion(x: float, y: float, radius: float, share: float, colour: Colour) -> list[Shape]:
    """A ring that grows to `radius` and fades, a flash within; `share` from 0 to 1 of its time is over."""
    reach, left = radius * math.sqrt(share), 1 - share
    flash = Circle(x, y, max(reach * 0.7 * left, 1.0), faded(FLASH, 0.9 * left))
    return [flash, Circle(x, y, reach, None, faded(mixed(FLASH, colour, share), left), 1.5)]


def battle_blocks(film: Film, moment: Moment) -> list[Block]:
    """Round and turn, energies, scores so far, and for duels the shots of the round."""
    part, names = film.rounds[moment.round], film.names
    rows = part.robots[moment.turn]
    round_facts = (
        Fact("round", f"{part.number}, last {film.rounds[-1].number}"),
        Fact("turn", f"{moment.turn}, last {part.last_turn}"),
    )
    energies = tuple(
        Fact(name, "dead" if row["state"] == DEAD else f"{row['energy']:.1f}", robot_colour(robot))
        for robot, (name, row) in enumerate(zip(names, rows, strict=True))
    )
    blocks = [Block("Battle", round_facts), Block("Energy", energies)]
    if len(names) == 2:
        shots = tuple(Fact(name, shots_of(part, moment.turn, i), robot_colour(i)) for i, name in enumerate(names))
        blocks.append(Block("Shots of this round", shots))
    return [*blocks, scores_block(film, moment)]


def shots_of(part: FilmRound, turn: int, robot: int) -> str:
    fired = (part.bullets["owner"] == robot) & (part.bullets["turn_first"] <= turn)
    hit = fired & (part.bullets["state_last"] == HIT_ROBOT) & (part.bullets["turn_last"] <= turn)
    return f"{hit.sum()} of {fired.sum()} hit"


def scores_block(film: Film, moment: Moment) -> Block:
    """Totals over the rounds that are over; what happens within a round is scored at its end."""
    over = moment.round + (moment.turn == film.rounds[moment.round].last_turn)
    totals = np.zeros(len(film.names))
    for part in film.rounds[:over]:
        totals += np.sum([part.results[name] for name in SCORE_COLUMNS], axis=0)
    facts = tuple(
        Fact(name, "–" if np.isnan(total) else f"{total:.0f}", robot_colour(robot))
        for robot, (name, total) in enumerate(zip(film.names, totals, strict=True))
    )
    return Block(f"Score after {over} round{'s' * (over != 1)}", facts)
