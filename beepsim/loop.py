"""The battle loop: rounds in which compiled bots and bots in Python fight together, and what they leave to record.

One compiled function, `play_on`, plays as far as it can alone: through all turns where every bot is compiled or waits,
else to the next bot that runs in Python. It is called again and again, millions of times where nobody waits, and so it
takes one address instead of thirty arrays, whose unpacking would cost more than a turn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from beepsim.engine.energy import drain
from beepsim.engine.rounds import clear_orders, may_run, prepare_round, round_is_over
from beepsim.engine.rows import part, rows_at
from beepsim.engine.state import (
    BATTLE,
    BULLET,
    COMMAND,
    DEAD,
    EVENT,
    NOBODY,
    ROBOT,
    RULES,
    SCORE,
    World,
    record,
)
from beepsim.engine.turn import take_turn
from beepsim.jit import jit
from beepsim.recording.recorder import (
    Notes,
    add_bullets,
    add_robots,
    begin_rows,
    end_flying_bullets,
    has_room,
    note_results,
    notes_at,
    with_more_room,
)
from beepsim.robots.crew import Crew, begin_crew, crew_at, is_parked, judge, show_bare, take_bare
from beepsim.robots.entry import call_bot
from beepsim.robots.exchange import GONE, Fault
from beepsim.robots.loader import Bot
from beepsim.robots.plain import PlainHost
from beepsim.robots.prepare import new_memory

ROBOT_BITS = 7  # of what `play_on` returns for a bot in Python: its index; above them the number of its events
ROUND_OVER, NO_ROOM, BOT_FAILED, STOPPED = -1, -2, -3, -4  # else it returns one of these

# STANDING.phase; AT_GIVEN_START if the world stands as its round is to begin
AT_START, ROBOTS_RUN, TURN_ENDED, AT_GIVEN_START = 0, 1, 2, 3
NEVER = -1
ROUNDS_TO_REPEAT = 64  # at most, where a bot fails; bots may have megabytes of memory, too much to copy for each round
TURNS_BETWEEN_LOOKS = 5  # of who watches a round: microseconds' worth of turns, and more than one a frame on a screen

STANDING = record(
    [
        ("phase", "i8"),
        ("next", "i8"),  # place in World.run_order of the robot that runs next
        ("called", "?"),  # a bot in Python has been called; its orders are still to be taken
        ("stop_turn", "i8"),  # of the round: it stops before the robots run after this turn, or NEVER
    ]
)
"""Where `play_on` left off."""


class Host(Protocol):
    """What runs a robot in Python: robots/host.py one of a class, robots/plain.py a compiled bot as plain Python."""

    faults: list[Fault]
    skipped_turns: int

    def start_round(self) -> None: ...
    def run(self, count: int) -> None: ...
    def end_round(self) -> None: ...
    def close(self) -> None: ...


class Stopped(Exception):
    """The round in progress has reached STANDING.stop_turn."""


class RoundRows(NamedTuple):
    """One round's part of the recording, bullets in the order in which they left; `shots` and `hits` of each robot;
    `totals` are the scores SCORE [R] up to its end."""

    robots: np.ndarray
    bullets: np.ndarray
    results: np.ndarray
    shots: np.ndarray
    hits: np.ndarray
    totals: np.ndarray


@dataclass
class Kept:
    """What Stage.changing and Stage.memories held at the start of a round, `rounds` ago; none of these failed.

    Without `memories` it was the battle's start, for which they can be prepared again.
    """

    contents: list[np.ndarray]  # bytes
    memories: list[np.ndarray] | None
    phase: int
    rounds: int


@dataclass
class Stage:
    """All that a battle is played with; `hosts` of the robots that run in Python, by index."""

    bots: Sequence[Bot]
    memories: list[np.ndarray]
    world: World
    crew: Crew
    notes: Notes
    hosts: dict[int, Host]
    faults: list[list[Fault]]  # [R], of bots while they ran compiled
    standing: np.ndarray  # STANDING [1]
    addresses: np.ndarray  # int64 [A], of the arrays of world, crew and notes, and of standing, in this order
    changing: list[np.ndarray]  # what a round changes and the next one reads, beside the memories
    kept: Kept | None = None
    has_begun: bool = False
    watch: Callable[["Stage"], None] | None = None  # called every few turns, before the robots run; changes nothing


def new_stage(
    bots: Sequence[Bot],
    memories: list[np.ndarray],
    world: World,
    crew: Crew,
    notes: Notes,
    hosts: dict[int, Host],
    is_given_start: bool = False,
) -> Stage:
    """The stage before the first round, of which the world may already be the start."""
    standing = np.zeros(1, STANDING)
    standing["phase"] = AT_GIVEN_START if is_given_start else AT_START
    standing["stop_turn"] = NEVER
    addresses = addresses_of(*world, *crew, *notes, standing)
    changing = [crew.calls, crew.random, *world]
    return Stage(bots, memories, world, crew, notes, hosts, [[] for _ in bots], standing, addresses, changing)


def addresses_of(*arrays: np.ndarray) -> np.ndarray:
    return np.array([array.ctypes.data for array in arrays], np.int64)


CREW_AT, NOTES_AT = len(World._fields), len(World._fields) + len(Crew._fields)
FAILED_AT = CREW_AT + Crew._fields.index("failed")
STANDING_AT = NOTES_AT + len(Notes._fields)


@part
def world_at(addresses):
    """The world whose arrays' addresses come first."""
    return World(
        rows_at(addresses[0], RULES),
        rows_at(addresses[1], BATTLE),
        rows_at(addresses[2], np.int64),
        rows_at(addresses[3], ROBOT),
        rows_at(addresses[4], COMMAND),
        rows_at(addresses[5], SCORE),
        rows_at(addresses[6], SCORE),
        rows_at(addresses[7], np.float64),
        rows_at(addresses[8], BULLET),
        rows_at(addresses[9], np.int64),
        rows_at(addresses[10], EVENT),
        rows_at(addresses[11], np.float64),
        rows_at(addresses[12], np.int64),
        rows_at(addresses[13], np.int64),
        rows_at(addresses[14], np.int64),
        rows_at(addresses[15], np.int64),
        rows_at(addresses[16], np.float64),
    )


