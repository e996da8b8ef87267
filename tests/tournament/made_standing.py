"""Tournaments that nobody fought: results drawn from made-up strengths, for tests and benchmarks of what reads them."""

import numpy as np

from beepsim.tournament.standing import BATTLE, DUEL, TALLY, Entrant, Failure, Standing

ROUNDS = 35
BATTLE_SPREAD = 5.0  # points of one battle's share, as in the RoboRumble


def make_standing(
    bots: int,
    seasons: int = 3,
    seed: int = 1,
    references: int = 0,
    groups: tuple[str, ...] = ("",),
    names: tuple[str, ...] = (),
    failures: tuple[Failure, ...] = (),
    some_seasons: bool = False,
) -> Standing:
    """A round robin of `bots`; with `references`, the last ones, a challenge: no two of these and no two challengers
    meet. Bots are dealt to the `groups` in turn. With `some_seasons` each pairing has 1 to `seasons` battles."""
    rng = np.random.default_rng(seed)
    strength, aim = rng.normal(0.0, 18.0, bots), rng.uniform(0.06, 0.2, bots)
    a, b = np.triu_indices(bots, 1)
    if references:
        meet = (a < bots - references) & (b >= bots - references)
        a, b = a[meet], b[meet]
    season = np.repeat(np.arange(seasons), len(a))
    fought = season < np.tile(
        rng.integers(1, seasons + 1, len(a)) if some_seasons else np.full(len(a), seasons), seasons
    )
    a, b, season = np.tile(a, seasons)[fought], np.tile(b, seasons)[fought], season[fought]
    battles, duels = np.zeros(len(a), BATTLE), np.zeros(len(a), DUEL)
    battles["battle"] = duels["battle"] = np.arange(1, len(a) + 1)
    battles["season"] = duels["season"] = season
    battles["seed"] = rng.integers(0, 1 << 48, len(a))
    battles["turns"] = duels["turns"] = rng.integers(15_000, 40_000, len(a))
    battles["seconds"] = battles["turns"] / 1e5
    duels["a"], duels["b"] = a, b
    # A pairing has its own strength beside that of its bots: else there would be no problem bots.
    taste = rng.normal(0.0, 6.0, (bots, bots))
    mean = 50.0 + (strength[a] - strength[b]) / 2 + taste[a, b]
    duels["share"] = np.clip(mean + rng.normal(0.0, BATTLE_SPREAD, len(a)), 0.5, 99.5)
    duels["variance"] = BATTLE_SPREAD**2
    duels["survival_a"] = 100.0 * rng.binomial(ROUNDS, np.clip(duels["share"] / 100.0, 0.02, 0.98)) / ROUNDS
    duels["survival_b"] = 100.0 - duels["survival_a"]
    for end, bot in (("a", a), ("b", b)):
        duels[f"shots_{end}"] = rng.integers(300, 900, len(a))
        duels[f"hits_{end}"] = rng.binomial(duels[f"shots_{end}"], aim[bot])
    entrants = tuple(
        Entrant(
            name=names[bot] if bot < len(names) else f"made.Bot{bot:03d}",
            version=f"1.{bot % 10}",
            hash=f"{bot:064x}",
            spec=f"bots/made_{bot:03d}.py",
            group=groups[bot % len(groups)],
            is_ranked=bot < bots - references,
        )
        for bot in range(bots)
    )
    provenance = {
        "tournament": "made up",
        "format": "challenge" if references else "round_robin",
        "seed": seed,
        "rules": {"width": 800, "height": 600, "num_rounds": ROUNDS},
        "fought": ["2026-01-02T03:04:05+00:00", "2026-01-02T04:05:06+00:00"],
        "database": "made.db",
        "beepsim": "0.1.0",
        "configuration": "name: made up\nseed: 1\n",
    }
    weights = {group: float(2 - (place > 0)) for place, group in enumerate(groups)}
    return Standing("made up", entrants, battles, duels, tallies_of(duels, bots), failures, weights, provenance)


def tallies_of(duels: np.ndarray, bots: int) -> np.ndarray:
    """TALLY [E] of battles of two."""
    tallies = np.zeros(bots, TALLY)
    for end in ("a", "b"):
        shots, hits = duels[f"shots_{end}"].astype(float), duels[f"hits_{end}"].astype(float)
        sums = {
            "battles": np.ones(len(duels)),
            "rounds": np.full(len(duels), ROUNDS),
            "firsts": duels[f"survival_{end}"] * ROUNDS / 100.0,
            "shots": shots,
            "hits": hits,
            "shots_squared": shots**2,
            "hits_squared": hits**2,
            "shots_times_hits": shots * hits,
        }
        for name, values in sums.items():
            total = np.bincount(duels[end], values, bots)
            tallies[name] += (
                total.astype(tallies[name].dtype) if tallies[name].dtype.kind == "f" else np.rint(total).astype("i8")
            )
    return tallies
