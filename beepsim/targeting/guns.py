"""Guns for offline replay: each aims every real bullet of a battle, from what was known when that bullet was aimed.

One protocol: `aim(battle) -> Aims`. Angles in guess factors (GF), [Q] queries. The density of a gun, where it has one,
is a mixture over broken waves plus a floor spread evenly over GF -1 to 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Protocol

import numpy as np

from beepsim.errors import UserError
from beepsim.rules import HALF_BOT_WIDTH
from beepsim.targeting.aiming import GRID_NODES
from beepsim.targeting.ballistics import fill_predicted_guess_factors
from beepsim.targeting.battles import BOX_WIDENING, FEATURE_NAMES, BattleWaves
from beepsim.targeting.choosing import may_be_surfer
from beepsim.targeting.kernel_tables import kernel_tables
from beepsim.targeting.mixture import aim_boxes, aim_mixtures, fill_densities
from beepsim.targeting.weights import (
    BEEPBOOP_ANTI_SURFER,
    BEEPBOOP_ANTI_SURFER_SCALE,
    BEEPBOOP_MAIN,
    BEEPBOOP_MAIN_SCALE,
    ModelConfig,
    Weights,
    load_weights,
)

KNN_BANDWIDTH, KNN_FLOOR = 0.14, 0.2
"""In GF. Chosen on the very rumble recordings that guns are compared on: the plain KNN's log density at its best."""
HISTOGRAM_BANDWIDTH, HISTOGRAM_FLOOR = 0.06, 0.05
BOX_FLOOR = 0.05
BANDWIDTH_RUNG = 0.01
"""Of the logarithm of a bandwidth that differs by query."""
BEEPBOOP_DIVIDER, BEEPBOOP_FEWEST = 5, 5
BEEPBOOP_MAIN_MOST, BEEPBOOP_ANTI_SURFER_MOST = 200, 100


@dataclass(frozen=True)
class Aims:
    """Where a gun fired [Q]: `angle` in GF, `log_density` the mean of log p over the interval that would have hit, in
    nats over the uniform density; `predicted` its own hit probability. NaN where the gun has no density; `hit` only
    where the gun's hits are expected values."""

    angle: np.ndarray
    log_density: np.ndarray
    predicted: np.ndarray
    hit: np.ndarray | None = None


class Gun(Protocol):
    """What replay needs of a gun."""

    @property
    def name(self) -> str: ...

    def aim(self, battle: BattleWaves) -> Aims: ...


def undefined(battle: BattleWaves) -> np.ndarray:
    return np.full(len(battle.queries), np.nan)


@dataclass(frozen=True)
class RandomGun:
    """An angle drawn evenly from the escape range; its hits are the exact probability, not a draw."""

    name: str = "random"

    def aim(self, battle: BattleWaves) -> Aims:
        chance = random_chance(battle)
        return Aims(undefined(battle), np.zeros(len(chance)), chance, chance)


@dataclass(frozen=True)
class BallisticGun:
    """At the target as last seen, moving on as `motion` says: "head_on", "linear" or "circular", stopped by walls."""

    name: str

    def aim(self, battle: BattleWaves) -> Aims:
        angle = np.zeros(len(battle.queries))
        if self.name != "head_on":
            fill_predicted_guess_factors(battle.rows[battle.queries], self.name == "circular", angle)
        return Aims(angle, undefined(battle), undefined(battle))


