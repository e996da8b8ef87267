"""Score matrices: a table computed by hand, and plain definitions of what LiteRumble derives from them."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from small_tables import HAND_MADE, duel_rows, standing_of

from beepsim.tournament.pairings import LARGEST_VARIANCE, pair, score_weights

NAN = math.nan

tables = st.integers(1, 6).flatmap(
    lambda count: st.tuples(
        st.just(count),
        st.lists(
            st.tuples(
                st.integers(0, count - 1),
                st.integers(0, count - 1),
                st.integers(0, 3),
                st.sampled_from([0.0, 20.0, 50.0, 62.5, 100.0]),
            )
            .filter(lambda row: row[0] != row[1])
            .map(lambda row: (min(row[:2]), max(row[:2]), *row[2:])),
            max_size=25,
        ),
    )
)
"""A number of bots and rows for `duel_rows`; few values, so that ties are many."""


def plain_scores(rows: list[tuple[int, int, int, float]], count: int) -> dict[tuple[int, int], float]:
    """Pairing scores by (bot, opponent)."""
    shares: dict[tuple[int, int], list[float]] = {}
    for a, b, _, share in rows:
        shares.setdefault((a, b), []).append(share)
        shares.setdefault((b, a), []).append(100.0 - share)
    return {pairing: sum(values) / len(values) for pairing, values in shares.items()}


def plain_aps(scores: dict[tuple[int, int], float], bot: int) -> float:
    own = [score for (one, _), score in scores.items() if one == bot]
    return sum(own) / len(own) if own else NAN


def test_hand_made_scores_and_errors() -> None:
    pairings = pair(duel_rows(HAND_MADE), 4)
    expected = [
        [NAN, 70, 50, 90],  # (80 + 60) / 2, (50 + 50) / 2
        [30, NAN, 40, 75],  # (30 + 50) / 2
        [50, 60, NAN, NAN],
        [10, 25, NAN, NAN],
    ]
    np.testing.assert_allclose(pairings.share, expected)
    # 80 and 60: variance 200, of their mean 100; a single battle: the variance 4 that its rounds tell
    errors = [[NAN, 10, 0, 2], [10, NAN, 10, 2], [0, 10, NAN, NAN], [2, 2, NAN, NAN]]
    np.testing.assert_allclose(pairings.share_error, errors, atol=1e-12)
    assert pairings.battles.tolist() == [[0, 2, 2, 1], [2, 0, 2, 1], [2, 2, 0, 0], [1, 1, 0, 0]]
    np.testing.assert_allclose(pairings.survival, expected)
    assert pairings.shots[0].tolist() == [0, 40, 40, 20] and pairings.shots[1].tolist() == [80, 0, 40, 20]
    assert pairings.hits[0].tolist() == [0, 20, 20, 10] and pairings.hits[3].tolist() == [4, 4, 0, 0]


def test_hand_made_npp_and_problem_bots() -> None:
    pairings = pair(duel_rows(HAND_MADE), 4)
    npp = [
        [NAN, 100, 100, 100],
        [50, NAN, 0, 0],  # against A: 30 of 10 to 50
        [100, 100 * 35 / 45, NAN, NAN],  # against B: 60 of 25 to 70
        [0, 0, NAN, NAN],
    ]
    np.testing.assert_allclose(pairings.npp, npp)
    # APS 70, 48.3, 55, 17.5; K = ceil(sqrt(4 / 2)) = 2
    knnpbi = [
        [NAN, 70 - (60 + 25) / 2, 50 - 40, 90 - 75],  # against B: C and D; against C and D only B is left
        [30 - (50 + 10) / 2, NAN, 40 - 50, 75 - 90],
        [50 - (30 + 10) / 2, 60 - (70 + 25) / 2, NAN, NAN],
        [10 - (30 + 50) / 2, 25 - (60 + 70) / 2, NAN, NAN],
    ]
    np.testing.assert_allclose(pairings.knnpbi, knnpbi)


def test_bots_beyond_the_count_are_left_out() -> None:
    without = [row for row in HAND_MADE if row[1] < 3]
    for one, other in zip(pair(duel_rows(HAND_MADE), 3), pair(duel_rows(without), 3), strict=True):
        np.testing.assert_array_equal(one, other)


def test_an_unknown_variance_takes_the_mean_of_the_others() -> None:
    duels = duel_rows([(0, 1, 0, 60.0), (0, 2, 0, 70.0)], variance=9.0)
    duels["variance"][0] = NAN
    assert pair(duels, 3).share_error[0, 1] == 3.0
    duels["variance"] = NAN
    assert pair(duels, 3).share_error[0, 1] == math.sqrt(LARGEST_VARIANCE)


@given(tables)
def test_matrices_are_their_definitions(table: tuple[int, list[tuple[int, int, int, float]]]) -> None:
    count, rows = table
    pairings, scores = pair(duel_rows(rows), count), plain_scores(rows, count)
    bots = len({bot for pairing in scores for bot in pairing})
    nearest = math.ceil(math.sqrt(bots / 2))
    aps = [plain_aps(scores, bot) for bot in range(count)]
    for bot in range(count):
        for opponent in range(count):
            found = [matrix[bot, opponent] for matrix in (pairings.share, pairings.npp, pairings.knnpbi)]
            expected = [NAN, NAN, NAN]
            if (bot, opponent) in scores:
                score = scores[bot, opponent]
                against = {one: s for (one, other), s in scores.items() if other == opponent}
                low, high = min(against.values()), max(against.values())
                # Means of pairings in one order or another differ in their last bits; the plain ones round alike.
                near = sorted(
                    (one for one in against if one != bot), key=lambda one: round(abs(aps[one] - aps[bot]), 9)
                )
                chosen = [against[one] for one in near[:nearest]]
                expected = [
                    score,
                    100 * (score - low) / (high - low) if high > low else NAN,
                    score - sum(chosen) / len(chosen) if chosen else NAN,
                ]
                gaps = sorted(round(abs(aps[one] - aps[bot]), 9) for one in near)
                if len(gaps) > nearest and gaps[nearest - 1] == gaps[nearest]:
                    found, expected = found[:2], expected[:2]  # who of equally near ones is taken is not defined
            np.testing.assert_allclose(found, expected, atol=1e-9)


@given(tables, st.lists(st.sampled_from(["x", "y", ""]), min_size=6, max_size=6))
def test_score_weights_are_means_of_means(
    table: tuple[int, list[tuple[int, int, int, float]]], groups: list[str]
) -> None:
    count, rows = table
    group_weights = {"x": 3.0, "y": 0.5}
    duels, scores = duel_rows(rows), plain_scores(rows, count)
    met = pair(duels, count).battles > 0
    weights = score_weights(standing_of(duels, count, groups).entrants, group_weights, met)
    for bot in range(count):
        total = weight = 0.0
        for group in ("x", "y", ""):
            own = [s for (one, other), s in scores.items() if one == bot and groups[other] == group]
            if own:
                total += group_weights.get(group, 1.0) * sum(own) / len(own)
                weight += group_weights.get(group, 1.0)
        found = sum(weights[bot, other] * scores[bot, other] for other in range(count) if (bot, other) in scores)
        np.testing.assert_allclose(found, total / weight if weight else 0.0, atol=1e-9)
