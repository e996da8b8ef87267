"""Remainder of a double modulo pi/2 as fdlibm (Sun 1993) computes it, and the 32-bit words of a double.

Radians. `remainder(x)` gives (n, high, low): x = n*pi/2 + high + low with |high| <= pi/4 and n known modulo 4. Every
operation stands in fdlibm's order, because the last bit of each sine depends on it.
"""

import ctypes
import math
import struct
from typing import Any

from llvmlite import ir
from llvmlite.binding import add_symbol
from numba.core import cgutils, types
from numba.extending import lower_builtin, type_callable

from beepsim.jit import jit

INVERSE_HALF_PI = 6.36619772367581382433e-01
# pi/2 in three pieces of 33 bits, each with the rest that follows it.
HALF_PI_1, HALF_PI_1_REST = 1.57079632673412561417e00, 6.07710050650619224932e-11
HALF_PI_2, HALF_PI_2_REST = 6.07710050630396597660e-11, 2.02226624879595063154e-21
HALF_PI_3, HALF_PI_3_REST = 2.02226624871116645580e-21, 8.47842766036889956997e-32
TWO_24, TWO_MINUS_24 = 16777216.0, 5.9604644775390625e-08

# fmt: off
# 2/pi in digits of 24 bits, as many as the largest double needs.
TWO_OVER_PI = (
    0xA2F983, 0x6E4E44, 0x1529FC, 0x2757D1, 0xF534DD, 0xC0DB62, 0x95993C, 0x439041, 0xFE5163, 0xABDEBB, 0xC561B7,
    0x246E3A, 0x424DD2, 0xE00649, 0x2EEA09, 0xD1921C, 0xFE1DEB, 0x1CB129, 0xA73EE8, 0x8235F5, 0x2EBB44, 0x84E99C,
    0x7026B4, 0x5F7E41, 0x3991D6, 0x398353, 0x39F49C, 0x845F8B, 0xBDF928, 0x3B1FF8, 0x97FFDE, 0x05980F, 0xEF2F11,
    0x8B5A0A, 0x6D1F6D, 0x367ECF, 0x27CB09, 0xB74F46, 0x3F669E, 0x5FEA2D, 0x7527BA, 0xC7EBE5, 0xF17B3D, 0x0739F7,
    0x8A5292, 0xEA6BFB, 0x5FB11F, 0x8D5D08, 0x560330, 0x46FC7B, 0x6BABF0, 0xCFBC20, 0x9AF436, 0x1DA9E3, 0x91615E,
    0xE61B08, 0x659985, 0x5F14A0, 0x68408D, 0xFFD880, 0x4D7327, 0x310606, 0x1556CA, 0x73A8C9, 0x60E27B, 0xC08C6B,
)
# pi/2 in pieces of 24 bits.
HALF_PI_PIECES = (
    1.57079625129699707031e00, 7.54978941586159635335e-08, 5.39030252995776476554e-15, 3.28200341580791294123e-22,
    1.27065575308067607349e-29, 1.22933308981111328932e-36, 2.73370053816464559624e-44, 2.16741683877804819444e-51,
)
# fmt: on


def float_bits(x: float) -> int:
    """The 64 bits of a double as a signed integer."""
    return struct.unpack("<q", struct.pack("<d", x))[0]


def bits_float(bits: int) -> float:
    """The double that has these 64 bits (a signed integer)."""
    return struct.unpack("<d", struct.pack("<q", bits))[0]


# In compiled code both are one machine instruction; going through an array or a view costs a store and a load.
@type_callable(float_bits)
def _type_float_bits(context: Any) -> Any:
    return lambda x: types.int64 if x == types.float64 else None


@type_callable(bits_float)
def _type_bits_float(context: Any) -> Any:
    return lambda bits: types.float64 if bits in (types.int64, types.uint64) else None