@dataclass(frozen=True)
class MixtureGun:
    """Kernel density over past waves: `weights` give embedding, kernel, bandwidth and floor.

    `neighbours(n)` says how many of n broken waves count; with `is_softmax` they weigh by distance, else all the same.
    With a `room` a query knows no more than so many waves, those that broke last, as a live gun does (`live_model`).
    """

    name: str
    weights: Weights
    neighbours: Callable[[np.ndarray], np.ndarray]
    is_softmax: bool
    room: int | None = None

    def aim(self, battle: BattleWaves) -> Aims:
        return self.aim_at(battle, battle.queries)

    def aim_at(self, battle: BattleWaves, waves: np.ndarray) -> Aims:
        """`aim` for waves [n] of the battle instead of its queries."""
        angle, log_density, predicted = (np.empty(len(waves)) for _ in range(3))
        queries, candidates, lows, highs, known, _, *model = self.arguments(battle, waves)
        sides = interval_arguments(battle, waves)
        # Of most queries the latest waves are all; of each of the others they are a piece of their own.
        is_piece = known > (self.room or len(lows))
        for part in (np.flatnonzero(~is_piece), *np.flatnonzero(is_piece)[:, None]):
            first = int(known[part[0]] - self.room) if self.room and len(part) and is_piece[part[0]] else 0
            left = known[part] - first
            found = [np.empty(len(part)) for _ in range(3)]
            aim_mixtures(
                queries[part],
                np.ascontiguousarray(candidates[:, first:]) if first else candidates,
                lows[first:],
                highs[first:],
                left,
                np.minimum(self.neighbours(left), left),
                *model[:3],
                model[3][part],
                *model[4:],
                *(side[part] for side in sides),
                *found,
            )
            angle[part], log_density[part], predicted[part] = found
        return Aims(angle, log_density, predicted)

    def densities(self, battle: BattleWaves, waves: np.ndarray) -> np.ndarray:
        """Density per GF [n, GRID_NODES] at the nodes of `aiming.GRID` for waves [n] of the battle."""
        density = np.empty((len(waves), GRID_NODES))
        fill_densities(*self.arguments(battle, waves), density)
        return density

    def tables(self, battle: BattleWaves, waves: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Which of the kernel's tables each wave takes [n]; densities and cumulative distributions."""
        bandwidths = self.weights.bandwidths(battle.half_bot_widths[waves])
        # So close together that the log density differs by less than the grid's own error.
        rungs = np.round(np.log(bandwidths) / BANDWIDTH_RUNG).astype(np.int64)
        different, which = np.unique(rungs, return_inverse=True)
        if self.weights.config.bandwidth_unit == "gf" or not len(different):
            chosen = np.array([self.weights.bandwidth])
        else:
            chosen = np.exp(different * BANDWIDTH_RUNG)
        found = [kernel_tables(self.weights.config.kernel, float(width)) for width in chosen]
        densities, cumulatives = (np.stack(part) for part in zip(*found, strict=True))
        return which.reshape(-1), densities, cumulatives

    def arguments(self, battle: BattleWaves, waves: np.ndarray) -> tuple:
        known = battle.known[waves]
        config = self.weights.config
        is_interval = config.candidates == "intervals"
        ends = ("gf_low", "gf_high") if is_interval else ("gf", "gf")
        tables = self.tables(battle, waves)
        return (
            *embedded(self.weights, battle, waves),
            *(battle.column(name)[battle.by_break] for name in ends),
            known,
            np.minimum(self.neighbours(known), known),
            config.distance == "squared_euclidean",
            self.is_softmax,
            is_interval,
            *tables,
            self.weights.floor,
        )


@dataclass(frozen=True)
class BeepBoopGun:
    """BeepBoop 2.0's aim: a box as high as its weight on each neighbour's hit interval, middle of the highest plateau.

    Its density for scoring is the mixture of uniform boxes with a floor; BeepBoop itself needs none.
    """

    name: str
    weights: Weights
    most: int

    def aim(self, battle: BattleWaves) -> Aims:
        angle, log_density, predicted = (np.empty(len(battle.queries)) for _ in range(3))
        known = battle.known[battle.queries]
        aim_boxes(
            *embedded(self.weights, battle, battle.queries),
            battle.column("gf_low")[battle.by_break],
            battle.column("gf_high")[battle.by_break],
            known,
            self.neighbours(known),
            BOX_FLOOR,
            *interval_arguments(battle),
            angle,
            log_density,
            predicted,
        )
        return Aims(angle, log_density, predicted)

    def neighbours(self, known: np.ndarray) -> np.ndarray:
        """How many of `known` broken waves count."""
        return np.minimum(np.minimum(self.most, np.maximum(BEEPBOOP_FEWEST, known // BEEPBOOP_DIVIDER)), known)


@dataclass(frozen=True)
class ChoosingGun:
    """Fires with the gun for surfers where its own hit rate in this battle may be that of one at a surfer."""

    name: str
    ordinary: Gun
    surfers: Gun

    def aim(self, battle: BattleWaves) -> Aims:
        rows = battle.rows[battle.queries]
        ordinary, surfers = self.ordinary.aim(battle), self.surfers.aim(battle)
        is_surfer = may_be_surfer(battle, would_hit(rows, ordinary.angle), would_hit(rows, surfers.angle))
        return Aims(
            *(
                np.where(is_surfer, getattr(surfers, name), getattr(ordinary, name))
                for name in ("angle", "log_density", "predicted")
            )
        )


def embedded(weights: Weights, battle: BattleWaves, waves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Queries [n, D], and all waves in breaking order as columns [D, W]; both embedded, float32."""
    candidates = weights.embed(battle.features)[battle.by_break]
    return weights.embed(battle.query_features[waves]), np.ascontiguousarray(candidates.T)


def interval_arguments(battle: BattleWaves, waves: np.ndarray | None = None) -> tuple[np.ndarray, ...]:
    """Per wave (default: per query): half the bot's width and both escape angles when aiming (rad), the true interval
    (GF)."""
    rows = battle.rows[battle.queries if waves is None else waves]
    negative, positive = escape_sides(rows)
    half_width = BOX_WIDENING * HALF_BOT_WIDTH / rows["distance"].astype(np.float64)
    return half_width, negative, positive, rows["gf_low"].astype(np.float64), rows["gf_high"].astype(np.float64)


def escape_sides(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Escape angles (rad) on the sides of negative and of positive guess factors."""
    left, right = rows["escape_left"].astype(np.float64), rows["escape_right"].astype(np.float64)
    is_clockwise = rows["orbit_direction"] > 0
    return np.where(is_clockwise, left, right), np.where(is_clockwise, right, left)


def would_hit(rows: np.ndarray, angle: np.ndarray) -> np.ndarray:
    """Whether the angles (GF [Q]) lie in the intervals of the waves [Q]."""
    negative, positive = escape_sides(rows)
    offset = rows["orbit_direction"] * angle * np.where(angle < 0.0, negative, positive)
    return (offset >= rows["hit_low"]) & (offset <= rows["hit_high"])


def random_chance(battle: BattleWaves) -> np.ndarray:
    """Probability [Q] that an angle drawn evenly from the escape range hits."""
    rows = battle.rows[battle.queries]
    left, right = rows["escape_left"].astype(np.float64), rows["escape_right"].astype(np.float64)
    inside = np.minimum(rows["hit_high"], right) - np.maximum(rows["hit_low"], -left)
    return np.maximum(inside, 0.0) / (left + right)


def all_neighbours(known: np.ndarray) -> np.ndarray:
    return known


def square_root(known: np.ndarray) -> np.ndarray:
    return np.maximum(1, np.round(np.sqrt(known))).astype(np.int64)


def unit_weights(bandwidth: float, floor: float, features: tuple[str, ...]) -> Weights:
    """Normalised features as they are: the distance of a plain KNN."""
    config = ModelConfig(features, "manhattan", "gaussian", bandwidth, False, floor, False, candidates="points")
    ones = np.ones(len(features))
    return Weights(config, ones, np.zeros(len(features)), ones, bandwidth, floor)


def beepboop_weights(parameters: dict[str, tuple[float, float, float]], scale: float) -> Weights:
    w, b, p = np.array(list(parameters.values())).T
    return Weights(ModelConfig(tuple(parameters)), w * scale, b, p, KNN_BANDWIDTH, BOX_FLOOR)


def learned_gun(name: str, weights: Weights) -> MixtureGun:
    """The gun of trained weights."""
    most = weights.config.neighbours
    return MixtureGun(name, weights, all_neighbours if most is None else lambda known: np.minimum(known, most), True)


MAIN = BeepBoopGun("beepboop_main", beepboop_weights(BEEPBOOP_MAIN, BEEPBOOP_MAIN_SCALE), BEEPBOOP_MAIN_MOST)
ANTI_SURFER = BeepBoopGun(
    "beepboop_anti_surfer",
    beepboop_weights(BEEPBOOP_ANTI_SURFER, BEEPBOOP_ANTI_SURFER_SCALE),
    BEEPBOOP_ANTI_SURFER_MOST,
)
GUNS: tuple[Gun, ...] = (
    RandomGun(),
    BallisticGun("head_on"),
    BallisticGun("linear"),
    BallisticGun("circular"),
    MixtureGun(
        "histogram", unit_weights(HISTOGRAM_BANDWIDTH, HISTOGRAM_FLOOR, FEATURE_NAMES[:1]), all_neighbours, False
    ),
    MixtureGun("knn", unit_weights(KNN_BANDWIDTH, KNN_FLOOR, tuple(BEEPBOOP_MAIN)), square_root, False),
    MAIN,
    ANTI_SURFER,
    ChoosingGun("beepboop", MAIN, ANTI_SURFER),
)
BASELINES: dict[str, Gun] = {gun.name: gun for gun in GUNS}


def choose_guns(names: Sequence[str], weights: Sequence[Path]) -> tuple[list[Gun], set[str]]:
    """Guns by name (all, if none is named) and of weights files, and the opponents that these were trained on.

    Raises UserError for an unknown gun or a file that holds no weights.
    """
    for name in names:
        if name not in BASELINES:
            near = get_close_matches(name, BASELINES, 1, 0.0)[0]
            raise UserError(f"unknown gun {name!r}; did you mean {near!r}? The guns are {', '.join(BASELINES)}")
    learned = {str(path): load_weights(path) for path in weights}
    guns: list[Gun] = [BASELINES[name] for name in dict.fromkeys(names or BASELINES)]
    guns += [learned_gun(path, found) for path, found in learned.items()]
    said = [
        found.provenance.get(key, ()) for found in learned.values() for key in ("opponents", "validation_opponents")
    ]
    return guns, {target for names in said for target in names}
