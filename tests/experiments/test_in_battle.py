"""Networks of folds and replays of guns that learn in battle: who learns from whom, and what is kept."""

from pathlib import Path

import numpy as np
import pytest

from beepsim.experiments import in_battle, learning
from beepsim.experiments.config import Experiment, list_variants
from beepsim.experiments.evaluation import replay_guns
from beepsim.experiments.in_battle import first_models, pretrain_networks, replay_in_battle
from beepsim.experiments.learning import train_variants
from beepsim.experiments.split import split_opponents
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.in_battle import NEEDED, in_battle_gun
from beepsim.targeting.network import NetworkConfig, load_network
from beepsim.targeting.replay import replay
from beepsim.waves.extract import ROW

SURFERS = ("e", "f", "g", "h")
CONFIG = NetworkConfig(steps=6, waves=64, seed=3)
EXPERIMENT = {
    "name": "x",
    "seed": 3,
    "data": {"recordings": {"folder": "."}},
    "split": {"folds": 2, "surfers": list(SURFERS)},
    "model": {"features": ["accel", "bft"]},
    "train": {"steps": 2, "queries": 16, "candidates": 200, "evaluations": 1, "restarts": 2},
}


def made_battle(target: str) -> BattleWaves:
    """Acceleration decides; 640 waves in 8 rounds."""
    rng, number = np.random.default_rng(ord(target)), np.arange(640)
    rows = np.zeros(len(number), ROW)
    rows["round"], rows["fire_turn"] = number // 80, number % 80
    rows["break_turn"] = rows["fire_turn"] + 30
    rows["real"] = number % 10 == 0
    rows["accel"] = rng.uniform(-2.0, 2.0, len(number))
    rows["distance"], rows["bft"], rows["bullet_speed"], rows["power"] = 400.0, 28.0, 14.0, 2.0
    rows["orbit_direction"], rows["escape_left"], rows["escape_right"] = 1.0, 0.5, 0.5
    rows["gf"] = rows["accel"] * 0.4
    rows["gf_low"], rows["gf_high"] = rows["gf"] - 0.1, rows["gf"] + 0.1
    rows["hit_low"], rows["hit_high"] = rows["gf_low"] * 0.5, rows["gf_high"] * 0.5
    return BattleWaves(f"against {target}", "shooter 1.0", target, rows)


BATTLES = [made_battle(target) for target in "abcdefgh"]


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """(folder, folds, learned, networks, shots), computed in this process."""
    folder = tmp_path_factory.mktemp("experiment")
    with pytest.MonkeyPatch.context() as patch:
        for module in (learning, in_battle):
            patch.setattr(module, "spread", lambda function, jobs, *_: [function(job) for job in jobs])
            patch.setattr(module, "kept_battles", lambda *_: BATTLES)
        experiment = Experiment.model_validate(EXPERIMENT)
        folds = split_opponents("abcdefgh", 2, 0.2, 3, SURFERS)
        learned = train_variants(list_variants(experiment), folds, BATTLES, [], folder / "models", "cpu", SURFERS)
        networks = pretrain_networks(CONFIG, folds, BATTLES, [], folder / "models")
        shots = replay_in_battle(list(NEEDED), learned, networks, folds, BATTLES, [], folder / "shots", 3)
        yield folder, folds, learned, networks, shots


def test_nobody_learns_from_whom_he_is_tested_on_or_from_the_other_kind(parts):
    _, folds, learned, networks, _ = parts
    for fold in folds:
        assert set(load_network(networks[fold.number]).provenance["opponents"]) == set("abcdefgh") - set(fold.test)
    for one in learned:
        said = one.weights.provenance
        seen = {*said["opponents"], *said["validation_opponents"]}
        assert seen and not seen & set(folds[one.fold].test)
        assert all((name in SURFERS) == one.is_for_surfers for name in seen)
    assert len(learned) == 2 * 2 * 2 and {one.restart for one in learned} == {0, 1}


def test_networks_learn_from_opponents_of_no_fold_too(parts, tmp_path, monkeypatch):
    _, folds, _, networks, _ = parts
    known = [*BATTLES, made_battle("z")]
    monkeypatch.setattr(in_battle, "spread", lambda function, jobs, *_: [function(job) for job in jobs])
    monkeypatch.setattr(in_battle, "kept_battles", lambda *_: known)
    found = pretrain_networks(CONFIG, folds, known, [], tmp_path)
    for fold in folds:
        assert set(load_network(found[fold.number]).provenance["opponents"]) == set("abcdefghz") - set(fold.test)
        assert found[fold.number].name != networks[fold.number].name


def test_each_gun_fires_with_the_models_of_the_fold_that_tests_its_target(parts):
    _, folds, learned, networks, shots = parts
    models = first_models(learned)
    assert all([one.is_for_surfers for one in pair] == [False, True] for pair in models.values())
    assert list(shots) == list(NEEDED)
    for battle in (BATTLES[1], BATTLES[6]):
        fold = next(fold.number for fold in folds if battle.target in fold.test)
        for name, by_battle in shots.items():
            weights = [one.weights for one in models[fold]]
            expected = replay(battle, in_battle_gun(name, weights, load_network(networks[fold]), 3))
            assert by_battle[battle.battle].tobytes() == expected.tobytes()
    assert not np.array_equal(shots["adapted"]["against b"]["angle"], shots["network"]["against b"]["angle"])


def test_what_is_kept_is_not_computed_again_and_what_is_lost_comes_back(parts, monkeypatch):
    folder, folds, learned, networks, shots = parts
    kept = sorted(path.name for path in (folder / "shots").iterdir())
    assert len(kept) == len(NEEDED)

    def again(names=tuple(NEEDED)):
        return replay_in_battle(names, learned, networks, folds, BATTLES, [], folder / "shots", 3)

    monkeypatch.setattr(in_battle, "replay_one", lambda job: pytest.fail(f"computed again: {job}"))
    assert again()["full"]["against a"].tobytes() == shots["full"]["against a"].tobytes()
    assert pretrain_networks(CONFIG, folds, BATTLES, [], folder / "models") == networks
    monkeypatch.undo()
    monkeypatch.setattr(in_battle, "kept_battles", lambda *_: BATTLES)
    next((folder / "shots").glob("chosen-*.parquet")).unlink()
    done = []

    def two_then_ctrl_c(function, jobs, *_):
        for job in jobs:
            if len(done) == 2:
                raise KeyboardInterrupt
            done.append(function(job))

    monkeypatch.setattr(in_battle, "spread", two_then_ctrl_c)
    with pytest.raises(KeyboardInterrupt):
        again(["chosen"])
    monkeypatch.setattr(in_battle, "spread", lambda function, jobs, *_: done.extend(map(function, jobs)))
    found = again(["chosen"])["chosen"]
    assert len(done) == len(BATTLES)
    assert all(found[battle].tobytes() == shots["chosen"][battle].tobytes() for battle in found)
    assert sorted(path.name for path in (folder / "shots").iterdir()) == kept


def test_restarts_are_replayed_under_names_of_their_own(parts, tmp_path: Path):
    _, folds, learned, _, _ = parts
    shots = replay_guns(["random"], learned, folds, BATTLES, tmp_path)
    names = {one.gun for one in learned}
    assert set(shots) == {"random", *names} and len(names) == 4
    assert {name for name in names if name.endswith(" (restart 2)")} == {one.gun for one in learned if one.restart}
