"""Plots of an experiment's tables, and what all share: each takes rows (dicts as in the CSV files), returns a PNG.

Angles are guess factors (GF), densities per GF, log densities in nats over the uniform density on the escape range.
"""

import re
import textwrap
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Row = dict[str, Any]
PALETTE = ("#2f6db3", "#d1603d", "#3b8f5a", "#8a5aa8", "#b38f2f", "#4fa3a5", "#a5484f", "#6b6b6b")
BASELINE, LEARNED = "#8b939c", "#2f6db3"
CLEAR, UNCLEAR, WORSE = "#2f6db3", "#9aa3ab", "#c0473a"
"""Differences whose interval is above 0, contains 0, is below 0."""


def plot_guns(rows: Sequence[Row], value: str, label: str, learned: set[str], scale: float = 1.0) -> bytes:
    """Value of each gun with its 95 % interval, best at the top."""
    ordered = sorted(rows, key=lambda row: row[value])
    figure, axes = new_figure(7.2, 0.9 + 0.3 * len(ordered))
    for position, row in enumerate(ordered):
        low, middle, high = (scale * row[name] for name in (f"{value}_low", value, f"{value}_high"))
        colour = LEARNED if row["gun"] in learned else BASELINE
        axes.plot([low, high], [position, position], color=colour, linewidth=2.4, solid_capstyle="butt")
        axes.plot(middle, position, "o", color=colour, markersize=5.5)
    axes.set_yticks(range(len(ordered)), [wrapped(row["gun"], 36) for row in ordered])
    axes.set_xlabel(f"{label}, with 95 % interval over battles\n(blue: learned)", fontsize=9)
    axes.grid(axis="x", alpha=0.25)
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


def new_figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    tidy(axes)
    return figure, axes


def small_multiples(count: int, columns: int, height: float, **shared: Any) -> tuple[Figure, list[Axes]]:
    """`count` panels in lines of at most `columns`, each line `height` inches high."""
    columns = min(columns, count)
    lines = -(-count // columns)
    figure = Figure(figsize=(max(7.2, 2.6 * columns), 0.5 + height * lines), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False, **shared)
    for axes in grid.flat:
        tidy(axes)
    for axes in grid.flat[count:]:
        axes.set_visible(False)
    return figure, list(grid.flat[:count])


def plot_differences(
    rows: Sequence[Row], names: str, panels: Sequence[tuple[str, str, float]], title: str = ""
) -> bytes:
    """Paired differences with their 95 % intervals, in the rows' order from the top; `panels`: column, label, scale.

    Blue: above 0; grey: the interval contains 0; red: below.
    """
    figure = Figure(figsize=(4.0 + 3.4 * len(panels), 1.0 + 0.21 * len(rows)), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (column, label, scale) in zip(grid, panels, strict=True):
        tidy(axes)
        axes.axvline(0.0, color="#1c2733", linewidth=0.8)
        for place, row in enumerate(rows):
            low, middle, high = (scale * row[name] for name in (f"{column}_low", column, f"{column}_high"))
            colour = CLEAR if low > 0.0 else WORSE if high < 0.0 else UNCLEAR
            axes.plot([low, high], [place, place], color=colour, linewidth=1.8, solid_capstyle="butt")
            axes.plot(middle, place, "o", color=colour, markersize=4.5)
        axes.set_xlabel(label, fontsize=8)
        axes.grid(axis="x", alpha=0.25)
    grid[0].set_yticks(range(len(rows)), [row[names] for row in rows])
    grid[0].set_ylim(len(rows) - 0.4, -0.6)
    figure.suptitle(title, fontsize=9)
    return to_png(figure)


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


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Each name without the words that all of them share; a bandwidth ("h 0.1") is one word.

    Names of one word, such as the baselines', stay and take no part.
    """
    words = {name: re.findall(r"h \S+(?: bot)?|\S+", name) for name in names}
    several = [set(found) for found in words.values() if len(found) > 1]
    shared = set.intersection(*several) if len(several) > 1 else set()
    return {name: " ".join(word for word in found if word not in shared) or name for name, found in words.items()}


def wrapped(text: str, width: int) -> str:
    """The text in lines of at most `width` letters, broken at spaces and underscores."""
    return "\n".join(textwrap.wrap(text.replace("_", "_\u200b"), width)).replace("\u200b", "")
