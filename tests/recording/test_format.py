"""Battle files: what is written comes back, the same battle gives the same bytes, and nothing wrong gets through."""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.errors import UserError
from beepsim.recording import columns, format
from beepsim.recording.format import Header, RecordedRules, Recording, RobotEntry, TotalScores

ROBOTS = 3


def make_recording(turns: list[int], seed: int = 5) -> Recording:
    """A battle of random numbers that stay in range: `turns` is the last turn of each round."""
    generator = np.random.default_rng(seed)
    robots, bullets = [], []
    rounds = np.zeros(len(turns) * ROBOTS, columns.RECORDED_ROUND)
    for number, last in enumerate(turns):
        rows = np.zeros((last + 1) * ROBOTS, columns.RECORDED_ROBOT)
        rows["round"], rows["turn"] = number, np.repeat(np.arange(last + 1), ROBOTS)
        rows["robot"] = np.tile(np.arange(ROBOTS), last + 1)
        rows["state"] = generator.integers(0, 4, len(rows))
        for name, low, high in (("x", 18, 782), ("y", 18, 582), ("velocity", -8, 8), ("energy", 0, 120)):
            rows[name] = generator.uniform(low, high, len(rows))
        for name in ("heading", "gun_heading", "radar_heading", "gun_heat"):
            rows[name] = generator.uniform(0, 2 * np.pi, len(rows))
        robots.append(rows)
        shots = np.zeros(last // 2, columns.RECORDED_BULLET)
        shots["round"], shots["bullet"] = number, 2 + np.arange(len(shots))
        shots["power"], shots["heading"] = generator.uniform(0.1, 3, len(shots)), generator.uniform(0, 6, len(shots))
        shots["turn_first"] = generator.integers(1, last + 1, len(shots))
        shots["turn_last"], shots["state_last"], shots["victim"] = last, 4, -1
        bullets.append(shots)
        mine = rounds[number * ROBOTS : (number + 1) * ROBOTS]
        mine["round"], mine["robot"], mine["turns"], mine["place"] = number, range(ROBOTS), last, [1, 2, 3]
        for name in columns.SCORE_COLUMNS:
            mine[name] = generator.uniform(0, 100, ROBOTS)
    header = Header(
        format=format.FORMAT,
        rules_version="1",
        source="beepsim test",
        origin=None,
        seed=seed,
        rules=RecordedRules(800, 600, 0.1, 450, len(turns)),
        robots=tuple(RobotEntry(name, "1.0", "00ff") for name in "abc"),
        results=(TotalScores(3.5, 1.0, 2.5, 0.0, 0.0, 0.0, 0.0),) * ROBOTS,
    )
    return Recording(header, np.concatenate(robots), np.concatenate(bullets), rounds)


def assert_equal(left: Recording, right: Recording) -> None:
    assert left.header == right.header
    for name in format.TABLES:
        for column in format.TABLES[name].names or ():
            np.testing.assert_array_equal(getattr(left, name)[column], getattr(right, name)[column])


@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.integers(0, 2**32))
def test_a_recording_comes_back_and_has_fixed_bytes(tmp_path_factory, turns, seed):
    folder = tmp_path_factory.mktemp("battles")
    recording = make_recording(turns, seed)
    format.write_recording(folder / "a.battle", recording)
    format.write_recording(folder / "b.battle", recording)
    assert (folder / "a.battle").read_bytes() == (folder / "b.battle").read_bytes()
    assert_equal(format.read_recording(folder / "a.battle"), recording)
    for number in range(len(turns)):
        part = format.read_round(folder / "a.battle", number)
        for name in format.TABLES:
            rows = getattr(recording, name)
            np.testing.assert_array_equal(getattr(part, name), rows[rows["round"] == number])


def test_unknown_scores_come_back_as_unknown(tmp_path):
    recording = make_recording([4])
    for name in columns.SCORE_COLUMNS:
        recording.rounds[name] = np.nan
    recording = replace(recording, header=replace(recording.header, seed=None, results=None))
    format.write_recording(tmp_path / "a.battle", recording)
    assert_equal(format.read_recording(tmp_path / "a.battle"), recording)


