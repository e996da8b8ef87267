"""What challengers did to their references, and each one's difference to the baseline, with 95 % intervals.

A measure of a pairing is its mean over the pairing's battles; of a group the mean over the references met there; of
all the weighted mean over the groups. Intervals tell what other seeds of the battles would have changed, against the
same references: from how a pairing's battles differ or, where it has one, from how that battle's rounds differ. All
challengers meet a reference with the same seeds and places, so that differences are those of battles that begin alike.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from beepsim.tournament.intervals import PRIOR_BATTLES, student_95
from beepsim.tournament.standing import Challenge, Standing

SHARE, DAMAGE, HIT_RATE, DAMAGE_TAKEN = "share", "damage", "hit_rate", "damage_taken"
MEASURES = (DAMAGE, HIT_RATE, DAMAGE_TAKEN, "enemy_hit_rate", SHARE)
"""Bullet damage dealt, energy points a round; hits of all shots, %; bullet damage taken, energy points a round; hits of
all shots at it, %; share of both scores, %."""
LESS_IS_BETTER = (DAMAGE_TAKEN, "enemy_hit_rate")
LEAST = -1e9  # less than any measure can be


class Values(NamedTuple):
    """A measure of some battles, [N], and how far each round would move it, [N, R], 0 on average over the rounds; the
    battle's variance is the mean square / (R - 1). NaN where it is not defined, as a hit rate without a shot."""

    battles: np.ndarray
    rounds: np.ndarray


class Estimates(NamedTuple):
    """Means, the variances of their errors, and the degrees of freedom with which these are known; NaN for unknown.

    `pooled`: the most degrees of freedom that a mean of them can have, those of what they have in common.
    """

    mean: np.ndarray
    variance: np.ndarray
    freedom: np.ndarray
    pooled: np.ndarray


class Scores(NamedTuple):
    """Of a challenge the Estimates [P] of every measure, and of the differences to the baseline (NaN without one)."""

    score: str
    challenger: np.ndarray  # [P], entrants
    reference: np.ndarray  # [P]
    battles: np.ndarray  # [P]
    group: np.ndarray  # objects [P], the references'
    group_weights: dict[str, float]
    means: dict[str, Estimates]
    differences: dict[str, Estimates]


def scores_of(standing: Standing) -> Scores:
    """The standing is one of a challenge."""
    challenge = standing.challenge
    assert challenge is not None
    present = standing.entrants[: standing.current]
    bouts = challenge.bouts
    pairs, pairing, battles = np.unique(bouts[["challenger", "reference"]], return_inverse=True, return_counts=True)
    names = [entrant.name for entrant in present]
    baseline = names.index(challenge.baseline) if challenge.baseline in names else -1
    means, differences = {}, {}
    for measure in MEASURES:  # one after the other: rounds are many
        values = values_of(challenge, measure)
        means[measure] = estimates(values, pairing, len(pairs))
        differences[measure] = estimates(minus_baseline(bouts, values, baseline), pairing, len(pairs))
    return Scores(
        challenge.score,
        pairs["challenger"],
        pairs["reference"],
        battles,
        np.array([present[reference].group for reference in pairs["reference"]], object),
        standing.group_weights,
        means,
        differences,
    )


def values_of(challenge: Challenge, measure: str) -> Values:
    """The measure in each battle of the challenge. Rounds move a ratio of sums as in the delta method."""
    rounds = challenge.rounds
    if measure == SHARE:
        own, whole = rounds["score"], rounds["score"] + rounds["enemy_score"]
        moves = 100 * residuals(own, whole)
        return Values(challenge.bouts["share"], np.where(whole.any(axis=1, keepdims=True), moves, 0.0))
    if measure in (HIT_RATE, "enemy_hit_rate"):
        hits, shots = (rounds[measure.replace("hit_rate", name)] for name in ("hits", "shots"))
        with np.errstate(invalid="ignore"):
            return Values(100 * hits.sum(axis=1) / shots.sum(axis=1), 100 * residuals(hits, shots))
    damage = rounds["damage" if measure == DAMAGE else "enemy_damage"]
    return Values(damage.mean(axis=1), damage - damage.mean(axis=1, keepdims=True))


