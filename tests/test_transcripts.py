"""Battles play as their committed transcripts say, these hold every rule, and a changed rule is noticed."""

import os
import subprocess
import sys
from pathlib import Path

import battle_transcripts
import pytest
import rule_changes
from battle_transcripts import (
    ALL_SAMPLES,
    BATTLES,
    COLUMNS,
    FOLDER,
    FOUGHT,
    SCRIPTED,
    TABLE,
    first_difference,
    path_of,
)

SCRIPT = Path(__file__).parent.parent / "scripts" / "transcripts.py"


@pytest.mark.parametrize("name", BATTLES)
def test_battles_play_as_their_transcripts_say(name: str) -> None:
    assert first_difference(name) is None


def test_every_transcript_belongs_to_a_battle() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(BATTLES)


def rows_of(name: str) -> list[dict[str, int]]:
    """The counts of every line of a committed transcript, with `round` and `turn`."""
    lines = path_of(name).read_text().splitlines()
    table = [line.split() for line in lines[lines.index(TABLE) + 1 :]]
    names = ("round", "turn", *COLUMNS)
    return [dict(zip(names, map(int, [*row[:2], *row[3:]]), strict=True)) for row in table]


def test_all_that_can_happen_happens() -> None:
    last = [rows_of(name)[-1] for name in BATTLES]
    assert all(sum(row[column] for row in last) > 50 for column in COLUMNS if column not in ("alive", "disabled"))
    assert any(row["disabled"] for name in BATTLES for row in rows_of(name))
    ends = {name: row["alive"] for name, row in zip(BATTLES, last, strict=True)}
    assert ends["ducks_inactivity_100"] == 0  # all at once
    assert {ends[name] for name in BATTLES} >= {0, 1}
    rammers = rows_of("rammers")[-1]
    assert rammers["deaths"] == 3 and rammers["shots"] == 0  # by ramming alone
    assert {battle.rules.get("width", 800) for battle in SCRIPTED.values()} >= {400, 800, 5000}
    assert {len(battle.robots) for battle in SCRIPTED.values()} >= {1, 2, 3, 4, 16}
    assert {bot for battle in FOUGHT.values() for bot in battle.bots} >= set(ALL_SAMPLES)


def test_the_script_names_file_and_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(battle_transcripts, "FOLDER", tmp_path)
    assert "is missing" in str(first_difference("alone"))
    lines = (FOLDER / "alone.txt").read_text().splitlines()
    lines[5] = lines[5].replace("1", "2")
    path = path_of("alone")
    path.write_text("\n".join(lines) + "\n")
    assert str(first_difference("alone")).startswith(f"{path}:6:\n  expected {lines[5]}")
    path.write_text("\n".join((FOLDER / "alone.txt").read_text().splitlines()[:-1]) + "\n")
    assert "lines" in str(first_difference("alone"))
    result = subprocess.run(
        [sys.executable, SCRIPT, "--check", "alone"], capture_output=True, text=True, check=True, timeout=300
    )
    assert result.stdout == "1 transcripts agree\n"


def test_the_list_of_rules_is_complete() -> None:
    assert rule_changes.rules_in_code() == (set(rule_changes.CONSTANTS), set(rule_changes.FUNCTIONS))


@pytest.mark.slow
def test_every_changed_rule_is_noticed() -> None:
    result = subprocess.run(
        [sys.executable, rule_changes.__file__],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout == ""
