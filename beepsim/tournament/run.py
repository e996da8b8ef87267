"""Runs a tournament: what its database lacks is fought and entered; the same call goes on where it stopped."""

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from sqlite3 import Connection

import numpy as np

from beepsim.battle_rules import Rules
from beepsim.tournament import database
from beepsim.tournament.config import Tournament
from beepsim.tournament.course import Watch, follow, ledger_of
from beepsim.tournament.field import BotSource
from beepsim.tournament.job import PAIR, Job, Outcome, fight_job
from beepsim.tournament.live import Board
from beepsim.tournament.pairings import score_weights
from beepsim.tournament.plan import Plan
from beepsim.tournament.reading import Setup, duel_rows, failed_pairings, read_standing
from beepsim.tournament.schedules import (
    battle_order,
    battle_seed,
    challenge_pairs,
    melee_plan,
    round_robin_pairs,
    seasons_plan,
    seed_names,
)
from beepsim.tournament.smart import smart_plan
from beepsim.tournament.standing import BATTLE, Entrant, Key, Standing
from beepsim.tournament.swiss import swiss_plan
from beepsim.versions import software_versions


@dataclass(frozen=True)
class Venue:
    """Where battles are entered, and what a key becomes there: `bots` are the ids of the entrants' `sources`, `names`
    those by which battles get their seeds."""

    connection: Connection
    series: int
    seed: int
    rules: Rules
    sources: Sequence[BotSource]
    bots: Sequence[int]
    names: Sequence[str]


def run_tournament(
    tournament: Tournament,
    path: Path,
    executor: Executor,
    capacity: int = 2,
    watch: Watch | None = None,
    retry_failed: bool = False,
    configuration: str = "",
    command: str = "",
) -> Standing:
    """Fights what the database at `path` lacks; returns the standing.

    `capacity` is the number of battles handed to the executor at a time: two for each worker keep it busy. `watch` is
    told of the course; without one, lines on standard error tell. `configuration` and `command`, as the user gave them,
    become part of the provenance. Raises UserError for a database that cannot be written, and for an executor that
    broke; all battles before are kept.
    """
    watch = watch or Board([entry.source.name for entry in tournament.entries()], is_terminal=False)
    with database.writing(path) as connection:
        venue, setup = prepare(connection, tournament)
        if retry_failed:
            database.forget_failures(connection)
        run = database.begin_run(connection, asdict(setup), configuration, software_versions(), command)
        standing = read_standing(connection, path, setup)
        ledger = ledger_of(standing, failed_pairings(connection, setup))
        plan = plan_of(tournament)
        watch.begin(standing, plan.total)

        seeds: dict[Key, int] = {}

        def submit(key: Key) -> Future:
            job = job_of(venue, key)
            seeds[key] = job.seed
            return executor.submit(fight_job, job)

        def enter(key: Key, outcome: Outcome) -> np.ndarray:
            duels = enter_battle(venue, key, seeds.pop(key), outcome)
            watch.enter(duels)
            return duels

        entering = partial(database.transaction, connection)

        def fail(key: Key, reason: str) -> None:
            numbers = [venue.bots[entrant] for entrant in order_of(venue, key)]
            database.write_failure(connection, venue.series, key.season, numbers, reason)
            names = " against ".join(venue.sources[entrant].name for entrant in key.bots)
            watch.note(f"{names}: failed: {reason.splitlines()[-1]}")

        ended = "failed"
        try:
            follow(plan, ledger, submit, enter, entering, fail, capacity, watch)
            ended = "stopped" if watch.is_stopped() else "complete"
        except KeyboardInterrupt:
            ended = "interrupted"
            raise
        finally:
            database.end_run(connection, run, ended)
        return read_standing(connection, path, setup)


def prepare(connection: Connection, tournament: Tournament) -> tuple[Venue, Setup]:
    """Enters the bots and the rules of the configuration."""
    entries, rules = tournament.entries(), tournament.rules.rules()
    sources = [entry.source for entry in entries]
    bots = [database.bot_id(connection, source) for source in sources]
    is_ranked = tuple(entry.is_ranked for entry in entries)
    names = seed_names([source.name for source in sources], is_ranked, tournament.format == "challenge")
    series = database.series_id(connection, tournament.seed, rules)
    venue = Venue(connection, series, tournament.seed, rules, sources, bots, names)
    setup = Setup(
        name=tournament.name,
        format=tournament.format,
        seed=tournament.seed,
        series=series,
        size=tournament.robots if tournament.format == "melee" else 2,
        bots=tuple(bots),
        groups=tuple(entry.group for entry in entries),
        is_ranked=is_ranked,
        group_weights=tournament.group_weights(),
        score=tournament.score,
        baseline=tournament.baseline or "",
    )
    return venue, setup


def plan_of(tournament: Tournament) -> Plan:
    """The plan of the configuration."""
    entries = tournament.entries()
    count = len(entries)
    if tournament.format == "melee":
        return melee_plan(count, tournament.robots, tournament.seasons, tournament.seed)
    if tournament.format == "swiss":
        assert tournament.swiss_rounds is not None
        return swiss_plan(count, tournament.swiss_rounds, tournament.seed)
    is_challenge = tournament.format == "challenge"
    pairs = challenge_pairs([entry.is_ranked for entry in entries]) if is_challenge else round_robin_pairs(count)
    if tournament.smart is None:
        return seasons_plan(pairs, tournament.seasons)
    smart = tournament.smart
    met = np.zeros((count, count), bool)
    met[tuple(np.array(pairs).T)] = True
    entrants = [Entrant(one.source.name, "", "", "", one.group, one.is_ranked) for one in entries]
    weights = score_weights(entrants, tournament.group_weights(), met | met.T)
    weights[[not entry.is_ranked for entry in entries]] = 0.0
    return smart_plan(pairs, count, smart.seasons, smart.battles, tournament.seed, smart.step, weights)


def order_of(venue: Venue, key: Key) -> tuple[int, ...]:
    """The key's entrants in the order of the battle."""
    return tuple(key.bots[place] for place in battle_order(names_of(venue, key), key.season))


def names_of(venue: Venue, key: Key) -> list[str]:
    return [venue.names[entrant] for entrant in key.bots]


def job_of(venue: Venue, key: Key) -> Job:
    sources = tuple(venue.sources[entrant] for entrant in order_of(venue, key))
    return Job(sources, battle_seed(venue.seed, names_of(venue, key), key.season), venue.rules)


def enter_battle(venue: Venue, key: Key, seed: int, outcome: Outcome) -> np.ndarray:
    """Writes the battle into the database; returns its DUEL rows."""
    order = order_of(venue, key)
    bots = [venue.bots[entrant] for entrant in order]
    number = database.write_battle(venue.connection, venue.series, key.season, bots, seed, outcome)
    battle = np.array([(number, key.season, seed, outcome.turns, outcome.seconds)], BATTLE)
    return duel_rows(battle, np.array([order]), np.frombuffer(outcome.pairs, PAIR)[None, :])
