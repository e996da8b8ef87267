"""Field ↔ screen: which part of the field is seen where. Pure.

Field: px, x to the right, y up. Screen: px of the surface that is drawn on, x to the right, y down.
"""

from typing import NamedTuple

MARGIN = 12.0  # px of the screen around the whole field, times its unit
LARGEST_SCALE = 24.0  # px of the screen for one of the field


class Box(NamedTuple):
    """A rectangle of the screen."""

    left: float
    top: float
    width: float
    height: float

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x < self.left + self.width and self.top <= y < self.top + self.height


class Camera(NamedTuple):
    """Sees the point x, y of the field in the middle of `box`, everything `scale` times its size in both directions."""

    box: Box
    x: float
    y: float
    scale: float


def whole_field(width: float, height: float, box: Box, margin: float = MARGIN) -> Camera:
    """Sees all of the field, as large as it fits."""
    room = max(box.width - 2 * margin, 1.0), max(box.height - 2 * margin, 1.0)
    return Camera(box, width / 2, height / 2, min(room[0] / width, room[1] / height))


def to_screen(camera: Camera, x: float, y: float) -> tuple[float, float]:
    box, scale = camera.box, camera.scale
    return (
        box.left + box.width / 2 + (x - camera.x) * scale,
        box.top + box.height / 2 - (y - camera.y) * scale,
    )


def to_field(camera: Camera, x: float, y: float) -> tuple[float, float]:
    box, scale = camera.box, camera.scale
    return (
        camera.x + (x - box.left - box.width / 2) / scale,
        camera.y - (y - box.top - box.height / 2) / scale,
    )


def zoomed(camera: Camera, scale: float, x: float, y: float) -> Camera:
    """At another scale, with the same point of the field at x, y of the screen."""
    before = to_field(camera, x, y)
    after = to_field(camera._replace(scale=scale), x, y)
    return camera._replace(x=camera.x + before[0] - after[0], y=camera.y + before[1] - after[1], scale=scale)


def panned(camera: Camera, right: float, down: float) -> Camera:
    """The field moved by px of the screen."""
    return camera._replace(x=camera.x - right / camera.scale, y=camera.y + down / camera.scale)
