"""Programs with workers that are killed, interrupted, or cannot start any: nobody is left."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from worker_jobs import PATIENCE, is_alive, until

PROGRAM = """
import signal
from pathlib import Path
from worker_jobs import await_file
from beepsim.workers import Workers

def main(folder):
    with Workers(2) as pool:
        jobs = [pool.submit(await_file, folder / f"begun {number}", folder / "end") for number in range(5)]
        (folder / "waits").touch()
        try:
            jobs[0].result()
        except KeyboardInterrupt:
            (folder / "interrupted").touch()
            raise

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where it is ignored, as in background jobs
    main(Path(__file__).parent)
"""


def start_program(folder: Path, text: str) -> subprocess.Popen[str]:
    (folder / "program.py").write_text(text)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    command = [sys.executable, str(folder / "program.py")]
    return subprocess.Popen(command, env=environment, text=True, stderr=subprocess.PIPE, start_new_session=True)


def pids_at_work(folder: Path) -> list[int]:
    until(lambda: len([path for path in folder.glob("begun *") if path.read_text()]) == 2)
    return [int(path.read_text()) for path in folder.glob("begun *")]


def test_workers_of_a_killed_program_end_with_their_job(tmp_path):
    with start_program(tmp_path, PROGRAM) as program:
        pids = pids_at_work(tmp_path)
        program.kill()
        program.wait(PATIENCE)
        (tmp_path / "end").touch()
        until(lambda: not any(map(is_alive, pids)))
    assert len(list(tmp_path.glob("begun *"))) == 2  # what was sent ahead is not begun


def test_ctrl_c_lets_the_jobs_at_hand_finish(tmp_path):
    with start_program(tmp_path, PROGRAM) as program:
        pids = pids_at_work(tmp_path)
        until((tmp_path / "waits").exists)
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does
        until((tmp_path / "interrupted").exists)
        (tmp_path / "end").touch()
        _, errors = program.communicate(timeout=PATIENCE)
    assert program.returncode == -signal.SIGINT and errors.count("Traceback") == 1 and "KeyboardInterrupt" in errors
    assert len(list(tmp_path.glob("begun *"))) == 2 and not any(map(is_alive, pids))


def test_ctrl_c_twice_ends_at_once(tmp_path):
    with start_program(tmp_path, PROGRAM) as program:
        pids = pids_at_work(tmp_path)
        until((tmp_path / "waits").exists)
        os.killpg(program.pid, signal.SIGINT)
        until((tmp_path / "interrupted").exists)
        os.killpg(program.pid, signal.SIGINT)
        program.communicate(timeout=PATIENCE)
        until(lambda: not any(map(is_alive, pids)))


def test_workers_that_cannot_start_are_not_tried_for_ever(tmp_path):
    unguarded = """
from concurrent.futures import BrokenExecutor
from worker_jobs import square
from beepsim.workers import Workers
with Workers(1) as pool:
    futures = [pool.submit(square, number) for number in range(3)]
    for future in futures:
        assert type(future.exception(50)) is BrokenExecutor
        assert "its process did not start: its process ended with exit code 1" == str(future.exception(50)), future
"""
    with start_program(tmp_path, unguarded) as program:
        _, errors = program.communicate(timeout=PATIENCE)
        assert program.returncode == 0 and "AssertionError" not in errors
        assert "freeze_support" in errors  # Python tells the author of the program
