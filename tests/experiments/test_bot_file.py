"""Bots in YAML files: read, and told apart from other texts; mistakes with file and line."""

from pathlib import Path

import pytest

from beepsim.errors import UserError
from beepsim.experiments.bot_file import find_bot, read_bot
from beepsim.robots.loader import load_bot

GUN = """
import numpy as np
from beepsim.robots.settings import File

SETTINGS = {"weights": File("gun.py"), "power": 2.0, "is_bold": False}
MEMORY = np.dtype([("power", "f8")])


def prepare(settings, memory):
    memory.power = settings["power"]


def aim(memory, command):
    command.fire_power = memory.power
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "bots").mkdir()
    (tmp_path / "bots" / "gun.py").write_text(GUN)
    (tmp_path / "bots" / "w.safetensors").write_bytes(b"weights")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_paths_in_the_file_are_relative_to_it(folder: Path) -> None:
    path = folder / "bots" / "mine.yaml"
    path.write_text("movement: circle\ngun:\n  kind: ./gun.py\n  weights: w.safetensors\n  power: 3\n  is_bold: true\n")
    bot, spec = find_bot("bots/mine.yaml")
    assert bot.name == "circle+gun:weights=w,power=3.0,is_bold=true"
    assert spec == "circle+bots/gun.py:weights=bots/w.safetensors,power=3,is_bold=true"
    assert load_bot(spec) == bot
    path.write_text(f"bot: circle+gun.py:weights={folder}/bots/w.safetensors\nname: bold one\n")
    assert read_bot(path).bot.name == "bold one"


def test_a_text_that_is_no_file_names_a_bot(folder: Path) -> None:
    assert find_bot("circle+linear").bot == load_bot("circle+linear")
    assert find_bot("circle+bots/gun.py:weights=bots/w.safetensors,power=1").bot.name.endswith("weights=w,power=1.0")
    (folder / "weights.yaml").write_text("not: a bot\n")
    assert find_bot("circle+bots/gun.py:weights=weights.yaml").bot.name.endswith("weights=weights")
    with pytest.raises(UserError, match="no bot named 'cirle'; did you mean circle"):
        find_bot("cirle")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1: a bot has the keys movement, gun, bot, name; received None"),
        ("[circle]", "1: a bot has the keys movement, gun, bot, name; received \\['circle'\\]"),
        ("movement: circle\nguns: linear\n", "2: a bot has the keys .*; received 'guns'; did you mean gun\\?"),
        ("name: x\nmovement: cirle\n", "2: bot 'cirle': there is no bot named 'cirle'; did you mean circle"),
        (
            "movement: circle\ngun:\n  kind: gun.py\n  power: far\n",
            "4: .*setting power of gun is 'far'; it must be a num",
        ),
        (
            "movement: circle\ngun:\n  kind: gun.py\n  powr: 3\n",
            "4: .*gun has no setting 'powr'; did you mean power\\?",
        ),
        ("movement: circle\ngun:\n  kind: gun.py\n  weights: no.txt\n", "4: .*there is no file {}/no.txt"),
        ("movement: circle\ngun:\n  power: 3\n", "2: a bot's gun is a text, or kind and settings; received"),
        ("movement: linear\n", "1: bot 'linear' is linear \\(a gun\\); give a movement"),
        ("gun: linear\n", "1: a bot has either bot, or movement and perhaps gun; received gun"),
        ("movement: circle\nname: ''\n", "2: a bot's name is a text; received ''"),
        ('movement: circle\nname: "\\ud800"\n', r"2: a bot's name is '\\ud800'; it must be 1 to 100 letters that can"),
        ('movement: circle\nname: "a\\nb"\n', r"2: a bot's name is 'a\\nb'; it must be 1 to 100 letters that can"),
        ("movement: circle\ngun: {kind: linear, power: 9}\n", "1: bot 'circle.linear:power=9.0': power is 9; it must"),
        ("movement: circle\nmovement: circle\n", "2: movement is given twice"),
    ],
)
def test_mistakes_are_told_with_their_line(folder: Path, text: str, message: str) -> None:
    path = folder / "bots" / "mine.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=f"^{path}:{message.format(path.parent)}"):
        read_bot(path)


def test_a_file_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(UserError, match="none.yaml: no such file"):
        find_bot("none.yaml")
