"""Score matrices of a tournament's pairings, and what LiteRumble derives from them: NPP and the problem bot index.

The pairing score is the mean of the shares of the pairing's battles, not the share of their sums. Definitions:
RoboWiki, "LiteRumble".
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from beepsim.tournament.standing import Entrant

LARGEST_VARIANCE = 2500.0
"""Of anything between 0 and 100 per cent; stands for a variance of which nothing is known."""


class Pairings(NamedTuple):
    """All [B, B]: row = the bot, column = its opponent; NaN, or 0 for counts, where they have not met."""

    share: np.ndarray  # pairing score, per cent
    share_error: np.ndarray  # its standard error, from several battles or from the rounds of a single one
    battles: np.ndarray  # i8
    round_variance: np.ndarray  # of one battle's share as its rounds differ, mean over the battles; per cent squared
    survival: np.ndarray  # per cent of the rounds, mean over the battles
    shots: np.ndarray  # i8, row's bot at column's
    hits: np.ndarray  # i8
    npp: np.ndarray  # normalised pairing score, per cent
    knnpbi: np.ndarray  # problem bot index: own pairing score minus that of bots of similar APS


def among(duels: np.ndarray, count: int) -> np.ndarray:
    """Those DUEL rows whose bots are both below `count`."""
    kept = (duels["a"] < count) & (duels["b"] < count)
    return duels if kept.all() else duels[kept]


def pair(duels: np.ndarray, count: int) -> Pairings:
    """Matrices of the battles between the first `count` entrants; DUEL rows with others are left out."""
    duels = among(duels, count)
    place = pairing_place(duels, count)

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(place, values, count * count).reshape(count, count)

    def both(own: np.ndarray, other: np.ndarray) -> np.ndarray:
        return summed(own) + summed(other).T

    once = np.bincount(place, minlength=count * count).reshape(count, count)
    battles = once + once.T
    with np.errstate(invalid="ignore", divide="ignore"):
        share = both(duels["share"], 100.0 - duels["share"]) / battles
        squares = summed((duels["share"] - share.ravel()[place]) ** 2)
        single = summed(known_variance(duels))
        round_variance = (single + single.T) / battles
        variance = np.where(once > 1, squares / (once * (once - 1.0)), single)
        share_error = np.sqrt(np.where(battles > 0, variance + variance.T, np.nan))
        survival = both(duels["survival_a"], duels["survival_b"]) / battles
    return Pairings(
        share=share,
        share_error=share_error,
        battles=battles,
        round_variance=round_variance,
        survival=survival,
        shots=both(duels["shots_a"], duels["shots_b"]).astype(np.int64),
        hits=both(duels["hits_a"], duels["hits_b"]).astype(np.int64),
        npp=normalised(share),
        knnpbi=problem_bot_index(share),
    )


def pairing_place(duels: np.ndarray, count: int) -> np.ndarray:
    """Where each row's pairing stands in a flattened [B, B] matrix, above its diagonal."""
    return duels["a"].astype(np.int64) * count + duels["b"]


def known_variance(duels: np.ndarray) -> np.ndarray:
    """The variances of the shares; one that is not known (a single round has none) takes the mean of the others."""
    variance, known = duels["variance"], np.isfinite(duels["variance"])
    return np.where(known, variance, variance[known].mean() if known.any() else LARGEST_VARIANCE)


def normalised(share: np.ndarray) -> np.ndarray:
    """NPP [B, B]: the best bot against an opponent has 100, the worst 0; NaN where all have the same."""
    low = np.fmin.reduce(share, axis=0, initial=np.nan)
    reach = np.fmax.reduce(share, axis=0, initial=np.nan) - low
    return 100.0 * (share - low) / np.where(reach > 0, reach, np.nan)


def mean_score(share: np.ndarray) -> np.ndarray:
    """APS [B]: the mean of the pairing scores over the opponents that were met; NaN where there is none."""
    with np.errstate(invalid="ignore"):
        return np.nansum(share, axis=1) / (~np.isnan(share)).sum(axis=1)


def problem_bot_index(share: np.ndarray) -> np.ndarray:
    """KNNPBI [B, B]: the pairing score minus the mean of the K bots' nearest in APS against the same opponent.

    K = ceil(sqrt(bots / 2)), of those that met this opponent; of two equally near the first. NaN where nobody else did.
    """
    met = ~np.isnan(share)
    scores, filled, meetings = mean_score(share), np.where(met, share, 0.0), met.sum(axis=0)
    nearest = math.ceil(math.sqrt(met.any(axis=1).sum() / 2))
    found = np.full(share.shape, np.nan)
    for bot in np.flatnonzero(met.any(axis=1)):
        order = np.argsort(np.abs(scores - scores[bot]), kind="stable")
        order = order[order != bot]
        wanted = np.where(met[bot], np.minimum(nearest, meetings - met[bot]), 0)
        # In a full table the opponent itself is the only one of the nearest that did not meet it; in others, more are.
        taken = nearest + 1
        while True:
            near = met[order[:taken]]
            near &= np.cumsum(near, axis=0) <= nearest
            if (near.sum(axis=0) >= wanted).all():
                break
            taken *= 2
        with np.errstate(invalid="ignore"):
            found[bot] = share[bot] - (filled[order[:taken]] * near).sum(axis=0) / near.sum(axis=0)
    return found


def score_weights(entrants: Sequence[Entrant], group_weights: dict[str, float], met: np.ndarray) -> np.ndarray:
    """How much the pairing score against a column's bot counts in the row's score, [B, B]; rows sum to 1.

    The score is the mean over groups, with their weights (1 where none is given), of the mean over a group's bots that
    were met (`met`, bool [B, B]); without groups it is the APS. A row is 0 where nobody was met.
    """
    weights = np.zeros(met.shape)
    groups = np.array([entrant.group for entrant in entrants[: len(met)]], object)
    for group in dict.fromkeys(groups):
        members = groups == group
        number = met[:, members].sum(axis=1, keepdims=True)
        weights[:, members] = met[:, members] * group_weights.get(group, 1.0) / np.maximum(number, 1)
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=weights, where=total > 0)
