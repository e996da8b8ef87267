"""Sums over candidates behind the fused cross-entropy, streamed in blocks (compiled, single precision).

[Q] queries, [D] features, [N] nodes, [B] blocks of BLOCK candidates, each block sorted by angle. A query's sums are
kept relative to one of their largest terms, as in fused attention: `peaks` hold its exponent, `sums` the sums over
e^(exponent - peak). Their columns [G]: ALL, e^z; LEFT and RIGHT (Laplace only), e^z times the kernel at the
first node of candidates left of every node, and at the last node of those right of every node (at the other nodes it
differs by a factor); from FIRST_NODE on, for each node, e^z times the kernel there, of the candidates between the nodes
(Laplace) or of all (Gaussian). Kernels are without their constant factor; `steepness` is 1/h (Laplace) or 1/(2h²).
"""

import math

import numpy as np

from beepsim.jit import jit
from beepsim.targeting.exponential import LOWEST, exp32, from_ordered, ordered

BLOCK = 256
"""Candidates of a block: its features, the gradient by them and the scratch space lie in the first-level cache."""
SAFE = np.float32(-50.0)
"""A peak above it need not rise: no exponent is above 0, and e^50 times any number of candidates is a float32."""
GROUP = 16
"""Queries that pass a block before the next block comes."""
WINDOW = 32
"""Candidates between the nodes of which the gradient is taken at once; few of a block lie there."""
FEATURES_AT_ONCE = 4
"""The number of features is padded to a multiple of this; fewer passes over the block's distances."""
ALL, LEFT, RIGHT, FIRST_NODE = 0, 1, 2, 3
NOTHING = np.float32(-np.inf)
ZERO, TWO = np.float32(0.0), np.float32(2.0)
SIGN = np.int32(-(2**31))
# Sums may be rearranged to run in vector registers; NaN and infinities keep their meaning.
FLAGS = {"reassoc", "contract", "nsz"}


@jit(fastmath=FLAGS)
def fill_logits(tile, query, ranks, known, is_manhattan, logits):  # type: ignore[no-untyped-def]
    """Minus the distances to a query [D] of a block's candidates [D, BLOCK]; -inf for ranks from `known` on."""
    for j in range(BLOCK):
        logits[j] = ZERO
    for d in range(0, tile.shape[0], FEATURES_AT_ONCE):
        q0, q1, q2, q3 = query[d], query[d + 1], query[d + 2], query[d + 3]
        if is_manhattan:
            for j in range(BLOCK):
                logits[j] -= (abs(q0 - tile[d, j]) + abs(q1 - tile[d + 1, j])) + (
                    abs(q2 - tile[d + 2, j]) + abs(q3 - tile[d + 3, j])
                )
        else:
            for j in range(BLOCK):
                logits[j] -= ((q0 - tile[d, j]) ** 2 + (q1 - tile[d + 1, j]) ** 2) + (
                    (q2 - tile[d + 2, j]) ** 2 + (q3 - tile[d + 3, j]) ** 2
                )
    if ranks[BLOCK] >= known:
        for j in range(BLOCK):
            logits[j] = logits[j] if ranks[j] < known else NOTHING


@jit(fastmath=FLAGS)
def raise_peak(peaks, sums, column, highest):  # type: ignore[no-untyped-def]
    """The peak of a sum after terms up to `highest` have come in, with the sum made relative to it."""
    if not highest <= peaks[column]:  # NaN comes in too
        sums[column] *= math.exp(np.float64(peaks[column]) - np.float64(highest))
        peaks[column] = highest
    return peaks[column]


@jit(fastmath=FLAGS)
def add_terms(exponents, peaks, sums, column):  # type: ignore[no-untyped-def]
    """Add e^exponents [BLOCK] to a sum; no exponent is above 0."""
    peak = peaks[column]
    if not peak > SAFE:
        highest = LOWEST
        for j in range(BLOCK):
            highest = max(highest, ordered(exponents[j]))
        peak = raise_peak(peaks, sums, column, from_ordered(highest))
    if peak > NOTHING or peak != peak:
        total = ZERO
        for j in range(BLOCK):
            total += exp32(exponents[j] - peak)
        sums[column] += total


@jit(fastmath=FLAGS)
def add_tails(logits, angles, first, last, steepness, exponents, peaks, sums):  # type: ignore[no-untyped-def]
    """Add the candidates left of the first node and right of the last one for a Laplace kernel."""
    for j in range(BLOCK):
        x = angles[j]
        exponents[j] = logits[j] - (first - x if x < first else x - last) * steepness
    left, right = peaks[LEFT], peaks[RIGHT]
    if not (left > SAFE and right > SAFE):
        most_left, most_right = LOWEST, LOWEST
        for j in range(BLOCK):
            order = ordered(exponents[j])
            most_left = max(most_left, order if angles[j] < first else LOWEST)
            most_right = max(most_right, order if angles[j] > last else LOWEST)
        left = raise_peak(peaks, sums, LEFT, from_ordered(most_left))
        right = raise_peak(peaks, sums, RIGHT, from_ordered(most_right))
    # A side without candidates has no peak to compare with.
    left, right = left if left != NOTHING else ZERO, right if right != NOTHING else ZERO
    total_left, total_right = ZERO, ZERO
    for j in range(BLOCK):
        x = angles[j]
        term = exp32(exponents[j] - (left if x < first else right))
        total_left += term if x < first else ZERO
        total_right += term if x > last else ZERO
    sums[LEFT] += total_left
    sums[RIGHT] += total_right


