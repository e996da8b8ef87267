"""Hit rates and damage of bots that fought the same duels, with 95 % intervals by bootstrap over the duels.

A *series* is FIGURES [U]: one bot in each of U units (opponent and season), the same units in the same order for all
that are compared. A rate is the mean over duels of each duel's own rate: who hits an opponent often kills it early and
fires less at it, so that shots thrown together would weigh the hard opponents the more the better a gun is.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from beepsim.targeting.replay import INTERVAL, resample, with_interval

Row = dict[str, Any]
RATES: Mapping[str, tuple[str, str]] = {"hit_rate": ("hits", "shots"), "damage_per_round": ("damage", "rounds")}


def rate_row(series: np.ndarray, seed: int) -> Row:
    """Duels, rounds, shots, and each of RATES with its interval."""
    row: Row = {"duels": len(series), "rounds": int(series["rounds"].sum()), "shots": int(series["shots"].sum())}
    for name in RATES:
        row |= with_interval(name, mean_interval(duel_rates(series, name), seed))
    return row


def difference_row(mine: np.ndarray, theirs: np.ndarray, seed: int, called: str = "difference") -> Row:
    """Each of RATES, mine − theirs duel by duel, with the interval of the mean and whether that leaves out 0.

    The columns are named after the rate and what the difference is `called`.
    """
    row: Row = {}
    for name in RATES:
        value, low, high = mean_interval(duel_rates(mine, name) - duel_rates(theirs, name), seed)
        row |= with_interval(f"{name}_{called}", (value, low, high))
        row[f"{name}_{called}_is_clear"] = bool(low > 0.0 or high < 0.0)
    return row


def duel_rates(series: np.ndarray, name: str) -> np.ndarray:
    """One of RATES in each duel, [U]; NaN where no shot was fired."""
    above, below = (series[column].astype(np.float64) for column in RATES[name])
    return np.divide(above, below, out=np.full(len(series), np.nan), where=below > 0.0)


def mean_interval(values: np.ndarray, seed: int) -> tuple[float, float, float]:
    """Mean of the values that are numbers [U], with its 95 % bootstrap interval; NaN without any.

    The ends are NaN for a single one: resampling it cannot tell how duels differ.
    """
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return (float(known[0]) if len(known) else np.nan), np.nan, np.nan
    low, high = np.percentile(resample(len(known), seed) @ known / len(known), INTERVAL)
    return float(known.mean()), float(low), float(high)


def chosen(series: np.ndarray, units: Sequence[tuple[str, int]], names: Sequence[str]) -> np.ndarray:
    """The part of a series whose units (opponent, season) are of these opponents."""
    return series[[opponent in names for opponent, _ in units]]
