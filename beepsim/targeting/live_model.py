"""A mixture gun's density in compiled form: its parameters and the waves that have broken, in a bot's memory.

MODEL holds what `guns.MixtureGun` holds, PAST_WAVES what it knows of a battle; distances, weights and the choice of an
angle are those of offline replay, by the same functions. [D] features, [N] past waves; angles in guess factors (GF).
"""

import math

import numpy as np

from beepsim.errors import UserError
from beepsim.jit import jit
from beepsim.rules import HALF_BOT_WIDTH
from beepsim.targeting.aiming import GRID_NODES, accumulate, best_angle, mass_around
from beepsim.targeting.battles import BOX_WIDENING, FEATURE_NAMES, LEAST_HALF_WIDTH, MOST_HALF_WIDTH
from beepsim.targeting.exponential import log64
from beepsim.targeting.guns import BANDWIDTH_RUNG, MixtureGun, square_root
from beepsim.targeting.kernel_tables import kernel_tables
from beepsim.targeting.knn import embed_row
from beepsim.targeting.mixture import INTERVAL_WINDOW, fill_mass
from beepsim.waves.features import fill_normalised

FEATURE_COUNT = len(FEATURE_NAMES)
CAPACITY = 10_000  # past waves; of more the latest
ALL, SQUARE_ROOT = 0, -1  # MODEL.neighbours, else their number
RUNGS = 2 + round(math.log(MOST_HALF_WIDTH / LEAST_HALF_WIDTH) / BANDWIDTH_RUNG)

MODEL = np.dtype(
    [
        ("features", "i8"),  # D
        ("columns", "i8", FEATURE_COUNT),  # of the normalised features
        ("w", "f8", FEATURE_COUNT),
        ("b", "f8", FEATURE_COUNT),
        ("p", "f8", FEATURE_COUNT),
        ("is_squared", "?"),
        ("is_softmax", "?"),
        ("is_interval", "?"),
        ("neighbours", "i8"),
        ("floor", "f8"),
        ("bandwidth", "f8"),
        ("is_bot_width", "?"),  # the bandwidth's unit: half of the target's width
        ("first_rung", "i8"),
        ("cumulative", "f8", (RUNGS, 2 * GRID_NODES - 1)),  # the kernel's tables, by rung of the bandwidth
    ],
    align=True,
)

PAST_WAVES = np.dtype(
    [
        ("room", "i8"),  # how many are kept, the latest
        ("count", "i8"),  # how many there were
        ("embedded", "f4", (FEATURE_COUNT, CAPACITY)),
        ("low", "f8", CAPACITY),
        ("high", "f8", CAPACITY),
    ],
    align=True,
)
"""Wave n of the battle, in breaking order, stands at n modulo `room`."""


def set_model(model: np.record, gun: MixtureGun) -> None:
    """Fills MODEL. Raises UserError for a gun that takes neighbours by a rule of its own."""
    weights, config = gun.weights, gun.weights.config
    count = len(config.features)
    model["features"], model["columns"][:count] = count, weights.columns
    for name in "wbp":
        model[name][:count] = getattr(weights, name)
    model["is_squared"], model["is_softmax"] = config.distance == "squared_euclidean", gun.is_softmax
    model["is_interval"], model["floor"] = config.candidates == "intervals", weights.floor
    model["neighbours"] = SQUARE_ROOT if gun.neighbours is square_root else config.neighbours or ALL
    model["bandwidth"], model["is_bot_width"] = weights.bandwidth, config.bandwidth_unit == "bot_width"
    if not model["is_bot_width"]:
        model["cumulative"][0] = kernel_tables(config.kernel, weights.bandwidth)[1]
        return
    model["first_rung"] = round(math.log(weights.bandwidth * LEAST_HALF_WIDTH) / BANDWIDTH_RUNG)
    for rung in range(RUNGS):
        bandwidth = math.exp((int(model["first_rung"]) + rung) * BANDWIDTH_RUNG)
        model["cumulative"][rung] = kernel_tables(config.kernel, bandwidth)[1]


