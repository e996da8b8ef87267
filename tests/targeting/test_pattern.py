"""Pattern matching against a plain search, and what is played forward against what will happen."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beepsim.battle import Rules, fight
from beepsim.targeting.live_gun import EXPECTED_RATES, GUN_COUNT, NEWS, note_rates
from beepsim.targeting.pattern import GAP, LOG, LOG_LENGTH, PATTERN, PER_RADIAN, meet, nearest_stretch, note_motion


def log_of(velocities, turns):
    log = np.zeros(1, LOG)[0]
    for velocity, turn in zip(velocities, turns, strict=True):
        note_motion(log, velocity is not None, velocity or 0.0, turn)
    return log


@settings(max_examples=25)
@given(seed=st.integers(0, 1 << 30), length=st.integers(0, 120), future=st.integers(1, 30))
def test_the_nearest_stretch_is_that_of_a_plain_search(seed, length, future):
    rng = np.random.default_rng(seed)
    velocities, turns = rng.integers(-8, 9, length).astype(float), rng.integers(-2, 3, length) / 8.0
    best, least = -1, math.inf
    for last in range(PATTERN - 1, length - future - 1):
        far = sum(
            abs(velocities[last - k] - velocities[length - 1 - k])
            + PER_RADIAN * abs(turns[last - k] - turns[length - 1 - k])
            for k in range(PATTERN)
        )
        if far <= least:
            best, least = last, far
    assert nearest_stretch(log_of(velocities, turns), future) == best


def test_what_repeats_is_foretold():
    period = [8.0] * 20 + [6.0, 4.0, 2.0, 0.0] + [-1.0 * v for v in range(1, 9)] + [-8.0] * 15
    velocities = period * 4
    log = log_of(velocities[:-30], [0.0] * (len(velocities) - 30))
    last = nearest_stretch(log, 40)
    # Straight up from (100, 100); the bullet, from far below, needs some 25 turns.
    x, y = meet(log, last, 100.0, 300.0, 0.0, 100.0, 20.0, 14.0, 4000.0, 4000.0)
    flown, expected = 0, 300.0
    while 14.0 * flown < expected - 20.0:
        expected += velocities[len(velocities) - 30 + flown]
        flown += 1
    assert (x, y) == pytest.approx((100.0, expected)) and flown > 15


def test_gaps_are_like_nothing_and_the_play_stops_there():
    log = log_of([8.0] * 40 + [None] + [8.0] * 60, [0.01] * 101)
    last = nearest_stretch(log, 20)
    assert not 40 <= last < 40 + PATTERN
    before_gap = 38
    _, y = meet(log, before_gap, 100.0, 100.0, -0.01, 100.0, 50.0, 11.0, 4000.0, 4000.0)
    assert log["velocity"][40] == np.float32(GAP) and 200.0 < y < 400.0


def test_a_full_log_begins_again():
    log = np.zeros(1, LOG)[0]
    for _ in range(LOG_LENGTH + 3):
        note_motion(log, True, 8.0, 0.0)
    assert log["count"] == 3 and nearest_stretch(log, 10) == -1


def test_rates_move_towards_what_would_have_hit():
    rates, row = np.array(EXPECTED_RATES), {"gf_low": -0.1, "gf_high": 0.2}
    angles = np.array([0.0, 0.3, -0.1, -0.2, 0.2])
    note_rates(rates, angles, np.array([(-0.1, 0.2)], [("gf_low", "f8"), ("gf_high", "f8")])[0])
    hits = [row["gf_low"] <= angle <= row["gf_high"] for angle in angles]
    assert hits == [True, False, True, False, True] and len(rates) == GUN_COUNT
    assert rates == pytest.approx(
        [(1 - NEWS) * rate + NEWS * hit for rate, hit in zip(EXPECTED_RATES, hits, strict=True)]
    )


def test_virtual_guns_hit_about_as_often_as_the_best_of_them():
    rates = {}
    for gun in ("virtual_guns", "circular", "pattern"):
        shooter = fight([f"circle+{gun}:power=2", "circle"], 3, Rules(num_rounds=20)).robots[0]
        rates[gun] = shooter.hits / shooter.shots
    assert rates["virtual_guns"] > 0.9 * rates["circular"] > rates["pattern"] * 0.9
