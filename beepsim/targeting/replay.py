"""Offline replay: every real bullet of a battle aimed again by a gun, and what that says of the gun.

A shot hits if its angle lies in the interval that would have hit. Figures are means over shots with 95 % intervals by
bootstrap over battles; differences between guns are paired: the same resampled battles for both. Angles in guess
factors (GF), log densities in nats over the uniform density on GF -1 to 1.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from beepsim.errors import UserError
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.guns import Gun, random_chance, would_hit

SHOT = np.dtype(
    [
        ("round", "i4"),
        ("fire_turn", "i4"),
        ("power", "f4"),
        ("known", "i4"),  # broken waves that the gun could learn from
        ("angle", "f8"),  # GF; NaN where hits are expected values
        ("hit", "f8"),  # 0 or 1, or the probability
        ("chance", "f8"),  # probability that a random angle of the escape range hits
        ("log_density", "f8"),
        ("predicted", "f8"),  # the gun's own hit probability
    ]
)
RESAMPLES = 2000
INTERVAL = (2.5, 97.5)
CALIBRATION_EDGES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 1.0)

Row = dict[str, Any]
Shots = Mapping[str, Mapping[str, np.ndarray]]
"""Gun -> battle -> SHOT [Q]."""


def replay(battle: BattleWaves, gun: Gun) -> np.ndarray:
    """The gun's shots [Q] as SHOT, in time order."""
    rows = battle.rows[battle.queries]
    aims = gun.aim(battle)
    shots = np.zeros(len(rows), SHOT)
    for name in ("round", "fire_turn", "power"):
        shots[name] = rows[name]
    shots["known"] = battle.known[battle.queries]
    shots["angle"], shots["log_density"], shots["predicted"] = aims.angle, aims.log_density, aims.predicted
    shots["chance"] = random_chance(battle)
    shots["hit"] = would_hit(rows, aims.angle) if aims.hit is None else aims.hit
    return shots


def resample(battles: int, seed: int) -> np.ndarray:
    """How often each battle stands in each resample, [RESAMPLES, battles]."""
    return np.random.default_rng([seed, 0xB007]).multinomial(battles, np.full(battles, 1.0 / battles), RESAMPLES)


def ratio_interval(numerators: np.ndarray, denominators: np.ndarray, counts: np.ndarray) -> tuple[float, float, float]:
    """Σ numerators / Σ denominators over battles, with its 95 % bootstrap interval; NaN without any shot.

    Its ends are NaN where all shots are of one battle: resampling one cannot tell how battles differ. So they are of a
    log density that is minus infinity somewhere, as one without a floor may be.
    """
    total = denominators.sum()
    if total == 0:
        return np.nan, np.nan, np.nan
    if np.count_nonzero(denominators) < 2 or not np.isfinite(numerators).all():
        return float(numerators.sum() / total), np.nan, np.nan
    below = counts @ denominators
    drawn = (counts @ numerators)[below > 0] / below[below > 0]
    low, high = np.percentile(drawn, INTERVAL)
    return float(numerators.sum() / total), float(low), float(high)


def with_interval(name: str, values: tuple[float, float, float]) -> Row:
    return dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))


def battle_sums(shots: Mapping[str, np.ndarray], battles: Sequence[str], column: str) -> np.ndarray:
    return np.array([shots[battle][column].sum() for battle in battles])


def shared_battles(shots: Shots) -> list[str]:
    """Battles that every gun has fired in. Raises UserError where there are none, or no shot in them."""
    names = [set(by_battle) for by_battle in shots.values()]
    shared = sorted(set.intersection(*names)) if names else []
    if not shared or not sum(len(next(iter(shots.values()))[battle]) for battle in shared):
        raise UserError("there is no real bullet to replay in these battles; give battles in which the shooter fires")
    return shared


