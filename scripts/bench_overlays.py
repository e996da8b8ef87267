"""Time that overlays take: of each when it is first looked at, and of a frame with each and with all of them on.

    python scripts/bench_overlays.py BATTLE [--weights FILE ...]

Milliseconds of the process's own time, over every turn of two rounds, after all of them have been seen once. Drawing is
not counted.
"""

import argparse
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from beepsim.recording.format import read_recording
from beepsim.viewer.beliefs import Beliefs, beliefs_of
from beepsim.viewer.film import Film, Moment, film_of
from beepsim.viewer.overlays import OVERLAYS, overlay_blocks, overlay_shapes
from beepsim.viewer.view import View

COSTLY = ("waves", "densities", "surfing", "hit-rates")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("battle", type=Path)
    parser.add_argument("--weights", type=Path, nargs="*", default=[])
    arguments = parser.parse_args()
    film = film_of(read_recording(arguments.battle))
    beliefs = beliefs_of(film, (), arguments.weights)
    print(f"{platform.processor() or platform.machine()}, numpy {np.__version__}; {len(film.rounds)} rounds,", end=" ")
    print(f"{film.frames} turns; guns {', '.join(beliefs.guns)}")
    last = len(film.rounds) - 1
    for name in COSTLY:
        print(f"first {name}: {frame(film, beliefs, (name,), Moment(last, film.rounds[last].last_turn // 2)):.0f} ms")
    moments = [Moment(index, turn) for index in {last // 2, last} for turn in range(film.rounds[index].last_turn)]
    for names in [(name,) for name in OVERLAYS] + [tuple(OVERLAYS)]:
        for moment in moments:
            frame(film, beliefs, names, moment)
        times = [frame(film, beliefs, names, moment) for moment in moments]
        median, most = np.percentile(times, (50, 99))
        shown = names[0] if len(names) == 1 else "all"
        print(f"{shown:14} median {median:.2f} ms, 99 % under {most:.2f}, worst {max(times):.2f}")


def frame(film: Film, beliefs: Beliefs, names: Sequence[str], moment: Moment) -> float:
    """Milliseconds for the shapes and blocks of one moment."""
    view = View(frozenset(names))
    started = time.process_time()
    overlay_shapes(film, moment, view, beliefs)
    overlay_blocks(film, moment, view, beliefs)
    return 1e3 * (time.process_time() - started)


if __name__ == "__main__":
    main()
