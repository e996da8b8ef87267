"""The wave table: rows of any number of battles with where they came from; extracted, saved, loaded, checked.

On disk one Parquet file (zstd): the columns `battle`, `shooter`, `target` as dictionary strings, `shooter_index`, and
those of `extract.ROW`; the schema's metadata key `beepsim` is JSON with the versions and one entry for each battle and
shooter. Sorted by battle, shooter, round, aim turn. Units of the columns: docs/waves.md.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beepsim import __version__
from beepsim.errors import UserError
from beepsim.files import replacing
from beepsim.recording.format import Recording, RobotEntry, battle_id, recorded_rounds, round_slice
from beepsim.waves.extract import (
    FIRED,
    ROW,
    extract_round,
    fill_powers,
    fill_seen,
    last_turn_alive,
    sightings,
)
from beepsim.waves.features import FEATURE_VERSION
from beepsim.waves.history import ADVANCING, LATERAL

METADATA_KEY = b"beepsim"
FORMAT = 1
MAX_ROWS, MAX_BYTES = 20_000_000, 6_000_000_000
"""Limits on what a file from a stranger may ask for in memory."""
LABELS = ("battle", "shooter", "target")
NUMBERS = tuple(name for name in ROW.names or () if name != "battle")


@dataclass(frozen=True)
class WaveSource:
    """One battle seen from one shooter; `source` is the program that fought it, `robots` all that took part."""

    battle: str
    shooter: str
    target: str
    shooter_index: int
    source: str
    seed: int | None
    rules_version: str
    robots: tuple[RobotEntry, ...]


@dataclass(frozen=True)
class WaveTable:
    """Waves `rows` [W] of dtype ROW, whose field `battle` is an index into `sources`."""

    rows: np.ndarray
    sources: tuple[WaveSource, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def of_source(self, index: int) -> np.ndarray:
        """The rows of one battle and shooter, in time order (a view)."""
        low, high = np.searchsorted(self.rows["battle"], [index, index + 1])
        return self.rows[low:high]


def extract_waves(recording: Recording, shooter: int, target: int | None = None) -> WaveTable:
    """All waves of robot `shooter` against `target` (in a duel: the other one) that broke before one of them died.

    Raises UserError for robots that are not there.
    """
    entries = recording.header.robots
    if target is None:
        if len(entries) != 2:
            raise UserError(f"{battle_id(recording)} has {len(entries)} robots; say which of them is the target")
        target = 1 - shooter
    for role, robot in (("shooter", shooter), ("target", target)):
        if not 0 <= robot < len(entries):
            raise UserError(f"{role} {robot} is not in {battle_id(recording)}; its robots are 0 to {len(entries) - 1}")
    if shooter == target:
        raise UserError(f"shooter and target are both robot {shooter}; they must differ")
    pieces, shots = [], 0
    for number in recorded_rounds(recording):
        rows, fired = extract_from_round(recording, number, shooter, target, shots)
        pieces.append(rows)
        shots += fired
    header = recording.header
    source = WaveSource(
        battle=battle_id(recording),
        shooter=entries[shooter].label,
        target=entries[target].label,
        shooter_index=shooter,
        source=header.source,
        seed=header.seed,
        rules_version=header.rules_version,
        robots=entries,
    )
    return WaveTable(np.concatenate(pieces) if pieces else np.zeros(0, ROW), (source,))


class Observed(NamedTuple):
    """What a recording holds of a round for one shooter and target; the arguments of `extract_round` of those names.

    `target_last_turn` is the last in which the target lives.
    """

    shooter_x: np.ndarray
    shooter_y: np.ndarray
    path: np.ndarray
    seen: np.ndarray
    last_turn: int
    fired: np.ndarray
    powers: np.ndarray
    target_last_turn: int


def extract_from_round(
    recording: Recording,
    number: int,
    shooter: int,
    target: int,
    shots: int,
    virtual_powers: np.ndarray | None = None,
) -> tuple[np.ndarray, int]:
    """ROWs of one round, and how many bullets the shooter fired in it; `shots` is how many it had fired before.

    `virtual_powers` [T] by fire turn, where they are known, replace those of virtual waves (NaN: leave as it is).
    """
    observed = observe_round(recording, number, shooter, target)
    if virtual_powers is not None:
        is_known = np.isfinite(virtual_powers)
        is_known[observed.fired["fire_turn"]] = False
        observed.powers[is_known] = virtual_powers[is_known]
    return rows_of(recording, number, observed, shots), len(observed.fired)


def observe_round(recording: Recording, number: int, shooter: int, target: int) -> Observed:
    """What the recording holds of the round of that number."""
    count = len(recording.header.robots)
    grid = recording.robots[round_slice(recording.robots, number)]
    mine, theirs = grid[shooter::count], grid[target::count]
    path = sightings(theirs["x"], theirs["y"], theirs["heading"], theirs["velocity"])
    x, y = mine["x"].astype(np.float64), mine["y"].astype(np.float64)
    seen = np.zeros(len(x), np.bool_)
    fill_seen(seen, mine["radar_heading"].astype(np.float64), x, y, path)
    target_last_turn = last_turn_alive(theirs["state"].copy())
    last_turn = min(last_turn_alive(mine["state"].copy()), target_last_turn)
    fired = fired_bullets(recording, number, shooter)
    powers = np.zeros(len(x))
    fill_powers(powers, fired, mine["energy"].copy(), theirs["energy"].copy())
    return Observed(x, y, path, seen, last_turn, fired, powers, target_last_turn)


def rows_of(recording: Recording, number: int, observed: Observed, shots: int) -> np.ndarray:
    """ROWs of what was observed; `shots` is how many bullets the shooter had fired before the round."""
    rules, turns = recording.header.rules, len(observed.shooter_x)
    rows, past = np.zeros(turns, ROW), np.zeros((turns, len(LATERAL + ADVANCING)))
    x, y, path, seen, last_turn, fired, powers, _ = observed
    cooling, width, height = rules.gun_cooling_rate, float(rules.width), float(rules.height)
    filled = extract_round(rows, past, x, y, path, seen, last_turn, fired, powers, shots, cooling, width, height)
    for name, column in zip(LATERAL + ADVANCING, past.T, strict=True):
        rows[name] = column
    rows["round"] = number
    return rows[:filled]


def fired_bullets(recording: Recording, number: int, shooter: int) -> np.ndarray:
    """The shooter's bullets of one round as FIRED, by fire turn."""
    bullets = recording.bullets[round_slice(recording.bullets, number)]
    own = bullets[bullets["owner"] == shooter]
    fired = np.zeros(len(own), FIRED)
    fired["fire_turn"] = own["turn_first"] - 1
    fired["turn_last"], fired["power"], fired["outcome"] = own["turn_last"], own["power"], own["state_last"]
    return fired[np.argsort(fired["fire_turn"], kind="stable")]


