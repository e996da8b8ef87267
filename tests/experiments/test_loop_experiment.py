"""The loop from YAML to report: each mover meets weights that never saw it, each generation what it was trained for."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.experiments.split import deal_classes
from beepsim.targeting.weights import load_weights

HERE = Path(__file__).parent
CLASSES = {"easy": ["circle", "oscillator"], "surfers": [str(HERE / "trainable_surfer.py"), "random_mover"]}
CONFIG = f"""\
name: tiny
task: loop
generations: 2
battles: {{rounds: 5, seasons: 3, lessons: 2}}
movers: {json.dumps(CLASSES)}
split: {{folds: 2}}
gun: {HERE / "trainable_gun.py"}
references: [linear, circular]
aiming:
  start: neutral
  model: {{features: [bft, lateral0, distance]}}
  train: {{steps: 4, queries: 32, candidates: 200, evaluations: 1, rate: 0.1}}
surfing:
  movers: [{CLASSES["surfers"][0]}]
  model: {{features: [bft, lateral0]}}
  train: {{steps: 4, queries: 32, candidates: 50, evaluations: 1, rate: 0.1}}
"""


def run(config: Path, folder: Path) -> dict:
    arguments = ["experiment", str(config), "--out", str(folder), "--json"]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.slow
def test_a_loop_from_yaml_to_report(tmp_path: Path) -> None:
    config = tmp_path / "tiny.yaml"
    config.write_text(CONFIG)
    found = run(config, tmp_path / "run")
    page = Path(found["report"])
    names = {path.name for path in page.parent.iterdir()}
    for table in ("hit_rates", "gains", "growth", "movers", "models", "split", "learning_curves"):
        assert {f"{table}.csv", f"{table}.json"} <= names
    assert {"hit_rates.png", "gains.png"} <= names
    rates = json.loads((page.parent / "hit_rates.json").read_text())["rows"]
    assert len(rates) == 3 * 3 * 3  # classes with all of them, generations, guns
    assert {row["duels"] for row in rates if row["class"] == "all"} == {12}
    assert all(0.0 <= row["hit_rate_low"] <= row["hit_rate"] <= row["hit_rate_high"] <= 1.0 for row in rates)
    check_folds(tmp_path / "run")
    recordings = [path.name for path in (tmp_path / "run" / "battles").glob("*.battle")]
    of_surfers = [name for name in recordings if "trainable_surfer" in name]  # of all guns
    assert len(of_surfers) == 3 * 3 * 2 and len(recordings) - len(of_surfers) == 3 * 3 * 2  # 3 generations, 2 lessons
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.parent.name != "report"}
    assert run(config, tmp_path / "run")["findings"] == found["findings"]
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in kept.items() if path.is_file())


def check_folds(folder: Path) -> None:
    """What fought whom, and what it was trained on, read from the files alone."""
    battles = [json.loads(path.read_text())["bots"] for path in (folder / "battles").glob("*.json")]
    assert len(battles) == 3 * 3 * 12
    called = {mover: Path(mover).stem for movers in CLASSES.values() for mover in movers}
    for fold in deal_classes(list(CLASSES.values()), 2, 0.2, 1):
        tested = {called[mover] for mover in fold.test}
        for generation in (1, 2):
            stem = f"generation-{generation}-fold{fold.number}-"
            (weights,) = (folder / "models").glob(f"{stem}*.safetensors")
            provenance = load_weights(weights).provenance
            saw = {label.split(":")[0].split()[0] for label in provenance["opponents"]}
            stopped_by = {label.split(":")[0].split()[0] for label in provenance["validation_opponents"]}
            assert saw == {called[mover] for mover in fold.train}
            assert stopped_by == {called[mover] for mover in fold.validation}
            met = {mover.split(":")[0].split()[0] for gun, mover in battles if weights.stem in gun}
            assert met == tested
    for generation in (1, 2):
        (weights,) = (folder / "models").glob(f"generation-{generation}-surfing-*.safetensors")
        guns = [gun for gun, mover in battles if weights.stem in mover]
        assert len(guns) == 9 and sum(f"generation-{generation}-fold" in gun for gun in guns) == 3
        assert len(load_weights(weights).provenance["opponents"]) == generation + 1  # the gun anew, one reference
