"""Bots with settings in tournaments: the files that settings name travel with the sources, and into the database."""

from dataclasses import replace
from pathlib import Path

import pytest

from beepsim.battle import fight
from beepsim.battle_rules import Rules
from beepsim.errors import UserError
from beepsim.robots.loader import load_bot
from beepsim.tournament.database import bot_id, writing
from beepsim.tournament.field import BotSource, bot_of, find_bots, inline_bot, unpacked_bot
from beepsim.tournament.reading import read_source

MOVER = """
import numpy as np
from beepsim.robots.settings import File

SETTINGS = {"table": File("table.txt"), "other": File("table.txt"), "every": 20}
MEMORY = np.dtype([("step", "f8"), ("every", "i8")])


def prepare(settings, memory):
    memory.step = np.loadtxt(settings["table"]) + np.loadtxt(settings["other"])
    memory.every = settings["every"]


def move(view, memory, command):
    command.distance = memory.step if view.turn % (2 * memory.every) < memory.every else -memory.step
"""
RULES = Rules(num_rounds=2)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "mover.py").write_text(MOVER)
    (tmp_path / "table.txt").write_text("10")
    (tmp_path / "far, far+away.txt").write_text("90")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def clear(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


SPEC = "./mover.py:table=far%2C far%2Baway.txt,every=7+linear:power=1"


def test_the_files_of_settings_are_carried(folder: Path) -> None:
    (source,) = find_bots(SPEC)
    assert [name for name, _ in source.files[2:]] == ["0:table:far, far+away.txt", "0:other:table.txt"]
    before = fight([bot_of(source), "circle"], 1, RULES)
    assert before.robots[0].name == "mover:table=far, far+away,every=7+linear:power=1.0"
    (folder / "table.txt").write_text("-50")
    assert fight([SPEC, "circle"], 1, RULES) != before == fight([bot_of(source), "circle"], 1, RULES)
    clear(folder)
    assert fight([bot_of(source), "circle"], 1, RULES) == before


def test_parts_that_are_here_run_with_the_files_carried(folder: Path) -> None:
    """A worker that lacks the weights, or has others, need not compile the bot once more."""
    (source,) = find_bots(SPEC.replace("every=7", "every=8"))  # what another test unpacked is kept
    (folder / "far, far+away.txt").unlink()
    (folder / "table.txt").write_text("11")
    bot = bot_of(source)
    assert bot.parts == load_bot("mover.py+linear").parts and bot.hash == source.hash
    assert dict(bot.settings[0])["table"].read_text() == "90" and dict(bot.settings[0])["other"].read_text() == "10"


def test_a_default_file_is_carried_too(folder: Path) -> None:
    (source,) = find_bots("mover.py")
    before = fight([bot_of(source), "circle"], 1, RULES)
    clear(folder)
    assert fight([bot_of(source), "circle"], 1, RULES) == before


def test_files_that_are_not_what_they_should_be_are_refused(folder: Path) -> None:
    (source,) = find_bots(SPEC)
    name, _ = source.files[2]
    with pytest.raises(UserError, match="its sources have the hash"):
        unpacked_bot(replace(source, files=(*source.files[:2], (name, b"91"), source.files[3])))
    with pytest.raises(UserError, match="linear has no settings|has no setting 'table'"):
        unpacked_bot(replace(source, files=(*source.files, ("1:table:x.txt", b"1"))))


@pytest.mark.parametrize("name", ["..", "/etc/x", "../../x.txt", "a b\n.txt"])
def test_any_name_of_a_settings_file_is_unpacked_in_its_folder(folder: Path, name: str) -> None:
    (source,) = find_bots(SPEC)
    bot = unpacked_bot(replace(source, files=(*source.files[:2], (f"0:table:{name}", b"90"), source.files[3])))
    assert bot.hash == source.hash and str(dict(bot.settings[0])["table"]).split("/")[-2] == "2"


def test_the_database_keeps_them(folder: Path) -> None:
    (source,) = find_bots(SPEC)
    with writing(folder / "results.db") as connection:
        assert read_source(connection, bot_id(connection, source)) == source


def test_patterns_carry_settings(folder: Path) -> None:
    def names(sources: tuple[BotSource, ...]) -> list[str]:
        return [source.name for source in sources]

    assert names(find_bots("./m*.py:every=3")) == ["mover:every=3"]
    assert names(find_bots("*.py+lin*:power=2")) == ["mover+linear:power=2.0"]
    (folder / "a.yaml").write_text("movement: {kind: mover.py, every: 4}\nname: four\n")
    (folder / "b.yaml").write_text("movement: circle\n")
    assert names(find_bots("*.yaml")) == ["four", "circle"]


def test_a_bot_in_yaml_is_carried_by_what_it_says(folder: Path) -> None:
    (folder / "bots").mkdir()
    (folder / "bots" / "a.yaml").write_text("movement: {kind: ../mover.py, table: t.txt}\nname: mine\n")
    (folder / "bots" / "t.txt").write_text("30")
    (source,) = find_bots("bots/a.yaml")
    assert (source.name, source.spec) == ("mine", "bots/../mover.py:table=bots/t.txt")
    assert source.hash == find_bots("mover.py:table=bots/t.txt")[0].hash
    (inline,) = inline_bot({"movement": {"kind": "mover.py", "table": "bots/t.txt"}, "name": "mine"})
    assert inline.hash == source.hash
    assert [bot_of(one).name for one in (inline, replace(source, spec="gone.py"))] == ["mine", "mine"]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"movement": {"kind": "mover.py", "evry": 3}}, "mover has no setting 'evry'; did you mean every"),
        ({"movement": {"kind": "mover.py", "every": [3]}}, "every is \\[3\\]; a setting is"),
        ({"movement": {"every": 3}}, "a bot's movement is a text, or kind and settings; received"),
        ({"movement": {"kind": "c*"}}, "'c\\*' is a pattern"),
        ({"movement": "circle+linear"}, "a bot's movement is one part"),
        ({"movement": "circle", "gun": {"kind": "linear", "power": 4}}, "power is 4; it must be"),
        ({"bot": {"kind": "sample.Walls", "power": 4}}, "sample.Walls has no settings"),
        ({"bot": "circle", "name": 3}, "a bot's name is a text"),
    ],
)
def test_descriptions_that_are_wrong(folder: Path, entry: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        inline_bot(entry)
