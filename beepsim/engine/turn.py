"""One turn in Robocode's order: orders, bullets, motion, scans, deaths, the round's decision, the order of running.

Source: `Battle.runTurn`. Changes the world in place; robots run between two calls (see state.py).
"""

from beepsim.engine.bullets import load_commands, move_bullets
from beepsim.engine.energy import kill_sentenced
from beepsim.engine.motion import move_robots
from beepsim.engine.rounds import settle_deaths, settle_round
from beepsim.engine.rows import bare, part
from beepsim.engine.scan import scan_robots
from beepsim.javarandom import shuffled_range
from beepsim.jit import jit


@jit
def play_turn(world):
    """Play one turn of the round in progress; afterwards `run_order` is the order in which the robots run."""
    take_turn(bare(world))


@part
def take_turn(world):
    """`play_turn` of a bare world."""
    battle, robots = world.battle[0], world.robots
    battle.turn += 1
    battle.total_turns += 1
    battle.event_count = 0
    if battle.death_count > 0:
        battle.death_count = 0
        for i in range(battle.robot_count):
            robots[i].died_now = False
    kill_sentenced(world)
    load_commands(world)
    move_bullets(world)
    move_robots(world)
    scan_robots(world)
    settle_deaths(world)
    settle_round(world)
    battle.inactive_turns += 1
    shuffled_range(world.random, world.run_order, battle.robot_count)
