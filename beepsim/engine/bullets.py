"""Bullets: leaving the gun, flying, hitting walls, robots and each other.

Pixels, turns, radians clockwise from north. Source: `RobotPeer.fireBullets`, `BulletPeer.update`. Robocode shuffles all
robots and all bullets for each bullet before it looks for a hit; those orders matter only where two candidates are hit
at once, so the draws are skipped and replayed from the generator's state in that case.
"""

from beepsim.engine.energy import append_bullet, change_energy, kill, new_event
from beepsim.engine.rows import inner, part
from beepsim.engine.state import (
    ADVANCED,
    BULLET_HIT,
    BULLET_HIT_BULLET,
    BULLET_HIT_WALL,
    BULLET_MISSED,
    DEAD,
    FIRED,
    HIT_BULLET,
    HIT_BY_BULLET,
    HIT_VICTIM,
    MOVING,
    NO_SHOT,
    NOBODY,
)
from beepsim.fdlibm import sin_cos
from beepsim.geometry import PI, box_contains, box_meets_segment, relative_angle, segments_cross
from beepsim.javarandom import replay_shuffle, shuffle, shuffled_range, skip_alike, skip_shuffle, skip_shuffles
from beepsim.jit import rarely
from beepsim.rules import (
    BOT_WIDTH,
    BULLET_EXPLOSION_FRAMES,
    BULLET_KILL_SHARE,
    BULLET_RADIUS,
    MAX_POWER,
    MIN_POWER,
    ROBOT_EXPLOSION_FRAMES,
    bullet_damage,
    bullet_hit_gain,
    bullet_speed,
    gun_heat_of_shot,
)

SLACK = 1.0  # px by which bullets are further apart, in x or y, than their moves reach if they are not to meet
MAY_MEET, MAY_HIT = 1.0, 2.0  # another bullet, a robot
PARALLEL = 1e-6  # px^2: area between two moves below which rounding decides whether they cross


@part
def load_commands(world):
    """Shots leave, scan requests are noted, in index order of the robots."""
    battle = world.battle[0]
    for index in range(world.battle[0].robot_count):
        robot, command = world.robots[index], world.commands[index]
        if robot.state != DEAD:
            if command.scan:
                robot.scan_requested = True
            # A NaN compares false with everything, so no shot is no power >= or < anything.
            if command.fire_power == command.fire_power and robot.gun_heat <= 0.0 and robot.energy != 0.0:
                fire(battle, robot, command, append_bullet(battle, world.bullets, world.bullet_list), index)


@inner
def fire(battle, robot, command, bullet, index):
    """Make `bullet` the shot that the command orders; it moves for the first time in this very turn."""
    rarely()
    power = min(robot.energy, min(max(command.fire_power, MIN_POWER), MAX_POWER))
    command.fire_power = NO_SHOT
    change_energy(battle, robot, command, -power)
    robot.gun_heat += gun_heat_of_shot(power)
    heading = robot.gun_heading
    if robot.kind != ADVANCED and robot.radar_with_gun and command.fire_assist == command.fire_assist:
        heading = command.fire_assist
    sine, cosine = sin_cos(heading)
    speed = bullet_speed(power)
    bullet.x = bullet.last_x = robot.x
    bullet.y = bullet.last_y = robot.y
    bullet.step_x, bullet.step_y = speed * sine, speed * cosine
    bullet.heading, bullet.power = heading, power
    bullet.id, bullet.owner, bullet.victim = command.fire_id, index, NOBODY
    bullet.state, bullet.frame = FIRED, 0
    bullet.explosion = False


@part
def move_bullets(world):
    """All entries of the bullet list, in random order, one after the other."""
    battle, bullet_list, order, random = (world.battle[0], world.bullet_list, world.order, world.random)
    count = battle.bullet_count
    if count == 0:
        return
    # In most turns no bullet meets anything and no explosion ends: then the order is nothing to anybody.
    is_quiet = is_quiet_turn(world, count)
    if is_quiet and skip_alike(
        random, count - 1 + count * (battle.robot_count + count - 2), count + battle.robot_count
    ):
        for i in range(count):
            fly(world.bullets[bullet_list[i]])
        return
    for i in range(count):
        order[i] = bullet_list[i]
    shuffle(random, order, count)
    for i in range(count):
        before, slot = random[0], order[i]
        skip_shuffles(random, battle.robot_count, battle.bullet_count)
        bullet = world.bullets[slot]
        fly(bullet)
        if bullet.state <= MOVING:
            settle_bullet(world, bullet, world.flights[5 * count + slot], before)
        elif bullet.frame >= last_frame(bullet):
            remove_bullet(battle, bullet_list, slot)


@part
def fly(bullet):
    """One turn of a bullet's flight, or of an explosion."""
    bullet.frame += 1
    if bullet.state <= MOVING:
        bullet.state = MOVING
        bullet.last_x, bullet.last_y = bullet.x, bullet.y
        bullet.x += bullet.step_x
        bullet.y += bullet.step_y


