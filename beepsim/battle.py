"""Battles: rounds of the engine with bots in it, their results, and a recording if asked.

The same rules version, bots and seed give the same battle, bit for bit, compiled or not, alone or among many.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beepsim.battle_rules import Rules
from beepsim.engine.state import World, new_rules, new_world
from beepsim.errors import UserError
from beepsim.files import ctrl_c_waits
from beepsim.loop import Host, RoundRows, Stage, Stopped, new_stage, play_round, rows_so_far
from beepsim.recording.format import MAX_ROBOTS, SUFFIX, Recording, write_recording
from beepsim.recording.recorder import new_notes
from beepsim.results import BattleResult, recording_of, robot_results
from beepsim.robots.crew import new_crew
from beepsim.robots.host import Host as ClassHost
from beepsim.robots.loader import ROBOT, Bot, load_bot, robot_class
from beepsim.robots.plain import PlainHost
from beepsim.robots.prepare import new_memory, own_global_randomness
from beepsim.workers import spread

SEEDS = 1 << 48
"""Java's generator has 48 bits; a greater seed would only repeat another's battle."""

Watch = Callable[[Callable[[], Recording], bool], None]
"""Who watches a battle: told every few turns, and at each round's end (True); the function makes the recording of the
round so far, in which bullets in the air have no end yet."""


@dataclass(frozen=True)
class Battle:
    """A battle to be fought: bots or what they are called (see robots/loader.py), rules, seed, and where to record."""

    bots: tuple[str | Bot, ...]
    seed: int
    rules: Rules = Rules()
    record: Path | None = None

    def __str__(self) -> str:
        names = [bot if isinstance(bot, str) else bot.name for bot in self.bots]
        return f"battle of {' and '.join(names)} with seed {self.seed}"


def fight(
    bots: Sequence[str | Bot],
    seed: int,
    rules: Rules = Rules(),
    record: Path | None = None,
    compiled: bool = True,
    progress: Callable[[int], None] | None = None,
    turn_time_limit: float | None = None,
    start: World | None = None,
    watch: Watch | None = None,
) -> BattleResult:
    """Fights a battle of any number of robots; `progress` gets the number of rounds played.

    With `record` the battle is written there; if Ctrl-C stops it, the rounds played until then are. With
    `compiled=False` compiled bots run as plain Python, for a debugger, and the battle is the same. `turn_time_limit`
    are seconds: a robot of a class that takes longer for a turn skips turns, and the battle depends on the machine.
    From a `start` (see engine/text_reader.py), which has its own rules, the battle goes on as if its round began there:
    turn 0, with bots that remember nothing.
    Raises UserError for an unknown bot, a seed out of range, a file that cannot be written.
    """
    started = time.perf_counter()
    crew_bots = loaded(bots)
    if start is not None:
        rules = rules_of_start(start, rules, crew_bots, record)
    check_battle(crew_bots, seed, rules, record)
    if turn_time_limit is not None and not turn_time_limit > 0:
        raise UserError(f"a turn's time limit of {turn_time_limit} s was asked for, it must be more than 0")
    names = names_of(crew_bots)

    def recorded(rounds: Sequence[RoundRows]) -> Recording:
        return recording_of(crew_bots, names, rules, seed, rounds, start)

    rounds: list[RoundRows] = []
    keeps_turns = record is not None or watch is not None
    try:
        with on_stage(crew_bots, names, seed, rules, start, keeps_turns, compiled, turn_time_limit) as stage:
            if watch:
                stage.watch = lambda stage: watch(lambda: recorded([rows_so_far(stage)]), False)
            for _ in range(int(stage.world.battle[0]["round"]) + (start is None), rules.num_rounds):
                rounds.append(play_round(stage))
                if watch:
                    watch(lambda: recorded(rounds[-1:]), True)
                if progress:
                    progress(len(rounds))
    finally:
        if record is not None and rounds:
            with ctrl_c_waits():
                write_recording(record, recorded(rounds))
    elapsed = time.perf_counter() - started
    hosts = [stage.hosts.get(robot) for robot in range(len(crew_bots))]
    faults = [kept + (host.faults if host else []) for kept, host in zip(stage.faults, hosts, strict=True)]
    skipped_turns = [host.skipped_turns if host else 0 for host in hosts]
    return BattleResult(
        seed=seed,
        rules=rules,
        robots=robot_results(crew_bots, names, rounds, faults, skipped_turns),
        turns=tuple(int(one.results["turns"][0]) for one in rounds),
        recording=record,
        elapsed=elapsed,
    )


def world_at(
    bots: Sequence[str | Bot],
    seed: int,
    rules: Rules = Rules(),
    round_number: int = 0,
    turn: int = 0,
    start: World | None = None,
) -> World:
    """The world of the battle that `fight` fights, after this turn of this round, before the robots run; 0: the start.

    Raises UserError as `fight` does, and for a turn that is not played.
    """
    crew_bots = loaded(bots)
    first = 0
    if start is not None:
        rules, first = rules_of_start(start, rules, crew_bots, None), int(start.battle[0]["round"])
    check_battle(crew_bots, seed, rules, None)
    if not first <= round_number < rules.num_rounds:
        raise UserError(f"round {round_number} is not played, it must be from {first} to {rules.num_rounds - 1}")
    with on_stage(crew_bots, names_of(crew_bots), seed, rules, start) as stage:
        for _ in range(first, round_number):
            play_round(stage)
        stage.standing["stop_turn"] = turn
        try:
            play_round(stage)
        except Stopped:
            return stage.world
        raise UserError(
            f"turn {turn} is not played, round {round_number} ended with turn {stage.world.battle['turn'][0]}"
        )


def loaded(bots: Sequence[str | Bot]) -> list[Bot]:
    return [load_bot(bot) if isinstance(bot, str) else bot for bot in bots]


def rules_of_start(start: World, rules: Rules, bots: list[Bot], record: Path | None) -> Rules:
    """The rules of a start; UserError where it does not go with what else was asked for."""
    own = Rules.of_world(start)
    if rules not in (Rules(), own):
        raise UserError("a start has its own rules: they belong in the rules line of its text, not beside it")
    if len(start.robots) != len(bots):
        raise UserError(f"the start has {len(start.robots)} robots, but {len(bots)} bots were named")
    if record is not None and start.battle[0]["round"] > 0:
        raise UserError(f"a recording begins with round 0, the start's round is {start.battle[0]['round']}")
    return own


@contextmanager
def on_stage(
    bots: list[Bot],
    names: list[str],
    seed: int,
    rules: Rules,
    start: World | None,
    is_recorded: bool = False,
    compiled: bool = True,
    turn_time_limit: float | None = None,
) -> Iterator[Stage]:
    """The stage of a battle, for its duration."""
    with own_global_randomness(seed) if any(is_class(bot) for bot in bots) else nullcontext():
        stage = set_stage(bots, names, seed, rules, start, is_recorded, compiled, turn_time_limit)
        try:
            yield stage
        finally:
            for host in stage.hosts.values():
                host.close()


def is_class(bot: Bot) -> bool:
    """Whether the bot is a class of Robocode's API rather than compiled functions."""
    return bot.parts[0].kind == ROBOT


