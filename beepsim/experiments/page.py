"""What an experiment found: its findings in words, and the sections of its report in their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from beepsim.experiments.ablation import ablation_section
from beepsim.experiments.calibration import calibration_sections
from beepsim.experiments.config import Experiment
from beepsim.experiments.curves import gradient_section, learning_section
from beepsim.experiments.gun_sections import (
    density_section,
    difference_section,
    feature_section,
    gun_section,
    split_section,
)
from beepsim.experiments.history import history_section
from beepsim.experiments.kinds import kind_sections
from beepsim.experiments.learning import Learned, learning_rows, model_rows, parameter_rows
from beepsim.experiments.loss_sections import loss_sections
from beepsim.experiments.measuring import Measured
from beepsim.experiments.opponents import opponent_rows, opponent_section, state_leaving_out
from beepsim.experiments.report import Section
from beepsim.experiments.restarts import restart_section
from beepsim.experiments.split import Fold
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.replay import Shots, compare, summarise

Row = dict[str, Any]
DENSITY_CURVES = 3  # learned guns in the pictures of densities, beside the plain KNN
REFERENCES = ("beepboop_main", "knn")
"""Baselines that the learned guns stand beside in plots; the first that is there is what gains are counted from."""


@dataclass(frozen=True)
class Outcome:
    """All that the report of an experiment is made of.

    `learned` and `shots` are of the guns that are compared, one training a variant and fold; `everything` and
    `all_shots` are of every restart. `measured`: every loss at every model; `ablated`: shots of the best variant
    without each feature, by feature.
    """

    experiment: Experiment
    folds: Sequence[Fold]
    battles: Sequence[BattleWaves]
    learned: Sequence[Learned]
    shots: Shots
    panels: Sequence[Row]
    measured: Sequence[Measured] = ()
    ablated: Shots = field(default_factory=dict)
    everything: Sequence[Learned] = ()
    all_shots: Shots = field(default_factory=dict)


def rank_variants(guns: Sequence[Row], learned: Sequence[Learned]) -> list[str]:
    """Names of the learned guns, best log density first."""
    names = {one.variant for one in learned}
    return [row["gun"] for row in sorted(guns, key=lambda row: row["log_density"], reverse=True) if row["gun"] in names]


def curves_to_draw(ranked: Sequence[str], learned: Sequence[Learned]) -> list[str]:
    """The best learned gun of each kernel, then the next best."""
    kernels = {one.variant: one.weights.config.kernel for one in learned}
    return best_of_each(ranked, kernels)[:DENSITY_CURVES]


def best_of_each(ranked: Sequence[str], kinds: Mapping[str, str]) -> list[str]:
    """The first name of each kind, then the rest, both in their order."""
    best: dict[str, str] = {}
    for name in ranked:
        best.setdefault(kinds[name], name)
    return [*best.values(), *(name for name in ranked if name not in best.values())]


def compose(outcome: Outcome) -> tuple[list[str], list[Section]]:
    """Findings, one sentence each, and the sections of the page."""
    experiment, shots, learned = outcome.experiment, outcome.shots, outcome.learned
    guns = summarise(shots, experiment.seed)
    ranked = rank_variants(guns, learned)
    in_battle = [name for name in shots if name not in ranked and name not in experiment.guns]
    references = [gun for gun in REFERENCES if gun in shots] or list(experiment.guns[:1])
    best = max((row for row in guns if row["gun"] in (*ranked, *in_battle)), key=lambda row: row["log_density"])["gun"]
    mains = [*references, ranked[0], *in_battle[-1:]]
    differences = compare(shots, [*ranked, *in_battle], [*experiment.guns, ranked[0]], experiment.seed)
    (total,) = compare(shots, [best], references[:1], experiment.seed)
    by_opponent = opponent_rows(shots, outcome.battles, best, references[0], experiment.seed)
    losses = {one.variant: one.loss for one in learned}
    kernels = {one.variant: one.weights.config.kernel for one in learned}
    shown = list(dict.fromkeys([*best_of_each(ranked, losses), *best_of_each(ranked, kernels)]))
    sections = [
        gun_section(guns, {*ranked, *in_battle}),
        difference_section(differences),
        *kind_sections(
            shots, outcome.battles, experiment.split.surfers, [*ranked, *in_battle], experiment.guns, experiment.seed
        ),
        opponent_section(by_opponent, total, [*mains, best], best, references[0]),
        history_section(shots, mains, references[0], experiment.seed),
        *calibration_sections(shots, [*references, *in_battle, *shown], experiment.seed),
        density_section(outcome.panels),
        *restart_section(outcome.everything, outcome.all_shots, experiment.seed),
        *loss_sections(outcome.measured, ranked, experiment.seed),
        *ablation_section(shots, ranked[0], outcome.ablated, experiment.seed),
        feature_section(parameter_rows(learned, outcome.folds, outcome.battles), ranked[0]),
        learning_section(learning_rows(learned), model_rows(learned), ranked),
        gradient_section(learning_rows(learned), ranked, losses),
        split_section(outcome.folds, outcome.battles),
    ]
    findings = [
        describe_best(guns, best, len(ranked) + len(in_battle), outcome.battles),
        *state_differences(differences, best, experiment.guns),
        state_leaving_out(by_opponent, best, references[0]),
    ]
    if best != ranked[0]:
        findings.append(f"{ranked[0]}: the best of those that do not go on learning in battle.")
        findings += state_differences(differences, ranked[0], references)
    starts = {one.variant: one.weights.config.start for one in learned}
    neutral = [name for name in ranked if starts[name] == "neutral"][:1]
    for name in neutral if neutral != ranked[:1] else []:
        findings.append(f"{name}: the best of those that started without knowing which features matter.")
        findings += state_differences(differences, name, references)
    return findings, sections


def describe_best(guns: Sequence[Row], name: str, count: int, battles: Sequence[BattleWaves]) -> str:
    """The gun with the best log density of `count` learned ones, in words and numbers."""
    best = next(row for row in guns if row["gun"] == name)
    targets = len({battle.target for battle in battles})
    return (
        f"{best['gun']}: best mean log density of the {count} learned guns on these same shots; it hits "
        f"{100 * best['hit_rate']:.1f} % [{100 * best['hit_rate_low']:.1f}, {100 * best['hit_rate_high']:.1f}] of "
        f"{best['shots']} shots at {targets} opponents that it was never trained on."
    )


def state_differences(differences: Sequence[Row], gun: str, references: Sequence[str]) -> list[str]:
    """The gun against each reference: paired differences and whether their intervals are clear of zero."""
    rows = {row["reference"]: row for row in differences if row["gun"] == gun}
    findings = []
    for reference in references:
        row = rows[reference]
        value, low, high = (100 * row[f"hit_rate_difference{end}"] for end in ("", "_low", "_high"))
        clear = "clear of zero" if row["hit_rate_difference_is_clear"] else "not clear of zero"
        text = f"Against {reference}: {value:+.1f} points of hit rate [{low:+.1f}, {high:+.1f}], {clear}"
        value, low, high = (row[f"log_density_difference{end}"] for end in ("", "_low", "_high"))
        if np.isfinite(value):
            clear = "clear of zero" if row["log_density_difference_is_clear"] else "not clear of zero"
            text += f"; {value:+.3f} nats of log density [{low:+.3f}, {high:+.3f}], {clear}"
        findings.append(text + ".")
    return findings
