"""A battle as one page that plays it, works from disk and loads nothing; page/ holds its template and scripts."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from beepsim.errors import UserError
from beepsim.files import write_text
from beepsim.progress import show_progress
from beepsim.recording.columns import SCORE_COLUMNS
from beepsim.rules import RADAR_RANGE
from beepsim.viewer import colours, packing, scene, wave_shapes
from beepsim.viewer.airborne import LINGERS
from beepsim.viewer.film import BULLET_EXPLOSION_TURNS, ROBOT_EXPLOSION_TURNS, Film
from beepsim.viewer.packing import Packed, check_length, pack_rounds
from beepsim.viewer.page_waves import ESCAPE_UNITS, wave_columns
from beepsim.viewer.view import View
from beepsim.webpage.pages import render_page, script_json

SCRIPTS = ("bytes.js", "film.js", "scene.js", "waves.js", "drawing.js", "timeline.js", "player.js")
OVERLAYS = ("waves",)
"""Those that a page can draw: waves need nothing but the recording."""

KEYS = (
    ("Space", "play, pause; at the end: again from the start"),
    ("← →", "one turn back, forward; with Shift ten"),
    ("↓ ↑", "slower, faster: 0.1× to 100×; 1× are 30 turns a second"),
    ("Page ↑ ↓", "round before, next round"),
    (", .", "hit or death before, next one"),
    ("Home End", "start and end of the recording"),
    ("wheel, + −", "zoom in, out"),
    ("drag", "move the field; on the timeline: seek"),
    ("1 … 9, Tab", "follow a robot, the next one"),
    ("0, double click", "the whole field again"),
    ("F2", "panel on, off"),
    ("? or F1", "this help"),
    ("Esc", "close help, stop following"),
)
WAVE_KEYS = (
    ("W", "waves: guess factors, what would hit"),
    ("F3, F4", "waves of the next robot; next wave (or click its bullet)"),
)


def write_page(path: Path, film: Film, rounds: Sequence[int], view: View, speed: float = 1.0) -> None:
    """Writes the page of some rounds (indices, in order); the same ones give the same bytes.

    Raises UserError for overlays that a page cannot draw, too long battles, and where `path` cannot be written.
    """
    unknown = sorted(view.overlays - set(OVERLAYS))
    if unknown:
        raise UserError(f"a page cannot draw the overlay {unknown[0]!r}, only {', '.join(OVERLAYS)}; films can")
    has_waves = len(film.names) == 2
    check_length([film.rounds[index] for index in rounds])
    with show_progress("Packing", len(rounds), "rounds") as update:
        columns = wave_columns(film, rounds, update) if has_waves else {}
        packed = pack_rounds([film.rounds[index] for index in rounds], columns)
        update(len(rounds))
    header = film.recording.header
    page = render_page(
        "beepsim.viewer",
        "player.html.jinja",
        "player.css",
        SCRIPTS,
        title=" vs ".join(film.names),
        source=f"{header.source}; seed {header.seed}" if header.seed is not None else header.source,
        keys=KEYS + (WAVE_KEYS if has_waves else ()),
        has_waves=has_waves,
        battle=script_json(battle_frame(film, rounds, view, speed, packed)),
        packed=packed.base64,
    )
    write_text(path, page)


def battle_frame(film: Film, rounds: Sequence[int], view: View, speed: float, packed: Packed) -> dict[str, Any]:
    """What the page's scripts need beside the packed columns."""
    parts, rules = [film.rounds[index] for index in rounds], film.recording.header.rules
    results = np.array([[part.results[name] for name in SCORE_COLUMNS] for part in film.rounds]).sum(axis=1)
    totals = np.concatenate([np.zeros((1, len(film.names))), np.cumsum(results, axis=0)])
    return {
        "names": film.names,
        "width": rules.width,
        "height": rules.height,
        "last_number": film.rounds[-1].number,
        "rounds": [
            {"number": film.rounds[i].number, "over": i, "before": shown(totals[i]), "after": shown(totals[i + 1])}
            for i in rounds
        ],
        "starts": starts_of(len(part.robots) for part in parts),
        "bullets": starts_of(len(part.bullets) for part in parts),
        "deaths": [scene.death_turns(part) for part in parts],
        "layout": packed.layout,
        "units": {
            "position": packing.POSITION_UNITS,
            "velocity": packing.VELOCITY_UNITS,
            "angle": packing.ANGLE_UNITS,
            "bearing": packing.BEARING_UNITS,
            "power": packing.POWER_UNITS,
            "energy": packing.ENERGY_UNITS,
            "sine": packing.SINE_UNITS,
            "escape": ESCAPE_UNITS,
        },
        "colours": {
            "robots": [colours.robot_colour(robot) for robot in range(len(film.names))],
            "surroundings": colours.SURROUNDINGS,
            "field": colours.FIELD,
            "wall": colours.WALL,
            "panel": colours.PANEL,
            "text": colours.TEXT,
            "faint_text": colours.FAINT_TEXT,
            "dead": colours.DEAD_ROBOT,
            "flash": colours.FLASH,
            "hit": wave_shapes.HIT,
        },
        "parts": {
            "tracks": scene.TRACKS,
            "hull": scene.HULL,
            "barrel": scene.BARREL,
            "dish": scene.DISH,
            "turret_radius": scene.TURRET_RADIUS,
            "label_distance": scene.LABEL_DISTANCE,
            "radar_range": RADAR_RANGE,
            "mark": wave_shapes.MARK,
        },
        "waves": {
            "lingers": LINGERS,
            "ticks": {
                "factors": wave_shapes.TICKS,
                "length": wave_shapes.TICK_LENGTH,
                "gap": wave_shapes.LABEL_GAP,
                "room": wave_shapes.ROOM_FOR_A_LABEL,
            },
        },
        "bullet_explosion_turns": BULLET_EXPLOSION_TURNS,
        "robot_explosion_turns": ROBOT_EXPLOSION_TURNS,
        "overlays": sorted(view.overlays),
        "shooter": view.shooter,
        "speed": speed,
    }


def shown(totals: np.ndarray) -> list[str]:
    """Scores as the panel shows them."""
    return ["–" if np.isnan(total) else f"{total:.0f}" for total in totals]


def starts_of(lengths: Iterable[int]) -> list[int]:
    return np.concatenate([[0], np.cumsum(list(lengths))]).astype(int).tolist()
