"""The battles of a tournament one by one: those of a pairing, all of them as tables, any of them fought again."""

import csv
import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from beepsim.errors import UserError
from beepsim.files import replacing
from beepsim.results import BattleResult, RoundScore
from beepsim.robots.loader import near_misses
from beepsim.tournament.database import readable_rows, reading
from beepsim.tournament.job import SCORES, fight_recorded, outcome_of
from beepsim.tournament.pairings import pair
from beepsim.tournament.reading import latest_setup, provenance, read_job
from beepsim.tournament.standing import Standing
from beepsim.tournament.tables import share_reaches
from beepsim.workers import WorkerDied, Workers

BATTLE_COLUMNS = ("battle", "season", "seed", "turns", "seconds", "worker", "fought", "place", "bot", "version", "hash")
ROBOT_COLUMNS = ("rank", *SCORES, "firsts", "shots", "hits", "skipped_turns", "faults")


def pairing_rows(
    standing: Standing, pairing: tuple[str, str], path: Path
) -> tuple[list[dict[str, Any]], dict[str, str], list[str]]:
    """The battles of two bots, named or labelled: rows as the first sees them, formats of their columns, and what they
    come to in words. Raises UserError for a bot that is not there."""
    a, b = (find_entrant(standing, name) for name in pairing)
    duels = standing.duels
    turned = a > b
    rows = duels[(duels["a"] == min(a, b)) & (duels["b"] == max(a, b))]
    rows = rows[np.argsort(rows["season"])]
    mine, theirs = ("b", "a") if turned else ("a", "b")
    battles = standing.battles[np.searchsorted(standing.battles["battle"], rows["battle"])]
    shares = 100 - rows["share"] if turned else rows["share"]
    found = [
        {
            "battle": int(row["battle"]),
            "season": int(row["season"]),
            "seed": int(battle["seed"]),
            "share, %": float(share),
            "survival, %": float(row[f"survival_{mine}"]),
            "hits/shots": f"{row[f'hits_{mine}']}/{row[f'shots_{mine}']}",
            "against": f"{row[f'hits_{theirs}']}/{row[f'shots_{theirs}']}",
            "turns": int(battle["turns"]),
            "seconds": float(battle["seconds"]),
        }
        for row, battle, share in zip(rows, battles, shares, strict=True)
    ]
    columns = {name: "{}" for name in (found[0] if found else ())} | {
        "share, %": "{:.2f}",
        "survival, %": "{:.1f}",
        "seconds": "{:.3f}",
    }
    names = [standing.entrants[entrant].label for entrant in (a, b)]
    if not found:
        reasons = [one.reason for one in standing.failures if set(one.bots) == set(names)]
        told = f"failed: {reasons[0]}" if reasons else "no battle yet"
        return [], {}, [f"{' against '.join(names)}: {told}"]
    reach = share_reaches(pair(duels, len(standing.entrants)))[a, b]
    lines = [
        f"{' against '.join(names)}: {shares.mean():.2f} % of the score ± {reach:.2f} (95 %)",
        f"To see a battle: beepsim tournament replay {shlex.quote(str(path))} NUMBER --record NUMBER.battle",
    ]
    return found, columns, lines


def find_entrant(standing: Standing, name: str) -> int:
    """The entrant of that name, or of that label where several versions have it."""
    for is_it in (
        lambda one: one.label == name,
        lambda one: one.name == name and one.is_current,
        lambda one: one.hash.startswith(name) and len(name) >= 8,
    ):
        for index, entrant in enumerate(standing.entrants):
            if is_it(entrant):
                return index
    names = [entrant.name for entrant in standing.entrants]
    near = near_misses(name, names)
    hint = f"did you mean {' or '.join(near)}?" if near else f"its bots are {', '.join(names[:20])}"
    raise UserError(f"no bot of tournament {standing.name} is called {name!r}; {hint}")


def write_battles(path: Path, folder: Path) -> list[Path]:
    """`battles.csv` and `.json`, a row for each robot of each battle, and `rounds.csv`, one for each of its rounds.

    Written as they are read, since they may not fit into memory. The JSON holds the rounds as well. Raises UserError.
    """
    files = [folder / "battles.csv", folder / "battles.json", folder / "rounds.csv"]
    with (
        reading(path) as connection,
        readable_rows(path),
        replacing(files[0]) as battles_part,
        replacing(files[1]) as json_part,
        replacing(files[2]) as rounds_part,
        battles_part.open("w", encoding="utf-8", newline="") as battles_file,
        json_part.open("w", encoding="utf-8") as json_file,
        rounds_part.open("w", encoding="utf-8", newline="") as rounds_file,
    ):
        setup = latest_setup(connection, path)
        about = json.dumps(provenance(connection, path, setup), sort_keys=True)
        battles, rounds = (csv.writer(file, lineterminator="\n") for file in (battles_file, rounds_file))
        for file, writer, columns in (
            (battles_file, battles, (*BATTLE_COLUMNS, *ROBOT_COLUMNS)),
            (rounds_file, rounds, ("battle", "season", "round", "bot", *RoundScore._fields)),
        ):
            file.write(f"# {about}\n")
            writer.writerow(columns)
        json_file.write(f'{{"provenance": {about}, "rows": [')
        separator = "\n"
        for row in robot_rows(connection, setup.series, setup.size):
            scores = json.loads(row.pop("rounds"))
            battles.writerow(row.values())
            rounds.writerows(
                (row["battle"], row["season"], number, row["bot"], *score) for number, score in enumerate(scores)
            )
            named = [dict(zip(RoundScore._fields, score, strict=True)) for score in scores]
            json_file.write(separator + json.dumps({**row, "rounds": named}))
            separator = ",\n"
        json_file.write("\n]}\n")
    return files


def robot_rows(connection: Any, series: int, size: int) -> Iterator[dict[str, Any]]:
    """Every robot of every battle of the series, in the order of the battles."""
    query = f"""
        SELECT battles.id, season, seed, turns, seconds, worker, fought, place, name, version, hash,
            {", ".join(ROBOT_COLUMNS)}, rounds
        FROM battles JOIN robots ON battle = battles.id JOIN bots ON bots.id = bot
        WHERE series = ? AND size = ? ORDER BY battles.id, place"""
    for row in connection.execute(query, (series, size)):
        yield dict(zip((*BATTLE_COLUMNS, *ROBOT_COLUMNS, "rounds"), row, strict=True))


def fight_again(path: Path, number: int, record: Path | None) -> tuple[BattleResult, list[str]]:
    """Fights the battle of this number again; its result, and where it differs from what the database holds.

    In a worker, as it was fought at first: what a bot does may depend on more of a process than its random numbers.
    Raises UserError where there is no such battle, its sources are not there any more, or the worker dies.
    """
    with reading(path) as connection:
        job, kept = read_job(connection, path, number)
    with Workers(1, patience=0.0) as worker:
        try:
            result = worker.submit(fight_recorded, job, record).result()
        except WorkerDied as error:
            raise UserError(f"{path}: battle {number} could not be fought again: {error}") from None
    differences = []
    for robot, row, again in zip(result.robots, kept, outcome_of(result).robots, strict=True):
        values: dict[str, Any] = {
            "rank": again.rank,
            **dict(zip(SCORES, again.scores, strict=True)),
            "firsts": again.firsts,
        }
        values |= {"shots": again.shots, "hits": again.hits, "rounds": again.rounds}
        for name, value in values.items():
            if row[name] != value:
                differences.append(f"{robot.name}: {name} is {value}; the database has {row[name]}")
    return result, differences
