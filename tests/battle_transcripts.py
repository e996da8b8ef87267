"""Battle transcripts: what scripts/transcripts.py writes to tests/data/transcripts and test_transcripts.py plays again.

A transcript is a table of a battle: every so many turns a hash over the world's text and all events so far, and counts
of what has happened. One changed rule changes the hashes from the first turn on in which it matters. Robots are given
orders here, drawn from a java.util.Random of their own; engine and orders depend on nothing else.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from beepsim.engine.rounds import clear_orders, may_run, round_is_over, start_round
from beepsim.engine.state import (
    ADVANCED,
    BATTLE_ENDED,
    BULLET_HIT,
    BULLET_HIT_BULLET,
    BULLET_MISSED,
    DEAD,
    DEATH,
    HIT_BY_BULLET,
    HIT_ROBOT_EVENT,
    HIT_WALL_EVENT,
    JUNIOR,
    NO_ASSIST,
    ROBOT_DEATH,
    ROUND_ENDED,
    SCANNED_ROBOT,
    STANDARD,
    World,
    events_of,
    new_rules,
    new_world,
)
from beepsim.engine.text import ROBOT_KINDS, world_text
from beepsim.engine.turn import play_turn
from beepsim.fdlibm import atan2
from beepsim.geometry import absolute_angle, relative_angle
from beepsim.javarandom import new_random, next_double, next_int

FOLDER = Path(__file__).parent / "data" / "transcripts"
BULLET_FIELDS = ("bullet_id", "bullet_owner", "bullet_x", "bullet_y", "bullet_heading", "bullet_power")
OTHER_BULLET = tuple(f"hit_{name}" for name in BULLET_FIELDS)
TOLD = {  # the fields that events of a type fill
    SCANNED_ROBOT: ("other", "energy", "bearing", "distance", "heading", "velocity"),
    HIT_BY_BULLET: ("bearing", *BULLET_FIELDS),
    BULLET_HIT: ("other", "energy", "bullet_victim", *BULLET_FIELDS),
    BULLET_HIT_BULLET: BULLET_FIELDS + OTHER_BULLET,
    BULLET_MISSED: BULLET_FIELDS,
    HIT_ROBOT_EVENT: ("other", "energy", "bearing", "my_fault"),
    HIT_WALL_EVENT: ("bearing",),
    ROBOT_DEATH: ("other",),
    ROUND_ENDED: ("round", "turns", "total_turns"),
    BATTLE_ENDED: ("rank",),
}
COLUMNS = ("alive", "disabled", "shots", "hits", "crossed", "missed", "walls", "rammed", "scans", "deaths")


TABLE = "round  turn  hash            " + "".join(f"{column:>9}" for column in COLUMNS)


@dataclass(frozen=True)
class Robot:
    """`style` names the function below that gives its orders."""

    kind: int
    style: str

    def __str__(self) -> str:
        return f"{ROBOT_KINDS[self.kind].lower()} {self.style}"


@dataclass(frozen=True)
class Scripted:
    """A battle whose robots are given orders; `every` so many turns a line; at most `turns` of each round."""

    robots: tuple[Robot, ...]
    seed: int
    rules: dict[str, float] = field(default_factory=dict)
    positions: str | None = None
    every: int = 50
    turns: int = 10_000

    def heads(self) -> list[str]:
        robots = Counter(map(str, self.robots))
        rules = " ".join(f"{name}={value}" for name, value in self.rules.items()) or "usual"
        places = f", places {self.positions}" if self.positions else ""
        names = ", ".join(f"{count} {name}" if count > 1 else name for name, count in robots.items())
        return [f"robots: {names}", f"rules: {rules}, seed {self.seed}{places}"]

    def lines(self) -> Iterator[str]:
        world = new_world(
            new_rules(**({"num_rounds": 1} | self.rules)),
            np.array([robot.kind for robot in self.robots]),
            self.seed,
            self.positions,
        )
        random, transcript = new_random(self.seed + 1), Transcript()
        for _ in range(int(world.rules[0]["num_rounds"])):
            start_round(world)
            yield transcript.line(world)
            while not round_is_over(world) and world.battle[0]["turn"] < self.turns:
                give_orders(world, self.robots, random)
                transcript.note(world)
                play_turn(world)
                transcript.hear(world)
                if world.battle[0]["turn"] % self.every == 0 or round_is_over(world):
                    yield transcript.line(world)


class Transcript:
    """Running counts and the hash of all events so far."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.counts = dict.fromkeys(COLUMNS, 0)
        self.loaded = 0

    def note(self, world: World) -> None:
        """Before a turn: the shots that wait in commands."""
        self.loaded = waiting_shots(world)

    def hear(self, world: World) -> None:
        """After a turn: what it told the robots."""
        events = events_of(world)
        types = events["type"]
        self.digest.update(types.tobytes() + events["receiver"].tobytes())
        for kind in np.unique(types):
            rows = events[types == kind]
            for name in TOLD.get(int(kind), ()):
                self.digest.update(rows[name].tobytes())
        for name, kind in (
            ("hits", HIT_BY_BULLET),
            ("crossed", BULLET_HIT_BULLET),
            ("missed", BULLET_MISSED),
            ("walls", HIT_WALL_EVENT),
            ("scans", SCANNED_ROBOT),
            ("deaths", DEATH),
        ):
            self.counts[name] += int(np.count_nonzero(types == kind))
        self.counts["rammed"] += int(np.count_nonzero(events["my_fault"] & (types == HIT_ROBOT_EVENT)))
        self.counts["shots"] += self.loaded - waiting_shots(world)

    def line(self, world: World) -> str:
        battle, robots = world.battle[0], world.robots
        self.counts["alive"] = int(battle["alive"])
        self.counts["disabled"] = int(np.count_nonzero((robots["energy"] == 0.0) & (robots["state"] != DEAD)))
        digest = self.digest.copy()
        digest.update(world_text(world).encode())
        counts = "".join(f"{count:9}" for count in self.counts.values())
        return f"{battle['round']:5}{battle['turn']:6}  {digest.hexdigest()[:16]}{counts}"


