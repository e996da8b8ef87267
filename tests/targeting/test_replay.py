"""Replay: hits, bootstrap intervals, paired differences and calibration on cases known by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from targeting_battles import made_battle, real_battle

from beepsim.errors import UserError
from beepsim.targeting.guns import BASELINES, Aims, escape_sides, random_chance, would_hit
from beepsim.targeting.replay import (
    RESAMPLES,
    SHOT,
    by_opponent,
    calibrate,
    compare,
    ratio_interval,
    replay,
    resample,
    summarise,
)


class FixedGun:
    """Fires at one guess factor, or at those given for each query."""

    name = "fixed"

    def __init__(self, angle):
        self.angle = angle

    def aim(self, battle):
        angle = np.broadcast_to(self.angle, len(battle.queries)).astype(float)
        return Aims(angle, np.full(len(angle), -1.0), np.full(len(angle), 0.25))


def shots_of(hits, predicted=0.2, chance=0.1):
    shots = np.zeros(len(hits), SHOT)
    shots["hit"], shots["predicted"], shots["chance"] = hits, predicted, chance
    return shots


@pytest.mark.parametrize("battle", [made_battle(400), real_battle(0)], ids=["made", "real"])
def test_the_middle_of_the_interval_hits_and_just_outside_misses(battle):
    rows = battle.rows[battle.queries]
    is_free = (rows["gf_low"] > -0.95) & (rows["gf_high"] < 0.95)
    assert is_free.sum() > 20

    def hits(angle):
        return replay(battle, FixedGun(angle))["hit"][is_free]

    width = rows["gf_high"] - rows["gf_low"]
    assert (hits(rows["gf_low"] + 0.01 * width) == 1.0).all()
    assert (hits(rows["gf_high"] - 0.01 * width) == 1.0).all()
    assert (hits(rows["gf_low"] - 0.01 * width) == 0.0).all()
    assert (hits(rows["gf_high"] + 0.01 * width) == 0.0).all()


@given(st.integers(0, 2**32 - 1))
def test_hits_are_those_of_the_plain_definition(seed):
    battle = made_battle(30, seed)
    angle = np.random.default_rng(seed).uniform(-1.0, 1.0, 30)
    for row, gf, hit in zip(battle.rows, angle, would_hit(battle.rows, angle), strict=True):
        is_left = gf * row["orbit_direction"] < 0.0
        offset = gf * row["orbit_direction"] * (row["escape_left"] if is_left else row["escape_right"])
        assert hit == (row["hit_low"] <= offset <= row["hit_high"])


@pytest.mark.parametrize("battle", [made_battle(80), real_battle(1)], ids=["made", "real"])
def test_random_gun_hits_as_often_as_random_angles(battle):
    rows = battle.rows[battle.queries]
    negative, positive = escape_sides(rows)
    rng, draws = np.random.default_rng(1), 4000
    hits = np.zeros(len(rows))
    for _ in range(draws):
        offset = rng.uniform(-negative, positive)  # in the orbit direction, evenly in radians
        hits += would_hit(rows, offset / np.where(offset < 0.0, negative, positive))
    shots = replay(battle, BASELINES["random"])
    np.testing.assert_array_equal(shots["hit"], random_chance(battle))
    np.testing.assert_array_equal(shots["hit"], shots["chance"])
    assert np.abs(hits / draws - shots["hit"]).max() < 5.0 * 0.5 / np.sqrt(draws)
    assert hits.mean() / draws == pytest.approx(shots["hit"].mean(), abs=4.0 * 0.5 / np.sqrt(draws * len(rows)))


def test_replay_has_every_real_bullet_in_time_order():
    battle = real_battle(0)
    shots = replay(battle, BASELINES["knn"])
    real = battle.rows[battle.rows["real"]]
    for name in ("round", "fire_turn", "power"):
        np.testing.assert_array_equal(shots[name], real[name])
    np.testing.assert_array_equal(
        shots["known"], [(battle.broke < fired).sum() for fired in battle.fired[battle.queries]]
    )
    assert (np.diff(shots["round"].astype(np.int64) << 32 | shots["fire_turn"]) > 0).all()
    assert set(np.unique(shots["hit"])) <= {0.0, 1.0}


def test_resamples_draw_as_many_battles_as_there_are_and_repeat():
    counts = resample(7, 3)
    assert counts.shape == (RESAMPLES, 7) and (counts.sum(axis=1) == 7).all()
    assert np.array_equal(counts, resample(7, 3)) and not np.array_equal(counts, resample(7, 4))
    assert np.abs(counts.mean(axis=0) - 1.0).max() < 0.15


def test_interval_of_equal_battles_is_a_point():
    assert ratio_interval(np.full(5, 3.0), np.full(5, 12.0), resample(5, 1)) == (0.25, 0.25, 0.25)


def test_interval_of_two_battles_is_known_by_hand():
    """Rates 0 and 1 on equal shots: a resample holds the second 0, 1 or 2 times with chance 1/4, 1/2, 1/4."""
    assert ratio_interval(np.array([0.0, 10.0]), np.array([10.0, 10.0]), resample(2, 1)) == (0.5, 0.0, 1.0)


def test_battles_count_by_their_shots():
    value, low, high = ratio_interval(np.array([0.0, 90.0]), np.array([10.0, 90.0]), resample(2, 1))
    assert (value, low, high) == (0.9, 0.0, 1.0)


def test_interval_is_that_of_the_mean_of_many_battles():
    """Standard error of a mean: ± 1.96 · s/√n."""
    rates = np.random.default_rng(0).normal(0.2, 0.05, 200)
    value, low, high = ratio_interval(rates * 50, np.full(200, 50.0), resample(200, 1))
    error = 1.96 * rates.std() / np.sqrt(200)
    assert value == pytest.approx(rates.mean())
    assert (value - low, high - value) == (pytest.approx(error, rel=0.1), pytest.approx(error, rel=0.1))


def test_no_shots_have_no_rate():
    assert np.isnan(ratio_interval(np.zeros(3), np.zeros(3), resample(3, 1))).all()


@pytest.mark.parametrize("value", [np.nan, -np.inf])
def test_what_is_not_finite_in_one_battle_has_no_interval(value):
    found = ratio_interval(np.array([1.0, value, 2.0]), np.full(3, 4.0), resample(3, 1))
    assert np.array_equal(found, (value, np.nan, np.nan), equal_nan=True)


def test_battles_without_shots_do_not_disturb():
    """A resample of empty battles only has no rate and is left out."""
    found = ratio_interval(np.array([2.0, 2.0, 0.0]), np.array([4.0, 4.0, 0.0]), resample(3, 1))
    assert found == (0.5, 0.5, 0.5)


@pytest.mark.parametrize("empty", [0, 1])
def test_one_battle_has_no_interval_and_no_clear_difference(empty):
    """Resampled it is always itself: an interval of no width would claim what nobody knows."""
    hits, fired = (np.array([number, *[0.0] * empty]) for number in (2.0, 4.0))
    value, low, high = ratio_interval(hits, fired, resample(1 + empty, 1))
    assert value == 0.5 and np.isnan(low) and np.isnan(high)
    shots = {"good": {"a": shots_of([1, 1])}, "bad": {"a": shots_of([0, 0])}}
    (row,) = compare(shots, ["good"], ["bad"], 1)
    assert row["hit_rate_difference"] == 1.0 and not row["hit_rate_difference_is_clear"]


def test_summary_counts_hits_over_shots_and_over_chance():
    shots = {"gun": {"a": shots_of([1, 0, 0, 0]), "b": shots_of([1, 1])}}
    (row,) = summarise(shots, 1)
    assert (row["gun"], row["battles"], row["shots"]) == ("gun", 2, 6)
    assert row["hit_rate"] == pytest.approx(0.5) and row["lift"] == pytest.approx(3.0 / 0.6)
    assert (row["hit_rate_low"], row["hit_rate_high"]) == pytest.approx((0.25, 1.0))


def test_differences_are_paired_by_battle():
    """One gun is better by the same in battles that differ widely: the difference is certain, the rates are not."""
    rates = [1, 3, 5, 7]
    better = {str(i): shots_of([1] * (rate + 1) + [0] * (9 - rate)) for i, rate in enumerate(rates)}
    worse = {str(i): shots_of([1] * rate + [0] * (10 - rate)) for i, rate in enumerate(rates)}
    (row,) = compare({"better": better, "worse": worse}, ["better"], ["worse", "better"], 1)
    assert (row["gun"], row["reference"]) == ("better", "worse")
    for name in ("hit_rate_difference", "hit_rate_difference_low", "hit_rate_difference_high"):
        assert row[name] == pytest.approx(0.1)
    assert row["hit_rate_difference_is_clear"] and row["relative_gain"] == pytest.approx(0.25)
    rows = {row["gun"]: row for row in summarise({"better": better, "worse": worse}, 1)}
    assert rows["better"]["hit_rate_low"] < rows["worse"]["hit_rate_high"]


def test_equal_guns_do_not_differ_clearly():
    one = {str(i): shots_of(hits) for i, hits in enumerate(([1, 0], [0, 0], [1, 1]))}
    other = {str(i): shots_of(hits) for i, hits in enumerate(([0, 1], [0, 1], [1, 0]))}
    (row,) = compare({"one": one, "other": other}, ["one"], ["other"], 1)
    assert row["hit_rate_difference"] == 0.0 and not row["hit_rate_difference_is_clear"]


def test_only_battles_that_all_guns_fired_in_are_compared():
    shots = {"a": {"x": shots_of([1]), "y": shots_of([1])}, "b": {"y": shots_of([0]), "z": shots_of([0])}}
    assert [row["shots"] for row in summarise(shots, 1)] == [1, 1]
    with pytest.raises(UserError, match="no real bullet to replay"):
        summarise({"a": {"x": shots_of([1])}, "b": {"y": shots_of([1])}}, 1)
    with pytest.raises(UserError, match="no real bullet to replay"):
        summarise({"a": {"x": shots_of([])}}, 1)


def test_calibration_bins_by_prediction_and_keeps_every_shot():
    rng = np.random.default_rng(0)
    shots = {}
    for battle in "abcd":
        predicted = rng.uniform(0.0, 1.0, 500)
        shots[battle] = shots_of(rng.random(500) < predicted, predicted)
    rows = calibrate({"gun": shots}, 1)
    assert sum(row["shots"] for row in rows) == 2000
    for row in rows:
        assert row["bin_low"] <= row["predicted"] < row["bin_high"]
        inside = np.concatenate(list(shots.values()))
        inside = inside[(inside["predicted"] >= row["bin_low"]) & (inside["predicted"] < row["bin_high"])]
        assert row["observed"] == pytest.approx(inside["hit"].mean()) and len(inside) == row["shots"]
        assert row["observed_low"] <= row["observed"] <= row["observed_high"]
        assert row["observed"] == pytest.approx(row["predicted"], abs=0.15)


def test_a_certain_prediction_has_its_bin():
    assert sum(row["shots"] for row in calibrate({"gun": {"a": shots_of([1, 1, 0], 1.0)}}, 1)) == 3


def test_guns_without_prediction_have_no_calibration():
    assert calibrate({"linear": {"a": shots_of([1, 0], np.nan)}}, 1) == []


def test_rates_by_opponent():
    shots = {"gun": {"a": shots_of([1, 0]), "b": shots_of([1, 1]), "c": shots_of([0, 0]), "d": shots_of([])}}
    rows = by_opponent(shots, {"a": "first", "b": "second", "c": "first", "d": "third"})
    assert [(row["target"], row["shots"], row["hit_rate"]) for row in rows] == [("first", 4, 0.25), ("second", 2, 1.0)]
