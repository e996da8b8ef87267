"""Whole tournaments: the same results by any workers and after any interruption; only what is missing is fought."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from beepsim.tournament import database
from beepsim.tournament.config import read_tournament
from beepsim.tournament.listing import fight_again
from beepsim.tournament.live import Board
from beepsim.tournament.ratings import rate
from beepsim.tournament.run import run_tournament
from beepsim.tournament.standing import Standing
from beepsim.tournament.versions import compare_versions
from beepsim.workers import Workers

PROGRAM = "import sys; from beepsim.cli import main; sys.exit(main())"
HEAD = "name: x\nseed: 3\nrules: {rounds: 2}\n"
BOTS = "bots: [circle+linear, oscillator+circular, wall_dodger+head_on, random_mover+linear]\n"
FORMATS = {
    "round robin": f"{HEAD}{BOTS}seasons: 2\n",
    "challenge": f"{HEAD}format: challenge\nchallengers: [circle+linear]\nreferences: ['*+head_on']\n",
    "melee": f"{HEAD}format: melee\nrobots: 3\nseasons: 2\n{BOTS}",
    "swiss": f"{HEAD}format: swiss\nswiss_rounds: 3\nbots: ['*+linear']\n",
    "smart": f"{HEAD}{BOTS}smart: {{battles: 40, step: 4}}\n",
}


class Here(Executor):
    """Fights each battle at once, and counts them."""

    def __init__(self) -> None:
        self.fought = 0

    def submit(self, function, /, *args, **named) -> Future:
        self.fought += 1
        future: Future = Future()
        future.set_result(function(*args, **named))
        return future


def run(folder: Path, text: str, executor: Executor | None = None, capacity: int = 4, **named) -> tuple[Standing, int]:
    """The standing, and how many battles were fought for it."""
    path = folder / "x.yaml"
    folder.mkdir(exist_ok=True)
    path.write_text(text)
    tournament = read_tournament(path)
    board = Board([entry.source.name for entry in tournament.entries()], False)
    standing = run_tournament(
        tournament, folder / database.FILE_NAME, executor or Here(), capacity, board, configuration=text, **named
    )
    return standing, board.done


def results(standing: Standing) -> list:
    """All that does not depend on when and where it was computed, in an order of its own."""
    names = [name for name in standing.duels.dtype.names if name != "battle"]
    seeds = dict(zip(standing.battles["battle"].tolist(), standing.battles["seed"].tolist(), strict=True))
    rows = [
        (seeds[number], *row)
        for number, row in zip(standing.duels["battle"].tolist(), standing.duels[names].tolist(), strict=True)
    ]
    return [sorted(rows), standing.tallies.tolist()]


@pytest.mark.parametrize("text", FORMATS.values(), ids=FORMATS)
def test_one_worker_or_many_the_results_are_the_same(tmp_path: Path, text: str) -> None:
    here, fought = run(tmp_path / "here", text)
    with Workers(2) as workers:
        there, _ = run(tmp_path / "there", text, workers, 7)
    assert results(here) == results(there) and fought == len(here.battles) > 2
    again, fought = run(tmp_path / "there", text)
    assert fought == 0 and results(again) == results(here)
    ratings, _ = rate(here)
    assert ratings.tobytes() == rate(there)[0].tobytes()  # whichever battle ended first
    ranked = ratings[[entrant.is_ranked for entrant in here.entrants]]
    assert sorted(ranked["rank"])[0] == 1 and (ranked["aps_low"] <= ranked["aps_high"]).all()


@pytest.mark.slow
def test_eight_workers_and_an_executor_of_the_standard_library(tmp_path: Path) -> None:
    text = FORMATS["smart"]
    here, _ = run(tmp_path / "here", text)
    with Workers(8) as workers:
        eight, _ = run(tmp_path / "eight", text, workers, 16)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        standard, _ = run(tmp_path / "pool", text, pool)
    assert results(here) == results(eight) == results(standard)


def test_more_seasons_and_more_bots_cost_only_what_is_missing(tmp_path: Path) -> None:
    text = FORMATS["round robin"]
    first, _ = run(tmp_path, text)
    more, fought = run(tmp_path, text.replace("seasons: 2", "seasons: 3"))
    assert fought == 6 and len(more.battles) == 18
    _, fought = run(tmp_path, text.replace("random_mover+linear]", "random_mover+linear, sample.Fire]"))
    assert fought == 8
    # In another order, with a bot less: nothing is new.
    fewer, fought = run(tmp_path, text.replace(BOTS, "bots: [wall_dodger+head_on, circle+linear]\n"))
    assert fought == 0 and len(fewer.battles) == 3
    _, fought = run(tmp_path, text.replace("rounds: 2", "rounds: 1"))
    assert fought == 12


def test_a_changed_bot_fights_anew_and_is_compared_with_what_it_was(tmp_path: Path) -> None:
    bot = tmp_path / "mine.py"
    bot.write_text("def move(view, command):\n    command.distance = 100.0 if view.turn % 40 < 20 else -100.0\n")
    text = f"{HEAD}seasons: 2\nbots: [{bot}, circle+linear, oscillator+circular, random_mover+linear]\n"
    _, fought = run(tmp_path, text)
    assert fought == 12
    bot.write_text('VERSION = "2.0"\n\n\ndef move(command):\n    command.distance = 0.0\n')
    standing, fought = run(tmp_path, text)
    assert fought == 6 and [entrant.label[:8] for entrant in standing.entrants[::4]] == ["mine 2.0", "mine 1.0"]
    (versions,) = compare_versions(standing)
    assert (versions["opponents"], versions["battles"]) == (3, 12) and versions["difference"] < 0
    # The old version's battles can be fought again, though its file is gone.
    old = standing.duels[standing.duels["b"] == 4]["battle"]
    assert len(old) == 6 and fight_again(tmp_path / database.FILE_NAME, int(old[0]), None)[1] == []


KILLER = """
import os
from beepsim.robots import AdvancedRobot


