"""Ratings of a tournament's bots, each with its 95 % interval, and the ranking with the interval of each rank.

APS, PWIN, survival, ANPP and vote as LiteRumble defines them; Bradley-Terry, Elo and Glicko-2 beside them. Intervals
tell what other seeds of the battles would have changed, against the same opponents.
"""

from typing import NamedTuple

import numpy as np

from beepsim.tournament import bradley_terry
from beepsim.tournament.bootstrap import Layers, layers, replicated
from beepsim.tournament.elo import elo
from beepsim.tournament.glicko import glicko2
from beepsim.tournament.intervals import NORMAL_95, student_95
from beepsim.tournament.pairings import Pairings, among, pair, score_weights
from beepsim.tournament.scoring import SHARE, drawn_scores, scores_of
from beepsim.tournament.standing import Standing

MEASURES = ("aps", "score", "pwin", "survival", "anpp", "vote", "bradley_terry", "elo", "glicko2")
PER_CENT = MEASURES[:6]
LEANING = ("pwin", "anpp", "vote")
"""Measures that luck moves to one side on average: the best of noisy scores is too good, a clear win can only be lost.
By as much as replicates, which have luck twice, show it, their intervals reach further; that of the ANPP still holds
the truth only four times of five where every pairing has been fought once."""

RATING = np.dtype(
    [(measure + end, "f8") for measure in MEASURES for end in ("", "_low", "_high")]
    + [
        ("rank", "i4"),  # from 1; 0: not ranked, or without a battle
        ("rank_low", "i4"),  # the best rank that the interval holds
        ("rank_high", "i4"),
        ("battles", "i8"),
        ("opponents", "i8"),  # met
    ]
)
"""One bot. Measures that nothing is known of are NaN."""

RANK_QUANTILES = (0.025, 0.975)
MANY, FEW = 1000, 200
SMALL_FIELD = 50


class Field(NamedTuple):
    """Who met whom and what it counts: all that the measures need beside the scores."""

    met: np.ndarray  # bool [B, B]
    games: np.ndarray  # [B, B], battles
    weights: np.ndarray  # [B, B], of the score; rows sum to 1
    opponents: np.ndarray  # [B], at least 1
    wins: np.ndarray  # [B], sums of shares, as fractions
    strengths: np.ndarray  # [B], log-strengths of Bradley and Terry
    moves: np.ndarray  # [B, B], by which they follow the wins


