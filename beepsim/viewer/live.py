"""A battle watched while it is fought: a window in a process of its own gets the rounds as far as they are.

The battle neither waits for the window nor learns anything from it; once the window is closed, it just goes on.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection
from queue import Empty, SimpleQueue
from threading import Thread

import numpy as np

from beepsim.battle import Watch
from beepsim.errors import UserError
from beepsim.recording.columns import FLYING
from beepsim.recording.format import TABLES, Recording
from beepsim.recording.recorder import NOT_ENDED
from beepsim.rules import bullet_speed
from beepsim.viewer.beliefs import beliefs_of
from beepsim.viewer.controls import State
from beepsim.viewer.film import film_of
from beepsim.viewer.player import News, open_window, run, subject_of

SECONDS_BETWEEN_PARTS = 0.05  # of a round in progress
LARGEST_SHARE = 0.1  # of the window's time that goes into putting rounds together

INSTEAD = "leave out --watch; --record keeps the battle for `beepsim replay`, whose --export needs none"
Part = tuple[Recording, bool]  # a round as far as it is, and whether it is over


@contextmanager
def watching() -> Iterator[Watch]:
    """What `fight` is given to be watched. At the block's end the window stays until the user closes it.

    Raises UserError where no window can be opened. An exception within the block (Ctrl-C) closes the window.
    """
    context = get_context("spawn")  # a fork would share the battle's memory, threads and signals with the window
    ours, theirs = context.Pipe()
    process = context.Process(target=show, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    try:
        refusal = ours.recv()
        if refusal:
            raise UserError(refusal)
        yield sender(ours)
        ours.close()
        process.join()
    except EOFError:
        raise UserError("the window to watch the battle in ended before it opened; leave out --watch") from None
    finally:
        process.terminate()


def sender(pipe: Connection) -> Watch:
    """Sends every finished round, and of the one in progress what there is, now and then; nothing once it is closed."""
    last, is_open = 0.0, True

    def watch(recording: Callable[[], Recording], is_over: bool) -> None:
        nonlocal last, is_open
        if not is_open or (not is_over and time.monotonic() - last < SECONDS_BETWEEN_PARTS):
            return
        try:
            pipe.send((recording(), is_over))
        except OSError:
            is_open = False
        last = time.monotonic()

    return watch


def show(pipe: Connection) -> None:
    """The window's process: the rounds that come through the pipe, until the window is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the battle's; it closes the window if that is to be
    try:
        window = open_window("battle – beepsim", INSTEAD)
    except UserError as error:
        pipe.send(str(error))
        return
    pipe.send(None)
    parts: SimpleQueue[Part | None] = SimpleQueue()
    Thread(target=receive, args=(pipe, parts), daemon=True).start()
    first = parts.get()
    if first is None:
        return
    growth = Growth([first[0]], first[1])
    run(window, subject_of(film_of(growth.recording()), True), State(), beliefs_of, lambda: news(parts, growth))


def receive(pipe: Connection, parts: "SimpleQueue[Part | None]") -> None:
    """Empties the pipe as it fills, so that the battle never waits; None at its end."""
    try:
        while True:
            parts.put(pipe.recv())
    except (EOFError, OSError):
        parts.put(None)


@dataclass
class Growth:
    """What has come so far: recordings of a round each, `is_over` whether the last one is; when to look again."""

    rounds: list[Recording]
    is_over: bool
    next_look: float = 0.0
    is_growing: bool = True

    def add(self, recording: Recording, is_over: bool) -> None:
        if not self.is_over:
            self.rounds.pop()
        self.rounds.append(recording)
        self.is_over = is_over

    def recording(self) -> Recording:
        """All rounds; bullets that are still in the air end where they are."""
        parts = [*self.rounds[:-1], self.rounds[-1] if self.is_over else with_ends(self.rounds[-1])]
        tables = {name: np.concatenate([getattr(part, name) for part in parts]) for name in TABLES}
        return Recording(replace(self.rounds[-1].header, results=None), **tables)


def news(parts: "SimpleQueue[Part | None]", growth: Growth) -> News | None:
    """The film with what has come since, if anything has and it is time to look."""
    started = time.monotonic()
    if not growth.is_growing or started < growth.next_look:
        return None
    has_come = False
    try:
        while True:
            part = parts.get_nowait()
            has_come = True
            if part is None:
                growth.is_growing = False
                break
            growth.add(*part)
    except Empty:
        pass
    if not has_come:
        return None
    film = film_of(growth.recording())
    now = time.monotonic()
    growth.next_look = now + (now - started) / LARGEST_SHARE
    return News(film, growth.is_growing)


def with_ends(recording: Recording) -> Recording:
    """A round in progress with bullets as a finished one has them."""
    bullets, turn = recording.bullets.copy(), recording.robots["turn"][-1]
    flying = bullets["turn_last"] == NOT_ENDED
    rows = bullets[flying]
    distance = (turn - rows["turn_first"]) * np.array([bullet_speed(power) for power in rows["power"]])
    bullets["turn_last"][flying], bullets["state_last"][flying] = turn, FLYING
    bullets["x_last"][flying] = rows["x_first"] + np.sin(rows["heading"]) * distance
    bullets["y_last"][flying] = rows["y_first"] + np.cos(rows["heading"]) * distance
    return replace(recording, bullets=bullets)
