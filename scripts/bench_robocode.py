"""Time to read what Robocode recorded: seconds of the processor, turns a second, memory.

    python scripts/bench_robocode.py FILE... [--times 5]

FILEs are .br, .xml and .xml.zip files, each read several times.
"""

import argparse
import platform
import resource
import statistics
import time
from pathlib import Path

from beepsim.recording.robocode import read_robocode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--times", type=int, default=5)
    arguments = parser.parse_args()
    print(f"Python {platform.python_version()}, {platform.machine()}, {arguments.times} times each")
    for path in arguments.files:
        seconds = []
        for _ in range(arguments.times):
            started = time.process_time()
            recording = read_robocode(path)
            seconds.append(time.process_time() - started)
        turns = len(recording.robots) // len(recording.header.robots)
        middle = statistics.median(seconds)
        print(
            f"{path.name}: {turns} turns of {len(recording.header.robots)} robots, {path.stat().st_size} bytes: "
            f"{middle:.2f} s ({min(seconds):.2f} to {max(seconds):.2f}), {turns / middle:,.0f} turns/s"
        )
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB of memory")


if __name__ == "__main__":
    main()
