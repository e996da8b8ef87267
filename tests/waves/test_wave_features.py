"""Names, normalisation and completeness of the features."""

import ast
import math
import operator
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from wave_recording import real_recording

from beepsim.errors import UserError
from beepsim.waves.extract import ROW
from beepsim.waves.features import FEATURES, normalise
from beepsim.waves.history import ADVANCING, LATERAL
from beepsim.waves.situation import RAW_FEATURES
from beepsim.waves.table import extract_waves

# One row of raw values and what the published normalisation makes of it, worked out by hand.
RAW = {
    "virtuality": 3, "power": 1.5, "bft": 25, "accel": -1, "vel": 7.95, "latVel": 4, "advVel": -8, "advDir": 0.5,
    "vChangeTimer": 99, "dirChangeTimer": 5, "decelTimer": 70, "distanceLast10": 40, "distanceLast20": 80,
    "mirrorOffset": -0.5, "orbitalWallAhead": 0.75, "orbitalWallReverse": 1.5, "maeWallAhead": 0.8, "maeWallReverse": 1,
    "stickWallAhead": 0.0005, "stickWallReverse": np.pi / 4, "stickWallAhead2": 0, "stickWallReverse2": np.pi / 2,
    "shotsFired": 250, "gameTime": 100, "currentGF": -0.5, "didHit": 1, "didCollide": 0, "shotTimer": 99,
    "lastGF1": -1, "lastGF2": 0, "lastGF3": 0.5, "distance": 400, "bullet_speed": 16,
    "target_turn_rate": -0.045, "lateral0": 2, "lateral1": 3, "target_heading": np.pi / 6, "move_direction": -1,
    "target_x": 168, "target_y": 218, "field_width": 800, "field_height": 600,
    **dict.fromkeys(LATERAL[2:], -8), **dict.fromkeys(ADVANCING, 4),
}  # fmt: skip
NORMALISED = {
    "virtuality": 0.6, "power": 0.5, "bft": 0.25, "accel": 0.5, "vel": 0.99375, "vel=8": 1, "latVel": 0.5, "advVel": 1,
    "advDir": 0.75, "vChangeTimer": 2.8, "dirChangeTimer": 0.2, "decelTimer": 2.8, "distanceLast10": 0.5,
    "distanceLast20": 0.5, "mirrorOffset": np.pi - 0.5, "orbitalWallAhead": 0.5, "orbitalWallReverse": 1,
    "maeWallAhead": 0.8, "maeWallReverse": 1, "stickWallAhead": 0.001 / np.pi, "stickWallReverse": 0.5,
    "stickWallAhead2": 0, "stickWallReverse2": 1, "stickWallAhead=0": 1, "stickWallReverse=0": 0,
    "stickWallAhead2=0": 1, "stickWallReverse2=0": 0, "shotsFired": 0.25, "gameTime": 0.2, "currentGF": 0.25,
    "didHit": 1, "didCollide": 0, "shotTimer": 1.5, "lastGF1": 0, "lastGF2": 0.5, "lastGF3": 0.75, "distance": 0.5,
    "botWidth": 0.18 / (np.pi / 6), **dict.fromkeys(LATERAL[2:], 0), **dict.fromkeys(ADVANCING, 0.75),
    "lateral0": 0.625, "lateral1": 0.6875, "turnRate": 0.25, "lateralChange": 0.25,
    "wallAhead": 400 / np.sqrt(3) / 200 / 2, "wallBehind": 1,
}  # fmt: skip


def test_normalisation_by_hand():
    columns = {name: np.array([value], np.float32) for name, value in RAW.items()}
    found = normalise(columns, list(FEATURES))
    assert found.dtype == np.float32 and found.shape == (1, len(FEATURES))
    assert dict(zip(FEATURES, found[0], strict=True)) == pytest.approx(NORMALISED, rel=1e-6, abs=1e-7)


OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Lt: operator.lt, ast.Gt: operator.gt,
}  # fmt: skip
FUNCTIONS = {"min": min, "max": max, "abs": abs, "asin": math.asin, "sin": math.sin, "cos": math.cos}


