"""The robots of a battle as the loop sees them: what each is given in a turn, its call, and what is made of its orders.

A bot gets copies, never the engine's own records: its status, the events it received, its command as worked off so
far. Its orders are taken as Robocode takes them: NaN and infinite turns do no harm, limits are clipped, a shot is
accepted only from a cool gun with energy left. Source: `BasicRobotProxy.java`, `AdvancedRobotProxy.java`.
"""

import math
from typing import NamedTuple

import numpy as np

from beepsim.engine.energy import drain, sentence
from beepsim.engine.rounds import clear_orders
from beepsim.engine.rows import bare, part, rows, rows_at
from beepsim.engine.state import (
    BATTLE_ENDED,
    BULLET_HIT,
    BULLET_HIT_BULLET,
    BULLET_MISSED,
    COMMAND,
    DEAD,
    EVENT,
    HIT_BY_BULLET,
    HIT_ROBOT_EVENT,
    HIT_WALL_EVENT,
    NOBODY,
    ROBOT_DEATH,
    ROUND_ENDED,
    SCANNED_ROBOT,
    World,
)
from beepsim.javarandom import new_random
from beepsim.jit import jit
from beepsim.robots.compiled import VIEW
from beepsim.robots.entry import compiled_entry
from beepsim.robots.exchange import (
    CALL_ALWAYS,
    DISABLE,
    GONE,
    INNOCENT,
    KILL,
    UNTIL_GUN_TURNED,
    UNTIL_MOVED,
    UNTIL_RADAR_TURNED,
    UNTIL_TURNED,
)
from beepsim.robots.loader import ROBOT, Bot
from beepsim.rules import BULLET_IDS_PER_ROBOT, MAX_BODY_TURN, MAX_POWER, MAX_VELOCITY, MIN_POWER

GOLDEN = 0x9E3779B97F4A7C15  # SplitMix64's step: seeds of neighbouring robots and battles are far apart
WORD = (1 << 64) - 1


CALL = np.dtype([(name, "i8") for name in ("entry", "view_at", "events_at", "memory_at", "command_at", "random_at")])
"""Addresses: of a robot's C function, 0 where it runs in Python, and of what it is called with."""


class Crew(NamedTuple):
    """What is kept for the robots beside the world, [R] in index order."""

    calls: np.ndarray  # CALL [R]
    views: np.ndarray  # VIEW [R]
    commands: np.ndarray  # COMMAND [R], the copies that bots write to
    random: np.ndarray  # int64 [R]
    events: np.ndarray  # EVENT [E], those of the robot that runs
    waits: np.ndarray  # int64 [R], see exchange.py
    verdicts: np.ndarray  # int64 [R], see exchange.py
    running: np.ndarray  # int64 [1], the robot that runs, or ran last
    failed: np.ndarray  # int64 [1], 1 once a compiled bot has raised an exception


def robot_seed(seed: int, robot: int) -> int:
    """Seed of a robot's own random numbers, so that it never disturbs the engine's or another robot's."""
    mixed = (seed + (robot + 1) * GOLDEN) & WORD
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & WORD
    return (mixed ^ (mixed >> 31)) >> 16


def new_crew(bots: list[Bot], memories: list[np.ndarray], world: World, seed: int, is_compiled: bool) -> Crew:
    """The crew at the start of a battle; compiles the bots that it is to call by address."""
    crew = Crew(
        calls=np.zeros(len(bots), CALL),
        views=np.zeros(len(bots), VIEW),
        commands=np.zeros(len(bots), COMMAND),
        random=np.concatenate([new_random(robot_seed(seed, robot)) for robot in range(len(bots))]),
        events=np.zeros(len(world.events), EVENT),
        waits=np.zeros(len(bots), np.int64),
        verdicts=np.zeros(len(bots), np.int64),
        running=np.full(1, NOBODY, np.int64),
        failed=np.zeros(1, np.int64),
    )
    for robot, bot in enumerate(bots):
        call = crew.calls[robot]
        is_called_by_address = is_compiled and bot.parts[0].kind != ROBOT
        call["entry"] = compiled_entry(bot.parts).address if is_called_by_address else 0
        call["view_at"], call["command_at"] = crew.views[robot:].ctypes.data, crew.commands[robot:].ctypes.data
        call["memory_at"], call["random_at"] = memories[robot].ctypes.data, crew.random[robot:].ctypes.data
        call["events_at"] = crew.events.ctypes.data
    return crew


