"""Every bot in bots/ passes the same conformance test: it fights, within the rules, compiled as uncompiled."""

from dataclasses import replace

import numpy as np
import pytest

from beepsim.battle import Rules, fight
from beepsim.fdlibm import sin_cos
from beepsim.recording.format import read_recording
from beepsim.robots.compiled import SMOOTHING_COSINE, SMOOTHING_SINE, SMOOTHING_STEP
from beepsim.robots.loader import list_bots, load_bot

BOTS = list_bots()
GUNS = BOTS["aim"]
# Each movement with the next gun in turn, so that few pairs cover all.
PAIRS = [f"{movement}+{GUNS[index % len(GUNS)]}" for index, movement in enumerate(BOTS["move"])]
RULES = Rules(num_rounds=2)


def test_all_guns_are_covered():
    assert {pair.split("+")[1] for pair in PAIRS} == set(GUNS)


@pytest.mark.parametrize("name", [*PAIRS, *BOTS["turn"]])
def test_conformance(name, tmp_path):
    bots = [name, "circle+head_on"]
    result = fight(bots, 7, RULES, tmp_path / "compiled.battle")
    fight(bots, 7, RULES, tmp_path / "plain.battle", compiled=False)
    assert (tmp_path / "compiled.battle").read_bytes() == (tmp_path / "plain.battle").read_bytes()
    # Reading checks every number against the rules' ranges.
    recording = read_recording(tmp_path / "compiled.battle")
    mine = recording.robots[recording.robots["robot"] == 0]
    assert len(mine) == sum(result.turns) + RULES.num_rounds
    assert result.robots[0].shots > 5 and result.robots[0].hash == load_bot(name).hash
    assert (np.abs(np.diff(mine["x"][: result.turns[0] + 1])) <= 8.001).all()


@pytest.mark.parametrize("name", BOTS["robot"])
def test_conformance_of_robots(name, tmp_path):
    bots = [name, "circle+head_on", name]
    results = [fight(bots, 7, RULES, tmp_path / f"{file}.battle") for file in ("first", "again")]
    assert (tmp_path / "first.battle").read_bytes() == (tmp_path / "again.battle").read_bytes()
    assert results[0] == replace(results[1], recording=results[0].recording)
    assert [robot.faults for robot in results[0].robots] == [()] * 3
    assert [robot.name for robot in results[0].robots] == [f"{name} (1)", "circle+head_on", f"{name} (2)"]
    assert (results[0].robots[0].shots > 0) == (name not in ("sample.SittingDuck", "sample.Target"))


@pytest.mark.parametrize("name", BOTS["move"])
def test_a_bare_movement_never_fires(name):
    assert fight([name, name], 3, Rules(num_rounds=1)).robots[0].shots == 0


@pytest.mark.parametrize("name", ["random_mover", "random_reverser", "flight_timer", "wall_dodger", "stop_and_go"])
def test_movers_that_guns_are_to_learn_move_in_many_ways(name, tmp_path):
    fight([name, "circle+head_on"], 11, Rules(num_rounds=3), tmp_path / "a.battle")
    robots = read_recording(tmp_path / "a.battle").robots
    mine = robots[(robots["robot"] == 0) & (robots["state"] != 3)]
    velocities = mine["velocity"]
    reversals = np.count_nonzero(np.diff(np.sign(velocities[velocities != 0])))
    assert reversals > 10
    assert np.std(mine["x"]) > 50 and np.std(mine["y"]) > 50
    assert np.count_nonzero(mine["state"] == 1) < 0.02 * len(mine), "runs into walls"


def test_smoothing_turns_by_its_step():
    assert (SMOOTHING_SINE, SMOOTHING_COSINE) == sin_cos(SMOOTHING_STEP)
