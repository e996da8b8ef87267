"""`beepsim tournament` from end to end: run, show, export, replay, and what is wrong with its input."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.errors import UserError

PROGRAM = "import sys; from beepsim.cli import main; sys.exit(main())"
SMALL = """\
name: small
seed: 1
bots: [circle+linear, oscillator+circular, sample.Fire]
seasons: 2
rules: {rounds: 2}
"""


def call(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["tournament", *map(str, words)])
    if code == 2 and isinstance(result.exception, UserError):
        return str(result.exception)
    assert result.exit_code == code, result.output
    return result.stdout


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tournament that has been run."""
    folder = tmp_path_factory.mktemp("small")
    (folder / "small.yaml").write_text(SMALL)
    printed = call(folder / "small.yaml", "--out", folder / "out", "--workers", "2")
    assert "6 battles in" in printed and "Report: " in printed
    lines = printed.splitlines()
    assert lines[0].split()[:3] == ["bot", "rank", "APS,"] and len(lines) == 6
    return folder


def test_run_again_fights_nothing_and_prints_the_same(small: Path) -> None:
    first = json.loads(call(small / "small.yaml", "--out", small / "out", "--json"))
    again = json.loads(call("run", small / "small.yaml", "--out", small / "out", "--json"))
    assert first == again and first["battles"] == 6 and first["failures"] == []
    assert [row["rank"] for row in first["ranking"]] == [1, 2, 3]
    assert all(row["aps_low"] <= row["aps"] <= row["aps_high"] for row in first["ranking"])
    assert Path(first["report"]).is_file() and (Path(first["report"]).parent / "ranking.csv").is_file()


def test_show_and_pairings(small: Path) -> None:
    ranking = call("show", small / "out")
    assert "Report" not in ranking and "circle+linear 1.0" in ranking
    printed = call("show", small / "out" / "tournament.sqlite", "--pairing", "circle+linear", "sample.Fire")
    assert len(printed.splitlines()) == 5 and "circle+linear 1.0 against sample.Fire 1.0: " in printed
    mine = json.loads(call("show", small / "out", "--pairing", "circle+linear", "sample.Fire", "--json"))["battles"]
    theirs = json.loads(call("show", small / "out", "--pairing", "sample.Fire", "circle+linear", "--json"))["battles"]
    assert [row["share, %"] + other["share, %"] for row, other in zip(mine, theirs, strict=True)] == [100, 100]
    assert [row["hits/shots"] for row in mine] == [row["against"] for row in theirs]
    assert [row["season"] for row in mine] == [0, 1]


def test_export_holds_every_battle_and_round(small: Path, tmp_path: Path) -> None:
    call("export", small / "out", tmp_path)
    rounds = (tmp_path / "rounds.csv").read_text().splitlines()
    assert rounds[0].startswith('# {"') and json.loads(rounds[0][2:])["seed"] == 1
    assert rounds[1] == "battle,season,round,bot,place,score,bullet_damage,shots,hits" and len(rounds) == 2 + 6 * 2 * 2
    rows = json.loads((tmp_path / "battles.json").read_text())["rows"]
    assert len(rows) == 12 == len((tmp_path / "battles.csv").read_text().splitlines()) - 2
    for row in rows:
        assert row["shots"] == sum(one["shots"] for one in row["rounds"])
        assert row["total"] == pytest.approx(sum(one["score"] for one in row["rounds"]), abs=1)
    assert (tmp_path / "index.html").is_file() and (tmp_path / "pairings.json").is_file()


def test_any_battle_is_fought_again_with_the_same_score(small: Path, tmp_path: Path) -> None:
    for number in range(1, 7):
        assert "every score as it is in" in call("replay", small / "out", number)
    call("replay", small / "out", 5, "--record", tmp_path / "five.battle")
    shown = CliRunner().invoke(app, ["recordings", "show", str(tmp_path / "five.battle")]).stdout
    again = json.loads(call("replay", small / "out", 5, "--json"))["result"]
    assert f"seed {again['seed']}" in shown and "2 rounds" in shown


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shw", "x.sqlite"], "there is no command 'shw' and no such file; did you mean show?"),
        (["nothing.yaml"], "nothing.yaml: no such file"),
        (["show", "nothing"], "nothing: no such file; give a tournament's database"),
        (["replay", "OUT", "7"], "there is no battle 7; the battles are 1 to 6"),
        (["show", "OUT", "--pairing", "circle+linear", "sample.Fie"], "did you mean sample.Fire"),
        (["replay", "OUT", "1", "--record", "OUT/tournament.sqlite"], "it is what is read"),
        (["replay", "OUT", "1", "--record", "one.txt"], "a recording's name must end in .battle"),
        (["CONFIG", "--workers", "0"], ""),
        (["CONFIG", "--scheduler", "localhost"], "the scheduler's address is 'localhost'"),
    ],
)
def test_mistakes_end_with_a_sentence(small: Path, words: list[str], told: str) -> None:
    named = [word.replace("OUT", str(small / "out")).replace("CONFIG", str(small / "small.yaml")) for word in words]
    assert told in call(*named, code=2)


def battles_in(path: Path) -> int:
    result = CliRunner().invoke(app, ["tournament", "show", str(path), "--json"])
    return json.loads(result.stdout)["battles"] if result.exit_code == 0 else 0


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_keeps_what_was_fought(tmp_path: Path, times: int) -> None:
    (tmp_path / "long.yaml").write_text(SMALL.replace("seasons: 2", "seasons: 500").replace("rounds: 2", "rounds: 20"))
    command = [sys.executable, "-c", PROGRAM, "tournament", "long.yaml", "--out", "out", "--workers", "2"]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=interruptible
    )
    deadline = time.monotonic() + 100
    while battles_in(tmp_path / "out") < 5:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.2)
    for _ in range(times):
        os.kill(process.pid, signal.SIGINT)
        time.sleep(0.05)
    out, told = process.communicate(timeout=60)
    assert process.returncode == 130 and not out and "Traceback" not in told
    assert "interrupted; all battles fought until then are in out/tournament.sqlite" in told
    assert "Ctrl-C again" in told and 5 <= battles_in(tmp_path / "out") < 1500
    assert not list((tmp_path / "out").glob("*-wal"))


def interruptible() -> None:
    """In a background job Ctrl-C's signal may be ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