def value_of(node: ast.AST, raw: Mapping = RAW) -> float:
    """Of a formula in raw values."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return raw[name]
        case ast.BinOp(left, operation, right) | ast.Compare(left, [operation], [right]):
            return OPERATORS[type(operation)](value_of(left, raw), value_of(right, raw))
        case ast.UnaryOp(ast.USub(), operand):
            return -value_of(operand, raw)
        case ast.IfExp(test, body, orelse):
            return value_of(body if value_of(test, raw) else orelse, raw)
        case ast.Call(ast.Name(name), arguments):
            return FUNCTIONS[name](*(value_of(argument, raw) for argument in arguments))
    raise AssertionError(ast.dump(node))


def test_formulas_say_what_is_computed():
    found = {name: value_of(ast.parse(feature.formula, mode="eval").body) for name, feature in FEATURES.items()}
    assert found == pytest.approx(NORMALISED, rel=1e-12)


def test_formulas_hold_for_every_wave():
    rows = extract_waves(real_recording(), 0).rows[::23]
    found = normalise(rows, list(FEATURES))
    trees = [ast.parse(feature.formula, mode="eval").body for feature in FEATURES.values()]
    for row, values in zip(rows, found, strict=True):
        raw = {name: float(row[name]) for name in ROW.names}
        assert values == pytest.approx([value_of(tree, raw) for tree in trees], rel=1e-6, abs=1e-7)


def test_a_table_and_a_dict_of_its_columns_give_the_same():
    rows = extract_waves(real_recording(), 0).rows
    names = ["bft", "vel=8", "mirrorOffset"]
    found = normalise(rows, names)
    assert found.shape == (len(rows), 3)
    assert (found == normalise({name: rows[name] for name in ROW.names}, names)).all()
    assert normalise(rows, []).shape == (len(rows), 0)


def test_raw_features_are_columns_and_each_has_its_own_normalisation():
    assert {"power", *RAW_FEATURES} <= set(ROW.names)
    derived = {"power", "distance", "botWidth", "turnRate", "lateralChange", "wallAhead", "wallBehind"}
    assert {name for name in FEATURES if "=" not in name} == derived | set(RAW_FEATURES)
    assert set(FEATURES) == set(NORMALISED)


def test_unknown_features_and_missing_columns_are_the_users_error():
    with pytest.raises(UserError, match="unknown feature 'latVell'; did you mean 'latVel'"):
        normalise({"latVel": np.zeros(1)}, ["latVell"])
    with pytest.raises(UserError, match="feature 'latVel' needs a column"):
        normalise({"bft": np.zeros(1)}, ["latVel"])


def test_the_documentation_lists_every_column():
    text = (Path(__file__).parents[2] / "docs" / "waves.md").read_text()
    listed = set(re.findall(r"`([A-Za-z0-9_=]+)`", text))
    assert set(ROW.names) | {"shooter", "target", "shooter_index"} | set(FEATURES) <= listed


@pytest.mark.parametrize(
    "x,y,heading,direction,ahead,behind",
    [
        (400, 300, 0.0, 1, 282, 282),
        (400, 118, 0.0, -1, 100, 464),
        (400, 118, np.pi, 1, 100, 464),
        (118, 300, np.pi / 2, 1, 664, 100),
        (118, 118, np.pi / 4, -1, 100 * np.sqrt(2), 464 * np.sqrt(2)),
        (18, 300, np.pi, 1, 282, 282),  # along the left wall, in spite of its heading's rounding
        (18, 300, np.pi / 2, 1, 764, 0),
        (10, 300, np.pi / 2, -1, 0, 772),  # as assumed where the radar missed it: beyond the wall
    ],
)
def test_the_way_to_a_wall(x, y, heading, direction, ahead, behind):
    values = {
        "target_x": x, "target_y": y, "target_heading": heading, "move_direction": direction, "bft": 100,
        "field_width": 800, "field_height": 600,
    }  # fmt: skip
    columns = {name: np.array([value], np.float32) for name, value in values.items()}
    found = normalise(columns, ["wallAhead", "wallBehind"])[0] * 2 * 8 * 100
    assert found == pytest.approx([ahead, behind], rel=1e-5, abs=1e-3)
