"""Round robin, challenge, melee draws: everyone meets whom they should, whatever else is in the tournament."""

from collections import Counter
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from beepsim.tournament.schedules import (
    battle_order,
    battle_seed,
    challenge_pairs,
    melee_keys,
    round_robin_pairs,
    seasons_plan,
)
from beepsim.tournament.standing import Key


@given(st.integers(2, 40), st.integers(1, 3))
def test_round_robin_is_every_pair_once_a_season(count: int, seasons: int) -> None:
    plan = seasons_plan(round_robin_pairs(count), seasons)
    keys = [key for step in plan.steps for key in step]
    assert sorted(keys) == sorted(Key(pair, s) for pair in combinations(range(count), 2) for s in range(seasons))
    assert plan.total == len(keys)


def test_a_challenge_is_challengers_against_references() -> None:
    assert sorted(challenge_pairs([True, False, True, False])) == [(0, 1), (0, 3), (1, 2), (2, 3)]


@given(st.integers(3, 30), st.integers(3, 12), st.integers(0, 99))
def test_everyone_is_drawn_once_a_season_and_fillers_twice_at_most(count: int, robots: int, seed: int) -> None:
    if count < robots:
        return
    keys = list(melee_keys(count, robots, 3, seed))
    for season in range(3):
        drawn = [key.bots for key in keys if key.season == season]
        assert all(len(set(bots)) == robots and list(bots) == sorted(bots) for bots in drawn)
        times = Counter(bot for bots in drawn for bot in bots)
        assert set(times) == set(range(count)) and max(times.values()) <= 2
        assert len(set(drawn)) == len(drawn)
    assert keys == list(melee_keys(count, robots, 3, seed))


def test_a_battle_does_not_depend_on_the_others() -> None:
    assert battle_seed(1, ["b", "a"], 0) == battle_seed(1, ["a", "b"], 0)
    seeds = {
        battle_seed(seed, names, season) for seed in (1, 2) for names in (["a", "b"], ["a", "c"]) for season in (0, 1)
    }
    assert len(seeds) == 8 and all(0 <= seed < 1 << 48 for seed in seeds)
    assert [battle_order(["b", "a", "c"], season) for season in range(3)] == [[1, 0, 2], [0, 2, 1], [2, 1, 0]]
