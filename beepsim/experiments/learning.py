"""Training of every variant in every fold, each kept as weights with its learning curve."""

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from beepsim.errors import UserError
from beepsim.experiments.config import Variant
from beepsim.experiments.parts import plain_name
from beepsim.experiments.split import Fold
from beepsim.files import write_json
from beepsim.progress import show_progress
from beepsim.targeting.battles import BattleWaves, load_battles
from beepsim.targeting.train import train, training_key
from beepsim.targeting.weights import Weights, load_weights, save_weights
from beepsim.workers import spread

Row = dict[str, Any]
Load = Callable[[Sequence[Path]], Sequence[BattleWaves]]
"""Reads battles from files; a function that worker processes can import."""
INFLUENCE_PAIRS = 4000
WEIGHTS, CURVE, CHECKPOINT = ".safetensors", ".json", ".checkpoint"


@dataclass(frozen=True)
class Learned:
    """A variant as trained in one fold, once for each restart; `history` are the rows of its learning curve."""

    variant: str
    fold: int
    key: str
    weights: Weights
    history: list[Row]
    skipped_steps: int
    restart: int = 0
    without: tuple[str, ...] = ()
    is_for_surfers: bool = False

    @property
    def gun(self) -> str:
        """Name under which its shots stand."""
        return self.variant + (f" (restart {self.restart + 1})" if self.restart else "")

    @property
    def loss(self) -> str:
        """What it was trained with."""
        return str(self.weights.provenance["training"]["loss"])

    @property
    def kept_step(self) -> int:
        """The step whose parameters were kept; the last one where their mean over the last half of the steps was."""
        kept = self.history[-1]["validation_loss"]
        return next(int(row["step"]) for row in self.history if row["validation_loss"] == kept)


@dataclass(frozen=True)
class Job:
    """One training, as a worker process gets it: battles by path, opponents by name, where the result goes."""

    tables: tuple[Path, ...]
    fold: Fold
    variant: Variant
    stem: Path
    device: str
    load: Load

    def __str__(self) -> str:
        return f"training of {self.variant.name!r} in fold {self.fold.number}"


def train_variants(
    variants: Sequence[Variant],
    folds: Sequence[Fold],
    battles: Sequence[BattleWaves],
    tables: Sequence[Path],
    folder: Path,
    device: str,
    surfers: Sequence[str] = (),
    load: Load = load_battles,
) -> list[Learned]:
    """Everything trained, from files where it was trained before; an interrupted training goes on where it stopped.

    Where some opponents are `surfers`, each variant learns from them or from the others only, as it is meant for.
    Spread over one process a core with one thread each: the result does not depend on the number of cores.
    """
    jobs, keys = [], []
    for fold in folds:
        for variant in variants:
            mine = fold.of_kind(surfers, variant.is_for_surfers)
            training, validation = choose(battles, mine)
            key = training_key(training, validation, variant.model, variant.train)
            stem = stem_of(folder, variant.name, fold.number, key)
            jobs.append(Job(tuple(tables), mine, variant, stem, device, load))
            keys.append(key)
    missing = [job for job in jobs if not with_suffix(job.stem, WEIGHTS).exists()]
    if missing:
        workers = min(os.cpu_count() or 1, len(missing)) if device == "cpu" else 1
        with show_progress("Training", len(missing), "models") as update:
            spread(train_one, missing, workers, str, update)
    learned = []
    for job, key in zip(jobs, keys, strict=True):
        history, skipped = read_curve(with_suffix(job.stem, CURVE))
        weights = load_weights(with_suffix(job.stem, WEIGHTS))
        learned.append(
            Learned(
                job.variant.name,
                job.fold.number,
                key,
                weights,
                history,
                skipped,
                job.variant.restart,
                job.variant.without,
                job.variant.is_for_surfers,
            )
        )
    return learned


def stem_of(folder: Path, variant: str, fold: int, key: str) -> Path:
    return folder / f"{plain_name(variant)}-fold{fold}-{key}"


