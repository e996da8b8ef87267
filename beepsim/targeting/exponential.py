"""Exponentials, a logarithm and a maximum that LLVM turns into vector instructions (compiled).

Numba calls the C library for `math.exp`, one number at a time, unless Intel's SVML is installed; and a maximum of
floats stays scalar, because NaN has no place in their order. Those of double precision give the same bits on every
machine, which bots need and the C library does not promise.
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

# The same in double precision, by fdlibm's e_exp and e_log (Sun 1993).
LN2_HIGH_64, LN2_LOW_64, LOG2_E_64 = 6.93147180369123816490e-01, 1.90821492927058770002e-10, 1.44269504088896338700
ROUNDER_64 = 6755399441055744.0  # 1.5 · 2^52
ROUNDER_BITS = 0x4338000000000000
P1, P2, P3 = 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05
P4, P5 = -1.65339022054652515390e-06, 4.13813679705723846039e-08
L1, L2, L3 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01
L4, L5, L6 = 2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01
L7 = 1.479819860511658591e-01
SMALLEST_64 = -708.0
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


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


@jit
def exp64(x):  # type: ignore[no-untyped-def]
    """e^x for a float64 x from -708 to 709, within 1 ulp; e^-708 below."""
    held = SMALLEST_64 if x < SMALLEST_64 else x
    rounded = held * LOG2_E_64 + ROUNDER_64
    power = rounded - ROUNDER_64
    high, low = held - power * LN2_HIGH_64, power * LN2_LOW_64
    r = high - low
    t = r * r
    c = r - t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5))))
    mantissa = 1.0 - ((low - (r * c) / (2.0 - c)) - high)
    scaled = np.float64(mantissa).view(np.int64) + (np.float64(rounded).view(np.int64) << 52)
    return np.int64(scaled).view(np.float64)


@jit
def log64(x):  # type: ignore[no-untyped-def]
    """ln x for a normal float64 x > 0, within 1 ulp."""
    bits = np.float64(x).view(np.int64)
    exponent = (bits - ROOT_HALF_BITS) >> 52
    f = np.int64(bits - (exponent << 52)).view(np.float64) - 1.0
    k = np.int64(exponent + ROUNDER_BITS).view(np.float64) - ROUNDER_64
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    rest = z * (L1 + w * (L3 + w * (L5 + w * L7))) + w * (L2 + w * (L4 + w * L6))
    half_square = 0.5 * f * f
    return k * LN2_HIGH_64 - ((half_square - (s * (half_square + rest) + k * LN2_LOW_64)) - f)
