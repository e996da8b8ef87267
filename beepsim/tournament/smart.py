"""Smart scheduling: the next battle goes where it makes the ranking more certain, for what it costs.

After RoboRunner's smart mode, (standard error now - standard error after one more battle) / cost; cost in turns, since
seconds would make results depend on the machine. Bots count whose interval overlaps that of a neighbour in the ranking.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from beepsim.tournament.plan import Plan, Steps, Told
from beepsim.tournament.standing import Key

NORMAL_95 = 1.96
RANDOM_SHARE = 0.05
"""Of the battles go to a least fought pairing by lot: what looks certain may have looked so by chance."""

TYPICAL_BATTLES = 4.0
"""How many battles' worth a pairing's own variance is mixed with the mean one: two battles may agree by chance."""


class Table(NamedTuple):
    """What is known of P pairings, all [P]."""

    a: np.ndarray  # entrants, a < b
    b: np.ndarray
    weight_a: np.ndarray  # how much it counts in a's score
    weight_b: np.ndarray
    asked: np.ndarray  # battles asked for
    known: np.ndarray  # battles that came to an end
    total: np.ndarray  # of a's shares, from 50 on
    squares: np.ndarray  # of these
    variances: np.ndarray  # sum of those that the battles' rounds tell
    informed: np.ndarray  # battles that tell one
    turns: np.ndarray  # sum
    failed: np.ndarray  # bool


class Certainty(NamedTuple):
    """How far the ranking is known."""

    variance: np.ndarray  # [P] of one battle's share
    errors: np.ndarray  # [B] of the scores, as they will be with all battles asked for
    own_a: np.ndarray  # [P] by what a pairing score is multiplied in a's score
    own_b: np.ndarray
    overlaps: np.ndarray  # bool [B] with a neighbour in the ranking
    cost: np.ndarray  # [P] turns of a battle


def smart_plan(
    pairs: Sequence[tuple[int, int]],
    count: int,
    seasons_at_most: int,
    budget: int,
    seed: int,
    step: int = 16,
    weights: np.ndarray | None = None,
) -> Plan:
    """First each of `pairs` once, in their order, then `step` battles at a time where they tell most.

    Ends when the 95 % intervals of all neighbours in the ranking separate, with `budget` battles in all, or where no
    pairing is left that has been fought less than `seasons_at_most` times, has not failed, and would tell anything.
    `weights` [count, count]: how much the pairing score against the column's bot counts in the row's score (see
    `score_weights`), a row of zeros for a bot that is not ranked; by default all opponents alike. Since the ranking is
    looked at again and again, separate intervals are right a little less often than 95 % of the time.
    """
    weights = np.ones((count, count)) if weights is None else weights
    a, b = np.array(pairs, np.int64).reshape(-1, 2).T
    zeros = [np.zeros(len(a)) for _ in range(4)]
    whole = [np.zeros(len(a), np.int64) for _ in range(3)]
    table = Table(
        a=a,
        b=b,
        weight_a=weights[a, b],
        weight_b=weights[b, a],
        asked=whole[0],
        known=whole[1],
        total=zeros[0],
        squares=zeros[1],
        variances=zeros[2],
        informed=whole[2],
        turns=zeros[3],
        failed=np.zeros(len(a), bool),
    )
    return Plan(smart_steps(table, count, seasons_at_most, budget, seed, step), 1, None)


def smart_steps(table: Table, count: int, seasons_at_most: int, budget: int, seed: int, step: int) -> Steps:
    place = np.full((count, count), -1, np.int64)
    place[table.a, table.b] = np.arange(len(table.a))
    for first in range(0, min(len(table.a), budget), step):
        told = yield [ask(table, pair) for pair in range(first, min(first + step, len(table.a), budget))]
        enter(table, place, told)
    # An empty step: the next one is told of all that came before, and every pairing is known or has failed.
    told = yield []
    generator = np.random.default_rng(seed)
    while True:
        enter(table, place, told)
        number = min(step, budget - int(table.asked.sum()))
        certainty = certainty_of(table, count)
        if number <= 0 or not certainty.overlaps.any():
            return
        keys = next_step(table, certainty, seasons_at_most, number, generator)
        if not keys:
            return
        told = yield keys


def ask(table: Table, pair: int) -> Key:
    """The pairing's next battle."""
    season = int(table.asked[pair])
    table.asked[pair] += 1
    return Key((int(table.a[pair]), int(table.b[pair])), season)