@jit(fastmath=FLAGS)
def add_at_nodes(logits, angles, nodes, steepness, is_laplace, exponents, peaks, sums):  # type: ignore[no-untyped-def]
    """Add e^logits [BLOCK] times the kernel at each node."""
    for n in range(len(nodes)):
        node = nodes[n]
        if is_laplace:
            for j in range(BLOCK):
                exponents[j] = logits[j] - abs(node - angles[j]) * steepness
        else:
            for j in range(BLOCK):
                exponents[j] = logits[j] - (node - angles[j]) ** 2 * steepness
        add_terms(exponents, peaks, sums, FIRST_NODE + n)


@jit
def between(angles, nodes):  # type: ignore[no-untyped-def]
    """Where in a block, sorted by angle, the candidates begin and end that lie from the first node to the last."""
    begin, end = np.searchsorted(angles, nodes[0]), np.searchsorted(angles, nodes[-1], side="right")
    return begin, max(begin, end)


@jit(nogil=True, fastmath=FLAGS)
def stream_sums(  # type: ignore[no-untyped-def]
    tiles, angles, ranks, queries, known, nodes, steepness, is_laplace, is_manhattan, first, last, peaks, sums, tops
):
    """Fill peaks and sums [Q, G] of the queries from `first` to `last`; they must hold -inf and 0 before.

    `tops` [Q] get the place (block · BLOCK + position in the block) of the term at the peak of ALL. `tiles`
    [B, D, BLOCK], `angles` [B, BLOCK], `ranks` [B, BLOCK + 1] (the order in which candidates broke; the largest of the
    block at the end), `queries` [Q, D], `known` and `steepness` [Q], `nodes` [Q, N] ascending.
    """
    logits, exponents = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    # Candidates between the nodes wait until there is a block of them.
    waiting, waiting_angles = np.zeros((GROUP, 2 * BLOCK), np.float32), np.zeros((GROUP, 2 * BLOCK), np.float32)
    for start in range(first, last, GROUP):
        counts = np.zeros(GROUP, np.int64)
        for block in range(len(tiles)):
            x = angles[block]
            for q in range(start, min(start + GROUP, last)):
                if known[q] <= block * BLOCK:
                    continue
                fill_logits(tiles[block], queries[q], ranks[block], known[q], is_manhattan, logits)
                before = peaks[q, ALL]
                add_terms(logits, peaks[q], sums[q], ALL)
                if peaks[q, ALL] > before:
                    for j in range(BLOCK):
                        if logits[j] == peaks[q, ALL]:
                            tops[q] = block * BLOCK + j
                if not is_laplace:
                    add_at_nodes(logits, x, nodes[q], steepness[q], is_laplace, exponents, peaks[q], sums[q])
                    continue
                add_tails(logits, x, nodes[q, 0], nodes[q, -1], steepness[q], exponents, peaks[q], sums[q])
                begin, end = between(x, nodes[q])
                held, held_angles, count = waiting[q - start], waiting_angles[q - start], counts[q - start]
                for j in range(begin, end):
                    held[count + j - begin], held_angles[count + j - begin] = logits[j], x[j]
                count += end - begin
                if count >= BLOCK:
                    add_at_nodes(held, held_angles, nodes[q], steepness[q], is_laplace, exponents, peaks[q], sums[q])
                    count -= BLOCK
                    for j in range(count):
                        held[j], held_angles[j] = held[BLOCK + j], held_angles[BLOCK + j]
                counts[q - start] = count
        for q in range(start, min(start + GROUP, last)):
            held, held_angles, count = waiting[q - start], waiting_angles[q - start], counts[q - start]
            if count > 0:
                held[count:BLOCK] = NOTHING
                add_at_nodes(held, held_angles, nodes[q], steepness[q], is_laplace, exponents, peaks[q], sums[q])


@jit(fastmath={"contract"})
def scaled(term, factor, rest):  # type: ignore[no-untyped-def]
    """term · (factor + rest), where the sum needs more digits than one float has."""
    return term * factor + term * rest


