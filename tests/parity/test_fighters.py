"""Our bots in the battles of the real Robocode, from the headers alone; and a check that a wrong bot is caught.

With BEEPSIM_ORACLE set to a folder, every sample battle below it is fought again too.
"""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beepsim.battle import Rules, fight
from beepsim.cli import app
from beepsim.engine.rounds import round_is_over, start_round
from beepsim.engine.state import new_rules, new_world
from beepsim.engine.turn import play_turn
from beepsim.errors import UserError
from beepsim.parity.check import check_trace, check_traces, list_traces
from beepsim.parity.fighters import Fighters, kind_of
from beepsim.parity.trace import Line, read_trace
from beepsim.recording.format import read_recording
from beepsim.robots import loader
from beepsim.robots.loader import BOTS, ROBOT, list_bots, load_bot

TRACES = Path(__file__).parent.parent / "data" / "traces"
ORACLE = os.environ.get("BEEPSIM_ORACLE")


def header_of(path: Path) -> Line:
    return next(read_trace(path))


def is_sample_battle(path: Path) -> bool:
    header = header_of(path)
    return header["math"] == "fdlibm" and all(name.startswith("sample.") for name in header["robots"])


TOTALS = ("totalScore", "totalSurvivalScore", "totalLastSurvivorBonus", "totalBulletDamageScore")
TOTALS += ("totalBulletKillBonus", "totalRammingDamageScore", "totalRammingKillBonus")
PUBLISHED = (
    "score",
    "survival",
    "lastSurvivorBonus",
    "bulletDamage",
    "bulletDamageBonus",
    "ramDamage",
    "ramDamageBonus",
)
PLACES = ("firsts", "seconds", "thirds")
SAMPLES = [path for path in sorted(TRACES.glob("*.jsonl.xz")) if is_sample_battle(path)]


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name.removesuffix(".jsonl.xz"))
def test_bit_for_bit(path: Path) -> None:
    report = check_trace(path, bots=True)
    assert report.first_difference is None
    assert report.values_compared > check_trace(path).values_compared + 11 * report.turns


def test_every_sample_bot_and_a_large_melee_are_among_them() -> None:
    battles = [header_of(path)["robots"] for path in SAMPLES]
    ours = [name for name in list_bots()[ROBOT] if name.startswith("sample.")]
    assert len(ours) == 14
    assert {name for names in battles for name in names} == set(ours)
    assert max(map(len, battles)) >= 10


@pytest.mark.slow
@pytest.mark.skipif(not ORACLE, reason="BEEPSIM_ORACLE names no folder of traces")
def test_whole_oracle() -> None:
    paths = [path for path in list_traces([Path(str(ORACLE))]) if is_sample_battle(path)]
    assert paths
    assert [report for report in check_traces(paths, bots=True, workers=2) if report.first_difference] == []


def first_turn(path: Path, robot: int, condition: Callable[[Line], bool]) -> int:
    """The first turn of the trace after which the robot's commands are such."""
    lines = (line for line in read_trace(path) if line["type"] in ("start", "turn"))
    return next(line["turn"] for line in lines if condition(line["robots"][robot]["cmd"]))


WRONG = {
    "another speed": ("Walls_vs_SpinBot_1", 1, "spin_bot", "velocity(5)", "velocity(6)", "cmd.maxVelocity"),
    "another distance": ("RamFire_vs_Walls_1", 0, "ram_fire", "distance() + 5", "distance() + 5.0001", "cmd.distance"),
    "another power": ("MyFirstRobot_vs_Target_1", 0, "my_first_robot", "fire(1)", "fire(1.0000001)", "cmd.fire.power"),
    "one turn late": ("VelociRobot_vs_SpinBot_2", 0, "veloci_robot", "64 == 32", "64 == 33", "cmd.distance"),
    "no shot": ("MyFirstRobot_vs_Target_1", 0, "my_first_robot", "self.fire(1)", "pass", "cmd.number of shots"),
    "a scan too many": ("Walls_vs_SpinBot_1", 0, "walls", "if self.peek", "if True", "cmd.scan"),
    "one that raises": ("Corners_vs_TrackFire_1", 1, "track_fire", "self.fire(", "self.no_such_call(", "fault"),
}
BEGINS: dict[str, Callable[[Line], bool]] = {
    "another speed": lambda cmd: True,
    "another distance": lambda cmd: cmd["distance"] != 0.0,
    "another power": lambda cmd: bool(cmd["fire"]),
    "one turn late": lambda cmd: cmd["distance"] == "-Infinity",
    "no shot": lambda cmd: bool(cmd["fire"]),
    "one that raises": lambda cmd: bool(cmd["fire"]),
}


