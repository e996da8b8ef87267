"""The bots of a tournament: found by name, path, pattern or configuration, and carried with their sources.

The sources go to workers on other machines and into the database: a bot edited while a tournament runs still fights as
it was when the tournament began, and any battle can be fought again later.
"""

import fnmatch
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from beepsim.errors import UserError
from beepsim.robots.loader import ROBOT, Bot, list_bots, load_bot, near_misses
from beepsim.robots.modules import GUN, WHOLE
from beepsim.robots.settings import is_file

PATTERN = re.compile(r"[*?\[]")
INLINE_KEYS = ("movement", "gun", "bot", "name")
MOST_FILES = 2
MOST_LETTERS = 100
UNPACKED: list[TemporaryDirectory] = []  # removed when the process ends


@dataclass(frozen=True)
class BotSource:
    """A bot: `spec` is how it is called here, `files` are the names and contents of its sources, movement first."""

    name: str
    version: str
    hash: str
    spec: str
    files: tuple[tuple[str, bytes], ...]


def find_bots(entry: Any) -> tuple[BotSource, ...]:
    """The bots that an entry of a configuration stands for. Raises UserError for what is no bot, or matches none."""
    if not isinstance(entry, str) or not entry.strip():
        raise UserError(
            f"a bot is a name such as circle+linear, a path, a pattern such as sample.*, or keys such as "
            f"{{movement: circle, gun: linear}}; received {entry!r}"
        )
    entry = entry.strip()
    if not PATTERN.search(entry) or is_file(entry):
        return (source_of(load_bot(entry), entry),)
    found = matching_files(entry) if "/" in entry or entry.endswith(".py") else matching_names(entry)
    if not found:
        raise UserError(f"no bot matches the pattern {entry!r}; `beepsim bots` lists the names")
    return tuple(source_of(load_bot(spec), spec) for spec in found)


def matching_files(pattern: str) -> list[str]:
    path = Path(pattern)
    try:
        found = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
    except OSError:  # no file can be called so
        return []
    except ValueError as error:
        raise UserError(f"pattern {pattern!r}: {str(error).lower()}") from None
    return [str(one) for one in found if one.suffix == ".py"]


def matching_names(pattern: str) -> list[str]:
    """Names of robots, whole bots and movements, or of every combination of matching movements and guns."""
    known = list_bots()
    movements = known["move"]
    parts = [part.strip() for part in pattern.split("+")]
    if len(parts) == 1:
        return fnmatch.filter([*movements, *known[WHOLE], *known[ROBOT]], parts[0])
    if len(parts) > MOST_FILES:
        raise UserError(f"pattern {pattern!r} has {len(parts)} parts; it must be one, or a movement and a gun")
    guns = fnmatch.filter(known[GUN], parts[1])
    return [f"{movement}+{gun}" for movement in fnmatch.filter(movements, parts[0]) for gun in guns]


def inline_bot(entry: dict) -> tuple[BotSource, ...]:
    """The bot of `{movement: circle, gun: linear}` or `{bot: sample.Walls}`, either with a `name` of its own."""
    for key, value in entry.items():
        if key not in INLINE_KEYS:
            near = near_misses(str(key), list(INLINE_KEYS))
            hint = f"; did you mean {near[0]}?" if near else ""
            raise UserError(f"a bot has the keys {', '.join(INLINE_KEYS)}; received {key!r}{hint}")
        if not isinstance(value, str) or not value.strip():
            raise UserError(f"a bot's {key} is a text; received {value!r}")
    if ("bot" in entry) == ("movement" in entry) or ("gun" in entry and "bot" in entry):
        raise UserError(f"a bot has either bot, or movement and perhaps gun; received {', '.join(entry) or 'no key'}")
    spec = entry["bot"] if "bot" in entry else "+".join(entry[key] for key in ("movement", "gun") if key in entry)
    if PATTERN.search(spec) and not is_file(spec):
        raise UserError(f"{spec!r} is a pattern; write it as an entry of its own, without keys")
    bot = load_bot(spec)
    return (source_of(replace(bot, name=entry.get("name", bot.name)), spec),)


def source_of(bot: Bot, spec: str) -> BotSource:
    """The bot with what its files hold now. Raises UserError for a name or a version that no table could show."""
    check_label(f"bot {shortened(spec)}: its name", bot.name)
    check_label(f"bot {bot.name}: its VERSION", bot.version)
    files = tuple((part.path.name, part.path.read_bytes()) for part in bot.parts)
    return BotSource(bot.name, bot.version, bot.hash, spec, files)


def check_label(what: str, text: str) -> str:
    """The text. Raises UserError where a line of a table, a file name's column or the database could not hold it."""
    if not text.isprintable() or text != text.strip() or not 1 <= len(text) <= MOST_LETTERS:
        raise UserError(
            f"{what} is {shortened(text)}; it must be 1 to {MOST_LETTERS} letters that can be printed, without blanks "
            "at its ends"
        )
    return text


def shortened(text: str) -> str:
    return ascii(text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…")


def refuse_duplicates(sources: Sequence[BotSource]) -> None:
    """Raises ValueError where two bots have one name: neither results nor a ranking could tell them apart."""
    for name, count in Counter(source.name for source in sources).items():
        if count > 1:
            specs = [source.spec for source in sources if source.name == name]
            again = "the same bot" if len({one.hash for one in sources if one.name == name}) == 1 else "different bots"
            raise ValueError(
                f"{count} bots are called {name!r} ({', '.join(specs)}: {again}); leave out one, or give one another "
                f"name: {{bot: {specs[-1]}, name: ...}}"
            )


def bot_of(source: BotSource) -> Bot:
    """The bot to fight with: what `spec` finds here if that is it, else from the sources carried along.

    Raises UserError where these are not what the hash says.
    """
    try:
        bot = load_bot(source.spec)
    except UserError:
        bot = None
    if bot is None or bot.hash != source.hash:
        bot = unpacked_bot(source)
    return replace(bot, name=source.name)


@cache
def unpacked_bot(source: BotSource) -> Bot:
    """The bot of files written to a folder of their own, once for each process."""
    UNPACKED.append(TemporaryDirectory(prefix="beepsim-bots-"))
    folder, paths = Path(UNPACKED[-1].name), []
    for number, (name, content) in enumerate(source.files):
        # Its own name where that means nothing to a file system or to `load_bot`.
        path = folder / str(number) / (re.sub(r"[^\w-]", "_", name.removesuffix(".py")) + ".py")
        path.parent.mkdir()
        path.write_bytes(content)
        paths.append(str(path))
    bot = load_bot("+".join(paths))
    if bot.hash != source.hash:
        raise UserError(f"bot {source.name}: its sources have the hash {bot.hash}, it should be {source.hash}")
    return bot
