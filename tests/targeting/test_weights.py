"""Weights: files good and bad, the shipped parameters, the embedding."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from safetensors.torch import save_file as save_torch_file
from targeting_battles import real_battle

from beepsim.errors import UserError
from beepsim.targeting import weights as module
from beepsim.targeting.battles import FEATURE_NAMES, KNOWN_AFTER_THE_SHOT
from beepsim.targeting.guns import BASELINES, learned_gun
from beepsim.targeting.weights import (
    BEEPBOOP_ANTI_SURFER,
    BEEPBOOP_ANTI_SURFER_SCALE,
    BEEPBOOP_MAIN,
    BEEPBOOP_MAIN_SCALE,
    ModelConfig,
    Weights,
    initial_weights,
    load_weights,
    save_weights,
)
from beepsim.waves.features import FEATURE_VERSION, normalise

CONFIG = ModelConfig(("power", "latVel", "vel=8"), "squared_euclidean", "gaussian", 0.07, True, 0.02, False, 50)
WEIGHTS = Weights(
    CONFIG, np.array([0.1, 2.0, 1 / 3]), np.array([0.0, 0.2, 0.5]), np.array([1.0, 0.5, 1.7]), 0.071, 0.02
)


def saved(path, changes=None, **arrays):
    """A file of WEIGHTS with its metadata and arrays changed; an array None is left out."""
    save_weights(path, WEIGHTS)
    with safe_open(path, framework="numpy") as file:
        metadata = json.loads(file.metadata()["beepsim"])
    kept = {name: value for name, value in (load_file(path) | arrays).items() if value is not None}
    save_file(kept, path, {"beepsim": json.dumps(metadata | (changes or {}))})
    return path


def test_what_is_saved_is_loaded(tmp_path):
    path = tmp_path / "gun.safetensors"
    save_weights(path, replace(WEIGHTS, provenance={"seed": 7, "opponents": ["a", "b"]}))
    found = load_weights(path)
    assert found.config == CONFIG
    for name in ("w", "b", "p"):
        assert np.array_equal(getattr(found, name), getattr(WEIGHTS, name)) and getattr(found, name).dtype == np.float64
    assert (found.bandwidth, found.floor) == (0.071, 0.02)
    assert found.provenance["seed"] == 7 and found.provenance["opponents"] == ["a", "b"]
    assert set(found.provenance["versions"]) >= {"beepsim", "python", "numpy", "torch"}
    assert [entry.name for entry in tmp_path.iterdir()] == ["gun.safetensors"]


def test_saving_twice_gives_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        save_weights(tmp_path / name, WEIGHTS)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_loaded_gun_aims_as_the_saved_one(tmp_path):
    save_weights(tmp_path / "gun", WEIGHTS)
    guns = learned_gun("one", WEIGHTS), learned_gun("two", load_weights(tmp_path / "gun"))
    one, two = (gun.aim(real_battle()) for gun in guns)
    assert np.array_equal(one.angle, two.angle) and np.array_equal(one.log_density, two.log_density)


def config(**changes):
    return {"config": {**json.loads(json.dumps(CONFIG.__dict__)), **changes}}


@pytest.mark.parametrize("changes,arrays,reason", [
    ({"kind": "checkpoint"}, {}, "holds 'checkpoint', not weights"),
    ({"features": "0"}, {}, f"feature version '0'; this version has '{FEATURE_VERSION}': train again"),
    ({"config": None}, {}, "configuration is not a model's"),
    (config(kernel="boxcar"), {}, "configuration is not a model's: kernel"),
    (config(bandwidth="wide"), {}, "configuration is not a model's: bandwidth"),
    (config(bandwidth=float("nan")), {}, "configuration is not a model's: bandwidth"),
    (config(heads=8), {}, "configuration is not a model's: heads"),
    (config(features=["power", "latVel", "colour"]), {}, "unknown feature 'colour'"),
    (config(features=["power", "power", "latVel"]), {}, "a feature is given twice"),
    (config(features=[]), {}, "at least one feature"),
    (config(features=["power"]), {}, r"array 'w' has shape \(3,\), type float64; expected 1 finite"),
    ({}, {"p": None}, "array 'p' is missing; expected 3 finite numbers"),
    ({}, {"b": np.zeros((3, 1))}, r"array 'b' has shape \(3, 1\)"),
    ({}, {"w": np.array([1, 2, 3])}, "array 'w' has shape .*int64"),
    ({}, {"w": np.array([1.0, np.inf, 3.0])}, "array 'w' .* expected 3 finite numbers"),
    ({}, {"bandwidth": np.array([0.0])}, "bandwidth 0.0 .* out of range"),
    ({}, {"bandwidth": np.array([1e-300])}, "bandwidth 1e-300 .* out of range"),
    ({}, {"bandwidth": np.array([1e300])}, r"bandwidth 1e\+300 .* out of range"),
    (config(bandwidth=-5.0), {}, "bandwidth -5.0 .* out of range"),
    (config(floor=5.0), {}, "floor 5.0 is out of range"),
    ({"provenance": {"opponents": 5}}, {}, "the opponents 5; they must be a list of names"),
    ({"provenance": {"opponents": [["a"]]}}, {}, "they must be a list of names"),
    ({}, {"floor": np.array([1.5])}, "floor 1.5 .* out of range"),
    ({}, {"b": np.array([0.0, -0.1, 0.0])}, "one is out of range"),
    ({}, {"p": np.array([1.0, 900.0, 1.0])}, "one is out of range"),
    ({}, {"w": np.array([1.0, 1.0, 1e30])}, "one is out of range"),
    (config(neighbours=0), {}, "neighbours is 0; it must be at least 1"),
])  # fmt: skip
def test_wrong_contents_are_named(tmp_path, changes, arrays, reason):
    path = saved(tmp_path / "gun.safetensors", changes, **arrays)
    with pytest.raises(UserError, match=reason) as caught:
        load_weights(path)
    assert str(path) in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="none.safetensors: no such file"):
        load_weights(tmp_path / "none.safetensors")


def test_a_folder_is_not_weights(tmp_path):
    with pytest.raises(UserError, match="is not a safetensors file"):
        load_weights(tmp_path)


def test_numbers_of_a_type_that_numpy_lacks_are_refused(tmp_path):
    path = tmp_path / "gun.safetensors"
    arrays = {name: torch.as_tensor(getattr(WEIGHTS, name)) for name in "wbp"} | {"floor": torch.tensor([0.1])}
    save_torch_file({**arrays, "bandwidth": torch.tensor([0.07], dtype=torch.bfloat16)}, path)
    with pytest.raises(UserError, match="is not a safetensors file, or it is damaged: .*bfloat16"):
        load_weights(path)


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_cut_file_is_refused(tmp_path, keep):
    path = tmp_path / "gun.safetensors"
    save_weights(path, WEIGHTS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match="gun.safetensors is not a safetensors file, or it is damaged"):
        load_weights(path)


@pytest.mark.parametrize(
    "metadata", [None, {}, {"beepsim": "{"}, {"beepsim": "[]"}, {"beepsim": '{"kind": "weights"}'}]
)
def test_a_foreign_safetensors_file_is_refused(tmp_path, metadata):
    path = tmp_path / "model.safetensors"
    save_file({"w": np.zeros(3)}, path, metadata)
    with pytest.raises(
        UserError, match="model.safetensors is a safetensors file, but not weights of a gun: it does not say of which$"
    ):
        load_weights(path)


def test_a_huge_file_is_refused_unread(tmp_path, monkeypatch):
    path = tmp_path / "gun.safetensors"
    save_weights(path, WEIGHTS)
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 100)
    with pytest.raises(UserError, match="bytes; weights have at most 100"):
        load_weights(path)


def test_shipped_parameters_are_beepboops():
    """Values of BeepBoop 2.0's published source."""
    assert len(BEEPBOOP_MAIN) == 20 and len(BEEPBOOP_ANTI_SURFER) == 17
    assert (BEEPBOOP_MAIN_SCALE, BEEPBOOP_ANTI_SURFER_SCALE) == (0.6551, 0.8611)
    assert BEEPBOOP_MAIN["bft"] == (3.8637, 0.0721, 0.5527)
    assert BEEPBOOP_MAIN["accel"] == (6.1880, 0.0179, 0.1242)
    assert BEEPBOOP_MAIN["stickWallReverse2"] == (0.0646, 0.3137, 0.0688)
    assert BEEPBOOP_MAIN["shotsFired"] == (0.6133, 0.0291, 0.4828)
    assert BEEPBOOP_ANTI_SURFER["didHit"] == (2.1621, 0.1432, 1.1444)
    assert BEEPBOOP_ANTI_SURFER["stickWallAhead2"] == (0.8256, 0.0157, 0.3642)
    assert {*BEEPBOOP_MAIN, *BEEPBOOP_ANTI_SURFER} <= set(FEATURE_NAMES)
    gun = BASELINES["beepboop_main"]
    np.testing.assert_allclose(gun.weights.w, 0.6551 * np.array([w for w, _, _ in BEEPBOOP_MAIN.values()]))


