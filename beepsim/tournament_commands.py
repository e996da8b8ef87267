"""Commands that run tournaments and show what came of them; part of the command line (cli.py)."""

import difflib
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from beepsim.errors import UserError
from beepsim.files import check_output
from beepsim.terminal import Json, interruptible, print_json, print_rows

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from beepsim.tournament.standing import Challenge, Standing

RUN = "run"
REPORT = "report"
MOST_RANKS = 50  # that are printed
TITLES = {
    "share": "score, %",
    "damage": "damage/round",
    "hit_rate": "hit rate, %",
    "damage_taken": "taken/round",
    "enemy_hit_rate": "hit rate at it, %",
}
BESIDE = {
    "share": "damage",
    "damage": "hit_rate",
    "hit_rate": "damage",
    "damage_taken": "enemy_hit_rate",
}
"""Of a challenge: what is printed beside the measure that it is ranked by."""
MOST_WORKERS = 1000
MOST_SECONDS = 1e6
MOST_MEMORY = 1 << 30  # MiB
AT_HAND = 16  # battles for each worker, the one that it fights included


class WithRun(TyperGroup):
    """`beepsim tournament CONFIG.yaml` is short for `beepsim tournament run CONFIG.yaml`."""

    def with_default(self, words: list[str]) -> list[str]:
        if not words or words[0] in (*self.commands, "--help"):
            return words
        if not Path(words[0]).exists() and (near := difflib.get_close_matches(words[0], self.commands, 1)):
            raise UserError(f"there is no command {words[0]!r} and no such file; did you mean {near[0]}?")
        return [RUN, *words]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self.with_default(args))


app = typer.Typer(cls=WithRun, no_args_is_help=True, help="Tournaments: run one, show, export or replay its battles.")
Database = Annotated[Path, typer.Argument(metavar="DATABASE", help="Its tournament.sqlite, or the folder of it.")]


@app.command(RUN)
def run(
    config: Annotated[Path, typer.Argument(help="A tournament in YAML; see configs/league.yaml.")],
    out: Annotated[Path | None, typer.Option(help="Folder for database and report. Default: runs/NAME.")] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=MOST_WORKERS, help="Processes. Default: one for each core.")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(help="A Dask scheduler, such as tcp://HOST:8786.")] = None,
    time_limit: Annotated[float, typer.Option(help="Seconds for a battle, then it counts as hung.")] = 600,
    memory: Annotated[int, typer.Option(min=64, max=MOST_MEMORY, help="MiB that a battle may take.")] = 2048,
    retry_failed: Annotated[bool, typer.Option(help="Fight failed pairings again.")] = False,
    as_json: Json = False,
) -> None:
    """Run a tournament: fight what its database lacks, then rank and report. The same command goes on where it stopped.

    Example: beepsim tournament configs/league.yaml
    """
    from beepsim.tournament.config import read_tournament
    from beepsim.tournament.database import FILE_NAME
    from beepsim.tournament.live import showing
    from beepsim.tournament.run import run_tournament

    if not 1 <= time_limit <= MOST_SECONDS:  # NaN too
        raise UserError(f"--time-limit is {time_limit:g}; it must be from 1 to {MOST_SECONDS:g} seconds")
    with redirect_stdout(sys.stderr):  # where what bots print while they are imported breaks nothing
        tournament = read_tournament(config)
    folder = out or Path("runs") / tournament.name
    path = folder / FILE_NAME
    command = shlex.join(["beepsim", *sys.argv[1:]])
    kept = f"all battles fought until then are in {path}; the same command goes on from there"
    with (
        interruptible(kept),
        executor_of(scheduler, workers or os.cpu_count() or 1, time_limit, memory) as (executor, capacity),
        showing([entry.source.name for entry in tournament.entries()]) as board,
    ):
        standing = run_tournament(
            tournament, path, executor, capacity, board, retry_failed, config.read_text(encoding="utf-8"), command
        )
        if board.stopped:
            raise KeyboardInterrupt
    print_standing(standing, path, folder / REPORT, as_json)


