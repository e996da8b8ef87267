"""Compiled guns that fight choose the angles that offline replay of the same battle chooses."""

from dataclasses import replace

import numpy as np
import pytest

from beepsim.battle import fight, on_stage
from beepsim.battle_rules import Rules
from beepsim.engine.state import HIT_ROBOT
from beepsim.loop import play_round
from beepsim.recording.format import read_recording
from beepsim.robots.loader import load_bot
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.guns import BASELINES, learned_gun
from beepsim.targeting.weights import ModelConfig, initial_weights, save_weights
from beepsim.waves.table import extract_waves

GUN = """
from pathlib import Path

import numpy as np

from beepsim.targeting.guns import BASELINES, learned_gun
from beepsim.targeting.live_gun import LIVE_GUN, live_aim, set_gun
from beepsim.targeting.weights import load_weights

SETTINGS = {"gun": "", "virtual": 2.0, "waves": 10000}
AIM = np.dtype([("round", "i8"), ("fire_turn", "i8"), ("angle", "f8"), ("chance", "f8")])
MEMORY = np.dtype([("live", LIVE_GUN), ("count", "i8"), ("aims", AIM, 2000)])


def prepare(settings, memory):
    name = settings["gun"]
    gun = BASELINES[name] if name in BASELINES else learned_gun(name, load_weights(Path(name)))
    set_gun(memory.live, gun, settings["virtual"], settings["waves"])


def aim(view, events, target, memory, command):
    live_aim(memory.live, view, events, target, command, 1.0)
    if memory.live.aimed == view.turn:
        aim = memory.aims[memory.count]
        aim["round"], aim["fire_turn"] = view.round_number, view.turn + 1
        aim["angle"], aim["chance"] = memory.live.angle, memory.live.chance
        memory.count += 1
"""


@pytest.fixture(scope="module")
def gun_file(tmp_path_factory):
    """A gun that keeps what it aims at; its setting `gun` is a name or the path of weights."""
    path = tmp_path_factory.mktemp("guns") / "gun.py"
    path.write_text(GUN)
    return path


def aims_and_rows(path, folder, settings, rounds):
    """What the gun aimed at in a battle, by (round, fire turn), and the rows of its recording.

    The target does not fire, so that there is energy for shots of power 1 throughout: powers of virtual waves are not
    recorded, and where they change a replay has to guess them.
    """
    rules, target = Rules(num_rounds=rounds), load_bot("random_mover")
    bots = [load_bot(f"random_reverser+{path}", gun=settings), target]
    with on_stage(bots, [bot.name for bot in bots], 4, rules, None) as stage:
        for _ in range(rounds):
            play_round(stage)
        assert stage.faults == [[], []]
        memory = stage.memories[0]["aim"][0]
        aims = memory["aims"][: memory["count"]].copy()
    fight(bots, 4, rules, folder / "live.battle")
    recording = read_recording(folder / "live.battle")
    states = recording.robots[recording.robots["robot"] == 0]
    # Nobody foresees where a robot will stand that runs into another.
    ran = states[states["state"] == HIT_ROBOT]
    is_foreseen = {(one["round"], one["turn"]): False for one in ran}
    return {(one["round"], one["fire_turn"]): one for one in aims}, extract_waves(recording, 0).rows, is_foreseen


def agree(path, folder, gun, settings, rounds=4):
    """Checks every shot against the replay by `gun`; returns how many there were."""
    aims, rows, is_foreseen = aims_and_rows(path, folder, settings, rounds)
    chosen = rows[rows["virtuality"] <= settings.get("virtual", 2.0)]
    battle = BattleWaves("battle", "shooter", "target", chosen)
    gun = replace(gun, room=settings.get("waves"))
    shots = chosen[battle.queries]
    expected = gun.aim(battle)
    which = np.array([is_foreseen.get((row["round"], row["fire_turn"]), True) for row in shots])
    assert which.mean() > 0.95
    found = [aims[int(row["round"]), int(row["fire_turn"])] for row in shots[which]]
    # Sums in another order differ in the last bit, and the vertex of a flat parabola by far more.
    np.testing.assert_allclose([one["angle"] for one in found], expected.angle[which], rtol=0.0, atol=1e-4)
    np.testing.assert_allclose([one["chance"] for one in found], expected.predicted[which], rtol=0.0, atol=1e-4)
    assert len(set(np.round(expected.angle, 6))) > 0.5 * len(shots)
    return len(shots)


@pytest.mark.parametrize(("name", "settings"), [("knn", {}), ("histogram", {}), ("histogram", {"waves": 60})])
def test_live_angles_are_those_of_the_replay(name, settings, gun_file, tmp_path):
    assert agree(gun_file, tmp_path, BASELINES[name], {"gun": name, **settings}) > 50


@pytest.mark.parametrize(
    ("config", "settings"),
    [
        (ModelConfig(), {"virtual": 5.0}),
        (ModelConfig(kernel="laplace", candidates="points", neighbours=40), {"waves": 60}),
        (ModelConfig(bandwidth=0.9, bandwidth_unit="bot_width", distance="squared_euclidean"), {"virtual": 0.0}),
    ],
    ids=["all", "few", "bot_width"],
)
def test_live_angles_of_any_weights_are_those_of_the_replay(config, settings, gun_file, tmp_path):
    weights = initial_weights(config)
    save_weights(tmp_path / "a.safetensors", weights)
    settings = {"gun": str(tmp_path / "a.safetensors"), **settings}
    assert agree(gun_file, tmp_path, learned_gun("learned", weights), settings) > 50
