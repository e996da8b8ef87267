"""A real cluster: a scheduler and workers in processes of their own, some of which die."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from cluster_jobs import is_main_thread, kill_parent, note, spin, square, use

pytest.importorskip("distributed")

from beepsim.errors import UserError
from beepsim.tournament import cluster
from beepsim.tournament.cluster import dask_executor, identity
from beepsim.tournament.config import read_tournament
from beepsim.tournament.live import Board
from beepsim.tournament.ratings import in_order, rate
from beepsim.tournament.run import run_tournament
from beepsim.workers import JobFailed, WorkerDied, Workers

PATIENCE = 30.0  # seconds for what must happen
HERE = Path(__file__).parent
ENVIRONMENT = os.environ | {
    "PYTHONPATH": os.pathsep.join([str(HERE), *sys.path]),
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
}


def until(condition) -> None:
    ends = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


@contextmanager
def dask(folder: Path, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """A part of the cluster."""
    command = [sys.executable, "-m", "dask", *map(str, arguments)]
    environment = ENVIRONMENT | {"DASK_TEMPORARY_DIRECTORY": str(folder)}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10.0)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(PATIENCE)


@contextmanager
def dask_scheduler(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    file = folder / "scheduler.json"
    options = ("--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", file)
    with dask(folder, "scheduler", *options) as process:
        until(lambda: file.exists() and file.read_text().endswith("}"))
        yield json.loads(file.read_text())["address"], process


def dask_workers(address: str, folder: Path, *arguments: object):
    return dask(folder, "worker", address, "--no-dashboard", *arguments)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with two workers of two threads."""
    folder = tmp_path_factory.mktemp("dask")
    with (
        dask_scheduler(folder) as (address, _),
        dask_workers(address, folder, "--nthreads", 2, "--nworkers", 2),
    ):
        yield address


def processes(folder: Path, place: int) -> set[int]:
    return {int(path.name.split()[place]) for path in folder.iterdir()}


def test_all_results_arrive_although_a_worker_is_killed(address, tmp_path):
    with dask_executor(address) as (executor, _):
        futures = [executor.submit(note, tmp_path, number) for number in range(60)]
        until(lambda: len(processes(tmp_path, 2)) == 2)
        before = processes(tmp_path, 2)
        os.kill(min(before), signal.SIGKILL)
        assert [future.result(PATIENCE) for future in futures] == [number * number for number in range(60)]
        # A new one takes its place, and the process that it had for its jobs is gone.
        until(lambda: executor.submit(note, tmp_path, 0).result(PATIENCE) == 0 and processes(tmp_path, 2) > before)


def test_equal_jobs_are_all_done(address, tmp_path):
    with dask_executor(address) as (executor, _):
        futures = [executor.submit(os.times) for _ in range(5)]
        assert len({future.result(PATIENCE) for future in futures}) > 1


def test_errors_are_those_of_workers_and_cost_their_job_alone(address):
    with dask_executor(address, seconds=0.5, memory=200) as (executor, _):
        others = [executor.submit(square, number) for number in range(12)]
        for function, argument, kind, message in (
            (square, 13, UserError, "^13 is not liked here$"),
            (square, 14, JobFailed, "(?s)Traceback.*ValueError: nor is 14"),
            (square, 15, WorkerDied, "^its process ended with exit code 3$"),
            (use, 300, WorkerDied, r"^it ran out of memory \(limit 200 MiB\)$"),
            (spin, 0, WorkerDied, r"^it took longer than 0.5 s, hung in .*cluster_jobs.py, line \d+, in spin$"),
        ):
            with pytest.raises(kind, match=message):
                executor.submit(function, argument).result(PATIENCE)
        assert [other.result(PATIENCE) for other in others] == [number * number for number in range(12)]


def test_a_job_that_loses_every_worker_fails(address):
    with dask_executor(address) as (executor, _):
        future = executor.submit(kill_parent, 0)
        with pytest.raises(WorkerDied, match=r"^2 of Dask's workers were lost while they had it, the last one tcp://"):
            future.result(PATIENCE)


def test_jobs_run_in_the_main_thread_of_a_process_for_each_of_dasks_threads(address, tmp_path):
    with dask_executor(address) as (executor, _):
        until(lambda: len(executor._client.nthreads()) == 2)  # those that died in the test before are there again
    with dask_executor(address) as (executor, count):
        assert count == 4 and executor.submit(is_main_thread).result(PATIENCE)
        futures = [executor.submit(note, tmp_path, number) for number in range(40)]
        assert [future.result(PATIENCE) for future in futures] == [number * number for number in range(40)]
    # Which of the processes are quick enough to get one of the jobs is a matter of chance.
    assert 1 <= len(processes(tmp_path, 2)) <= 2 and 2 <= len(processes(tmp_path, 1)) <= 2 * len(processes(tmp_path, 2))


