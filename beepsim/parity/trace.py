"""Reference traces: battles of the real Robocode, dumped turn by turn at full precision (JSON lines, usually in xz).

Line types in order: header; per round start (turn 0), turn 1, 2, ..., round_end; results. A trace may end after any
round_end. Angles in radians, 0 = up, clockwise; `NaN`, `Infinity` and `-Infinity` are JSON strings.
"""

import json
import lzma
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from beepsim.engine.state import NO_ASSIST, NO_SHOT, World, new_rules, new_world
from beepsim.errors import UserError

Line = dict[str, Any]

FOLLOWERS = {
    "": {"header"},
    "header": {"start"},
    "start": {"turn"},
    "turn": {"turn", "round_end"},
    "round_end": {"start", "results"},
    "results": set(),
}


def read_trace(path: Path) -> Iterator[Line]:
    """The lines of a trace. UserError for a file that is missing, cut off, damaged or no trace."""
    previous, number = "", 0
    try:
        with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, start=1):
                line = json.loads(text)
                kind = line.get("type") if isinstance(line, dict) else None
                if not isinstance(kind, str) or kind not in FOLLOWERS[previous]:
                    due = " or ".join(sorted(FOLLOWERS[previous])) or "nothing"
                    raise UserError(f"{path}, line {number}: found {kind!r} where a trace has {due}")
                if kind == "header" and line.get("format") != 1:
                    raise UserError(f"{path}: trace format is {line.get('format')!r}, only format 1 can be read")
                previous = kind
                yield line
    except FileNotFoundError:
        raise UserError(f"trace {path} does not exist") from None
    except OSError as error:
        raise UserError(f"trace {path} cannot be read: {error}") from None
    except (EOFError, lzma.LZMAError) as error:
        raise UserError(f"trace {path} is cut off or damaged after line {number}: {error}") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}, line {number} is no line of a trace: {error}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path}, line {number + 1} is no line of a trace: {error}") from None
    if not previous:
        raise UserError(f"{path} is empty, a trace begins with a header line")
    if previous not in ("round_end", "results"):
        raise UserError(f"trace {path} ends after line {number}, within a round: it must end with round_end or results")


def number(value: float | str) -> float:
    """A number of a trace line, where NaN and the infinities are strings."""
    return float(value)


def world_of(header: Line, kinds: Sequence[int]) -> World:
    """The world before the first round of the battle that a trace's header describes; `kinds` [R] of its robots."""
    rules = header["rules"]
    return new_world(
        new_rules(
            width=rules["battlefieldWidth"],
            height=rules["battlefieldHeight"],
            gun_cooling_rate=rules["gunCoolingRate"],
            inactivity_time=rules["inactivityTime"],
            num_rounds=rules["numRounds"],
            hide_enemy_names=rules["hideEnemyNames"],
        ),
        np.array(kinds),
        header["seed"],
        header["initialPositions"],
    )


def shots_of(order: Line) -> list[Line]:
    """The shots of a robot's commands that have not left yet."""
    return [shot for shot in order["fire"] if not shot.get("consumed", False)]


def give_commands(world: World, line: Line) -> None:
    """Replace the orders of every robot that gave new ones after this turn."""
    for robot in line["robots"]:
        order = robot.get("cmd")
        if order is not None and order["new"]:
            shot = next(iter(shots_of(order)), {"power": NO_SHOT, "id": 0})
            mine = world.robots[robot["i"]]
            mine["last_bullet_id"] = max(mine["last_bullet_id"], shot["id"])
            world.commands[robot["i"]] = (
                number(order["distance"]),
                number(order["bodyTurn"]),
                number(order["gunTurn"]),
                number(order["radarTurn"]),
                number(order["maxVelocity"]),
                number(order["maxTurnRate"]),
                number(shot["power"]),
                number(shot.get("assist", NO_ASSIST)),
                shot["id"],
                order["adjGunBody"],
                order["adjRadarGun"],
                order["adjRadarBody"],
                order["scan"],
            )
