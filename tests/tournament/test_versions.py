"""Versions compared by hand: pairs of equal seasons, unpaired ones, single battles; and intervals that hold."""

from dataclasses import replace

import numpy as np
import pytest
from small_tables import duel_rows, standing_of

from beepsim.tournament.standing import Standing
from beepsim.tournament.versions import compare_versions


def with_older(duels: np.ndarray, count: int, older: dict[int, int]) -> Standing:
    """A standing of which entrants are older versions of others, {older: present}."""
    standing = standing_of(duels, count)
    entrants = list(standing.entrants)
    for old, new in older.items():
        entrants[old] = replace(entrants[old], name=entrants[new].name, version="0.9", is_current=False)
    return replace(standing, entrants=tuple(entrants))


def test_paired_by_opponent_and_season() -> None:
    rows = [
        # bot 0 of the present, bot 3 its older version
        *[(0, 1, 0, 60.0), (0, 1, 1, 70.0), (0, 1, 2, 99.0), (1, 3, 0, 45.0), (1, 3, 1, 40.0)],  # gains 5 and 10
        *[(0, 2, 0, 50.0), (2, 3, 0, 49.0)],  # loses 1; variances 4 + 4
        *[(0, 3, 0, 90.0)],  # against itself: no opponent of both
    ]
    (row,) = compare_versions(with_older(duel_rows(rows), 4, {3: 0}))
    assert (row["name"], row["new"], row["old"]) == ("bot0", "bot0 1.0", "bot0 0.9 (00000003)")
    assert (row["opponents"], row["battles"]) == (2, 6)
    assert row["difference"] == pytest.approx((7.5 - 1.0) / 2)
    # gains 5 and 10: variance 12.5, of their mean 6.25; and 8. Student's t of 1 + 34 degrees: 2.030
    reach = 2.030 * np.sqrt(6.25 + 8.0) / 2
    assert row["difference_high"] - row["difference"] == pytest.approx(reach, rel=1e-3)
    assert row["difference"] - row["difference_low"] == pytest.approx(reach, rel=1e-3)


def test_without_common_seasons_means_are_compared() -> None:
    rows = [(0, 1, 3, 60.0), (0, 1, 4, 62.0), (1, 2, 0, 50.0), (1, 2, 1, 44.0)]
    (row,) = compare_versions(with_older(duel_rows(rows), 3, {2: 0}))
    assert row["difference"] == pytest.approx(61.0 - 53.0)
    assert row["battles"] == 4
    # variances 2 and 18 of two battles each; t of 2 degrees: 4.303
    assert row["difference_high"] - row["difference"] == pytest.approx(4.303 * np.sqrt(1.0 + 9.0), rel=1e-3)


def test_no_row_without_older_versions_or_common_opponents() -> None:
    rows = [(0, 1, 0, 60.0), (1, 2, 0, 50.0)]
    assert compare_versions(standing_of(duel_rows(rows), 3)) == []
    assert compare_versions(with_older(duel_rows([(0, 1, 0, 60.0), (2, 3, 0, 50.0)]), 4, {3: 0})) == []


def test_several_older_versions_have_a_row_each() -> None:
    rows = [(0, 1, 0, 60.0), (1, 2, 0, 50.0), (1, 3, 0, 70.0)]
    table = compare_versions(with_older(duel_rows(rows), 4, {2: 0, 3: 0}))
    assert [(row["old"][-3:-1], row["difference"]) for row in table] == [("02", 10.0), ("03", 30.0)]


def test_intervals_hold_the_true_difference() -> None:
    """Equal seeds make battles of both versions alike, which pairs use; here half of the variance is shared."""
    rng, opponents, seasons, times = np.random.default_rng(4), 6, 2, 400
    held = 0
    for _ in range(times):
        rows = []
        for opponent in range(1, opponents + 1):
            for season in range(seasons):
                shared = rng.normal(50 + 3 * opponent, 4)
                rows.append((0, opponent, season, shared + 2.0 + rng.normal(0, 4)))
                rows.append((opponent, opponents + 1, season, 100 - shared - rng.normal(0, 4)))
        (row,) = compare_versions(with_older(duel_rows(rows), opponents + 2, {opponents + 1: 0}))
        held += row["difference_low"] <= 2.0 <= row["difference_high"]
    assert 0.92 < held / times < 0.98
