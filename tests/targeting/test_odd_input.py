"""Odd input, the whole way: every loss and kernel, points and intervals as candidates, whichever path computes them.

Intervals of no width, no candidate or one, angles outside the escape range, numbers that are none, 100,000 candidates,
battles in which nothing broke; in losses, in training, in replay and through the command line.
"""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from targeting_battles import made_battle, saved_table, with_rows
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.errors import UserError
from beepsim.targeting.attention import Attention, Batch
from beepsim.targeting.fast import fast_loss
from beepsim.targeting.grid_loss import grid_cross_entropy
from beepsim.targeting.guns import BASELINES, learned_gun
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.losses import LOSSES
from beepsim.targeting.replay import replay
from beepsim.targeting.train import TrainConfig, train
from beepsim.targeting.weights import ModelConfig, initial_weights

FEATURES = ("accel", "vel", "bft")
LOSS = pytest.mark.parametrize("loss", LOSSES)
KIND = pytest.mark.parametrize("kind", ["points", "intervals"])
WITHOUT_KERNEL = ("mse_mean", "mse_expected")


def models(kind):
    """Each kernel; with it the paths of `neighbours` and of squared distances are taken once."""
    for kernel in KERNELS:
        yield ModelConfig(FEATURES, kernel=kernel, candidates=kind)
    yield ModelConfig(FEATURES, kernel="laplace", candidates=kind, neighbours=3)
    yield ModelConfig(FEATURES, kernel="gaussian", candidates=kind, distance="squared_euclidean")


def batch(queries=4, candidates=9, half=0.1, shift=0.0, known=None, seed=0):
    """Intervals of queries and candidates are 2 · half wide, their middles in [-0.9, 0.9] + shift."""
    rng = np.random.default_rng(seed)
    features = (torch.as_tensor(rng.uniform(0.0, 1.0, (n, 3)), dtype=torch.float32) for n in (queries, candidates))
    asked, angles = (torch.as_tensor(rng.uniform(-0.9, 0.9, n) + shift).float() for n in (queries, candidates))
    known = torch.full((queries,), candidates) if known is None else torch.as_tensor(known)
    return Batch(
        *features, known, angles, asked - half, asked + half, angles - half, angles + half, torch.full((queries,), 0.1)
    )


def outcome(model, loss, given):
    """The losses [Q], and all gradients of their sum."""
    attention = Attention(initial_weights(model))
    found = attention.loss(fast_loss(loss), given)
    assert found.shape == given.low.shape
    if found.requires_grad and len(found):
        found.sum().backward()
    return found.detach(), [p.grad for p in attention.parameters() if p.grad is not None]


ODD = {
    "intervals of no width": batch(half=0.0),
    "one candidate": batch(candidates=1),
    "no candidate": batch(candidates=0),
    "nothing known": batch(known=[0, 0, 0, 0]),
    "some know nothing": batch(known=[9, 0, 1, 0]),
    "no query": batch(queries=0),
    "beyond the escape range": batch(shift=3.0),
    "partly beyond it": batch(shift=0.9, half=0.3),
    "wider than it": batch(half=1.7),
    "all candidates alike": replace(batch(), candidates=torch.ones(9, 3), angles=torch.zeros(9)),
}


@LOSS
@KIND
def test_loss_and_gradients_are_finite(loss, kind):
    for model in models(kind):
        for name, given in ODD.items():
            found, slopes = outcome(model, loss, given)
            where = f"{model.kernel} {model.distance} {model.neighbours}: {name}"
            assert torch.isfinite(found).all() and all(torch.isfinite(slope).all() for slope in slopes), where


@LOSS
@KIND
def test_a_query_that_knows_nothing_is_the_same_on_every_path(loss, kind):
    alone = outcome(ModelConfig(FEATURES, candidates=kind), loss, ODD["no candidate"])[0]
    for model in models(kind):
        torch.testing.assert_close(outcome(model, loss, ODD["nothing known"])[0], alone, rtol=1e-4, atol=1e-4)
        mixed = outcome(model, loss, ODD["some know nothing"])[0]
        torch.testing.assert_close(mixed[[1, 3]], alone[[1, 3]], rtol=1e-4, atol=1e-4)


@LOSS
@KIND
def test_numbers_that_are_none_are_not_lost(loss, kind):
    """A query's feature spoils that query, a candidate's those that know it; no other, and none looks healthy."""
    for model in models(kind):
        given = batch(known=[9, 3, 9, 9])
        given.queries[2, 1] = math.nan
        assert torch.isnan(outcome(model, loss, given)[0]).tolist() == [False, False, True, False], model
        given = batch(known=[9, 3, 9, 2])
        given.candidates[5, 0] = math.nan
        assert torch.isnan(outcome(model, loss, given)[0]).tolist() == [True, False, True, False], model


@LOSS
def test_candidates_intervals_that_are_none_are_refused(loss):
    for bad in (math.nan, math.inf):
        for model in models("intervals"):
            given = batch()
            given.candidate_high[4] = bad
            with pytest.raises(UserError, match="a candidate's interval is (nan|inf) GF wide"):
                outcome(model, loss, given)


@pytest.mark.parametrize("bad", [0.0, -0.1, math.nan])
def test_a_bandwidth_that_is_none_is_refused_on_the_grid(bad):
    given = batch()
    ends = (given.known, given.candidate_low, given.candidate_high, given.low, given.high)
    with pytest.raises(UserError, match="bandwidth is"):
        grid_cross_entropy(
            given.queries, given.candidates, *ends, KERNELS["laplace"], torch.tensor(bad), torch.tensor(0.05)
        )


