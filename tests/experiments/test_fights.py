"""Duels kept on disk: what they hold is the battle's result, and what was fought is not fought again."""

from pathlib import Path

import pytest

from beepsim.battle import fight
from beepsim.battle_rules import Rules
from beepsim.errors import UserError
from beepsim.experiments.fights import FIGURES, fight_all, plan_duel
from beepsim.recording.format import read_header

BOTS = ("sitting_duck+linear", "random_mover")
RULES = Rules(num_rounds=2)


def test_figures_are_the_battles(tmp_path: Path) -> None:
    duels = [plan_duel(BOTS, seed, RULES, tmp_path, is_recorded=seed == 1) for seed in (1, 2, 1)]
    figures = fight_all(duels, "Fighting")
    assert figures.shape == (3, 2) and figures.dtype == FIGURES
    assert figures[0].tolist() == figures[2].tolist() != figures[1].tolist()
    for place, seed in ((0, 1), (1, 2)):
        result = fight(BOTS, seed, RULES)
        for row, robot in zip(figures[place], result.robots, strict=True):
            assert row["shots"] == robot.shots and row["hits"] == robot.hits and row["rounds"] == 2
            assert row["damage"] == pytest.approx(robot.scores.bullet_damage) and row["turns"] == sum(result.turns)
    assert figures[0, 0]["damage"] > 0.0 and figures[0, 1]["shots"] == 0
    assert duels[1].recording is None and duels[0].recording
    assert tuple(robot.label for robot in read_header(duels[0].recording).robots) == duels[0].labels


def test_what_is_there_is_not_fought_again(tmp_path: Path) -> None:
    duels = [plan_duel(BOTS, seed, RULES, tmp_path, is_recorded=True) for seed in (1, 2)]
    first = fight_all(duels[:1], "Fighting")
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(stamps) == 2
    again = fight_all(duels, "Fighting")
    assert again[0].tolist() == first[0].tolist() and len(list(tmp_path.iterdir())) == 4
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps
    assert duels[0].recording
    duels[0].recording.unlink()
    assert fight_all(duels, "Fighting").tolist() == again.tolist() and duels[0].recording.exists()


def test_other_bots_seeds_and_rules_are_other_duels(tmp_path: Path) -> None:
    variants = [
        (BOTS, 1, RULES),
        (BOTS, 2, RULES),
        (BOTS, 1, Rules(num_rounds=3)),
        (("sitting_duck+linear:power=2", "random_mover"), 1, RULES),
    ]
    assert len({plan_duel(*one, tmp_path, is_recorded=False).figures for one in variants}) == len(variants)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    duel = plan_duel(BOTS, 1, RULES, tmp_path, is_recorded=False)
    duel.figures.write_text('{"figures": [{"rounds": 2}]}')
    with pytest.raises(UserError, match=r"sitting_duck.*json is damaged.*remove it to fight this duel again"):
        fight_all([duel], "Fighting")
