"""Elo ratings, for comparison: battle after battle, in the order of seasons and within them of battles' numbers."""

import math
from math import exp

import numpy as np

from beepsim.tournament.pairings import Pairings, among

START = 1500.0
K = 32.0
"""Points that a battle moves at most; FIDE's and the chess servers' usual size for newcomers."""

ROWS_AT_ONCE = 1 << 14


def elo(duels: np.ndarray, pairings: Pairings) -> tuple[np.ndarray, np.ndarray]:
    """Ratings and their standard errors, [B] each; the share of the score, as a fraction, is the outcome.

    The errors carry the variance of each battle's share through the updates, to first order and without the
    covariances between bots: what other seeds would have changed, not how far the start is still felt.
    """
    count = len(pairings.share)
    duels = among(duels, count)
    order = np.lexsort((duels["b"], duels["a"], duels["battle"], duels["season"]))
    ratings, variances = [START] * count, [0.0] * count
    slope = math.log(10.0) / 400.0
    noise_of = (K / 100.0 * pairings.share_error) ** 2 * pairings.battles
    for first in range(0, len(order), ROWS_AT_ONCE):
        rows = duels[order[first : first + ROWS_AT_ONCE]]
        columns = (rows["a"], rows["b"], rows["share"] / 100.0, noise_of[rows["a"], rows["b"]])
        for a, b, won, noise in zip(*(column.tolist() for column in columns), strict=True):
            expected = 1.0 / (1.0 + exp(slope * (ratings[b] - ratings[a])))
            gain = K * (won - expected)
            ratings[a] += gain
            ratings[b] -= gain
            pull = K * slope * expected * (1.0 - expected)
            kept, taken = (1.0 - pull) * (1.0 - pull), pull * pull
            own, other = variances[a], variances[b]
            variances[a] = kept * own + taken * other + noise
            variances[b] = kept * other + taken * own + noise
    return np.array(ratings), np.sqrt(variances)
