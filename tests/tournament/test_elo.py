"""Elo: battles computed by hand, the order of seasons, and errors as other seeds would spread the ratings."""

import numpy as np
from small_tables import duel_rows

from beepsim.tournament.elo import elo
from beepsim.tournament.pairings import pair


def test_first_battles_by_hand() -> None:
    duels = duel_rows([(0, 1, 0, 100.0), (1, 2, 0, 75.0)])
    ratings, _ = elo(duels, pair(duels, 3))
    # Equal bots: +- 32 (1 - 0.5). Then 1484 against 1500: expected 1 / (1 + 10^(16/400)) = 0.476990
    gain = 32 * (0.75 - 0.476990)
    np.testing.assert_allclose(ratings, [1516, 1484 + gain, 1500 - gain], atol=1e-3)


def test_in_the_order_of_seasons_then_battles() -> None:
    duels = duel_rows([(0, 1, 1, 20.0), (0, 1, 0, 90.0), (0, 2, 0, 60.0)])
    by_hand = duels[[1, 2, 0]].copy()
    by_hand["season"] = 0
    by_hand["battle"] = [1, 2, 3]
    table = pair(duels, 3)
    np.testing.assert_array_equal(elo(duels, table), elo(by_hand, table))
    np.testing.assert_array_equal(elo(duels, table), elo(duels[::-1], table))


def test_errors_are_the_spread_over_seeds() -> None:
    rng, bots, seasons = np.random.default_rng(2), 8, 6
    a, b = (np.tile(side, seasons) for side in np.triu_indices(bots, 1))
    season = np.repeat(np.arange(seasons), len(a) // seasons)
    duels = duel_rows([(i, j, s, 50.0 + 4 * (j - i)) for i, j, s in zip(a, b, season, strict=True)])
    ratings, errors = [], []
    for _ in range(150):
        fought = duels.copy()
        fought["share"] += rng.normal(0, 6, len(duels))
        rating, error = elo(fought, pair(fought, bots))
        ratings.append(rating)
        errors.append(error)
    np.testing.assert_allclose(np.sqrt(np.mean(np.square(errors), axis=0)), np.std(ratings, axis=0), rtol=0.25)
