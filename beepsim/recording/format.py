"""A battle on disk: one `.battle` file, a zip (stored, not compressed again) of a header and three Parquet tables.

    header.json      Header: format, rules version, source, seed, rules, robots with content hashes, total scores
    robots.parquet   RECORDED_ROBOT: every robot at the end of every turn; one row group for each round
    bullets.parquet  RECORDED_BULLET: every bullet; one row group for each round
    rounds.parquet   RECORDED_ROUND: turns, place and scores for each round and robot

The same recording gives the same bytes. A file may come from a stranger: sizes are checked before memory is taken,
every value before it is returned.
"""

import hashlib
import json
import re
import zipfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from beepsim.errors import UserError
from beepsim.files import replacing
from beepsim.recording.columns import (
    RECORDED_BULLET,
    RECORDED_ROBOT,
    RECORDED_ROUND,
    check_bullets,
    check_robots,
    check_rounds,
    open_parquet,
    read_rows,
    to_parquet,
)

FORMAT = 1
SUFFIX = ".battle"
TABLES = {"robots": RECORDED_ROBOT, "bullets": RECORDED_BULLET, "rounds": RECORDED_ROUND}
MAX_HEADER_BYTES = 1_000_000
MAX_ROBOTS = 127
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""A fixed time stamp: the same battle must give the same bytes whenever it is fought."""
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)
"""How a header from a file is checked: no key too many, no infinite or undefined number."""


@dataclass(frozen=True)
class RecordedRules:
    """Rules of the battle, in px and turns; `num_rounds` as asked for (a stopped battle holds fewer).

    Files of older versions lack the last two.
    """

    __pydantic_config__ = STRICT

    width: Annotated[int, Field(ge=100, le=100_000)]
    height: Annotated[int, Field(ge=100, le=100_000)]
    gun_cooling_rate: float
    inactivity_time: int
    num_rounds: int
    hide_enemy_names: bool = False
    initial_positions: str | None = None


@dataclass(frozen=True)
class RobotEntry:
    """Who fought: `hash` is SHA-256 over the bot's sources, empty where they are not known."""

    __pydantic_config__ = STRICT

    name: str
    version: str
    hash: str

    @property
    def label(self) -> str:
        """Name and version as Robocode writes them."""
        return f"{self.name} {self.version}".strip()


@dataclass(frozen=True)
class TotalScores:
    """One robot's scores over the battle, the six of Robocode and their sum."""

    __pydantic_config__ = STRICT

    total: float
    survival: float
    last_survivor_bonus: float
    bullet_damage: float
    bullet_kill_bonus: float
    ram_damage: float
    ram_kill_bonus: float


@dataclass(frozen=True)
class Header:
    """`source` is the program that fought ("beepsim 0.1.0", "robocode 1.11.1"), `origin` the hash of the files that the
    recording was imported from (None where it was fought here); `results` is None where not known; `start` is the
    world as text (engine/text.py) where the battle did not begin as usual."""

    __pydantic_config__ = STRICT

    format: int
    rules_version: str
    source: str
    origin: str | None
    seed: int | None
    rules: RecordedRules
    robots: Annotated[tuple[RobotEntry, ...], Field(min_length=1, max_length=MAX_ROBOTS)]
    results: tuple[TotalScores, ...] | None
    start: str | None = None


@dataclass(frozen=True)
class Recording:
    """A battle: `robots` sorted by round, turn, robot (a full grid per round), `bullets` by round and id, `rounds`."""

    header: Header
    robots: np.ndarray
    bullets: np.ndarray
    rounds: np.ndarray


def recorded_rounds(recording: Recording) -> list[int]:
    """Numbers of the rounds that the recording holds, in order."""
    return [int(number) for number in recording.rounds["round"][:: len(recording.header.robots)]]


def round_slice(rows: np.ndarray, round_number: int) -> slice:
    """Where a round's rows stand in one of the recording's tables."""
    low, high = np.searchsorted(rows["round"], [round_number, round_number + 1])
    return slice(int(low), int(high))


