"""Walls against SpinBot, two rounds: as Robocode recorded them in its three forms, and the trace of the same battle."""

import math
from functools import cache
from pathlib import Path

import numpy as np

from beepsim.parity.trace import read_trace
from beepsim.recording.columns import NO_VICTIM, RECORDED_BULLET, RECORDED_ROBOT, RECORDED_ROUND
from beepsim.recording.format import Recording
from beepsim.recording.robocode import read_robocode

FOLDER = Path(__file__).parents[1] / "data" / "robocode"
BINARY, LONG, SHORT = (
    FOLDER / f"Walls_vs_SpinBot_seed1.{suffix}" for suffix in ("br", "br.xml.zip", "short.br.xml.zip")
)
TRACE = FOLDER / "Walls_vs_SpinBot_1.intrinsic.jsonl.xz"
ROBOT_STATES = ["ACTIVE", "HIT_WALL", "HIT_ROBOT", "DEAD"]
BULLET_STATES = ["", "MOVING", "HIT_VICTIM", "HIT_BULLET", "HIT_WALL"]


@cache
def recorded(path: Path) -> Recording:
    return read_robocode(path)


@cache
def traced() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict]]:
    """The tables that the trace gives, in the widest types, and each robot's totals at its end."""
    robots, bullets, rounds, totals, scores = [], {}, [], [], []
    for line in read_trace(TRACE):
        if line["type"] in ("start", "turn"):
            robots += [robot_row(line, robot) for robot in line["robots"]]
            for bullet in line["bullets"]:
                if bullet["id"] != 0:
                    add_bullet(bullets, line, bullet)
            deciding = line["endTimer"] <= 1
            scores = [robot["score"] for robot in line["robots"]] if deciding else scores
        elif line["type"] == "round_end":
            dead = [robot[3] == 3 for robot in robots[-2:]]
            for index, score in enumerate(scores):
                place = 2 if dead[index] else 1
                rounds.append((line["round"], index, line["turns"], place, *score))
            totals = line["scores"]
    return (
        np.array(robots, wide(RECORDED_ROBOT)),
        np.array([tuple(row) for _, row in sorted(bullets.items())], wide(RECORDED_BULLET)),
        np.array(rounds, RECORDED_ROUND),
        totals,
    )


def wide(dtype: np.dtype) -> np.dtype:
    """The same columns, floats as doubles."""
    return np.dtype([(name, "f8" if dtype[name].kind == "f" else dtype[name]) for name in dtype.names])


def robot_row(line: dict, robot: dict) -> tuple:
    place = line["round"], line["turn"], robot["i"], ROBOT_STATES.index(robot["state"])
    names = ("x", "y", "velocity", "bodyHeading", "gunHeading", "radarHeading", "energy", "gunHeat")
    return (*place, *(robot[name] for name in names))


def add_bullet(bullets: dict[tuple[int, int], list], line: dict, bullet: dict) -> None:
    key, here = (line["round"], bullet["id"]), [line["turn"], bullet["x"], bullet["y"]]
    state = BULLET_STATES.index(bullet["state"]) if bullet["state"] in BULLET_STATES else -1
    if key not in bullets:
        bullets[key] = [*key, bullet["owner"], bullet["power"], bullet["heading"], *here, *here, 1, NO_VICTIM]
    row = bullets[key]
    if row[11] == 1:
        row[8:11], row[11] = here, state
        row[12] = bullet["victim"] if state == 2 else NO_VICTIM


def angle_between(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Absolute differences of angles, rad."""
    return np.abs((a - b + math.pi) % (2 * math.pi) - math.pi)
