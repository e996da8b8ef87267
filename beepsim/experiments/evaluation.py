"""Replay of every gun on opponents that it was never trained on, kept as one Parquet file of shots for each gun."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from beepsim.errors import UserError
from beepsim.experiments.learning import Learned
from beepsim.experiments.parts import part_key, plain_name
from beepsim.experiments.split import Fold
from beepsim.files import replacing
from beepsim.progress import show_progress
from beepsim.targeting.aiming import GRID
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.guns import BASELINES, Gun, MixtureGun, learned_gun
from beepsim.targeting.replay import SHOT, replay

Row = dict[str, Any]
FEWEST_FOR_A_PICTURE = 100
"""Broken waves: a density drawn from fewer says little about the gun."""


def replay_guns(
    baselines: Sequence[str],
    learned: Sequence[Learned],
    folds: Sequence[Fold],
    battles: Sequence[BattleWaves],
    folder: Path,
) -> dict[str, dict[str, np.ndarray]]:
    """Shots of each gun by battle; a learned gun fires in each battle with the weights of the fold that tests it."""
    fold_of = {target: fold.number for fold in folds for target in fold.test}
    shared_key = data_key(battles)
    by_variant: dict[str, dict[int, Learned]] = {}
    for one in learned:
        by_variant.setdefault(one.gun, {})[one.fold] = one
    jobs: list[tuple[str, str, Callable[[BattleWaves], Gun]]] = [
        (name, part_key(name, shared_key), lambda battle, name=name: BASELINES[name])  # type: ignore[misc]
        for name in baselines
    ]
    for name, in_fold in by_variant.items():
        guns = {number: learned_gun(name, one.weights) for number, one in in_fold.items()}
        key = part_key([one.key for one in in_fold.values()], shared_key)
        jobs.append((name, key, lambda battle, guns=guns: guns[fold_of[battle.target]]))  # type: ignore[misc]
    shots = {}
    with show_progress("Replaying", len(jobs) * len(battles), "battles") as update:
        for count, (name, key, gun_for) in enumerate(jobs):
            path = folder / f"{plain_name(name)}-{key}.parquet"
            if not path.exists():
                save_shots(path, replay_battles(battles, gun_for, lambda n, c=count: update(c * len(battles) + n)))  # type: ignore[misc]
            update((count + 1) * len(battles))
            shots[name] = load_shots(path)
    return shots


def data_key(battles: Sequence[BattleWaves]) -> str:
    """Hash of all that shots depend on besides their gun."""
    return part_key(SHOT.descr, [(battle.battle, battle.content_hash) for battle in battles])


def replay_battles(
    battles: Sequence[BattleWaves], gun_for: Callable[[BattleWaves], Gun], update: Callable[[int], None]
) -> dict[str, np.ndarray]:
    """Shots by battle; threads, because the compiled part of aiming lets go of the interpreter."""
    shots = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        fired = pool.map(lambda battle: replay(battle, gun_for(battle)), battles)
        for count, (battle, found) in enumerate(zip(battles, fired, strict=True), 1):
            shots[battle.battle] = found
            update(count)
    return shots


def save_shots(path: Path, shots: dict[str, np.ndarray]) -> None:
    names = [name for name, found in shots.items() for _ in range(len(found))]
    rows = np.concatenate(list(shots.values()))
    columns: dict[str, Any] = {"battle": pa.array(names, pa.string()).dictionary_encode()}
    columns |= {name: np.ascontiguousarray(rows[name]) for name in rows.dtype.names or ()}
    # Battles without a shot have no row, but are part of the replay.
    table = pa.table(columns).replace_schema_metadata({"battles": "\n".join(shots)})
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def load_shots(path: Path, dtype: np.dtype = SHOT) -> dict[str, np.ndarray]:
    try:
        with pq.ParquetFile(path) as file:
            table = file.read(use_threads=False)
        battles = table.schema.metadata[b"battles"].decode().split("\n")
        rows = np.zeros(len(table), dtype)
        for name in dtype.names or ():
            rows[name] = table.column(name).to_numpy()
        owner = np.array(table.column("battle").to_pylist(), dtype=object)
    except (pa.ArrowException, OSError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged ({error}); remove it to replay again") from None
    return {battle: rows[owner == battle] for battle in battles}


def density_panels(
    learned: Sequence[Learned],
    variants: Sequence[str],
    folds: Sequence[Fold],
    battles: Sequence[BattleWaves],
    count: int,
    seed: int,
) -> list[Row]:
    """Densities of the plain KNN and of some learned guns for a few random shots, each at another test opponent."""
    rng = np.random.default_rng([seed, 0xDE])
    candidates = [battle for battle in battles if (battle.known[battle.queries] >= FEWEST_FOR_A_PICTURE).any()]
    chosen = rng.permutation(len(candidates))[:count]
    panels = []
    for battle in (candidates[index] for index in sorted(chosen)):
        eligible = battle.queries[battle.known[battle.queries] >= FEWEST_FOR_A_PICTURE]
        wave = rng.choice(eligible, 1)
        fold = next(fold.number for fold in folds if battle.target in fold.test)
        guns = [BASELINES["knn"]] + [
            learned_gun(one.variant, one.weights) for one in learned if one.fold == fold and one.variant in variants
        ]
        row = battle.rows[wave[0]]
        panels.append(
            {
                "title": f"{battle.target}\nround {row['round']}, turn {row['fire_turn']}, power {row['power']:.2f}, "
                f"{battle.known[wave[0]]} waves known",
                "grid": GRID,
                "interval": (float(row["gf_low"]), float(row["gf_high"])),
                "densities": {gun.name: gun.densities(battle, wave)[0] for gun in guns if isinstance(gun, MixtureGun)},
            }
        )
    return panels