@jit(fastmath=FLAGS)
def take_laplace(logits, angles, nodes, steepness, peaks, factors, held, slopes):  # type: ignore[no-untyped-def]
    """Subtract a Laplace kernel's shares of the densities from `slopes`; their sum times the distance to the node.

    Of LEFT and RIGHT the distance to the first and last node.
    """
    first, last = nodes[0], nodes[-1]
    left, right, at_left, at_right = peaks[LEFT], peaks[RIGHT], factors[LEFT], factors[RIGHT]
    spread = ZERO
    for j in range(BLOCK):
        x = angles[j]
        outside = first - x if x < first else x - last
        factor = at_left if x < first else at_right
        share = factor * exp32(logits[j] - outside * steepness - (left if x < first else right))
        share = share if outside > ZERO else ZERO
        slopes[j] -= share
        spread += share * (outside if outside > ZERO else ZERO)
    total = np.float64(spread)
    begin, end = between(angles, nodes)
    for start in range(begin, end, WINDOW):
        at = min(start, BLOCK - WINDOW)
        for j in range(WINDOW):
            held[j] = logits[at + j] if start <= at + j < end else NOTHING
        x, by = angles[at : at + WINDOW], slopes[at : at + WINDOW]
        for n in range(len(nodes)):
            node, peak, factor, moment = nodes[n], peaks[FIRST_NODE + n], factors[FIRST_NODE + n], ZERO
            for j in range(WINDOW):
                offset = abs(node - x[j])
                share = factor * exp32(held[j] - offset * steepness - peak)
                by[j] -= share
                moment += share * offset
            total += moment
    return total


@jit(fastmath=FLAGS)
def take_gaussian(logits, angles, nodes, steepness, peaks, factors, slopes):  # type: ignore[no-untyped-def]
    """Subtract a Gaussian kernel's shares of the densities from `slopes`; their sum times the squared distances."""
    total = 0.0
    for n in range(len(nodes)):
        node, peak, factor, spread = nodes[n], peaks[FIRST_NODE + n], factors[FIRST_NODE + n], ZERO
        for j in range(BLOCK):
            squared = (node - angles[j]) ** 2
            share = factor * exp32(logits[j] - squared * steepness - peak)
            slopes[j] -= share
            spread += share * squared
        total += spread
    return total


@jit(fastmath=FLAGS)
def signed(value, offset):  # type: ignore[no-untyped-def]
    """value · sign(offset), by the bits of their signs."""
    bits = np.float32(value).view(np.int32) ^ (np.float32(offset).view(np.int32) & SIGN)
    return np.int32(bits).view(np.float32) if offset != ZERO else ZERO


@jit(fastmath=FLAGS)
def spread_slopes(tile, query, slopes, is_manhattan, by_query, by_tile):  # type: ignore[no-untyped-def]
    """Add the gradients by a query [D] and a block's candidates [D, BLOCK] from those by the logits [BLOCK]."""
    for d in range(0, tile.shape[0], 2):
        q0, q1, total0, total1 = query[d], query[d + 1], ZERO, ZERO
        if is_manhattan:
            for j in range(BLOCK):
                step0, step1 = signed(slopes[j], q0 - tile[d, j]), signed(slopes[j], q1 - tile[d + 1, j])
                by_tile[d, j] += step0
                by_tile[d + 1, j] += step1
                total0 += step0
                total1 += step1
        else:
            for j in range(BLOCK):
                twice = TWO * slopes[j]
                step0, step1 = twice * (q0 - tile[d, j]), twice * (q1 - tile[d + 1, j])
                by_tile[d, j] += step0
                by_tile[d + 1, j] += step1
                total0 += step0
                total1 += step1
        by_query[d] -= total0
        by_query[d + 1] -= total1


@jit(nogil=True, fastmath=FLAGS)
def stream_gradients(  # type: ignore[no-untyped-def]
    tiles, angles, ranks, queries, known, nodes, steepness, is_laplace, is_manhattan, first, step,
    peaks, factors, rests, by_queries, by_tiles, spreads, totals,
):  # fmt: skip
    """Add up the gradients of blocks `first`, `first + step`, ...: `by_queries` [Q, D], `by_tiles` [B, D, BLOCK].

    `factors` [Q, G] are what a term e^(exponent - peak) counts for in the gradient by its candidate's logit: with a
    plus sign for ALL, where `rests` [Q] add what does not fit into one float, with a minus sign for the others.
    `spreads` [Q] get the sums of the others' shares times the distance to the node (Laplace) or its square (Gaussian),
    `totals` [Q] the sums of the gradients by the logits, 0 but for rounding.
    """
    logits, slopes, held = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32), np.empty(WINDOW, np.float32)
    for block in range(first, len(tiles), step):
        for q in range(len(queries)):
            if known[q] <= block * BLOCK:
                continue
            fill_logits(tiles[block], queries[q], ranks[block], known[q], is_manhattan, logits)
            peak, factor, narrow = peaks[q, ALL], factors[q, ALL], steepness[q]
            for j in range(BLOCK):
                slopes[j] = scaled(exp32(logits[j] - peak), factor, rests[q])
            if is_laplace:
                spreads[q] += take_laplace(logits, angles[block], nodes[q], narrow, peaks[q], factors[q], held, slopes)
            else:
                spreads[q] += take_gaussian(logits, angles[block], nodes[q], narrow, peaks[q], factors[q], slopes)
            total = ZERO
            for j in range(BLOCK):
                total += slopes[j]
            totals[q] += total
            spread_slopes(tiles[block], queries[q], slopes, is_manhattan, by_queries[q], by_tiles[block])
