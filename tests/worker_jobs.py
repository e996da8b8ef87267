"""Jobs for the tests of workers, which must be a module's own functions; and what to wait for them with."""

import ctypes
import os
import signal
import threading
import time
from pathlib import Path

from beepsim.errors import UserError
from beepsim.processes import THREAD_LIMITS

PATIENCE = 30.0  # seconds for what must happen
KEPT: list[bytearray] = []


def square(number: int) -> int:
    if number == 13:
        raise UserError("13 is not liked here")
    if number == 14:
        raise ValueError("nor is 14")
    if number == 15:
        os._exit(3)
    return number * number


def limits(_: int) -> list[str | None]:
    return [os.environ.get(name) for name in THREAD_LIMITS]


def kill(number: int) -> None:
    os.kill(os.getpid(), number)


def hang(holds_gil: bool) -> None:
    if holds_gil:
        ctypes.PyDLL(None).sleep(1000)
    threading.Event().wait()


def use(mebibytes: int) -> int:
    return len(bytearray(mebibytes << 20)) >> 20


def keep(mebibytes: int) -> None:
    KEPT.append(bytearray(mebibytes << 20))


def echo(value: bytes) -> bytes:
    return value


class Unreadable:
    def __reduce__(self):
        return int, ("no number",)


def make(kind: str) -> object:
    return Unreadable() if kind == "unreadable" else threading.Lock()


def await_file(begun: Path, end: Path) -> int:
    """A job that is at hand until `end` exists; the process it is in."""
    begun.write_text(str(os.getpid()))
    while not end.exists():
        time.sleep(0.01)
    return os.getpid()


def fork(end: Path) -> int:
    """Both copies return; the new one once `end` exists."""
    pid = os.fork()
    if not pid:
        while not end.exists():
            time.sleep(0.01)
    return pid


def leave_a_child_and_die(pid_file: Path) -> None:
    pid = os.fork()
    if not pid:
        time.sleep(10 * PATIENCE)
    pid_file.write_text(str(pid))
    os._exit(3)


def ignore_the_limit() -> None:
    signal.signal(signal.SIGALRM, signal.SIG_IGN)


def hang_without_limit() -> None:
    ignore_the_limit()
    time.sleep(10 * PATIENCE)


def text_order() -> list[str]:
    return list({f"text {number}" for number in range(20)})


def until(condition) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """No zombie either, unless nobody has asked for it yet."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
