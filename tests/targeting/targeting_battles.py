"""Battles that tests of targeting share: a real one, and made ones in which a chosen feature decides the angle."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from beepsim.recording.robocode_tables import read_tables
from beepsim.targeting.battles import BattleWaves, battles_of
from beepsim.waves.extract import ROW
from beepsim.waves.table import WaveSource, WaveTable, extract_waves, save_waves

STEM = Path(__file__).parents[1] / "data" / "recordings" / "kawigi.mini.Coriantumr_1.1"
ROUND_WAVES = 100
FLIGHT = 30  # turns
HALF_BOT = 18.0  # px


@cache
def real_battle(shooter: int = 0) -> BattleWaves:
    recording = read_tables(Path(f"{STEM}.robots.parquet"), Path(f"{STEM}.bullets.parquet"), "0" * 64)
    return battles_of(extract_waves(recording, shooter))[0]


def made_battle(count: int, seed: int = 0, real_every: int = 4) -> BattleWaves:
    """A battle of `count` waves: acceleration decides the GF, every other feature is noise or constant.

    One wave each turn from turn 20 on, ROUND_WAVES a round; each breaks FLIGHT to FLIGHT + 9 turns later.
    """
    rng = np.random.default_rng(seed)
    rows = np.zeros(count, ROW)
    number = np.arange(count)
    rows["round"] = number // ROUND_WAVES
    rows["fire_turn"] = 20 + number % ROUND_WAVES
    rows["aim_turn"] = rows["fire_turn"] - 1
    rows["break_turn"] = rows["fire_turn"] + FLIGHT + rng.integers(0, 10, count)
    rows["real"] = number % real_every == 0
    rows["outcome"] = rows["real"]
    rows["virtuality"] = np.where(rows["real"], 0.0, 2.0)
    rows["source_x"], rows["source_y"], rows["field_width"], rows["field_height"] = 400.0, 100.0, 800.0, 600.0
    rows["power"], rows["bullet_speed"] = 2.0, 14.0
    rows["distance"] = rng.uniform(300.0, 500.0, count)
    rows["bft"] = rows["distance"] / rows["bullet_speed"]
    rows["absolute_bearing"] = rng.uniform(-0.3, 0.3, count)
    rows["target_x"] = rows["source_x"] + rows["distance"] * np.sin(rows["absolute_bearing"])
    rows["target_y"] = rows["source_y"] + rows["distance"] * np.cos(rows["absolute_bearing"])
    rows["target_heading"], rows["target_velocity"] = rng.uniform(0.0, 6.28, count), rng.uniform(-8.0, 8.0, count)
    rows["target_turn_rate"] = rng.uniform(-0.1, 0.1, count)
    rows["orbit_direction"] = rng.choice([-1.0, 1.0], count)
    rows["move_direction"] = 1.0
    rows["escape_left"], rows["escape_right"] = rng.uniform(0.3, 0.6, (2, count))
    rows["vel"] = np.abs(rows["target_velocity"])
    rows["accel"] = rng.uniform(-2.0, 2.0, count)
    rows["advVel"] = rng.uniform(-8.0, 8.0, count)
    rows["didHit"] = rng.integers(0, 2, count)
    return with_guess_factors(rows, np.clip(0.45 * rows["accel"] + rng.normal(0.0, 0.02, count), -0.95, 0.95), seed)


def saved_table(path: Path, *battles: BattleWaves) -> str:
    """One wave table of all the battles, each against an opponent of its own."""
    rows = np.concatenate([battle.rows for battle in battles])
    rows["battle"] = np.repeat(np.arange(len(battles)), [len(battle.rows) for battle in battles])
    sources = (
        WaveSource(f"battle {i}", "shooter 1.0", f"target {i}", 0, "beepsim", 1, "1", ()) for i in range(len(battles))
    )
    save_waves(path, WaveTable(rows, tuple(sources)))
    return str(path)


def with_guess_factors(rows: np.ndarray, guess_factors: np.ndarray, seed: int = 0) -> BattleWaves:
    """The battle of these rows with hit intervals of a bot's width around the guess factors [W]."""
    rows = rows.copy()
    is_clockwise = rows["orbit_direction"] > 0
    negative = np.where(is_clockwise, rows["escape_left"], rows["escape_right"])
    positive = np.where(is_clockwise, rows["escape_right"], rows["escape_left"])
    offset = rows["orbit_direction"] * guess_factors * np.where(guess_factors < 0.0, negative, positive)
    half = HALF_BOT / rows["distance"]
    rows["hit_low"], rows["hit_high"], rows["hit_offset"] = offset - half, offset + half, offset
    ends = np.stack([rows["orbit_direction"] * (offset + side * half) for side in (-1.0, 1.0)])
    ends.sort(axis=0)
    ends = np.clip(ends / np.where(ends < 0.0, negative, positive), -0.99999, 0.99999)
    rows["gf"], rows["gf_low"], rows["gf_high"] = guess_factors, ends[0], ends[1]
    return BattleWaves(f"made {seed}", "shooter 1.0", f"target {seed}", rows)


def with_rows(battle: BattleWaves, rows: np.ndarray) -> BattleWaves:
    return replace(battle, rows=rows)
