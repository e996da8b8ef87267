"""Settings of a bot's parts: declared in its file, set by text or from Python, prepared into its memory."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.battle import Rules, fight
from beepsim.errors import UserError
from beepsim.robots.loader import load_bot
from beepsim.robots.prepare import new_memory
from beepsim.robots.settings import spec_text, split_spec

MOVER = """
import numpy as np
from beepsim.errors import UserError
from beepsim.robots.settings import File

SETTINGS = {"step": 100.0, "every": 20, "turning": False, "style": "to and fro", "table": File("table.txt")}
MEMORY = np.dtype([("step", "f8"), ("every", "i8"), ("turning", "?"), ("table", "f8", 4)])


def prepare(settings, memory):
    if settings["style"] not in ("to and fro", "round"):
        raise UserError(f"style is {settings['style']!r}; it must be 'to and fro' or 'round'")
    memory.step, memory.every, memory.turning = settings["step"], settings["every"], settings["turning"]
    memory.table[:] = np.loadtxt(settings["table"])


def move(view, command, memory):
    command.distance = memory.step if view.turn % (2 * memory.every) < memory.every else -memory.step
    command.body_turn = memory.table[view.turn % 4] if memory.turning else 0.0
"""
GUN = """
import numpy as np

SETTINGS = {"power": 0.5}
MEMORY = np.dtype([("power", "f8")])


def prepare(settings, memory):
    memory.power = settings["power"]


def aim(command, memory):
    command.fire_power = memory.power
