"""Figures as they are read in the page's tables."""

import math

import numpy as np
import pytest

from beepsim.tournament.cells import APS, Cell, Column, bars, cell, cell_rows, number
from beepsim.tournament.tables import Table


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(1.25, 1, "1.2"), (-3.14159, 2, "−3.14"), (-0.004, 2, "0.00"), (0.0, 0, "0"), (1499.6, 0, "1500"), (7, 0, "7")],
)
def test_numbers_have_a_minus_sign_and_zero_has_none(value: float, decimals: int, text: str) -> None:
    assert number(value, decimals) == text


def test_a_missing_figure_is_a_dash_and_sorts_last() -> None:
    for value in (None, math.nan, math.inf):
        assert cell(2, value) == Cell("–", "", None)
    assert cell(1, 5.0, math.nan, 6.0) == Cell("5.0", "", 5.0)
    assert cell(1, 5.0, -4.0, 6.0) == Cell("5.0", "[−4.0, 6.0]", 5.0)


def test_rows_have_the_cells_of_the_columns_asked_for() -> None:
    columns = {"a": np.array([1, 2]), "b": np.array([1.0, 2.0]), "b_low": np.array([0.0, 1.0])}
    table = Table("t", {**columns, "b_high": np.array([3.0, 4.0]), "c": np.array(["x", "y"], object)})
    rows = cell_rows(table, (Column("b", "B", "", 1, True), Column("c", "C", "")))
    assert rows == [
        [Cell("1.0", "[0.0, 3.0]", 1.0), Cell("x", "", "x")],
        [Cell("2.0", "[1.0, 4.0]", 2.0), Cell("y", "", "y")],
    ]
    assert cell_rows(Table("t", {}), (APS,)) == []


def bar_table(low: list[float], value: list[float], high: list[float]) -> Table:
    return Table("t", {f"aps{end}": np.array(column) for end, column in (("_low", low), ("", value), ("_high", high))})


def test_bars_stand_where_the_axis_says() -> None:
    axis, (first, second) = bars(bar_table([42.0, math.nan], [45.0, 70.0], [48.0, math.nan]), "aps")
    assert axis.low <= 42 and axis.high >= 70 and axis.marks[0] == (axis.low, 0) and axis.marks[-1] == (axis.high, 100)
    length = axis.high - axis.low
    assert first == pytest.approx([100 * (value - axis.low) / length for value in (42, 45, 48)], abs=0.01)
    assert second.low is None and second.high is None and second.value is not None


@pytest.mark.parametrize("value", [0.0, 3.3, 50.0, 99.99, 100.0])
def test_an_axis_of_one_value_has_a_length(value: float) -> None:
    axis, (bar,) = bars(bar_table([math.nan], [value], [math.nan]), "aps")
    assert axis.low <= value <= axis.high and axis.high > axis.low
    assert bar.value is not None and 0 <= bar.value <= 100


def test_an_axis_of_nothing_is_the_whole_range() -> None:
    axis, rows = bars(bar_table([math.nan], [math.nan], [math.nan]), "aps")
    assert (axis.low, axis.high) == (0, 100) and rows == [(None, None, None)]
