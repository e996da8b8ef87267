"""Surfing live: the same surfer with danger weights of every variant, against the same enemies with the same seeds.

Robot 0 is the surfer. What it learns from are other battles of its own, with the weights that its file names; each
enemy is met with weights of the fold that never trained on it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from beepsim.battle import SEEDS
from beepsim.experiments.fights import Duel, fight_all, plan_duel
from beepsim.experiments.learning import Learned, learning_rows, train_variants, weights_file
from beepsim.experiments.live_config import MOVEMENT_PLACE, LiveSurfing, with_weights
from beepsim.experiments.live_surfing_sections import LiveOutcome, compose_live_surfing
from beepsim.experiments.report import Section
from beepsim.experiments.split import split_opponents
from beepsim.experiments.surfing import load_robot_0

SURFER, ENEMY = 0, 1


def run_live_surfing(
    experiment: LiveSurfing, folder: Path, device: str
) -> tuple[list[str], list[Section], list[Section]]:
    """Findings, the sections of the page, and the tables that only stand beside it.

    Raises UserError for bots that cannot fight, and where battles hold too little to learn from.
    """
    battles, split = experiment.battles, experiment.split
    lessons = plan_lessons(experiment, folder / "battles")
    fight_all(lessons, "Fighting to learn")
    labels = {enemy: lessons[place].labels[ENEMY] for place, enemy in enumerate(battles.enemies)}
    folds = split_opponents(list(labels.values()), split.folds, split.validation, experiment.seed)
    recordings = [duel.recording for duel in lessons if duel.recording]
    seen, models = load_robot_0(recordings), folder / "models"
    learned = train_variants(experiment.variants(), folds, seen, recordings, models, device, load=load_robot_0)
    fold_of = {enemy: fold.number for fold in folds for enemy, label in labels.items() if label in fold.test}
    units = [(enemy, season) for enemy in battles.enemies for season in range(battles.seasons)]
    tests = plan_tests(experiment, learned, fold_of, units, folder)
    figures = fight_all([duel for duels in tests.values() for duel in duels], "Fighting to be tested")
    per_surfer = figures.reshape(len(tests), len(units), 2)
    series = {name: per_surfer[place, :, ENEMY] for place, name in enumerate(tests)}
    outcome = LiveOutcome(experiment, units, series, learned, [(enemy, fold_of[enemy]) for enemy in battles.enemies])
    findings, sections = compose_live_surfing(outcome)
    return findings, sections, [Section("learning_curves", "", "", learning_rows(learned))]


def plan_lessons(experiment: LiveSurfing, folder: Path) -> list[Duel]:
    """What the surfer learns from, season by season."""
    battles = experiment.battles
    rules, enemies = battles.rules(), battles.enemies
    return [
        plan_duel((battles.surfer, enemy), seed_of(experiment, season * len(enemies) + place), rules, folder, True)
        for season in range(battles.training_seasons)
        for place, enemy in enumerate(enemies)
    ]


def plan_tests(
    experiment: LiveSurfing,
    learned: Sequence[Learned],
    fold_of: Mapping[str, int],
    units: Sequence[tuple[str, int]],
    folder: Path,
) -> dict[str, list[Duel]]:
    """The duels of each surfer in the order of `units`: every variant, the surfer as it is, and the others."""
    battles = experiment.battles
    file_of = {(one.variant, one.fold): weights_file(folder / "models", one) for one in learned}
    surfers = {
        name: [with_weights(battles.surfer, file_of[name, fold_of[enemy]], MOVEMENT_PLACE) for enemy, _ in units]
        for name in dict.fromkeys(one.variant for one in learned)
    }
    surfers |= {bot: [bot] * len(units) for bot in (battles.surfer, *battles.others)}
    taken = battles.training_seasons * len(battles.enemies)
    return {
        name: [
            plan_duel(
                (bot, enemy), seed_of(experiment, taken + place), battles.rules(), folder / "battles", is_recorded=False
            )
            for place, (bot, (enemy, _)) in enumerate(zip(bots, units, strict=True))
        ]
        for name, bots in surfers.items()
    }


def seed_of(experiment: LiveSurfing, number: int) -> int:
    return (experiment.seed * 1_000_003 + number) % SEEDS
