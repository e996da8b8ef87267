"""A bot in a YAML file, with its keys as in robots/description.py; paths in it are relative to the file."""

from collections.abc import Mapping
from pathlib import Path

from beepsim.errors import UserError
from beepsim.experiments.yaml_file import load_yaml, show_value
from beepsim.robots.description import KEYS, Described, DescriptionError, described_bot
from beepsim.robots.loader import load_bot
from beepsim.robots.prepare import new_memory

SUFFIXES = (".yaml", ".yml")


def find_bot(text: str) -> Described:
    """The bot of a YAML file's path, or of a text that names it. Raises UserError as `load_bot` does."""
    if text.endswith(SUFFIXES) and "=" not in text:
        return read_bot(Path(text))
    return Described(load_bot(text), text)


def read_bot(path: Path) -> Described:
    """Raises UserError with file and line for what is wrong in it, also for settings that the bot refuses."""
    entry, lines = load_yaml(path)
    if not isinstance(entry, Mapping):
        raise UserError(f"{path}:1: a bot has the keys {', '.join(KEYS)}; received {show_value(entry)}")
    try:
        described = described_bot(entry, path.parent)
    except DescriptionError as error:
        line = lines.get(error.key) or lines.get(error.key[:1], 1)
        raise UserError(f"{path}:{line}: {error}") from None
    try:
        new_memory(described.bot)
    except UserError as error:
        raise UserError(f"{path}:1: {error}") from error.__cause__
    return described
