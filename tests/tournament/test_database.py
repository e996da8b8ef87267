"""The database: what is written is read again; whatever is wrong with the file is a sentence, and nothing is lost."""

import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from beepsim.battle import Rules, fight
from beepsim.errors import UserError
from beepsim.tournament import database
from beepsim.tournament.field import BotSource, find_bots
from beepsim.tournament.job import Job, Outcome, fight_job
from beepsim.tournament.listing import fight_again, write_battles
from beepsim.tournament.reading import Setup, latest_setup, read_job, read_standing

RULES = Rules(num_rounds=2)
BOTS = [*find_bots("circle+linear"), *find_bots("oscillator+circular"), *find_bots("wall_dodger+head_on")]
VERSIONS = {"beepsim": "test"}


@pytest.fixture(scope="module")
def outcomes() -> dict[tuple[int, int, int], Outcome]:
    """By first robot, second robot and season, which is the seed here."""
    return {
        (a, b, season): fight_job(Job((BOTS[a], BOTS[b]), season, RULES))
        for a, b in ((0, 1), (1, 0), (0, 2), (1, 2))
        for season in (0, 1)
    }


def setup_of(series: int, bots: list[int]) -> Setup:
    groups = ("",) * len(bots)
    return Setup("x", "round_robin", 1, series, 2, tuple(bots), groups, (True,) * len(bots), {"": 1.0})


def fill(path: Path, outcomes: dict, bots: list[BotSource] = BOTS) -> Setup:
    """All outcomes between the bots, entered in their order."""
    with database.writing(path) as connection:
        ids = [database.bot_id(connection, bot) for bot in bots]
        series = database.series_id(connection, 1, RULES)
        setup = setup_of(series, ids)
        for (a, b, season), outcome in outcomes.items():
            if (a, b) != (1, 0):
                database.write_battle(connection, series, season, (ids[a], ids[b]), season, outcome)
        run = database.begin_run(connection, {**vars(setup)}, "name: x", VERSIONS, "beepsim tournament x.yaml")
        database.end_run(connection, run, "complete")
    return setup