@app.command()
def show(
    database: Database,
    pairing: Annotated[tuple[str, str] | None, typer.Option(help="The battles of these two bots.")] = None,
    as_json: Json = False,
) -> None:
    """Show a tournament's ranking as it stands, also while it runs; or the battles of one pairing.

    Example: beepsim tournament show runs/league --pairing circle+linear circle+circular
    """
    from beepsim.tournament.listing import pairing_rows

    path = database_file(database)
    standing = read(path)
    if pairing is None:
        print_standing(standing, path, None, as_json)
        return
    rows, columns, lines = pairing_rows(standing, pairing, path)
    if as_json:
        print_json({"pairing": pairing, "battles": rows})
        return
    print_rows(rows, columns)
    print("\n".join(lines))


@app.command()
def export(
    database: Database,
    folder: Annotated[Path, typer.Argument(help="Folder for the page and the tables.")],
    as_json: Json = False,
) -> None:
    """Write the report and every table, all battles and their rounds too, as CSV and JSON.

    Example: beepsim tournament export runs/league exported
    """
    from beepsim.tournament.listing import write_battles

    path = database_file(database)
    with interruptible(f"what was written until then is in {folder}"):
        files = write_battles(path, folder)
        print_standing(read(path), path, folder, as_json)
    if not as_json:
        print(f"Battles: {', '.join(str(file) for file in files)}")


@app.command()
def replay(
    database: Database,
    battle: Annotated[int, typer.Argument(help="Number of the battle.")],
    record: Annotated[Path | None, typer.Option(help="Write the battle to this .battle file.")] = None,
    as_json: Json = False,
) -> None:
    """Fight a battle of a tournament again, from its row alone, and compare the scores; exit code 1 if they differ.

    Bots that have changed since are fought as they were.

    Example: beepsim tournament replay runs/league 17 --record 17.battle
    """
    from beepsim.results import result_rows
    from beepsim.tournament.listing import fight_again

    path = database_file(database)
    if record is not None:
        check_output(record, [path])
    with interruptible("the battle was not fought to its end"):
        result, differences = fight_again(path, battle, record)
    if as_json:
        print_json({"result": asdict(result), "differences": differences})
    else:
        rows = result_rows(result)
        print_rows(rows, dict.fromkeys(rows[0], "{}"))
        print("\n".join(differences) or f"Battle {battle}, seed {result.seed}: every score as it is in {path}")
    if differences:
        raise typer.Exit(1)


@contextmanager
def executor_of(
    scheduler: str | None, workers: int, time_limit: float, memory: int
) -> Iterator[tuple["Executor", int]]:
    """What battles are handed to, and how many at a time: enough for each worker while results are entered."""
    from beepsim.workers import Workers

    if scheduler is None:
        with Workers(workers, time_limit, memory, patience=0.0) as executor:
            yield executor, AT_HAND * workers
    else:
        from beepsim.tournament.cluster import dask_executor

        with dask_executor(scheduler, time_limit, memory) as (executor, count):
            yield executor, AT_HAND * count


def database_file(path: Path) -> Path:
    from beepsim.tournament.database import FILE_NAME

    return path / FILE_NAME if path.is_dir() else path


def read(path: Path) -> "Standing":
    from beepsim.tournament.database import reading
    from beepsim.tournament.reading import latest_setup, read_standing

    with reading(path) as connection:
        return read_standing(connection, path, latest_setup(connection, path))


