"""The enemy's waves as a surfer sees them are those of the recording; its danger is the density of the offline gun."""

import numpy as np
import pytest
from surfing_battles import noted_battle

from beepsim.engine.state import HIT_BULLET, HIT_VICTIM
from beepsim.targeting.aiming import GRID_STEP, at
from beepsim.targeting.guns import learned_gun
from beepsim.targeting.surfing import NEVER, surfer_waves
from beepsim.targeting.weights import ModelConfig, Weights, load_weights, save_weights
from beepsim.waves.table import extract_waves

FEATURES = (
    "power",
    "bft",
    "vel",
    "latVel",
    "advVel",
    "accel",
    "maeWallAhead",
    "stickWallAhead",
    "mirrorOffset",
    "distance",
)
PLACES = np.arange(-200, 201, 8)  # nodes; GF -0.78 to 0.78, away from the floor's edges
REACH = 16  # nodes to either side


def by_shot(notes):
    return {(int(note["round"]), int(note["threat"]["wave"]["fire_turn"])): note for note in notes}


def masses_of(density):
    """Mass within REACH nodes of each place, by the trapezoid rule."""
    steps = GRID_STEP * 0.5 * (density[1:] + density[:-1])
    cumulative = np.concatenate([[0.0], np.cumsum(steps)])
    centre = len(density) // 2
    return cumulative[centre + PLACES + REACH] - cumulative[centre + PLACES - REACH]


@pytest.mark.parametrize("enemy", ["random_mover+linear", "stop_and_go+random_gun"])
def test_waves_are_those_of_the_bullets_that_were_fired(enemy):
    notes, memory, recording = noted_battle(enemy)
    waves, known = surfer_waves(recording, 0), by_shot(notes)
    assert len(waves.rows) > 100
    for row in waves.rows:
        wave = known[int(row["round"]), int(row["fire_turn"])]["threat"]["wave"]
        for name in ("source_x", "source_y", "power", "absolute_bearing", "escape_left", "escape_right"):
            assert wave[name] == pytest.approx(float(row[name]), abs=1e-6, rel=1e-6), name
        assert wave["orbit_direction"] == row["orbit_direction"]
    # Nothing is noted that was not fired, and every bullet that hit or met another has been learned.
    bullets = recording.bullets[recording.bullets["owner"] == 1]
    assert set(known) <= {(int(one["round"]), int(one["turn_first"]) - 1) for one in bullets}
    # The wave table lacks those that killed it.
    learned = memory["surfer"]["lessons"]["count"]
    ended = np.count_nonzero(np.isin(bullets["state_last"], (HIT_VICTIM, HIT_BULLET)))
    assert np.count_nonzero(waves.broke < NEVER) <= learned <= ended


def plain_weights(folder, **settings):
    """A file of weights for features that do not ask how long the enemy has seen the surfer, which it cannot know."""
    config = ModelConfig(FEATURES, candidates="points", **settings)
    ones = np.ones(len(FEATURES))
    path = folder / "plain.safetensors"
    save_weights(path, Weights(config, 3.0 * ones, 0.1 * ones, ones, config.bandwidth, config.floor))
    return path


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel": "gaussian", "bandwidth": 0.08},
        {"kernel": "laplace", "bandwidth": 0.5, "bandwidth_unit": "bot_width", "distance": "squared_euclidean"},
        {"kernel": "student_t", "bandwidth": 0.1, "neighbours": 5},
    ],
    ids=lambda settings: settings["kernel"],
)
def test_live_danger_is_the_density_of_the_offline_gun(tmp_path, settings):
    weights = plain_weights(tmp_path, **settings)
    notes, _, recording = noted_battle("random_mover+linear", weights=weights)
    waves, noted = surfer_waves(recording, 0), by_shot(notes)
    gun = learned_gun("offline", load_weights(weights))
    densities = gun.densities(waves, np.arange(len(waves.rows)))
    compared = 0
    for row, known, density in zip(waves.rows, waves.known, densities, strict=True):
        note = noted[int(row["round"]), int(row["fire_turn"])]
        # A shot is seen a turn after its fire turn; what was learned in between the offline gun did not know.
        if note["known"] == known and known > 0:
            cumulative = note["threat"]["cumulative"]
            live = [
                at(cumulative, (place + REACH) * GRID_STEP) - at(cumulative, (place - REACH) * GRID_STEP)
                for place in PLACES
            ]
            np.testing.assert_allclose(live, masses_of(density), atol=2e-4, rtol=2e-3)
            compared += 1
    assert compared > 100


@pytest.mark.parametrize("enemy", ["random_mover+linear", "sample.RamFire"])
def test_it_drives_as_it_foretold(enemy):
    _, memory, _ = noted_battle(enemy)
    assert memory["foretold"] > 500 and memory["wrong"] == 0


def test_visits_are_where_it_was_when_the_waves_of_the_recording_passed():
    _, memory, recording = noted_battle("random_mover+linear")
    table = extract_waves(recording, 1)
    rows = table.rows[table.rows["real"]]
    visits = memory["surfer"]["visits"]
    count = min(int(visits["count"]), int(visits["room"]))
    assert 100 < count < visits["room"]
    found = np.stack([visits["low"][:count], visits["high"][:count]], axis=1)
    said = np.stack([rows["gf_low"], rows["gf_high"]], axis=1)
    assert np.abs(found[:, None] - said).max(axis=2).min(axis=0).max() < 1e-5
    # The wave table lacks those that had not passed before the end of a round's last full turn.
    assert count - len(rows) <= 3 * recording.header.rules.num_rounds
