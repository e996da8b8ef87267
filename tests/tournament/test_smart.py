"""Smart scheduling: fewer battles for the same certainty, the same on any course of events, and an end."""

import itertools
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tables import duel_rows, follow, lucky, standing_of

from beepsim.tournament.plan import Told
from beepsim.tournament.ratings import rate
from beepsim.tournament.smart import Table, enter, shrunk_variance, smart_plan
from beepsim.tournament.standing import Key


def everyone(count: int) -> list[tuple[int, int]]:
    return list(itertools.combinations(range(count), 2))


def battles(steps: list[list[Key]]) -> list[Key]:
    return [key for step in steps for key in step]


SKILLS = [95.0, 86.0, 77.0, 68.0, 59.0, 57.0, 48.0, 39.0, 30.0, 21.0, 12.0, 3.0]
"""Two that are close, ten that are not."""
COUNT = len(SKILLS)


def test_every_pairing_first_then_in_steps() -> None:
    steps = follow(smart_plan(everyone(COUNT), COUNT, 50, 200, seed=1, step=10), lucky(SKILLS, 5, 1))
    assert battles(steps[:7]) == [Key(pair, 0) for pair in everyone(COUNT)]
    assert steps[7] == [] and all(0 < len(step) <= 10 for step in steps[8:])
    keys = battles(steps)
    assert len(set(keys)) == len(keys)
    for pair, number in Counter(key.bots for key in keys).items():
        assert [key.season for key in keys if key.bots == pair] == list(range(number))


def test_fewer_battles_than_round_robin_for_the_same_certainty() -> None:
    def is_separate(keys: list[Key], fight: Callable[[Key], float]) -> bool:
        rows = duel_rows([(*key.bots, key.season, fight(key)) for key in keys], 25.0)
        ratings = rate(standing_of(rows, COUNT), replicates=200)[0]
        order = np.argsort(-ratings["score"])
        return bool((ratings["score_low"][order[:-1]] > ratings["score_high"][order[1:]]).all())

    smart, plain = [], []
    for seed in range(4):
        fight = lucky(SKILLS, 5, seed)
        smart.append(len(battles(follow(smart_plan(everyone(COUNT), COUNT, 1000, 5000, seed), fight))))
        keys: list[Key] = []
        for season in range(1000):
            keys += [Key(pair, season) for pair in everyone(COUNT)]
            if season and is_separate(keys, fight):
                break
        plain.append(len(keys))
    assert sum(smart) < 0.6 * sum(plain), (smart, plain)


def test_battles_go_to_bots_that_are_close() -> None:
    keys = battles(follow(smart_plan(everyone(COUNT), COUNT, 1000, 5000, seed=2), lucky(SKILLS, 5, 2)))
    number = Counter(bot for key in keys[66:] for bot in key.bots)
    assert min(number[4], number[5]) > 2 * max(number[bot] for bot in range(COUNT) if bot not in (4, 5))


def test_ends_with_a_ranking_that_is_right_most_of_the_time() -> None:
    right = 0
    for seed in range(12):
        fight = lucky(SKILLS, 5, seed)
        keys = battles(follow(smart_plan(everyone(COUNT), COUNT, 1000, 5000, seed), fight))
        assert len(keys) < 5000
        rows = duel_rows([(*key.bots, key.season, fight(key)) for key in keys])
        right += rate(standing_of(rows, COUNT), replicates=0)[0]["rank"].tolist() == list(range(1, COUNT + 1))
    assert right >= 11


def test_equal_bots_end_with_the_budget_or_the_seasons() -> None:
    fight = lucky([50.0] * 5, 5, 3)
    assert len(battles(follow(smart_plan(everyone(5), 5, 1000, 77, seed=1), fight))) == 77
    keys = battles(follow(smart_plan(everyone(5), 5, 3, 10_000, seed=1), fight))
    assert len(keys) <= 30 and max(key.season for key in keys) == 2
    assert len(battles(follow(smart_plan(everyone(5), 5, 1000, 7, seed=1), fight))) == 7  # not even once each


