"""A film as few bytes, for a page: whole numbers in small units, what the turn before foretells left out, deflated.

Units: px / POSITION_UNITS, px a turn / VELOCITY_UNITS, 1 / ANGLE_UNITS of a turn of the circle, a tenth of energy (as
it is shown). A robot moves by its velocity along its heading, so its positions cost a bit or two. All of it in whole
numbers, since page/film.js has to foretell the very same. Read back, a position is wrong by at most 1/64 px.
"""

import base64
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from beepsim.errors import UserError
from beepsim.viewer.film import FilmRound

POSITION_UNITS = 32
VELOCITY_UNITS = 128
ANGLE_UNITS = 1 << 16
BEARING_UNITS = 1 << 20  # of a bullet: it flies far along it
POWER_UNITS = 10_000
ENERGY_UNITS = 10
SINE_UNITS = 1 << 14

MOST_ROBOT_TURNS = 3_000_000
MOST_BULLETS = 300_000
"""A page of so many is some 15 MB, and takes a browser some 200 MB."""


class Packed(NamedTuple):
    """Columns one after the other, each as planes of bytes, the lowest bytes first; `layout` says how long each is."""

    layout: list[dict[str, Any]]
    base64: str


def check_length(rounds: Sequence[FilmRound]) -> None:
    """Raises UserError where a page of the rounds would be too much for a browser."""
    robot_turns, bullets = sum(part.robots.size for part in rounds), sum(len(part.bullets) for part in rounds)
    if robot_turns > MOST_ROBOT_TURNS or bullets > MOST_BULLETS:
        raise UserError(
            f"a page of {robot_turns:,} robot-turns and {bullets:,} bullets would be too much for a browser; at most "
            f"{MOST_ROBOT_TURNS:,} and {MOST_BULLETS:,} are written: choose fewer rounds with --rounds, as in 0-9"
        )


def pack_rounds(rounds: Sequence[FilmRound], columns: dict[str, np.ndarray]) -> Packed:
    """Robots and bullets of the rounds, then `columns` of whole numbers."""
    found = robot_columns(np.concatenate([part.robots for part in rounds]))
    found |= bullet_columns(np.concatenate([part.bullets for part in rounds]))
    layout, pieces = [], []
    for name, values in (found | columns).items():
        planes = planes_of(values)
        layout.append({"name": name, "length": len(values), "planes": len(planes)})
        pieces += planes
    return Packed(layout, base64.b64encode(zlib.compress(b"".join(pieces), 9)).decode("ascii"))


def robot_columns(robots: np.ndarray) -> dict[str, np.ndarray]:
    """Differences between turns: RECORDED_ROBOT [T, R] to columns [T] of each robot, "x0" being that of robot 0."""
    sines = np.rint(np.sin(np.arange(ANGLE_UNITS) * (2 * np.pi / ANGLE_UNITS)) * SINE_UNITS).astype(np.int64)
    columns = {}
    for robot in range(robots.shape[1]):
        rows = robots[:, robot]
        heading = whole(rows["heading"], ANGLE_UNITS / (2 * np.pi)) % ANGLE_UNITS
        velocity = whole(rows["velocity"], VELOCITY_UNITS)
        columns[f"heading{robot}"] = turned(np.diff(heading, prepend=0))
        columns[f"velocity{robot}"] = np.diff(velocity, prepend=0)
        for name, direction in (("x", heading), ("y", heading + ANGLE_UNITS // 4)):
            unit = SINE_UNITS * VELOCITY_UNITS // POSITION_UNITS
            step = (velocity * sines[direction % ANGLE_UNITS] + unit // 2) // unit
            columns[f"{name}{robot}"] = np.diff(whole(rows[name], POSITION_UNITS), prepend=0) - step
        for name in ("gun_heading", "radar_heading"):
            angle = whole(rows[name], ANGLE_UNITS / (2 * np.pi)) % ANGLE_UNITS
            columns[f"{name}{robot}"] = turned(np.diff(angle, prepend=0))
        columns[f"energy{robot}"] = np.diff(whole(rows["energy"], ENERGY_UNITS), prepend=0)
    return columns


def bullet_columns(bullets: np.ndarray) -> dict[str, np.ndarray]:
    """Differences between one bullet and the next: RECORDED_BULLET [N] to columns [N]."""
    heading = whole(bullets["heading"], BEARING_UNITS / (2 * np.pi))
    first, last = bullets["turn_first"].astype(np.int64), bullets["turn_last"].astype(np.int64)
    columns = {
        "owner": bullets["owner"].astype(np.int64),
        "power": whole(bullets["power"], POWER_UNITS),
        "bearing": heading,
        "turn_first": first,
        "flight": last - first,
        "state": bullets["state_last"].astype(np.int64),
        "victim": bullets["victim"].astype(np.int64),
        **{name: whole(bullets[name], POSITION_UNITS) for name in ("x_first", "y_first", "x_last", "y_last")},
    }
    return {name: np.diff(values, prepend=0) for name, values in columns.items()}


def whole(values: np.ndarray, units: float) -> np.ndarray:
    return np.rint(values.astype(np.float64) * units).astype(np.int64)


def turned(differences: np.ndarray) -> np.ndarray:
    """Differences of angles as the shorter way round."""
    return (differences + ANGLE_UNITS // 2) % ANGLE_UNITS - ANGLE_UNITS // 2


def planes_of(values: np.ndarray) -> list[bytes]:
    """Whole numbers as few bytes each: 0, -1, 1, -2, … are 0, 1, 2, 3, …; the lowest bytes of all, then the next."""
    numbers = np.where(values < 0, -2 * values - 1, 2 * values)
    count = max(1, (int(numbers.max(initial=0)).bit_length() + 7) // 8)
    return [((numbers >> 8 * plane) & 255).astype(np.uint8).tobytes() for plane in range(count)]
