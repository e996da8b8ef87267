"""Checks traces: replays each from seed and commands, or has our bots fight it again, up to the first difference."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import indent

from beepsim.engine.text import world_text
from beepsim.errors import UserError
from beepsim.parity.comparison import Comparison, Difference, Differs
from beepsim.parity.fighters import Fighters, kind_of, load_fighters
from beepsim.parity.trace import Line, read_trace, world_of
from beepsim.workers import spread

SUFFIXES = (".jsonl.xz", ".jsonl")


@dataclass(frozen=True)
class TraceReport:
    """What a comparison saw up to its end or its first difference. `turns` counts those that agree completely."""

    trace: str
    rounds: int
    turns: int
    robot_turns: int
    values_compared: int
    first_difference: Difference | None

    def __str__(self) -> str:
        difference = self.first_difference
        if difference is None:
            return f"{self.trace}: agrees in {self.turns} turns, {self.values_compared} values"
        robot = f"robot {difference.robot}, " if difference.robot >= 0 else ""
        return (
            f"{self.trace}: differs after {self.turns} turns\n"
            f"  round {difference.round}, turn {difference.turn}, {robot}{difference.field}: "
            f"expected {difference.expected!r}, found {difference.found!r}\n"
            + indent(f"our world in that turn:\n{difference.world}", "  ").rstrip()
        )


def list_traces(sources: Sequence[Path]) -> list[Path]:
    """The files, and those in the folders (and theirs) among `sources`. UserError for a folder without a trace."""
    traces = []
    for source in sources:
        found = sorted(path for path in source.rglob("*.jsonl*") if path.name.endswith(SUFFIXES))
        if source.is_dir() and not found:
            raise UserError(f"there is no trace (a file NAME{' or NAME'.join(SUFFIXES)}) in {source}")
        traces += found if source.is_dir() else [source]
    return traces


def check_traces(
    traces: Sequence[Path],
    tolerance: float = 0.0,
    bots: bool = False,
    workers: int = 1,
    progress: Callable[[int], None] | None = None,
) -> list[TraceReport]:
    """`check_trace` of each, by `workers` processes; `progress` gets the number of traces done."""
    if workers < 1:
        raise UserError(f"{workers} workers were asked for, at least 1 is needed")
    check = partial(check_trace, tolerance=tolerance, bots=bots)
    if workers > 1 and len(traces) > 1:
        return spread(check, traces, workers, str, progress)
    reports = []
    for trace in traces:
        reports.append(check(trace))
        if progress:
            progress(len(reports))
    return reports


def check_trace(path: str | Path, tolerance: float = 0.0, bots: bool = False) -> TraceReport:
    """Compare a trace with the engine, up to the first difference; the robots' orders are the trace's, or our `bots`'.

    Raises UserError for a file that is no trace, for a tolerance that is negative or no number, and with `bots` for a
    robot that is not among ours.
    """
    if not tolerance >= 0.0:
        raise UserError(f"tolerance is {tolerance}, it must be a number of at least 0")
    path = Path(path)
    lines = read_trace(path)
    line = next(lines)
    fighters: Fighters | None = None
    try:
        world = world_of(line, [kind_of(name) for name in line["robots"]])
        if bots:
            fighters = Fighters(load_fighters(path, line["robots"]), world)
        comparison = Comparison(world, tolerance, fighters)
        difference = None
        try:
            for line in lines:
                comparison.step(line)
        except Differs as differs:
            battle = world.battle[0]
            difference = Difference(
                round=int(battle["round"]),
                turn=int(battle["turn"]),
                robot=differs.robot,
                field=differs.field,
                expected=differs.expected,
                found=differs.found,
                world=world_text(world),
            )
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UserError(f"{path}, {where(line)} is incomplete or malformed: {error!r}") from None
    finally:
        if fighters is not None:
            fighters.close()
    return TraceReport(
        trace=str(path),
        rounds=comparison.rounds,
        turns=comparison.turns,
        robot_turns=comparison.turns * len(world.robots),
        values_compared=comparison.values,
        first_difference=difference,
    )


def where(line: Line) -> str:
    """Which line of a trace it is."""
    return f"{line.get('type')} line of round {line.get('round')}, turn {line.get('turn')}"
