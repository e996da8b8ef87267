"""Files written whole or not at all, and folders that outputs must stay inside."""

import json
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from beepsim.errors import UserError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`; what the block writes there takes the place of `path` if the block succeeds.

    Raises UserError where the folder cannot be written to or the disk is full, and where `path` cannot be a file.
    """
    with temporary_beside(path) as temporary:
        yield temporary
        os.replace(temporary, path)


@contextmanager
def temporary_beside(path: Path) -> Iterator[Path]:
    """A path for what is to become `path`; after the block nothing is left there. Raises as `replacing` does."""
    if not path.name:
        raise UserError(f"{path} is a folder; give the path of a file to write")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        # A device would be lost: whoever may write to its folder would put a file in its place.
        if path.exists() and not path.is_file():
            kind = "a folder" if path.is_dir() else "no ordinary file"
            raise UserError(f"{path} is {kind}; give the path of a file to write")
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror or error})") from error


def check_output(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Raises UserError, before any work is done, where `path` cannot be written or is one of the `inputs`."""
    with temporary_beside(path) as temporary:
        temporary.touch()
        for given in inputs:
            if path.exists() and path.samefile(given):
                raise UserError(f"{path} is to be written, but it is what is read ({given}); give another path")


@contextmanager
def ctrl_c_waits() -> Iterator[None]:
    """Ctrl-C acts when the block has ended: it writes what an earlier Ctrl-C is to keep."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before is None:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if came:
            signal.raise_signal(came[0])


def write_text(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    write_text(path, json.dumps(value, indent=1, sort_keys=True, allow_nan=False) + "\n")
