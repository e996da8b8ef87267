"""Independent jobs spread over spawned processes: results in the order of the jobs, a crash names its job.

Spawned, not forked: compiled code and Arrow keep threads. Each worker computes with one thread, so that the number of
workers is the number of cores in use; results must not depend on it.
"""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from beepsim.errors import UserError

THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
SECONDS_TO_FINISH = 30.0  # for the job at hand, when the others are interrupted


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
    results: list[Any] = [None] * len(jobs)
    context = multiprocessing.get_context("spawn")
    running: dict[Connection, tuple[Any, int]] = {}
    waiting = list(enumerate(jobs))[::-1]
    done = 0
    try:
        for _ in range(min(workers, len(jobs))):
            ours, theirs = context.Pipe()
            process = start_worker(context, function, theirs)
            theirs.close()
            running[ours] = process, waiting[-1][0]
            ours.send(waiting.pop()[1])
        while running:
            for pipe in wait(list(running)):
                assert isinstance(pipe, Connection)
                process, index = running[pipe]
                results[index] = receive(pipe, process, name(jobs[index]))
                done += 1
                if progress:
                    progress(done)
                if waiting:
                    running[pipe] = process, waiting[-1][0]
                    pipe.send(waiting.pop()[1])
                else:
                    pipe.close()
                    del running[pipe]
                    process.join()
        return results
    finally:
        # Workers left over by an interrupt or a mistake finish their job, find the pipe closed, and end.
        for pipe in running:
            pipe.close()
        for process, _ in running.values():
            process.join(SECONDS_TO_FINISH)
            process.kill()


def start_worker(context: Any, function: Callable[[Any], Any], pipe: Connection) -> Any:
    """A process with one thread for computing; limits are read from the environment when libraries are imported."""
    before = {variable: os.environ.get(variable) for variable in THREAD_LIMITS}
    os.environ.update(dict.fromkeys(THREAD_LIMITS, "1"))
    try:
        process = context.Process(target=work, args=(function, pipe), daemon=True)
        process.start()
        return process
    finally:
        for variable, value in before.items():
            if value is None:
                del os.environ[variable]
            else:
                os.environ[variable] = value


def work(function: Callable[[Any], Any], pipe: Connection) -> None:
    """A worker's life: one job after the other until the pipe is closed."""
    # Ctrl-C reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            job = pipe.recv()
        except EOFError:
            return
        try:
            answer = ("done", function(job))
        except UserError as error:
            answer = ("user error", str(error))
        except Exception:
            answer = ("failed", traceback.format_exc())
        try:
            pipe.send(answer)
        except BrokenPipeError:
            return


def receive(pipe: Connection, process: Any, name: str) -> Any:
    try:
        kind, value = pipe.recv()
    except (EOFError, ConnectionResetError):
        process.join()
        raise RuntimeError(f"{name}: its process died (exit code {process.exitcode})") from None
    if kind == "user error":
        raise UserError(value)
    if kind == "failed":
        raise RuntimeError(f"{name} failed:\n{value}")
    return value
