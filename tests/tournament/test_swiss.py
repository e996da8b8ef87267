"""Swiss rounds: everybody plays, nobody meets twice or has a second bye while that can be avoided, equals meet."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_tables import follow, lucky

from beepsim.tournament.standing import Key
from beepsim.tournament.swiss import draw, swiss_plan


def check_round(keys: list[Key], count: int) -> int | None:
    """Everybody plays once; returns who has the bye."""
    players = [bot for key in keys for bot in key.bots]
    assert len(set(players)) == len(players) == count - count % 2
    assert all(key.bots[0] < key.bots[1] for key in keys)
    return next(iter(set(range(count)) - set(players)), None)


@given(st.integers(3, 24), st.integers(1, 12), st.integers(0, 10_000))
def test_everybody_plays_and_nobody_twice(count: int, rounds: int, seed: int) -> None:
    skills = np.random.default_rng(seed).normal(0, 30, count)
    plan = swiss_plan(count, rounds, seed)
    assert (plan.lag, plan.total) == (0, rounds * (count // 2))
    steps = follow(plan, lucky(skills, 5, seed), np.random.default_rng(1))
    assert len(steps) == rounds
    byes = Counter(check_round(keys, count) for keys in steps)
    if count % 2:
        assert max(byes.values()) - min(byes[bot] for bot in range(count)) <= 1
    met = Counter(key.bots for keys in steps for key in keys)
    # With half as many rounds as opponents, or fewer, somebody new is left for each (Dirac's theorem).
    if rounds <= count // 2:
        assert set(met.values()) == {1}
    seasons: Counter[tuple[int, ...]] = Counter()
    for key in [key for keys in steps for key in keys]:
        assert key.season == seasons[key.bots]
        seasons[key.bots] += 1


@pytest.mark.parametrize("count", [3, 4])
def test_small_fields_play_all_against_all(count: int) -> None:
    for seed in range(10):
        rounds = count - 1 + count % 2
        steps = follow(swiss_plan(count, rounds, seed), lucky([50.0 + seed, 50.0, 20.0, 70.0][:count], 20, seed))
        assert {key.bots for keys in steps for key in keys} == {
            (a, b) for a in range(count) for b in range(a + 1, count)
        }


def test_near_equals_meet() -> None:
    # Without luck: after round 1 winners meet winners; who has won by more meets who has, too.
    skills = [70.0, 60.0, 50.0, 40.0, 30.0, 20.0, 10.0, 0.0]
    first, second, third = follow(swiss_plan(8, 3, seed=5), lucky(skills, 0, 0))
    won = {min(key.bots) for key in first}  # the stronger has the lower number
    assert all(len(won & set(key.bots)) in (0, 2) for key in second)
    twice = won & {min(key.bots) for key in second}
    assert any(set(key.bots) == twice for key in third)


def test_the_lot_is_the_seeds() -> None:
    def first(seed: int) -> list[Key]:
        return next(swiss_plan(20, 1, seed).steps)

    assert first(1) == first(1) != first(2)


def test_the_weakest_without_a_bye_has_it() -> None:
    skills = [50.0, 40.0, 30.0, 20.0, 10.0]
    steps = follow(swiss_plan(5, 3, seed=3), lucky(skills, 0, 0))
    byes = [check_round(keys, 5) for keys in steps]
    assert len(set(byes)) == 3
    lost = {max(key.bots) for key in steps[0]}
    assert byes[1] in lost


def test_a_draw_by_hand() -> None:
    """Standing 2, 0, 3, 1; 2 has met 0, so 3 is nearest; then 0 and 1 are left, who have met: rather 2-1 and 0-3."""
    meetings = np.zeros((4, 4), int)
    for a, b in ((2, 0), (0, 1)):
        meetings[a, b] = meetings[b, a] = 1
    assert draw([2, 0, 3, 1], meetings) == [(1, 2), (0, 3)]


def test_failed_pairings_give_no_points_and_end_nothing() -> None:
    steps = follow(swiss_plan(7, 5, seed=1), lambda key: None if 0 in key.bots else 60.0)
    assert len(steps) == 5 and all(check_round(keys, 7) is not None for keys in steps)


def test_a_thousand_bots() -> None:
    count = 1000
    skills = np.random.default_rng(1).normal(0, 30, count)
    steps = follow(swiss_plan(count, 4, seed=1), lucky(skills, 5, 1))
    met = Counter(key.bots for keys in steps for key in keys)
    assert set(met.values()) == {1} and len(met) == 2000
    # In the fourth round near equals meet: not far apart in skill.
    apart = [abs(skills[a] - skills[b]) for a, b in (key.bots for key in steps[3])]
    by_lot = [abs(skills[a] - skills[b]) for a, b in (key.bots for key in steps[0])]
    assert np.mean(apart) < 0.5 * np.mean(by_lot)
