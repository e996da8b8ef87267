"""How figures stand in the page's tables: columns with their meaning, cells as text, bars on an axis."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from beepsim.tournament.tables import Table

MISSING = "–"
STEPS = (1, 2, 5, 10, 20, 25)  # per cent between the marks of an axis
MOST_MARKS = 6


class Column(NamedTuple):
    """A column of a table on the page; `has_interval`: `NAME_low` and `NAME_high` are its 95 % interval."""

    name: str
    heading: str
    meaning: str
    decimals: int = 0
    has_interval: bool = False


class Cell(NamedTuple):
    """A cell as it is read, its interval, and what it is sorted by (None: last)."""

    text: str
    interval: str
    value: float | str | None


class Bar(NamedTuple):
    """An interval and its value on an axis, per cent of its length; None where there is none."""

    low: float | None
    value: float | None
    high: float | None


class Axis(NamedTuple):
    """Of the bars, per cent; `marks` with their places, per cent of its length."""

    low: float
    high: float
    marks: list[tuple[int, float]]

    def place(self, value: float) -> float | None:
        return round(100 * (value - self.low) / (self.high - self.low), 2) if np.isfinite(value) else None


SCORE = Column(
    "score", "Score", "APS with the groups' weights: weighted mean over groups of the mean pairing score there", 2, True
)
APS = Column(
    "aps",
    "APS",
    "average percentage share: mean over all opponents of the pairing score; a pairing's score is the mean over its "
    "battles of the bot's share of both scores, per cent",
    2,
    True,
)
MEASURES = (
    APS,
    Column("pwin", "PWIN", "per cent of opponents with a pairing score above 50; ties count half", 1, True),
    Column("survival", "Survival", "per cent of rounds survived, mean over pairings", 1, True),
    Column(
        "anpp",
        "ANPP",
        "mean over opponents of NPP: the pairing score rescaled so that against this opponent the best bot has 100, "
        "the worst 0",
        1,
        True,
    ),
    Column("vote", "Vote", "per cent of opponents against which this bot's pairing score is the best of all", 1, True),
    Column(
        "bradley_terry",
        "Bradley–Terry",
        "strength by the Bradley–Terry model, in Elo points with 1500 for the mean bot",
        0,
        True,
    ),
    Column("elo", "Elo", "Elo rating, for comparison", 0, True),
    Column("glicko2", "Glicko-2", "Glicko-2 rating, for comparison", 0, True),
    Column("hit_rate", "Hit rate", "per cent of its bullets that hit a robot", 1, True),
    Column("battles", "Battles", "battles that its rating rests on"),
    Column("skipped_turns", "Skipped turns", "turns that it lost by taking too long"),
    Column("faults", "Faults", "exceptions and forbidden calls"),
)
HITS = (
    Column("shots", "Shots", "bullets fired, over all its battles"),
    Column("hits", "Hits", "of these, bullets that hit a robot"),
    Column("hit_rate", "Hit rate, %", "hits over shots", 2, True),
    Column("enemy_shots", "Shots at it", "bullets that its opponents fired, in battles of two"),
    Column("enemy_hits", "Hits on it", "of these, bullets that hit"),
    Column("enemy_hit_rate", "Opponents' hit rate, %", "hits on it over shots at it", 2, True),
)
GROUPS = (
    Column("group", "Group", "of opponents"),
    Column("opponents", "Opponents met", "bots of the group that it has met"),
    Column("share", "Score, %", "mean pairing score against the group's bots", 2, True),
)
VERSIONS = (
    Column("old", "Older version", "the bot as it was, by the beginning of its hash"),
    Column("new", "Present version", "the bot as it is"),
    Column("opponents", "Opponents", "that both have met"),
    Column("battles", "Battles", "that the difference rests on"),
    Column("difference", "Difference", "present minus older: mean over these opponents, points of score", 2, True),
)


CHALLENGE = {
    "damage": ("Damage", "bullet damage dealt, energy points a round"),
    "hit_rate": ("Hit rate, %", "hits of all shots"),
    "damage_taken": ("Damage taken", "bullet damage taken, energy points a round; less is better"),
    "enemy_hit_rate": ("Hit rate at it, %", "hits of all shots at it; less is better"),
    "share": ("Score, %", "share of both scores"),
}
"""Headings and meanings of a challenge's measures."""


def ranking_columns(main: Column) -> tuple[Column, ...]:
    """What the ranking goes by first."""
    return MEASURES if main in MEASURES else (main, *MEASURES)


def main_column(is_grouped: bool, score: str) -> Column:
    """What the ranking goes by; `score` is the measure of a challenge that is ranked by another than the share."""
    if not score:
        return SCORE if is_grouped else APS
    heading, meaning = CHALLENGE[score]
    return Column(
        "ranked_by", heading, f"{meaning}: weighted mean over groups of the mean over their references", 2, True
    )


def challenge_columns(score: str, baseline: str, place: str, meaning: str) -> tuple[Column, ...]:
    """Columns of a challenge's tables, what it is ranked by first; `place` names the second one, group or opponent."""
    columns = [Column(place, place.capitalize(), meaning), Column("battles", "Battles", "that the figures rest on")]
    for measure in sorted(CHALLENGE, key=lambda measure: measure != score):
        heading, told = CHALLENGE[measure]
        columns.append(Column(measure, heading, told, 2, True))
        if baseline:
            told = f"{told}: difference to {baseline}, paired by battle"
            columns.append(Column(f"{measure}_minus_baseline", f"{heading}, minus {baseline}", told, 2, True))
    return tuple(columns)


def cell_rows(table: Table, columns: Sequence[Column]) -> list[list[Cell]]:
    """The table's rows as cells of these columns."""
    if not table.length:
        return []
    by_column = []
    for column in columns:
        names = [column.name] + [f"{column.name}_{end}" for end in ("low", "high") if column.has_interval]
        values = zip(*(table.columns[name].tolist() for name in names), strict=True)
        by_column.append([cell(column.decimals, *one) for one in values])
    return [list(row) for row in zip(*by_column, strict=True)]


def cell(decimals: int, value: float | str | None, low: float = math.nan, high: float = math.nan) -> Cell:
    if isinstance(value, str):
        return Cell(value, "", value)
    if value is None or not math.isfinite(value):
        return Cell(MISSING, "", None)
    has_interval = low is not None and high is not None and math.isfinite(low) and math.isfinite(high)
    interval = f"[{number(low, decimals)}, {number(high, decimals)}]" if has_interval else ""
    return Cell(number(value, decimals), interval, round(value, 6))


def number(value: float, decimals: int) -> str:
    """With a minus sign, and none before zero."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text.replace("-", "−")


def bars(table: Table, name: str, top: float = 100.0) -> tuple[Axis, list[Bar]]:
    """The column's bars, one a row, on an axis from 0 to `top` or as much of it as they need."""
    ends = [table.columns[name + end] for end in ("_low", "", "_high")]
    present = np.concatenate([end[np.isfinite(end)] for end in ends])
    least, most = (max(present.min(), 0.0), min(present.max(), top)) if len(present) else (0.0, 100.0)
    step = next(step for step in STEPS if (most - least) / step <= MOST_MARKS - 2 or step == STEPS[-1])
    low, high = (
        step * math.floor(least / step),
        max(step * math.ceil(most / step), step * math.floor(least / step) + step),
    )
    axis = Axis(low, high, [])
    axis.marks.extend((mark, 100 * (mark - low) / (high - low)) for mark in range(low, high + 1, step))
    return axis, [Bar(*map(axis.place, row)) for row in zip(*ends, strict=True)]
