"""Glicko-2: Glickman's example, seasons as periods, and the properties that the paper states."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from small_tables import duel_rows

from beepsim.tournament.glicko import SCALE, START, START_DEVIATION, START_VOLATILITY, glicko2, new_volatilities, period


def test_glickmans_example() -> None:
    """ "Example of the Glicko-2 system", 2013: 1500/200 beats 1400/30, loses to 1550/100 and 1700/300, tau 0.5."""
    ratings, deviations, volatilities = period(
        np.array([1500.0, 1400.0, 1550.0, 1700.0]),
        np.array([200.0, 30.0, 100.0, 300.0]),
        np.full(4, 0.06),
        np.array([0, 0, 0]),
        np.array([1, 2, 3]),
        np.array([1.0, 0.0, 0.0]),
    )
    # The paper rounds on the way: 1464.06, 151.52, 0.05999.
    np.testing.assert_allclose(ratings[0], 1464.06, atol=0.01)
    np.testing.assert_allclose(deviations[0], 151.52, atol=0.005)
    np.testing.assert_allclose(volatilities[0], 0.05999, atol=0.00001)


def test_who_does_not_play_grows_uncertain() -> None:
    ratings, deviations = glicko2(duel_rows([(0, 1, 0, 60.0), (0, 1, 1, 60.0)]), 3)
    assert ratings[2] == START
    # Step 6 alone: phi' = sqrt(phi^2 + sigma^2), each season
    expected = SCALE * np.sqrt((START_DEVIATION / SCALE) ** 2 + 2 * START_VOLATILITY**2)
    np.testing.assert_allclose(deviations[2], expected)
    assert deviations[0] < START_DEVIATION and ratings[0] > START > ratings[1]


def test_a_season_is_a_period_whatever_the_order_of_its_rows() -> None:
    rows = [(0, 1, 1, 70.0), (0, 1, 0, 40.0), (1, 2, 0, 55.0), (0, 2, 1, 90.0)]
    forward, backward = glicko2(duel_rows(rows), 3), glicko2(duel_rows(rows[::-1]), 3)
    np.testing.assert_allclose(forward, backward)
    as_one = glicko2(duel_rows([(a, b, 0, share) for a, b, _, share in rows]), 3)
    assert not np.allclose(forward, as_one)


@given(
    st.lists(
        st.tuples(st.floats(0.1, 3), st.floats(0.05, 50), st.floats(-20, 20), st.floats(0.01, 0.5)),
        min_size=1,
        max_size=6,
    )
)
def test_volatility_is_the_root_of_step_5(bots: list[tuple[float, float, float, float]]) -> None:
    phi, v, delta, sigma = (np.array(column) for column in zip(*bots, strict=True))
    x = np.log(new_volatilities(phi, v, delta, sigma) ** 2)

    def f(x: np.ndarray) -> np.ndarray:
        grown = phi**2 + v + np.exp(x)
        return np.exp(x) * (delta**2 - grown) / (2 * grown**2) - (x - np.log(sigma**2)) / 0.5**2

    # f falls; the root lies within twice the algorithm's precision.
    assert (f(x - 2e-6) >= 0).all() and (f(x + 2e-6) <= 0).all()
