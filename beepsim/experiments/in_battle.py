"""Guns that learn in battle: networks pretrained for every fold, and replay spread over processes, both kept as files.

Processes, not threads: what these guns do is torch's, on one thread each, and holds on to the interpreter.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from shutil import rmtree

import numpy as np

from beepsim.experiments.config import FOR_SURFERS
from beepsim.experiments.evaluation import data_key, load_shots, save_shots
from beepsim.experiments.learning import CHECKPOINT, Learned, kept_battles, with_suffix
from beepsim.experiments.parts import part_key
from beepsim.experiments.split import Fold
from beepsim.progress import show_progress
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.in_battle import NEEDED, VERSION, InBattle, in_battle_gun
from beepsim.targeting.network import Network, NetworkConfig, load_network, pretrain, pretraining_key, save_network
from beepsim.targeting.replay import replay
from beepsim.targeting.weights import Weights
from beepsim.workers import spread


@dataclass(frozen=True)
class Pretraining:
    """One fold's network, as a worker process gets it: wave tables by path, where the result goes."""

    tables: tuple[Path, ...]
    fold: Fold
    config: NetworkConfig
    path: Path

    def __str__(self) -> str:
        return f"pretraining of the network of fold {self.fold.number}"


@dataclass(frozen=True)
class Replay:
    """One gun in one battle, as a worker process gets it; `weights` and network of the fold that tests the opponent.

    The shots go into `path`.
    """

    tables: tuple[Path, ...]
    battle: str
    gun: InBattle
    weights: tuple[Weights, ...]
    network: Path | None
    seed: int
    path: Path

    def __str__(self) -> str:
        return f"replay of {self.gun!r} in {self.battle}"


def pretrain_networks(
    config: NetworkConfig, folds: Sequence[Fold], battles: Sequence[BattleWaves], tables: Sequence[Path], folder: Path
) -> dict[int, Path]:
    """File of each fold's network, learned from all opponents that the fold does not test; kept ones are not learned
    again, an interrupted pretraining goes on where it stopped."""
    jobs = []
    for fold in folds:
        key = pretraining_key(not_tested(battles, fold), config)
        jobs.append(Pretraining(tuple(tables), fold, config, folder / f"network-fold{fold.number}-{key}.safetensors"))
    missing = [job for job in jobs if not job.path.exists()]
    if missing:
        with show_progress("Pretraining", len(missing), "networks") as update:
            spread(pretrain_one, missing, os.cpu_count() or 1, str, update)
    return {job.fold.number: job.path for job in jobs}


def not_tested(battles: Sequence[BattleWaves], fold: Fold) -> list[BattleWaves]:
    return [battle for battle in battles if battle.target not in fold.test]


def pretrain_one(job: Pretraining) -> None:
    """A worker's part of `pretrain_networks`."""
    checkpoint = with_suffix(job.path, CHECKPOINT)
    network = pretrain(not_tested(kept_battles(job.tables), job.fold), job.config, checkpoint)
    save_network(job.path, network)
    checkpoint.unlink(missing_ok=True)


def replay_in_battle(
    names: Sequence[InBattle],
    learned: Sequence[Learned],
    networks: Mapping[int, Path],
    folds: Sequence[Fold],
    battles: Sequence[BattleWaves],
    tables: Sequence[Path],
    folder: Path,
    seed: int,
) -> dict[str, dict[str, np.ndarray]]:
    """Shots of each gun by battle, as `replay_guns`; the guns are made of the first variant and of the networks.

    Battles are kept one by one until a gun has fired in all of them.
    """
    models = first_models(learned)
    fold_of = {target: fold.number for fold in folds for target in fold.test}
    paths, jobs = {}, []
    for name in names:
        needed = NEEDED[name]
        used = {fold.number: models[fold.number][: needed.weights] for fold in folds}
        network_of = networks if needed.network else {}
        parts = [[one.key for one in used[fold.number]] for fold in folds]
        key = part_key(name, VERSION, seed, parts, [path.name for path in network_of.values()], data_key(battles))
        paths[name] = folder / f"{name}-{key}.parquet"
        for count, battle in enumerate([] if paths[name].exists() else battles):
            fold = fold_of[battle.target]
            weights = tuple(one.weights for one in used[fold])
            part = folder / f"{name}-{key}" / f"{count}.parquet"
            jobs.append(Replay(tuple(tables), battle.battle, name, weights, network_of.get(fold), seed, part))
    missing = [job for job in jobs if not job.path.exists()]
    if missing:
        with show_progress("Replaying in battle", len(missing), "battles") as update:
            spread(replay_one, missing, os.cpu_count() or 1, str, update)
    shots: dict[str, dict[str, np.ndarray]] = {}
    for name, path in paths.items():
        mine = [job for job in jobs if job.gun == name]
        if mine:
            save_shots(path, {job.battle: load_shots(job.path)[job.battle] for job in mine})
            rmtree(mine[0].path.parent)
        shots[name] = load_shots(path)
    return shots


def first_models(learned: Sequence[Learned]) -> dict[int, list[Learned]]:
    """Of each fold the first variant and, where there is one, its model for surfers."""
    first = learned[0].variant
    models: dict[int, list[Learned]] = {}
    for name in (first, first + FOR_SURFERS):
        for one in learned:
            if one.variant == name and one.restart == 0:
                models.setdefault(one.fold, []).append(one)
    return models


def replay_one(job: Replay) -> None:
    """A worker's part of `replay_in_battle`."""
    network = None if job.network is None else kept_network(job.network)
    battle = next(battle for battle in kept_battles(job.tables) if battle.battle == job.battle)
    save_shots(job.path, {job.battle: replay(battle, in_battle_gun(job.gun, job.weights, network, job.seed))})


@cache
def kept_network(path: Path) -> Network:
    """A fold's network; kept, because a worker replays many of the fold's battles."""
    return load_network(path)
