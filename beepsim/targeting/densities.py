"""Guns that make a density over angles for each query, and how they aim with it (compiled).

Densities per guess factor (GF) at the nodes of `aiming.GRID` [N]; widths and escape angles in rad; [Q] queries.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from beepsim.jit import jit
from beepsim.targeting.aiming import GRID, GRID_NODES, GRID_STEP, best_angle, mass_around, mean_log_density
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.guns import Aims, interval_arguments
from beepsim.targeting.mixture import INTERVAL_WINDOW, NODE_WEIGHTS, NODES

LEAST_SHARE = 0.02
"""Of the even density in a mean of densities: what a gun has never seen may still happen."""


class DensityGun(Protocol):
    """A gun that says how likely each angle is."""

    @property
    def name(self) -> str: ...

    def densities(self, battle: BattleWaves) -> np.ndarray:
        """Of each real bullet, in firing order, from what was known when it was aimed [Q, GRID_NODES]."""
        ...


def even_density() -> np.ndarray:
    """1/2 on [-1, 1], with the mass 1 on the grid [N]."""
    even = np.where(np.abs(GRID) <= 1.0, 0.5, 0.0)
    return even / (even.sum() * GRID_STEP)


@jit(nogil=True)
def fill_cumulative(density, cumulative):
    """Mass below each node, half of its own included [N]."""
    running = 0.0
    for node in range(GRID_NODES):
        share = density[node] * GRID_STEP
        cumulative[node] = running + 0.5 * share
        running += share


@jit(nogil=True)
def aim_densities(densities, half_width, negative, positive, low, high, window, aimed, log_density, predicted):
    """Best angle, mean log density over [low, high] and mass around the angle, for each query [Q]."""
    cumulative = np.empty(GRID_NODES)
    for q in range(len(densities)):
        fill_cumulative(densities[q], cumulative)
        aimed[q], _ = best_angle(cumulative, half_width[q] * window, negative[q], positive[q])
        predicted[q] = mass_around(cumulative, aimed[q], half_width[q], negative[q], positive[q])
        log_density[q] = mean_log_density(densities[q], low[q], high[q], NODES, NODE_WEIGHTS)


def aim_with(densities: np.ndarray, battle: BattleWaves) -> Aims:
    """Where the densities [Q, N] of the battle's real bullets say to fire."""
    angle, log_density, predicted = (np.empty(len(densities)) for _ in range(3))
    aim_densities(densities, *interval_arguments(battle), INTERVAL_WINDOW, angle, log_density, predicted)
    return Aims(angle, log_density, predicted)


@dataclass(frozen=True)
class CombinedGun:
    """Aims with the geometric mean of its guns' densities: an angle that one of them rules out is ruled out."""

    name: str
    guns: tuple[DensityGun, ...]

    def densities(self, battle: BattleWaves) -> np.ndarray:
        even = even_density()
        total = np.zeros((len(battle.queries), GRID_NODES))
        for gun in self.guns:
            kept = (1.0 - LEAST_SHARE) * gun.densities(battle) + LEAST_SHARE * even
            total += np.log(np.maximum(kept, 1e-12))
        mean = np.exp(total / len(self.guns)) * (even > 0.0)
        return mean / (mean.sum(axis=1, keepdims=True) * GRID_STEP)

    def aim(self, battle: BattleWaves) -> Aims:
        return aim_with(self.densities(battle), battle)
