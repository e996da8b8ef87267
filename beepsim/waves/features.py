"""The features by name: what each is, its unit, and how it is normalised to roughly [0, 1].

Raw values are columns of the wave table (`situation.RAW_FEATURES` and `power`); a normalised feature is a function of
these columns, which `fill_normalised` computes for a live gun and for whole tables, as the formulas say. Names,
definitions and normalisation are BeepBoop's, so that its shipped parameters apply.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from beepsim.errors import UserError
from beepsim.fdlibm import asin, sin_cos
from beepsim.jit import jit
from beepsim.rules import HALF_BOT_WIDTH, MAX_VELOCITY
from beepsim.waves.extract import ROW
from beepsim.waves.history import ADVANCING, ADVANCING_LAGS, LAST_GUESS_FACTORS, LATERAL, LATERAL_LAGS

FEATURE_VERSION = "2"
"""Changes whenever a value of any feature would change for the same recording."""

LONGEST_TIMER = 70.0
LONGEST_PAUSE = 30.0  # turns; no gun takes longer between two shots by choice
WIDEST_BOT = 2.0  # normalised: half an escape angle
FULL_VELOCITY = 7.9
FASTEST_TURN = 0.18  # rad/turn; a little above the 10 degrees that a standing robot turns by
PARALLEL, FAR = 1e-6, 1e9  # part of a step towards a wall that counts as none; px, where there is none
STRAIGHT = 0.001  # rad; a stick that turns by less does not turn

Columns = Mapping[str, np.ndarray] | np.ndarray
"""Columns [W] by name: a dict, or a structured array."""


@dataclass(frozen=True)
class Feature:
    """One feature; `formula` gives it from raw columns."""

    name: str
    definition: str
    unit: str
    formula: str


def scaled(name: str, divisor: float, plus: float = 0.0) -> str:
    """Formula of a raw column that is shifted and divided."""
    shifted = f"({name} + {plus!r})" if plus else name
    return f"{shifted} / {divisor!r}"


def timer(name: str) -> str:
    return f"min({name}, {LONGEST_TIMER}) / bft"


def is_straight(name: str) -> str:
    return f"1 if {name} < {STRAIGHT} else 0"


def wall_on_course(side: int) -> str:
    """Of the way to a wall, straight on (side 1) or straight back (-1), in times that the bullet flies at 8 px/turn.

    A wall that the target moves along, whatever the rounding of its heading says, is none ahead of it.
    """

    def gap(place: str, size: str, function: str) -> str:
        part = f"({side} * {function}(target_heading) * move_direction)"
        ends = f"max((18 - {place}) / {part}, ({size} - 18 - {place}) / {part})"
        return f"({ends} if abs({part}) > {PARALLEL} else {FAR})"

    nearest = f"min({gap('target_x', 'field_width', 'sin')}, {gap('target_y', 'field_height', 'cos')})"
    return f"min(max({nearest}, 0) / (8 * bft), 2) / 2"


LIST = (
    Feature(
        "virtuality", "0 for a real bullet, else turns to the shot before or after", "turns", scaled("virtuality", 5)
    ),
    Feature("power", "bullet power", "energy", scaled("power", 3)),
    Feature("bft", "distance / bullet speed", "turns", scaled("bft", 100)),
    Feature("accel", "|v - previous v|, negative when |v| fell", "px/turn²", "max(2 + accel, 0) / 2"),
    Feature("vel", "|velocity|", "px/turn", scaled("vel", 8)),
    Feature(
        "vel=8",
        "1 where |velocity| > 7.9",
        "0 or 1",
        f"1 if vel > {FULL_VELOCITY} else 0",
    ),
    Feature("latVel", "|velocity · sin rel|, rel = heading - bearing to target", "px/turn", scaled("latVel", 8)),
    Feature("advVel", "velocity · cos rel, positive away from the shooter", "px/turn", scaled("advVel", 8, 16)),
    Feature("advDir", "cos rel · move direction", "1", scaled("advDir", 2, 1)),
    Feature("vChangeTimer", "turns since the velocity last changed by more than 0.01", "turns", timer("vChangeTimer")),
    Feature("dirChangeTimer", "turns since the sign of the velocity last changed", "turns", timer("dirChangeTimer")),
    Feature("decelTimer", "turns since the speed along the move direction last fell", "turns", timer("decelTimer")),
    Feature("distanceLast10", "distance from where it was 12 turns before (sic)", "px", scaled("distanceLast10", 80)),
    Feature("distanceLast20", "distance from where it was 20 turns before", "px", scaled("distanceLast20", 160)),
    Feature("mirrorOffset", "offset of the field's centre · orbit direction", "rad", scaled("mirrorOffset", 1, np.pi)),
    Feature("orbitalWallAhead", "arc to the wall, around the shooter", "asin(8/v)", scaled("orbitalWallAhead", 1.5)),
    Feature(
        "orbitalWallReverse", "the same against the orbit direction", "asin(8/v)", scaled("orbitalWallReverse", 1.5)
    ),
    Feature("maeWallAhead", "escape angle on the orbit side", "asin(8/v)", scaled("maeWallAhead", 1)),
    Feature("maeWallReverse", "escape angle on the other side", "asin(8/v)", scaled("maeWallReverse", 1)),
    Feature("stickWallAhead", "turn of a stick along the orbit", "rad", scaled("stickWallAhead", np.pi / 2)),
    Feature("stickWallReverse", "the same, driving the other way", "rad", scaled("stickWallReverse", np.pi / 2)),
    Feature("stickWallAhead2", "turn of a stick along its heading", "rad", scaled("stickWallAhead2", np.pi / 2)),
    Feature("stickWallReverse2", "the same, driving the other way", "rad", scaled("stickWallReverse2", np.pi / 2)),
    Feature("stickWallAhead=0", "1 where stickWallAhead < 0.001", "0 or 1", is_straight("stickWallAhead")),
    Feature("stickWallReverse=0", "1 where stickWallReverse < 0.001", "0 or 1", is_straight("stickWallReverse")),
    Feature("stickWallAhead2=0", "1 where stickWallAhead2 < 0.001", "0 or 1", is_straight("stickWallAhead2")),
    Feature("stickWallReverse2=0", "1 where stickWallReverse2 < 0.001", "0 or 1", is_straight("stickWallReverse2")),
    Feature("shotsFired", "bullets fired in the battle before this wave", "1", scaled("shotsFired", 1000)),
    Feature("gameTime", "turn of the round in which the wave starts", "turns", scaled("gameTime", 500)),
    Feature("currentGF", "GF of the target on the wave nearest to it, 0 without one", "GF", scaled("currentGF", 2, 1)),
    Feature("didHit", "1: its bullet, or one within 3 turns, hit a robot", "0 or 1", scaled("didHit", 1)),
    Feature("didCollide", "1: such a bullet met another bullet", "0 or 1", scaled("didCollide", 1)),
    *(
        Feature(
            name,
            "velocity across the bearing so many turns before, in the orbit direction",
            "px/turn",
            scaled(name, 16, 8),
        )
        for name in LATERAL
    ),
    *(
        Feature(name, "velocity away from the shooter so many turns before", "px/turn", scaled(name, 16, 8))
        for name in ADVANCING
    ),
    Feature("shotTimer", "turns since the shooter's last shot", "turns", f"min(shotTimer, {LONGEST_PAUSE}) / 20"),
    *(
        Feature(name, "GF of the last, last but one... real wave that broke in this round", "GF", scaled(name, 2, 1))
        for name in LAST_GUESS_FACTORS
    ),
    Feature("distance", "shooter to target", "px", scaled("distance", 800)),
    Feature(
        "botWidth",
        "angle of 36 px at the target's distance, twice, per escape angle",
        "1",
        f"min(4 * 18 / (distance * asin(8 / bullet_speed)), {WIDEST_BOT})",
    ),
    Feature("turnRate", "|target_turn_rate|", "rad/turn", "min(abs(target_turn_rate), 0.18) / 0.18"),
    Feature("lateralChange", "lateral0 - lateral1", "px/turn/turn", "max(lateral0 - lateral1 + 2, 0) / 4"),
    Feature("wallAhead", "way to a wall as it moves, at most 2", "8 bft", wall_on_course(1)),
    Feature("wallBehind", "way to a wall straight back, at most 2", "8 bft", wall_on_course(-1)),
)
FEATURES: dict[str, Feature] = {feature.name: feature for feature in LIST}
PAST = LATERAL + ADVANCING
"""Columns that stand beside a live row, in one array (`history.fill_past`)."""
FIRST_LATERAL, FIRST_ADVANCING = LIST.index(FEATURES[LATERAL[0]]), LIST.index(FEATURES[ADVANCING[0]])
FIRST_AFTER = FIRST_ADVANCING + len(ADVANCING)
FULL, ALMOST_STRAIGHT = np.float32(FULL_VELOCITY), np.float32(STRAIGHT)  # compared in the columns' own precision
LATERAL_COUNT, PAST_COUNT = len(LATERAL_LAGS), len(LATERAL_LAGS) + len(ADVANCING_LAGS)


@jit
def fill_normalised(values, row, past):
    """Every feature in the order of FEATURES, float32 [F], from a row and its columns PAST."""
    bft = np.float64(row["bft"])
    values[0], values[1], values[2] = row["virtuality"] / 5.0, row["power"] / 3.0, bft / 100.0
    values[3] = max(2.0 + row["accel"], 0.0) / 2.0
    values[4], values[5], values[6] = row["vel"] / 8.0, 1.0 if row["vel"] > FULL else 0.0, row["latVel"] / 8.0
    values[7], values[8] = (row["advVel"] + 16.0) / 8.0, (row["advDir"] + 1.0) / 2.0
    values[9] = min(np.float64(row["vChangeTimer"]), LONGEST_TIMER) / bft
    values[10] = min(np.float64(row["dirChangeTimer"]), LONGEST_TIMER) / bft
    values[11] = min(np.float64(row["decelTimer"]), LONGEST_TIMER) / bft
    values[12], values[13] = row["distanceLast10"] / 80.0, row["distanceLast20"] / 160.0
    values[14] = row["mirrorOffset"] + np.pi
    values[15], values[16] = row["orbitalWallAhead"] / 1.5, row["orbitalWallReverse"] / 1.5
    values[17], values[18] = row["maeWallAhead"], row["maeWallReverse"]
    fill_sticks(values, row)
    values[27], values[28], values[29] = row["shotsFired"] / 1000.0, row["gameTime"] / 500.0, half(row["currentGF"])
    values[30], values[31] = row["didHit"], row["didCollide"]
    for i in range(PAST_COUNT):
        values[FIRST_LATERAL + i] = (past[i] + 8.0) / 16.0
    values[FIRST_AFTER] = min(np.float64(row["shotTimer"]), LONGEST_PAUSE) / 20.0
    values[FIRST_AFTER + 1], values[FIRST_AFTER + 2] = half(row["lastGF1"]), half(row["lastGF2"])
    values[FIRST_AFTER + 3], values[FIRST_AFTER + 4] = half(row["lastGF3"]), row["distance"] / 800.0
    escape = asin(MAX_VELOCITY / np.float64(row["bullet_speed"]))
    values[FIRST_AFTER + 5] = min(4.0 * HALF_BOT_WIDTH / np.float64(row["distance"]) / escape, WIDEST_BOT)
    values[FIRST_AFTER + 6] = min(abs(np.float64(row["target_turn_rate"])), FASTEST_TURN) / FASTEST_TURN
    values[FIRST_AFTER + 7] = max(np.float64(past[0]) - past[1] + 2.0, 0.0) / 4.0
    sine, cosine = sin_cos(np.float64(row["target_heading"]))
    sine, cosine = sine * row["move_direction"], cosine * row["move_direction"]
    values[FIRST_AFTER + 8] = way_to_wall(row, sine, cosine, bft)
    values[FIRST_AFTER + 9] = way_to_wall(row, -sine, -cosine, bft)


@jit
def fill_sticks(values, row):
    """The features of stick walls."""
    ahead, reverse = row["stickWallAhead"], row["stickWallReverse"]
    ahead2, reverse2 = row["stickWallAhead2"], row["stickWallReverse2"]
    values[19], values[20] = ahead / (np.pi / 2.0), reverse / (np.pi / 2.0)
    values[21], values[22] = ahead2 / (np.pi / 2.0), reverse2 / (np.pi / 2.0)
    values[23] = 1.0 if ahead < ALMOST_STRAIGHT else 0.0
    values[24] = 1.0 if reverse < ALMOST_STRAIGHT else 0.0
    values[25] = 1.0 if ahead2 < ALMOST_STRAIGHT else 0.0
    values[26] = 1.0 if reverse2 < ALMOST_STRAIGHT else 0.0


@jit
def half(guess_factor):
    """A guess factor on [0, 1]."""
    return (guess_factor + 1.0) / 2.0


@jit
def way_to_wall(row, across, along, bft):
    """Of `wall_on_course`, for a course of which these are the parts in x and y."""
    nearest = min(
        gap_to_wall(np.float64(row["target_x"]), np.float64(row["field_width"]), across),
        gap_to_wall(np.float64(row["target_y"]), np.float64(row["field_height"]), along),
    )
    return min(max(nearest, 0.0) / (MAX_VELOCITY * bft), 2.0) / 2.0


@jit
def gap_to_wall(place, size, part):
    """Pixels along a course to a wall in one axis."""
    if abs(part) <= PARALLEL:
        return FAR
    return max((HALF_BOT_WIDTH - place) / part, (size - HALF_BOT_WIDTH - place) / part)


@jit
def normalise_rows(values, rows, past):
    """`fill_normalised` of each row [W]."""
    for i in range(len(rows)):
        fill_normalised(values[i], rows[i], past[i])


def normalise(columns: Columns, names: Sequence[str]) -> np.ndarray:
    """Normalised features, float32 [W, D] in the order of `names`, from raw columns [W].

    Raises UserError for an unknown feature (with the nearest known one) and for a column that is not there.
    """
    present = columns.dtype.names or () if isinstance(columns, np.ndarray) else tuple(columns)
    for name in names:
        if name not in FEATURES:
            near = get_close_matches(name, FEATURES, 1, 0.0)[0]
            raise UserError(f"unknown feature '{name}'; did you mean '{near}'?")
        missing = [column for column in columns_of(name) if column not in present]
        if missing:
            raise UserError(f"feature '{name}' needs a column that is not among {', '.join(present)} ('{missing[0]}')")
    rows = columns if isinstance(columns, np.ndarray) and columns.dtype == ROW else rows_of_columns(columns, present)
    past = np.stack([rows[name] for name in PAST], axis=1)
    values = np.empty((len(rows), len(LIST)), np.float32)
    normalise_rows(values, np.ascontiguousarray(rows), past)
    return values[:, [LIST.index(FEATURES[name]) for name in names]]


def columns_of(name: str) -> list[str]:
    """The raw columns that a feature is computed from."""
    return [word for word in re.findall(r"[a-zA-Z_]\w*", FEATURES[name].formula) if word in (ROW.names or ())]


def rows_of_columns(columns: Columns, present: Sequence[str]) -> np.ndarray:
    """ROWs with the columns that are there; the others are 1, which is a value that every formula takes."""
    count = len(columns) if isinstance(columns, np.ndarray) else len(next(iter(columns.values()), ()))
    rows = np.ones(count, ROW)
    for name in present:
        if name in (ROW.names or ()):
            rows[name] = columns[name]
    return rows
