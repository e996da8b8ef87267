"""The ranking while a tournament runs: a table that changes on a terminal, else plain lines; and its end by Ctrl-C."""

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from beepsim.tournament.standing import Standing

SECONDS_BETWEEN_LINES = 10.0
SECONDS_BETWEEN_TABLES = 1.0
MOST_ROWS = 30
MOST_NOTES = 5


class Board:
    """What is known of the present bots so far: sums of the pairings' shares, battles done, messages.

    On a terminal it is drawn anew every second, else it writes a line every ten.
    """

    def __init__(self, names: Sequence[str], is_terminal: bool) -> None:
        self.names = names
        self.is_terminal = is_terminal
        self.notes: list[str] = []
        self.stopped = False
        self.done = self.known = 0
        self.total: int | None = None
        self.started = self.last_line = time.monotonic()
        count = len(names)
        self.shares, self.variances = np.zeros((count, count)), np.zeros((count, count))
        self.battles = np.zeros((count, count), np.int64)

    def begin(self, standing: Standing, total: int | None) -> None:
        """The battles that are there already; `total` of the plan, where it is known."""
        duels = standing.duels
        duels = duels[(duels["a"] < standing.current) & (duels["b"] < standing.current)]
        self.add(duels)
        self.total, self.known = total, len(np.unique(duels["battle"]))
        self.started = self.last_line = time.monotonic()
        if self.known and not self.is_terminal:
            print(f"{self.known} battles are there already", file=sys.stderr, flush=True)

    def enter(self, duels: np.ndarray) -> None:
        """A battle's DUEL rows."""
        self.add(duels)
        self.done += 1
        now = time.monotonic()
        if not self.is_terminal and now - self.last_line >= SECONDS_BETWEEN_LINES:
            self.last_line = now
            print(f"Fighting: {self.progress()}", file=sys.stderr, flush=True)

    def add(self, duels: np.ndarray) -> None:
        for mine, theirs, shares in (("a", "b", duels["share"]), ("b", "a", 100 - duels["share"])):
            places = duels[mine], duels[theirs]
            np.add.at(self.shares, places, shares)
            np.add.at(self.variances, places, duels["variance"])
            np.add.at(self.battles, places, 1)

    def note(self, message: str) -> None:
        if self.is_terminal:
            self.notes = [*self.notes, message][-MOST_NOTES:]
        else:
            print(message, file=sys.stderr, flush=True)

    def is_stopped(self) -> bool:
        return self.stopped

    def progress(self) -> str:
        """Battles done, rate and time left in one line."""
        seconds = max(time.monotonic() - self.started, 1e-9)
        rate = self.done / seconds
        text = f"{self.known + self.done}" + (f"/{self.total}" if self.total else "") + f" battles, {rate:.3g}/s"
        left = (self.total - self.known - self.done) / rate if self.total and rate else None
        return text if left is None else f"{text}, {left:.0f} s left"

    def ranking(self) -> list[tuple[str, float, float, int]]:
        """Name, APS, half of its 95 % interval (as the rounds differ), battles; best first."""
        met = self.battles > 0
        opponents = np.maximum(met.sum(axis=1), 1)
        counts = np.maximum(self.battles, 1)
        scores = (self.shares / counts).sum(axis=1) / opponents
        halves = 1.96 * np.sqrt((self.variances / counts**2).sum(axis=1)) / opponents
        totals = self.battles.sum(axis=1)
        order = np.lexsort((-scores, ~met.any(axis=1)))
        return [(self.names[i], float(scores[i]), float(halves[i]), int(totals[i])) for i in order]

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table("", "bot", "APS, %", "± 95 %", "battles", box=None)
        for column in table.columns[2:]:
            column.justify = "right"
        ranking = self.ranking()
        for rank, (name, score, half, battles) in enumerate(ranking[:MOST_ROWS], 1):
            shown = (f"{score:.2f}", f"{half:.2f}") if battles else ("–", "–")
            table.add_row(str(rank), Text(name), *shown, str(battles))
        below = [f"… and {len(ranking) - MOST_ROWS} more"] if len(ranking) > MOST_ROWS else []
        return Group(table, *(Text(line) for line in [*below, *self.notes, self.progress()]))


@contextmanager
def showing(names: Sequence[str]) -> Iterator[Board]:
    """A board on standard error for the duration of the block, which Ctrl-C stops: see `stoppable`."""
    board = Board(names, sys.stderr.isatty())
    with stoppable(board):
        if board.is_terminal:
            from rich.console import Console
            from rich.live import Live

            with Live(board, console=Console(stderr=True), refresh_per_second=1 / SECONDS_BETWEEN_TABLES):
                yield board
        else:
            yield board
            seconds = time.monotonic() - board.started
            print(f"Fighting: {board.done} battles in {seconds:.1f} s", file=sys.stderr, flush=True)


@contextmanager
def stoppable(board: Board) -> Iterator[None]:
    """The first Ctrl-C stops the board, so that battles at hand are still entered; the second one interrupts."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if board.stopped:
            raise KeyboardInterrupt
        board.stopped = True
        board.note("Stopping: the battles at hand are fought to their end; Ctrl-C again leaves them")

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
