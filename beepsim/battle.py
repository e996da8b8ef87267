"""Battles: rounds of the engine with bots in it, their results, and a recording if asked.

The same rules version, bots and seed give the same battle, bit for bit, compiled or not, alone or among many.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from beepsim import __version__
from beepsim.engine.state import World, new_rules, new_world
from beepsim.errors import UserError
from beepsim.loop import Host, RoundRows, new_stage, play_round
from beepsim.recording.columns import HIT_ROBOT
from beepsim.recording.format import (
    FORMAT,
    MAX_ROBOTS,
    SUFFIX,
    Header,
    RecordedRules,
    Recording,
    RobotEntry,
    TotalScores,
    write_recording,
)
from beepsim.recording.recorder import new_notes
from beepsim.robots.crew import Crew, new_crew, new_memories
from beepsim.robots.loader import ROBOT, Bot, load_bot, robot_class
from beepsim.robots.plain import PlainHost
from beepsim.rules import BULLET_IDS_PER_ROUND, RULES_VERSION
from beepsim.workers import spread

MOST_ROUNDS = (1 << 31) // BULLET_IDS_PER_ROUND
"""More would need bullet ids that Robocode, and a recording, cannot hold."""

SEEDS = 1 << 48
"""Java's generator has 48 bits; a greater seed would only repeat another's battle."""


@dataclass(frozen=True)
class Rules:
    """A battle's rules with Robocode's defaults (35 rounds as in the RoboRumble). UserError for what it refuses."""

    width: int = 800
    height: int = 600
    gun_cooling_rate: float = 0.1
    inactivity_time: int = 450
    num_rounds: int = 35

    def __post_init__(self) -> None:
        for name in ("width", "height", "inactivity_time", "num_rounds"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise UserError(f"rule {name} is {value!r}, it must be a whole number")
        new_rules(**asdict(self))
        for name, most in (("gun_cooling_rate", 10), ("inactivity_time", 100_000), ("num_rounds", MOST_ROUNDS)):
            if getattr(self, name) > most:
                raise UserError(f"rule {name} is {getattr(self, name)}, it must be at most {most}")


@dataclass(frozen=True)
class RobotResult:
    """One robot's battle: Robocode's scores, rounds in which it came first, second and third, its shots and hits."""

    name: str
    version: str
    hash: str
    scores: TotalScores
    firsts: int
    seconds: int
    thirds: int
    shots: int
    hits: int


@dataclass(frozen=True)
class BattleResult:
    """`robots` in the order given; `turns` of each round; `elapsed` seconds, the only field that varies."""

    seed: int
    rules: Rules
    robots: tuple[RobotResult, ...]
    turns: tuple[int, ...]
    recording: Path | None
    elapsed: float = field(compare=False)


@dataclass(frozen=True)
class Battle:
    """A battle to be fought: names or paths of bots (see robots/loader.py), rules, seed, and where to record it."""

    bots: tuple[str, ...]
    seed: int
    rules: Rules = Rules()
    record: Path | None = None

    def __str__(self) -> str:
        return f"battle of {' and '.join(self.bots)} with seed {self.seed}"


def fight(
    bots: Sequence[str | Bot],
    seed: int,
    rules: Rules = Rules(),
    record: Path | None = None,
    compiled: bool = True,
    progress: Callable[[int], None] | None = None,
) -> BattleResult:
    """Fights a battle of any number of robots; `progress` gets the number of rounds played.

    With `record` the battle is written there; if Ctrl-C stops it, the rounds played until then are. With
    `compiled=False` the bots run as plain Python, for a debugger, and the battle is the same.
    Raises UserError for an unknown bot, a seed out of range, a bot that fails, a file that cannot be written.
    """
    started = time.perf_counter()
    crew_bots = [load_bot(bot) if isinstance(bot, str) else bot for bot in bots]
    check_battle(crew_bots, seed, record)
    names = names_of(crew_bots)
    world = new_world(new_rules(**asdict(rules)), np.array([bot.robot_kind for bot in crew_bots]), seed)
    memories = new_memories(crew_bots)
    crew, notes = new_crew(crew_bots, memories, world, seed, compiled), new_notes(world, record is not None)
    hosts = new_hosts(crew_bots, names, memories, crew, world)
    stage = new_stage(crew_bots, memories, world, crew, notes, hosts)
    rounds: list[RoundRows] = []
    try:
        for _ in range(rules.num_rounds):
            rounds.append(play_round(stage))
            if progress:
                progress(len(rounds))
    finally:
        for host in hosts.values():
            host.close()
        if record is not None and rounds:
            write_recording(record, recording_of(crew_bots, names, rules, seed, rounds))
    elapsed = time.perf_counter() - started
    return BattleResult(
        seed=seed,
        rules=rules,
        robots=tuple(robot_result(bot, names[robot], robot, rounds) for robot, bot in enumerate(crew_bots)),
        turns=tuple(int(one.results["turns"][0]) for one in rounds),
        recording=record,
        elapsed=elapsed,
    )


def new_hosts(
    bots: list[Bot], names: list[str], memories: list[np.ndarray], crew: Crew, world: World
) -> dict[int, Host]:
    """Whatever runs robots in Python, by the robot's index: of classes, and of bots that are not compiled."""
    hosts: dict[int, Host] = {}
    for robot, bot in enumerate(bots):
        if bot.parts[0].kind == ROBOT:
            from beepsim.robots.host import Host as ClassHost

            hosts[robot] = ClassHost(robot_class(bot.parts[0]), robot, names, crew, world)
        elif crew.calls[robot]["entry"] == 0:
            hosts[robot] = PlainHost(bot, robot, memories[robot], crew, world)
    return hosts


