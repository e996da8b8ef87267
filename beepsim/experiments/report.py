"""The report of an experiment: a folder with one self-contained page, plots as PNG, tables as CSV and JSON."""

import base64
import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from PIL import Image, PngImagePlugin

from beepsim.files import replacing, write_json, write_text

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """How one column of a table stands on the page; with `interval` its 95 % interval (`…_low`, `…_high`) behind it."""

    name: str
    heading: str
    form: str = "{}"
    scale: float = 1.0
    interval: bool = False


@dataclass(frozen=True)
class Section:
    """One part of the page: text, then a plot, then a table; the table's rows are also written as CSV and JSON."""

    name: str
    heading: str
    text: str
    rows: Sequence[Row] = ()
    columns: Sequence[Column] = ()
    plots: dict[str, bytes] = field(default_factory=dict)
    folded: bool = False


@dataclass(frozen=True)
class Report:
    """A page's contents; provenance (seed, versions, command, configuration's hash) goes into every file.

    `files` are tables that are written beside the page but not shown on it.
    """

    title: str
    findings: Sequence[str]
    sections: Sequence[Section]
    provenance: Row
    configuration: str
    files: Sequence[Section] = ()


def write_report(folder: Path, report: Report) -> Path:
    """Write the report's files into `folder` and return the page's path.

    Raises UserError where the folder cannot be written to.
    """
    for section in (*report.sections, *report.files):
        if section.rows:
            write_text(folder / f"{section.name}.csv", to_csv(section.rows, report.provenance))
            write_json(
                folder / f"{section.name}.json", {"provenance": report.provenance, "rows": plain(list(section.rows))}
            )
        for name, png in section.plots.items():
            with replacing(folder / f"{name}.png") as temporary:
                save_png(temporary, png, json.dumps(report.provenance, sort_keys=True))
    page = folder / "index.html"
    write_text(page, render_page(report))
    return page


def save_png(path: Path, png: bytes, comment: str) -> None:
    """Write the picture with `comment` as its text, where image viewers show it."""
    text = PngImagePlugin.PngInfo()
    text.add_itxt("Comment", comment)
    with Image.open(io.BytesIO(png)) as image:
        image.save(path, format="PNG", pnginfo=text)


def render_page(report: Report) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("beepsim.experiments", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["base64"] = lambda png: base64.b64encode(png).decode()
    environment.globals["show_cell"] = show_cell
    return environment.get_template("report.html.jinja").render(report=report)


def show_cell(row: Row, column: Column) -> str:
    """A cell's text, with its interval behind it where the column has one."""
    value = row[column.name]
    if value is None or value != value:
        return "–"
    if isinstance(value, str | bool):
        return str(value)
    text = column.form.format(value if column.scale == 1.0 else column.scale * value)
    ends = [row[f"{column.name}_{end}"] for end in ("low", "high")] if column.interval else []
    if ends and all(end == end for end in ends):
        low, high = (column.form.format(column.scale * end) for end in ends)
        text += f" [{low}, {high}]"
    return text


def to_csv(rows: Sequence[Row], provenance: Row) -> str:
    """Comma-separated text whose first line is a `#` comment with the provenance as JSON."""
    text = io.StringIO()
    text.write(f"# {json.dumps(provenance, sort_keys=True)}\n")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain(list(rows)))
    return text.getvalue()


def plain(value: Any) -> Any:
    """The value in JSON's own types; numbers that JSON lacks (NaN, infinities) become null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value