def test_an_exception_gives_up_what_is_not_done(address, tmp_path):
    with pytest.raises(ZeroDivisionError), dask_executor(address) as (executor, _):
        futures = [executor.submit(note, tmp_path, number) for number in range(1000)]
        raise ZeroDivisionError
    assert any(future.cancelled() for future in futures)
    assert all(future.done() for future in futures)
    with pytest.raises(RuntimeError, match="is shut down"):
        executor.submit(square, 1)


def other_version(folder: Path) -> Path:
    path = folder / "other_version.py"
    path.write_text("import beepsim\nbeepsim.__version__ = '0.0.9'\n")
    return path


def test_a_cluster_that_cannot_be_used_is_told(tmp_path, monkeypatch, capsys):
    with dask_scheduler(tmp_path) as (address, _):
        with monkeypatch.context() as patch:
            patch.setattr(cluster, "SECONDS_FOR_WORKERS", 0.2)
            with pytest.raises(UserError, match=f"^the scheduler at {address} has no workers after 0.2 s; start "):
                with dask_executor(address):
                    raise AssertionError
        assert capsys.readouterr().err == (
            f"The scheduler at {address} has no workers yet; start some: dask worker {address}\n"
        )
        with dask_workers(address, tmp_path, "--nthreads", 1, "--preload", other_version(tmp_path)):
            with pytest.raises(UserError, match=r"^worker tcp://.* has beepsim 0.0.9 \(\w+\), here it is ") as caught:
                with dask_executor(address):
                    raise AssertionError
    assert identity() in str(caught.value)


def test_who_comes_later_is_checked_too_and_the_loss_of_the_scheduler_is_told(tmp_path):
    with dask_scheduler(tmp_path) as (address, scheduler):
        with dask_workers(address, tmp_path, "--nthreads", 1), dask_executor(address) as (executor, _):
            assert executor.submit(square, 3).result(PATIENCE) == 9
            waits = [executor.submit(time.sleep, 0.2) for _ in range(200)]
            with dask_workers(address, tmp_path, "--nthreads", 1, "--preload", other_version(tmp_path)):
                errors = []
                until(lambda: errors.extend(w.exception() for w in waits if w.done() and w.exception()) or errors)
                assert isinstance(errors[0], BrokenExecutor) and "a worker has beepsim 0.0.9" in str(errors[0])
            os.killpg(scheduler.pid, signal.SIGKILL)
            assert not logging.getLogger("distributed.client").isEnabledFor(logging.ERROR)
            for wait in waits:
                wait.exception(PATIENCE)
            assert isinstance(waits[-1].exception(), BrokenExecutor)
            assert "does not answer any more" in str(waits[-1].exception())
            with pytest.raises(BrokenExecutor, match="does not answer any more"):
                executor.submit(square, 1)


@pytest.mark.parametrize("given", ["foo", "127.0.0.1:8786", "tcp://host", "http://host:1", "tcp://a b:1", ""])
def test_a_malformed_address_is_told(given):
    with pytest.raises(
        UserError, match=f"^the scheduler's address is '{given}', it must be like tcp://127.0.0.1:8786$"
    ):
        with dask_executor(given):
            raise AssertionError


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 0.3)
    with pytest.raises(UserError, match="^no Dask scheduler answers at tcp://127.0.0.1:1 .*`dask scheduler`"):
        with dask_executor("tcp://127.0.0.1:1"):
            raise AssertionError


def test_without_dask_it_is_told_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UserError, match=r"pip install 'beepsim\[dask\]'"):
        with dask_executor("tcp://127.0.0.1:1"):
            raise AssertionError


TOURNAMENT = """\
name: x
seed: 3
bots: [circle+linear, oscillator+circular, sample.Fire, sample.Crazy]
seasons: 5
rules: {rounds: 3}
"""


class Killer(Board):
    """Kills a worker of the cluster when some battles have ended."""

    def __init__(self, names: list[str], executor: Executor) -> None:
        super().__init__(names, is_terminal=False)
        self.executor = executor

    def enter(self, duels: np.ndarray) -> None:
        super().enter(duels)
        if self.done == 4:
            os.kill(self.executor.submit(os.getppid).result(PATIENCE), signal.SIGKILL)


def test_a_tournament_is_the_same_on_a_cluster_that_loses_a_worker(address, tmp_path):
    config = tmp_path / "x.yaml"
    config.write_text(TOURNAMENT)
    tournament = read_tournament(config)
    with Workers(1) as workers:
        here = run_tournament(tournament, tmp_path / "here.sqlite", workers)
    with dask_executor(address) as (executor, count):
        killer = Killer([entry.source.name for entry in tournament.entries()], executor)
        there = run_tournament(tournament, tmp_path / "there.sqlite", executor, 2 * count, killer)
    assert not there.failures and len(there.battles) == len(here.battles) == 30 == killer.done
    assert rate(here)[0].tobytes() == rate(there)[0].tobytes()
    assert in_order(here.duels).tobytes() == in_order(there.duels).tobytes()
    assert here.tallies.tobytes() == there.tallies.tobytes()
