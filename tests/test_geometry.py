"""Angles, boxes and segments against plain definitions in exact arithmetic."""

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from beepsim import geometry as g

angles = st.floats(-1000, 1000)
pixels = st.integers(-200, 200).map(lambda n: n / 4)  # quarters: exact in single and double precision


@given(angles)
def test_absolute_and_relative_angles(angle: float) -> None:
    rest = math.fmod(angle, 2 * math.pi)
    assert g.absolute_angle(angle) == (rest if rest >= 0 else rest + 2 * math.pi)
    relative = g.relative_angle(angle)
    assert -math.pi <= relative < math.pi
    assert g.absolute_angle(relative) == pytest.approx(g.absolute_angle(angle), abs=1e-12) or abs(relative) < 1e-12


def test_angles_at_the_seams() -> None:
    assert g.relative_angle(math.pi) == -math.pi
    assert g.relative_angle(-math.pi) == -math.pi
    assert g.absolute_angle(2 * math.pi) == 0.0
    assert math.copysign(1.0, g.absolute_angle(-0.0)) == -1.0
    assert g.absolute_angle(-1e-300) == 2 * math.pi


@pytest.mark.parametrize("quarter", range(5))
@pytest.mark.parametrize("error", [-9e-6, 0.0, 9e-6])
def test_near_absolute_angle_snaps_to_quarters(quarter: int, error: float) -> None:
    assert g.near_absolute_angle(quarter * math.pi / 2 + error) == (quarter % 4) * math.pi / 2


@given(angles)
def test_near_absolute_angle_leaves_others_alone(angle: float) -> None:
    absolute = g.absolute_angle(angle)
    assume(abs(absolute - round(absolute / (math.pi / 2)) * math.pi / 2) > 1.1e-5)
    assert g.near_absolute_angle(angle) == absolute


def test_absolute_bearing_is_clockwise_from_north() -> None:
    assert [g.absolute_bearing(1.0, 1.0, x, y) for x, y in ((1.0, 2.0), (2.0, 1.0), (0.0, 1.0))] == [
        0.0,
        math.pi / 2,
        -math.pi / 2,
    ]


def test_box_edge_is_rounded_to_single_precision() -> None:
    assert g.box_edge(568.0793228319958) == 550.079345703125


@given(pixels, pixels, pixels, pixels)
def test_boxes_overlap(left: float, low: float, other_left: float, other_low: float) -> None:
    expected = abs(left - other_left) < 36 and abs(low - other_low) < 36
    assert g.boxes_overlap(left, low, other_left, other_low) == expected
    assert not g.boxes_overlap(left, low, math.nan, math.nan)


@given(pixels, pixels, pixels, pixels)
def test_box_contains(left: float, low: float, x: float, y: float) -> None:
    assert g.box_contains(left, low, x, y) == (left <= x < left + 36 and low <= y < low + 36)


def exact_box_meets_segment(left: float, low: float, ends: tuple[float, float, float, float]) -> bool:
    """Liang and Barsky's clipping in fractions."""
    x1, y1, x2, y2 = map(Fraction, ends)
    first, last = Fraction(0), Fraction(1)
    for start, step, least in ((x1, x2 - x1, Fraction(left)), (y1, y2 - y1, Fraction(low))):
        if step == 0:
            if not least <= start <= least + 36:
                return False
        else:
            near, far = sorted(((least - start) / step, (least + 36 - start) / step))
            first, last = max(first, near), min(last, far)
    return first <= last


@given(pixels, pixels, st.tuples(pixels, pixels, pixels, pixels))
def test_box_meets_segment(left: float, low: float, ends: tuple[float, float, float, float]) -> None:
    """Exact for these quarters of a pixel except where a corner is touched by a rounded clipping."""
    smaller = exact_box_meets_segment(left + 1e-9, low + 1e-9, ends) and exact_box_meets_segment(
        left - 1e-9, low - 1e-9, ends
    )
    expected = exact_box_meets_segment(left, low, ends)
    assume(smaller == expected)
    assert g.box_meets_segment(left, low, *ends) == expected


def exact_segments_cross(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    x1, y1, x2, y2 = map(Fraction, a)
    x3, y3, x4, y4 = map(Fraction, b)
    determinant = (y4 - y3) * (x2 - x1) - (x4 - x3) * (y2 - y1)
    if determinant == 0:
        return False
    along_a = ((x4 - x3) * (y1 - y3) - (y4 - y3) * (x1 - x3)) / determinant
    along_b = ((x2 - x1) * (y1 - y3) - (y2 - y1) * (x1 - x3)) / determinant
    return 0 <= along_a <= 1 and 0 <= along_b <= 1


segments = st.tuples(pixels, pixels, pixels, pixels)


@given(segments, segments)
def test_segments_cross(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> None:
    assert g.segments_cross(*a, *b) == exact_segments_cross(a, b)


def test_collinear_segments_never_cross() -> None:
    assert not g.segments_cross(0.0, 0.0, 10.0, 0.0, 5.0, 0.0, 15.0, 0.0)
    assert g.segments_cross(0.0, 0.0, 10.0, 0.0, 10.0, 0.0, 10.0, 5.0)
