"""The process as a battle finds it: what bots in Python change of it is undone, so that the next battle finds the same.

Results must not depend on which battles a worker fought before. What nobody changes by mistake (the engine's own
classes, threads that a bot leaves running) is not guarded.
"""

import builtins
import math
import os
import random
import signal
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from types import ModuleType

import numpy as np

SHARED: tuple[ModuleType, ...] = (builtins, math, random, time, np, np.random)
"""Modules whose names are put back, as after `random.random = mine`."""
SIGNALS = (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


@contextmanager
def own_surroundings() -> Iterator[None]:
    """Undoes after the block what it changed: folder, environment, import path, warnings, numpy's error handling, limit
    of recursion, handlers of signals, names in SHARED. What it prints goes nowhere: it would run through the display.
    """
    folder, environment, path = current_folder(), dict(os.environ), list(sys.path)
    recursion, before = sys.getrecursionlimit(), {number: signal.getsignal(number) for number in SIGNALS}
    names = [dict(vars(module)) for module in SHARED]
    with (
        open(os.devnull, "w") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
        warnings.catch_warnings(),
        np.errstate(),
    ):
        try:
            yield
        finally:
            for module, kept in zip(SHARED, names, strict=True):
                restore(vars(module), kept)
            sys.setrecursionlimit(recursion)
            sys.path[:] = path
            if dict(os.environ) != environment:
                os.environ.clear()
                os.environ.update(environment)
            for number, handler in before.items():
                if signal.getsignal(number) is not handler and handler is not None:
                    signal.signal(number, handler)
            with suppress(OSError):
                os.chdir(folder)


def current_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it is gone
        return os.curdir


def restore(names: dict[str, object], kept: dict[str, object]) -> None:
    for name in names.keys() - kept.keys():
        del names[name]
    for name, value in kept.items():
        if name not in names or names[name] is not value:
            names[name] = value
