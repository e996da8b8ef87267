"""Time per turn of battles between compiled bots with guns, by the number of robots and of bullets; ten-robot melee.

    python scripts/bench_scaling.py [--repetitions 7]

A robot-turn is one robot in one turn, its bot's own thinking included; robots die, so that the exponent is that of the
mean number alive. An entry of the bullet list is a bullet in flight, or one of 17 turns of its explosion; more of
them are had by guns that cool faster. The whole call of `fight` is timed, unrecorded; the robots and bullets of the
same battle are counted in its recording. An exponent is the slope of the logarithms' regression line.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np
from bench_duel import cpu_name

from beepsim.battle import Rules, fight
from beepsim.engine.state import DEAD
from beepsim.recording.format import read_recording
from beepsim.rules import BULLET_EXPLOSION_FRAMES

BOTS = (
    "circle+linear",
    "random_mover+circular",
    "flight_timer+head_on",
    "stop_and_go+linear",
    "wall_follower+random_gun",
    "oscillator+linear",
    "random_reverser+linear",
    "wall_dodger+head_on",
    "random_mover+random_gun",
    "stop_and_go+circular",
)
ROBOTS = (2, 4, 8, 16)
COOLING_RATES = (0.1, 0.2, 0.4, 0.8)
FIELDS = ((800, 600), (1000, 1000))
TARGET_MELEE = 1.5e6
TURNS = 60_000  # of each battle, roughly


class Measured(NamedTuple):
    """Means over the turns of a battle, and the microseconds per turn of each repetition."""

    alive: float
    bullets: float
    times: list[float]


def measure(bots: tuple[str, ...], rules: dict[str, float], repetitions: int, folder: Path) -> Measured:
    """One battle, fought again and again."""
    first = fight(bots, 1, Rules(num_rounds=2, **rules))  # type: ignore[arg-type]
    rounds = max(4, min(2000, 2 * TURNS // (sum(first.turns) * len(bots))))
    kept = Rules(num_rounds=rounds, **rules)  # type: ignore[arg-type]
    path = folder / "scaling.battle"
    recorded = fight(bots, 1, kept, path)
    turns, recording = sum(recorded.turns), read_recording(path)
    alive = np.count_nonzero((recording.robots["state"] != DEAD) & (recording.robots["turn"] > 0))
    listed = recording.bullets["turn_last"] - recording.bullets["turn_first"] + 1 + BULLET_EXPLOSION_FRAMES
    times = [1e6 * fight(bots, 1, kept).elapsed / turns for _ in range(repetitions)]
    return Measured(alive / turns, float(listed.sum()) / turns, times)


def exponent(sizes: list[float], found: list[Measured]) -> float:
    return float(np.polyfit(np.log(sizes), np.log([statistics.median(one.times) for one in found]), 1)[0])


def line(name: str, one: Measured) -> str:
    time = statistics.median(one.times)
    spread = f"{min(one.times):7.3f} {max(one.times):7.3f}"
    return f"{name:28} {one.alive:6.2f} {one.bullets:8.1f} {time:8.3f} {spread} {1e3 * time / one.alive:10.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=7)
    repetitions = parser.parse_args().repetitions
    print(f"{cpu_name()}, Python {sys.version.split()[0]}, numba {numba.__version__}, numpy {np.__version__}; one core")
    print(f"{'battle':28} {'alive':>6} {'bullets':>8} {'us/turn':>8} {'lowest':>7} {'highest':>7} {'ns/rob-turn':>10}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = []
        for count in ROBOTS:
            bots = tuple(BOTS[i % len(BOTS)] for i in range(count))
            found.append(measure(bots, {"width": 1000, "height": 1000}, repetitions, folder))
            print(line(f"{count} robots, 1000x1000", found[-1]), flush=True)
        print(
            f"time per turn grows as robots alive to the power of {exponent([one.alive for one in found], found):.2f}"
        )
        found = []
        for rate in COOLING_RATES:
            found.append(measure(BOTS[2:4], {"gun_cooling_rate": rate}, repetitions, folder))
            print(line(f"duel, guns cool by {rate:g}", found[-1]), flush=True)
        print(f"time per turn grows as bullets to the power of {exponent([one.bullets for one in found], found):.2f}")
        for width, height in FIELDS:
            melee = measure(BOTS, {"width": width, "height": height}, repetitions, folder)
            print(line(f"melee of ten, {width}x{height}", melee))
            for who, robots in (("counting all ten, as in a duel", len(BOTS)), ("the living", melee.alive)):
                rates = [robots / time for time in melee.times]
                spread = f"{min(rates):.2f} to {max(rates):.2f}"
                print(f"    million robot-turns/s, {who}: median {statistics.median(rates):.2f}, {spread}", end="")
                print(f"; target {TARGET_MELEE / 1e6:g}", flush=True)


if __name__ == "__main__":
    main()
