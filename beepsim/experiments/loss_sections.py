"""Sections of the report on losses: each at each model on the same waves, and how long their gradients are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure

from beepsim.experiments.measuring import START, Measured
from beepsim.experiments.plots import short_names, to_png, wrapped
from beepsim.experiments.report import Column, Section
from beepsim.targeting.losses import LOSSES
from beepsim.targeting.replay import ratio_interval, resample, with_interval

Row = dict[str, Any]
MOST_DRAWN = 24  # models; the others stand in the tables
LEAST_RIGHT = 0.1
"""Share of the waves for which a model gave the interval that would have hit the least mass."""


def loss_sections(measured: Sequence[Measured], ranked: Sequence[str], seed: int) -> list[Section]:
    """None where nothing was measured."""
    if not measured:
        return []
    models = [START, *ranked]
    rows = matrix_rows(measured, models, seed)
    waves = sum(len(found) for one in measured if one.model == START for found in one.by_battle.values())
    return [matrix_section(rows, waves), length_section(rows), bound_section(bound_rows(measured, models, seed))]


def matrix_rows(measured: Sequence[Measured], models: Sequence[str], seed: int) -> list[Row]:
    """One row for each model and loss: mean value and mean gradient length by the candidates' logits, with intervals.

    `share_of_best_gain`: (start - value)/(start - lowest of all models): 1 at the best model of this loss, 0 where
    training began.
    """
    rows = []
    battles = sorted({battle for one in measured for battle in one.by_battle})
    counts = resample(len(battles), seed)
    for model in models:
        mine = {battle: found for one in measured if one.model == model for battle, found in one.by_battle.items()}
        drawn = np.array([len(mine[battle]) for battle in battles], np.float64)
        for index, loss in enumerate(LOSSES):
            values, norms = (
                np.array([mine[battle][name][:, index].sum() for battle in battles]) for name in ("values", "norms")
            )
            row: Row = {"model": model, "loss": loss, "waves": int(drawn.sum())}
            row |= with_interval("value", ratio_interval(values, drawn, counts))
            row |= with_interval("gradient_norm", ratio_interval(norms, drawn, counts))
            rows.append(row)
    for loss in LOSSES:
        same = [row for row in rows if row["loss"] == loss]
        start = next(row["value"] for row in same if row["model"] == START)
        gain = start - min(row["value"] for row in same)
        for row in same:
            row["share_of_best_gain"] = (start - row["value"]) / gain if gain > 0.0 else np.nan
    return rows


def bound_rows(measured: Sequence[Measured], models: Sequence[str], seed: int) -> list[Row]:
    """One row for each model: gradient lengths by the logits of the bins, and the ratio quadratic : cross-entropy."""
    rows = []
    battles = sorted({battle for one in measured for battle in one.by_battle})
    counts = resample(len(battles), seed)
    for model in models:
        mine = {battle: found for one in measured if one.model == model for battle, found in one.by_battle.items()}
        waves = np.concatenate([mine[battle] for battle in battles])
        ratio = waves["squared_norm"] / np.maximum(waves["entropy_norm"], 1e-300)
        is_least = waves["mass"] <= np.quantile(waves["mass"], LEAST_RIGHT)
        drawn = np.array([len(mine[battle]) for battle in battles], np.float64)
        row: Row = {"model": model, "waves": len(waves)}
        for name in ("entropy_norm", "squared_norm"):
            sums = np.array([mine[battle][name].sum() for battle in battles])
            row |= with_interval(name, ratio_interval(sums, drawn, counts))
        row |= {
            "median_ratio": float(np.median(ratio)),
            "largest_ratio": float(ratio.max()),
            "entropy_norm_least_right": float(waves["entropy_norm"][is_least].mean()),
            "squared_norm_least_right": float(waves["squared_norm"][is_least].mean()),
        }
        rows.append(row)
    return rows


def matrix_section(rows: list[Row], waves: int) -> Section:
    return Section(
        "losses",
        "Every loss at every model",
        f"Each model (row, named by what it was trained with) measured by each loss (column) on the same {waves} waves "
        "at opponents that it was never trained on, drawn as in training: real bullets or nearly so, against a sample "
        "of what they know. Colour and number in brackets: "
        "how much of the best model's gain over the start it has, in %; 100 is the best of the column, 0 the start, "
        "below 0 worse than before training (colours end at ±100). Losses differ in unit: compare within a column.",
        rows,
        (
            Column("model", "model"),
            Column("loss", "measured by"),
            Column("value", "mean loss", "{:.4f}", 1, True),
            Column("share_of_best_gain", "share of the best gain, %", "{:.0f}", 100),
            Column("gradient_norm", "gradient's length by the candidates' logits", "{:.4f}", 1, True),
        ),
        {"loss_matrix": plot_matrix(rows)},
        folded=True,
    )


def length_section(rows: Sequence[Row]) -> Section:
    return Section(
        "gradient_lengths",
        "How long each loss's gradient is at every model",
        "Mean over the same waves of the length of one wave's gradient by the logits of the candidates: what a loss "
        "still asks of a model, before the model's parameters come into it. Logarithmic colours. Intervals stand in "
        "the table above.",
        plots={"gradient_lengths": plot_lengths(rows)},
    )


def bound_section(rows: list[Row]) -> Section:
    largest = max(row["largest_ratio"] for row in rows)
    return Section(
        "gradient_bound",
        "Quadratic loss against cross-entropy, by the logits of the bins",
        "With bin probabilities p = softmax(z) the cross-entropy's gradient by z is p − u, that of the quadratic loss "
        "½ Σ (p − u)² is (diag p − p pᵀ)(p − u): at most half as long for any wave. The largest ratio found here is "
        f"{largest:.3f}. Least right: the {100 * LEAST_RIGHT:.0f} % of waves for which the model gave the interval "
        "that would have hit the least mass; there the cross-entropy pulls hardest.",
        rows,
        (
            Column("model", "model"),
            Column("entropy_norm", "cross-entropy (bins_kl)", "{:.3f}", 1, True),
            Column("squared_norm", "quadratic (bins_squared)", "{:.4f}", 1, True),
            Column("median_ratio", "median ratio", "{:.4f}"),
            Column("largest_ratio", "largest ratio", "{:.4f}"),
            Column("entropy_norm_least_right", "cross-entropy, least right", "{:.3f}"),
            Column("squared_norm_least_right", "quadratic, least right", "{:.4f}"),
        ),
    )


def plot_matrix(rows: Sequence[Row]) -> bytes:
    """Values of every loss (columns) at every model (rows), coloured by the share of the best gain."""
    models = list(dict.fromkeys(row["model"] for row in rows))[:MOST_DRAWN]
    shares = table_of(rows, models, "share_of_best_gain")
    texts = [
        [
            f"{value:.4g}\n({100 * share:.0f})" if share == share else f"{value:.4g}"
            for value, share in zip(*pair, strict=True)
        ]
        for pair in zip(table_of(rows, models, "value"), shares, strict=True)
    ]
    return heat_map(models, np.clip(shares, -1.0, 1.0), texts, Normalize(-1.0, 1.0), "RdYlBu", "measured by")


def plot_lengths(rows: Sequence[Row]) -> bytes:
    """Mean gradient lengths of every loss (columns) at every model (rows)."""
    models = list(dict.fromkeys(row["model"] for row in rows))[:MOST_DRAWN]
    lengths = np.maximum(table_of(rows, models, "gradient_norm"), 1e-12)
    texts = [[f"{length:.2g}" for length in line] for line in lengths]
    return heat_map(models, lengths, texts, LogNorm(lengths.min(), lengths.max()), "YlGnBu", "gradient of")


def table_of(rows: Sequence[Row], models: Sequence[str], column: str) -> np.ndarray:
    """The column's values as [models, losses]."""
    by_place = {(row["model"], row["loss"]): row[column] for row in rows}
    return np.array([[by_place[model, loss] for loss in LOSSES] for model in models])


