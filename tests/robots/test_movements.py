"""Every movement in bots/ keeps to the rules on fields of every size and with a rammer on its heels."""

import numpy as np
import pytest

from beepsim.battle import Rules, fight
from beepsim.recording.format import read_recording
from beepsim.robots.loader import list_bots

BOTS = list_bots()
GUNS = BOTS["aim"]
# As in test_bots.py, so that they are compiled once.
PAIRS = [f"{movement}+{GUNS[index % len(GUNS)]}" for index, movement in enumerate(BOTS["move"])]
SURFERS = ("goto_surfer", "true_surfer", "flattener")
FIELDS = {"small": Rules(num_rounds=2, width=400, height=400), "large": Rules(num_rounds=1, width=2000, height=1400)}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("name", PAIRS)
def test_it_drives_within_the_rules_on_any_field(name, field, tmp_path):
    rules, path = FIELDS[field], tmp_path / "a.battle"
    for enemy in ("sample.RamFire", "random_mover+random_gun"):
        result = fight([name, enemy], 3, rules, path)
        assert result.robots[0].faults == ()
        # Reading checks every number against the rules' ranges.
        robots = read_recording(path).robots
        mine = robots[(robots["robot"] == 0) & (robots["round"] == 0) & (robots["state"] != 3)]
        assert np.abs(np.diff(mine["velocity"])).max(initial=0.0) <= 8.001
        assert (np.hypot(np.diff(mine["x"]), np.diff(mine["y"])) <= 8.001).all()


@pytest.mark.parametrize("name", [pair for pair in PAIRS if pair.split("+")[0] in SURFERS])
def test_a_rammed_surfer_fights_the_same_battle_as_plain_python(name, tmp_path):
    bots, rules = [name, "random_mover+random_gun"], FIELDS["small"]
    fight(bots, 5, rules, tmp_path / "compiled.battle")
    fight(bots, 5, rules, tmp_path / "plain.battle", compiled=False)
    assert (tmp_path / "compiled.battle").read_bytes() == (tmp_path / "plain.battle").read_bytes()


@pytest.mark.parametrize("name", SURFERS)
def test_surfers_keep_off_walls_and_are_missed_by_simple_guns(name, tmp_path):
    """A power of 2 does 10 points of damage; the surfers here lose less than one such hit in two rounds."""
    path = tmp_path / "a.battle"
    result = fight([f"{name}+linear", "wall_follower+head_on"], 2, Rules(num_rounds=6), path)
    assert sum(one.bullet_damage for one in result.robots[1].rounds) < 5.0 * 6
    robots = read_recording(path).robots
    mine = robots[(robots["robot"] == 0) & (robots["state"] != 3)]
    assert np.count_nonzero(mine["state"] == 1) < 0.003 * len(mine), "runs into walls"
