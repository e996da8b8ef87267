"""sin, cos, tan, atan, atan2, hypot, asin, acos to the last bit as Java's StrictMath computes them (fdlibm, Sun 1993).

Radians. Libraries of other machines differ in the last bit for up to 18 % of the arguments; Robocode's reference traces
(facts on floating point, section 2) are bit-equal with this algorithm. Names of constants follow fdlibm.
"""

import math

import numpy as np

from beepsim.jit import jit, rarely
from beepsim.remainder import (
    HALF_PI_1,
    HALF_PI_1_REST,
    INVERSE_HALF_PI,
    bits_float,
    float_bits,
    magnitude_word,
    near_remainder,
    remainder,
    without_low_word,
)

S1, S2, S3 = -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04
S4, S5, S6 = 2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10
C1, C2, C3 = 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05
C4, C5, C6 = -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11
T0, T1, T2 = 3.33333333333334091986e-01, 1.33333333333201242699e-01, 5.39682539762260521377e-02
T3, T4, T5 = 2.18694882948595424599e-02, 8.86323982359930005737e-03, 3.59207910759131235356e-03
T6, T7, T8 = 1.45620945432529025516e-03, 5.88041240820264096874e-04, 2.46463134818469906812e-04
T9, T10, T11 = 7.81794442939557092300e-05, 7.14072491382608190305e-05, -1.85586374855275456654e-05
T12 = 2.59073051863633712884e-05
A0, A1, A2 = 3.33333333333329318027e-01, -1.99999999998764832476e-01, 1.42857142725034663711e-01
A3, A4, A5 = -1.11111104054623557880e-01, 9.09088713343650656196e-02, -7.69187620504482999495e-02
A6, A7, A8 = 6.66107313738753120669e-02, -5.83357013379057348645e-02, 4.97687799461593236017e-02
A9, A10 = -3.65315727442169155270e-02, 1.62858201153657823623e-02
P0, P1, P2 = 1.66666666666666657415e-01, -3.25565818622400915405e-01, 2.01212532134862925881e-01
P3, P4, P5 = -4.00555345006794114027e-02, 7.91534994289814532176e-04, 3.47933107596021167570e-05
Q1, Q2 = -2.40339491173441421878e00, 2.02094576023350569471e00
Q3, Q4 = -6.88283971605453293030e-01, 7.70381505559019352791e-02
PI, PI_REST = 3.1415926535897931160e00, 1.2246467991473531772e-16
HALF_PI, HALF_PI_REST = 1.57079632679489655800e00, 6.12323399573676603587e-17
QUARTER_PI, QUARTER_PI_REST = 7.85398163397448278999e-01, 3.06161699786838301793e-17
ATAN_HALF, ATAN_HALF_REST = 4.63647609000806093515e-01, 2.26987774529616870924e-17
ATAN_3_HALVES, ATAN_3_HALVES_REST = 9.82793723247329054082e-01, 1.39033110312309984516e-17

TWO_600, TWO_MINUS_600, TWO_1022, TWO_MINUS_1022 = 2.0**600, 2.0**-600, 2.0**1022, 2.0**-1022


@jit
def sin_near_zero(x, y):
    """Sine of x + y, |x| <= pi/4, y the part of the argument below x's last bit (__kernel_sin with iy = 1)."""
    if magnitude_word(x) < 0x3E400000:
        return x
    z = x * x
    v = z * x
    r = S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)))
    return x - ((z * (0.5 * y - v * r) - y) - v * S1)


@jit
def cos_near_zero(x, y):
    """Cosine of x + y, |x| <= pi/4 (__kernel_cos)."""
    word = magnitude_word(x)
    if word < 0x3E400000:
        return 1.0
    z = x * x
    r = z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6)))))
    if word < 0x3FD33333:
        return 1.0 - (0.5 * z - (z * r - x * y))
    qx = 0.28125 if word > 0x3FE90000 else bits_float((word - 0x00200000) << 32)
    hz = 0.5 * z - qx
    a = 1.0 - qx
    return a - (hz - (z * r - x * y))


@jit
def sin(x):
    """Sine of x."""
    return sin_cos(x)[0]


