"""Predictions against what came true, in total and by bins."""

import numpy as np
import pytest
from made_shots import made_shots

from beepsim.experiments.calibration import calibration_sections, short_count, total_rows


def example():
    """Half of the shots predicted 10 %, half 40 %; of each 20 % hit: right on average, wrong by 10 and 20 points."""
    predicted = np.repeat([0.1, 0.4], 10)
    return {
        "wrong": {name: made_shots(np.tile([1, 0, 0, 0, 0], 4), predicted=predicted) for name in "abc"},
        "right": {name: made_shots(np.tile([1, 0, 0, 0, 0], 4), predicted=0.2) for name in "abc"},
        "silent": {name: made_shots(np.zeros(20), predicted=np.nan) for name in "abc"},
    }


def test_totals_are_those_by_hand():
    right, wrong = total_rows(example(), ["wrong", "right"], 1)
    assert (right["gun"], right["shots"]) == ("right", 60) and wrong["predicted"] == pytest.approx(0.25)
    assert (right["bias"], right["expected_error"]) == (pytest.approx(0.0), pytest.approx(0.0))
    assert wrong["bias"] == wrong["bias_low"] == pytest.approx(0.05)
    assert wrong["expected_error"] == pytest.approx(0.5 * 0.1 + 0.5 * 0.2)


def test_guns_that_predict_nothing_have_no_part():
    totals, bins = calibration_sections(example(), ["silent", "wrong", "right"], 1)
    assert {row["gun"] for row in (*totals.rows, *bins.rows)} == {"wrong", "right"}
    assert totals.plots["calibration"].startswith(b"\x89PNG")
    assert sum(row["shots"] for row in bins.rows if row["gun"] == "wrong") == 60
    assert calibration_sections({"silent": example()["silent"]}, ["silent"], 1) == []


def test_counts_stay_short():
    assert [short_count(n) for n in (7, 999, 1000, 9949, 9950, 27652)] == ["7", "999", "1.0k", "9.9k", "10k", "28k"]