def summarise(shots: Shots, seed: int) -> list[Row]:
    """One row for each gun: shots, hit rate, lift over a random angle (ratio), log density, each with its interval."""
    battles = shared_battles(shots)
    counts = resample(len(battles), seed)
    rows = []
    for gun, by_battle in shots.items():
        fired = np.array([len(by_battle[battle]) for battle in battles], np.float64)
        hits, chances = (battle_sums(by_battle, battles, column) for column in ("hit", "chance"))
        densities = battle_sums(by_battle, battles, "log_density")
        rows.append(
            {
                "gun": gun,
                "battles": len(battles),
                "shots": int(fired.sum()),
                **with_interval("hit_rate", ratio_interval(hits, fired, counts)),
                **with_interval("lift", ratio_interval(hits, chances, counts)),
                **with_interval("log_density", ratio_interval(densities, fired, counts)),
            }
        )
    return rows


def compare(shots: Shots, guns: Sequence[str], references: Sequence[str], seed: int) -> list[Row]:
    """Paired differences gun − reference in hit rate and log density, with intervals, and whether these exclude 0."""
    battles = shared_battles(shots)
    counts = resample(len(battles), seed)
    rows = []
    for gun in guns:
        for reference in references:
            if gun == reference:
                continue
            row: Row = {"gun": gun, "reference": reference}
            fired = np.array([len(shots[gun][battle]) for battle in battles], np.float64)
            for column, name in (("hit", "hit_rate_difference"), ("log_density", "log_density_difference")):
                mine, theirs = (battle_sums(shots[which], battles, column) for which in (gun, reference))
                value, low, high = ratio_interval(mine - theirs, fired, counts)
                row |= with_interval(name, (value, low, high))
                row[f"{name}_is_clear"] = bool(low > 0.0 or high < 0.0)
            base = ratio_interval(battle_sums(shots[reference], battles, "hit"), fired, counts)[0]
            row["relative_gain"] = row["hit_rate_difference"] / base if base else np.nan
            rows.append(row)
    return rows


def by_opponent(shots: Shots, targets: Mapping[str, str]) -> list[Row]:
    """One row for each gun and target: shots and hit rate; `targets` maps battles to targets."""
    rows = []
    for gun, by_battle in shots.items():
        for target in sorted({targets[battle] for battle in by_battle}):
            mine = np.concatenate([by_battle[battle] for battle in by_battle if targets[battle] == target])
            if len(mine):
                rows.append(
                    {
                        "gun": gun,
                        "target": target,
                        "shots": len(mine),
                        "hit_rate": float(mine["hit"].mean()),
                        "chance": float(mine["chance"].mean()),
                        "log_density": float(mine["log_density"].mean()),
                    }
                )
    return rows


def calibrate(shots: Shots, seed: int) -> list[Row]:
    """Predicted against observed hit rate by bins of the prediction, for each gun that predicts one."""
    battles = shared_battles(shots)
    counts = resample(len(battles), seed)
    rows = []
    for gun, by_battle in shots.items():
        if gun == "random" or not all(np.isfinite(by_battle[battle]["predicted"]).all() for battle in battles):
            continue
        # A prediction of 1 belongs to the last bin, and so does one that rounding put just above.
        bins = {b: np.searchsorted(CALIBRATION_EDGES[1:-1], by_battle[b]["predicted"], side="right") for b in battles}
        for index, (low, high) in enumerate(zip(CALIBRATION_EDGES, CALIBRATION_EDGES[1:], strict=False)):
            inside = [by_battle[b][bins[b] == index] for b in battles]
            fired = np.array([len(part) for part in inside], np.float64)
            if fired.sum() < 1:
                continue
            hits = np.array([part["hit"].sum() for part in inside])
            predicted = float(np.concatenate(inside)["predicted"].mean())
            row = {"gun": gun, "bin_low": low, "bin_high": high, "shots": int(fired.sum()), "predicted": predicted}
            rows.append(row | with_interval("observed", ratio_interval(hits, fired, counts)))
    return rows
