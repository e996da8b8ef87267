"""Every gun in bots/ passes the same test: legal shots, hits, no failure wherever the two stand and whoever dies.

One movement carries them all, since each pair is compiled by itself.
"""

import numpy as np
import pytest

from beepsim.battle import Rules, fight
from beepsim.recording.format import read_recording
from beepsim.robots.loader import list_bots

GUNS = list_bots()["aim"]
UNAIMED = {"random_gun"}
CORNERS = "(18,18,0),(382,382,180)"


def faultless(bots, rules, path):
    result = fight(bots, 5, rules, path)
    assert [robot.faults for robot in result.robots] == [()] * len(bots)
    return result, read_recording(path)


@pytest.mark.parametrize("gun", GUNS)
def test_a_sitting_duck_is_hit(gun, tmp_path):
    result, recording = faultless([f"circle+{gun}", "sitting_duck"], Rules(num_rounds=2), tmp_path / "a.battle")
    shooter = result.robots[0]
    assert shooter.shots >= 14 and shooter.hits > (0.03 if gun in UNAIMED else 0.85) * shooter.shots
    powers = recording.bullets["power"]
    assert ((powers >= 0.1) & (powers <= 3.0)).all()


@pytest.mark.parametrize("gun", GUNS)
def test_fixed_power_is_that_of_every_shot_while_the_energy_lasts(gun, tmp_path):
    _, recording = faultless([f"circle+{gun}:power=1.7", "random_mover"], Rules(num_rounds=1), tmp_path / "a.battle")
    powers = recording.bullets["power"]
    assert np.mean(powers == 1.7) > 0.8 and powers.max() == 1.7


@pytest.mark.parametrize("gun", GUNS)
def test_small_fields_corners_and_a_third_robot_do_not_matter(gun, tmp_path):
    small = Rules(num_rounds=2, width=400, height=400, initial_positions=CORNERS)
    faultless([f"circle+{gun}", f"circle+{gun}"], small, tmp_path / "small.battle")
    result, _ = faultless([f"circle+{gun}"] * 3, Rules(num_rounds=1), tmp_path / "three.battle")
    assert min(robot.shots for robot in result.robots) > 3


@pytest.mark.parametrize("gun", GUNS)
def test_nobody_fires_at_the_dead(gun, tmp_path):
    _, recording = faultless([f"circle+{gun}", "sitting_duck"], Rules(num_rounds=1), tmp_path / "a.battle")
    target = recording.robots[(recording.robots["robot"] == 1) & (recording.robots["state"] == 3)]
    assert gun in UNAIMED or len(target) > 20
    assert recording.bullets["turn_first"].max() <= target["turn"].min(initial=1 << 30) + 2
