"""Interrupts a robot that does not end its turn: one thread for the process, which runs while battles do.

It raises Looped in the robot's code. Where that is caught, again; a robot that catches it for ever is left where it
stands, and one that waits in a system call is woken by Ctrl-C's signal. Looking twice a second, it costs a turn
nothing. While it runs, a robot that catches Ctrl-C itself does not keep the battle from its end.
"""

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from beepsim.robots.interrupts import Looped

PATIENCE = 10.0  # seconds for a turn
MORE_PATIENCE = 0.5  # seconds for what follows an interrupt
INTERRUPTS = 4  # of one turn, before the robot is left
DEBUGGERS = {"pdb", "bdb", "pydevd", "_pydevd_bundle"}  # modules


class Left(Looped):
    """Leaves the robot where it is: making the exception, in its greenlet, switches to the host's for good.

    For where Ctrl-C's signal is not ours. CPython 3.11 makes the exception while it allows itself some recursion beyond
    the limit, and would do so for the rest of the thread's life: too deep a recursion is fatal then, not an error.
    """

    def __init__(self) -> None:
        super().__init__()
        WATCHDOG.leave()


class Watchdog:
    """A host enters `inside`, `leave` and counts `turns`; everything else is the thread's."""

    def __init__(self) -> None:
        self.leave: Callable[[], Any]  # leaves the robot that runs
        self.inside = False  # a robot's code
        self.turns = 0
        self.fired = False  # an exception was sent in this turn
        self.is_waking = False  # Ctrl-C's signal is its own
        self.is_leaving = False  # the same, for good
        self.interrupted = False  # by Ctrl-C, in this turn
        self.has_handler = False  # of Ctrl-C's signal
        self.before: Any = None  # what handled it until then
        self.thread_id = 0  # of the robot's code
        self.patience = PATIENCE
        self.users = 0
        self.lock = threading.Lock()
        self.stopped = threading.Event()

    def start(self, patience: float) -> None:
        """For a battle, in the thread that fights it."""
        self.users += 1
        self.thread_id, self.patience = threading.get_ident(), patience
        if self.users == 1:
            self.stopped = threading.Event()
            is_main = threading.current_thread() is threading.main_thread()
            self.before = signal.getsignal(signal.SIGINT)
            self.has_handler = is_main and self.before in (signal.default_int_handler, signal.SIG_IGN)
            if self.has_handler:
                signal.signal(signal.SIGINT, self.on_signal)
            threading.Thread(target=self.watch, args=(self.stopped,), name="beepsim watchdog", daemon=True).start()

    def stop(self) -> None:
        self.users -= 1
        if self.users == 0:
            self.stopped.set()
            self.interrupted = False
            if self.has_handler:
                self.has_handler = False
                signal.signal(signal.SIGINT, self.before)

    def on_signal(self, number: int, frame: FrameType | None) -> None:
        """Ctrl-C, or its own call to a robot that sleeps."""
        if self.is_waking:
            self.is_waking = False
            raise Looped
        if self.is_leaving:
            self.is_leaving = False
            self.leave()
        if self.before is signal.SIG_IGN:  # in worker processes
            return
        if self.inside:
            self.fired = self.interrupted = True
        raise KeyboardInterrupt

    def watch(self, stopped: threading.Event) -> None:
        seen, since, sent = -1, 0.0, 0
        while not stopped.wait(min(MORE_PATIENCE, self.patience / 4.0)):
            if not self.inside or self.turns != seen or is_debugged(self.thread_id):
                seen, since, sent = self.turns, time.monotonic(), 0
            elif time.monotonic() - since >= self.patience + sent * MORE_PATIENCE:
                sent += 1
                self.interrupt(seen, sent)

    def interrupt(self, turn: int, sent: int) -> None:
        """Sends the exception, unless the turn has ended meanwhile."""
        with self.lock:
            self.fired = True
            if not self.inside or self.turns != turn:
                self.fired = False
                return
            has_signal = self.has_handler and hasattr(signal, "pthread_kill")
            if has_signal and (sent == 2 or sent > INTERRUPTS):
                self.is_waking, self.is_leaving = sent == 2, sent != 2
                signal.pthread_kill(self.thread_id, signal.SIGINT)
            else:
                send(self.thread_id, Left if sent > INTERRUPTS else Looped)

    def calm(self) -> None:
        """After a turn in which it fired: takes back what has not arrived."""
        with self.lock:
            send(self.thread_id, None)
            self.fired = self.is_waking = self.is_leaving = False


def is_debugged(thread_id: int) -> bool:
    """Whether the thread stands in a debugger, whose user may take their time."""
    frame = sys._current_frames().get(thread_id)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] in DEBUGGERS:
            return True
        frame = frame.f_back
    return False


def send(thread_id: int, exception: type[BaseException] | None) -> None:
    """Raises the exception in that thread as soon as it runs Python code; None takes it back."""
    kind = None if exception is None else ctypes.py_object(exception)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread_id), kind)


WATCHDOG = Watchdog()
