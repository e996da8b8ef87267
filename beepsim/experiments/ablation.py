"""What each feature is worth to a trained gun: it left out of the distance, without training again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from beepsim.experiments.learning import Learned
from beepsim.experiments.parts import part_key
from beepsim.experiments.plots import plot_differences
from beepsim.experiments.report import Column, Section
from beepsim.targeting.replay import Shots, compare
from beepsim.targeting.weights import Weights

Row = dict[str, Any]
SEPARATOR = " minus "


def without_feature(weights: Weights, feature: str) -> Weights:
    """The same weights of all other features: the distance lacks one term, all else is as it was."""
    kept = [place for place, name in enumerate(weights.config.features) if name != feature]
    config = replace(weights.config, features=tuple(weights.config.features[place] for place in kept))
    return replace(weights, config=config, w=weights.w[kept], b=weights.b[kept], p=weights.p[kept])


def ablated_guns(learned: Sequence[Learned], variant: str) -> list[Learned]:
    """The variant's models, once without each of their features; none for a model of a single feature."""
    mine = [one for one in learned if one.variant == variant]
    features = mine[0].weights.config.features
    return [
        replace(
            one,
            variant=f"{variant}{SEPARATOR}{feature}",
            key=part_key(one.key, "without", feature),
            weights=without_feature(one.weights, feature),
        )
        for feature in features
        for one in mine
        if len(features) > 1
    ]


def by_feature(shots: Shots) -> dict[str, Mapping[str, np.ndarray]]:
    """Shots of `ablated_guns` under the feature that each lacks."""
    return {name.rpartition(SEPARATOR)[2]: found for name, found in shots.items()}


def ablation_rows(shots: Shots, variant: str, ablated: Shots, seed: int) -> list[Row]:
    """One row for each feature: the whole gun minus the gun without it; largest loss of log density first."""
    rows = []
    for feature, found in ablated.items():
        (row,) = compare({"whole": shots[variant], "without": found}, ["whole"], ["without"], seed)
        rows.append({"feature": feature, **{name: row[name] for name in row if name not in ("gun", "reference")}})
    return sorted(rows, key=lambda row: row["log_density_difference"], reverse=True)


def ablation_section(shots: Shots, variant: str, ablated: Shots, seed: int) -> list[Section]:
    """None where no feature was left out."""
    if not ablated:
        return []
    rows = ablation_rows(shots, variant, ablated, seed)
    clear = sum(row["log_density_difference_is_clear"] for row in rows)
    panels = (
        ("hit_rate_difference", "hit rate, points", 100.0),
        ("log_density_difference", "log density, nats", 1.0),
    )
    return [
        Section(
            "ablation",
            "What each feature is worth",
            f"{variant}: whole minus the same weights with one feature left out of the distance, not trained again, on "
            "the same shots of all folds; 95 % interval by bootstrap over battles. Above 0: the feature helps. Trained "
            "again without it, other features could take over some of its work: this is rather more than what it is "
            "worth. All distances shrink a little with each feature that goes. "
            f"Of {len(rows)} features {clear} have a log density clear of 0; about {0.05 * len(rows):.0f} would by "
            "chance alone.",
            rows,
            (
                Column("feature", "feature left out"),
                Column("hit_rate_difference", "hit rate, points", "{:+.2f}", 100, True),
                Column("hit_rate_difference_is_clear", "clear of 0"),
                Column("log_density_difference", "log density, nats", "{:+.4f}", 1, True),
                Column("log_density_difference_is_clear", "clear of 0"),
            ),
            {"ablation": plot_differences(rows, "feature", panels, f"{variant}: whole minus without the feature")},
            folded=True,
        )
    ]
