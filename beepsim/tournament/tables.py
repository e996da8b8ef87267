"""The tables of a tournament's report, and how they stand on disk: CSV and JSON with their provenance.

Scores, shares, survival and hit rates in per cent; `_low` and `_high` are the ends of 95 % intervals.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from beepsim.experiments.report import plain
from beepsim.files import replacing
from beepsim.tournament.intervals import PRIOR_BATTLES, student_95
from beepsim.tournament.pairings import Pairings
from beepsim.tournament.ratings import MEASURES
from beepsim.tournament.scoring import SHARE, Estimates, interval, means_over, scores_of
from beepsim.tournament.standing import TALLY, Standing
from beepsim.tournament.versions import ROUNDS_TELL

RANKED_BY = "ranked_by"
"""The ranking's column of what a challenge is ranked by, where that is not the score share."""

COMMON_SHARE = 0.1
"""Of what is usual in all pairings, in the spread of one pairing's battles."""

ROWS_AT_ONCE = 20_000
CHECKPOINTS = 50
"""At which the progress of the ratings is computed; more would not be seen in a plot."""


DECIMALS = 4
"""Of the pairings' figures, per cent, on disk: all digits would fill twice the space with what is noise."""

VERSION_COLUMNS: dict[str, type] = {
    "name": object,
    "old": object,
    "new": object,
    "opponents": int,
    "battles": int,
    "difference": float,
    "difference_low": float,
    "difference_high": float,
}


class Table(NamedTuple):
    """Columns of equal length by their names; a missing number is NaN."""

    name: str
    columns: dict[str, np.ndarray]

    @property
    def length(self) -> int:
        return len(next(iter(self.columns.values()), ()))


class Progress(NamedTuple):
    """APS of each bot after so many battles of the tournament."""

    battles: np.ndarray  # i8 [K]
    aps: np.ndarray  # [K, B], NaN before a bot's first battle


def rank_order(ratings: np.ndarray) -> np.ndarray:
    """Bots [B] by rank; those without one, rank 0, come last in their own order."""
    return np.argsort(np.where(ratings["rank"] > 0, ratings["rank"], len(ratings) + 1), kind="stable")


def labels(standing: Standing) -> np.ndarray:
    """The present entrants' labels, objects [B]."""
    return np.array([entrant.label for entrant in standing.entrants[: standing.current]], object)


def ranking_table(standing: Standing, ratings: np.ndarray) -> Table:
    """One row for each bot, best first."""
    order = rank_order(ratings)
    bots = [standing.entrants[bot] for bot in order]
    columns = {name: ratings[name][order] for name in ("rank", "rank_low", "rank_high")}
    columns |= ranked_by_columns(standing, order)
    for name in ("name", "version", "hash", "group", "spec"):
        columns[name] = np.array([getattr(bot, name) for bot in bots], object)
    columns["is_ranked"] = np.array([bot.is_ranked for bot in bots], bool)
    for measure in MEASURES:
        columns |= {name: ratings[name][order] for name in (measure, f"{measure}_low", f"{measure}_high")}
    columns |= {name: ratings[name][order] for name in ("battles", "opponents")}
    tallies = standing.tallies[order]
    columns |= hit_columns("", tallies)
    columns |= {name: tallies[name] for name in ("rounds", "firsts", "skipped_turns", "faults")}
    return Table("ranking", columns)


def ranked_by_columns(standing: Standing, order: np.ndarray) -> dict[str, np.ndarray]:
    """What a challenge is ranked by, of bots in this order; no column where it is the score share."""
    if standing.challenge is None or standing.challenge.score == SHARE:
        return {}
    scores = scores_of(standing)
    return with_ends(RANKED_BY, means_over(scores, scores.means[scores.score], [(bot, None) for bot in order]), 0.0)


def with_ends(name: str, found: Estimates, least: float = -np.inf, most: float = np.inf) -> dict[str, np.ndarray]:
    """Estimates and their intervals, cut off where no value can be, as columns."""
    low, high = interval(found)
    return {name: found.mean, f"{name}_low": np.maximum(low, least), f"{name}_high": np.minimum(high, most)}