def heat_map(
    models: Sequence[str],
    values: np.ndarray,
    texts: Sequence[Sequence[str]],
    norm: Normalize,
    colours: str,
    across: str,
) -> bytes:
    figure = Figure(figsize=(10.4, 1.6 + 0.42 * len(models)), layout="constrained")
    axes = figure.subplots()
    picture = axes.imshow(values, cmap=colours, norm=norm, aspect="auto")
    for line, (shades, labels) in enumerate(zip(values, texts, strict=True)):
        for place, (shade, label) in enumerate(zip(shades, labels, strict=True)):
            red, green, blue, _ = picture.cmap(norm(shade)) if shade == shade else (1.0, 1.0, 1.0, 1.0)
            is_dark = 0.3 * red + 0.59 * green + 0.11 * blue < 0.42
            axes.text(place, line, label, ha="center", va="center", fontsize=7, color="white" if is_dark else "black")
    axes.set_xticks(range(len(LOSSES)), [name.replace("_", "\n") for name in LOSSES], fontsize=7.5)
    names = short_names([model for model in models if model != START])
    axes.set_yticks(range(len(models)), [wrapped(names.get(model, model), 30) for model in models], fontsize=7.5)
    axes.set_xlabel(across)
    axes.set_ylabel("model")
    axes.spines[:].set_visible(False)
    return to_png(figure)