@pytest.mark.parametrize(
    "loss",
    ["kde_cross_entropy", "hit_probability", "mse_density", pytest.param("bins_squared", marks=pytest.mark.slow)],
)
def test_a_hundred_thousand_intervals(loss):
    """As points: `test_loss_conformance`."""
    model = ModelConfig(FEATURES, kernel="laplace")
    found, slopes = outcome(model, loss, batch(queries=1, candidates=100_000))
    assert torch.isfinite(found).all() and all(torch.isfinite(slope).all() for slope in slopes)


SHORT = TrainConfig(steps=8, queries=16, candidates=120, evaluations=2)


@LOSS
@KIND
def test_training_steps_over_what_is_no_number(loss, kind):
    rows = made_battle(300, 1).rows.copy()
    rows["accel"][150:] = math.nan
    spoiled = [with_rows(made_battle(300, 1), rows), made_battle(300, 2), made_battle(300, 3)]
    model = ModelConfig(FEATURES, kernel="laplace", candidates=kind)
    found = train(spoiled, [made_battle(300, 4)], model, replace(SHORT, loss=loss))
    assert 0 < found.skipped_steps < SHORT.steps
    weights = found.weights
    assert all(np.isfinite(getattr(weights, name)).all() for name in ("w", "b", "p", "bandwidth", "floor"))
    assert math.isfinite(found.history[-1]["validation_loss"])


@LOSS
@KIND
def test_training_takes_points_and_the_edges_of_the_escape_range(loss, kind):
    battles = []
    for seed in (1, 2, 3):
        rows = made_battle(300, seed).rows.copy()
        rows["gf_low"][::3] = rows["gf_high"][::3] = rows["gf"][::3]
        for name in ("gf", "gf_low", "gf_high"):
            rows[name][1::3] = 0.99999
        battles.append(with_rows(made_battle(300, seed), rows))
    found = train(battles[:2], battles[2:], ModelConfig(FEATURES, candidates=kind), replace(SHORT, loss=loss))
    assert found.skipped_steps == 0 and np.isfinite(found.weights.w).all()
    assert math.isfinite(found.history[-1]["validation_loss"])


def unbroken(count=12):
    """A battle of one round in which every wave broke after the last was fired: nobody knows anything."""
    battle = made_battle(count)
    rows = battle.rows.copy()
    rows["break_turn"] = rows["fire_turn"].max() + 10
    return with_rows(battle, rows)


@KIND
def test_guns_fire_where_nothing_has_broken(kind):
    battle = unbroken()
    assert (battle.known == 0).all() and len(battle.queries)
    learned = learned_gun("learned", initial_weights(ModelConfig(FEATURES, candidates=kind)))
    for gun in (*BASELINES.values(), learned):
        shots = replay(battle, gun)
        assert len(shots) == len(battle.queries) and np.isfinite(shots["hit"]).all()
        if gun.name in ("knn", "histogram", "learned", "beepboop_main"):
            assert shots["log_density"] == pytest.approx(0.0, abs=1e-6)


def test_training_where_nothing_has_broken_is_refused():
    for training, validation in (([unbroken()], [made_battle(300)]), ([made_battle(300)], [unbroken()])):
        with pytest.raises(UserError, match="none of the 1 (training|validation) battles has a wave that knows"):
            train(training, validation, ModelConfig(FEATURES), SHORT)


def beepsim(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_the_command_line_takes_battles_in_which_nothing_broke(tmp_path):
    table, out = saved_table(tmp_path / "some", unbroken(), *(made_battle(300, n) for n in (1, 2, 3))), tmp_path / "gun"
    trained = beepsim("train", table, "--out", out, "--steps", 2, "--validation", "target 1", "--json")
    assert trained.exit_code == 0 and json.loads(trained.stdout)["skipped_steps"] == 0
    for tables in (table, saved_table(tmp_path / "none", unbroken())):
        told = beepsim("evaluate", tables, "--weights", out, "--json")
        assert told.exit_code == 0 and len(json.loads(told.stdout)["guns"]) == len(BASELINES) + 1
    with pytest.raises(UserError, match="battles has a wave that knows enough others"):
        beepsim("train", saved_table(tmp_path / "all", unbroken(), unbroken()), "--out", tmp_path / "no")


ODD_EXPERIMENT = """\
name: odd
data: {recordings: {folder: .}}
split: {folds: 2, validation: 0.5}
model: {features: [accel, vel]}
train: {steps: 2, queries: 8, candidates: 200, evaluations: 1}
guns: [random]
density_waves: 0
"""


@pytest.mark.slow
def test_an_experiment_takes_them_too(tmp_path, monkeypatch):
    battles = [unbroken(), *(made_battle(300, n) for n in range(1, 6))]
    table = tmp_path / "table"
    saved_table(table, *battles)
    monkeypatch.setattr("beepsim.experiments.run.gather_battles", lambda *_: [])
    monkeypatch.setattr("beepsim.experiments.run.extract_battles", lambda *_: [table])
    config = tmp_path / "odd.yaml"
    config.write_text(ODD_EXPERIMENT)
    told = beepsim("experiment", config, "--out", tmp_path / "run", "--json")
    assert told.exit_code == 0
    models = json.loads((tmp_path / "run" / "report" / "models.json").read_text())["rows"]
    assert [row["skipped_steps"] for row in models] == [0, 0]
    saved_table(table, *(unbroken() for _ in range(4)))
    with pytest.raises(UserError, match="battles has a wave that knows enough others"):
        beepsim("experiment", config, "--out", tmp_path / "other")
