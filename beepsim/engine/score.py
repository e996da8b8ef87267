"""What Robocode scores: totals over the rounds, the order of the robots, the published results.

Source: `RobotStatistics.generateTotals`, `Battle.computeBattleResults`.
"""

import numpy as np

from beepsim.engine.rows import inner
from beepsim.engine.state import SCORE, World
from beepsim.jit import jit


@inner
def add_round_score(total, score):
    """Add a decided round's score of a robot to its totals, then sum these in Robocode's order."""
    total.bullet_damage += score.bullet_damage
    total.bullet_kill += score.bullet_kill
    total.ram_damage += score.ram_damage
    total.ram_kill += score.ram_kill
    total.survival += score.survival
    total.last_survivor += score.last_survivor
    total.total = (
        total.bullet_damage
        + total.ram_damage
        + total.survival
        + total.ram_kill
        + total.bullet_kill
        + total.last_survivor
    )


@jit
def rank_robots(totals, order, count):
    """Write the robots' indices into `order`, best total first; of equals the one with the higher index (a reversed
    stable sort)."""
    for i in range(count):
        at = i
        while at > 0 and totals[order[at - 1]].total <= totals[i].total:
            order[at] = order[at - 1]
            at -= 1
        order[at] = i


def rounded_results(world: World) -> np.ndarray:
    """SCORE [R] of the battle as Robocode publishes it: every score rounded to a whole number, half up."""
    results = world.totals.copy()
    for name in ("total", "survival", "last_survivor", "bullet_damage", "bullet_kill", "ram_damage", "ram_kill"):
        results[name] = np.floor(results[name] + 0.5)
    return results.astype(SCORE)
