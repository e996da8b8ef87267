"""Moving one robot: gun heat, turning, velocity, walls, other robots, inactivity.

Pixels, turns, radians clockwise from north. Source: `RobotPeer.performMove` and what it calls, in its order. The
robot's command is worked off in place.
"""

import numpy as np

from beepsim.engine.energy import change_energy, kill, new_event, set_energy
from beepsim.engine.rows import inner, other_robot, part
from beepsim.engine.state import ACTIVE, ADVANCED, DEAD, HIT_ROBOT, HIT_ROBOT_EVENT, HIT_WALL, HIT_WALL_EVENT
from beepsim.fdlibm import atan2, near_tan, sin_cos
from beepsim.geometry import (
    HALF_PI,
    PI,
    THREE_HALVES_PI,
    absolute_angle,
    box_edge,
    boxes_overlap,
    is_near,
    near_absolute_angle,
    relative_angle,
)
from beepsim.javarandom import replay_shuffle, shuffled_range, skip_shuffle
from beepsim.jit import rarely
from beepsim.rules import (
    HALF_BOT_WIDTH,
    MAX_GUN_TURN,
    MAX_RADAR_TURN,
    RAM_DAMAGE,
    RAM_KILL_SHARE,
    RAM_SCORE,
    ZAP_ENERGY,
    body_turn_rate,
    new_velocity,
    stop_distance,
    wall_damage,
)

NO_WALL = 10.0  # no bearing: those lie in [-pi, pi)


@part
def move_robots(world):
    """All robots in random order, each completely before the next; then the boxes of those pushed back."""
    robots, order, random = world.robots, world.order, world.random
    zapping = world.battle[0].inactive_turns > world.rules[0].inactivity_time
    count = world.battle[0].robot_count
    shuffled_range(random, order, count)
    for i in range(count):
        before = random[0]
        skip_shuffle(random, count)
        robot, command = robots[order[i]], world.commands[order[i]]
        if robot.state != DEAD:
            robot.state = ACTIVE
            robot.last_x, robot.last_y = robot.x, robot.y
            robot.last_heading = robot.heading
            robot.last_gun_heading, robot.last_radar_heading = (robot.gun_heading, robot.radar_heading)
            robot.gun_heat = max(robot.gun_heat - world.rules[0].gun_cooling_rate, 0.0)
            turn_robot(robot, command)
            accelerate(robot, command)
            if robot.velocity != 0.0:
                update_box(robot)
            stop_at_walls(world, robot, command, order[i])
            stop_at_robots(world, robot, command, order[i], before)
            if not robot.scan_requested:
                robot.scan_requested = has_changed(robot)
            if zapping and robot.state != DEAD:
                zap(world, robot, command, order[i])
    for i in range(count):
        if robots[i].state == HIT_ROBOT:
            update_box(robots[i])


@part
def update_box(robot):
    """Put the robot's box around its centre."""
    robot.left, robot.low = box_edge(robot.x), box_edge(robot.y)


@part
def has_changed(robot):
    """Whether anything that a scan depends on changed in this turn."""
    return (
        robot.heading != robot.last_heading
        or robot.gun_heading != robot.last_gun_heading
        or robot.radar_heading != robot.last_radar_heading
        or robot.x != robot.last_x
        or robot.y != robot.last_y
    )


@part
def turned_within(remaining, rate):
    """How much of a remaining turn, which is a number, is done at this rate."""
    return min(max(remaining, -rate), rate)


@part
def turn_body(robot, command):
    """Turns the body, not after a collision of one's own fault; returns by how much."""
    if robot.in_collision or not abs(command.body_turn) > 0.0:
        return 0.0
    turned = turned_within(command.body_turn, min(command.max_turn_rate, body_turn_rate(robot.velocity)))
    heading = robot.heading + turned
    command.body_turn -= turned
    robot.heading = near_absolute_angle(heading) if command.body_turn == 0.0 else absolute_angle(heading)
    return turned


@part
def turn_robot(robot, command):
    """Body, gun, radar; each takes along what is mounted on it.

    Nothing is turned where nothing, or NaN, remains: abs(…) > 0.
    """
    gun_turn, radar_turn = command.gun_turn, command.radar_turn
    gun_heading, radar_heading = robot.gun_heading, robot.radar_heading
    turned = turn_body(robot, command)
    if turned != 0.0:
        gun_heading += turned
        radar_heading += turned
        gun_turn = gun_turn - turned if command.adjust_gun_for_body else gun_turn
        radar_turn = radar_turn - turned if command.adjust_radar_for_body else radar_turn
    if abs(gun_turn) > 0.0:
        turned = turned_within(gun_turn, MAX_GUN_TURN)
        gun_heading += turned
        radar_heading += turned
        radar_turn = radar_turn - turned if command.adjust_radar_for_gun else radar_turn
        gun_turn -= turned
    if abs(radar_turn) > 0.0:
        turned = turned_within(radar_turn, MAX_RADAR_TURN)
        radar_heading += turned
        radar_turn -= turned
    command.gun_turn, command.radar_turn = gun_turn, radar_turn
    robot.gun_heading, robot.radar_heading = absolute_angle(gun_heading), absolute_angle(radar_heading)


@part
def update_direction(robot):
    """Sine and cosine of the heading, computed anew only if it changed."""
    if robot.heading != robot.direction:
        robot.direction = robot.heading
        robot.sine, robot.cosine = sin_cos(robot.heading)


