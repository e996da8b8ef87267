"""What the real Robocode records, a snapshot of every turn, made into a Recording.

Units as in `columns.py`. Robocode's binary form says of each bullet where it is and which way it flies. Its XML forms
say where it is painted (a bullet that hit a robot goes along with it) and no heading: where it hit and where it flew to
are worked out here, from the places of the robots one turn before. The short form also leaves out dead robots, and the
power of bullets that hit nothing until the round's end: their speed tells it.
"""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from beepsim.errors import UserError
from beepsim.recording.columns import (
    FLYING,
    HIT_BULLET,
    HIT_ROBOT,
    HIT_WALL,
    MAX_ROWS,
    NO_VICTIM,
    RECORDED_BULLET,
    RECORDED_ROBOT,
    SCORE_COLUMNS,
    check_bullets,
    check_robots,
    check_rounds,
)
from beepsim.recording.robocode_tables import DEAD, rounds_from
from beepsim.rules import MAX_POWER, MIN_POWER

ROBOT_STATES = {"ACTIVE": 0, "HIT_WALL": 1, "HIT_ROBOT": 2, "DEAD": DEAD}
OUT_OF_PLAY = 0
"""State of a bullet that has not moved yet, or has burnt out; no turn ends with one that matters."""
BULLET_STATES = {
    "FIRED": OUT_OF_PLAY,
    "MOVING": FLYING,
    "HIT_VICTIM": HIT_ROBOT,
    "HIT_BULLET": HIT_BULLET,
    "HIT_WALL": HIT_WALL,
    "EXPLODED": OUT_OF_PLAY,
    "INACTIVE": OUT_OF_PLAY,
}
EXPLOSION = 0
"""Robocode's id of a robot's explosion, which stands among the bullets."""
MAX_ROUND_ROWS = 5_000_000
SAME_DIRECTION = 1e-9
"""rad: a bullet that flew this close to its gun's heading flew along it, and did not use Robocode's fire assistance."""

ROBOT_COLUMNS = (RECORDED_ROBOT.names or ())[3:]


class RobotSnapshot(NamedTuple):
    """A robot at a turn's end: the columns of RECORDED_ROBOT, its scores of the round so far as in SCORE_COLUMNS."""

    robot: int
    state: int
    x: float
    y: float
    velocity: float
    heading: float
    gun_heading: float
    radar_heading: float
    energy: float
    gun_heat: float
    scores: tuple[float, ...]
    name: str


class BulletSnapshot(NamedTuple):
    """A bullet at a turn's end; `power` and `heading` are NaN where the form lacks them, without heading (x, y) is
    where it is painted."""

    bullet: int
    owner: int
    state: int
    x: float
    y: float
    power: float
    heading: float
    victim: int


class Turn(NamedTuple):
    """The end of a turn; turn 0 is the start of the round. `where` names its place in the file."""

    round: int
    turn: int
    robots: Sequence[RobotSnapshot]
    bullets: Sequence[BulletSnapshot]
    where: str


@dataclass(slots=True)
class Flight:
    """A bullet of which more is learnt turn by turn: a row of RECORDED_BULLET, and what tells an unknown heading."""

    bullet: int
    owner: int
    power: float
    heading: float
    turn_first: int
    x_first: float
    y_first: float
    shooter: RobotSnapshot  # at the end of the turn before: the bullet set out from its centre, along its gun
    turn_last: int
    x_last: float
    y_last: float
    moved: tuple[int, float, float] | None = None  # the last turn in which it flew, and where it was then
    state_last: int = FLYING
    victim: int = NO_VICTIM


class Tables(NamedTuple):
    """The tables of a Recording, and the names of its robots."""

    names: tuple[str, ...]
    robots: np.ndarray  # RECORDED_ROBOT
    bullets: np.ndarray  # RECORDED_BULLET
    rounds: np.ndarray  # RECORDED_ROUND


def tables_from(turns: Iterable[Turn], robots: int, size: tuple[int, int], where: str) -> Tables:
    """The battle of `robots` robots on a field of `size` px. Raises UserError for turns that no battle can have.

    `where` names the file, and the turns their places in it.
    """
    names: tuple[str, ...] = ()
    parts, rows = [], 0
    for number, (found, turns_of_round) in enumerate(groupby(turns, attrgetter("round"))):
        part, round_names = round_from(turns_of_round, number, found, robots, size, where)
        names = names or round_names
        parts.append(part)
        rows += len(part[0])
        if rows > MAX_ROWS:
            raise UserError(f"{where}: more than {MAX_ROWS} rows of robots; so many are not read")
    if not parts:
        raise UserError(f"{where}: no turn of a battle is in it")
    return Tables(names, *(np.concatenate(tables) for tables in zip(*parts, strict=True)))


