"""Losses and lengths of gradients, shot by shot: against the model's own losses, autograd, the bound of the design."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from targeting_battles import made_battle

from beepsim.targeting.attention import Attention
from beepsim.targeting.gradients import QUERIES, bin_norms, kernel_and_angles, measure_batch, measure_losses
from beepsim.targeting.losses import LOSSES
from beepsim.targeting.train import TrainConfig, sample_batch
from beepsim.targeting.weights import ModelConfig, initial_weights

FEATURES = ("accel", "bft", "distance")


def batch_of(model: ModelConfig, queries: int = 12):
    battle, weights = made_battle(300, real_every=1), initial_weights(model)
    config = TrainConfig(queries=queries, candidates=60)
    batch = sample_batch(battle, battle.lessons, weights, config, queries, np.random.default_rng(1), "cpu")
    return Attention(weights), batch


@pytest.mark.parametrize("candidates", ["points", "intervals"])
def test_values_are_those_that_training_sees(candidates):
    attention, batch = batch_of(ModelConfig(FEATURES, bandwidth=0.1, candidates=candidates))
    measured = measure_batch(attention, batch)
    for index, loss in enumerate(LOSSES.values()):
        expected = attention.loss(loss, batch).detach().numpy()
        np.testing.assert_allclose(measured["values"][:, index], expected, rtol=1e-5, atol=1e-6)


def test_lengths_are_those_of_small_changes():
    """Of one shot, by central differences of the loss along every logit."""
    attention, batch = batch_of(ModelConfig(FEATURES, bandwidth=0.2, candidates="points"), queries=1)
    measured = measure_batch(attention, batch)
    with torch.no_grad():
        logits = attention.log_weights(batch.queries, batch.candidates, batch.is_known).double()
        kernel, angles = kernel_and_angles(attention, batch)
        known, step = int(batch.known[0]), 1e-4
        for index, loss in enumerate(LOSSES.values()):
            slopes = []
            for place in range(known):
                ends = []
                for side in (step, -step):
                    moved = logits.clone()
                    moved[0, place] += side
                    ends.append(
                        loss(
                            torch.log_softmax(moved, -1), angles.double(), batch.low.double(), batch.high.double(),
                            kernel, attention.bandwidth.double(), attention.floor.double(),
                        ).item()
                    )  # fmt: skip
                slopes.append((ends[0] - ends[1]) / (2.0 * step))
            assert measured["norms"][0, index] == pytest.approx(np.linalg.norm(slopes), rel=2e-3, abs=1e-5)


@given(st.integers(0, 2**32 - 1), st.integers(2, 70), st.floats(0.1, 30.0))
@settings(deadline=None)
def test_the_quadratic_gradient_is_at_most_half_as_long(seed, bins, sharpness):
    rng = np.random.default_rng(seed)
    z = torch.tensor(sharpness * rng.normal(size=(8, bins)), requires_grad=True)
    u = torch.tensor(rng.dirichlet(np.full(bins, 0.2), 8))
    p = torch.softmax(z, -1)
    entropy, squared = bin_norms(p.detach(), u)
    for norm, loss in ((entropy, -(u * torch.log_softmax(z, -1)).sum()), (squared, 0.5 * ((p - u) ** 2).sum())):
        (gradient,) = torch.autograd.grad(loss, z, retain_graph=True)
        np.testing.assert_allclose(norm, gradient.norm(dim=-1), rtol=1e-6, atol=1e-12)
    assert (squared <= 0.5 * entropy + 1e-12).all()


def test_a_confident_mistake_pulls_by_cross_entropy_only():
    p, u = torch.tensor([[1.0 - 1e-9, 1e-9]]).double(), torch.tensor([[0.0, 1.0]]).double()
    entropy, squared = bin_norms(p, u)
    assert entropy.item() == pytest.approx(2**0.5) and squared.item() < 1e-8


def test_all_models_are_measured_on_the_same_shots():
    """The squared error of the mean knows neither kernel nor bandwidth: equal values: equal shots and candidates."""
    battles = [made_battle(400, seed, real_every=1) for seed in (1, 2)]
    index = list(LOSSES).index("mse_mean")
    found = [
        measure_losses(initial_weights(ModelConfig(FEATURES, kernel=kernel, bandwidth=width)), battles[:1], 5)
        for kernel, width in (("gaussian", 0.1), ("laplace", 0.3))
    ]
    (one,), (other,) = (list(each.values()) for each in found)
    np.testing.assert_allclose(one["values"][:, index], other["values"][:, index])
    assert len(one) <= QUERIES and np.isfinite(one["norms"]).all()
    assert (one["squared_norm"] <= 0.5 * one["entropy_norm"] + 1e-12).all()