"""


@pytest.fixture
def mover(tmp_path: Path) -> str:
    (tmp_path / "table.txt").write_text("0.1 0.2 0.3 0.4")
    (tmp_path / "mover.py").write_text(MOVER)
    (tmp_path / "gun.py").write_text(GUN)
    return str(tmp_path / "mover.py")


def memory_of(spec: str, **settings: dict) -> np.record:
    return new_memory(load_bot(spec, **settings))[0]


def test_a_prepared_memory_holds_defaults_and_what_is_given(mover, tmp_path, monkeypatch):
    memory = memory_of(mover).move
    assert (memory.step, memory.every, memory.turning, memory.table.tolist()) == (
        100.0,
        20,
        False,
        [0.1, 0.2, 0.3, 0.4],
    )
    (tmp_path / "other.txt").write_text("1 2 3 4")
    monkeypatch.chdir(tmp_path)
    both = memory_of("./mover.py:table=other.txt,turning=true,every=7+./gun.py:power=3")
    assert (both.move.step, both.move.every, both.move.turning, both.aim.power) == (100.0, 7, True, 3.0)
    assert both.move.table.tolist() == [1.0, 2.0, 3.0, 4.0]
    movement = {"table": tmp_path / "other.txt", "turning": True, "every": np.int64(7)}
    from_python = memory_of("./mover.py+gun.py", movement=movement, gun={"power": 3})
    assert from_python.tobytes() == both.tobytes()
    assert memory_of("./mover.py:every=3", movement={"every": 4}).move.every == 4


def test_a_name_tells_the_settings_given_in_the_files_order(mover, tmp_path):
    (tmp_path / "other.txt").write_text("1 2 3 4")
    assert load_bot(mover).name == "mover"
    bot = load_bot(f"{mover}:table={tmp_path}/other.txt,step=50+{tmp_path}/gun.py:power=3")
    assert bot.name == "mover:step=50.0,table=other+gun:power=3.0"
    assert load_bot(f"{mover} : step = 5e1 , table={tmp_path}/other.txt+{tmp_path}/gun.py:power=3.0") == bot


def test_the_hash_covers_settings_and_what_stands_in_files(mover, tmp_path):
    (tmp_path / "same.txt").write_text("0.1 0.2 0.3 0.4")
    plain, same = load_bot(mover), load_bot(f"{mover}:table={tmp_path}/same.txt")
    assert plain.hash == same.hash
    assert plain.hash != load_bot(f"{mover}:step=99").hash != load_bot(f"{mover}:step=98").hash
    (tmp_path / "table.txt").write_text("0.1 0.2 0.3 0.45")
    assert load_bot(mover).hash not in (plain.hash, load_bot(f"{mover}:table={tmp_path}/same.txt").hash)


def test_a_battle_is_fought_with_the_settings_compiled_or_not(mover, tmp_path):
    rules = Rules(num_rounds=2)
    spec = f"{mover}:turning=true,every=9+{tmp_path}/gun.py:power=1.5"
    result = fight([spec, "circle"], 1, rules)
    assert result == fight([spec, "circle"], 1, rules, compiled=False)
    assert result != fight([spec.replace("=9", "=8"), "circle"], 1, rules)
    two = fight([f"{tmp_path}/mover.py+{tmp_path}/gun.py:power={power}" for power in (1, 3)], 1, rules)
    assert two.robots[0].shots > two.robots[1].shots > 0  # a stronger shot heats the gun more


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("steps=3", "mover has no setting 'steps'; did you mean step\\? its settings are step=100.0, every=20, "),
        ("zzz=3", "mover has no setting 'zzz'; its settings are .*, style=to and fro, table=table.txt"),
        ("step=far", "setting step of mover is 'far'; it must be a number, such as 100.0"),
        ("step=nan", "setting step of mover is 'nan'; it must be a number"),
        ("step=1e999", "it must be a number"),
        ("every=2.5", "setting every of mover is '2.5'; it must be a whole number, such as 20"),
        ("turning=1", "setting turning of mover is '1'; it must be true or false"),
        ("table=nowhere.txt", "setting table of mover is 'nowhere.txt'; there is no file nowhere.txt"),
        ("table=.", "there is no file"),
        ("step", "'step' is no setting; after the colon stands key=value,key=value"),
        ("", "'' is no setting"),
        ("=3", "'=3' is no setting"),
        ("step=1,step=2", "step is set twice"),
        ("style=zigzag", "style is 'zigzag'; it must be 'to and fro' or 'round'"),
    ],
)
def test_settings_that_do_not_fit(mover, settings, message):
    with pytest.raises(UserError, match=message) as raised:
        memory_of(f"{mover}:{settings}")
    assert f"bot '{mover}" in str(raised.value) or "bot 'mover:style=zigzag'" in str(raised.value)


def test_settings_for_what_has_none(mover):
    with pytest.raises(UserError, match="bot 'circle:step=3': circle has no settings, but step is set"):
        load_bot("circle:step=3")
    with pytest.raises(UserError, match="sample.Walls has no settings"):
        load_bot("sample.Walls:step=3")
    with pytest.raises(UserError, match="settings of its gun were given, but it has no gun"):
        load_bot("circle", gun={"power": 3})
    with pytest.raises(UserError, match="step is \\[1\\]; a setting is true, false, a number, a text or a path"):
        load_bot(mover, movement={"step": [1]})
    with pytest.raises(UserError, match="bot '.*mover.py': True is no name of a setting"):
        load_bot(mover, movement={True: 1})


def test_a_default_file_that_is_gone_is_told(mover, tmp_path):
    (tmp_path / "table.txt").unlink()
    with pytest.raises(
        UserError, match="setting table of mover is left out, and its default is table.txt; there is no"
    ):
        load_bot(mover)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('{"step": 100.0,', '[1], {"step": 1.0,', "SETTINGS is .*; it must be a dict"),
        ('"step": 100.0', '"kind": 100.0', "SETTINGS has the key 'kind'"),
        ('"step": 100.0', '"a step": 100.0', "SETTINGS has the key 'a step'"),
        ('File("table.txt")', "File(3)", "the default of table is File\\(path=3\\); it must be a bool"),
        (
            '("step", "f8")',
            '("sum", "f8"), ("step", "f8")',
            "MEMORY has the field 'sum', which numpy's records have too",
        ),
        ("    memory.step, ", "    yield 1\n    memory.step, ", "prepare yields or is async, and would never run"),
        ("def prepare(", "async def prepare(", "prepare yields or is async, and would never run"),
        ('"step": 100.0', '"step": None', "the default of step is None; it must be a bool, int, float, str, or File"),
        ("def prepare(", "def prepared(", "SETTINGS act on nothing without a function prepare\\(settings, memory\\)"),
        ("def prepare(settings, memory)", "def prepare(memory, settings)", "prepare must have the arguments"),
        ("command, memory):", "command):", None),
        ("MEMORY =", "MEMORIES =", "asks for 'memory', but the file defines no dtype MEMORY"),
    ],
)
def test_files_whose_settings_cannot_be(mover, old, new, message):
    text = MOVER.replace(old, new)
    assert text != MOVER
    Path(mover).write_text(text)
    if message is None:
        load_bot(mover)
        return
    with pytest.raises(UserError, match=message):
        load_bot(mover)


def test_preparing_needs_a_memory(tmp_path):
    path = tmp_path / "mover.py"
    path.write_text("def prepare(settings, memory): ...\ndef move(command): ...\n")
    with pytest.raises(UserError, match="prepare fills in the memory, but the file defines no dtype MEMORY"):
        load_bot(str(path))


@pytest.mark.parametrize(
    ("raising", "told"),
    [
        ("1 / 0", "ZeroDivisionError: division"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})", "Mute: without a message"),
        ("while True: pass", "EndlessLoop"),
    ],
)
def test_what_preparing_raises_is_told_with_its_line(mover, tmp_path, monkeypatch, raising, told):
    Path(mover).write_text(MOVER.replace("    memory.step, ", f"    {raising}\n    memory.step, "))
    monkeypatch.chdir(tmp_path)
    for name in (mover, "mover.py"):
        with pytest.raises(UserError, match=f"bot 'mover': .*mover.py, line 13: prepare failed: {told}"):
            memory_of(name)


def test_texts_that_differ_differ_in_the_hash_and_names_can_be_printed(mover):
    texts = ["a", "a\nstyle='b'", "a\\nstyle='b'", "a'\nstyle='b", "\udcff", "\\udcff", "ä"]
    bots = [load_bot(mover, movement={"style": text}) for text in texts]
    assert len({bot.hash for bot in bots}) == len(texts)
    assert all(bot.name.isprintable() for bot in bots)
    assert bots[1].name == "mover:style=a\\nstyle='b'" and bots[-1].name == "mover:style=ä"


letters = st.characters(exclude_categories=("Cs",))
names = st.text(letters, min_size=1).filter(lambda name: not name.isspace())
choices = st.tuples(names, st.dictionaries(st.from_regex(r"[a-z_]{1,5}", fullmatch=True), st.text(letters)))


@given(st.lists(choices, min_size=1, max_size=3))
def test_any_choice_can_be_written_and_read_again(chosen):
    assert split_spec(spec_text(chosen)) == chosen


DRAWS = """
import random

