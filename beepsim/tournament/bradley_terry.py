"""Bradley-Terry strengths by maximum likelihood.

P(i beats j) = 1 / (1 + exp(s_j - s_i)) (Bradley and Terry 1952). A battle is not won or lost: its share of the score,
as a fraction, is the win of one bot and the rest that of the other. Unlike a mean over opponents, a strength accounts
for who they were.
"""

import math

import numpy as np

PRIOR = 0.1
"""Battles that every bot has drawn, in thought, against one of strength 0: then a bot that took everything, or one that
is connected to the others by no battles, has a finite strength, and others hardly notice."""

ELO_SCALE = 400.0 / math.log(10.0)
"""Elo points of a unit of log-strength: 400 points are odds of 10 to 1."""

AVERAGE = 1500.0
"""What a bot of mean strength is shown as."""

PRECISION = 1e-5
"""A step of Newton's method below it leaves an error of about its square."""

STEPS = 100
"""More than strengths of 1 to 10^20 need; only rounding, with millions of battles, could ask for others."""


def log_strengths(wins: np.ndarray, prior: float = PRIOR) -> np.ndarray:
    """Strengths [B] with the greatest likelihood, for wins (fractions count) of row over column [B, B].

    Relative to the strength 0 of the prior; without a prior their mean is 0, and all must be connected by wins.
    """
    games, total = wins + wins.T, wins.sum(axis=1)
    strengths = np.zeros(len(wins))
    for _ in range(STEPS):
        slope, curvature = derivatives(strengths, games, total, prior)
        step = np.linalg.solve(curvature, slope)
        # A step within which no difference changes by more than 1 never lowers the likelihood: Newton's method for
        # generalised self-concordant functions (Bach 2010, "Self-concordant analysis for logistic regression").
        reach = max(step.max(initial=0.0), 0.0) - min(step.min(initial=0.0), 0.0)
        strengths += step / max(reach, 1.0)
        if reach < PRECISION:
            break
    return strengths


def derivatives(
    strengths: np.ndarray, games: np.ndarray, total: np.ndarray, prior: float
) -> tuple[np.ndarray, np.ndarray]:
    """Slope [B] of the log-likelihood and its negative curvature [B, B]."""
    chance = chances(strengths[:, None] - strengths)
    drawn = chances(strengths)
    slope = total - (games * chance).sum(axis=1) + prior * (0.5 - drawn)
    curvature = -games * chance * (1.0 - chance)
    np.fill_diagonal(curvature, 0.0)
    diagonal = prior * drawn * (1.0 - drawn) - curvature.sum(axis=1)
    curvature[np.diag_indices_from(curvature)] = diagonal
    # Without a prior a strength added to all changes nothing; this keeps the mean where it is.
    return slope, curvature if prior > 0 else curvature + 1.0


def chances(difference: np.ndarray) -> np.ndarray:
    """Probability to win by difference in log-strength."""
    return 0.5 + 0.5 * np.tanh(0.5 * difference)


def moves_by_wins(strengths: np.ndarray, wins: np.ndarray, prior: float = PRIOR) -> np.ndarray:
    """How the strengths at the maximum move with the bots' sums of wins, [B, B]: moves = changes in wins @ it.

    One step of Newton's method from the maximum; it is exact to first order, and all that a replicate of the bootstrap
    costs, since the likelihood depends on the wins only through each bot's sum of them.
    """
    curvature = derivatives(strengths, wins + wins.T, wins.sum(axis=1), prior)[1]
    return np.linalg.inv(curvature)


def shown(strengths: np.ndarray) -> np.ndarray:
    """Strengths in Elo points around 1500."""
    return AVERAGE + ELO_SCALE * (strengths - strengths.mean(axis=-1, keepdims=True))