def test_training_starts_from_beepboops_main_model():
    weights = initial_weights(ModelConfig(("accel", "bft", "latVel")))
    assert weights.w[0] / weights.w[1] == pytest.approx(6.1880 / 3.8637)
    assert weights.b.tolist() == [0.0179, 0.0721, 0.2] and weights.p.tolist() == [0.1242, 0.5527, 0.7]
    with pytest.raises(UserError, match="unknown feature 'speed'"):
        initial_weights(ModelConfig(("speed",)))


def test_embedding_is_the_formula():
    battle = real_battle()
    weights = initial_weights(ModelConfig())
    found = weights.embed(battle.features)
    assert (
        found.shape == (len(battle.rows), len(weights.config.features))
        and found.dtype == np.float32
        and np.isfinite(found).all()
    )
    for column, name in enumerate(weights.config.features):
        x = normalise(battle.rows, [name])[:, 0].astype(np.float64)
        expected = weights.w[column] * (1e-4 + weights.b[column] + x) ** weights.p[column]
        np.testing.assert_allclose(found[:, column], expected, rtol=1e-6)


def test_a_feature_rounded_below_zero_is_embedded_as_zero():
    features = np.zeros((2, len(FEATURE_NAMES)), np.float32)
    features[0] = -1e-3
    weights = replace(WEIGHTS, b=np.zeros(3))
    assert np.array_equal(weights.embed(features)[0], weights.embed(features)[1])


def test_influence_is_the_mean_part_of_the_distance():
    battle = real_battle()
    queries, candidates = battle.query_features[:-7], battle.features[7:]
    for distance, power in (("manhattan", 1), ("squared_euclidean", 2)):
        weights = replace(WEIGHTS, config=replace(CONFIG, distance=distance))
        difference = np.abs(weights.embed(queries).astype(float) - weights.embed(candidates)) ** power
        np.testing.assert_allclose(weights.influence(queries, candidates), difference.mean(axis=0))


def test_queries_do_not_know_how_their_shot_ends():
    battle = real_battle()
    columns = [FEATURE_NAMES.index(name) for name in KNOWN_AFTER_THE_SHOT]
    assert battle.features[:, columns].any(axis=0).all()
    assert not battle.query_features[:, columns].any()
    others = [index for index in range(len(FEATURE_NAMES)) if index not in columns]
    assert np.array_equal(battle.features[:, others], battle.query_features[:, others])
