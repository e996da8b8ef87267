"""Swiss tournaments: in each round bots of near-equal standing meet, and nobody twice while that can be avoided.

For fields that are too large for a round robin. The standing only decides who meets; the ranking is by Bradley-Terry,
which accounts for the opponents.
"""

import numpy as np

from beepsim.tournament.matching import NOBODY, complete_matching
from beepsim.tournament.plan import Plan, Steps, Told
from beepsim.tournament.standing import Key

BYE_SHARE = 50.0
"""A bye is a point, as a battle won, but moves nobody among those of equal points."""


def swiss_plan(count: int, rounds: int, seed: int) -> Plan:
    """Rounds of one battle for each pair, the first drawn by `seed`; in odd fields one bot of each round has a bye.

    A pairing won is a point, a tie half of one; bots of equal points are ordered by the sum of their shares. A pairing
    that failed is no point for either. Nobody has two byes before all had one, and nobody meets an opponent again that
    would leave fewer of the others with a new one.
    """
    return Plan(swiss_steps(count, rounds, seed), 0, rounds * (count // 2))


def swiss_steps(count: int, rounds: int, seed: int) -> Steps:
    lot = np.random.default_rng(seed).permutation(count)
    points, shares = np.zeros(count), np.zeros(count)
    # The bye is one more bot, so that it too is met once; in even fields everybody has met it from the start.
    seats = count + count % 2
    meetings = np.zeros((seats, seats), np.int64)
    for _ in range(rounds):
        order = np.lexsort((lot, -shares, -points)).tolist()
        pairs = draw(order, meetings)
        keys = []
        for a, b in pairs:
            if b < count:
                keys.append(Key((a, b), int(meetings[a, b])))
            else:
                points[a] += 1.0
                shares[a] += BYE_SHARE
            meetings[a, b] += 1
            meetings[b, a] += 1
        told = yield keys
        enter(points, shares, told)


def enter(points: np.ndarray, shares: np.ndarray, told: Told) -> None:
    """Adds a round's results; each bot has at most one."""
    for own, share in (("a", told.duels["share"]), ("b", 100.0 - told.duels["share"])):
        points[told.duels[own]] += np.where(share > 50.0, 1.0, np.where(share == 50.0, 0.5, 0.0))
        shares[told.duels[own]] += share


def draw(order: list[int], meetings: np.ndarray) -> list[tuple[int, int]]:
    """Pairs (a < b) of a round: `order` lists the bots, best first, `meetings` [S, S] how often two have met.

    With an odd number of bots one is paired with the bye, whose number follows on theirs.
    """
    seats, has_bye = len(meetings), len(order) < len(meetings)
    standing = order + list(range(len(order), seats))
    met = meetings[np.ix_(standing, standing)]  # from here on, bots are places in the standing
    may_meet = met == 0
    np.fill_diagonal(may_meet, False)
    if has_bye:
        may_meet[-1, :-1] = may_meet[:-1, -1] = met[-1, :-1] == met[-1, :-1].min()

    partner = [NOBODY] * seats
    free = np.ones(seats, bool)
    # The bye chooses first, the nearest to it, which is last; then the best bot, and so on.
    for place in [seats - 1, *range(seats - 1)] if has_bye else range(seats):
        others = np.flatnonzero(may_meet[place] & free & free[place])
        if len(others):
            match(partner, place, nearest_first(others, place)[0])
            free[[place, partner[place]]] = False
    if free.any():
        complete_matching([nearest_first(np.flatnonzero(row), place) for place, row in enumerate(may_meet)], partner)
    pair_the_rest(partner, met, has_bye)
    return [ordered(standing[place], standing[other]) for place, other in enumerate(partner) if place < other]


def nearest_first(places: np.ndarray, place: int) -> list[int]:
    return places[np.argsort(np.abs(places - place), kind="stable")].tolist()


def match(partner: list[int], place: int, other: int) -> None:
    partner[place], partner[other] = other, place


def pair_the_rest(partner: list[int], met: np.ndarray, has_bye: bool) -> None:
    """Pairs those for whom nobody new is left with whom they have met least, the nearest first."""
    bye = len(partner) - 1
    if has_bye and partner[bye] == NOBODY:
        place = min(range(bye), key=lambda place: (met[bye, place], -place))
        if partner[place] != NOBODY:
            partner[partner[place]] = NOBODY
        match(partner, place, bye)
    rest = [place for place, other in enumerate(partner) if other == NOBODY]
    while rest:
        place = rest.pop(0)
        other = min(rest, key=lambda other: (met[place, other], other))
        rest.remove(other)
        match(partner, place, other)


def ordered(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)
