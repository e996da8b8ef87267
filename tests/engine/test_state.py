"""New worlds, given positions, and the world as text."""

import math

import numpy as np
import pytest
from engine_drivers import drive
from hypothesis import given
from hypothesis import strategies as st

from beepsim.engine.rounds import start_round
from beepsim.engine.state import ADVANCED, ANYWHERE, STANDARD, World, bullets_of, new_rules, new_world
from beepsim.engine.text import world_from_text, world_text
from beepsim.engine.turn import play_turn
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


@given(st.integers(0, 1000), st.integers(0, 300))
def test_world_text_brings_the_same_world_back(seed: int, turns: int) -> None:
    world = duel(seed)
    start_round(world)
    for _ in range(turns):
        drive(world)
        play_turn(world)
    again = world_from_text(world_text(world))
    assert world_text(again) == world_text(world)
    for _ in range(30):
        for each in (world, again):
            drive(each)
            play_turn(each)
    assert world_text(again) == world_text(world)
    assert bullets_of(again).tolist() == bullets_of(world).tolist()


def test_world_text_before_the_first_round() -> None:
    text = world_text(duel())
    assert world_text(world_from_text(text)) == text
    assert "left=nan" in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("rules width", "rool width", "line 1: expected rules"),
        ("width=800.0", "width=8.0", "rule width is 8.0"),
        ("robot_count=2", "robot_count=200000", "robot_count is 200000"),
        ("robot_count=2", "robot_count=3", "line 12: expected damage and 3 values"),
        ("energy=100.0", "energy=much", "'energy=much' of robot"),
        ("energy=100.0", "", "line 4: expected robot and"),
        ("bullet_count=0", "bullet_count=-1", "bullet_count is -1"),
        ("bullet_count=0", "bullet_count=1", "expected bullet"),
        ("run_order 0 1", "run_order 1 1", "no order of 2 robots"),
        ("died_now=False", "died_now=No", "'died_now=No'"),
    ],
)
def test_damaged_world_text(old: str, new: str, message: str) -> None:
    world = duel()
    world.robots["energy"] = 100
    text = world_text(world)
    assert old in text
    if "robot_count=3" in new:
        message = "line 8: expected damage and 3 values"
    with pytest.raises(UserError, match=message):
        world_from_text(text.replace(old, new, 1))


def test_world_text_with_a_foreign_owner() -> None:
    world = duel()
    start_round(world)
    for _ in range(60):
        drive(world)
        play_turn(world)
    text = world_text(world)
    assert " owner=" in text
    with pytest.raises(UserError, match="owner or victim is none of the 2 robots"):
        world_from_text(text.replace(" owner=0", " owner=7").replace(" owner=1", " owner=7"))
