"""Films made by hand, so that tests know where everything is: a duel of two rounds, and a melee.

The duel, 400 × 300 px: robot 0 stands at 100, 100 and looks north, gun east; its radar sweeps 30° clockwise a turn.
Robot 1 drives east from 200, 200 at 4 px a turn, in round 1 backwards. In turn 3 of each round robot 0's bullet of
power 2 leaves eastwards and hits robot 1 in turn 9; one of power 1 leaves in turn 5 and flies on. In round 0 robot 1
dies in turn 12, of 20 turns; round 1 has 10.
"""

import math

import numpy as np

from beepsim.recording.columns import (
    FLYING,
    HIT_BULLET,
    HIT_ROBOT,
    NO_VICTIM,
    RECORDED_BULLET,
    RECORDED_ROBOT,
    RECORDED_ROUND,
)
from beepsim.recording.format import FORMAT, Header, RecordedRules, Recording, RobotEntry
from beepsim.viewer.film import DEAD, Film, film_of

EAST = math.pi / 2
LAST_TURNS, DEATH_TURN, HIT_TURN = (20, 10), 12, 9
SCORES = ((80.0, 10.0), (40.0, 30.0))  # of the rounds: survival of the two


def made_duel() -> Film:
    return film_of(made_recording())


def made_recording() -> Recording:
    parts = [made_round(number, last) for number, last in enumerate(LAST_TURNS)]
    robots, bullets, rounds = (np.concatenate(tables) for tables in zip(*parts, strict=True))
    return Recording(header_of(("First", "Second"), 400, 300, len(LAST_TURNS)), robots, bullets, rounds)


def header_of(names: tuple[str, ...], width: int, height: int, rounds: int) -> Header:
    rules = RecordedRules(width, height, 0.1, 450, rounds)
    entries = tuple(RobotEntry(name, "1.0", "") for name in names)
    return Header(FORMAT, "1", "made by hand", None, 1, rules, entries, None)


def made_round(number: int, last_turn: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    turns = np.arange(last_turn + 1)
    robots = np.zeros((len(turns), 2), RECORDED_ROBOT)
    robots["round"], robots["turn"], robots["robot"] = number, turns[:, None], [0, 1]
    robots["energy"] = 100.0
    first, second = robots[:, 0], robots[:, 1]
    first["x"], first["y"], first["gun_heading"] = 100.0, 100.0, EAST
    first["radar_heading"] = np.radians(30.0 * turns) % (2 * np.pi)
    second["x"], second["y"], second["heading"] = 200.0 + 4.0 * turns * (1 - 2 * number), 200.0, EAST
    second["velocity"], second["gun_heading"] = 4.0, math.pi
    if number == 0:
        dead = turns >= DEATH_TURN
        second["state"][dead], second["energy"][dead] = DEAD, 0.0
        second["x"][dead] = second["x"][DEATH_TURN]
    bullets = np.zeros(2, RECORDED_BULLET)
    bullets["round"], bullets["bullet"], bullets["victim"] = number, [1, 2], [1, NO_VICTIM]
    bullets["power"], bullets["heading"] = [2.0, 1.0], EAST
    bullets["turn_first"], bullets["x_first"], bullets["y_first"] = [3, 5], 110.0, 100.0
    bullets["turn_last"], bullets["state_last"] = [HIT_TURN, last_turn], [HIT_ROBOT, FLYING]
    bullets["x_last"], bullets["y_last"] = [200.0, 110.0 + 17.0 * (last_turn - 5)], [180.0, 100.0]
    rounds = np.zeros(2, RECORDED_ROUND)
    rounds["round"], rounds["robot"], rounds["turns"], rounds["place"] = number, [0, 1], last_turn, [1, 2]
    rounds["survival"] = SCORES[number]
    return robots.reshape(-1), bullets, rounds


def made_melee(count: int = 14) -> Film:
    """Robots on a circle that look along it, guns to its centre, half of them dead; two bullets just hit each other."""
    angles = 2 * np.pi * np.arange(count) / count
    robots = np.zeros((3, count), RECORDED_ROBOT)
    robots["turn"], robots["robot"], robots["energy"] = np.arange(3)[:, None], np.arange(count), np.arange(count)
    robots["x"], robots["y"] = 500 + 400 * np.sin(angles), 500 + 400 * np.cos(angles)
    robots["heading"], robots["gun_heading"] = (angles + EAST) % (2 * np.pi), (angles + math.pi) % (2 * np.pi)
    robots["radar_heading"] = robots["gun_heading"]
    robots["state"][1:, ::2] = DEAD
    bullets = np.zeros(2, RECORDED_BULLET)
    bullets["bullet"], bullets["owner"], bullets["victim"], bullets["power"] = [1, 2], [1, 3], NO_VICTIM, [3.0, 0.1]
    bullets["turn_first"], bullets["turn_last"], bullets["state_last"] = 1, [1, 2], [HIT_BULLET, FLYING]
    bullets["x_first"], bullets["y_first"], bullets["x_last"], bullets["y_last"] = 500, [500, 300], 500, [500, 320]
    rounds = np.zeros(count, RECORDED_ROUND)
    rounds["robot"], rounds["turns"], rounds["place"] = np.arange(count), 2, 1
    rounds["survival"] = np.nan
    header = header_of(tuple(f"Robot{i}" for i in range(count)), 1000, 1000, 1)
    return film_of(Recording(header, robots.reshape(-1), bullets, rounds))
