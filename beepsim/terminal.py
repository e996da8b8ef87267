"""What commands share on the terminal: tables, JSON, and an end by Ctrl-C that says what is kept."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

INTERRUPTED = 130


@contextmanager
def interruptible(what_is_kept: str) -> Iterator[None]:
    """Ctrl-C ends the block with one line that says what is kept."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"\nbeepsim: interrupted; {what_is_kept}", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=1, default=str))


def print_rows(rows: list[dict[str, Any]], columns: dict[str, str]) -> None:
    """A plain table: `columns` maps the rows' keys to formats such as "{:.2f}"."""
    cells = [list(columns)] + [
        ["–" if row[key] is None or row[key] != row[key] else form.format(row[key]) for key, form in columns.items()]
        for row in rows
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(len(columns))]
    for line in cells:
        print("  ".join([line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True)]))
