"""Reader of battles recorded in the real Robocode as pairs of Parquet tables.

    NAME.robots.parquet    one row per round, turn and robot; its metadata key `beepsim` is JSON: names, seed,
                           battlefield, gun_cooling_rate, engine, result
    NAME.bullets.parquet   one row per bullet; id 0 is a robot's explosion and is left out

Units and columns are those of `columns.py`. Scores per round are not in those tables and stay unknown (NaN); places
follow from the turns in which robots died.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beepsim.errors import UserError
from beepsim.recording.columns import (
    MAX_ROWS,
    RECORDED_BULLET,
    RECORDED_ROBOT,
    RECORDED_ROUND,
    SCORE_COLUMNS,
    first_line,
)
from beepsim.recording.format import (
    FORMAT,
    Header,
    RecordedRules,
    Recording,
    RobotEntry,
    TotalScores,
    round_slice,
)

ROBOTS_SUFFIX = ".robots.parquet"
BULLETS_SUFFIX = ".bullets.parquet"
DEAD = 3
ROBOCODE_INACTIVITY_TIME = 450
"""Robocode's default; the tables do not hold it."""


def bullets_beside(robots_path: Path) -> Path:
    path = robots_path.with_name(robots_path.name.removesuffix(ROBOTS_SUFFIX) + BULLETS_SUFFIX)
    if not path.is_file():
        raise UserError(f"{path}: no such file; a recording is a pair of NAME{ROBOTS_SUFFIX} and NAME{BULLETS_SUFFIX}")
    return path


def content_hash(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as file:
                while piece := file.read(1 << 20):
                    digest.update(piece)
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    return digest.hexdigest()[:16]


def read_tables(robots_path: Path, bullets_path: Path, origin: str) -> Recording:
    """The battle in a pair of tables. Raises UserError naming file and column for what is missing or malformed."""
    robots, metadata = read_table(robots_path, RECORDED_ROBOT)
    bullets, _ = read_table(bullets_path, RECORDED_BULLET)
    header = header_from(metadata, robots, f"{robots_path}: metadata 'beepsim'", origin)
    robots = robots[np.lexsort((robots["robot"], robots["turn"], robots["round"]))]
    bullets = bullets[bullets["bullet"] != 0]
    bullets = bullets[np.lexsort((bullets["bullet"], bullets["round"]))]
    return Recording(header, robots, bullets, rounds_from(robots, len(header.robots)))


def read_table(path: Path, dtype: np.dtype) -> tuple[np.ndarray, dict[bytes, bytes]]:
    """The columns of `dtype` out of a foreign Parquet file, whatever number types they have there, and its metadata."""
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
        for name in dtype.names or ():
            if name not in schema.names:
                raise UserError(f"{path}: column '{name}' is missing; the columns are {', '.join(dtype.names or ())}")
        if file.metadata.num_rows > MAX_ROWS:
            raise UserError(f"{path}: {file.metadata.num_rows} rows; at most {MAX_ROWS} are read")
        table = file.read(columns=list(dtype.names or ()), use_threads=False)
        rows = np.zeros(table.num_rows, dtype)
        for name in dtype.names or ():
            rows[name] = table.column(name).cast(pa.from_numpy_dtype(dtype[name])).to_numpy()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{path}: not a readable table: {first_line(error)}") from None
    return rows, schema.metadata or {}


def header_from(metadata: dict[bytes, bytes], robots: np.ndarray, where: str, origin: str) -> Header:
    if b"beepsim" not in metadata:
        raise UserError(f"{where} is missing; it holds names, seed and battlefield as JSON")
    try:
        facts: dict[str, Any] = json.loads(metadata[b"beepsim"])
        names = [str(name) for name in facts["names"]]
        width, height = (int(side) for side in facts["battlefield"])
        seed = None if facts.get("seed") is None else int(facts["seed"])
        cooling, source = float(facts["gun_cooling_rate"]), str(facts["engine"])
        result = str(facts.get("result", ""))
    except KeyError as error:
        raise UserError(f"{where} lacks the key {error}") from None
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{where} cannot be read: {error}") from None
    if len(robots) and not 0 <= int(robots["robot"].max()) == len(names) - 1:
        raise UserError(f"{where} names {len(names)} robots; the rows hold {int(robots['robot'].max()) + 1}")
    rounds = int(robots["round"].max()) + 1 if len(robots) else 0
    return Header(
        format=FORMAT,
        rules_version=source,
        source=source,
        origin=origin,
        seed=seed,
        rules=RecordedRules(width, height, cooling, ROBOCODE_INACTIVITY_TIME, rounds),
        robots=tuple(RobotEntry(*split_version(name), hash="") for name in names),
        results=results_from(result, names),
    )


def split_version(label: str) -> tuple[str, str]:
    """Robocode shows `package.Name version`; names have no spaces."""
    name, _, version = label.partition(" ")
    return name, version


def results_from(result: str, names: list[str]) -> tuple[TotalScores, ...] | None:
    """Total scores out of the recorder's tab-separated line `NAME total survival … f=firsts`; None if it has none."""
    scores = {}
    for field in result.split("\t"):
        match = re.fullmatch(r"(\S+) .*?((?: -?\d+){7}) f=\d+", field)
        if match:
            scores[match[1]] = TotalScores(*map(float, match[2].split()))
    # By name without version: the line may show another ("2.0w") where `names` says in words what was changed.
    plain = [split_version(name)[0] for name in names]
    return tuple(scores[name] for name in plain) if set(plain) == scores.keys() and len(scores) == len(names) else None


def rounds_from(robots: np.ndarray, count: int) -> np.ndarray:
    """Rounds table: a robot's place is one more than the number alive at the end of the turn it died in."""
    numbers = np.unique(robots["round"])
    rounds = np.zeros(len(numbers) * count, RECORDED_ROUND)
    for index, number in enumerate(numbers):
        rows = robots[round_slice(robots, int(number))]
        turns = len(rows) // count
        mine = rounds[index * count : (index + 1) * count]
        mine["round"], mine["robot"], mine["turns"] = number, np.arange(count), turns - 1
        is_dead = rows["state"][: turns * count].reshape(turns, count) == DEAD
        alive = count - is_dead.sum(axis=1)
        death_turn = np.where(is_dead.any(axis=0), is_dead.argmax(axis=0), turns - 1)
        mine["place"] = np.where(is_dead.any(axis=0), 1 + alive[death_turn], 1)
    for name in SCORE_COLUMNS:
        rounds[name] = np.nan
    return rounds
