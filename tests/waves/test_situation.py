"""The features of a situation against their plain definitions on random paths, and by hand."""

import math

import numpy as np
import pytest
import wave_oracle as oracle
from hypothesis import given
from wave_paths import fields, history_of, place_source, powers, random_path, seeds, shot_of

from beepsim.waves.situation import (
    SITUATION,
    current_guess_factor,
    fill_situation,
    motion_timers,
    stick_turn,
    virtuality,
)
from beepsim.waves.wave import WAVE, launch_wave

LARGEST_HISTORY = 128  # what a live gun keeps


@given(seeds, fields, powers)
def test_every_feature_is_that_of_its_definition(seed, field, power):
    rng = np.random.default_rng(seed)
    path = random_path(rng, *field, 130)
    aim_turn = int(rng.integers(0, 129))
    seen_since = int(rng.integers(0, aim_turn + 1))
    shooter = oracle.State(*place_source(rng, *field, path[aim_turn]))
    source = oracle.State(*place_source(rng, *field, path[aim_turn]))
    wave, row, shot = np.zeros(1, WAVE)[0], np.zeros(1, SITUATION)[0], shot_of(power)
    history = history_of(path)
    launch_wave(wave, shot, source.x, source.y, aim_turn + 1, history, seen_since, 1.0, *field)
    fill_situation(row, history, seen_since, aim_turn, shooter.x, shooter.y, wave, shot, *field)
    states = path[seen_since : aim_turn + 1][::-1]
    expected = oracle.situation(states, shooter, source, power, 1, *field)
    for name, value in expected.items():
        assert row[name] == pytest.approx(value, abs=1e-6 * max(1.0, abs(value))), name
    assert row["gameTime"] == aim_turn + 1


@given(seeds)
def test_a_ring_of_128_turns_gives_what_the_whole_round_gives(seed):
    rng = np.random.default_rng(seed)
    path = random_path(rng, 800.0, 600.0, 400)
    whole, ring = history_of(path), np.zeros(LARGEST_HISTORY, history_of(path).dtype)
    shot = shot_of(1.7)
    for turn, state in enumerate(path):
        ring[turn % LARGEST_HISTORY] = (state.x, state.y, state.heading, state.velocity)
        if turn in (5, 130, 399):
            rows = np.zeros(2, SITUATION)
            for history, row in zip((whole, ring), rows, strict=True):
                wave = np.zeros(1, WAVE)[0]
                launch_wave(wave, shot, 50.0, 60.0, turn + 1, history, 2, 1.0, 800.0, 600.0)
                fill_situation(row, history, 2, turn, 48.0, 61.0, wave, shot, 800.0, 600.0)
            assert rows[0] == rows[1]


def test_timers_of_a_known_run():
    velocities = [0.0, 1.0, 2.0, 3.0, 1.0, -1.0, -2.0, -2.0, -2.0]
    history = history_of([oracle.State(0.0, 0.0, 0.0, v) for v in velocities])
    # Newest first: changed 2 turns ago, reversed 3 ago; along -1 the last fall is the speeding up from 2 to 3.
    assert motion_timers(history, 0, 8) == (-1.0, 2, 3, 5)
    assert motion_timers(history, 0, 0) == (0.0, 1, 1, 1)
    assert motion_timers(history, 7, 8) == (-1.0, 2, 2, 2)


def test_changes_below_single_precision_do_not_count():
    history = history_of([oracle.State(0.0, 0.0, 0.0, v) for v in (8.0, 8.0 - 1e-9, 8.0 - 2e-9)])
    assert motion_timers(history, 0, 2) == (1.0, 3, 3, 3)


def test_stick_against_the_right_wall_turns_along_it():
    # 60 px from the wall's inner edge, driving straight at it, clockwise orbit: the stick ends on the wall, below.
    turn = stick_turn(722.0, 300.0, math.pi / 2, 1.0, 0.0, 1.0, 1.0, 800.0, 600.0)
    assert turn == pytest.approx(math.acos(60.0 / 160.0))
    assert stick_turn(400.0, 300.0, 1.0, math.sin(1.0), math.cos(1.0), 1.0, 1.0, 800.0, 600.0) == 0.0


def test_virtuality_counts_to_the_nearest_real_bullet():
    assert virtuality(True, 1.0, 0.1, 0.0) == 0.0
    assert virtuality(False, 1.03, 0.1, 0.0) == 1.0
    assert virtuality(False, 0.23, 0.1, 8.0) == 2.0
    assert virtuality(False, 0.0, 0.1, 30.0) == 0.0


def test_current_guess_factor_is_zero_without_waves_and_signed_by_the_orbit():
    waves = np.zeros(2, WAVE)
    assert current_guess_factor(waves, 0, 20, 100.0, 100.0) == 0.0
    path = [oracle.State(400.0, 400.0, math.pi / 2, 8.0)] * 3
    launch_wave(waves[0], shot_of(2.0), 400.0, 100.0, 2, history_of(path), 0, 1.0, 800.0, 600.0)
    assert waves[0]["orbit_direction"] == 1.0
    ahead = current_guess_factor(waves, 1, 20, 480.0, 400.0)
    assert ahead == pytest.approx(math.atan2(80.0, 300.0) / waves[0]["escape_right"], abs=1e-12)
    assert current_guess_factor(waves, 1, 20, 320.0, 400.0) == pytest.approx(-ahead, abs=1e-12)
