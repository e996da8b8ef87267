"""Training: it learns what decides the angle, repeats exactly, and steps over what is not finite."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from short_training import MODEL, SHORT, TRAINING, VALIDATION, same
from targeting_battles import made_battle, with_rows

from beepsim.errors import UserError
from beepsim.targeting import train as module
from beepsim.targeting.attention import B_RANGE, BANDWIDTH_RANGE, FLOOR_RANGE, P_RANGE, W_RANGE, Attention
from beepsim.targeting.battles import FEATURE_NAMES, FEWEST_KNOWN
from beepsim.targeting.fast import fast_loss
from beepsim.targeting.guns import learned_gun
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.losses import LOSSES
from beepsim.targeting.train import (
    TrainConfig,
    learning_rate,
    sample_batch,
    train,
)
from beepsim.targeting.weights import ModelConfig, initial_weights

INTERVALS = replace(MODEL, candidates="intervals")


def losses_of(training):
    return [entry["validation_loss"] for entry in training.history]


@pytest.mark.parametrize("loss", LOSSES)
def test_training_learns_which_feature_decides(loss):
    """Validation loss falls, and acceleration's share of the distance between waves rises."""
    config = TrainConfig(loss, steps=60, queries=64, candidates=300, rate=0.05, evaluations=6)
    found = train(TRAINING, VALIDATION, MODEL, config)
    assert min(losses_of(found)) < losses_of(found)[0] - 0.02 * abs(losses_of(found)[0])
    battle = VALIDATION[0]

    def share(weights):
        influence = weights.influence(battle.query_features[:-1], battle.features[1:])
        return influence[0] / influence.sum()

    assert share(found.weights) > 1.1 * share(initial_weights(MODEL))
    assert found.skipped_steps == 0


def test_a_trained_gun_hits_more_often():
    config = TrainConfig(steps=60, queries=64, candidates=300, rate=0.05, evaluations=6)
    weak = ModelConfig(("vel", "bft", "accel"), bandwidth=0.3)
    found = train(TRAINING, VALIDATION, weak, config)
    densities = {}
    for name, weights in (("before", initial_weights(weak)), ("after", found.weights)):
        densities[name] = np.mean([learned_gun(name, weights).aim(battle).log_density.mean() for battle in VALIDATION])
    assert densities["after"] > densities["before"] + 0.2
    assert found.weights.bandwidth < 0.3


def test_training_repeats_itself_and_follows_its_seed():
    one, two = (train(TRAINING, VALIDATION, MODEL, SHORT) for _ in range(2))
    assert same(one.weights, two.weights) and str(one.history) == str(two.history)
    other = train(TRAINING, VALIDATION, MODEL, replace(SHORT, seed=2))
    assert not same(one.weights, other.weights)


def train_with(monkeypatch, validation_losses):
    """SHORT with validation losses set by hand: the start's, those of steps 3, 6, 9 and 12, that of the mean.

    Returns the training and the parameters after every step, taken beside it.
    """
    values = iter(np.repeat(validation_losses, len(VALIDATION)))
    steps = []
    original = Attention.keep_in_range

    def keep_in_range(attention):
        original(attention)
        steps.append(module.snapshot(attention))

    def loss(*arguments):
        found = fast_loss("kde_cross_entropy")(*arguments)
        return found if torch.is_grad_enabled() else torch.full_like(found, float(next(values)))

    monkeypatch.setattr(Attention, "keep_in_range", keep_in_range)
    monkeypatch.setattr(module, "fast_loss", lambda name: loss)
    return train(TRAINING, VALIDATION, MODEL, SHORT), steps


def assert_mean_of(weights, steps):
    """The mean of the parameters as they are learned: logarithms."""
    for name in ("w", "b", "p"):
        logs = np.mean([step[f"log_{name}"].double().numpy() for step in steps], axis=0)
        assert getattr(weights, name) == pytest.approx(np.exp(logs), rel=1e-6)
    logs = np.mean([float(step["log_bandwidth"]) for step in steps])
    assert weights.bandwidth == pytest.approx(np.exp(logs), rel=1e-6)