@jit
def bare_crew(crew):
    """The crew with all its arrays by address, as `bare` does it for a world."""
    return Crew(
        rows(crew.calls),
        rows(crew.views),
        rows(crew.commands),
        rows(crew.random),
        rows(crew.events),
        rows(crew.waits),
        rows(crew.verdicts),
        rows(crew.running),
        rows(crew.failed),
    )


@part
def crew_at(addresses, first):
    """The crew whose arrays' addresses stand at `first` and after it."""
    return Crew(
        rows_at(addresses[first], CALL),
        rows_at(addresses[first + 1], VIEW),
        rows_at(addresses[first + 2], COMMAND),
        rows_at(addresses[first + 3], np.int64),
        rows_at(addresses[first + 4], EVENT),
        rows_at(addresses[first + 5], np.int64),
        rows_at(addresses[first + 6], np.int64),
        rows_at(addresses[first + 7], np.int64),
        rows_at(addresses[first + 8], np.int64),
    )


@part
def begin_crew(world, crew):
    """For the round that has just been started: all robots are called, none is guilty."""
    crew.failed[0] = 0
    for robot in range(world.battle[0].robot_count):
        crew.waits[robot], crew.verdicts[robot] = CALL_ALWAYS, INNOCENT


@part
def is_parked(world, crew, robot):
    """Whether the robot need not be called after this turn, see exchange.py."""
    wait, command = crew.waits[robot], world.commands[robot]
    if wait == GONE:
        return True
    if (
        wait == CALL_ALWAYS
        or (wait == UNTIL_MOVED and command.distance == 0.0)
        or (wait == UNTIL_TURNED and command.body_turn == 0.0)
        or (wait == UNTIL_GUN_TURNED and command.gun_turn == 0.0)
        or (wait == UNTIL_RADAR_TURNED and command.radar_turn == 0.0)
    ):
        return False
    for i in range(world.battle[0].event_count):
        if world.events[i].receiver == robot:
            return False
    return True


@part
def judge(world, crew, robot):
    """Carries out the verdict on a robot that has ended its turn."""
    if crew.verdicts[robot] == DISABLE:
        drain(world, robot)
    elif crew.verdicts[robot] == KILL:
        sentence(world, robot)
    crew.verdicts[robot] = INNOCENT


@jit
def show(world, crew, robot):
    """Fills in the robot's view, events and command; the number of its events."""
    return show_bare(bare(world), bare_crew(crew), robot)


@jit
def take(world, crew, robot):
    """Takes over the orders that the bot wrote into its copy of the command."""
    take_bare(bare(world), bare_crew(crew), robot)


@part
def show_bare(world, crew, robot):
    """`show` of a bare world and crew."""
    battle, rules, mine, view = world.battle[0], world.rules[0], world.robots[robot], crew.views[robot]
    crew.running[0] = robot
    view.round_number, view.turn, view.num_rounds = battle["round"], battle.turn, rules.num_rounds
    view.others = battle.alive - (1 if mine.state != DEAD else 0)
    view.x, view.y, view.velocity = mine.x, mine.y, mine.velocity
    view.heading, view.gun_heading, view.radar_heading = mine.heading, mine.gun_heading, mine.radar_heading
    view.energy, view.gun_heat = mine.energy, mine.gun_heat
    view.width, view.height, view.gun_cooling_rate = rules.width, rules.height, rules.gun_cooling_rate
    command, copy = world.commands[robot], crew.commands[robot]
    copy.distance, copy.body_turn = command.distance, command.body_turn
    copy.gun_turn, copy.radar_turn = command.gun_turn, command.radar_turn
    copy.max_velocity, copy.max_turn_rate = command.max_velocity, command.max_turn_rate
    copy.adjust_gun_for_body = command.adjust_gun_for_body
    copy.adjust_radar_for_gun = command.adjust_radar_for_gun
    copy.adjust_radar_for_body = command.adjust_radar_for_body
    clear_orders(copy)
    count = 0
    for i in range(battle.event_count):  # whose event it is, is as good as random: noted without a branch
        world.inner_order[count] = i
        count += 1 if world.events[i].receiver == robot else 0
    for i in range(count):
        copy_event(world.events[world.inner_order[i]], crew.events[i])
    return count


