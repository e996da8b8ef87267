"""What a tournament's battles come to, as tables: the one schema that schedules, ratings and reports read.

Entrants are counted from 0: first those that the configuration names now, then older versions of them.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

DUEL = np.dtype(
    [
        ("battle", "i8"),  # its number in the database
        ("season", "i4"),  # from 0
        ("a", "i4"),  # entrants, a < b
        ("b", "i4"),
        ("share", "f8"),  # a's share of both scores, per cent; 50 where nobody scored
        ("variance", "f8"),  # of that share, as the battle's rounds differ; per cent squared
        ("survival_a", "f8"),  # per cent of the rounds in which it outlived the other
        ("survival_b", "f8"),
        ("shots_a", "i4"),  # 0 in battles of more than two robots, where nobody knows whom a bullet was meant for
        ("hits_a", "i4"),
        ("shots_b", "i4"),
        ("hits_b", "i4"),
        ("turns", "i8"),  # of the whole battle
    ]
)
"""Two robots of one battle: one row of a duel, N(N-1)/2 rows of a melee of N."""

BATTLE = np.dtype([("battle", "i8"), ("season", "i4"), ("seed", "i8"), ("turns", "i8"), ("seconds", "f8")])

TALLY = np.dtype(
    [
        ("battles", "i8"),
        ("rounds", "i8"),
        ("firsts", "i8"),  # rounds in which it came first
        ("shots", "i8"),
        ("hits", "i8"),
        ("shots_squared", "f8"),  # sums over the battles, for the interval of the hit rate
        ("hits_squared", "f8"),
        ("shots_times_hits", "f8"),
        ("skipped_turns", "i8"),
        ("faults", "i8"),
    ]
)
"""One entrant over all its battles."""


@dataclass(frozen=True)
class Entrant:
    """A bot of one version. `spec` is how the configuration calls it; `is_ranked` is not a challenge's reference;
    `is_current` not an older version (other hash, same name) of a bot whose present one is there too."""

    name: str
    version: str
    hash: str
    spec: str
    group: str = ""
    is_ranked: bool = True
    is_current: bool = True

    @property
    def label(self) -> str:
        """Name and version; an older one's with the beginning of its hash."""
        return f"{self.name} {self.version}" + ("" if self.is_current else f" ({self.hash[:8]})")


@dataclass(frozen=True)
class Failure:
    """A pairing that could not be fought to its end, and why."""

    bots: tuple[str, ...]
    season: int
    reason: str


BOUT = np.dtype(
    [
        ("challenger", "i4"),  # entrants
        ("reference", "i4"),
        ("season", "i4"),
        ("seed", "i8"),
        ("place", "i4"),  # the challenger's in the battle
        ("share", "f8"),  # of both scores, per cent
    ]
)
"""One battle of a challenge."""

ROUND = np.dtype(
    [
        ("score", "f8"),
        ("damage", "f8"),  # by bullets, energy points
        ("shots", "f8"),
        ("hits", "f8"),
        ("enemy_score", "f8"),
        ("enemy_damage", "f8"),
        ("enemy_shots", "f8"),
        ("enemy_hits", "f8"),
    ]
)
"""One round of it, as the challenger and its enemy fought it."""


@dataclass(frozen=True)
class Challenge:
    """What a challenge is ranked by (`score`: a measure of scoring.py), the challenger that others are compared with
    (`baseline`, "" for none), its battles BOUT [N] by season, reference and challenger, and their ROUND [N, R]."""

    score: str
    baseline: str
    bouts: np.ndarray
    rounds: np.ndarray


@dataclass(frozen=True)
class Standing:
    """Everything known of a tournament: entrants [E], BATTLE [N], DUEL [M], TALLY [E], group weights by name.

    `provenance` says what it stands on: name, seed, format, rules, versions, configuration, database. `challenge` is
    None in all other formats.
    """

    name: str
    entrants: tuple[Entrant, ...]
    battles: np.ndarray
    duels: np.ndarray
    tallies: np.ndarray
    failures: tuple[Failure, ...]
    group_weights: dict[str, float]
    provenance: dict[str, Any]
    challenge: Challenge | None = None

    @property
    def current(self) -> int:
        """How many of the entrants, the first ones, are not older versions."""
        return sum(entrant.is_current for entrant in self.entrants)


class Key(NamedTuple):
    """Which battle: entrants in ascending order, and the season (from 0)."""

    bots: tuple[int, ...]
    season: int
