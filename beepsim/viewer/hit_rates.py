"""Hit rates over the battle: of both robots' real bullets, and of guns that aim the shooter's bullets again.

A rate is that of the last ROLLING bullets, in per cent; time is counted in rounds, 2.5 is the middle of round 2.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from beepsim.recording.columns import FLYING, HIT_ROBOT
from beepsim.viewer.airborne import Airborne
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.colours import robot_colour
from beepsim.viewer.densities import shown_guns
from beepsim.viewer.film import Film
from beepsim.viewer.shapes import Block, Curve, Fact, Graph
from beepsim.viewer.view import View

ROLLING = 50
MOST_POINTS = 240  # of a curve; a panel has no more pixels


class Rates(NamedTuple):
    """A curve, and the rate of the whole battle in words."""

    time: tuple[float, ...]
    rate: tuple[float, ...]
    total: str


def hit_rate_blocks(airborne: Airborne, beliefs: Beliefs, view: View) -> list[Block]:
    """A graph of both robots and one of the shown guns, with their rates over the whole battle."""
    film = beliefs.film
    now = airborne.index + airborne.turn / max(airborne.part.last_turn, 1)
    facts, real, guns = [], [], []
    shooter = airborne.shooter
    for robot, name in enumerate(film.names):
        rates = beliefs.once(("real", robot), partial(real_rates, film, robot))
        real.append(Curve(name, rates.time, rates.rate, robot_colour(robot)))
        facts.append(Fact(f"{name}, real", rates.total, robot_colour(robot)))
    for name, colour in shown_guns(beliefs, view).items():
        rates = beliefs.once(("offline", name, shooter), partial(offline_rates, beliefs, name, shooter))
        guns.append(Curve(name, rates.time, rates.rate, colour))
        facts.append(Fact(f"{name}, offline", rates.total, colour))
    graphs = (
        Graph(f"Real hit rate, last {ROLLING} bullets", "round", "%", tuple(real), now),
        Graph(f"Offline, bullets of {film.names[airborne.shooter]}", "round", "%", tuple(guns), now),
    )
    return [Block("Hits of the whole battle", tuple(facts), graphs[: 2 if guns else 1])]


def real_hits(film: Film, robot: int) -> tuple[np.ndarray, np.ndarray]:
    """When each bullet of the robot ended (rounds), in order, and whether it hit a robot."""
    times, hits = [np.zeros(0)], [np.zeros(0)]
    for index, part in enumerate(film.rounds):
        own = part.bullets[(part.bullets["owner"] == robot) & (part.bullets["state_last"] != FLYING)]
        own = own[np.argsort(own["turn_last"], kind="stable")]
        times.append(index + own["turn_last"] / max(part.last_turn, 1))
        hits.append(own["state_last"] == HIT_ROBOT)
    return np.concatenate(times), np.concatenate(hits).astype(np.float64)


def offline_hits(beliefs: Beliefs, gun: str, shooter: int) -> tuple[np.ndarray, np.ndarray]:
    """When the waves of real bullets had passed (rounds), in firing order, and whether the gun would have hit.

    Bullets whose wave never passed, because a robot died, do not count, as in every replay.
    """
    battle, (replayed, hit) = beliefs.battle(shooter), beliefs.hits(gun, shooter)
    index = np.searchsorted(battle.starts, replayed, side="right") - 1
    last = np.array([max(part.last_turn, 1) for part in beliefs.film.rounds])
    return index + battle.waves.rows["break_turn"][replayed] / last[index], hit


def rolling(hit: np.ndarray) -> np.ndarray:
    """Mean of the last ROLLING values, of fewer at the start [n]."""
    total = np.concatenate([[0.0], np.cumsum(hit)])
    end = np.arange(1, len(hit) + 1)
    start = np.maximum(end - ROLLING, 0)
    return (total[end] - total[start]) / (end - start)


def rates_of(time: np.ndarray, hit: np.ndarray) -> Rates:
    rates = 100.0 * rolling(hit)
    total = f"{hit.mean():.1%} of {len(hit)}" if len(hit) else "no bullet"
    if len(time) > MOST_POINTS:
        chosen = np.linspace(0, len(time) - 1, MOST_POINTS).astype(np.int64)
        time, rates = time[chosen], rates[chosen]
    return Rates(tuple(time.tolist()), tuple(rates.tolist()), total)


def real_rates(film: Film, robot: int) -> Rates:
    return rates_of(*real_hits(film, robot))


def offline_rates(beliefs: Beliefs, gun: str, shooter: int) -> Rates:
    return rates_of(*offline_hits(beliefs, gun, shooter))
