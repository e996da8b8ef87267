"""Scores of challenges by hand, differences that are paired, groups that weigh, and intervals that hold."""

import numpy as np
import pytest
from small_tables import duel_rows, standing_of

from beepsim.tournament.intervals import student_95
from beepsim.tournament.ratings import rate
from beepsim.tournament.scoring import Estimates, combined, interval, mean_over, scores_of
from beepsim.tournament.standing import BOUT, ROUND, Challenge, Standing

ROUNDS = 4
Bout = tuple[int, int, int, int, list[float]]


def challenge_of(bouts: list[Bout], score: str = "damage", baseline: str = "", **named) -> Standing:
    """A standing of bouts (challenger, reference, season, seed, damage of each round).

    A shot is fired and hits for each point of damage, as many again miss.
    """
    table, rounds = np.zeros(len(bouts), BOUT), np.zeros((len(bouts), len(bouts[0][-1])), ROUND)
    for row, (challenger, reference, season, seed, damage) in enumerate(bouts):
        table[row] = (challenger, reference, season, seed, 0, 60.0)
        for name, values in (("damage", 1), ("hits", 1), ("shots", 2), ("score", 3), ("enemy_score", 2)):
            rounds[name][row] = values * np.array(damage)
    count = 1 + max(max(bout[:2]) for bout in bouts)
    references = sorted({bout[1] for bout in bouts})
    duels = duel_rows([(*sorted(bout[:2]), bout[2], 50.0) for bout in bouts])
    standing = standing_of(duels, count, unranked=references, kind="challenge", **named)
    challenge = Challenge(score, baseline, table, rounds)
    return Standing(**{**vars(standing), "challenge": challenge})


def test_one_battle_is_as_sure_as_its_rounds() -> None:
    scores = scores_of(challenge_of([(0, 1, 0, 7, [1.0, 2.0, 3.0, 6.0])]))
    found = mean_over(scores, scores.means["damage"], 0)
    assert found.mean == 3.0 and found.freedom == 3.0
    # deviations -2, -1, 0, 3: variance 14/3, of their mean a quarter
    assert found.variance == pytest.approx(14 / 12)
    low, high = interval(found)
    assert (high - low) / 2 == pytest.approx(float(student_95(np.array(3.0))) * np.sqrt(14 / 12))
    hit_rate = mean_over(scores, scores.means["hit_rate"], 0)
    assert hit_rate.mean == 50.0 and hit_rate.variance == pytest.approx(0.0, abs=1e-20)
    assert mean_over(scores, scores.means["share"], 0).variance == pytest.approx(0.0, abs=1e-20)
    assert np.isnan(mean_over(scores, scores.means["enemy_hit_rate"], 0).mean)


def test_several_battles_are_as_sure_as_they_are_alike() -> None:
    scores = scores_of(challenge_of([(0, 1, 0, 7, [1.0, 3.0]), (0, 1, 1, 8, [5.0, 7.0]), (0, 1, 2, 9, [4.0, 4.0])]))
    found = mean_over(scores, scores.means["damage"], 0)
    # Of the battles 2, 6, 4 the variance is 4, as the rounds say 1, 1, 0; so the usual factor is 6, and 4 is usual too.
    assert found.mean == 4.0 and found.freedom == 2 and scores.means["damage"].freedom == 4 + 2
    assert found.variance == pytest.approx(4 / 3)


def test_a_pairing_whose_battles_came_out_alike_is_less_sure_than_they_say() -> None:
    alike: list[Bout] = [(0, 1, season, season, [3.0, 5.0]) for season in (0, 1)]
    others: list[Bout] = [(0, 2, season, 5 + season, [3.0 + 2 * season, 5.0 + 2 * season]) for season in (0, 1)]
    scores = scores_of(challenge_of(alike + others))
    # All rounds say 1; battles' variances are 0 and 2, so 1 is usual: counted four times beside a battle's worth.
    assert scores.means["damage"].variance == pytest.approx([4 * 1 / 5 / 2, (4 * 1 + 2) / 5 / 2])
    assert scores.means["damage"].freedom.tolist() == [5.0, 5.0]


def test_groups_weigh_as_they_are_told_and_references_equally_within() -> None:
    bouts: list[Bout] = [(0, 1, 0, 7, [1.0] * 4), (0, 2, 0, 8, [5.0] * 4), (0, 3, 0, 9, [10.0] * 4)]
    standing = challenge_of(bouts, groups=("", "easy", "easy", "hard"), group_weights={"easy": 1.0, "hard": 3.0})
    scores = scores_of(standing)
    assert mean_over(scores, scores.means["damage"], 0, "easy").mean == 3.0
    assert mean_over(scores, scores.means["damage"], 0, "hard").mean == 10.0
    assert mean_over(scores, scores.means["damage"], 0).mean == pytest.approx((3.0 + 3 * 10.0) / 4)


