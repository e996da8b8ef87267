"""Experiments as configured: shipped files are right, and a sweep is every combination under its own name."""

from pathlib import Path

import numpy as np
import pytest

from beepsim.errors import UserError
from beepsim.experiments.config import (
    FEATURE_GROUPS,
    FOR_SURFERS,
    Experiment,
    list_variants,
    read_experiment,
    single_variant,
    with_recordings,
)
from beepsim.experiments.tasks import read_task
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.losses import LOSSES
from beepsim.targeting.weights import NEUTRAL, RECIPE_FEATURES, initial_weights

FOLDER = Path(__file__).parents[2] / "configs"
CONFIGS = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "league.yaml")  # a tournament
LEAST = {"name": "x", "data": {"recordings": {"folder": "."}}}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_shipped_configurations_are_right(path: Path) -> None:
    experiment = read_task(path)
    assert experiment.name == path.stem
    assert not isinstance(experiment, Experiment) or list_variants(experiment)


def test_a_sweep_is_every_combination() -> None:
    sweep = {
        "kernel": ["gaussian", "laplace"],
        "loss": ["kde_cross_entropy", "mse_density"],
        "bandwidth": [0.1, "learned"],
        "start": ["beepboop", "neutral"],
    }
    variants = list_variants(Experiment.model_validate({**LEAST, "sweep": sweep, "seed": 9}))
    assert len({variant.name for variant in variants}) == len(variants) == 16
    assert {variant.train.seed for variant in variants} == {9}
    for variant in variants:
        assert variant.model.kernel in variant.name and variant.train.loss in variant.name
        assert ("h learned" in variant.name) == variant.model.learn_bandwidth
        assert variant.name.endswith("from neutral") == (variant.model.start == "neutral")


def test_bandwidths_may_be_multiples_of_a_bot() -> None:
    def variants(*bandwidths: object) -> list:
        return list_variants(Experiment.model_validate({**LEAST, "sweep": {"bandwidth": list(bandwidths)}}))

    found = variants(0.5, "0.5 bot", "learned bot", "learned", "12 bot")
    assert [one.model.bandwidth_unit for one in found] == ["gf", "bot_width", "bot_width", "gf", "bot_width"]
    assert [one.model.bandwidth for one in found] == [0.5, 0.5, 0.5, 0.05, 12.0]
    assert [one.model.learn_bandwidth for one in found] == [False, False, True, True, False]
    assert found[1].name.endswith("h 0.5 bot") and found[2].name.endswith("h learned bot")
    assert len({one.name for one in found}) == 5
    for wrong in ("0 bot", "0.04 bot", "-1 bot", "20.1 bot", "bot", "1 bots", "nan bot", "0.5bot"):
        with pytest.raises(ValueError, match="sweep.bandwidth"):
            variants(wrong)
    assert single_variant("laplace", "mse_density", "0.5 bot", 3, 1).model.bandwidth_unit == "bot_width"
    with pytest.raises(UserError, match="--bandwidth is '99 bot'"):
        single_variant("laplace", "mse_density", "99 bot", 3, 1)


def test_every_kernel_and_loss_can_be_swept() -> None:
    """Losses without a density, and boxes under the cross-entropy, whose edges it does not see, learn no bandwidth."""
    sweep = {"kernel": list(KERNELS), "loss": list(LOSSES), "bandwidth": ["learned"]}
    variants = list_variants(Experiment.model_validate({**LEAST, "sweep": sweep}))
    assert len(variants) == len(KERNELS) * len(LOSSES)
    fixed = {(one.model.kernel, one.train.loss) for one in variants if not one.model.learn_bandwidth}
    without_density = {(kernel, loss) for kernel in KERNELS for loss in ("mse_mean", "mse_expected")}
    assert fixed == without_density | {("box", "kde_cross_entropy")}
    assert {one.train.loss for one in variants if not one.model.learn_floor} == {"mse_mean", "mse_expected"}


@pytest.mark.parametrize(
    "key,received,near",
    [
        ("kernel", "student", "student_t"),
        ("kernel", "boxes", "box"),
        ("kernel", "cauchi", "cauchy"),
        ("loss", "bins_ce", "bins_kl"),
        ("loss", "hit_probabilty", "hit_probability"),
        ("loss", "mse_expect", "mse_expected"),
    ],
)
def test_the_nearest_name_is_suggested(tmp_path: Path, key: str, received: str, near: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"name: x\ndata: {{recordings: {{folder: .}}}}\nsweep: {{{key}: [{received}]}}\n")
    with pytest.raises(UserError, match=f"did you mean '{near}'"):
        read_experiment(path)


def test_restarts_differ_in_their_seed_only() -> None:
    variants = list_variants(Experiment.model_validate({**LEAST, "seed": 5, "train": {"restarts": 3}}))
    assert [(one.restart, one.train.seed) for one in variants] == [(0, 5), (1, 6), (2, 7)]
    assert len({one.name for one in variants}) == 1 and len({one.model for one in variants}) == 1


