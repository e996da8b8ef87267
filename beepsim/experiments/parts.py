"""Parts of an experiment on disk: each file's name ends in a hash of all that it depends on, so that a finished part is
never computed again and a stale one never used."""

import hashlib
import json
from pathlib import Path
from typing import Any

from beepsim.errors import UserError

KEY_LENGTH = 10


def part_key(*inputs: Any) -> str:
    """Hash of the inputs (anything that JSON can hold), as letters and digits."""
    text = json.dumps(inputs, sort_keys=True, allow_nan=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]


def file_hash(path: Path) -> str:
    """Hash of a file's contents."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:16]
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None


def plain_name(text: str) -> str:
    """The text as part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "+-._" else "-" for letter in text)
