"""The world of a battle: one structured array per kind of thing, changed in place by the engine, also in compiled code.

Pixels, turns, radians clockwise from north (0 = up = +y), energy points. [R] robots in index order, [C] bullet slots,
[E] events of one turn. `new_world` makes a world before its first round; then, for each round:

    start_round(world)                        # places the robots, draws `run_order` for the start (rounds.py)
    let the robots of `run_order` run         # they write into world.commands
    until round_is_over(world):               # (rounds.py)
        play_turn(world)                      # from loading the commands to scans, deaths, scores (turn.py)
        let the robots of `run_order` run      # while may_run(world, robot): those alive and not halted (rounds.py)

A compiled loop takes `bare(world)` (rows.py) once and calls `prepare_round` and `take_turn` with it: that is several
times faster.

Before a robot runs, `clear_orders` takes away the shot and the scan request of its last orders; what it has not yet
travelled or turned stays in its command record and is worked off turn by turn if the robot leaves it alone.
"""

import math
import re
from typing import NamedTuple

import numpy as np

from beepsim.errors import UserError
from beepsim.geometry import TWO_PI
from beepsim.javarandom import new_random, next_double
from beepsim.rules import BOT_WIDTH, BULLET_EXPLOSION_FRAMES, MAX_POWER, bullet_speed, gun_heat_of_shot

NOBODY = -1  # where a robot's index is asked for and there is none
NO_SHOT = math.nan  # COMMAND.fire_power without a shot
NO_ASSIST = math.nan  # COMMAND.fire_assist without one
NO_BOX = math.nan  # ROBOT.left and .low before the first round; such a box overlaps nothing
ANYWHERE = math.nan  # World.places of robots that are placed at random
MOST_PLACE = 500_000.0  # of a given place; the engine takes the sine of no angle above 800,000

# ROBOT.state
ACTIVE, HIT_WALL, HIT_ROBOT, DEAD = 0, 1, 2, 3
ROBOT_STATES = ("ACTIVE", "HIT_WALL", "HIT_ROBOT", "DEAD")
# ROBOT.kind
JUNIOR, STANDARD, ADVANCED = 0, 1, 2
# BULLET.state; FIRED only within the turn in which the bullet leaves.
FIRED, MOVING, HIT_VICTIM, HIT_BULLET, BULLET_HIT_WALL, EXPLODED = 0, 1, 2, 3, 4, 5
BULLET_STATES = ("FIRED", "MOVING", "HIT_VICTIM", "HIT_BULLET", "HIT_WALL", "EXPLODED")
# EVENT.type
SCANNED_ROBOT, HIT_BY_BULLET, BULLET_HIT, BULLET_HIT_BULLET, BULLET_MISSED = 0, 1, 2, 3, 4
HIT_ROBOT_EVENT, HIT_WALL_EVENT, ROBOT_DEATH, DEATH, WIN, ROUND_ENDED, BATTLE_ENDED = 5, 6, 7, 8, 9, 10, 11
# fmt: off
EVENT_TYPES = (
    "ScannedRobotEvent", "HitByBulletEvent", "BulletHitEvent", "BulletHitBulletEvent", "BulletMissedEvent",
    "HitRobotEvent", "HitWallEvent", "RobotDeathEvent", "DeathEvent", "WinEvent", "RoundEndedEvent",
    "BattleEndedEvent",
)
# fmt: on


def record(fields: list[tuple[str, str]]) -> np.dtype:
    """An aligned structured dtype whose fields are attributes also in code that is not compiled.

    Only a field named `round` must be read as record["round"]: uncompiled, the attribute is numpy's method.
    """
    return np.dtype((np.record, np.dtype(fields, align=True)))


RULES = record(
    [
        ("width", "f8"),  # whole numbers in Robocode
        ("height", "f8"),
        ("gun_cooling_rate", "f8"),
        ("inactivity_time", "i8"),
        ("num_rounds", "i8"),
        ("hide_enemy_names", "?"),  # others are called #<index>; for whoever shows names, the engine knows indices only
    ]
)