@jit
def cos(x):
    """Cosine of x."""
    return sin_cos(x)[1]


@jit
def sin_cos(x):
    """(sin(x), cos(x)).

    Angles have any size and sign, so that fdlibm's branches are guessed wrongly by the processor more often than not,
    and a wrong guess costs more than computing what two branches need and choosing. Each choice gives the bits of the
    branch that fdlibm takes; a rest of exact multiples of pi/2 and great angles go the long way.
    """
    word, t = magnitude_word(x), abs(x)
    is_small = word <= 0x3FE921FB  # |x| <= pi/4
    count = 0.0 if is_small else np.floor(t * INVERSE_HALF_PI + 0.5)
    if word > 0x40480000 or word == magnitude_word(count * HALF_PI):
        return far_sin_cos(x)
    r, w = t - count * HALF_PI_1, count * HALF_PI_1_REST
    high = r - w
    low = (r - high) - w
    n, z, word = int(count), high * high, magnitude_word(high)
    v = z * high
    r = S2 + z * (S3 + z * (S4 + z * (S5 + z * S6)))
    of_small, of_rest = high + v * (S1 + z * r), high - ((z * (0.5 * low - v * r) - low) - v * S1)
    near_sine = of_small if is_small else of_rest
    near_sine = high if word < 0x3E400000 else near_sine
    r = z * (C1 + z * (C2 + z * (C3 + z * (C4 + z * (C5 + z * C6)))))
    qx = bits_float((word - 0x00200000) << 32)
    qx = 0.28125 if word > 0x3FE90000 else qx
    qx = 0.0 if word < 0x3FD33333 else qx
    near_cosine = (1.0 - qx) - ((0.5 * z - qx) - (z * r - high * low))
    is_odd = n & 1 != 0
    sine, cosine = near_cosine if is_odd else near_sine, near_sine if is_odd else near_cosine
    is_sine_negative, is_cosine_negative = (float_bits(x) < 0) != (n & 2 != 0), (n + 1) & 2 != 0
    return -sine if is_sine_negative else sine, -cosine if is_cosine_negative else cosine


@jit
def far_sin_cos(x):
    """`sin_cos` for |x| > pi/4, branch by branch."""
    rarely()
    n, high, low = remainder(x)
    n &= 3
    sine, cosine = sin_near_zero(high, low), cos_near_zero(high, low)
    if n & 1:
        sine, cosine = cosine, sine
    if n & 2:
        sine = -sine
    if n == 1 or n == 2:
        cosine = -cosine
    return sine, cosine


@jit
def minus_reciprocal(whole, first, rest):
    """-1/(first + rest) to the last bit; `whole` is first + rest rounded."""
    z = without_low_word(whole)
    v = rest - (z - first)
    a = -1.0 / whole
    t = without_low_word(a)
    return t + a * ((1.0 + t * z) + t * v)


@jit
def tan_near_zero(x, y, reciprocal):
    """Tangent of x + y, |x| <= pi/4, or minus its reciprocal (__kernel_tan)."""
    word = magnitude_word(x)
    if word < 0x3E300000:
        if not reciprocal:
            return x
        return minus_reciprocal(x + y, x, y)
    negative = x < 0.0
    near_quarter_pi = word >= 0x3FE59428
    if near_quarter_pi:
        if negative:
            x, y = -x, -y
        x = (QUARTER_PI - x) + (QUARTER_PI_REST - y)
        y = 0.0
    z = x * x
    w = z * z
    r = T1 + w * (T3 + w * (T5 + w * (T7 + w * (T9 + w * T11))))
    v = z * (T2 + w * (T4 + w * (T6 + w * (T8 + w * (T10 + w * T12)))))
    s = z * x
    r = y + z * (s * (r + v) + y)
    r += T0 * s
    w = x + r
    if near_quarter_pi:
        v = -1.0 if reciprocal else 1.0
        result = v - 2.0 * (x - (w * w / (w + v) - r))
        return -result if negative else result
    return minus_reciprocal(w, x, r) if reciprocal else w


