"""Properties of the engine that hold for any orders; that it is Robocode's engine is tests/recording/test_parity.py."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_drivers import drive, drive_at_random
from hypothesis import given, settings
from hypothesis import strategies as st

from beepsim.engine.rounds import may_run, round_is_over, start_round
from beepsim.engine.state import (
    ADVANCED,
    BATTLE_ENDED,
    BULLET_HIT,
    DEAD,
    DEATH,
    HIT_BY_BULLET,
    HIT_ROBOT_EVENT,
    JUNIOR,
    NOBODY,
    ROBOT_DEATH,
    ROUND_ENDED,
    SCANNED_ROBOT,
    STANDARD,
    WIN,
    World,
    bullets_of,
    events_of,
    new_rules,
    new_world,
)
from beepsim.engine.text import world_text
from beepsim.engine.turn import play_turn

KINDS = np.array([ADVANCED, STANDARD, JUNIOR, ADVANCED, ADVANCED])
battles = st.tuples(st.integers(1, 5), st.integers(0, 1 << 48), st.sampled_from([0.1, 0.37, 3.0]))


def battle(robots: int, seed: int, cooling: float = 0.1, rounds: int = 1) -> World:
    rules = new_rules(width=400, height=400, gun_cooling_rate=cooling, num_rounds=rounds, inactivity_time=30)
    return new_world(rules, KINDS[:robots], seed)


def check_bounds(world: World) -> None:
    robots, bullets = world.robots, bullets_of(world)
    assert ((robots["x"] >= 18) & (robots["x"] <= 382) & (robots["y"] >= 18) & (robots["y"] <= 382)).all()
    assert (np.abs(robots["velocity"]) <= 8).all()
    assert (robots["energy"] >= 0).all() and (robots["gun_heat"] >= 0).all()
    for name in ("heading", "gun_heading", "radar_heading"):
        assert ((robots[name] >= 0) & (robots[name] <= 2 * np.pi)).all()
    assert (robots["last_bullet_id"] >= 1).all()
    assert len(bullets) < len(world.bullets) and world.battle[0]["event_count"] < len(world.events)
    assert sorted(world.bullet_list.tolist()) == list(range(len(world.bullets)))
    assert world.battle[0]["alive"] == (robots["state"] != DEAD).sum()


@settings(max_examples=40)
@given(battles)
def test_bounds_hold_under_any_orders(setting: tuple[int, int, float]) -> None:
    robots, seed, cooling = setting
    world, random = battle(robots, seed, cooling), np.random.default_rng(seed)
    start_round(world)
    while not round_is_over(world):
        drive_at_random(world, random)
        play_turn(world)
        check_bounds(world)
        assert world.battle[0]["turn"] < 3000  # inactivity ends every round


@settings(max_examples=20)
@given(st.integers(2, 5), st.integers(0, 1 << 48))
def test_events_agree_with_the_world(robots: int, seed: int) -> None:
    world = battle(robots, seed)
    start_round(world)
    told = {robot: 0 for robot in range(robots)}
    ended = wins = 0
    while not round_is_over(world):
        drive(world)
        alive, is_halted = world.battle[0]["alive"], world.battle[0]["end_timer"] > 121
        play_turn(world)
        events = events_of(world)
        kinds = events["type"].tolist()
        assert kinds.count(DEATH) == alive - world.battle[0]["alive"] or is_halted
        # A halted robot hears nothing; until then each hit is told to both sides unless the shooter is long dead.
        assert kinds.count(BULLET_HIT) <= kinds.count(HIT_BY_BULLET)
        assert kinds.count(HIT_ROBOT_EVENT) % 2 == 0
        for event in events:
            if event.type == SCANNED_ROBOT:
                assert event.receiver != event.other != NOBODY
                assert event.distance <= 1200 + 26
                assert event.energy == world.robots[event.other].energy or DEATH in kinds
            if event.type == ROBOT_DEATH:
                told[event.receiver] += 1
        ended += kinds.count(ROUND_ENDED)
        wins += kinds.count(WIN)
        assert (BATTLE_ENDED in kinds) == (world.battle[0]["end_timer"] == 1)
    survivors = np.flatnonzero(world.robots["winner"])
    assert wins == len(survivors) <= 1 and ended >= wins
    for robot in range(robots):
        assert world.scores[robot]["survival"] == 50.0 * told[robot]


@given(st.integers(0, 1 << 48))
def test_round_ends_150_turns_after_its_decision(seed: int) -> None:
    world = battle(1, seed, rounds=2)
    for _ in range(2):
        start_round(world)
        turns = running = 0
        while not round_is_over(world):
            play_turn(world)
            turns += 1
            running += may_run(world, 0)
        assert (turns, running) == (151, 122)
    assert world.totals[0].tolist() == (0.0,) * 7 + (2, 0, 0)
    assert world.battle[0]["total_turns"] == 302


@given(st.integers(1, 5), st.integers(0, 1 << 48))
def test_robots_start_apart_and_inside(robots: int, seed: int) -> None:
    world = battle(robots, seed)
    start_round(world)
    x, y = world.robots["x"], world.robots["y"]
    assert ((x >= 36) & (x <= 364) & (y >= 36) & (y <= 364)).all()
    for i in range(robots):
        for j in range(i):
            assert max(abs(x[i] - x[j]), abs(y[i] - y[j])) >= 36 - 1e-4
    assert sorted(world.run_order.tolist()) == list(range(robots))
    assert (world.robots["energy"] == 100).all() and (world.robots["gun_heat"] == 3).all()


@pytest.mark.parametrize(("kind", "energy"), [(ADVANCED, 97.0), (STANDARD, 100.0), (JUNIOR, 100.0)])
def test_only_advanced_robots_pay_for_walls(kind: int, energy: float) -> None:
    world = new_world(new_rules(), np.array([kind]), 1, "(400,300,0)")
    start_round(world)
    world.commands[0]["distance"] = np.inf
    for _ in range(60):
        play_turn(world)
    assert world.robots[0]["y"] == 582.0
    assert world.robots[0]["energy"] == energy


@pytest.mark.parametrize(("kind", "heading"), [(ADVANCED, 0.0), (STANDARD, 1.25)])
def test_fire_assist_is_for_simple_robots(kind: int, heading: float) -> None:
    """With gun and radar turned as one, their shot leaves in the direction of the scan, not of the gun."""
    world = new_world(new_rules(), np.array([kind, ADVANCED]), 1, "(100,100,0),(700,500,0)")
    start_round(world)
    world.robots["gun_heat"] = 0
    world.commands[0]["scan"] = True
    play_turn(world)
    command = world.commands[0]
    command["fire_power"], command["fire_id"], command["fire_assist"] = 1.0, 2, 1.25
    play_turn(world)
    assert bullets_of(world)["heading"].tolist() == [heading]


HASH_OF_A_BATTLE = """
import sys
sys.path.insert(0, sys.argv[1])
from engine_drivers import drive
from test_turn import battle, played
print(played(battle(3, 12345)))
"""


def played(world: World) -> str:
    """Hash over the texts of the world on each turn of a round."""
    start_round(world)
    digest = hashlib.sha256()
    while not round_is_over(world):
        drive(world)
        play_turn(world)
        digest.update(world_text(world).encode())
    return digest.hexdigest()


def test_compiled_and_plain_python_agree() -> None:
    plain = subprocess.run(
        [sys.executable, "-W", "error", "-c", HASH_OF_A_BATTLE, str(Path(__file__).parent)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert plain.stdout.strip() == played(battle(3, 12345))


@given(st.integers(0, 1 << 48))
@settings(max_examples=5)
def test_a_seed_is_the_battle(seed: int) -> None:
    assert played(battle(2, seed)) == played(battle(2, seed))
    assert played(battle(2, seed)) != played(battle(2, seed ^ 1))
