"""Every loss at every model: shares of the gain, lengths, kept files."""

from pathlib import Path

import numpy as np
import pytest

from beepsim.errors import UserError
from beepsim.experiments.loss_sections import bound_rows, loss_sections, matrix_rows
from beepsim.experiments.measuring import START, Measured, load_measured, save_measured
from beepsim.targeting.gradients import MEASURED
from beepsim.targeting.losses import LOSSES


def shots_of(value: float, count: int = 4) -> np.ndarray:
    rows = np.zeros(count, MEASURED)
    rows["values"], rows["norms"] = value, 2.0 * value
    rows["entropy_norm"], rows["squared_norm"] = 1.0, np.linspace(0.1, 0.4, count)
    rows["mass"] = np.linspace(0.0, 1.0, count)
    return rows


def example() -> list[Measured]:
    """Losses of 4 at the start, 1 at the best model, 5 at one that training made worse; two folds, a battle each."""
    return [
        Measured(model, fold, {f"battle {fold}": shots_of(value)})
        for model, value in ((START, 4.0), ("best", 1.0), ("worse", 5.0))
        for fold in (0, 1)
    ]


def test_shares_are_of_the_best_models_gain() -> None:
    rows = matrix_rows(example(), [START, "best", "worse"], 1)
    assert len(rows) == 3 * len(LOSSES) and {row["waves"] for row in rows} == {8}
    share = {row["model"]: row["share_of_best_gain"] for row in rows if row["loss"] == "bins_kl"}
    assert share == {START: 0.0, "best": 1.0, "worse": pytest.approx(-1 / 3)}
    best = next(row for row in rows if row["model"] == "best")
    assert (best["value"], best["value_low"], best["value_high"], best["gradient_norm"]) == (1.0, 1.0, 1.0, 2.0)


def test_ratios_of_gradient_lengths() -> None:
    row = bound_rows(example(), ["best"], 1)[0]
    assert row["largest_ratio"] == pytest.approx(0.4) and row["median_ratio"] == pytest.approx(0.25)
    assert row["squared_norm_least_right"] == pytest.approx(0.1) and row["waves"] == 8


def test_sections_where_something_was_measured() -> None:
    matrix, lengths, bound = loss_sections(example(), ["best", "worse"], 1)
    assert matrix.plots["loss_matrix"].startswith(b"\x89PNG") and len(matrix.rows) == 3 * len(LOSSES)
    assert lengths.plots["gradient_lengths"].startswith(b"\x89PNG")
    assert "largest ratio found here is 0.400" in bound.text
    assert loss_sections([], ["best"], 1) == []


def test_measured_losses_are_kept_exactly(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = np.zeros(5, MEASURED)
    for name in MEASURED.names or ():
        rows[name] = rng.normal(size=rows[name].shape)
    path = tmp_path / "a.parquet"
    save_measured(path, {"a": rows[:2], "b": rows[2:]})
    found = load_measured(path)
    assert list(found) == ["a", "b"] and np.concatenate(list(found.values())).tobytes() == rows.tobytes()
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UserError, match="remove it to measure again"):
        load_measured(path)
