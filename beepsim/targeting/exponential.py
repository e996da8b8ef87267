"""A single-precision exponential and a maximum that LLVM turns into vector instructions (compiled).

Numba calls the C library for `math.exp`, one number at a time, unless Intel's SVML is installed; and a maximum of
floats stays scalar, because NaN has no place in their order.
"""

import numpy as np

from beepsim.jit import jit

SMALLEST = np.float32(-87.33654)  # below it e^x is not a normal number
LOG2_E = np.float32(1.4426950408889634)
ROUNDER = np.float32(12582912.0)  # 1.5 · 2^23: adding it rounds to a whole number, which its low bits then hold
# ln 2 in two parts; the first has so few bits that its products with whole numbers are exact (Cody and Waite).
LN2_HIGH, LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
# (e^r - 1 - r)/r² on [-ln 2/2, ln 2/2], from Cephes' expf.
C5, C4, C3, C2, C1, C0 = (
    np.float32(c)
    for c in (1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1)
)
ZERO, ONE = np.float32(0.0), np.float32(1.0)


# Reassociation would undo the two-part reduction; so this function keeps its own, stricter flags when it is inlined.
@jit(fastmath={"contract"})
def exp32(x):  # type: ignore[no-untyped-def]
    """e^x for a float32 x up to 88: within 1 ulp, 0 below -87.3, NaN for NaN."""
    held = SMALLEST if x < SMALLEST else x
    rounded = held * LOG2_E + ROUNDER
    power = rounded - ROUNDER
    r = (held - power * LN2_HIGH) - power * LN2_LOW
    polynomial = ((((C5 * r + C4) * r + C3) * r + C2) * r + C1) * r + C0
    mantissa = polynomial * (r * r) + r + ONE
    scale = np.int32((np.float32(rounded).view(np.int32) + 127) << 23).view(np.float32)
    return ZERO if x < SMALLEST else mantissa * scale


@jit
def ordered(x):  # type: ignore[no-untyped-def]
    """An int32 that is in the order of the float32 x; `from_ordered` is its inverse."""
    bits = np.float32(x).view(np.int32)
    return np.int32(bits ^ ((bits >> 31) & 0x7FFFFFFF))


@jit
def from_ordered(order):  # type: ignore[no-untyped-def]
    return np.int32(order ^ ((order >> 31) & 0x7FFFFFFF)).view(np.float32)


LOWEST = np.int32(-2139095041)
"""`ordered` of -infinity."""
