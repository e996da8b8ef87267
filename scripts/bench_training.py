"""Time and memory of a whole training by the default recipe on the waves of a folder of recordings.

    python scripts/bench_training.py RECORDINGS [--out runs/bench_training] [--steps 500]

RECORDINGS is a folder of battles, .battle files or tables of the real Robocode; 50 of them hold a million waves and
60,000 shots. Wave tables are extracted into --out by a process of its own and kept. A fifth of the opponents are kept
for validation. Exit code 1 if training took more than 10 minutes, or more than 4 GiB with its data.
"""

import argparse
import os
import platform
import resource
import statistics
import sys
import time
from multiprocessing import get_context
from pathlib import Path

from beepsim.errors import UserError
from beepsim.experiments.config import Recordings
from beepsim.experiments.data import extract_battles, read_recordings
from beepsim.experiments.split import choose_validation
from beepsim.progress import show_progress
from beepsim.targeting.battles import load_battles
from beepsim.targeting.train import TrainConfig, train
from beepsim.targeting.weights import ModelConfig
from beepsim.versions import software_versions

MOST_SECONDS, MOST_GIB = 600.0, 4.0


def extract(recordings: str, out: Path) -> None:
    """The wave tables of all recordings, in out/waves."""
    extract_battles(read_recordings(Recordings(folder=recordings), out / "battles"), out / "waves")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings")
    parser.add_argument("--out", type=Path, default=Path("runs/bench_training"))
    parser.add_argument("--steps", type=int, default=TrainConfig.steps)
    arguments = parser.parse_args()
    # Memory is measured as a process's largest: extraction must not count.
    extraction = get_context("spawn").Process(target=extract, args=(arguments.recordings, arguments.out))
    extraction.start()
    extraction.join()
    if extraction.exitcode:
        raise UserError(f"{arguments.recordings}: no waves could be extracted; see above")
    started = time.monotonic()
    battles = load_battles(sorted((arguments.out / "waves").glob("*.parquet")))
    kept = choose_validation([battle.target for battle in battles], [], 1)
    parts = [[battle for battle in battles if (battle.target in kept) is wanted] for wanted in (False, True)]
    loaded = time.monotonic()
    times = []
    config = TrainConfig(steps=arguments.steps)
    with show_progress("Training", config.steps, "steps") as update:

        def note(done: int) -> None:
            times.append(time.monotonic())
            update(done)

        found = train(*parts, ModelConfig(), config, None, note)
    ended = time.monotonic()
    gib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    waves, shots = (sum(map(len, of)) for of in zip(*((one.rows, one.queries) for one in battles), strict=True))
    steps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
    versions = ", ".join(f"{name} {version}" for name, version in software_versions().items())
    processor = platform.processor() or platform.machine()
    print(f"{processor}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {versions}")
    print(f"{len(battles)} battles, {waves} waves, {shots} shots; {len(parts[1])} battles for validation, seed 1")
    print(f"tables read in: {loaded - started:.1f} s; in training the rest of it")
    print(
        f"training: {ended - loaded:.1f} s for {config.steps} steps of 2 battles, {config.queries} queries and ", end=""
    )
    print(f"{config.candidates} candidates of each")
    if steps:
        print(f"a step: median {1e3 * statistics.median(steps):.0f} ms, longest {1e3 * max(steps):.0f} ms")
    first, last = found.history[0], found.history[-1]
    print(f"validation loss: {first['validation_loss']:.4f} -> {last['validation_loss']:.4f} nats", end="")
    print(f", {found.skipped_steps} steps skipped")
    print(f"peak memory: {gib:.2f} GiB")
    is_within = ended - started <= MOST_SECONDS and gib <= MOST_GIB
    print(f"{'within' if is_within else 'BEYOND'} {MOST_SECONDS:.0f} s and {MOST_GIB:g} GiB")
    return 0 if is_within else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