def test_groups_of_features_are_left_out_and_cover_the_recipe() -> None:
    assert set(RECIPE_FEATURES) == {name for group in FEATURE_GROUPS.values() for name in group} & set(RECIPE_FEATURES)
    sweep = {"without": [[], *([group] for group in FEATURE_GROUPS), ["walls", "past_motion"]]}
    variants = list_variants(Experiment.model_validate({**LEAST, "sweep": sweep}))
    assert len(variants) == len({one.name for one in variants}) == 2 + len(FEATURE_GROUPS)
    for one in variants:
        gone = {name for group in one.without for name in FEATURE_GROUPS[group]}
        assert set(one.model.features) == set(RECIPE_FEATURES) - gone
        assert one.name.removesuffix(" without " + ", ".join(one.without)) == variants[0].name
        assert bool(gone & set(RECIPE_FEATURES)) == bool(one.without)


def test_surfers_have_a_model_that_knows_how_shots_ended() -> None:
    one, other = list_variants(Experiment.model_validate({**LEAST, "split": {"surfers": ["a 1.0"]}}))
    assert (one.is_for_surfers, other.is_for_surfers) == (False, True) and other.name == one.name + FOR_SURFERS
    assert other.model.features == (*one.model.features, "didHit", "didCollide")


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            "in_battle: [chosen, ful]",
            ["in_battle[1] is 'ful'; it must be one of adapted, network, full, chosen, mixed"],
        ),
        ("in_battle: [chosen]", ["in_battle: chosen needs a model for surfers; name them in split.surfers"]),
        ("in_battle: [full, full]\ntrain: {restarts: 0}", ["in_battle: a value is given twice", "train.restarts is 0"]),
        ("network: {steps: 0}\nsplit: {surfers: [7]}", ["network.steps is 0", "split.surfers[0] is 7"]),
        ("network: {opponents: [a 1.0]}", ["network.opponents are those of recordings that data.recordings.opponents"]),
        ("network: {opponents: [a 1.0, a 1.0]}", ["network.opponents: a value is given twice"]),
        ("sweep: {without: [[wals]]}", ["sweep.without[0][0] is 'wals'", "did you mean 'walls'?"]),
        ("sweep: {without: [[walls], [walls]]}", ["sweep.without: a value is given twice"]),
        ("sweep: {without: [[walls, shot], [shot, walls]]}", ["sweep.without: a value is given twice"]),
        ("sweep: {without: [[walls, walls]]}", ["sweep.without: a value is given twice in ['walls', 'walls']"]),
        ("train: {steps: 1}", ["train.steps is 1: input should be greater than or equal to 2"]),
        ("sweep: {without: [[walls]]}\nmodel: {features: [bft]}", ["model.features has no feature of the group walls"]),
        ("sweep: {without: [[beepboop]]}\nmodel: {features: [bft]}", ["no feature of model.features is left"]),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, text: str, messages: list[str]) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"name: x\ndata: {{recordings: {{folder: .}}}}\n{text}\n")
    with pytest.raises(UserError) as caught:
        read_experiment(path)
    for message in messages:
        assert message in str(caught.value)


def test_a_neutral_start_knows_nothing_of_the_features() -> None:
    variant = list_variants(Experiment.model_validate({**LEAST, "sweep": {"start": ["neutral"]}}))[0]
    weights = initial_weights(variant.model)
    for values, expected in zip((weights.w, weights.b, weights.p), NEUTRAL, strict=True):
        assert np.all(values == expected)


def test_a_loss_on_means_learns_no_bandwidth() -> None:
    sweep = {"loss": ["mse_mean"], "bandwidth": ["learned"]}
    assert not list_variants(Experiment.model_validate({**LEAST, "sweep": sweep}))[0].model.learn_bandwidth


def test_recordings_can_be_named_apart_from_the_file() -> None:
    experiment = with_recordings(Experiment.model_validate(LEAST), "there")
    assert experiment.data.recordings and experiment.data.recordings.folder == "there"
    duels = {"duels": {"shooters": ["circle+linear"], "opponents": ["circle"]}}
    with pytest.raises(UserError, match="fights its own duels"):
        with_recordings(Experiment.model_validate({"name": "x", "data": duels}), "there")


def test_a_command_line_makes_a_variant() -> None:
    variant = single_variant("gaussian", "mse_density", "0.07", 12, 5)
    assert (variant.model.kernel, variant.model.bandwidth, variant.model.learn_bandwidth) == ("gaussian", 0.07, False)
    assert (variant.train.loss, variant.train.steps, variant.train.seed) == ("mse_density", 12, 5)
    with pytest.raises(UserError, match="--loss is 'mse'"):
        single_variant("gaussian", "mse", "learned", 12, 5)