def weights_file(folder: Path, one: Learned) -> Path:
    """Where `train_variants` with this folder keeps the weights."""
    return with_suffix(stem_of(folder, one.variant, one.fold, one.key), WEIGHTS)


def train_one(job: Job) -> None:
    """A worker's part of `train_variants`; writes weights and learning curve."""
    training, validation = choose(kept_battles(job.tables, job.load), job.fold)
    checkpoint = with_suffix(job.stem, CHECKPOINT)
    result = train(training, validation, job.variant.model, job.variant.train, checkpoint, None, job.device)
    history = [{name: finite(value) for name, value in row.items()} for row in result.history]
    # The curve first: weights that are there mean a training that is complete.
    write_json(with_suffix(job.stem, CURVE), {"history": history, "skipped_steps": result.skipped_steps})
    save_weights(with_suffix(job.stem, WEIGHTS), result.weights)
    checkpoint.unlink(missing_ok=True)


@cache
def kept_battles(tables: tuple[Path, ...], load: Load = load_battles) -> Sequence[BattleWaves]:
    """The battles of all tables; kept, because a worker trains many times on the same."""
    return load(tables)


def choose(battles: Sequence[BattleWaves], fold: Fold) -> tuple[list[BattleWaves], list[BattleWaves]]:
    """Battles to train on, and those that decide which step's weights are kept."""
    return (
        [battle for battle in battles if battle.target in fold.train],
        [battle for battle in battles if battle.target in fold.validation],
    )


def with_suffix(stem: Path, suffix: str) -> Path:
    return stem.with_name(stem.name + suffix)


def finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def read_curve(path: Path) -> tuple[list[Row], int]:
    """The rows of a learning curve, and how many steps were skipped."""
    try:
        curve = json.loads(path.read_text())
        return [dict(row) for row in curve["history"]], int(curve["skipped_steps"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{path} is missing or damaged ({error!r}); remove the weights beside it to train again"
        ) from None


def learning_rows(learned: Sequence[Learned]) -> list[Row]:
    """The learning curves as one table."""
    return [
        {"model": one.variant, "fold": one.fold, "restart": one.restart, **row}
        for one in learned
        for row in one.history
    ]


def parameter_rows(learned: Sequence[Learned], folds: Sequence[Fold], battles: Sequence[BattleWaves]) -> list[Row]:
    """Parameters of each feature, and its influence on the waves of the fold's test opponents."""
    rows = []
    for one in learned:
        test = [battle for battle in battles if battle.target in folds[one.fold].test]
        rng = np.random.default_rng([one.fold, 0x1F])
        pairs = [random_pairs(battle, rng) for battle in test if len(battle.queries)]
        if not pairs:
            continue
        influence = one.weights.influence(*(np.concatenate(side) for side in zip(*pairs, strict=True)))
        rows += [
            {
                "model": one.variant,
                "fold": one.fold,
                "feature": feature,
                "influence": float(influence[d]),
                **{name: float(getattr(one.weights, name)[d]) for name in ("w", "b", "p")},
            }
            for d, feature in enumerate(one.weights.config.features)
        ]
    return rows


def random_pairs(battle: BattleWaves, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Normalised features of random real shots and of random waves of the same battle."""
    queries = rng.choice(battle.queries, INFLUENCE_PAIRS)
    candidates = rng.integers(0, len(battle.rows), INFLUENCE_PAIRS)
    return battle.query_features[queries], battle.features[candidates]


def model_rows(learned: Sequence[Learned]) -> list[Row]:
    """What each training ended with: bandwidth, floor, validation loss, the last step that counts, steps skipped."""
    return [
        {
            "model": one.variant,
            "fold": one.fold,
            "bandwidth": one.weights.bandwidth,
            "floor": one.weights.floor,
            "validation_loss": one.history[-1]["validation_loss"],
            "kept_step": one.kept_step,
            "steps": one.history[-1]["step"],
            "skipped_steps": one.skipped_steps,
            "key": one.key,
        }
        for one in learned
    ]
