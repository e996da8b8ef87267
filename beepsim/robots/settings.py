"""Settings of a bot's parts: what a part's file declares, and what a user sets instead, as text.

A file of functions may declare settings, and turn them into the numbers of its memory before a battle:

    SETTINGS = {"power": 0.0, "weights": File("weights.safetensors")}      bool, int, float, str or File

    def prepare(settings, memory): ...      a dict with every key, a File as an absolute Path; the part's MEMORY record

A user sets them in the text that names the bot, which is all that a battle, a database or another machine need:

    goto_surfer:weights=runs/a.safetensors+learned:weights=runs/b.safetensors,power=3

There `%2B` stands for a + in a name or a value, `%2C` for a comma, `%3A` for a colon, `%25` for a %.
"""

import difflib
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import numpy as np

from beepsim.errors import UserError

MAX_FILE_BYTES = 64_000_000
ESCAPED = "%+,:"
RESERVED = ("kind",)  # where keys describe a bot, this one names the part


@dataclass(frozen=True)
class File:
    """A setting that names a file; the default is relative to the folder of the bot's own file."""

    path: str


Default = bool | int | float | str | File
Value = bool | int | float | str | Path
Declared = tuple[tuple[str, Default], ...]  # in the file's order
Settled = tuple[tuple[str, Value], ...]  # the same keys in the same order
Choice = tuple[str, dict[str, str]]  # a part's name or path, and the texts of the settings given

KINDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", File: "the path of a file"}


def declared_settings(path: Path, settings: Any) -> Declared:
    """SETTINGS of a bot's file. Raises UserError where it is not what it must be."""
    if not isinstance(settings, dict):
        raise UserError(f"{path}: SETTINGS is {settings!r}; it must be a dict of keys and defaults")
    for key, default in settings.items():
        if not isinstance(key, str) or not key.isidentifier() or key in RESERVED:
            raise UserError(f"{path}: SETTINGS has the key {key!r}; a key must be a name such as power, and not 'kind'")
        if type(default) not in KINDS or (isinstance(default, File) and not isinstance(default.path, str)):
            raise UserError(
                f"{path}: SETTINGS: the default of {key} is {default!r}; it must be a bool, int, float, str, or "
                "File('path') of beepsim.robots.settings"
            )
    return tuple(settings.items())


def is_file(name: str | Path) -> bool:
    """Also of what no file can be called."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def split_spec(spec: str) -> list[Choice]:
    """The parts that a bot's text names, with the settings given. Raises UserError for what is no key=value."""
    return [split_part(text.strip(), spec) for text in ([spec] if is_file(spec) else spec.split("+"))]


def split_part(text: str, spec: str) -> Choice:
    """One part's name and settings."""
    name, colon, items = text.partition(":")
    # A colon may stand in a path.
    if not colon or is_file(text) or ("=" not in items and text.endswith(".py")):
        return (text if is_file(text) else unquote(text)), {}
    given: dict[str, str] = {}
    for item in items.split(","):
        key, equals, value = (piece.strip() for piece in item.partition("="))
        if not equals or not key:
            raise UserError(f"bot '{spec}': '{item.strip()}' is no setting; after the colon stands key=value,key=value")
        if key in given:
            raise UserError(f"bot '{spec}': {key} is set twice; keep one of them")
        given[key] = unquote(value)
    return unquote(name.strip()), given


def spec_text(choices: Sequence[Choice]) -> str:
    """The text that `split_spec` reads as these choices."""
    return "+".join(
        escaped(name) + ":" * bool(given) + ",".join(f"{key}={escaped(text)}" for key, text in given.items())
        for name, given in choices
    )


def escaped(text: str) -> str:
    """With blanks at the ends escaped too, which would not be read."""
    begin, end = len(text) - len(text.lstrip()), len(text.rstrip())
    return "".join(
        quote(letter, safe="") if letter in ESCAPED or not begin <= place < end else letter
        for place, letter in enumerate(text)
    )


def texts_of(values: Mapping[str, Any], where: str) -> dict[str, str]:
    """Values given in Python or YAML as texts. Raises UserError, begun with `where`, for what no setting can be."""
    texts = {}
    for key, value in values.items():
        if not isinstance(key, str):
            raise UserError(f"{where}: {key!r} is no name of a setting; in YAML a name such as on needs quotes")
        if not isinstance(value, bool | int | float | str | Path | np.number):
            raise UserError(f"{where}: {key} is {value!r}; a setting is true, false, a number, a text or a path")
        texts[key] = text_of(value)
    return texts


