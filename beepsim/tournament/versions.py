"""Older versions of bots against the present ones: paired differences over the opponents that both have met.

Battles of one season have the same seed whichever version fights, so versions are compared season by season.
"""

from typing import Any, NamedTuple

import numpy as np

from beepsim.tournament.intervals import student_95
from beepsim.tournament.pairings import LARGEST_VARIANCE
from beepsim.tournament.standing import Standing


class Change(NamedTuple):
    """What a new version gains against one opponent, points of score."""

    difference: float
    variance: float  # of the difference, from battle to battle or, with one battle each, from round to round
    freedom: float  # degrees of it
    battles: int  # of both versions


ROUNDS_TELL = 34.0
"""Degrees of freedom of a variance that a battle's rounds tell: those of the usual 35."""

Battles = dict[int, dict[int, list[tuple[float, float]]]]
"""Share and its variance of one bot's battles, by opponent and season."""


def compare_versions(standing: Standing) -> list[dict[str, Any]]:
    """A row for each older version: `name`, labels `new` and `old`, `difference` of the mean pairing score, new minus
    old, points of score, with its 95 % interval, number of `opponents` that both have met and of `battles` with them.

    The interval tells what other seeds would have changed against these opponents. Where both have fought an opponent,
    but never in the same season, their means are compared. Versions without a common opponent have no row.
    """
    rows = []
    present = {entrant.name: index for index, entrant in enumerate(standing.entrants) if entrant.is_current}
    for old, entrant in enumerate(standing.entrants):
        new = present.get(entrant.name)
        if entrant.is_current or new is None:
            continue
        own, before = battles_by_opponent(standing.duels, new), battles_by_opponent(standing.duels, old)
        changes = [change(own[opponent], before[opponent]) for opponent in sorted(own.keys() & before.keys())]
        if not changes:
            continue
        difference = float(np.mean([one.difference for one in changes]))
        error = np.sqrt(sum(one.variance for one in changes)) / len(changes)
        reach = float(error * student_95(np.array(sum(one.freedom for one in changes))))
        rows.append(
            {
                "name": entrant.name,
                "new": standing.entrants[new].label,
                "old": entrant.label,
                "difference": difference,
                "difference_low": difference - reach,
                "difference_high": difference + reach,
                "opponents": len(changes),
                "battles": sum(one.battles for one in changes),
            }
        )
    return rows


def battles_by_opponent(duels: np.ndarray, bot: int) -> Battles:
    found: Battles = {}
    for own, other in (("a", "b"), ("b", "a")):
        rows = duels[duels[own] == bot]
        share = rows["share"] if own == "a" else 100.0 - rows["share"]
        variance = np.where(np.isfinite(rows["variance"]), rows["variance"], LARGEST_VARIANCE)
        columns = (rows[other], rows["season"], share, variance)
        for opponent, season, *battle in zip(*(column.tolist() for column in columns), strict=True):
            found.setdefault(opponent, {}).setdefault(season, []).append((battle[0], battle[1]))
    return found


def change(new: dict[int, list[tuple[float, float]]], old: dict[int, list[tuple[float, float]]]) -> Change:
    """Of the battles with one opponent, by season."""
    seasons = sorted(new.keys() & old.keys())
    if not seasons:
        later, earlier = mean_of([new[season] for season in new]), mean_of([old[season] for season in old])
        return Change(
            later.difference - earlier.difference,
            later.variance + earlier.variance,
            later.freedom + earlier.freedom,
            later.battles + earlier.battles,
        )
    gains = []
    for season in seasons:
        (share, variance), (share_before, variance_before) = (np.mean(side[season], axis=0) for side in (new, old))
        gains.append([(share - share_before, variance + variance_before)])
    battles = sum(len(side[season]) for side in (new, old) for season in seasons)
    return mean_of(gains)._replace(battles=battles)


def mean_of(seasons: list[list[tuple[float, float]]]) -> Change:
    """The mean over seasons, and what is known of its variance; within a season battles count as one."""
    values = np.array([np.mean(season, axis=0) for season in seasons])
    battles = sum(len(season) for season in seasons)
    if len(values) == 1:
        return Change(values[0, 0], values[0, 1], ROUNDS_TELL, battles)
    return Change(values[:, 0].mean(), values[:, 0].var(ddof=1) / len(values), len(values) - 1, battles)
