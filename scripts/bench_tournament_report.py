"""Time and memory of a tournament's report for a large field and for a small one, and how the page does in a browser.

    python scripts/bench_tournament_report.py [--bots 1000] [--out runs/bench_tournament_report]

Results are made up: every pairing fought, 1 to 3 battles each; each field is reported by a process of its own, so that
memory is its own, the results and the ratings with their bootstrap included. Exit code 1 if the large one took over
20 s or 1 GiB, or the small one, 20 bots and 570 battles, more than 0.3 s for its page, the import of jinja2 included.
"""

import argparse
import os
import platform
import resource
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path

import numpy as np

TESTS = Path(__file__).parent.parent / "tests"
sys.path[:0] = [str(TESTS), str(TESTS / "tournament")]

from browser import find_browser, run_in_page  # noqa: E402
from made_standing import make_standing  # noqa: E402

from beepsim.versions import software_versions  # noqa: E402

SMALL = 20
MOST_SECONDS, MOST_GIB, MOST_SMALL_SECONDS = 20.0, 1.0, 0.3
USE = """
const time = (name, work) => {
  const began = performance.now();
  work();
  document.body.getBoundingClientRect();
  found[name] = performance.now() - began;
};
found.opened = performance.now();
time("sorted by PWIN", () => document.querySelector("#bots th:nth-child(5)").click());
const filter = (text) => {
  document.getElementById("filter").value = text;
  document.getElementById("filter").dispatchEvent(new Event("input"));
};
time("filtered", () => filter("bot1"));
time("filter taken off", () => filter(""));
time("bot chosen", () => document.querySelector("#bots tbody tr:nth-child(5)").click());
time("pairing chosen", () => document.querySelector("#opponents tbody tr:nth-child(5)").click());
time("matrix zoomed", () => document.getElementById("closer").click());
"""


def build(bots: int, folder: Path) -> dict[str, float]:
    """Seconds of the parts, and GiB of the whole process, this one."""
    standing = make_standing(bots, 3, some_seasons=bots > SMALL)
    from beepsim.tournament.ratings import rate

    began = time.perf_counter()
    ratings, pairings = rate(standing)
    rated = time.perf_counter()
    from beepsim.tournament.report import write_report

    write_report(standing, ratings, pairings, [], folder, Path("league.db"))
    ended = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"battles": len(standing.battles), "rating": rated - began, "report": ended - rated, "GiB": peak}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bots", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("runs/bench_tournament_report"))
    arguments = parser.parse_args()
    versions = software_versions()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; Python {versions['python']}, "
        f"numpy {np.__version__}"
    )
    print(f"{'bots':>6} {'battles':>8} {'rating s':>9} {'page s':>7} {'together s':>10} {'GiB':>6} {'page MB':>8}")
    found = {}
    for bots in (SMALL, arguments.bots):
        with get_context("spawn").Pool(1) as pool:
            found[bots] = row = pool.apply(build, (bots, arguments.out / str(bots)))
        together, size = row["rating"] + row["report"], (arguments.out / str(bots) / "index.html").stat().st_size / 1e6
        print(
            f"{bots:6} {row['battles']:8.0f} {row['rating']:9.2f} {row['report']:7.2f} {together:10.2f} "
            f"{row['GiB']:6.2f} {size:8.1f}"
        )
    if find_browser():
        for bots in found:
            with tempfile.TemporaryDirectory() as folder:
                used = run_in_page(arguments.out / str(bots) / "index.html", USE, Path(folder))
            times = ", ".join(f"{name} {value:.0f}" for name, value in used.items() if isinstance(value, int | float))
            print(f"{bots} bots in the browser, ms: {times}")
    large, small = found[arguments.bots], found[SMALL]
    seconds = large["rating"] + large["report"]
    print(f"targets: under {MOST_SECONDS:g} s together, {MOST_GIB:g} GiB; {SMALL} bots' page {MOST_SMALL_SECONDS:g} s")
    kept = seconds < MOST_SECONDS and large["GiB"] < MOST_GIB and small["report"] < MOST_SMALL_SECONDS
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
