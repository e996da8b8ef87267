"""Opponent by opponent: differences by rounds, and what is left without one of them, on cases known by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from made_shots import made_shots

from beepsim.experiments.opponents import opponent_rows, opponent_section, state_leaving_out
from beepsim.targeting.replay import compare

BATTLES = [SimpleNamespace(battle=name, target=target) for name, target in (("a", "one"), ("b", "two"), ("c", "two"))]
ROUNDS = np.repeat(np.arange(10), 2)


def example():
    """At "one" the best gun hits once more in every round, at "two" once less in half of the rounds of one battle."""
    half, always = np.tile([1, 0], 10), np.ones(20)
    fewer = half * (ROUNDS < 5)
    best = {"a": always, "b": half, "c": fewer}
    reference = {"a": half, "b": half, "c": half}
    return {
        gun: {name: made_shots(hits, rounds=ROUNDS) for name, hits in found.items()}
        for gun, found in (("best", best), ("reference", reference))
    }


def test_rates_and_differences_are_those_of_the_opponent():
    first, second = opponent_rows(example(), BATTLES, "best", "reference", 1)
    assert (first["target"], first["shots"], first["battles"], first["rounds"]) == ("one", 20, 1, 10)
    assert (second["target"], second["shots"], second["battles"], second["rounds"]) == ("two", 40, 2, 20)
    assert (first["best"], first["reference"], first["hit_rate_difference"]) == (1.0, 0.5, 0.5)
    assert second["hit_rate_difference"] == pytest.approx(-5 / 40)


def test_intervals_are_by_round():
    """The same in every round: certain. In 5 of 20 rounds one hit less of two: a binomial share over 20 rounds."""
    first, second = opponent_rows(example(), BATTLES, "best", "reference", 1)
    assert first["hit_rate_difference_low"] == first["hit_rate_difference_high"] == 0.5
    assert first["hit_rate_difference_is_clear"] and second["hit_rate_difference_is_clear"]
    error = 1.96 * np.sqrt(0.25 * 0.75 / 20) / 2
    assert second["hit_rate_difference_low"] == pytest.approx(-0.125 - error, abs=0.03)
    assert second["hit_rate_difference_high"] == pytest.approx(-0.125 + error, abs=0.03)


def test_the_gain_without_an_opponent_is_that_of_the_others():
    first, second = opponent_rows(example(), BATTLES, "best", "reference", 1)
    assert first["gain_without"] == pytest.approx(15 / 20 - 1) and second["gain_without"] == pytest.approx(1.0)
    said = state_leaving_out([first, second], "best", "reference")
    assert "more often than reference at 1 of 2 opponents (clearly more at 1, clearly less at 1" in said
    assert "between -25.0 % (without one) and +100.0 % (without two)" in said


def test_a_single_opponent_has_nothing_to_be_left_out_of():
    rows = opponent_rows(example(), BATTLES[:1], "best", "reference", 1)
    assert len(rows) == 1 and np.isnan(rows[0]["gain_without"])
    assert "left out" not in state_leaving_out(rows, "best", "reference")
    (total,) = compare(example(), ["best"], ["reference"], 1)
    section = opponent_section(rows, total, ["reference", "best"], "best", "reference")
    assert section.plots["opponents"].startswith(b"\x89PNG")
    assert [column.name for column in section.columns][3:5] == ["reference", "best"]
