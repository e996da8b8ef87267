"""Surfers for offline replay: each chooses where to be when a bullet of the enemy arrives, and what became of that.

A surfer goes to the place of least danger among those that it can reach: places are `PLACES`, 1/256 of a guess factor
(GF) apart; danger is what it believes to be the probability to be hit there. [Q] bullets, [P] places, [N] nodes of
`aiming.GRID`. A second figure asks less of it: of two places drawn at random it takes the one of less danger.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from beepsim.jit import jit
from beepsim.targeting.aiming import AIM_REACH, GRID_NODES, GRID_STEP, TIE, mass_around, mean_log_density
from beepsim.targeting.battles import FEATURE_NAMES
from beepsim.targeting.densities import fill_cumulative
from beepsim.targeting.guns import (
    BOX_FLOOR,
    MixtureGun,
    all_neighbours,
    escape_sides,
    interval_arguments,
    learned_gun,
    square_root,
    would_hit,
)
from beepsim.targeting.mixture import NODE_WEIGHTS, NODES
from beepsim.targeting.replay import SHOT
from beepsim.targeting.surfing import SurferWaves
from beepsim.targeting.weights import BEEPBOOP_MAIN, BEEPBOOP_MAIN_SCALE, ModelConfig, Weights
from beepsim.waves.extract import HIT_ROBOT

PLACES = np.arange(-AIM_REACH, AIM_REACH + 1) * GRID_STEP
BEEPBOOP_BANDWIDTH = 1.0 / 13.0
"""In GF. BeepBoop's surfer smooths the angles of past hits by exp(-13 |ΔGF|)."""

DODGE = np.dtype([*SHOT.descr, ("hit_of_two", "f8")])
"""One bullet: `angle` is the chosen place, `hit` whether the bullet hits there, `chance` that of a random place within
reach, `predicted` the danger that the surfer saw there, `hit_of_two` the probability to be hit at the less dangerous of
two random places."""


@dataclass(frozen=True)
class Choices:
    """Of each bullet [Q]; `hit` only where hits are expected values; NaN where the surfer has no such figure."""

    angle: np.ndarray
    log_density: np.ndarray
    predicted: np.ndarray
    hit_of_two: np.ndarray
    hit: np.ndarray | None = None


class Surfer(Protocol):
    """What replay needs of a surfer."""

    @property
    def name(self) -> str: ...

    def choose(self, battle: SurferWaves) -> Choices: ...


@dataclass(frozen=True)
class RandomSurfer:
    """A place drawn evenly, in radians, from what is within reach; its hits are the exact probability."""

    name: str

    def choose(self, battle: SurferWaves) -> Choices:
        chance = reach_chance(battle)
        return Choices(np.full(len(chance), np.nan), np.zeros(len(chance)), chance, chance, chance)


@dataclass(frozen=True)
class FixedSurfer:
    """Always the same GF, or the nearest to it within reach."""

    name: str
    place: float

    def choose(self, battle: SurferWaves) -> Choices:
        count = len(battle.queries)
        angle, hit_of_two = choose_places(np.tile(np.abs(PLACES - self.place), (count, 1)), battle)
        return Choices(angle, np.full(count, np.nan), np.full(count, np.nan), hit_of_two)


@dataclass(frozen=True)
class RecordedSurfer:
    """Where the robot of the recording really was; hits that were really scored, or those of the rule for surfers."""

    name: str
    is_scored: bool

    def choose(self, battle: SurferWaves) -> Choices:
        nothing = np.full(len(battle.queries), np.nan)
        scored = (battle.rows["outcome"] == HIT_ROBOT).astype(np.float64)
        return Choices(battle.stood, nothing, nothing, nothing, scored if self.is_scored else None)


@dataclass(frozen=True)
class DensitySurfer:
    """Danger is the mass of a gun's density within half a bot's width; of equal dangers the place nearest to GF 0.

    Where nothing is known the density is uniform, and danger least at the ends of the escape range.
    """

    gun: MixtureGun

    @property
    def name(self) -> str:
        return self.gun.name

    def choose(self, battle: SurferWaves) -> Choices:
        half_width, negative, positive, low, high = interval_arguments(battle)
        densities = self.gun.densities(battle, battle.queries)
        dangers, log_density = np.empty((len(densities), len(PLACES))), np.empty(len(densities))
        fill_dangers(densities, half_width, negative, positive, low, high, dangers, log_density)
        angle, hit_of_two = choose_places(dangers, battle)
        place = np.round(angle / GRID_STEP).astype(np.int64) + AIM_REACH
        return Choices(angle, log_density, dangers[np.arange(len(dangers)), place], hit_of_two)


def dodge(battle: SurferWaves, surfer: Surfer) -> np.ndarray:
    """What became of every bullet of the battle [Q] as DODGE, in time order."""
    rows, choices = battle.rows, surfer.choose(battle)
    found = np.zeros(len(rows), DODGE)
    for name in ("round", "fire_turn", "power"):
        found[name] = rows[name]
    found["known"], found["chance"] = battle.known, reach_chance(battle)
    for name in ("angle", "log_density", "predicted", "hit_of_two"):
        found[name] = getattr(choices, name)
    found["hit"] = would_hit(rows, choices.angle) if choices.hit is None else choices.hit
    return found