def join_tables(tables: Sequence[WaveTable]) -> WaveTable:
    """One table of several, sorted by battle and shooter. Raises UserError where a battle and shooter comes twice."""
    parts = [(source, table.of_source(index)) for table in tables for index, source in enumerate(table.sources)]
    parts.sort(key=lambda part: (part[0].battle, part[0].shooter, part[0].shooter_index))
    pieces: list[np.ndarray] = []
    sources: list[WaveSource] = []
    for source, rows in parts:
        if sources and (sources[-1].battle, sources[-1].shooter_index) == (source.battle, source.shooter_index):
            raise UserError(
                f"battle {source.battle} with shooter {source.shooter} is there twice; give each battle once"
            )
        rows = rows.copy()
        rows["battle"] = len(sources)
        pieces.append(rows)
        sources.append(source)
    return WaveTable(np.concatenate(pieces) if pieces else np.zeros(0, ROW), tuple(sources))


def to_arrow(table: WaveTable) -> pa.Table:
    """The table as it stands in a file."""
    index = pa.array(table.rows["battle"])
    columns: dict[str, Any] = {
        label: pa.DictionaryArray.from_arrays(index, pa.array([getattr(s, label) for s in table.sources], pa.string()))
        for label in LABELS
    }
    shooters = np.array([source.shooter_index for source in table.sources], np.int32)
    columns["shooter_index"] = shooters[table.rows["battle"]]
    columns |= {name: np.ascontiguousarray(table.rows[name]) for name in NUMBERS}
    metadata = {
        "kind": "waves",
        "format": FORMAT,
        "beepsim": __version__,
        "features": FEATURE_VERSION,
        "sources": [asdict(source) for source in table.sources],
    }
    arrow = pa.table(columns)
    return arrow.replace_schema_metadata({METADATA_KEY: json.dumps(metadata, sort_keys=True, allow_nan=False)})