def waiting_shots(world: World) -> int:
    return int(np.count_nonzero(~np.isnan(world.commands["fire_power"])))


def give_orders(world: World, robots: tuple[Robot, ...], random: np.ndarray) -> None:
    """Orders of those who may run, as Robocode's robots give them: a disabled one does not move, a hot gun not fire."""
    for index in world.run_order:
        robot, command = world.robots[index], world.commands[index]
        if robot.state != DEAD and may_run(world, index):
            clear_orders(command)
            kept = (command.distance, command.body_turn)
            power = STYLES[robots[index].style](world, index, random)
            if robot.energy <= 0.0:
                command.distance, command.body_turn = kept
            if power is not None and robot.gun_heat <= 0.0 and robot.energy > 0.0:
                robot.last_bullet_id += 1
                command.fire_power, command.fire_id = power, robot.last_bullet_id


def spread(random: np.ndarray, most: float) -> float:
    """Uniform in [-most, most)."""
    return (2.0 * next_double(random) - 1.0) * most


def target_of(world: World, index: int) -> int:
    """The next living robot, itself if there is none."""
    count = len(world.robots)
    others = [(index + step) % count for step in range(1, count + 1)]
    return next((other for other in others if world.robots[other].state != DEAD), index)


def bearing_to(world: World, index: int, other: int) -> float:
    robot, seen = world.robots[index], world.robots[other]
    return atan2(seen.x - robot.x, seen.y - robot.y)


def duck(world: World, index: int, random: np.ndarray) -> float | None:
    return None


def wild(world: World, index: int, random: np.ndarray) -> float | None:
    """Any orders, kept for some turns: infinite ones, limits, all flags; powers beyond Robocode's."""
    command = world.commands[index]
    if next_int(random, 8) == 0:
        command.distance, command.body_turn = spread(random, 300.0), spread(random, 4.0)
        command.gun_turn, command.radar_turn = spread(random, 4.0), spread(random, 8.0)
        if next_int(random, 6) == 0:
            command.distance = np.inf if next_int(random, 2) == 0 else -np.inf
        command.max_velocity = 8.0 if next_int(random, 3) > 0 else 8.0 * next_double(random)
        command.max_turn_rate = 0.17453292519943295 if next_int(random, 3) > 0 else 0.2 * next_double(random) / 2.0
        command.adjust_gun_for_body = next_int(random, 2) == 0
        command.adjust_radar_for_gun = next_int(random, 2) == 0
        command.adjust_radar_for_body = next_int(random, 2) == 0
    command.scan = next_int(random, 9) == 0
    return spread(random, 4.0) if next_int(random, 4) == 0 else None


def hunter(world: World, index: int, random: np.ndarray) -> float | None:
    """Drives about and fires at the next robot, with the angle of fire assist, which the engine uses or not."""
    robot, command = world.robots[index], world.commands[index]
    bearing = bearing_to(world, index, target_of(world, index))
    if next_int(random, 20) == 0:
        command.distance, command.body_turn = spread(random, 200.0), spread(random, 2.0)
    command.gun_turn = relative_angle(bearing - robot.gun_heading)
    command.radar_turn = 0.0 if index % 2 == 0 else relative_angle(bearing - robot.radar_heading) * 1.5
    command.scan = True
    command.fire_assist = absolute_angle(bearing) if next_int(random, 2) == 0 else NO_ASSIST
    return 0.1 + 2.9 * next_double(random) if next_int(random, 3) == 0 else None


