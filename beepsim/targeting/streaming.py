"""Sums over candidates behind the fused cross-entropy, streamed in blocks (compiled, single precision).

[Q] queries, [D] features, [N] nodes, [B] blocks of BLOCK candidates, each block sorted by angle. A query's sums are
kept relative to their largest term, as in fused attention: `peaks` hold the exponents of the largest terms, `sums` the
sums over e^(exponent - peak). Their columns [G]: ALL, e^z; LEFT and RIGHT (Laplace only), e^z times the kernel at the
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
FEATURES_AT_ONCE = 4
"""The number of features is padded to a multiple of this; fewer passes over the block's distances."""
ALL, LEFT, RIGHT, FIRST_NODE = 0, 1, 2, 3
NOTHING = np.float32(-np.inf)
ZERO, TWO = np.float32(0.0), np.float32(2.0)
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
    """Add e^exponents [BLOCK] to a sum."""
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
    most_left, most_right = LOWEST, LOWEST
    for j in range(BLOCK):
        x = angles[j]
        outside = first - x if x < first else x - last
        exponents[j] = logits[j] - outside * steepness
        order = ordered(exponents[j])
        most_left = max(most_left, order if x < first else LOWEST)
        most_right = max(most_right, order if x > last else LOWEST)
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
def add_between(logits, angles, begin, end, nodes, steepness, highest, peaks, sums):  # type: ignore[no-untyped-def]
    """Add candidates `begin` to `end` of a block, which lie between the nodes, at each node for a Laplace kernel."""
    count = len(nodes)
    for n in range(count):
        highest[n] = NOTHING
    for j in range(begin, end):
        x, logit = angles[j], logits[j]
        for n in range(count):
            exponent = logit - abs(nodes[n] - x) * steepness
            highest[n] = exponent if exponent > highest[n] else highest[n]
    for n in range(count):
        raise_peak(peaks, sums, FIRST_NODE + n, highest[n])
        highest[n] = peaks[FIRST_NODE + n] if peaks[FIRST_NODE + n] > NOTHING else ZERO
    for j in range(begin, end):
        x, logit = angles[j], logits[j]
        for n in range(count):
            sums[FIRST_NODE + n] += exp32(logit - abs(nodes[n] - x) * steepness - highest[n])


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

    `tops` [Q] get the place (block · BLOCK + position in the block) of the nearest candidate. `tiles` [B, D, BLOCK],
    `angles` [B, BLOCK], `ranks` [B, BLOCK + 1] (the order in which candidates broke; the largest of the block at the
    end), `queries` [Q, D], `known` and `steepness` [Q], `nodes` [Q, N] ascending.
    """
    logits, exponents = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    highest = np.empty(nodes.shape[1], np.float32)
    for block in range(len(tiles)):
        x = angles[block]
        for q in range(first, last):
            if known[q] <= block * BLOCK:
                continue
            fill_logits(tiles[block], queries[q], ranks[block], known[q], is_manhattan, logits)
            before = peaks[q, ALL]
            add_terms(logits, peaks[q], sums[q], ALL)
            if peaks[q, ALL] > before:
                for j in range(BLOCK):
                    if logits[j] == peaks[q, ALL]:
                        tops[q] = block * BLOCK + j
            if is_laplace:
                add_tails(logits, x, nodes[q, 0], nodes[q, -1], steepness[q], exponents, peaks[q], sums[q])
                begin, end = between(x, nodes[q])
                add_between(logits, x, begin, end, nodes[q], steepness[q], highest, peaks[q], sums[q])
            else:
                for n in range(nodes.shape[1]):
                    node, narrow = nodes[q, n], steepness[q]
                    for j in range(BLOCK):
                        exponents[j] = logits[j] - (node - x[j]) ** 2 * narrow
                    add_terms(exponents, peaks[q], sums[q], FIRST_NODE + n)


@jit(fastmath={"contract"})
def scaled(term, factor, rest):  # type: ignore[no-untyped-def]
    """term · (factor + rest), where the sum needs more digits than one float has."""
    return term * factor + term * rest


@jit(fastmath=FLAGS)
def take_laplace(logits, angles, nodes, steepness, peaks, factors, slopes):  # type: ignore[no-untyped-def]
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
    for j in range(begin, end):
        x, logit = angles[j], logits[j]
        shares, moment = ZERO, ZERO
        for n in range(len(nodes)):
            offset = abs(nodes[n] - x)
            share = factors[FIRST_NODE + n] * exp32(logit - offset * steepness - peaks[FIRST_NODE + n])
            shares += share
            moment += share * offset
        slopes[j] -= shares
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
def spread_slopes(tile, query, slopes, is_manhattan, by_query, by_tile):  # type: ignore[no-untyped-def]
    """Add the gradients by a query [D] and a block's candidates [D, BLOCK] from those by the logits [BLOCK]."""
    for d in range(tile.shape[0]):
        q, total = query[d], ZERO
        if is_manhattan:
            for j in range(BLOCK):
                offset = q - tile[d, j]
                step = slopes[j] if offset > ZERO else (-slopes[j] if offset < ZERO else ZERO)
                by_tile[d, j] += step
                total += step
        else:
            for j in range(BLOCK):
                step = TWO * slopes[j] * (q - tile[d, j])
                by_tile[d, j] += step
                total += step
        by_query[d] -= total


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
    logits, slopes = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    for block in range(first, len(tiles), step):
        for q in range(len(queries)):
            if known[q] <= block * BLOCK:
                continue
            fill_logits(tiles[block], queries[q], ranks[block], known[q], is_manhattan, logits)
            peak, factor, narrow = peaks[q, ALL], factors[q, ALL], steepness[q]
            for j in range(BLOCK):
                slopes[j] = scaled(exp32(logits[j] - peak), factor, rests[q])
            if is_laplace:
                spreads[q] += take_laplace(logits, angles[block], nodes[q], narrow, peaks[q], factors[q], slopes)
            else:
                spreads[q] += take_gaussian(logits, angles[block], nodes[q], narrow, peaks[q], factors[q], slopes)
            total = ZERO
            for j in range(BLOCK):
                total += slopes[j]
            totals[q] += total
            spread_slopes(tiles[block], queries[q], slopes, is_manhattan, by_queries[q], by_tiles[block])
