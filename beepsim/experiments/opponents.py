"""Opponent by opponent: whether a gain comes from many of them or from one.

Most opponents have a single battle, so that no other battle of theirs can be drawn: intervals here are of bootstrap
over the rounds of the opponent's battles. They say how sure the difference is at this opponent in these battles.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from beepsim.experiments.plots import plot_differences
from beepsim.experiments.report import Column, Section
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.replay import Shots, ratio_interval, resample, shared_battles, with_interval

Row = dict[str, Any]


def opponent_rows(shots: Shots, battles: Sequence[BattleWaves], best: str, reference: str, seed: int) -> list[Row]:
    """One row for each opponent that was fired at, largest difference best − reference first.

    Hit rates of all guns; paired differences by round, with intervals; `gain_without`: the relative gain in hit rate at
    all other opponents together.
    """
    shared = set(shared_battles(shots))
    of_target: dict[str, list[str]] = {}
    for battle in battles:
        if battle.battle in shared and len(shots[best][battle.battle]):
            of_target.setdefault(battle.target, []).append(battle.battle)
    rows = []
    for target, names in of_target.items():
        mine = {gun: np.concatenate([by_battle[name] for name in names]) for gun, by_battle in shots.items()}
        rounds = np.concatenate([[f"{number} {name}" for number in shots[best][name]["round"]] for name in names])
        _, unit = np.unique(rounds, return_inverse=True)
        fired = np.bincount(unit).astype(np.float64)
        counts = resample(len(fired), seed)
        row: Row = {"target": target, "battles": len(names), "rounds": len(fired), "shots": len(unit)}
        row["chance"] = float(mine[best]["chance"].mean())
        row |= {gun: float(found["hit"].mean()) for gun, found in mine.items()}
        for column, name in (("hit", "hit_rate_difference"), ("log_density", "log_density_difference")):
            sums = np.bincount(unit, mine[best][column] - mine[reference][column])
            row |= with_interval(name, ratio_interval(sums, fired, counts))
            row[f"{name}_is_clear"] = bool(row[f"{name}_low"] > 0.0 or row[f"{name}_high"] < 0.0)
        rows.append(row)
    for row in rows:
        others = [other for other in rows if other is not row]
        mine, theirs = (sum(other["shots"] * other[gun] for other in others) for gun in (best, reference))
        row["gain_without"] = float(mine / theirs - 1.0) if theirs else np.nan
    return sorted(rows, key=lambda row: row["hit_rate_difference"], reverse=True)


def state_leaving_out(rows: Sequence[Row], best: str, reference: str) -> str:
    """How the total relative gain depends on single opponents, as one finding."""
    more = sum(row["hit_rate_difference"] > 0.0 for row in rows)
    clear = [row["hit_rate_difference"] for row in rows if row["hit_rate_difference_is_clear"]]
    text = (
        f"Opponent by opponent, {best} hits more often than {reference} at {more} of {len(rows)} opponents (clearly "
        f"more at {sum(value > 0.0 for value in clear)}, clearly less at {sum(value < 0.0 for value in clear)}, by "
        "rounds of the battle)"
    )
    known = sorted((row for row in rows if np.isfinite(row["gain_without"])), key=lambda row: row["gain_without"])
    if len(known) > 1:
        low, high = known[0], known[-1]
        text += (
            "; with any one of them left out, its relative gain in hits lies between "
            f"{100 * low['gain_without']:+.1f} % (without {low['target']}) and "
            f"{100 * high['gain_without']:+.1f} % (without {high['target']})"
        )
    return text + "."


def opponent_section(rows: list[Row], total: Row, guns: Sequence[str], best: str, reference: str) -> Section:
    """`total` is the row of `compare` for both guns."""
    shown = [gun for gun in dict.fromkeys(["circular", *guns]) if gun in rows[0]]
    return Section(
        "opponents",
        "Opponent by opponent",
        f"Each opponent is tested in the fold that did not train on it. Difference: {best} minus {reference} on the "
        "same shots, with 95 % interval by bootstrap over the rounds of this opponent's battles (one battle each, as a "
        "rule): it tells chance within these battles, not what another battle would bring. Gain without: relative gain "
        "at all opponents but this one. Of many intervals, one in twenty misses. All guns are in the files.",
        rows,
        (
            Column("target", "opponent"),
            Column("shots", "shots"),
            Column("chance", "random, %", "{:.1f}", 100),
            *(Column(gun, f"{gun}, %", "{:.1f}", 100) for gun in shown),
            Column("hit_rate_difference", "difference, points", "{:+.1f}", 100, True),
            Column("log_density_difference", "log density, nats", "{:+.3f}", 1, True),
            Column("gain_without", "gain without, %", "{:+.1f}", 100),
        ),
        {"opponents": plot_opponents(rows, total, best, reference)},
        folded=True,
    )


def plot_opponents(rows: Sequence[Row], total: Row, best: str, reference: str) -> bytes:
    """Differences at all opponents together (interval over battles), then at each (over rounds)."""
    shots = sum(row["shots"] for row in rows)
    labelled = [{**total, "label": f"all opponents ({shots})"}]
    labelled += [{**row, "label": f"{row['target']} ({row['shots']})"} for row in rows]
    panels = (
        ("hit_rate_difference", "hit rate, points", 100.0),
        ("log_density_difference", "log density, nats", 1.0),
    )
    finite = [panel for panel in panels if all(np.isfinite(row[panel[0]]) for row in labelled)]
    return plot_differences(labelled, "label", finite, f"{best} minus {reference}, by opponent (shots)")
