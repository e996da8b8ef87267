"""Pictures that scenes must look like: what is drawn, how it is compared with the file. scripts/golden_pictures.py
writes the files anew.

Without letters, whose fonts differ between versions; with a tolerance, for so do the edges of shapes.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pygame
from made_film import DEATH_TURN, HIT_TURN, made_duel, made_melee

from beepsim.viewer.camera import Box, whole_field, zoomed
from beepsim.viewer.colours import TEXT, WALL
from beepsim.viewer.drawing import draw_scene
from beepsim.viewer.film import Film, Moment
from beepsim.viewer.scene import scene_at
from beepsim.viewer.shapes import Arc, Circle, Colour, Line, Polygon, Scene, Text
from beepsim.viewer.timeline_drawing import draw_hand, timeline_image

FOLDER = Path(__file__).parent.parent / "data" / "viewer"
MEAN_DIFFERENCE = 0.6  # of a colour's 255 steps, over the picture
FAR_OFF, SHARE_FAR_OFF = 40, 0.004  # steps, and the share of pixels that may be so far off


def field_picture(film: Film, turn: int, size: tuple[int, int], scale: float = 1.0) -> pygame.Surface:
    """The field at a turn of the first round, `scale` times as near as it fits, about a point right of its middle."""
    scene = scene_at(film, Moment(0, turn))
    scene = replace(scene, shapes=tuple(shape for shape in scene.shapes if not isinstance(shape, Text)))
    surface = pygame.Surface(size)
    camera = whole_field(scene.width, scene.height, Box(0, 0, *size))
    draw_scene(surface, scene, zoomed(camera, camera.scale * scale, size[0] * 0.6, size[1] * 0.4))
    return surface


def shapes_picture() -> pygame.Surface:
    """Every shape, opaque, translucent and reaching far out of the picture."""
    half = Colour(86, 180, 233, 110)
    shapes = (
        Polygon(((0, 0), (0, 100), (100, 100), (100, 0)), Colour(19, 23, 31), WALL),
        Polygon(((10, 10), (10, 40), (40, 25)), Colour(240, 150, 40)),
        Polygon(((20, 5), (60, 30), (25, 45)), half, TEXT, 2.0),
        Polygon(((50, 50), (1e5, 2e5), (2e5, 1e5)), half),
        Line(((5, 60), (30, 95), (45, 60), (60, 95)), TEXT, 3.0),
        Line(((-1000, 50), (1000, 52)), half),
        Circle(75, 25, 15, None, TEXT),
        Circle(75, 25, 8, half),
        Circle(90, 45, 0.01, TEXT),
        Arc(50, 50, 40, 0.5, 1.5, TEXT, None, 2.0),
        Arc(20, 75, 18, 3.0, 2.0, None, half),
    )
    surface = pygame.Surface((240, 240))
    draw_scene(surface, Scene(100, 100, shapes), whole_field(100, 100, Box(0, 0, 240, 240)))
    return surface


def timeline_picture() -> pygame.Surface:
    film = made_duel()
    # Wide in px, yet too narrow for its letters at that unit: they are left out.
    surface = pygame.Surface((320, 60))
    image = timeline_image(film, 320, 60, 1.0)
    surface.blit(image, (0, 0))
    surface.fill(image.get_at((0, 0)), (0, 0, 320, 13))
    draw_hand(surface, film, Box(0, 0, 320, 60), 14, 1.0)
    return surface


PICTURES: dict[str, Callable[[], pygame.Surface]] = {
    "duel": lambda: field_picture(made_duel(), 6, (320, 240)),
    "hit": lambda: field_picture(made_duel(), HIT_TURN + 1, (320, 240)),
    "death": lambda: field_picture(made_duel(), DEATH_TURN + 5, (320, 240)),
    "near": lambda: field_picture(made_duel(), 7, (320, 240), 3.0),
    "wide": lambda: field_picture(made_duel(), 7, (400, 150)),
    "melee": lambda: field_picture(made_melee(), 2, (320, 320)),
    "shapes": shapes_picture,
    "timeline": timeline_picture,
}


def path_of(name: str) -> Path:
    return FOLDER / f"{name}.png"


def pixels_of(surface: pygame.Surface) -> np.ndarray:
    """[height, width, 3]"""
    data = np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8)
    return data.reshape(surface.get_height(), surface.get_width(), 3).astype(np.int64)


def difference(drawn: np.ndarray, golden: np.ndarray) -> str | None:
    """What is wrong with the picture, or None."""
    if drawn.shape != golden.shape:
        return f"it is {drawn.shape[1]}x{drawn.shape[0]} px, not {golden.shape[1]}x{golden.shape[0]}"
    off = np.abs(drawn - golden)
    mean, share = float(off.mean()), float((off.max(axis=2) > FAR_OFF).mean())
    if mean <= MEAN_DIFFERENCE and share <= SHARE_FAR_OFF:
        return None
    return f"mean difference {mean:.2f} (at most {MEAN_DIFFERENCE}), {share:.2%} far off (at most {SHARE_FAR_OFF:.2%})"


def first_difference(name: str) -> str | None:
    """What differs between a picture as it is drawn now and its file."""
    if not path_of(name).exists():
        return f"{name}: there is no {path_of(name).name}"
    found = difference(pixels_of(PICTURES[name]()), pixels_of(pygame.image.load(path_of(name))))
    return found and f"{name}: {found}"
