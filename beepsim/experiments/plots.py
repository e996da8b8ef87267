"""Plots of an experiment's tables: each function takes rows (dicts as in the CSV files) and returns a PNG's bytes.

Angles are guess factors (GF), densities per GF, log densities in nats over the uniform density on the escape range.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Row = dict[str, Any]
PALETTE = ("#2f6db3", "#d1603d", "#3b8f5a", "#8a5aa8", "#b38f2f", "#4fa3a5", "#a5484f", "#6b6b6b")
BASELINE, LEARNED = "#8b939c", "#2f6db3"
CURVES_IN_ONE_PLOT = 8
DASHES = ("-", "--")
"""More lines than colours cannot be told apart; what is left out stands in the tables."""


def plot_guns(rows: Sequence[Row], value: str, label: str, learned: set[str], scale: float = 1.0) -> bytes:
    """Value of each gun with its 95 % interval, best at the top."""
    ordered = sorted(rows, key=lambda row: row[value])
    figure, axes = new_figure(7.2, 0.9 + 0.3 * len(ordered))
    for position, row in enumerate(ordered):
        low, middle, high = (scale * row[name] for name in (f"{value}_low", value, f"{value}_high"))
        colour = LEARNED if row["gun"] in learned else BASELINE
        axes.plot([low, high], [position, position], color=colour, linewidth=2.4, solid_capstyle="butt")
        axes.plot(middle, position, "o", color=colour, markersize=5.5)
    axes.set_yticks(range(len(ordered)), [row["gun"] for row in ordered])
    axes.set_xlabel(f"{label}, with 95 % interval over battles (blue: learned)", fontsize=9)
    axes.grid(axis="x", alpha=0.25)
    return to_png(figure)


def plot_learning(rows: Sequence[Row], loss_unit: str = "loss of the model's own kind") -> bytes:
    """Validation loss by step, one line for each model: mean over folds, relative to the first evaluation.

    Losses of different kinds have different units, so each curve shows its change since the first evaluation
    divided by the absolute value it had there.
    """
    figure, axes = new_figure(7.2, 3.6)
    for index, model in enumerate(unique(rows, "model")[:CURVES_IN_ONE_PLOT]):
        mine = [row for row in rows if row["model"] == model]
        steps = sorted({row["step"] for row in mine})
        curves = []
        for fold in unique(mine, "fold"):
            losses = {row["step"]: row["validation_loss"] for row in mine if row["fold"] == fold}
            first = losses[min(losses)]
            curves.append([(losses.get(step, np.nan) - first) / max(abs(first), 1e-12) for step in steps])
        stacked = np.array(curves)
        colour = PALETTE[index % len(PALETTE)]
        axes.plot(steps, 100 * np.nanmean(stacked, axis=0), color=colour, label=model, linewidth=1.8)
        if len(curves) > 1:
            axes.fill_between(
                steps, 100 * np.nanmin(stacked, axis=0), 100 * np.nanmax(stacked, axis=0), color=colour, alpha=0.13
            )
    axes.set_xlabel("training step (band: lowest and highest fold)")
    axes.set_ylabel(f"validation {loss_unit},\nchange since the first evaluation, %")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
    return to_png(figure)


def plot_gradients(rows: Sequence[Row]) -> bytes:
    """Length of the gradient by all learned parameters over the steps of training, one line for each model.

    Mean over folds of the means since the evaluation before; logarithmic, because the units of losses differ.
    """
    figure, axes = new_figure(7.2, 4.2)
    for index, model in enumerate(unique(rows, "model")[: CURVES_IN_ONE_PLOT * len(DASHES)]):
        mine = [row for row in rows if row["model"] == model and row["gradient_norm"]]
        steps = sorted({row["step"] for row in mine})
        norms = [np.mean([row["gradient_norm"] for row in mine if row["step"] == step]) for step in steps]
        colour, dashes = PALETTE[index % len(PALETTE)], DASHES[index // len(PALETTE)]
        axes.plot(steps, norms, color=colour, linestyle=dashes, label=model, linewidth=1.6)
    axes.set_yscale("log")
    axes.set_xlabel("training step")
    axes.set_ylabel("norm of the loss's gradient\nby the logarithms of the parameters")
    axes.grid(alpha=0.25)
    figure.legend(loc="outside lower center", ncols=2, frameon=False, fontsize=7)
    return to_png(figure)


def plot_features(rows: Sequence[Row], model: str) -> bytes:
    """Influence of each feature in one model: mean over folds, line from the smallest to the largest fold."""
    mine = [row for row in rows if row["model"] == model]
    names = unique(mine, "feature")
    spread = {name: [row["influence"] for row in mine if row["feature"] == name] for name in names}
    names.sort(key=lambda name: float(np.mean(spread[name])))
    figure, axes = new_figure(7.2, 0.9 + 0.25 * len(names))
    for position, name in enumerate(names):
        axes.barh(position, np.mean(spread[name]), color=LEARNED, height=0.68)
        axes.plot([min(spread[name]), max(spread[name])], [position, position], color="#1c2733", linewidth=1.3)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("mean contribution to the distance between two waves, in logits (line: range over folds)")
    axes.grid(axis="x", alpha=0.25)
    axes.set_title(model, fontsize=9)
    return to_png(figure)


def plot_densities(panels: Sequence[Row]) -> bytes:
    """Densities of several guns over the guess factor for a few waves, with the interval that would have hit.

    A panel: title, grid [N], interval (low, high), densities {gun: [N] per GF}.
    """
    columns = 2
    lines = (len(panels) + columns - 1) // columns
    figure = Figure(figsize=(8.4, 0.6 + 2.3 * lines), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False, sharex=True)
    for axes, panel in zip(grid.flat, panels, strict=False):
        low, high = panel["interval"]
        axes.axvspan(low, high, color="#3b8f5a", alpha=0.22, label="would have hit", linewidth=0)
        for index, (gun, density) in enumerate(panel["densities"].items()):
            axes.plot(panel["grid"], density, color=PALETTE[index % len(PALETTE)], linewidth=1.4, label=gun)
        axes.set_title(panel["title"], fontsize=8)
        axes.set_xlim(-1, 1)
        axes.set_ylim(bottom=0)
        tidy(axes)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in grid[-1]:
        axes.set_xlabel("guess factor")
    for axes in grid[:, 0]:
        axes.set_ylabel("density per GF")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    return to_png(figure)


def plot_calibration(rows: Sequence[Row], guns: Sequence[str]) -> bytes:
    """Observed against predicted hit probability by bins of the prediction, with 95 % intervals."""
    figure, axes = new_figure(5.2, 4.4)
    top = max((row["observed_high"] for row in rows if row["gun"] in guns), default=1.0)
    for index, gun in enumerate(guns[:CURVES_IN_ONE_PLOT]):
        mine = sorted((row for row in rows if row["gun"] == gun), key=lambda row: row["predicted"])
        if not mine:
            continue
        predicted = np.array([row["predicted"] for row in mine])
        observed = np.array([row["observed"] for row in mine])
        below = observed - np.array([row["observed_low"] for row in mine])
        above = np.array([row["observed_high"] for row in mine]) - observed
        axes.errorbar(
            100 * predicted,
            100 * observed,
            yerr=100 * np.clip(np.stack([below, above]), 0, None),
            color=PALETTE[index % len(PALETTE)],
            marker="o",
            markersize=4,
            linewidth=1.3,
            label=gun,
        )
        top = max(top, float(predicted.max()))
    axes.plot([0, 100 * top], [0, 100 * top], color="#6b6b6b", linestyle=":", linewidth=1)
    axes.set_xlabel("predicted hit probability, %")
    axes.set_ylabel("observed hit rate, %, with 95 % interval over battles")
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
    return to_png(figure)


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    tidy(axes)
    return figure, axes


def tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)


def to_png(figure: Figure) -> bytes:
    buffer = BytesIO()
    # Without the version stamp the same tables give the same bytes.
    figure.savefig(buffer, format="png", dpi=130, metadata={"Software": None})
    return buffer.getvalue()


def unique(rows: Sequence[Row], column: str) -> list[Any]:
    """Values of a column in order of first appearance."""
    return list(dict.fromkeys(row[column] for row in rows))
