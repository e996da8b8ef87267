"""Elo ratings, for comparison: battle after battle, in the order of seasons and within them of battles' numbers."""

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
    slope = np.log(10.0) / 400.0
    spread = pairings.share_error**2 * pairings.battles / 100.0**2
    for first in range(0, len(order), ROWS_AT_ONCE):
        rows = duels[order[first : first + ROWS_AT_ONCE]]
        columns = (rows["a"], rows["b"], rows["share"] / 100.0, spread[rows["a"], rows["b"]])
        for a, b, won, variance in zip(*(column.tolist() for column in columns), strict=True):
            expected = 1.0 / (1.0 + 10.0 ** ((ratings[b] - ratings[a]) / 400.0))
            gain = K * (won - expected)
            ratings[a] += gain
            ratings[b] -= gain
            pull = K * slope * expected * (1.0 - expected)
            kept, taken, noise = (1.0 - pull) ** 2, pull**2, K * K * variance
            own, other = variances[a], variances[b]
            variances[a] = kept * own + taken * other + noise
            variances[b] = kept * other + taken * own + noise
    return np.array(ratings), np.sqrt(variances)