@jit
def play_on(address):
    """Plays on to where Python is needed: see ROBOT_BITS and ROUND_OVER; the next call begins the next round.

    `address` is that of Stage.addresses. Compiled once for all bots: they are called by address.
    """
    addresses = rows_at(address, np.int64)
    world, crew, notes = world_at(addresses), crew_at(addresses, CREW_AT), notes_at(addresses, NOTES_AT)
    standing = rows_at(addresses[STANDING_AT], STANDING)[0]
    if standing.phase == AT_START or standing.phase == AT_GIVEN_START:
        if standing.phase == AT_START:
            prepare_round(world)
        begin_crew(world, crew)
        begin_rows(world, notes)
        standing.phase, standing.next = ROBOTS_RUN, 0
    elif standing.called:
        standing.called = False
        end_call(world, crew, crew.running[0])
    while True:
        if standing.phase == ROBOTS_RUN:
            if standing.next == 0 and world.battle[0].turn == standing.stop_turn:
                return STOPPED
            called = run_compiled(world, crew, standing, addresses[FAILED_AT])
            if called != ROUND_OVER:
                return called
            standing.phase = TURN_ENDED
        if round_is_over(world):
            end_flying_bullets(world, notes)
            standing.phase = AT_START
            return ROUND_OVER
        if not has_room(world, notes):
            return NO_ROOM
        take_turn(world)
        note_results(world, notes)
        add_robots(world, notes)
        add_bullets(world, notes)
        standing.phase, standing.next = ROBOTS_RUN, 0


@part
def run_compiled(world, crew, standing, failed):
    """Lets the robots that may run do so, in the engine's order, up to one in Python, or one that fails and is
    disabled; the answer of `play_on`, or ROUND_OVER if all have run. `failed` is the address of crew.failed."""
    while standing.next < world.battle[0].robot_count:
        robot = world.run_order[standing.next]
        standing.next += 1
        if not may_run(world, robot):
            continue
        if is_parked(world, crew, robot):
            clear_orders(world.commands[robot])
            continue
        call, count = crew.calls[robot], show_bare(world, crew, robot)
        if call.entry == 0:
            standing.called = True
            return count << ROBOT_BITS | robot
        call_bot(
            call.entry, call.view_at, call.events_at, count, call.memory_at, call.command_at, call.random_at, failed
        )
        if crew.failed[0] != 0:
            crew.failed[0] = 0
            crew.waits[robot] = GONE
            drain(world, robot)
            clear_orders(world.commands[robot])
            return BOT_FAILED
        end_call(world, crew, robot)
    return ROUND_OVER


@part
def end_call(world, crew, robot):
    """What becomes of a robot's turn; a dead one's orders are void."""
    judge(world, crew, robot)
    if world.robots[robot].state != DEAD:
        take_bare(world, crew, robot)


