"""Energy of robots, the activity that it counts as, death, punishments, and the queue of this turn's events.

Energy points. Source: `RobotPeer.setEnergy`, `updateEnergy`, `drainEnergy`, `kill`, `punishBadBehavior`,
`Battle.resetInactiveTurnCount`.
"""

from beepsim.engine.rows import inner, part
from beepsim.engine.state import DEAD, DEATH, EXPLODED
from beepsim.rules import ACTIVITY_POINTS, DISABLED_BELOW, RUNNING_TURNS_AFTER_DECISION


@part
def is_running(battle, robot):
    """Whether the robot still hears events and gains energy: to the end of the turn of its death, or until the halt."""
    return (robot.state != DEAD or robot.died_now) and battle.end_timer <= RUNNING_TURNS_AFTER_DECISION


@part
def new_event(world, receiver):
    """The event record to fill in; one for a robot that no longer runs is not counted and written over by the next."""
    battle = world.battle[0]
    event = world.events[battle.event_count]
    event.receiver = receiver
    if is_running(battle, world.robots[receiver]):
        battle.event_count += 1
    return event


@inner
def add_activity(battle, loss):
    """Book lost energy; every tenth point starts the count of inactive turns again. Gains (loss < 0) do nothing."""
    if loss >= 0.0:
        battle.inactivity_energy += loss
        while battle.inactivity_energy >= ACTIVITY_POINTS:
            battle.inactivity_energy -= ACTIVITY_POINTS
            battle.inactive_turns = 0


@part
def set_energy(robot, command, energy):
    """Set a robot's energy; below 0.01 it becomes 0 and the robot is disabled: it no longer moves or turns its body."""
    robot.energy = energy
    if energy < DISABLED_BELOW:
        robot.energy = 0.0
        command.distance = 0.0
        command.body_turn = 0.0


@inner
def change_energy(battle, robot, command, change):
    """Add to a robot's energy; a loss counts as activity."""
    energy = robot.energy + change
    add_activity(battle, robot.energy - energy)
    set_energy(robot, command, energy)


@part
def append_bullet(battle, bullets, bullet_list):
    """A free bullet record, now the last of the list."""
    bullet = bullets[bullet_list[battle.bullet_count]]
    battle.bullet_count += 1
    return bullet


@inner
def kill(world, victim):
    """A robot dies: event, explosion in the bullet list, energy 0, state DEAD. A second death is activity only."""
    battle, robot = world.battle[0], world.robots[victim]
    add_activity(battle, ACTIVITY_POINTS)
    if robot.state != DEAD:
        new_event(world, victim).type = DEATH
        robot.died_now = True
        battle.alive -= 1
        world.deaths[battle.death_count] = victim
        battle.death_count += 1
        explosion = append_bullet(battle, world.bullets, world.bullet_list)
        explosion.x, explosion.y = robot.x, robot.y
        explosion.last_x, explosion.last_y = robot.x, robot.y
        explosion.step_x = explosion.step_y = explosion.heading = 0.0
        explosion.power = 1.0
        explosion.id = explosion.frame = 0
        explosion.owner = explosion.victim = victim
        explosion.state = EXPLODED
        explosion.explosion = True
    change_energy(battle, robot, world.commands[victim], -robot.energy)
    robot.state = DEAD


@inner
def drain(world, index):
    """What an exception in a robot's code, or too many calls in a turn, cost it: its energy, for the whole round."""
    robot = world.robots[index]
    change_energy(world.battle[0], robot, world.commands[index], -robot.energy)
    robot.drained = True


@inner
def sentence(world, index):
    """What skipping too many turns costs a robot: its life, at the start of the next turn, and the round's score."""
    world.robots[index].punished = True
    world.battle[0].sentenced += 1


@inner
def kill_sentenced(world):
    """The deaths of those sentenced since the last turn: Robocode counts them among the turn's that now begins."""
    battle = world.battle[0]
    if battle.sentenced > 0:
        battle.sentenced = 0
        for index in range(battle.robot_count):
            if world.robots[index].punished and world.robots[index].state != DEAD:
                kill(world, index)
