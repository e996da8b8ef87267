"""The results of a tournament in one SQLite file: schema, opening, writing. One process writes, any number read.

A battle is one transaction in a write-ahead log: whenever the process is killed, the battles written until then are
there. Bots are known by name and hash of their sources, battles by bots, seed and rules; so a changed bot is another
bot, and whatever has been fought once is never fought again.
"""

import json
import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import filelock

from beepsim import __version__
from beepsim.battle_rules import Rules
from beepsim.errors import UserError
from beepsim.files import ctrl_c_waits
from beepsim.rules import RULES_VERSION
from beepsim.tournament.field import BotSource
from beepsim.tournament.job import SCORES, Outcome

APPLICATION = 0x62656570  # "beep": tells SQLite's files of this program from others
SCHEMA = 1
FILE_NAME = "tournament.sqlite"  # in the folder of a tournament
SECONDS_FOR_OTHERS = 10.0  # for another program that holds the file for a moment

TABLES = f"""
CREATE TABLE bots (
    id INTEGER PRIMARY KEY, name TEXT NOT NULL, version TEXT NOT NULL, hash TEXT NOT NULL, spec TEXT NOT NULL,
    first_seen TEXT NOT NULL, UNIQUE (name, hash)) STRICT;
CREATE TABLE sources (
    bot INTEGER NOT NULL REFERENCES bots, place INTEGER NOT NULL, file TEXT NOT NULL, content BLOB NOT NULL,
    PRIMARY KEY (bot, place)) STRICT, WITHOUT ROWID;
CREATE TABLE series (
    id INTEGER PRIMARY KEY, seed INTEGER NOT NULL, rules_version TEXT NOT NULL, rules TEXT NOT NULL,
    UNIQUE (seed, rules_version, rules)) STRICT;
CREATE TABLE battles (
    id INTEGER PRIMARY KEY, series INTEGER NOT NULL REFERENCES series, season INTEGER NOT NULL, bots TEXT NOT NULL,
    size INTEGER NOT NULL, seed INTEGER NOT NULL, turns INTEGER NOT NULL, seconds REAL NOT NULL, worker TEXT NOT NULL,
    fought TEXT NOT NULL, pairs BLOB NOT NULL, UNIQUE (series, season, bots)) STRICT;
CREATE TABLE robots (
    battle INTEGER NOT NULL REFERENCES battles, place INTEGER NOT NULL, bot INTEGER NOT NULL REFERENCES bots,
    rank INTEGER NOT NULL, {", ".join(f"{name} REAL NOT NULL" for name in SCORES)}, firsts INTEGER NOT NULL,
    shots INTEGER NOT NULL, hits INTEGER NOT NULL, skipped_turns INTEGER NOT NULL, faults INTEGER NOT NULL,
    rounds TEXT NOT NULL, PRIMARY KEY (battle, place)) STRICT, WITHOUT ROWID;
CREATE TABLE faults (
    battle INTEGER NOT NULL REFERENCES battles, place INTEGER NOT NULL, round INTEGER NOT NULL, turn INTEGER NOT NULL,
    kind TEXT NOT NULL, message TEXT NOT NULL) STRICT;
CREATE TABLE failures (
    series INTEGER NOT NULL REFERENCES series, season INTEGER NOT NULL, bots TEXT NOT NULL, reason TEXT NOT NULL,
    failed TEXT NOT NULL, PRIMARY KEY (series, season, bots)) STRICT, WITHOUT ROWID;
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT, process TEXT NOT NULL, command TEXT NOT NULL,
    setup TEXT NOT NULL, configuration TEXT NOT NULL, versions TEXT NOT NULL, outcome TEXT) STRICT;
"""
"""`bots` of a battle: ids in its order, as in "3,17"; `place`: a robot's place in it; `pairs`: rows of job.PAIR;
`rounds`: a JSON list of results.RoundScore; `setup`: what reading.py needs to know of the configuration."""


