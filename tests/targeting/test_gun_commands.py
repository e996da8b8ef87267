"""The commands that learn guns and judge them: what they write, and what they refuse before they work."""

import json

import pytest
from targeting_battles import made_battle, saved_table
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.errors import UserError
from beepsim.targeting.weights import ModelConfig, initial_weights, save_weights


@pytest.fixture
def table(tmp_path):
    return saved_table(tmp_path / "table", *(made_battle(300, n) for n in (1, 2, 3)))


@pytest.fixture
def gun(tmp_path):
    save_weights(tmp_path / "gun", initial_weights(ModelConfig(("accel", "vel"))))
    return str(tmp_path / "gun")


def beepsim(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def refuse(name):
    raise ValueError(f"{name} is no JSON")


def strict(text):
    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("command", ["train", "pretrain"])
def test_a_training_is_not_begun_that_could_not_be_written(command, table, tmp_path):
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for out, message in ((table, "it is what is read"), ("", "is a folder"), (f"{table}/gun", "cannot be written")):
        with pytest.raises(UserError, match=message):
            beepsim(command, table, "--out", out, "--steps", 1_000_000)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_weights_are_not_written_over_what_they_are_read_from(gun, tmp_path):
    java = tmp_path / "Gun.java"
    beepsim("export", gun, "--out", java)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for arguments in (["export", gun, "--out", gun], ["import-weights", java, "--out", java]):
        with pytest.raises(UserError, match="it is what is read"):
            beepsim(*arguments)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_training_of_one_step_is_refused(table, tmp_path):
    """Its weights are a mean over the last half of the steps."""
    with pytest.raises(UserError, match="--steps is 1: input should be greater than or equal to 2"):
        beepsim("train", table, "--out", tmp_path / "gun", "--steps", 1)


def test_a_gun_named_twice_is_replayed_once(table, gun):
    found = strict(
        beepsim("evaluate", table, "--gun", "knn", "--gun", "knn", "--weights", gun, "--weights", gun, "--json").stdout
    )
    assert [row["gun"] for row in found["guns"]].count("knn") == 1 and len(found["guns"]) == 2
    assert [(row["gun"], row["reference"]) for row in found["differences"]] == [(gun, "knn")]


def test_a_file_called_like_another_gun_is_refused(table, gun, tmp_path, monkeypatch):
    """Its shots would stand under the other's name."""
    monkeypatch.chdir(tmp_path)
    for name, others in (("knn", ["--gun", "knn"]), ("adapted", ["--gun", "random", "--in-battle", "adapted"])):
        (tmp_path / "gun").rename(tmp_path / name)
        with pytest.raises(UserError, match=f"--weights {name} has the name of another gun here"):
            beepsim("evaluate", table, "--weights", name, *others)
        (tmp_path / name).rename(tmp_path / "gun")


def test_what_is_no_number_is_null_in_json(table, tmp_path):
    (row,) = strict(beepsim("evaluate", table, "--gun", "head_on", "--json").stdout)["guns"]
    assert row["log_density"] is None and row["hit_rate_low"] <= row["hit_rate"] <= row["hit_rate_high"]
    trained = strict(beepsim("train", table, "--out", tmp_path / "gun", "--steps", 2, "--json").stdout)
    assert trained["history"][0]["train_loss"] is None


def test_one_battle_is_told_to_have_no_interval(tmp_path, gun):
    told = beepsim(
        "evaluate", saved_table(tmp_path / "one", made_battle(300)), "--weights", gun, "--gun", "knn", "--json"
    )
    assert "all shots are of one battle, which has no interval" in told.stderr
    found = strict(told.stdout)
    assert found["guns"][0]["hit_rate"] > 0.0 and found["guns"][0]["hit_rate_low"] is None
    assert found["differences"][0]["hit_rate_difference_is_clear"] is False
