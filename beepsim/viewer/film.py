"""A recorded battle arranged for the viewer: any turn of any round at once, and the moments that matter."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from beepsim.recording.columns import HIT_BULLET, HIT_ROBOT, HIT_WALL
from beepsim.recording.format import Recording, recorded_rounds, round_slices
from beepsim.rules import bullet_speed

BULLET_EXPLOSION_TURNS, ROBOT_EXPLOSION_TURNS = 17, 71
DEAD = 3  # RECORDED_ROBOT.state
LONGEST_NAME = 64  # letters, of a robot's name as it is shown
HIT, DEATH = "hit", "death"


class Moment(NamedTuple):
    """A turn of a round: the index of the round in the film, and the turn (0: the start)."""

    round: int
    turn: int


class Mark(NamedTuple):
    """Something that the timeline shows: a hit on `robot`, or its death."""

    moment: Moment
    kind: str
    robot: int


@dataclass(frozen=True)
class FilmRound:
    """One round: RECORDED_ROBOT [T+1, R], RECORDED_BULLET [N], RECORDED_ROUND [R]; `number` as recorded."""

    number: int
    robots: np.ndarray
    bullets: np.ndarray
    results: np.ndarray

    @property
    def last_turn(self) -> int:
        return len(self.robots) - 1


@dataclass(frozen=True, eq=False)
class Film:
    """A battle; `starts` [rounds + 1] are the rounds' first frames, where the film is one row of all turns. A film is
    equal only to itself."""

    recording: Recording
    rounds: tuple[FilmRound, ...]
    starts: tuple[int, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """As they are shown."""
        return tuple(shown_name(robot.label) for robot in self.recording.header.robots)

    @property
    def frames(self) -> int:
        return self.starts[-1]


class Flying(NamedTuple):
    """Bullets [K] of one moment: rows of FilmRound.bullets, where they are, and for how many turns they have exploded
    (0: flying)."""

    rows: np.ndarray
    x: np.ndarray
    y: np.ndarray
    exploding: np.ndarray


def film_of(recording: Recording) -> Film:
    """The recording's rounds, cut out once."""
    numbers = recorded_rounds(recording)
    count = len(recording.header.robots)
    pieces = [round_slices(rows, numbers) for rows in (recording.robots, recording.bullets, recording.rounds)]
    rounds = tuple(
        FilmRound(
            number,
            recording.robots[robots].reshape(-1, count),
            recording.bullets[bullets],
            recording.rounds[results],
        )
        for number, robots, bullets, results in zip(numbers, *pieces, strict=True)
    )
    starts = np.concatenate([[0], np.cumsum([len(one.robots) for one in rounds])])
    return Film(recording, rounds, tuple(starts.tolist()))


def shown_name(label: str) -> str:
    """A robot's name in one line of sober length: a stranger's may hold line breaks, marks that turn the direction of
    writing, or a book."""
    plain = "".join(letter if letter.isprintable() else "\ufffd" for letter in label[:LONGEST_NAME])
    return plain if len(label) <= LONGEST_NAME else f"{plain[:-1]}…"


def moment_of(film: Film, frame: int) -> Moment:
    """The moment of a frame, the first or the last one where it lies outside the film."""
    frame = min(max(frame, 0), film.frames - 1)
    index = int(np.searchsorted(film.starts, frame, side="right")) - 1
    return Moment(index, frame - film.starts[index])


def frame_of(film: Film, moment: Moment) -> int:
    return film.starts[moment.round] + moment.turn


def bullets_at(part: FilmRound, turn: int) -> Flying:
    """The bullets in the air at the end of the turn, and those that explode."""
    bullets = part.bullets
    since = turn - bullets["turn_last"]
    explodes = np.isin(bullets["state_last"], (HIT_ROBOT, HIT_BULLET)) & (since >= 0) & (since < BULLET_EXPLOSION_TURNS)
    ended = (since >= 0) & np.isin(bullets["state_last"], (HIT_ROBOT, HIT_BULLET, HIT_WALL))
    rows = np.flatnonzero((bullets["turn_first"] <= turn) & ((~ended & (since <= 0)) | explodes))
    chosen = bullets[rows]
    turns = np.minimum(turn, chosen["turn_last"]) - chosen["turn_first"]
    distance = turns * np.array([bullet_speed(power) for power in chosen["power"]])
    is_over = turn >= chosen["turn_last"]
    x = np.where(is_over, chosen["x_last"], chosen["x_first"] + np.sin(chosen["heading"]) * distance)
    y = np.where(is_over, chosen["y_last"], chosen["y_first"] + np.cos(chosen["heading"]) * distance)
    return Flying(rows, x, y, np.where(explodes[rows], since[rows] + 1, 0))


def marks_of(film: Film) -> list[Mark]:
    """Hits and deaths of the whole film, in order."""
    found = []
    for index, part in enumerate(film.rounds):
        hits = part.bullets[part.bullets["state_last"] == HIT_ROBOT]
        found += [
            Mark(Moment(index, int(turn)), HIT, int(victim))
            for turn, victim in zip(hits["turn_last"], hits["victim"], strict=True)
        ]
        dead = part.robots["state"] == DEAD
        for robot in np.flatnonzero(dead.any(axis=0)).tolist():
            found.append(Mark(Moment(index, int(dead[:, robot].argmax())), DEATH, robot))
    return sorted(found)
