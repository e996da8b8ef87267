"""Ratings: a table computed by hand, plain definitions, odd fields, and intervals that hold what they promise."""

import numpy as np
import pytest
from hypothesis import given
from small_tables import HAND_MADE, duel_rows, standing_of
from test_pairings import plain_aps, plain_scores, tables

from beepsim.tournament.intervals import student_95
from beepsim.tournament.ratings import MEASURES, PER_CENT, RATING, rate


def test_hand_made_measures() -> None:
    ratings, pairings = rate(standing_of(duel_rows(HAND_MADE), 4))
    expected = {
        "aps": [(70 + 50 + 90) / 3, (30 + 40 + 75) / 3, (50 + 60) / 2, (10 + 25) / 2],
        "pwin": [100 * 2.5 / 3, 100 / 3, 100 * 1.5 / 2, 0],  # A and C tie
        "anpp": [100, (50 + 0 + 0) / 3, (100 + 100 * 35 / 45) / 2, 0],
        "vote": [100, 0, 50, 0],  # C is the best against A, A against all others
        "survival": [(70 + 50 + 90) / 3, (30 + 40 + 75) / 3, (50 + 60) / 2, (10 + 25) / 2],
    }
    for measure, values in expected.items():
        np.testing.assert_allclose(ratings[measure], values, err_msg=measure)
    np.testing.assert_allclose(ratings["score"], ratings["aps"], rtol=1e-14)
    assert ratings["rank"].tolist() == [1, 3, 2, 4]
    assert ratings["battles"].tolist() == [5, 5, 4, 2] and ratings["opponents"].tolist() == [3, 3, 2, 2]
    assert pairings.share[0, 1] == 70.0
    # A's APS: errors 10, 0 and 2 of its pairings, three of them: sqrt(104) / 3 = 3.40; Student's t with 1 + 1 + 34
    # degrees of freedom: 2.028
    assert ratings["aps_high"][0] - ratings["aps"][0] == pytest.approx(2.028 * np.sqrt(104) / 3, rel=0.1)


def test_students_t_as_in_tables() -> None:
    freedom = np.array([1, 2, 3, 4, 5, 10, 30, 1e9])
    expected = [12.706, 4.303, 3.182, 2.776, 2.571, 2.228, 2.042, 1.960]
    np.testing.assert_allclose(student_95(freedom), expected, rtol=0.003)


def test_hand_made_score_of_groups() -> None:
    standing = standing_of(duel_rows(HAND_MADE), 4, groups=["x", "x", "y", "y"], group_weights={"x": 1.0, "y": 3.0})
    ratings = rate(standing)[0]
    expected = [
        (1 * 70 + 3 * (50 + 90) / 2) / 4,
        (1 * 30 + 3 * (40 + 75) / 2) / 4,
        (50 + 60) / 2,  # C has met nobody of group y
        (10 + 25) / 2,
    ]
    np.testing.assert_allclose(ratings["score"], expected, rtol=1e-14)
    assert ratings["rank"].tolist() == [1, 3, 2, 4]


@given(tables)
def test_measures_are_their_definitions(table: tuple[int, list[tuple[int, int, int, float]]]) -> None:
    count, rows = table
    ratings, pairings = rate(standing_of(duel_rows(rows), count), replicates=5)
    scores = plain_scores(rows, count)
    for bot in range(count):
        own = {other: score for (one, other), score in scores.items() if one == bot}
        if not own:
            assert ratings["rank"][bot] == 0 and ratings["battles"][bot] == 0
            assert all(np.isnan(ratings[measure][bot]) for measure in MEASURES)
            continue
        wins = sum(1.0 if score > 50 else 0.5 if score == 50 else 0.0 for score in own.values())
        best = sum(score == max(s for (_, o), s in scores.items() if o == other) for other, score in own.items())
        npp = pairings.npp[bot][~np.isnan(pairings.npp[bot])]
        expected = {
            "aps": plain_aps(scores, bot),
            "score": plain_aps(scores, bot),
            "survival": plain_aps(scores, bot),
            "pwin": 100 * wins / len(own),
            "vote": 100 * best / len(own),
            "anpp": npp.mean() if len(npp) else np.nan,
        }
        for measure, value in expected.items():
            np.testing.assert_allclose(ratings[measure][bot], value, rtol=1e-12, atol=1e-9, err_msg=measure)
        assert ratings["rank"][bot] == 1 + sum(ratings["score"][i] > ratings["score"][bot] + 1e-9 for i in range(count))
    for measure in MEASURES:
        value, low, high = ratings[measure], ratings[measure + "_low"], ratings[measure + "_high"]
        known = ~np.isnan(value) & ~np.isnan(low)
        assert (low[known] <= value[known] + 1e-9).all() and (value[known] <= high[known] + 1e-9).all()
        if measure in PER_CENT:
            assert (low[known] >= 0).all() and (high[known] <= 100).all()
    assert (ratings["rank_low"] <= ratings["rank"]).all() and (ratings["rank"] <= ratings["rank_high"]).all()


def test_nothing_fought() -> None:
    for count in (1, 3):
        ratings, pairings = rate(standing_of(duel_rows([]), count))
        assert ratings.dtype == RATING and len(ratings) == count and pairings.share.shape == (count, count)
        assert (ratings["rank"] == 0).all()
        assert all(np.isnan(ratings[measure]).all() for measure in MEASURES)


