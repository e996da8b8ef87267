"""Independent jobs on spawned processes: each is answered on its own, and one whose process dies costs no other.

Spawned, not forked: compiled code and Arrow keep threads. Each worker computes with one thread, so that the number of
workers is the number of cores in use; results must not depend on it.
"""

import itertools
import math
import multiprocessing
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, as_completed
from multiprocessing.connection import wait
from multiprocessing.reduction import ForkingPickler
from types import TracebackType
from typing import Any

from beepsim.errors import UserError
from beepsim.processes import AHEAD_BYTES, Job, Worker, start_worker
from beepsim.worker import DONE, FAILED, OUT_OF_MEMORY, READY, USER_ERROR

SECONDS_TO_FINISH = 30.0  # for the jobs at hand, when the others are given up
SECONDS_TO_END = 5.0  # for a process that has nothing to do
SECONDS_BETWEEN_LOOKS = 1.0  # at processes that say nothing
SECONDS_OVERDUE = 10.0  # beyond its limit, which a job can put out of force from within
MOST_FAILED_STARTS = 3  # in a row


class WorkerDied(RuntimeError):
    """The process died that did the job, or had to be ended; the message says why."""


class JobFailed(RuntimeError):
    """The job's function raised; the message is its traceback."""


class Workers(Executor):
    """An executor of `count` processes; a job may take `seconds`, and `memory` MiB beyond what its process has by then.

    The function of a job is a module's own. Its future raises UserError as the function does; JobFailed where that
    raises something else; WorkerDied where its process died, took too long or ran out of memory. A new process then
    takes its place. An exception that leaves the `with` block cancels what has not begun; what has gets `patience`
    seconds. Where processes do not start at all, futures and `submit` raise BrokenExecutor.

    Each worker is sent its next job before it has done the one at hand, so that it never waits for the parent. A worker
    without a job gets what was sent ahead to another.
    """

    def __init__(
        self,
        count: int,
        seconds: float | None = None,
        memory: int | None = None,
        patience: float = SECONDS_TO_FINISH,
    ) -> None:
        self._count, self._seconds, self._memory, self._patience = count, seconds, memory, patience
        self._lock = threading.Lock()  # of what several threads change, the next five
        self._numbers = itertools.count(1)
        self._waiting: deque[Job] = deque()
        self._is_closing = self._is_cancelling = False
        self._has_rung = False
        self._breakdown: str | None = None
        self._failed_starts = 0
        self._looked = time.monotonic()
        self._bell, self._bell_in = multiprocessing.Pipe(duplex=False)
        self._workers = [start_worker(seconds, memory) for _ in range(count)]
        self._manager = threading.Thread(target=self._manage, name="beepsim workers", daemon=True)
        self._manager.start()

    def submit(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """The function's result to come. Raises RuntimeError after a shutdown, BrokenExecutor, and where the job cannot
        be sent."""
        message = bytes(ForkingPickler.dumps((function, args, named)))
        with self._lock:
            if self._breakdown:
                raise BrokenExecutor(self._breakdown)
            if self._is_closing:
                raise RuntimeError("the workers are shut down, they take no more jobs")
            job = Job(next(self._numbers), message, Future())
            self._waiting.append(job)
            self._ring()
        return job.future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Ends the processes once all jobs are done; with `cancel_futures` those at hand, within `patience`."""
        with self._lock:
            self._is_closing = True
            self._is_cancelling |= cancel_futures
            self._ring()
        if wait:
            self._manager.join()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> bool | None:
        self.shutdown(cancel_futures=kind is not None)
        return None

    def _ring(self) -> None:
        """Wakes the manager."""
        if not self._has_rung:
            self._has_rung = True
            self._bell_in.send_bytes(b"!")

    # --- the manager's thread ---

    def _manage(self) -> None:
        reason: Exception = WorkerDied(f"it was not done {self._patience:g} s after the workers were shut down")
        try:
            self._serve()
        except BrokenExecutor as error:
            reason = error
        except Exception as error:  # whoever waits for a future is to hear of it
            reason = BrokenExecutor(f"the workers cannot go on: {error!r}")
        with self._lock:
            self._is_closing = True
            self._breakdown = str(reason) if isinstance(reason, BrokenExecutor) else None
            left = [*self._waiting, *(job for worker in self._workers for job in worker.jobs)]
            self._waiting.clear()
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.stop(SECONDS_TO_END if worker.is_ready and not worker.jobs else 0.0)
            worker.close()
        for job in left:
            job.fail(reason)

    def _serve(self) -> None:
        """Until the last job is done, or time is up for the jobs at hand."""
        time_left, ends = None, math.inf
        while True:
            if self._is_cancelling:
                ends = min(ends, time.monotonic() + self._patience)
                time_left = max(ends - time.monotonic(), 0.0)
                self._cancel()
            self._hand_out()
            is_idle = not self._waiting and not any(worker.jobs for worker in self._workers)
            if (self._is_closing and is_idle) or time_left == 0.0:
                return
            speakers: dict[Any, Worker] = {worker.pipe: worker for worker in self._workers}
            pause = SECONDS_BETWEEN_LOOKS if time_left is None else min(time_left, SECONDS_BETWEEN_LOOKS)
            for speaker in wait([self._bell, *speakers], pause):
                if speaker is self._bell:
                    with self._lock:
                        self._bell.recv_bytes()
                        self._has_rung = False
                else:
                    self._hear(speakers[speaker])
            self._look()

    def _look(self) -> None:
        """Now and then at those who say nothing: a job can keep its process' end, or its limit, from being told."""
        now = time.monotonic()
        if now < self._looked + SECONDS_BETWEEN_LOOKS:
            return
        self._looked = now
        for worker in list(self._workers):
            if worker.has_ended():
                self._replace(worker)
            elif worker.is_ready and worker.jobs and self._seconds is not None:
                worker.is_overdue = now > worker.heard + self._seconds + SECONDS_OVERDUE
                if worker.is_overdue:
                    self._replace(worker)

    def _hand_out(self) -> None:
        """To those who have nothing to do, then ahead to those who have."""
        try:
            while self._waiting and len(self._workers) < self._count:
                self._workers.append(start_worker(self._seconds, self._memory))
        except OSError:  # the system has no more processes or files; those that are there go on
            if not self._workers:
                raise
        for worker in self._workers:
            # A long message would keep the manager until the process has started.
            if not worker.jobs and (job := self._next(None if worker.is_ready else AHEAD_BYTES) or self._take_back()):
                job.begin()
                worker.send(job)
        for worker in self._workers:
            if len(worker.jobs) == 1 and not worker.was_sent_ahead and (job := self._next(AHEAD_BYTES)):
                worker.send(job)

    def _next(self, most_bytes: int | None) -> Job | None:
        """The first job that waits, unless it is longer."""
        with self._lock:
            while self._waiting and (most_bytes is None or len(self._waiting[0].message) <= most_bytes):
                job = self._waiting.popleft()
                if not job.future.cancelled():
                    return job
                job.begin()  # those who wait for it learn that it does not
        return None

    def _take_back(self) -> Job | None:
        """A job that was sent ahead to a worker that is busy with another."""
        for worker in self._workers:
            if len(worker.jobs) > 1 and (job := worker.take_back()):
                worker.jobs[0].begin()
                return job
        return None

    def _cancel(self) -> None:
        """What no worker has begun."""
        with self._lock:
            given_up = list(self._waiting)
            self._waiting.clear()
        for worker in self._workers:
            while job := worker.take_back():
                given_up.append(job)
        for job in given_up:
            job.future.cancel()
            job.fail(WorkerDied("the workers were shut down before it began"))

    def _hear(self, worker: Worker) -> None:
        """One answer, or the end of the process."""
        try:
            answer = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            worker.process.join(SECONDS_TO_END)
            self._replace(worker)
            return
        try:
            kind, value = ForkingPickler.loads(answer)
        except Exception:  # of the result's class
            kind, value = FAILED, traceback.format_exc()
        worker.heard = time.monotonic()
        if kind == READY:
            worker.is_ready = True
            self._failed_starts = 0
            return
        job = worker.jobs.popleft()
        worker.was_sent_ahead = False
        if kind == DONE:
            job.succeed(value)
        else:
            job.fail(error_of(kind, value, self._memory))
        if kind == OUT_OF_MEMORY:
            self._replace(worker)
        elif worker.jobs:
            worker.jobs[0].begin()

    def _replace(self, worker: Worker) -> None:
        """Removes a worker whose process has ended, or is to; what it had begun fails, the rest is for others."""
        self._workers.remove(worker)
        worker.stop(0.0)
        cause = worker.cause_of_death(self._seconds)
        unbegun = []
        while job := worker.take_back():
            unbegun.append(job)
        worker.close()
        lost = list(worker.jobs)
        for job in lost:
            job.fail(WorkerDied(cause))
        with self._lock:
            self._waiting.extendleft(reversed(unbegun))
        if not worker.is_ready:
            self._failed_starts += 1
            if self._failed_starts == MOST_FAILED_STARTS:
                raise BrokenExecutor(f"its process did not start: {cause}")


def error_of(kind: str, text: str, memory: int | None) -> Exception:
    """What an answer of worker.py means that is no result; `memory` (MiB) was the job's limit."""
    if kind == OUT_OF_MEMORY:
        limit = "" if memory is None else f" (limit {memory} MiB)"
        return WorkerDied(f"it ran out of memory{limit}" + (f": {text}" if text else ""))
    return UserError(text) if kind == USER_ERROR else JobFailed(text)


def spread(
    function: Callable[[Any], Any],
    jobs: Sequence[Any],
    workers: int,
    name: Callable[[Any], str],
    progress: Callable[[int], None] | None = None,
) -> list[Any]:
    """`[function(job) for job in jobs]` by up to `workers` processes; `progress` gets the number of jobs done.

    `function` is a module's own function; `name` says in messages which job it was. Raises UserError as `function`
    does; RuntimeError with the traceback where it raises something else, or where its process dies.
    """
    with Workers(min(workers, len(jobs))) as pool:
        places = {pool.submit(function, job): place for place, job in enumerate(jobs)}
        results: list[Any] = [None] * len(jobs)
        for done, future in enumerate(as_completed(places), 1):
            place = places.pop(future)
            try:
                results[place] = future.result()
            except JobFailed as error:
                raise RuntimeError(f"{name(jobs[place])} failed:\n{error}") from None
            except WorkerDied as error:
                raise RuntimeError(f"{name(jobs[place])}: {error}") from None
            if progress:
                progress(done)
        return results
