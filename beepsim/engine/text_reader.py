"""Worlds from text: reads what `text.py` writes, or a person wrote.

Compiled code checks no index and no range, so that all of them are checked here; errors quote the line.
"""

import difflib
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from beepsim.engine.state import (
    ADVANCED,
    DEAD,
    EXPLODED,
    FIRED,
    MOVING,
    NOBODY,
    SCORE,
    World,
    bullets_of,
    new_rules,
    new_world,
)
from beepsim.engine.text import (
    ANY,
    BATTLE_FIELDS,
    BULLET_FIELDS,
    ROBOT_LINE,
    RULES_FIELDS,
    Field,
    first_bullet_id,
    usual_bullet,
    usual_command,
    usual_robot,
)
from beepsim.errors import UserError
from beepsim.geometry import TWO_PI
from beepsim.rules import BULLET_IDS_PER_ROBOT, BULLET_RADIUS, HALF_BOT_WIDTH

LINES = ("rules", "battle", "random", "run_order", "robot", "bullet")
MOST_ROBOTS = 127  # that a recording can hold
MOST_SHOTS = BULLET_IDS_PER_ROBOT - 2
ROUNDING = 1e-9  # px by which a robot that is pushed back to a wall may end up beyond it
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?inf|nan", re.ASCII)
WHOLE_NUMBER = re.compile(r"[-+]?\d{1,18}", re.ASCII)


class Line(NamedTuple):
    """Words of a line that is not empty, the first of them its kind."""

    number: int
    words: list[str]

    def wrong(self, reason: str) -> UserError:
        text = " ".join(self.words)
        return UserError(f"world text, line {self.number}: {reason}: {text if len(text) < 200 else text[:200] + '…'!r}")


def world_from_text(text: str, seed: int = 1) -> World:
    """The world that `world_text` wrote, or a person; without a random line the generator starts with `seed`.

    UserError quotes the line that is missing, foreign or damaged.
    """
    lines = lines_of(text)
    robot_lines = [(line, values_of(line, ROBOT_LINE)) for line in lines["robot"]]
    bullet_lines = [(line, values_of(line, BULLET_FIELDS)) for line in lines["bullet"]]
    if not 1 <= len(robot_lines) <= MOST_ROBOTS:
        raise UserError(f"world text: it has {len(robot_lines)} robot lines, it must have 1 to {MOST_ROBOTS}")
    kinds = np.array([values.get("kind", ADVANCED) for _, values in robot_lines])
    world = new_world(rules_from(lines["rules"]), kinds, seed, flying=len(bullet_lines))
    fill_head(world, lines)
    for line, values in bullet_lines:
        read_bullet(world, line, values)
    for index, (line, values) in enumerate(robot_lines):
        read_robot(world, index, line, values)
    battle, robots = world.battle[0], world.robots
    battle["alive"] = np.count_nonzero(robots["state"] != DEAD)
    if battle["end_timer"] > 0 and battle["alive"] > 1:
        raise lines["battle"][0].wrong(f"end_timer must be 0 while {battle['alive']} robots are alive")
    battle["sentenced"] = np.count_nonzero(robots["punished"] & (robots["state"] != DEAD))
    deaths = np.flatnonzero(robots["died_now"])
    battle["death_count"], world.deaths[: len(deaths)] = len(deaths), deaths
    for line, values in bullet_lines:
        shooter = robots[values["owner"]]
        if values.get("id", 0) > shooter["last_bullet_id"]:
            raise line.wrong(f"id is after the owner's last_bullet_id={shooter['last_bullet_id']}")
    return world


def lines_of(text: str) -> dict[str, list[Line]]:
    """The lines by their kind, without comments and empty ones."""
    lines: dict[str, list[Line]] = {kind: [] for kind in LINES}
    for number, full in enumerate(text.splitlines(), 1):
        words = full.partition("#")[0].split()
        if words:
            line = Line(number, words)
            if words[0] not in lines:
                raise line.wrong(f"{words[0]!r} is no kind of line, they are {', '.join(LINES)}")
            lines[words[0]].append(line)
            if words[0] not in ("robot", "bullet") and len(lines[words[0]]) > 1:
                raise line.wrong(f"a second {words[0]} line")
    return lines


