"""A bot described by keys, as YAML has them, and the text that names the same bot.

    movement: {kind: goto_surfer, weights: a.safetensors}      or just a name, as in `movement: circle`
    gun: {kind: learned, weights: b.safetensors, power: 2}     left out: it never fires
    name: mine                                                 left out: the parts' names and settings

`bot` in place of `movement` and `gun` is a bot of one part, or any bot's text.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from beepsim.errors import UserError
from beepsim.robots.loader import Bot, find_part, is_path, load_bot, load_part, near_misses
from beepsim.robots.settings import Choice, File, given_value, is_file, spec_text, split_spec, texts_of

KEYS = ("movement", "gun", "bot", "name")
KIND = "kind"
MOST_LETTERS = 100  # of a name
PATTERN = re.compile(r"[*?\[]")


class Described(NamedTuple):
    """`spec` names the bot, but for a name of its own."""

    bot: Bot
    spec: str


class DescriptionError(UserError):
    """`key` leads to what is wrong in the description."""

    def __init__(self, key: tuple[str, ...], message: str) -> None:
        super().__init__(message)
        self.key = key


def described_bot(entry: Mapping[Any, Any], folder: Path = Path()) -> Described:
    """The bot of these keys; paths of bots and of settings' files are relative to the folder.

    Raises DescriptionError for whatever is wrong with them.
    """
    for key in entry:
        if key not in KEYS:
            near = near_misses(str(key), list(KEYS))
            hint = f"; did you mean {near[0]}?" if near else ""
            raise DescriptionError((str(key),), f"a bot has the keys {', '.join(KEYS)}; received {key!r}{hint}")
    if ("bot" in entry) == ("movement" in entry) or ("gun" in entry and "bot" in entry):
        received = ", ".join(entry) or "no key"
        raise DescriptionError((), f"a bot has either bot, or movement and perhaps gun; received {received}")
    name = entry.get("name")
    if "name" in entry and not (isinstance(name, str) and name.strip()):
        raise DescriptionError(("name",), f"a bot's name is a text; received {name!r}")
    if name and (mistake := mistake_of_label(name)):
        raise DescriptionError(("name",), f"a bot's name is {mistake}")
    choices: list[Choice] = []
    for key in ("bot", "movement", "gun"):
        if key in entry:
            choices += [placed(choice, key, folder) for choice in chosen(key, entry[key])]
    spec = spec_text(choices)
    try:
        bot = load_bot(spec)
    except UserError as error:
        raise DescriptionError((), str(error)) from None
    return Described(replace(bot, name=name) if name else bot, spec)


def mistake_of_label(text: str) -> str:
    """What is wrong with a name that no line of a table, no recording and no database could hold; "" if it is right."""
    if text.isprintable() and text == text.strip() and 1 <= len(text) <= MOST_LETTERS:
        return ""
    return f"{shortened(text)}; it must be 1 to {MOST_LETTERS} letters that can be printed, without blanks at its ends"


def shortened(text: str) -> str:
    return ascii(text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…")


def chosen(key: str, value: Any) -> list[Choice]:
    """The parts that a value stands for: a text, or the kind of a part and its settings."""
    try:
        if isinstance(value, str) and value.strip():
            found = split_spec(value)
        elif isinstance(value, Mapping) and isinstance(value.get(KIND), str):
            settings = {name: setting for name, setting in value.items() if name != KIND}
            found = [(value[KIND].strip(), texts_of(settings, f"a bot's {key}"))]
        else:
            raise UserError(f"a bot's {key} is a text, or kind and settings; received {value!r}")
        if len(found) > 1 and key != "bot":
            raise UserError(f"a bot's {key} is one part; received {value!r}")
        for name, _ in found:
            if PATTERN.search(name) and not is_file(name):
                raise UserError(f"{name!r} is a pattern; where keys describe a bot, it is one bot")
    except UserError as error:
        raise DescriptionError((key,), str(error)) from None
    return found


def placed(choice: Choice, key: str, folder: Path) -> Choice:
    """The choice with its paths told from the present folder."""
    name, given = choice
    at: tuple[str, ...] = (key,)
    try:
        name = str(folder / name) if is_path(name) else name
        part = load_part(find_part(name, name))
        files = {file for file, default in part.settings if isinstance(default, File)}
        texts = {setting: str(folder / text) if setting in files else text for setting, text in given.items()}
        for setting, text in texts.items():
            at = (key, setting)
            given_value(part.settings, setting, text, part.name, name)
    except UserError as error:
        raise DescriptionError(at, str(error)) from None
    return name, texts
