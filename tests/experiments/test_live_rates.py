"""Rates of duels and their differences: values known by hand, and how sure they are."""

import numpy as np
import pytest

from beepsim.experiments.fights import FIGURES
from beepsim.experiments.live_rates import chosen, difference_row, mean_interval, rate_row


def series(shots: list[int], hits: list[int], damage: list[float], rounds: int = 2) -> np.ndarray:
    found = np.zeros(len(shots), FIGURES)
    found["shots"], found["hits"], found["damage"], found["rounds"] = shots, hits, damage, rounds
    return found


def test_a_rate_is_the_mean_of_the_duels_rates() -> None:
    row = rate_row(series([10, 100], [5, 10], [40.0, 60.0]), 1)
    assert row["hit_rate"] == pytest.approx((0.5 + 0.1) / 2)  # not 15 of 110: easy targets die early
    assert row["damage_per_round"] == pytest.approx(25.0)
    assert (row["duels"], row["rounds"], row["shots"]) == (2, 4, 110)
    assert (row["hit_rate_low"], row["hit_rate_high"]) == pytest.approx((0.1, 0.5))


def test_differences_are_paired() -> None:
    """Duels differ widely, but each time one bot hits 10 points more often: there is no doubt about it."""
    theirs = series([10] * 6, [1, 8, 3, 6, 2, 7], [30.0] * 6)
    mine = series([20] * 6, [4, 18, 8, 14, 6, 16], [32.0, 28.0] * 3)
    row = difference_row(mine, theirs, 1)
    assert row["hit_rate_difference"] == pytest.approx(0.1)
    assert row["hit_rate_difference_low"] == pytest.approx(0.1) and row["hit_rate_difference_is_clear"]
    assert row["damage_per_round_difference"] == pytest.approx(0.0)
    assert not row["damage_per_round_difference_is_clear"]
    back = difference_row(theirs, mine, 1, "avoided")
    assert back["hit_rate_avoided"] == pytest.approx(-0.1) and back["hit_rate_avoided_is_clear"]


def test_duels_without_a_shot_have_no_hit_rate() -> None:
    silent, firing = series([0, 10], [0, 5], [0.0, 10.0]), series([10, 10], [9, 2], [10.0, 10.0])
    assert rate_row(silent, 1)["hit_rate"] == 0.5 and rate_row(silent, 1)["damage_per_round"] == 2.5
    assert difference_row(silent, firing, 1)["hit_rate_difference"] == pytest.approx(0.3)  # of the second duel alone
    nothing = rate_row(series([0], [0], [0.0]), 1)
    assert np.isnan([nothing["hit_rate"], nothing["hit_rate_low"], nothing["hit_rate_high"]]).all()


def test_one_duel_tells_nothing_of_others() -> None:
    value, low, high = mean_interval(np.array([0.25]), 1)
    assert value == 0.25 and np.isnan(low) and np.isnan(high)
    row = difference_row(series([10], [5], [1.0]), series([10], [2], [1.0]), 1)
    assert row["hit_rate_difference"] == pytest.approx(0.3) and not row["hit_rate_difference_is_clear"]


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    inside = 0
    for _ in range(200):
        _, low, high = mean_interval(rng.normal(0.3, 0.1, 30), 1)
        inside += low <= 0.3 <= high
    assert 0.88 <= inside / 200 <= 0.99


def test_units_of_some_opponents_are_chosen() -> None:
    units = [("a", 0), ("a", 1), ("b", 0)]
    assert chosen(series([1, 2, 3], [0, 0, 0], [0.0] * 3), units, ["b"])["shots"].tolist() == [3]
