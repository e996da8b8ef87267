"""The world as text and back, exactly: what tests print, bug reports hold and a battle can go on from.

One line per record: its kind, then `field=value` for every field of its dtype in state.py; floats are written with as
many digits as bring the same double back. Lines: rules, battle, random, then for each robot in index order robot,
command, score (of the round), total, damage (done to each robot), place; run_order; a bullet line per bullet in the
engine's order. Events are not written: they belong to the turn that is over.
"""

from collections.abc import Callable, Iterator

import numpy as np

from beepsim.engine.state import (
    BATTLE,
    BULLET,
    COMMAND,
    NOBODY,
    ROBOT,
    RULES,
    SCORE,
    World,
    bullets_of,
    new_rules,
    new_world,
)
from beepsim.errors import UserError
from beepsim.javarandom import STATE_MASK


def record_line(kind: str, row: np.void) -> str:
    """One record as a line."""
    return " ".join(
        [kind, *(f"{name}={value!r}" for name, value in zip(row.dtype.names or (), row.tolist(), strict=True))]
    )


def numbers_line(kind: str, numbers: np.ndarray) -> str:
    """One row of numbers as a line."""
    return " ".join([kind, *(repr(number) for number in numbers.tolist())])


def world_text(world: World) -> str:
    """The world in lines, with a newline at the end."""
    count, battle = len(world.robots), world.battle.copy()
    battle["event_count"] = 0
    lines = [
        record_line("rules", world.rules[0]),
        record_line("battle", battle[0]),
        f"random {int(world.random[0]):x}",
    ]
    for i in range(count):
        lines += [
            record_line("robot", world.robots[i]),
            record_line("command", world.commands[i]),
            record_line("score", world.scores[i]),
            record_line("total", world.totals[i]),
            numbers_line("damage", world.damage[i * count : (i + 1) * count]),
            numbers_line("place", world.places[3 * i : 3 * i + 3]),
        ]
    lines.append(numbers_line("run_order", world.run_order))
    lines += [record_line("bullet", bullet) for bullet in bullets_of(world)]
    return "\n".join(lines) + "\n"


def world_from_text(text: str) -> World:
    """The world that `world_text` wrote. UserError names the line that is missing, foreign or damaged."""
    lines = Lines(text)
    rules = new_rules(*lines.records("rules", RULES, 1).tolist()[0])
    battle = lines.records("battle", BATTLE, 1)
    count, bullets = int(battle[0]["robot_count"]), int(battle[0]["bullet_count"])
    if not 1 <= count <= len(lines.left):
        raise UserError(f"world text, battle line: robot_count is {count}, but {len(lines.left)} lines follow")
    world = new_world(rules, np.zeros(count, np.int64), 0)
    world.battle[:] = battle
    world.random[:] = lines.numbers("random", 1, lambda digits: int(digits, 16))
    if not 0 <= world.random[0] <= STATE_MASK:
        raise UserError("world text, random line: the state must be a number of 48 bits in hexadecimal digits")
    for i in range(count):
        world.robots[i] = lines.records("robot", ROBOT, 1)[0]
        world.commands[i] = lines.records("command", COMMAND, 1)[0]
        world.scores[i] = lines.records("score", SCORE, 1)[0]
        world.totals[i] = lines.records("total", SCORE, 1)[0]
        world.damage[i * count : (i + 1) * count] = lines.numbers("damage", count, float)
        world.places[3 * i : 3 * i + 3] = lines.numbers("place", 3, float)
    world.run_order[:] = lines.numbers("run_order", count, int)
    if sorted(world.run_order.tolist()) != list(range(count)):
        raise UserError(f"world text, run_order line: {world.run_order.tolist()} is no order of {count} robots")
    if not 0 <= battle[0]["death_count"] <= count:
        raise UserError(f"world text, battle line: death_count is {battle[0]['death_count']} of {count} robots")
    if not 0 <= bullets <= len(world.bullets):
        raise UserError(
            f"world text, battle line: bullet_count is {bullets}, at most {len(world.bullets)} are possible"
        )
    world.bullets[:bullets] = lines.records("bullet", BULLET, bullets)
    owners, victims = world.bullets["owner"][:bullets], world.bullets["victim"][:bullets]
    # The engine's compiled code does not check indices.
    if ((owners < 0) | (owners >= count) | (victims < NOBODY) | (victims >= count)).any():
        raise UserError(f"world text: a bullet's owner or victim is none of the {count} robots")
    if lines.left:
        raise UserError(f"world text, line {lines.number + 1}: {lines.left[0]!r} after the last bullet")
    world.battle[0]["event_count"] = 0
    return world


class Lines:
    """The lines of a text that are yet to be read."""

    def __init__(self, text: str) -> None:
        self.left = text.splitlines()
        self.number = 0

    def words(self, kind: str, count: int) -> list[str]:
        """The words after `kind` of the next line, which must be of that kind and have `count` of them."""
        self.number += 1
        line = self.left.pop(0) if self.left else ""
        found, *words = line.split() or [""]
        if found != kind or len(words) != count:
            raise UserError(f"world text, line {self.number}: expected {kind} and {count} values, found {line!r}")
        return words

    def numbers(self, kind: str, count: int, parse: Callable[[str], float]) -> list[float]:
        """The values of the next line."""
        return [self.parsed(kind, word, word, parse) for word in self.words(kind, count)]

    def records(self, kind: str, dtype: np.dtype, count: int) -> np.ndarray:
        """The next `count` lines as an array of records."""
        rows = [tuple(self.fields(kind, dtype)) for _ in range(count)]
        return np.array(rows, dtype=dtype)

    def fields(self, kind: str, dtype: np.dtype) -> Iterator[float]:
        names = dtype.names or ()
        for name, word in zip(names, self.words(kind, len(names)), strict=True):
            found, _, value = word.partition("=")
            if found != name:
                raise UserError(f"world text, line {self.number}: expected {kind} field {name}, found {word!r}")
            yield self.parsed(kind, word, value, PARSERS[dtype[name].kind])

    def parsed(self, kind: str, word: str, value: str, parse: Callable[[str], float]) -> float:
        try:
            return parse(value)
        except (ValueError, KeyError):
            raise UserError(f"world text, line {self.number}: {word!r} of {kind} is no such value") from None


PARSERS: dict[str, Callable[[str], float]] = {"f": float, "i": int, "b": {"True": True, "False": False}.__getitem__}