@lower_builtin(float_bits, types.float64)
def _lower_float_bits(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.bitcast(arguments[0], ir.IntType(64))


@lower_builtin(bits_float, types.Integer)
def _lower_bits_float(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return builder.bitcast(arguments[0], ir.DoubleType())


@jit
def magnitude_word(x):
    """High 32 bits of |x|: orders doubles by size, which is how fdlibm chooses its branches."""
    return (float_bits(x) >> 32) & 0x7FFFFFFF


@jit
def without_low_word(x):
    """x with its low 32 bits set to zero."""
    return bits_float((float_bits(x) >> 32) << 32)


@jit
def power_of_two(exponent):
    """2**exponent for -1022 <= exponent <= 1023."""
    return bits_float((exponent + 1023) << 52)


@jit
def remainder(x):
    """(n modulo 4 as an integer of either sign, high, low) with x = n*pi/2 + high + low (__ieee754_rem_pio2)."""
    word = magnitude_word(x)
    if word <= 0x413921FB:
        return near_remainder(x)
    if word >= 0x7FF00000:
        return 0, x - x, x - x
    n, high, low = large_remainder(abs(x))
    return (-n, -high, -low) if x < 0.0 else (n, high, low)


@jit
def near_remainder(x):
    """`remainder` for |x| <= 2**19*pi/2."""
    word = magnitude_word(x)
    if word <= 0x3FE921FB:  # |x| <= pi/4
        return 0, x, 0.0
    if word < 0x4002D97C:  # |x| < 3pi/4
        sign = 1.0 if x > 0.0 else -1.0
        z = x - sign * HALF_PI_1
        if word != 0x3FF921FB:
            high = z - sign * HALF_PI_1_REST
            return int(sign), high, (z - high) - sign * HALF_PI_1_REST
        z -= sign * HALF_PI_2
        high = z - sign * HALF_PI_2_REST
        return int(sign), high, (z - high) - sign * HALF_PI_2_REST
    n, high, low = medium_remainder(abs(x), word)
    return (-n, -high, -low) if x < 0.0 else (n, high, low)


@jit
def medium_remainder(x, word):
    """`remainder` for 3pi/4 < x <= 2**19*pi/2: pi/2 in pieces, the next one only where the last cancelled too much."""
    n = int(x * INVERSE_HALF_PI + 0.5)
    count = float(n)
    r = x - count * HALF_PI_1
    w = count * HALF_PI_1_REST
    high = r - w
    # fdlibm has a table of the high words of n*pi/2, n < 32; the product has the same ones.
    if n >= 32 or word == magnitude_word(count * 1.5707963267948966):
        exponent = word >> 20
        if exponent - (magnitude_word(high) >> 20) > 16:
            t = r
            w = count * HALF_PI_2
            r = t - w
            w = count * HALF_PI_2_REST - ((t - r) - w)
            high = r - w
            if exponent - (magnitude_word(high) >> 20) > 49:
                t = r
                w = count * HALF_PI_3
                r = t - w
                w = count * HALF_PI_3_REST - ((t - r) - w)
                high = r - w
    return n, high, (r - high) - w


def large_remainder(x: float) -> tuple[int, float, float]:
    """`remainder` for 2**19*pi/2 < x < infinity: Payne and Hanek's multiplication by enough digits of 2/pi."""
    exponent = (float_bits(x) >> 52) - 1046
    z = bits_float(float_bits(x) - (exponent << 52))
    digits = [0.0, 0.0, 0.0]
    for i in range(2):
        digits[i] = float(int(z))
        z = (z - digits[i]) * TWO_24
    digits[2] = z
    while digits[-1] == 0.0:
        digits.pop()
    return digit_remainder(digits, exponent)


def digit_remainder(x: list[float], e0: int) -> tuple[int, float, float]:
    """__kernel_rem_pio2 at 53 bits: x holds digits of 24 bits, the first scaled by 2**e0."""
    product, factors, digits = [0.0] * 20, [0.0] * 20, [0] * 20
    jk, jx = 4, len(x) - 1
    jv = max((e0 - 3) // 24, 0)
    q0 = e0 - 24 * (jv + 1)
    for i in range(jx + jk + 1):
        j = jv - jx + i
        factors[i] = 0.0 if j < 0 else float(TWO_OVER_PI[j])
    for i in range(jk + 1):
        product[i] = digit_sum(x, factors, jx, i)
    jz = jk
    while True:
        z = product[jz]
        for i in range(jz):
            carried = float(int(TWO_MINUS_24 * z))
            digits[i] = int(z - TWO_24 * carried)
            z = product[jz - i - 1] + carried
        z *= power_of_two(q0)
        z -= 8.0 * math.floor(z * 0.125)
        n = int(z)
        z -= float(n)
        half = 0
        if q0 > 0:
            top = digits[jz - 1] >> (24 - q0)
            n += top
            digits[jz - 1] -= top << (24 - q0)
            half = digits[jz - 1] >> (23 - q0)
        elif q0 == 0:
            half = digits[jz - 1] >> 23
        elif z >= 0.5:
            half = 2
        if half > 0:  # more than a half: n + 1, and one minus the fraction
            n += 1
            carry = negate_fraction(digits, jz, q0)
            if half == 2:
                z = 1.0 - z
                if carry:
                    z -= power_of_two(q0)
        if z != 0.0 or any(digits[jk:jz]):
            break
        extra = 1
        while digits[jk - extra] == 0:
            extra += 1
        for i in range(jz + 1, jz + extra + 1):
            factors[jx + i] = float(TWO_OVER_PI[jv + i])
            product[i] = digit_sum(x, factors, jx, i)
        jz += extra
    if z == 0.0:
        jz -= 1
        q0 -= 24
        while digits[jz] == 0:
            jz -= 1
            q0 -= 24
    else:
        z *= power_of_two(-q0)
        if z >= TWO_24:
            carried = float(int(TWO_MINUS_24 * z))
            digits[jz] = int(z - TWO_24 * carried)
            jz += 1
            q0 += 24
            digits[jz] = int(carried)
        else:
            digits[jz] = int(z)
    high, low = fraction_times_half_pi(digits, jz, power_of_two(q0), product, factors)
    return (n & 7, high, low) if half == 0 else (n & 7, -high, -low)


def digit_sum(x: list[float], factors: list[float], jx: int, i: int) -> float:
    """Digit i of the product of x with 2/pi."""
    total = 0.0
    for j in range(jx + 1):
        total += x[j] * factors[jx + i - j]
    return total


def negate_fraction(digits: list[int], jz: int, q0: int) -> bool:
    """digits = 1 - digits in place; whether anything was borrowed."""
    carry = False
    for i in range(jz):
        digit = digits[i]
        if carry:
            digits[i] = 0xFFFFFF - digit
        elif digit != 0:
            carry = True
            digits[i] = 0x1000000 - digit
    if q0 == 1:
        digits[jz - 1] &= 0x7FFFFF
    elif q0 == 2:
        digits[jz - 1] &= 0x3FFFFF
    return carry


def fraction_times_half_pi(
    digits: list[int], jz: int, scale: float, product: list[float], terms: list[float]
) -> tuple[float, float]:
    """The fraction in `digits` (the first of them scaled by `scale` * 2**24jz) times pi/2, as (high, low)."""
    for i in range(jz, -1, -1):
        product[i] = scale * float(digits[i])
        scale *= TWO_MINUS_24
    for i in range(jz, -1, -1):
        total = 0.0
        for k in range(min(4, jz - i) + 1):
            total += HALF_PI_PIECES[k] * product[i + k]
        terms[jz - i] = total
    high = 0.0
    for i in range(jz, -1, -1):
        high += terms[i]
    low = terms[0] - high
    for i in range(1, jz + 1):
        low += terms[i]
    return high, low


@ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_double, ctypes.POINTER(ctypes.c_double))
def _large_remainder_from_c(x: float, parts: Any) -> int:
    n, parts[0], parts[1] = large_remainder(x)
    return n


# Compiled, these functions would be most of the code of every sine, and a bot that turns a million radians is none.
# So compiled code calls the plain Python, by a name that LLVM knows.
add_symbol("beepsim_large_remainder", ctypes.cast(_large_remainder_from_c, ctypes.c_void_p).value)


@type_callable(large_remainder)
def _type_large_remainder(context: Any) -> Any:
    return lambda x: types.Tuple((types.int64, types.float64, types.float64)) if x == types.float64 else None


@lower_builtin(large_remainder, types.float64)
def _lower_large_remainder(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    double, integer = ir.DoubleType(), ir.IntType(64)
    parts = cgutils.alloca_once(builder, double, size=2)
    kind = ir.FunctionType(integer, [double, double.as_pointer()])
    function = cgutils.get_or_insert_function(builder.module, kind, "beepsim_large_remainder")
    n = builder.call(function, [arguments[0], parts])
    second = builder.gep(parts, [ir.Constant(integer, 1)])
    return context.make_tuple(builder, signature.return_type, (n, builder.load(parts), builder.load(second)))
