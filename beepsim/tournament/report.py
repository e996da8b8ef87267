"""The report of a tournament: a folder with one self-contained page, and its tables as CSV and JSON beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from markupsafe import Markup

from beepsim.experiments.report import plain
from beepsim.files import write_text
from beepsim.tournament.cells import (
    CHALLENGE,
    GROUPS,
    HITS,
    VERSIONS,
    Cell,
    Column,
    bars,
    cell_rows,
    challenge_columns,
    main_column,
    ranking_columns,
)
from beepsim.tournament.challenge_tables import challenge_tables
from beepsim.tournament.page_data import MOST_ROWS, Packed, page_arrays, page_frame
from beepsim.tournament.pairings import Pairings
from beepsim.tournament.scoring import DAMAGE, DAMAGE_TAKEN, SHARE
from beepsim.tournament.standing import Standing
from beepsim.tournament.tables import (
    Table,
    aps_progress,
    failure_table,
    group_table,
    hit_table,
    pairing_table,
    progress_table,
    ranking_table,
    version_table,
    write_table,
)
from beepsim.webpage.pages import render_page, script_json

SCRIPTS = ("bytes.js", "data.js", "tables.js", "matrix.js", "pairing.js", "progress.js")


class Section(NamedTuple):
    """A table of the page below the ranking, left out where it has no rows; `bot` is its column of names."""

    table: str
    heading: str
    text: str
    bot: str
    columns: tuple[Column, ...]


SECTIONS = (
    Section(
        "hit_rates",
        "Hit rates",
        "Of each bot and of its opponents at it, with 95 % intervals over battles, since shots of one battle hit or "
        "miss together. In battles of more than two nobody knows whom a bullet was meant for: they count only as the "
        "bot's own.",
        "bot",
        HITS,
    ),
    Section(
        "groups",
        "Scores by group of opponents",
        "The interval is that of these pairings' battles; how other bots of the kind would do is not in it.",
        "bot",
        GROUPS,
    ),
    Section(
        "versions",
        "Versions",
        "Older versions of bots of this tournament against the present ones, over the opponents that both have met. An "
        "interval that leaves out 0 means that the change shows.",
        "name",
        VERSIONS,
    ),
)


def write_report(
    standing: Standing,
    ratings: np.ndarray,
    pairings: Pairings,
    versions: Sequence[dict[str, Any]],
    folder: Path,
    database: Path,
) -> Path:
    """Writes the page and its tables into `folder` and returns the page's path.

    `ratings` RATING [B] of the present entrants and their `pairings`; `versions`: older versions against present ones;
    `database` stands in the commands that the page gives. The same results give the same files.
    Raises UserError where the folder cannot be written to.
    """
    progress = aps_progress(standing)
    tables = (
        ranking_table(standing, ratings),
        *challenge_tables(standing, ratings),
        hit_table(standing),
        group_table(standing, ratings, pairings),
        version_table(versions),
        failure_table(standing),
        pairing_table(standing, pairings),
        progress_table(standing, ratings, progress),
    )
    for table in tables:
        write_table(folder, table, standing.provenance)
    arrays = page_arrays(standing, pairings, progress)
    frame = page_frame(standing, ratings, pairings, arrays, database)
    page = folder / "index.html"
    write_text(page, report_page(standing, {table.name: table for table in tables}, frame, arrays))
    return page


def report_page(standing: Standing, tables: dict[str, Table], frame: dict[str, Any], arrays: dict[str, Packed]) -> str:
    """The page; what it may run is fixed by the script's hash, and it may load nothing."""
    is_grouped = len(standing.group_weights) > 1
    score = standing.challenge.score if standing.challenge else SHARE
    main = main_column(is_grouped, "" if score == SHARE else score)
    axis, bar_rows = bars(tables["ranking"], main.name, np.inf if score in (DAMAGE, DAMAGE_TAKEN) else 100.0)
    ranks = [tables["ranking"].columns[name].tolist() for name in ("rank", "rank_low", "rank_high")]
    columns = ranking_columns(main)
    return render_page(
        "beepsim.tournament",
        "report.html.jinja",
        "page.css",
        SCRIPTS,
        standing=standing,
        facts=facts(standing),
        provenance=plain(standing.provenance),
        groups=sorted({entrant.group for entrant in standing.entrants if entrant.group}),
        columns=columns,
        main=main,
        ranked_by=ranked_by(standing),
        most_rows=MOST_ROWS,
        axis=axis,
        ranking=list(
            zip(frame["order"], zip(*ranks, strict=True), bar_rows, cell_rows(tables["ranking"], columns), strict=True)
        ),
        leading=filled(challenge_sections(standing), tables),
        sections=filled(SECTIONS, tables),
        frame=script_json(frame),
        arrays={name: Markup(packed.base64) for name, packed in arrays.items()},
    )


def filled(sections: Sequence[Section], tables: dict[str, Table]) -> list[tuple[Section, list[tuple[str, list[Cell]]]]]:
    """The sections that have rows, with these: the bot's name and its cells."""
    return [
        (section, list(zip(table.columns[section.bot], cell_rows(table, section.columns), strict=True)))
        for section in sections
        if (table := tables[section.table]).length
    ]


def challenge_sections(standing: Standing) -> list[Section]:
    """The tables of a challenge."""
    if standing.challenge is None:
        return []
    score, baseline = standing.challenge.score, standing.challenge.baseline
    paired = f" Differences to {baseline} are paired: battles of the same seed and places." if baseline else ""
    text = (
        f"What each challenger did to the references and they to it: {{}}. The interval of a single battle comes from "
        f"its rounds.{paired}"
    )
    groups, bots = (
        challenge_columns(score, baseline, place, meaning)
        for place, meaning in (("group", "of references"), ("opponent", "the reference"))
    )
    return [
        Section(
            "challenge",
            "Challenge",
            text.format("mean over the battles, then the references, then the groups with their weights"),
            "bot",
            groups,
        ),
        Section("targets", "Challenge by reference", text.format("mean over the battles"), "bot", bots),
    ]


def ranked_by(standing: Standing) -> str:
    """What the ranking goes by, as ratings.rate has it."""
    if standing.challenge and standing.challenge.score != SHARE:
        heading, meaning = CHALLENGE[standing.challenge.score]
        return f"{heading.removesuffix(', %').lower()}: {meaning}"
    if standing.provenance["format"] == "swiss":
        return "Bradley–Terry strength, since the bots have met different opponents"
    return "Score" if len(standing.group_weights) > 1 else "APS"


def facts(standing: Standing) -> list[tuple[str, str]]:
    """What stands at the head of the page: names and values."""
    about, present = standing.provenance, standing.entrants[: standing.current]
    ranked = sum(entrant.is_ranked for entrant in present)
    rules = about.get("rules") or {}
    first, last = [str(date)[:16].replace("T", " ") if date else "" for date in about.get("fought") or ("", "")]
    found = {
        "Format": str(about.get("format", "")).replace("_", " "),
        "Bots": f"{ranked}" + (f" and {len(present) - ranked} references" if ranked < len(present) else ""),
        "Battles": f"{len(standing.battles)}",
        "Rounds": f"{rules['num_rounds']} in a battle" if "num_rounds" in rules else "",
        "Field": f"{rules['width']} × {rules['height']}" if "width" in rules else "",
        "Seed": str(about.get("seed", "")),
        "Fought": f"{first} to {last} UTC" if first and last else "",
        "beepsim": str(about.get("beepsim", "")),
    }
    return [(name, value) for name, value in found.items() if value]