import numpy as np

MEMORY = np.dtype([("drawn", "f8", (2,)), ("calls", "i8"), ("many", "f8", ({},))])
CALLS = []


def prepare(settings, memory):
    CALLS.append(1)
    memory.drawn[:] = random.random(), np.random.random()
    memory.calls = len(CALLS)


def move(view, command, memory):
    memory.drawn[0] += 1.0
"""


@pytest.mark.parametrize("size", [1, 600, 100_000])
def test_each_battle_has_a_memory_of_its_own_prepared_once(tmp_path, size):
    path = tmp_path / "draws.py"
    path.write_text(DRAWS.format(size))
    bot = load_bot(str(path))
    memories = []
    for _ in range(3):
        memories.append(new_memory(bot)["move"][0].copy())
        fight([bot, "circle"], 1, Rules(num_rounds=1))
    assert len({memory.tobytes() for memory in memories}) == 1
    assert memories[0]["drawn"].all() and memories[0]["calls"] == 1 and memories[0]["many"].tolist() == [0.0] * size
    np.random.seed(5)
    state = np.random.get_state()[1].tolist()
    path.write_text(DRAWS.format(size + 1))
    assert new_memory(load_bot(str(path)))["move"]["drawn"].tolist() == [memories[0]["drawn"].tolist()]
    assert np.random.get_state()[1].tolist() == state
