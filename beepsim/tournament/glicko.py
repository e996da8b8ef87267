"""Glicko-2 ratings, for comparison (Glickman 2013, "Example of the Glicko-2 system").

A season is a rating period; the share of the score, as a fraction, is the outcome, as in LiteRumble. The deviation
takes a battle for one game won or lost, of which a share tells more: intervals from it are wider than they had to be.
"""

import math

import numpy as np

START = 1500.0
START_DEVIATION = 350.0
START_VOLATILITY = 0.06
TAU = 0.5
"""How much the volatility may change; Glickman: 0.3 to 1.2."""

SCALE = 173.7178
PRECISION = 1e-6


def glicko2(duels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Ratings and deviations after all seasons, [B] each; DUEL rows with both bots below `count`."""
    ratings, deviations = np.full(count, START), np.full(count, START_DEVIATION)
    volatilities = np.full(count, START_VOLATILITY)
    order = np.argsort(duels["season"], kind="stable")
    ends = np.flatnonzero(np.diff(duels["season"][order])) + 1
    for rows in np.split(order, ends) if len(order) else []:
        a, b, share = duels["a"][rows], duels["b"][rows], duels["share"][rows] / 100.0
        ratings, deviations, volatilities = period(ratings, deviations, volatilities, a, b, share)
    return ratings, deviations


def period(
    ratings: np.ndarray,
    deviations: np.ndarray,
    volatilities: np.ndarray,
    a: np.ndarray,
    b: np.ndarray,
    outcome: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One rating period: new ratings, deviations and volatilities [B], after games of a[G] against b[G] with a's
    outcomes [G] from 0 to 1. Step numbers are Glickman's."""
    mu, phi = (ratings - START) / SCALE, deviations / SCALE
    g = 1.0 / np.sqrt(1.0 + 3.0 * phi**2 / math.pi**2)
    information, surprise = np.zeros(len(mu)), np.zeros(len(mu))
    for own, other, score in ((a, b, outcome), (b, a, 1.0 - outcome)):
        expected = 1.0 / (1.0 + np.exp(-g[other] * (mu[own] - mu[other])))
        information += np.bincount(own, g[other] ** 2 * expected * (1.0 - expected), len(mu))  # step 3
        surprise += np.bincount(own, g[other] * (score - expected), len(mu))
    has_played = np.bincount(np.r_[a, b], minlength=len(mu)) > 0
    v = 1.0 / np.where(has_played, information, 1.0)
    delta = v * surprise  # step 4
    sigma = np.where(has_played, new_volatilities(phi, v, delta, volatilities), volatilities)
    widened = np.sqrt(phi**2 + sigma**2)  # step 6; all there is for those that did not play
    narrowed = 1.0 / np.sqrt(1.0 / widened**2 + 1.0 / v)  # step 7
    return (
        START + SCALE * np.where(has_played, mu + narrowed**2 * surprise, mu),
        SCALE * np.where(has_played, narrowed, widened),
        sigma,
    )


def new_volatilities(phi: np.ndarray, v: np.ndarray, delta: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Step 5: the Illinois algorithm, for all bots [B] at once."""
    start = np.log(sigma**2)

    def f(x: np.ndarray) -> np.ndarray:
        grown = phi**2 + v + np.exp(x)
        return np.exp(x) * (delta**2 - grown) / (2.0 * grown**2) - (x - start) / TAU**2

    low, excess = start.copy(), delta**2 - phi**2 - v
    high = np.where(excess > 0, np.log(np.where(excess > 0, excess, 1.0)), start - TAU)
    while (rising := (excess <= 0) & (f(high) < 0)).any():
        high = np.where(rising, high - TAU, high)
    f_low, f_high = f(low), f(high)
    while (open_ := np.abs(high - low) > PRECISION).any():
        slope = np.where(open_ & (f_high != f_low), f_high - f_low, 1.0)
        middle = np.where(open_, low + (low - high) * f_low / slope, high)
        f_middle = np.where(open_, f(middle), f_high)
        crossed = f_middle * f_high <= 0
        low, f_low = (
            np.where(open_ & crossed, high, low),
            np.where(open_, np.where(crossed, f_high, f_low / 2.0), f_low),
        )
        high, f_high = middle, f_middle
    return np.exp(low / 2.0)
