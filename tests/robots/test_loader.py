"""Bots by name and path, and every way in which that can go wrong."""

import hashlib
from pathlib import Path

import numba
import numpy as np
import pytest

from beepsim.engine.state import ADVANCED, JUNIOR, STANDARD
from beepsim.errors import UserError
from beepsim.robots.entry import compiled_entry, memory_dtype, plain_function, run_source
from beepsim.robots.loader import BOTS, ROBOT, list_bots, load_bot, robot_class

MOVEMENT = "def move(command):\n    command.distance = 1.0\n"
GUN = "def aim(view, command):\n    command.fire_power = 1.0\n"
ROBOT_CLASS = "from beepsim.robots import Robot\n\n\nclass Mine(Robot):\n    seen = []\n"
WHOLE = "def turn(view, events, command):\n    command.body_turn = 1.0\n"


def bot_file(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.py"
    path.write_text(text)
    return str(path)


def test_the_shipped_bots_are_found_by_name():
    found = list_bots()
    assert sum(map(len, found.values())) == len(list(BOTS.rglob("*.py")))
    assert {"sitting_duck", "circle", "oscillator", "wall_follower", "random_mover", "stop_and_go"} <= set(
        found["move"]
    )
    assert set(found["aim"]) >= {"head_on", "linear", "circular", "random_gun"}


def test_a_movement_and_a_gun_make_a_bot():
    bare, armed = load_bot("circle"), load_bot("circle + linear")
    assert (bare.name, bare.has_gun, armed.name, armed.has_gun) == ("circle", False, "circle+linear", True)
    assert bare.hash == hashlib.sha256((BOTS / "circle.py").read_bytes()).hexdigest()
    assert armed.hash not in (bare.hash, load_bot("circle+head_on").hash) and len(armed.hash) == 64


def test_bots_by_path(tmp_path):
    mine = bot_file(tmp_path, "mine", 'VERSION = "2.3"\n' + MOVEMENT)
    gun = bot_file(tmp_path, "my+gun", GUN)
    bot = load_bot(mine)
    assert (bot.name, bot.version) == ("mine", "2.3")
    assert load_bot(f"{mine}+linear").version == "2.3+1.0"
    with pytest.raises(UserError, match="give a movement, a movement\\+gun, a whole bot, or a robot"):
        load_bot(gun)  # the path as a whole is a file, though it has a + in its name
    assert load_bot(bot_file(tmp_path, "whole", WHOLE)).has_gun


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("cirle", "no bot named 'cirle'; did you mean circle"),
        ("circle+lineer", "no bot named 'lineer'; did you mean linear"),
        ("zzz", "movements: circle, .*; guns: circular, .*linear, .*; .*or give the path"),
        ("", "no bot named ''"),
        ("../bots/circle", "there is no file ../bots/circle"),
        ("nowhere/mybot.py", "there is no file nowhere/mybot.py"),
        ("linear", "linear \\(a gun\\); give a movement"),
        ("linear+circle", "linear \\(a gun\\) \\+ circle \\(a movement\\)"),
        ("circle+circle", "give a movement"),
        ("circle+linear+head_on", "give a movement"),
        ("Walls", "no bot named 'Walls'; did you mean sample.Walls\\?"),
        ("sample.walls", "did you mean sample.Walls\\?"),
        ("sample.SpinBott", "did you mean sample.SpinBot"),
        ("other.Walls", "did you mean sample.Walls"),
        ("sample.", "there is no bot named 'sample.'"),
        ("sample..Walls", "there is no bot named 'sample..Walls'"),
        ("sample.Walls+linear", "sample.Walls \\(a robot\\) \\+ linear \\(a gun\\); give a movement, .* or a robot"),
        ("circle+sample.Walls", "sample.Walls \\(a robot\\)"),
    ],
)
def test_unknown_names(spec, message):
    with pytest.raises(UserError, match=message):
        load_bot(spec)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def move(command:\n", "cannot be imported: SyntaxError"),
        ("import nothing_of_the_kind\n" + MOVEMENT, "cannot be imported: ModuleNotFoundError: No module named"),
        ("1 / 0\n", "cannot be imported: ZeroDivisionError"),
        ("raise SystemExit(0)\n", "line 1: cannot be imported: SystemExit: 0"),
        ("x = 1\n", "defines one function named move, aim or turn, .*; this one defines none of them"),
        (MOVEMENT + GUN, "this one defines move and aim"),
        ("def move(enemy): ...\n", "move asks for 'enemy'; it can have view, events, target, memory, command, random"),
        ("def turn(target): ...\n", "turn asks for 'target'; it can have view, events, memory, command, random"),
        ("def move(memory): ...\n", "asks for 'memory', but the file defines no dtype MEMORY"),
        ("MEMORY = 3\n" + MOVEMENT, "MEMORY is 3; it must be a numpy dtype"),
        ("import numpy as np\nMEMORY = np.dtype([('a', 'O')])\n" + MOVEMENT, "it must be a numpy dtype"),
        ("VERSION = 1\n" + MOVEMENT, "VERSION is 1; it must be a text"),
        ("VERSION = 1\n" + ROBOT_CLASS, "VERSION is 1; it must be a text"),
        (
            ROBOT_CLASS + "class Two(Robot):\n    pass\n",
            "mine.py, lines 4, 6: .*; this one defines the classes Mine and Two",
        ),
        (
            ROBOT_CLASS + "    def onHitByBullet(self, event):\n        self.ahead(9)\n",
            "mine.py: Mine.onHitByBullet would never be called; here it is on_hit_by_bullet",
        ),
        (
            ROBOT_CLASS + "    def on_scaned_robot(self, event): ...\n",
            "Mine.on_scaned_robot would never be called; did you mean on_scanned_robot",
        ),
        (
            ROBOT_CLASS + "    def run(self):\n        yield self.ahead(9)\n",
            "mine.py, line 6: Mine.run yields or is async, and would never run",
        ),
        (ROBOT_CLASS + "    async def on_win(self, event): ...\n", "line 6: Mine.on_win yields or is async"),
        ("x = 1\nclass Mine:\n    pass\n", "mine.py, line 2: .*; class Mine derives from object"),
        ("class A:\n    pass\nclass Mine(A): ...\nMine = A", "line 1: .*; class A derives from object"),
        ("from beepsim.robots import Robot\nMine = Robot\n", "this one defines none of them"),
        ("x = 1\ny = (\n", "mine.py, line 2: cannot be imported: SyntaxError: '\\(' was never closed"),
        (ROBOT_CLASS + "\n    x = seen[1]\n", "mine.py, line 7: cannot be imported: IndexError"),
    ],
)
def test_files_that_are_no_bots(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        load_bot(bot_file(tmp_path, "mine", text))


def test_an_edited_file_is_read_again(tmp_path):
    path = bot_file(tmp_path, "mine", ROBOT_CLASS)
    first = load_bot(path)
    bot_file(tmp_path, "mine", ROBOT_CLASS + "    more = 1\n")
    second = load_bot(path)
    assert first.hash != second.hash and robot_class(second.parts[0]).more == 1
    assert load_bot(path) == second


def test_robots_are_found_with_their_types(tmp_path):
    walls = load_bot("sample.Walls")
    assert (walls.name, walls.version, walls.has_gun, len(walls.parts)) == ("sample.Walls", "1.0", True, 1)
    assert walls.parts[0].kind == ROBOT and walls.parts[0].path == BOTS / "sample" / "walls.py"
    assert load_bot(str(BOTS / "sample" / "walls.py")) == walls
    heir = load_bot(bot_file(tmp_path, "heir", ROBOT_CLASS + "class Heir(Mine):\n    def onward(self): ...\n"))
    assert (heir.name, heir.parts[0].base) == ("Heir", "Robot")
    mine = load_bot(bot_file(tmp_path, "some_file", 'VERSION = "2.0"\n' + ROBOT_CLASS))
    assert (mine.name, mine.version, mine.parts[0].base) == ("Mine", "2.0", "Robot")
    kinds = [load_bot(f"sample.{name}").robot_kind for name in ("MyFirstJuniorRobot", "Fire", "Crazy", "VelociRobot")]
    assert kinds == [JUNIOR, STANDARD, ADVANCED, ADVANCED]
    assert load_bot("circle").robot_kind == ADVANCED


def test_what_a_class_keeps_is_its_own_robots(tmp_path):
    part = load_bot(bot_file(tmp_path, "mine", "import dataclasses\n" + ROBOT_CLASS)).parts[0]
    first, second = robot_class(part), robot_class(part)
    assert first is not second and first.__name__ == second.__name__ == "Mine"
    first.seen.append(1)
    assert second.seen == [] == robot_class(part).seen


def test_a_robot_may_use_whatever_looks_its_module_up(tmp_path):
    text = (
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\nfrom typing import ClassVar\n\n\n"
        "@dataclass\nclass Point:\n    zero: ClassVar[int] = 0\n    x: float = 1.0\n\n\n"
    )
    part = load_bot(bot_file(tmp_path, "mine", text + ROBOT_CLASS)).parts[0]
    robot_class(part)
    assert part.class_name == "Mine"


def test_what_numba_cannot_compile_is_told(tmp_path):
    bot = load_bot(bot_file(tmp_path, "mine", "def move(view, command):\n    command.distance = view.nose\n"))
    with pytest.raises(UserError, match="bot 'mine' .*cannot be compiled: .*'nose', no field .*--uncompiled"):
        compiled_entry(bot.parts)


def test_each_part_is_called_with_what_it_asks_for(tmp_path):
    move = "import numpy as np\nMEMORY = np.dtype([('a', '?'), ('b', 'f8', (2,))])\ndef move(command, memory): ...\n"
    bot = load_bot(bot_file(tmp_path, "mine", move) + "+random_gun")
    assert run_source(bot.parts) == (
        "def run(view, events, memory, command, random):\n"
        "    track(view, events, memory.target)\n"
        "    lock_radar(view, memory.target, command)\n"
        "    move(command, memory.move)\n"
        "    aim(view, memory.target, memory.aim, command, random)\n"
    )
    dtype = memory_dtype(bot.parts)
    assert dtype.names == ("target", "move", "aim")
    assert dtype["move"].isalignedstruct and dtype["move"]["b"].shape == (2,)
    whole = load_bot(bot_file(tmp_path, "whole", WHOLE))
    assert run_source(whole.parts) == (
        "def run(view, events, memory, command, random):\n    turn(view, events, command)\n"
    )
    assert plain_function(whole.parts).__name__ == "run"
    assert np.zeros(1, memory_dtype(whole.parts)).nbytes > 0


def test_memories_of_any_layout_are_aligned(tmp_path):
    def part(function, dtype):
        source = f"import numpy as np\nMEMORY = np.dtype({dtype})\ndef {function}(memory): ...\n"
        return bot_file(tmp_path, function, source)

    inner = "[('a', 'i1'), ('b', 'f8')]"
    bot = load_bot(
        part("move", "[('a', 'i1')]") + "+" + part("aim", f"[('a', '?'), ('c', {inner}), ('d', {inner}, 3)]")
    )
    dtype = memory_dtype(bot.parts)
    compiled = numba.from_dtype(dtype)
    assert compiled.typeof("aim").typeof("c").offset("b") == dtype["aim"]["c"].fields["b"][1] == 8
    for memory, names in ((dtype, ("target", "aim")), (dtype["aim"], ("c", "d"))):
        assert all(memory.fields[name][1] % 8 == 0 for name in names)
    memory = np.zeros(1, dtype)[0]
    memory.aim.c.b, memory.aim.d[1].b = 3.0, 4.0
    assert memory["aim"]["c"]["b"] == 3.0 and memory["aim"]["d"]["b"].tolist() == [0.0, 4.0, 0.0]
