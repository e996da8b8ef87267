"""Duels fought to compare bots live: each leaves one file of figures, and a recording where something learns from it.

The file's name ends in a hash of bots, of the package's code that they are made of, of rules and seed: what was fought
is never fought again, and what another code fought never used.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beepsim.battle import fight, names_of
from beepsim.battle_rules import Rules
from beepsim.errors import UserError
from beepsim.experiments.parts import part_key, plain_name
from beepsim.files import write_json
from beepsim.jit import source_hash
from beepsim.progress import show_progress
from beepsim.recording.format import SUFFIX
from beepsim.robots.loader import load_bot
from beepsim.rules import RULES_VERSION
from beepsim.workers import spread

FIGURES = np.dtype(
    [
        ("rounds", "i8"),
        ("turns", "i8"),
        ("shots", "i8"),
        ("hits", "i8"),
        ("damage", "f8"),  # by bullets
        ("faults", "i8"),  # of both robots
    ]
)
"""What one robot of a duel did to the other."""
LONGEST_STEM = 120


@dataclass(frozen=True)
class Duel:
    """Two bots by name, and the files of what came of it; `labels` are their names with version in the recording."""

    bots: tuple[str, str]
    labels: tuple[str, str]
    seed: int
    rules: Rules
    figures: Path
    recording: Path | None

    def __str__(self) -> str:
        return f"duel of {' and '.join(self.labels)} with seed {self.seed}"


def plan_duel(bots: tuple[str, str], seed: int, rules: Rules, folder: Path, is_recorded: bool) -> Duel:
    """Raises UserError for unknown bots."""
    loaded = [load_bot(bot) for bot in bots]
    names = names_of(loaded)
    labels = tuple(f"{name} {bot.version}".strip() for name, bot in zip(names, loaded, strict=True))
    code = [source_hash(part.path) for bot in loaded for part in bot.parts]
    key = part_key(RULES_VERSION, [bot.hash for bot in loaded], code, vars(rules), seed, FIGURES.descr)
    stem = f"{plain_name('_vs_'.join(names))[:LONGEST_STEM]}-{key}"
    recording = folder / f"{stem}{SUFFIX}" if is_recorded else None
    return Duel(bots, (labels[0], labels[1]), seed, rules, folder / f"{stem}.json", recording)


def fight_all(duels: Sequence[Duel], label: str) -> np.ndarray:
    """FIGURES [duels, 2] of both robots of each duel, fought by one process a core where they were not fought before.

    `label` stands before the progress.
    """
    missing = [duel for duel in dict.fromkeys(duels) if not is_fought(duel)]
    if missing:
        # The first is fought here: it fills the cache of machine code that the processes read.
        with show_progress(label, len(missing), "duels") as update:
            fight_one(missing[0])
            update(1)
            workers = min(os.cpu_count() or 1, len(missing))
            spread(fight_one, missing[1:], workers, str, lambda done: update(1 + done))
    return np.array([read_figures(duel.figures) for duel in duels], FIGURES).reshape(len(duels), 2)


def is_fought(duel: Duel) -> bool:
    return duel.figures.exists() and (duel.recording is None or duel.recording.exists())


def fight_one(duel: Duel) -> None:
    """A worker's part of `fight_all`; the figures come last, so that a duel that has them is complete."""
    result = fight(duel.bots, duel.seed, duel.rules, duel.recording)
    faults = sum(len(robot.faults) for robot in result.robots)
    rows = [
        {
            "rounds": len(robot.rounds),
            "turns": sum(result.turns),
            "shots": robot.shots,
            "hits": robot.hits,
            "damage": sum(one.bullet_damage for one in robot.rounds),
            "faults": faults,
        }
        for robot in result.robots
    ]
    write_json(duel.figures, {"bots": duel.labels, "seed": duel.seed, "figures": rows})


def read_figures(path: Path) -> list[tuple[float, ...]]:
    """Values of FIGURES of both robots."""
    try:
        rows = json.loads(path.read_text())["figures"]
        first, second = (tuple(row[name] for name in FIGURES.names or ()) for row in rows)
        return [first, second]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error!r}); remove it to fight this duel again") from None