def set_stage(
    bots: list[Bot],
    names: list[str],
    seed: int,
    rules: Rules,
    start: World | None,
    is_recorded: bool,
    compiled: bool,
    turn_time_limit: float | None,
) -> Stage:
    """All that the battle is played with, before its first round."""
    kinds = np.array([bot.robot_kind for bot in bots])
    if start is None:
        world = new_world(new_rules(**rules.numbers()), kinds, seed, rules.initial_positions)
    else:
        world = World(*(array.copy() for array in start))
        world.robots["kind"], world.battle["turn"] = kinds, 0
    memories = [new_memory(bot) for bot in bots]
    crew, notes = new_crew(bots, memories, world, seed, compiled), new_notes(world, is_recorded)
    hosts: dict[int, Host] = {}
    for robot, bot in enumerate(bots):
        if is_class(bot):
            told = [f"#{i}" if rules.hide_enemy_names and i != robot else name for i, name in enumerate(names)]
            hosts[robot] = ClassHost(robot_class(bot.parts[0]), robot, told, crew, world, turn_time_limit, compiled)
        elif not compiled:
            hosts[robot] = PlainHost(bot, robot, memories[robot], crew, world)
    return new_stage(bots, memories, world, crew, notes, hosts, start is not None)


def check_battle(bots: list[Bot], seed: int, rules: Rules, record: Path | None) -> None:
    """Raises UserError for what can be wrong before the first turn."""
    if not 1 <= len(bots) <= MAX_ROBOTS:
        raise UserError(f"a battle of {len(bots)} robots was asked for, it can have 1 to {MAX_ROBOTS}")
    if len(rules.places()) > len(bots):
        raise UserError(f"rule initial_positions has {len(rules.places())} places for {len(bots)} robots")
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


def fight_one(battle: Battle) -> BattleResult:
    """`fight` of a Battle, for worker processes."""
    return fight(battle.bots, battle.seed, battle.rules, battle.record)


def fight_many(
    battles: Sequence[Battle], workers: int = 1, progress: Callable[[int], None] | None = None
) -> list[BattleResult]:
    """Results in the order of the battles, the same for any number of `workers` (processes of one thread each).

    `progress` gets the number of battles done. Raises UserError as `fight` does, before anything is fought where a bot
    is unknown or cannot be prepared; RuntimeError naming the battle whose process died.
    """
    if workers < 1:
        raise UserError(f"{workers} workers were asked for, at least 1 is needed")
    crews = [loaded(battle.bots) for battle in battles]
    for battle, bots in zip(battles, crews, strict=True):
        check_battle(bots, battle.seed, battle.rules, battle.record)
    for bot in dict.fromkeys(bot for bots in crews for bot in bots):
        new_memory(bot)
    results: list[BattleResult] = []
    # With workers the first battle is fought here all the same: it fills the cache of machine code that they read.
    for battle in battles[: 1 if workers > 1 else None]:
        results.append(fight_one(battle))
        if progress:
            progress(len(results))
    rest = battles[len(results) :]
    return results + spread(fight_one, rest, workers, str, progress and (lambda done: progress(done + 1)))
