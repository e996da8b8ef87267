"""How long the guns that learn take: one aim by the number of past waves, and a gun's share of a duel's turns.

    python scripts/bench_live_gun.py [--rounds 35] [--mover flight_timer] [--repeats 5]

The share is the time of a duel MOVER+GUN against MOVER+GUN less that of MOVER+head_on against the same, over turns and
robots. Median, least and most of the repeats, of the time of this process, in turn.
"""

import argparse
import platform
import statistics
import time
from pathlib import Path

import numpy as np

from beepsim import __version__
from beepsim.battle import Rules, fight
from beepsim.jit import jit
from beepsim.targeting.guns import BASELINES, learned_gun
from beepsim.targeting.live_model import FEATURE_COUNT, MODEL, PAST_WAVES, choose_angle, set_model, set_room
from beepsim.targeting.weights import load_weights
from beepsim.waves.extract import ROW

WEIGHTS = Path(__file__).parents[1] / "configs" / "weights" / "rumble.safetensors"
PAST = 28
SIZES = (100, 1000, 2500, 5000, 10_000)


@jit
def aim_often(model, waves, row, past, times):
    """Sum of the angles, so that none is left out."""
    total = 0.0
    for _ in range(times):
        total += choose_angle(model, waves, row, past)[0]
    return total


def bench_aim(name, gun, repeats):
    """Random waves, spread as real ones are: by a few logits."""
    rng = np.random.default_rng(0)
    model, waves, row = np.zeros(1, MODEL)[0], np.zeros(1, PAST_WAVES)[0], np.ones(1, ROW)[0]
    set_model(model, gun)
    set_room(waves, SIZES[-1])
    waves["embedded"][:] = rng.gamma(1.0, 0.3, (FEATURE_COUNT, SIZES[-1]))
    waves["low"][:] = rng.uniform(-0.9, 0.8, SIZES[-1])
    waves["high"][:] = waves["low"] + 0.15
    for name_, value in (("distance", 400.0), ("escape_left", 0.6), ("escape_right", 0.5), ("bullet_speed", 14.0)):
        row[name_] = value
    past = np.zeros(PAST, np.float32)
    aim_often(model, waves, row, past, 1)
    for size in SIZES:
        waves["count"] = size
        times = max(10, 200_000 // size)
        spent = []
        for _ in range(repeats):
            start = time.process_time()
            aim_often(model, waves, row, past, times)
            spent.append((time.process_time() - start) / times * 1e6)
        print(f"{name:<10} {size:>7} waves  {statistics.median(spent):8.1f} us  ({min(spent):.1f} to {max(spent):.1f})")


def bench_duels(guns, mover, rounds, repeats):
    rules, spent, turns = Rules(num_rounds=rounds), {gun: [] for gun in guns}, {}
    for repeat in range(repeats + 1):  # the first one compiles
        for gun in guns:
            start = time.process_time()
            result = fight([f"{mover}+{gun}"] * 2, 7, rules)
            turns[gun] = sum(result.turns)
            if repeat:
                spent[gun].append((time.process_time() - start) / turns[gun] * 1e6)
    base = statistics.median(spent["head_on"])
    for gun in guns:
        middle = statistics.median(spent[gun])
        print(
            f"{gun:<24} {turns[gun]:>6} turns  {1e6 / middle:10,.0f} turns/s  {middle:6.2f} us a turn "
            f"({min(spent[gun]):.2f} to {max(spent[gun]):.2f})  the gun's share {(middle - base) / 2:5.2f} us"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=35)
    parser.add_argument("--mover", default="flight_timer")
    parser.add_argument("--guns", default="head_on,learned,learned:virtual=0,knn,histogram")
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"beepsim {__version__}, {platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}")
    bench_aim("learned", learned_gun("learned", load_weights(WEIGHTS)), options.repeats)
    bench_aim("knn", BASELINES["knn"], options.repeats)
    bench_duels(options.guns.split(","), options.mover, options.rounds, options.repeats)


if __name__ == "__main__":
    main()
