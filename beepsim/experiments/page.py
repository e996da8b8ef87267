"""What an experiment found, as the sections of its report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from beepsim.experiments import plots
from beepsim.experiments.config import Experiment
from beepsim.experiments.learning import Learned, learning_rows, model_rows, parameter_rows
from beepsim.experiments.report import Column, Section
from beepsim.experiments.split import Fold
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.replay import Shots, by_opponent, calibrate, compare, summarise

Row = dict[str, Any]
DENSITY_CURVES = 3  # learned guns in the pictures of densities, beside the plain KNN
CALIBRATED = ("knn", "beepboop_main")


def rank_variants(guns: Sequence[Row], learned: Sequence[Learned]) -> list[str]:
    """Names of the learned guns, best log density first."""
    names = {one.variant for one in learned}
    return [row["gun"] for row in sorted(guns, key=lambda row: row["log_density"], reverse=True) if row["gun"] in names]


def curves_to_draw(ranked: Sequence[str], learned: Sequence[Learned]) -> list[str]:
    """The best learned gun of each kernel, then the next best."""
    kernels = {one.variant: one.weights.config.kernel for one in learned}
    best: dict[str, str] = {}
    for name in ranked:
        best.setdefault(kernels[name], name)
    return [*best.values(), *(name for name in ranked if name not in best.values())][:DENSITY_CURVES]


def compose(
    experiment: Experiment,
    folds: Sequence[Fold],
    battles: Sequence[BattleWaves],
    learned: Sequence[Learned],
    shots: Shots,
    panels: Sequence[Row],
) -> tuple[list[str], list[Section]]:
    """Findings, one sentence each, and the sections of the page."""
    guns = summarise(shots, experiment.seed)
    ranked = rank_variants(guns, learned)
    differences = compare(shots, ranked, [*experiment.guns, ranked[0]], experiment.seed)
    sections = [
        gun_section(guns, set(ranked)),
        difference_section(differences),
        density_section(panels),
        opponent_section(shots, battles, ranked[0]),
        calibration_section(calibrate(shots, experiment.seed), [*CALIBRATED, *ranked[:2]]),
        feature_section(parameter_rows(learned, folds, battles), ranked[0]),
        learning_section(learned, ranked),
        split_section(folds, battles),
    ]
    starts = {one.variant: one.weights.config.start for one in learned}
    neutral = [name for name in ranked if starts[name] == "neutral"][:1]
    findings = [
        describe_best(guns, ranked, battles),
        *state_differences(differences, ranked[0], experiment.guns),
    ]
    for name in neutral if neutral != ranked[:1] else []:
        references = [gun for gun in ("knn", "beepboop_main") if gun in experiment.guns]
        findings.append(f"{name}: the best of those that started without knowing which features matter.")
        findings += state_differences(differences, name, references)
    return findings, sections


def describe_best(guns: Sequence[Row], ranked: Sequence[str], battles: Sequence[BattleWaves]) -> str:
    """The learned gun with the best log density, in words and numbers."""
    best = next(row for row in guns if row["gun"] == ranked[0])
    targets = len({battle.target for battle in battles})
    return (
        f"{best['gun']}: best mean log density of the {len(ranked)} learned guns on these same shots; it hits "
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


def gun_section(guns: list[Row], learned: set[str]) -> Section:
    with_density = [row for row in guns if np.isfinite(row["log_density"])]
    ordered = sorted(guns, key=lambda row: row["hit_rate"], reverse=True)
    return Section(
        "guns",
        "How often each gun hits",
        "Every real bullet of the recorded battles, aimed again by each gun with what was known when it was fired. "
        "Lift: hits over those of a random angle in the escape range. Log density: mean over the interval that would "
        "have hit, in nats over the uniform density. Brackets: 95 % interval by bootstrap over battles.",
        ordered,
        (
            Column("gun", "gun"),
            Column("shots", "shots"),
            Column("hit_rate", "hit rate, %", "{:.2f}", 100, True),
            Column("lift", "lift", "{:.2f}", 1, True),
            Column("log_density", "log density, nats", "{:.3f}", 1, True),
        ),
        {
            "hit_rate": plots.plot_guns(guns, "hit_rate", "hit rate, %", learned, 100),
            "lift": plots.plot_guns(guns, "lift", "lift over a random angle, ratio", learned),
            "log_density": plots.plot_guns(with_density, "log_density", "mean log density, nats", learned),
        },
    )


def difference_section(differences: list[Row]) -> Section:
    return Section(
        "differences",
        "Learned guns against the others, paired",
        "Gun minus reference on the same shots, with the 95 % interval of the difference over resampled battles. "
        "An interval clear of zero is a difference that these battles resolve.",
        differences,
        (
            Column("gun", "gun"),
            Column("reference", "reference"),
            Column("hit_rate_difference", "hit rate, points", "{:+.2f}", 100, True),
            Column("hit_rate_difference_is_clear", "clear of 0"),
            Column("relative_gain", "relative, %", "{:+.1f}", 100),
            Column("log_density_difference", "log density, nats", "{:+.3f}", 1, True),
            Column("log_density_difference_is_clear", "clear of 0"),
        ),
        folded=True,
    )


def density_section(panels: Sequence[Row]) -> Section:
    return Section(
        "densities",
        "What the guns believed",
        "Density over guess factors for single shots at test opponents, and the interval that would have hit (green). "
        "The shots were drawn at random, one for each of some opponents.",
        plots={"densities": plots.plot_densities(panels)} if panels else {},
    )


def opponent_section(shots: Shots, battles: Sequence[BattleWaves], best: str) -> Section:
    rows = by_opponent(shots, {battle.battle: battle.target for battle in battles})
    rates: dict[str, Row] = {}
    for row in rows:
        mine = rates.setdefault(
            row["target"], {"target": row["target"], "shots": row["shots"], "chance": row["chance"]}
        )
        mine[row["gun"]] = row["hit_rate"]
    guns = [gun for gun in ("head_on", "linear", "circular", "knn", "beepboop_main", best) if gun in shots]
    return Section(
        "opponents",
        "Opponent by opponent",
        "Hit rate in % at each opponent, each tested in the fold that did not train on it; all guns are in the files.",
        list(rates.values()),
        (
            Column("target", "opponent"),
            Column("shots", "shots"),
            Column("chance", "random", "{:.1f}", 100),
            *(Column(gun, gun, "{:.1f}", 100) for gun in guns),
        ),
    )


def calibration_section(rows: list[Row], guns: Sequence[str]) -> Section:
    return Section(
        "calibration",
        "Are predicted hit probabilities right?",
        "Shots in bins of the hit probability that the gun itself predicted, against how many hit.",
        rows,
        (
            Column("gun", "gun"),
            Column("predicted", "predicted, %", "{:.1f}", 100),
            Column("observed", "observed, %", "{:.1f}", 100, True),
            Column("shots", "shots"),
        ),
        {"calibration": plots.plot_calibration(rows, guns)},
        folded=True,
    )


def feature_section(rows: list[Row], best: str) -> Section:
    return Section(
        "features",
        "What the weights say",
        "Influence: mean contribution of a feature to the distance between a shot and a past wave of the same battle, "
        "in logits; w, b, p are the parameters of the embedding w·(1e-4 + b + x)^p.",
        rows,
        (
            Column("model", "model"),
            Column("fold", "fold"),
            Column("feature", "feature"),
            Column("influence", "influence, logits", "{:.3f}"),
            Column("w", "w", "{:.3f}"),
            Column("b", "b", "{:.4f}"),
            Column("p", "p", "{:.3f}"),
        ),
        {"features": plots.plot_features(rows, best)} if any(row["model"] == best for row in rows) else {},
        folded=True,
    )


def learning_section(learned: Sequence[Learned], ranked: Sequence[str]) -> Section:
    order = {name: place for place, name in enumerate(ranked)}
    curves = sorted(learning_rows(learned), key=lambda row: order[row["model"]])
    return Section(
        "models",
        "Learning curves and what training ended with",
        "Loss on validation opponents while training; the weights of the lowest value are kept. Bandwidth in guess "
        "factors, floor the share of the density spread evenly.",
        model_rows(learned),
        (
            Column("model", "model"),
            Column("fold", "fold"),
            Column("bandwidth", "bandwidth, GF", "{:.4f}"),
            Column("floor", "floor", "{:.4f}"),
            Column("best_validation_loss", "best validation loss", "{:.4f}"),
            Column("skipped_steps", "steps skipped"),
        ),
        {"learning_curves": plots.plot_learning(curves), "gradient_norms": plots.plot_gradients(curves)},
        folded=True,
    )


def split_section(folds: Sequence[Fold], battles: Sequence[BattleWaves]) -> Section:
    counts: Mapping[str, tuple[int, int]] = {
        target: (
            sum(len(battle.rows) for battle in battles if battle.target == target),
            sum(len(battle.queries) for battle in battles if battle.target == target),
        )
        for target in {battle.target for battle in battles}
    }
    rows = [
        {
            "opponent": target,
            "fold": fold.number,
            "waves": counts[target][0],
            "real_bullets": counts[target][1],
            "validates_folds": " ".join(str(other.number) for other in folds if target in other.validation) or "none",
        }
        for fold in folds
        for target in fold.test
    ]
    return Section(
        "split",
        "Data and split",
        "Each opponent is tested in one fold and takes no part in that fold's training. In the other folds it is "
        "trained on, or decides which step's weights are kept.",
        rows,
        (
            Column("opponent", "opponent"),
            Column("fold", "tested in fold"),
            Column("waves", "waves"),
            Column("real_bullets", "real bullets"),
            Column("validates_folds", "validates folds"),
        ),
        folded=True,
    )