@part
def last_frame(bullet):
    """The frame with which an explosion ends."""
    return ROBOT_EXPLOSION_FRAMES if bullet.explosion else BULLET_EXPLOSION_FRAMES


@part
def is_quiet_turn(world, count):
    """Whether in this turn no bullet can meet a wall, a robot or another bullet, and no explosion ends.

    Notes at flights[5 * count + slot] of each flying bullet which tests it needs: MAY_MEET, MAY_HIT, their sum, or 0.
    Below that place `flights` holds the bullets' x, y, step_x, step_y and owner, each in a row of its own.
    """
    bullets, bullet_list, flights, rules = world.bullets, world.bullet_list, world.flights, world.rules[0]
    robot_count = world.battle[0].robot_count
    flying, happens, any_meets = 0, False, False
    for i in range(count):
        slot = bullet_list[i]
        bullet = bullets[slot]
        if bullet.state > MOVING:
            happens |= bullet.frame + 1 >= last_frame(bullet)
            continue
        may_hit = False
        for index in range(robot_count):
            may_hit |= may_hit_robot(world.robots[index], bullet) & (index != bullet.owner)
        flights[5 * count + slot] = MAY_HIT if may_hit else 0.0
        happens |= may_hit | is_outside(rules, bullet.x + bullet.step_x, bullet.y + bullet.step_y)
        any_meets |= may_meet(bullet, flights, flying, count)
        flights[flying], flights[count + flying] = bullet.x, bullet.y
        flights[2 * count + flying], flights[3 * count + flying] = bullet.step_x, bullet.step_y
        flights[4 * count + flying] = bullet.owner
        flying += 1
    if any_meets:
        for i in range(count):
            slot = bullet_list[i]
            if bullets[slot].state <= MOVING:
                flights[5 * count + slot] += MAY_MEET if may_meet(bullets[slot], flights, flying, count) else 0.0
    return not (happens or any_meets)


@part
def may_hit_robot(robot, bullet):
    """Whether the bullet's coming move has a part within the sides of a living robot's box, in x and in y."""
    x, y = bullet.x + bullet.step_x, bullet.y + bullet.step_y
    return (
        (min(bullet.x, x) <= robot.left + BOT_WIDTH)
        & (max(bullet.x, x) >= robot.left)
        & (min(bullet.y, y) <= robot.low + BOT_WIDTH)
        & (max(bullet.y, y) >= robot.low)
        & (robot.state != DEAD)
    )


@part
def may_meet(bullet, flights, flying, count):
    """Whether the bullet may meet one of the first `flying` of another owner.

    Each is in this turn somewhere between its last place and its next one: further apart they do not meet. Only where
    they fly parallel, rounding may make it seem so (see `segments_cross`).
    """
    x, y, step_x, step_y, owner = bullet.x, bullet.y, bullet.step_x, bullet.step_y, float(bullet.owner)
    may = False
    for i in range(flying):
        other_x, other_y = flights[2 * count + i], flights[3 * count + i]
        is_near = (abs(flights[i] - x) < abs(other_x) + abs(step_x) + SLACK) & (
            abs(flights[count + i] - y) < abs(other_y) + abs(step_y) + SLACK
        )
        area = other_y * step_x - other_x * step_y
        may |= (flights[4 * count + i] != owner) & (is_near | (abs(area) < PARALLEL))
    return may


@part
def is_outside(rules, x, y):
    """Whether a bullet there touches a wall."""
    return (
        (x - BULLET_RADIUS <= 0.0)
        | (y - BULLET_RADIUS <= 0.0)
        | (x + BULLET_RADIUS >= rules.width)
        | (y + BULLET_RADIUS >= rules.height)
    )


@inner
def remove_bullet(battle, bullet_list, slot):
    """Take a slot out of the list; the others keep their order, the slot becomes the first free one."""
    rarely()
    last = battle.bullet_count - 1
    at = 0
    while bullet_list[at] != slot:
        at += 1
    for i in range(at, last):
        bullet_list[i] = bullet_list[i + 1]
    bullet_list[last] = slot
    battle.bullet_count = last


@part
def settle_bullet(world, bullet, tests, state):
    """Look for a wall, then a robot, then another bullet in the way of a bullet that has moved; `tests` as noted by
    `is_quiet_turn`, `state`: of the generator before the shuffles of robots and bullets."""
    if is_outside(world.rules[0], bullet.x, bullet.y):
        bullet.state, bullet.frame = BULLET_HIT_WALL, 0
        event = new_event(world, bullet.owner)
        event.type = BULLET_MISSED
        describe_bullet(event, bullet)
        return
    victim = robot_hit_by(world, bullet, state) if tests >= MAY_HIT else NOBODY
    if victim != NOBODY:
        hit_robot(world, bullet, victim)
    elif tests == MAY_MEET or tests > MAY_HIT:
        meet_bullets(world, bullet, state)