@jit
def tan(x):
    """Tangent of x."""
    if magnitude_word(x) <= 0x3FE921FB:
        return tan_near_zero(x, 0.0, False)
    n, high, low = remainder(x)
    return tan_near_zero(high, low, (n & 1) == 1)


@jit
def near_tan(x):
    """`tan` for |x| < 800,000, with little code."""
    n, high, low = near_remainder(x)
    return tan_near_zero(high, low, (n & 1) == 1)


@jit
def atan(x):
    """Arc tangent of x, in [-pi/2, pi/2]; of fdlibm's five ranges one is chosen without branches, as in `sin_cos`."""
    word, t = magnitude_word(x), abs(x)
    if word < 0x3E200000 or x != x:
        return x
    if word >= 0x44100000:
        return HALF_PI + HALF_PI_REST if x > 0.0 else -HALF_PI - HALF_PI_REST
    above, below, high, low = t - 1.5, 1.0 + 1.5 * t, ATAN_3_HALVES, ATAN_3_HALVES_REST
    is_next = word >= 0x40038000
    above, below = -1.0 if is_next else above, t if is_next else below
    high, low = HALF_PI if is_next else high, HALF_PI_REST if is_next else low
    is_next = word < 0x3FF30000
    above, below = t - 1.0 if is_next else above, t + 1.0 if is_next else below
    high, low = QUARTER_PI if is_next else high, QUARTER_PI_REST if is_next else low
    is_next = word < 0x3FE60000
    above, below = 2.0 * t - 1.0 if is_next else above, 2.0 + t if is_next else below
    high, low = ATAN_HALF if is_next else high, ATAN_HALF_REST if is_next else low
    is_next = word < 0x3FDC0000
    above, below = t if is_next else above, 1.0 if is_next else below
    high, low = 0.0 if is_next else high, 0.0 if is_next else low
    t = above / below
    z = t * t
    w = z * z
    odd = z * (A0 + w * (A2 + w * (A4 + w * (A6 + w * (A8 + w * A10)))))
    even = w * (A1 + w * (A3 + w * (A5 + w * (A7 + w * A9))))
    z = high - ((t * (odd + even) - low) - t)
    return -z if x < 0.0 else z


@jit
def atan2(y, x):
    """Angle of the point (x, y) from the x axis towards the y axis, in [-pi, pi]."""
    x_word, y_word = magnitude_word(x), magnitude_word(y)
    exponents = (y_word - x_word) >> 20
    is_usual = (x_word >= 0x00100000) & (x_word < 0x7FF00000) & (y_word >= 0x00100000) & (y_word < 0x7FF00000)
    if not is_usual & (exponents >= -60) & (exponents <= 60):
        return far_atan2(y, x)
    z = atan(abs(y / x))
    z = PI - (z - PI_REST) if x < 0.0 else z
    return -z if y < 0.0 else z


@jit
def far_atan2(y, x):
    """`atan2` of anything, branch by branch."""
    rarely()
    if x != x or y != y:
        return x + y
    y_negative, x_negative = float_bits(y) < 0, float_bits(x) < 0
    if y == 0.0:
        if not x_negative:
            return y
        return -PI if y_negative else PI
    if x == 0.0:
        return -HALF_PI if y_negative else HALF_PI
    x_word, y_word = magnitude_word(x), magnitude_word(y)
    if x_word == 0x7FF00000:
        z = QUARTER_PI if y_word == 0x7FF00000 else 0.0
        if x_negative:
            z = 3.0 * QUARTER_PI if y_word == 0x7FF00000 else PI
        return -z if y_negative else z
    if y_word == 0x7FF00000:
        return -HALF_PI if y_negative else HALF_PI
    exponents = (y_word - x_word) >> 20
    if exponents > 60:
        z = HALF_PI + 0.5 * PI_REST
    elif x_negative and exponents < -60:
        z = 0.0
    else:
        z = atan(abs(y / x))
    if x_negative:
        return (z - PI_REST) - PI if y_negative else PI - (z - PI_REST)
    return -z if y_negative else z


