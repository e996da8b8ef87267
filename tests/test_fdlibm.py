"""fdlibm against results of Java's StrictMath, and against itself."""

import csv
import math
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beepsim import fdlibm
from beepsim.remainder import bits_float, float_bits, remainder

VECTORS = Path(__file__).parent / "data" / "fdlibm_vectors.csv"


def vectors() -> list[tuple[str, list[float], float]]:
    with VECTORS.open(encoding="utf-8") as file:
        return [
            (row["function"], [float.fromhex(row[name]) for name in ("argument1", "argument2") if row[name]],
             float.fromhex(row["result"]))
            for row in csv.DictReader(file)
        ]  # fmt: skip


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "atan2", "hypot", "asin", "acos"])
@pytest.mark.parametrize("is_compiled", [True, False])
def test_bits_of_java(name: str, is_compiled: bool) -> None:
    function = getattr(fdlibm, name)
    if not is_compiled:
        function = getattr(function, "py_func", function)
    cases = [(arguments, result) for vector, arguments, result in vectors() if vector == name]
    assert len(cases) >= 180
    wrong = [
        (arguments, result) for arguments, result in cases if float_bits(function(*arguments)) != float_bits(result)
    ]
    assert wrong == []


def test_vectors_hold_arguments_that_need_all_digits_of_pi() -> None:
    assert sum(abs(arguments[0]) > 2**19 * math.pi / 2 for _, arguments, _ in vectors()) >= 100


@given(st.floats(-8e5, 8e5))
@example(-0.0)
@example(math.pi / 4)
def test_pair_and_near_tangent_have_the_same_bits(x: float) -> None:
    sine, cosine = fdlibm.sin_cos(x)
    assert float_bits(sine) == float_bits(fdlibm.sin(x))
    assert float_bits(cosine) == float_bits(fdlibm.cos(x))
    assert float_bits(fdlibm.near_tan(x)) == float_bits(fdlibm.tan(x))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_within_two_units_of_the_machine_s_library(x: float) -> None:
    for ours, theirs in ((fdlibm.sin, math.sin), (fdlibm.cos, math.cos), (fdlibm.tan, math.tan)):
        assert abs(ours(x) - theirs(x)) <= 2 * math.ulp(theirs(x))


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_atan2_and_hypot_close_to_the_machine_s_library(y: float, x: float) -> None:
    assert abs(fdlibm.atan2(y, x) - math.atan2(y, x)) <= 2 * math.ulp(math.pi)
    assert math.copysign(1.0, fdlibm.atan2(y, x)) == math.copysign(1.0, math.atan2(y, x))
    length = math.hypot(x, y)
    assert fdlibm.hypot(x, y) == length or abs(fdlibm.hypot(x, y) - length) <= 2 * math.ulp(length)


@given(st.floats(-1, 1))
def test_arc_functions_invert(x: float) -> None:
    assert fdlibm.sin(fdlibm.asin(x)) == pytest.approx(x, abs=1e-15)
    assert fdlibm.asin(x) + fdlibm.acos(x) == pytest.approx(math.pi / 2, abs=1e-15)


def test_not_a_number() -> None:
    for value in (math.inf, -math.inf, math.nan):
        for function in (fdlibm.sin, fdlibm.cos, fdlibm.tan, fdlibm.asin, fdlibm.acos):
            assert math.isnan(function(value))
    assert math.isnan(fdlibm.asin(1.5)) and math.isnan(fdlibm.acos(-1.5))
    assert math.isnan(fdlibm.hypot(math.nan, 1.0)) and fdlibm.hypot(math.nan, -math.inf) == math.inf
    assert math.isnan(fdlibm.atan2(math.nan, 1.0))
    assert fdlibm.atan(math.inf) == math.pi / 2


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_remainder_is_at_most_an_eighth_turn(x: float) -> None:
    _, high, low = remainder(x)
    assert abs(high) <= math.pi / 4 + 1e-9
    assert abs(low) <= math.ulp(high)


@given(st.integers(-(1 << 63), (1 << 63) - 1))
def test_bits_and_back(bits: int) -> None:
    if not math.isnan(bits_float(bits)):
        assert float_bits(bits_float(bits)) == bits
