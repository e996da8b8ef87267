"""What a tournament costs beyond its battles: configs/league.yaml, 570 battles of 20 compiled bots, on two processes.

In turns: the bare battles (fought by the same workers, nothing returned), and the tournament with schedule, database,
ratings and report. Prints times and the ratio.   python scripts/bench_tournament.py
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from beepsim.battle import fight
from beepsim.tournament.config import Tournament, read_tournament
from beepsim.tournament.field import bot_of
from beepsim.tournament.job import Job
from beepsim.tournament.live import Board
from beepsim.tournament.ratings import rate
from beepsim.tournament.report import write_report
from beepsim.tournament.run import plan_of, run_tournament
from beepsim.tournament.schedules import battle_order, battle_seed
from beepsim.tournament.versions import compare_versions
from beepsim.tournament_commands import AT_HAND
from beepsim.versions import software_versions
from beepsim.workers import Workers

CONFIG = Path(__file__).parent.parent / "configs" / "league.yaml"
WORKERS, REPEATS = 2, 5


def main() -> None:
    tournament = read_tournament(CONFIG)
    jobs = jobs_of(tournament)
    print(f"{software_versions()}\n{len(jobs)} battles of {len(tournament.entries())} bots, {WORKERS} workers")
    print("bare s  tournament s  of it battles s (sum over workers)  rating and report s  ratio")
    ratios = []
    with Workers(WORKERS) as workers:
        fight_bare(workers, jobs)  # starts the processes and compiles
        for _ in range(REPEATS):
            bare = fight_bare(workers, jobs)
            whole, fighting, report = run(tournament, workers)
            ratios.append(whole / bare)
            print(f"{bare:6.2f}  {whole:12.2f}  {fighting:34.2f}  {report:19.2f}  {ratios[-1]:5.3f}", flush=True)
    print(f"overhead: median {100 * (statistics.median(ratios) - 1):+.1f} %, from {100 * (min(ratios) - 1):+.1f} to "
          f"{100 * (max(ratios) - 1):+.1f} % of the time of the battles alone")  # fmt: skip


def jobs_of(tournament: Tournament) -> list[Job]:
    sources = [entry.source for entry in tournament.entries()]
    jobs = []
    for step in plan_of(tournament).steps:
        for key in step:
            bots = [sources[entrant] for entrant in key.bots]
            names = [bot.name for bot in bots]
            order = tuple(bots[place] for place in battle_order(names, key.season))
            jobs.append(Job(order, battle_seed(tournament.seed, names, key.season), tournament.rules.rules()))
    return jobs


def bare(job: Job) -> None:
    fight([bot_of(source) for source in job.bots], job.seed, job.rules)


def fight_bare(workers: Workers, jobs: list[Job]) -> float:
    started = time.perf_counter()
    for future in [workers.submit(bare, job) for job in jobs]:
        future.result()
    return time.perf_counter() - started


def run(tournament: Tournament, workers: Workers) -> tuple[float, float, float]:
    """Seconds of all, of the battles (over all workers), of rating and report."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        path = Path(folder) / "tournament.sqlite"
        board = Board([entry.source.name for entry in tournament.entries()], is_terminal=False)
        standing = run_tournament(tournament, path, workers, AT_HAND * WORKERS, board)
        fought = time.perf_counter()
        ratings, pairings = rate(standing)
        write_report(standing, ratings, pairings, compare_versions(standing), Path(folder) / "report", path)
        ended = time.perf_counter()
    return ended - started, float(standing.battles["seconds"].sum()), ended - fought


if __name__ == "__main__":
    sys.exit(main())
