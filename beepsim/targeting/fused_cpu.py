"""The fused cross-entropy's passes over candidates on a CPU: blocks, threads, and the compiled code of `streaming`.

[Q] queries, [J] candidates, [D] features, [G] columns of `streaming`. The threads share out work whose parts and whose
order of summation do not depend on their number.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from beepsim.targeting.streaming import BLOCK, FEATURES_AT_ONCE, stream_gradients, stream_sums

PARTS = 8
"""The gradient by the queries is summed in this many parts of the candidates."""
PAIRS_OF_A_THREAD = 1 << 18
"""About a millisecond's work; a thread for less costs more than it brings."""


@dataclass(frozen=True)
class Layout:
    """`arguments` are those that both functions of `streaming` begin with; `order` [B · BLOCK] tells which candidate
    lies at each place of the blocks."""

    arguments: tuple
    order: np.ndarray


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
    """Candidates in blocks as they broke, sorted by angle in each."""
    count, features = candidates.shape
    blocks, width = max(1, -(-count // BLOCK)), -(-features // FEATURES_AT_ONCE) * FEATURES_AT_ONCE
    # Places beyond the last candidate have ranks that nobody knows.
    padded_angles = np.zeros(blocks * BLOCK, np.float32)
    padded_angles[:count] = angles.numpy()
    order = np.argsort(padded_angles.reshape(blocks, BLOCK), axis=1, kind="stable")
    order += np.arange(blocks)[:, None] * BLOCK
    padded = np.zeros((blocks * BLOCK, width), np.float32)
    padded[:count, :features] = candidates.numpy()
    padded_queries = np.zeros((len(queries), width), np.float32)
    padded_queries[:, :features] = queries.numpy()
    ranks = np.concatenate([order, order.max(axis=1, keepdims=True)], axis=1).astype(np.int32)
    arguments = (
        np.ascontiguousarray(padded[order].transpose(0, 2, 1)),
        padded_angles[order],
        ranks,
        padded_queries,
        known.numpy(),
        nodes.numpy(),
        steepness.numpy(),
        is_laplace,
        is_manhattan,
    )
    return Layout(arguments, order.ravel())


def add_up(layout: Layout, columns: int) -> tuple[Tensor, Tensor, Tensor]:
    """Peaks and sums [Q, G] as in `streaming`, and the candidate at the peak of ALL of each query [Q], else 0."""
    count = len(layout.arguments[3])
    peaks = np.full((count, columns), -np.inf, np.float32)
    sums, tops = np.zeros(peaks.shape), np.full(count, -1, np.int64)
    threads = useful_threads(layout)
    edges = np.linspace(0, count, threads + 1).astype(int)
    at_once(
        [
            partial(stream_sums, *layout.arguments, first, last, peaks, sums, tops)
            for first, last in zip(edges, edges[1:], strict=False)
        ],
        threads,
    )
    nearest = np.where(tops < 0, 0, layout.order[tops])
    return torch.from_numpy(peaks), torch.from_numpy(sums), torch.from_numpy(nearest)


def differentiate(
    layout: Layout, peaks: Tensor, factors: Tensor, rests: Tensor, shape: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Gradients by queries [Q, D] and by candidates [J, D] = `shape`; spreads and totals [Q] as in `streaming`."""
    tiles, queries = layout.arguments[0], layout.arguments[3]
    parts = min(PARTS, len(tiles))
    by_queries, by_tiles = np.zeros((parts, *queries.shape)), np.zeros_like(tiles)
    spreads, totals = np.zeros((2, parts, len(queries)))
    at_once(
        [
            partial(
                stream_gradients, *layout.arguments, part, parts, peaks.numpy(), factors.numpy(), rests.numpy(),
                by_queries[part], by_tiles, spreads[part], totals[part],
            )
            for part in range(parts)
        ],
        useful_threads(layout),
    )  # fmt: skip
    candidates, features = shape
    by_candidates = np.empty((tiles.shape[0] * BLOCK, features), np.float32)
    by_candidates[layout.order] = by_tiles.transpose(0, 2, 1)[:, :, :features].reshape(-1, features)
    return (
        torch.from_numpy(by_queries.sum(0)[:, :features]),
        torch.from_numpy(by_candidates[:candidates]),
        torch.from_numpy(spreads.sum(0)),
        torch.from_numpy(totals.sum(0)),
    )


def useful_threads(layout: Layout) -> int:
    pairs = len(layout.order) * len(layout.arguments[3])
    return max(1, min(torch.get_num_threads(), pairs // PAIRS_OF_A_THREAD))


def at_once(tasks: list[Callable[[], None]], threads: int) -> None:
    """Run the tasks, which share no output, by up to `threads` threads; compiled code lets go of Python's lock."""
    if threads == 1 or len(tasks) == 1:
        for task in tasks:
            task()
        return
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()
