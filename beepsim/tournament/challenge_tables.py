"""The tables of a challenge: its measures by group of references and by reference, beside them the baseline's."""

from collections.abc import Callable

import numpy as np

from beepsim.tournament.scoring import MEASURES, Estimates, Scores, means_over, scores_of
from beepsim.tournament.standing import Challenge, Standing
from beepsim.tournament.tables import Table, labels, rank_order, with_ends

ALL = "all"


def challenge_tables(standing: Standing, ratings: np.ndarray) -> list[Table]:
    """`challenge`, a row for each challenger and group of references and for all of them, and `targets`, one for each
    challenger and reference; best challenger first. None for other formats.

    Columns end in `_minus_baseline` for paired differences, `_low` and `_high` for 95 % intervals.
    """
    if standing.challenge is None:
        return []
    scores = scores_of(standing)
    order = [bot for bot in rank_order(ratings).tolist() if ratings["rank"][bot] > 0]
    groups = list(dict.fromkeys(scores.group.tolist()))
    keys = [(bot, group) for bot in order for group in [None, *(groups if len(groups) > 1 else [])]]
    names = labels(standing)

    def rows_of(bot: int, group: str | None) -> np.ndarray:
        return (scores.challenger == bot) & ((group is None) | (scores.group == group))

    by_group = {
        "bot": names[[bot for bot, _ in keys]],
        "group": np.array([ALL if group is None else group or "–" for _, group in keys], object),
        "opponents": np.array([rows_of(*key).sum() for key in keys], int),
        "battles": np.array([scores.battles[rows_of(*key)].sum() for key in keys], int),
    }
    by_group |= measured(standing.challenge, scores, lambda found: means_over(scores, found, keys))
    place = np.argsort([order.index(bot) for bot in scores.challenger.tolist()], kind="stable")
    by_target = {
        "bot": names[scores.challenger[place]],
        "opponent": names[scores.reference[place]],
        "group": scores.group[place],
        "battles": scores.battles[place],
    }
    by_target |= measured(standing.challenge, scores, lambda found: Estimates(*(column[place] for column in found)))
    return [Table("challenge", by_group), Table("targets", by_target)]


def measured(challenge: Challenge, scores: Scores, taken: Callable[[Estimates], Estimates]) -> dict[str, np.ndarray]:
    """The columns of all measures, and of their differences where there is a baseline; `taken` makes the rows."""
    columns: dict[str, np.ndarray] = {}
    for measure in MEASURES:
        columns |= with_ends(measure, taken(scores.means[measure]), 0.0, 100.0 if "rate" in measure else np.inf)
    for measure in MEASURES if challenge.baseline else ():
        columns |= with_ends(f"{measure}_minus_baseline", taken(scores.differences[measure]))
    return columns
