"""What bots are given and what is made of their orders: Robocode's limits, and nothing beyond what it would tell."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.engine.rounds import start_round
from beepsim.engine.state import (
    ADVANCED,
    BULLET_HIT,
    DEAD,
    DEATH,
    EVENT,
    HIT_BY_BULLET,
    NOBODY,
    SCANNED_ROBOT,
    events_of,
    new_rules,
    new_world,
)
from beepsim.engine.turn import play_turn
from beepsim.loop import new_stage, play_round
from beepsim.recording.recorder import new_notes
from beepsim.robots.crew import new_crew, robot_seed, show, take
from beepsim.robots.loader import load_bot
from beepsim.robots.plain import PlainHost
from beepsim.robots.prepare import new_memory
from beepsim.rules import MAX_BODY_TURN, MAX_VELOCITY

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)


def new_stage_parts(names=("circle", "circle"), seed=1):
    bots = [load_bot(name) for name in names]
    world = new_world(new_rules(), np.full(len(bots), ADVANCED), seed)
    memories = [new_memory(bot) for bot in bots]
    crew = new_crew(bots, memories, world, seed, is_compiled=False)
    return world, crew, memories, bots


def new_round():
    world, crew, _, _ = new_stage_parts()
    start_round(world)
    return world, crew


def test_a_command_left_alone_goes_on():
    world, crew = new_round()
    world.commands[0]["distance"], world.commands[0]["gun_turn"], world.commands[0]["max_velocity"] = 77.0, -1.0, 5.0
    before = world.commands[0].copy()
    show(world, crew, 0)
    take(world, crew, 0)
    assert str(world.commands[0]) == str(before)  # by fields: bytes between them may differ


@given(st.fixed_dictionaries({name: ANY_FLOAT for name in ("max_velocity", "max_turn_rate", "fire_power", "distance")}))
def test_any_order_is_brought_within_the_rules(orders):
    world, crew = new_round()
    world.robots[0]["gun_heat"] = 0.0
    show(world, crew, 0)
    for name, value in orders.items():
        crew.commands[0][name] = value
    take(world, crew, 0)
    command = world.commands[0]
    for name, most in (("max_velocity", MAX_VELOCITY), ("max_turn_rate", MAX_BODY_TURN)):
        expected = most if math.isnan(orders[name]) else min(abs(orders[name]), most)
        assert command[name] == expected
    if math.isnan(orders["fire_power"]):
        assert math.isnan(command["fire_power"]) and world.robots[0]["last_bullet_id"] == 1
    else:
        assert command["fire_power"] == min(max(orders["fire_power"], 0.1), 3.0)
        assert command["fire_id"] == world.robots[0]["last_bullet_id"] == 2
    play_turn(world)
    robot = world.robots[0]
    assert all(math.isfinite(robot[name]) for name in ("x", "y", "heading", "velocity", "energy"))
    assert 18 <= robot["x"] <= 782 and 18 <= robot["y"] <= 582 and abs(robot["velocity"]) <= 1.0


@pytest.mark.parametrize(("heat", "energy"), [(0.1, 100.0), (0.0, 0.0)])
def test_no_shot_from_a_hot_gun_or_without_energy(heat, energy):
    world, crew = new_round()
    world.robots[0]["gun_heat"], world.robots[0]["energy"] = heat, energy
    show(world, crew, 0)
    crew.commands[0]["fire_power"] = 2.0
    take(world, crew, 0)
    assert math.isnan(world.commands[0]["fire_power"])


def test_power_is_limited_by_energy():
    world, crew = new_round()
    world.robots[0]["gun_heat"], world.robots[0]["energy"] = 0.0, 0.7
    show(world, crew, 0)
    crew.commands[0]["fire_power"] = 2.0
    take(world, crew, 0)
    assert world.commands[0]["fire_power"] == 0.7


def test_a_disabled_robot_turns_only_gun_and_radar():
    world, crew = new_round()
    world.robots[0]["energy"] = 0.0
    show(world, crew, 0)
    for name in ("distance", "body_turn", "gun_turn", "radar_turn"):
        crew.commands[0][name] = 1.0
    take(world, crew, 0)
    ordered = [world.commands[0][name] for name in ("distance", "body_turn", "gun_turn", "radar_turn")]
    assert ordered == [0.0, 0.0, 1.0, 1.0]


class Spy:
    """A host that looks at what its robot is told before it lets the bot run."""

    def __init__(self, host, look):
        self.host, self.look, self.faults, self.skipped_turns = host, look, host.faults, 0

    def run(self, count):
        self.look(count)
        self.host.run(count)

    def start_round(self):
        pass

    end_round = close = start_round


def test_bots_hear_their_own_events_only_and_see_no_leftovers():
    world, crew, memories, bots = new_stage_parts(["random_mover+linear", "circle+head_on", "stop_and_go+circular"])
    told: list[np.ndarray] = []
    deaths: list[int] = []

    def spy_on(robot):
        def look(count):
            events, view = crew.events[:count].copy(), crew.views[robot]
            told.append(events)
            assert (events["receiver"] == robot).all()
            mine = events_of(world)
            assert events["type"].tolist() == mine[mine["receiver"] == robot]["type"].tolist()
            assert view.energy == world.robots[robot]["energy"] and view.turn == world.battle[0]["turn"]
            assert (world.robots[robot]["state"] == DEAD) == (DEATH in events["type"])
            deaths.extend([robot] * (DEATH in events["type"]))

        return Spy(PlainHost(bots[robot], robot, memories[robot], crew, world), look)

    hosts = {robot: spy_on(robot) for robot in range(3)}
    play_round(new_stage(bots, memories, world, crew, new_notes(world, False), hosts))
    events = np.concatenate(told)
    scans, hits = events[events["type"] == SCANNED_ROBOT], events[events["type"] == HIT_BY_BULLET]
    assert len(scans) > 400 and len(hits) > 2 and (events["type"] == BULLET_HIT).any()
    assert len(deaths) == len(set(deaths)) >= 2  # each dead robot runs once more, and hears why
    # A scan tells nothing of bullets, a hit nothing of where its shooter is.
    for name in EVENT.names:
        if name.startswith(("bullet_", "hit_bullet_")):
            assert set(np.unique(scans[name])) <= {0, NOBODY}
    for name in ("energy", "distance", "velocity", "heading"):
        assert (hits[name] == 0).all()


def test_robots_random_numbers_differ():
    seeds = {robot_seed(seed, robot) for seed in range(50) for robot in range(10)}
    assert len(seeds) == 500 and all(0 <= seed < 1 << 48 for seed in seeds)
