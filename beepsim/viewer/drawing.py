"""Scenes drawn on a pygame surface, with smooth edges; works without a display.

`unit` is the size of a px of text and lines in px of the surface: more than 1 on a dense or a large screen.
"""

import math
from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import pygame
from pygame import gfxdraw

from beepsim.viewer.camera import Box, Camera, to_screen
from beepsim.viewer.colours import FIELD, SURROUNDINGS, mixed
from beepsim.viewer.shapes import Arc, Circle, Colour, Line, Polygon, Scene, Shape, Text

Points = list[tuple[float, float]]
SEGMENT = 4.0  # px of the surface of the straight pieces that a curve is drawn in
MOST_SEGMENTS = 720
SMALLEST_RADIUS = 1.5  # of a circle that is filled, px of the surface


def draw_scene(surface: pygame.Surface, scene: Scene, camera: Camera, unit: float = 1.0) -> None:
    """The field and what is on it, within the camera's box; the panel is drawn by panel.py."""
    box = rect_of(camera.box)
    left, top = to_screen(camera, 0.0, scene.height)
    field = rect_of(Box(left, top, scene.width * camera.scale, scene.height * camera.scale)).inflate(2, 2)
    surface.fill(SURROUNDINGS, box)
    for shape in scene.shapes:
        if isinstance(shape, Text):
            surface.set_clip(box)
            draw_label(surface, shape, camera, unit)
        else:
            surface.set_clip(field.clip(box))
            draw_shape(surface, shape, camera, unit)
    surface.set_clip(None)


def rect_of(box: Box) -> pygame.Rect:
    left, top = math.floor(box.left), math.floor(box.top)
    return pygame.Rect(left, top, math.ceil(box.left + box.width) - left, math.ceil(box.top + box.height) - top)


def draw_shape(surface: pygame.Surface, shape: Shape, camera: Camera, unit: float) -> None:
    match shape:
        case Polygon():
            points = [to_screen(camera, x, y) for x, y in shape.points]
            draw_area(surface, points, shape.fill, shape.outline, shape.width * unit)
        case Line():
            draw_line(surface, [to_screen(camera, x, y) for x, y in shape.points], shape.colour, shape.width * unit)
        case Circle():
            radius = shape.radius * camera.scale
            if shape.fill:
                radius = max(radius, SMALLEST_RADIUS * unit)
            points = curve(to_screen(camera, shape.x, shape.y), radius, 0.0, 2 * math.pi)[:-1]
            draw_area(surface, points, shape.fill, shape.outline, shape.width * unit)
        case Arc():
            centre = to_screen(camera, shape.x, shape.y)
            points = curve(centre, shape.radius * camera.scale, shape.start, shape.extent)
            if shape.fill:
                draw_area(surface, [centre, *points], shape.fill, None, 0.0)
            if shape.colour:
                draw_line(surface, points, shape.colour, shape.width * unit)


def curve(centre: tuple[float, float], radius: float, start: float, extent: float) -> Points:
    """Points of an arc on the screen, close enough together to look round."""
    count = min(max(math.ceil(abs(extent) * radius / SEGMENT), math.ceil(abs(extent) * 2), 2), MOST_SEGMENTS)
    angles = [start + extent * i / count for i in range(count + 1)]
    return [(centre[0] + radius * math.sin(angle), centre[1] - radius * math.cos(angle)) for angle in angles]


def draw_area(
    surface: pygame.Surface, points: Points, fill: Colour | None, outline: Colour | None, width: float
) -> None:
    """A polygon: where it is opaque, a line in its colour smooths its edge."""
    if fill and fill.alpha:
        inside = clipped(points, surface.get_clip())
        if len(inside) > 2:
            if fill.alpha < 255:
                gfxdraw.filled_polygon(surface, inside, fill)
            else:
                pygame.draw.polygon(surface, fill, [(round(x), round(y)) for x, y in inside])  # it would cut off
                if not outline:
                    pygame.draw.aalines(surface, fill, True, points)
    if outline and outline.alpha:
        draw_line(surface, [*points, points[0]], outline, width)


