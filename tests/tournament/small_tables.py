"""DUEL rows and standings from a few numbers, for tests of ratings and plans."""

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from beepsim.tournament.plan import Plan, Told
from beepsim.tournament.standing import BATTLE, DUEL, TALLY, Entrant, Key, Standing

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


def follow(
    plan: Plan,
    fight: Callable[[Key], float | None],
    rng: np.random.Generator | None = None,
    turns: Callable[[Key], int] = lambda key: 1000,
) -> list[list[Key]]:
    """The steps of a plan that is told what `fight` says: a's share of each battle, None where it failed.

    With `rng` rows come in any order.
    """
    steps: list[list[Key]] = []
    untold: deque[list[Key]] = deque()
    while True:
        told = [key for _ in range(len(untold) - plan.lag) for key in untold.popleft()]
        fought = [(*key.bots, key.season, share) for key in told if (share := fight(key)) is not None]
        duels, failed = duel_rows(fought, 25.0), [key for key in told if fight(key) is None]
        duels["turns"] = [turns(key) for key in told if fight(key) is not None]
        if rng is not None:
            duels = rng.permutation(duels)
        try:
            step = plan.steps.send(Told(duels, failed)) if steps else next(plan.steps)
        except StopIteration:
            return steps
        steps.append(step)
        untold.append(step)


def lucky(skills: Sequence[float], spread: float, seed: int) -> Callable[[Key], float]:
    """Shares by the difference in skill and by luck, which the battle's key decides."""

    def fight(key: Key) -> float:
        a, b = key.bots
        luck = np.random.default_rng([seed, a, b, key.season]).normal(0, spread)
        return float(np.clip(50 + (skills[a] - skills[b]) / 2 + luck, 0, 100))

    return fight
