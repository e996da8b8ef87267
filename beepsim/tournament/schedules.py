"""Round robin, challenge and melee draws: plans that depend on no result; and the seed and the order of a battle."""

import hashlib
import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from beepsim.battle import SEEDS
from beepsim.tournament.plan import Plan, Steps
from beepsim.tournament.standing import Key

STEP = 4096  # battles that are planned at a time; a thousand bots have half a million in a season


def round_robin_pairs(count: int) -> list[tuple[int, int]]:
    """Everyone against everyone, in an order in which all soon have as many battles as the others."""
    return [(a, a + apart) for apart in range(1, count) for a in range(count - apart)]


def challenge_pairs(is_ranked: Sequence[bool]) -> list[tuple[int, int]]:
    """Every challenger (the ranked ones) against every reference."""
    references = [index for index, ranked in enumerate(is_ranked) if not ranked]
    return [tuple(sorted((a, b))) for b in references for a, ranked in enumerate(is_ranked) if ranked]  # type: ignore[misc]


def seasons_plan(pairs: Sequence[tuple[int, int]], seasons: int) -> Plan:
    """Every pairing once in each season."""
    keys = (Key(pair, season) for season in range(seasons) for pair in pairs)
    return Plan(known_steps(keys), 1, len(pairs) * seasons)


def melee_plan(count: int, robots: int, seasons: int, seed: int) -> Plan:
    """Draws of `robots` each: in every season each bot fights once; the last draw is filled up with others by lot."""
    draws = -(-count // robots)
    return Plan(known_steps(melee_keys(count, robots, seasons, seed)), 1, draws * seasons)


def melee_keys(count: int, robots: int, seasons: int, seed: int) -> Iterator[Key]:
    for season in range(seasons):
        order = np.random.default_rng([seed, season]).permutation(count).tolist()
        for first in range(0, count, robots):
            drawn = order[first : first + robots]
            yield Key(tuple(sorted(drawn + order[: robots - len(drawn)])), season)


def known_steps(keys: Iterator[Key]) -> Steps:
    while step := list(itertools.islice(keys, STEP)):
        yield step


def seed_names(names: Sequence[str], is_ranked: Sequence[bool], is_challenge: bool) -> list[str]:
    """The names by which battles get their seeds and orders: in a challenge all challengers have the same, which no bot
    has, so that all of them meet the same battles, and differences between them are paired."""
    return ["" if is_challenge and ranked else name for name, ranked in zip(names, is_ranked, strict=True)]


def battle_order(names: Sequence[str], season: int) -> list[int]:
    """In which order the robots of a battle take their places: by name, another first in each season.

    By name, so that neither the order in the configuration nor bots added later change a battle.
    """
    order = sorted(range(len(names)), key=lambda index: names[index])
    first = season % len(order)
    return order[first:] + order[:first]


def battle_seed(tournament_seed: int, names: Sequence[str], season: int) -> int:
    """The seed of the battle between these bots in this season; a bot's next version meets the same seeds."""
    text = "\0".join([str(tournament_seed), str(season), *sorted(names)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % SEEDS
