"""Surfing experiments: from YAML to report through the command line; comparisons known by hand; what is refused."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.errors import UserError
from beepsim.experiments.config import read_experiment
from beepsim.experiments.learning import Learned
from beepsim.experiments.surfing_sections import compare_surfers, question_pairs, rank_surfers, summarise_surfers
from beepsim.targeting.surfers import DODGE
from beepsim.targeting.weights import ModelConfig, Weights

CONFIG = """\
name: tiny
task: surfing
data:
  duels:
    shooters: [random_mover+linear]
    opponents: [circle+head_on, stop_and_go+linear, oscillator+circular]
    rounds: 3
split: {folds: 3, validation: 0.4}
train: {steps: 2, queries: 16, candidates: 50, evaluations: 1}
sweep: {kernel: [gaussian], loss: [mse_mean, kde_cross_entropy], bandwidth: [0.08], candidates: [points]}
density_waves: 1
"""


@pytest.mark.slow
def test_a_surfing_experiment_from_yaml_to_report(tmp_path: Path) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(CONFIG)
    arguments = ["experiment", str(config), "--out", str(tmp_path / "run"), "--json"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    page = Path(json.loads(result.stdout)["report"])
    names = {path.name for path in page.parent.iterdir()}
    for table in ("surfers", "losses", "references", "opponents", "models", "learning_curves", "split"):
        assert {f"{table}.csv", f"{table}.json"} <= names
    assert {"hit_of_two.png", "hit_rate.png", "losses_gain.png", "learning_curves.png"} <= names
    surfers = json.loads((page.parent / "surfers.json").read_text())
    assert surfers["provenance"]["seed"] == 1 and surfers["provenance"]["torch"]
    rows = {row["gun"]: row for row in surfers["rows"]}
    learned = {"gaussian mse_mean h 0.08 points", "gaussian kde_cross_entropy h 0.08 points"}
    assert learned | {"random", "stay", "recorded", "histogram", "knn", "beepboop_main"} <= rows.keys()
    assert len({row["bullets"] for row in rows.values()}) == 1 and rows["random"]["bullets"] > 30
    assert rows["random"]["hit_of_two"] == rows["random"]["hit_rate"] > 0.0
    with (page.parent / "opponents.csv").open() as file:
        assert file.readline().startswith("# {")
        targets = [row["target"] for row in csv.DictReader(file)]
    assert len(targets) == 3
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.parent.name != "report"}
    again = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert json.loads(again.stdout)["findings"] == json.loads(result.stdout)["findings"]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in kept.items() if path.is_file())


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("guns: [random]", "guns"),
        ("ablation: true", "ablation"),
        ("split: {folds: 3, surfers: [circle 1.0]}", "split.surfers"),
        ("train: {restarts: 2}", "train.restarts"),
    ],
)
def test_keys_for_guns_have_no_place(tmp_path: Path, line: str, key: str) -> None:
    config = tmp_path / "surf.yaml"
    config.write_text(f"name: surf\ntask: surfing\ndata: {{recordings: {{folder: x}}}}\n{line}\n")
    with pytest.raises(UserError, match=f"no guns; leave out {key}"):
        read_experiment(config)


def test_an_unknown_task_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "surf.yaml"
    config.write_text("name: surf\ntask: swimming\ndata: {recordings: {folder: x}}\n")
    with pytest.raises(UserError, match="swimming"):
        read_experiment(config)


def dodges_of(hits: list[float], of_two: float) -> np.ndarray:
    found = np.zeros(len(hits), DODGE)
    found["hit"], found["hit_of_two"], found["predicted"], found["log_density"] = hits, of_two, 0.25, -of_two
    return found


def test_hits_avoided_are_the_references_minus_the_surfers() -> None:
    dodges = {
        "bad": {"a": dodges_of([1, 1, 0, 0], 0.4), "b": dodges_of([1, 1], 0.4)},
        "good": {"a": dodges_of([1, 0, 0, 0], 0.1), "b": dodges_of([0, 0], 0.1)},
    }
    (row,) = compare_surfers(dodges, [("good", "bad")], 1)
    assert row["hit_rate_gain"] == pytest.approx(3 / 6) and row["hit_rate_gain_is_clear"]
    assert row["hit_of_two_gain"] == row["hit_of_two_gain_low"] == pytest.approx(0.3)
    assert row["log_density_gain"] == pytest.approx(0.3)
    assert row["hit_rate_gain_low"] == pytest.approx(0.25) and row["hit_rate_gain_high"] == pytest.approx(1.0)
    rows = summarise_surfers(dodges, 1)
    assert [row["gun"] for row in rows] == ["good", "bad"] and rows[0]["bullets"] == 6
    assert rows[0]["predicted"] == pytest.approx(0.25) and rows[1]["hit_rate"] == pytest.approx(4 / 6)


def learned(loss: str, kernel: str, bandwidth: float, is_learned: bool) -> Learned:
    config = ModelConfig(("bft",), kernel=kernel, bandwidth=bandwidth, learn_bandwidth=is_learned)
    one = np.ones(1)
    weights = Weights(config, one, one, one, bandwidth, 0.05, {"training": {"loss": loss}})
    return Learned(f"{kernel} {loss} {bandwidth} {is_learned}", 0, "key", weights, [], 0)


def test_pairs_have_the_same_kernel_or_the_same_loss() -> None:
    everything = [
        learned("kde_cross_entropy", "gaussian", 0.08, False),
        learned("kde_cross_entropy", "gaussian", 0.05, True),
        learned("kde_cross_entropy", "laplace", 0.08, False),
        learned("mse_mean", "gaussian", 0.08, False),
        learned("mse_mean", "laplace", 0.08, False),
        learned("mse_density", "gaussian", 0.05, True),
    ]
    names = [one.variant for one in everything]
    by_loss, by_kernel = question_pairs(names, everything)
    assert by_loss == [
        ("gaussian mse_mean 0.08 False", "gaussian kde_cross_entropy 0.08 False"),
        ("laplace mse_mean 0.08 False", "laplace kde_cross_entropy 0.08 False"),
        ("gaussian mse_density 0.05 True", "gaussian kde_cross_entropy 0.05 True"),
    ]
    assert by_kernel == [
        ("laplace kde_cross_entropy 0.08 False", "gaussian kde_cross_entropy 0.08 False"),
        ("laplace mse_mean 0.08 False", "gaussian mse_mean 0.08 False"),
    ]
    rows = [{"gun": "random"}, {"gun": names[3]}, {"gun": names[0]}]
    assert rank_surfers(rows, everything) == [names[3], names[0]]
