"""One battle of a tournament as a worker fights it, on this machine or another: plain values in, plain values out."""

import os
import platform
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from beepsim.battle import fight, is_class
from beepsim.battle_rules import Rules
from beepsim.results import BattleResult, RobotResult, RoundScore
from beepsim.tournament.field import BotSource, bot_of
from beepsim.tournament.surroundings import own_surroundings

PAIR = np.dtype(
    [
        ("a", "<i4"),  # places in the battle, a < b
        ("b", "<i4"),
        ("share", "<f8"),
        ("variance", "<f8"),
        ("survival_a", "<f8"),
        ("survival_b", "<f8"),
        ("shots_a", "<i4"),
        ("hits_a", "<i4"),
        ("shots_b", "<i4"),
        ("hits_b", "<i4"),
    ]
)
"""Two robots of a battle as the database keeps them; the columns are those of standing.DUEL."""


@dataclass(frozen=True)
class Job:
    """A battle to be fought: bots in the order of the battle."""

    bots: tuple[BotSource, ...]
    seed: int
    rules: Rules


@dataclass(frozen=True)
class RobotOutcome:
    """One robot's battle: Robocode's published scores, in the database's order, its faults, its rounds as JSON."""

    rank: int
    scores: tuple[float, ...]
    firsts: int
    shots: int
    hits: int
    skipped_turns: int
    faults: tuple[tuple[int, int, str, str], ...]
    rounds: str


@dataclass(frozen=True)
class Outcome:
    """What a battle came to; `pairs` are PAIR rows as bytes. Only `seconds` and `worker` differ from run to run."""

    turns: int
    seconds: float
    worker: str
    robots: tuple[RobotOutcome, ...]
    pairs: bytes


SCORES = (
    "total",
    "survival",
    "last_survivor_bonus",
    "bullet_damage",
    "bullet_kill_bonus",
    "ram_damage",
    "ram_kill_bonus",
)


HARMLESS: set[str] = set()  # hashes of compiled bots of which this process runs no Python any more


def fight_job(job: Job) -> Outcome:
    """Raises UserError where the bots are not what the job says they are."""
    return outcome_of(fight_recorded(job, None))


def fight_recorded(job: Job, record: Path | None) -> BattleResult:
    """Raises as `fight_job` does, and for a file that cannot be written."""
    hashes = {source.hash for source in job.bots}
    # Compiled bots change nothing of the process, once their files have been executed and their memory prepared.
    with nullcontext() if hashes <= HARMLESS else own_surroundings():
        bots = [bot_of(source) for source in job.bots]
        result = fight(bots, job.seed, job.rules, record)
    HARMLESS.update(bot.hash for bot in bots if not is_class(bot))
    return result


def outcome_of(result: BattleResult) -> Outcome:
    return Outcome(
        turns=sum(result.turns),
        seconds=result.elapsed,
        worker=f"{platform.node()}:{os.getpid()}",
        robots=tuple(robot_outcome(robot) for robot in result.robots),
        pairs=pair_rows(result.robots).tobytes(),
    )


def robot_outcome(robot: RobotResult) -> RobotOutcome:
    return RobotOutcome(
        rank=robot.rank,
        scores=tuple(getattr(robot.published, name) for name in SCORES),
        firsts=robot.firsts,
        shots=robot.shots,
        hits=robot.hits,
        skipped_turns=robot.skipped_turns,
        faults=tuple((fault.round, fault.turn, fault.kind, as_text(fault.message)) for fault in robot.faults),
        rounds=rounds_text(robot.rounds),
    )


def as_text(message: str) -> str:
    """The message without the lone surrogates that Python's texts may have and the database's not."""
    return message.encode("utf-8", "backslashreplace").decode()


def rounds_text(rounds: Sequence[RoundScore]) -> str:
    """The rounds as JSON; digits beyond the seventh only take room."""
    rows = [f"[{one.place},{one.score:.7g},{one.bullet_damage:.7g},{one.shots},{one.hits}]" for one in rounds]
    return f"[{','.join(rows)}]"


def pair_rows(robots: Sequence[RobotResult]) -> np.ndarray:
    """PAIR rows of every two robots of the battle."""
    rows = []
    is_duel = len(robots) == 2
    for a, one in enumerate(robots):
        for b, other in enumerate(robots[a + 1 :], a + 1):
            share = score_share(one.published.total, other.published.total)
            outlived = [mine.place - theirs.place for mine, theirs in zip(one.rounds, other.rounds, strict=True)]
            bullets = (one.shots, one.hits, other.shots, other.hits) if is_duel else (0, 0, 0, 0)
            rows.append(
                (
                    *(a, b, share, share_variance(one.rounds, other.rounds)),
                    100 * sum(places < 0 for places in outlived) / len(outlived),
                    100 * sum(places > 0 for places in outlived) / len(outlived),
                    *bullets,
                )
            )
    return np.array(rows, PAIR)


def score_share(score: float, other: float) -> float:
    """Per cent of both scores, Robocode's published ones as the RoboRumble takes them; 50 where nobody scored."""
    return 100 * score / (score + other) if score + other else 50.0


def share_variance(rounds: Sequence[RoundScore], others: Sequence[RoundScore]) -> float:
    """Variance of a battle's score share, per cent squared, as its rounds differ (delta method for a ratio of sums).

    Of a single round the largest that a share can have.
    """
    mine, theirs = (sum(one.score for one in scores) for scores in (rounds, others))
    whole = mine + theirs
    if not whole:
        return 0.0
    share, count = mine / whole, len(rounds)
    if count == 1:
        return 1e4 * share * (1 - share)
    # The residuals' mean is 0 by the share's definition.
    squares = sum(
        ((1 - share) * one.score - share * other.score) ** 2 for one, other in zip(rounds, others, strict=True)
    )
    return 1e4 * count / (count - 1) * squares / whole**2
