"""Size of recordings, and the time to reach one turn: bytes per robot-turn, milliseconds.

    python scripts/bench_recordings.py FOLDER [--turns 60]

FOLDER holds .battle files. The largest is opened anew for each of some random turns, in a warm file cache.
"""

import argparse
import random
import statistics
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from beepsim.recording.format import list_recordings, read_recording, read_round, turn_rows

TARGET_BYTES, TARGET_MS = 30.0, 50.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--turns", type=int, default=60)
    arguments = parser.parse_args()
    files = list_recordings(arguments.folder)
    sizes = [(path.stat().st_size, len(read_recording(path).robots)) for path in files]
    print(f"numpy {np.__version__}, pyarrow {pa.__version__}, {len(files)} recordings")
    mean = sum(size for size, _ in sizes) / sum(count for _, count in sizes)
    worst = max(size / count for size, count in sizes)
    print(f"bytes per robot-turn: {mean:.1f} in all, {worst:.1f} in the worst file (target: under {TARGET_BYTES:g})")
    largest = max(files, key=lambda path: path.stat().st_size)
    rounds = read_recording(largest).rounds
    rng, times = random.Random(1), []
    for _ in range(arguments.turns):
        chosen = rng.choice(rounds)
        started = time.perf_counter()
        turn_rows(read_round(largest, int(chosen["round"])), int(chosen["round"]), rng.randint(0, int(chosen["turns"])))
        times.append(1e3 * (time.perf_counter() - started))
    print(f"{largest.name}: {largest.stat().st_size} bytes")
    print(
        f"ms to reach a turn: median {statistics.median(times):.1f}, {min(times):.1f} to {max(times):.1f} "
        f"over {len(times)} turns (target: under {TARGET_MS:g})"
    )


if __name__ == "__main__":
    main()
