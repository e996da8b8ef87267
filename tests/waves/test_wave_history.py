"""Past motion and past guess factors against their plain definitions."""

import numpy as np
import pytest
import wave_oracle as oracle
from hypothesis import given
from hypothesis import strategies as st
from wave_paths import fields, history_of, place_source, random_path, seeds
from wave_recording import real_recording

from beepsim.waves.history import (
    ADVANCING,
    ADVANCING_LAGS,
    LAST_GUESS_FACTORS,
    LATERAL,
    LATERAL_LAGS,
    fill_past,
    last_guess_factors,
)
from beepsim.waves.table import extract_waves

orbits = st.sampled_from((-1.0, 1.0))


@given(seeds, fields, orbits)
def test_past_velocities_are_those_of_their_definition(seed, field, orbit):
    rng = np.random.default_rng(seed)
    path = random_path(rng, *field, 130)
    aim_turn = int(rng.integers(0, 129))
    seen_since = int(rng.integers(0, aim_turn + 1))
    shooter = oracle.State(*place_source(rng, *field, path[aim_turn]))
    values = np.full(len(LATERAL + ADVANCING), np.nan)
    fill_past(values, history_of(path), seen_since, aim_turn, shooter.x, shooter.y, orbit)
    states = path[seen_since : aim_turn + 1][::-1]
    expected = oracle.past_velocities(states, shooter, orbit, LATERAL_LAGS, ADVANCING_LAGS)
    assert values == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(-1, 1), orbits), max_size=12), st.integers(0, 22), orbits)
def test_last_guess_factors_are_those_of_the_waves_that_broke_last(waves, fire_turn, orbit):
    turns = np.array([turn for turn, _, _ in waves], np.int64)
    sides = np.array([factor * direction for _, factor, direction in waves])
    found = last_guess_factors(turns, sides, len(waves), fire_turn, orbit)
    assert found == oracle.last_guess_factors(waves, fire_turn, orbit)


def test_the_table_holds_what_the_shooter_could_know():
    rows = extract_waves(real_recording(), 0).rows
    assert rows["lateral0"] == pytest.approx(rows["latVel"] * np.sign(rows["lateral0"]), abs=1e-5)
    assert rows["advancing0"] == pytest.approx(rows["advVel"], abs=1e-5)
    # The orbit direction is that of the last motion, so that a moving target's lateral velocity is positive.
    assert np.mean(rows["lateral0"] >= -1e-4) > 0.97
    for number in (0, 1):
        mine = rows[rows["round"] == number]
        waves = [(int(w["break_turn"]), w["gf"], w["orbit_direction"]) for w in mine[mine["real"]]]
        for row in mine[::37]:
            earlier = [w for w, r in zip(waves, mine[mine["real"]], strict=True) if r["fire_turn"] < row["fire_turn"]]
            expected = oracle.last_guess_factors(earlier, row["fire_turn"], row["orbit_direction"])
            assert [row[name] for name in LAST_GUESS_FACTORS] == pytest.approx(expected, abs=1e-6)
        shots = mine["fire_turn"][mine["real"]]
        for row in mine[1::53]:
            earlier = shots[shots <= row["aim_turn"]]
            assert row["shotTimer"] <= (row["aim_turn"] - earlier[-1] if len(earlier) else 99)