def rate(standing: Standing, replicates: int | None = None, seed: int = 0) -> tuple[np.ndarray, Pairings]:
    """RATING [B] of the current entrants, in their order, and the matrices of their pairings.

    Ranked by `score`; in a Swiss tournament, where opponents differ, by `bradley_terry`; in a challenge by the measure
    of scoring.py that it names. Equal bots share a rank. The ends of intervals are Student's t times standard
    deviations of the bootstrap's replicates away, for Elo times the standard error carried through its updates, for
    Glicko-2 1.96 times its rating deviation; with fewer than 2 replicates the others' are NaN. By default there are
    1,000 for up to 50 bots, 200 for 250 and more.
    """
    count = standing.current
    duels = in_order(among(standing.duels, count))
    pairings = pair(duels, count)
    field = field_of(standing, pairings)
    ratings = np.zeros(count, RATING)
    ratings["battles"], ratings["opponents"] = battles_of(duels, count), field.met.sum(axis=1)
    has_fought = ratings["battles"] > 0

    values = measures(np.where(field.met, pairings.share, 0.0), np.where(field.met, pairings.survival, 0.0), field)
    values["elo"], elo_error = elo(duels, pairings)
    values["glicko2"], deviation = glicko2(duels, count)
    ranked_by = "bradley_terry" if standing.provenance["format"] == "swiss" else "score"
    is_ranked = has_fought & np.array([entrant.is_ranked for entrant in standing.entrants[:count]], bool)
    rounds = max(standing.tallies["rounds"].sum() / max(standing.tallies["battles"].sum(), 1), 1.0)
    number = max(FEW, min(MANY, MANY * SMALL_FIELD // max(count, 1))) if replicates is None else replicates
    means, spread, ranks = spreads(layers(duels, pairings, rounds), field, number, seed, ranked_by, is_ranked)
    spread |= {"elo": elo_error, "glicko2": deviation}
    leans = {measure: np.abs(means[measure] - values[measure]) for measure in LEANING}
    # What a variance is known from: the battles of its pairings beyond the first of each, or a first one's rounds.
    known_from = np.where(pairings.battles == 1, rounds - 1.0, np.maximum(pairings.battles - 1.0, 0.0)).sum(axis=1)
    students = student_95(np.maximum(known_from, 1.0))
    for measure in MEASURES:
        value = np.where(has_fought, values[measure], np.nan)
        reach = spread[measure] * (NORMAL_95 if measure == "glicko2" else students) + leans.get(measure, 0.0)
        low, high = value - reach, value + reach
        if measure in PER_CENT:
            low, high = np.maximum(low, 0.0), np.minimum(high, 100.0)
        ratings[measure], ratings[measure + "_low"], ratings[measure + "_high"] = value, low, high

    if standing.challenge is not None and standing.challenge.score != SHARE:
        scores, draws = drawn_scores(scores_of(standing), count, number, seed)
        values[ranked_by] = scores
        ranks = np.array([ranks_of(drawn) for drawn in draws[:, is_ranked]])
    rank = ranks_of(values[ranked_by][is_ranked])
    ratings["rank"][is_ranked] = rank
    if len(rank):
        low, high = np.quantile(ranks, RANK_QUANTILES, axis=0, method="inverted_cdf") if len(ranks) else (rank, rank)
        ratings["rank_low"][is_ranked] = np.minimum(low, rank)
        ratings["rank_high"][is_ranked] = np.maximum(high, rank)
    return ratings, pairings


def in_order(duels: np.ndarray) -> np.ndarray:
    """The rows by season, then by who fights, their battles numbered anew.

    The numbers in the database are those in which the battles happened to end; nothing may depend on them.
    """
    numbers, sizes = np.unique(duels["battle"], return_counts=True)
    if not len(numbers):
        return duels
    rows = duels[np.argsort(duels["battle"], kind="stable")].reshape(len(numbers), sizes[0])
    order = np.lexsort([*rows["b"].T[::-1], *rows["a"].T[::-1], rows["season"][:, 0]])
    rows = rows[order]
    rows["battle"] = np.arange(len(numbers))[:, None]
    return rows.reshape(-1)


def field_of(standing: Standing, pairings: Pairings) -> Field:
    met = pairings.battles > 0
    wins = np.where(met, pairings.share, 0.0) * pairings.battles / 100.0
    strengths = bradley_terry.log_strengths(wins)
    return Field(
        met=met,
        games=pairings.battles.astype(float),
        weights=score_weights(standing.entrants, standing.group_weights, met),
        opponents=np.maximum(met.sum(axis=1), 1).astype(float),
        wins=wins.sum(axis=1),
        strengths=strengths,
        moves=bradley_terry.moves_by_wins(strengths, wins),
    )


def measures(share: np.ndarray, survival: np.ndarray, field: Field) -> dict[str, np.ndarray]:
    """The measures that a replicate has too, [..., B], of pairing scores and survival [..., B, B], 0 if not met."""
    low = (share + np.where(field.met, 0, 100).astype(share.dtype)).min(axis=-2)
    high = share.max(axis=-2)
    differs = high > low
    scale = np.where(differs, 100.0, 0.0).astype(share.dtype) / np.where(differs, high - low, 1)
    above_worst = np.matmul(share, scale[..., None])[..., 0] - np.matmul(field.met, (low * scale)[..., None])[..., 0]
    counted = np.matmul(field.met, differs[..., None].astype(share.dtype))[..., 0]
    wins = np.einsum("...ij,ij->...i", share, field.games) / 100.0
    wins_half = np.count_nonzero(share > 50, axis=-1) + 0.5 * np.count_nonzero(share == 50, axis=-1)
    best = np.count_nonzero((share == high[..., None, :]) & field.met, axis=-1)
    strengths = field.strengths + (wins - field.wins) @ field.moves
    return {
        "aps": share.sum(axis=-1) / field.opponents,
        "score": np.einsum("...ij,ij->...i", share, field.weights),
        "pwin": 100.0 * wins_half / field.opponents,
        "survival": survival.sum(axis=-1) / field.opponents,
        "anpp": np.where(counted > 0, above_worst / np.maximum(counted, 1), np.nan),
        "vote": 100.0 * best / field.opponents,
        "bradley_terry": bradley_terry.shown(strengths),
    }


def spreads(
    table: Layers, field: Field, number: int, seed: int, ranked_by: str, is_ranked: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], np.ndarray]:
    """Means and standard deviations of the measures over so many replicates, [B] each, and the ranks of the ranked
    ones in each replicate, [R, n]."""
    found: dict[str, list[np.ndarray]] = {measure: [] for measure in MEASURES if measure not in ("elo", "glicko2")}
    if number < 2 or not len(table.places):
        unknown = {measure: np.full(table.bots, np.nan) for measure in found}
        return unknown, unknown.copy(), np.empty((0, is_ranked.sum()))
    # Replicates are of single precision: they are many, and only their spread counts.
    field = field._replace(
        **{name: getattr(field, name).astype(np.float32) for name in ("games", "weights", "opponents", "moves")}
    )
    for share, survival in replicated(table, number, seed):
        for measure, values in measures(share, survival, field).items():
            found[measure].append(values)
    together = {measure: np.concatenate(blocks) for measure, blocks in found.items()}
    ranks = np.array([ranks_of(values) for values in together[ranked_by][:, is_ranked]])
    means = {measure: values.mean(axis=0) for measure, values in together.items()}
    return means, {measure: values.std(axis=0, ddof=1) for measure, values in together.items()}, ranks


def ranks_of(values: np.ndarray) -> np.ndarray:
    """Ranks [n] from 1, the greatest value first; equal ones share the best of their ranks."""
    values = np.round(values, 9)  # the same pairing scores in another order differ in their sum's last bits
    return len(values) + 1 - np.searchsorted(np.sort(values), values, side="right")


def battles_of(duels: np.ndarray, count: int) -> np.ndarray:
    """How many battles each bot has fought, [B]; one of many robots has several rows but is one battle."""
    numbers, battle = np.unique(duels["battle"], return_inverse=True)
    if len(numbers) == len(duels):
        return np.bincount(duels["a"], minlength=count) + np.bincount(duels["b"], minlength=count)
    entries = np.unique(np.concatenate([battle * count + duels["a"], battle * count + duels["b"]]))
    return np.bincount(entries % count, minlength=count)
