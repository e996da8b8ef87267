"""Tables of a recorded battle: one numpy dtype each, to and from Parquet, checked.

Units: px, turns (0 = the start of the round), radians clockwise from north, rounds and robots from 0.
A round is a full grid: a row for every turn 0..T and every robot, dead ones included, in the order turn, robot.
"""

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beepsim.errors import UserError

RECORDED_ROBOT = np.dtype(
    [
        ("round", "i4"),
        ("turn", "i4"),
        ("robot", "i1"),
        ("state", "i1"),
        ("x", "f4"),
        ("y", "f4"),
        ("velocity", "f4"),
        ("heading", "f4"),
        ("gun_heading", "f4"),
        ("radar_heading", "f4"),
        ("energy", "f4"),
        ("gun_heat", "f4"),
    ],
    align=True,
)
"""State of one robot at the end of one turn; `state` 0 active, 1 hit a wall, 2 hit a robot, 3 dead."""

RECORDED_BULLET = np.dtype(
    [
        ("round", "i4"),
        ("bullet", "i4"),
        ("owner", "i1"),
        ("power", "f8"),
        ("heading", "f8"),
        ("turn_first", "i4"),
        ("x_first", "f4"),
        ("y_first", "f4"),
        ("turn_last", "i4"),
        ("x_last", "f4"),
        ("y_last", "f4"),
        ("state_last", "i1"),
        ("victim", "i1"),
    ],
    align=True,
)
"""One bullet: position at the end of the first and of the last turn it moved in; sorted by round and bullet id."""

SCORE_COLUMNS = (
    "survival",
    "last_survivor_bonus",
    "bullet_damage",
    "bullet_kill_bonus",
    "ram_damage",
    "ram_kill_bonus",
)
"""Robocode's six scores; their sum is the total score."""

RECORDED_ROUND = np.dtype(
    [("round", "i4"), ("robot", "i1"), ("turns", "i4"), ("place", "i1"), *((name, "f8") for name in SCORE_COLUMNS)],
    align=True,
)
"""One robot's outcome of one round; `place` from 1 by the order of dying; scores NaN where the source lacks them."""

NO_VICTIM = -1
ROBOT_STATES = 4
FLYING, HIT_ROBOT, HIT_BULLET, HIT_WALL = 1, 2, 3, 4  # state_last of a bullet
LONGEST_STEP = 20.0
"""A bullet moves less than this in a turn, so it ends no farther outside the field."""

MAX_SCORE = 1e9  # of a round
MAX_ROWS = 50_000_000
MAX_TABLE_BYTES = 4_000_000_000
"""Limits on what a file from a stranger may ask for in memory."""


def to_parquet(rows: np.ndarray, rounds: Sequence[slice]) -> bytes:
    """Parquet file with one row group for each slice of `rows`; equal rows give equal bytes.

    Splitting floats into byte planes before zstd takes a third off; dictionaries and statistics only add to it.
    """
    names = rows.dtype.names or ()
    schema = pa.schema([(name, pa.from_numpy_dtype(rows.dtype[name])) for name in names])
    encoding = {name: "BYTE_STREAM_SPLIT" if rows.dtype[name].kind == "f" else "PLAIN" for name in names}
    encoding |= {name: "DELTA_BINARY_PACKED" for name in names if rows.dtype[name] == np.int32}
    buffer = BytesIO()
    with pq.ParquetWriter(
        buffer,
        schema,
        compression="zstd",
        compression_level=3,  # 9 saves one byte in fifty and takes half as long again
        use_dictionary=False,
        column_encoding=encoding,
        write_statistics=False,
        data_page_size=1 << 26,
    ) as writer:
        for piece in rounds:
            columns = [np.ascontiguousarray(rows[name][piece]) for name in names]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=MAX_ROWS)
    return buffer.getvalue()


def open_parquet(data: bytes, dtype: np.dtype, where: str) -> pq.ParquetFile:
    """The file, its columns and its size checked against `dtype` and the limits before any row is read."""
    try:
        file = pq.ParquetFile(
            pa.BufferReader(data), thrift_string_size_limit=1 << 24, thrift_container_size_limit=1 << 20
        )
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{where} is damaged: {first_line(error)}") from None
    names = dtype.names or ()
    expected = [(name, pa.from_numpy_dtype(dtype[name])) for name in names]
    found = [(field.name, field.type) for field in file.schema_arrow]
    for column in expected:
        if column not in found:
            types = dict(found)
            is_there = f"has type {types[column[0]]}" if column[0] in types else "is missing"
            raise UserError(f"{where}: column '{column[0]}' {is_there}; it must be {column[1]}")
    if len(found) != len(expected):
        extra = next(name for name, _ in found if name not in names)
        raise UserError(f"{where}: unknown column '{extra}'; the columns are {', '.join(names)}")
    meta = file.metadata
    size = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
    if not 0 <= meta.num_rows <= MAX_ROWS or not 0 <= size <= MAX_TABLE_BYTES:
        raise UserError(
            f"{where}: {meta.num_rows} rows in {size} bytes; at most {MAX_ROWS} in {MAX_TABLE_BYTES} are read"
        )
    return file