@part
def copy_event(event, copy):
    """Copies what an event of its type tells; the engine's record also holds what older events, of others, left."""
    blank_event(copy)
    kind = event.type
    copy.type, copy.receiver = kind, event.receiver
    if kind == SCANNED_ROBOT:
        copy.other, copy.energy, copy.bearing = event.other, event.energy, event.bearing
        copy.distance, copy.heading, copy.velocity = event.distance, event.heading, event.velocity
    elif kind == HIT_ROBOT_EVENT:
        copy.other, copy.energy, copy.bearing = event.other, event.energy, event.bearing
        copy.my_fault = event.my_fault
    elif kind == HIT_WALL_EVENT:
        copy.bearing = event.bearing
    elif kind == ROBOT_DEATH:
        copy.other = event.other
    elif kind == ROUND_ENDED:
        copy["round"], copy.turns, copy.total_turns = event["round"], event.turns, event.total_turns
    elif kind == BATTLE_ENDED:
        copy.rank = event.rank
    elif kind == HIT_BY_BULLET or kind == BULLET_HIT or kind == BULLET_HIT_BULLET or kind == BULLET_MISSED:
        copy.bullet_id, copy.bullet_owner, copy.bullet_victim = event.bullet_id, event.bullet_owner, event.bullet_victim
        copy.bullet_x, copy.bullet_y = event.bullet_x, event.bullet_y
        copy.bullet_heading, copy.bullet_power = event.bullet_heading, event.bullet_power
        if kind == HIT_BY_BULLET:
            copy.other, copy.bearing = event.bullet_owner, event.bearing
        elif kind == BULLET_HIT:
            copy.other, copy.energy = event.other, event.energy
        elif kind == BULLET_HIT_BULLET:
            copy.hit_bullet_id, copy.hit_bullet_owner = event.hit_bullet_id, event.hit_bullet_owner
            copy.hit_bullet_x, copy.hit_bullet_y = event.hit_bullet_x, event.hit_bullet_y
            copy.hit_bullet_heading, copy.hit_bullet_power = event.hit_bullet_heading, event.hit_bullet_power


@part
def blank_event(event):
    """No robots, no bullets, all numbers zero."""
    event.other = event.bullet_owner = event.bullet_victim = event.hit_bullet_owner = NOBODY
    event.energy = event.bearing = event.distance = event.heading = event.velocity = 0.0
    event.my_fault = False
    event.bullet_id = event.hit_bullet_id = 0
    event.bullet_x = event.bullet_y = event.bullet_heading = event.bullet_power = 0.0
    event.hit_bullet_x = event.hit_bullet_y = event.hit_bullet_heading = event.hit_bullet_power = 0.0
    event["round"] = event.turns = event.total_turns = event.rank = 0


@part
def take_bare(world, crew, robot):
    """`take` of a bare world and crew."""
    mine, command, order = world.robots[robot], world.commands[robot], crew.commands[robot]
    clear_orders(command)
    # A disabled robot cannot order moves and body turns; gun and radar still turn.
    if mine.energy > 0.0:
        command.distance, command.body_turn = order.distance, order.body_turn
    command.gun_turn, command.radar_turn = order.gun_turn, order.radar_turn
    if not math.isnan(order.max_velocity):
        command.max_velocity = min(abs(order.max_velocity), MAX_VELOCITY)
    if not math.isnan(order.max_turn_rate):
        command.max_turn_rate = min(abs(order.max_turn_rate), MAX_BODY_TURN)
    command.adjust_gun_for_body = order.adjust_gun_for_body
    command.adjust_radar_for_gun = order.adjust_radar_for_gun
    command.adjust_radar_for_body = order.adjust_radar_for_body
    command.scan = order.scan
    if not math.isnan(order.fire_power) and mine.gun_heat <= 0.0 and mine.energy > 0.0:
        shots = (mine.last_bullet_id - 1) % BULLET_IDS_PER_ROBOT
        if shots < BULLET_IDS_PER_ROBOT - 2:  # the next id would be another robot's
            mine.last_bullet_id += 1
            command.fire_power = min(mine.energy, min(max(order.fire_power, MIN_POWER), MAX_POWER))
            command.fire_id = mine.last_bullet_id
            command.fire_assist = order.fire_assist