@jit
def hypot(x, y):
    """sqrt(x*x + y*y) without overflow on the way, error below one unit in the last place; branches as in `sin_cos`."""
    a, b = abs(x), abs(y)
    is_swapped = magnitude_word(b) > magnitude_word(a)
    a, b = b if is_swapped else a, a if is_swapped else b
    a_word, b_word = magnitude_word(a), magnitude_word(b)
    if (a_word - b_word > 0x3C00000) | (a_word > 0x5F300000) | (b_word < 0x20B00000):
        return far_hypot(a, b)
    return math.sqrt(square_sum(a, b))


@jit
def square_sum(a, b):
    """What fdlibm takes the root of, for a >= b > 0 (up to their last words) neither great nor small."""
    w, t1, u1, y1 = a - b, without_low_word(a), without_low_word(a + a), without_low_word(b)
    t2, u2, y2 = a - t1, (a + a) - u1, b - y1
    of_far, of_near = t1 * t1 - (b * (-b) - t2 * (a + t1)), u1 * y1 - (w * (-w) - (u1 * y2 + u2 * b))
    return of_far if w > b else of_near


@jit
def far_hypot(a, b):
    """`hypot` for a >= b >= 0 of any size."""
    rarely()
    a_word, b_word = magnitude_word(a), magnitude_word(b)
    if a_word - b_word > 0x3C00000:
        return a + b
    scale = 1.0
    if a_word > 0x5F300000:
        if a_word >= 0x7FF00000:
            return math.inf if a == math.inf or b == math.inf else math.nan
        scale = TWO_600
        a, b = a * TWO_MINUS_600, b * TWO_MINUS_600
    elif b_word < 0x20B00000:
        if b == 0.0:
            return a
        if b_word <= 0x000FFFFF:
            scale = TWO_MINUS_1022
            a, b = a * TWO_1022, b * TWO_1022
        else:
            scale = TWO_MINUS_600
            a, b = a * TWO_600, b * TWO_600
    return scale * math.sqrt(square_sum(a, b))


@jit
def asin_ratio(t):
    """(asin(x) - x)/x as a rational function of t = x*x."""
    p = t * (P0 + t * (P1 + t * (P2 + t * (P3 + t * (P4 + t * P5)))))
    return p / (1.0 + t * (Q1 + t * (Q2 + t * (Q3 + t * Q4))))


@jit
def asin(x):
    """Arc sine of x in [-pi/2, pi/2]; NaN outside [-1, 1]."""
    word = magnitude_word(x)
    if abs(x) == 1.0:
        return x * HALF_PI + x * HALF_PI_REST
    if word >= 0x3FF00000:
        return math.nan
    if word < 0x3E400000:
        return x
    if word < 0x3FE00000:
        return x + x * asin_ratio(x * x)
    t = (1.0 - abs(x)) * 0.5
    s = math.sqrt(t)
    ratio = asin_ratio(t)
    if word >= 0x3FEF3333:
        result = HALF_PI - (2.0 * (s + s * ratio) - HALF_PI_REST)
    else:
        w = without_low_word(s)
        c = (t - w * w) / (s + w)
        p = 2.0 * s * ratio - (HALF_PI_REST - 2.0 * c)
        q = QUARTER_PI - 2.0 * w
        result = QUARTER_PI - (p - q)
    return result if x > 0.0 else -result


@jit
def acos(x):
    """Arc cosine of x in [0, pi]; NaN outside [-1, 1]."""
    word = magnitude_word(x)
    if abs(x) == 1.0:
        return 0.0 if x > 0.0 else PI + 2.0 * HALF_PI_REST
    if word >= 0x3FF00000:
        return math.nan
    if word < 0x3FE00000:
        if word <= 0x3C600000:
            return HALF_PI + HALF_PI_REST
        return HALF_PI - (x - (HALF_PI_REST - x * asin_ratio(x * x)))
    if x < 0.0:
        z = (1.0 + x) * 0.5
        s = math.sqrt(z)
        return PI - 2.0 * (s + (asin_ratio(z) * s - HALF_PI_REST))
    z = (1.0 - x) * 0.5
    s = math.sqrt(z)
    df = without_low_word(s)
    c = (z - df * df) / (s + df)
    return 2.0 * (df + (asin_ratio(z) * s + c))
