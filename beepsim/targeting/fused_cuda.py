"""The fused cross-entropy's passes over candidates on a CUDA device (Triton).

Not yet run on a device: its arithmetic was checked by Triton's interpreter on a CPU, and Triton 3.9 compiles it for
compute capability 9.0. No speed is known.

Same sums as `streaming`, whose names and columns are used here. Candidates are sorted by angle and queries by the
middle of their nodes, so that with a Laplace kernel few tiles of queries × candidates have candidates between the nodes
of a query; the others need two exponentials a pair. Features lie feature-major. One program has a block of queries (or,
for the gradient by candidates, of candidates) and goes through all candidates (queries) in a fixed order: no atomics.
The backward pass computes each tile twice, once for each of the two gradients.
"""

from dataclasses import dataclass
from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from beepsim.targeting.streaming import ALL, FIRST_NODE, LEFT, RIGHT

ROWS, COLUMNS = 32, 64
"""Queries and candidates of a tile."""
WARPS = 8
"""With 4 the compiler (3.9, capability 9.0, 16 nodes, 20 features) has to keep registers in memory."""
AT_ALL, AT_LEFT, AT_RIGHT, AT_NODES = (tl.constexpr(column) for column in (ALL, LEFT, RIGHT, FIRST_NODE))


@dataclass(frozen=True)
class Layout:
    """Queries [Q] and candidates [J] in the orders of the kernels; features [D, Q] and [D, J], nodes [N, Q]."""

    by_middle: Tensor
    by_angle: Tensor
    queries: Tensor
    candidates: Tensor
    known: Tensor
    angles: Tensor
    nodes: Tensor
    steepness: Tensor
    is_laplace: bool
    is_manhattan: bool

    @property
    def arguments(self) -> tuple:
        return (
            self.queries, self.candidates, self.known, self.by_angle, self.angles, self.nodes, self.steepness,
            len(self.by_middle), len(self.by_angle), len(self.queries), len(self.nodes),
        )  # fmt: skip

    @property
    def constants(self) -> dict[str, Any]:
        return {
            "IS_LAPLACE": self.is_laplace, "IS_MANHATTAN": self.is_manhattan, "ROWS": ROWS, "COLUMNS": COLUMNS,
            "G": triton.next_power_of_2(FIRST_NODE + len(self.nodes)), "D": triton.next_power_of_2(len(self.queries)),
            "num_warps": WARPS,
        }  # fmt: skip


def lay_out(
    queries: Tensor,
    candidates: Tensor,
    known: Tensor,
    angles: Tensor,
    nodes: Tensor,
    steepness: Tensor,
    is_laplace: bool,
    is_manhattan: bool,
) -> Layout:
    by_middle, by_angle = torch.argsort(nodes.mean(1), stable=True), torch.argsort(angles, stable=True)
    return Layout(
        by_middle,
        by_angle,
        queries[by_middle].T.contiguous(),
        candidates[by_angle].T.contiguous(),
        known[by_middle].contiguous(),
        angles[by_angle].contiguous(),
        nodes[by_middle].T.contiguous(),
        steepness[by_middle].contiguous(),
        is_laplace,
        is_manhattan,
    )