def test_two_bots() -> None:
    ratings = rate(standing_of(duel_rows([(0, 1, 0, 70.0), (0, 1, 1, 60.0)]), 2))[0]
    assert ratings["aps"].tolist() == [65.0, 35.0] and ratings["vote"].tolist() == [100.0, 100.0]
    assert np.isnan(ratings["anpp"]).all()  # the best against the other is also the worst
    assert ratings["rank"].tolist() == [1, 2]


def test_equal_bots_share_a_rank() -> None:
    rows = [(0, 1, 0, 50.0), (0, 2, 0, 80.0), (1, 2, 0, 80.0)]
    assert rate(standing_of(duel_rows(rows), 3))[0]["rank"].tolist() == [1, 1, 3]


def test_a_challenge_ranks_challengers_alone() -> None:
    rows = [(0, 2, 0, 55.0), (0, 3, 0, 65.0), (1, 2, 0, 75.0), (1, 3, 0, 40.0)]
    ratings, pairings = rate(standing_of(duel_rows(rows), 4, unranked=[2, 3]))
    assert ratings["aps"].tolist() == [60.0, 57.5, 35.0, 47.5]
    assert ratings["rank"].tolist() == [1, 2, 0, 0] and ratings["rank_high"].tolist()[2:] == [0, 0]
    np.testing.assert_allclose(pairings.knnpbi[0], [np.nan, np.nan, 55 - 75, 65 - 40])


def test_swiss_is_ranked_by_strength() -> None:
    # Bot 1's mean is the highest, but against the weakest opponent.
    rows = [(0, 3, 0, 55.0), (1, 2, 0, 60.0), (2, 3, 0, 20.0)]
    duels = duel_rows(rows)
    assert rate(standing_of(duels, 4))[0]["rank"].tolist() == [3, 2, 4, 1]
    assert rate(standing_of(duels, 4, kind="swiss"))[0]["rank"].tolist() == [1, 3, 4, 2]


def melee(seed: int, battles: int, sd: float) -> np.ndarray:
    """Battles of three bots; what one of them gains by luck, it gains from both others."""
    rng, rows = np.random.default_rng(seed), []
    for season in range(battles):
        luck = rng.normal(0, sd, 3)
        rows += [(a, b, season, 50 + luck[a] - luck[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
    duels = duel_rows(rows)
    duels["battle"] = duels["season"] + 1
    return duels


def test_rows_of_a_melee_battle_move_together() -> None:
    ratings = rate(standing_of(melee(1, 200, 4.0), 3), replicates=4000)[0]
    assert ratings["battles"].tolist() == [200, 200, 200]
    # APS of a bot in one battle: 50 + own luck - mean of two others', variance 16 (1 + 1/2); if the two rows were
    # taken for independent it would be (32 + 32) / 4 = 16.
    error = (ratings["aps_high"] - ratings["aps"]) / 1.96
    np.testing.assert_allclose(error, np.sqrt(24 / 200), rtol=0.15)


def test_ratings_depend_on_the_seed_and_not_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(3)
    rows = [(a, b, s, float(rng.uniform(20, 80))) for s in range(3) for a in range(6) for b in range(a + 1, 6)]
    duels = duel_rows(rows)
    first, again, other, shuffled = (
        rate(standing_of(table, 6), replicates=100, seed=seed)[0]
        for table, seed in ((duels, 1), (duels, 1), (duels, 2), (rng.permutation(duels), 1))
    )
    assert first.tobytes() == again.tobytes()
    assert first["aps_low"].tolist() != other["aps_low"].tolist()
    for measure in MEASURES:
        np.testing.assert_allclose(shuffled[measure], first[measure], rtol=1e-9)


@pytest.mark.parametrize("seasons", [1, 2, 3])
def test_intervals_of_few_seasons_hold_the_truth(seasons: int) -> None:
    """How often 95 % intervals hold the true values of 10 bots, each pairing of which is a matter of taste, too."""
    rng, bots, tournaments = np.random.default_rng(seasons), 10, 150
    a, b = (np.tile(side, seasons) for side in np.triu_indices(bots, 1))
    skill, taste = rng.normal(0, 8, bots), rng.normal(0, 4, (bots, bots))
    mean = np.clip(50 + skill[a] - skill[b] + taste[a, b], 1, 99)
    truth = duel_rows([(i, j, 0, share) for i, j, share in zip(a, b, mean, strict=True)])
    true = rate(standing_of(truth, bots), replicates=0)[0]
    held = dict.fromkeys(("aps", "survival", "bradley_terry", "pwin", "anpp", "vote", "rank"), 0)
    for _ in range(tournaments):
        duels = truth.copy()
        duels["share"] += rng.normal(0, 5, len(a))
        duels["survival_a"] = 100 * rng.binomial(35, mean / 100) / 35
        duels["survival_b"] = 100 - duels["survival_a"]
        duels["variance"] = 25.0 * rng.chisquare(34, len(a)) / 34
        ratings = rate(standing_of(duels, bots), replicates=200)[0]
        for measure in held:
            low, high = ratings[measure + "_low"] - 1e-9, ratings[measure + "_high"] + 1e-9
            held[measure] += ((low <= true[measure]) & (true[measure] <= high)).sum()
    for measure, number in held.items():
        # Counts take few values; from one battle a pairing, who is best against a bot is hardly known.
        least, most = (0.92, 0.98) if measure in ("aps", "survival", "bradley_terry") else (0.9, 1.0)
        least = 0.8 if (measure, seasons) == ("anpp", 1) else least
        assert least < number / (tournaments * bots) <= most, measure
