"""Field ↔ screen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.viewer.camera import Box, Camera, panned, to_field, to_screen, whole_field, zoomed

PLACES = st.floats(-2000, 2000)
CAMERAS = st.builds(
    Camera,
    st.builds(Box, PLACES, PLACES, st.floats(1, 3000), st.floats(1, 3000)),
    PLACES,
    PLACES,
    st.floats(0.05, 30),
)


@given(CAMERAS, PLACES, PLACES)
def test_there_and_back(camera: Camera, x: float, y: float) -> None:
    assert to_field(camera, *to_screen(camera, x, y)) == pytest.approx((x, y), abs=1e-6)


@given(CAMERAS, PLACES, PLACES, st.floats(0.05, 30))
def test_zooming_keeps_what_is_under_the_pointer(camera: Camera, x: float, y: float, scale: float) -> None:
    point = to_field(camera, x, y)
    assert to_screen(zoomed(camera, scale, x, y), *point) == pytest.approx((x, y), abs=1e-4)


@given(CAMERAS, PLACES, PLACES)
def test_the_field_moves_with_the_pointer(camera: Camera, right: float, down: float) -> None:
    x, y = to_screen(camera, 10.0, 20.0)
    assert to_screen(panned(camera, right, down), 10.0, 20.0) == pytest.approx((x + right, y + down), abs=1e-4)


@pytest.mark.parametrize(
    ("box", "scale"),
    [((0, 0, 824, 624), 1.0), ((0, 0, 2000, 324), 0.5), ((10, 20, 424, 2000), 0.5), ((0, 0, 1624, 1224), 2.0)],
)
def test_the_whole_field_is_as_large_as_it_fits(box: tuple, scale: float) -> None:
    camera = whole_field(800, 600, Box(*box))
    assert camera.scale == pytest.approx(scale)
    left, bottom = to_screen(camera, 0, 0)
    right, top = to_screen(camera, 800, 600)
    assert left + right == pytest.approx(2 * box[0] + box[2]) and top + bottom == pytest.approx(2 * box[1] + box[3])
    assert min(left - box[0], top - box[1]) == pytest.approx(12.0)


def test_north_is_up_and_nothing_is_distorted() -> None:
    camera = whole_field(800, 600, Box(0, 0, 1000, 300))
    x, y = to_screen(camera, 400, 300)
    assert to_screen(camera, 400, 400)[1] < y
    assert to_screen(camera, 500, 300)[0] - x == pytest.approx(y - to_screen(camera, 400, 400)[1])