@contextmanager
def writing(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, made where it is missing, for the one process that writes; whole in one file afterwards.

    Raises UserError for a file that cannot be written, is none, is damaged, of another schema, or in use.
    """
    with readable_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.resolve()  # whatever link to it was named: its log and its lock lie beside the file itself
        lock = filelock.FileLock(file.with_name(f".{file.name}.lock"))
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise UserError(f"{path} is in use by another run{user_of(path)}; wait for its end, or stop it") from None
        try:
            connection = sqlite3.connect(path, timeout=SECONDS_FOR_OTHERS, isolation_level=None)
            try:
                prepare(connection, path)
                yield connection
            finally:
                put_away(connection)
        finally:
            lock.release()


def put_away(connection: sqlite3.Connection) -> None:
    """Closes the database as one file: with a write-ahead log even readers would leave two more beside it."""
    with ctrl_c_waits():
        with suppress(sqlite3.OperationalError):  # someone reads it, or the disk is full: the log stays until next time
            connection.execute("PRAGMA journal_mode = DELETE")
        connection.close()


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, to be read, also while another process writes it. Raises UserError as `writing` does."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; give a tournament's database, such as runs/NAME/tournament.sqlite")
    with readable_errors(path):
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=SECONDS_FOR_OTHERS)
        try:
            check_schema(connection, path)
            yield connection
        finally:
            connection.close()


@contextmanager
def readable_errors(path: Path) -> Iterator[None]:
    """What SQLite and the file system say, as sentences for the user."""
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        sentences = {
            sqlite3.SQLITE_READONLY: "cannot be written (it is read-only); make it writable, or name another --out",
            sqlite3.SQLITE_CANTOPEN: "cannot be opened; is its folder there, and yours to write in?",
            sqlite3.SQLITE_FULL: "the disk is full; all battles before are kept, the same command goes on from there",
            sqlite3.SQLITE_BUSY: "is locked by another program; close it there, all battles before are kept",
            sqlite3.SQLITE_LOCKED: "is locked by another program; close it there, all battles before are kept",
            sqlite3.SQLITE_NOTADB: "is no tournament's database; name another file, or move this one away",
            sqlite3.SQLITE_CORRUPT: "is damaged; `sqlite3 FILE .recover` may save its battles, else move it away",
            sqlite3.SQLITE_IOERR: "cannot be read or written (the disk reports an error)",
        }
        if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
            raise
        sentence = sentences.get(code, "is damaged, or was changed by another program; move it away")
        raise UserError(f"{path}: {sentence} (SQLite: {error})") from None
    except OSError as error:
        raise UserError(f"{error.filename or path}: cannot be written ({error.strerror or error})") from None


@contextmanager
def readable_rows(path: Path) -> Iterator[None]:
    """Rows that are not as this program writes them, as a sentence for the user."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UserError(f"{path} is damaged, or was changed by another program ({what})") from error


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Makes the tables of a new database, checks those of an old one."""
    is_new = not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if not is_new:
        check_schema(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    # A killed process loses nothing by it, a power cut perhaps the last battles.
    connection.execute("PRAGMA synchronous = NORMAL")
    if is_new:
        with transaction(connection):
            for statement in TABLES.split(";\n"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            connection.execute(f"PRAGMA user_version = {SCHEMA}")


def check_schema(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
        raise UserError(f"{path} is no tournament's database; name another file, or move this one away")
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    if found != SCHEMA:
        other = "an older" if found < SCHEMA else "a newer"
        raise UserError(
            f"{path} was written by {other} beepsim (schema {found}; {__version__} has {SCHEMA}); use that version, or "
            "begin a new database with --out"
        )


def user_of(path: Path) -> str:
    """Which process writes to the database, as far as that can be told."""
    try:
        with reading(path) as connection:
            row = connection.execute("SELECT process, started FROM runs ORDER BY id DESC").fetchone()
        return f" (process {row[0]}, since {row[1]})" if row else ""
    except UserError:
        return ""


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of the block or nothing; within another one it is part of that."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        # A full disk has ended it already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def bot_id(connection: sqlite3.Connection, source: BotSource) -> int:
    """The bot's number in the database, where it is entered with its sources if it is new."""
    found = connection.execute("SELECT id FROM bots WHERE name = ? AND hash = ?", (source.name, source.hash)).fetchone()
    if found:
        return found[0]
    row = (source.name, source.version, source.hash, source.spec, now())
    with transaction(connection):
        cursor = connection.execute("INSERT INTO bots VALUES (NULL, ?, ?, ?, ?, ?)", row)
        assert cursor.lastrowid is not None
        files = [(cursor.lastrowid, place, *file) for place, file in enumerate(source.files)]
        connection.executemany("INSERT INTO sources VALUES (?, ?, ?, ?)", files)
    return cursor.lastrowid


def series_id(connection: sqlite3.Connection, seed: int, rules: Rules) -> int:
    """The number of the battles of this tournament's seed, under these rules of this version of the engine."""
    row = (seed, RULES_VERSION, json.dumps(asdict(rules), sort_keys=True))
    connection.execute("INSERT OR IGNORE INTO series VALUES (NULL, ?, ?, ?)", row)
    found = connection.execute("SELECT id FROM series WHERE seed = ? AND rules_version = ? AND rules = ?", row)
    return found.fetchone()[0]


def begin_run(
    connection: sqlite3.Connection, setup: dict, configuration: str, versions: dict[str, str], command: str
) -> int:
    process = f"{os.getpid()} on {platform.node()}"
    row = (now(), process, command, json.dumps(setup), configuration, json.dumps(versions))
    cursor = connection.execute(
        "INSERT INTO runs (started, process, command, setup, configuration, versions) VALUES (?, ?, ?, ?, ?, ?)", row
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def end_run(connection: sqlite3.Connection, run: int, outcome: str) -> None:
    connection.execute("UPDATE runs SET ended = ?, outcome = ? WHERE id = ?", (now(), outcome, run))


def bots_text(bots: Sequence[int]) -> str:
    return ",".join(map(str, bots))


def require_file(connection: sqlite3.Connection) -> None:
    """Raises UserError where the database's file is not where it was opened: what is written goes nowhere then."""
    path = Path(connection.execute("PRAGMA database_list").fetchone()[2])
    if not path.is_file():
        raise UserError(f"{path} was moved or deleted during the run; where it was moved, put it back and run again")


def write_battle(
    connection: sqlite3.Connection, series: int, season: int, bots: Sequence[int], seed: int, outcome: Outcome
) -> int:
    """Enters a battle whole; returns its number. Raises UserError where the file is gone."""
    require_file(connection)
    battle = (series, season, bots_text(bots), len(bots), seed, outcome.turns, outcome.seconds, outcome.worker, now())
    with transaction(connection):
        number = connection.execute(
            "INSERT INTO battles VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*battle, outcome.pairs)
        ).lastrowid
        assert number is not None
        connection.executemany(
            f"INSERT INTO robots VALUES ({', '.join('?' * (10 + len(SCORES)))})",
            [
                (
                    *(number, place, bots[place], robot.rank, *robot.scores, robot.firsts, robot.shots, robot.hits),
                    *(robot.skipped_turns, len(robot.faults), robot.rounds),
                )
                for place, robot in enumerate(outcome.robots)
            ],
        )
        faults = [(number, place, *fault) for place, robot in enumerate(outcome.robots) for fault in robot.faults]
        if faults:
            connection.executemany("INSERT INTO faults VALUES (?, ?, ?, ?, ?, ?)", faults)
    return number


def write_failure(connection: sqlite3.Connection, series: int, season: int, bots: Sequence[int], reason: str) -> None:
    row = (series, season, bots_text(bots), reason, now())
    connection.execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?)", row)


def forget_failures(connection: sqlite3.Connection) -> None:
    """Pairings that failed are fought again."""
    connection.execute("DELETE FROM failures")
