"""New worlds and given positions."""

import math

import numpy as np
import pytest

from beepsim.engine.rounds import start_round
from beepsim.engine.state import ADVANCED, ANYWHERE, STANDARD, World, new_rules, new_world
from beepsim.errors import UserError


def duel(seed: int = 1, positions: str | None = None) -> World:
    return new_world(new_rules(), np.array([ADVANCED, STANDARD]), seed, positions)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("width", 399),
        ("height", 5001),
        ("width", 800.5),
        ("width", math.nan),
        ("gun_cooling_rate", 0.05),
        ("gun_cooling_rate", math.inf),
        ("inactivity_time", 0),
        ("num_rounds", 0),
    ],
)
def test_rules_that_robocode_refuses(rule: str, value: float) -> None:
    with pytest.raises(UserError, match=f"rule {rule} is {value}"):
        new_rules(**{rule: value})


def test_a_battle_needs_robots() -> None:
    with pytest.raises(UserError, match="0 robots"):
        new_world(new_rules(), np.array([], dtype=int), 1)


def test_given_positions() -> None:
    """A missing or unknown number is drawn; all but digits and the point is dropped, as Robocode does."""
    world = duel(1, "(100,-300,90),(650,?)")
    drawn = duel(1, "(?,?,?),(?,?,?)")
    assert world.places[:3].tolist() == [100.0, 300.0, 90 * 0.017453292519943295]
    assert world.places[3] == 650.0
    assert world.places[4:].tolist() == drawn.places[4:].tolist()
    assert world.random[0] == drawn.random[0] != duel(1).random[0]
    start_round(world)
    assert [world.robots[0]["x"], world.robots[0]["y"], world.robots[1]["x"]] == [100.0, 300.0, 650.0]


def test_positions_for_some_of_the_robots_and_for_too_many() -> None:
    assert np.isnan(duel(1, "(1,2,3)").places[3:]).all() and math.isnan(ANYWHERE)
    assert duel(1, "(1,2,3),(4,5,6),(7,8,9)").places[3] == 4.0
    with pytest.raises(UserError, match="initial positions are '100,200'"):
        duel(1, "100,200")


def test_a_seed_counts_with_48_bits() -> None:
    assert duel(-1).random[0] == duel((1 << 48) - 1).random[0]