BATTLE = record(
    [
        ("round", "i8"),  # from 0; -1 before the first
        ("turn", "i8"),  # of this round; 0 at its start
        ("total_turns", "i8"),  # of all rounds
        ("robot_count", "i8"),
        ("alive", "i8"),  # robots
        ("end_timer", "i8"),  # 0; 1 in the turn that decides the round; the round is over above 150
        ("inactive_turns", "i8"),
        ("inactivity_energy", "f8"),  # lasts from round to round
        ("bullet_count", "i8"),
        ("event_count", "i8"),
        ("death_count", "i8"),  # in this turn
        ("sentenced", "i8"),  # robots that were punished since this turn and die at the start of the next
    ]
)

ROBOT = record(
    [
        ("x", "f8"),
        ("y", "f8"),
        ("velocity", "f8"),
        ("heading", "f8"),
        ("gun_heading", "f8"),
        ("radar_heading", "f8"),
        ("energy", "f8"),
        ("gun_heat", "f8"),
        ("left", "f8"),  # lower left corner of the box, rounded to single precision; may lag behind x, y
        ("low", "f8"),
        ("last_x", "f8"),  # the five at the beginning of this turn
        ("last_y", "f8"),
        ("last_heading", "f8"),
        ("last_gun_heading", "f8"),
        ("last_radar_heading", "f8"),
        ("sine", "f8"),  # of the heading `direction`, kept because most turns need them again
        ("cosine", "f8"),
        ("direction", "f8"),
        ("state", "i8"),
        ("kind", "i8"),
        ("last_bullet_id", "i8"),  # whoever accepts a shot adds one and writes it to COMMAND.fire_id
        ("over_driving", "?"),  # too fast to stop within the distance; lasts from round to round
        ("in_collision", "?"),  # at fault in a collision in this turn
        ("scan_requested", "?"),
        ("radar_with_gun", "?"),  # gun and radar turned as one in the last scan; lasts from round to round
        ("died_now", "?"),  # in this turn
        ("winner", "?"),
        ("drained", "?"),  # disabled for its bot's fault: no bullet gives it energy again in this round
        ("punished", "?"),  # killed for its bot's fault: no score in this round
    ]
)

COMMAND = record(
    [
        ("distance", "f8"),  # still to travel, negative backwards; may be infinite
        ("body_turn", "f8"),  # still to turn, positive clockwise; may be infinite
        ("gun_turn", "f8"),
        ("radar_turn", "f8"),
        ("max_velocity", "f8"),
        ("max_turn_rate", "f8"),
        ("fire_power", "f8"),  # NO_SHOT once it has left
        ("fire_assist", "f8"),  # direction of the shot instead of the gun's, NO_ASSIST without one
        ("fire_id", "i8"),
        ("adjust_gun_for_body", "?"),
        ("adjust_radar_for_gun", "?"),
        ("adjust_radar_for_body", "?"),
        ("scan", "?"),
    ]
)

BULLET = record(
    [
        ("x", "f8"),
        ("y", "f8"),
        ("last_x", "f8"),  # before its last move
        ("last_y", "f8"),
        ("step_x", "f8"),  # its move in a turn
        ("step_y", "f8"),
        ("heading", "f8"),
        ("power", "f8"),
        ("id", "i8"),  # 0 for the explosion of a robot
        ("owner", "i8"),
        ("victim", "i8"),  # NOBODY until it hits a robot
        ("state", "i8"),
        ("frame", "i8"),
        ("explosion", "?"),  # of a robot: no bullet, but an entry of the engine's list that counts in its shuffles
    ]
)

SCORE = record(
    [
        ("survival", "f8"),
        ("last_survivor", "f8"),
        ("bullet_damage", "f8"),
        ("bullet_kill", "f8"),
        ("ram_damage", "f8"),
        ("ram_kill", "f8"),
        ("total", "f8"),  # 0 in the score of a round
        ("firsts", "i8"),
        ("seconds", "i8"),
        ("thirds", "i8"),
    ]
)

