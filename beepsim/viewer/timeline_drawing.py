"""The timeline drawn: rounds, hits and deaths, the hand, and what the pointer is at. Sizes in px, times the unit."""

from functools import lru_cache

import pygame

from beepsim.viewer.camera import Box
from beepsim.viewer.colours import FAINT_TEXT, FIELD, PANEL, TEXT, WALL, mixed, robot_colour
from beepsim.viewer.drawing import rect_of, text_image
from beepsim.viewer.film import DEATH, Film, frame_of, marks_of
from beepsim.viewer.timeline import strip_of, x_of

LABEL_HEIGHT, LABEL_LINE = 10.0, 14.0
MOST_LANES = 4  # with more robots, all share one


@lru_cache(maxsize=2)
def timeline_image(film: Film, width: int, height: int, unit: float) -> pygame.Surface:
    """All of the timeline but its hand: rounds shaded in turn with their numbers, hits and deaths below in lanes."""
    image = pygame.Surface((width, height))
    image.fill(PANEL)
    strip = strip_of(Box(0.0, 0.0, width, height), unit)
    top = LABEL_LINE * unit
    bottom = height - 4 * unit
    for index, (start, end) in enumerate(zip(film.starts, film.starts[1:], strict=False)):
        left, right = x_of(film, strip, start), x_of(film, strip, end - 1)
        shade = mixed(FIELD, WALL, 0.42 if index % 2 else 0.2)
        image.fill(shade, rect_of(Box(left, top, max(right - left, 1.0), bottom - top)))
        label = text_image(str(film.rounds[index].number), LABEL_HEIGHT * unit, FAINT_TEXT)
        if label.get_width() < right - left:
            image.blit(label, (round(left), round(unit)))
    lanes = len(film.names) if len(film.names) <= MOST_LANES else 1
    lane = (bottom - top) / lanes
    for mark in sorted(marks_of(film), key=lambda mark: mark.kind == DEATH):
        x, y = round(x_of(film, strip, frame_of(film, mark.moment))), top + lane * (mark.robot % lanes)
        colour = robot_colour(mark.robot)
        if mark.kind == DEATH:
            wide = max(round(2 * unit), 2)
            image.fill(colour, (x - wide // 2, round(top), wide, round(bottom - top)))
            size = 3.5 * unit
            pygame.draw.polygon(image, colour, [(x - size, top - size), (x + size, top - size), (x, top + size)])
        else:
            image.fill(colour, (x, round(y + lane * 0.2), max(round(unit), 1), max(round(lane * 0.6), 1)))
    return image


def draw_hand(surface: pygame.Surface, film: Film, box: Box, frame: float, unit: float) -> None:
    """Where the film is now."""
    x = round(x_of(film, strip_of(box, unit), frame))
    wide, tip = max(round(2 * unit), 1), 4.5 * unit
    pygame.draw.rect(surface, TEXT, (x - wide // 2, round(box.top), wide, round(box.height)))
    pygame.draw.polygon(surface, TEXT, [(x - tip, box.top), (x + tip, box.top), (x, box.top + 1.6 * tip)])


def draw_hint(surface: pygame.Surface, box: Box, text: str, x: float, unit: float) -> None:
    """What the pointer is at, above the timeline."""
    image = text_image(text, 11 * unit, TEXT)
    rect = image.get_rect().inflate(round(10 * unit), round(6 * unit))
    rect.midbottom = round(x), round(box.top - 3 * unit)
    rect.clamp_ip(surface.get_rect())
    pygame.draw.rect(surface, PANEL, rect, border_radius=round(4 * unit))
    pygame.draw.rect(surface, WALL, rect, 1, border_radius=round(4 * unit))
    surface.blit(image, image.get_rect(center=rect.center))