def save_waves(path: Path, table: WaveTable) -> None:
    """Writes the file whole or not at all. Raises UserError for values that no wave has, or a full disk."""
    check_rows(table, str(path))
    with replacing(path) as temporary:
        pq.write_table(to_arrow(table), temporary, compression="zstd", use_dictionary=list(LABELS))


def load_waves(path: Path) -> WaveTable:
    """The whole table. Raises UserError for a missing, foreign or damaged file, another feature version, bad values."""
    try:
        with pq.ParquetFile(path, thrift_string_size_limit=1 << 24, thrift_container_size_limit=1 << 20) as file:
            metadata = file.schema_arrow.metadata or {}
            sources = parse_metadata(metadata.get(METADATA_KEY), path)
            check_schema(file, path)
            # Arrow's pool of threads now and then aborts a short process at its end.
            arrow = file.read(use_threads=False)
            arrow.validate(full=True)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the path of a wave table (.parquet)") from None
    except (pa.ArrowException, OSError) as error:
        raise UserError(f"{path} is not a wave table, or it is damaged: {str(error).splitlines()[0]}") from None
    rows = np.zeros(len(arrow), ROW)
    for name in NUMBERS:
        column = arrow.column(name)
        if column.null_count:
            raise UserError(f"{path}: column '{name}' has {column.null_count} empty values; none is allowed")
        rows[name] = column.to_numpy()
    rows["battle"] = source_indices(arrow, sources, path)
    table = WaveTable(rows, sources)
    check_rows(table, str(path))
    return table


def parse_metadata(raw: bytes | None, path: Path) -> tuple[WaveSource, ...]:
    """The sources, after checking that the file is a wave table of this feature version."""
    if raw is None:
        raise UserError(f"{path} is a Parquet file but not a wave table: it has no `beepsim` metadata")
    try:
        metadata = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path}: its `beepsim` metadata is damaged: {error}") from None
    if not isinstance(metadata, dict) or metadata.get("kind") != "waves":
        raise UserError(f"{path} is a Parquet file but not a wave table; make one with `beepsim waves extract`")
    if metadata.get("format") != FORMAT or metadata.get("features") != FEATURE_VERSION:
        raise UserError(
            f"{path} has format {metadata.get('format')} and feature version {metadata.get('features')!r}; this "
            f"program reads format {FORMAT} and feature version {FEATURE_VERSION!r}: extract the waves again"
        )
    entries = metadata.get("sources")
    if not isinstance(entries, list):
        raise UserError(f"{path}: metadata: sources is not a list")
    return tuple(parse_source(entry, f"{path}: metadata: sources.{index}") for index, entry in enumerate(entries))


def parse_source(entry: Any, where: str) -> WaveSource:
    """A WaveSource from JSON; raises UserError naming the key that is wrong."""
    names = [field.name for field in fields(WaveSource)]
    if not isinstance(entry, dict) or entry.keys() != set(names):
        raise UserError(f"{where} must have exactly the keys {', '.join(names)}")
    for name in names:
        value = entry[name]
        if name == "robots":
            is_right = isinstance(value, list) and all(is_robot_entry(robot) for robot in value)
        elif name in ("shooter_index", "seed"):
            is_right = type(value) is int or (name == "seed" and value is None)
        else:
            is_right = isinstance(value, str)
        if not is_right:
            raise UserError(f"{where}.{name} is {value!r}, which is not a valid value")
    return WaveSource(**entry | {"robots": tuple(RobotEntry(**robot) for robot in entry["robots"])})


def is_robot_entry(value: Any) -> bool:
    """Whether a JSON value has the keys of RobotEntry, all of them strings."""
    keys = {field.name for field in fields(RobotEntry)}
    return isinstance(value, dict) and value.keys() == keys and all(isinstance(text, str) for text in value.values())