def rammer(world: World, index: int, random: np.ndarray) -> float | None:
    """Drives into the next robot, backwards at times."""
    robot, command = world.robots[index], world.commands[index]
    turn = relative_angle(bearing_to(world, index, target_of(world, index)) - robot.heading)
    is_backwards = (index + int(world.battle[0]["turn"]) // 200) % 2 == 1
    command.body_turn = relative_angle(turn + np.pi) if is_backwards else turn
    command.distance = -100.0 if is_backwards else 100.0
    command.radar_turn = np.inf
    return None


def spender(world: World, index: int, random: np.ndarray) -> float | None:
    """Fires until its energy is gone, round and round, close enough to others to be revived by a hit."""
    command = world.commands[index]
    command.gun_turn, command.radar_turn = 0.3, -np.inf
    command.distance = 40.0 if world.battle[0]["turn"] % 40 < 20 else -40.0
    return 0.1 if index % 2 == 0 else 3.0


STYLES = {"duck": duck, "wild": wild, "hunter": hunter, "rammer": rammer, "spender": spender}


def robots_of(*names: str) -> tuple[Robot, ...]:
    """`wild` is an advanced robot, `wild:standard` and `wild:junior` are of the other kinds."""
    kinds = {"": ADVANCED, "advanced": ADVANCED, "standard": STANDARD, "junior": JUNIOR}
    return tuple(Robot(kinds[kind], style) for style, _, kind in (name.partition(":") for name in names))


MIXED = ("hunter", "wild:standard", "rammer:junior", "spender", "wild", "hunter:standard", "rammer", "wild:junior")
SMALL = {"width": 400, "height": 400}
BATTLES = {
    "duel": Scripted(robots_of("hunter", "wild:standard"), 11, {"num_rounds": 3}),
    "wild": Scripted(robots_of("wild", "wild", "wild:standard"), 12, SMALL | {"num_rounds": 2}),
    "standard_hunters": Scripted(robots_of("hunter:standard", "hunter:junior", "hunter:standard"), 13),
    "rammers": Scripted(robots_of("rammer", "rammer:standard", "rammer:junior", "rammer"), 14, SMALL),
    "ducks_inactivity_100": Scripted(robots_of("duck", "duck", "duck"), 15, {"inactivity_time": 100}),
    "spenders": Scripted(robots_of("spender", "spender:standard", "spender:junior"), 16, SMALL | {"num_rounds": 2}),
    "alone": Scripted(robots_of("wild"), 17, {"num_rounds": 2}),
    "given_positions": Scripted(
        robots_of("hunter", "rammer:standard", "wild"),
        18,
        SMALL | {"num_rounds": 3},
        "(100,100,90),(110,-120,400),(?,300)",
        turns=400,
    ),
    "melee_16_cooling_0.3": Scripted(robots_of(*MIXED, *MIXED), 19, SMALL | {"gun_cooling_rate": 0.3, "num_rounds": 2}),
    "melee_16_field_5000": Scripted(
        robots_of(*MIXED, *MIXED), 20, {"width": 5000, "height": 5000, "inactivity_time": 100}, every=100, turns=1000
    ),
    "crowd_of_60": Scripted(robots_of(*["rammer", "duck", "hunter:standard"] * 20), 22, SMALL, every=10, turns=60),
    "cooling_10": Scripted(robots_of("spender", "hunter", "spender"), 21, SMALL | {"gun_cooling_rate": 10.0}),
}


def transcript_text(name: str) -> str:
    """The file of a transcript."""
    heads = [f"# {head}" for head in BATTLES[name].heads()]
    return "\n".join([*heads, TABLE, *BATTLES[name].lines()]) + "\n"


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.txt"


def first_difference(name: str) -> str | None:
    """File and line of the first line that a battle played now would not write; None if there is none."""
    path = path_of(name)
    if not path.exists():
        return f"{path} is missing"
    expected, found = path.read_text().splitlines(), transcript_text(name).splitlines()
    for number, (old, new) in enumerate(zip(expected, found, strict=False), 1):
        if old != new:
            return f"{path}:{number}:\n  expected {old}\n  found    {new}"
    if len(expected) != len(found):
        return f"{path}: it has {len(expected)} lines, {len(found)} are found"
    return None