@settings(max_examples=15)
@given(st.integers(2, 7), st.integers(0, 1000), st.integers(1, 20))
def test_the_same_whatever_the_order_of_results(count: int, seed: int, step: int) -> None:
    skills = np.random.default_rng(seed).normal(0, 20, count)

    def fight(key: Key) -> float | None:
        return None if key.bots == (0, 1) and seed % 3 == 0 else lucky(skills, 5, seed)(key)

    first, second = (
        follow(smart_plan(everyone(count), count, 20, 120, seed, step), fight, rng)
        for rng in (None, np.random.default_rng(seed))
    )
    assert first == second
    assert len(battles(first)) <= 120


def test_failed_pairings_are_left_alone() -> None:
    def fight(key: Key) -> float | None:
        return None if key.bots == (2, 3) else lucky(SKILLS, 5, 4)(key)

    keys = battles(follow(smart_plan(everyone(COUNT), COUNT, 1000, 300, seed=4), fight))
    assert sum(key.bots == (2, 3) for key in keys) == 1
    assert follow(smart_plan([(0, 1)], 2, 9, 9, seed=1), lambda key: None) == [[Key((0, 1), 0)], []]


def test_references_of_a_challenge_are_not_told_apart() -> None:
    pairs = [(a, b) for a in (0, 1, 2) for b in (3, 4, 5, 6)]
    weights = np.zeros((7, 7))
    weights[:3, 3:] = 0.25
    skills = [90.0, 60.0, 30.0, 50.0, 50.0, 50.0, 50.0]
    with_weights, without = (
        len(battles(follow(smart_plan(pairs, 7, 100, 400, seed=1, weights=given_weights), lucky(skills, 3, 1))))
        for given_weights in (weights, None)
    )
    assert with_weights == 12  # three challengers far apart need no second battle
    assert without > 100


def test_cheap_battles_are_preferred() -> None:
    """Two equal ways to tell bots 0 and 1 apart: against 2, whose battles take long, and against 3."""
    pairs = [(0, 2), (0, 3), (1, 2), (1, 3)]
    weights = np.zeros((4, 4))
    weights[:2, 2:] = 0.5
    plan = smart_plan(pairs, 4, 1000, 400, 1, 4, weights)
    steps = follow(plan, lucky([50.0] * 4, 5, 1), turns=lambda key: 9000 if key.bots[1] == 2 else 1000)
    seen = Counter(key.bots[1] for key in battles(steps))
    # The standard error is lowest for a price where battles go as one over the root of their cost: 3 to 1.
    assert seen[3] / seen[2] == pytest.approx(3, rel=0.25)


def test_some_battles_go_to_those_that_look_certain() -> None:
    keys = battles(follow(smart_plan(everyone(5), 5, 1000, 900, 1), lucky([95.0, 75.0, 45.0, 45.0, 15.0], 5, 1)))
    late = keys[-600:]
    certain = sum(not {2, 3} & set(key.bots) for key in late)
    # A twentieth by lot, and the least fought pairings are those of bots that look certain.
    assert 0.02 < certain / len(late) < 0.09


def table_of(rows: list[tuple[int, int, int, float]], variance: float) -> Table:
    numbers = [np.zeros(2) for _ in range(9)]
    table = Table(np.array([0, 1]), np.array([1, 2]), *numbers, np.zeros(2, bool))
    place = np.full((3, 3), -1)
    place[0, 1], place[1, 2] = 0, 1
    enter(table, place, Told(duel_rows(rows, variance), []))
    return table


def test_two_equal_shares_are_not_taken_for_certainty() -> None:
    table = table_of([(0, 1, 0, 60.0), (0, 1, 1, 60.0), (1, 2, 0, 40.0), (1, 2, 1, 60.0)], np.nan)
    # Of two pairings 0 and 200 with a degree of freedom each: mean 100, mixed as 4 to 1.
    np.testing.assert_allclose(shrunk_variance(table, table.total / 2), [4 * 100 / 5, (4 * 100 + 200) / 5])


def test_results_are_summed_in_an_order_of_their_own() -> None:
    rows = [(0, 1, season, share) for season, share in enumerate((10.1, 33.3, 77.7, 12.3456, 99.9, 0.1))]
    for first, second in zip(table_of(rows, 25.0), table_of(rows[::-1], 25.0), strict=True):
        assert first.tobytes() == second.tobytes()
