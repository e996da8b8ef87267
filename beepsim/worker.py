"""A worker process as it is inside: it does one job after the other and answers each, until its pipe is closed.

A job is not the worker's until it has claimed it: beside the pipe with the jobs lies one with their numbers, from which
both sides may read. Whoever takes a job's number has it. So a job that was sent ahead can be taken back.
"""

import os
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any

from beepsim.errors import UserError
from beepsim.limits import memory_limit, time_limit

READY, DONE, USER_ERROR, FAILED, OUT_OF_MEMORY = "ready", "done", "user error", "failed", "out of memory"
NUMBER_BYTES = 8


def work(pipe: Connection, numbers: Connection, report: Connection, seconds: float | None, memory: int | None) -> None:
    """A worker's life. `report` takes where a job stood that took longer than `seconds`."""
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.setpgid(0, 0)  # what jobs start can be killed with it
    claimed = None
    kind, own = READY, os.getpid()
    try:
        pipe.send((READY, None))
        while kind != OUT_OF_MEMORY:  # after that the process is not to be trusted
            message = pipe.recv_bytes()
            number = int.from_bytes(message[:NUMBER_BYTES], "little")
            claimed = claim(numbers) if claimed is None else claimed
            if claimed == number:
                claimed = None
                kind, answer = answer_to(message[NUMBER_BYTES:], seconds, memory, report.fileno())
                if os.getpid() != own:  # a copy that the job forked: there must be one answer
                    os._exit(0)
                pipe.send_bytes(answer)
    except (EOFError, OSError):
        return


def claim(numbers: Connection) -> int | None:
    """The number of the first job that nobody has claimed yet."""
    try:
        return int.from_bytes(os.read(numbers.fileno(), NUMBER_BYTES), "little")
    except BlockingIOError:
        return None


def answer_to(message: bytes, seconds: float | None, memory: int | None, report: int) -> tuple[str, bytes]:
    """The kind of the answer, and the whole of it as it is sent."""
    try:
        function, args, named = ForkingPickler.loads(message)
        answer = perform(function, args, named, seconds, memory, report)
        return answer[0], bytes(ForkingPickler.dumps(answer))
    except MemoryError as error:
        answer = (OUT_OF_MEMORY, str(error))
    except Exception:  # of the modules that the job needs, or of what it returned
        answer = (FAILED, traceback.format_exc())
    return answer[0], bytes(ForkingPickler.dumps(answer))


def perform(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    named: dict[str, Any],
    seconds: float | None = None,
    memory: int | None = None,
    report: int | None = None,
) -> tuple[str, Any]:
    """Calls the function within limits of `seconds` and `memory` (MiB); a kind, and what it returned or what it raised.

    An answer is plain text but for the result, so that whoever reads it need not know the errors of strangers' code.
    """
    try:
        with time_limit(seconds, report), memory_limit(memory):
            return DONE, function(*args, **named)
    except UserError as error:
        return USER_ERROR, str(error)
    except MemoryError as error:
        return OUT_OF_MEMORY, str(error)
    except Exception:
        return FAILED, traceback.format_exc()