def values_of(line: Line, fields: dict[str, Field]) -> dict[str, Any]:
    """What the line gives, by the fields' names."""
    values: dict[str, Any] = {}
    for word in line.words[1:]:
        name, is_given, value = word.partition("=")
        if name not in fields:
            near = difflib.get_close_matches(name, fields, 1)
            hint = f", did you mean {near[0]}?" if near else f", its fields are {', '.join(fields)}"
            raise line.wrong(f"{name!r} is no field of a {line.words[0]} line{hint}")
        if name in values:
            raise line.wrong(f"{name} is given twice")
        if fields[name].form == "b":
            if is_given:
                raise line.wrong(f"{word!r} must be {name!r} alone, or nothing")
            values[name] = True
        elif fields[name].form == "list":
            values[name] = [number_of(line, name, one, fields[name]) for one in value.split(",")]
        else:
            values[name] = number_of(line, name, value, fields[name])
    return values


def number_of(line: Line, name: str, value: str, field: Field) -> float:
    """A number, or the integer that one of the field's words stands for."""
    if field.words:
        if value not in field.words:
            raise line.wrong(f"{name} is {value!r}, it must be one of {', '.join(field.words)}")
        return field.words.index(value)
    is_whole = field.form == "i"
    pattern = WHOLE_NUMBER if is_whole else NUMBER
    if not pattern.fullmatch(value):
        raise line.wrong(f"{name} is {value!r}, it must be a {'whole ' if is_whole else ''}number")
    number = int(value) if is_whole else float(value)
    if field.limits != ANY and not field.limits[0] <= number <= field.limits[1]:
        raise line.wrong(f"{name} is {value}, it must be from {field.limits[0]} to {field.limits[1]}")
    return number


def rules_from(lines: list[Line]) -> np.ndarray:
    """RULES [1]; Robocode's defaults for what is not given."""
    for line in lines:
        try:
            return new_rules(**values_of(line, RULES_FIELDS))
        except UserError as error:
            raise error if str(error).startswith("world text") else line.wrong(str(error)) from None
    return new_rules()


def fill_head(world: World, lines: dict[str, list[Line]]) -> None:
    """What the lines battle, random and run_order say; the battle's first round without them."""
    battle, count = world.battle[0], len(world.robots)
    battle["round"] = 0
    for line in lines["battle"]:
        for name, value in values_of(line, BATTLE_FIELDS).items():
            battle[name] = value
        if battle["round"] >= world.rules[0]["num_rounds"]:
            raise line.wrong(f"round must be from 0 to {world.rules[0]['num_rounds'] - 1}: they are counted from 0")
    for line in lines["random"]:
        digits = line.words[1] if len(line.words) == 2 else ""
        if not re.fullmatch("[0-9a-f]{1,12}", digits):
            raise line.wrong("it must be the generator's 48 bits, one number of 1 to 12 hexadecimal digits")
        world.random[0] = int(digits, 16)
    for line in lines["run_order"]:
        if sorted(line.words[1:]) != sorted(map(str, range(count))):
            raise line.wrong(f"it must name each of the robots 0 to {count - 1} once")
        world.run_order[:] = [int(word) for word in line.words[1:]]