def test_the_tables_open_with_ordinary_tools(tmp_path):
    recording = make_recording([7, 9])
    format.write_recording(tmp_path / "a.battle", recording)
    with zipfile.ZipFile(tmp_path / "a.battle") as archive:
        with archive.open("robots.parquet") as file:
            table = pq.read_table(file)
        assert json.loads(archive.read("header.json"))["robots"][0]["name"] == "a"
    np.testing.assert_array_equal(table.column("x"), recording.robots["x"])


def test_a_turn_is_found_in_the_grid():
    recording = make_recording([7, 9])
    rows = format.turn_rows(recording, 1, 9)
    assert rows["turn"].tolist() == [9] * ROBOTS and rows["robot"].tolist() == [0, 1, 2]
    assert (rows["round"] == 1).all()
    with pytest.raises(UserError, match="round 0 has no turn 8; its last is 7"):
        format.turn_rows(recording, 0, 8)


def test_the_first_rounds_alone():
    recording = make_recording([3, 4, 5])
    part = format.only_rounds(recording, 2)
    assert format.recorded_rounds(part) == [0, 1] and part.header.results is None
    np.testing.assert_array_equal(part.robots["x"], recording.robots["x"][: 9 * ROBOTS])


def test_battle_ids_are_file_stems_and_differ():
    recording = make_recording([3])
    other = replace(recording, header=replace(recording.header, rules_version="2"))
    assert format.battle_id(recording) != format.battle_id(other)
    assert format.battle_id(recording).startswith("a-1.0_vs_b-1.0_vs_c-1.0_5_")
    strange = replace(recording, header=replace(recording.header, robots=(RobotEntry("../e vil", "/x", ""),) * 3))
    assert Path(format.battle_id(strange)).name == format.battle_id(strange)


def test_listing(tmp_path):
    with pytest.raises(UserError, match="no .battle files in this folder"):
        format.list_recordings(tmp_path)
    with pytest.raises(UserError, match="no such file or folder"):
        format.list_recordings(tmp_path / "nothing")
    for name in ("b", "a"):
        format.write_recording(tmp_path / f"{name}.battle", make_recording([2]))
    assert [path.stem for path in format.list_recordings(tmp_path)] == ["a", "b"]
    assert format.list_recordings(tmp_path / "a.battle") == [tmp_path / "a.battle"]


