"""The loop: fight, collect waves, train the gun's weights, fight again with the new ones, for several generations.

Robot 0 is the shooter, robot 1 a mover. Each mover is shot at with weights of the fold that never trained on it. The
references fight the same battles: same movers, same seeds. New seeds in each generation: no wave is met twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from beepsim.battle import SEEDS
from beepsim.experiments.fights import Duel, fight_all, plan_duel
from beepsim.experiments.learning import Learned, learning_rows, train_variants, weights_file
from beepsim.experiments.live_config import GUN_PLACE, MOVEMENT_PLACE, TRAINED, Loop, with_weights
from beepsim.experiments.loop_sections import Generation, LoopOutcome, compose_loop
from beepsim.experiments.parts import part_key
from beepsim.experiments.report import Section
from beepsim.experiments.split import Fold, deal_classes
from beepsim.recording.format import read_recording
from beepsim.targeting.battles import BattleWaves, battles_of
from beepsim.targeting.surfing import load_surfers
from beepsim.targeting.weights import initial_weights, save_weights
from beepsim.waves.table import extract_waves

SHOOTER, MOVER = 0, 1


@dataclass(frozen=True)
class Meeting:
    """A duel of a generation: which gun met which mover, by the names in the configuration."""

    gun: str
    mover: str
    duel: Duel


def run_loop(loop: Loop, folder: Path, device: str) -> tuple[list[str], list[Section], list[Section]]:
    """Findings, the sections of the page, and the tables that only stand beside it.

    Raises UserError for bots that cannot fight, and where battles hold too little to learn from.
    """
    folds = deal_classes(list(loop.movers.values()), loop.split.folds, loop.split.validation, loop.seed)
    models = folder / "models"
    start = initial_weights(loop.aiming.variant("start", loop.seed).model)
    first = models / f"generation-0-{part_key(repr(start))}.safetensors"
    if not first.exists():
        save_weights(first, start)
    aiming, surfing = {fold.number: first for fold in folds}, None
    learned: list[Learned] = []
    met: list[Meeting] = []
    generations: list[Generation] = []
    for number in range(loop.generations + 1):
        meetings = plan_generation(loop, number, folds, aiming, surfing, folder / "battles")
        figures = fight_all([one.duel for one in meetings], f"Generation {number}: fighting")
        faults = int(figures[:, SHOOTER]["faults"].sum())
        guns = [TRAINED, *loop.references]
        series = {gun: figures[[one.gun == gun for one in meetings], SHOOTER] for gun in guns}
        generations.append(Generation(number, series, learned, faults))
        met += meetings
        if number < loop.generations:
            learned = train_guns(loop, number + 1, folds, met, models, device)
            aiming = {one.fold: weights_file(models, one) for one in learned}
            if loop.surfing:
                mover = train_surfers(loop, number + 1, met, models, device)
                surfing, learned = weights_file(models, mover), [*learned, mover]
    findings, sections = compose_loop(LoopOutcome(loop, folds, units(loop), generations))
    curves = learning_rows([one for generation in generations for one in generation.learned])
    return findings, sections, [Section("learning_curves", "", "", curves)]


def units(loop: Loop) -> list[tuple[str, int]]:
    """What is fought once a generation and gun: mover and season, class by class."""
    seasons = range(loop.battles.seasons)
    return [(mover, season) for movers in loop.movers.values() for mover in movers for season in seasons]


def plan_generation(
    loop: Loop, number: int, folds: Sequence[Fold], aiming: Mapping[int, Path], surfing: Path | None, folder: Path
) -> list[Meeting]:
    """All meetings, gun by gun, in the order of `units`; `aiming` are the weights of each fold."""
    fold_of = {mover: fold.number for fold in folds for mover in fold.test}
    rules, shooter = loop.battles.rules(), loop.battles.shooter
    learning = loop.surfing.movers if loop.surfing else []
    everyone = units(loop)
    meetings = []
    for gun in (TRAINED, *loop.references):
        for place, (mover, season) in enumerate(everyone):
            armed = f"{shooter}+{loop.gun if gun == TRAINED else gun}"
            if gun == TRAINED:
                armed = with_weights(armed, aiming[fold_of[mover]], GUN_PLACE)
            is_learning = mover in learning
            moved = with_weights(mover, surfing, MOVEMENT_PLACE) if surfing and is_learning else mover
            seed = (loop.seed * 1_000_003 + number * len(everyone) + place) % SEEDS
            is_recorded = season < loop.battles.lessons and (gun == TRAINED or is_learning)
            meetings.append(Meeting(gun, mover, plan_duel((armed, moved), seed, rules, folder, is_recorded)))
    return meetings


def train_guns(
    loop: Loop, number: int, folds: Sequence[Fold], met: Sequence[Meeting], folder: Path, device: str
) -> list[Learned]:
    """Weights of generation `number` in each fold, from all lessons that the trained gun has fought so far."""
    mine = [one for one in met if one.gun == TRAINED]
    labels = labels_by([(one.mover, one.duel.labels[MOVER]) for one in mine])
    labelled = [
        replace(fold, train=spelt(fold.train, labels), validation=spelt(fold.validation, labels), test=())
        for fold in folds
    ]
    recordings = recordings_of(mine)
    variant = loop.aiming.variant(f"generation {number}", loop.seed)
    battles = load_shooters(recordings)
    return train_variants([variant], labelled, battles, recordings, folder, device, load=load_shooters)


def train_surfers(loop: Loop, number: int, met: Sequence[Meeting], folder: Path, device: str) -> Learned:
    """The danger weights of generation `number`: what all guns did to the surfers so far; some guns only decide when
    to stop."""
    assert loop.surfing
    mine = [one for one in met if one.mover in loop.surfing.movers]
    labels = labels_by([(one.gun, one.duel.labels[SHOOTER]) for one in mine])
    order = [str(gun) for gun in np.random.default_rng([loop.seed, 0x5F]).permutation(sorted(loop.references))]
    kept = order[: max(1, round(loop.split.validation * (1 + len(order))))]
    fold = Fold(0, spelt([gun for gun in labels if gun not in kept], labels), spelt(kept, labels), ())
    recordings = recordings_of(mine)
    variant = loop.surfing.variant(f"generation {number} surfing", loop.seed)
    battles = load_movers(recordings)
    (learned,) = train_variants([variant], [fold], battles, recordings, folder, device, load=load_movers)
    return learned


def labels_by(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """The labels under which each name stands in recordings: with other weights it is another bot."""
    labels: dict[str, list[str]] = {}
    for name, label in dict.fromkeys(pairs):
        labels.setdefault(name, []).append(label)
    return labels


def spelt(names: Sequence[str], labels: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(label for name in names for label in labels[name])


def recordings_of(meetings: Sequence[Meeting]) -> list[Path]:
    return [one.duel.recording for one in meetings if one.duel.recording]


def load_shooters(recordings: Sequence[Path]) -> Sequence[BattleWaves]:
    """The waves that robot 0 fired, what a worker process trains a gun on; battles without a wave are left out."""
    tables = (extract_waves(read_recording(path), SHOOTER) for path in recordings)
    return [battle for table in tables if len(table) for battle in battles_of(table)]


def load_movers(recordings: Sequence[Path]) -> Sequence[BattleWaves]:
    """The bullets fired at robot 1, what a worker process trains a surfer on."""
    return load_surfers(recordings, MOVER)
