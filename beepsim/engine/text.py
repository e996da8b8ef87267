"""The world as text and back, exactly: what tests print, bug reports hold and a battle can start from.

    rules width=800.0 height=600.0 gun_cooling_rate=0.1 inactivity_time=450 num_rounds=10
    battle round=0 turn=31 total_turns=31 end_timer=0 inactive_turns=1 inactivity_energy=3.0
    random 2f4a9c01b7d3          # the generator's state, hexadecimal
    run_order 1 0                # in which the robots run after this turn
    robot x=100.0 y=200.0 heading=0.0 energy=97.0 gun_heat=1.5
    robot x=600.0 y=200.0 heading=1.5 velocity=8.0 command.distance=20.0 total.firsts=3
    bullet owner=0 id=2 x=100.0 y=211.0 heading=0.0 power=3.0

A line per robot in index order and per bullet in the engine's order: `field=value` with the names and units of state.py
(pixels, turns, radians clockwise from north), flags by their name alone; a robot's command, round score and totals have
`command.`, `score.`, `total.` before their names; `damage=` is what it did to each robot, `place=` where each round
starts. Floats have as many digits as bring the same double back. What has its usual value is left out, so that a person
can write a start: robot lines suffice. `#` begins a comment. What only the turn that is over needed is not written: its
events, the robots' last_ fields. Compiled code checks no index and no range, so all are checked here.
"""

import math
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from beepsim.engine.state import (
    ADVANCED,
    BATTLE,
    BULLET,
    BULLET_STATES,
    COMMAND,
    EXPLODED,
    MOST_PLACE,
    MOVING,
    NO_ASSIST,
    NO_SHOT,
    NOBODY,
    ROBOT,
    ROBOT_STATES,
    RULES,
    SCORE,
    World,
    bullets_of,
)
from beepsim.fdlibm import sin_cos
from beepsim.geometry import TWO_PI, box_edge
from beepsim.rules import (
    ACTIVITY_POINTS,
    BULLET_IDS_PER_ROBOT,
    BULLET_IDS_PER_ROUND,
    MAX_BODY_TURN,
    MAX_POWER,
    MAX_VELOCITY,
    START_ENERGY,
    START_GUN_HEAT,
    TURNS_AFTER_DECISION,
    bullet_speed,
)

ROBOT_KINDS = ("JUNIOR", "STANDARD", "ADVANCED")
MOST_ROUNDS = ((1 << 31) - 1) // BULLET_IDS_PER_ROUND
MOST_ENERGY = 1e6  # far above what a battle gives; its loss is booked in steps of ten points
ANY = (-math.inf, math.inf)  # NaN too
FINITE = (-sys.float_info.max, sys.float_info.max)
NOT_NEGATIVE = (0.0, sys.float_info.max)
DIRECTION = (0.0, TWO_PI)
WHOLE = (0, (1 << 31) - 1)


class Field(NamedTuple):
    """What may stand after `name=`: form "f", "i", "b" (flag: the name alone) or one of `words` for an integer."""

    form: str
    limits: tuple[float, float]
    words: tuple[str, ...] = ()


def fields_of(
    dtype: np.dtype, special: dict[str, Any], hidden: Iterable[str] = (), prefix: str = ""
) -> dict[str, Field]:
    """The fields of a record that its line may hold; `special` has the limits of some, or the words for them."""
    fields = {}
    for name in dtype.names or ():
        if name not in hidden:
            form = dtype[name].kind
            limits = special.get(name, WHOLE if form == "i" else FINITE)
            fields[prefix + name] = Field(form, WHOLE, limits) if isinstance(limits[0], str) else Field(form, limits)
    return fields


# fmt: off
RULES_FIELDS = fields_of(RULES, {"num_rounds": (1, MOST_ROUNDS)})
BATTLE_FIELDS = fields_of(BATTLE, {
    "end_timer": (0, TURNS_AFTER_DECISION + 1), "inactivity_energy": (0.0, math.nextafter(ACTIVITY_POINTS, 0.0)),
}, hidden={"robot_count", "alive", "bullet_count", "event_count", "death_count", "sentenced"})
ROBOT_FIELDS = fields_of(ROBOT, {
    "velocity": (-MAX_VELOCITY, MAX_VELOCITY), "energy": (0.0, MOST_ENERGY), "gun_heat": NOT_NEGATIVE,
    "state": ROBOT_STATES, "kind": ROBOT_KINDS,
}, hidden={
    "last_x", "last_y", "last_heading", "last_gun_heading", "last_radar_heading", "sine", "cosine", "direction",
})
COMMAND_FIELDS = fields_of(COMMAND, {
    "distance": ANY, "body_turn": ANY, "gun_turn": ANY, "radar_turn": ANY, "fire_power": ANY, "fire_assist": DIRECTION,
    "max_velocity": (0.0, MAX_VELOCITY), "max_turn_rate": (0.0, MAX_BODY_TURN),
}, prefix="command.")
SCORE_LIMITS = {name: NOT_NEGATIVE for name in SCORE.names or () if SCORE[name].kind == "f"}
SCORE_FIELDS, TOTAL_FIELDS = (fields_of(SCORE, SCORE_LIMITS, prefix=prefix) for prefix in ("score.", "total."))
BULLET_FIELDS = fields_of(BULLET, {
    "heading": DIRECTION, "power": (math.ulp(0.0), MAX_POWER), "victim": (NOBODY, WHOLE[1]), "state": BULLET_STATES,
}, hidden={"step_x", "step_y", "explosion"})
# fmt: on
LIST_FIELDS = {"damage": Field("list", NOT_NEGATIVE), "place": Field("list", (0.0, MOST_PLACE))}
ROBOT_LINE = ROBOT_FIELDS | COMMAND_FIELDS | SCORE_FIELDS | TOTAL_FIELDS | LIST_FIELDS
ALWAYS = {"x", "y", "heading", "owner", "id"}  # written though they have their usual value


