"""What surfing costs: processor time of a turn with each surfer, less that with a mover that decides nothing.

    python scripts/bench_surfing.py [ROUNDS]

Each fights enemies with several guns; each battle is fought once before, unmeasured, so that all is compiled.
"""

import platform
import statistics
import sys
import time

import numba
import numpy as np

from beepsim.battle import Rules, fight

MOVERS = ("circle", "goto_surfer", "flattener", "true_surfer")
ENEMIES = ("random_mover+linear", "random_mover+random_gun", "sample.Walls")
REPEATS = 5


def cost(mover: str, enemy: str, rounds: int) -> float:
    """Microseconds of processor time of a turn, the battle's start included."""
    bots, rules = (f"{mover}+linear", enemy), Rules(num_rounds=rounds)
    fight(bots, 0, rules)
    times = []
    for seed in range(1, REPEATS + 1):
        before = time.process_time()
        result = fight(bots, seed, rules)
        times.append(1e6 * (time.process_time() - before) / sum(result.turns))
    return statistics.median(times)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 35
    print(
        f"{platform.machine()}, Python {platform.python_version()}, numba {numba.__version__}, numpy {np.__version__}"
    )
    print(f"{rounds} rounds, median of {REPEATS} battles, µs of processor time a turn (both robots); + over circle")
    print(f"{'enemy':<26}" + "".join(f"{mover:>22}" for mover in MOVERS))
    for enemy in ENEMIES:
        costs = [cost(mover, enemy, rounds) for mover in MOVERS]
        cells = [f"{one:.2f} (+{one - costs[0]:.2f})" for one in costs]
        print(f"{enemy:<26}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    main()