def hit_table(standing: Standing) -> Table:
    """Each bot's shots and hits, and those of its opponents at it, best own hit rate first."""
    count = standing.current
    columns: dict[str, np.ndarray] = {"bot": labels(standing)}
    columns |= hit_columns("", standing.tallies[:count]) | hit_columns("enemy_", enemy_tallies(standing)[:count])
    rates = columns["hit_rate"]
    order = np.argsort(-np.where(np.isnan(rates), -1.0, rates), kind="stable")
    return Table("hit_rates", {name: column[order] for name, column in columns.items()})


def hit_columns(prefix: str, tallies: np.ndarray) -> dict[str, np.ndarray]:
    """Shots, hits and the hit rate with its interval, per cent."""
    rate, low, high = hit_rates(tallies)
    values = (tallies["shots"], tallies["hits"], rate, low, high)
    names = ("shots", "hits", "hit_rate", "hit_rate_low", "hit_rate_high")
    return {prefix + name: value for name, value in zip(names, values, strict=True)}


def hit_rates(tallies: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hit rates and their intervals, per cent, [E] each; NaN without a shot, ends NaN with fewer than two battles.

    A ratio of two sums over battles, which are taken as independent draws; its variance by the delta method: battles
    weigh by their shots, and shots of one battle, which hit or miss together, are not taken for independent.
    """
    shots, hits, battles = (tallies[name].astype(float) for name in ("shots", "hits", "battles"))
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = hits / shots
        residuals = tallies["hits_squared"] - 2 * rate * tallies["shots_times_hits"]
        residuals += rate**2 * tallies["shots_squared"]
        spread = np.where(battles > 1, battles / (battles - 1) * np.maximum(residuals, 0.0), np.nan)
        reach = student_95(np.maximum(battles - 1.0, 1.0)) * np.sqrt(spread) / shots
    return 100 * rate, 100 * np.maximum(rate - reach, 0.0), 100 * np.minimum(rate + reach, 1.0)


def enemy_tallies(standing: Standing) -> np.ndarray:
    """What the opponents shot at each entrant, TALLY [E]; `battles` and the columns of shots and hits only."""
    duels, found = standing.duels, np.zeros(len(standing.entrants), TALLY)
    for own, enemy in (("a", "b"), ("b", "a")):
        shots, hits = duels[f"shots_{enemy}"].astype(float), duels[f"hits_{enemy}"].astype(float)
        sums = {"battles": np.ones(len(duels)), "shots": shots, "hits": hits}
        sums |= {"shots_squared": shots**2, "hits_squared": hits**2, "shots_times_hits": shots * hits}
        for name, values in sums.items():
            found[name] += np.bincount(duels[own], values, len(found)).astype(found[name].dtype)
    return found


def share_variances(pairings: Pairings) -> tuple[np.ndarray, np.ndarray]:
    """Variances of the pairing scores, and the degrees of freedom that they are known with; [B, B] each.

    Two or three battles say little of how far battles differ: two that came out alike would claim a certainty that is
    luck. So their variance is drawn (Smyth 2004, "Linear models and empirical Bayes methods", with a fixed prior)
    towards what their rounds say (a tenth of it: what the rounds of all pairings say, since equal rounds are no proof),
    times the mean factor by which battles differ more than their rounds do. A single battle's variance, from its
    rounds, stands.
    """
    battles = np.maximum(pairings.battles, 1)
    variance = pairings.share_error**2
    of_battle = variance * battles
    several = pairings.battles > 1
    rounds = pairings.round_variance[several].mean() if several.any() else 0.0
    factor = of_battle[several].mean() / rounds if rounds > 0 else 1.0
    usual = factor * ((1 - COMMON_SHARE) * pairings.round_variance + COMMON_SHARE * rounds)
    freedom = PRIOR_BATTLES + battles - 1.0
    drawn = (PRIOR_BATTLES * usual + (battles - 1) * of_battle) / (freedom * battles)
    return np.where(battles > 1, drawn, variance), np.where(battles > 1, freedom, ROUNDS_TELL)


def share_reaches(pairings: Pairings) -> np.ndarray:
    """How far the 95 % interval of each pairing score reaches to either side, points [B, B]."""
    variance, freedom = share_variances(pairings)
    return student_95(freedom) * np.sqrt(variance)


def pairing_table(standing: Standing, pairings: Pairings) -> Table:
    """One row for each pairing that has been fought; columns of the first bot end in `_a`, the second's in `_b`."""
    a, b = np.nonzero(np.triu(pairings.battles > 0, 1))
    names = labels(standing)
    columns = {"a": names[a], "b": names[b], "battles": pairings.battles[a, b]}
    share, reach = pairings.share[a, b], share_reaches(pairings)[a, b]
    columns |= {"share_a": share, "share_a_low": np.maximum(share - reach, 0.0)}
    columns["share_a_high"] = np.minimum(share + reach, 100.0)
    for name in ("survival", "shots", "hits", "npp", "knnpbi"):
        matrix = getattr(pairings, name)
        columns |= {f"{name}_a": matrix[a, b], f"{name}_b": matrix[b, a]}
    shorter = {name: column.round(DECIMALS) for name, column in columns.items() if column.dtype.kind == "f"}
    return Table("pairings", columns | shorter)


def group_table(standing: Standing, ratings: np.ndarray, pairings: Pairings) -> Table:
    """The mean pairing score of each ranked bot against each group's bots; without rows if there is only one group."""
    groups = np.array([entrant.group for entrant in standing.entrants[: standing.current]], object)
    met = pairings.battles > 0
    variance, freedom = share_variances(pairings)
    ranked = [int(bot) for bot in rank_order(ratings) if ratings["rank"][bot] > 0]
    faced = [group for group in dict.fromkeys(groups) if met[np.ix_(ranked, groups == group)].any()]
    rows = []
    for bot in ranked if len(faced) > 1 else []:
        for group in faced:
            opponents = met[bot] & (groups == group)
            number = int(opponents.sum())
            if number:
                share = pairings.share[bot, opponents].mean()
                reach = student_95(freedom[bot, opponents].sum()) * np.sqrt(variance[bot, opponents].sum()) / number
                rows.append((labels(standing)[bot], group, number, share, share - reach, share + reach))
    columns = list(zip(*rows, strict=True)) or [()] * 6
    names = ("bot", "group", "opponents", "share", "share_low", "share_high")
    types: tuple[type, ...] = (object, object, int, float, float, float)
    parts = zip(names, columns, types, strict=True)
    return Table("groups", {name: np.array(column, kind) for name, column, kind in parts})


def aps_progress(standing: Standing) -> Progress:
    """APS among the present entrants after evenly spaced numbers of battles, the last being all."""
    count = standing.current
    duels = standing.duels[(standing.duels["a"] < count) & (standing.duels["b"] < count)]
    duels = duels[np.argsort(duels["battle"], kind="stable")]
    numbers, place = np.unique(duels["battle"], return_inverse=True)
    steps = min(CHECKPOINTS, len(numbers))
    battles = len(numbers) * np.arange(1, steps + 1) // max(steps, 1)
    ends = np.searchsorted(place, battles)
    totals, times, aps = np.zeros(count * count), np.zeros(count * count), np.full((steps, count), np.nan)
    begin = 0
    for step, end in enumerate(ends):
        part = duels[begin:end]
        for own, enemy, share in (("a", "b", part["share"]), ("b", "a", 100.0 - part["share"])):
            pair = part[own].astype(np.int64) * count + part[enemy]
            np.add.at(totals, pair, share)
            np.add.at(times, pair, 1.0)
        met = (times > 0).reshape(count, count)
        shares = np.divide(totals, times, out=np.zeros_like(totals), where=times > 0).reshape(count, count)
        np.divide(shares.sum(axis=1), met.sum(axis=1), out=aps[step], where=met.any(axis=1))
        begin = int(end)
    return Progress(battles, aps)


def progress_table(standing: Standing, ratings: np.ndarray, progress: Progress) -> Table:
    """One row for each checkpoint and bot that had fought by then, best bots first."""
    order = rank_order(ratings)
    step, bot = np.nonzero(~np.isnan(progress.aps[:, order]))
    bot = order[bot]
    columns = {"battles": progress.battles[step], "bot": labels(standing)[bot], "aps": progress.aps[step, bot]}
    return Table("progress", columns)


def version_table(versions: Sequence[dict[str, Any]]) -> Table:
    """The rows of `compare_versions`."""
    columns: dict[str, np.ndarray] = {
        name: np.array([row[name] for row in versions], kind) for name, kind in VERSION_COLUMNS.items()
    }
    return Table("versions", columns)


def failure_table(standing: Standing) -> Table:
    """What could not be fought; `bots` with commas between them."""
    columns = {
        "bots": np.array([", ".join(failure.bots) for failure in standing.failures], object),
        "season": np.array([failure.season for failure in standing.failures], int),
        "reason": np.array([failure.reason for failure in standing.failures], object),
    }
    return Table("failures", columns)


def table_rows(table: Table) -> list[dict[str, Any]]:
    """The rows in Python's own types; a missing number is NaN."""
    columns = (column.tolist() for column in table.columns.values())
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def write_table(folder: Path, table: Table, provenance: dict[str, Any]) -> None:
    """Writes `NAME.csv`, whose first line is a `#` comment with the provenance as JSON, and `NAME.json` with
    `provenance` and `rows`. Raises UserError where the folder cannot be written to."""
    about = json.dumps(plain(provenance), sort_keys=True)
    row_form = "{" + ", ".join(f"{json.dumps(name).replace('%', '%%')}: %s" for name in table.columns) + "}"
    paths = folder / f"{table.name}.csv", folder / f"{table.name}.json"
    with replacing(paths[0]) as csv_part, replacing(paths[1]) as json_part:
        with csv_part.open("w", encoding="utf-8") as csv_file, json_part.open("w", encoding="utf-8") as json_file:
            csv_file.write(f"# {about}\n{','.join(map(csv_cell, table.columns))}\n")
            json_file.write(f'{{"provenance": {about}, "rows": [')
            for begin in range(0, table.length, ROWS_AT_ONCE):
                texts = [cell_texts(column[begin : begin + ROWS_AT_ONCE]) for column in table.columns.values()]
                csv_file.writelines(",".join(row) + "\n" for row in zip(*(one for one, _ in texts), strict=True))
                rows = ",\n".join(row_form % row for row in zip(*(other for _, other in texts), strict=True))
                json_file.write((",\n" if begin else "\n") + rows)
            json_file.write("\n]}\n")


def cell_texts(column: np.ndarray) -> tuple[list[str], list[str]]:
    """The column's cells as CSV and as JSON write them; a missing number is empty and null.

    By columns, since the csv and json modules take twice as long for the half million pairings of 1,000 bots.
    """
    values = column.tolist()
    if column.dtype.kind in "iu":
        numbers = list(map(int.__repr__, values))
        return numbers, numbers
    if column.dtype.kind == "f":
        numbers = list(map(float.__repr__, values))
        if np.isfinite(column).all():
            return numbers, numbers
        present = np.isfinite(column).tolist()
        return tuple(  # type: ignore[return-value]
            [text if there else missing for text, there in zip(numbers, present, strict=True)]
            for missing in ("", "null")
        )
    known = {value: (csv_cell(value), json.dumps(plain(value), allow_nan=False)) for value in set(values)}
    return [known[value][0] for value in values], [known[value][1] for value in values]


def csv_cell(value: Any) -> str:
    """As the csv module's writer has it."""
    text = "" if plain(value) is None else str(value)
    return f'"{text.replace(chr(34), 2 * chr(34))}"' if any(sign in text for sign in ',"\r\n') else text