def print_standing(standing: "Standing", path: Path, folder: Path | None, as_json: bool) -> None:
    """Prints the ranking, and what went wrong; with a `folder` the report is written there."""
    from beepsim.tournament.challenge_tables import challenge_tables
    from beepsim.tournament.ratings import rate
    from beepsim.tournament.report import write_report
    from beepsim.tournament.tables import ranking_table, table_rows
    from beepsim.tournament.versions import compare_versions

    ratings, pairings = rate(standing)
    versions = compare_versions(standing)
    page = None if folder is None else write_report(standing, ratings, pairings, versions, folder, path)
    rows = table_rows(ranking_table(standing, ratings))
    challenge = {table.name: table_rows(table) for table in challenge_tables(standing, ratings)}
    if as_json:
        failures = [asdict(failure) for failure in standing.failures]
        counts = {"battles": len(standing.battles), "seconds_fighting": float(standing.battles["seconds"].sum())}
        files = {"database": path, "report": page}
        print_json({**files, **counts, "ranking": rows, **challenge, "versions": versions, "failures": failures})
        return
    is_swiss, is_grouped = standing.provenance["format"] == "swiss", len(standing.group_weights) > 1
    measures = ["bradley_terry" if is_swiss else "score" if is_grouped else "aps", "pwin", "survival", "hit_rate"]
    shown = [row for row in rows if row["is_ranked"]][:MOST_RANKS]
    if standing.challenge and challenge["challenge"]:
        cells = challenge_cells(standing.challenge, challenge["challenge"], shown)
    else:
        cells = [ranking_cells(row, measures) for row in shown]
    print_rows(cells, dict.fromkeys(cells[0] if cells else (), "{}"))
    if len(rows) > len(shown):
        print(f"{len(rows) - len(shown)} more, not ranked or further down, are in the report")
    for row in versions:
        ends = f"[{row['difference_low']:+.2f}, {row['difference_high']:+.2f}]"
        print(f"{row['new']} minus {row['old']}: {row['difference']:+.2f} points of score {ends}")
    for failure in standing.failures:
        print(f"failed: {' against '.join(failure.bots)}: {failure.reason.splitlines()[-1]}")
    print(f"{len(standing.battles)} battles in {path}" + ("" if page is None else f"\nReport: {page}"))


def ranking_cells(row: dict[str, Any], measures: list[str]) -> dict[str, str]:
    """A bot's line: rank, name, measures with their 95 % intervals, battles."""
    titles = {"aps": "APS, %", "score": "score, %", "pwin": "PWIN, %", "survival": "survival, %"}
    titles |= {"bradley_terry": "Bradley-Terry", "hit_rate": "hit rate, %"}
    cells = {"bot": f"{row['name']} {row['version']}", "rank": f"{row['rank']}"}
    return {
        **cells,
        **{titles[measure]: with_interval(row, measure) for measure in measures},
        "battles": f"{row['battles']}",
    }


def challenge_cells(
    challenge: "Challenge", rows: list[dict[str, Any]], ranking: list[dict[str, Any]]
) -> list[dict[str, str]]:
    """Each challenger's line: what the challenge is ranked by and what goes with it, both with the difference to the
    baseline, then what it is ranked by in each group."""
    score, found = challenge.score, []
    for ranked in ranking:
        bot = f"{ranked['name']} {ranked['version']}"
        own = [row for row in rows if row["bot"] == bot]
        if not own:
            continue
        cells = {"bot": bot, "rank": f"{ranked['rank']}"}
        # The blank keeps the second difference's title apart from the first's: its place tells what it belongs to.
        for measure, blank in ((score, ""), (BESIDE[score], " ")):
            cells[TITLES[measure]] = with_interval(own[0], measure)
            if challenge.baseline:
                difference = with_interval(own[0], f"{measure}_minus_baseline", "+.1f")
                cells[f"minus {challenge.baseline}{blank}"] = difference
        cells |= {f"of {row['group']}": with_interval(row, score) for row in own[1:]}
        found.append({**cells, "battles": f"{own[0]['battles']}"})
    return found


def with_interval(row: dict[str, Any], name: str, form: str = ".1f") -> str:
    """A figure and its 95 % interval."""
    value, low, high = (row[name + end] for end in ("", "_low", "_high"))
    if value != value:
        return "–"
    return f"{value:{form}}" + (f" [{low:{form}}, {high:{form}}]" if low == low else "")
