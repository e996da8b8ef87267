"""Importer of battles recorded in the real Robocode as pairs of Parquet tables, into `.battle` files.

    NAME.robots.parquet    one row per round, turn and robot; its metadata key `beepsim` is JSON: names, seed,
                           battlefield, gun_cooling_rate, engine, result
    NAME.bullets.parquet   one row per bullet; id 0 is a robot's explosion and is left out

Units and columns are those of `columns.py`. Scores per round are not in those tables and stay unknown (NaN); places
follow from the turns in which robots died.
"""

import hashlib
import json
import re
from collections.abc import Callable
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
    SUFFIX,
    Header,
    RecordedRules,
    Recording,
    RobotEntry,
    TotalScores,
    read_header,
    round_slice,
    write_recording,
)

ROBOTS_SUFFIX = ".robots.parquet"
BULLETS_SUFFIX = ".bullets.parquet"
DEAD = 3
ROBOCODE_INACTIVITY_TIME = 450
"""Robocode's default; the tables do not hold it."""


def import_recordings(
    source: Path, destination: Path, progress: Callable[[int], None] | None = None
) -> tuple[list[Path], list[str]]:
    """Imports one `NAME.robots.parquet` or a folder of them into the folder `destination`, as `NAME.battle`.

    Returns the battle files that now stand there, and for each input that could not be read one sentence that says
    why; the others are imported all the same. An input whose import is there already and unchanged is skipped.
    `progress` is called with the number of inputs done.
    Raises UserError where `source` holds nothing to import or `destination` cannot be written to.
    """
    inputs = list_inputs(source)
    done, failures = [], []
    for count, robots_path in enumerate(inputs, 1):
        target = destination / (robots_path.name.removesuffix(ROBOTS_SUFFIX) + SUFFIX)
        try:
            bullets_path = bullets_beside(robots_path)
            origin = content_hash(robots_path, bullets_path)
            if not (target.exists() and is_imported(target, origin)):
                write_recording(target, read_tables(robots_path, bullets_path, origin))
            done.append(target)
        except UserError as error:
            failures.append(str(error))
        if progress:
            progress(count)
    return done, failures


def list_inputs(source: Path) -> list[Path]:
    """The robots' tables that `source` names: a folder's, or the one file."""
    if source.is_dir():
        found = sorted(source.glob(f"*{ROBOTS_SUFFIX}"))
        if not found:
            raise UserError(f"{source}: no *{ROBOTS_SUFFIX} files in this folder")
        return found
    if not source.is_file():
        raise UserError(f"{source}: no such file or folder")
    if not source.name.endswith(ROBOTS_SUFFIX):
        raise UserError(
            f"{source}: give a NAME{ROBOTS_SUFFIX} file (with NAME{BULLETS_SUFFIX} beside it) or a folder of them"
        )
    return [source]


def bullets_beside(robots_path: Path) -> Path:
    path = robots_path.with_name(robots_path.name.removesuffix(ROBOTS_SUFFIX) + BULLETS_SUFFIX)
    if not path.is_file():
        raise UserError(f"{path}: no such file; a recording is a pair of NAME{ROBOTS_SUFFIX} and NAME{BULLETS_SUFFIX}")
    return path


def content_hash(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        try:
            digest.update(path.read_bytes())
        except OSError as error:
            raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    return digest.hexdigest()[:16]


def is_imported(target: Path, origin: str) -> bool:
    """Does `target` hold the import of this very input? A damaged file there counts as no, and is written again."""
    try:
        return read_header(target).origin == origin
    except UserError:
        return False


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