@pytest.mark.parametrize("keep", [0, 10, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path, keep):
    path = tmp_path / "a.battle"
    format.write_recording(path, make_recording([20, 20]))
    data = path.read_bytes()
    path.write_bytes(data[: keep if isinstance(keep, int) else int(len(data) * keep)])
    with pytest.raises(UserError, match="truncated or damaged"):
        format.read_recording(path)


@given(st.data())
def test_a_changed_byte_never_escapes_as_another_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("battles") / "a.battle"
    format.write_recording(path, make_recording([6]))
    raw = bytearray(path.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(raw)
    try:
        format.read_recording(path)
    except UserError as error:
        assert "a.battle" in str(error)


@given(st.data())
def test_a_damaged_table_never_escapes_as_another_error(tmp_path_factory, data):
    path, recording = tmp_path_factory.mktemp("battles") / "a.battle", make_recording([6])
    format.write_recording(path, recording)
    raw = bytearray(columns.to_parquet(recording.rounds, [slice(None)]))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    rewrite(path, rounds_parquet=bytes(raw))
    try:
        format.read_recording(path)
    except UserError as error:
        assert "a.battle" in str(error)


def rewrite(path: Path, **entries: bytes) -> None:
    """Replaces entries of the zip ("header_json" for header.json), as a stranger's program would."""
    named = {name.replace("_", "."): data for name, data in entries.items()}
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()} | named
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2 is not known; this version of beepsim reads format 1"),
        ({"format": "1"}, "has no format number"),
        ({"seed": "five"}, "seed: Input should be a valid integer"),
        ({"extra": 1}, "extra: Unexpected keyword argument"),
        ({"robots": []}, "robots: Tuple should have at least 1 item"),
        ({"results": []}, "results has 0 entries for 3 robots"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path, change, message):
    path = tmp_path / "a.battle"
    format.write_recording(path, make_recording([6]))
    with zipfile.ZipFile(path) as archive:
        header = json.loads(archive.read("header.json"))
    rewrite(path, header_json=json.dumps(header | change).encode())
    with pytest.raises(UserError, match=message):
        format.read_recording(path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "a.battle"
    with pytest.raises(UserError, match="no such file"):
        format.read_recording(path)
    with pytest.raises(UserError, match="cannot be read"):
        format.read_recording(tmp_path)
    path.write_text("nothing of the kind")
    with pytest.raises(UserError, match="is not a .battle file"):
        format.read_recording(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "dear sir")
    with pytest.raises(UserError, match="it has no header.json inside"):
        format.read_recording(path)
    format.write_recording(path, make_recording([6]))
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    with pytest.raises(UserError, match="stored in a way this version never writes"):
        format.read_recording(path)


def test_wrong_tables_are_refused(tmp_path):
    path, recording = tmp_path / "a.battle", make_recording([6])
    format.write_recording(path, recording)
    rewrite(path, robots_parquet=columns.to_parquet(recording.bullets, [slice(None)]))
    with pytest.raises(UserError, match="robots.parquet: column 'turn' is missing"):
        format.read_recording(path)
    rewrite(path, robots_parquet=b"PAR1 and then something else PAR1")
    with pytest.raises(UserError, match="robots.parquet is damaged"):
        format.read_recording(path)
    rewrite(path, robots_parquet=columns.to_parquet(recording.robots, [slice(0, 9), slice(9, None)]))
    with pytest.raises(UserError, match="robots.parquet holds 2 rounds, rounds.parquet 1"):
        format.read_recording(path)


@pytest.mark.parametrize(
    ("table", "column", "row", "value", "message"),
    [
        ("robots", "x", 4, np.nan, "round 0, row 4: x is nan; it must be 0 to 800"),
        ("robots", "y", 0, 601, "round 0, row 0: y is 601"),
        ("robots", "velocity", 1, -9, "velocity is -9"),
        ("robots", "heading", 1, 7, "heading is 7"),
        ("robots", "energy", 1, np.inf, "energy is inf"),
        ("robots", "robot", 2, 5, "row 2 is not in the order round, turn, robot"),
        ("robots", "turn", 20, 9, "row 20 is not in the order round, turn, robot"),
        ("robots", "state", 3, 4, "row 3 has a state that is not 0 to 3"),
        ("bullets", "owner", 1, 3, "row 1 has an owner who is not there"),
        ("bullets", "victim", 1, -2, "row 1 has a victim who is not there"),
        ("bullets", "bullet", 1, 2, "row 1 has an id out of order"),
        ("bullets", "turn_last", 1, 8, "row 1 flies outside the round's turns"),
        ("bullets", "turn_first", 0, 0, "row 0 flies outside the round's turns"),
        ("bullets", "power", 2, 3.5, "power is 3.5"),
        ("bullets", "state_last", 2, 5, "row 2 has a state_last that is not 1 to 4"),
        ("rounds", "place", 1, 0, "row 1 has a place that is not 1 to 3"),
        ("rounds", "turns", 2, 8, "row 2 does not have the round's 6 turns"),
        ("rounds", "survival", 0, -1, "row 0 has a survival that is not 0 to 1e"),
        ("rounds", "survival", 0, 1e308, "row 0 has a survival that is not 0 to 1e"),
        ("rounds", "robot", 0, 2, "row 0 is not in the order round, robot"),
    ],
)
def test_wrong_values_are_neither_written_nor_read(tmp_path, table, column, row, value, message):
    path, recording = tmp_path / "a.battle", make_recording([6])
    format.write_recording(path, recording)
    before = path.read_bytes()
    getattr(recording, table)[column][row] = value
    with pytest.raises(UserError, match=message):
        format.write_recording(path, recording)
    assert path.read_bytes() == before
    rewrite(path, **{f"{table}_parquet": columns.to_parquet(getattr(recording, table), [slice(None)])})
    with pytest.raises(UserError, match=message):
        format.read_recording(path)


def test_a_round_that_is_not_there(tmp_path):
    format.write_recording(tmp_path / "a.battle", make_recording([6, 7]))
    with pytest.raises(UserError, match="there is no round 2; the file holds rounds 0 to 1"):
        format.read_round(tmp_path / "a.battle", 2)
