"""Training of every variant in every fold, each kept as weights with its learning curve."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beepsim.errors import UserError
from beepsim.experiments.config import Variant
from beepsim.experiments.parts import plain_name
from beepsim.experiments.split import Fold
from beepsim.files import write_json
from beepsim.progress import show_progress
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.train import train, training_key
from beepsim.targeting.weights import Weights, load_weights, save_weights

Row = dict[str, Any]
INFLUENCE_PAIRS = 4000


@dataclass(frozen=True)
class Learned:
    """A variant as trained in one fold; `history` are the rows of its learning curve."""

    variant: str
    fold: int
    key: str
    weights: Weights
    history: list[Row]
    skipped_steps: int


def train_variants(
    variants: Sequence[Variant], folds: Sequence[Fold], battles: Sequence[BattleWaves], folder: Path, device: str
) -> list[Learned]:
    """Everything trained, from files where it was trained before; an interrupted training goes on where it stopped."""
    jobs = [(variant, fold) for fold in folds for variant in variants]
    learned = []
    with show_progress("Training", sum(variant.train.steps for variant, _ in jobs), "steps") as update:
        before = 0
        for variant, fold in jobs:
            training = [battle for battle in battles if battle.target in fold.train]
            validation = [battle for battle in battles if battle.target in fold.validation]
            key = training_key(training, validation, variant.model, variant.train)
            stem = f"{plain_name(variant.name)}-fold{fold.number}-{key}"
            weights_path, curve_path = folder / f"{stem}.safetensors", folder / f"{stem}.json"
            if not weights_path.exists():
                checkpoint = folder / f"{stem}.checkpoint"
                result = train(
                    training,
                    validation,
                    variant.model,
                    variant.train,
                    checkpoint,
                    lambda step, before=before: update(before + step),  # type: ignore[misc]
                    device,
                )
                history = [{name: finite(value) for name, value in row.items()} for row in result.history]
                write_json(curve_path, {"history": history, "skipped_steps": result.skipped_steps})
                save_weights(weights_path, result.weights)
                checkpoint.unlink(missing_ok=True)
            before += variant.train.steps
            update(before)
            curve = read_curve(curve_path)
            learned.append(
                Learned(
                    variant.name,
                    fold.number,
                    key,
                    load_weights(weights_path),
                    curve["history"],
                    curve["skipped_steps"],
                )
            )
    return learned


def finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def read_curve(path: Path) -> dict[str, Any]:
    try:
        curve: dict[str, Any] = json.loads(path.read_text())
        return curve
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path} is missing or damaged ({error}); remove the weights beside it to train again"
        ) from None


def learning_rows(learned: Sequence[Learned]) -> list[Row]:
    """The learning curves as one table."""
    return [{"model": one.variant, "fold": one.fold, **row} for one in learned for row in one.history]


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
    """What each training ended with: bandwidth, floor, best validation loss, steps without a finite gradient."""
    return [
        {
            "model": one.variant,
            "fold": one.fold,
            "bandwidth": one.weights.bandwidth,
            "floor": one.weights.floor,
            "best_validation_loss": min(row["validation_loss"] for row in one.history),
            "skipped_steps": one.skipped_steps,
            "key": one.key,
        }
        for one in learned
    ]
