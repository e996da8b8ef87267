"""Robots that are given orders, of every kind and of all sorts, for battles that depend on the engine alone.

What is random is drawn from a java.util.Random that the caller gives; angles come from beepsim's own functions: the
same orders everywhere.
"""

from dataclasses import dataclass

import numpy as np

from beepsim.engine.rounds import clear_orders, may_run
from beepsim.engine.state import ADVANCED, DEAD, JUNIOR, NO_ASSIST, STANDARD, World
from beepsim.engine.text import ROBOT_KINDS
from beepsim.fdlibm import atan2
from beepsim.geometry import absolute_angle, relative_angle
from beepsim.javarandom import next_double, next_int


@dataclass(frozen=True)
class Robot:
    """`style` names the function below that gives its orders."""

    kind: int
    style: str

    def __str__(self) -> str:
        return f"{ROBOT_KINDS[self.kind].lower()} {self.style}"


def give_orders(world: World, robots: tuple[Robot, ...], random: np.ndarray) -> None:
    """Orders of those who may run, as Robocode's robots give them: a disabled one does not move, a hot gun not fire."""
    for index in world.run_order:
        robot, command = world.robots[index], world.commands[index]
        if robot.state != DEAD and may_run(world, index):
            clear_orders(command)
            kept = (command.distance, command.body_turn)
            power = STYLES[robots[index].style](world, index, random)
            if robot.energy <= 0.0:
                command.distance, command.body_turn = kept
            if power is not None and robot.gun_heat <= 0.0 and robot.energy > 0.0:
                robot.last_bullet_id += 1
                command.fire_power, command.fire_id = power, robot.last_bullet_id


def spread(random: np.ndarray, most: float) -> float:
    """Uniform in [-most, most)."""
    return (2.0 * next_double(random) - 1.0) * most


def target_of(world: World, index: int) -> int:
    """The next living robot, itself if there is none."""
    count = len(world.robots)
    others = [(index + step) % count for step in range(1, count + 1)]
    return next((other for other in others if world.robots[other].state != DEAD), index)


def bearing_to(world: World, index: int, other: int) -> float:
    robot, seen = world.robots[index], world.robots[other]
    return atan2(seen.x - robot.x, seen.y - robot.y)


def duck(world: World, index: int, random: np.ndarray) -> float | None:
    return None


def wild(world: World, index: int, random: np.ndarray) -> float | None:
    """Any orders, kept for some turns: infinite ones, limits, all flags; powers beyond Robocode's."""
    command = world.commands[index]
    if next_int(random, 8) == 0:
        command.distance, command.body_turn = spread(random, 300.0), spread(random, 4.0)
        command.gun_turn, command.radar_turn = spread(random, 4.0), spread(random, 8.0)
        if next_int(random, 6) == 0:
            command.distance = np.inf if next_int(random, 2) == 0 else -np.inf
        command.max_velocity = 8.0 if next_int(random, 3) > 0 else 8.0 * next_double(random)
        command.max_turn_rate = 0.17453292519943295 if next_int(random, 3) > 0 else 0.2 * next_double(random) / 2.0
        command.adjust_gun_for_body = next_int(random, 2) == 0
        command.adjust_radar_for_gun = next_int(random, 2) == 0
        command.adjust_radar_for_body = next_int(random, 2) == 0
    command.scan = next_int(random, 9) == 0
    return spread(random, 4.0) if next_int(random, 4) == 0 else None


def hunter(world: World, index: int, random: np.ndarray) -> float | None:
    """Drives about and fires at the next robot, with the angle of fire assist, which the engine uses or not."""
    robot, command = world.robots[index], world.commands[index]
    bearing = bearing_to(world, index, target_of(world, index))
    if next_int(random, 20) == 0:
        command.distance, command.body_turn = spread(random, 200.0), spread(random, 2.0)
    command.gun_turn = relative_angle(bearing - robot.gun_heading)
    command.radar_turn = 0.0 if index % 2 == 0 else relative_angle(bearing - robot.radar_heading) * 1.5
    command.scan = True
    command.fire_assist = absolute_angle(bearing) if next_int(random, 2) == 0 else NO_ASSIST
    return 0.1 + 2.9 * next_double(random) if next_int(random, 3) == 0 else None


def rammer(world: World, index: int, random: np.ndarray) -> float | None:
    """Drives into the next robot, backwards at times."""
    robot, command = world.robots[index], world.commands[index]
    turn = relative_angle(bearing_to(world, index, target_of(world, index)) - robot.heading)
    is_backwards = (index + int(world.battle[0]["turn"]) // 200) % 2 == 1
    command.body_turn = relative_angle(turn + np.pi) if is_backwards else turn
    command.distance = -100.0 if is_backwards else 100.0
    command.radar_turn = np.inf
    return None


def spender(world: World, index: int, random: np.ndarray) -> float | None:
    """Fires until its energy is gone, round and round, close enough to others to be revived by a hit."""
    command = world.commands[index]
    command.gun_turn, command.radar_turn = 0.3, -np.inf
    command.distance = 40.0 if world.battle[0]["turn"] % 40 < 20 else -40.0
    return 0.1 if index % 2 == 0 else 3.0


STYLES = {"duck": duck, "wild": wild, "hunter": hunter, "rammer": rammer, "spender": spender}


def robots_of(*names: str) -> tuple[Robot, ...]:
    """`wild` is an advanced robot, `wild:standard` and `wild:junior` are of the other kinds."""
    kinds = {"": ADVANCED, "advanced": ADVANCED, "standard": STANDARD, "junior": JUNIOR}
    return tuple(Robot(kinds[kind], style) for style, _, kind in (name.partition(":") for name in names))
