"""Restarts: their spread, and which variants differ by more."""

from types import SimpleNamespace

import numpy as np
import pytest
from made_shots import made_shots

from beepsim.experiments.restarts import is_apart, restart_rows, restart_section, state_spread

RATES = {"good": (8, 9, 10), "fair": (5, 8, 6), "poor": (1, 2, 3)}


def example():
    everything, shots = [], {}
    for variant, rates in RATES.items():
        for restart, hits in enumerate(rates):
            gun = f"{variant} {restart}"
            everything += [SimpleNamespace(variant=variant, gun=gun, restart=restart, fold=fold) for fold in (0, 1)]
            shots[gun] = {"a": made_shots(np.arange(20) < hits, log_density=hits / 10)}
    return everything, shots


def test_figures_of_restarts_are_those_by_hand():
    everything, shots = example()
    rows = restart_rows(everything, shots, 1)
    assert [row["model"] for row in rows] == ["good", "fair", "poor"]
    good = rows[0]
    assert good["restarts"] == 3 and good["hit_rate_mean"] == pytest.approx(0.45)
    assert good["hit_rate_deviation"] == pytest.approx(0.05)  # n - 1
    assert (good["hit_rate_min"], good["hit_rate_max"]) == (0.4, 0.5)
    assert [good[f"hit_rate_{number}"] for number in (1, 2, 3)] == [0.4, 0.45, 0.5]
    assert good["log_density_mean"] == pytest.approx(0.9) and good["log_density_deviation"] == pytest.approx(0.1)


def test_only_what_never_overlaps_is_apart():
    """good and fair share a rate of 8: restarts could explain that; poor is below both."""
    rows = restart_rows(*example(), 1)
    assert not is_apart(rows[0], rows[1], "hit_rate")
    assert is_apart(rows[0], rows[2], "hit_rate") and is_apart(rows[2], rows[1], "log_density")
    said = state_spread(rows)
    assert "so do 2 of 3 pairs by hit rate, 2 by log density" in said and "in 10.0 % of pairs" in said
    assert "By hit rate good is so apart from: poor." in said


def test_without_restarts_there_is_no_spread():
    everything, shots = example()
    assert restart_section([one for one in everything if one.restart == 0], shots, 1) == []
    assert restart_section([], {}, 1) == []
    (section,) = restart_section(everything, shots, 1)
    assert section.plots["restarts"].startswith(b"\x89PNG") and len(section.rows) == 3