@part
def accelerate(robot, command):
    """New velocity, then the step along the heading."""
    distance = command.distance
    if distance != distance:
        distance = 0.0
    velocity = new_velocity(robot.velocity, distance, command.max_velocity)
    robot.velocity = velocity
    if robot.over_driving and is_near(velocity, 0.0):
        distance = 0.0
        robot.over_driving = False
    if not distance * velocity < 0.0:
        robot.over_driving = stop_distance(velocity) > abs(distance)
    command.distance = distance - velocity
    if velocity != 0.0:
        update_direction(robot)
        robot.x += velocity * robot.sine
        robot.y += velocity * robot.cosine


@part
def slide_from_walls(robot, width, height):
    """A robot beyond a wall slides back along its path; returns the wall's bearing, or NO_WALL."""
    right, top = width - HALF_BOT_WIDTH, height - HALF_BOT_WIDTH
    dx, dy, bearing = 0.0, 0.0, 0.0
    if robot.x < HALF_BOT_WIDTH:
        dx, bearing = (HALF_BOT_WIDTH - robot.x, relative_angle(THREE_HALVES_PI - robot.heading))
    elif robot.x > right:
        dx, bearing = right - robot.x, relative_angle(HALF_PI - robot.heading)
    if robot.y < HALF_BOT_WIDTH:
        dy, bearing = HALF_BOT_WIDTH - robot.y, relative_angle(PI - robot.heading)
    elif robot.y > top:
        dy, bearing = top - robot.y, relative_angle(-robot.heading)
    if dx == 0.0 and dy == 0.0:
        return NO_WALL
    if np.fmod(robot.heading, HALF_PI) != 0.0:
        slope = near_tan(robot.heading)
        if dx == 0.0:
            dx = dy * slope
        elif dy == 0.0 or abs(dx / slope) > abs(dy):
            dy = dx / slope
        elif abs(dy * slope) > abs(dx):
            dx = dy * slope
    robot.x = min(max(robot.x + dx, HALF_BOT_WIDTH), right)
    robot.y = min(max(robot.y + dy, HALF_BOT_WIDTH), top)
    return bearing


@part
def stop_at_walls(world, robot, command, index):
    """A robot at a wall stops there; an advanced one pays for it."""
    bearing = slide_from_walls(robot, world.rules[0].width, world.rules[0].height)
    if bearing == NO_WALL:
        return
    event = new_event(world, index)
    event.type, event.bearing = HIT_WALL_EVENT, bearing
    if robot.kind == ADVANCED:
        set_energy(robot, command, robot.energy - wall_damage(robot.velocity))
    update_box(robot)
    command.distance = 0.0
    robot.velocity = 0.0
    robot.state = HIT_WALL


@part
def stop_at_robots(world, robot, command, index, state):
    """Collisions with the others, in the shuffled order drawn at `state` (which matters only if two overlap)."""
    robots, count = world.robots, world.battle[0].robot_count
    robot.in_collision = False
    touched, other = 0, index
    for step in range(1, count):
        i = other_robot(index, step, count)
        if touches(robots, index, i):
            touched += 1
            other = i
    if touched == 1:
        collide(world, robot, command, index, other)
    elif touched > 1:
        order = world.inner_order
        replay_shuffle(world.random, state, order, count)
        for i in range(count):
            if order[i] != index and touches(robots, index, order[i]):
                collide(world, robot, command, index, order[i])
    if robot.in_collision:
        robot.state = HIT_ROBOT


@part
def touches(robots, index, other_index):
    """Whether the other is alive and its box overlaps the robot's; either may be an older one, as in Robocode."""
    robot, other = robots[index], robots[other_index]
    return boxes_overlap(robot.left, robot.low, other.left, other.low) and other.state != DEAD


@inner
def collide(world, robot, command, index, other_index):
    """If the robot drives towards the other: it is moved back and stopped, both lose energy."""
    rarely()
    battle, other = world.battle[0], world.robots[other_index]
    angle = atan2(other.x - robot.x, other.y - robot.y)
    bearing = relative_angle(angle - robot.heading)
    ahead = -HALF_PI < bearing < HALF_PI
    behind = bearing < -HALF_PI or bearing > HALF_PI
    if not ((robot.velocity > 0.0 and ahead) or (robot.velocity < 0.0 and behind)):
        return
    update_direction(robot)
    robot.x -= robot.velocity * robot.sine
    robot.y -= robot.velocity * robot.cosine
    robot.in_collision = True
    robot.velocity = 0.0
    command.distance = 0.0
    score = world.scores[index]
    pair = index * battle.robot_count + other_index
    score.ram_damage += RAM_SCORE
    world.damage[pair] += RAM_DAMAGE
    change_energy(battle, robot, command, -RAM_DAMAGE)
    change_energy(battle, other, world.commands[other_index], -RAM_DAMAGE)
    if other.energy == 0.0 and other.state != DEAD:
        kill(world, other_index)
        score.ram_kill += RAM_KILL_SHARE * world.damage[pair]
    event = new_event(world, index)
    event.type, event.other, event.bearing = HIT_ROBOT_EVENT, other_index, bearing
    event.energy, event.my_fault = other.energy, True
    event = new_event(world, other_index)
    event.type, event.other, event.energy, event.my_fault = HIT_ROBOT_EVENT, index, robot.energy, False
    event.bearing = relative_angle(PI + angle - other.heading)


@inner
def zap(world, robot, command, index):
    """Inactivity takes energy, and the life of a robot that has none."""
    rarely()
    if robot.energy == 0.0:
        kill(world, index)
        return
    robot.energy -= ZAP_ENERGY
    if robot.energy < ZAP_ENERGY:
        robot.energy = 0.0
        command.distance = 0.0
        command.body_turn = 0.0
