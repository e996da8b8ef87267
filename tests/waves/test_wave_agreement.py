"""Waves of real battles against what BeepBoop logged in them (the issue's proof; scripts/check_waves.py runs all)."""

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from wave_recording import FOLDER, NAME, real_recording

from beepsim.errors import UserError
from beepsim.recording.robocode_tables import content_hash, read_tables
from beepsim.waves.agreement import compare, read_reference, wave_key
from beepsim.waves.table import extract_waves

REFERENCE = FOLDER / f"{NAME}.waves.parquet"
MISSED_TURNS = {"decel": 0.97}
"""In these two rounds BeepBoop skipped two turns and their scans, which this timer remembers for up to 99 turns."""


def test_every_column_agrees_with_the_log():
    result = compare(real_recording(), read_reference(REFERENCE))
    assert result.matched == result.waves
    for column in result.columns:
        assert column.share >= MISSED_TURNS.get(column.name, 0.99), column
        assert column.untroubled >= 0.999, column


def test_only_the_power_of_virtual_waves_is_taken_from_the_log():
    rows, reference = extract_waves(real_recording(), 0).rows, read_reference(REFERENCE)
    ours, theirs = wave_key(rows["round"], rows["fire_turn"]), wave_key(reference["round"], reference["tfire"])
    _, mine, other = np.intersect1d(ours, theirs, return_indices=True)
    is_equal = np.abs(rows["power"][mine] - reference["power"][other]) < 0.006
    assert is_equal[rows["real"][mine]].all()
    assert 0.9 < is_equal[~rows["real"][mine]].mean() < 1.0


def test_a_shifted_interval_is_noticed():
    reference = dict(read_reference(REFERENCE))
    reference["vlo"] = reference["vlo"] - 0.01
    shares = {column.name: column.share for column in compare(real_recording(), reference).columns}
    assert shares["vlo"] < 0.1 and shares["vhi"] > 0.99


def test_a_table_without_the_columns_is_refused(tmp_path):
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"round": [0]}), path)
    with pytest.raises(UserError, match="lacks the columns tbreak"):
        read_reference(path)
    with pytest.raises(UserError, match="no such file"):
        read_reference(tmp_path / "absent.parquet")


@pytest.mark.slow
@pytest.mark.skipif(
    "BEEPSIM_RECORDINGS" not in os.environ, reason="BEEPSIM_RECORDINGS names a folder with .waves tables"
)
def test_every_column_agrees_on_all_battles():
    paths = sorted(Path(os.environ["BEEPSIM_RECORDINGS"]).glob("*.waves.parquet"))
    assert paths
    for path in paths:
        robots, bullets = (path.with_name(path.name.replace(".waves.", f".{k}.")) for k in ("robots", "bullets"))
        result = compare(read_tables(robots, bullets, content_hash(robots, bullets)), read_reference(path))
        assert result.matched >= 0.99 * result.waves, path.name
        for column in result.columns:
            assert column.share >= 0.99, (path.name, column)
