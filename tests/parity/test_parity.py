"""The engine against the real Robocode: traces replayed from seed and commands, and a check that the check can fail.

With BEEPSIM_ORACLE set to a folder, every trace below it is replayed too (those in intrinsic mathematics to 1e-9).
"""

import json
import lzma
import os
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from beepsim.engine.state import EVENT_TYPES
from beepsim.engine.text_reader import world_from_text
from beepsim.errors import UserError
from beepsim.parity.check import check_trace
from beepsim.parity.comparison import NO_ROBOT, Difference
from beepsim.parity.trace import Line, read_trace

TRACES = Path(__file__).parent.parent / "data" / "traces"
EXACT = sorted(path for path in TRACES.glob("*.jsonl.xz") if "intrinsic" not in path.name)
INTRINSIC = TRACES / "SineBot_vs_WallBanger_1.intrinsic.jsonl.xz"
SHORT = TRACES / "four_rammers_1.jsonl.xz"
ORACLE = os.environ.get("BEEPSIM_ORACLE")


@pytest.mark.parametrize("path", EXACT, ids=lambda path: path.name.removesuffix(".jsonl.xz"))
def test_bit_for_bit(path: Path) -> None:
    report = check_trace(path)
    assert report.first_difference is None
    assert report.rounds >= 1 and report.turns > 400
    assert report.values_compared > 14 * report.robot_turns


def test_traces_cover_every_event() -> None:
    seen = {event["type"] for path in EXACT for line in read_trace(path) for event in line.get("events", ())}
    assert seen == set(EVENT_TYPES)


def test_other_mathematics_needs_a_tolerance() -> None:
    report = check_trace(INTRINSIC, tolerance=1e-9)
    assert report.first_difference is None and report.rounds == 1
    exact = check_trace(INTRINSIC)
    assert exact.first_difference is not None
    assert (exact.rounds, exact.turns) == (0, exact.first_difference.turn - 1)


@pytest.mark.slow
@pytest.mark.skipif(not ORACLE, reason="BEEPSIM_ORACLE names no folder of traces")
def test_whole_oracle() -> None:
    paths = sorted(Path(str(ORACLE)).rglob("*.jsonl.xz"))
    assert paths
    reports = [check_trace(path, 1e-9 if is_intrinsic(path) else 0.0) for path in paths]
    assert [report for report in reports if report.first_difference is not None] == []


def is_intrinsic(path: Path) -> bool:
    return next(read_trace(path))["math"] == "intrinsic"


def lines_of(path: Path) -> list[Line]:
    return list(read_trace(path))


def written(folder: Path, lines: list[Line]) -> Path:
    path = folder / "trace.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def first_with(lines: list[Line], condition: Callable[[Line], bool]) -> Line:
    return next(line for line in lines if line["type"] == "turn" and condition(line))


def next_double_up(value: float) -> float:
    return value + 2.0**-40


def spoil_x(lines: list[Line]) -> Difference:
    robot = lines[101]["robots"][2]
    found, robot["x"] = robot["x"], next_double_up(robot["x"])
    return Difference(0, 100, 2, "x", robot["x"], found)


def spoil_state(lines: list[Line]) -> Difference:
    robot = lines[51]["robots"][1]
    robot["state"] = "HIT_WALL"
    return Difference(0, 50, 1, "state", "HIT_WALL", "ACTIVE")


def spoil_score(lines: list[Line]) -> Difference:
    line = first_with(lines, lambda line: line["robots"][0]["score"][4] > 0)
    score = line["robots"][0]["score"]
    score[4] += 1.2
    return Difference(0, line["turn"], 0, "score.ram_damage", score[4], score[4] - 1.2)


def spoil_bullet(lines: list[Line]) -> Difference:
    line = first_with(lines, lambda line: len(line["bullets"]) > 2)
    bullet = line["bullets"][2]
    bullet["frame"] += 1
    return Difference(0, line["turn"], bullet["owner"], "bullets[2].frame", bullet["frame"], bullet["frame"] - 1)


def spoil_event(lines: list[Line]) -> Difference:
    line = first_with(lines, lambda line: any(event["type"] == "HitByBulletEvent" for event in line["events"]))
    place = next(i for i, event in enumerate(line["events"]) if event["type"] == "HitByBulletEvent")
    event = line["events"][place]
    event["bullet"]["y"] += 0.5
    y = event["bullet"]["y"]
    return Difference(0, line["turn"], event["r"], f"events[{place}].bullet.y", y, y - 0.5)


def drop_event(lines: list[Line]) -> Difference:
    line = first_with(lines, lambda line: len(line["events"]) == 1)
    line["events"] = []
    return Difference(0, line["turn"], NO_ROBOT, "number of events", 0, 1)


def spoil_generator(lines: list[Line]) -> Difference:
    found, lines[11]["rng"] = lines[11]["rng"], "123"
    return Difference(0, 10, NO_ROBOT, "rng", "123", found)


def spoil_total(lines: list[Line]) -> Difference:
    end = lines[-1]["scores"][3]
    end["totalScore"] += 1
    return Difference(0, lines[-1]["turns"], 3, "round_end.totalScore", end["totalScore"], end["totalScore"] - 1)


