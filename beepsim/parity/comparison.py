"""A world that follows a reference trace, and the comparison of every value of every turn with the trace's.

Exactly, to the bit, unless a tolerance is given: then numbers may differ by it, decisions (states, hits, events, the
random generator) may not. Robots get their orders from the trace, or from our bots, whose orders are compared too. The
first difference is named by round, turn, robot and field, as the trace calls them.
"""

import dataclasses
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np

from beepsim.engine.rounds import start_round
from beepsim.engine.score import rank_robots, rounded_results
from beepsim.engine.state import (
    BULLET_STATES,
    EVENT_TYPES,
    NO_ASSIST,
    NOBODY,
    ROBOT_STATES,
    World,
    bullets_of,
    events_of,
)
from beepsim.engine.turn import play_turn
from beepsim.parity.fighters import Fighters
from beepsim.parity.trace import Line, give_commands, number, shots_of

NO_ROBOT = -1  # a difference that concerns no single robot

# Names in the trace, and in the engine's arrays.
# fmt: off
ROBOT_NUMBERS = {  # causes before effects: a wrong heading also moves x
    "bodyHeading": "heading", "gunHeading": "gun_heading", "radarHeading": "radar_heading", "velocity": "velocity",
    "x": "x", "y": "y", "energy": "energy", "gunHeat": "gun_heat",
}
ROBOT_FLAGS = {"overDriving": "over_driving", "inCollision": "in_collision"}
COMMAND_NUMBERS = {
    "distance": "distance", "bodyTurn": "body_turn", "gunTurn": "gun_turn", "radarTurn": "radar_turn",
    "maxVelocity": "max_velocity", "maxTurnRate": "max_turn_rate",
}
COMMAND_FLAGS = {
    "adjGunBody": "adjust_gun_for_body", "adjRadarGun": "adjust_radar_for_gun",
    "adjRadarBody": "adjust_radar_for_body", "scan": "scan",
}
BULLET_VALUES = {"id": "id", "owner": "owner", "x": "x", "y": "y", "heading": "heading", "power": "power",
                 "frame": "frame", "victim": "victim"}
SCORES = ("survival", "last_survivor", "bullet_damage", "bullet_kill", "ram_damage", "ram_kill")
TOTALS = {
    "totalScore": "total", "totalSurvivalScore": "survival", "totalLastSurvivorBonus": "last_survivor",
    "totalBulletDamageScore": "bullet_damage", "totalBulletKillBonus": "bullet_kill",
    "totalRammingDamageScore": "ram_damage", "totalRammingKillBonus": "ram_kill",
    "totalFirsts": "firsts", "totalSeconds": "seconds", "totalThirds": "thirds",
}
ROUND_SCORES = {
    "survivalScore": "survival", "lastSurvivorBonus": "last_survivor", "bulletDamageScore": "bullet_damage",
    "bulletKillBonus": "bullet_kill", "rammingDamageScore": "ram_damage", "rammingKillBonus": "ram_kill",
}
RESULTS = {
    "score": "total", "survival": "survival", "lastSurvivorBonus": "last_survivor", "bulletDamage": "bullet_damage",
    "bulletDamageBonus": "bullet_kill", "ramDamage": "ram_damage", "ramDamageBonus": "ram_kill",
    "firsts": "firsts", "seconds": "seconds", "thirds": "thirds",
}
EVENT_VALUES: dict[str, dict[str, str]] = {
    "ScannedRobotEvent": {"energy": "energy", "bearing": "bearing", "distance": "distance", "heading": "heading",
                          "velocity": "velocity"},
    "HitRobotEvent": {"bearing": "bearing", "energy": "energy", "myFault": "my_fault"},
    "HitWallEvent": {"bearing": "bearing"},
    "HitByBulletEvent": {"bearing": "bearing"},
    "BulletHitEvent": {"energy": "energy"},
    "RoundEndedEvent": {"round": "round", "turns": "turns", "totalTurns": "total_turns"},
    "BattleEndedEvent": {"rank": "rank"},
}
# fmt: on
NAMING_EVENTS = {"ScannedRobotEvent", "HitRobotEvent", "BulletHitEvent", "RobotDeathEvent"}


@dataclass(frozen=True)
class Difference:
    """The first value that differs. `robot` is an index or NO_ROBOT; `expected` is the trace's value, `world` the
    engine's world in that turn as text (engine/text.py)."""

    round: int
    turn: int
    robot: int
    field: str
    expected: Any
    found: Any
    world: str = dataclasses.field(default="", compare=False)


class Differs(Exception):
    """Carries the first difference out of the comparison."""

    def __init__(self, robot: int, field: str, expected: Any, found: Any) -> None:
        super().__init__(field)
        self.robot, self.field, self.expected = robot, field, expected
        self.found = found.item() if isinstance(found, np.generic) else found


