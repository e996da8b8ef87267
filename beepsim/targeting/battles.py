"""Waves of one battle from one shooter, as models and guns see them: features, guess factors, and who knew what when.

[W] waves in firing order, [Q] queries (waves with a real bullet, in firing order), [D] features. Guess factors (GF) lie
in [-1, 1]. A wave is a candidate of a query exactly if it had broken before the query's fire turn, in this round or an
earlier one (design: causal mask on the break turn).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from beepsim.errors import UserError
from beepsim.rules import HALF_BOT_WIDTH
from beepsim.waves.features import FEATURES, normalise
from beepsim.waves.table import WaveTable, load_waves

FEATURE_NAMES = tuple(FEATURES)
KNOWN_AFTER_THE_SHOT = ("didHit", "didCollide")
"""Features of a candidate that a query cannot have yet; they are 0 there."""
ROUND_SHIFT = 32
BOX_WIDENING = 1.1
"""A 36 px square seen from any side is on average this much wider than 36 px and a little (design, section 8)."""
LEAST_HALF_WIDTH, MOST_HALF_WIDTH = 0.02, 1.0
"""Of a bot, in GF, for bandwidths that are multiples of it."""
MOST_VIRTUAL = 1.0  # turns: waves nearly as good as a real bullet's teach too
FEWEST_KNOWN = 50  # candidates; a query that knows less teaches mostly noise
LEAST_SHARE = 0.1  # of a battle's waves must be known to a query: how sharp weights are best depends on how many are


@dataclass(frozen=True)
class BattleWaves:
    """One battle and shooter; `rows` [W] are the wave table's, in firing order."""

    battle: str
    shooter: str
    target: str
    rows: np.ndarray

    @cached_property
    def features(self) -> np.ndarray:
        """Normalised features as candidates have them, float32 [W, D] in the order of FEATURE_NAMES."""
        return normalise(self.rows, FEATURE_NAMES)

    @cached_property
    def query_features(self) -> np.ndarray:
        """Normalised features as queries have them, float32 [W, D]: what only the shot's outcome tells is 0."""
        features = self.features.copy()
        features[:, [FEATURE_NAMES.index(name) for name in KNOWN_AFTER_THE_SHOT]] = 0.0
        return features

    @cached_property
    def fired(self) -> np.ndarray:
        """Time at which each wave left, int64 [W]; comparable with `broke` across rounds."""
        return (self.rows["round"].astype(np.int64) << ROUND_SHIFT) | self.rows["fire_turn"]

    @cached_property
    def broke(self) -> np.ndarray:
        """Time at which each wave had passed the target, int64 [W]."""
        return (self.rows["round"].astype(np.int64) << ROUND_SHIFT) | self.rows["break_turn"]

    @cached_property
    def by_break(self) -> np.ndarray:
        """Indices of the waves in the order in which they broke, int64 [W]."""
        return np.argsort(self.broke, kind="stable")

    @cached_property
    def known(self) -> np.ndarray:
        """How many waves had broken when each was fired, int64 [W]: by_break[:known[w]] are w's candidates."""
        return np.searchsorted(self.broke[self.by_break], self.fired, side="left")

    @cached_property
    def queries(self) -> np.ndarray:
        """Indices of the waves with a real bullet, int64 [Q]."""
        return np.flatnonzero(self.rows["real"])

    @cached_property
    def lessons(self) -> np.ndarray:
        """Indices of the waves that training asks about, int64 [n]: real or nearly so, and knowing enough others."""
        least = max(FEWEST_KNOWN, LEAST_SHARE * len(self.rows))
        return np.flatnonzero((self.rows["virtuality"] <= MOST_VIRTUAL) & (self.known >= least))

    @cached_property
    def content_hash(self) -> str:
        """Hash of the waves, for the keys of what is computed from them; the same in whatever table they stand."""
        digest = hashlib.sha256("\n".join((self.battle, self.shooter, self.target)).encode())
        # Column by column: the bytes between the fields of a row are whatever memory held before.
        for name in self.rows.dtype.names or ():
            if name != "battle":
                digest.update(self.rows[name].tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def half_bot_widths(self) -> np.ndarray:
        """Half the target's width when each wave was aimed, in GF by the mean of both escape angles, float64 [W]."""
        half = BOX_WIDENING * HALF_BOT_WIDTH / np.maximum(self.column("distance"), 1.0)
        escape = 0.5 * (self.column("escape_left") + self.column("escape_right"))
        return np.clip(half / escape, LEAST_HALF_WIDTH, MOST_HALF_WIDTH)

    def column(self, name: str) -> np.ndarray:
        """A column of the wave table as float64 [W]."""
        return self.rows[name].astype(np.float64)


def battles_of(table: WaveTable) -> list[BattleWaves]:
    """The battles of a table, one for each shooter. Raises UserError for a table without waves."""
    if not len(table):
        raise UserError("the wave table has no rows; extract waves from recordings in which the shooter fired")
    return [
        BattleWaves(source.battle, source.shooter, source.target, table.of_source(index))
        for index, source in enumerate(table.sources)
    ]


def load_battles(tables: Sequence[Path]) -> list[BattleWaves]:
    """The battles of wave tables on disk; those without a wave are left out.

    Raises UserError where a battle and shooter stands in two tables, or none has a real bullet.
    """
    battles = [battle for path in tables for table in [load_waves(path)] if len(table) for battle in battles_of(table)]
    names = [(battle.battle, battle.shooter) for battle in battles]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"battle {name[0]} with shooter {name[1]} is in two of the tables; give each battle once")
    if not any(len(battle.queries) for battle in battles):
        raise UserError("no real bullet's wave broke in these battles; the shooters need guns")
    return battles