def residuals(parts: np.ndarray, wholes: np.ndarray) -> np.ndarray:
    """How far each round [N, R] moves the ratio of the sums of both; NaN where the wholes sum to 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = parts.sum(axis=1, keepdims=True) / wholes.sum(axis=1, keepdims=True)
        return (parts - ratio * wholes) / wholes.mean(axis=1, keepdims=True)


def minus_baseline(bouts: np.ndarray, values: Values, baseline: int) -> Values:
    """Each battle minus the baseline's with the same reference, seed and places; NaN where there is none."""
    own = np.flatnonzero(bouts["challenger"] == baseline)
    row_of = {key: row for key, row in zip(bouts[["reference", "seed", "place"]][own].tolist(), own, strict=True)}
    match = np.array([row_of.get(key, -1) for key in bouts[["reference", "seed", "place"]].tolist()], np.int64)
    match[own] = -1
    differences = Values(values.battles - values.battles[match], values.rounds - values.rounds[match])
    differences.battles[match < 0] = np.nan
    return differences


def estimates(values: Values, pairing: np.ndarray, count: int) -> Estimates:
    """Of the means over the battles of each of `count` pairings; `pairing` [N] tells the battles'.

    A battle in which the measure is not defined does not count. One battle's variance is what its rounds say. That of
    several is drawn towards it, times the mean factor by which battles differ more than their rounds (see
    tables.share_variances): two that came out alike prove little.
    """
    known = np.isfinite(values.battles)
    battles, moves, place = values.battles[known], values.rounds[known], pairing[known]
    number = np.bincount(place, minlength=count)
    num_rounds = moves.shape[1]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(place, battles, count) / number
        squares = np.bincount(place, (battles - mean[place]) ** 2, count)
        within = np.bincount(place, (moves**2).sum(axis=1), count) / (num_rounds * (num_rounds - 1.0) * number)
    several = number > 1
    usual, prior = within[several].sum(), PRIOR_BATTLES if num_rounds > 1 else 0.0
    factor = (squares[several] / (number[several] - 1.0)).sum() / usual if usual > 0 else 1.0
    freedom = prior + number - 1.0
    drawn = prior * factor * np.nan_to_num(within) + squares
    variance = np.where(several, drawn / np.maximum(freedom * number, 1.0), within)
    pooled = np.where(several, (number[several] - 1.0).sum(), np.inf)
    return Estimates(mean, variance, np.where(several, freedom, np.where(number > 0, num_rounds - 1.0, np.nan)), pooled)


def combined(found: Estimates, weights: np.ndarray) -> Estimates:
    """Their weighted mean, []; what is not known is left out. Degrees of freedom by Welch and Satterthwaite."""
    known = np.isfinite(found.mean) & (weights > 0)
    if not known.any():
        return Estimates(*np.full(4, np.nan))
    shares = weights[known] / weights[known].sum()
    parts = found.variance[known] * shares**2
    variance, squares = parts.sum(), (parts**2 / np.maximum(found.freedom[known], 1.0)).sum()
    freedom = variance**2 / squares if squares > 0 else found.freedom[known].sum()
    pooled = found.pooled[known].min()
    return Estimates((found.mean[known] * shares).sum(), variance, min(freedom, pooled), pooled)


def mean_over(scores: Scores, found: Estimates, challenger: int, group: str | None = None) -> Estimates:
    """The mean of a challenger's estimates, `found` [P], over the references of a group; the weighted one over all."""
    own = (scores.challenger == challenger) & np.isfinite(found.mean)
    weights = np.zeros(len(own))
    for name in set(scores.group[own]) if group is None else {group}:
        members = own & (scores.group == name)
        weights[members] = (scores.group_weights.get(name, 1.0) if group is None else 1.0) / max(members.sum(), 1)
    return combined(found, weights)


def means_over(scores: Scores, found: Estimates, keys: Sequence[tuple[int, str | None]]) -> Estimates:
    """`mean_over` of several challengers and groups."""
    means = [mean_over(scores, found, challenger, group) for challenger, group in keys]
    return Estimates(*np.array(means, float).reshape(-1, len(Estimates._fields)).T)


def interval(found: Estimates) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of the 95 % intervals; NaN where the variance is not known."""
    reach = student_95(np.fmax(found.freedom, 1.0)) * np.sqrt(found.variance)
    return found.mean - reach, found.mean + reach


def drawn_scores(scores: Scores, bots: int, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """What ranks the bots, more being better, [B], and `number` draws of it by its errors, [number, B], for the
    intervals of ranks; LEAST where nothing is known."""
    sign = -1.0 if scores.score in LESS_IS_BETTER else 1.0
    values, errors = np.full(bots, LEAST), np.zeros(bots)
    for challenger in np.unique(scores.challenger):
        found = mean_over(scores, scores.means[scores.score], challenger)
        if np.isfinite(found.mean):
            values[challenger], errors[challenger] = sign * found.mean, np.sqrt(np.nan_to_num(found.variance))
    return values, values + errors * np.random.default_rng(seed).standard_normal((number, bots))
