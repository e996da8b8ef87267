"""A learned gun that goes on learning in battle: a few steps on its own broken waves before each round (torch).

What it learns from are waves of earlier rounds; all of them have broken. Deterministic given the seed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from beepsim.targeting.aiming import GRID_NODES
from beepsim.targeting.attention import Attention
from beepsim.targeting.battles import MOST_VIRTUAL, BattleWaves
from beepsim.targeting.densities import aim_with, even_density
from beepsim.targeting.fast import fast_loss
from beepsim.targeting.guns import Aims, learned_gun
from beepsim.targeting.train import TrainConfig, gradient_norm, one_thread, sample_batch
from beepsim.targeting.weights import Weights

STEPS = 6  # before each round
RATE = 0.02  # of Adam, in the logarithms of w, b and p
FEWEST_WAVES = 600  # broken: with fewer the weights stay as they are
FEWEST_KNOWN = 100
FEWEST_QUERIES = 50
SAMPLE = TrainConfig(queries=128, candidates=2500)
STREAM = 3
BETAS = (0.9, 0.99)


@dataclass(frozen=True)
class AdaptedGun:
    """Starts each battle with `weights` and adapts w, b, p; bandwidth and floor stay.

    A wave with a feature that is no number teaches nothing; as a query it has the even density.
    """

    name: str
    weights: Weights
    seed: int = 1

    def densities(self, battle: BattleWaves) -> np.ndarray:
        is_sound = np.isfinite(battle.features[:, self.weights.columns]).all(axis=1)
        if is_sound.all():
            return self.sound_densities(battle)
        # One such wave as a candidate would make every later density no number.
        found = np.tile(even_density(), (len(battle.queries), 1))
        found[is_sound[battle.queries]] = self.sound_densities(replace(battle, rows=battle.rows[is_sound]))
        return found

    def sound_densities(self, battle: BattleWaves) -> np.ndarray:
        found = np.empty((len(battle.queries), GRID_NODES))
        rounds = battle.rows["round"][battle.queries]
        for number, weights in adapted_weights(self.weights, battle, self.seed):
            chosen = rounds == number
            if chosen.any():
                found[chosen] = learned_gun(self.name, weights).densities(battle, battle.queries[chosen])
        return found

    def aim(self, battle: BattleWaves) -> Aims:
        return aim_with(self.densities(battle), battle)


def adapted_weights(weights: Weights, battle: BattleWaves, seed: int) -> Iterator[tuple[int, Weights]]:
    """(round, weights to aim with in it) for the battle's rounds in order; a step that is not finite is left out."""
    attention = Attention(weights)
    learned = [attention.log_w, attention.log_b, attention.log_p]
    optimiser = torch.optim.Adam(learned, lr=RATE, betas=BETAS)
    loss = fast_loss("kde_cross_entropy")
    rows = battle.rows
    able = np.flatnonzero((rows["virtuality"] <= MOST_VIRTUAL) & (battle.known >= FEWEST_KNOWN))
    for number in np.unique(rows["round"]):
        pool = able[rows["round"][able] < number]
        if np.sum(rows["round"] < number) >= FEWEST_WAVES and len(pool) >= FEWEST_QUERIES:
            rng = np.random.default_rng([seed, STREAM, int(number)])
            with one_thread():
                for _ in range(STEPS):
                    optimiser.zero_grad(set_to_none=True)
                    batch = sample_batch(battle, pool, weights, SAMPLE, SAMPLE.queries, rng, "cpu")
                    attention.loss(loss, batch).mean().backward()  # type: ignore[no-untyped-call]
                    if np.isfinite(gradient_norm(attention)):
                        optimiser.step()
                        attention.keep_in_range()
        yield int(number), attention.to_weights(dict(weights.provenance))
