"""Battles whose first robot keeps every row that its WATCH hands over, beside the recording of the same battle."""

from pathlib import Path

import numpy as np

from beepsim.battle import fight, on_stage
from beepsim.battle_rules import Rules
from beepsim.loop import play_round
from beepsim.recording.format import Recording, read_recording
from beepsim.robots.loader import load_bot
from beepsim.waves.history import ADVANCING, LATERAL
from beepsim.waves.table import extract_waves

GUN = """
import numpy as np

from beepsim.robots.compiled import shoot
from beepsim.waves.extract import ROW
from beepsim.waves.live import WATCH, watch_turn

MEMORY = np.dtype([("watch", WATCH), ("count", "i8"), ("rows", ROW, 6000), ("past", "f4", (6000, 28))])


def aim(view, events, target, memory, command):
    watch = memory.watch
    power = POWER
    shoot(view, target, command, target.bearing, power)
    if watch_turn(watch, view, events, target, command, power, MOST):
        for i in range(watch["broken"]):
            slot = watch["broken_slots"][i]
            memory.rows[memory.count], memory.past[memory.count] = watch["rows"][slot], watch["past"][slot]
            memory.count += 1
"""


def gun_file(folder: Path, power: str, most_virtual: float) -> Path:
    """A head-on gun that watches; `power` is an expression in its terms."""
    path = folder / "watcher.py"
    path.write_text(GUN.replace("POWER", power).replace("MOST", repr(most_virtual)))
    return path


def live_and_recorded(
    folder: Path, mover: str, target: str, power: str, seed: int, rounds: int, most_virtual: float = 1e9
) -> tuple[np.ndarray, np.ndarray, Recording]:
    """(rows kept in the battle, rows of its recording, recording), rows in firing order."""
    rules = Rules(num_rounds=rounds)
    bots = [load_bot(f"{mover}+{gun_file(folder, power, most_virtual)}"), load_bot(target)]
    names = [bot.name for bot in bots]
    with on_stage(bots, names, seed, rules, None) as stage:
        for _ in range(rounds):
            play_round(stage)
        assert stage.faults == [[], []]
        memory = stage.memories[0]["aim"][0].copy()
    record = folder / "live.battle"
    fight(bots, seed, rules, record)
    recording = read_recording(record)
    rows = memory["rows"][: memory["count"]].copy()
    for name, column in zip(LATERAL + ADVANCING, memory["past"][: memory["count"]].T, strict=True):
        rows[name] = column
    order = np.lexsort((rows["fire_turn"], rows["round"]))
    return rows[order], extract_waves(recording, 0).rows, recording