def draw_line(surface: pygame.Surface, points: Sequence[tuple[float, float]], colour: Colour, width: float) -> None:
    """A smooth line; a translucent one in the colour that it would have on the bare field."""
    opaque = mixed(FIELD, colour._replace(alpha=255), colour.alpha / 255)
    if len(points) < 2 or not colour.alpha:
        return
    # Lines of a px side by side are smoother than wide ones, whose ends and edges are drawn in whole px.
    count = max(math.ceil(width - 0.5), 1)
    sides = side_steps(points) if count > 1 else []
    for index in range(count):
        distance = (index / (count - 1) - 0.5) * (width - 1) if sides else 0.0
        steps = ((distance * right, distance * down) for right, down in sides)
        beside = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(points, steps, strict=True)] if sides else points
        pygame.draw.aalines(surface, opaque, False, beside)


def side_steps(points: Sequence[tuple[float, float]]) -> Points:
    """For each point of a line the step to its side that is one px off both of its pieces; less at a sharp corner."""
    pieces = []
    for (x, y), (next_x, next_y) in zip(points, points[1:], strict=False):
        length = math.hypot(next_x - x, next_y - y) or 1.0
        pieces.append(((next_y - y) / length, (x - next_x) / length))
    steps = []
    for before, after in zip([pieces[0], *pieces], [*pieces, pieces[-1]], strict=True):
        right, down = before[0] + after[0], before[1] + after[1]
        scale = 2 / max(right * right + down * down, 1.0)
        steps.append((right * scale, down * scale))
    return steps


def clipped(points: Points, rect: pygame.Rect) -> Points:
    """The part of a polygon within the rectangle (Sutherland and Hodgman 1974), however far its points lie outside."""
    bounds = ((0, rect.left, 1), (0, rect.right, -1), (1, rect.top, 1), (1, rect.bottom, -1))
    for axis, bound, sign in bounds:
        if all((point[axis] - bound) * sign >= 0 for point in points):
            continue
        kept: Points = []
        for before, point in zip([points[-1], *points], points, strict=False):
            was_inside, is_inside = ((one[axis] - bound) * sign >= 0 for one in (before, point))
            if was_inside != is_inside:
                share = (bound - before[axis]) / (point[axis] - before[axis])
                kept.append((before[0] + (point[0] - before[0]) * share, before[1] + (point[1] - before[1]) * share))
            if is_inside:
                kept.append(point)
        if not kept:
            return []
        points = kept
    return points


def draw_label(surface: pygame.Surface, text: Text, camera: Camera, unit: float) -> None:
    """A text of the scene; where its point is seen, all of it is."""
    x, y = to_screen(camera, text.x, text.y)
    image = text_image(text.text, text.height * unit, text.colour)
    rect = image.get_rect()
    match text.anchor:
        case "left":
            rect.midleft = round(x), round(y)
        case "right":
            rect.midright = round(x), round(y)
        case "above":
            rect.midbottom = round(x), round(y)
        case "below":
            rect.midtop = round(x), round(y)
        case _:
            rect.center = round(x), round(y)
    box = rect_of(camera.box)
    surface.blit(image, rect.clamp(box) if box.collidepoint(x, y) else rect)


@lru_cache(maxsize=2048)
def text_image(text: str, height: float, colour: Colour) -> pygame.Surface:
    """The text with a letter's height and the room around it of `height` px; translucent where its colour is."""
    image = font_of(round(height)).render(text, True, colour[:3])
    if colour.alpha < 255:
        image.set_alpha(colour.alpha)
    return image


@lru_cache(maxsize=32)
def font_of(height: int) -> pygame.font.Font:
    """DejaVu Sans, which comes with matplotlib: pygame's own font is bold only. Without it, pygame's."""
    pygame.font.init()
    spec = find_spec("matplotlib")
    path = Path(spec.origin or "").parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf" if spec else Path()
    return pygame.font.Font(path if path.is_file() else None, max(height, 6))
