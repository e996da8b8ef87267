"""Which of two models a battle calls for, by what it has shown so far: that for ordinary targets or that for surfers.

[Q] queries (waves with a real bullet) in firing order. A query knows the shots whose waves had broken before it was
fired, and no later ones.
"""

import math

import numpy as np

from beepsim.targeting.battles import BattleWaves

SURFER_HIT_RATE = 0.12
"""BeepBoop takes its anti-surfer model where the hit rate may be under this."""
DEVIATIONS = 1.96  # of a 95 % interval
FORGETTING = 0.99
"""Of the evidence with every wave that breaks: what counts is the last hundred or so, since a target may change."""


def known_shots(battle: BattleWaves) -> tuple[np.ndarray, np.ndarray]:
    """(order, known), both [Q]: query q knows how the shots order[:known[q]] ended, places among the queries."""
    broke = battle.broke[battle.queries]
    order = np.argsort(broke, kind="stable")
    return order, np.searchsorted(broke[order], battle.fired[battle.queries], side="left")


def may_be_surfer(battle: BattleWaves, ordinary_hits: np.ndarray, surfer_hits: np.ndarray) -> np.ndarray:
    """Whether each query is fired with the model for surfers, bool [Q]: where the hit rate may be under 12 %.

    `ordinary_hits` and `surfer_hits` [Q] tell whether a shot aimed by that model hits; only what was fired counts.
    """
    order, known = known_shots(battle)
    is_surfer = np.zeros(len(known), bool)
    hits, counted = 0, 0
    for query in range(len(known)):
        for shot in order[counted : known[query]]:
            hits += bool(surfer_hits[shot] if is_surfer[shot] else ordinary_hits[shot])
        counted = int(known[query])
        is_surfer[query] = lowest_rate(hits, counted) < SURFER_HIT_RATE
    return is_surfer


def lowest_rate(hits: int, shots: int) -> float:
    """Lower end of Wilson's 95 % interval of a hit rate; 0 without a shot."""
    if shots == 0:
        return 0.0
    rate, square = hits / shots, DEVIATIONS**2 / shots
    half = math.sqrt(square * (rate * (1.0 - rate) + square / 4.0))
    return (rate + square / 2.0 - half) / (1.0 + square)


def surfer_shares(battle: BattleWaves, ordinary_log: np.ndarray, surfer_log: np.ndarray) -> np.ndarray:
    """Share [Q] of the model for surfers in a mixture of both: its probability by Bayes' rule, even at the start.

    `ordinary_log` and `surfer_log` [Q]: log densities of both models at where each shot would have hit, in nats.
    """
    order, known = known_shots(battle)
    log_odds = np.zeros(len(order) + 1)
    for place, shot in enumerate(order):
        log_odds[place + 1] = FORGETTING * log_odds[place] + surfer_log[shot] - ordinary_log[shot]
    return 0.5 + 0.5 * np.tanh(0.5 * log_odds[known])
