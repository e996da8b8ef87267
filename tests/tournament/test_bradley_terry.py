"""Bradley-Terry strengths: a published example, the MM algorithm as an oracle, bots that won or lost everything."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from small_tables import duel_rows, standing_of

from beepsim.tournament.bradley_terry import AVERAGE, ELO_SCALE, PRIOR, derivatives, log_strengths, moves_by_wins, shown
from beepsim.tournament.intervals import student_95
from beepsim.tournament.ratings import rate

# Agresti, Categorical Data Analysis, American League of 1987: wins of row over column, 13 games a pair.
# Milwaukee, Detroit, Toronto, New York, Boston, Cleveland, Baltimore.
BASEBALL = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ],
    float,
)
PUBLISHED = [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.0]


def minorised(wins: np.ndarray, prior: float) -> np.ndarray:
    """Hunter 2004, "MM algorithms for generalized Bradley-Terry models", equation 3; the prior as one more opponent of
    fixed strength 0."""
    strength = np.ones(len(wins))
    for _ in range(100_000):
        before, games = strength, wins + wins.T
        weight = games / (strength[:, None] + strength)
        strength = (wins.sum(axis=1) + prior / 2) / (weight.sum(axis=1) + prior / (strength + 1.0))
        if np.abs(np.log(strength / before)).max() < 1e-13:
            break
    return np.log(strength)


def test_published_baseball_example() -> None:
    assert (BASEBALL + BASEBALL.T + 13 * np.eye(7) == 13).all()
    strengths = log_strengths(BASEBALL, prior=0.0)
    np.testing.assert_allclose(strengths - strengths[-1], PUBLISHED, atol=0.005)
    assert abs(strengths.mean()) < 1e-9


def test_the_prior_hardly_shows() -> None:
    with_prior, without = log_strengths(BASEBALL), log_strengths(BASEBALL, prior=0.0)
    np.testing.assert_allclose(with_prior - with_prior.mean(), without, atol=0.005)


@given(
    st.integers(2, 5).flatmap(
        lambda bots: arrays(float, (bots, bots), elements=st.sampled_from([0.0, 0.0, 0.3, 1.0, 2.5, 20.0]))
    )
)
def test_newton_finds_what_minorisation_finds(wins: np.ndarray) -> None:
    np.fill_diagonal(wins, 0.0)
    # A prior that is strong enough for the slow algorithm to arrive.
    np.testing.assert_allclose(log_strengths(wins, prior=1.0), minorised(wins, 1.0), atol=1e-6)


def test_unbeaten_winless_and_unconnected_bots_are_finite() -> None:
    wins = np.zeros((5, 5))
    wins[0, 1] = wins[0, 2] = wins[1, 2] = 3.0  # 0 won everything, 2 nothing; 3 and 4 met only each other
    wins[3, 4], wins[4, 3] = 2.0, 1.0
    strengths = log_strengths(wins)
    assert np.isfinite(strengths).all()
    assert strengths[0] > strengths[3] > strengths[4] > strengths[2]
    np.testing.assert_allclose(strengths[3:].sum(), 0.0, atol=1e-9)
    # Of 6 battles all won and a tenth drawn against strength 0; the mean of the model is what was won.
    chance = 1 / (1 + np.exp(strengths[1:3] - strengths[0]))
    drawn = PRIOR * (0.5 - 1 / (1 + np.exp(-strengths[0])))
    np.testing.assert_allclose(3 * chance.sum() - drawn, 6.0, atol=1e-8)


def test_very_uneven_battles_arrive_too() -> None:
    # From the start, steps of Newton's method that are not held back run away here.
    uneven = [
        [0, 1, 0.01, 10000, 0.01],
        [1, 0, 0.01, 0.01, 0.01],
        [10000, 0, 0, 10000, 0.01],
        [0, 0, 0, 0, 0],
        [100, 10000, 10000, 10000, 0],
    ]
    many = [[0, 1e7, 0, 0], [1e7, 0, 0, 0], [0, 0, 0, 1e7], [0, 0, 1e6, 0]]
    for wins in (np.array(uneven, float), np.array(many)):
        strengths = log_strengths(wins)
        slope, curvature = derivatives(strengths, wins + wins.T, wins.sum(axis=1), PRIOR)
        np.testing.assert_allclose(np.linalg.solve(curvature, slope), 0.0, atol=1e-6)


def test_shown_in_elo_points() -> None:
    points = shown(np.array([0.0, np.log(10.0)]))
    np.testing.assert_allclose(points, [AVERAGE - 200, AVERAGE + 200])
    assert np.isclose(ELO_SCALE, 173.7178, atol=1e-4)


def test_strengths_move_with_the_wins() -> None:
    changed = BASEBALL.copy()
    changed[0, 6], changed[6, 0] = 10.9, 2.1
    moved = (changed - BASEBALL).sum(axis=1) @ moves_by_wins(log_strengths(BASEBALL), BASEBALL)
    np.testing.assert_allclose(moved, log_strengths(changed) - log_strengths(BASEBALL), atol=2e-4)


def test_intervals_are_those_of_strengths_fitted_anew() -> None:
    rng, bots = np.random.default_rng(5), 6
    rows = [
        (a, b, s, rng.normal(50 + 6 * (b - a), 8)) for s in range(3) for a in range(bots) for b in range(a + 1, bots)
    ]
    duels = duel_rows(rows)
    ratings, pairings = rate(standing_of(duels, bots), replicates=2000)
    fitted = []
    for _ in range(1000):
        share = pairings.share + np.triu(rng.normal(0, 1, (bots, bots)) * np.nan_to_num(pairings.share_error), 1)
        wins = np.triu(share, 1) * 3 / 100
        fitted.append(shown(log_strengths(np.nan_to_num(wins + np.tril(3 - wins.T, -1)))))
    reach = student_95(np.array(5 * 2)) * np.std(fitted, axis=0)
    np.testing.assert_allclose(ratings["bradley_terry_high"] - ratings["bradley_terry"], reach, rtol=0.12)
