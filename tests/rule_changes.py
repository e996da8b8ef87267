"""Rules changed one at a time, and the transcript that notices each: run as a program, prints those that none notices.

It must run with NUMBA_DISABLE_JIT=1: compiled functions have the rules built in.
"""

import os
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import battle_transcripts
import numpy as np

import beepsim.rules

CONSTANTS = {
    "ACCELERATION": "rammers",
    "DECELERATION": "given_positions",
    "MAX_VELOCITY": "rammers",
    "MAX_BODY_TURN": "rammers",
    "MAX_GUN_TURN": "given_positions",
    "MAX_RADAR_TURN": "rammers",
    "RADAR_RANGE": "rammers",
    "MIN_POWER": "given_positions",
    "MAX_POWER": "given_positions",
    "START_ENERGY": "rammers",
    "START_GUN_HEAT": "rammers",
    "BOT_WIDTH": "rammers",
    "HALF_BOT_WIDTH": "rammers",
    "BULLET_RADIUS": "given_positions",
    "RAM_DAMAGE": "rammers",
    "RAM_SCORE": "rammers",
    "ZAP_ENERGY": "ducks_inactivity_100",
    "DISABLED_BELOW": "given_positions",
    "ACTIVITY_POINTS": "rammers",
    "BULLET_EXPLOSION_FRAMES": "given_positions",
    "ROBOT_EXPLOSION_FRAMES": "rammers",
    "TURNS_AFTER_DECISION": "rammers",
    "RUNNING_TURNS_AFTER_DECISION": "rammers",
    "SURVIVAL_SCORE": "rammers",
    "LAST_SURVIVOR_SCORE": "rammers",
    "BULLET_KILL_SHARE": "given_positions",
    "RAM_KILL_SHARE": "rammers",
    "BULLET_IDS_PER_ROBOT": "rammers",
    "BULLET_IDS_PER_ROUND": "given_positions",
}
"""All constants of beepsim/rules.py: whole ones get 1 more, others 1.5 times their value."""

FUNCTIONS = {
    "bullet_speed": "given_positions",
    "bullet_damage": "given_positions",
    "bullet_hit_gain": "given_positions",
    "gun_heat_of_shot": "given_positions",
    "wall_damage": "given_positions",
    "body_turn_rate": "rammers",
    "top_velocity_to_stop_within": "given_positions",
    "new_velocity": "rammers",
    "velocity_forwards": "rammers",
    "stop_distance": "wild",
}
"""All functions of beepsim/rules.py: their results are made 1.5 times as great, stop_distance's zero."""


def changed(name: str, value: Any) -> Any:
    if name == "DISABLED_BELOW":
        return 0.5  # energies between 0.01 and 0.015 are rare
    if callable(value):
        return lambda *arguments: value(*arguments) * (0.0 if name == "stop_distance" else 1.5)
    return value + 1 if isinstance(value, int) else value * 1.5


def engine_modules() -> list[ModuleType]:
    """Where the rules are looked up. The text of a world leaves out what is usual, and must go on doing so."""
    return [
        module
        for name, module in sys.modules.items()
        if name in ("beepsim.rules", "beepsim.geometry")
        or (name.startswith("beepsim.engine.") and not name.startswith("beepsim.engine.text"))
    ]


def is_noticed(battle: str, name: str, change: Callable[[Any], Any]) -> bool:
    """Whether a line of the battle's transcript differs once `name` is changed."""
    modules = [module for module in engine_modules() if name in vars(module)]
    old = {module: vars(module)[name] for module in modules}
    try:
        for module, value in old.items():
            setattr(module, name, change(value))
        lines = battle_transcripts.path_of(battle).read_text().splitlines()
        expected = lines[lines.index(battle_transcripts.TABLE) + 1 :]
        found = battle_transcripts.BATTLES[battle].lines()
        return any(one != other for one, other in zip(expected, found, strict=False))
    finally:
        for module, value in old.items():
            setattr(module, name, value)


def main() -> None:
    assert os.environ["NUMBA_DISABLE_JIT"] == "1"
    np.seterr(all="ignore")  # compiled code yields infinities and NaN in silence
    for battle in sorted({*CONSTANTS.values(), *FUNCTIONS.values()}):
        if is_noticed(battle, "BOT_WIDTH", lambda value: value):
            print(f"{battle} differs without any change")
    for name, battle in {**CONSTANTS, **FUNCTIONS}.items():
        if not is_noticed(battle, name, lambda value, name=name: changed(name, value)):
            print(f"{name} is not noticed by {battle}")
    if not is_noticed("crowd_of_60", "TRIES", lambda tries: tries - 1):
        print("TRIES of engine/rounds.py is not noticed by crowd_of_60")


def rules_in_code() -> tuple[set[str], set[str]]:
    """Names of the constants and of the functions of beepsim/rules.py."""
    named = {name: value for name, value in vars(beepsim.rules).items() if name != "RULES_VERSION"}
    constants = {name for name in named if name.isupper()}
    functions = {
        name
        for name, value in named.items()
        if callable(value) and getattr(value, "py_func", value).__module__ == "beepsim.rules"
    }
    return constants, functions


if __name__ == "__main__":
    main()