def read_rows(file: pq.ParquetFile, dtype: np.dtype, groups: Sequence[int], where: str) -> np.ndarray:
    """Rows of the named row groups, in order, as one structured array."""
    rows = np.zeros(sum(file.metadata.row_group(group).num_rows for group in groups), dtype)
    try:
        # Arrow's pool of threads now and then aborts a short process at its end (5 % of them), and gains nothing here.
        table = file.read_row_groups(list(groups), use_threads=False)
        table.validate(full=True)
        for name in dtype.names or ():
            column = table.column(name)
            if column.null_count:
                raise UserError(f"{where}: column '{name}' has {column.null_count} empty values; none is allowed")
            rows[name] = column.to_numpy()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UserError(f"{where} is damaged: {first_line(error)}") from None
    return rows


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def check_robots(rows: np.ndarray, round_number: int, robots: int, size: tuple[float, float], where: str) -> None:
    """One round's RECORDED_ROBOT rows: a full grid of turns and robots, states and numbers within Robocode's ranges."""
    turns = len(rows) // robots
    if len(rows) == 0 or len(rows) % robots:
        raise UserError(
            f"{where}: round {round_number} has {len(rows)} rows for {robots} robots; each turn needs one row each"
        )
    is_sorted = (
        (rows["round"] == round_number)
        & (rows["turn"] == np.repeat(np.arange(turns), robots))
        & (rows["robot"] == np.tile(np.arange(robots), turns))
    )
    require(is_sorted, where, round_number, "is not in the order round, turn, robot with none left out")
    require(
        (rows["state"] >= 0) & (rows["state"] < ROBOT_STATES), where, round_number, "has a state that is not 0 to 3"
    )
    within(rows, "x", 0.0, size[0], where, round_number)
    within(rows, "y", 0.0, size[1], where, round_number)
    within(rows, "velocity", -8.001, 8.001, where, round_number)
    for name in ("heading", "gun_heading", "radar_heading"):
        within(rows, name, -0.001, 2 * np.pi + 0.001, where, round_number)
    within(rows, "energy", -1e6, 1e6, where, round_number)
    within(rows, "gun_heat", 0.0, 1e6, where, round_number)


def check_bullets(
    rows: np.ndarray, round_number: int, turns: int, robots: int, size: tuple[float, float], where: str
) -> None:
    """One round's RECORDED_BULLET rows; `turns` is the round's last turn."""
    require(rows["round"] == round_number, where, round_number, "stands among the bullets of this round")
    require(np.diff(rows["bullet"], prepend=0) > 0, where, round_number, "has an id out of order (ids rise from 1)")
    require((rows["owner"] >= 0) & (rows["owner"] < robots), where, round_number, "has an owner who is not there")
    require(
        (rows["victim"] >= NO_VICTIM) & (rows["victim"] < robots), where, round_number, "has a victim who is not there"
    )
    is_timely = (rows["turn_first"] >= 1) & (rows["turn_last"] >= rows["turn_first"]) & (rows["turn_last"] <= turns)
    require(is_timely, where, round_number, f"flies outside the round's turns (1 to {turns})")
    is_known = (rows["state_last"] >= FLYING) & (rows["state_last"] <= HIT_WALL)
    require(is_known, where, round_number, "has a state_last that is not 1 to 4")
    within(rows, "power", 1e-12, 3.0, where, round_number)
    within(rows, "heading", -0.001, 2 * np.pi + 0.001, where, round_number)
    for end in ("first", "last"):
        within(rows, f"x_{end}", -LONGEST_STEP, size[0] + LONGEST_STEP, where, round_number)
        within(rows, f"y_{end}", -LONGEST_STEP, size[1] + LONGEST_STEP, where, round_number)


def check_rounds(rows: np.ndarray, round_number: int, turns: int, robots: int, where: str) -> None:
    """One round's RECORDED_ROUND rows: one for each robot."""
    if len(rows) != robots:
        raise UserError(f"{where}: round {round_number} has {len(rows)} rows for {robots} robots")
    is_sorted = (rows["round"] == round_number) & (rows["robot"] == np.arange(robots))
    require(is_sorted, where, round_number, "is not in the order round, robot")
    require(rows["turns"] == turns, where, round_number, f"does not have the round's {turns} turns")
    require(
        (rows["place"] >= 1) & (rows["place"] <= robots), where, round_number, f"has a place that is not 1 to {robots}"
    )
    for name in SCORE_COLUMNS:
        score = rows[name]
        require(
            np.isnan(score) | ((score >= 0) & (score <= MAX_SCORE)),
            where,
            round_number,
            f"has a {name} that is not 0 to {MAX_SCORE:g}",
        )


def within(rows: np.ndarray, name: str, low: float, high: float, where: str, round_number: int) -> None:
    # NaN fails both comparisons, so this also demands finite numbers.
    is_inside = (rows[name] >= low) & (rows[name] <= high)
    if not is_inside.all():
        row = int(np.argmin(is_inside))
        raise UserError(
            f"{where}: round {round_number}, row {row}: {name} is {rows[name][row]}; it must be {low:g} to {high:g}"
        )


def require(holds: np.ndarray, where: str, round_number: int, mistake: str) -> None:
    if not holds.all():
        raise UserError(f"{where}: round {round_number}, row {int(np.argmin(holds))} {mistake}")
