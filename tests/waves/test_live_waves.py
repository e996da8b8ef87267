"""Rows that a bot collects while it fights are those of the recording of that battle, to the last bit."""

import numpy as np
import pytest
from live_battles import live_and_recorded

from beepsim.engine.state import COMMAND, EVENT
from beepsim.robots.compiled import TARGET, VIEW
from beepsim.rules import START_GUN_HEAT
from beepsim.waves.extract import FLYING, HIT_WALL
from beepsim.waves.live import AIRBORNE, WATCH, launch, note_turn, start_round, sweep, watch_turn

GUESSED = {
    "power", "bullet_speed", "bft", "break_turn", "escape_left", "escape_right", "maeWallAhead", "maeWallReverse",
    "orbitalWallAhead", "orbitalWallReverse", "hit_low", "hit_high", "hit_offset", "gf_low", "gf_high", "gf",
    "currentGF",
}  # fmt: skip
"""Columns that depend on the power of a virtual wave, which cannot be seen in a recording; currentGF of any wave may
be measured on a virtual one."""


def keys(rows):
    return list(zip(rows["round"].tolist(), rows["fire_turn"].tolist(), strict=True))


def differing(live, recorded):
    """Columns whose values differ, and in which rows."""
    found = {}
    for name in recorded.dtype.names:
        bad = live[name] != recorded[name]
        if name == "outcome":  # nobody tells a bot that a bullet went on to the wall before it has
            bad &= ~((live[name] == FLYING) & (recorded[name] == HIT_WALL))
        if bad.any():
            found[name] = np.flatnonzero(bad)
    return found


@pytest.mark.parametrize(
    ("mover", "target", "power", "seed"),
    [("random_mover", "random_mover+circular", "2.0", 1), ("circle", "wall_follower+linear", "1.3", 2)],
)
def test_rows_are_those_of_the_recording(tmp_path, mover, target, power, seed):
    live, recorded, _ = live_and_recorded(tmp_path, mover, target, power, seed, 3)
    assert len(live) > 500 and keys(live) == keys(recorded)
    assert differing(live, recorded) == {}
    assert live["didHit"].any() and live["didCollide"].any() and live["currentGF"].any() and live["lastGF3"].any()


def test_with_powers_that_change_only_what_virtual_waves_would_have_been_differs(tmp_path):
    power = "3.0 if target.distance < 300.0 else 1.5"
    live, recorded, _ = live_and_recorded(tmp_path, "random_mover", "stop_and_go+circular", power, 3, 3)
    broken = dict(zip(keys(live), live, strict=True))
    both = np.array([key in broken for key in keys(recorded)])
    assert both[recorded["real"]].all() and both.mean() > 0.98
    recorded = recorded[both]
    live = np.array([broken[key] for key in keys(recorded)], recorded.dtype)
    found = differing(live, recorded)
    assert found.keys() <= GUESSED and "power" in found
    is_guess = live["power"] != recorded["power"]
    assert not is_guess[recorded["real"]].any() and is_guess.mean() < 0.1
    assert all(is_guess[rows].all() for name, rows in found.items() if name != "currentGF")


def test_waves_far_from_shots_may_be_left_out(tmp_path):
    live, recorded, _ = live_and_recorded(tmp_path, "random_mover", "random_mover+circular", "2.0", 1, 2, 2.0)
    chosen = recorded[recorded["virtuality"] <= 2.0]
    assert keys(live) == keys(chosen) and 3 * recorded["real"].sum() < len(chosen) < 0.5 * len(recorded)
    assert differing(live, chosen).keys() <= {"currentGF"}


def test_no_more_waves_than_there_is_room_for():
    watch = np.zeros(1, WATCH)[0]
    start_round(watch, 0, 5000.0, 5000.0, 0.1)
    for turn in range(400):
        note_turn(watch, turn, 100.0, 100.0, turn > 0, 4000.0 + 0.01 * turn, 4000.0, 0.0, 0.0)
        launch(watch, 3.0, turn == 2)
        sweep(watch)
    assert watch["flying"] == AIRBORNE
    assert sorted(watch["slots"]) == list(range(AIRBORNE))


def test_a_target_that_jumps_is_not_missed_by_waves_that_were_idle():
    watch = np.zeros(1, WATCH)[0]
    start_round(watch, 0, 800.0, 600.0, 0.1)
    for turn in range(60):
        is_seen = turn in (1, 2, 3) or turn >= 12
        x, y = (700.0, 300.0) if turn < 12 else (245.0, 300.0)
        note_turn(watch, turn, 100.0, 300.0, is_seen, x, y, 0.0, 0.0)
        launch(watch, 2.0, turn == 3)
        sweep(watch)
        if watch["broken"]:
            break
    row = watch["rows"][watch["broken_slots"][0]]
    assert turn < 16 and row["fire_turn"] == 3 and row["gf_low"] < 0.0 < row["gf_high"]


def test_another_target_does_not_heat_the_gun():
    watch, view, target, command = (np.zeros(1, kind)[0] for kind in (WATCH, VIEW, TARGET, COMMAND))
    view["others"], view["width"], view["height"], view["gun_cooling_rate"] = 2, 800.0, 600.0, 0.1
    target["y"], command["fire_power"] = 300.0, np.nan
    heats = []
    for turn in range(40):
        view["turn"], target["turn"], target["robot"] = turn, turn, 1 if turn < 35 else 2
        target["x"] = 300.0 + 2.0 * turn
        assert watch_turn(watch, view, np.zeros(0, EVENT), target, command, 2.0, 0.0)
        heats.append(watch["heat"])
    assert heats[:3] == [START_GUN_HEAT, START_GUN_HEAT - 0.1, START_GUN_HEAT - 0.1 - 0.1]
    assert heats[34:] == [0.0] * 6 and watch["target"] == 2 and watch["seen_since"] == 35
