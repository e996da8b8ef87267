"""One battle as a job: shares, their variance, survival; the same from the worker as from `fight`."""

import json

import numpy as np
import pytest

from beepsim.battle import Rules, fight
from beepsim.results import RoundScore
from beepsim.tournament.field import find_bots
from beepsim.tournament.job import PAIR, Job, fight_job, pair_rows, score_share, share_variance

BOTS = (*find_bots("circle+linear"), *find_bots("oscillator+circular"), *find_bots("sample.Fire"))


def test_a_duel_is_what_fight_says() -> None:
    rules = Rules(num_rounds=4)
    outcome = fight_job(Job(BOTS[:2], 5, rules))
    result = fight(["circle+linear", "oscillator+circular"], 5, rules)
    assert outcome.turns == sum(result.turns)
    for robot, mine in zip(result.robots, outcome.robots, strict=True):
        assert mine.scores[0] == robot.published.total and mine.scores[3] == robot.published.bullet_damage
        assert (mine.shots, mine.hits, mine.rank, mine.firsts) == (robot.shots, robot.hits, robot.rank, robot.firsts)
        for row, one in zip(json.loads(mine.rounds), robot.rounds, strict=True):
            assert RoundScore(*row) == pytest.approx(one, abs=5.001e-4)
        assert sum(one.score for one in robot.rounds) == pytest.approx(robot.scores.total, rel=1e-12)
        assert sum(one.bullet_damage for one in robot.rounds) == pytest.approx(robot.scores.bullet_damage, rel=1e-12)
        assert sum(one.shots for one in robot.rounds) == robot.shots > 0
        assert sum(one.hits for one in robot.rounds) == robot.hits
    (row,) = np.frombuffer(outcome.pairs, PAIR)
    a, b = (robot.published.total for robot in result.robots)
    assert row["share"] == 100 * a / (a + b)
    # In a duel who comes first has survived, unless both fell in the same turn.
    assert row["survival_a"] == 100 * result.robots[0].firsts / 4 and row["shots_b"] == result.robots[1].shots


def test_a_melee_is_a_row_for_every_two_robots() -> None:
    result = fight(["circle+linear", "oscillator+circular", "sample.Fire"], 5, Rules(num_rounds=3))
    rows = pair_rows(result.robots)
    assert [tuple(row)[:2] for row in rows.tolist()] == [(0, 1), (0, 2), (1, 2)]
    assert (rows["shots_a"] == 0).all()
    for row in rows:
        assert row["survival_a"] + row["survival_b"] <= 100 + 1e-9


def test_shares() -> None:
    assert score_share(30, 10) == 75 and score_share(0, 0) == 50 and score_share(0, 5) == 0


def rounds(*scores: float) -> list[RoundScore]:
    return [RoundScore(1, score, 0.0, 0, 0) for score in scores]


def test_the_variance_of_a_share_is_that_of_drawing_its_rounds_again() -> None:
    random = np.random.default_rng(1)
    mine, theirs = random.uniform(20, 180, 35), random.uniform(0, 100, 35)
    drawn = random.integers(0, 35, (20_000, 35))
    sums = mine[drawn].sum(axis=1), theirs[drawn].sum(axis=1)
    simulated = (100 * sums[0] / (sums[0] + sums[1])).var() * 35 / 34
    assert share_variance(rounds(*mine), rounds(*theirs)) == pytest.approx(simulated, rel=0.05)


def test_the_variance_of_one_round_is_the_largest_possible_and_of_no_score_none() -> None:
    assert share_variance(rounds(30), rounds(10)) == pytest.approx(1e4 * 0.75 * 0.25)
    assert share_variance(rounds(0, 0), rounds(0, 0)) == 0
    assert share_variance(rounds(10, 10, 10), rounds(5, 5, 5)) == pytest.approx(0, abs=1e-20)
