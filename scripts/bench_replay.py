"""How fast the player starts, seeks and draws: on FILE, or on a duel of 35 rounds that it fights first.

    python scripts/bench_replay.py [FILE] [--overlay NAME]...

Start: from the command to the first picture in the window, in a fresh process. Seek: from a click on the timeline to
the picture, at random places. Frames: playing at 1×, without waiting for the screen. Beside the time on the clock the
processor's, which other programs lengthen less. On the screen where there is one (DISPLAY; `Xvfb` is one), else on
SDL's dummy screen.
"""

import argparse
import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SEEKS, FRAMES, STARTS = 300, 300, 5
SIZES = ((1280, 800), (2560, 1440))
FIRST_PICTURE = """
import sys
from beepsim.viewer import player
draw = player.draw_window
def draw_and_leave(surface, *rest):
    draw(surface, *rest)
    raise SystemExit
player.draw_window = draw_and_leave
from beepsim.cli import app
app(sys.argv[1:])
"""


Times = list[tuple[float, float]]  # seconds on the clock, and of the processor


def start_times(file: Path, overlays: list[str]) -> Times:
    """Of whole processes that end with the first picture."""
    options = [word for name in overlays for word in ("--overlay", name)]
    times = []
    for _ in range(STARTS):
        began, used = time.perf_counter(), child_seconds()
        subprocess.run([sys.executable, "-c", FIRST_PICTURE, "replay", str(file), *options], check=True)
        times.append((time.perf_counter() - began, child_seconds() - used))
    return times


def child_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def seek_times(file: Path, overlays: list[str], size: tuple[int, int]) -> tuple[Times, float]:
    """Of each seek, and frames a second while it plays."""
    import pygame

    from beepsim.recording.format import read_recording
    from beepsim.viewer.beliefs import beliefs_of
    from beepsim.viewer.controls import Press, Release, Resize, State, Tick, after, layout_at
    from beepsim.viewer.film import film_of
    from beepsim.viewer.player import close_window, open_window, show_first, subject_of
    from beepsim.viewer.view import View
    from beepsim.viewer.window import draw_window

    film = film_of(read_recording(file))
    subject = subject_of(film)
    beliefs = beliefs_of(film) if overlays else None
    window = open_window("bench")
    window.size = size
    state = after(State(view=View(frozenset(overlays))), Resize(*size, 1.0), subject)
    chance = random.Random(1)

    def show() -> None:
        draw_window(window.get_surface(), state, subject, beliefs)
        window.flip()
        pygame.event.pump()

    show_first(window, state, subject)
    times = []
    for _ in range(SEEKS):
        strip = layout_at(state).timeline
        began, used = time.perf_counter(), time.process_time()
        state = after(state, Press(chance.uniform(0, size[0]), strip.top + 5), subject)
        state = after(state, Release(), subject)
        show()
        times.append((time.perf_counter() - began, time.process_time() - used))
    state = after(state, Press(size[0] / 3, strip.top + 5), subject)
    state = after(state, Release(), subject)
    began = time.perf_counter()
    for _ in range(FRAMES):
        state = after(state, Tick(1 / 60), subject)
        show()
    rate = FRAMES / (time.perf_counter() - began)
    close_window(window)
    return times, rate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, help="a .battle file")
    parser.add_argument("--overlay", action="append", default=[], help="an overlay that is on")
    arguments = parser.parse_args()
    if "DISPLAY" not in os.environ and "WAYLAND_DISPLAY" not in os.environ:
        os.environ["SDL_VIDEODRIVER"] = "dummy"
    with tempfile.TemporaryDirectory() as folder:
        file = arguments.file
        if file is None:
            from beepsim.battle import Rules, fight

            file = Path(folder) / "duel.battle"
            fight(["circle+linear", "random_mover+head_on"], 1, Rules(num_rounds=35), file)
        screen = os.environ.get("SDL_VIDEODRIVER") or "screen"
        print(
            f"{platform.machine()}, Python {platform.python_version()}, {os.cpu_count()} cores, {screen}, {file.name}"
        )
        print(f"start to first picture: {summary(start_times(file, arguments.overlay), 1, 's')}")
        for size in SIZES:
            times, rate = seek_times(file, arguments.overlay, size)
            print(f"{size[0]}x{size[1]}: {SEEKS} seeks: {summary(times, 1000, 'ms')}; {rate:.0f} frames a second")


def summary(times: Times, factor: float, unit: str) -> str:
    clock, processor = ([factor * one for one in column] for column in zip(*times, strict=True))
    return (
        f"median {statistics.median(clock):.3g}, longest {max(clock):.3g} {unit} "
        f"(processor: {statistics.median(processor):.3g}, {max(processor):.3g})"
    )


if __name__ == "__main__":
    main()