def world_text(world: World) -> str:
    """A world of a round in progress, in lines, with a newline at the end."""
    lines = [
        ["rules", *words_of(world.rules[0], RULES_FIELDS)],
        ["battle", *words_of(world.battle[0], BATTLE_FIELDS)],
        ["random", f"{int(world.random[0]):x}"],
        ["run_order", *map(str, world.run_order.tolist())],
        *(["robot", *robot_words(world, index)] for index in range(len(world.robots))),
        *(["bullet", *words_of(bullet, BULLET_FIELDS, usual_bullet(bullet))] for bullet in bullets_of(world)),
    ]
    return "".join(" ".join(line) + "\n" for line in lines)


def words_of(row: np.void, fields: dict[str, Field], usual: np.void | None = None) -> Iterator[str]:
    """A word for each field of the record whose value is not the usual one."""
    for name, field in fields.items():
        key = name.rpartition(".")[2]
        value = row[key].item()
        # Compared as text: there NaN is NaN, and 0.0 is not -0.0.
        if usual is None or key in ALWAYS or repr(value) != repr(usual[key].item()):
            if field.form != "b":
                yield f"{name}={field.words[value] if field.words else repr(value)}"
            elif value:
                yield name


def robot_words(world: World, index: int) -> Iterator[str]:
    """The words of a robot's line."""
    count, robot = len(world.robots), world.robots[index]
    yield from words_of(robot, ROBOT_FIELDS, usual_robot(world, index))
    yield from words_of(world.commands[index], COMMAND_FIELDS, usual_command())
    for table, fields in ((world.scores, SCORE_FIELDS), (world.totals, TOTAL_FIELDS)):
        yield from words_of(table[index], fields, np.zeros(1, SCORE)[0])
    damage, place = world.damage[index * count : (index + 1) * count], world.places[3 * index : 3 * index + 3]
    for name, numbers, is_given in (("damage", damage, damage.any()), ("place", place, not np.isnan(place[0]))):
        if is_given:
            yield f"{name}={','.join(map(repr, numbers.tolist()))}"


def usual_robot(world: World, index: int) -> np.void:
    """A robot as it is at a round's start, at the place and with the body's heading, box and bullets of this one."""
    robot, usual = world.robots[index], np.zeros(1, ROBOT)[0]
    usual["kind"], usual["energy"], usual["gun_heat"], usual["cosine"] = ADVANCED, START_ENERGY, START_GUN_HEAT, 1.0
    usual["left"], usual["low"] = box_edge(robot["x"]), box_edge(robot["y"])
    for name in ("x", "y"):
        usual[name] = usual[f"last_{name}"] = robot[name]
    for name in ("heading", "gun_heading", "radar_heading"):
        usual[name] = usual[f"last_{name}"] = robot["heading"]
    bullets = bullets_of(world)
    ids = bullets["id"][(bullets["owner"] == index) & ~bullets["explosion"]]
    usual["last_bullet_id"] = ids.max(initial=first_bullet_id(world, index))
    return usual


def usual_command() -> np.void:
    """Orders of a robot that has given none."""
    usual = np.zeros(1, COMMAND)[0]
    usual["max_velocity"], usual["max_turn_rate"] = MAX_VELOCITY, MAX_BODY_TURN
    usual["fire_power"], usual["fire_assist"] = NO_SHOT, NO_ASSIST
    return usual


def usual_bullet(bullet: np.void) -> np.void:
    """A bullet on its way, or a robot's explosion, at the place and with the owner, id and direction of this one."""
    usual = bullet.copy()
    usual["state"], usual["frame"], usual["victim"] = MOVING, bullet["state"] == MOVING, NOBODY
    if bullet["state"] == EXPLODED:
        usual["id"], usual["power"], usual["heading"], usual["victim"] = 0, 1.0, 0.0, bullet["owner"]
        usual["step_x"] = usual["step_y"] = 0.0
        usual["explosion"] = True
    else:
        sine, cosine = sin_cos(bullet["heading"])
        speed = bullet_speed(bullet["power"])
        usual["step_x"], usual["step_y"] = speed * sine, speed * cosine
        usual["power"] = math.nan  # there is no usual one
    is_moving = bullet["state"] == MOVING  # the last move of others matters no more
    usual["last_x"] = bullet["x"] - usual["step_x"] if is_moving else bullet["last_x"]
    usual["last_y"] = bullet["y"] - usual["step_y"] if is_moving else bullet["last_y"]
    return usual


def first_bullet_id(world: World, index: int) -> int:
    """A robot's `last_bullet_id` of a round before its first shot."""
    return 1 + index * BULLET_IDS_PER_ROBOT + int(world.battle[0]["round"]) * BULLET_IDS_PER_ROUND
