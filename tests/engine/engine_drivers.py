"""Orders for robots of a world under test: every field is used, the generator is the test's own."""

import math

import numpy as np

from beepsim.engine.rounds import clear_orders, may_run
from beepsim.engine.state import DEAD, World
from beepsim.engine.turn import play_turn


def drive(world: World) -> None:
    """Orders that are a fixed function of turn and robot: to and fro, turning, shooting at where the other is."""
    turn = int(world.battle[0]["turn"])
    for index in world.run_order:
        if world.robots[index].state != DEAD and may_run(world, index):
            robot, command = world.robots[index], world.commands[index]
            target = world.robots[(index + 1) % len(world.robots)]
            clear_orders(command)
            bearing = math.atan2(target.x - robot.x, target.y - robot.y)
            command.distance = 90.0 * math.sin(turn / 17 + index)
            command.body_turn = math.cos(turn / 23 + 2 * index)
            command.gun_turn = (bearing - robot.gun_heading + math.pi) % (2 * math.pi) - math.pi
            command.radar_turn = math.inf if turn % 5 else -0.1
            command.adjust_gun_for_body = turn % 7 < 4
            command.adjust_radar_for_gun = turn % 11 < 6
            command.scan = turn % 13 == 0
            shoot(world, index, 0.1 + turn % 4)


def shoot(world: World, index: int, power: float) -> None:
    """Order a shot as Robocode's robots do: only from a cool gun, with the robot's next bullet id."""
    robot, command = world.robots[index], world.commands[index]
    if robot.gun_heat <= 0.0 and robot.energy > 0.0:
        robot.last_bullet_id += 1
        command.fire_power, command.fire_id = power, robot.last_bullet_id


def drive_at_random(world: World, random: np.random.Generator) -> None:
    """Any orders at all, infinite and not a number among them."""
    extremes = [math.inf, -math.inf, math.nan, 0.0, -0.0]
    for index in range(len(world.robots)):
        command = world.commands[index]
        clear_orders(command)
        for name, scale in (("distance", 300), ("body_turn", 2), ("gun_turn", 2), ("radar_turn", 3)):
            if random.random() < 0.2:
                command[name] = random.choice(extremes) if random.random() < 0.2 else random.normal() * scale
        for name in ("adjust_gun_for_body", "adjust_radar_for_gun", "adjust_radar_for_body", "scan"):
            command[name] = random.random() < 0.5
        command.max_velocity, command.max_turn_rate = random.choice([8.0, 8.0, 3.3, 0.0]), random.choice([0.17, 0.0])
        shoot(world, index, float(random.choice([-1.0, 0.1, 3.0, 5.0, math.inf])))


def play_on(world: World, turns: int) -> None:
    """So many turns with the orders of `drive`."""
    for _ in range(turns):
        drive(world)
        play_turn(world)
