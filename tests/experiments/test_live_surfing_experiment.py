"""Live surfing from YAML to report: every variant against the same enemies, with weights that never saw them."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.experiments.learning import Learned
from beepsim.experiments.live_surfing_sections import question_pairs
from beepsim.targeting.weights import ModelConfig, Weights, load_weights

SURFER = Path(__file__).parent / "trainable_surfer.py"
ENEMIES = ["sitting_duck+head_on", "sitting_duck+linear", "sitting_duck+circular"]
CONFIG = f"""\
name: tiny
task: live_surfing
battles:
  surfer: {SURFER}
  enemies: {json.dumps(ENEMIES)}
  others: [random_mover]
  rounds: 4
  training_seasons: 1
  seasons: 2
split: {{folds: 3}}
model: {{features: [bft, lateral0]}}
train: {{steps: 4, queries: 32, candidates: 50, evaluations: 1, rate: 0.1}}
sweep: {{loss: [kde_cross_entropy, mse_mean], kernel: [laplace], bandwidth: [0.08], candidates: [points]}}
"""


@pytest.mark.slow
def test_live_surfing_from_yaml_to_report(tmp_path: Path) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(CONFIG)
    arguments = ["experiment", str(config), "--out", str(tmp_path / "run"), "--json"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    page = Path(json.loads(result.stdout)["report"])
    names = {path.name for path in page.parent.iterdir()}
    for table in ("surfers", "losses", "untrained", "enemies", "enemy_differences", "models", "split"):
        assert {f"{table}.csv", f"{table}.json"} <= names
    assert {"damage.png", "hit_rate.png", "losses_avoided.png", "enemies.png"} <= names
    rows = {row["gun"]: row for row in json.loads((page.parent / "surfers.json").read_text())["rows"]}
    assert len(rows) == 4 and {"random_mover", str(SURFER)} <= rows.keys()
    assert {row["rounds"] for row in rows.values()} == {3 * 2 * 4}
    folds = {row["enemy"]: row["fold"] for row in json.loads((page.parent / "split.json").read_text())["rows"]}
    assert sorted(folds.values()) == [0, 1, 2]
    figures = list((tmp_path / "run" / "battles").glob("*.json"))
    battles = [json.loads(path.read_text()) for path in figures]
    lessons = [path.with_suffix(".battle").exists() for path in figures]  # only these are recorded
    seeds = [
        {one["seed"] for one, is_lesson in zip(battles, lessons, strict=True) if is_lesson == which}
        for which in (True, False)
    ]
    assert len(seeds[0]) == 3 and len(seeds[1]) == 6 and not seeds[0] & seeds[1]
    for path in (tmp_path / "run" / "models").glob("*.safetensors"):
        provenance = load_weights(path).provenance
        saw = {*provenance["opponents"], *provenance["validation_opponents"]}
        met = {one["bots"][1] for one in battles if path.stem in one["bots"][0]}
        assert len(met) == 1 and len(saw) == 2 and not met & saw
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.parent.name != "report"}
    again = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert json.loads(again.stdout)["findings"] == json.loads(result.stdout)["findings"]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in kept.items() if path.is_file())


def learned(loss: str, kernel: str) -> Learned:
    one = np.ones(1)
    weights = Weights(ModelConfig(("bft",), kernel=kernel), one, one, one, 0.08, 0.05, {"training": {"loss": loss}})
    return Learned(f"{kernel} {loss}", 0, "key", weights, [], 0)


def test_all_are_compared_with_the_gaussian_cross_entropy_then_with_their_own_kernels() -> None:
    everything = [
        learned(loss, kernel) for loss in ("mse_mean", "kde_cross_entropy") for kernel in ("laplace", "gaussian")
    ]
    assert question_pairs(everything) == [
        ("laplace mse_mean", "gaussian kde_cross_entropy"),
        ("gaussian mse_mean", "gaussian kde_cross_entropy"),
        ("laplace kde_cross_entropy", "gaussian kde_cross_entropy"),
        ("laplace mse_mean", "laplace kde_cross_entropy"),
    ]
    assert question_pairs(everything[:2]) == [("gaussian mse_mean", "laplace mse_mean")]