def play_round(stage: Stage) -> RoundRows:
    """Plays the next round.

    When a compiled bot fails, the round is played again with that bot as plain Python, which is bit for bit the same
    and tells where it failed. Beside a robot of a class, whose state cannot be brought back, the round just goes on.
    """
    world, crew, hosts = stage.world, stage.crew, stage.hosts
    entries = crew.calls["entry"].copy()
    if not hosts:
        keep(stage)
    if stage.watch:
        stage.standing["stop_turn"] = TURNS_BETWEEN_LOOKS
    for host in hosts.values():
        host.start_round()
    # Compiled arithmetic yields infinities and NaN in silence; so must the same source uncompiled.
    with np.errstate(all="ignore"):
        while (failed := play_to_failure(stage, hosts)) != NOBODY:
            if stage.hosts:
                stage.faults[failed].append(fault_without_traceback(stage, failed))
                continue
            begin_again(stage)
            hosts = {
                robot: PlainHost(stage.bots[robot], robot, stage.memories[robot], crew, world)
                for robot in (*hosts, failed)
            }
            crew.calls["entry"][list(hosts)] = 0
    for robot, host in hosts.items():
        host.end_round()
        if not stage.hosts:
            stage.faults[robot] += host.faults
            crew.calls["entry"][robot] = entries[robot]
            stage.kept = None
    return rows_so_far(stage)


def keep(stage: Stage) -> None:
    """Sees to it that the round to be played can be begun again: by a copy of what stands now, or by an older one."""
    if stage.kept and stage.kept.rounds < ROUNDS_TO_REPEAT:
        stage.kept.rounds += 1
        return
    memories = copies(stage.memories, stage.kept.memories if stage.kept else None) if stage.has_begun else None
    stage.kept = Kept(copies(stage.changing), memories, int(stage.standing["phase"][0]), 0)
    stage.has_begun = True


def copies(arrays: Sequence[np.ndarray], into: list[np.ndarray] | None = None) -> list[np.ndarray]:
    """The arrays' bytes, in the arrays of earlier ones if given: new megabytes cost several times as much to fill."""
    into = into or [np.empty(array.nbytes, np.uint8) for array in arrays]
    for copy, array in zip(into, arrays, strict=True):
        copy[:] = array.view(np.uint8)
    return into


def begin_again(stage: Stage) -> None:
    """Brings back what stood at the start of the round in progress, by way of the rounds since the last copy."""
    assert stage.kept
    memories = stage.kept.memories or [new_memory(bot) for bot in stage.bots]
    for array, old in zip(stage.changing + stage.memories, stage.kept.contents + memories, strict=True):
        array.view(np.uint8)[:] = old.view(np.uint8)
    stop_turn = int(stage.standing["stop_turn"][0])
    stage.standing["phase"], stage.standing["stop_turn"] = stage.kept.phase, NEVER
    for _ in range(stage.kept.rounds):
        play_to_failure(stage, {})
    stage.standing["stop_turn"] = stop_turn


def rows_so_far(stage: Stage) -> RoundRows:
    """Of the round in progress, or of the last one: bullets in the air have no end yet (NOT_ENDED); no robots and no
    bullets where the robots' turns are not noted."""
    notes = stage.notes
    bullets = notes.counts[1] if notes.room[0] else 0  # without the robots' turns nobody reads them; they would add up
    return RoundRows(
        copy_of(notes.robots[: notes.counts[0]]),
        copy_of(notes.bullets[:bullets]),
        copy_of(notes.results),
        notes.fired.copy(),
        notes.hits.copy(),
        copy_of(stage.world.totals),
    )


def copy_of(table: np.ndarray) -> np.ndarray:
    """A copy to read of records by their bytes: numpy takes ten times as long to copy few of them field by field."""
    return np.frombuffer(table.tobytes(), table.dtype)


def play_to_failure(stage: Stage, hosts: dict[int, Host]) -> int:
    """Plays the round in progress, or the next one, to its end, or to the failure of a compiled bot, whose index it
    returns (else NOBODY); called again it goes on from there. Raises Stopped."""
    robots = (1 << ROBOT_BITS) - 1
    runs = {robot: host.run for robot, host in hosts.items()}
    while True:
        address = stage.addresses.ctypes.data
        code = play_on(address)
        while code >= 0:
            runs[code & robots](code >> ROBOT_BITS)
            code = play_on(address)
        if code == ROUND_OVER:
            return NOBODY
        if code == STOPPED:
            if stage.watch is None:
                raise Stopped
            stage.watch(stage)
            stage.standing["stop_turn"] += TURNS_BETWEEN_LOOKS
            continue
        if code == BOT_FAILED:
            return int(stage.crew.running[0])
        stage.notes = with_more_room(stage.notes)
        stage.addresses[NOTES_AT:STANDING_AT] = addresses_of(*stage.notes)


def fault_without_traceback(stage: Stage, robot: int) -> Fault:
    """What is known of the failure of a compiled bot while it runs compiled."""
    battle = stage.world.battle[0]
    message = (
        f"bot '{stage.bots[robot].name}' raised an exception; the same `beepsim battle` with --uncompiled shows where"
    )
    return Fault(int(battle["round"]), int(battle["turn"]), "raised", message)
