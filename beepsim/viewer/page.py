"""A battle as one page that plays it, works from disk and loads nothing; page/ holds its template and scripts."""

from collections.abc import Callable, Iterable, Sequence
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
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.film import BULLET_EXPLOSION_TURNS, ROBOT_EXPLOSION_TURNS, Film
from beepsim.viewer.packing import Packed, check_length, pack_rounds
from beepsim.viewer.view import View
from beepsim.webpage.pages import render_page, script_json

SCRIPTS = ("bytes.js", "film.js", "scene.js", "waves.js", "drawing.js", "timeline.js", "player.js")
OVERLAYS = ("waves",)
"""Those that a page can draw: waves need nothing but the recording."""

ESCAPE_UNITS = 8192
"""Of escape angles, for a radian."""

WAVE_COLUMNS = ("left", "right", "orbit", "broke", "touch", "touches", "aim", "distance")

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


def wave_columns(
    film: Film, rounds: Iterable[int], update: Callable[[int], None] = lambda done: None
) -> dict[str, np.ndarray]:
    """The waves of a duel's bullets, in whole numbers: for each bullet its escape angles, orbit direction, in turns after
    it was fired when it has touched and when it has passed, in how many turns its hit interval grew, and bearing and
    distance of the target as it was last seen (all 0 where it has no wave); `low` and `high` hold the interval at the
    end of each of those turns.

    `update` is told how many rounds are done.
    """
    bullets: list[np.ndarray] = []
    lows, highs = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for index in rounds:
        update(len(bullets))
        part, beliefs = film.rounds[index], Beliefs(film, {})  # it keeps what it computes: of one round at a time
        found = np.zeros((len(WAVE_COLUMNS), len(part.bullets)), np.int64)
        growths: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for shooter in (0, 1):
            flight = beliefs.flight(index, shooter)
            real = np.flatnonzero(flight.rows["real"])
            waves, rows = flight.waves[real], flight.rows[real]
            mine = np.flatnonzero(part.bullets["owner"] == shooter)
            mine = mine[np.argsort(part.bullets["turn_first"][mine], kind="stable")]
            fired = mine[np.searchsorted(part.bullets["turn_first"][mine], rows["fire_turn"] + 1)]
            low, high = flight.growth(real)
            has_touched = ~np.isnan(low)
            found[0, fired] = packing.whole(waves["escape_left"], ESCAPE_UNITS)
            found[1, fired] = packing.whole(waves["escape_right"], ESCAPE_UNITS)
            found[2, fired] = waves["orbit_direction"]
            found[3, fired] = rows["break_turn"] - rows["fire_turn"]
            found[6, fired] = packing.whole(waves["absolute_bearing"], packing.ANGLE_UNITS / (2 * np.pi))
            found[7, fired] = packing.whole(rows["distance"], 1.0)
            found[4, fired] = np.where(has_touched.any(axis=1), has_touched.argmax(axis=1), 0)
            for place, bullet in enumerate(fired.tolist()):
                until = int(found[3, bullet]) + 1
                grown = has_touched[place, :until]
                growths[bullet] = (low[place, :until][grown], high[place, :until][grown])
        for bullet in sorted(growths):
            found[5, bullet] = len(growths[bullet][0])
            lows.append(packing.whole(growths[bullet][0], ESCAPE_UNITS))
            highs.append(packing.whole(growths[bullet][1], ESCAPE_UNITS))
        bullets.append(found)
    columns = dict(zip(WAVE_COLUMNS, np.concatenate(bullets, axis=1), strict=True))
    return columns | {name: np.diff(np.concatenate(ends), prepend=0) for name, ends in (("low", lows), ("high", highs))}


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
