"""The recording that tests of the wave table share: two rounds of a real battle, and BeepBoop's own log of it."""

from functools import cache
from pathlib import Path

from beepsim.recording.format import Recording, only_rounds
from beepsim.recording.robocode_tables import read_tables

FOLDER = Path(__file__).parents[1] / "data" / "recordings"
NAME = "kawigi.mini.Coriantumr_1.1"


@cache
def real_recording() -> Recording:
    return read_tables(FOLDER / f"{NAME}.robots.parquet", FOLDER / f"{NAME}.bullets.parquet", "0" * 64)


def first_round() -> Recording:
    return only_rounds(real_recording(), 1)
