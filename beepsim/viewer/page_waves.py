"""The waves of a duel's bullets as whole numbers, for a page."""

from collections.abc import Callable, Iterable

import numpy as np

from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.film import Film
from beepsim.viewer.packing import ANGLE_UNITS, whole

ESCAPE_UNITS = 8192
"""Of offsets and escape angles, for a radian."""

PAGE_WAVE = np.dtype(
    [
        ("left", "i8"),  # escape angles
        ("right", "i8"),
        ("orbit", "i8"),  # 1 or -1; 0 where the bullet has no wave
        ("aim", "i8"),  # bearing of the target as it was last seen, 1 / ANGLE_UNITS of a circle
        ("distance", "i8"),  # px
        ("broke", "i8"),  # turns after it was fired in which it had passed,
        ("touch", "i8"),  # and in which it had first touched
        ("touches", "i8"),  # for so many turns from then on the interval is given
    ]
)


def wave_columns(
    film: Film, rounds: Iterable[int], update: Callable[[int], None] = lambda done: None
) -> dict[str, np.ndarray]:
    """PAGE_WAVE of each bullet of the rounds as columns [N], and `low` and `high`: the hit intervals at the ends of the
    turns in which they are given, one wave after the other, each as its difference from the one before.

    `update` is told how many rounds are done.
    """
    waves: list[np.ndarray] = []
    intervals = [np.zeros((0, 2), np.int64)]
    for index in rounds:
        update(len(waves))
        beliefs = Beliefs(film, {})  # it keeps what it computes: of one round at a time
        found = np.zeros(len(film.rounds[index].bullets), PAGE_WAVE)
        grown: dict[int, np.ndarray] = {}
        for shooter in (0, 1):
            grown |= fill_waves(found, beliefs, index, shooter)
        waves.append(found)
        intervals += [grown[bullet] for bullet in sorted(grown)]
    joined, ends = np.concatenate(waves), np.diff(np.concatenate(intervals), axis=0, prepend=0)
    return {name: joined[name] for name in PAGE_WAVE.names or ()} | {"low": ends[:, 0], "high": ends[:, 1]}


def fill_waves(found: np.ndarray, beliefs: Beliefs, index: int, shooter: int) -> dict[int, np.ndarray]:
    """Fill in the rows of the shooter's bullets of a round; returns the intervals [touches, 2] of each bullet."""
    bullets, flight = beliefs.film.rounds[index].bullets, beliefs.flight(index, shooter)
    real = np.flatnonzero(flight.rows["real"])
    waves, rows = flight.waves[real], flight.rows[real]
    mine = np.flatnonzero(bullets["owner"] == shooter)
    mine = mine[np.argsort(bullets["turn_first"][mine], kind="stable")]
    fired = mine[np.searchsorted(bullets["turn_first"][mine], rows["fire_turn"] + 1)]
    found["left"][fired] = whole(waves["escape_left"], ESCAPE_UNITS)
    found["right"][fired] = whole(waves["escape_right"], ESCAPE_UNITS)
    found["orbit"][fired] = waves["orbit_direction"]
    found["aim"][fired] = whole(waves["absolute_bearing"], ANGLE_UNITS / (2 * np.pi))
    found["distance"][fired] = whole(rows["distance"], 1.0)
    broke = rows["break_turn"] - rows["fire_turn"]
    low, high = flight.growth(real)
    is_given = ~np.isnan(low) & (np.arange(low.shape[1]) <= broke[:, None])
    found["broke"][fired] = broke
    found["touch"][fired] = is_given.argmax(axis=1)
    found["touches"][fired] = is_given.sum(axis=1)
    intervals = np.stack([low, high], axis=2)
    return {bullet: whole(intervals[wave][is_given[wave]], ESCAPE_UNITS) for wave, bullet in enumerate(fired.tolist())}
