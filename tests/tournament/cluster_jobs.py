"""Jobs for a cluster: a module that its processes import fast."""

import os
import signal
import threading
import time
from pathlib import Path

from beepsim.errors import UserError


def square(number: int) -> int:
    if number == 13:
        raise UserError("13 is not liked here")
    if number == 14:
        raise ValueError("nor is 14")
    if number == 15:
        os._exit(3)
    return number * number


def note(folder: Path, number: int) -> int:
    """A job of 50 ms that leaves the names of its process and of Dask's."""
    (folder / f"{number} {os.getpid()} {os.getppid()}").touch()
    time.sleep(0.05)
    return number * number


def spin(_: int) -> None:
    while True:
        pass


def use(mebibytes: int) -> int:
    return len(bytearray(mebibytes << 20))


def kill_parent(_: int) -> None:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(0.2)


def is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