def check_battle(bots: list[Bot], seed: int, record: Path | None) -> None:
    """Raises UserError for what can be wrong before the first turn."""
    if not 1 <= len(bots) <= MAX_ROBOTS:
        raise UserError(f"a battle of {len(bots)} robots was asked for, it can have 1 to {MAX_ROBOTS}")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < SEEDS:
        raise UserError(f"seed is {seed!r}, it must be a whole number from 0 to {SEEDS - 1}")
    if record is not None and record.suffix != SUFFIX:
        raise UserError(f"{record}: a recording's name must end in {SUFFIX}")


def names_of(bots: list[Bot]) -> list[str]:
    """The bots' names; equal ones get " (1)", " (2)", … as in Robocode."""
    names = [bot.name for bot in bots]
    return [
        f"{name} ({names[: index + 1].count(name)})" if names.count(name) > 1 else name
        for index, name in enumerate(names)
    ]


def recording_of(bots: list[Bot], names: list[str], rules: Rules, seed: int, rounds: list[RoundRows]) -> Recording:
    """The recording of the rounds played."""
    header = Header(
        format=FORMAT,
        rules_version=RULES_VERSION,
        source=f"beepsim {__version__}",
        origin=None,
        seed=seed,
        rules=RecordedRules(**asdict(rules)),
        robots=tuple(RobotEntry(name, bot.version, bot.hash) for name, bot in zip(names, bots, strict=True)),
        results=tuple(scores_of(total) for total in rounds[-1].totals),
    )
    tables = (np.concatenate([getattr(one, table) for one in rounds]) for table in ("robots", "bullets", "results"))
    return Recording(header, *tables)


def scores_of(total: np.void) -> TotalScores:
    """A robot's SCORE row of totals in the recording's words."""
    return TotalScores(
        total=float(total["total"]),
        survival=float(total["survival"]),
        last_survivor_bonus=float(total["last_survivor"]),
        bullet_damage=float(total["bullet_damage"]),
        bullet_kill_bonus=float(total["bullet_kill"]),
        ram_damage=float(total["ram_damage"]),
        ram_kill_bonus=float(total["ram_kill"]),
    )


def robot_result(bot: Bot, name: str, robot: int, rounds: list[RoundRows]) -> RobotResult:
    """What became of one robot."""
    total = rounds[-1].totals[robot]
    shots = [one.bullets[one.bullets["owner"] == robot] for one in rounds]
    return RobotResult(
        name=name,
        version=bot.version,
        hash=bot.hash,
        scores=scores_of(total),
        firsts=int(total["firsts"]),
        seconds=int(total["seconds"]),
        thirds=int(total["thirds"]),
        shots=sum(len(table) for table in shots),
        hits=sum(int(np.count_nonzero(table["state_last"] == HIT_ROBOT)) for table in shots),
    )


def fight_one(battle: Battle) -> BattleResult:
    """`fight` of a Battle, for worker processes."""
    return fight(battle.bots, battle.seed, battle.rules, battle.record)


def fight_many(
    battles: Sequence[Battle], workers: int = 1, progress: Callable[[int], None] | None = None
) -> list[BattleResult]:
    """Results in the order of the battles, the same for any number of `workers` (processes of one thread each).

    `progress` gets the number of battles done. Raises UserError as `fight` does, before anything is fought where a bot
    is unknown; RuntimeError naming the battle whose process died.
    """
    if workers < 1:
        raise UserError(f"{workers} workers were asked for, at least 1 is needed")
    for battle in battles:
        check_battle([load_bot(bot) for bot in battle.bots], battle.seed, battle.record)
    results: list[BattleResult] = []
    # With workers the first battle is fought here all the same: it fills the cache of machine code that they read.
    for battle in battles[: 1 if workers > 1 else None]:
        results.append(fight_one(battle))
        if progress:
            progress(len(results))
    rest = battles[len(results) :]
    return results + spread(fight_one, rest, workers, str, progress and (lambda done: progress(done + 1)))