def test_what_was_written_is_read(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    setup = fill(path, outcomes)
    assert [file.name for file in tmp_path.iterdir() if not file.name.startswith(".")] == ["t.sqlite"]
    with database.reading(path) as connection:
        assert latest_setup(connection, path) == setup
        standing = read_standing(connection, path, setup)
    assert [entrant.name for entrant in standing.entrants] == [bot.name for bot in BOTS]
    assert standing.battles["season"].tolist() == [0, 1] * 3 == standing.battles["seed"].tolist()
    assert list(zip(standing.duels["a"].tolist(), standing.duels["b"].tolist(), strict=True)) == [
        *[(0, 1)] * 2,
        *[(0, 2)] * 2,
        *[(1, 2)] * 2,
    ]
    result = fight(["circle+linear", "oscillator+circular"], 1, RULES)
    a, b = result.robots
    row = standing.duels[1]
    assert row["share"] == 100 * a.published.total / (a.published.total + b.published.total)
    assert [row[name] for name in ("shots_a", "hits_a", "shots_b", "hits_b")] == [a.shots, a.hits, b.shots, b.hits]
    assert row["turns"] == sum(result.turns)
    own = [outcomes[key].robots[0] for key in ((0, 1, 0), (0, 1, 1), (0, 2, 0), (0, 2, 1))]
    tally = standing.tallies[0]
    assert (tally["battles"], tally["rounds"]) == (4, 8)
    assert tally["shots"] == sum(robot.shots for robot in own)
    assert tally["shots_squared"] == sum(robot.shots**2 for robot in own)
    assert tally["shots_times_hits"] == sum(robot.shots * robot.hits for robot in own)
    assert standing.provenance["rules"]["num_rounds"] == 2 and standing.provenance["beepsim"] == "test"


def test_the_order_of_the_robots_does_not_matter_to_a_duel(tmp_path: Path, outcomes: dict) -> None:
    """The same battle, told from the other side."""
    with database.writing(tmp_path / "t.sqlite") as connection:
        ids = [database.bot_id(connection, bot) for bot in BOTS]
        series = database.series_id(connection, 1, RULES)
        database.write_battle(connection, series, 0, (ids[1], ids[0]), 0, outcomes[1, 0, 0])
        database.begin_run(connection, {}, "", VERSIONS, "")
        row = read_standing(connection, tmp_path / "t.sqlite", setup_of(series, ids)).duels[0]
    second, first = outcomes[1, 0, 0].robots
    assert (row["a"], row["b"]) == (0, 1)
    assert row["share"] == pytest.approx(100 * first.scores[0] / (first.scores[0] + second.scores[0]))
    assert (row["shots_a"], row["hits_b"]) == (first.shots, second.hits)
    assert row["survival_a"] == 100 * first.firsts / 2


def test_a_changed_bot_is_another_one_and_the_old_one_stays(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    fill(path, outcomes)
    changed = [replace(BOTS[0], hash="other", version="1.1"), *BOTS[1:]]
    with database.writing(path) as connection:
        ids = [database.bot_id(connection, bot) for bot in changed]
        standing = read_standing(connection, path, setup_of(1, ids))
    assert [(one.label, one.is_current) for one in standing.entrants] == [
        ("circle+linear 1.1", True),
        ("oscillator+circular 1.0", True),
        ("wall_dodger+head_on 1.0", True),
        (f"circle+linear 1.0 ({BOTS[0].hash[:8]})", False),
    ]
    assert sorted(set(zip(standing.duels["a"].tolist(), standing.duels["b"].tolist(), strict=True))) == [
        (1, 2),
        (1, 3),
        (2, 3),
    ]
    was = outcomes[0, 1, 0].robots
    row = standing.duels[(standing.duels["a"] == 1) & (standing.duels["b"] == 3)][0]
    assert row["share"] == pytest.approx(100 * was[1].scores[0] / (was[0].scores[0] + was[1].scores[0]))


def test_bots_that_are_named_no_more_are_not_in_the_standing(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    setup = fill(path, outcomes)
    with database.reading(path) as connection:
        standing = read_standing(connection, path, replace(setup_of(1, list(setup.bots[:2])), series=setup.series))
    assert len(standing.entrants) == 2 and len(standing.battles) == len(standing.duels) == 2


def test_a_battle_is_fought_again_from_its_row(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    fill(path, outcomes)
    result, differences = fight_again(path, 3, tmp_path / "again.battle")
    assert not differences and (tmp_path / "again.battle").is_file()
    assert [robot.name for robot in result.robots] == ["circle+linear", "wall_dodger+head_on"]
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE robots SET total = total + 1 WHERE battle = 3 AND place = 1")
    _, differences = fight_again(path, 3, None)
    assert len(differences) == 1 and "wall_dodger+head_on: total is" in differences[0]
    with pytest.raises(UserError, match="there is no battle 7; the battles are 1 to 6"):
        fight_again(path, 7, None)


def test_a_battle_of_other_rules_is_not_fought_again(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    fill(path, outcomes)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE series SET rules_version = 'older'")
    with database.reading(path) as connection, pytest.raises(UserError, match="battle 1 was fought by rules older"):
        read_job(connection, path, 1)


def test_one_run_at_a_time_and_readers_beside_it(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    fill(path, outcomes)
    with database.writing(path) as connection:
        database.write_battle(connection, 1, 7, (2, 1), 7, outcomes[1, 0, 0])
        code = (
            "from pathlib import Path; from beepsim.tournament.database import *\n"
            f"with writing(Path({str(path)!r})): pass"
        )
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "UserError" in other.stderr and "is in use by another run (process" in other.stderr
        with database.reading(path) as reader:
            assert reader.execute("SELECT count(*) FROM battles").fetchone()[0] == 7


def refused(path: Path, told: str) -> None:
    with pytest.raises(UserError, match=told) as found, database.writing(path):
        pass
    assert str(path) in str(found.value)
    if path.is_file():
        with pytest.raises(UserError, match=told), database.reading(path):
            pass


def test_files_that_are_none(tmp_path: Path, outcomes: dict) -> None:
    text, other, older, newer = (tmp_path / name for name in ("text", "other", "older", "newer"))
    text.write_text("not a database, but longer than the header of one, which has a hundred bytes\n" * 20)
    refused(text, "is no tournament's database")
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE bots (id)")
    refused(other, "is no tournament's database")
    for path, version, told in ((older, 0, "an older beepsim .schema 0"), (newer, 99, "a newer beepsim .schema 99")):
        fill(path, outcomes)
        with sqlite3.connect(path) as connection:
            connection.execute(f"PRAGMA user_version = {version}")
        refused(path, told)
    (tmp_path / "folder").mkdir()
    with pytest.raises(UserError, match="folder.*cannot be opened"), database.writing(tmp_path / "folder"):
        pass
    with pytest.raises(UserError, match="text/t.sqlite|text: cannot be written"), database.writing(text / "t.sqlite"):
        pass
    with pytest.raises(UserError, match="no such file"), database.reading(tmp_path / "none"):
        pass


def test_a_damaged_database_is_told(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    setup = fill(path, outcomes)
    content = bytearray(path.read_bytes())
    content[4096 : len(content)] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(UserError, match="is damaged"), database.reading(path) as connection:
        read_standing(connection, path, setup)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE battles SET pairs = x'00' WHERE id = 2", "damaged: battles 1 to 6"),
        ("UPDATE battles SET bots = 'a,b' WHERE id = 2", "damaged: battles 1 to 6"),
        ("UPDATE runs SET setup = '{}'", "damaged: the setup of its last run"),
        ("DELETE FROM runs", "no tournament was begun in it"),
        ("DELETE FROM bots", "damaged, or was changed"),
        ("UPDATE runs SET versions = 'none'", "damaged, or was changed"),
        ("INSERT INTO failures VALUES (1, 0, 'a,b', 'why', 'when')", "damaged, or was changed"),
    ],
)
def test_foreign_rows_are_told(tmp_path: Path, outcomes: dict, change: str, told: str) -> None:
    path = tmp_path / "t.sqlite"
    fill(path, outcomes)
    with sqlite3.connect(path) as connection:
        connection.execute(change)
    with pytest.raises(UserError, match=told), database.reading(path) as connection:
        read_standing(connection, path, latest_setup(connection, path))


def test_a_full_disk_keeps_what_was_written(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    fill(path, outcomes)
    with pytest.raises(UserError, match="the disk is full; all battles before are kept"):
        with database.writing(path) as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + 2}")
            for season in range(10, 100):
                database.write_battle(connection, 1, season, (1, 2), season, outcomes[0, 1, 0])
    with database.writing(path) as connection:
        kept = connection.execute("SELECT count(*), max(id) FROM battles").fetchone()
        assert kept[0] == kept[1] > 6
        assert connection.execute("SELECT count(*) FROM robots").fetchone()[0] == 2 * kept[0]
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_read_only_database_is_told(tmp_path: Path, outcomes: dict) -> None:
    with pytest.raises(UserError, match="is read-only"), database.readable_errors(tmp_path / "t.sqlite"):
        fill(tmp_path / "t.sqlite", outcomes)
        with sqlite3.connect(f"file:{tmp_path}/t.sqlite?mode=ro", uri=True) as connection:
            database.forget_failures(connection)


def test_sources_and_rules_are_entered_once(tmp_path: Path) -> None:
    with database.writing(tmp_path / "t.sqlite") as connection:
        assert database.bot_id(connection, BOTS[0]) == database.bot_id(connection, BOTS[0])
        assert database.bot_id(connection, replace(BOTS[0], hash="other")) != database.bot_id(connection, BOTS[0])
        assert database.series_id(connection, 1, RULES) == database.series_id(connection, 1, Rules(num_rounds=2))
        assert len({database.series_id(connection, seed, rules) for seed in (1, 2) for rules in (RULES, Rules())}) == 4
        files = connection.execute("SELECT content FROM sources WHERE bot = 1 ORDER BY place").fetchall()
        assert [content for (content,) in files] == [content for _, content in BOTS[0].files]
    assert np.all([isinstance(content, bytes) for (content,) in files])


def test_a_file_that_is_moved_away_is_noticed(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    fill(path, outcomes)
    with pytest.raises(UserError, match="was moved or deleted during the run"), database.writing(path) as connection:
        path.rename(tmp_path / "elsewhere.sqlite")
        database.write_battle(connection, 1, 50, (1, 2), 50, outcomes[0, 1, 0])


def test_a_link_to_the_file_is_the_same_file(tmp_path: Path, outcomes: dict) -> None:
    path, link = tmp_path / "t.sqlite", tmp_path / "links" / "other.sqlite"
    fill(path, outcomes)
    link.parent.mkdir()
    link.symlink_to(path)
    with database.writing(path), pytest.raises(UserError, match="in use by another run"), database.writing(link):
        pass


@pytest.mark.parametrize("table", ["battles", "bots", "runs", "series", "robots", "failures"])
def test_a_table_that_is_missing_is_told(tmp_path: Path, outcomes: dict, table: str) -> None:
    path = tmp_path / "t.sqlite"
    setup = fill(path, outcomes)
    with sqlite3.connect(path) as connection:
        connection.execute(f"DROP TABLE {table}")
    with pytest.raises(UserError, match=f"changed by another program.*no such table: {table}"):
        with database.reading(path) as connection:
            latest_setup(connection, path)
            read_standing(connection, path, setup)


def test_rows_that_cannot_be_read_are_told_when_they_are_needed(tmp_path: Path, outcomes: dict) -> None:
    path = tmp_path / "t.sqlite"
    fill(path, outcomes)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE robots SET rounds = '[[1]]'")
        connection.execute("UPDATE series SET rules = '{\"a\": 1}'")
    with pytest.raises(UserError, match="damaged, or was changed"):
        write_battles(path, tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())
    with pytest.raises(UserError, match="damaged, or was changed"):
        fight_again(path, 1, None)