# An event fills the fields of its type only; the others hold what an older event left there.
EVENT = record(
    [
        ("type", "i8"),
        ("receiver", "i8"),
        ("other", "i8"),  # the robot scanned, hit, dead
        ("energy", "f8"),  # its energy, bearing (relative to the receiver's heading), distance, heading, velocity
        ("bearing", "f8"),
        ("distance", "f8"),
        ("heading", "f8"),
        ("velocity", "f8"),
        ("my_fault", "?"),
        ("bullet_id", "i8"),  # of HitByBullet, BulletHit, BulletMissed; of BulletHitBullet the receiver's bullet
        ("bullet_owner", "i8"),
        ("bullet_victim", "i8"),
        ("bullet_x", "f8"),
        ("bullet_y", "f8"),
        ("bullet_heading", "f8"),
        ("bullet_power", "f8"),
        ("hit_bullet_id", "i8"),  # of BulletHitBullet the other bullet
        ("hit_bullet_owner", "i8"),
        ("hit_bullet_x", "f8"),
        ("hit_bullet_y", "f8"),
        ("hit_bullet_heading", "f8"),
        ("hit_bullet_power", "f8"),
        ("round", "i8"),  # of RoundEnded
        ("turns", "i8"),
        ("total_turns", "i8"),
        ("rank", "i8"),  # of BattleEnded, 1 is the best
    ]
)


class World(NamedTuple):
    """All that a battle's course depends on, and the room that the engine works in."""

    rules: np.ndarray  # RULES [1]
    battle: np.ndarray  # BATTLE [1]
    random: np.ndarray  # int64 [1], the generator of javarandom.py
    robots: np.ndarray  # ROBOT [R]
    commands: np.ndarray  # COMMAND [R], worked off in place
    scores: np.ndarray  # SCORE [R] of this round
    totals: np.ndarray  # SCORE [R] of all rounds decided so far; places of this round too
    damage: np.ndarray  # float64 [R*R], what robot i did to robot j in this round at i*R + j
    bullets: np.ndarray  # BULLET [C], slots
    bullet_list: (
        np.ndarray
    )  # int64 [C]: the first `bullet_count` are the slots in the engine's order, the rest are free
    events: np.ndarray  # EVENT [E]: the first `event_count`, in order of creation
    places: np.ndarray  # float64 [3*R], x, y and heading of each at round start, or ANYWHERE
    run_order: np.ndarray  # int64 [R], the order in which the robots run after this turn
    deaths: np.ndarray  # int64 [R]: the first `death_count` died in this turn, in this order
    order: np.ndarray  # int64 [max(R, C)], scratch
    inner_order: np.ndarray  # int64 [max(R, C, E) + 1], scratch
    flights: np.ndarray  # float64 [6*C], scratch of bullets.py and scan.py


def new_rules(
    width: float = 800,
    height: float = 600,
    gun_cooling_rate: float = 0.1,
    inactivity_time: int = 450,
    num_rounds: int = 10,
    hide_enemy_names: bool = False,
) -> np.ndarray:
    """RULES [1] with Robocode's defaults. UserError for what Robocode refuses."""
    for name, value, least in (
        ("width", width, 400),
        ("height", height, 400),
        ("gun_cooling_rate", gun_cooling_rate, 0.1),
        ("inactivity_time", inactivity_time, 1),
        ("num_rounds", num_rounds, 1),
    ):
        if not least <= value < math.inf:
            raise UserError(f"rule {name} is {value}, it must be a number of at least {least}")
    for name, value in (("width", width), ("height", height)):
        if value != int(value) or value > 5000:
            raise UserError(f"rule {name} is {value}, it must be a whole number from 400 to 5000")
    row = (width, height, gun_cooling_rate, inactivity_time, num_rounds, hide_enemy_names)
    return np.array([row], dtype=RULES)


def bullet_slots(rules: np.void, robots: int) -> int:
    """[C]: most entries that the bullet list can hold: shots in flight and exploding, and an explosion per robot."""
    slowest = bullet_speed(MAX_POWER)
    flight = math.hypot(rules["width"], rules["height"]) / slowest + BULLET_EXPLOSION_FRAMES + 2
    turns_between_shots = max(1, math.floor(gun_heat_of_shot(0.0) / rules["gun_cooling_rate"]))
    return robots * (int(flight / turns_between_shots) + 3)


