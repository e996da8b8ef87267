"""java.util.Random and java.util.Collections.shuffle: with them a seed replays a Robocode battle.

A generator is an int64 array of one element that holds Java's 48-bit state (already scrambled, as Java stores it);
every draw changes it in place. `new_random(seed)` makes one.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import lower_builtin, type_callable

from beepsim.jit import jit, rarely

MULTIPLIER = 0x5DEECE66D
INCREMENT = 0xB
STATE_MASK = (1 << 48) - 1
LEAP = 32  # draws that `skip_alike` looks at together


def leaps(count: int) -> tuple[np.ndarray, np.ndarray]:
    """(factors, addends) [count]: from a state s, the state after i + 1 draws is s * factors[i] + addends[i]."""
    factors, addends = np.empty(count, np.int64), np.empty(count, np.int64)
    factor, addend = 1, 0
    for i in range(count):
        factor, addend = factor * MULTIPLIER & STATE_MASK, (addend * MULTIPLIER + INCREMENT) & STATE_MASK
        factors[i], addends[i] = factor, addend
    return factors, addends


FACTORS, ADDENDS = leaps(LEAP)


def highest_of_leap(state: int) -> int:
    """The greatest of the LEAP states after this one."""
    return max(state * int(factor) + int(addend) & STATE_MASK for factor, addend in zip(FACTORS, ADDENDS, strict=True))


# Compiled, eight states are computed by one instruction each, which LLVM does not find by itself.
@type_callable(highest_of_leap)
def _type_highest_of_leap(context: Any) -> Callable:
    return lambda state: types.int64 if state == types.int64 else None


@lower_builtin(highest_of_leap, types.int64)
def _lower_highest_of_leap(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    integer, lanes = ir.IntType(64), ir.VectorType(ir.IntType(64), 8)
    start = builder.insert_element(ir.Constant(lanes, ir.Undefined), arguments[0], ir.Constant(ir.IntType(32), 0))
    first_lane = ir.Constant(ir.VectorType(ir.IntType(32), 8), [0] * 8)
    start = builder.shuffle_vector(start, ir.Constant(lanes, ir.Undefined), first_lane)
    mask, highest = ir.Constant(lanes, [STATE_MASK] * 8), None
    for i in range(0, LEAP, 8):
        factors, addends = (ir.Constant(lanes, [int(one) for one in row[i : i + 8]]) for row in (FACTORS, ADDENDS))
        states = builder.and_(builder.add(builder.mul(start, factors), addends), mask)
        is_higher = None if highest is None else builder.icmp_signed(">", states, highest)
        highest = states if highest is None else builder.select(is_higher, states, highest)
    kind = ir.FunctionType(integer, [lanes])
    reduce = cgutils.get_or_insert_function(builder.module, kind, "llvm.vector.reduce.smax.v8i64")
    return builder.call(reduce, [highest])


@jit
def scrambled(seed):
    """State of a generator that was just given this seed."""
    return (seed ^ MULTIPLIER) & STATE_MASK


@jit
def new_random(seed):
    """A generator [1] as `new Random(seed)` makes it."""
    random = np.empty(1, dtype=np.int64)
    random[0] = scrambled(seed)
    return random


@jit
def next_bits(random, bits):
    """The next `bits` <= 31 random bits as an integer >= 0."""
    # int(): uncompiled, a numpy integer would warn of the overflow that the mask takes away.
    state = (int(random[0]) * MULTIPLIER + INCREMENT) & STATE_MASK
    random[0] = state
    return state >> (48 - bits)


@jit
def next_double(random):
    """Uniform in [0, 1), 53 random bits."""
    high = next_bits(random, 26)
    return float((high << 27) + next_bits(random, 27)) * 1.1102230246251565e-16


@jit
def next_int(random, bound):
    """Uniform in 0 ... bound - 1."""
    bits = next_bits(random, 31)
    if bound & (bound - 1) == 0:
        return (bound * bits) >> 31
    value = bits % bound
    while bits - value + (bound - 1) > 0x7FFFFFFF:
        bits = next_bits(random, 31)
        value = bits % bound
    return value


@jit
def shuffle(random, items, count):
    """Shuffle the first `count` elements of `items` in place."""
    for i in range(count, 1, -1):
        j = next_int(random, i)
        items[i - 1], items[j] = items[j], items[i - 1]


@jit
def skip_shuffle(random, count):
    """Leave the generator as a shuffle of `count` elements would, for an order that nobody asks for."""
    if count == 2:
        next_bits(random, 1)
    elif not skip_alike(random, count - 1, count):
        draw_shuffle(random, count)


@jit
def draw_shuffle(random, count):
    """`skip_shuffle`, draw by draw."""
    rarely()
    state = int(random[0])
    for bound in range(count, 1, -1):
        state = (state * MULTIPLIER + INCREMENT) & STATE_MASK
        bits = state >> 17
        if bits > 0x7FFFFFFF - bound and bound & (bound - 1) != 0:
            while bits - bits % bound + (bound - 1) > 0x7FFFFFFF:
                state = (state * MULTIPLIER + INCREMENT) & STATE_MASK
                bits = state >> 17
    random[0] = state


@jit
def skip_shuffles(random, first, second):
    """`skip_shuffle` of `first`, then of `second` elements; both at least 1."""
    if not skip_alike(random, first + second - 2, max(first, second)):
        draw_shuffle(random, first)
        draw_shuffle(random, second)


@jit
def skip_alike(random, draws, bound):
    """Leave the generator as `draws` draws of integers below `bound` or less would; or, where Java may have drawn one
    of them again, which happens once in a hundred million, leave it where it is and return False.

    The draws are computed each from a state before several, which spares waiting for one after the other.
    """
    state, highest = int(random[0]), 0
    while draws > 0:
        highest = max(highest, highest_of_leap(state))  # of a few too many, which does no harm
        leap = min(draws, LEAP)
        state = (state * int(FACTORS[leap - 1]) + int(ADDENDS[leap - 1])) & STATE_MASK
        draws -= leap
    if highest >> 17 > 0x7FFFFFFF - bound:
        return False
    random[0] = state
    return True


@jit
def replay_shuffle(random, state, order, count):
    """`shuffled_range` as the generator drew it when it stood at `state`; the generator is left where it is."""
    rarely()
    now = random[0]
    random[0] = state
    shuffled_range(random, order, count)
    random[0] = now


@jit
def shuffled_range(random, order, count):
    """Write 0 ... count - 1, shuffled, into the first `count` elements of `order`."""
    if count == 2:  # a duel: the draw's highest bit decides
        second = next_bits(random, 1)
        order[0], order[1] = 1 - second, second
        return
    for i in range(count):
        order[i] = i
    shuffle(random, order, count)