def test_differences_are_of_battles_with_the_same_seed() -> None:
    bouts: list[Bout] = [
        *[(0, 2, 0, 7, [9.0, 1.0]), (0, 2, 1, 8, [6.0, 2.0]), (0, 2, 2, 99, [50.0, 50.0])],
        *[(1, 2, 0, 7, [5.0, 1.0]), (1, 2, 1, 8, [5.0, 2.0]), (1, 2, 2, 11, [70.0, 70.0])],
    ]
    scores = scores_of(challenge_of(bouts, baseline="bot1"))
    found = mean_over(scores, scores.differences["damage"], 0)
    # 5 - 3 and 4 - 3.5; the third battles were others
    assert found.mean == pytest.approx(1.25) and found.variance == pytest.approx((0.75**2 * 2) / 1 / 2)
    assert scores.differences["damage"].freedom.tolist()[0] == 5.0
    assert np.isnan(mean_over(scores, scores.differences["damage"], 1).mean)
    single = scores_of(challenge_of([bouts[0], bouts[3]], baseline="bot1"))
    one = mean_over(single, single.differences["damage"], 0)
    # rounds differ by 4 and 0
    assert one.mean == 2.0 and one.variance == pytest.approx(8 / 2)


@pytest.mark.parametrize(("score", "best"), [("damage", 0), ("damage_taken", 1), ("hit_rate", 0)])
def test_ranks_go_by_the_score_and_less_damage_is_better_where_it_is_taken(score: str, best: int) -> None:
    rng = np.random.default_rng(5)
    standing = challenge_of([(bot, 2, 0, 7, list(20 - 5 * bot + rng.normal(size=8))) for bot in (0, 1)], score)
    assert standing.challenge is not None
    rounds = standing.challenge.rounds
    rounds["enemy_damage"], rounds["shots"] = rounds["damage"], 100.0
    ratings, _ = rate(standing)
    assert ratings["rank"].tolist() == ([1, 2, 0] if best == 0 else [2, 1, 0])
    assert ratings["rank_low"][:2].tolist() == ratings["rank_high"][:2].tolist() == ratings["rank"][:2].tolist()


def test_a_weighted_mean_knows_less_where_one_part_decides() -> None:
    def mean_of(means: list[float], variances: list[float], freedom: list[float], pooled: float) -> tuple:
        columns = map(np.array, (means, variances, freedom, [pooled, pooled]))
        return combined(Estimates(*columns), np.ones(2))[:3]

    assert mean_of([1.0, 3.0], [1.0, 1.0], [4.0, 4.0], 99.0) == (2.0, 0.5, 8.0)
    assert mean_of([1.0, 3.0], [1.0, 1.0], [4.0, 4.0], 6.0) == (2.0, 0.5, 6.0)
    assert mean_of([1.0, 3.0], [1.0, 0.0], [4.0, 4.0], 99.0) == (2.0, 0.25, 4.0)
    assert mean_of([np.nan, 3.0], [np.nan, 2.0], [np.nan, 4.0], 99.0) == (3.0, 2.0, 4.0)


@pytest.mark.parametrize("seasons", [1, 2, 5])
def test_intervals_hold_the_truth_nineteen_times_of_twenty(seasons: int) -> None:
    rng = np.random.default_rng(3)
    held = {"mean": 0, "difference": 0}
    for _ in range(tries := 300):
        bouts: list[Bout] = []
        for reference in range(2, 10):
            for season in range(seasons):
                common = rng.normal(size=20)
                for bot in (0, 1):
                    damage = 50 + 3 * bot + reference + 4 * common + rng.normal(0, 1 + reference / 2, 20)
                    bouts.append((bot, reference, season, season, list(damage)))
        scores = scores_of(challenge_of(bouts, baseline="bot0"))
        low, high = interval(mean_over(scores, scores.means["damage"], 1))
        held["mean"] += low <= 58.5 <= high
        low, high = interval(mean_over(scores, scores.differences["damage"], 1))
        held["difference"] += low <= 3.0 <= high
        assert high - low < 5.0
    for name, number in held.items():
        assert 0.91 < number / tries < 0.99, name