def check_schema(file: pq.ParquetFile, path: Path) -> None:
    """Raises UserError naming a column that is missing, too many or of the wrong type, or for too many rows."""
    expected = {name: pa.from_numpy_dtype(ROW[name]) for name in NUMBERS} | {"shooter_index": pa.int32()}
    found = {field.name: field.type for field in file.schema_arrow}
    for name in (*LABELS, *expected):
        if name not in found:
            raise UserError(f"{path}: column '{name}' is missing")
        kind = found[name]
        is_right = kind == expected.get(name) or (pa.types.is_dictionary(kind) and kind.value_type == pa.string())
        if not is_right:
            wanted = "dictionary strings" if name in LABELS else expected[name]
            raise UserError(f"{path}: column '{name}' has type {kind}; it must be {wanted}")
    for name in found.keys() - expected.keys() - set(LABELS):
        raise UserError(f"{path}: unknown column '{name}'")
    meta = file.metadata
    size = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
    if not 0 <= meta.num_rows <= MAX_ROWS or not 0 <= size <= MAX_BYTES:
        raise UserError(f"{path}: {meta.num_rows} rows in {size} bytes; at most {MAX_ROWS} in {MAX_BYTES} are read")


def source_indices(arrow: pa.Table, sources: tuple[WaveSource, ...], path: Path) -> np.ndarray:
    """Index into `sources` of each row, from its battle, shooter and target; rows of one source stand together."""
    if not len(arrow):
        return np.zeros(0, np.int32)
    known = {(s.battle, s.shooter, s.target, s.shooter_index): index for index, s in enumerate(sources)}
    whole = arrow.select([*LABELS, "shooter_index"]).unify_dictionaries().combine_chunks()
    columns = [whole.column(name).chunk(0) for name in whole.column_names]
    for name, column in zip(whole.column_names, columns, strict=True):
        if column.null_count:
            raise UserError(f"{path}: column '{name}' has {column.null_count} empty values; none is allowed")
    codes = np.stack([c.indices if pa.types.is_dictionary(c.type) else c for c in columns], axis=1)
    starts = np.flatnonzero(np.concatenate([[True], (codes[1:] != codes[:-1]).any(axis=1)]))
    if len(starts) > len(sources):
        raise UserError(f"{path}: rows of one battle and shooter do not stand together, or are not in the metadata")
    indices = []
    for start in starts:
        key = tuple(column[int(start)].as_py() for column in columns)
        if key not in known:
            raise UserError(f"{path}: row {start}: battle {key[0]!r} with shooter {key[1]!r} is not in the metadata")
        indices.append(known[key])
    return np.repeat(np.array(indices, np.int32), np.diff(np.append(starts, len(arrow))))


def check_rows(table: WaveTable, where: str) -> None:
    """Raises UserError naming column and row of the first value that no wave can have, or of a row out of order."""
    rows = table.rows
    for name in NUMBERS:
        if rows[name].dtype.kind == "f":
            bad = np.flatnonzero(~np.isfinite(rows[name]))
            if len(bad):
                raise UserError(f"{where}: column '{name}', row {bad[0]}: {rows[name][bad[0]]} is not a finite number")
    checks = {
        "hit_low": rows["hit_low"] < rows["hit_high"],
        "gf_low": rows["gf_low"] <= rows["gf_high"],
        "escape_left": rows["escape_left"] > 0.0,
        "escape_right": rows["escape_right"] > 0.0,
        "orbit_direction": np.abs(rows["orbit_direction"]) == 1.0,
        "bullet_speed": rows["bullet_speed"] > 0.0,
        "distance": rows["distance"] > 0.0,
        "aim_turn": rows["aim_turn"] == rows["fire_turn"] - 1,
        "break_turn": rows["break_turn"] > rows["fire_turn"],
        "outcome": (rows["outcome"] >= 0) & (rows["outcome"] <= 4) & ((rows["outcome"] > 0) == rows["real"]),
    }
    for name, is_right in checks.items():
        bad = np.flatnonzero(~is_right)
        if len(bad):
            raise UserError(f"{where}: column '{name}', row {bad[0]}: {rows[name][bad[0]]} is impossible for a wave")
    order = (
        rows["battle"].astype(np.int64) << 48 | rows["round"].astype(np.int64) << 32 | rows["aim_turn"].astype(np.int64)
    )
    late = np.flatnonzero(np.diff(order) <= 0)
    if len(late):
        raise UserError(f"{where}: row {late[0] + 1} is not in the order battle, shooter, round, aim_turn")
