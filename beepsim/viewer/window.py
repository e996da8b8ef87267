"""The player's window as a picture: field, panel, timeline, status line, help, and the end of the recording."""

import numpy as np
import pygame

from beepsim.recording.columns import SCORE_COLUMNS
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.camera import Box
from beepsim.viewer.colours import FAINT_TEXT, PANEL, TEXT, WALL, robot_colour
from beepsim.viewer.controls import (
    KEYS,
    TURNS_A_SECOND,
    State,
    Subject,
    camera_at,
    is_at_end,
    layout_at,
    moment_at,
)
from beepsim.viewer.drawing import draw_scene, rect_of, text_image
from beepsim.viewer.film import Film, moment_of
from beepsim.viewer.layout import Layout
from beepsim.viewer.overlays import OVERLAYS
from beepsim.viewer.panel import draw_panel
from beepsim.viewer.scene import scene_at
from beepsim.viewer.shapes import Colour
from beepsim.viewer.timeline import frame_at, strip_of
from beepsim.viewer.timeline_drawing import draw_hand, draw_hint, timeline_image

Row = tuple[tuple[str, Colour], ...]
MOST_PLACES = 12  # of the final table


def draw_window(surface: pygame.Surface, state: State, subject: Subject, beliefs: Beliefs | None) -> None:
    """All of the window; `surface` has the state's size."""
    film, layout = subject.film, layout_at(state)
    scene = scene_at(film, moment_at(state, film), state.view, beliefs)
    draw_scene(surface, scene, camera_at(state, film), layout.unit)
    if layout.panel.width:
        draw_panel(surface, scene.panel, layout.panel, layout.unit, state.scroll)
    draw_timeline(surface, state, film, layout)
    draw_status(surface, state, subject, layout)
    if is_at_end(state, film) and not subject.is_growing and not state.is_playing:
        draw_card(surface, "End of the recording", final_rows(film), layout.field, layout.unit)
    if state.has_help:
        whole = Box(0.0, 0.0, state.width, state.height)
        draw_card(surface, "Keys", help_rows(state), whole, layout.unit)


def draw_notice(surface: pygame.Surface, state: State, overlays: frozenset[str]) -> None:
    """That overlays are computed which nobody has looked at yet."""
    rows: list[Row] = [
        ((", ".join(sorted(overlays)), TEXT),),
        (("once after an installation up to a minute", FAINT_TEXT),),
    ]
    draw_card(surface, "Computing overlays", rows, layout_at(state).field, layout_at(state).unit)


def draw_timeline(surface: pygame.Surface, state: State, film: Film, layout: Layout) -> None:
    box, unit = layout.timeline, layout.unit
    rect = rect_of(box)
    surface.blit(timeline_image(film, rect.width, rect.height, unit), rect)
    draw_hand(surface, film, box, state.frame, unit)
    if box.holds(*state.pointer):
        x = state.pointer[0]
        moment = moment_of(film, frame_at(film, strip_of(box, unit), x))
        draw_hint(surface, box, f"round {film.rounds[moment.round].number} · turn {moment.turn}", x, unit)


def draw_status(surface: pygame.Surface, state: State, subject: Subject, layout: Layout) -> None:
    """Button, speed, round and turn; and what else is to be known."""
    film, box, unit = subject.film, layout.status, layout.unit
    surface.fill(PANEL, rect_of(box))
    middle = box.top + box.height / 2 - 2 * unit
    draw_button(surface, layout.button, state.is_playing, unit)
    moment = moment_at(state, film)
    part = film.rounds[moment.round]
    last = film.rounds[-1].number
    where = f"round {part.number}, last {last}    turn {moment.turn}, last {part.last_turn}"
    place = text_image(where, 12 * unit, TEXT)
    left = surface.blit(place, place.get_rect(midleft=(layout.button.width, middle))).right
    pace = f"{state.speed:g}×  ({state.speed * TURNS_A_SECOND:g} turns a second)"
    if state.follow is not None:
        pace += f"    follows {film.names[state.follow]}"
    if subject.is_growing:
        pace += "    the battle goes on" if not is_at_end(state, film) else "    live"
    elif is_at_end(state, film):
        pace += "    end of the recording"
    speed = text_image(pace, 12 * unit, FAINT_TEXT)
    shown = surface.blit(speed, speed.get_rect(midleft=(left + 24 * unit, middle)))
    hint = text_image("? keys", 12 * unit, FAINT_TEXT)
    spot = hint.get_rect(midright=(box.left + box.width - 12 * unit, middle))
    if spot.left > shown.right + 8 * unit:
        surface.blit(hint, spot)


