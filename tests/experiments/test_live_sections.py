"""What the reports of experiments that fight say of figures known by hand: whose gain it is, and over what."""

from pathlib import Path

import numpy as np
import pytest

from beepsim.experiments.fights import FIGURES
from beepsim.experiments.live_config import LiveSurfing, Loop
from beepsim.experiments.live_surfing_sections import LiveOutcome, pair_row, state_difference
from beepsim.experiments.loop_sections import Generation, LoopOutcome, compose_loop, gain_rows, growth_rows, rate_rows
from beepsim.experiments.split import deal_classes
from beepsim.experiments.tasks import read_task

SURFER = Path(__file__).parent / "trainable_surfer.py"
LOOP = """\
name: x
task: loop
generations: 1
battles: {rounds: 2, seasons: 2}
movers: {easy: [circle, oscillator], random: [random_mover, stop_and_go]}
split: {folds: 2}
references: [knn]
"""
LIVE = f"""\
name: x
task: live_surfing
battles: {{surfer: {SURFER}, enemies: [circle+head_on, circle+linear, circle+circular], rounds: 2}}
split: {{folds: 3}}
"""


def figures(hits: list[int], damage: list[float]) -> np.ndarray:
    """Duels of two rounds and 100 shots each."""
    found = np.zeros(len(hits), FIGURES)
    found["shots"], found["hits"], found["damage"], found["rounds"] = 100, hits, damage, 2
    return found


@pytest.fixture
def outcome(tmp_path: Path) -> LoopOutcome:
    """Easy movers are hit as often by both; at random ones `learned` gains 10 points in generation 1."""
    (tmp_path / "a.yaml").write_text(LOOP)
    loop = read_task(tmp_path / "a.yaml")
    assert isinstance(loop, Loop)
    units = [(mover, season) for movers in loop.movers.values() for mover in movers for season in range(2)]
    hits = [50, 60, 50, 60, 20, 30, 24, 26]
    gained = [*hits[:4], *(one + 10 for one in hits[4:])]
    damage = [float(one) for one in hits]
    first = {"learned": figures(hits, damage), "knn": figures(hits, damage)}
    second = {"learned": figures(gained, damage), "knn": figures(hits, damage)}
    folds = deal_classes(list(loop.movers.values()), 2, 0.2, 1)
    return LoopOutcome(loop, folds, units, [Generation(0, first, [], 0), Generation(1, second, [], 3)])


def test_rates_are_of_the_class_and_the_generation(outcome: LoopOutcome) -> None:
    rates = {(row["class"], row["generation"], row["gun"]): row["hit_rate"] for row in rate_rows(outcome)}
    assert rates["easy", 1, "learned"] == pytest.approx(0.55) and rates["random", 0, "learned"] == pytest.approx(0.25)
    assert rates["random", 1, "learned"] == pytest.approx(0.35) and rates["random", 1, "knn"] == pytest.approx(0.25)
    assert rates["all", 1, "learned"] == pytest.approx(0.45)


def test_a_gain_is_what_the_trained_gun_hits_more(outcome: LoopOutcome) -> None:
    gains = {(row["class"], row["generation"]): row for row in gain_rows(outcome)}
    assert gains["random", 1]["hit_rate_difference"] == pytest.approx(0.1)
    assert gains["random", 1]["hit_rate_difference_low"] == pytest.approx(0.1)  # paired: as much in each duel
    assert gains["all", 1]["hit_rate_difference"] == pytest.approx(0.05)
    assert gains["random", 0]["hit_rate_difference"] == gains["easy", 1]["hit_rate_difference"] == 0.0


def test_growth_is_over_generation_0(outcome: LoopOutcome) -> None:
    growth = {(row["class"], row["generation"]): row["hit_rate_difference"] for row in growth_rows(outcome)}
    assert growth == {("all", 1): pytest.approx(0.05), ("easy", 1): 0.0, ("random", 1): pytest.approx(0.1)}


def test_findings_say_it_in_percent_and_points(outcome: LoopOutcome) -> None:
    findings, _ = compose_loop(outcome)
    assert findings[2].startswith("random: learned hits 35.0 % [")
    assert findings[2].endswith("in generation 1, +10.0 [+10.0, +10.0] points over knn, clear of zero.")
    assert findings[5] == "random: +10.0 [+10.0, +10.0] points from generation 0 to 1, clear of zero."
    assert findings[-1].startswith("Bots failed 3 times")


def test_a_surfer_avoids_what_its_reference_takes_more(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LIVE)
    experiment = read_task(tmp_path / "a.yaml")
    assert isinstance(experiment, LiveSurfing)
    units = [(enemy, season) for enemy in experiment.battles.enemies for season in range(2)]
    theirs, mine = [10, 20, 30, 40, 50, 60], [5, 15, 25, 35, 45, 55]
    series = {"new": figures(mine, [2.0 * one for one in mine]), "old": figures(theirs, [2.0 * one for one in theirs])}
    outcome = LiveOutcome(experiment, units, series, [], [])
    row = pair_row(outcome, ("new", "old"), experiment.battles.enemies[:2])
    assert row["hit_rate_avoided"] == pytest.approx(0.05) and row["damage_per_round_avoided"] == pytest.approx(5.0)
    assert state_difference(row) == (
        "new against old: avoids +5.00 damage a round [+5.00, +5.00], clear of zero, and +5.00 hits per 100 bullets "
        "[+5.00, +5.00]."
    )
