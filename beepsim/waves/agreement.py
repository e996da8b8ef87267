"""Our waves against those that BeepBoop logged live in the same battle, column by column.

A reference is a Parquet table NAME.waves.parquet, one row per wave of robot 0 that passed robot 1. Where a wave is
virtual its power is taken from the reference, for it cannot be seen in a recording; everything else is ours.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beepsim.errors import UserError
from beepsim.recording.format import Recording, recorded_rounds, round_slice
from beepsim.waves.extract import fill_seen, sightings
from beepsim.waves.table import extract_from_round
from beepsim.waves.wave import HISTORY

SHOOTER, TARGET = 0, 1
TOLERANCE = 2e-3  # of the column's range
UNTOUCHED = 999.0  # beyond it stands +-1000: the wave never touched


def column(name: str) -> Callable[[np.ndarray], np.ndarray]:
    return lambda rows: rows[name]


OURS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "round": column("round"),
    "tbreak": column("break_turn"),
    "absb": column("absolute_bearing"),
    "orbit": column("orbit_direction"),
    "mdir": column("move_direction"),
    "dist": column("distance"),
    "power": column("power"),
    "accel": column("accel"),
    "accelsign": lambda rows: np.sign(rows["accel"]),
    "relh": column("relative_heading"),
    "vel": column("target_velocity"),
    "vchg": column("vChangeTimer"),
    "dirchg": column("dirChangeTimer"),
    "decel": column("decelTimer"),
    "curgf": column("currentGF"),
    # A bullet that met another before the wave broke no longer counts as one there.
    "hasb": lambda rows: rows["real"] & (rows["didCollide"] == 0.0),
    "didhit": column("didHit"),
    "didcol": column("didCollide"),
    "shots": column("shotsFired"),
    "tfire": column("fire_turn"),
    "d10": column("distanceLast10"),
    "d20": column("distanceLast20"),
    "mirror": column("mirrorOffset"),
    "orbA": column("orbitalWallAhead"),
    "orbR": column("orbitalWallReverse"),
    "maeA": column("maeWallAhead"),
    "maeR": column("maeWallReverse"),
    "stA": column("stickWallAhead"),
    "stR": column("stickWallReverse"),
    "st2A": column("stickWallAhead2"),
    "st2R": column("stickWallReverse2"),
    "virt": column("virtuality"),
    "mae0": column("escape_left"),
    "mae1": column("escape_right"),
    "hitoff": column("hit_offset"),
    "vlo": column("hit_low"),
    "vhi": column("hit_high"),
}
"""Each column of the reference from our rows; `round` and `tfire` are also what waves are matched by."""

ANGLES = ("absb", "relh")  # compared as directions


@dataclass(frozen=True)
class ColumnAgreement:
    """Share of values within TOLERANCE of the range (max - min of the reference), worst difference; `untroubled` is the
    share among waves in whose time BeepBoop missed no turn."""

    name: str
    share: float
    untroubled: float
    range: float
    worst: float


@dataclass(frozen=True)
class Agreement:
    """One battle: how many reference waves touched the target, how many of them we have, how many of these are troubled
    (see `troubled`), how many waves only we have."""

    waves: int
    matched: int
    troubled: int
    only_ours: int
    columns: tuple[ColumnAgreement, ...]


def read_reference(path: Path) -> dict[str, np.ndarray]:
    """Columns [W] of a reference table. Raises UserError for another kind of file."""
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(use_threads=False)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give a NAME.waves.parquet") from None
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} cannot be read as Parquet: {str(error).splitlines()[0]}") from None
    missing = [name for name in OURS if name not in table.column_names]
    if missing:
        raise UserError(f"{path} is not a reference of waves: it lacks the columns {', '.join(missing)}")
    return {name: table.column(name).to_numpy().astype(np.float64) for name in OURS}


def wave_key(rounds: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """One number [W] for round and turn."""
    return rounds.astype(np.int64) << 32 | turns.astype(np.int64)


def compare(recording: Recording, reference: Mapping[str, np.ndarray]) -> Agreement:
    """Extract the recording's waves with the powers of the reference's virtual ones, and compare every column."""
    pieces, missed, shots = [], {}, 0
    for number in recorded_rounds(recording):
        here = reference["round"] == number
        turns = len(recording.robots[round_slice(recording.robots, number)]) // len(recording.header.robots)
        powers = np.full(turns, np.nan)
        powers[reference["tfire"][here].astype(np.int64)] = reference["power"][here]
        rows, fired = extract_from_round(recording, number, SHOOTER, TARGET, shots, powers)
        pieces.append(rows)
        shots += fired
        missed[number] = missed_turns(recording, number, powers)
    rows = np.concatenate(pieces)
    has_touched = np.abs(reference["vlo"]) < UNTOUCHED
    theirs = {name: values[has_touched] for name, values in reference.items()}
    our_keys, their_keys = wave_key(rows["round"], rows["fire_turn"]), wave_key(theirs["round"], theirs["tfire"])
    _, mine, other = np.intersect1d(our_keys, their_keys, return_indices=True)
    matched = rows[mine]
    is_troubled = troubled(matched, missed)
    columns = tuple(compare_column(name, matched, theirs[name][other], theirs[name], is_troubled) for name in OURS)
    return Agreement(len(their_keys), len(mine), int(is_troubled.sum()), len(rows) - len(mine), columns)


def compare_column(
    name: str, rows: np.ndarray, expected: np.ndarray, whole: np.ndarray, is_troubled: np.ndarray
) -> ColumnAgreement:
    """Our values of one column against `expected` [W]; `whole` gives the range."""
    spread = float(np.ptp(whole)) if len(whole) else 0.0
    difference = np.abs(OURS[name](rows).astype(np.float64) - expected)
    if name in ANGLES:
        difference = np.minimum(difference, np.abs(2.0 * np.pi - difference))
    is_near = difference <= TOLERANCE * (spread or 1.0)
    return ColumnAgreement(
        name,
        float(is_near.mean()) if len(rows) else 0.0,
        float(is_near[~is_troubled].mean()) if (~is_troubled).any() else 0.0,
        spread,
        float(difference.max(initial=0.0)),
    )


def missed_turns(recording: Recording, number: int, powers: np.ndarray) -> np.ndarray:
    """[T]: turns in which BeepBoop did not see its target, after it first had.

    Its radar swept past the target, or it skipped the turn: then the reference has no wave of it, but earlier and later
    ones in the round.
    """
    grid = recording.robots[round_slice(recording.robots, number)]
    count = len(recording.header.robots)
    mine, theirs = grid[SHOOTER::count], grid[TARGET::count]
    seen = np.zeros(len(mine), np.bool_)
    path = sightings(theirs["x"], theirs["y"], theirs["heading"], theirs["velocity"])
    x, y = mine["x"].astype(np.float64), mine["y"].astype(np.float64)
    fill_seen(seen, mine["radar_heading"].astype(np.float64), x, y, path)
    missed = ~seen & (np.cumsum(seen) > 0)
    waves = np.flatnonzero(np.isfinite(powers))
    if len(waves):
        gaps = np.isnan(powers)
        gaps[: waves[0]] = gaps[waves[-1] :] = False
        missed |= gaps
    return missed


def troubled(rows: np.ndarray, missed: Mapping[int, np.ndarray]) -> np.ndarray:
    """[W]: whether a missed turn lies in a wave's history or flight."""
    result = np.zeros(len(rows), np.bool_)
    for number, turns in missed.items():
        here = rows["round"] == number
        before = np.concatenate([[0], np.cumsum(turns)])
        start = np.maximum(rows["aim_turn"][here] - HISTORY, 0)
        result[here] = before[rows["break_turn"][here] + 1] > before[start]
    return result
