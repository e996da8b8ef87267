"""DUEL rows and standings from a few numbers, for tests of ratings and plans."""

from collections.abc import Sequence

import numpy as np

from beepsim.tournament.standing import BATTLE, DUEL, TALLY, Entrant, Standing

ROUNDS = 35

HAND_MADE = [
    # a, b, season, share
    (0, 1, 0, 80.0),
    (0, 1, 1, 60.0),
    (0, 2, 0, 50.0),
    (0, 2, 1, 50.0),
    (0, 3, 0, 90.0),
    (1, 2, 0, 30.0),
    (1, 2, 1, 50.0),
    (1, 3, 0, 75.0),
]
"""Four bots; C and D (2 and 3) have not met, A and C tie."""


def duel_rows(rows: Sequence[tuple[int, int, int, float]], variance: float = 4.0) -> np.ndarray:
    """DUEL rows of (a, b, season, share); each a battle of its own, survival as the share."""
    duels = np.zeros(len(rows), DUEL)
    for number, (a, b, season, share) in enumerate(rows):
        duels[number] = (number + 1, season, a, b, share, variance, share, 100.0 - share, 20, 10, 40, 4, 1000)
    return duels


def standing_of(
    duels: np.ndarray,
    count: int,
    groups: Sequence[str] = (),
    group_weights: dict[str, float] | None = None,
    unranked: Sequence[int] = (),
    kind: str = "round robin",
) -> Standing:
    tallies = np.zeros(count, TALLY)
    tallies["battles"] = np.bincount(duels["a"], minlength=count) + np.bincount(duels["b"], minlength=count)
    tallies["rounds"] = ROUNDS * tallies["battles"]
    entrants = tuple(
        Entrant(f"bot{i}", "1.0", f"{i:08x}", f"bot{i}.py", groups[i] if groups else "", i not in unranked)
        for i in range(count)
    )
    return Standing("small", entrants, np.zeros(0, BATTLE), duels, tallies, (), group_weights or {}, {"format": kind})
