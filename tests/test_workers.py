"""Jobs over processes: order, mistakes, deaths, limits; nothing is lost and nobody is left."""

import os
import re
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, CancelledError

import pytest
from worker_jobs import (
    PATIENCE,
    await_file,
    echo,
    fork,
    hang,
    hang_without_limit,
    ignore_the_limit,
    is_alive,
    keep,
    kill,
    leave_a_child_and_die,
    limits,
    make,
    square,
    text_order,
    until,
    use,
)

from beepsim import workers
from beepsim.errors import UserError
from beepsim.limits import STATM
from beepsim.processes import AHEAD_BYTES, THREAD_LIMITS
from beepsim.workers import JobFailed, WorkerDied, Workers, spread

# --- spread ---


def test_results_come_in_order_and_all_are_counted():
    counts: list[int] = []
    assert spread(square, range(7), 3, str, counts.append) == [0, 1, 4, 9, 16, 25, 36]
    assert counts == [1, 2, 3, 4, 5, 6, 7]
    assert spread(square, [], 3, str) == []


@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (13, UserError, "13 is not liked here"),
        (14, RuntimeError, "job 14 failed:\n.*ValueError: nor is 14"),
        (15, RuntimeError, "job 15: its process ended with exit code 3"),
    ],
)
def test_mistakes_name_their_job(number, kind, message):
    with pytest.raises(kind, match=f"(?s){message}"):
        spread(square, [1, number, 2, 3], 2, lambda job: f"job {job}")


def test_workers_compute_with_one_thread():
    before = [os.environ.get(name) for name in THREAD_LIMITS]
    assert spread(limits, [0], 1, str) == [["1"] * len(THREAD_LIMITS)]
    assert [os.environ.get(name) for name in THREAD_LIMITS] == before


# --- each job is answered on its own ---


def test_what_a_function_raises_costs_its_job_alone():
    with Workers(1) as pool:
        wrong, fails, right = (pool.submit(square, number) for number in (13, 14, 5))
        with pytest.raises(UserError, match="13 is not liked here"):
            wrong.result(PATIENCE)
        with pytest.raises(JobFailed, match="(?s)Traceback.*worker_jobs.*ValueError: nor is 14"):
            fails.result(PATIENCE)
        assert right.result(PATIENCE) == 25


@pytest.mark.parametrize(
    ("function", "argument", "message"),
    [
        (square, 15, "its process ended with exit code 3"),
        (kill, signal.SIGKILL, "its process was killed by signal 9 (SIGKILL); out of memory, or killed by hand"),
        (kill, signal.SIGSEGV, "its process was killed by signal 11 (SIGSEGV)"),
        (kill, signal.SIGRTMIN + 5, f"its process was killed by signal {signal.SIGRTMIN + 5} (of real time)"),
        (kill, signal.SIGALRM, "its process was killed by signal 14 (SIGALRM)"),
    ],
)
def test_a_death_costs_its_job_alone(function, argument, message):
    with Workers(1) as pool:
        dies = pool.submit(function, argument)
        others = [pool.submit(square, number) for number in range(4)]  # the first of them was sent ahead
        with pytest.raises(WorkerDied, match=f"^{re.escape(message)}$"):
            dies.result(PATIENCE)
        assert [other.result(PATIENCE) for other in others] == [0, 1, 4, 9]


def test_many_deaths_lose_nothing():
    jobs = [15 if number % 5 == 0 else number for number in range(16, 41)]
    with Workers(3) as pool:
        futures = [pool.submit(square, job) for job in jobs]
        errors = [type(future.exception(PATIENCE)) for future in futures]
    assert errors == [WorkerDied if job == 15 else type(None) for job in jobs]
    assert [future.result() for future in futures if not future.exception()] == [j * j for j in jobs if j != 15]


@pytest.mark.parametrize(("kind", "message"), [("unreadable", "ValueError: invalid lit"), ("lock", "cannot pickle")])
def test_a_result_that_cannot_be_sent_fails(kind, message):
    with Workers(1) as pool:
        with pytest.raises(JobFailed, match=message):
            pool.submit(make, kind).result(PATIENCE)
        assert pool.submit(square, 3).result(PATIENCE) == 9


def test_a_job_that_cannot_be_sent_is_refused():
    with Workers(1) as pool:
        with pytest.raises(TypeError, match="cannot pickle"):
            pool.submit(square, threading.Lock())
        assert pool.submit(square, number=3).result(PATIENCE) == 9


