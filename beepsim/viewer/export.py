"""A battle as a file: an animated GIF, an MP4, a PNG of one moment or of several, or a page. Needs no display."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from beepsim.errors import UserError
from beepsim.files import replacing
from beepsim.progress import show_progress
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.film import Film, Moment, moment_of
from beepsim.viewer.frames import (
    WHOLE,
    Cut,
    Pictures,
    Stretch,
    check_speed,
    chosen_rounds,
    pictures_of,
    size_of,
    stretches_of,
)
from beepsim.viewer.view import View

if TYPE_CHECKING:
    import pygame
    from PIL import Image

GIF, MP4, PNG, HTML = ".gif", ".mp4", ".png", ".html"
ENDINGS = (GIF, MP4, PNG, HTML)
MOST_PICTURES = {GIF: 6_000, MP4: 200_000}
"""Of a film: 200 s of a GIF, which is some 50 MB then, and almost two hours of an MP4."""

MOST_MOMENTS = 16
"""On a contact sheet."""

GIF_WIDTH = 640
PICTURE_SIZE = 1280, 720
PANEL_FROM = 900  # px of width from which the panel has room beside the field
DESIGN_SIZE = 1280.0, 720.0  # of a picture in which text is of its own size
PAUSE = 1.0  # s for which a film stands still at its end
SAMPLED_PIXELS = 8_000_000  # from which a GIF's palette is made, in pictures evenly spread over the film
FLATTEST, TALLEST = 0.3, 1.5  # height of a GIF by its width, whatever the field's


@dataclass(frozen=True)
class Exported:
    """What was written: `kind` film, picture, sheet or page; `frames` of a film or moments of a sheet, `seconds` of a
    film."""

    file: str
    kind: str
    bytes: int
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    seconds: float | None = None


def check_ending(path: Path) -> str:
    """What is to be written. Raises UserError for another ending than the four."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        what = f"ends in {ending}" if ending else "has no ending"
        raise UserError(f"{path} {what}; --export writes {', '.join(ENDINGS)}")
    return ending


def export_film(
    film: Film, path: Path, view: View, cut: Cut = WHOLE, size: str | None = None, beliefs: Beliefs | None = None
) -> Exported:
    """Writes the file, whole or not at all; its ending says what. Overlays need the film's beliefs.

    A PNG is one moment where the cut is a single turn, else a sheet of key moments. The same arguments give the same
    PNG and page, byte for byte. Raises UserError for what the film does not have, what is too much, and where `path`
    cannot be written or the encoder is missing.
    """
    ending, stretches = check_ending(path), stretches_of(film, cut)
    if ending == HTML:
        return export_page(film, path, view, cut, size)
    sides = None if size is None else size_of(size)
    if ending == PNG:
        return export_png(film, path, view, stretches, sides, beliefs)
    pictures = pictures_of(film, stretches, cut.speed, MOST_PICTURES[ending])
    if ending == GIF:
        return export_gif(film, path, view, pictures, sides, beliefs)
    return export_mp4(film, path, view, pictures, sides, beliefs)


def export_page(film: Film, path: Path, view: View, cut: Cut, size: str | None) -> Exported:
    from beepsim.viewer.page import write_page

    for name, given in (("turns", cut.turns), ("size", size)):
        if given is not None:
            raise UserError(
                f"--{name} is {given!r}; a page holds whole rounds and is as large as its window: leave it out"
            )
    check_speed(cut.speed)
    write_page(path, film, chosen_rounds(film, cut.rounds), view, cut.speed)
    return Exported(str(path), "page", path.stat().st_size)


def export_png(
    film: Film,
    path: Path,
    view: View,
    stretches: Sequence[Stretch],
    sides: tuple[int, int] | None,
    beliefs: Beliefs | None,
) -> Exported:
    import pygame

    from beepsim.viewer.moments import key_moments
    from beepsim.viewer.scene import scene_at
    from beepsim.viewer.sheet import draw_sheet, natural_size

    first = stretches[0]
    if len(stretches) == 1 and first.first == first.last:
        width, height = sides or PICTURE_SIZE
        surface = drawer(film, view, width, height, beliefs)(Moment(first.round, first.first))
        kind, count = "picture", None
    else:
        moments = key_moments(film, stretches, MOST_MOMENTS)
        width, height = sides or natural_size(film, len(moments))
        surface = pygame.Surface((width, height))
        scenes = (scene_at(film, moment.drawn, view, beliefs) for moment in moments)
        with show_progress("Drawing", len(moments), "moments") as update:
            draw_sheet(surface, film, moments, scenes, update)
        kind, count = "sheet", len(moments)
    with replacing(path) as temporary:
        image_of(surface).save(temporary, "PNG", optimize=True)
    return Exported(str(path), kind, path.stat().st_size, width, height, count)


