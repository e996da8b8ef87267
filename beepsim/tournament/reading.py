"""The standing of a tournament as its database holds it, and any of its battles as a job to be fought again."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from beepsim.battle_rules import Rules
from beepsim.errors import UserError
from beepsim.rules import RULES_VERSION
from beepsim.tournament.database import readable_rows
from beepsim.tournament.field import BotSource
from beepsim.tournament.job import PAIR, Job, score_share
from beepsim.tournament.standing import BATTLE, BOUT, DUEL, ROUND, TALLY, Challenge, Entrant, Failure, Standing

SIDES = [(f"{name}_a", f"{name}_b") for name in ("survival", "shots", "hits")] + [("a", "b")]


@dataclass(frozen=True)
class Setup:
    """What of a configuration the database keeps for its readers: `bots` are ids, in the order of the configuration.

    `size` is the number of robots in a battle; `groups` and `is_ranked` go with `bots`. `score` and `baseline` are a
    challenge's.
    """

    name: str
    format: str
    seed: int
    series: int
    size: int
    bots: tuple[int, ...]
    groups: tuple[str, ...]
    is_ranked: tuple[bool, ...]
    group_weights: dict[str, float]
    score: str = "share"
    baseline: str = ""


SETUP = TypeAdapter(Setup)


def latest_setup(connection: sqlite3.Connection, path: Path) -> Setup:
    """The setup of the last run."""
    row = connection.execute("SELECT setup FROM runs ORDER BY id DESC").fetchone()
    if row is None:
        raise UserError(f"{path}: no tournament was begun in it; run `beepsim tournament CONFIG.yaml` first")
    try:
        return SETUP.validate_json(row[0])
    except ValidationError as error:
        raise UserError(
            f"{path} is damaged: the setup of its last run is not one ({error.error_count()} errors)"
        ) from None


def read_standing(connection: sqlite3.Connection, path: Path, setup: Setup) -> Standing:
    """All battles of the tournament between bots of the setup, or older versions of them."""
    with readable_rows(path):
        entrants, ids = entrants_of(connection, setup)
        place_of_id = np.full(max(ids) + 1, -1)
        place_of_id[ids] = np.arange(len(ids))
        battles, fields, pairs = read_battles(connection, path, setup, place_of_id)
        return Standing(
            name=setup.name,
            entrants=entrants,
            battles=battles,
            duels=duel_rows(battles, fields, pairs),
            tallies=read_tallies(connection, setup, ids),
            failures=read_failures(connection, setup, ids, entrants),
            group_weights=setup.group_weights,
            provenance=provenance(connection, path, setup),
            challenge=read_challenge(connection, setup) if setup.format == "challenge" else None,
        )


def entrants_of(connection: sqlite3.Connection, setup: Setup) -> tuple[tuple[Entrant, ...], list[int]]:
    """The bots of the setup, then older versions of them that have fought; and their ids."""
    rows = connection.execute("SELECT id, name, version, hash, spec FROM bots ORDER BY id")
    known = {bot: Entrant(name, version, digest, spec) for bot, name, version, digest, spec in rows}
    present = {known[bot].name: bot for bot in setup.bots}
    older = [bot for bot, entrant in known.items() if present.get(entrant.name, bot) != bot]
    ids = [*setup.bots, *older]
    entrants = []
    for bot in ids:
        place = setup.bots.index(present[known[bot].name])
        entrants.append(
            replace(
                known[bot],
                group=setup.groups[place],
                is_ranked=setup.is_ranked[place],
                is_current=bot == setup.bots[place],
            )
        )
    return tuple(entrants), ids


def read_battles(
    connection: sqlite3.Connection, path: Path, setup: Setup, place_of_id: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """BATTLE [N], who fought in each, entrants [N, size], and its PAIR rows [N, P]; ordered by number."""
    query = """
        SELECT id, season, seed, turns, seconds, bots, pairs FROM battles WHERE series = ? AND size = ? ORDER BY id"""
    cursor = connection.execute(query, (setup.series, setup.size))
    count = setup.size * (setup.size - 1) // 2
    tables = [(np.zeros(0, BATTLE), np.zeros((0, setup.size), np.int64), np.zeros((0, count), PAIR))]
    while rows := cursor.fetchmany(50_000):
        found = np.array([row[:5] for row in rows], BATTLE)
        try:
            fields = np.array(",".join(row[5] for row in rows).split(","), np.int64).reshape(-1, setup.size)
            pairs = np.frombuffer(b"".join(row[6] for row in rows), PAIR).reshape(-1, count)
            tables.append((found, fields, pairs))
        except ValueError:
            raise UserError(
                f"{path} is damaged: battles {rows[0][0]} to {rows[-1][0]} are not as they were written"
            ) from None
    battles, bots, pairs = (np.concatenate(parts) for parts in zip(*tables, strict=True))
    # Bots that the configuration names no more are not in the standing, nor are their battles.
    is_known = bots < len(place_of_id)
    fields = np.where(is_known, place_of_id[np.where(is_known, bots, 0)], -1)
    counted = (fields >= 0).all(axis=1)
    return battles[counted], fields[counted], pairs[counted]


def duel_rows(battles: np.ndarray, fields: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """DUEL rows of PAIR rows [N, P], whose robots are places in the battle, `fields` [N, size] the entrants there."""
    rows = np.zeros(pairs.shape, DUEL)
    for name in ("battle", "season", "turns"):
        rows[name] = battles[name][:, None]
    row = np.arange(len(fields))[:, None]
    first, second = fields[row, pairs["a"]], fields[row, pairs["b"]]
    turned = first > second
    rows["a"], rows["b"] = first, second
    for name in PAIR.names[2:]:  # type: ignore[index]
        rows[name] = pairs[name]
    if turned.any():
        theirs = rows[turned]
        for mine, other in SIDES:
            rows[mine][turned], rows[other][turned] = theirs[other], theirs[mine]
        rows["share"][turned] = 100 - theirs["share"]
    return rows.reshape(-1)


def read_tallies(connection: sqlite3.Connection, setup: Setup, ids: Sequence[int]) -> np.ndarray:
    num_rounds = rules_of(connection, setup.series)["num_rounds"]
    query = """
        SELECT bot, count(*), sum(firsts), sum(shots), sum(hits), sum(1.0 * shots * shots), sum(1.0 * hits * hits),
            sum(1.0 * shots * hits), sum(skipped_turns), sum(faults)
        FROM robots JOIN battles ON battles.id = battle WHERE series = ? AND size = ? GROUP BY bot"""
    tallies = np.zeros(len(ids), TALLY)
    place = {bot: index for index, bot in enumerate(ids)}
    for bot, count, *rest in connection.execute(query, (setup.series, setup.size)):
        if bot in place:
            tallies[place[bot]] = (count, count * num_rounds, *rest)
    return tallies


def read_failures(
    connection: sqlite3.Connection, setup: Setup, ids: Sequence[int], entrants: Sequence[Entrant]
) -> tuple[Failure, ...]:
    """Failures between bots of the setup or older versions of them."""
    labels = {bot: entrant.label for bot, entrant in zip(ids, entrants, strict=True)}
    found = []
    query = "SELECT bots, season, reason FROM failures WHERE series = ? ORDER BY failed, bots"
    for text, season, reason in connection.execute(query, (setup.series,)):
        bots = [int(bot) for bot in text.split(",")]
        if all(bot in labels for bot in bots):
            found.append(Failure(tuple(labels[bot] for bot in sorted(bots, key=ids.index)), season, reason))
    return tuple(found)


def read_challenge(connection: sqlite3.Connection, setup: Setup) -> Challenge:
    """The battles of the present challengers with the present references, round by round."""
    place = {bot: index for index, bot in enumerate(setup.bots)}
    query = """
        SELECT mine.bot, theirs.bot, season, seed, mine.place, mine.total, theirs.total, mine.rounds, theirs.rounds
        FROM battles JOIN robots AS mine ON mine.battle = id JOIN robots AS theirs ON theirs.battle = id
        WHERE series = ? AND size = 2 AND mine.place != theirs.place"""
    bouts, rounds = [], []
    for mine, theirs, season, seed, at, score, enemy_score, *texts in connection.execute(query, (setup.series,)):
        challenger, reference = place.get(mine), place.get(theirs)
        if challenger is None or reference is None or not setup.is_ranked[challenger] or setup.is_ranked[reference]:
            continue
        bouts.append((challenger, reference, season, seed, at, score_share(score, enemy_score)))
        # Of results.RoundScore all but the place.
        rounds.append([(*own[1:], *enemy[1:]) for own, enemy in zip(*map(json.loads, texts), strict=True)])
    table = np.array(bouts, BOUT)
    order = np.lexsort([table[name] for name in ("challenger", "reference", "season")])
    num_rounds = rules_of(connection, setup.series)["num_rounds"]
    scores = np.array(rounds, ROUND).reshape(len(bouts), num_rounds)
    return Challenge(setup.score, setup.baseline, table[order], scores[order])


def rules_of(connection: sqlite3.Connection, series: int) -> dict[str, Any]:
    return json.loads(connection.execute("SELECT rules FROM series WHERE id = ?", (series,)).fetchone()[0])


def provenance(connection: sqlite3.Connection, path: Path, setup: Setup) -> dict[str, Any]:
    """What the standing stands on; the same battles give the same."""
    command, configuration, versions = connection.execute(
        "SELECT command, configuration, versions FROM runs ORDER BY id DESC"
    ).fetchone()
    query = "SELECT min(fought), max(fought) FROM battles WHERE series = ?"
    dates = connection.execute(query, (setup.series,)).fetchone()
    return {
        "tournament": setup.name,
        "format": setup.format,
        "seed": setup.seed,
        "rules_version": RULES_VERSION,
        "rules": rules_of(connection, setup.series),
        "fought": dates,
        "database": path.name,
        "command": command,
        **json.loads(versions),
        "configuration": configuration,
    }


def read_job(connection: sqlite3.Connection, path: Path, number: int) -> tuple[Job, list[dict[str, Any]]]:
    """The battle of this number as a job, and its robots' rows. Raises UserError where there is none, or where the
    rules' version is not this one."""
    row = connection.execute(
        "SELECT battles.bots, battles.seed, rules, rules_version FROM battles JOIN series ON series.id = series "
        "WHERE battles.id = ?",
        (number,),
    ).fetchone()
    if row is None:
        last = connection.execute("SELECT max(id) FROM battles").fetchone()[0]
        raise UserError(f"{path}: there is no battle {number}; the battles are 1 to {last or 0}")
    bots, seed, rules, version = row
    if version != RULES_VERSION:
        raise UserError(f"{path}: battle {number} was fought by rules {version}; this beepsim has {RULES_VERSION}")
    with readable_rows(path):
        sources = tuple(read_source(connection, int(bot)) for bot in bots.split(","))
        cursor = connection.execute("SELECT * FROM robots WHERE battle = ? ORDER BY place", (number,))
        names = [column[0] for column in cursor.description]
        return Job(sources, seed, Rules(**json.loads(rules))), [dict(zip(names, one, strict=True)) for one in cursor]


def read_source(connection: sqlite3.Connection, bot: int) -> BotSource:
    query = "SELECT name, version, hash, spec FROM bots WHERE id = ?"
    name, version, digest, spec = connection.execute(query, (bot,)).fetchone()
    files = connection.execute("SELECT file, content FROM sources WHERE bot = ? ORDER BY place", (bot,))
    return BotSource(name, version, digest, spec, tuple(files))


def failed_pairings(connection: sqlite3.Connection, setup: Setup) -> dict[tuple[int, ...], str]:
    """Reasons by the entrants of each pairing of the setup that failed."""
    place = {bot: index for index, bot in enumerate(setup.bots)}
    found = {}
    for text, reason in connection.execute("SELECT bots, reason FROM failures WHERE series = ?", (setup.series,)):
        bots = [int(bot) for bot in text.split(",")]
        if all(bot in place for bot in bots):
            found[tuple(sorted(place[bot] for bot in bots))] = reason
    return found
