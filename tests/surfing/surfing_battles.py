"""Battles in which a surfer notes what it believes, and the recordings of the same battles."""

from pathlib import Path

import numpy as np

from beepsim.battle import Rules, names_of, on_stage
from beepsim.loop import play_round
from beepsim.results import recording_of
from beepsim.robots.loader import load_bot

NOTING = Path(__file__).parent / "noting.py"


def noted_battle(enemy, rounds=8, weights=None, seed=5):
    """What the surfer noted, its memory, and the battle's recording; the surfer is robot 0."""
    settings = f":weights={weights}" if weights else ""
    bots = [load_bot(f"{NOTING}{settings}+linear"), load_bot(enemy)]
    rules = Rules(num_rounds=rounds)
    with on_stage(bots, names_of(bots), seed, rules, None, is_recorded=True) as stage, np.errstate(all="ignore"):
        played = [play_round(stage) for _ in range(rounds)]
        recording = recording_of(bots, names_of(bots), rules, seed, played)
        memory = stage.memories[0]["move"][0].copy()
    return memory["notes"][: memory["count"]], memory, recording