def test_the_weights_are_the_mean_of_the_last_half_of_the_steps(monkeypatch):
    found, steps = train_with(monkeypatch, [2.0, 1.9, 1.8, 1.7, 1.6, 1.5])
    assert len(steps) == SHORT.steps
    assert_mean_of(found.weights, steps[SHORT.steps // 2 :])
    assert losses_of(found) == pytest.approx([2.0, 1.9, 1.8, 1.7, 1.5])


@pytest.mark.parametrize("last", [1.2, 1.1, math.nan])
def test_a_step_that_did_better_than_the_mean_is_kept(monkeypatch, last):
    found, steps = train_with(monkeypatch, [2.0, 1.5, 1.1, 1.3, 1.4, last])
    assert_mean_of(found.weights, steps[5:6])
    assert losses_of(found) == pytest.approx([2.0, 1.5, 1.1, 1.3, 1.1])


@pytest.mark.parametrize("last,is_start", [(1.0, False), (2.0, True), (math.nan, True)])
def test_a_training_that_ends_no_better_than_it_began_keeps_its_start(monkeypatch, last, is_start):
    found, _ = train_with(monkeypatch, [2.0, 9.0, 9.0, 9.0, 9.0, last])
    assert same(found.weights, Attention(initial_weights(MODEL)).to_weights()) == is_start
    assert losses_of(found) == [2.0, 9.0, 9.0, 9.0, 2.0 if is_start else last]


def test_training_loss_is_the_mean_since_the_last_evaluation(monkeypatch):
    """The loss of step n is n: means of steps 0 to 2, 3 to 5, ..."""
    calls = []

    def loss(*arguments):
        calls.append(torch.is_grad_enabled())
        return fast_loss("kde_cross_entropy")(*arguments) * 0.0 + float((sum(calls) - 1) // 2)

    monkeypatch.setattr(module, "fast_loss", lambda name: loss)
    found = train(TRAINING, VALIDATION, MODEL, SHORT)
    assert [entry["train_loss"] for entry in found.history[1:]] == pytest.approx([1.0, 4.0, 7.0, 10.0])
    assert [entry["step"] for entry in found.history] == [0, 3, 6, 9, 12]


def test_gradient_norm_is_the_mean_since_the_last_evaluation(monkeypatch):
    norms = []
    original = module.gradient_norm
    monkeypatch.setattr(module, "gradient_norm", lambda attention: norms.append(original(attention)) or norms[-1])
    found = train(TRAINING, VALIDATION, MODEL, SHORT)
    expected = np.reshape(norms, (4, 3)).mean(1)
    assert math.isnan(found.history[0]["gradient_norm"]) and (expected > 0.0).all()
    assert [entry["gradient_norm"] for entry in found.history[1:]] == pytest.approx(expected)
    attention = Attention(initial_weights(MODEL))
    attention.log_w.grad, attention.log_bandwidth.grad = torch.tensor([0.0, 2.0, -3.0, 0.0]), torch.tensor(6.0)
    assert original(attention) == pytest.approx(7.0)
    attention.log_w.grad[0] = math.nan
    assert math.isnan(original(attention))


def test_features_that_are_no_numbers_never_reach_the_parameters():
    """In training: such steps are skipped and counted. In validation, where no loss would be left: refused."""
    rows = TRAINING[0].rows.copy()
    rows["accel"][::7] = math.nan
    broken = with_rows(TRAINING[0], rows)
    found = train([broken, *TRAINING[1:]], VALIDATION, MODEL, SHORT)
    assert 0 < found.skipped_steps < SHORT.steps
    for name in ("w", "b", "p", "bandwidth", "floor"):
        assert np.isfinite(getattr(found.weights, name)).all()
    with pytest.raises(UserError, match="validation battles is nan before the first step"):
        train(TRAINING, [broken], MODEL, SHORT)


@pytest.mark.parametrize(
    "wrong,message",
    [
        ({"bandwidth": 0.0}, "bandwidth 0.0"),
        ({"bandwidth": -0.1}, "bandwidth -0.1"),
        ({"bandwidth": math.nan}, "bandwidth nan"),
        ({"floor": 1.5}, "floor 1.5"),
        ({"neighbours": 0}, "neighbours is 0"),
    ],
)
def test_a_model_that_cannot_be_is_refused(wrong, message):
    with pytest.raises(UserError, match=message):
        train(TRAINING, VALIDATION, replace(MODEL, **wrong), SHORT)


@pytest.mark.parametrize("kernel", KERNELS)
def test_every_kernel_can_be_trained(kernel):
    model = replace(MODEL, kernel=kernel, learn_bandwidth=kernel != "box")
    found = train(TRAINING, VALIDATION, model, replace(SHORT, rate=0.05))
    assert min(losses_of(found)) < losses_of(found)[0] and found.skipped_steps == 0


def test_steps_without_a_finite_gradient_are_skipped_and_counted(monkeypatch):
    """Every fourth loss is NaN: its step changes nothing, the others go on, and nothing learned is lost."""
    calls = []

    def spoiled(*arguments):
        calls.append(torch.is_grad_enabled())
        values = fast_loss("kde_cross_entropy")(*arguments)
        return values * math.nan if calls[-1] and sum(calls) % 4 == 0 else values

    monkeypatch.setattr(module, "fast_loss", lambda name: spoiled)
    found = train(TRAINING, VALIDATION, MODEL, SHORT)
    assert found.skipped_steps == SHORT.steps // 2  # two battles a step
    assert np.isfinite(losses_of(found)).all() and np.isfinite(found.weights.w).all()


def test_a_training_of_nothing_but_broken_steps_keeps_its_start(monkeypatch):
    original = fast_loss("kde_cross_entropy")
    monkeypatch.setattr(
        module, "fast_loss", lambda name: lambda *a: original(*a) * (math.nan if torch.is_grad_enabled() else 1.0)
    )
    found = train(TRAINING, VALIDATION, MODEL, SHORT)
    assert found.skipped_steps == SHORT.steps
    assert same(found.weights, Attention(initial_weights(MODEL)).to_weights())
    assert all(math.isnan(entry["train_loss"]) for entry in found.history)


@pytest.mark.parametrize("distance", ["manhattan", "squared_euclidean"])
@pytest.mark.parametrize("neighbours", [None, 10])
def test_parameters_stay_in_range_at_any_rate(distance, neighbours):
    model = ModelConfig(("accel", "vel", "vel=8"), distance, neighbours=neighbours)
    start = Attention(initial_weights(model))
    optimiser = torch.optim.SGD(start.parameters(), lr=30.0)
    rng = np.random.default_rng(0)
    for _ in range(8):
        batch = sample_batch(TRAINING[0], TRAINING[0].lessons, initial_weights(model), SHORT, 32, rng, "cpu")
        optimiser.zero_grad()
        start.loss(fast_loss("kde_cross_entropy"), batch).mean().backward()
        optimiser.step()
        start.keep_in_range()
        weights = start.to_weights()
        assert np.isfinite([*weights.w, *weights.b, *weights.p]).all()
        for values, (low, high) in (
            (weights.w, W_RANGE),
            (weights.b, B_RANGE),
            (weights.p, P_RANGE),
            (weights.bandwidth, BANDWIDTH_RANGE["gf"]),
            (weights.floor, FLOOR_RANGE),
        ):
            assert np.all(np.asarray(values) >= low * 0.999) and np.all(np.asarray(values) <= high * 1.001)


def test_what_is_not_learned_stays_as_it_was():
    model = ModelConfig(("accel", "vel"), bandwidth=0.123, learn_bandwidth=False, floor=0.034, learn_floor=False)
    found = train(TRAINING, VALIDATION, model, SHORT)
    assert found.weights.floor == 0.034 and found.weights.bandwidth == pytest.approx(0.123, rel=1e-6)
    assert not np.allclose(found.weights.w, initial_weights(model).w)
    edited = replace(initial_weights(model), floor=0.2)
    assert Attention(edited).to_weights().floor == 0.2


def test_the_model_in_training_is_the_gun_in_replay():
    """Log density of real bullets: attention in torch, and the compiled mixture on its grid."""
    for model in (
        MODEL,
        ModelConfig(
            ("accel", "vel", "didHit"), "squared_euclidean", "gaussian", 0.1, neighbours=15, candidates="points"
        ),
    ):
        battle, weights = VALIDATION[0], initial_weights(model)
        chosen = battle.queries[battle.known[battle.queries] >= 60]
        attention = Attention(weights, torch.float64)
        order, known = battle.by_break, battle.known[chosen]
        columns = weights.columns
        log_weights = attention.log_weights(
            torch.as_tensor(battle.query_features[chosen][:, columns].astype(float)),
            torch.as_tensor(battle.features[order][:, columns].astype(float)),
            torch.as_tensor(np.arange(len(order)) < known[:, None]),
        )
        rows = battle.rows[chosen]
        low, high = (torch.as_tensor(rows[name].astype(float)) for name in ("gf_low", "gf_high"))
        angles = torch.as_tensor(battle.rows["gf"][order].astype(float))
        with torch.no_grad():
            loss = fast_loss("kde_cross_entropy")(
                log_weights, angles, low, high, attention.kernel, attention.bandwidth, attention.floor
            )
        replayed = learned_gun("gun", weights).aim(battle).log_density[battle.known[battle.queries] >= 60]
        np.testing.assert_allclose(math.log(2.0) - loss.numpy(), replayed, atol=0.05)
        assert np.mean(math.log(2.0) - loss.numpy()) == pytest.approx(np.mean(replayed), abs=5e-3)


def test_attention_embeds_as_weights_do():
    weights = initial_weights(MODEL)
    features = TRAINING[0].features
    embedded = Attention(weights, torch.float64).embed(torch.as_tensor(features[:, weights.columns].astype(float)))
    np.testing.assert_allclose(embedded.detach().numpy(), weights.embed(features), rtol=1e-6)


def test_batches_hold_what_was_known_and_nothing_later():
    battle, weights = TRAINING[0], initial_weights(MODEL)
    config = replace(SHORT, candidates=10_000)
    batch = sample_batch(battle, battle.lessons, weights, config, 40, np.random.default_rng(0), "cpu")
    assert len(batch.low) == 40 and (batch.low < batch.high).all()
    by_feature = {row.tobytes(): index for index, row in enumerate(battle.query_features[:, weights.columns])}
    queries = [by_feature[row.tobytes()] for row in batch.queries.numpy()]
    assert len(batch.angles) == battle.known[queries].max()
    for query, is_known in zip(queries, batch.is_known.numpy(), strict=True):
        assert battle.rows["virtuality"][query] <= 1.0 and battle.known[query] >= FEWEST_KNOWN
        past = np.flatnonzero(battle.broke < battle.fired[query])
        assert sorted(batch.angles.numpy()[is_known]) == sorted(battle.rows["gf"][past])


def test_intervals_are_learned_from():
    config = TrainConfig(steps=60, queries=64, candidates=300, rate=0.05, evaluations=6)
    found = train(TRAINING, VALIDATION, INTERVALS, config)
    assert min(losses_of(found)) < losses_of(found)[0] - 0.02 * abs(losses_of(found)[0])
    assert not np.array_equal(found.weights.w, initial_weights(INTERVALS).w) and found.skipped_steps == 0


def test_intervals_in_training_are_intervals_in_replay():
    battle, weights = VALIDATION[0], initial_weights(INTERVALS)
    chosen = battle.queries[battle.known[battle.queries] >= 60]
    pool = np.sort(chosen)
    config = replace(SHORT, candidates=10_000)
    batch = sample_batch(battle, pool, weights, config, len(pool), FixedOrder(), "cpu")
    both = (fast_loss("kde_cross_entropy"), LOSSES["kde_cross_entropy"])
    losses = [Attention(weights).loss(loss, batch).detach().numpy() for loss in both]
    replayed = learned_gun("gun", weights).aim(battle).log_density[battle.known[battle.queries] >= 60]
    for found in losses:
        assert np.mean(math.log(2.0) - found) == pytest.approx(np.mean(replayed), abs=5e-3)


class FixedOrder:
    """A generator that chooses the first of what there is."""

    def choice(self, pool, count, replace):
        return (np.arange(pool) if np.isscalar(pool) else pool)[:count]


def test_queries_are_trained_without_their_outcome():
    battle = TRAINING[0]
    model = initial_weights(ModelConfig(("accel", "didHit", "didCollide")))
    rows = battle.rows.copy()
    rows["didHit"], rows["didCollide"] = 1.0, 1.0
    known, unknown = (
        sample_batch(with_rows(battle, r), battle.lessons, model, SHORT, 30, np.random.default_rng(0), "cpu")
        for r in (rows, battle.rows)
    )
    assert torch.equal(known.queries, unknown.queries) and (known.queries[:, 1:] == 0.0).all()
    assert (known.candidates[:, 1:] == 1.0).all()
    assert FEATURE_NAMES[model.columns[1]] == "didHit"


def test_rate_rises_and_falls():
    config = TrainConfig(steps=100, rate=1.0)
    rates = [learning_rate(step, config) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == pytest.approx(1.0, abs=1e-3) and rates[-1] < 0.02
    peak = int(np.argmax(rates))
    assert (np.diff(rates[: peak + 1]) > 0).all() and (np.diff(rates[peak:]) < 0).all()


def test_battles_too_short_to_learn_from_are_named():
    short = [made_battle(60)]
    with pytest.raises(UserError, match="none of the 1 training battles"):
        train(short, VALIDATION, MODEL, SHORT)
    with pytest.raises(UserError, match="none of the 1 validation battles"):
        train(TRAINING, short, MODEL, SHORT)
    with pytest.raises(UserError, match="unknown feature 'speed'"):
        train(TRAINING, VALIDATION, ModelConfig(("speed",)), SHORT)


def test_short_battles_among_long_ones_are_left_out():
    long_only = train(TRAINING, VALIDATION, MODEL, SHORT)
    mixed = train([*TRAINING, made_battle(60)], [*VALIDATION, made_battle(60)], MODEL, SHORT)
    assert same(long_only.weights, mixed.weights)