def reach_chance(battle: SurferWaves) -> np.ndarray:
    """Probability [Q] to be hit at a place drawn evenly, in radians, from what is within reach."""
    rows = battle.rows
    negative, positive = escape_sides(rows)
    low, high = (place * np.where(place < 0.0, negative, positive) for place in battle.reach)
    hit_low, hit_high = harmful_offsets(rows)
    inside = np.minimum(hit_high, high) - np.maximum(hit_low, low)
    length = np.maximum(high - low, GRID_STEP * np.minimum(negative, positive))
    return np.clip(inside / length, 0.0, 1.0)


def choose_places(dangers: np.ndarray, battle: SurferWaves) -> tuple[np.ndarray, np.ndarray]:
    """The safest place within reach (GF [Q]), and the probability to be hit at the safer of two random ones."""
    rows = battle.rows
    angle, hit_of_two = np.empty(len(dangers)), np.empty(len(dangers))
    fill_choices(dangers, *battle.reach, *escape_sides(rows), *harmful_offsets(rows), angle, hit_of_two)
    return angle, hit_of_two


def harmful_offsets(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest offset (rad, positive in the orbit direction) at which each bullet hits."""
    low, high = (rows[name].astype(np.float64) for name in ("hit_low", "hit_high"))
    is_clockwise = rows["orbit_direction"] > 0
    return np.where(is_clockwise, low, -high), np.where(is_clockwise, high, -low)


@jit(nogil=True)
def fill_dangers(densities, half_width, negative, positive, low, high, dangers, log_density):
    """Mass within half_width (rad) of each place [Q, P], and the mean log density where the bullet would hit [Q]."""
    cumulative = np.empty(GRID_NODES)
    for q in range(len(densities)):
        fill_cumulative(densities[q], cumulative)
        for place in range(dangers.shape[1]):
            position = (place - AIM_REACH) * GRID_STEP
            dangers[q, place] = mass_around(cumulative, position, half_width[q], negative[q], positive[q])
        log_density[q] = mean_log_density(densities[q], low[q], high[q], NODES, NODE_WEIGHTS)


@jit(nogil=True)
def fill_choices(dangers, reach_low, reach_high, negative, positive, hit_low, hit_high, angle, hit_of_two):
    """The safest place (GF) and the risk at the safer of two random ones [Q]; harmful offsets as above.

    Places are drawn evenly in radians. Of equally dangerous ones either is taken as often as it is drawn; the safest
    is the one nearest to GF 0.
    """
    for q in range(len(dangers)):
        first = int(np.ceil(reach_low[q] / GRID_STEP - 1e-9)) + AIM_REACH
        last = max(int(np.floor(reach_high[q] / GRID_STEP + 1e-9)) + AIM_REACH, first)
        order = np.argsort(dangers[q, first : last + 1], kind="mergesort")
        total = 0.0
        for place in range(first, last + 1):
            total += negative[q] if place < AIM_REACH else positive[q]
        best, ahead, risk, at = first + order[0], total, 0.0, 0
        while at < len(order):
            least = dangers[q, first + order[at]]
            drawn, harmful = 0.0, 0.0
            is_safest = at == 0
            while at < len(order) and not dangers[q, first + order[at]] > least + TIE:
                place = first + order[at]
                position = (place - AIM_REACH) * GRID_STEP
                side = negative[q] if position < 0.0 else positive[q]
                drawn += side
                if hit_low[q] <= position * side <= hit_high[q]:
                    harmful += side
                if is_safest and abs(place - AIM_REACH) < abs(best - AIM_REACH):
                    best = place
                at += 1
            risk += harmful / drawn * (ahead**2 - (ahead - drawn) ** 2)
            ahead -= drawn
        angle[q] = (best - AIM_REACH) * GRID_STEP
        hit_of_two[q] = risk / total**2


def past_hits(
    name: str,
    parameters: Mapping[str, tuple[float, float, float]],
    neighbours: Callable[[np.ndarray], np.ndarray],
    is_softmax: bool,
) -> Surfer:
    """A surfer that smooths the angles of past hits as BeepBoop's does; w, b, p of each feature of the distance."""
    config = ModelConfig(tuple(parameters), kernel="laplace", bandwidth=BEEPBOOP_BANDWIDTH, candidates="points")
    w, b, p = np.array(list(parameters.values())).T
    weights = Weights(config, w, b, p, BEEPBOOP_BANDWIDTH, BOX_FLOOR)
    return DensitySurfer(MixtureGun(name, weights, neighbours, is_softmax))


def learned_surfer(name: str, weights: Weights) -> Surfer:
    """The surfer of trained weights."""
    return DensitySurfer(learned_gun(name, weights))


SURFERS: dict[str, Surfer] = {
    surfer.name: surfer
    for surfer in (
        RandomSurfer("random"),
        FixedSurfer("stay", 0.0),
        FixedSurfer("ahead", 1.0),
        FixedSurfer("reverse", -1.0),
        RecordedSurfer("recorded", False),
        RecordedSurfer("recorded_scored", True),
        past_hits("histogram", {FEATURE_NAMES[0]: (1.0, 0.0, 1.0)}, all_neighbours, False),
        past_hits("knn", {name: (1.0, 0.0, 1.0) for name in BEEPBOOP_MAIN}, square_root, False),
        past_hits(
            "beepboop_main",
            {name: (w * BEEPBOOP_MAIN_SCALE, b, p) for name, (w, b, p) in BEEPBOOP_MAIN.items()},
            all_neighbours,
            True,
        ),
    )
}
"""What learned surfers are compared with: fixed rules, the robot of the recording, and past hits weighed untrained."""