def spoil(folder: Path, monkeypatch: pytest.MonkeyPatch, stem: str, right: str, wrong: str) -> None:
    """Has the sample bots found in a copy, in which one differs."""
    shutil.copytree(BOTS, folder / "bots")
    file = folder / "bots" / "sample" / f"{stem}.py"
    assert right in file.read_text()
    file.write_text(file.read_text().replace(right, wrong))
    monkeypatch.setattr(loader, "BOTS", folder / "bots")


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_bot_is_caught(wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace, robot, stem, right, replaced, field = WRONG[wrong]
    spoil(tmp_path, monkeypatch, stem, right, replaced)
    path = TRACES / f"{trace}.jsonl.xz"
    difference = check_trace(path, bots=True).first_difference
    assert difference is not None
    assert (difference.round, difference.robot, difference.field) == (0, robot, field)
    if wrong in BEGINS:
        assert difference.turn == first_turn(path, robot, BEGINS[wrong])
    if field == "fault":
        assert "no_such_call" in difference.found


@pytest.mark.parametrize("replaced", ["self.corner += 90", "Corners.corner += 180", "return"])
def test_what_a_class_learns_by_its_death_is_checked(
    replaced: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(tmp_path, monkeypatch, "corners", "Corners.corner += 90", replaced)
    difference = check_trace(TRACES / "Corners_vs_TrackFire_1.jsonl.xz", bots=True).first_difference
    assert difference is not None
    assert (difference.round, difference.turn, difference.robot, difference.field) == (1, 0, 0, "cmd.bodyTurn")


def test_a_robot_that_is_not_ours_is_named() -> None:
    path = TRACES / "four_rammers_1.jsonl.xz"
    with pytest.raises(UserError, match="four_rammers_1.*robot '.*' is not among our bots \\(.*sample.Walls"):
        check_trace(path, bots=True)


def rules_of(header: Line) -> Rules:
    rules = header["rules"]
    return Rules(
        rules["battlefieldWidth"],
        rules["battlefieldHeight"],
        rules["gunCoolingRate"],
        rules["inactivityTime"],
        rules["numRounds"],
        rules["hideEnemyNames"],
        header["initialPositions"],
    )


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name.removesuffix(".jsonl.xz"))
def test_the_battle_loop_fights_the_same_battle(path: Path, tmp_path: Path) -> None:
    lines = list(read_trace(path))
    header, ends = lines[0], [line for line in lines if line["type"] == "round_end"]
    result = fight(header["robots"], header["seed"], rules_of(header), tmp_path / "ours.battle")
    assert result.turns[: len(ends)] == tuple(line["turns"] for line in ends)
    rows = read_recording(tmp_path / "ours.battle").robots
    turns = [line for line in lines if line["type"] in ("start", "turn")]
    for name, wanted in (("x", "x"), ("y", "y"), ("heading", "bodyHeading"), ("energy", "energy")):
        expected = [robot[wanted] for line in turns for robot in line["robots"]]
        assert np.array_equal(rows[name][: len(expected)], np.array(expected, np.float32)), name
    if lines[-1]["type"] == "results":
        assert len(rows) == len(expected)
        for robot, published, total in zip(result.robots, lines[-1]["indexed"], ends[-1]["scores"], strict=True):
            assert robot.name == published["name"]
            assert [robot.firsts, robot.seconds, robot.thirds] == [published[name] for name in PLACES]
            assert list(asdict(robot.scores).values()) == [total[name] for name in TOTALS]
            assert list(asdict(robot.published).values()) == [published[name] for name in PUBLISHED]
        ranked = sorted(result.robots, key=lambda robot: robot.rank)
        assert [robot.name for robot in ranked] == [robot["name"] for robot in lines[-1]["sorted"]]


CROWDS = {
    "duel": (["sample.RamFire", "sample.Corners"], 3, Rules(num_rounds=3)),
    "small field": (["sample.Tracker", "sample.Walls", "sample.VelociRobot"], 4, Rules(400, 400, num_rounds=2)),
    "hot guns": (["sample.TrackFire", "sample.Fire"], 5, Rules(gun_cooling_rate=0.5, num_rounds=2)),
    "idle": (["sample.SittingDuck", "sample.Target", "sample.SittingDuck"], 6, Rules(inactivity_time=5, num_rounds=2)),
    "melee": ([name for name in list_bots()[ROBOT] if name.startswith("sample.")], 7, Rules(1000, 1000, num_rounds=2)),
}


@pytest.mark.parametrize("crowd", CROWDS)
def test_who_is_not_called_while_it_waits_fights_the_same(crowd: str, tmp_path: Path) -> None:
    """The battle loop leaves out calls that would change nothing; here every robot is called in every turn."""
    names, seed, rules = CROWDS[crowd]
    result = fight(names, seed, rules, tmp_path / "ours.battle")
    numbers = asdict(rules)
    positions = numbers.pop("initial_positions")
    world = new_world(new_rules(**numbers), np.array([kind_of(name) for name in names]), seed, positions)
    fighters = Fighters([load_bot(name) for name in names], world)
    columns = ["x", "y", "velocity", "heading", "gun_heading", "radar_heading", "energy", "gun_heat"]
    states = []
    for _ in range(rules.num_rounds):
        start_round(world)
        states.append(world.robots[columns].copy())
        fighters.start_round()
        fighters.give_orders()
        while not round_is_over(world):
            play_turn(world)
            states.append(world.robots[columns].copy())
            fighters.give_orders()
        fighters.end_round()
    assert fighters.faults() == [None] * len(names) and not any(robot.faults for robot in result.robots)
    fighters.close()
    rows, expected = read_recording(tmp_path / "ours.battle").robots, np.concatenate(states)
    assert len(rows) == len(expected) > 1000
    for column in columns:
        assert np.array_equal(rows[column], expected[column].astype(np.float32)), column
    assert [robot.scores.total for robot in result.robots] == world.totals["total"].tolist()


def test_folders_and_workers_give_the_same_reports(tmp_path: Path) -> None:
    names = ["Fire_vs_Tracker_positions_overlap_1", "Corners_vs_TrackFire_1"]
    for name in names:
        shutil.copy(TRACES / f"{name}.jsonl.xz", tmp_path)
    traces = list_traces([tmp_path, tmp_path / f"{names[0]}.jsonl.xz"])
    assert [trace.name.split(".")[0] for trace in traces] == [names[1], names[0], names[0]]
    assert check_traces(traces, bots=True, workers=2) == check_traces(traces, bots=True)
    with pytest.raises(UserError, match="0 workers"):
        check_traces(traces, workers=0)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="there is no trace .* in .*empty"):
        list_traces([tmp_path / "empty"])


def test_the_command(tmp_path: Path) -> None:
    path = TRACES / "Corners_vs_TrackFire_1.jsonl.xz"
    shutil.copy(path, tmp_path)
    result = CliRunner().invoke(app, ["parity", "--bots", str(tmp_path), "--workers", "1", "--json"])
    assert result.exit_code == 0
    ((report),) = json.loads(result.stdout)
    assert report["first_difference"] is None and report["turns"] == check_trace(path).turns


def test_other_mathematics_needs_a_tolerance() -> None:
    path = TRACES / "Crazy_vs_Tracker_1.intrinsic.jsonl.xz"
    exact = check_trace(path, bots=True)
    assert exact.first_difference is not None and (exact.turns, exact.first_difference.turn) == (377, 378)
    assert check_trace(path, tolerance=1e-9, bots=True).first_difference is None
