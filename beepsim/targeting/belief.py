"""What a gun believes of a single wave, and from which past waves: for whoever wants to look at one shot at a time.

A *believer* answers for one wave of a battle after the other what `Gun.aim` and `densities` say for all at once, by the
same compiled functions; what all waves share is made ready once. Angles in guess factors (GF), densities per GF at the
nodes of `aiming.GRID` [N].
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from beepsim.errors import UserError
from beepsim.targeting.aiming import (
    GRID,
    GRID_NODES,
    best_angle,
    box_density,
    box_mass,
    highest_plateau,
    mass_around,
    widened,
)
from beepsim.targeting.ballistics import fill_predicted_guess_factors
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.choosing import SURFER_HIT_RATE, known_shots, lowest_rate
from beepsim.targeting.guns import (
    BOX_FLOOR,
    BallisticGun,
    BeepBoopGun,
    ChoosingGun,
    Gun,
    MixtureGun,
    RandomGun,
    embedded,
    interval_arguments,
    would_hit,
)
from beepsim.targeting.knn import choose_nearest, fill_distances, fill_weights
from beepsim.targeting.mixture import INTERVAL_WINDOW, fill_mixture

MOST_CANDIDATES = 8
NEVER = np.iinfo(np.int64).max
NO_WAVES, NO_WEIGHTS = np.zeros(0, np.int64), np.zeros(0)


class Belief(NamedTuple):
    """`angle` it fires at and hit probability it `predicted` (NaN: none), `density` [N] where it has one; `candidates`
    are the past waves that weigh most (indices into the battle), heaviest, of equals nearest, first, and their
    `weights`, which are shares of all."""

    angle: float
    predicted: float
    density: np.ndarray | None
    candidates: np.ndarray
    weights: np.ndarray


Believer = Callable[[int], Belief]
"""From the index of a wave of the battle, real or virtual."""


@dataclass(frozen=True)
class WatchedWaves(BattleWaves):
    """A battle with those waves too that did not break: queries like all others, but candidates of none."""

    is_broken: np.ndarray

    @cached_property
    def broke(self) -> np.ndarray:
        return np.where(self.is_broken, super().broke, NEVER)


def believer_of(gun: Gun, battle: BattleWaves) -> Believer:
    """Raises UserError for a kind of gun that cannot be asked wave by wave."""
    if isinstance(gun, MixtureGun):
        return mixture_believer(gun, battle)
    if isinstance(gun, BeepBoopGun):
        return box_believer(gun, battle)
    if isinstance(gun, ChoosingGun):
        return choosing_believer(gun, battle)
    if isinstance(gun, BallisticGun):
        return ballistic_believer(gun, battle)
    if isinstance(gun, RandomGun):
        even = Belief(np.nan, np.nan, np.where(np.abs(GRID) <= 1.0, 0.5, 0.0), NO_WAVES, NO_WEIGHTS)
        return lambda wave: even
    raise UserError(f"gun {gun.name!r} learns in battle and cannot be asked about single waves")


def mixture_believer(gun: MixtureGun, battle: BattleWaves) -> Believer:
    """Of a kernel density over past waves."""
    waves = np.arange(len(battle.rows))
    arguments = gun.arguments(battle, waves)
    queries, candidates, lows, highs, known, k, is_squared, is_softmax, is_interval, which, *kernels, floor = arguments
    tables, cumulatives = kernels
    half_width, negative, positive, _, _ = interval_arguments(battle, waves)
    distance, weight = np.empty(len(waves), np.float32), np.empty(len(waves))
    chosen, mass, cumulative = np.empty(len(waves), np.int64), np.empty(GRID_NODES), np.empty(GRID_NODES)

    def believe(wave: int) -> Belief:
        density = np.empty(GRID_NODES)
        count = fill_mixture(
            queries[wave], candidates, lows, highs, known[wave], k[wave], is_squared, is_softmax, is_interval,
            tables[which[wave]], cumulatives[which[wave]], floor, distance, chosen, weight, mass, density, cumulative,
        )  # fmt: skip
        window = half_width[wave] * (INTERVAL_WINDOW if is_interval and known[wave] > 0 else 1.0)
        sides = negative[wave], positive[wave]
        angle, _ = best_angle(cumulative, window, *sides)
        predicted = mass_around(cumulative, angle, half_width[wave], *sides)
        return Belief(angle, predicted, density, *heaviest(battle, chosen, weight, distance, count))

    return believe


def box_believer(gun: BeepBoopGun, battle: BattleWaves) -> Believer:
    """Of BeepBoop's boxes."""
    waves = np.arange(len(battle.rows))
    queries, candidates = embedded(gun.weights, battle, waves)
    lows, highs = (battle.column(name)[battle.by_break] for name in ("gf_low", "gf_high"))
    neighbours = gun.neighbours(battle.known)
    half_width, negative, positive, _, _ = interval_arguments(battle, waves)
    distance, weight = np.empty(len(waves), np.float32), np.empty(len(waves))
    chosen = np.empty(len(waves), np.int64)

    def believe(wave: int) -> Belief:
        known, used, angle, floor = int(battle.known[wave]), 0, 0.0, 1.0
        if known:
            fill_distances(queries[wave], candidates, known, False, distance)
            used = choose_nearest(distance, known, neighbours[wave], chosen)
            used = fill_weights(distance, chosen, used, True, weight)
            angle, floor = highest_plateau(lows, highs, chosen, weight, used), BOX_FLOOR
        ends = widened(angle, half_width[wave], negative[wave], positive[wave])
        predicted = box_mass(*ends, lows, highs, chosen, weight, used, floor)
        inside = (box_density(x, lows, highs, chosen, weight, used, floor) if abs(x) <= 1.0 else 0.0 for x in GRID)
        density = np.fromiter(inside, np.float64, GRID_NODES)
        return Belief(angle, predicted, density, *heaviest(battle, chosen, weight, distance, used))

    return believe


