"""Waves against their plain definitions on random paths."""

import math

import numpy as np
import pytest
import wave_oracle as oracle
from hypothesis import given
from hypothesis import strategies as st
from wave_paths import fields, history_of, place_source, powers, random_path, seeds, shot_of

from beepsim.waves.wave import (
    MIDAIR,
    PASSED,
    TOUCHING,
    WAVE,
    escape_angles,
    guess_factor,
    has_touched,
    hit_interval,
    launch_wave,
    nearest_wave,
    offset_between,
    sweep_wave,
)


@given(seeds, fields, powers)
def test_escape_angles_are_those_of_the_definition(seed, field, power):
    rng = np.random.default_rng(seed)
    target = random_path(rng, *field, 2)[0]
    source = place_source(rng, *field, target)
    expected = oracle.escape_angles(*source, target.x, target.y, power, *field)
    found = escape_angles(*source, target.x, target.y, shot_of(power), *field)
    assert found == pytest.approx(expected, abs=1e-9)
    assert all(0.001 <= angle <= math.asin(8.0 / oracle.speed_of(power)) + 1e-12 for angle in found)


def test_escape_angle_without_walls_is_the_arc_sine():
    free = escape_angles(2000.0, 2000.0, 2300.0, 2100.0, shot_of(2.0), 5000.0, 5000.0)
    assert free == pytest.approx((math.asin(8.0 / 14.0),) * 2, abs=1e-15)


@given(seeds, fields, powers)
def test_hit_interval_and_break_turn_are_those_of_the_definition(seed, field, power):
    rng = np.random.default_rng(seed)
    path = random_path(rng, *field, 180)
    fire_turn = int(rng.integers(1, 60))
    source = place_source(rng, *field, path[fire_turn])
    wave = np.zeros(1, WAVE)[0]
    launch_wave(wave, shot_of(power), *source, fire_turn, history_of(path), 0, 1.0, *field)
    expected = oracle.hit_interval(*source, fire_turn, power, path, wave["absolute_bearing"])
    turn, broke = fire_turn, None
    while turn < len(path) and broke is None:
        status, idle = sweep_wave(wave, turn, path[turn].x, path[turn].y)
        broke = turn if status == PASSED else None
        turn += 1 + idle
    if expected is None:
        assert broke is None
    else:
        assert has_touched(wave)
        low, high = hit_interval(wave)
        assert (low, high) == pytest.approx(expected[:2], abs=1e-9)
        assert broke == expected[2]
        assert low <= wave["hit_offset"] <= high


@given(seeds, powers)
def test_idle_turns_are_idle(seed, power):
    rng = np.random.default_rng(seed)
    path = random_path(rng, 800.0, 600.0, 150)
    source = place_source(rng, 800.0, 600.0, path[1])
    wave = np.zeros(1, WAVE)[0]
    launch_wave(wave, shot_of(power), *source, 1, history_of(path), 0, 1.0, 800.0, 600.0)
    idle_until = 0
    for turn in range(1, len(path)):
        status, idle = sweep_wave(wave, turn, path[turn].x, path[turn].y)
        assert status == MIDAIR or turn > idle_until
        assert status in (MIDAIR, TOUCHING) or has_touched(wave)
        idle_until = max(idle_until, turn + idle)


@given(seeds, fields)
def test_orbit_direction_is_that_of_the_definition(seed, field):
    rng = np.random.default_rng(seed)
    path = random_path(rng, *field, 130)
    for seen_since, fire_turn in ((0, 129), (3, 5), (100, 120)):
        source = place_source(rng, *field, path[fire_turn - 1])
        wave = np.zeros(1, WAVE)[0]
        launch_wave(wave, shot_of(1.0), *source, fire_turn, history_of(path), seen_since, -1.0, *field)
        states = path[seen_since:fire_turn][::-1]
        assert wave["orbit_direction"] == oracle.orbit_direction(states, wave["absolute_bearing"], -1)


def test_a_target_that_never_moved_keeps_the_previous_orbit_direction():
    path = [oracle.State(400.0, 300.0, 1.0, 0.0)] * 8
    for previous in (-1.0, 1.0):
        wave = np.zeros(1, WAVE)[0]
        launch_wave(wave, shot_of(1.0), 100.0, 100.0, 5, history_of(path), 0, previous, 800.0, 600.0)
        assert wave["orbit_direction"] == previous


@given(st.floats(-1.5, 1.5), st.sampled_from([-1.0, 1.0]), st.floats(0.001, 1.0), st.floats(0.001, 1.0))
def test_guess_factor_is_that_of_the_definition(offset, orbit, left, right):
    assert guess_factor(offset, orbit, left, right) == oracle.guess_factor(offset, orbit, left, right)


@given(st.floats(-3.14, 3.14), st.floats(-3.14, 6.28))
def test_offset_between_is_the_angle_in_one_turn(bearing, angle):
    assert offset_between(bearing, angle) == pytest.approx(oracle.normal(angle - bearing), abs=1e-12)


@given(seeds, st.integers(0, 40))
def test_nearest_wave_is_that_of_the_definition(seed, count):
    rng = np.random.default_rng(seed)
    target = random_path(rng, 800.0, 600.0, 1)[0]
    waves = np.zeros(count + 1, WAVE)
    for wave in waves[:count]:
        wave["source_x"], wave["source_y"] = place_source(rng, 800.0, 600.0, target)
        wave["fire_turn"], wave["speed"] = (
            int(rng.integers(40, 100)),
            oracle.speed_of(rng.choice([0.15, 1.45, 2.0, 3.0])),
        )
    plain = [(w["source_x"], w["source_y"], w["fire_turn"], w["speed"]) for w in waves[:count]]
    expected = oracle.nearest_wave(plain, 100, target)
    found = nearest_wave(waves, count, 100, target.x, target.y)
    assert found == (-1 if expected is None else plain.index(expected))