def add_up(layout: Layout, columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Peaks and sums [Q, G] as in `streaming`, and the candidate at each query's peak of ALL [Q]."""
    count, device = len(layout.by_middle), layout.queries.device
    peaks, sums = torch.empty(count, columns, device=device), torch.empty(count, columns, device=device).double()
    nearest = torch.zeros(count, dtype=torch.int64, device=device)
    if count:
        grid = (triton.cdiv(count, ROWS),)
        sum_kernel[grid](*layout.arguments, peaks, sums, nearest, columns, **layout.constants)
    return in_order(peaks, layout.by_middle), in_order(sums, layout.by_middle), in_order(nearest, layout.by_middle)


def differentiate(
    layout: Layout, peaks: Tensor, factors: Tensor, rests: Tensor, shape: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients by queries [Q, D] and by candidates [J, D] = `shape`; spreads and totals [Q] as in `streaming`."""
    count, device = len(layout.by_middle), layout.queries.device
    by_queries = torch.zeros(count, shape[1], device=device, dtype=torch.float64)
    by_candidates = torch.zeros(shape, device=device)
    spreads, totals = torch.zeros(2, count, device=device, dtype=torch.float64)
    if count and shape[0]:
        sums = tuple(values[layout.by_middle].contiguous() for values in (peaks, factors, rests))
        arguments = (*layout.arguments, *sums, peaks.shape[1])
        query_kernel[(triton.cdiv(count, ROWS),)](*arguments, by_queries, spreads, totals, **layout.constants)
        candidate_kernel[(triton.cdiv(shape[0], COLUMNS),)](*arguments, by_candidates, **layout.constants)
    return (
        in_order(by_queries, layout.by_middle),
        in_order(by_candidates, layout.by_angle),
        in_order(spreads, layout.by_middle),
        in_order(totals, layout.by_middle),
    )


def in_order(values: Tensor, places: Tensor) -> Tensor:
    """`values`, of which the i-th belongs to place places[i], in the order of the places."""
    found = torch.empty_like(values)
    found[places] = values
    return found


@triton.jit
def tile_logits(
    queries, candidates, known, ranks, rows, columns, row_count, column_count, features, IS_MANHATTAN: tl.constexpr
):  # type: ignore[no-untyped-def]
    """Minus the distances [rows, columns]; -inf where a candidate is not known."""
    is_row, is_column = rows < row_count, columns < column_count
    logits = tl.zeros([rows.shape[0], columns.shape[0]], tl.float32)
    for d in range(features):
        query = tl.load(queries + d * row_count + rows, mask=is_row, other=0.0)
        candidate = tl.load(candidates + d * column_count + columns, mask=is_column, other=0.0)
        offset = query[:, None] - candidate[None, :]
        logits -= tl.abs(offset) if IS_MANHATTAN else offset * offset
    limit = tl.load(known + rows, mask=is_row, other=0)
    rank = tl.load(ranks + columns, mask=is_column, other=column_count)
    return tl.where(rank[None, :] < limit[:, None], logits, float("-inf"))


@triton.jit
def column_of(values, indices, column):  # type: ignore[no-untyped-def]
    """One column of values [rows, G]."""
    return tl.sum(tl.where(indices[None, :] == column, values, 0.0), 1)


@triton.jit
def with_terms(peaks, sums, indices, column, exponents):  # type: ignore[no-untyped-def]
    """Peaks and sums [rows, G] with e^exponents [rows, columns] added to one column."""
    before = column_of(peaks, indices, column)
    peak = tl.maximum(before, tl.max(exponents, 1))
    held = tl.where(peak == float("-inf"), 0.0, peak)
    total = column_of(sums, indices, column) * tl.exp(before - held) + tl.sum(tl.exp(exponents - held[:, None]), 1)
    is_it = indices[None, :] == column
    return tl.where(is_it, peak[:, None], peaks), tl.where(is_it, total[:, None], sums)


@triton.jit
def sum_kernel(
    queries, candidates, known, ranks, angles, nodes, steepness, row_count, column_count, features, node_count,
    peaks_out, sums_out, nearest_out, column_total,
    IS_LAPLACE: tl.constexpr, IS_MANHATTAN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, G: tl.constexpr,
    D: tl.constexpr,
):  # type: ignore[no-untyped-def]  # fmt: skip
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    is_row, indices = rows < row_count, tl.arange(0, G)
    narrow = tl.load(steepness + rows, mask=is_row, other=1.0)
    first = tl.load(nodes + rows, mask=is_row, other=0.0)
    last = tl.load(nodes + (node_count - 1) * row_count + rows, mask=is_row, other=0.0)
    peaks = tl.full([ROWS, G], float("-inf"), tl.float32)
    sums = tl.zeros([ROWS, G], tl.float64)
    nearest = tl.zeros([ROWS], tl.int64)
    for start in range(0, column_count, COLUMNS):
        columns = start + tl.arange(0, COLUMNS)
        x = tl.load(angles + columns, mask=columns < column_count, other=0.0)[None, :]
        logits = tile_logits(
            queries, candidates, known, ranks, rows, columns, row_count, column_count, features, IS_MANHATTAN
        )
        is_nearer = tl.max(logits, 1) > column_of(peaks, indices, AT_ALL)
        rank = tl.load(ranks + start + tl.argmax(logits, 1), mask=is_nearer, other=0)
        nearest = tl.where(is_nearer, rank, nearest)
        peaks, sums = with_terms(peaks, sums, indices, AT_ALL, logits)
        between = logits
        if IS_LAPLACE:
            is_left, is_right = x < first[:, None], x > last[:, None]
            left = tl.where(is_left, logits - (first[:, None] - x) * narrow[:, None], float("-inf"))
            peaks, sums = with_terms(peaks, sums, indices, AT_LEFT, left)
            right = tl.where(is_right, logits - (x - last[:, None]) * narrow[:, None], float("-inf"))
            peaks, sums = with_terms(peaks, sums, indices, AT_RIGHT, right)
            between = tl.where(is_left | is_right, float("-inf"), logits)
        if tl.max(tl.max(between, 1), 0) > float("-inf"):
            for n in range(node_count):
                node = tl.load(nodes + n * row_count + rows, mask=is_row, other=0.0)
                offset = node[:, None] - x
                distance = tl.abs(offset) if IS_LAPLACE else offset * offset
                peaks, sums = with_terms(peaks, sums, indices, AT_NODES + n, between - distance * narrow[:, None])
    places = rows[:, None] * column_total + indices[None, :]
    is_place = is_row[:, None] & (indices[None, :] < column_total)
    tl.store(peaks_out + places, peaks, mask=is_place)
    tl.store(sums_out + places, sums, mask=is_place)
    tl.store(nearest_out + rows, nearest, mask=is_row)


@triton.jit
def tile_slopes(
    queries, candidates, known, ranks, angles, nodes, steepness, row_count, column_count, features, node_count,
    peaks, factors, rests, column_total, rows, columns,
    IS_LAPLACE: tl.constexpr, IS_MANHATTAN: tl.constexpr,
):  # type: ignore[no-untyped-def]  # fmt: skip
    """Gradients by the logits [rows, columns], and the shares of the kernels times their distances [rows]."""
    is_row = rows < row_count
    x = tl.load(angles + columns, mask=columns < column_count, other=0.0)[None, :]
    narrow = tl.load(steepness + rows, mask=is_row, other=1.0)[:, None]
    logits = tile_logits(
        queries, candidates, known, ranks, rows, columns, row_count, column_count, features, IS_MANHATTAN
    )
    row_peaks, row_factors = peaks + rows * column_total, factors + rows * column_total
    peak = tl.load(row_peaks + AT_ALL, mask=is_row, other=0.0)[:, None]
    factor = tl.load(row_factors + AT_ALL, mask=is_row, other=0.0)[:, None]
    rest = tl.load(rests + rows, mask=is_row, other=0.0)[:, None]
    terms = tl.exp(logits - peak)
    slopes = terms * factor + terms * rest
    spread = tl.zeros([rows.shape[0]], tl.float32)
    between = logits
    if IS_LAPLACE:
        first = tl.load(nodes + rows, mask=is_row, other=0.0)[:, None]
        last = tl.load(nodes + (node_count - 1) * row_count + rows, mask=is_row, other=0.0)[:, None]
        is_left, is_right = x < first, x > last
        outside = tl.where(is_left, first - x, x - last)
        left_peak = tl.load(row_peaks + AT_LEFT, mask=is_row, other=0.0)[:, None]
        right_peak = tl.load(row_peaks + AT_RIGHT, mask=is_row, other=0.0)[:, None]
        left_factor = tl.load(row_factors + AT_LEFT, mask=is_row, other=0.0)[:, None]
        right_factor = tl.load(row_factors + AT_RIGHT, mask=is_row, other=0.0)[:, None]
        tail = tl.where(is_left | is_right, logits - outside * narrow, float("-inf"))
        shares = tl.where(is_left, left_factor, right_factor) * tl.exp(tail - tl.where(is_left, left_peak, right_peak))
        slopes -= shares
        spread += tl.sum(shares * outside, 1)
        between = tl.where(is_left | is_right, float("-inf"), logits)
    if tl.max(tl.max(between, 1), 0) > float("-inf"):
        for n in range(node_count):
            node = tl.load(nodes + n * row_count + rows, mask=is_row, other=0.0)[:, None]
            node_peak = tl.load(row_peaks + AT_NODES + n, mask=is_row, other=0.0)[:, None]
            node_factor = tl.load(row_factors + AT_NODES + n, mask=is_row, other=0.0)[:, None]
            offset = node - x
            distance = tl.abs(offset) if IS_LAPLACE else offset * offset
            shares = node_factor * tl.exp(between - distance * narrow - node_peak)
            slopes -= shares
            spread += tl.sum(shares * distance, 1)
    return slopes, spread


@triton.jit
def query_kernel(
    queries, candidates, known, ranks, angles, nodes, steepness, row_count, column_count, features, node_count,
    peaks, factors, rests, column_total, by_queries, spreads, totals,
    IS_LAPLACE: tl.constexpr, IS_MANHATTAN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, G: tl.constexpr,
    D: tl.constexpr,
):  # type: ignore[no-untyped-def]  # fmt: skip
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    is_row, indices = rows < row_count, tl.arange(0, D)
    gradient = tl.zeros([ROWS, D], tl.float64)
    spread, total = tl.zeros([ROWS], tl.float64), tl.zeros([ROWS], tl.float64)
    for start in range(0, column_count, COLUMNS):
        columns = start + tl.arange(0, COLUMNS)
        slopes, tile_spread = tile_slopes(
            queries, candidates, known, ranks, angles, nodes, steepness, row_count, column_count, features, node_count,
            peaks, factors, rests, column_total, rows, columns, IS_LAPLACE, IS_MANHATTAN,
        )  # fmt: skip
        spread += tile_spread
        total += tl.sum(slopes, 1)
        for d in range(features):
            query = tl.load(queries + d * row_count + rows, mask=is_row, other=0.0)
            candidate = tl.load(candidates + d * column_count + columns, mask=columns < column_count, other=0.0)
            offset = query[:, None] - candidate[None, :]
            if IS_MANHATTAN:
                steps = tl.where(offset > 0.0, slopes, tl.where(offset < 0.0, -slopes, 0.0))
            else:
                steps = 2.0 * slopes * offset
            gradient -= tl.where(indices[None, :] == d, tl.sum(steps, 1)[:, None], 0.0)
    is_place = is_row[:, None] & (indices[None, :] < features)
    tl.store(by_queries + rows[:, None] * features + indices[None, :], gradient, mask=is_place)
    tl.store(spreads + rows, spread, mask=is_row)
    tl.store(totals + rows, total, mask=is_row)


@triton.jit
def candidate_kernel(
    queries, candidates, known, ranks, angles, nodes, steepness, row_count, column_count, features, node_count,
    peaks, factors, rests, column_total, by_candidates,
    IS_LAPLACE: tl.constexpr, IS_MANHATTAN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, G: tl.constexpr,
    D: tl.constexpr,
):  # type: ignore[no-untyped-def]  # fmt: skip
    columns = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    is_column, indices = columns < column_count, tl.arange(0, D)
    gradient = tl.zeros([COLUMNS, D], tl.float64)
    for start in range(0, row_count, ROWS):
        rows = start + tl.arange(0, ROWS)
        slopes, _ = tile_slopes(
            queries, candidates, known, ranks, angles, nodes, steepness, row_count, column_count, features, node_count,
            peaks, factors, rests, column_total, rows, columns, IS_LAPLACE, IS_MANHATTAN,
        )  # fmt: skip
        for d in range(features):
            query = tl.load(queries + d * row_count + rows, mask=rows < row_count, other=0.0)
            candidate = tl.load(candidates + d * column_count + columns, mask=is_column, other=0.0)
            offset = query[:, None] - candidate[None, :]
            if IS_MANHATTAN:
                steps = tl.where(offset > 0.0, slopes, tl.where(offset < 0.0, -slopes, 0.0))
            else:
                steps = 2.0 * slopes * offset
            gradient += tl.where(indices[None, :] == d, tl.sum(steps, 0)[:, None], 0.0)
    is_place = is_column[:, None] & (indices[None, :] < features)
    tl.store(by_candidates + columns[:, None] * features + indices[None, :], gradient, mask=is_place)
