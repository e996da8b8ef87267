"""Sections of the report on training: loss by step with the result, and how long the gradient was."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from beepsim.experiments.plots import LEARNED, PALETTE, short_names, small_multiples, to_png, unique, wrapped
from beepsim.experiments.report import Column, Section

Row = dict[str, Any]
MOST_DRAWN = 24  # panels; the other models stand in the tables
CONTEXT = "#d5d9dd"
LOSS_KINDS = {
    "kde_cross_entropy": "cross-entropy",
    "hit_probability": "cross-entropy",
    "bins_cross_entropy": "cross-entropy",
    "bins_kl": "cross-entropy",
    "bins_kl_smoothed": "cross-entropy",
    "continuous_categorical": "cross-entropy",
    "mse_mean": "quadratic",
    "mse_expected": "quadratic",
    "mse_density": "quadratic",
    "bins_squared": "quadratic",
    "bins_margin": "margin",
    "unhinged": "margin",
}
"""Logarithmic losses grow without end at a confident mistake, quadratic ones are bounded, margins are linear."""
COLOURS = {"cross-entropy": PALETTE[0], "quadratic": PALETTE[1], "margin": PALETTE[2]}


def learning_section(curves: Sequence[Row], models: list[Row], ranked: Sequence[str]) -> Section:
    skipped, steps = sum(row["skipped_steps"] for row in models), sum(row["steps"] for row in models)
    first = sum(row["kept_step"] == 0 for row in models)
    return Section(
        "models",
        "Learning curves and what training ended with",
        "Loss by step, each panel in its own loss's unit: on validation opponents (solid, mean over folds; band: "
        "lowest and highest fold) and on training batches (dashed; mean since the evaluation before). Folds have "
        "opponents of their own, some easier than others: the curves of all folds are moved to one common mean. Dots: "
        "the result of each fold, the mean of the parameters over the last half of the steps, or an earlier step that "
        "did better on the validation opponents (kept step). Steps without a "
        f"finite gradient are skipped: {skipped} of {steps}. Trainings that kept the weights they began with: {first} "
        f"of {len(models)}. Bandwidth in guess factors, floor the share of the density spread evenly.",
        models,
        (
            Column("model", "model"),
            Column("fold", "fold"),
            Column("bandwidth", "bandwidth, GF (or half bots)", "{:.4f}"),
            Column("floor", "floor", "{:.4f}"),
            Column("validation_loss", "validation loss", "{:.4f}"),
            Column("kept_step", "kept step"),
            Column("steps", "steps"),
            Column("skipped_steps", "steps skipped"),
        ),
        {"learning_curves": plot_learning(curves, ranked)},
        folded=True,
    )


def gradient_section(curves: Sequence[Row], ranked: Sequence[str], losses: Mapping[str, str]) -> Section:
    kinds = list(LOSS_KINDS.values())
    ordered = sorted(ranked, key=lambda name: kinds.index(LOSS_KINDS[losses[name]]))
    return Section(
        "gradients",
        "How long the gradient is through training",
        "Length of the gradient of the loss that a model is trained with, by the logarithms of all learned parameters, "
        "mean since the evaluation before; line: mean over folds, band: lowest and highest fold. All panels share the "
        "logarithmic axis, and each shows the others in grey. Losses differ in unit, so that it is the change through "
        "training that compares; Adam's steps do not depend on the unit. Blue: cross-entropies and other logarithmic "
        "losses; orange: quadratic; green: margins.",
        plots={"gradient_norms": plot_gradients(curves, ordered, losses)},
    )


def plot_learning(rows: Sequence[Row], models: Sequence[str]) -> bytes:
    """A panel for each model: training and validation loss by step, dots at the results."""
    drawn = list(models)[:MOST_DRAWN]
    names = short_names(drawn)
    figure, grid = small_multiples(len(drawn), 4, 2.0)
    for axes, model in zip(grid, drawn, strict=True):
        mine = aligned([row for row in rows if row["model"] == model])
        draw_band(axes, mine, "train_loss", "#8b939c", "--")
        draw_band(axes, mine, "validation_loss", LEARNED, "-")
        for fold in unique(mine, "fold"):
            kept = max((row for row in mine if row["fold"] == fold), key=lambda row: row["step"])
            axes.plot(kept["step"], kept["validation_loss"], "o", color="#1c2733", markersize=3.5)
        axes.set_title(wrapped(names[model], 30), fontsize=7.5)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.25)
    label_figure(figure, "loss in its own unit (solid: validation, dashed: training)")
    return to_png(figure)


def plot_gradients(rows: Sequence[Row], models: Sequence[str], losses: Mapping[str, str]) -> bytes:
    """A panel for each model: gradient norm by step, the other models in grey behind it."""
    drawn = list(models)[:MOST_DRAWN]
    names = short_names(drawn)
    by_model = {model: [row for row in rows if row["model"] == model] for model in drawn}
    figure, grid = small_multiples(len(drawn), 4, 1.9, sharex=True, sharey=True)
    for axes, model in zip(grid, drawn, strict=True):
        for other in drawn:
            steps, middle, *_ = over_folds(by_model[other], "gradient_norm")
            axes.plot(steps, middle, color=CONTEXT, linewidth=0.7, zorder=1)
        draw_band(axes, by_model[model], "gradient_norm", COLOURS[LOSS_KINDS[losses[model]]], "-")
        axes.set_yscale("log")
        axes.set_title(wrapped(names[model], 30), fontsize=7.5)
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.25)
    label_figure(figure, "length of the gradient, in units of the loss (logarithmic)")
    return to_png(figure)


def label_figure(figure: Figure, label: str) -> None:
    figure.supxlabel("training step", fontsize=9)
    figure.supylabel(label, fontsize=9)


def draw_band(axes: Axes, rows: Sequence[Row], column: str, colour: str, dashes: str) -> None:
    """Mean over folds, and a band from the lowest to the highest."""
    steps, middle, low, high = over_folds(rows, column)
    axes.plot(steps, middle, color=colour, linestyle=dashes, linewidth=1.5)
    axes.fill_between(steps, low, high, color=colour, alpha=0.16, linewidth=0)


def aligned(rows: Sequence[Row]) -> list[Row]:
    """The rows with each fold's losses moved to the mean of all folds."""
    moved = [dict(row) for row in rows]
    for column in ("train_loss", "validation_loss"):
        means = {}
        for fold in unique(rows, "fold"):
            values = [row[column] for row in rows if row["fold"] == fold and row[column] is not None]
            means[fold] = float(np.mean(values)) if values else 0.0
        level = float(np.mean(list(means.values())))
        for row in moved:
            if row[column] is not None:
                row[column] += level - means[row["fold"]]
    return moved


def over_folds(rows: Sequence[Row], column: str) -> tuple[list[int], list[float], list[float], list[float]]:
    """Steps, and mean, lowest, highest of the column over the folds that have a number there."""
    values: dict[int, list[float]] = {}
    for row in rows:
        if row[column] is not None:
            values.setdefault(row["step"], []).append(row[column])
    steps = sorted(values)
    found = [values[step] for step in steps]
    return steps, [float(np.mean(each)) for each in found], [min(each) for each in found], [max(each) for each in found]
