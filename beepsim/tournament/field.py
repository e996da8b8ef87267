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
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from beepsim.errors import UserError
from beepsim.experiments.bot_file import SUFFIXES, find_bot
from beepsim.robots.description import PATTERN, described_bot, mistake_of_label, shortened
from beepsim.robots.loader import ROBOT, Bot, find_part, is_path, list_bots, load_bot
from beepsim.robots.modules import GUN, MOVEMENT, WHOLE
from beepsim.robots.prepare import new_memory
from beepsim.robots.settings import is_file, spec_text, split_spec

MOST_PARTS = 2
SETTINGS_FILE = re.compile(r"(\d):(\w+):(.*)", re.DOTALL)
UNPACKED: list[TemporaryDirectory] = []  # removed when the process ends


@dataclass(frozen=True)
class BotSource:
    """A bot: `spec` is how it is called here, `files` are the names and contents of its sources, movement first.

    After them come the files of its settings, called PLACE:KEY:NAME: place of the part, from 0, and key of the setting.
    """

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
    if is_file(entry) or not any(PATTERN.search(name) for name, _ in split_spec(entry)):
        return (source_of(*find_bot(entry)),)
    found = matching_specs(entry)
    if not found:
        raise UserError(f"no bot matches the pattern {entry!r}; `beepsim bots` lists the names")
    return tuple(source_of(*find_bot(spec)) for spec in found)


def matching_specs(pattern: str) -> list[str]:
    """Bots of one part, or every combination of matching movements and guns, each with the settings of the pattern."""
    choices = split_spec(pattern)
    if len(choices) > MOST_PARTS:
        raise UserError(f"pattern {pattern!r} has {len(choices)} parts; it must be one, or a movement and a gun")
    kinds: list[tuple[str, ...]] = [(MOVEMENT, WHOLE, ROBOT)] if len(choices) == 1 else [(MOVEMENT,), (GUN,)]
    names = [
        matching_files(name) if is_path(name) or name.endswith(SUFFIXES) else matching_names(name, kind)
        for (name, _), kind in zip(choices, kinds, strict=True)
    ]
    settings = [given for _, given in choices]
    return [spec_text(list(zip(one, settings, strict=True))) for one in product(*names)]


def matching_files(pattern: str) -> list[str]:
    path = Path(pattern)
    try:
        found = sorted(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
    except OSError:  # no file can be called so
        return []
    except ValueError as error:
        raise UserError(f"pattern {pattern!r}: {str(error).lower()}") from None
    return [str(one) for one in found if one.suffix in (".py", *SUFFIXES)]


def matching_names(pattern: str, kinds: Sequence[str]) -> list[str]:
    known = list_bots()
    return fnmatch.filter([name for kind in kinds for name in known[kind]], pattern)


def inline_bot(entry: dict) -> tuple[BotSource, ...]:
    """The bot of `{movement: circle, gun: linear}` or `{bot: sample.Walls}`, see robots/description.py."""
    return (source_of(*described_bot(entry)),)


def source_of(bot: Bot, spec: str) -> BotSource:
    """The bot with what its files hold now. Raises UserError for a name or a version that no table could show, and for
    settings that it refuses."""
    check_label(f"bot {shortened(spec)}: its name", bot.name)
    check_label(f"bot {bot.name}: its VERSION", bot.version)
    new_memory(bot)
    files = [(part.path.name, part.path.read_bytes()) for part in bot.parts]
    files += [
        (f"{place}:{key}:{value.name}", value.read_bytes())
        for place, settled in enumerate(bot.settings)
        for key, value in settled
        if isinstance(value, Path)
    ]
    return BotSource(bot.name, bot.version, bot.hash, spec, tuple(files))


def check_label(what: str, text: str) -> str:
    """The text. Raises UserError where a line of a table, a file name's column or the database could not hold it."""
    if mistake := mistake_of_label(text):
        raise UserError(f"{what} is {mistake}")
    return text


def refuse_duplicates(sources: Sequence[BotSource]) -> None:
    """Raises ValueError where two bots have one name: neither results nor a ranking could tell them apart."""
    for name, count in Counter(source.name for source in sources).items():
        if count > 1:
            specs = [source.spec for source in sources if source.name == name]
            again = "the same bot" if len({one.hash for one in sources if one.name == name}) == 1 else "different bots"
            raise ValueError(
                f"{count} bots are called {name!r} ({', '.join(specs)}: {again}); leave out one, or give one another "
                f"name: {{bot: '{specs[-1]}', name: ...}}"
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
    names: list[str] = []
    choices = split_spec(source.spec)
    settings = {place: dict(given) for place, (_, given) in enumerate(choices)}
    for number, (name, content) in enumerate(source.files):
        path = Path(UNPACKED[-1].name) / str(number) / harmless(name)
        path.parent.mkdir()
        path.write_bytes(content)
        if found := SETTINGS_FILE.fullmatch(name):
            settings.setdefault(int(found[1]), {})[found[2]] = str(path)
        else:
            known = [part for part, _ in choices[len(names) : len(names) + 1] if is_source(part, content)]
            names += known or [str(path)]
    bot = load_bot(spec_text([(name, settings.get(place, {})) for place, name in enumerate(names)]))
    if bot.hash != source.hash:
        raise UserError(f"bot {source.name}: its sources have the hash {bot.hash}, it should be {source.hash}")
    return bot


def is_source(name: str, content: bytes) -> bool:
    """Whether the part of that name is this file here too: then its machine code is kept here, or soon will be."""
    try:
        return find_part(name, name).read_bytes() == content
    except (UserError, OSError):
        return False


def harmless(name: str) -> str:
    """The file's name where that means nothing to a file system or to `load_bot`."""
    if SETTINGS_FILE.fullmatch(name):
        return re.sub(r"[^\w.-]", "_", name)
    return re.sub(r"[^\w-]", "_", name.removesuffix(".py")) + ".py"