def new_world(rules: np.ndarray, kinds: np.ndarray, seed: int, positions: str | None = None, flying: int = 0) -> World:
    """A world before its first round. `kinds` [R] of JUNIOR, STANDARD, ADVANCED; `positions` as Robocode writes them.

    Of the seed the lowest 48 bits count, as in Java. `flying` bullets find room beside those that the robots may fire.
    Raises UserError for no robot, or a text without positions.
    """
    count = len(kinds)
    if count < 1:
        raise UserError("a battle of 0 robots was asked for, it needs at least 1")
    capacity = bullet_slots(rules[0], count) + flying
    # Per robot: a scan and a death of each other, a wall, a collision for two, death, three at the round's end.
    events = count * (2 * count + 8) + 2 * capacity
    world = World(
        rules=rules.copy(),
        battle=np.zeros(1, dtype=BATTLE),
        random=new_random(seed & ((1 << 48) - 1)),
        robots=np.zeros(count, dtype=ROBOT),
        commands=np.zeros(count, dtype=COMMAND),
        scores=np.zeros(count, dtype=SCORE),
        totals=np.zeros(count, dtype=SCORE),
        damage=np.zeros(count * count),
        bullets=np.zeros(capacity, dtype=BULLET),
        bullet_list=np.arange(capacity),
        events=np.zeros(events, dtype=EVENT),
        places=np.full(3 * count, ANYWHERE),
        run_order=np.arange(count),
        deaths=np.zeros(count, dtype=np.int64),
        order=np.zeros(max(count, capacity), dtype=np.int64),
        inner_order=np.zeros(max(count, capacity, events) + 1, dtype=np.int64),
        flights=np.zeros(6 * capacity),
    )
    world.battle["round"] = -1
    world.battle["robot_count"] = count
    world.robots["kind"] = kinds
    world.robots["left"] = world.robots["low"] = NO_BOX
    world.robots["cosine"] = 1.0  # of direction 0
    if positions is not None:
        place_by_text(world, positions)
    return world


def place_by_text(world: World, text: str) -> None:
    """Fill `places` from groups (x,y,degrees); `?` or nothing is drawn now, for all rounds (Battle.java:690).

    From each number all but digits and the point is dropped, as Robocode does; each group costs three draws.
    """
    groups = re.findall(r"\(([^()]*)\)", text)
    if not groups:
        raise UserError(f"initial positions are {text!r}, they must be groups like (100,200,90),(?,?,?)")
    width, height = float(world.rules[0]["width"]), float(world.rules[0]["height"])
    for robot, group in enumerate(groups):
        place = [
            BOT_WIDTH + next_double(world.random) * (width - 2 * BOT_WIDTH),
            BOT_WIDTH + next_double(world.random) * (height - 2 * BOT_WIDTH),
            TWO_PI * next_double(world.random),
        ]
        for axis, number in enumerate(group.split(",")[:3]):
            digits = re.sub(r"[^0-9.]", "", number)
            if re.fullmatch(r"\d+\.?\d*|\.\d+", digits):
                if float(digits) > MOST_PLACE:
                    raise UserError(
                        f"initial position {group!r} has {number.strip()}, at most {MOST_PLACE:.0f} is possible"
                    )
                place[axis] = float(digits) * (0.017453292519943295 if axis == 2 else 1.0)
        if robot < len(world.robots):
            world.places[3 * robot : 3 * robot + 3] = place


def bullets_of(world: World) -> np.ndarray:
    """BULLET [bullet_count], a copy of the engine's list in its own order."""
    return world.bullets[world.bullet_list[: world.battle[0]["bullet_count"]]]


def events_of(world: World) -> np.ndarray:
    """EVENT [event_count], a view of this turn's events in order of creation."""
    return world.events[: world.battle[0]["event_count"]]
