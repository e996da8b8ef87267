"""How much a variant's figures change with nothing but the seed of its training, and which differences are larger."""

from collections.abc import Sequence
from math import comb
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from beepsim.experiments.learning import Learned
from beepsim.experiments.plots import LEARNED, short_names, tidy, to_png
from beepsim.experiments.report import Column, Section
from beepsim.targeting.replay import Shots, summarise

Row = dict[str, Any]
FIGURES = ("hit_rate", "log_density")


def restart_rows(everything: Sequence[Learned], shots: Shots, seed: int) -> list[Row]:
    """One row for each variant with restarts, best mean log density first.

    Mean, standard deviation (n − 1), min and max of hit rate and log density over its restarts, and each of them.
    """
    guns: dict[str, list[str]] = {}
    for one in everything:
        if one.gun not in guns.setdefault(one.variant, []):
            guns[one.variant].append(one.gun)
    wanted = {gun for names in guns.values() if len(names) > 1 for gun in names}
    if not wanted:
        return []
    figures = {row["gun"]: row for row in summarise({gun: shots[gun] for gun in sorted(wanted)}, seed)}
    rows = []
    for variant, names in guns.items():
        if len(names) < 2:
            continue
        row: Row = {"model": variant, "restarts": len(names)}
        for figure in FIGURES:
            values = np.array([figures[name][figure] for name in names])
            row |= {f"{figure}_mean": float(values.mean()), f"{figure}_deviation": float(values.std(ddof=1))}
            row |= {f"{figure}_min": float(values.min()), f"{figure}_max": float(values.max())}
            row |= {f"{figure}_{number}": float(value) for number, value in enumerate(values, 1)}
        rows.append(row)
    return sorted(rows, key=lambda row: row["log_density_mean"], reverse=True)


def is_apart(one: Row, other: Row, figure: str) -> bool:
    """Whether all restarts of the one are above, or all below, all restarts of the other."""
    return bool(one[f"{figure}_min"] > other[f"{figure}_max"] or one[f"{figure}_max"] < other[f"{figure}_min"])


def state_spread(rows: Sequence[Row]) -> str:
    """Which variants differ by more than restarts do."""
    pairs = [(one, other) for place, one in enumerate(rows) for other in rows[place + 1 :]]
    if not pairs:
        return ""
    counts = {figure: sum(is_apart(*pair, figure) for pair in pairs) for figure in FIGURES}
    beaten = {figure: [row["model"] for row in rows[1:] if is_apart(rows[0], row, figure)] for figure in FIGURES}
    fewest = min(row["restarts"] for row in rows)
    text = (
        f" Two variants differ by more than restarts do where all restarts of the one lie above all of the other: "
        f"so do {counts['hit_rate']} of {len(pairs)} pairs by hit rate, {counts['log_density']} by log density; with "
        f"{fewest} restarts each, equal variants would in {200 / comb(2 * fewest, fewest):.1f} % of pairs."
    )
    for figure, name in zip(FIGURES, ("hit rate", "log density"), strict=True):
        found = "; ".join(beaten[figure]) or "none"
        text += f" By {name} {rows[0]['model']} is so apart from: {found}."
    return text


def restart_section(everything: Sequence[Learned], shots: Shots, seed: int) -> list[Section]:
    """None where nothing was trained more than once."""
    rows = restart_rows(everything, shots, seed)
    if not rows:
        return []
    return [
        Section(
            "restarts",
            "The same training with other seeds",
            "Each variant trained several times in every fold, with nothing changed but the seed that draws its "
            "batches. A point is one restart over all folds' test "
            "opponents." + state_spread(rows),
            rows,
            (
                Column("model", "model"),
                Column("restarts", "restarts"),
                *(
                    Column(f"{figure}_{part}", f"{name}, {part}", form, scale)
                    for figure, name, form, scale in (
                        ("hit_rate", "hit rate %", "{:.2f}", 100),
                        ("log_density", "log density", "{:.4f}", 1),
                    )
                    for part in ("mean", "deviation", "min", "max")
                ),
            ),
            {"restarts": plot_restarts(rows)},
        )
    ]


def plot_restarts(rows: Sequence[Row]) -> bytes:
    """Every restart as a point, their mean as a line, best mean log density at the top."""
    names = short_names([row["model"] for row in rows])
    figure = Figure(figsize=(9.0, 1.0 + 0.32 * len(rows)), layout="constrained")
    grid = figure.subplots(1, 2, sharey=True)
    panels = zip(grid, FIGURES, ("hit rate, %", "log density, nats"), (100.0, 1.0), strict=True)
    for axes, column, label, scale in panels:
        tidy(axes)
        for place, row in enumerate(rows):
            values = [scale * row[f"{column}_{number}"] for number in range(1, row["restarts"] + 1)]
            axes.plot(values, [place] * len(values), "o", color=LEARNED, markersize=4.5, alpha=0.6)
            axes.plot([scale * row[f"{column}_mean"]] * 2, [place - 0.3, place + 0.3], color="#1c2733", linewidth=1.6)
        axes.set_xlabel(label, fontsize=9)
        axes.grid(axis="x", alpha=0.25)
    grid[0].set_yticks(range(len(rows)), [names[row["model"]] for row in rows])
    grid[0].set_ylim(len(rows) - 0.4, -0.6)
    return to_png(figure)
