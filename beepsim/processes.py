"""Worker processes as their parent sees them: started, sent jobs, and looked at when they have died."""

import multiprocessing
import os
import signal
import socket
import tempfile
import threading
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from beepsim.limits import place_of_report
from beepsim.worker import NUMBER_BYTES, claim, work

THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
# The order of a set of texts is the same in every worker.
ENVIRONMENT = dict.fromkeys(THREAD_LIMITS, "1") | {"PYTHONHASHSEED": "0"}
REPORT_BYTES = 1 << 16
AHEAD_BYTES = 1 << 16  # of a job that may be sent to a busy worker: its pipe takes them although nobody reads
STARTING = threading.Lock()  # held while the environment is a worker's


@dataclass(eq=False)
class Job:
    """`message` is its function and arguments as they are sent; `is_wanted` None until a worker is to do it next."""

    number: int  # from 1
    message: bytes
    future: Future[Any]
    is_wanted: bool | None = None

    def begin(self) -> bool:
        """Whether it was not cancelled before; from now on it cannot be."""
        if self.is_wanted is None:
            self.is_wanted = self.future.set_running_or_notify_cancel()
        return self.is_wanted

    def succeed(self, result: Any) -> None:
        if self.begin():
            self.future.set_result(result)

    def fail(self, error: Exception) -> None:
        if self.begin():
            self.future.set_exception(error)


@dataclass(eq=False)
class Worker:
    """A process; `jobs` are those that it was sent and has not answered, of which it does the first."""

    process: Any
    pipe: Connection
    numbers: Connection  # what neither side has claimed of what was written to `numbers_in`; see worker.py
    numbers_in: Connection
    report: Connection  # a file
    jobs: deque[Job] = field(default_factory=deque)
    is_ready: bool = False  # has started
    was_sent_ahead: bool = False  # a job since its last answer
    is_overdue: bool = False  # it had to be killed since it did not keep its limit of time
    heard: float = field(default_factory=time.monotonic)  # when it last answered, or was given work

    def send(self, job: Job) -> None:
        self.was_sent_ahead = bool(self.jobs)
        if not self.jobs:
            self.heard = time.monotonic()
        self.jobs.append(job)
        number = job.number.to_bytes(NUMBER_BYTES, "little")
        try:
            os.write(self.numbers_in.fileno(), number)
            self.pipe.send_bytes(number + job.message)
        except OSError:
            pass  # it has died, which the other end of its pipe tells

    def take_back(self) -> Job | None:
        """A job that it was sent and has not begun."""
        number = claim(self.numbers)
        for job in self.jobs:
            if job.number == number:
                self.jobs.remove(job)
                return job
        return None

    def stop(self, seconds: float) -> None:
        """Waits for the process to end, kills it if it takes longer, and then whatever its jobs left behind."""
        self.process.join(seconds)
        self.process.kill()
        self.process.join()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def has_ended(self) -> bool:
        """Whether the process has ended and all its answers are read, though a copy that a job forked may still hold
        its end of the pipe."""
        return self.process.exitcode is not None and not self.pipe.poll()

    def close(self) -> None:
        for connection in (self.pipe, self.numbers, self.numbers_in, self.report):
            connection.close()

    def cause_of_death(self, seconds: float | None) -> str:
        """What has become of the process, which has ended; `seconds` are its limit for a job."""
        code = self.process.exitcode
        if (code == -signal.SIGALRM or self.is_overdue) and seconds is not None:
            place = place_of_report(os.pread(self.report.fileno(), REPORT_BYTES, 0).decode(errors="replace"))
            return f"it took longer than {seconds:g} s" + (f", hung in {place}" if place else "")
        if code is None or code >= 0:
            return f"its process ended with exit code {code}"
        cause = "; out of memory, or killed by hand" if code == -signal.SIGKILL else ""
        return f"its process was killed by signal {-code} ({signal_name(-code)}){cause}"


def start_worker(seconds: float | None, memory: int | None) -> Worker:
    """A process with one thread for computing; limits are read from the environment when libraries are imported."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    with socket.socket(fileno=os.dup(pipe.fileno())) as end:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * AHEAD_BYTES)
    numbers, numbers_in = context.Pipe(duplex=False)
    os.set_blocking(numbers.fileno(), False)
    with tempfile.TemporaryFile() as file:
        # Only as a connection can a descriptor be handed to a spawned process.
        report = Connection(os.dup(file.fileno()), readable=False)
    arguments = (theirs, numbers, report, seconds, memory)
    with STARTING:
        before = {variable: os.environ.get(variable) for variable in ENVIRONMENT}
        os.environ.update(ENVIRONMENT)
        try:
            process = context.Process(target=work, args=arguments, daemon=True)
            process.start()
        finally:
            for variable, value in before.items():
                if value is None:
                    del os.environ[variable]
                else:
                    os.environ[variable] = value
            theirs.close()
    return Worker(process, pipe, numbers, numbers_in, report)


def signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "of real time"
