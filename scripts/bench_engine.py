"""Speed of the engine alone: compiled duels of robots that move, keep the radar on the other and fire at it.

    python scripts/bench_engine.py [--rounds 35] [--repetitions 7] [--cold]

Robot-turns per second on one core, and the time until the first turn has been played: from the cache, and with `--cold`
compiled anew in an empty cache.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numba
import numpy as np

from beepsim.engine.rounds import clear_orders, may_run, round_is_over, start_round
from beepsim.engine.rows import bare, inner
from beepsim.engine.state import ADVANCED, World, new_rules, new_world
from beepsim.engine.turn import play_turn
from beepsim.fdlibm import atan2
from beepsim.geometry import relative_angle
from beepsim.jit import jit

TARGET = 2e6


@inner
def give_orders(world, index):
    """Oscillate across the line to the other robot, radar and gun on it, fire whenever the gun is cool."""
    robot, command, other = (world.robots[index], world.commands[index], world.robots[1 - index])
    clear_orders(command)
    bearing = atan2(other.x - robot.x, other.y - robot.y)
    command.adjust_gun_for_body = command.adjust_radar_for_gun = command.adjust_radar_for_body = True
    command.radar_turn = 2.0 * relative_angle(bearing - robot.radar_heading)
    command.gun_turn = relative_angle(bearing - robot.gun_heading)
    command.body_turn = relative_angle(bearing + 1.57 - robot.heading)
    if command.distance == 0.0:
        command.distance = 130.0 if (world.battle[0].turn // 32 + index) % 2 == 0 else -130.0
    if robot.gun_heat <= 0.0 and robot.energy > 1.9:
        robot.last_bullet_id += 1
        command.fire_power, command.fire_id = 1.9, robot.last_bullet_id


@jit
def fight(arrays, rounds):
    """Play rounds to their end; (turns, events, bullets counted over the turns)."""
    world = bare(arrays)
    turns, events, bullets = 0, 0, 0
    for _ in range(rounds):
        start_round(world)
        for index in range(world.battle[0].robot_count):
            give_orders(world, index)
        while not round_is_over(world):
            play_turn(world)
            turns += 1
            events += world.battle[0].event_count
            bullets += world.battle[0].bullet_count
            for i in range(world.battle[0].robot_count):
                if may_run(world, world.run_order[i]):
                    give_orders(world, world.run_order[i])
    return turns, events, bullets


def duel(seed: int, rounds: int) -> World:
    return new_world(new_rules(num_rounds=rounds), np.array([ADVANCED, ADVANCED]), seed)


def seconds_to_first_turn(cache: str | None) -> float:
    """Wall time of a fresh interpreter that plays one round, less that of one that only imports numba."""
    environment = os.environ | ({"BEEPSIM_CACHE_DIR": cache} if cache else {})
    start = time.perf_counter()
    subprocess.run([sys.executable, __file__, "--one-round"], env=environment, check=True, capture_output=True)
    middle = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import numba"], env=environment, check=True)
    return 2 * middle - start - time.perf_counter()


def cpu_name() -> str:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":")[1].strip() for line in file if line.startswith("model name")), "unknown")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=35)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--cold", action="store_true", help="also time the compiler in an empty cache")
    parser.add_argument("--one-round", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one_round:
        fight(duel(1, 1), 1)
        return
    fight(duel(1, 1), 1)
    rates = []
    for seed in range(arguments.repetitions):
        world = duel(seed + 1, arguments.rounds)
        start = time.perf_counter()
        turns, events, bullets = fight(world, arguments.rounds)
        rates.append(2 * turns / (time.perf_counter() - start))
    print(f"{cpu_name()}, numba {numba.__version__}, numpy {np.__version__}")
    print(
        f"{arguments.rounds} rounds, {turns} turns; {bullets / turns:.1f} bullets, {events / turns:.2f} events a turn"
    )
    print(f"robot-turns/s: median {statistics.median(rates):,.0f}, {min(rates):,.0f} to {max(rates):,.0f}", end="")
    print(f" in {len(rates)} repetitions; target {TARGET:,.0f}")
    print(f"first round from cache: {seconds_to_first_turn(None):.2f} s; target 2 s with a duel's bots")
    if arguments.cold:
        with tempfile.TemporaryDirectory() as cache:
            print(f"first round compiled cold: {seconds_to_first_turn(cache):.2f} s; target 15 s with a duel's bots")


if __name__ == "__main__":
    main()
