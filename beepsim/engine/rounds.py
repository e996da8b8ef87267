"""Start and end of a round: placing, survival, the decision, the 150 turns after it; who may still run.

Source: `Battle.initializeRound`, `RobotPeer.initialize`, `Battle.handleDeadRobots`, `shutdownTurn`.
"""

from beepsim.engine.energy import new_event
from beepsim.engine.motion import update_box
from beepsim.engine.rows import bare, inner
from beepsim.engine.score import add_round_score, rank_robots
from beepsim.engine.state import ACTIVE, BATTLE_ENDED, DEAD, NO_ASSIST, NO_SHOT, ROBOT_DEATH, ROUND_ENDED, WIN
from beepsim.geometry import TWO_PI, boxes_overlap
from beepsim.javarandom import next_double, shuffled_range
from beepsim.jit import jit
from beepsim.rules import (
    BOT_WIDTH,
    BULLET_IDS_PER_ROBOT,
    BULLET_IDS_PER_ROUND,
    LAST_SURVIVOR_SCORE,
    MAX_BODY_TURN,
    MAX_VELOCITY,
    RUNNING_TURNS_AFTER_DECISION,
    START_ENERGY,
    START_GUN_HEAT,
    SURVIVAL_SCORE,
    TURNS_AFTER_DECISION,
)

TRIES = 1000


@jit
def start_round(world):
    """Place the robots of the next round with fresh energy, orders and scores; `run_order` is their starting order."""
    prepare_round(bare(world))


@inner
def prepare_round(world):
    """`start_round` of a bare world."""
    battle, count = world.battle[0], world.battle[0].robot_count
    battle["round"] += 1
    battle.turn = battle.end_timer = battle.inactive_turns = 0
    battle.bullet_count = battle.event_count = battle.death_count = battle.sentenced = 0
    battle.alive = count
    for pair in range(count * count):
        world.damage[pair] = 0.0
    for index in range(count):
        place(world, index)
        robot = world.robots[index]
        robot.state, robot.velocity = ACTIVE, 0.0
        robot.energy, robot.gun_heat = START_ENERGY, START_GUN_HEAT
        robot.last_bullet_id = 1 + index * BULLET_IDS_PER_ROBOT + battle["round"] * BULLET_IDS_PER_ROUND
        robot.in_collision = robot.scan_requested = robot.died_now = robot.winner = False
        robot.drained = robot.punished = False
        clear_score(world.scores[index])
        reset_command(world.commands[index])
    shuffled_range(world.random, world.run_order, count)


@inner
def clear_score(score):
    """All zero."""
    score.survival = score.last_survivor = score.bullet_damage = score.bullet_kill = 0.0
    score.ram_damage = score.ram_kill = score.total = 0.0
    score.firsts = score.seconds = score.thirds = 0


@inner
def reset_command(command):
    """Orders of a robot that has given none."""
    command.distance = command.body_turn = command.gun_turn = command.radar_turn = 0.0
    command.max_velocity, command.max_turn_rate = MAX_VELOCITY, MAX_BODY_TURN
    command.adjust_gun_for_body = command.adjust_radar_for_gun = command.adjust_radar_for_body = False
    clear_orders(command)


@jit
def clear_orders(command):
    """Drop what holds for one turn only, the shot and the scan request: done before a robot runs."""
    command.fire_power, command.fire_assist, command.fire_id = NO_SHOT, NO_ASSIST, 0
    command.scan = False


@inner
def place(world, index):
    """Put a robot on its given place, or at random until its box is free, also of the last round's boxes."""
    robot, places = world.robots[index], world.places
    if places[3 * index] == places[3 * index]:
        face(robot, places[3 * index], places[3 * index + 1], places[3 * index + 2])
        if is_free(world, index):
            return
    for _ in range(TRIES):
        x = BOT_WIDTH + next_double(world.random) * (world.rules[0].width - 2.0 * BOT_WIDTH)
        y = BOT_WIDTH + next_double(world.random) * (world.rules[0].height - 2.0 * BOT_WIDTH)
        face(robot, x, y, TWO_PI * next_double(world.random))
        if is_free(world, index):
            return


@inner
def face(robot, x, y, heading):
    """Put body, gun and radar there."""
    robot.x, robot.y = x, y
    robot.heading = robot.gun_heading = robot.radar_heading = heading
    robot.last_x, robot.last_y = x, y
    robot.last_heading = robot.last_gun_heading = robot.last_radar_heading = heading
    update_box(robot)


@inner
def is_free(world, index):
    """Whether no other robot's box overlaps this one's."""
    robots = world.robots
    robot = robots[index]
    for i in range(world.battle[0].robot_count):
        if i != index and boxes_overlap(robot.left, robot.low, robots[i].left, robots[i].low):
            return False
    return True


@inner
def settle_deaths(world):
    """Places of those who died in this turn; survival points and news of it for the living."""
    battle, robots, order = world.battle[0], world.robots, world.order
    if battle.death_count == 0:
        return
    shuffled_range(world.random, order, battle.death_count)
    for i in range(battle.death_count):
        dead = world.deaths[order[i]]
        total = world.totals[dead]
        if battle.alive == 0:
            if not robots[dead].winner:
                total.firsts += 1
        elif battle.alive == 1:
            total.seconds += 1
        elif battle.alive == 2:
            total.thirds += 1
        shuffled_range(world.random, world.inner_order, battle.robot_count)
        for j in range(battle.robot_count):
            other = world.inner_order[j]
            if robots[other].state != DEAD:
                event = new_event(world, other)
                event.type, event.other = ROBOT_DEATH, dead
                world.scores[other].survival += SURVIVAL_SCORE


@inner
def settle_round(world):
    """With at most one robot alive: at first the decision, then only the timer."""
    battle = world.battle[0]
    if battle.alive <= 1:
        if battle.end_timer == 0:
            decide_round(world)
        battle.end_timer += 1


@inner
def decide_round(world):
    """Last survivor, places and totals; what is scored later in this round is lost."""
    battle, robots, count = world.battle[0], world.robots, world.battle[0].robot_count
    shuffled_range(world.random, world.order, count)
    for i in range(count):
        index = world.order[i]
        robot = robots[index]
        event = new_event(world, index)
        event.type = ROUND_ENDED
        event["round"], event.turns, event.total_turns = (battle["round"], battle.turn, battle.total_turns)
        if robot.state != DEAD:
            world.scores[index].last_survivor += LAST_SURVIVOR_SCORE * (count - 1)
            world.totals[index].firsts += 1
            robot.winner = True
            new_event(world, index).type = WIN
        if robot.punished:
            clear_score(world.scores[index])
        add_round_score(world.totals[index], world.scores[index])
    if battle["round"] == world.rules[0].num_rounds - 1:
        rank_robots(world.totals, world.order, count)
        for i in range(count):
            event = new_event(world, world.order[i])
            event.type, event.rank = BATTLE_ENDED, i + 1


@jit
def round_is_over(world):
    """Whether the turn just played was the round's last."""
    return world.battle[0].end_timer > TURNS_AFTER_DECISION


@jit
def may_run(world, index):
    """Whether a robot runs after this turn: alive or just dead (for its Death event), and the round not yet halted."""
    robot = world.robots[index]
    # The turn has advanced the timer: this is the last turn in which robots hear events, and they run after it.
    return (robot.state != DEAD or robot.died_now) and world.battle[0].end_timer <= RUNNING_TURNS_AFTER_DECISION + 1
