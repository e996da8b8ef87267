"""Guns and movements of functions in robots of classes: the same battle as the compiled bot of the same parts."""

from pathlib import Path

import numpy as np
import pytest

from beepsim.battle import Rules, fight
from beepsim.errors import UserError
from beepsim.recording.format import read_recording
from beepsim.robots import CompiledPart
from beepsim.robots.loader import load_bot

RULES = Rules(num_rounds=3)
CLASS = """
from beepsim.robots import {base}, CompiledPart


class Mine({base}):
    {parts}

    def run(self):
        while True:
            {act}
            self.{end}()
"""
BOTH = "movement, gun = CompiledPart('random_mover'), CompiledPart('random_gun', power=1.5)"
ACT = "self.movement.act(self); self.gun.act(self)"


def robot(folder: Path, parts: str, act: str, base: str = "AdvancedRobot", end: str = "execute") -> str:
    path = folder / "mine.py"
    path.write_text(CLASS.format(parts=parts, act=act, base=base, end=end))
    return str(path)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_class_of_parts_fights_as_the_bot_of_the_parts(tmp_path, compiled):
    """Its own random numbers included, over several rounds."""
    mine = robot(tmp_path, BOTH, ACT + "; self.gun.act(self)")  # a second time in a turn does nothing
    rules = RULES if compiled else Rules(num_rounds=1)
    result = fight([mine, "circle+linear"], 1, rules, tmp_path / "a.battle", compiled=compiled)
    expected = fight(["random_mover+random_gun:power=1.5", "circle+linear"], 1, rules, tmp_path / "b.battle")
    assert not result.robots[0].faults
    assert [one.scores for one in result.robots] == [one.scores for one in expected.robots]
    first, second = (read_recording(tmp_path / f"{name}.battle") for name in "ab")
    np.testing.assert_array_equal(first.robots, second.robots)
    np.testing.assert_array_equal(first.bullets, second.bullets)


def test_what_a_part_keeps_lasts_as_long_as_it(tmp_path):
    """Of the class it lasts for the battle, of the object for the round."""
    (tmp_path / "counter.py").write_text(
        "import numpy as np\nMEMORY = np.dtype([('rounds', 'i8')])\n\n\n"
        "def move(view, memory, command):\n    if view.turn == 0:\n        memory.rounds += 1\n"
        "    command.max_velocity = memory.rounds\n    command.distance = 10.0\n"
    )
    for where, speeds in (("", [1, 2, 3]), ("self.", [1, 1, 1])):
        made = f"{where}movement = CompiledPart('{tmp_path}/counter.py')"
        mine = robot(tmp_path, made if not where else "def __init__(self):\n        " + made, "self.movement.act(self)")
        fight([mine, "circle"], 1, RULES, tmp_path / "a.battle")
        rows = read_recording(tmp_path / "a.battle").robots
        rows = rows[(rows["robot"] == 0) & (rows["turn"] == 5)]
        assert rows["velocity"].tolist() == speeds


def test_orders_after_the_parts_take_their_place(tmp_path):
    act = "self.movement.act(self); self.set_ahead(0); self.set_turn_radar_right(0)"
    mine = robot(tmp_path, "movement = CompiledPart('circle')", act)
    fight([mine, "circle"], 1, Rules(num_rounds=1), tmp_path / "a.battle")
    rows = read_recording(tmp_path / "a.battle").robots
    rows = rows[rows["robot"] == 0]
    assert not rows["velocity"].any() and len(set(rows["heading"][:20].tolist())) == 20


@pytest.mark.parametrize(
    ("act", "base", "end", "message"),
    [
        ("self.gun.act(self)", "Robot", "do_nothing", "so the robot must be an AdvancedRobot"),
        ("self.execute(); self.gun.act(self)", "AdvancedRobot", "execute", "first called in turn 1 of a round; call"),
    ],
)
def test_calls_that_cannot_be(tmp_path, act, base, end, message):
    mine = robot(tmp_path, "gun = CompiledPart('linear')", act, base, end)
    (fault,) = fight([mine, "circle"], 1, Rules(num_rounds=1)).robots[0].faults
    assert fault.kind == "raised" and message in fault.message


def test_a_part_that_fails_costs_the_robot_its_round(tmp_path):
    (tmp_path / "faulty.py").write_text(
        "import numpy as np\nMEMORY = np.dtype([('a', 'f8', (4,))])\n\n\n"
        "def aim(view, memory, command):\n    command.fire_power = memory.a[view.turn]\n"
    )
    mine = robot(tmp_path, f"gun = CompiledPart('{tmp_path}/faulty.py')", "self.gun.act(self)")
    (fault,) = fight([mine, "circle"], 1, Rules(num_rounds=1)).robots[0].faults
    assert (fault.turn, fault.kind) == (4, "raised") and "gun 'faulty' raised an exception; the same" in fault.message
    (fault,) = fight([mine, "circle"], 1, Rules(num_rounds=1), compiled=False).robots[0].faults
    assert fault.turn == 4 and "command.fire_power = memory.a[view.turn]" in fault.message


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("lineer", {}, "no bot named 'lineer'; did you mean linear"),
        ("linear", {"powr": 1}, "linear has no setting 'powr'; did you mean power"),
        ("linear:power=4", {}, "power is 4; it must be"),
        (
            "circle+linear",
            {},
            "'circle\\+linear' is circle .* \\+ linear \\(a gun\\); a CompiledPart is one",
        ),
        ("sample.Walls", {}, "'sample.Walls' is sample.Walls \\(a robot\\); a CompiledPart is one"),
    ],
)
def test_parts_that_cannot_be(tmp_path, name, settings, message):
    with pytest.raises(UserError, match=message):
        CompiledPart(name, **settings)
    arguments = ", ".join([repr(name), *(f"{key}={value}" for key, value in settings.items())])
    with pytest.raises(UserError, match=f"mine.py, line 6: cannot be imported: UserError: .*{message}"):
        load_bot(robot(tmp_path, f"gun = CompiledPart({arguments})", "pass"))
