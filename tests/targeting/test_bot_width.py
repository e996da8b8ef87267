"""Bandwidths as multiples of half the target's width: in every path of training, and in the gun."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from targeting_battles import made_battle

from beepsim.targeting.attention import Attention, Batch
from beepsim.targeting.fast import fast_loss
from beepsim.targeting.guns import learned_gun
from beepsim.targeting.train import TrainConfig, sample_batch, train
from beepsim.targeting.weights import ModelConfig, initial_weights

FEATURES = ("accel", "vel", "bft")
SHORT = TrainConfig(steps=10, queries=32, candidates=200, evaluations=2)
KIND = pytest.mark.parametrize("kind", ["points", "intervals"])


def config(kind, **changes):
    return ModelConfig(FEATURES, bandwidth=0.5, bandwidth_unit="bot_width", candidates=kind, **changes)


def test_half_a_bot_is_eighteen_pixels_wide_and_a_little():
    battle = made_battle(50)
    row = battle.rows[7]
    escape = 0.5 * (row["escape_left"] + row["escape_right"])
    assert battle.half_bot_widths[7] == pytest.approx(1.1 * 18.0 / row["distance"] / escape, rel=1e-6)
    assert ((battle.half_bot_widths >= 0.02) & (battle.half_bot_widths <= 1.0)).all()


@KIND
@pytest.mark.parametrize("loss", ["kde_cross_entropy", "hit_probability", "mse_density", "bins_kl"])
def test_each_query_has_the_loss_of_its_own_bandwidth(kind, loss):
    """Fused, on the grid, plain and smeared: as if each stood alone with that bandwidth in guess factors."""
    battle = made_battle(300, 1)
    for model in (config(kind), config(kind, kernel="laplace"), config(kind, kernel="cauchy", neighbours=20)):
        weights = initial_weights(model)
        batch = sample_batch(battle, battle.lessons, weights, SHORT, 6, np.random.default_rng(1), "cpu")
        attention = Attention(weights)
        found = attention.loss(fast_loss(loss), batch)
        found.sum().backward()
        assert torch.isfinite(attention.log_bandwidth.grad) and attention.log_bandwidth.grad != 0.0
        asked = {"queries", "known", "low", "high", "half_bot_widths"}
        for q in range(6):
            alone = Batch(**{name: part[[q]] if name in asked else part for name, part in vars(batch).items()})
            width = 0.5 * float(batch.half_bot_widths[q])
            plain = Attention(replace(weights, config=replace(model, bandwidth_unit="gf"), bandwidth=width))
            expected = plain.loss(fast_loss(loss), alone)
            torch.testing.assert_close(found[[q]], expected, rtol=1e-4, atol=1e-4)


@KIND
def test_it_is_learned(kind):
    battles = [made_battle(300, seed) for seed in (1, 2, 3)]
    for kernel in ("gaussian", "laplace"):
        found = train(battles[:2], battles[2:], config(kind, kernel=kernel), SHORT)
        assert found.skipped_steps == 0 and found.weights.bandwidth != 0.5
        assert found.history[-1]["validation_loss"] < found.history[0]["validation_loss"]


@KIND
def test_the_gun_takes_a_table_for_each_width(kind):
    """As good as a gun with that query's bandwidth alone."""
    battle = made_battle(200, 5)
    weights = initial_weights(config(kind, kernel="laplace"))
    aims = learned_gun("bot", weights).aim(battle)
    widths = 0.5 * battle.half_bot_widths[battle.queries]
    assert widths.max() > 1.3 * widths.min()
    for q in range(0, len(battle.queries), 11):
        fixed = replace(weights, config=replace(weights.config, bandwidth_unit="gf"), bandwidth=float(widths[q]))
        alone = learned_gun("gf", fixed).aim(battle)
        assert aims.log_density[q] == pytest.approx(alone.log_density[q], abs=1e-2)
        assert aims.predicted[q] == pytest.approx(alone.predicted[q], abs=1e-2)
