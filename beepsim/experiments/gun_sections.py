"""Sections of the report on guns: how often each hits, paired differences, densities, what weights say, the split."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from beepsim.experiments import plots
from beepsim.experiments.report import Column, Section
from beepsim.experiments.split import Fold
from beepsim.targeting.battles import BattleWaves

Row = dict[str, Any]


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


DIFFERENCES = (
    Column("gun", "gun"),
    Column("reference", "reference"),
    Column("hit_rate_difference", "hit rate, points", "{:+.2f}", 100, True),
    Column("hit_rate_difference_is_clear", "clear of 0"),
    Column("relative_gain", "relative, %", "{:+.1f}", 100),
    Column("log_density_difference", "log density, nats", "{:+.3f}", 1, True),
    Column("log_density_difference_is_clear", "clear of 0"),
)
"""Columns of paired differences, as `compare` gives them."""


def difference_section(differences: list[Row]) -> Section:
    return Section(
        "differences",
        "Learned guns against the others, paired",
        "Gun minus reference on the same shots, with the 95 % interval of the difference over resampled battles. "
        "An interval clear of zero is a difference that these battles resolve.",
        differences,
        DIFFERENCES,
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
