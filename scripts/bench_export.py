"""Size of pages, time to write and to open them; frames a second of films. Prints a table.

    python scripts/bench_export.py RECORDING... [--turns 300] [--repeats 3]

RECORDING are .battle files, or folders of them. A page's opening is what headless Chromium takes longer with it until
it is drawn than with the page of a short battle; left out where there is no Chromium.
"""

import argparse
import contextlib
import io
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from beepsim.battle import Rules, fight
from beepsim.recording.format import list_recordings, read_recording
from beepsim.viewer.beliefs import beliefs_of
from beepsim.viewer.export import export_film
from beepsim.viewer.film import Film, film_of
from beepsim.viewer.frames import Cut
from beepsim.viewer.view import View

MOST_MB = 5.0
ROUNDS = 35  # for which that is the limit
WAVES = View(frozenset({"waves"}))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--turns", type=int, default=300, help="of the last recording, drawn into films")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    files = [file for source in arguments.recordings for file in list_recordings(source)]
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as folder:
        least = opening(browser, small_page(Path(folder)), arguments.repeats)
        for file in files:
            film = film_of(read_recording(file))
            page = Path(folder) / f"{file.stem}.html"
            seconds = timed(lambda film=film, page=page: export_film(film, page, WAVES), 1)
            size = page.stat().st_size / 1e6
            for_all = size / len(film.rounds) * ROUNDS
            print(f"{file.name}: {len(film.rounds)} rounds, {film.frames} turns")
            print(f"  page: {size:.2f} MB, that is {for_all:.2f} for {ROUNDS} rounds (limit {MOST_MB:g})")
            print(f"  written in {seconds:.1f} s")
            if browser:
                print(f"  opened in {opening(browser, page, arguments.repeats) - least:.2f} s")
        films(film, Path(folder), arguments.turns, arguments.repeats)


def small_page(folder: Path) -> Path:
    fight(["sitting_duck", "sitting_duck"], 1, Rules(num_rounds=1, inactivity_time=1), folder / "small.battle")
    export_film(film_of(read_recording(folder / "small.battle")), folder / "small.html", WAVES)
    return folder / "small.html"


def opening(browser: str | None, page: Path, repeats: int) -> float:
    """Seconds from the browser's start to its end, when the page has drawn itself."""
    if browser is None:
        return 0.0
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=1000"]
    command += [f"--user-data-dir={page.parent / 'profile'}", "--dump-dom", page.as_uri()]

    def run() -> None:
        shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
        assert 'class="loading"' not in shown

    return timed(run, repeats)


def timed(run: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        with contextlib.redirect_stderr(io.StringIO()):
            run()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def films(film: Film, folder: Path, turns: int, repeats: int) -> None:
    """Frames a second of the film's first turns as GIF and MP4, with and without overlays."""
    last_turn = min(turns, film.rounds[0].last_turn)
    for name, size in (("film.gif", "640x480"), ("film.gif", "960x600"), ("film.mp4", "1280x720")):
        for overlays in ((), ("waves",), ("waves", "densities")):
            view, cut = View(frozenset(overlays)), Cut("0", f"0-{last_turn}")
            beliefs = beliefs_of(film) if overlays else None

            def write(name=name, size=size, view=view, cut=cut, beliefs=beliefs) -> None:
                export_film(film, folder / name, view, cut, size, beliefs)

            seconds, count = timed(write, repeats), last_turn + 1
            megabytes = (folder / name).stat().st_size / 1e6
            print(
                f"{name[-3:]} {size} {' '.join(overlays) or 'no overlay'}: {count / seconds:.0f} frames/s, "
                f"{1e3 * megabytes / count:.1f} kB a frame"
            )


if __name__ == "__main__":
    main()
