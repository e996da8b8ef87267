"""Speed of duels between compiled bots with guns: robot-turns per second on one core, and the time to compile.

    python scripts/bench_duel.py [--rounds 100] [--repetitions 7] [--battles 160]

A robot-turn is one robot in one turn, its bot's own thinking included. The whole call of `fight` is timed, with and
without a recording; the time to compile is that of a fresh process from its start to the result of a one-round duel,
with an empty cache of machine code and with a filled one. Then the same `--battles` are fought by `fight_many` with one
process and with two, their start included.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numba
import numpy as np

from beepsim.battle import Battle, Rules, fight, fight_many

DUELS = (
    ("circle+linear", "random_mover+circular"),
    ("random_mover+linear", "random_mover+circular"),
    ("flight_timer+head_on", "stop_and_go+linear"),
    ("wall_follower+random_gun", "oscillator+linear"),
)
TARGET, TARGET_COLD, TARGET_CACHED, TARGET_TWO = 4e6, 15.0, 2.0, 1.8
ROUNDS_OF_MANY = 1000  # of each battle fought by one and two processes
ONE_ROUND = f"from beepsim.battle import Rules, fight; fight({DUELS[0]!r}, 1, Rules(num_rounds=1))"


def cpu_name() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")


def rates(duel: tuple[str, str], rounds: int, repetitions: int, record: Path | None) -> list[float]:
    """Robot-turns per second of each repetition, seeds 1, 2, …"""
    fight(duel, 0, Rules(num_rounds=1))
    results = [fight(duel, seed, Rules(num_rounds=rounds), record) for seed in range(1, repetitions + 1)]
    return [2 * sum(result.turns) / result.elapsed for result in results]


def seconds_of_fresh_process(cache: str) -> float:
    started = time.perf_counter()
    environment = os.environ | {"BEEPSIM_CACHE_DIR": cache}
    subprocess.run([sys.executable, "-c", ONE_ROUND], env=environment, check=True)
    return time.perf_counter() - started


def seconds_of_many(battles: int, workers: int) -> float:
    many = [Battle(DUELS[0], seed, Rules(num_rounds=ROUNDS_OF_MANY)) for seed in range(battles)]
    started = time.perf_counter()
    fight_many(many, workers)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--battles", type=int, default=160)
    arguments = parser.parse_args()
    print(f"{cpu_name()}, Python {sys.version.split()[0]}, numba {numba.__version__}, numpy {np.__version__}")
    print(f"{arguments.repetitions} duels of {arguments.rounds} rounds each; million robot-turns/s, one core")
    print(f"{'duel':48} {'recorded':>8} {'median':>7} {'lowest':>7} {'highest':>7}   target {TARGET / 1e6:g}")
    with tempfile.TemporaryDirectory() as folder:
        for duel in DUELS:
            for record in (None, Path(folder) / "duel.battle"):
                found = [rate / 1e6 for rate in rates(duel, arguments.rounds, arguments.repetitions, record)]
                name, is_recorded = " against ".join(duel), "yes" if record else "no"
                print(f"{name:48} {is_recorded:>8} {statistics.median(found):7.2f} {min(found):7.2f} {max(found):7.2f}")
        cold = seconds_of_fresh_process(f"{folder}/cache")
        cached = [seconds_of_fresh_process(f"{folder}/cache") for _ in range(arguments.repetitions)]
    print(f"fresh process to the end of a one-round duel, compiled cold: {cold:.1f} s; target {TARGET_COLD:g} s")
    spread = f"{min(cached):.2f} to {max(cached):.2f}"
    print(f"the same from cache: median {statistics.median(cached):.2f} s, {spread}; target {TARGET_CACHED:g} s")
    one, two = seconds_of_many(arguments.battles, 1), seconds_of_many(arguments.battles, 2)
    print(f"{arguments.battles} battles of {ROUNDS_OF_MANY} rounds: one process {one:.1f} s, two {two:.1f} s: ", end="")
    print(f"{one / two:.2f} times as fast; target {TARGET_TWO:g}")


if __name__ == "__main__":
    main()
