"""What guns do with little and with much to learn from: shots by the number of broken waves known when aiming."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from beepsim.experiments.plots import PALETTE, small_multiples, to_png
from beepsim.experiments.report import Column, Section
from beepsim.targeting.replay import Shots, ratio_interval, resample, shared_battles, with_interval

Row = dict[str, Any]
EDGES = (0, 50, 200, 500, 1000, 2000, 5000, 10000)
"""Lower ends of the bins of known waves; the last has no upper end."""
DODGE = 0.12  # of a bin, between the intervals of different guns


def history_rows(shots: Shots, guns: Sequence[str], reference: str, seed: int) -> list[Row]:
    """One row for each gun and bin with shots: hit rate, lift, log density, and paired differences to the reference."""
    battles = shared_battles(shots)
    counts = resample(len(battles), seed)
    rows = []
    for gun in guns:
        for low, high in zip(EDGES, (*EDGES[1:], None), strict=True):

            def sums(column: str, which: str, low: int = low, high: int | None = high) -> np.ndarray:
                chosen = (shots[which][battle] for battle in battles)
                inside = (found[is_between(found["known"], low, high)] for found in chosen)
                return np.array([found[column].sum() if column else len(found) for found in inside], np.float64)

            fired, hits = sums("", gun), sums("hit", gun)
            if not fired.sum():
                continue
            densities = sums("log_density", gun)
            row: Row = {"gun": gun, "known_from": low, "known_below": high, "shots": int(fired.sum())}
            row["battles"] = int((fired > 0).sum())
            row |= with_interval("hit_rate", ratio_interval(hits, fired, counts))
            row |= with_interval("lift", ratio_interval(hits, sums("chance", gun), counts))
            row |= with_interval("log_density", ratio_interval(densities, fired, counts))
            more_hits, more_density = hits - sums("hit", reference), densities - sums("log_density", reference)
            row |= with_interval("hit_rate_difference", ratio_interval(more_hits, fired, counts))
            row |= with_interval("log_density_difference", ratio_interval(more_density, fired, counts))
            rows.append(row)
    return rows


def is_between(known: np.ndarray, low: int, high: int | None) -> np.ndarray:
    return (known >= low) & (known < (np.inf if high is None else high))


def bin_name(row: Row) -> str:
    """As it stands on axes and in tables: 50–199, 10000 and more."""
    if row["known_below"] is None:
        return f"≥ {row['known_from']}"
    return f"{row['known_from']}–{row['known_below'] - 1}"


def history_section(shots: Shots, guns: Sequence[str], reference: str, seed: int) -> Section:
    rows = history_rows(shots, guns, reference, seed)
    for row in rows:
        row["known"] = bin_name(row)
    return Section(
        "history",
        "With how much history",
        "Shots by the number of broken waves that the gun knew when it aimed. Which battles and rounds a bin holds "
        f"differs from bin to bin; differences to {reference} are of the same shots. Intervals: 95 %, bootstrap over "
        "battles.",
        rows,
        (
            Column("gun", "gun"),
            Column("known", "known waves"),
            Column("shots", "shots"),
            Column("battles", "battles"),
            Column("hit_rate", "hit rate, %", "{:.1f}", 100, True),
            Column("lift", "lift", "{:.2f}", 1, True),
            Column("log_density", "log density, nats", "{:.3f}", 1, True),
            Column("hit_rate_difference", f"hit rate minus {reference}'s, points", "{:+.1f}", 100, True),
            Column("log_density_difference", f"log density minus {reference}'s", "{:+.3f}", 1, True),
        ),
        {"history": plot_history(rows, reference)},
        folded=True,
    )


def plot_history(rows: Sequence[Row], reference: str) -> bytes:
    """Hit rate, its difference to the reference's, lift and log density by bins of known waves, one colour a gun."""
    guns = list(dict.fromkeys(row["gun"] for row in rows))
    bins = sorted({row["known_from"]: row for row in rows}.items())
    panels = (
        ("hit_rate", "hit rate, %", 100.0),
        ("hit_rate_difference", f"hit rate minus {reference}'s,\npoints", 100.0),
        ("lift", "lift over a random angle", 1.0),
        ("log_density", "log density, nats", 1.0),
    )
    figure, grid = small_multiples(len(panels), 2, 2.9)
    for axes, (column, label, scale) in zip(grid, panels, strict=True):
        for index, gun in enumerate(guns):
            mine = {row["known_from"]: row for row in rows if row["gun"] == gun}
            places = [place for place, (low, _) in enumerate(bins) if low in mine and np.isfinite(mine[low][column])]
            if not places or (column.endswith("difference") and gun == reference):
                continue
            low, middle, high = (
                np.array([scale * mine[bins[place][0]][name] for place in places])
                for name in (f"{column}_low", column, f"{column}_high")
            )
            axes.errorbar(
                np.array(places) + DODGE * (index - 0.5 * (len(guns) - 1)),
                middle,
                yerr=np.clip([middle - low, high - middle], 0.0, None),
                color=PALETTE[index % len(PALETTE)],
                marker="o",
                markersize=3.5,
                linewidth=1.1,
                label=gun,
            )
        if column.endswith("difference"):
            axes.axhline(0.0, color="#1c2733", linewidth=0.8)
        axes.set_ylabel(label, fontsize=8)
        axes.grid(axis="y", alpha=0.25)
        axes.set_xticks(range(len(bins)), [f"{bin_name(row)}" for _, row in bins], fontsize=7, rotation=30)
    for axes in grid[2:]:
        axes.set_xlabel("broken waves known when aiming", fontsize=8)
    handles, labels = grid[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    return to_png(figure)