def round_slices(rows: np.ndarray, numbers: list[int]) -> list[slice]:
    """`round_slice` of several rounds at once."""
    rounds = np.ascontiguousarray(rows["round"])
    lows, highs = np.searchsorted(rounds, numbers), np.searchsorted(rounds, numbers, side="right")
    return [slice(int(low), int(high)) for low, high in zip(lows, highs, strict=True)]


def turn_rows(recording: Recording, round_number: int, turn: int) -> np.ndarray:
    """The robots [R] at the end of a turn."""
    piece, robots = round_slice(recording.robots, round_number), len(recording.header.robots)
    start = piece.start + turn * robots
    if turn < 0 or start >= piece.stop:
        raise UserError(
            f"round {round_number} has no turn {turn}; its last is {(piece.stop - piece.start) // robots - 1}"
        )
    return recording.robots[start : start + robots]


def only_rounds(recording: Recording, count: int) -> Recording:
    """The battle's first `count` rounds; the total scores of a part are not known."""
    tables = (getattr(recording, name) for name in TABLES)
    parts = [rows[: round_slice(rows, count).start] for rows in tables]
    return Recording(replace(recording.header, results=None), *parts)


def header_bytes(header: Header) -> bytes:
    return (json.dumps(asdict(header), indent=1, sort_keys=True, allow_nan=False) + "\n").encode()


def battle_id(recording: Recording) -> str:
    """A name for the battle that works as a file stem: robots, seed, and the header's hash, so that no two agree."""
    header = recording.header
    names = "_vs_".join(re.sub(r"[^A-Za-z0-9.+-]+", "-", robot.label).strip("-") for robot in header.robots)
    seed = "" if header.seed is None else f"_{header.seed}"
    return f"{names[:150]}{seed}_{hashlib.sha256(header_bytes(header)).hexdigest()[:8]}"


def list_recordings(path: Path) -> list[Path]:
    """The battle files in a folder (not below it), sorted by name; or the one file that `path` is."""
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UserError(f"{path}: no such file or folder; give a {SUFFIX} file or a folder of them")
    found = sorted(file for file in path.glob(f"*{SUFFIX}") if not file.name.startswith("."))
    if not found:
        raise UserError(
            f"{path}: no {SUFFIX} files in this folder; make some with `beepsim battle … --record` "
            "or `beepsim recordings import`"
        )
    return found


def write_recording(path: Path, recording: Recording) -> None:
    """Writes the file whole or not at all. Raises UserError for rows out of range or order, or a full disk."""
    check_recording(recording, str(path))
    numbers = recorded_rounds(recording)
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        entries = {"header.json": header_bytes(recording.header)}
        for name in TABLES:
            rows = getattr(recording, name)
            entries[f"{name}.parquet"] = to_parquet(rows, round_slices(rows, numbers))
        for name, data in entries.items():
            entry = zipfile.ZipInfo(name, ZIP_EPOCH)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # else they differ between operating systems
            archive.writestr(entry, data)


def check_recording(recording: Recording, where: str) -> None:
    """Raises UserError naming table, round and row of the first value that no battle can have."""
    header, numbers = recording.header, recorded_rounds(recording)
    robots, size = len(header.robots), (header.rules.width, header.rules.height)
    if numbers != sorted(set(numbers)) or not numbers or numbers[0] < 0:
        raise UserError(f"{where}: rounds.parquet: rounds must rise from 0, not {numbers[:8]}")
    seen = dict.fromkeys(TABLES, 0)
    pieces = {name: round_slices(getattr(recording, name), numbers) for name in TABLES}
    for index, number in enumerate(numbers):
        rows = {name: getattr(recording, name)[pieces[name][index]] for name in TABLES}
        last_turn = len(rows["robots"]) // robots - 1
        check_robots(rows["robots"], number, robots, size, f"{where}: robots.parquet")
        check_bullets(rows["bullets"], number, last_turn, robots, size, f"{where}: bullets.parquet")
        check_rounds(rows["rounds"], number, last_turn, robots, f"{where}: rounds.parquet")
        seen = {name: seen[name] + len(rows[name]) for name in TABLES}
    for name, count in seen.items():
        if count != len(getattr(recording, name)):
            raise UserError(
                f"{where}: {name}.parquet has rows of rounds that are not in order or not in rounds.parquet"
            )


