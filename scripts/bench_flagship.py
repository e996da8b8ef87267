"""How fast two flagships fight, and whether memory grows: duels of 35 rounds on one core, then one of 1,000 rounds.

    python scripts/bench_flagship.py [--duels 5] [--rounds 1000]

Turns a second of this process's time, a battle's start included; what is compiled is compiled before.
"""

import argparse
import platform
import statistics
import time
from pathlib import Path

import numba
import numpy as np

from beepsim import __version__
from beepsim.battle import Rules, fight

BOTS = ("flagship", "flagship")
STEP = 100  # rounds between two looks at the memory


def resident() -> float:
    """MiB of this process's memory at present (Linux)."""
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4096 / 2**20


def bench_duels(count: int) -> None:
    rules, rates, turns = Rules(num_rounds=35), [], []
    fight(BOTS, 0, rules)
    for seed in range(1, count + 1):
        before = time.process_time()
        result = fight(BOTS, seed, rules)
        turns.append(sum(result.turns))
        rates.append(turns[-1] / (time.process_time() - before))
    middle = statistics.median(rates)
    print(f"{count} duels of 35 rounds, {statistics.mean(turns):,.0f} turns each on average")
    print(f"{middle:,.0f} turns/s ({min(rates):,.0f} to {max(rates):,.0f})")


def bench_memory(rounds: int) -> None:
    def look(done: int) -> None:
        if done % STEP == 0:
            print(f"after {done:>5} rounds {resident():8.1f} MiB", flush=True)

    fight(BOTS, 1, Rules(num_rounds=rounds), progress=look)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duels", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=1000)
    options = parser.parse_args()
    versions = f"numba {numba.__version__}, numpy {np.__version__}"
    print(f"beepsim {__version__}, {platform.machine()}, Python {platform.python_version()}, {versions}")
    bench_duels(options.duels)
    bench_memory(options.rounds)


if __name__ == "__main__":
    main()
