"""Waves in flight: the same rows as the table's, hit intervals turn by turn, and the shots that killed."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import wave_oracle as oracle
from wave_recording import real_recording

from beepsim.battle import Rules, fight
from beepsim.recording.columns import HIT_ROBOT
from beepsim.recording.format import Recording, read_recording, recorded_rounds
from beepsim.waves.extract import DEAD
from beepsim.waves.flight import Flight, flight_of
from beepsim.waves.table import extract_waves


@pytest.fixture(scope="module")
def duel(tmp_path_factory):
    """Rounds that end with the death of either robot, some by bullets that were fired by one who died before."""
    path = tmp_path_factory.mktemp("flight") / "duel.battle"
    fight(["circle+linear", "random_mover+head_on"], 1, Rules(num_rounds=6), path)
    return read_recording(path)


def flights(recording: Recording, shooter: int) -> list[Flight]:
    bullets, found = recording.bullets, []
    for number in recorded_rounds(recording):
        shots = int(((bullets["round"] < number) & (bullets["owner"] == shooter)).sum())
        found.append(flight_of(recording, number, shooter, 1 - shooter, shots))
    return found


@cache
def real_flights(shooter: int) -> list[Flight]:
    return flights(real_recording(), shooter)


@pytest.mark.parametrize("shooter", [0, 1])
def test_waves_that_broke_are_the_rows_of_the_table(duel, shooter):
    for recording, found in ((duel, flights(duel, shooter)), (real_recording(), real_flights(shooter))):
        rows = np.concatenate([flight.rows[flight.is_broken] for flight in found])
        assert np.array_equal(rows, extract_waves(recording, shooter).rows)
        assert sum((~flight.is_broken).sum() for flight in found) > 50


@pytest.mark.parametrize("shooter", [0, 1])
def test_launched_waves_are_those_of_the_rows(shooter):
    for flight in real_flights(shooter):
        names = "source_x", "source_y", "fire_turn", "power", "absolute_bearing", "orbit_direction", "escape_left"
        for name in names:
            assert np.array_equal(flight.waves[name].astype(flight.rows[name].dtype), flight.rows[name])


@pytest.mark.parametrize("shooter", [0, 1])
def test_the_interval_grows_to_that_of_the_table(shooter):
    for flight in real_flights(shooter):
        waves = np.flatnonzero(flight.is_broken)[::37]
        for wave in waves:
            row, one = flight.rows[wave], np.array([wave])
            turns = range(int(row["fire_turn"]), int(row["break_turn"]) + 3)
            steps = np.array([flight.until(one, turn) for turn in turns])[:, :, 0]
            assert (
                np.isnan(steps[0]).all() and (steps[-1].astype(np.float32) == [row["hit_low"], row["hit_high"]]).all()
            )
            touched = steps[~np.isnan(steps[:, 0])]
            assert (np.diff(touched[:, 0]) <= 0.0).all() and (np.diff(touched[:, 1]) >= 0.0).all()
            assert np.isnan(steps[:, 0]).argmin() == len(steps) - len(touched)  # once touched, always


@pytest.mark.parametrize("shooter", [0, 1])
def test_all_turns_at_once_are_the_same_as_one_by_one(shooter):
    for flight in real_flights(shooter):
        waves = np.arange(0, len(flight.waves), 29)
        low, high = flight.growth(waves)
        turns = flight.rows["break_turn"][waves] - flight.rows["fire_turn"][waves]
        assert low.shape == high.shape == (len(waves), turns.max() + 1)
        for place, wave in enumerate(waves):
            for since in range(low.shape[1]):
                until = flight.until(np.array([wave]), int(flight.rows["fire_turn"][wave]) + since)
                assert np.array_equal([low[place, since], high[place, since]], np.ravel(until), equal_nan=True)
    assert [part.shape for part in flight.growth(np.arange(0))] == [(0, 1), (0, 1)]


def test_the_interval_so_far_is_what_the_bullets_of_each_turn_would_have_hit():
    """Against the plain union, over the turns until now, of ring ∩ box."""
    flight, compared = real_flights(1)[0], 0
    for wave in range(0, len(flight.waves), 23):
        launched = flight.waves[wave]
        for turn in range(int(flight.rows["break_turn"][wave]) - 6, int(flight.rows["break_turn"][wave]) + 1):
            offsets = []
            for before in range(int(launched["fire_turn"]), min(turn, flight.last_turn + 1)):
                inner = (before - launched["fire_turn"]) * launched["speed"]
                place = (launched["source_x"], launched["source_y"], inner, inner + launched["speed"])
                offsets += oracle.ring_offsets(*place, oracle.State(*flight.path[before]), launched["absolute_bearing"])
            low, high = flight.until(np.array([wave]), turn)
            if offsets:
                assert [low[0], high[0]] == pytest.approx([min(offsets), max(offsets)], abs=1e-9)
                compared += 1
            else:
                assert np.isnan(low[0])
    assert compared > 30


def test_bullets_that_hit_lie_in_the_interval_in_their_turn_those_that_killed_too(duel):
    hit, killed = 0, 0
    for recording in (duel, real_recording()):
        for shooter in (0, 1):
            for number, flight in zip(recorded_rounds(recording), flights(recording, shooter), strict=True):
                bullets = recording.bullets[recording.bullets["round"] == number]
                hits = bullets[(bullets["owner"] == shooter) & (bullets["state_last"] == HIT_ROBOT)]
                waves = np.searchsorted(flight.waves["fire_turn"], hits["turn_first"] - 1)
                assert np.array_equal(flight.waves["fire_turn"][waves], hits["turn_first"] - 1)
                offsets = (hits["heading"] - flight.waves["absolute_bearing"][waves] + np.pi) % (2 * np.pi) - np.pi
                for wave, offset, turn in zip(waves, offsets, hits["turn_last"].tolist(), strict=True):
                    low, high = flight.until(np.array([wave]), turn)
                    assert low[0] - 1e-4 <= offset <= high[0] + 1e-4
                hit, killed = hit + len(hits), killed + int((~flight.is_broken[waves]).sum())
    assert hit > 60 and killed >= 5


def test_what_happens_after_a_death_changes_nothing(duel):
    """The dead stay where they are in a recording; a wave must not care where that is."""
    dead = duel.robots["state"] == DEAD
    moved = duel.robots.copy()
    moved["x"][dead], moved["y"][dead] = 20.0, 20.0
    for one, other in zip(flights(duel, 0), flights(replace(duel, robots=moved), 0), strict=True):
        assert np.array_equal(one.rows, other.rows)