def heaviest(
    battle: BattleWaves, chosen: np.ndarray, weight: np.ndarray, distance: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The heaviest of the first `count` chosen candidates, as indices into the battle, and their weights."""
    order = np.lexsort((distance[chosen[:count]], -weight[:count]))[:MOST_CANDIDATES]
    return battle.by_break[chosen[order]], weight[order]


def ballistic_believer(gun: BallisticGun, battle: BattleWaves) -> Believer:
    """Of a gun that has no density."""
    angles = np.zeros(len(battle.rows))
    if gun.name != "head_on":
        fill_predicted_guess_factors(battle.rows, gun.name == "circular", angles)
    return lambda wave: Belief(float(angles[wave]), np.nan, None, NO_WAVES, NO_WEIGHTS)


def choosing_believer(gun: ChoosingGun, battle: BattleWaves) -> Believer:
    """Of whichever of the two guns fires: the rule is `choosing.may_be_surfer`, asked as far as the wave knows."""
    ordinary, surfers = believer_of(gun.ordinary, battle), believer_of(gun.surfers, battle)
    order, known = known_shots(battle)
    broke = battle.broke[battle.queries[order]]
    fired: dict[int, bool] = {}  # whether the shot of that place among the queries was one of the gun for surfers
    hits = [0]  # of the first shots that broke

    def is_surfer(count: int) -> bool:
        while len(hits) <= count:
            shot = int(order[len(hits) - 1])
            wave = int(battle.queries[shot])
            if shot not in fired:
                fired[shot] = is_surfer(int(known[shot]))
            angle = (surfers if fired[shot] else ordinary)(wave).angle
            hits.append(hits[-1] + bool(would_hit(battle.rows[wave : wave + 1], np.array([angle]))[0]))
        return lowest_rate(hits[count], count) < SURFER_HIT_RATE

    def believe(wave: int) -> Belief:
        count = int(np.searchsorted(broke, battle.fired[wave], side="left"))
        return (surfers if is_surfer(count) else ordinary)(wave)

    return believe