def export_gif(
    film: Film, path: Path, view: View, pictures: Pictures, sides: tuple[int, int] | None, beliefs: Beliefs | None
) -> Exported:
    from beepsim.viewer.gif import palette_of, write_gif

    rules, count = film.recording.header.rules, len(pictures.frames)
    shape = min(max(rules.height / rules.width, FLATTEST), TALLEST)
    width, height = sides or (GIF_WIDTH, round(GIF_WIDTH * shape))
    draw = drawer(film, view, width, height, beliefs)
    samples = min(max(SAMPLED_PIXELS // (width * height), 3), count)
    places = np.linspace(0, count - 1, samples).round().astype(int).tolist()
    palette = palette_of([array_of(draw(moment_of(film, pictures.frames[place]))) for place in places])
    with replacing(path) as temporary, temporary.open("wb") as file:
        write_gif(file, drawn(film, pictures.frames, draw), palette, pictures.rate, PAUSE, count)
    return Exported(str(path), "film", path.stat().st_size, width, height, count, count / pictures.rate + PAUSE)


def export_mp4(
    film: Film, path: Path, view: View, pictures: Pictures, sides: tuple[int, int] | None, beliefs: Beliefs | None
) -> Exported:
    from beepsim.viewer.movie import check_encoder, write_movie

    check_encoder()
    width, height = sides or PICTURE_SIZE
    if width % 2 or height % 2:
        raise UserError(f"--size is '{width}x{height}'; both sides of an .mp4 must be even")
    frames = [*pictures.frames, *[pictures.frames[-1]] * round(PAUSE * pictures.rate)]
    draw = drawer(film, view, width, height, beliefs)
    with replacing(path) as temporary:
        write_movie(temporary, drawn(film, frames, draw), width, height, pictures.rate)
    seconds = len(frames) / pictures.rate
    return Exported(str(path), "film", path.stat().st_size, width, height, len(frames), seconds)


def drawer(
    film: Film, view: View, width: int, height: int, beliefs: Beliefs | None
) -> Callable[[Moment], "pygame.Surface"]:
    """A function that draws moments of the film, each on the same surface."""
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    import pygame

    from beepsim.viewer.picture import draw_picture
    from beepsim.viewer.scene import scene_at

    surface = pygame.Surface((width, height))
    unit = min(max(min(width / DESIGN_SIZE[0], height / DESIGN_SIZE[1]), 0.85), 2.5)

    def draw(moment: Moment) -> "pygame.Surface":
        draw_picture(surface, scene_at(film, moment, view, beliefs), width >= PANEL_FROM, unit)
        return surface

    return draw


def drawn(film: Film, frames: Sequence[int], draw: Callable[[Moment], "pygame.Surface"]) -> Iterator[np.ndarray]:
    """The pictures [H, W, 3] of the frames, and how far they are on standard error."""
    with show_progress("Drawing", len(frames), "frames") as update:
        for number, frame in enumerate(frames, 1):
            yield array_of(draw(moment_of(film, frame)))
            update(number)


def array_of(surface: "pygame.Surface") -> np.ndarray:
    import pygame

    width, height = surface.get_size()
    return np.frombuffer(pygame.image.tobytes(surface, "RGB"), np.uint8).reshape(height, width, 3)


def image_of(surface: "pygame.Surface") -> "Image.Image":
    from PIL import Image

    return Image.fromarray(array_of(surface))


def sentence(exported: Exported) -> str:
    """What was written, for the terminal."""
    facts = [f"{exported.bytes / 1e6:.2f} MB"]
    if exported.width:
        facts.insert(0, f"{exported.width}x{exported.height} px")
    if exported.seconds is not None:
        facts.insert(0, f"{exported.frames} frames, {exported.seconds:.1f} s")
    elif exported.frames is not None:
        facts.insert(0, f"{exported.frames} moments")
    return f"{exported.file}: a {exported.kind}, {', '.join(facts)}"
