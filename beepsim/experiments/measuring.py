"""Every loss measured at every trained model, on shots at the opponents that the model was never trained on."""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beepsim.errors import UserError
from beepsim.experiments.learning import Learned, kept_battles
from beepsim.experiments.parts import part_key, plain_name
from beepsim.experiments.split import Fold
from beepsim.files import replacing
from beepsim.progress import show_progress
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.gradients import CANDIDATES, MEASURED, QUERIES, measure_losses
from beepsim.targeting.losses import LOSSES
from beepsim.targeting.weights import Weights, initial_weights
from beepsim.workers import spread

START = "before training"
"""The weights that the first variant starts from, as one more model."""


@dataclass(frozen=True)
class Measured:
    """One model of one fold: MEASURED [Q] for each battle with the fold's test opponents."""

    model: str
    fold: int
    by_battle: dict[str, np.ndarray]


@dataclass(frozen=True)
class Job:
    """One measurement, as a worker process gets it."""

    tables: tuple[Path, ...]
    model: str
    fold: Fold
    weights: Weights
    seed: int
    path: Path

    def __str__(self) -> str:
        return f"losses of {self.model!r} in fold {self.fold.number}"


def measure_models(
    learned: Sequence[Learned],
    folds: Sequence[Fold],
    battles: Sequence[BattleWaves],
    tables: Sequence[Path],
    folder: Path,
    seed: int,
) -> list[Measured]:
    """All losses at all models where these were trained with more than one loss, from files where they are there.

    Spread over one process a core; the result does not depend on their number.
    """
    if len({one.loss for one in learned}) < 2:
        return []
    jobs = []
    for fold in folds:
        data = [battle.content_hash for battle in battles if battle.target in fold.test]
        mine = [one for one in learned if one.fold == fold.number]
        start = initial_weights(mine[0].weights.config)
        models = [(START, [asdict(start.config)], start), *((one.variant, one.key, one.weights) for one in mine)]
        for name, model_key, weights in models:
            key = part_key(model_key, data, seed, MEASURED.descr, list(LOSSES), QUERIES, CANDIDATES)
            path = folder / f"{plain_name(name)}-fold{fold.number}-{key}.parquet"
            jobs.append(Job(tuple(tables), name, fold, weights, seed, path))
    missing = [job for job in jobs if not job.path.exists()]
    if missing:
        with show_progress("Measuring losses", len(missing), "models") as update:
            spread(measure_one, missing, min(os.cpu_count() or 1, len(missing)), str, update)
    return [Measured(job.model, job.fold.number, load_measured(job.path)) for job in jobs]


def measure_one(job: Job) -> None:
    """A worker's part of `measure_models`."""
    battles = [battle for battle in kept_battles(job.tables) if battle.target in job.fold.test]
    save_measured(job.path, measure_losses(job.weights, battles, job.seed))


def save_measured(path: Path, by_battle: dict[str, np.ndarray]) -> None:
    names = [name for name, rows in by_battle.items() for _ in range(len(rows))]
    rows = np.concatenate([np.zeros(0, MEASURED), *by_battle.values()])
    columns: dict[str, Any] = {"battle": pa.array(names, pa.string())}
    for name in MEASURED.names or ():
        for place, column in enumerate(np.atleast_2d(rows[name].T)):
            columns[f"{name}_{place}"] = np.ascontiguousarray(column)
    with replacing(path) as temporary:
        pq.write_table(pa.table(columns), temporary, compression="zstd")


def load_measured(path: Path) -> dict[str, np.ndarray]:
    """Raises UserError where the file is damaged."""
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(use_threads=False)
        rows = np.zeros(len(table), MEASURED)
        for name in MEASURED.names or ():
            for place, column in enumerate(np.atleast_2d(rows[name].T)):
                column[:] = table.column(f"{name}_{place}").to_numpy()
        owner = np.array(table.column("battle").to_pylist(), dtype=object)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise UserError(f"{path} is damaged ({error}); remove it to measure again") from None
    return {battle: rows[owner == battle] for battle in dict.fromkeys(owner)}
