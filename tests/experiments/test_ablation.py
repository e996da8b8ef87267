"""A feature left out: one term less in the distance, everything else as it was."""

import dataclasses

import numpy as np
import pytest
from made_shots import made_shots

from beepsim.experiments.ablation import ablated_guns, ablation_rows, ablation_section, by_feature, without_feature
from beepsim.experiments.learning import Learned
from beepsim.targeting.battles import FEATURE_NAMES
from beepsim.targeting.weights import ModelConfig, Weights

FEATURES = ("accel", "bft", "vel")


def example_weights() -> Weights:
    w, b, p = np.random.default_rng(1).uniform(0.2, 2.0, (3, 3))
    return Weights(ModelConfig(FEATURES), w, b, p, 0.1, 0.05)


def learned_in(fold: int, variant: str = "best", weights: Weights | None = None) -> Learned:
    values = {"variant": variant, "fold": fold, "key": f"key{fold}", "weights": weights or example_weights()}
    values |= {"history": [], "skipped_steps": 0}
    names = {field.name for field in dataclasses.fields(Learned) if field.default is dataclasses.MISSING}
    assert names <= set(values)
    return Learned(**values)


@pytest.mark.parametrize("feature", FEATURES)
def test_the_distance_lacks_exactly_the_features_term(feature):
    weights, features = example_weights(), np.random.default_rng(2).random((2, len(FEATURE_NAMES))).astype(np.float32)
    whole = np.abs(np.subtract(*weights.embed(features)))
    rest = np.abs(np.subtract(*without_feature(weights, feature).embed(features)))
    assert rest.sum() == pytest.approx(whole.sum() - whole[FEATURES.index(feature)], rel=1e-6)
    kept = without_feature(weights, feature)
    assert feature not in kept.config.features and (kept.bandwidth, kept.floor) == (weights.bandwidth, weights.floor)


def test_every_feature_is_left_out_once_in_every_fold():
    guns = ablated_guns([learned_in(0), learned_in(1), learned_in(0, "other")], "best")
    assert len(guns) == 6 and len({one.key for one in guns}) == 6 and len({one.variant for one in guns}) == 3
    assert {one.variant for one in guns if "bft" not in one.weights.config.features} == {"best minus bft"}
    assert list(by_feature({one.variant: {} for one in guns})) == list(FEATURES)


def test_a_model_of_one_feature_has_nothing_left():
    only = without_feature(without_feature(example_weights(), "bft"), "vel")
    assert ablated_guns([learned_in(0, weights=only)], "best") == []


def test_the_most_useful_feature_comes_first():
    hits = np.tile([1, 0], 10)
    whole = {"best": {name: made_shots(hits, log_density=0.3) for name in "ab"}}
    ablated = {
        "harmful": {name: made_shots(np.ones(20), log_density=0.4) for name in "ab"},
        "useful": {name: made_shots(np.zeros(20), log_density=0.1) for name in "ab"},
    }
    useful, harmful = ablation_rows(whole, "best", ablated, 1)
    assert (useful["feature"], useful["hit_rate_difference"], useful["hit_rate_difference_is_clear"]) == (
        "useful", 0.5, True
    )  # fmt: skip
    assert useful["log_density_difference"] == pytest.approx(0.2)
    assert harmful["log_density_difference_high"] == pytest.approx(-0.1)
    (section,) = ablation_section(whole, "best", ablated, 1)
    assert section.plots["ablation"].startswith(b"\x89PNG") and "Of 2 features 2" in section.text
    assert ablation_section(whole, "best", {}, 1) == []