class Killer(AdvancedRobot):
    def on_scanned_robot(self, event):
        os.kill(os.getpid(), 9)

    def run(self):
        while True:
            self.turn_radar_right(360)
"""
HOG = KILLER.replace("os.kill(os.getpid(), 9)", "self.hoard = bytearray(4_000_000_000)").replace("Killer", "Hog")
SLEEPER = KILLER.replace("os.kill(os.getpid(), 9)", "__import__('re').match('(a+)+b', 'a' * 64)").replace(
    "Killer", "Sleeper"
)  # hangs in C code, where nothing of Python's can interrupt it


@pytest.mark.slow
def test_bots_that_take_their_workers_with_them_cost_their_pairings_only(tmp_path: Path) -> None:
    for name, source in (("killer", KILLER), ("hog", HOG), ("sleeper", SLEEPER)):
        (tmp_path / f"{name}.py").write_text(source)
    bots = f"challengers: [{tmp_path}/*.py, circle+linear]\nreferences: [sample.Fire]\n"
    text = f"{HEAD}format: challenge\nseasons: 2\n{bots}"
    with Workers(2, 8.0, 1024) as workers:
        standing, fought = run(tmp_path, text, workers, 4)
    assert fought == len(standing.battles) == 2
    reasons = {failure.bots[0].split(" ")[0]: failure.reason for failure in standing.failures}
    assert "killed by signal 9 (SIGKILL)" in reasons["Killer"]
    assert "ran out of memory (limit 1024 MiB)" in reasons["Hog"]
    assert "longer than 8 s" in reasons["Sleeper"] and "sleeper.py" in reasons["Sleeper"]
    assert all("so did the battle's second try" in reason for reason in reasons.values()) and len(reasons) == 3
    # What has failed stays so, unless it is asked for.
    executor = Here()
    run(tmp_path, text, executor)
    assert executor.fought == 0


def test_failed_pairings_are_fought_again_where_that_is_asked_for(tmp_path: Path) -> None:
    text = FORMATS["round robin"]

    class Fails(Here):
        def submit(self, function, /, job) -> Future:
            if {bot.name for bot in job.bots} == {"circle+linear", "wall_dodger+head_on"}:
                future: Future = Future()
                future.set_exception(ValueError("not these two"))
                return future
            return super().submit(function, job)

    standing, fought = run(tmp_path, text, Fails())
    assert fought == 10 and [failure.reason for failure in standing.failures] == ["ValueError: not these two"]
    assert run(tmp_path, text)[1] == 0
    standing, fought = run(tmp_path, text, retry_failed=True)
    assert fought == 2 and standing.failures == ()
    assert results(standing) == results(run(tmp_path / "whole", text)[0])


@pytest.mark.slow
def test_killed_at_any_moment_it_goes_on_and_ends_the_same(tmp_path: Path) -> None:
    text = FORMATS["smart"].replace("battles: 40", "battles: 60").replace("rounds: 2", "rounds: 20")
    (tmp_path / "x.yaml").write_text(text)
    command = [sys.executable, "-c", PROGRAM, "tournament", "x.yaml", "--out", "out", "--workers", "2"]
    counts = []
    for wait_for in (3, 15, 30):
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while battles_in(tmp_path / "out" / database.FILE_NAME) < wait_for and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        counts.append(battles_in(tmp_path / "out" / database.FILE_NAME))
        assert counts[-1] >= wait_for
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    whole, _ = run(tmp_path / "whole", text)
    killed, fought = run(tmp_path / "out", text)
    assert fought == 0 and results(killed) == results(whole)


def battles_in(path: Path) -> int:
    if not path.exists():
        return 0
    try:
        with database.reading(path) as connection:
            return connection.execute("SELECT count(*) FROM battles").fetchone()[0]
    except Exception:  # the file has just been made, its tables have not
        return 0


UNSTEADY = """
import random
from beepsim.robots import AdvancedRobot

class Unsteady(AdvancedRobot):
    def run(self):
        print("to be seen nowhere")
        while True:
            self.ahead(int(next(iter({"10", "25", "40", "55", "70", "85", "100"}))))
            self.fire(random.choice([1, 2]))
"""


def test_what_hangs_on_a_sets_order_is_the_same_in_any_process(tmp_path: Path) -> None:
    (tmp_path / "unsteady.py").write_text(UNSTEADY)
    text = f"{HEAD}seasons: 3\nbots: [circle+linear, {tmp_path}/unsteady.py]\n"
    standings = []
    for folder in ("one", "other"):
        with Workers(1) as workers:
            standings.append(run(tmp_path / folder, text, workers)[0])
    assert results(standings[0]) == results(standings[1])
    for number in standings[0].battles["battle"].tolist():
        assert fight_again(tmp_path / "one" / database.FILE_NAME, number, None)[1] == []
