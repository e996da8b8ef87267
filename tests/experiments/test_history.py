"""Shots by what was known: every shot in its bin, figures as by hand, differences of the same shots."""

import numpy as np
import pytest
from made_shots import made_shots

from beepsim.experiments.history import EDGES, bin_name, history_rows, history_section
from beepsim.experiments.report import show_cell

KNOWN = np.array([0, 49, 50, 4999, 5000, 9999, 10000, 10**6])


def example():
    hits = np.array([1, 0, 1, 1, 0, 0, 1, 1])
    worse = np.array([0, 0, 1, 0, 0, 0, 1, 0])
    return {
        "better": {name: made_shots(hits, KNOWN, log_density=0.5) for name in "ab"},
        "reference": {name: made_shots(worse, KNOWN) for name in "ab"},
    }


def test_every_shot_is_in_one_bin():
    rows = [row for row in history_rows(example(), ["better"], "reference", 1)]
    assert [row["known_from"] for row in rows] == [0, 50, 2000, 5000, 10000]
    assert [row["shots"] for row in rows] == [4, 2, 2, 4, 4] and {row["battles"] for row in rows} == {2}
    assert [bin_name(row) for row in rows] == ["0–49", "50–199", "2000–4999", "5000–9999", "≥ 10000"]
    assert EDGES[0] == 0


def test_figures_are_those_of_the_bin():
    rows = {row["known_from"]: row for row in history_rows(example(), ["better", "reference"], "reference", 1)[:5]}
    assert rows[0]["hit_rate"] == 0.5 and rows[0]["lift"] == pytest.approx(5.0) and rows[0]["log_density"] == 0.5
    assert (rows[0]["hit_rate_difference"], rows[0]["hit_rate_difference_low"]) == (0.5, 0.5)
    assert rows[2000]["hit_rate_difference"] == 1.0 and rows[50]["hit_rate_difference"] == 0.0
    assert rows[10000]["hit_rate"] == 1.0 and rows[10000]["hit_rate_difference"] == 0.5


def test_the_section_shows_every_gun_and_bin():
    section = history_section(example(), ["reference", "better"], "reference", 1)
    assert len(section.rows) == 10 and section.plots["history"].startswith(b"\x89PNG")
    assert [show_cell(section.rows[0], column) for column in section.columns][:3] == ["reference", "0–49", "4"]
