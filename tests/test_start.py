"""Battles that start from a world's text, and worlds printed in the middle of a battle."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from beepsim.battle import fight, world_at
from beepsim.battle_rules import Rules
from beepsim.engine.state import World, bullets_of
from beepsim.engine.text import world_text
from beepsim.engine.text_reader import world_from_text
from beepsim.errors import UserError
from beepsim.recording.columns import HIT_ROBOT
from beepsim.recording.format import read_recording

DUEL = ("random_mover+circular", "stop_and_go+linear")
MIXED = ("sample.Walls", "circle+linear", "sample.SpinBot")
RULES = Rules(num_rounds=2, width=600, height=500, gun_cooling_rate=0.3)

FORGETFUL = """
from beepsim.fdlibm import sin


def turn(view, command):
    command.distance = 80.0 * sin(view.x * 7.0 + view.heading)
    command.body_turn = sin(view.y)
    command.gun_turn = 0.1 * sin(view.gun_heading + view.x)
    command.radar_turn = 1.0
    command.fire_power = 0.6
"""
"""Orders that follow from what the bot sees of itself, without memory, events or the time."""


@pytest.fixture
def forgetful(tmp_path: Path) -> str:
    path = tmp_path / "forgetful.py"
    path.write_text(FORGETFUL)
    return str(path)


def again(world: World) -> World:
    return world_from_text(world_text(world))


@pytest.mark.parametrize("bots", [DUEL, MIXED], ids=["duel", "with classes"])
def test_a_battle_from_its_own_start_is_the_same_battle(bots: tuple[str, ...], tmp_path: Path) -> None:
    whole = fight(bots, 5, RULES, tmp_path / "a.battle")
    start = again(world_at(bots, 5, RULES))
    started = fight(bots, 5, record=tmp_path / "b.battle", start=start)
    first, second = read_recording(tmp_path / "a.battle"), read_recording(tmp_path / "b.battle")
    assert second.header == replace(first.header, start=world_text(start))
    for table in ("robots", "bullets", "rounds"):
        assert getattr(first, table).tobytes() == getattr(second, table).tobytes()
    assert replace(started, recording=None) == replace(whole, recording=None)


def test_a_battle_of_bots_without_memory_goes_on_from_any_turn(forgetful: str) -> None:
    bots = [forgetful] * 3
    for cut in (1, 37, 150):
        start = again(world_at(bots, 3, RULES, 0, cut))
        for later in (1, 20, 200):
            straight, started = world_at(bots, 3, RULES, 0, cut + later), world_at(bots, 3, turn=later, start=start)
            assert started.battle["turn"] == later
            started.battle["turn"] = cut + later
            assert world_text(started) == world_text(straight)
    assert len(bullets_of(world_at(bots, 3, RULES, 0, 37))) > 0
    whole, started = fight(bots, 3, RULES), fight(bots, 3, start=again(world_at(bots, 3, RULES, 0, 37)))
    for one, other in zip(whole.robots, started.robots, strict=True):
        assert one.scores == other.scores and one.rank == other.rank
    assert started.turns == (whole.turns[0] - 37, whole.turns[1])


def test_compiled_and_plain_bots_start_alike(forgetful: str, tmp_path: Path) -> None:
    start = again(world_at([forgetful, "circle+linear"], 3, RULES, 0, 60))
    for name, compiled in (("a", True), ("b", False)):
        fight([forgetful, "circle+linear"], 3, record=tmp_path / f"{name}.battle", compiled=compiled, start=start)
    assert (tmp_path / "a.battle").read_bytes() == (tmp_path / "b.battle").read_bytes()


def test_a_later_round_and_the_rounds_after_it() -> None:
    start = again(world_at(DUEL, 5, RULES, 1, 0))
    assert start.battle[0]["round"] == 1
    whole, started = fight(DUEL, 5, RULES), fight(DUEL, 5, start=start)
    assert len(started.turns) == 1 and len(whole.turns) == 2
    assert started.robots[0].firsts + started.robots[1].firsts >= 2  # those of round 0 are in the text
    assert world_at(DUEL, 5, RULES, 1, 10).battle[0]["total_turns"] == whole.turns[0] + 10


def test_bullets_of_the_text_fly_on_and_are_nobodys_shots(tmp_path: Path) -> None:
    start = world_from_text(
        """
        rules num_rounds=1 inactivity_time=5
        robot x=100 y=100 gun_heat=3
        robot x=100 y=400 energy=1
        bullet owner=0 x=100 y=372 heading=0 power=3   # hits in its first move
        bullet owner=1 x=400 y=300 heading=1 power=1
        """
    )
    result = fight(["sitting_duck", "sitting_duck"], 1, record=tmp_path / "a.battle", start=start)
    first = result.robots[0]
    assert (first.shots, first.hits, first.firsts) == (0, 0, 1)
    # Damage counts up to the energy that was there.
    assert first.scores.bullet_damage == 1.0 and first.scores.survival == 50.0
    assert result.turns == (151,)
    recording = read_recording(tmp_path / "a.battle")
    assert len(recording.bullets) == 0 and recording.rounds["place"].tolist() == [1, 2]
    assert recording.robots["energy"][:4].tolist() == [100.0, 1.0, 109.0, 0.0]


def test_shots_after_a_start_are_recorded(tmp_path: Path) -> None:
    start = again(world_at(DUEL, 5, RULES, 0, 90))
    assert len(bullets_of(start)) > 0
    result = fight(DUEL, 5, record=tmp_path / "a.battle", start=start)
    recording = read_recording(tmp_path / "a.battle")
    assert recording.header.start == world_text(start)
    assert len(recording.bullets) == sum(robot.shots for robot in result.robots) > 20
    hits = np.count_nonzero(recording.bullets["state_last"] == HIT_ROBOT)
    assert hits == sum(robot.hits for robot in result.robots) > 0


def test_the_dead_stay_dead() -> None:
    start = world_from_text("rules num_rounds=1\nrobot x=99 y=99 state=DEAD energy=0\nrobot x=200 y=200\n")
    result = fight(["circle+linear", "circle+linear"], 1, start=start)
    assert result.turns == (151,)
    assert [robot.firsts for robot in result.robots] == [0, 1] and result.robots[0].shots == 0


def test_starts_that_do_not_fit() -> None:
    start = world_from_text("robot x=100 y=100\nrobot x=200 y=100\n")
    with pytest.raises(UserError, match="the start has 2 robots, but 3 bots were named"):
        fight(["circle"] * 3, 1, start=start)
    with pytest.raises(UserError, match="a start has its own rules: they belong in the rules line"):
        fight(["circle"] * 2, 1, Rules(width=1000), start=start)
    start = world_from_text("battle round=3\nrobot x=100 y=100\n")
    with pytest.raises(UserError, match="a recording begins with round 0, the start's round is 3"):
        fight(["circle"], 1, record=Path("a.battle"), start=start)
    with pytest.raises(UserError, match="round 2 is not played, it must be from 3 to 9"):
        world_at(["circle"], 1, round_number=2, start=start)
    with pytest.raises(UserError, match="turn 152 is not played, round 0 ended with turn 151"):
        world_at(["circle"], 1, turn=152)


def beepsim(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from beepsim.cli import main; main()", "battle", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=300)


def test_the_command_prints_and_starts(tmp_path: Path) -> None:
    printed = beepsim(*DUEL, "--seed", "5", "--rounds", "2", "--print-turn", "1:30")
    assert printed.stdout == world_text(world_at(DUEL, 5, Rules(num_rounds=2), 1, 30))
    started = beepsim(*DUEL, "--seed", "5", "--start", "-", "--print-turn", "0", text=printed.stdout)
    assert started.stdout == printed.stdout.replace(" turn=30 ", " turn=0 ")
    path = tmp_path / "start.txt"
    path.write_text(printed.stdout)
    fought = beepsim(*DUEL, "--seed", "5", "--start", str(path))
    assert fought.returncode == 0 and "1 rounds" in fought.stdout


@pytest.mark.parametrize(
    ("arguments", "text", "message"),
    [
        (["--print-turn", "x"], "", "the turn to print is 'x', it must be TURN or ROUND:TURN"),
        (["--print-turn", "-1"], "", "the turn to print is '-1'"),
        (["--print-turn", "1", "--record", "a.battle"], "", "--print-turn stops the battle in that turn"),
        (["--start", "-"], "robot x=1\n", "-: world text, line 1: y is missing: 'robot x=1'"),
        (["--start", "no/such"], "", "no/such: cannot be read as text (No such file or directory)"),
        (["--start", "-", "--rounds", "3"], "robot x=50 y=50\n" * 2, "a start has its own rules"),
    ],
)
def test_mistakes_on_the_command_line(arguments: list[str], text: str, message: str) -> None:
    result = beepsim("circle", "circle", *arguments, text=text)
    assert (result.returncode, result.stdout) == (2, "") and f"beepsim: {message}" in result.stderr
