"""The random numbers of `Utils.get_random()`: java.util.Random over the stream that the engine itself draws from."""

import math
from typing import Any

from beepsim.javarandom import next_bits, next_double, next_int
from beepsim.remainder import bits_float, float_bits

INT_BITS, LONG_BITS = 32, 64
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
L1, L2, L3 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01
L4, L5, L6 = 2.222219843214978396e-01, 1.818357216161805012e-01, 1.531383769920937332e-01
L7 = 1.479819860511658591e-01


def natural_log(x: float) -> float:
    """Logarithm of a normal number 0 < x < 1 to the last bit as Java's StrictMath has it (fdlibm's __ieee754_log)."""
    word = float_bits(x) >> 32
    exponent = float((word >> 20) - 1023)
    word &= 0x000FFFFF
    carry = (word + 0x95F64) & 0x100000
    # x = 2**exponent * (1 + f), with 1 + f between sqrt(1/2) and sqrt(2)
    exponent += carry >> 20
    f = bits_float(((word | (carry ^ 0x3FF00000)) << 32) | (float_bits(x) & 0xFFFFFFFF)) - 1.0
    high, low = exponent * LN2_HIGH, exponent * LN2_LOW
    if (0x000FFFFF & (2 + word)) < 3:
        if f == 0.0:
            return high + low
        rest = f * f * (0.5 - 0.33333333333333333 * f)
        return f - rest if exponent == 0.0 else high - ((rest - low) - f)
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    rest = z * (L1 + w * (L3 + w * (L5 + w * L7))) + w * (L2 + w * (L4 + w * L6))
    if (word - 0x6147A) | (0x6B851 - word) > 0:
        half = 0.5 * f * f
        if exponent == 0.0:
            return f - (half - s * (half + rest))
        return high - ((half - (s * (half + rest) + low)) - f)
    if exponent == 0.0:
        return f - s * (f - rest)
    return high - ((s * (f - rest) - low) - f)


class Random:
    """The stream of random numbers that the engine itself draws from, as Robocode's `Utils.getRandom()` is."""

    __slots__ = ("_state", "_next_gaussian")

    def __init__(self, state: Any) -> None:
        self._state = state  # int64 [1]
        self._next_gaussian: float | None = None

    def next_double(self) -> float:
        """Uniform in [0, 1)."""
        return next_double(self._state)

    def next_float(self) -> float:
        """Uniform in [0, 1), 24 random bits."""
        return next_bits(self._state, 24) / float(1 << 24)

    def next_boolean(self) -> bool:
        return next_bits(self._state, 1) != 0

    def next_int(self, bound: int | None = None) -> int:
        """Uniform in 0 ... bound - 1, or any 32-bit integer."""
        if bound is None:
            return self._next_signed()
        if not 0 < bound < 1 << 31:
            raise ValueError(f"next_int: the bound is {bound}, it must be from 1 to 2147483647")
        return int(next_int(self._state, bound))

    def next_long(self) -> int:
        """Any 64-bit integer that 48 bits of state can give."""
        value = ((self._next_signed() << INT_BITS) + self._next_signed()) & ((1 << LONG_BITS) - 1)
        return value - (1 << LONG_BITS) if value >> (LONG_BITS - 1) else value

    def next_gaussian(self) -> float:
        """Normal, mean 0, deviation 1 (the polar method, two at a time)."""
        if self._next_gaussian is not None:
            value, self._next_gaussian = self._next_gaussian, None
            return value
        while True:
            v1, v2 = 2.0 * self.next_double() - 1.0, 2.0 * self.next_double() - 1.0
            s = v1 * v1 + v2 * v2
            if 0.0 < s < 1.0:
                factor = math.sqrt(-2.0 * natural_log(s) / s)
                self._next_gaussian = v2 * factor
                return v1 * factor

    def _next_signed(self) -> int:
        # The generator gives 31 bits at most; the 32nd is the highest of the same draw.
        state = (int(self._state[0]) * 0x5DEECE66D + 0xB) & ((1 << 48) - 1)
        self._state[0] = state
        value = state >> 16
        return value - (1 << INT_BITS) if value >> (INT_BITS - 1) else value


def random_of(state: Any) -> Random:
    """The same object for all robots of a battle: it keeps a second normal deviate for whoever asks next."""
    latest = LATEST[0]
    if latest is None or latest._state is not state:
        latest = LATEST[0] = Random(state)
    return latest


LATEST: list[Random | None] = [None]
RUNNING: list[Random | None] = [None]
"""The stream of the battle whose robot runs now; its host enters it."""
