"""Battle transcripts: what scripts/transcripts.py writes to tests/data/transcripts and test_transcripts.py plays again.

A transcript is a table of a battle: every so many turns a hash over the world's text and all events so far, and counts
of what has happened. One changed rule changes the hashes from the first turn on in which it matters. In a Scripted
battle robots get the orders of scripted_robots.py: engine and orders depend on nothing else. In a Fought one the bots
of bots/ fight, and a change of theirs, of the blocking API or of the battle loop shows too.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from scripted_robots import Robot, give_orders, robots_of

from beepsim.battle import names_of, on_stage
from beepsim.battle_rules import Rules
from beepsim.engine.rounds import round_is_over, start_round
from beepsim.engine.state import (
    BATTLE_ENDED,
    BULLET_HIT,
    BULLET_HIT_BULLET,
    BULLET_MISSED,
    DEAD,
    DEATH,
    HIT_BY_BULLET,
    HIT_ROBOT_EVENT,
    HIT_WALL_EVENT,
    NOBODY,
    ROBOT_DEATH,
    ROUND_ENDED,
    SCANNED_ROBOT,
    World,
    events_of,
    new_rules,
    new_world,
)
from beepsim.engine.text import world_text
from beepsim.engine.turn import play_turn
from beepsim.javarandom import new_random
from beepsim.loop import Stage, Stopped, play_to_failure
from beepsim.robots.loader import load_bot
from beepsim.rules import BULLET_IDS_PER_ROBOT

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
                play_turn(world)
                transcript.hear(world)
                if world.battle[0]["turn"] % self.every == 0 or round_is_over(world):
                    yield transcript.line(world)


@dataclass(frozen=True)
class Fought:
    """A battle of bots; `every` so many turns a line."""

    bots: tuple[str, ...]
    seed: int
    rules: Rules
    every: int = 100

    def heads(self) -> list[str]:
        usual = asdict(Rules())
        rules = " ".join(f"{name}={value}" for name, value in asdict(self.rules).items() if value != usual[name])
        return [f"bots: {', '.join(self.bots)}", f"rules: {rules}, seed {self.seed}"]

    def lines(self) -> Iterator[str]:
        bots = [load_bot(bot) for bot in self.bots]
        transcript = Transcript()
        with on_stage(bots, names_of(bots), self.seed, self.rules, None) as stage, np.errstate(all="ignore"):
            world = stage.world
            for _ in range(self.rules.num_rounds):
                for host in stage.hosts.values():
                    host.start_round()
                stage.standing["stop_turn"] = 0
                while plays_to_stop(stage):
                    transcript.hear(world)
                    if stage.standing["stop_turn"] % self.every == 0 or round_is_over(world):
                        yield transcript.line(world)
                    stage.standing["stop_turn"] += 1
                for host in stage.hosts.values():
                    host.end_round()


def plays_to_stop(stage: Stage) -> bool:
    """Whether there was such a turn to play on to, in the round in progress or the next one."""
    try:
        failed = play_to_failure(stage, stage.hosts)
    except Stopped:
        return True
    assert failed == NOBODY
    return False


class Transcript:
    """Running counts and the hash of all events so far."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.counts = dict.fromkeys(COLUMNS, 0)
        self.shots = np.zeros(0)  # [R] of this round, [0] before the first

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
        shots = (world.robots["last_bullet_id"] - 1) % BULLET_IDS_PER_ROBOT
        self.counts["shots"] += int(shots.sum() - (0 if world.battle[0]["turn"] <= 1 else self.shots.sum()))
        self.shots = shots

    def line(self, world: World) -> str:
        battle, robots = world.battle[0], world.robots
        self.counts["alive"] = int(battle["alive"])
        self.counts["disabled"] = int(np.count_nonzero((robots["energy"] == 0.0) & (robots["state"] != DEAD)))
        digest = self.digest.copy()
        digest.update(world_text(world).encode())
        counts = "".join(f"{count:9}" for count in self.counts.values())
        return f"{battle['round']:5}{battle['turn']:6}  {digest.hexdigest()[:16]}{counts}"


MIXED = ("hunter", "wild:standard", "rammer:junior", "spender", "wild", "hunter:standard", "rammer", "wild:junior")
SMALL = {"width": 400, "height": 400}
SCRIPTED = {
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
SAMPLES = (
    "Corners", "Crazy", "Fire", "MyFirstJuniorRobot", "MyFirstRobot", "PaintingRobot", "RamFire", "SittingDuck",
    "SpinBot", "Target", "TrackFire", "Tracker", "VelociRobot", "Walls",
)  # fmt: skip
ALL_SAMPLES = tuple(f"sample.{name}" for name in SAMPLES)
FOUGHT = {
    "compiled_duel": Fought(("random_mover+circular", "stop_and_go+linear"), 31, Rules(num_rounds=3)),
    "compiled_melee": Fought(
        ("circle+head_on", "random_mover+circular", "wall_follower+linear", "oscillator+random_gun") * 4,
        32,
        Rules(num_rounds=2, width=1200, height=1200, gun_cooling_rate=0.3),
    ),
    "walls_spinbot": Fought(("sample.Walls", "sample.SpinBot"), 33, Rules(num_rounds=3)),
    "all_samples": Fought(ALL_SAMPLES, 34, Rules(num_rounds=2, width=1000, height=1000)),
    "all_samples_hidden_names": Fought(
        ALL_SAMPLES, 35, Rules(num_rounds=1, width=400, height=400, gun_cooling_rate=0.3, hide_enemy_names=True)
    ),
    "ramfire_crazy_positions": Fought(
        ("sample.RamFire", "sample.Crazy", "sample.RamFire"),
        36,
        Rules(num_rounds=3, initial_positions="(100,100,90),(110,110,?),(?,500,0)"),
    ),
    "samples_inactivity_100_field_5000": Fought(
        ("sample.MyFirstJuniorRobot", "sample.Corners", "sample.Tracker", "sample.VelociRobot"),
        37,
        Rules(num_rounds=1, width=5000, height=5000, inactivity_time=100),
    ),
    "compiled_and_samples": Fought(
        ("sample.TrackFire", "random_mover+circular", "sample.Fire", "circle+linear"), 38, Rules(num_rounds=2)
    ),
}
BATTLES: dict[str, Scripted | Fought] = SCRIPTED | FOUGHT


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