def text_of(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def settle(declared: Declared, given: Mapping[str, str], part: str, file: Path, spec: str) -> Settled:
    """Every setting's value: what is given, relative to the present folder, else the default, relative to the file's.

    `part` and `spec` name part and bot in messages. Raises UserError for an unknown key, a value of another type, a
    file that is not there or too large.
    """
    values = {key: given_value(declared, key, text, part, spec) for key, text in given.items()}
    for key, default in declared:
        if key in values:
            continue
        try:
            values[key] = checked_file(file.parent / default.path) if isinstance(default, File) else default
        except ValueError as error:
            problem = f"left out, and its default is {default_text(default)}; {error}"
            raise UserError(f"bot '{spec}': setting {key} of {part} is {problem}") from None
    return tuple((key, values[key]) for key, _ in declared)


def given_value(declared: Declared, key: str, text: str, part: str, spec: str) -> Value:
    """One setting's value. Raises UserError as `settle` does."""
    defaults = dict(declared)
    if key not in defaults:
        raise UserError(f"bot '{spec}': {unknown_setting(key, part, declared)}")
    try:
        return read_value(text, defaults[key])
    except ValueError as error:
        raise UserError(f"bot '{spec}': setting {key} of {part} is '{text}'; {error}") from None


def unknown_setting(key: str, part: str, declared: Declared) -> str:
    if not declared:
        return f"{part} has no settings, but {key} is set"
    near = difflib.get_close_matches(key, [name for name, _ in declared], 1, 0.5)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"{part} has no setting '{key}'; {hint}its settings are {settings_text(declared)}"


def settings_text(declared: Declared) -> str:
    """The keys with their defaults, as they would be set."""
    return ", ".join(f"{key}={default_text(default)}" for key, default in declared)


def default_text(default: Default) -> str:
    return default.path if isinstance(default, File) else text_of(default)


def read_value(text: str, default: Default) -> Value:
    """The value of the default's type that stands in the text. Raises ValueError that says what is right."""
    wrong = ValueError(f"it must be {KINDS[type(default)]}, such as {default_text(default) or 'a'}")
    if isinstance(default, File):
        return checked_file(Path(text))
    if isinstance(default, bool):
        if text not in ("true", "false"):
            raise wrong
        return text == "true"
    if isinstance(default, str):
        return text
    try:
        value = type(default)(text)
    except ValueError:
        raise wrong from None
    if not math.isfinite(value):
        raise wrong
    return value


def checked_file(path: Path) -> Path:
    """The absolute path. Raises ValueError where there is no such file, or too large a one."""
    if not is_file(path):
        raise ValueError(f"there is no file {path}")
    size = path.stat().st_size
    if size > MAX_FILE_BYTES:
        raise ValueError(f"{path} has {size} bytes; a bot's file has at most {MAX_FILE_BYTES}")
    return path.resolve()


def file_hash(path: Path) -> str:
    """SHA-256 of the file's contents. Raises UserError where it cannot be read."""
    try:
        status = path.stat()
        return hash_of_state(path, (status.st_mtime_ns, status.st_size))
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


@cache
def hash_of_state(path: Path, state: tuple[int, int]) -> str:
    """`file_hash`, once for each state of the file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def settings_hash(source_hash: str, settled: Settled, given: Mapping[str, str]) -> str:
    """Of a part: its source's hash, over which come what is given and what stands in its files, wherever they lie."""
    lines = [
        f"{key}={file_hash(value) if isinstance(value, Path) else unmistakable(value)}"
        for key, value in settled
        if key in given or isinstance(value, Path)
    ]
    return hashlib.sha256("\n".join([source_hash, *lines]).encode()).hexdigest() if lines else source_hash


def unmistakable(value: bool | int | float | str) -> str:
    """The value on one line, whatever letters a text has."""
    return ascii(value) if isinstance(value, str) else text_of(value)


def part_label(name: str, settled: Settled, given: Mapping[str, str]) -> str:
    """The part's name with the settings given; files by their stems."""
    shown = [
        f"{key}={value.stem if isinstance(value, Path) else text_of(value)}" for key, value in settled if key in given
    ]
    return printable(name + ":" * bool(shown) + ",".join(shown))


def printable(text: str) -> str:
    """The text on one line, which any file can hold: letters that cannot be printed as \\n, \\x1b, \\udcff."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
