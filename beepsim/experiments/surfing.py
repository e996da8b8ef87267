"""A surfing experiment: what the enemy's gun will do, learned with every loss, and how often each surfer is hit."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from beepsim.experiments.config import Experiment, list_variants
from beepsim.experiments.data import SHOOTER, gather_battles
from beepsim.experiments.evaluation import density_panels, load_shots, save_shots
from beepsim.experiments.learning import Learned, learning_rows, train_variants
from beepsim.experiments.parts import part_key, plain_name
from beepsim.experiments.report import Section
from beepsim.experiments.split import Fold, split_opponents
from beepsim.experiments.surfing_sections import SurfingOutcome, compose_surfing, rank_surfers, summarise_surfers
from beepsim.progress import show_progress
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.surfers import DODGE, SURFERS, Surfer, dodge, learned_surfer
from beepsim.targeting.surfing import SurferWaves, load_surfers

DRAWN = 3  # learned surfers in the pictures of densities, beside the plain KNN


def run_surfing(experiment: Experiment, folder: Path, device: str) -> tuple[list[str], list[Section], list[Section]]:
    """Fight or read, train, dodge; findings, the sections of the page and the tables that only stand beside it.

    The surfer is robot 0 of every battle, its enemy the opponent. Raises UserError for data that does not fit.
    """
    paths = [file.path for file in gather_battles(experiment, folder / "battles")]
    battles = load_surfers(paths, SHOOTER)
    split, seed = experiment.split, experiment.seed
    folds = split_opponents([battle.target for battle in battles], split.folds, split.validation, seed)
    variants = list_variants(experiment)
    learned = train_variants(variants, folds, battles, paths, folder / "models", device, load=load_robot_0)
    dodges = dodge_all(learned, folds, battles, folder / "dodges")
    ranked = rank_surfers(summarise_surfers(dodges, seed), learned)
    panels = density_panels(learned, ranked[:DRAWN], folds, battles, experiment.density_waves, seed)
    findings, sections = compose_surfing(SurfingOutcome(experiment, folds, battles, learned, dodges, panels))
    return findings, sections, [Section("learning_curves", "", "", learning_rows(learned))]


def load_robot_0(recordings: Sequence[Path]) -> Sequence[BattleWaves]:
    """What a worker process trains on."""
    return load_surfers(recordings, SHOOTER)


def dodge_all(
    learned: Sequence[Learned], folds: Sequence[Fold], battles: Sequence[SurferWaves], folder: Path
) -> dict[str, dict[str, np.ndarray]]:
    """DODGEs of each surfer by battle; a learned one surfs with the weights of the fold that tests the enemy.

    From files where they were computed before.
    """
    fold_of = {target: fold.number for fold in folds for target in fold.test}
    shared = part_key(DODGE.descr, [(battle.battle, battle.content_hash) for battle in battles])
    jobs: dict[str, tuple[str, Callable[[SurferWaves], Surfer]]] = {
        name: (part_key(name, shared), lambda battle, surfer=surfer: surfer)  # type: ignore[misc]
        for name, surfer in SURFERS.items()
    }
    for name in dict.fromkeys(one.variant for one in learned):
        mine = {one.fold: one for one in learned if one.variant == name}
        surfers = {number: learned_surfer(name, one.weights) for number, one in mine.items()}
        key = part_key([one.key for one in mine.values()], shared)
        jobs[name] = (key, lambda battle, surfers=surfers: surfers[fold_of[battle.target]])  # type: ignore[misc]
    dodges = {}
    with (
        show_progress("Surfing", len(jobs) * len(battles), "battles") as update,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        done = 0
        for name, (key, surfer_for) in jobs.items():
            path = folder / f"{plain_name(name)}-{key}.parquet"
            if not path.exists():
                found = {}
                work = pool.map(lambda battle, chosen=surfer_for: dodge(battle, chosen(battle)), battles)  # type: ignore[misc]
                for count, (battle, one) in enumerate(zip(battles, work, strict=True), 1):
                    found[battle.battle] = one
                    update(done + count)
                save_shots(path, found)
            done += len(battles)
            update(done)
            dodges[name] = load_shots(path, DODGE)
    return dodges