def set_room(waves: np.record, room: int) -> None:
    """How many past waves are kept. Raises UserError where there is no such room."""
    if not 1 <= room <= CAPACITY:
        raise UserError(f"waves is {room}; it must be from 1 to {CAPACITY}")
    waves["room"] = room


@jit
def add_wave(model, waves, row, past):
    """A wave that has broken, as live.WATCH hands it over, becomes a candidate."""
    values, embedded = np.empty(FEATURE_COUNT, np.float32), np.empty(FEATURE_COUNT, np.float32)
    count, place = model["features"], waves["count"] % waves["room"]
    fill_normalised(values, row, past)
    embed_row(values, model["columns"][:count], model["w"][:count], model["b"], model["p"], embedded)
    for d in range(count):
        waves["embedded"][d, place] = embedded[d]
    is_interval = model["is_interval"]
    waves["low"][place] = row["gf_low"] if is_interval else row["gf"]
    waves["high"][place] = row["gf_high"] if is_interval else row["gf"]
    waves["count"] += 1


@jit
def neighbours_of(model, known):
    """How many of the known waves count."""
    if model["neighbours"] == SQUARE_ROOT:
        return max(1, int(np.round(math.sqrt(float(known)))))
    return known if model["neighbours"] == ALL else min(model["neighbours"], known)


@jit
def table_of(model, row):
    """Which of the kernel's tables is that of a query's bandwidth; see `BattleWaves.half_bot_widths`."""
    if not model["is_bot_width"]:
        return 0
    distance = max(np.float64(row["distance"]), 1.0)
    escape = 0.5 * (np.float64(row["escape_left"]) + np.float64(row["escape_right"]))
    half = min(max(BOX_WIDENING * HALF_BOT_WIDTH / distance / escape, LEAST_HALF_WIDTH), MOST_HALF_WIDTH)
    rung = int(np.round(log64(model["bandwidth"] * half) / BANDWIDTH_RUNG))
    return min(max(rung - model["first_rung"], 0), RUNGS - 1)


@jit
def fill_cumulative(model, waves, row, past, cumulative):
    """Integral of the density of a query at the nodes of `aiming.GRID` [GRID_NODES]; 0 known waves: uniform."""
    known = min(waves["count"], waves["room"])
    table = model["cumulative"][table_of(model, row)]
    mass = np.zeros(GRID_NODES)
    if known == 0:
        accumulate(mass, table, 1.0, cumulative)
        return
    values, query = np.empty(FEATURE_COUNT, np.float32), np.empty(FEATURE_COUNT, np.float32)
    distance, chosen, weight = np.empty(known, np.float32), np.empty(known, np.int64), np.empty(known)
    count = model["features"]
    fill_normalised(values, row, past)
    embed_row(values, model["columns"][:count], model["w"][:count], model["b"], model["p"], query)
    fill_mass(
        query[:count], waves["embedded"], waves["low"], waves["high"], known, neighbours_of(model, known),
        model["is_squared"], model["is_softmax"], model["is_interval"], distance, chosen, weight, mass,
    )  # fmt: skip
    accumulate(mass, table, model["floor"], cumulative)


@jit
def choose_angle(model, waves, row, past):
    """(GF to aim at, its probability to hit) for a query, as `guns.MixtureGun.aim` chooses them."""
    cumulative = np.empty(GRID_NODES)
    fill_cumulative(model, waves, row, past, cumulative)
    half_width = BOX_WIDENING * HALF_BOT_WIDTH / np.float64(row["distance"])
    window = half_width * (INTERVAL_WINDOW if model["is_interval"] and waves["count"] > 0 else 1.0)
    left, right = np.float64(row["escape_left"]), np.float64(row["escape_right"])
    negative, positive = (left, right) if row["orbit_direction"] > 0.0 else (right, left)
    angle, _ = best_angle(cumulative, window, negative, positive)
    return angle, mass_around(cumulative, angle, half_width, negative, positive)
