"""What commands share on the terminal: tables, JSON, worlds as text, and an end by Ctrl-C that says what is kept."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from beepsim.errors import UserError

if TYPE_CHECKING:
    from beepsim.engine.state import World

INTERRUPTED = 130
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@contextmanager
def interruptible(what_is_kept: str) -> Iterator[None]:
    """Ctrl-C ends the block with one line that says what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"\nbeepsim: interrupted; {what_is_kept}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


def print_json(value: Any) -> None:
    """Numbers that JSON lacks (NaN, infinities) become null."""
    standard = json.loads(json.dumps(value, default=str), parse_constant=lambda name: None)
    print(json.dumps(standard, indent=1))


def print_rows(rows: list[dict[str, Any]], columns: dict[str, str]) -> None:
    """A plain table: `columns` maps the rows' keys to formats such as "{:.2f}"."""
    cells = [list(columns)] + [
        ["–" if row[key] is None or row[key] != row[key] else form.format(row[key]) for key, form in columns.items()]
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(columns))]
    for line in cells:
        print("  ".join([line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)]))


def read_start(path: Path, seed: int) -> "World":
    """The world in a file, or - for standard input, to start a battle from. Raises UserError naming file and line."""
    from beepsim.engine.text_reader import world_from_text

    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        return world_from_text(text, seed)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({getattr(error, 'strerror', None) or error})") from None


def parse_turn(text: str, first_round: int) -> tuple[int, int]:
    """Round and turn of `TURN`, then of the first round, or `ROUND:TURN`."""
    found = re.fullmatch(r"(?:(\d{1,9}):)?(\d{1,9})", text, re.ASCII)
    if not found:
        raise UserError(f"the turn to print is {text!r}, it must be TURN or ROUND:TURN, as in 100 or 3:0")
    return int(found[1]) if found[1] else first_round, int(found[2])
