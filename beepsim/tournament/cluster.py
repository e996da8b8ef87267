"""Battles on many machines: an executor over the workers of a Dask scheduler, with the errors of `Workers`.

Each of Dask's workers has a `Workers` of its own: a battle has the main thread of a process there as it has here, and
one that hangs or dies takes nothing of Dask's with it. Dask itself gives the jobs of a worker that is lost to others.
"""

import hashlib
import logging
import multiprocessing
import re
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import Any

import beepsim
from beepsim.errors import UserError
from beepsim.workers import JobFailed, WorkerDied, Workers

PACKAGE = Path(beepsim.__file__).parent
ADDRESS = re.compile(r"(tcp|tls)://[^\s/:]+:\d{1,5}|(tcp|tls)://\[[0-9a-fA-F:]+\]:\d{1,5}")
SECONDS_TO_CONNECT = 10.0
SECONDS_FOR_WORKERS = 30.0
ERRORS: dict[str, type[Exception]] = {
    "user error": UserError,
    "failed": JobFailed,
    "died": WorkerDied,
    "broken": BrokenExecutor,
}
STARTING = threading.Lock()


@contextmanager
def dask_executor(
    address: str, seconds: float | None = None, memory: int | None = None
) -> Iterator[tuple[Executor, int]]:
    """An executor for `Workers`' jobs with their limits, of `seconds` and `memory` (MiB), on a cluster, and how many
    jobs that has room for now.

    Left by an exception it cancels what is not done. Raises UserError where Dask is not installed, the scheduler does
    not answer, or has no workers, or one with another beepsim.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise UserError(f"a cluster needs Dask: pip install 'beepsim[dask]' ({error})") from None
    if not ADDRESS.fullmatch(address):
        raise UserError(f"the scheduler's address is {address!r}, it must be like tcp://127.0.0.1:8786")
    # What it logs, with tracebacks, is told as an error too; the log would run through the display.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    try:
        client = Client(address, timeout=SECONDS_TO_CONNECT, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(f"no Dask scheduler answers at {address} ({error}); `dask scheduler` starts one") from None
    with client:
        await_workers(client, address)
        for worker, theirs in client.run(identity, on_error="return").items():
            if theirs != identity():
                raise UserError(f"worker {worker} {mismatch(theirs)}")
        with ClusterExecutor(client, address, seconds, memory) as executor:
            yield executor, sum(client.nthreads().values())


def await_workers(client: Any, address: str) -> None:
    """Returns when the scheduler has a worker. Raises UserError if it takes too long."""
    if client.scheduler_info()["workers"]:
        return
    start = f"start some: dask worker {address}"
    print(f"The scheduler at {address} has no workers yet; {start}", file=sys.stderr, flush=True)
    try:
        client.wait_for_workers(1, timeout=SECONDS_FOR_WORKERS)
    except TimeoutError:
        raise UserError(f"the scheduler at {address} has no workers after {SECONDS_FOR_WORKERS:g} s; {start}") from None


def identity() -> str:
    """The version of beepsim, and a hash over its sources."""
    return f"{beepsim.__version__} ({sources_hash()})"


@cache
def sources_hash() -> str:
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def mismatch(theirs: object) -> str:
    """What is wrong with a worker's `identity`, which may be what it raised instead."""
    if isinstance(theirs, Exception):
        return f"has no beepsim that can be used ({type(theirs).__name__}: {theirs}); it must have {identity()}"
    return f"has beepsim {theirs}, here it is {identity()}; install the same on both"


@cache
def own_workers(seconds: float | None, memory: int | None) -> Workers:
    """Those of this process, one of Dask's workers."""
    from distributed import get_worker

    # Its nanny made it a daemon, which may have no children; these end when their pipe is closed.
    multiprocessing.current_process().daemon = False
    return Workers(get_worker().state.nthreads, seconds, memory)


def perform_there(
    ours: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    named: dict[str, Any],
    seconds: float | None,
    memory: int | None,
) -> tuple[str, Any]:
    """A job on one of Dask's workers: "done" and the result, or a key of ERRORS and the message.

    The worker may have come later than it could be checked.
    """
    theirs = identity()
    if theirs != ours:
        return "broken", f"a worker has beepsim {theirs}, but {ours} is asked for; install the same on both"
    with STARTING:
        workers = own_workers(seconds, memory)
    try:
        return "done", workers.submit(function, *args, **named).result()
    except tuple(ERRORS.values()) as error:
        return next(kind for kind, one in ERRORS.items() if isinstance(error, one)), str(error)


class ClusterExecutor(Executor):
    """Jobs as `Workers` takes them; their futures raise the same, BrokenExecutor too where the scheduler is lost."""

    def __init__(self, client: Any, address: str, seconds: float | None, memory: int | None) -> None:
        self._client, self._address, self._seconds, self._memory = client, address, seconds, memory
        self._tasks: dict[Future[Any], Any] = {}  # of Dask's, which forgets what nobody holds
        self._is_closing = False

    def submit(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """The function's result to come. Raises RuntimeError after a shutdown, BrokenExecutor without a scheduler."""
        if self._is_closing:
            raise RuntimeError("the executor is shut down, it takes no more jobs")
        if self._client.status != "running":
            raise BrokenExecutor(self._loss())
        job = (identity(), function, args, named, self._seconds, self._memory)
        task = self._client.submit(perform_there, *job, pure=False)  # equal jobs are different jobs
        future: Future[Any] = Future()
        self._tasks[future] = task
        task.add_done_callback(partial(self._settle, future))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Waits for all jobs; with `cancel_futures` they are given up, also those that are at hand somewhere."""
        self._is_closing = True
        tasks = dict(self._tasks)
        if cancel_futures:
            for future in tasks:
                future.cancel()
            if self._client.status == "running":
                self._client.cancel(list(tasks.values()), force=True)
        if wait:
            wait_for([future for future in tasks if not future.cancelled()])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, frames: TracebackType | None
    ) -> bool | None:
        self.shutdown(cancel_futures=kind is not None)
        return None

    def _settle(self, future: Future[Any], task: Any) -> None:
        """Gives the future what came of Dask's task."""
        result, error = None, None
        try:
            result = self._result_of(task)
        except Exception as raised:
            error = raised
        if future.set_running_or_notify_cancel():
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        self._tasks.pop(future, None)

    def _result_of(self, task: Any) -> Any:
        from distributed.scheduler import KilledWorker

        try:
            kind, value = task.result()
        except KilledWorker as error:
            raise WorkerDied(
                f"{error.allowed_failures + 1} of Dask's workers were lost while they had it, the last one "
                f"{error.last_worker.address}; its log tells more"
            ) from None
        except CancelledError:
            raise BrokenExecutor(self._loss()) from None
        except Exception as error:  # a module that is missing there, for example
            raise JobFailed(f"{type(error).__name__}: {error}") from None
        if kind != "done":
            raise ERRORS[kind](value)
        return value

    def _loss(self) -> str:
        return f"the Dask scheduler at {self._address} does not answer any more"
