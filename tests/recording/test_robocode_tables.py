"""Import of battles that the real Robocode fought."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beepsim.errors import UserError
from beepsim.recording.format import RobotEntry, read_recording
from beepsim.recording.imports import import_recordings
from beepsim.recording.robocode_tables import results_from

DATA = Path(__file__).parents[1] / "data" / "recordings"
NAME = "kawigi.mini.Coriantumr_1.1"


@pytest.fixture
def source(tmp_path) -> Path:
    """A folder with a copy of the committed recording, to be damaged at will."""
    folder = tmp_path / "source"
    folder.mkdir()
    for kind in ("robots", "bullets"):
        shutil.copy(DATA / f"{NAME}.{kind}.parquet", folder)
    return folder


def test_a_recording_is_imported_whole(tmp_path):
    done, failures = import_recordings(DATA, tmp_path)
    assert (done, failures) == ([tmp_path / f"{NAME}.battle"], [])
    recording = read_recording(done[0])
    header = recording.header
    assert header.robots[1] == RobotEntry("kawigi.mini.Coriantumr", "1.1", "")
    assert header.robots[0].label == "kc.mega.BeepBoop 2.0 (no shielding)"
    assert (header.source, header.seed, header.results) == ("robocode 1.11.1", 1014, None)
    assert (header.rules.width, header.rules.height, header.rules.num_rounds) == (800, 600, 2)
    table = pq.read_table(DATA / f"{NAME}.robots.parquet")
    for name in table.column_names:
        np.testing.assert_array_equal(recording.robots[name], table.column(name))
    bullets = pq.read_table(DATA / f"{NAME}.bullets.parquet").filter(pa.compute.field("bullet") != 0)
    assert len(recording.bullets) == len(bullets)
    for name in bullets.column_names:
        np.testing.assert_array_equal(recording.bullets[name], bullets.column(name))
    # In both rounds BeepBoop lived on: its opponent's rows end in state 3.
    assert recording.rounds["place"].tolist() == [1, 2, 1, 2]
    assert recording.rounds["turns"].tolist() == [985, 985, 838, 838]
    assert np.isnan(recording.rounds["survival"]).all()
    bytes_per_robot_turn = done[0].stat().st_size / len(recording.robots)
    assert bytes_per_robot_turn < 30


def test_only_what_changed_is_imported_again(source, tmp_path):
    done, _ = import_recordings(source / f"{NAME}.robots.parquet", tmp_path)
    first = done[0].stat().st_mtime_ns
    import_recordings(source, tmp_path)
    assert done[0].stat().st_mtime_ns == first
    table = pq.read_table(source / f"{NAME}.bullets.parquet")
    pq.write_table(table.slice(0, 100), source / f"{NAME}.bullets.parquet")
    import_recordings(source, tmp_path)
    assert len(read_recording(done[0]).bullets) == np.count_nonzero(table.slice(0, 100)["bullet"])
    done[0].write_bytes(b"damaged")
    import_recordings(source, tmp_path)
    assert len(read_recording(done[0]).robots) > 0


def test_one_bad_input_does_not_stop_the_others(source, tmp_path):
    for kind in ("robots", "bullets"):
        shutil.copy(source / f"{NAME}.{kind}.parquet", source / f"a.{kind}.parquet")
        shutil.copy(source / f"{NAME}.{kind}.parquet", source / f"b.{kind}.parquet")
    (source / "a.robots.parquet").write_bytes((source / "a.robots.parquet").read_bytes()[:5000])
    (source / "b.bullets.parquet").unlink()
    counts: list[int] = []
    done, failures = import_recordings(source, tmp_path / "out", counts.append)
    assert [path.stem for path in done] == [NAME]
    assert counts == [1, 2, 3]
    assert len(failures) == 2 and "a.robots.parquet: not a readable table" in failures[0]
    assert "b.bullets.parquet: no such file" in failures[1]


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (None, "metadata 'beepsim' is missing"),
        (b"{", "metadata 'beepsim' cannot be read"),
        (b"[]", "metadata 'beepsim' cannot be read"),
        (b"{}", "lacks the key 'names'"),
        ({"names": ["only one"]}, "names 1 robots; the rows hold 2"),
        ({"battlefield": [400, 300]}, "it must be 0 to 400"),
    ],
)
def test_bad_metadata(source, tmp_path, metadata, message):
    path = source / f"{NAME}.robots.parquet"
    table = pq.read_table(path)
    if isinstance(metadata, dict):
        metadata = json.dumps(json.loads(table.schema.metadata[b"beepsim"]) | metadata).encode()
    pq.write_table(table.replace_schema_metadata({b"beepsim": metadata} if metadata else None), path)
    done, failures = import_recordings(source, tmp_path / "out")
    assert done == [] and len(failures) == 1 and message in failures[0]


def test_bad_tables(source, tmp_path):
    path = source / f"{NAME}.robots.parquet"
    table = pq.read_table(path)
    pq.write_table(table.drop_columns("energy"), path)
    assert "column 'energy' is missing" in import_recordings(source, tmp_path / "out")[1][0]
    pq.write_table(table.slice(0, 3000), path)
    assert "flies outside the round's turns" in import_recordings(source, tmp_path / "out")[1][0]
    pq.write_table(table.take(list(range(7)) + list(range(8, len(table)))), path)
    assert "each turn needs one row each" in import_recordings(source, tmp_path / "out")[1][0]


def test_bad_sources(tmp_path):
    with pytest.raises(UserError, match="no such file or folder"):
        import_recordings(tmp_path / "nothing", tmp_path)
    with pytest.raises(UserError, match="no .* or \\*.robots.parquet files"):
        import_recordings(tmp_path, tmp_path)
    with pytest.raises(UserError, match="give a .* or NAME.robots.parquet file"):
        import_recordings(DATA / f"{NAME}.bullets.parquet", tmp_path)


def test_results_line():
    line = "OK\tkc.BeepBoop 2.0w 4135 1700 340 1737 317 2 38 f=34\tb.B 1 354 50 10 285 9 0 0 f=1"
    results = results_from(line, ["kc.BeepBoop 2.0 (no shielding)", "b.B 1"])
    assert results is not None
    assert (results[0].total, results[0].bullet_damage, results[0].ram_kill_bonus) == (4135, 1737, 38)
    assert (results[1].total, results[1].survival, results[1].last_survivor_bonus) == (354, 50, 10)
    assert results_from("OK\tturns=5", ["a.A 1", "b.B 1"]) is None
    assert results_from(line, ["b.B 1", "b.B 1"]) is None
