"""Which turns of a film are drawn, and how fast they follow each other: options as written → frames, all checked."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from beepsim.errors import UserError
from beepsim.viewer.controls import SPEEDS, TURNS_A_SECOND
from beepsim.viewer.film import Film

PICTURES_A_SECOND = 30
"""At most; where more turns pass in a second, some are left out."""

SMALLEST_SIDE, LONGEST_SIDE = 64, 3840  # px


class Cut(NamedTuple):
    """What of a battle is exported, as the options say it: "0-2,5", "100-400"; None: all of it."""

    rounds: str | None = None
    turns: str | None = None
    speed: float = 1.0


WHOLE = Cut()


class Stretch(NamedTuple):
    """Turns `first` to `last` of the film's round `round` (its index)."""

    round: int
    first: int
    last: int


class Pictures(NamedTuple):
    """Frames of the film that are drawn, and how many of them are shown in a second."""

    frames: Sequence[int]
    rate: float


def stretches_of(film: Film, cut: Cut) -> list[Stretch]:
    """The chosen turns of the chosen rounds; where a round ends earlier, they end with it.

    Raises UserError, quoting what was given and what there is, for what no range is and for rounds or turns that the
    film does not have.
    """
    rounds, found = chosen_rounds(film, cut.rounds), []
    spans = [(0, max(part.last_turn for part in film.rounds))] if cut.turns is None else ranges_of("turns", cut.turns)
    for index in rounds:
        last_turn = film.rounds[index].last_turn
        found += [Stretch(index, first, min(last, last_turn)) for first, last in spans if first <= last_turn]
    if not found:
        numbers = [film.rounds[index].number for index in rounds]
        most = max(film.rounds[index].last_turn for index in rounds)
        which = f"round {numbers[0]} has" if len(rounds) == 1 else f"the longest of these {len(rounds)} rounds has"
        raise UserError(f"--turns is {cut.turns!r}; {which} turns 0 to {most}")
    return found


def chosen_rounds(film: Film, text: str | None) -> list[int]:
    """Indices of the rounds with these numbers, in the film's order. Raises UserError as `stretches_of`."""
    numbers = [part.number for part in film.rounds]
    if text is None:
        return list(range(len(numbers)))
    spans = ranges_of("rounds", text)
    for first, last in spans:
        if first not in numbers or last not in numbers:
            wrong = first if first not in numbers else last
            raise UserError(f"--rounds is {text!r}; there is no round {wrong}, only {numbers[0]} to {numbers[-1]}")
    return [i for i, number in enumerate(numbers) if any(first <= number <= last for first, last in spans)]


def ranges_of(what: str, text: str) -> list[tuple[int, int]]:
    """First and last of each range in "0-2,5", in order. Raises UserError for any other text, or where they overlap."""
    found = []
    for piece in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})(?:-(\d{1,9}))?\s*", piece, re.ASCII)
        if not match:
            raise UserError(f"--{what} is {text!r}; give numbers and ranges, as in 0-2,5")
        first, last = int(match[1]), int(match[2] or match[1])
        if first > last:
            raise UserError(f"--{what} is {text!r}; {first}-{last} ends before it begins")
        found.append((first, last))
    found.sort()
    for (_, before), (first, _) in zip(found, found[1:], strict=False):
        if first <= before:
            raise UserError(f"--{what} is {text!r}; {first} is in it twice")
    return found


def pictures_of(film: Film, stretches: Sequence[Stretch], speed: float, most: int) -> Pictures:
    """The frames to draw, the first and the last turn among them, so that `speed` times 30 turns pass in a second.

    Raises UserError, before anything of that size is made, where they are more than `most`, and for a speed that
    the window does not have.
    """
    check_speed(speed)
    turns = sum(last - first + 1 for _, first, last in stretches)
    rate = min(TURNS_A_SECOND * speed, PICTURES_A_SECOND)
    step = TURNS_A_SECOND * speed / rate
    count = math.ceil((turns - 1) / step) + 1
    if count > most:
        raise UserError(
            f"{turns:,} turns at speed {speed:g} are a film of {count:,} frames; at most {most:,} are drawn: choose "
            f"fewer --rounds or --turns, or a higher --speed"
        )
    places = np.minimum(np.rint(np.arange(count) * step).astype(np.int64), turns - 1)  # among the chosen turns
    ends = np.cumsum([last - first + 1 for _, first, last in stretches])
    which = np.searchsorted(ends, places, side="right")
    firsts = np.array([film.starts[index] + last + 1 for index, _, last in stretches])
    return Pictures((firsts[which] - ends[which] + places).tolist(), rate)


def check_speed(speed: float) -> None:
    """Raises UserError for another speed than the window's."""
    if not SPEEDS[0] <= speed <= SPEEDS[-1]:  # nor NaN
        raise UserError(f"--speed is {speed:g}; it must be {SPEEDS[0]:g} to {SPEEDS[-1]:g} (1: 30 turns a second)")


def size_of(text: str) -> tuple[int, int]:
    """Width and height, px, of "WxH". Raises UserError for another text, and where a side is too short or too long."""
    match = re.fullmatch(r"(\d{1,9})[x×](\d{1,9})", text.strip(), re.ASCII | re.IGNORECASE)
    if not match:
        raise UserError(f"--size is {text!r}; give width and height in px, as in 1280x720")
    size = int(match[1]), int(match[2])
    if not all(SMALLEST_SIDE <= side <= LONGEST_SIDE for side in size):
        raise UserError(f"--size is {text!r}; each side must be {SMALLEST_SIDE} to {LONGEST_SIDE} px")
    return size
