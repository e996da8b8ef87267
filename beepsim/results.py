"""What a battle comes to: for each robot Robocode's results, its shots and its faults; the recording of the rounds.

Points are exact doubles as the engine sums them; `published` are Robocode's own results, rounded to whole numbers.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from beepsim import __version__
from beepsim.battle_rules import Rules
from beepsim.engine.state import World
from beepsim.engine.text import world_text
from beepsim.loop import RoundRows
from beepsim.recording.format import FORMAT, Header, Recording, RobotEntry, TotalScores
from beepsim.recording.recorder import sorted_bullets
from beepsim.robots.exchange import MOST_FAULTS, Fault
from beepsim.robots.loader import Bot
from beepsim.rules import RULES_VERSION


class RoundScore(NamedTuple):
    """One robot's round: place from 1 by the order of dying, its score and the bullet damage in it, its shots and hits.

    Scores are what the robot's totals grew by in the round.
    """

    place: int
    score: float
    bullet_damage: float
    shots: int
    hits: int


@dataclass(frozen=True)
class RobotResult:
    """One robot's battle: rank from 1, scores, rounds in which it came first, second and third, its shots and hits,
    what it did wrong, the turns that it took too long for, its rounds."""

    name: str
    version: str
    hash: str
    rank: int
    scores: TotalScores
    published: TotalScores
    firsts: int
    seconds: int
    thirds: int
    shots: int
    hits: int
    faults: tuple[Fault, ...]
    skipped_turns: int
    rounds: tuple[RoundScore, ...]


@dataclass(frozen=True)
class BattleResult:
    """`robots` in the order given; `turns` of each round; `elapsed` seconds, the only field that varies."""

    seed: int
    rules: Rules
    robots: tuple[RobotResult, ...]
    turns: tuple[int, ...]
    recording: Path | None
    elapsed: float = field(compare=False)


def robot_results(
    bots: Sequence[Bot],
    names: Sequence[str],
    rounds: Sequence[RoundRows],
    faults: Sequence[Sequence[Fault]],
    skipped_turns: Sequence[int],
) -> tuple[RobotResult, ...]:
    """What became of each robot."""
    totals = rounds[-1].totals
    published = [published_scores(total) for total in totals]
    # Robocode sorts ascending, keeping the order of equals, and turns the list round.
    ranking = sorted(range(len(bots)), key=lambda robot: published[robot].total)[::-1]
    scored = round_scores(rounds)
    results = []
    for robot, bot in enumerate(bots):
        results.append(
            RobotResult(
                name=names[robot],
                version=bot.version,
                hash=bot.hash,
                rank=ranking.index(robot) + 1,
                scores=scores_of(totals[robot]),
                published=published[robot],
                firsts=int(totals[robot]["firsts"]),
                seconds=int(totals[robot]["seconds"]),
                thirds=int(totals[robot]["thirds"]),
                shots=sum(int(one.shots[robot]) for one in rounds),
                hits=sum(int(one.hits[robot]) for one in rounds),
                faults=tuple(faults[robot]),
                skipped_turns=skipped_turns[robot],
                rounds=scored[robot],
            )
        )
    return tuple(results)


def round_scores(rounds: Sequence[RoundRows]) -> list[tuple[RoundScore, ...]]:
    """The rounds of each robot. A round's score is what it added to the robot's total."""
    places = np.array([one.results["place"] for one in rounds]).T.tolist()
    totals = np.array([one.totals["total"] for one in rounds]).T
    damages = np.array([one.totals["bullet_damage"] for one in rounds]).T
    shots, hits = (np.array([getattr(one, name) for one in rounds]).T.tolist() for name in ("shots", "hits"))
    scores, damages = (np.diff(columns, prepend=0.0, axis=1).tolist() for columns in (totals, damages))
    return [tuple(map(RoundScore, *columns)) for columns in zip(places, scores, damages, shots, hits, strict=True)]


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


def published_scores(total: np.void) -> TotalScores:
    """The same, each rounded by itself, half up."""
    return TotalScores(**{name: float(np.floor(value + 0.5)) for name, value in asdict(scores_of(total)).items()})


def recording_of(
    bots: Sequence[Bot],
    names: Sequence[str],
    rules: Rules,
    seed: int,
    rounds: Sequence[RoundRows],
    start: World | None = None,
) -> Recording:
    """The recording of the rounds played; `start` is the world from which they were, if any was given."""
    header = Header(
        format=FORMAT,
        rules_version=RULES_VERSION,
        source=f"beepsim {__version__}",
        origin=None,
        seed=seed,
        rules=rules.recorded(),
        robots=tuple(RobotEntry(name, bot.version, bot.hash) for name, bot in zip(names, bots, strict=True)),
        results=tuple(scores_of(total) for total in rounds[-1].totals),
        start=None if start is None else world_text(start),
    )
    return Recording(
        header,
        robots=np.concatenate([one.robots for one in rounds]),
        bullets=np.concatenate([sorted_bullets(one.bullets) for one in rounds]),
        rounds=np.concatenate([one.results for one in rounds]),
    )


def result_rows(result: BattleResult) -> list[dict[str, str | int]]:
    """Robocode's table of results, best robot first."""
    whole = sum(robot.published.total for robot in result.robots)
    rows: list[dict[str, str | int]] = []
    for robot in sorted(result.robots, key=lambda robot: robot.rank):
        scores = robot.published
        share = 100 * scores.total / whole if whole else 0.0
        rows.append(
            {
                "robot": robot.name,
                "rank": robot.rank,
                "score": f"{scores.total:.0f} ({share:.0f}%)",
                "survival": f"{scores.survival:.0f}",
                "surv bonus": f"{scores.last_survivor_bonus:.0f}",
                "bullet dmg": f"{scores.bullet_damage:.0f}",
                "bullet bonus": f"{scores.bullet_kill_bonus:.0f}",
                "ram dmg": f"{scores.ram_damage:.0f}",
                "ram bonus": f"{scores.ram_kill_bonus:.0f}",
                "1sts": robot.firsts,
                "2nds": robot.seconds,
                "3rds": robot.thirds,
                "shots": robot.shots,
                "hits": robot.hits,
            }
        )
    return rows


def fault_lines(result: BattleResult) -> list[str]:
    """What went wrong, robot by robot: where it first did, how often, with its traceback; the skipped turns."""
    lines = []
    for robot in result.robots:
        alike: dict[tuple[str, str], list[Fault]] = {}
        for fault in robot.faults:
            alike.setdefault((fault.kind, without_values(fault.message)), []).append(fault)
        for first, *others in alike.values():
            where = f"{robot.name}, round {first.round}, turn {first.turn}"
            if others:
                count = f"{1 + len(others)} times" + (" or more" if 1 + len(others) >= MOST_FAULTS else "")
                where += f" ({count}, last noted in round {others[-1].round}, turn {others[-1].turn})"
            lines.append(f"{where}: {first.kind}: {first.message.rstrip()}")
        if robot.skipped_turns:
            lines.append(f"{robot.name} skipped {robot.skipped_turns} turns")
    return lines


def without_values(message: str) -> str:
    """A fault's message without what differs where the same goes wrong again: the text after the error's name."""
    shown, end, error = message.rstrip().rpartition("\n")
    return shown + end + error.partition(":")[0] if end else message