def test_long_jobs_and_answers_do_not_block_each_other():
    values = [bytes([number]) * (1 << 20 if number % 3 else AHEAD_BYTES // 2) for number in range(30)]
    assert spread(echo, values, 2, str) == values


def test_the_longest_job_that_is_sent_ahead_fits_into_the_pipe(tmp_path):
    with Workers(1) as pool:
        busy = pool.submit(await_file, tmp_path / "begun", tmp_path / "end")
        try:
            until((tmp_path / "begun").exists)
            ahead = pool.submit(echo, bytes(AHEAD_BYTES - 200))
            until(lambda: len(pool._workers[0].jobs) == 2)
            pool.submit(square, 1)
            until(lambda: not pool._has_rung)  # the manager has come back from sending
        finally:
            (tmp_path / "end").touch()
        assert len(ahead.result(PATIENCE)) == AHEAD_BYTES - 200 and busy.result(PATIENCE)


def test_jobs_come_from_any_thread():
    results: dict[int, int] = {}

    def submit(first: int) -> None:
        for number in range(first, first + 40):
            results[number] = pool.submit(square, number).result(PATIENCE)

    with Workers(2) as pool:
        threads = [threading.Thread(target=submit, args=(first,)) for first in range(100, 420, 40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {number: number * number for number in range(100, 420)}


def test_what_was_sent_ahead_to_a_busy_worker_is_done_by_another(tmp_path):
    with Workers(2) as pool:
        busy = pool.submit(await_file, tmp_path / "begun", tmp_path / "end")
        assert [pool.submit(square, number).result(PATIENCE) for number in range(3)] == [0, 1, 4]
        futures = [pool.submit(square, number) for number in range(16, 36)]
        assert [future.result(PATIENCE) for future in futures] == [number * number for number in range(16, 36)]
        (tmp_path / "end").touch()
        assert busy.result(PATIENCE) == int((tmp_path / "begun").read_text())


def test_copies_that_jobs_fork_give_no_answer_and_do_not_outlive_their_worker(tmp_path):
    with Workers(1) as pool:
        copy = pool.submit(fork, tmp_path / "end").result(PATIENCE)
        (tmp_path / "end").touch()
        assert copy and [pool.submit(square, number).result(PATIENCE) for number in range(5)] == [0, 1, 4, 9, 16]
        # This copy holds its end of the worker's pipe.
        with pytest.raises(WorkerDied, match="exit code 3"):
            pool.submit(leave_a_child_and_die, tmp_path / "pid").result(PATIENCE)
        until(lambda: not is_alive(int((tmp_path / "pid").read_text())))


def test_texts_have_the_same_order_in_every_worker():
    with Workers(1) as one, Workers(1) as other:
        assert one.submit(text_order).result(PATIENCE) == other.submit(text_order).result(PATIENCE)


# --- limits ---


@pytest.mark.parametrize("holds_gil", [False, True])
def test_a_job_that_hangs_is_ended_and_its_place_told(holds_gil):
    with Workers(1, seconds=0.5) as pool:
        hangs, right = pool.submit(hang, holds_gil), pool.submit(square, 3)
        with pytest.raises(
            WorkerDied, match=r"^it took longer than 0.5 s, hung in .*worker_jobs.py, line \d+, in hang$"
        ):
            hangs.result(PATIENCE)
        assert right.result(PATIENCE) == 9


def test_the_limit_of_time_is_a_jobs_own():
    with Workers(1, seconds=1.0) as pool:
        for _ in range(3):
            pool.submit(time.sleep, 0.4).result(PATIENCE)
        time.sleep(1.2)  # nor does it run while nothing is to be done
        assert pool.submit(square, 3).result(PATIENCE) == 9


def test_no_job_puts_the_limit_of_time_out_of_force(monkeypatch):
    monkeypatch.setattr(workers, "SECONDS_OVERDUE", 0.5)
    with Workers(1, seconds=0.5) as pool:
        with pytest.raises(WorkerDied, match=r"^it took longer than 0.5 s$"):
            pool.submit(hang_without_limit).result(PATIENCE)
        pool.submit(ignore_the_limit).result(PATIENCE)
        with pytest.raises(WorkerDied, match="hung in"):  # the next job has its own
            pool.submit(hang, False).result(PATIENCE)


@pytest.mark.skipif(not STATM.exists(), reason="memory is limited on Linux only")
def test_a_job_that_uses_up_its_memory_is_ended():
    with Workers(1, memory=200) as pool:
        assert pool.submit(use, 150).result(PATIENCE) == 150
        before = pool.submit(os.getpid)
        greedy, right = pool.submit(use, 250), pool.submit(use, 150)
        with pytest.raises(WorkerDied, match=r"^it ran out of memory \(limit 200 MiB\)$"):
            greedy.result(PATIENCE)
        assert right.result(PATIENCE) == 150
        assert pool.submit(os.getpid).result(PATIENCE) != before.result(PATIENCE)


@pytest.mark.skipif(not STATM.exists(), reason="memory is limited on Linux only")
def test_the_limit_of_memory_counts_from_a_jobs_beginning():
    with Workers(1, memory=200) as pool:
        for _ in range(3):
            pool.submit(keep, 150).result(PATIENCE)


def test_without_a_limit_a_lack_of_memory_is_told():
    with Workers(1) as pool:
        with pytest.raises(WorkerDied, match="^it ran out of memory$"):
            pool.submit(use, 1 << 40).result(PATIENCE)


# --- the end ---


def test_after_a_shutdown_nothing_is_left_and_nothing_taken():
    with Workers(2) as pool:
        pids = {pool.submit(os.getpid).result(PATIENCE) for _ in range(10)}
    assert not any(map(is_alive, pids))
    with pytest.raises(RuntimeError, match="are shut down"):
        pool.submit(square, 1)
    pool.shutdown()


def test_a_shutdown_does_all_jobs():
    pool = Workers(2)
    futures = [pool.submit(square, number) for number in range(16, 66)]
    pool.shutdown()
    assert [future.result(0) for future in futures] == [number * number for number in range(16, 66)]


def test_a_cancelled_job_is_not_done(tmp_path):
    with Workers(1) as pool:
        busy = pool.submit(await_file, tmp_path / "begun", tmp_path / "end")
        others = [pool.submit(await_file, tmp_path / f"other {number}", tmp_path / "end") for number in range(3)]
        until((tmp_path / "begun").exists)
        assert others[2].cancel() and not busy.cancel()
        (tmp_path / "end").touch()
        assert others[1].result(PATIENCE) == busy.result(PATIENCE)
    assert not (tmp_path / "other 2").exists()


def test_what_has_not_begun_is_cancelled_and_the_job_at_hand_is_done(tmp_path):
    pool = Workers(1)
    busy = pool.submit(await_file, tmp_path / "begun", tmp_path / "end")
    others = [pool.submit(await_file, tmp_path / f"other {number}", tmp_path / "end") for number in range(3)]
    until((tmp_path / "begun").exists)
    pool.shutdown(wait=False, cancel_futures=True)
    for other in others:  # the first of them had been sent ahead
        with pytest.raises(CancelledError):
            other.result(PATIENCE)
    (tmp_path / "end").touch()
    pool.shutdown()
    assert busy.result(0) == int((tmp_path / "begun").read_text())
    assert {path.name for path in tmp_path.iterdir()} == {"begun", "end"} and not is_alive(busy.result())


def test_an_exception_cancels_and_who_does_not_finish_is_killed(tmp_path):
    with pytest.raises(ZeroDivisionError), Workers(1, patience=0.1) as pool:
        busy = pool.submit(await_file, tmp_path / "begun", tmp_path / "end")
        other = pool.submit(square, 1)
        until((tmp_path / "begun").exists)
        raise ZeroDivisionError
    assert other.cancelled() and not is_alive(int((tmp_path / "begun").read_text()))
    with pytest.raises(WorkerDied, match="^it was not done 0.1 s after the workers were shut down$"):
        busy.result(0)


def test_where_no_process_can_be_started_whoever_waits_is_told(monkeypatch):
    with Workers(1) as pool:
        monkeypatch.setattr(workers, "start_worker", lambda *_: (_ for _ in ()).throw(OSError("no more processes")))
        dies, waits = pool.submit(square, 15), pool.submit(square, 2)
        assert "exit code 3" in str(dies.exception(PATIENCE))
        assert "the workers cannot go on: OSError('no more processes')" in str(waits.exception(PATIENCE))
        until(lambda: pool._is_closing)
        with pytest.raises(BrokenExecutor, match="cannot go on"):
            pool.submit(square, 1)


def test_where_a_process_cannot_be_replaced_the_others_go_on(monkeypatch):
    with Workers(2) as pool:
        monkeypatch.setattr(workers, "start_worker", lambda *_: (_ for _ in ()).throw(OSError("no more processes")))
        assert "exit code 3" in str(pool.submit(square, 15).exception(PATIENCE))
        futures = [pool.submit(square, number) for number in range(10)]
        assert [future.result(PATIENCE) for future in futures] == [number * number for number in range(10)]