def read_recording(path: Path) -> Recording:
    """The whole battle. Raises UserError for a missing, truncated, foreign, newer or damaged file."""
    return read_groups(path, None)


def read_round(path: Path, round_number: int) -> Recording:
    """One round of the battle, reading no other round's rows (a few milliseconds). Raises UserError as above."""
    return read_groups(path, round_number)


def read_groups(path: Path, round_number: int | None) -> Recording:
    entries = read_entries(path, ["header.json", *(f"{name}.parquet" for name in TABLES)])
    header = parse_header(entries["header.json"], path)
    files = {
        name: open_parquet(entries[f"{name}.parquet"], dtype, f"{path}: {name}.parquet")
        for name, dtype in TABLES.items()
    }
    groups = range(files["rounds"].num_row_groups)
    for name, file in files.items():
        if file.num_row_groups != len(groups):
            raise UserError(f"{path}: {name}.parquet holds {file.num_row_groups} rounds, rounds.parquet {len(groups)}")
    if round_number is not None:
        if not 0 <= round_number < len(groups):
            raise UserError(f"{path}: there is no round {round_number}; the file holds rounds 0 to {len(groups) - 1}")
        groups = range(round_number, round_number + 1)
    tables = {name: read_rows(files[name], dtype, groups, f"{path}: {name}.parquet") for name, dtype in TABLES.items()}
    recording = Recording(header, **tables)
    check_recording(recording, str(path))
    if round_number is not None and recorded_rounds(recording) != [round_number]:
        raise UserError(f"{path}: rounds must be numbered 0, 1, 2, … without a gap")
    return recording


def read_header(path: Path) -> Header:
    """Only the header of a battle file."""
    return parse_header(read_entries(path, ["header.json"])["header.json"], path)


def read_entries(path: Path, names: list[str]) -> dict[str, bytes]:
    """Contents of the zip's entries; the sizes they claim are compared with the file's before memory is taken."""
    foreign = f"{path} is not a {SUFFIX} file"
    try:
        with zipfile.ZipFile(path) as archive:
            present = {entry.filename: entry for entry in archive.infolist()}
            size = path.stat().st_size
            for name in names:
                if name not in present:
                    raise UserError(f"{foreign}: it has no {name} inside")
                entry = present[name]
                limit = MAX_HEADER_BYTES if name == "header.json" else size
                if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > min(limit, size):
                    raise UserError(
                        f"{path}: {name} claims {entry.file_size} bytes, stored in a way this version never writes"
                    )
            return {name: archive.read(name) for name in names}
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the path of a {SUFFIX} file") from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise UserError(f"{foreign}, or it is truncated or damaged: {error}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None


def parse_header(data: bytes, path: Path) -> Header:
    """The header, each value's type and range checked. Raises UserError naming the key that is wrong."""
    where = f"{path}: header.json"
    try:
        raw = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} is damaged: {error}") from None
    if not isinstance(raw, dict) or not isinstance(raw.get("format"), int):
        raise UserError(f"{where} has no format number, so this is not a {SUFFIX} file")
    if raw["format"] != FORMAT:
        raise UserError(f"{where}: format {raw['format']} is not known; this version of beepsim reads format {FORMAT}")
    try:
        header = TypeAdapter(Header).validate_json(data, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise UserError(f"{where}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if header.results is not None and len(header.results) != len(header.robots):
        raise UserError(f"{where}: results has {len(header.results)} entries for {len(header.robots)} robots")
    return header
