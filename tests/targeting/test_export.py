"""Exported weights: what BeepBoop and other bots are given, and that reading it back loses nothing."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from targeting_battles import real_battle
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.errors import UserError
from beepsim.targeting.export import (
    BEEPBOOP_FEATURES,
    DENSITIES,
    FORMATS,
    beepboop_text,
    from_beepboop,
    from_json,
    json_text,
    read_export,
)
from beepsim.targeting.guns import BASELINES, learned_gun
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.weights import (
    BANDWIDTHS,
    BEEPBOOP_ANTI_SURFER,
    BEEPBOOP_MAIN,
    BEEPBOOP_MAIN_SCALE,
    ModelConfig,
    Weights,
    initial_weights,
    load_weights,
    save_weights,
)
from beepsim.waves.features import FEATURES
from beepsim.waves.history import ADVANCING, LAST_GUESS_FACTORS, LATERAL

READERS = {"beepboop": from_beepboop, "json": from_json}
FORMAT = pytest.mark.parametrize("form", FORMATS)
TRAINED = {"seed": 7, "opponents": ["a.B 1.0", '} // \\u000a "ü" */'], "training": {"loss": "kde_cross_entropy"}}


RECIPE = ModelConfig()


def trained(config=RECIPE, seed=1):
    """Weights with numbers that no short decimal is."""
    rng = np.random.default_rng(seed)
    w, b, p = rng.uniform(0.05, 3.0, (3, len(config.features)))
    return Weights(config, w, b, p, float(rng.uniform(0.01, 0.2)), float(rng.uniform(0.01, 0.2)), TRAINED)


def assert_same(one, other):
    assert one.config == other.config and (one.bandwidth, one.floor) == (other.bandwidth, other.floor)
    for name in "wbp":
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()
    assert {**one.provenance, "versions": None} == {**other.provenance, "versions": None}


@FORMAT
@settings(max_examples=30)
@given(
    names=st.lists(st.sampled_from(list(FEATURES)), min_size=1, unique=True),
    kernel=st.sampled_from(list(KERNELS)),
    data=st.data(),
)
def test_reading_gives_the_same_weights(form, names, kernel, data):
    config = ModelConfig(tuple(names), kernel=kernel, neighbours=data.draw(st.sampled_from([None, 1, 200])))
    w, b, p = (
        data.draw(arrays(np.float64, len(names), elements=st.floats(*bounds)))
        for bounds in ((-1e6, 1e6), (0.0, 1e300), (-8.0, 8.0))
    )
    bandwidth, floor = data.draw(st.floats(*BANDWIDTHS)), data.draw(st.floats(0.0, 1.0))
    weights = Weights(config, w, b, p, bandwidth, floor, TRAINED)
    assert_same(READERS[form](FORMATS[form](weights), "x"), weights)


@FORMAT
def test_aims_are_the_same(form):
    weights, battle = trained(ModelConfig(tuple(BEEPBOOP_MAIN))), real_battle()
    one, other = (
        learned_gun("gun", each).aim(battle) for each in (weights, READERS[form](FORMATS[form](weights), "x"))
    )
    for name in ("angle", "log_density", "predicted"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def arrays_of(text):
    """Names, rows and scale, read as Java would: comments do not count."""
    code = re.sub("//.*", "", text)
    names = re.search(r"String\[\] features = \{(.*?)\};", code, re.DOTALL)[1]
    rows = re.search(r"double\[\]\[\] params = \{(.*?)\};", code, re.DOTALL)[1]
    scale = re.search(r"double distanceScale = (.*);", code)[1]
    return re.findall(r'"(.*?)"', names), [numbers(row) for row in re.findall(r"\{(.*?)\}", rows)], float(scale)


def numbers(row):
    return [float(value) for value in row.split(",")]


def test_shipped_parameters_are_those_of_beepboop():
    names, rows, scale = arrays_of(beepboop_text(BASELINES["beepboop_main"].weights))
    assert names == list(BEEPBOOP_MAIN)
    assert rows == [[w * BEEPBOOP_MAIN_SCALE / -scale, b, p] for w, b, p in BEEPBOOP_MAIN.values()]
    for name, row in zip(names, rows, strict=True):
        assert [row[0] * -scale / BEEPBOOP_MAIN_SCALE, *row[1:]] == pytest.approx(BEEPBOOP_MAIN[name], rel=1e-15)


def test_beepboops_own_scale_is_read():
    """Its published arrays and scale in our form are its model here, bit for bit."""
    shipped = BASELINES["beepboop_main"].weights
    text = beepboop_text(shipped)
    for name, (w, b, p) in BEEPBOOP_MAIN.items():
        text = re.sub(rf"\{{.*\}},  // {name}$", f"{{{w}, {b}, {p}}},", text, flags=re.MULTILINE)
    assert "  // power" not in text
    text = text.replace("distanceScale = -1.0;", f"distanceScale = -{BEEPBOOP_MAIN_SCALE};")
    assert_same(from_beepboop(text, "x"), shipped)


def test_features_that_beepboop_lacks_are_explained():
    assert {*BEEPBOOP_MAIN, *BEEPBOOP_ANTI_SURFER} <= set(BEEPBOOP_FEATURES)
    own = {
        *LATERAL, *ADVANCING, *LAST_GUESS_FACTORS, "shotTimer", "distance", "botWidth", "turnRate", "lateralChange",
        "wallAhead", "wallBehind",
    }  # fmt: skip
    assert set(FEATURES) - set(BEEPBOOP_FEATURES) == own
    text = beepboop_text(trained())
    explained = set(re.findall(r"^//   (\w+): ", text, re.MULTILINE))
    assert explained == own & set(RECIPE.features)
    assert "(lateral0 + 8) / 16" in text and '"opponents": ["a.B 1.0"' in text and '"seed": 7' in text
    assert text.isascii() and all(line.startswith("//") for line in text.split("String")[0].strip().split("\n"))


def test_other_bots_get_everything():
    weights = trained(ModelConfig(kernel="laplace", distance="squared_euclidean", candidates="points", neighbours=9))
    found = json.loads(json_text(weights))
    assert [row["name"] for row in found["features"]] == list(weights.config.features)
    for row in found["features"]:
        assert row["normalised"] == FEATURES[row["name"]].formula and row["definition"] and row["unit"]
    assert found["provenance"]["seed"] == 7 and found["provenance"]["versions"]["beepsim"]
    told = found["instructions"]
    assert "(a - b)^2" in told["distance"] and "9 nearest" in told["weights"] and "middle" in told["density"]
    assert "exp(-|u|/h)" in told["kernel"] and set(DENSITIES) == set(KERNELS) and "19.8/distance" in told["aim"]


def test_beepboop_takes_no_squared_distances():
    with pytest.raises(UserError, match="squared_euclidean distances; BeepBoop's are manhattan"):
        beepboop_text(trained(ModelConfig(distance="squared_euclidean")))


SMALL = ModelConfig(("power", "bft", "accel"))
ROW = r"\{.*\},  // bft"


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        (r"-1\.0;", "1.0;", "$", "distanceScale is 1.0; it must be below 0"),
        (r"-1\.0;", "nan;", "$", "'nan' is not a number"),
        (r"double distanceScale.*", "", "$", "0 are there"),
        (ROW, "{1.0, 2.0},", "{1.0, 2.0}", "must be three numbers"),
        (ROW, "{1.0, -2.0, 1.0},", "{1.0, -2", "'bft' are 1.0, -2.0, 1.0; one is out of range"),
        (ROW, "{1e999, 2.0, 1.0},", "{1e999", "must be three numbers"),
        (ROW, "{0x10, 2.0, 1.0},", "{0x10", "'0x10' is not a number"),
        (ROW, "1.0, 2.0, 1.0,", "1.0, 2.0, 1.0,", "'1.0, 2.0, 1.0,' is no entry of the array params"),
        (ROW, "", "// accel", "2 rows of params for 3 features"),
        ('"bft"', '"bfd"', '"bfd"', "unknown feature 'bfd'"),
        ('"bft"', "bft", "    bft,", "'bft,' is no entry of the array features"),
        ('"bft"', '"power"', "config", "given twice"),
        ('"power",\n    "bft",\n    "accel",', "", "};", "the array features is empty"),
        (r"params = ", "parameters = ", "1", "'params = {...}' is needed, 0 are there"),
        (r"// config: .*", "", "1", "'// config: ...' is missing"),
        (r"// config: \{", "// config: {{", "config", "not JSON"),
        (r"// config: .*", "// config: " + "[" * 10**5, "config", "not JSON that can be read"),
        (r"// config: .*", "// config: 3", "config", "it must be a table"),
        ('"gaussian"', '"gaussan"', "config", "kernel: "),
        (r"// floor: .*", "// floor: 2", "config", "floor 2.0 is out of range"),
        (r"// floor: .*", '// floor: "2"', "floor", "it must be a number"),
        (r"// floor: .*", f"// floor: {10**400}", "floor", "it must be a number"),
        (r"// floor: .*", "// floor: 0.1\n// floor: 0.1", "// floor: 0.1\n// b", "stands here and in line 4"),
        (r"// bandwidth: .*", "// bandwidth: NaN", "bandwidth", "it must be a number"),
        (r"feature_version: .*", 'feature_version: "1"', "config", "feature version '1'"),
        (r"// provenance: .*", "// provenance: []", "config", "its provenance is []"),
    ],
)
def test_damage_in_java_is_named_with_its_line(before, after, line, message):
    text = beepboop_text(trained(SMALL))
    damaged = re.sub(before, lambda _: after, text, count=1)
    assert damaged != text
    with pytest.raises(UserError) as caught:
        from_beepboop(damaged, "Gun.java")
    assert message in str(caught.value)
    found = re.match(r"Gun\.java:(\d+): ", str(caught.value))
    assert found
    if line == "1":
        assert int(found[1]) == 1
    elif line == "$":
        assert int(found[1]) >= damaged.count("\n") - 1
    elif line in ("config", "floor", "bandwidth"):
        assert damaged.split("\n")[int(found[1]) - 1].startswith(f"// {line}: ")
    elif "\n" not in line:
        assert line in damaged.split("\n")[int(found[1]) - 1]


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        (r'"w": [^,]*', '"w": "2"', '"w": "2"', "must be three numbers"),
        (r'"w": [^,]*', '"w": true', '"w": true', "must be three numbers"),
        (r'"w": [^,]*', '"w": NaN', '"w": NaN', "must be three numbers"),
        (r'"w": [^,]*', '"w": 1e7', '"w": 1e7', "'power' are 10000000.0"),
        (r'"w": [^,]*, ', "", '"power"', "a feature needs w"),
        ('"name": "bft"', '"name": ["bft"]', '["bft"]', "unknown feature"),
        ('"name": "bft"', '"name": "bfd"', '"bfd"', "unknown feature 'bfd'"),
        (r'"features": \[', '"feature": [', "{", "features is missing"),
        (r'"features": \[\n', '"features": [\n 3,\n', '"features"', "must be a list of tables"),
        (r'"floor": [^,]*', '"floor": null', '"floor": null', "floor is None; it must be a number"),
        (r'"bandwidth": [^,]*', '"bandwidth": 0', '"config"', "bandwidth 0.0 or floor"),
        (r'"config": \{', '"config": {"features": [], ', '"config"', "without features"),
        (r' "features"', ' features"', " features", "not JSON"),
    ],
)
def test_damage_in_json_is_named_with_its_line(before, after, line, message):
    text = json_text(trained(SMALL))
    damaged = re.sub(before, lambda _: after, text, count=1)
    assert damaged != text
    with pytest.raises(UserError) as caught:
        from_json(damaged, "gun.json")
    assert message in str(caught.value)
    found = re.match(r"gun\.json:(\d+): ", str(caught.value))
    assert found and line in damaged.split("\n")[int(found[1]) - 1]


def test_no_features_are_no_weights():
    found = json.loads(json_text(trained(SMALL)))
    with pytest.raises(UserError, match="at least one feature"):
        from_json(json.dumps({**found, "features": []}), "x")


@FORMAT
@settings(max_examples=100)
@given(place=st.floats(0.0, 1.0), cut=st.integers(0, 40), noise=st.text(max_size=6))
def test_a_damaged_file_is_refused_or_read(form, place, cut, noise):
    text = FORMATS[form](trained(SMALL))
    start = int(place * len(text))
    try:
        found = READERS[form](text[:start] + noise + text[start + cut :], "x")
    except UserError as error:
        assert str(error).startswith("x:")
    else:
        assert len(found.w) == len(found.config.features)


@FORMAT
def test_the_command_line_goes_there_and_back(form, tmp_path):
    weights = trained()
    before, text, after = (tmp_path / name for name in ("a.safetensors", "text", "b.safetensors"))
    save_weights(before, weights)
    run = CliRunner()
    assert run.invoke(app, ["export", str(before), "--format", form, "--out", str(text)]).exit_code == 0
    assert run.invoke(app, ["export", str(before), "--format", form]).stdout == text.read_text()
    said = run.invoke(app, ["import-weights", str(text), "--out", str(after)])
    assert said.exit_code == 0 and f"{len(weights.w)} features" in said.stdout
    assert_same(load_weights(after), weights)
    assert load_weights(after).provenance == load_weights(before).provenance
    assert before.read_bytes() == after.read_bytes()


def test_files_that_are_none_are_named(tmp_path):
    path = tmp_path / "gun"
    with pytest.raises(UserError, match="gun: cannot be read as text"):
        read_export(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="gun: cannot be read as text"):
        read_export(path)
    path.write_bytes(b" " * 10_000_001)
    with pytest.raises(UserError, match="at most"):
        read_export(path)
    for text in ("", "null", "[]", "{}", "public class Gun {}"):
        path.write_text(text)
        with pytest.raises(UserError, match="gun:1: .* is missing"):
            read_export(path)
    save_weights(tmp_path / "w", initial_weights(SMALL))
    said = CliRunner().invoke(app, ["export", str(tmp_path / "w"), "--format", "yaml"])
    assert isinstance(said.exception, UserError) and "--format is 'yaml'" in str(said.exception)