@pytest.mark.parametrize(
    "spoil",
    [spoil_x, spoil_state, spoil_score, spoil_bullet, spoil_event, drop_event, spoil_generator, spoil_total],
)
def test_a_changed_value_is_named(tmp_path: Path, spoil: Callable[[list[Line]], Difference]) -> None:
    lines = lines_of(SHORT)
    expected = spoil(lines)
    report = check_trace(written(tmp_path, lines))
    assert report.first_difference is not None and report.first_difference == expected
    world = world_from_text(report.first_difference.world)
    assert (world.battle[0]["round"], world.battle[0]["turn"]) == (expected.round, expected.turn)
    assert indent(report.first_difference.world, "  ").rstrip() in str(report)
    if expected.field.startswith("round_end"):
        assert report.turns == expected.turn
    else:
        assert report.turns == expected.turn - 1 and report.rounds == 0


def test_a_lost_command_is_noticed(tmp_path: Path) -> None:
    lines = lines_of(SHORT)
    lines[60]["robots"][0]["cmd"]["bodyTurn"] += 0.01
    difference = check_trace(written(tmp_path, lines)).first_difference
    assert difference is not None and (difference.turn, difference.robot, difference.field) == (60, 0, "bodyHeading")


def test_the_tolerance_is_no_excuse_for_a_decision(tmp_path: Path) -> None:
    lines = lines_of(SHORT)
    expected = spoil_state(lines)
    assert check_trace(written(tmp_path, lines), tolerance=1e6).first_difference == expected


def test_minus_zero_is_not_zero(tmp_path: Path) -> None:
    lines = lines_of(SHORT)
    lines[1]["robots"][0]["velocity"] = -0.0
    path = written(tmp_path, lines)
    difference = check_trace(path).first_difference
    assert difference is not None and difference.field == "velocity"
    assert check_trace(path, tolerance=1e-12).first_difference is None


@pytest.mark.parametrize("tolerance", [-1.0, float("nan")])
def test_impossible_tolerance(tolerance: float) -> None:
    with pytest.raises(UserError, match="tolerance is"):
        check_trace(SHORT, tolerance)


def test_missing_trace(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        check_trace(tmp_path / "none.jsonl.xz")
    with pytest.raises(UserError, match="cannot be read"):
        check_trace(tmp_path)


def test_truncated_trace(tmp_path: Path) -> None:
    path = tmp_path / "cut.jsonl.xz"
    path.write_bytes(SHORT.read_bytes()[:50_000])
    with pytest.raises(UserError, match="cut off or damaged"):
        check_trace(path)
    path.write_bytes(b"no xz at all")
    with pytest.raises(UserError, match="cut off or damaged"):
        check_trace(path)


def test_trace_that_ends_within_a_round(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="within a round"):
        check_trace(written(tmp_path, lines_of(SHORT)[:40]))


def test_half_a_line(tmp_path: Path) -> None:
    path = written(tmp_path, lines_of(SHORT)[:40])
    path.write_text(path.read_text(encoding="utf-8")[:-100], encoding="utf-8")
    with pytest.raises(UserError, match="line 40 is no line of a trace"):
        check_trace(path)


@pytest.mark.parametrize("text", ['{"a": 1}\n', "[]\n", "1\n", '{"type": "turn"}\n', '{"type": ["header"]}\n', ""])
def test_foreign_json(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match="where a trace has header|a trace begins with a header"):
        check_trace(path)


def test_binary_file(tmp_path: Path) -> None:
    path = tmp_path / "other.jsonl"
    path.write_bytes(lzma.compress(b"x" * 100))
    with pytest.raises(UserError, match="is no line of a trace"):
        check_trace(path)


@pytest.mark.parametrize("spoil", ["robots", "events", "bullets", "rng"])
def test_incomplete_line(tmp_path: Path, spoil: str) -> None:
    lines = lines_of(SHORT)
    del lines[30][spoil]
    with pytest.raises(UserError, match="round 0, turn 29 is incomplete or malformed"):
        check_trace(written(tmp_path, lines))


def test_newer_format(tmp_path: Path) -> None:
    lines = lines_of(SHORT)
    lines[0]["format"] = 2
    with pytest.raises(UserError, match="only format 1"):
        check_trace(written(tmp_path, lines))


def test_wrong_robot_index(tmp_path: Path) -> None:
    lines = lines_of(SHORT)
    lines[5]["robots"][0]["i"] = 9
    with pytest.raises(UserError, match="incomplete or malformed"):
        check_trace(written(tmp_path, lines))


def test_plain_and_packed_files_agree(tmp_path: Path) -> None:
    packed, plain = check_trace(SHORT), check_trace(written(tmp_path, lines_of(SHORT)))
    assert (packed.turns, packed.values_compared) == (plain.turns, plain.values_compared)


def test_truncated_after_a_round_replays(tmp_path: Path) -> None:
    lines = lines_of(TRACES / "Rammer_vs_Spender_1.jsonl.xz")
    end = next(i for i, line in enumerate(lines) if line["type"] == "round_end")
    report = check_trace(written(tmp_path, lines[: end + 1]))
    assert (report.first_difference, report.rounds, report.turns) == (None, 1, lines[end]["turns"])
