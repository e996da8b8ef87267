"""Bots of a tournament carry their sources: what has changed or is gone since still fights as it was."""

from dataclasses import replace
from pathlib import Path

import pytest

from beepsim.battle import Rules, fight
from beepsim.errors import UserError
from beepsim.tournament.field import UNPACKED, bot_of, find_bots, inline_bot, unpacked_bot

MOVER = "def move(view, command):\n    command.distance = {} if view.turn % 40 < 20 else -100.0\n"
RULES = Rules(num_rounds=2)


def test_a_changed_bot_fights_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "mover.py"
    path.write_text(MOVER.format("100.0"))
    (source,) = find_bots(str(path))
    enemy = "circle+linear"
    before = fight([bot_of(source), enemy], 1, RULES)
    path.write_text(MOVER.format("-30.0"))
    (changed,) = find_bots(str(path))
    assert changed.hash != source.hash
    assert fight([bot_of(changed), enemy], 1, RULES) != before
    again = fight([bot_of(source), enemy], 1, RULES)
    assert again == before and again.robots[0].name == "mover"
    path.unlink()
    assert fight([bot_of(source), enemy], 1, RULES) == before


def test_a_movement_with_a_gun_and_a_class_are_carried_too(tmp_path: Path) -> None:
    for spec in ("circle+linear", "sample.Walls"):
        (source,) = find_bots(spec)
        gone = replace(source, spec=str(tmp_path / "gone.py"))
        assert fight([bot_of(gone), "oscillator"], 3, RULES) == fight([spec, "oscillator"], 3, RULES)


def test_sources_that_are_not_what_they_should_be_are_refused() -> None:
    (source,) = find_bots("circle")
    with pytest.raises(UserError, match="bot circle: its sources have the hash .* it should be"):
        unpacked_bot(replace(source, files=(("circle.py", b"def move(command):\n    pass\n"),)))


@pytest.mark.parametrize("name", ["../circle.py", "my circle+gun.v2.py", "/nowhere/circle.py"])
def test_any_name_of_a_file_is_unpacked_in_a_folder_of_its_own(name: str) -> None:
    (source,) = find_bots("circle+linear")
    bot = unpacked_bot(replace(source, spec="gone.py+gone", files=((name, source.files[0][1]), source.files[1])))
    assert bot.hash == source.hash and {part.path.parents[1] for part in bot.parts} == {Path(UNPACKED[-1].name)}


@pytest.mark.parametrize("name", ["a\nb", "", " a", "n" * 101, "\x1b[31m", "\ud800", "a\0"])
def test_names_that_no_table_could_show_are_mistakes(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="1 to 100 letters that can be printed|name is a text"):
        inline_bot({"bot": "circle", "name": name})
    (tmp_path / "mine.py").write_text(f"VERSION = {ascii(name)}\n\n\ndef move(command):\n    pass\n")
    with pytest.raises(UserError, match="VERSION is .*that can be printed"):
        find_bots(str(tmp_path / "mine.py"))


def test_a_name_of_ones_own_is_the_robots_name() -> None:
    (source,) = find_bots("circle")
    result = fight([bot_of(replace(source, name="mine")), "oscillator"], 1, RULES)
    assert [robot.name for robot in result.robots] == ["mine", "oscillator"]


@pytest.mark.parametrize("pattern", ["circle*+*+*", "*.nothing", "/nowhere/*.py", "[!a-z]*"])
def test_patterns_without_a_match_are_mistakes(pattern: str) -> None:
    with pytest.raises(UserError, match="pattern"):
        find_bots(pattern)


@pytest.mark.parametrize("name", ["b" * 3000, "b/" * 3000 + "x.py", "b" * 3000 + "*", "/" + "b" * 300 + "/*.py"])
def test_names_that_no_file_can_have_are_mistakes_like_others(name: str) -> None:
    with pytest.raises(UserError, match="there is no bot named|there is no file|no bot matches"):
        find_bots(name)