def round_from(
    turns: Iterable[Turn], number: int, found: int, count: int, size: tuple[int, int], where: str
) -> tuple[tuple[np.ndarray, np.ndarray, np.ndarray], tuple[str, ...]]:
    """One round's rows of robots, bullets and the rounds' table; the robots' names."""
    values = array("d")
    flights: dict[tuple[int, int], Flight] = {}  # by id and owner
    before: list[RobotSnapshot] = []
    scores: list[tuple[float, ...]] = []
    is_decided = False
    for expected, turn in enumerate(turns):
        if (found, turn.turn) != (number, expected):
            raise UserError(
                f"{turn.where}: round {found}, turn {turn.turn}, where turn {expected} of round {number} is due"
            )
        robots = in_order(turn, before, count)
        for robot in robots:
            values.extend(robot[1:10])
        if len(values) > MAX_ROUND_ROWS * len(ROBOT_COLUMNS):
            raise UserError(f"{turn.where}: more than {MAX_ROUND_ROWS} rows in a round; so many are not read")
        follow_bullets(flights, turn, robots, before or robots)
        # Scores made after the turn that decides the round are lost.
        if not is_decided:
            scores = [robot.scores for robot in robots]
            is_decided = sum(robot.state != DEAD for robot in robots) <= 1
        before = robots
    robot_rows = robot_rows_from(values, number, count)
    bullet_rows = bullet_rows_from(flights.values(), number)
    rounds = rounds_from(robot_rows, count)
    for column, name in enumerate(SCORE_COLUMNS):
        rounds[name] = [one[column] for one in scores]
    last = len(robot_rows) // count - 1
    check_robots(robot_rows, number, count, size, f"{where}: robots")
    check_bullets(bullet_rows, number, last, count, size, f"{where}: bullets")
    check_rounds(rounds, number, last, count, f"{where}: scores")
    return (robot_rows, bullet_rows, rounds), tuple(robot.name for robot in before)


def in_order(turn: Turn, before: Sequence[RobotSnapshot], count: int) -> list[RobotSnapshot]:
    """All robots by number; those left out were dead, and are as they were."""
    slots: list[RobotSnapshot | None] = [None] * count
    for robot in turn.robots:
        if not 0 <= robot.robot < count or slots[robot.robot] is not None:
            raise UserError(f"{turn.where}: robot {robot.robot} is there twice, or none of the battle's {count}")
        slots[robot.robot] = robot
    found = []
    for index, slot in enumerate(slots):
        last = before[index] if before else None
        one = last if slot is None and last and last.state == DEAD else slot
        if one is None:
            raise UserError(f"{turn.where}: robot {index} is missing, though it was not dead before")
        # Short snapshots name a robot in the round's first turn only.
        found.append(one if one.name or not last else one._replace(name=last.name))
    return found


def follow_bullets(
    flights: dict[tuple[int, int], Flight],
    turn: Turn,
    robots: Sequence[RobotSnapshot],
    before: Sequence[RobotSnapshot],
) -> None:
    """Notes the bullets that are new in this turn, have flown on, or have hit something."""
    for bullet in turn.bullets:
        if bullet.bullet == EXPLOSION or bullet.state == OUT_OF_PLAY:
            continue
        if not 0 <= bullet.owner < len(robots) or not NO_VICTIM <= bullet.victim < len(robots):
            raise UserError(
                f"{turn.where}: bullet {bullet.bullet} of robot {bullet.owner} at robot {bullet.victim}; "
                f"there are {len(robots)} robots, counted from 0"
            )
        x, y, key = bullet.x, bullet.y, (bullet.bullet, bullet.owner)
        if bullet.state == HIT_ROBOT and math.isnan(bullet.heading) and bullet.victim != NO_VICTIM:
            # It is painted at the same place beside its victim as when it hit; the robot has moved since.
            x -= robots[bullet.victim].x - before[bullet.victim].x
            y -= robots[bullet.victim].y - before[bullet.victim].y
        flight = flights.get(key)
        if flight is None:
            flight = flights[key] = Flight(
                *key, bullet.power, bullet.heading, turn.turn, x, y, before[bullet.owner], turn.turn, x, y
            )
        if flight.state_last != FLYING:
            continue  # it burns on for some turns
        flight.turn_last, flight.x_last, flight.y_last = turn.turn, x, y
        if not math.isnan(bullet.power):
            flight.power = bullet.power
        if bullet.state == FLYING:
            flight.moved = turn.turn, x, y
        else:
            flight.state_last = bullet.state
            flight.victim = bullet.victim if bullet.state == HIT_ROBOT else NO_VICTIM


def complete(flight: Flight) -> None:
    """Fills in an unknown heading and power, from where the bullet set out and where it last flew."""
    gun = flight.shooter.gun_heading
    if flight.moved is None:
        flight.heading = gun if math.isnan(flight.heading) else flight.heading
        return
    turn, x, y = flight.moved
    x, y = x - flight.shooter.x, y - flight.shooter.y
    if math.isnan(flight.heading):
        flown = math.atan2(x, y) % (2 * math.pi)
        is_along_gun = abs(math.remainder(flown - gun, 2 * math.pi)) < SAME_DIRECTION
        flight.heading = gun if is_along_gun else flown
    if math.isnan(flight.power):
        speed = math.hypot(x, y) / (turn - flight.turn_first + 1)
        flight.power = min(max((20.0 - speed) / 3.0, MIN_POWER), MAX_POWER)


def robot_rows_from(values: array, number: int, count: int) -> np.ndarray:
    columns = np.frombuffer(values).reshape(-1, len(ROBOT_COLUMNS))
    rows = np.zeros(len(columns), RECORDED_ROBOT)
    rows["round"], rows["robot"] = number, np.arange(len(rows)) % count
    rows["turn"] = np.arange(len(rows)) // count
    with np.errstate(over="ignore", invalid="ignore"):  # a value too large becomes infinite, which is told afterwards
        for column, name in enumerate(ROBOT_COLUMNS):
            rows[name] = columns[:, column]
    return rows


def bullet_rows_from(flights: Iterable[Flight], number: int) -> np.ndarray:
    flights = sorted(flights, key=attrgetter("bullet"))
    rows = np.zeros(len(flights), RECORDED_BULLET)
    rows["round"] = number
    for flight in flights:
        complete(flight)
    with np.errstate(over="ignore", invalid="ignore"):
        for name in (RECORDED_BULLET.names or ())[1:]:
            rows[name] = [getattr(flight, name) for flight in flights]
    return rows
