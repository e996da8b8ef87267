"""Progress of long work, on standard error: a bar with rate and time left on a terminal, plain lines otherwise."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def show_progress(label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    """A function to call with the number of units done so far; the display ends with the block."""
    with (show_bar if sys.stderr.isatty() else show_lines)(label, total, unit) as update:
        yield update


@contextmanager
def show_lines(label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    started = last_line = time.monotonic()
    done = 0

    def update(now_done: int) -> None:
        nonlocal last_line, done
        done = now_done
        now = time.monotonic()
        if now - last_line >= SECONDS_BETWEEN_LINES and 0 < done < total:
            last_line = now
            rate = done / (now - started)
            left = (total - done) / rate
            print(f"{label}: {done}/{total} {unit}, {rate:.3g}/s, {left:.0f} s left", file=sys.stderr, flush=True)

    yield update
    seconds = time.monotonic() - started
    print(f"{label}: {done}/{total} {unit} in {seconds:.1f} s", file=sys.stderr, flush=True)


@contextmanager
def show_bar(label: str, total: int, unit: str) -> Iterator[Callable[[int], None]]:
    # rich costs 50 ms to import, and most uses print plain lines.
    from rich import progress
    from rich.console import Console

    columns = (
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.TaskProgressColumn(show_speed=True),
        progress.MofNCompleteColumn(),
        progress.TextColumn(unit),
        progress.TimeRemainingColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)