class Comparison:
    """A world that follows a trace, and the counts of what has been compared; `turns` that agree completely."""

    def __init__(self, world: World, tolerance: float, fighters: Fighters | None = None) -> None:
        self.world = world
        self.tolerance = tolerance
        self.fighters = fighters
        self.names: list[str] = []
        self.rounds = self.turns = self.values = 0

    def step(self, line: Line) -> None:
        """Follow one line after the header. Raises Differs."""
        kind = line["type"]
        if kind == "round_end":
            if self.fighters is not None:
                self.fighters.end_round()
            self.check_round(line)
            self.rounds += 1
        elif kind == "results":
            self.check_results(line)
        else:
            if kind == "start":
                self.names = [robot["name"] for robot in line["robots"]]
                start_round(self.world)
            else:
                play_turn(self.world)
            self.check_turn(line)
            if self.fighters is None:
                give_commands(self.world, line)
            else:
                if kind == "start":
                    self.fighters.start_round()
                self.check_orders(line, self.fighters.give_orders(), self.fighters.faults())
            self.turns += kind == "turn"

    def check_values(self, robot: int, label: str, fields: Iterable[str], expected: list, found: list) -> None:
        """Compare two lists of numbers, flags or texts, of which `fields` are the names. Raises Differs."""
        self.values += len(expected)
        for field, wanted, got in zip(fields, expected, found, strict=True):
            if not self.is_same(wanted, got):
                raise Differs(robot, label + field, wanted, got)

    def check_numbers(self, robot: int, label: str, fields: Iterable[str], expected: list, found: list) -> None:
        """As `check_values` for doubles only: one comparison of all their bytes, name by name only if that fails."""
        form = f"{len(expected)}d"
        if struct.pack(form, *expected) == struct.pack(form, *found):
            self.values += len(expected)
        else:
            self.check_values(robot, label, fields, expected, found)

    def is_same(self, wanted: Any, got: Any) -> bool:
        """Same bits, or both doubles and no further apart than the tolerance."""
        if not isinstance(wanted, float):
            return wanted == got
        if math.isnan(wanted) or math.isnan(got):
            return math.isnan(wanted) and math.isnan(got)
        if self.tolerance > 0.0:
            return wanted == got or abs(wanted - got) <= self.tolerance
        return struct.pack("d", wanted) == struct.pack("d", got)

    def check_turn(self, line: Line) -> None:
        """Everything of a start or turn line. The generator last: it says that something differs, the others what."""
        battle = self.world.battle[0]
        expected = [line["round"], line["turn"], line["inactiveTurns"], line["inactivityEnergy"], line["endTimer"]]
        found = battle[["round", "turn", "inactive_turns", "inactivity_energy", "end_timer"]].tolist()
        for robot in line["robots"]:
            self.check_robot(robot)
        self.check_bullets(line["bullets"])
        self.check_events(line["events"])
        self.check_values(
            NO_ROBOT, "", ("round", "turn", "inactiveTurns", "inactivityEnergy", "endTimer"), expected, list(found)
        )
        self.check_values(NO_ROBOT, "", ("rng",), [line["rng"]], [f"{int(self.world.random[0]):x}"])

    def check_robot(self, robot: Line) -> None:
        """One robot, its score of the round and, where it gave no new orders, what is left of its old ones."""
        index = robot["i"]
        state: Any = self.world.robots[index]
        score: Any = self.world.scores[index]
        self.check_numbers(
            index, "", ROBOT_NUMBERS, [robot[name] for name in ROBOT_NUMBERS], list(ROBOT_NUMBERS_OF(state))
        )
        self.check_values(
            index,
            "",
            ("state", *ROBOT_FLAGS),
            [robot["state"], *(robot[name] for name in ROBOT_FLAGS)],
            [ROBOT_STATES[state.state], *(bool(state[name]) for name in ROBOT_FLAGS.values())],
        )
        self.check_numbers(index, "score.", SCORES, robot["score"], list(SCORES_OF(score)))
        order = robot.get("cmd")
        if order is not None and not order["new"]:
            self.check_order(index, order)

    def check_orders(self, line: Line, gave: list[bool], faults: list[str | None]) -> None:
        """What our bots ordered, where the trace tells it: not of dead robots. They are without fault."""
        for robot in line["robots"]:
            index, order = robot["i"], robot.get("cmd")
            if faults[index] is not None:
                raise Differs(index, "fault", None, faults[index])
            if order is not None:
                self.check_values(index, "cmd.", ("new",), [order["new"]], [gave[index]])
                self.check_order(index, order)

    def check_order(self, robot: int, order: Line) -> None:
        """A robot's stored orders, as they are or as they have been worked off so far."""
        command: Any = self.world.commands[robot]
        expected = [*(number(order[name]) for name in COMMAND_NUMBERS), *(order[name] for name in COMMAND_FLAGS)]
        found = [float(command[name]) for name in COMMAND_NUMBERS.values()]
        found += [bool(command[name]) for name in COMMAND_FLAGS.values()]
        self.check_values(robot, "cmd.", (*COMMAND_NUMBERS, *COMMAND_FLAGS), expected, found)
        shots, fires = shots_of(order), not math.isnan(command.fire_power)
        self.check_values(robot, "cmd.", ("number of shots",), [len(shots)], [int(fires)])
        if fires:
            found = [float(command.fire_power), float(command.fire_assist), int(command.fire_id)]
            expected = [number(shots[0]["power"]), number(shots[0].get("assist", NO_ASSIST)), shots[0]["id"]]
            self.check_values(robot, "cmd.fire.", ("power", "assist", "id"), expected, found)

    def check_bullets(self, expected: list[Line]) -> None:
        """The engine's bullet list, in its order."""
        bullets = bullets_of(self.world)
        self.check_values(NO_ROBOT, "", ("number of bullets",), [len(expected)], [len(bullets)])
        columns = [bullets[name].tolist() for name in BULLET_VALUES.values()]
        for place, (bullet, *found) in enumerate(zip(expected, *columns, strict=True)):
            self.check_values(
                bullet["owner"],
                f"bullets[{place}].",
                (*BULLET_VALUES, "state", "explosion"),
                [*(bullet[name] for name in BULLET_VALUES), bullet["state"], bullet.get("explosion", False)],
                [*found, BULLET_STATES[bullets["state"][place]], bool(bullets["explosion"][place])],
            )

    def check_events(self, expected: list[Line]) -> None:
        """All events of the turn, in order of creation."""
        events = events_of(self.world)
        for place, wanted in enumerate(expected):
            found = self.event_line(events[place]) if place < len(events) else {"r": NO_ROBOT, "type": None}
            wanted, found = flat(wanted), flat(found)
            names = list(dict.fromkeys([*wanted, *found]))
            self.check_values(
                wanted["r"],
                f"events[{place}].",
                names,
                [wanted.get(name) for name in names],
                [found.get(name) for name in names],
            )
        self.check_values(NO_ROBOT, "", ("number of events",), [len(expected)], [len(events)])

    def event_line(self, event: np.record) -> Line:
        """An event of the engine as a trace writes it."""
        kind, receiver = EVENT_TYPES[event.type], int(event.receiver)
        line: Line = {"r": receiver, "type": kind}
        if kind in NAMING_EVENTS:
            line["name"] = self.name_for(receiver, event.other)
        line |= {name: event[field].item() for name, field in EVENT_VALUES.get(kind, {}).items()}
        if kind == "BattleEndedEvent":
            line["aborted"] = False
        prefixes = {"bullet": "bullet_"} if kind in ("HitByBulletEvent", "BulletHitEvent", "BulletMissedEvent") else {}
        if kind == "BulletHitBulletEvent":
            prefixes = {"bullet": "bullet_", "hitBullet": "hit_bullet_"}
        for name, prefix in prefixes.items():
            victim = event.bullet_victim if kind != "BulletHitBulletEvent" else NOBODY
            line[name] = {
                "heading": float(event[prefix + "heading"]),
                "x": float(event[prefix + "x"]),
                "y": float(event[prefix + "y"]),
                "power": float(event[prefix + "power"]),
                "owner": self.name_for(receiver, event[prefix + "owner"]),
                "victim": None if victim == NOBODY else self.name_for(receiver, victim),
                "active": False,
                "hash": int(event[prefix + "id"]),
            }
        return line

    def name_for(self, receiver: int, robot: int) -> str:
        """What the receiver is told about whom an event concerns: its name, or #index if names are hidden."""
        if self.world.rules[0].hide_enemy_names and robot != receiver:
            return f"#{robot}"
        return self.names[robot]

    def check_round(self, line: Line) -> None:
        """Totals, scores and places at the end of a round."""
        battle = self.world.battle[0]
        found = [int(battle["round"]), int(battle.turn), int(battle.total_turns)]
        fields = ("round", "turns", "totalTurns")
        self.check_values(NO_ROBOT, "round_end.", fields, [line[name] for name in fields], found)
        for score in line["scores"]:
            for names, table in ((TOTALS, self.world.totals), (ROUND_SCORES, self.world.scores)):
                own = [table[score["i"]][field].item() for field in names.values()]
                self.check_values(score["i"], "round_end.", names, [score[name] for name in names], own)

    def check_results(self, line: Line) -> None:
        """The published results, in robot order and sorted, and the generator at the end."""
        results = rounded_results(self.world)
        order = np.arange(len(results))
        for key in ("indexed", "sorted"):
            for place, wanted in enumerate(line[key]):
                robot = int(order[place])
                own = [self.names[robot], robot + 1, *(results[robot][field].item() for field in RESULTS.values())]
                fields = ("name", "rank", *RESULTS)
                self.check_values(robot, f"{key}[{place}].", fields, [wanted[name] for name in fields], own)
            rank_robots(results, order, len(order))
        self.check_values(NO_ROBOT, "results.", ("rng",), [line["rng"]], [f"{int(self.world.random[0]):x}"])


ROBOT_NUMBERS_OF = attrgetter(*ROBOT_NUMBERS.values())
SCORES_OF = attrgetter(*SCORES)


def flat(line: Line) -> Line:
    """The same values with those of nested objects under names like `bullet.x`."""
    result: Line = {}
    for name, value in line.items():
        if isinstance(value, dict):
            result |= {f"{name}.{inner}": inner_value for inner, inner_value in value.items()}
        else:
            result[name] = value
    return result
