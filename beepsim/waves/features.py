"""The features by name: what each is, its unit, and how it is normalised to roughly [0, 1].

Raw values are columns of the wave table (`situation.RAW_FEATURES` and `power`); a normalised feature is a function of
these columns. Names, definitions and normalisation are BeepBoop's, so that its shipped parameters apply.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from beepsim.errors import UserError
from beepsim.rules import HALF_BOT_WIDTH, MAX_VELOCITY
from beepsim.waves.history import ADVANCING, LAST_GUESS_FACTORS, LATERAL

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
    """One feature; `normalised` computes it from raw columns [W], as `formula` says."""

    name: str
    definition: str
    unit: str
    formula: str
    normalised: Callable[[Columns], np.ndarray]


def scaled(name: str, divisor: float, plus: float = 0.0) -> tuple[str, Callable[[Columns], np.ndarray]]:
    """Formula and function of a raw column that is shifted and divided."""
    shifted = f"({name} + {plus!r})" if plus else name
    return f"{shifted} / {divisor!r}", lambda raw: (np.asarray(raw[name], np.float64) + plus) / divisor


def timer(name: str) -> tuple[str, Callable[[Columns], np.ndarray]]:
    formula = f"min({name}, {LONGEST_TIMER}) / bft"
    return formula, lambda raw: np.minimum(raw[name], LONGEST_TIMER) / np.asarray(raw["bft"], np.float64)


def is_straight(name: str) -> tuple[str, Callable[[Columns], np.ndarray]]:
    return f"1 if {name} < {STRAIGHT} else 0", lambda raw: (raw[name] < STRAIGHT).astype(np.float64)


def acceleration(raw: Columns) -> np.ndarray:
    return np.maximum(2.0 + np.asarray(raw["accel"], np.float64), 0.0) / 2.0


def bot_width(raw: Columns) -> np.ndarray:
    escape = np.arcsin(MAX_VELOCITY / np.asarray(raw["bullet_speed"], np.float64))
    return np.minimum(4.0 * HALF_BOT_WIDTH / np.asarray(raw["distance"], np.float64) / escape, WIDEST_BOT)


def pause(raw: Columns) -> np.ndarray:
    return np.minimum(raw["shotTimer"], LONGEST_PAUSE) / np.float64(20.0)


def turn_rate(raw: Columns) -> np.ndarray:
    return np.minimum(np.abs(np.asarray(raw["target_turn_rate"], np.float64)), FASTEST_TURN) / FASTEST_TURN


def lateral_change(raw: Columns) -> np.ndarray:
    return np.maximum(np.asarray(raw["lateral0"], np.float64) - raw["lateral1"] + 2.0, 0.0) / 4.0


def wall_on_course(side: int) -> tuple[str, Callable[[Columns], np.ndarray]]:
    """Of the way to a wall, straight on (side 1) or straight back (-1), in times that the bullet flies at 8 px/turn.

    A wall that the target moves along, whatever the rounding of its heading says, is none ahead of it.
    """

    def gap(place: str, size: str, function: str) -> str:
        part = f"({side} * {function}(target_heading) * move_direction)"
        ends = f"max((18 - {place}) / {part}, ({size} - 18 - {place}) / {part})"
        return f"({ends} if abs({part}) > {PARALLEL} else {FAR})"

    def gaps(raw: Columns, place: str, size: str, parts: np.ndarray) -> np.ndarray:
        position = np.asarray(raw[place], np.float64)
        part = np.where(np.abs(parts) > PARALLEL, parts, 1.0)
        ends = (HALF_BOT_WIDTH - position) / part, (raw[size] - HALF_BOT_WIDTH - position) / part
        return np.where(np.abs(parts) > PARALLEL, np.maximum(*ends), FAR)

    def way(raw: Columns) -> np.ndarray:
        heading, course = np.asarray(raw["target_heading"], np.float64), side * np.asarray(raw["move_direction"])
        nearest = np.minimum(
            gaps(raw, "target_x", "field_width", np.sin(heading) * course),
            gaps(raw, "target_y", "field_height", np.cos(heading) * course),
        )
        return np.minimum(np.maximum(nearest, 0.0) / (MAX_VELOCITY * np.asarray(raw["bft"], np.float64)), 2.0) / 2.0

    nearest = f"min({gap('target_x', 'field_width', 'sin')}, {gap('target_y', 'field_height', 'cos')})"
    return f"min(max({nearest}, 0) / (8 * bft), 2) / 2", way


LIST = (
    Feature(
        "virtuality", "0 for a real bullet, else turns to the shot before or after", "turns", *scaled("virtuality", 5)
    ),
    Feature("power", "bullet power", "energy", *scaled("power", 3)),
    Feature("bft", "distance / bullet speed", "turns", *scaled("bft", 100)),
    Feature("accel", "|v - previous v|, negative when |v| fell", "px/turn²", "max(2 + accel, 0) / 2", acceleration),
    Feature("vel", "|velocity|", "px/turn", *scaled("vel", 8)),
    Feature(
        "vel=8",
        "1 where |velocity| > 7.9",
        "0 or 1",
        f"1 if vel > {FULL_VELOCITY} else 0",
        lambda raw: (raw["vel"] > FULL_VELOCITY).astype(np.float64),
    ),
    Feature("latVel", "|velocity · sin rel|, rel = heading - bearing to target", "px/turn", *scaled("latVel", 8)),
    Feature("advVel", "velocity · cos rel, positive away from the shooter", "px/turn", *scaled("advVel", 8, 16)),
    Feature("advDir", "cos rel · move direction", "1", *scaled("advDir", 2, 1)),
    Feature("vChangeTimer", "turns since the velocity last changed by more than 0.01", "turns", *timer("vChangeTimer")),
    Feature("dirChangeTimer", "turns since the sign of the velocity last changed", "turns", *timer("dirChangeTimer")),
    Feature("decelTimer", "turns since the speed along the move direction last fell", "turns", *timer("decelTimer")),
    Feature("distanceLast10", "distance from where it was 12 turns before (sic)", "px", *scaled("distanceLast10", 80)),
    Feature("distanceLast20", "distance from where it was 20 turns before", "px", *scaled("distanceLast20", 160)),
    Feature("mirrorOffset", "offset of the field's centre · orbit direction", "rad", *scaled("mirrorOffset", 1, np.pi)),
    Feature("orbitalWallAhead", "arc to the wall, around the shooter", "asin(8/v)", *scaled("orbitalWallAhead", 1.5)),
    Feature(
        "orbitalWallReverse", "the same against the orbit direction", "asin(8/v)", *scaled("orbitalWallReverse", 1.5)
    ),
    Feature("maeWallAhead", "escape angle on the orbit side", "asin(8/v)", *scaled("maeWallAhead", 1)),
    Feature("maeWallReverse", "escape angle on the other side", "asin(8/v)", *scaled("maeWallReverse", 1)),
    Feature("stickWallAhead", "turn of a stick along the orbit", "rad", *scaled("stickWallAhead", np.pi / 2)),
    Feature("stickWallReverse", "the same, driving the other way", "rad", *scaled("stickWallReverse", np.pi / 2)),
    Feature("stickWallAhead2", "turn of a stick along its heading", "rad", *scaled("stickWallAhead2", np.pi / 2)),
    Feature("stickWallReverse2", "the same, driving the other way", "rad", *scaled("stickWallReverse2", np.pi / 2)),
    Feature("stickWallAhead=0", "1 where stickWallAhead < 0.001", "0 or 1", *is_straight("stickWallAhead")),
    Feature("stickWallReverse=0", "1 where stickWallReverse < 0.001", "0 or 1", *is_straight("stickWallReverse")),
    Feature("stickWallAhead2=0", "1 where stickWallAhead2 < 0.001", "0 or 1", *is_straight("stickWallAhead2")),
    Feature("stickWallReverse2=0", "1 where stickWallReverse2 < 0.001", "0 or 1", *is_straight("stickWallReverse2")),
    Feature("shotsFired", "bullets fired in the battle before this wave", "1", *scaled("shotsFired", 1000)),
    Feature("gameTime", "turn of the round in which the wave starts", "turns", *scaled("gameTime", 500)),
    Feature("currentGF", "GF of the target on the wave nearest to it, 0 without one", "GF", *scaled("currentGF", 2, 1)),
    Feature("didHit", "1: its bullet, or one within 3 turns, hit a robot", "0 or 1", *scaled("didHit", 1)),
    Feature("didCollide", "1: such a bullet met another bullet", "0 or 1", *scaled("didCollide", 1)),
    *(
        Feature(
            name,
            "velocity across the bearing so many turns before, in the orbit direction",
            "px/turn",
            *scaled(name, 16, 8),
        )
        for name in LATERAL
    ),
    *(
        Feature(name, "velocity away from the shooter so many turns before", "px/turn", *scaled(name, 16, 8))
        for name in ADVANCING
    ),
    Feature(
        "shotTimer", "turns since the shooter's last shot", "turns", f"min(shotTimer, {LONGEST_PAUSE}) / 20", pause
    ),
    *(
        Feature(name, "GF of the last, last but one... real wave that broke in this round", "GF", *scaled(name, 2, 1))
        for name in LAST_GUESS_FACTORS
    ),
    Feature("distance", "shooter to target", "px", *scaled("distance", 800)),
    Feature(
        "botWidth",
        "angle of 36 px at the target's distance, twice, per escape angle",
        "1",
        f"min(4 * 18 / (distance * asin(8 / bullet_speed)), {WIDEST_BOT})",
        bot_width,
    ),
    Feature("turnRate", "|target_turn_rate|", "rad/turn", "min(abs(target_turn_rate), 0.18) / 0.18", turn_rate),
    Feature(
        "lateralChange", "lateral0 - lateral1", "px/turn/turn", "max(lateral0 - lateral1 + 2, 0) / 4", lateral_change
    ),
    Feature("wallAhead", "way to a wall as it moves, at most 2", "8 bft", *wall_on_course(1)),
    Feature("wallBehind", "way to a wall straight back, at most 2", "8 bft", *wall_on_course(-1)),
)
FEATURES: dict[str, Feature] = {feature.name: feature for feature in LIST}


def normalise(columns: Columns, names: Sequence[str]) -> np.ndarray:
    """Normalised features, float32 [W, D] in the order of `names`, from raw columns [W].

    Raises UserError for an unknown feature (with the nearest known one) and for a column that is not there.
    """
    present = columns.dtype.names or () if isinstance(columns, np.ndarray) else tuple(columns)
    values = []
    for name in names:
        if name not in FEATURES:
            near = get_close_matches(name, FEATURES, 1, 0.0)[0]
            raise UserError(f"unknown feature '{name}'; did you mean '{near}'?")
        try:
            values.append(FEATURES[name].normalised(columns).astype(np.float32))
        except (KeyError, ValueError) as error:
            raise UserError(
                f"feature '{name}' needs a column that is not among {', '.join(present)} ({error})"
            ) from None
    count = len(columns) if isinstance(columns, np.ndarray) else len(next(iter(columns.values()), ()))
    return np.stack(values, axis=1) if values else np.zeros((count, 0), np.float32)