def draw_button(surface: pygame.Surface, box: Box, is_playing: bool, unit: float) -> None:
    """Two bars to pause, a triangle to play."""
    x, y, size = box.left + 20 * unit, box.top + box.height / 2 - 2 * unit, 6 * unit
    if is_playing:
        for side in (-1, 1):
            bar = Box(x + side * size * 0.55 - 1.5 * unit, y - size, 3 * unit, 2 * size)
            pygame.draw.rect(surface, TEXT, rect_of(bar))
    else:
        triangle = [(x - size * 0.7, y - size), (x - size * 0.7, y + size), (x + size, y)]
        pygame.draw.polygon(surface, TEXT, triangle)
        pygame.draw.aalines(surface, TEXT, True, triangle)


def help_rows(state: State) -> list[Row]:
    """The keys, and the overlays with those that are on."""
    rows: list[Row] = [((keys, TEXT), (meaning, FAINT_TEXT)) for keys, meaning in KEYS]
    for name, overlay in OVERLAYS.items():
        is_on = name in state.view.overlays
        meaning = f"{'●' if is_on else '○'} {name}: {overlay.title}"
        rows.append(((overlay.key.upper(), TEXT), (meaning, TEXT if is_on else FAINT_TEXT)))
    return rows


def final_rows(film: Film) -> list[Row]:
    """The robots by their scores; those of a recording without scores by its last round."""
    totals = np.sum([np.sum([part.results[name] for name in SCORE_COLUMNS], axis=0) for part in film.rounds], axis=0)
    places = film.rounds[-1].results["place"]
    order = sorted(range(len(film.names)), key=lambda robot: (-np.nan_to_num(totals[robot]), places[robot]))
    whole = float(np.sum(totals))
    rows: list[Row] = []
    for rank, robot in enumerate(order[:MOST_PLACES], 1):
        share = f" ({100 * totals[robot] / whole:.0f} %)" if whole > 0 else ""
        score = "" if np.isnan(totals[robot]) else f"{totals[robot]:.0f}{share}"
        rows.append(((f"{rank}.", FAINT_TEXT), (film.names[robot], robot_colour(robot)), (score, TEXT)))
    return [*rows, (("", TEXT), ("Space plays it again", FAINT_TEXT))]


def draw_card(surface: pygame.Surface, title: str, rows: list[Row], box: Box, unit: float) -> None:
    """A table in the middle of the box, its letters smaller where it would not fit."""
    scale = unit
    while True:
        images = [[text_image(text, 12 * scale, colour) for text, colour in row] for row in rows]
        columns = max(len(row) for row in rows)
        widths = [max((row[i].get_width() for row in images if i < len(row)), default=0) for i in range(columns)]
        gap, pad, line = 16 * scale, 18 * scale, 19 * scale
        width = sum(widths) + gap * (columns - 1) + 2 * pad
        height = line * (len(rows) + 1.6) + 2 * pad
        if (width <= box.width and height <= box.height) or scale < 0.5 * unit:
            break
        scale *= 0.9
    card = pygame.Surface((round(width), round(height)), pygame.SRCALPHA)
    pygame.draw.rect(card, (*PANEL[:3], 232), card.get_rect(), border_radius=round(8 * scale))
    pygame.draw.rect(card, WALL, card.get_rect(), 1, border_radius=round(8 * scale))
    card.blit(text_image(title, 15 * scale, TEXT), (pad, pad))
    for index, row in enumerate(images):
        x, y = pad, pad + line * (index + 1.6)
        for image, column in zip(row, widths, strict=False):
            card.blit(image, (x, y))
            x += column + gap
    surface.blit(card, card.get_rect(center=(box.left + box.width / 2, box.top + box.height / 2)))
