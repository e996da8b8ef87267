"""Speed of wave extraction: waves per second on one core, all features included.

    python scripts/bench_waves.py [RECORDING…] [--repetitions 9]

RECORDING is a .battle file or a NAME.robots.parquet; without one the battle in tests/data is taken. Timed are the whole
way from a recording in memory to a checked table in memory, and writing that table.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from beepsim.errors import UserError
from beepsim.recording.format import Recording, read_recording
from beepsim.recording.robocode_tables import BULLETS_SUFFIX, ROBOTS_SUFFIX, content_hash, read_tables
from beepsim.versions import software_versions
from beepsim.waves.table import check_rows, extract_waves, join_tables, save_waves

TARGET = 300_000
SAMPLE = Path(__file__).parents[1] / "tests" / "data" / "recordings" / "kawigi.mini.Coriantumr_1.1.robots.parquet"
LEAST_SECONDS = 0.3  # of work in one repetition


def read_any(path: Path) -> Recording:
    if not path.name.endswith(ROBOTS_SUFFIX):
        return read_recording(path)
    bullets = path.with_name(path.name.removesuffix(ROBOTS_SUFFIX) + BULLETS_SUFFIX)
    return read_tables(path, bullets, content_hash(path, bullets))


def rates(work: Callable[[], int], repetitions: int) -> list[float]:
    """Waves per second of each repetition; each repeats the work until it has lasted LEAST_SECONDS."""
    found = []
    for _ in range(repetitions):
        waves, start = 0, time.perf_counter()
        while time.perf_counter() - start < LEAST_SECONDS:
            waves += work()
        found.append(waves / (time.perf_counter() - start))
    return found


def cpu_name() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="*", type=Path, metavar="RECORDING", default=[SAMPLE])
    parser.add_argument("--repetitions", type=int, default=9)
    arguments = parser.parse_args()
    try:
        recordings = [read_any(path) for path in arguments.recordings]
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    start = time.perf_counter()
    tables = [extract_waves(recording, 0) for recording in recordings]
    first = time.perf_counter() - start
    table = join_tables(tables)
    turns = sum(len(recording.robots) // len(recording.header.robots) for recording in recordings)

    def extract() -> int:
        count = 0
        for recording in recordings:
            found = extract_waves(recording, 0)
            check_rows(found, "benchmark")
            count += len(found)
        return count

    with tempfile.TemporaryDirectory() as folder:

        def save() -> int:
            save_waves(Path(folder) / "waves.parquet", table)
            return len(table)

        results = {
            "extract and check": rates(extract, arguments.repetitions),
            "save": rates(save, arguments.repetitions),
        }
        size = (Path(folder) / "waves.parquet").stat().st_size
    versions = ", ".join(f"{name} {version}" for name, version in software_versions().items())
    print(f"{cpu_name()}, one core; {versions}")
    print(
        f"{len(recordings)} recordings, {turns} turns, {len(table)} waves, {size / len(table):.0f} bytes a wave saved"
    )
    print(f"{'waves per second':20}{'median':>12}{'least':>12}{'most':>12}{'target':>12}{'median/target':>15}")
    for name, found in results.items():
        middle = statistics.median(found)
        line = f"{name:20}{middle:12,.0f}{min(found):12,.0f}{max(found):12,.0f}"
        print(line + (f"{TARGET:12,}{middle / TARGET:14.2f}x" if name.startswith("extract") else ""))
    print(f"first extraction, compiled code loaded or compiled: {first:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