def read_bullet(world: World, line: Line, values: dict[str, Any]) -> None:
    """Append a bullet to the engine's list."""
    battle, count = world.battle[0], len(world.robots)
    bullet = world.bullets[battle["bullet_count"]]
    is_explosion = values.get("state") == EXPLODED
    needed = ("owner", "x", "y") if is_explosion else ("owner", "x", "y", "heading", "power")
    check_needed(line, values, needed)
    for name in ("owner", "victim"):
        if values.get(name, NOBODY) >= count:
            raise line.wrong(f"{name} is {values[name]}, the robots are 0 to {count - 1}")
    if values.get("state") == FIRED:
        raise line.wrong("state is FIRED, after a turn it is MOVING")
    owner = values["owner"]
    first = first_bullet_id(world, owner)
    usual_id = first + 1 + np.count_nonzero(bullets_of(world)["owner"] == owner)
    bullet["state"], bullet["owner"], bullet["id"] = values.get("state", MOVING), owner, usual_id
    for name in needed:
        bullet[name] = values[name]
    bullet["last_x"], bullet["last_y"] = bullet["x"], bullet["y"]
    fill(bullet, values, usual_bullet(bullet))
    if is_explosion:
        if bullet["id"] != 0:
            raise line.wrong("id must be 0 for the explosion of a robot")
    else:
        if not first < bullet["id"] <= first + MOST_SHOTS:
            raise line.wrong(f"id is {bullet['id']}, those of robot {owner} in this round begin with {first + 1}")
        if bullet["id"] in bullets_of(world)["id"]:
            raise line.wrong(f"id {bullet['id']} is that of an earlier line")
    if bullet["state"] == MOVING:
        check_within(world, line, bullet, BULLET_RADIUS)
    battle["bullet_count"] += 1


def read_robot(world: World, index: int, line: Line, values: dict[str, Any]) -> None:
    """Fill in all that a robot's line tells."""
    count, robot, command = len(world.robots), world.robots[index], world.commands[index]
    check_needed(line, values, ("x", "y"))
    for name in ("x", "y", "heading"):
        robot[name] = values.get(name, 0.0)
    fill(robot, values, usual_robot(world, index))
    fill(command, values, usual_command(), "command.")
    for table, prefix in ((world.scores, "score."), (world.totals, "total.")):
        fill(table[index], values, np.zeros(1, SCORE)[0], prefix)
    damage, place = values.get("damage", [0.0] * count), values.get("place")
    if len(damage) != count:
        raise line.wrong(f"damage has {len(damage)} numbers, it must have one for each of the {count} robots")
    world.damage[index * count : (index + 1) * count] = damage
    if place is not None:
        if len(place) != 3:
            raise line.wrong(f"place has {len(place)} numbers, it must have three: x, y, heading")
        world.places[3 * index : 3 * index + 3] = place
    # Only robots that a given place puts there are outside of the field, or face beyond a full turn.
    if place is None or [robot["x"], robot["y"]] != place[:2]:
        check_within(world, line, robot, HALF_BOT_WIDTH)
    for name in ("heading", "gun_heading", "radar_heading"):
        if not 0.0 <= robot[name] <= TWO_PI and (place is None or robot[name] != place[2]):
            raise line.wrong(f"{name} is {robot[name]}, it must be in radians, from 0 to {TWO_PI}")
    first = first_bullet_id(world, index)
    if not first <= robot["last_bullet_id"] <= first + MOST_SHOTS:
        raise line.wrong(f"last_bullet_id is {robot['last_bullet_id']}, it must be {first} and the shots so far")
    if command["fire_id"] != 0 and not first < command["fire_id"] <= robot["last_bullet_id"]:
        raise line.wrong(f"command.fire_id is {command['fire_id']}, it must be one of the robot's bullets")
    if not np.isnan(command["fire_power"]) and command["fire_id"] == 0:
        raise line.wrong("command.fire_power needs the id of its bullet, command.fire_id")
    if robot["died_now"] and robot["state"] != DEAD:
        raise line.wrong("died_now needs state=DEAD")


def fill(row: np.void, values: dict[str, Any], usual: np.void, prefix: str = "") -> None:
    """Every field of the record: the value given, or the usual one."""
    for name in row.dtype.names or ():
        row[name] = values.get(prefix + name, usual[name])


def check_needed(line: Line, values: dict[str, Any], names: Iterable[str]) -> None:
    """Raises UserError for what is not given."""
    for name in names:
        if name not in values:
            raise line.wrong(f"{name} is missing")


def check_within(world: World, line: Line, row: np.void, margin: float) -> None:
    """Raises UserError for a place outside of the field."""
    for name, size in (("x", world.rules[0]["width"]), ("y", world.rules[0]["height"])):
        if not margin - ROUNDING <= row[name] <= size - margin + ROUNDING:
            raise line.wrong(f"{name} is {row[name]}, it must be from {margin} to {size - margin} in this field")
