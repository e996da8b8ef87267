"""Our bots in the battles of the real Robocode, from the headers alone; and a check that a wrong bot is caught.

With BEEPSIM_ORACLE set to a folder, every sample battle below it is fought again too.
"""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from beepsim.battle import Rules, fight
from beepsim.cli import app
from beepsim.errors import UserError
from beepsim.parity.check import check_trace, check_traces, list_traces
from beepsim.parity.trace import Line, read_trace
from beepsim.recording.format import read_recording
from beepsim.robots import loader
from beepsim.robots.loader import BOTS, ROBOT, list_bots

TRACES = Path(__file__).parent.parent / "data" / "traces"
ORACLE = os.environ.get("BEEPSIM_ORACLE")


def header_of(path: Path) -> Line:
    return next(read_trace(path))


def is_sample_battle(path: Path) -> bool:
    header = header_of(path)
    return header["math"] == "fdlibm" and all(name.startswith("sample.") for name in header["robots"])


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


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_bot_is_caught(wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trace, robot, stem, right, replaced, field = WRONG[wrong]
    shutil.copytree(BOTS, tmp_path / "bots")
    file = tmp_path / "bots" / "sample" / f"{stem}.py"
    assert right in file.read_text()
    file.write_text(file.read_text().replace(right, replaced))
    monkeypatch.setattr(loader, "BOTS", tmp_path / "bots")
    path = TRACES / f"{trace}.jsonl.xz"
    difference = check_trace(path, bots=True).first_difference
    assert difference is not None
    assert (difference.round, difference.robot, difference.field) == (0, robot, field)
    if wrong in BEGINS:
        assert difference.turn == first_turn(path, robot, BEGINS[wrong])
    if field == "fault":
        assert "no_such_call" in difference.found


def test_a_robot_that_is_not_ours_is_named() -> None:
    path = TRACES / "four_rammers_1.jsonl.xz"
    with pytest.raises(UserError, match="four_rammers_1.*robot '.*' is not among our bots \\(.*sample.Walls"):
        check_trace(path, bots=True)


def test_the_battle_loop_fights_the_same_battle(tmp_path: Path) -> None:
    lines = list(read_trace(TRACES / "Walls_vs_SpinBot_1.jsonl.xz"))
    header, results = lines[0], lines[-1]
    rules = header["rules"]
    ours = Rules(
        rules["battlefieldWidth"],
        rules["battlefieldHeight"],
        rules["gunCoolingRate"],
        rules["inactivityTime"],
        rules["numRounds"],
    )
    result = fight(header["robots"], header["seed"], ours, tmp_path / "ours.battle")
    assert result.turns == tuple(line["turns"] for line in lines if line["type"] == "round_end")
    totals = [line for line in lines if line["type"] == "round_end"][-1]["scores"]
    for robot, wanted, total in zip(result.robots, results["indexed"], totals, strict=True):
        assert (robot.name, robot.firsts, robot.seconds) == (wanted["name"], wanted["firsts"], wanted["seconds"])
        assert robot.scores.total == total["totalScore"]
        assert robot.scores.bullet_damage == total["totalBulletDamageScore"]
        assert robot.scores.ram_damage == total["totalRammingDamageScore"]
        assert robot.scores.survival == total["totalSurvivalScore"]
    rows = read_recording(tmp_path / "ours.battle").robots
    turns = [line for line in lines if line["type"] in ("start", "turn")]
    for name, wanted in (("x", "x"), ("y", "y"), ("heading", "bodyHeading"), ("energy", "energy")):
        expected = [robot[wanted] for line in turns for robot in line["robots"]]
        assert np.array_equal(rows[name], np.array(expected, np.float32)), name


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
