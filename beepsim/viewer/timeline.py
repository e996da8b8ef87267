"""The timeline: the whole film as one strip; which place of it is which frame. Pure."""

from beepsim.viewer.camera import Box
from beepsim.viewer.film import Film

MARGIN = 12.0  # px, times the unit


def strip_of(box: Box, unit: float) -> Box:
    """The part of the timeline that stands for the film's frames."""
    margin = min(MARGIN * unit, box.width / 4)
    return Box(box.left + margin, box.top, max(box.width - 2 * margin, 1.0), box.height)


def x_of(film: Film, strip: Box, frame: float) -> float:
    return strip.left + strip.width * frame / max(film.frames - 1, 1)


def frame_at(film: Film, strip: Box, x: float) -> int:
    """The frame at x, the first or last one beside the strip."""
    share = min(max((x - strip.left) / strip.width, 0.0), 1.0)
    return round(share * (film.frames - 1))