@part
def robot_hit_by(world, bullet, state):
    """Index of the robot that the bullet's last move met first in the shuffled order drawn at `state`, or NOBODY."""
    robots, order, robot_count = (world.robots, world.inner_order, world.battle[0].robot_count)
    found, victim = 0, NOBODY
    for index in range(robot_count):
        if in_the_way(robots[index], bullet, index):
            found += 1
            victim = index
    if found > 1:
        replay_shuffle(world.random, state, order, robot_count)
        for i in range(robot_count):
            if in_the_way(robots[order[i]], bullet, order[i]):
                return order[i]
    return victim


@part
def in_the_way(robot, bullet, index):
    """Whether the bullet's last move met this robot's box, and the robot is alive and not the shooter."""
    return (
        index != bullet.owner
        and robot.state != DEAD
        and box_meets_segment(robot.left, robot.low, bullet.last_x, bullet.last_y, bullet.x, bullet.y)
    )


@inner
def meet_bullets(world, bullet, state):
    """Both bullets end where this one's last move met another's, the first of them in the order of the second shuffle
    drawn at `state`, after that of the robots."""
    rarely()
    bullets, bullet_list, count = (world.bullets, world.bullet_list, world.battle[0].bullet_count)
    found, met = 0, NOBODY
    for i in range(count):
        if crosses(bullets[bullet_list[i]], bullet):
            found += 1
            met = bullet_list[i]
    if found > 1:
        now = world.random[0]
        world.random[0] = state
        skip_shuffle(world.random, world.battle[0].robot_count)
        shuffled_range(world.random, world.inner_order, count)
        world.random[0] = now
        for i in range(count - 1, -1, -1):
            slot = bullet_list[world.inner_order[i]]
            if crosses(bullets[slot], bullet):
                met = slot
    if met != NOBODY:
        hit_bullet(world, bullet, bullets[met])


@part
def crosses(other, bullet):
    """Whether the last moves of two flying bullets of different owners cross; a bullet yet to move crosses nothing."""
    return (
        other.state <= MOVING
        and other.owner != bullet.owner
        and other.frame > 0
        and segments_cross(
            other.last_x, other.last_y, other.x, other.y, bullet.last_x, bullet.last_y, bullet.x, bullet.y
        )
    )


@inner
def describe_bullet(event, bullet):
    """Copy a bullet into the event's `bullet_` fields."""
    event.bullet_id, event.bullet_owner, event.bullet_victim = (bullet.id, bullet.owner, bullet.victim)
    event.bullet_x, event.bullet_y = bullet.x, bullet.y
    event.bullet_heading, event.bullet_power = bullet.heading, bullet.power


@inner
def hit_robot(world, bullet, victim_index):
    """Damage, scores, perhaps a kill, energy for the shooter, the two events; in Robocode's order."""
    rarely()
    battle = world.battle[0]
    victim, owner = world.robots[victim_index], world.robots[bullet.owner]
    score = world.scores[bullet.owner]
    pair = bullet.owner * battle.robot_count + victim_index
    bullet.state, bullet.frame, bullet.victim = HIT_VICTIM, 0, victim_index
    damage = bullet_damage(bullet.power)
    gained = min(damage, victim.energy)
    score.bullet_damage += gained
    world.damage[pair] += gained
    change_energy(battle, victim, world.commands[victim_index], -damage)
    if victim.energy <= 0.0 and victim.state != DEAD:
        kill(world, victim_index)
        score.bullet_kill += BULLET_KILL_SHARE * world.damage[pair]
    # A shooter that died in an earlier turn gains nothing, one that died in this turn does.
    if (owner.state != DEAD or owner.died_now) and not owner.drained:
        change_energy(battle, owner, world.commands[bullet.owner], bullet_hit_gain(bullet.power))
    event = new_event(world, victim_index)
    event.type, event.bearing = HIT_BY_BULLET, relative_angle(bullet.heading + PI - victim.heading)
    describe_bullet(event, bullet)
    event = new_event(world, bullet.owner)
    event.type, event.other, event.energy = BULLET_HIT, victim_index, victim.energy
    describe_bullet(event, bullet)
    if box_contains(victim.left, victim.low, bullet.last_x, bullet.last_y):
        bullet.x, bullet.y = bullet.last_x, bullet.last_y


@inner
def hit_bullet(world, bullet, other):
    """Both bullets stop where their last move began; an event for each owner, the moving bullet's first."""
    rarely()
    for one in (bullet, other):
        one.state, one.frame = HIT_BULLET, 0
        one.x, one.y = one.last_x, one.last_y
    for mine, theirs in ((bullet, other), (other, bullet)):
        event = new_event(world, mine.owner)
        event.type = BULLET_HIT_BULLET
        describe_bullet(event, mine)
        event.hit_bullet_id, event.hit_bullet_owner = theirs.id, theirs.owner
        event.hit_bullet_x, event.hit_bullet_y = theirs.x, theirs.y
        event.hit_bullet_heading, event.hit_bullet_power = theirs.heading, theirs.power
