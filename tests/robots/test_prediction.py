"""Predicted movement is the engine's, bit for bit: by random orders, along walls, and inside the battles of a bot."""

import math

import numpy as np
import pytest

from beepsim.battle import Rules, fight
from beepsim.engine.rounds import clear_orders, start_round
from beepsim.engine.state import ADVANCED, new_rules, new_world
from beepsim.engine.turn import play_turn
from beepsim.robots.prediction import MOVER, predict_turn, start_mover

STATE = ("x", "y", "heading", "velocity")
ORDERS = ("distance", "body_turn", "max_velocity", "max_turn_rate")
EXTREMES = (math.inf, -math.inf, math.nan, 0.0, -0.0, 1e-9, 20.0, -20.0)

BOT = '''
"""Gives an order for some turns, foretells where that leads, and raises an exception where it was wrong."""
import numpy as np
from beepsim.javarandom import next_double
from beepsim.robots.compiled import HIT_ROBOT_EVENT
from beepsim.robots.prediction import MOVER, predict_turn, start_mover

MEMORY = np.dtype([("mover", MOVER), ("until", "i8"), ("is_troubled", "?"), ("checked", "i8")])

def move(view, events, memory, command, random):
    if view.energy == 0.0:  # disabled: it stops whatever it was ordered
        memory.is_troubled = True
    for event in events:
        if event.type == HIT_ROBOT_EVENT:
            memory.is_troubled = True
    if 0 < view.turn == memory.until and not memory.is_troubled:
        mover = memory.mover
        same = mover.x == view.x and mover.y == view.y and mover.heading == view.heading
        if not same or mover.velocity != view.velocity:
            raise ValueError("the prediction was wrong")
    if view.turn == 0 or view.turn >= memory.until:
        turns = 1 + int(30.0 * next_double(random))
        command.distance = 500.0 * next_double(random) - 250.0
        command.body_turn = 4.0 * next_double(random) - 2.0
        command.max_velocity = 8.0 if next_double(random) < 0.7 else 8.0 * next_double(random)
        start_mover(memory.mover, view, command)
        for _ in range(turns):
            predict_turn(memory.mover, view.width, view.height)
        memory.until, memory.is_troubled = view.turn + turns, False
'''


def lonely_world(seed: int, width: float, height: float):
    world = new_world(new_rules(width, height, inactivity_time=10_000), np.array([ADVANCED]), seed)
    start_round(world)
    world.robots["energy"] = 1e6  # wall hits must not end the round
    return world


def order_at_random(command, random: np.random.Generator) -> None:
    for name, scale in (("distance", 60.0), ("body_turn", 1.0)):
        command[name] = random.choice(EXTREMES) if random.random() < 0.1 else random.normal() * scale
    command["max_velocity"] = random.choice([8.0, 8.0, 8.0, 3.3, 0.0])
    command["max_turn_rate"] = random.choice([math.inf, math.inf, 0.05, 0.0])


@pytest.mark.parametrize(("width", "height"), [(800, 600), (400, 400)])
def test_a_robot_alone_goes_where_it_was_foretold(width, height):
    random, world, mover = np.random.default_rng(3), lonely_world(5, width, height), np.zeros(1, MOVER)[0]
    robot, command = world.robots[0], world.commands[0]
    start_mover(mover, robot, command)
    walls = 0
    for _ in range(20_000):
        clear_orders(command)
        if random.random() < 0.15:
            order_at_random(command, random)
            for name in ORDERS:
                mover[name] = command[name]
        predict_turn(mover, float(width), float(height))
        play_turn(world)
        # Bytes: -0.0 is not 0.0, NaN is NaN.
        for name in (*STATE, "over_driving"):
            assert mover[name].tobytes() == robot[name].tobytes(), name
        for name in ("distance", "body_turn"):
            assert mover[name].tobytes() == command[name].tobytes(), name
        walls += mover["hit_wall"]
    assert walls > 150


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_start_from_what_a_bot_sees_foretells_its_orders(is_kept):
    """A mover that is kept, also of orders left alone; a new one, of orders renewed in every turn."""
    random, world, mover = np.random.default_rng(8), lonely_world(6, 800, 600), np.zeros(1, MOVER)[0]
    command = world.commands[0]
    for _ in range(300):
        order_at_random(command, random)
        mover = mover if is_kept else np.zeros(1, MOVER)[0]
        start_mover(mover, world.robots[0], command)
        distances = random.normal(size=random.integers(1, 60)) * 30.0
        for distance in distances:
            if not is_kept:
                mover["distance"] = command["distance"] = distance
            predict_turn(mover, 800.0, 600.0)
            clear_orders(command)
            play_turn(world)
        assert [mover[name] for name in STATE] == [world.robots[0][name] for name in STATE]


def test_after_a_collision_of_its_own_fault_the_body_does_not_turn():
    world, mover = new_world(new_rules(), np.array([ADVANCED] * 2), 1, "(300,300,0),(300,339,0)"), np.zeros(1, MOVER)[0]
    start_round(world)
    command = world.commands[0]
    command["distance"], command["body_turn"] = 100.0, 1.0
    while not world.robots[0]["in_collision"]:
        clear_orders(command)
        play_turn(world)
    command["distance"] = -100.0
    start_mover(mover, world.robots[0], command)
    mover["in_collision"] = True
    for _ in range(10):
        predict_turn(mover, 800.0, 600.0)
        clear_orders(command)
        play_turn(world)
        assert [mover[name] for name in STATE] == [world.robots[0][name] for name in STATE]


@pytest.mark.parametrize("compiled", [True, False])
def test_a_bot_foretells_its_own_way_in_battle(compiled, tmp_path):
    path = tmp_path / "prophet.py"
    path.write_text(BOT)
    result = fight([str(path), "sample.Walls"], 4, Rules(num_rounds=3 if compiled else 1), compiled=compiled)
    assert result.robots[0].faults == ()
    path = tmp_path / "false_prophet.py"
    path.write_text(BOT.replace("    if view.turn == 0 or", "    memory.mover.x += 1e-12\n    if view.turn == 0 or"))
    result = fight([str(path), "sample.Walls"], 4, Rules(num_rounds=1), compiled=compiled)
    assert result.robots[0].faults[0].kind == "raised"