def enter(table: Table, place: np.ndarray, told: Told) -> None:
    """Adds what has become known, in an order of its own: sums in another order differ in their last bits."""
    duels = told.duels[np.lexsort((told.duels["season"], told.duels["b"], told.duels["a"]))]
    pairs, share = place[duels["a"], duels["b"]], duels["share"] - 50.0
    tells = np.isfinite(duels["variance"])
    sums = (
        (table.known, 1),
        (table.total, share),
        (table.squares, share**2),
        (table.variances, np.where(tells, duels["variance"], 0.0)),
        (table.informed, tells),
        (table.turns, duels["turns"]),
    )
    for column, values in sums:
        np.add.at(column, pairs, values)
    for key in told.failed:
        table.failed[place[key.bots]] = True


def certainty_of(table: Table, count: int) -> Certainty:
    known = np.maximum(table.known, 1)
    is_known = table.known > 0
    mean = table.total / known
    variance = shrunk_variance(table, mean)

    def by_bot(for_a: np.ndarray, for_b: np.ndarray) -> np.ndarray:
        return np.bincount(table.a, for_a, count) + np.bincount(table.b, for_b, count)

    weight_a, weight_b = table.weight_a * is_known, table.weight_b * is_known
    weight = by_bot(weight_a, weight_b)
    scale = 1.0 / np.where(weight > 0, weight, 1.0)
    own_a, own_b = weight_a * scale[table.a], weight_b * scale[table.b]
    score = by_bot(own_a * mean, -own_b * mean)
    now, later = (
        np.sqrt(by_bot(own_a**2 * variance / battles, own_b**2 * variance / battles))
        for battles in (known, np.maximum(table.asked, 1))
    )

    ranked = np.flatnonzero(weight > 0)
    ranked = ranked[np.argsort(-score[ranked], kind="stable")]
    better, worse = ranked[:-1], ranked[1:]
    meet = score[better] - score[worse] <= NORMAL_95 * (now[better] + now[worse])
    overlaps = np.zeros(count, bool)
    overlaps[better[meet]] = overlaps[worse[meet]] = True
    return Certainty(variance, later, own_a, own_b, overlaps, np.maximum(table.turns / known, 1.0))


def shrunk_variance(table: Table, mean: np.ndarray) -> np.ndarray:
    """Of one battle's share, [P]: from the pairing's battles and from their rounds, mixed with the mean of all."""
    squares = np.maximum(table.squares - table.known * mean**2, 0.0) + table.variances
    freedom = np.maximum(table.known - 1, 0) + table.informed
    typical = squares.sum() / max(freedom.sum(), 1)
    return (squares + TYPICAL_BATTLES * typical) / (freedom + TYPICAL_BATTLES)


def gains(table: Table, certainty: Certainty, pairs: np.ndarray) -> np.ndarray:
    """By how much one more battle of these pairings lowers the standard errors of bots that overlap, for its turns."""
    asked = np.maximum(table.asked[pairs], 1)
    saved = certainty.variance[pairs] / (asked * (asked + 1.0))  # variance / n - variance / (n + 1)
    lowered = np.zeros(len(pairs))
    for bots, own in ((table.a, certainty.own_a), (table.b, certainty.own_b)):
        error = certainty.errors[bots[pairs]]
        after = np.sqrt(np.maximum(error**2 - own[pairs] ** 2 * saved, 0.0))
        lowered += certainty.overlaps[bots[pairs]] * (error - after)
    return lowered / certainty.cost[pairs]


def next_step(
    table: Table, certainty: Certainty, seasons_at_most: int, number: int, generator: np.random.Generator
) -> list[Key]:
    """The battles that tell most, at most `number`; a pairing may have several. Errors are those before the step."""
    is_open = ~table.failed & (table.asked < seasons_at_most)
    pairs = np.flatnonzero(is_open)
    gain = gains(table, certainty, pairs)
    if not (gain > 0).any():
        return []
    # A battle that is not among the best now will not be among the step's: asking for others lowers theirs alone.
    least = np.partition(gain, -number)[-number] if len(gain) > number else 0.0
    chosen = (gain > 0) & (gain >= least)
    best = list(zip((-gain[chosen]).tolist(), pairs[chosen].tolist(), strict=True))
    heapq.heapify(best)
    keys: list[Key] = []
    while best and len(keys) < number:
        is_open = ~table.failed & (table.asked < seasons_at_most)
        if is_open.any() and generator.random() < RANDOM_SHARE:
            rarest = np.flatnonzero(is_open & (table.asked == table.asked[is_open].min()))
            keys.append(ask(table, int(generator.choice(rarest))))
            continue
        value, pair = heapq.heappop(best)
        if table.asked[pair] >= seasons_at_most:
            continue
        gain_now = float(gains(table, certainty, np.array([pair]))[0])
        if -value > gain_now:  # it has been asked for in this step
            heapq.heappush(best, (-gain_now, pair))
            continue
        keys.append(ask(table, pair))
        heapq.heappush(best, (value, pair))
    return keys
