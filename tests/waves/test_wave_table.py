"""The wave table: what extraction yields from a real battle, and files good and bad."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import wave_oracle as oracle
from wave_paths import history_of
from wave_recording import first_round, real_recording

from beepsim.errors import UserError
from beepsim.waves.extract import HIT_BULLET, HIT_ROBOT, HIT_WALL, NEVER, NO_BULLET, fill_seen, fill_sightings
from beepsim.waves.table import METADATA_KEY, WaveTable, extract_waves, join_tables, load_waves, save_waves, to_arrow


@pytest.fixture(params=[0, 1], ids=["BeepBoop", "opponent"])
def table(request):
    return extract_waves(real_recording(), request.param)


def angle_of_bullets(table):
    """Offsets of the real waves' bullets from the absolute bearing, and the waves' rows."""
    bullets = real_recording().bullets
    heading = {(b["round"], b["owner"], b["turn_first"] - 1): b["heading"] for b in bullets}
    rows = table.rows[table.rows["real"]]
    shooter = table.sources[0].shooter_index
    headings = np.array([heading[r["round"], shooter, r["fire_turn"]] for r in rows])
    return (headings - rows["absolute_bearing"] + np.pi) % (2 * np.pi) - np.pi, rows


def test_bullets_that_hit_are_inside_the_interval_and_others_outside(table):
    offsets, rows = angle_of_bullets(table)
    is_inside = (offsets >= rows["hit_low"] - 1e-4) & (offsets <= rows["hit_high"] + 1e-4)
    assert (rows["outcome"] == HIT_ROBOT).sum() > 3
    assert is_inside[rows["outcome"] == HIT_ROBOT].all()
    assert not is_inside[rows["outcome"] == HIT_WALL].any()


def test_every_bullet_that_had_time_to_pass_has_its_wave(table):
    shooter = table.sources[0].shooter_index
    bullets = real_recording().bullets
    own = bullets[bullets["owner"] == shooter]
    rows = table.rows[table.rows["real"]]
    kept = {(int(r["round"]), int(r["fire_turn"])): int(r["outcome"]) for r in rows}
    assert len(kept) == len(rows)
    for bullet in own:
        key = (int(bullet["round"]), int(bullet["turn_first"]) - 1)
        assert kept.get(key, bullet["state_last"]) == bullet["state_last"]
    assert len(kept) > 0.8 * len(own)


def test_values_of_a_wave_fit_together(table):
    rows = table.rows
    assert (rows["escape_left"] > 0).all() and (rows["escape_right"] > 0).all()
    assert (rows["gf_low"] <= rows["gf"]).all() and (rows["gf"] <= rows["gf_high"]).all()
    assert (rows["hit_low"] <= rows["hit_offset"] + 1e-6).all() and (
        rows["hit_offset"] <= rows["hit_high"] + 1e-6
    ).all()
    assert ((rows["outcome"] == NO_BULLET) == ~rows["real"]).all()
    assert (rows["virtuality"][rows["real"]] == 0).all()
    assert (np.diff(rows["shotsFired"]) >= 0).all()
    assert rows["bft"] == pytest.approx(rows["distance"] / rows["bullet_speed"], rel=1e-5)
    is_own = rows["real"] & (rows["outcome"] == HIT_BULLET)
    assert set(rows["didCollide"][is_own]) <= {0.0, 1.0}


def test_a_mirrored_battle_mirrors_directions_and_keeps_guess_factors(table):
    recording, shooter = real_recording(), table.sources[0].shooter_index
    robots, width = recording.robots.copy(), recording.header.rules.width
    robots["x"] = width - robots["x"]
    for name in ("heading", "gun_heading", "radar_heading"):
        robots[name] = (2 * np.pi - robots[name].astype(np.float64)) % (2 * np.pi)
    mirrored = extract_waves(replace(recording, robots=robots), shooter).rows
    rows = table.rows
    # The sides of the field are not open alike, and float32 rounds x and width - x differently: bulk, not all.
    assert len(mirrored) == pytest.approx(len(rows), abs=3)
    _, first, second = np.intersect1d(
        rows["round"].astype(int) << 20 | rows["fire_turn"],
        mirrored["round"].astype(int) << 20 | mirrored["fire_turn"],
        return_indices=True,
    )
    a, b = rows[first], mirrored[second]
    for name in ("gf", "gf_low", "gf_high", "latVel", "mirrorOffset", "maeWallAhead", "stickWallAhead2", "currentGF"):
        assert np.mean(np.abs(a[name] - b[name]) < 1e-3) > 0.99, name
    assert np.mean(a["orbit_direction"] == -b["orbit_direction"]) > 0.99
    assert np.abs(a["hit_low"] + b["hit_high"]).max() < 1e-3
    assert np.abs(a["escape_left"] - b["escape_right"]).max() < 1e-3


def test_later_rounds_and_turns_change_nothing_before_them():
    whole = extract_waves(real_recording(), 0).rows
    alone = extract_waves(first_round(), 0).rows
    assert (alone == whole[whole["round"] == 0]).all()


def test_what_happens_later_changes_nothing_that_was_known_before():
    recording, now = real_recording(), 300
    robots = recording.robots.copy()
    is_later = (robots["turn"] > now) & (robots["robot"] == 1)
    robots["y"][is_later] = np.clip(robots["y"][is_later] + 25.0, 18.0, 582.0)
    robots["velocity"][is_later] *= -1.0
    before, after = extract_waves(recording, 0).rows, extract_waves(replace(recording, robots=robots), 0).rows
    before, after = before[before["round"] == 0], after[after["round"] == 0]
    _, first, second = np.intersect1d(before["fire_turn"], after["fire_turn"], return_indices=True)
    before, after = before[first], after[second]
    is_broken, is_aimed = before["break_turn"] <= now, before["aim_turn"] <= now
    assert (before[is_broken] == after[is_broken]).all() and (before[~is_broken] != after[~is_broken]).any()
    learned_later = (
        "break_turn",
        "hit_low",
        "hit_high",
        "hit_offset",
        "gf",
        "gf_low",
        "gf_high",
        "didHit",
        "didCollide",
    )
    for name in before.dtype.names:
        if name not in learned_later:
            assert (before[name][is_aimed] == after[name][is_aimed]).all(), name


def test_a_turn_that_the_radar_missed_is_filled_by_braking():
    path = history_of([oracle.State(100.0 + 8.0 * turn, 200.0, np.pi / 2, 8.0) for turn in range(8)])
    seen = np.array([False, False, True, True, False, False, True, True])
    history = np.zeros_like(path)
    assert fill_sightings(history, path, seen) == 2
    assert history["velocity"].tolist() == [0.0, 0.0, 8.0, 8.0, 6.0, 4.0, 8.0, 8.0]
    assert history["x"][3:7] == pytest.approx([124.0, 130.0, 134.0, 148.0])
    assert fill_sightings(history, path, np.zeros(8, np.bool_)) == NEVER


def test_radar_sees_what_it_sweeps_over():
    path = history_of([oracle.State(400.0, 400.0)] * 6)
    x, y, seen = np.full(6, 400.0), np.full(6, 100.0), np.zeros(6, np.bool_)
    radar = np.array([0.5, 1.0, 0.07, 6.0, 6.0, 5.5])  # target due north, 0.06 rad to either side
    fill_seen(seen, radar, x, y, path)
    assert seen.tolist() == [False, False, False, True, False, False]


def test_interpreted_code_gives_the_same_rows(tmp_path):
    script = "import pathlib; from wave_recording import first_round; from beepsim.waves.table import *\n"
    script += f"save_waves(pathlib.Path({str(tmp_path / 'plain.parquet')!r}), extract_waves(first_round(), 0))"
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-W", "error", "-c", script]
    subprocess.run(command, env=environment, cwd=Path(__file__).parent, check=True, timeout=120)
    compiled, plain = extract_waves(first_round(), 0), load_waves(tmp_path / "plain.parquet")
    assert (compiled.rows == plain.rows).all() and compiled.sources == plain.sources


def test_shooter_and_target_must_be_robots_of_the_battle():
    with pytest.raises(UserError, match="shooter 2 is not in"):
        extract_waves(real_recording(), 2, 0)
    with pytest.raises(UserError, match="must differ"):
        extract_waves(real_recording(), 1, 1)


def test_saved_tables_load_as_they_were(tmp_path):
    both = join_tables([extract_waves(real_recording(), robot) for robot in (1, 0)])
    assert [source.shooter_index for source in both.sources] == [1, 0]  # "kawigi" sorts after "kc": by name
    path = tmp_path / "waves.parquet"
    save_waves(path, both)
    loaded = load_waves(path)
    assert (loaded.rows == both.rows).all() and loaded.sources == both.sources
    assert len(loaded) == len(both.of_source(0)) + len(both.of_source(1))
    columns = pq.read_table(path)
    assert set(columns["target"].to_pylist()) == {source.target for source in both.sources}


def test_an_empty_table_is_a_table(tmp_path):
    empty = WaveTable(extract_waves(real_recording(), 0).rows[:0], ())
    save_waves(tmp_path / "empty.parquet", empty)
    assert len(load_waves(tmp_path / "empty.parquet")) == 0


def test_the_same_battle_twice_is_refused():
    table = extract_waves(real_recording(), 0)
    with pytest.raises(UserError, match="is there twice"):
        join_tables([table, table])


def test_a_failed_save_leaves_the_old_file(tmp_path):
    table = extract_waves(real_recording(), 0)
    path = tmp_path / "waves.parquet"
    save_waves(path, table)
    before = path.read_bytes()
    broken = table.rows.copy()
    broken["latVel"][7] = np.nan
    with pytest.raises(UserError, match="column 'latVel', row 7: nan"):
        save_waves(path, WaveTable(broken, table.sources))
    assert path.read_bytes() == before and [file.name for file in tmp_path.iterdir()] == ["waves.parquet"]


def rewritten(path, change):
    """A table file after `change` has been applied to its Arrow table and metadata."""
    arrow = to_arrow(extract_waves(real_recording(), 0))
    metadata = json.loads(arrow.schema.metadata[METADATA_KEY])
    arrow, metadata = change(arrow, metadata)
    packed = None if metadata is None else {METADATA_KEY: json.dumps(metadata)}
    pq.write_table(arrow.replace_schema_metadata(packed), path)
    return path


def with_column(arrow, name, values):
    return arrow.set_column(arrow.column_names.index(name), name, pa.array(values))


def with_value(arrow, name, row, value):
    values = arrow[name].to_numpy().copy()
    values[row] = value
    return with_column(arrow, name, values)


BAD = {
    "no metadata": (lambda a, m: (a, None), "not a wave table: it has no `beepsim` metadata"),
    "another kind": (lambda a, m: (a, m | {"kind": "shots"}), "not a wave table; make one"),
    "another feature version": (lambda a, m: (a, m | {"features": "0"}), "feature version '0'; this program reads"),
    "bad source": (lambda a, m: (a, m | {"sources": [{}]}), "metadata: sources.0 must have exactly the keys battle"),
    "missing column": (lambda a, m: (a.drop_columns(["latVel"]), m), "column 'latVel' is missing"),
    "extra column": (lambda a, m: (a.append_column("more", pa.array(np.zeros(len(a)))), m), "unknown column 'more'"),
    "wrong type": (lambda a, m: (with_column(a, "gf", a["gf"].to_numpy().astype("f8")), m), "'gf' has type double"),
    "plain strings": (lambda a, m: (with_column(a, "target", a["target"].to_pylist()), m), "must be dictionary"),
    "NaN": (lambda a, m: (with_value(a, "bft", 3, np.nan), m), "column 'bft', row 3: nan is not a finite"),
    "null": (lambda a, m: (with_column(a, "bft", pa.array([None] * len(a), pa.float32())), m), "empty values"),
    "impossible": (lambda a, m: (with_value(a, "escape_left", 5, -1.0), m), "'escape_left', row 5: -1.0 is impossible"),
    "no distance": (lambda a, m: (with_value(a, "distance", 5, 0.0), m), "'distance', row 5: 0.0 is impossible"),
    "order": (lambda a, m: (a.take(np.arange(len(a))[::-1]), m), "not in the order"),
    "strange battle": (
        lambda a, m: (with_column(a, "battle", pa.array(["x"] * len(a)).dictionary_encode()), m),
        "battle 'x' with shooter",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tables_are_refused_with_the_place(tmp_path, name):
    change, message = BAD[name]
    path = rewritten(tmp_path / "bad.parquet", change)
    with pytest.raises(UserError, match=message) as error:
        load_waves(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"hello, world"], ids=["empty", "magic only", "text"])
def test_foreign_and_truncated_files_are_refused(tmp_path, content):
    path = tmp_path / "foreign.parquet"
    path.write_bytes(content)
    with pytest.raises(UserError, match="not a wave table, or it is damaged"):
        load_waves(path)
    save_waves(tmp_path / "good.parquet", extract_waves(real_recording(), 0))
    path.write_bytes((tmp_path / "good.parquet").read_bytes()[:-1000])
    with pytest.raises(UserError, match="not a wave table, or it is damaged"):
        load_waves(path)
    with pytest.raises(UserError, match="no such file"):
        load_waves(tmp_path / "absent.parquet")
