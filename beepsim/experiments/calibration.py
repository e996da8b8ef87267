"""Whether the hit probabilities that guns predict are those that come true."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import FixedLocator, NullLocator

from beepsim.experiments.plots import LEARNED, short_names, small_multiples, to_png, wrapped
from beepsim.experiments.report import Column, Section
from beepsim.targeting.replay import (
    Shots,
    battle_sums,
    calibrate,
    ratio_interval,
    resample,
    shared_battles,
    with_interval,
)

Row = dict[str, Any]
SHARES = (1, 2, 5, 10, 20, 50, 100)  # %, ticks
MOST_DRAWN = 16  # panels; the other guns stand in the tables


def calibration_sections(shots: Shots, guns: Sequence[str], seed: int) -> list[Section]:
    """Totals with the plot of `guns`, and the bins; nothing where no gun predicts."""
    rows = calibrate(shots, seed)
    predicting = list(dict.fromkeys(row["gun"] for row in rows))
    if not predicting:
        return []
    totals = total_rows(shots, predicting, seed)
    drawn = [gun for gun in dict.fromkeys(guns) if gun in predicting][:MOST_DRAWN]
    return [
        Section(
            "calibration_totals",
            "Are predicted hit probabilities right?",
            "Shots in bins of the hit probability that the gun itself predicted, against the share of them that hit, "
            "with 95 % interval by bootstrap over battles; the number of shots of each bin stands below it (k: "
            "thousands). On the dotted line a gun predicts right, below it is too sure. Bias: mean prediction minus "
            "hit rate. Expected error: mean over shots of the distance between the hit rate of the shot's bin and its "
            "mean prediction.",
            totals,
            (
                Column("gun", "gun"),
                Column("predicted", "mean prediction, %", "{:.2f}", 100),
                Column("observed", "hit rate, %", "{:.2f}", 100),
                Column("bias", "bias, points", "{:+.2f}", 100, True),
                Column("expected_error", "expected error, points", "{:.2f}", 100),
            ),
            {"calibration": plot_calibration(rows, totals, drawn)},
            folded=len(totals) > 8,
        ),
        Section(
            "calibration",
            "Predictions by bins",
            "The points of the plots above, of every gun that predicts.",
            rows,
            (
                Column("gun", "gun"),
                Column("bin_low", "from, %", "{:.0f}", 100),
                Column("bin_high", "to, %", "{:.0f}", 100),
                Column("predicted", "predicted, %", "{:.1f}", 100),
                Column("observed", "observed, %", "{:.1f}", 100, True),
                Column("shots", "shots"),
            ),
            folded=True,
        ),
    ]


def total_rows(shots: Shots, guns: Sequence[str], seed: int) -> list[Row]:
    """One row for each gun: mean prediction, hit rate, difference with interval, expected error of the bins."""
    battles = shared_battles(shots)
    counts = resample(len(battles), seed)
    bins = calibrate({gun: shots[gun] for gun in guns}, seed)
    rows = []
    for gun in guns:
        fired = np.array([len(shots[gun][battle]) for battle in battles], np.float64)
        hits, predicted = (battle_sums(shots[gun], battles, column) for column in ("hit", "predicted"))
        mine = [row for row in bins if row["gun"] == gun]
        error = sum(row["shots"] * abs(row["observed"] - row["predicted"]) for row in mine) / fired.sum()
        row: Row = {"gun": gun, "shots": int(fired.sum())}
        row |= {"predicted": predicted.sum() / fired.sum(), "observed": hits.sum() / fired.sum()}
        row |= with_interval("bias", ratio_interval(predicted - hits, fired, counts))
        rows.append(row | {"expected_error": float(error)})
    return sorted(rows, key=lambda row: row["expected_error"])


def plot_calibration(rows: Sequence[Row], totals: Sequence[Row], guns: Sequence[str]) -> bytes:
    """A panel for each gun: observed against predicted hit probability, with intervals and shots per bin."""
    figure, grid = small_multiples(len(guns), 4, 2.5, sharex=True, sharey=True)
    drawn = [row for row in rows if row["gun"] in guns]
    bottom = max(1.0, 80 * min(min(row["predicted"], row["observed"] or 1.0) for row in drawn))
    bias = {row["gun"]: row["bias"] for row in totals}
    names = short_names(guns)
    for axes, gun in zip(grid, guns, strict=True):
        mine = sorted((row for row in rows if row["gun"] == gun), key=lambda row: row["predicted"])
        predicted, observed, low, high = (
            np.maximum(100 * np.array([row[name] for row in mine]), bottom)
            for name in ("predicted", "observed", "observed_low", "observed_high")
        )
        axes.plot([bottom, 100], [bottom, 100], color="#6b6b6b", linestyle=":", linewidth=1)
        error = np.clip([observed - low, high - observed], 0.0, None)
        axes.errorbar(predicted, observed, yerr=error, color=LEARNED, marker="o", markersize=3.5, linewidth=1.1)
        for x, row in zip(predicted, mine, strict=True):
            axes.text(x, 1.04 * bottom, short_count(row["shots"]), rotation=90, ha="center", va="bottom", fontsize=6)
        axes.set_title(f"{wrapped(names[gun], 30)}\nbias {100 * bias[gun]:+.1f} points", fontsize=7.5)
        for axis, set_scale in ((axes.xaxis, axes.set_xscale), (axes.yaxis, axes.set_yscale)):
            # Most bins lie close together below 30 %.
            set_scale("log")
            axis.set_major_locator(FixedLocator([share for share in SHARES if share >= bottom]))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_locator(NullLocator())
        axes.set_xlim(bottom, 100)
        axes.set_ylim(bottom, 100)
        axes.grid(alpha=0.25)
    figure.supxlabel("predicted hit probability, % (logarithmic)", fontsize=9)
    figure.supylabel("observed hit rate, % (logarithmic)", fontsize=9)
    return to_png(figure)


def short_count(shots: int) -> str:
    """27652 as 28k; below a thousand as it is."""
    return str(shots) if shots < 1000 else f"{shots / 1000:.1f}k" if shots < 9950 else f"{shots / 1000:.0f}k"
