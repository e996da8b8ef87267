"""A contact sheet: small pictures of moments with their captions, in rows, on one surface."""

import math
from collections.abc import Callable, Iterable, Sequence

import pygame

from beepsim.viewer.camera import Box, whole_field
from beepsim.viewer.colours import FAINT_TEXT, SURROUNDINGS, TEXT
from beepsim.viewer.drawing import draw_scene, text_image
from beepsim.viewer.film import Film
from beepsim.viewer.moments import KeyMoment
from beepsim.viewer.panel import fitting
from beepsim.viewer.shapes import Scene

COLUMNS = 4
GAP, CAPTION, LINE = 12.0, 40.0, 17.0  # px, times the unit
FLATTEST, TALLEST = 0.3, 1.5  # height of a moment's room by its width, whatever the field's
DESIGN_WIDTH = 1600.0  # of a sheet in which a unit is one px


def natural_size(film: Film, count: int) -> tuple[int, int]:
    """Width and height, px, of a sheet of so many pictures."""
    rules = film.recording.header.rules
    columns = min(count, COLUMNS)
    width = (DESIGN_WIDTH - GAP) / COLUMNS
    shape = min(max(rules.height / rules.width, FLATTEST), TALLEST)
    height = (width - GAP) * shape + CAPTION + GAP
    return round(columns * width + GAP), round(math.ceil(count / columns) * height + GAP)


def draw_sheet(
    surface: pygame.Surface,
    film: Film,
    moments: Sequence[KeyMoment],
    scenes: Iterable[Scene],
    update: Callable[[int], None],
) -> None:
    """Draws the scenes of the moments; `update` is told how many are done."""
    columns = min(len(moments), COLUMNS)
    rows = math.ceil(len(moments) / columns)
    unit = min(max(surface.get_width() * COLUMNS / columns / DESIGN_WIDTH, 0.5), 2.5)
    gap = GAP * unit
    width = (surface.get_width() - gap) / columns - gap
    height = (surface.get_height() - gap) / rows - gap - CAPTION * unit
    surface.fill(SURROUNDINGS)
    for number, (moment, scene) in enumerate(zip(moments, scenes, strict=True)):
        left = gap + number % columns * (width + gap)
        top = gap + number // columns * (height + gap + CAPTION * unit)
        box = Box(left, top, width, max(height, 1.0))
        draw_scene(surface, scene, whole_field(scene.width, scene.height, box, 2 * unit), 0.85 * unit)
        place = f"round {film.rounds[moment.moment.round].number}, turn {moment.moment.turn}"
        for line, (words, colour) in enumerate(((moment.words, TEXT), (place, FAINT_TEXT))):
            image = text_image(fitting(words, width, 12 * unit), 12 * unit, colour)
            surface.blit(image, (round(left), round(top + box.height + (2 + line * LINE) * unit)))
        update(number + 1)
