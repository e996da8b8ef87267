"""The kernel-density cross-entropy straight from embedded features, with its gradients, fused (torch and compiled).

Nothing of size Q×J is held, let alone Q×J×N: candidates are streamed past each query, again in the backward pass.
[Q] queries, [J] candidates, [D] embedded features, [N] quadrature nodes; float32. Same bits on any number of threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from beepsim.targeting.losses import FLOOR_DENSITY, NODES
from beepsim.targeting.streaming import (
    ALL,
    BLOCK,
    FEATURES_AT_ONCE,
    FIRST_NODE,
    LEFT,
    RIGHT,
    stream_gradients,
    stream_sums,
)

KERNELS = ("gaussian", "laplace")
DISTANCES = ("manhattan", "squared_euclidean")
PARTS = 8
"""The gradient by the queries is summed in this many parts of the candidates, whatever the number of threads."""


def fused_cross_entropy(
    queries: Tensor,
    candidates: Tensor,
    known: Tensor,
    angles: Tensor,
    low: Tensor,
    high: Tensor,
    kernel: str,
    distance: str,
    bandwidth: Tensor,
    floor: Tensor,
    nodes: int = NODES,
) -> Tensor:
    """`losses.kde_cross_entropy` [Q] of the softmax over minus the distances between queries [Q, D] and candidates.

    Query q knows the first known[q] of the candidates [J, D]; where that is none, its density is the floor only.
    `bandwidth` is one for all, or [Q]. Differentiable by queries, candidates, bandwidth and floor, once.
    """
    return Fused.apply(  # type: ignore[no-any-return, no-untyped-call]
        queries, candidates, known, angles, low, high, kernel, distance, bandwidth, floor, nodes
    )


def is_fusible(queries: Tensor, kernel: str, distance: str) -> bool:
    """Whether `fused_cross_entropy` computes this: its kernels and distances, in float32, on a CPU."""
    is_there = queries.dtype == torch.float32 and queries.device.type == "cpu"
    return is_there and kernel in KERNELS and distance in DISTANCES


@dataclass(frozen=True)
class Problem:
    """What the compiled code reads; see `streaming`."""

    tiles: np.ndarray
    angles: np.ndarray
    ranks: np.ndarray
    queries: np.ndarray
    known: np.ndarray
    nodes: np.ndarray
    steepness: np.ndarray
    is_laplace: bool
    is_manhattan: bool

    @property
    def arguments(self) -> tuple:
        return (
            self.tiles, self.angles, self.ranks, self.queries, self.known, self.nodes,
            self.steepness, self.is_laplace, self.is_manhattan,
        )  # fmt: skip


class Fused(torch.autograd.Function):
    @staticmethod
    def forward(
        context: Any,
        queries: Tensor,
        candidates: Tensor,
        known: Tensor,
        angles: Tensor,
        low: Tensor,
        high: Tensor,
        kernel: str,
        distance: str,
        bandwidth: Tensor,
        floor: Tensor,
        nodes: int,
    ) -> Tensor:
        h = bandwidth.detach().double().expand(len(queries)).numpy()
        epsilon = float(floor)
        problem, order, node_weights = laid_out(
            queries, candidates, known, angles, low, high, kernel, distance, h, nodes
        )
        count = len(queries)
        peaks = np.full((count, FIRST_NODE + nodes), -np.inf, np.float32)
        sums, tops = np.zeros(peaks.shape), np.zeros(count, np.int64)
        threads = max(1, min(torch.get_num_threads(), count))
        edges = np.linspace(0, count, threads + 1).astype(int)
        at_once(
            [
                partial(stream_sums, *problem.arguments, first, last, peaks, sums, tops)
                for first, last in zip(edges, edges[1:], strict=False)
            ],
            threads,
        )
        result = finished(problem, peaks, sums, node_weights, h, epsilon)
        context.problem, context.order, context.result = problem, order, result
        context.tops, context.shape, context.of_each = tops, candidates.shape, bandwidth.dim() > 0
        return torch.as_tensor(result.loss.astype(np.float32))

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        problem, result = context.problem, context.result
        from_above = gradient.numpy().astype(np.float64)
        factors = (result.factors * from_above[:, None]).astype(np.float32)
        whole = balancing_factors(factors, result.sums)
        factors[:, ALL] = whole
        rests = (whole - factors[:, ALL]).astype(np.float32)
        blocks = len(problem.tiles)
        parts = min(PARTS, blocks)
        by_queries = np.zeros((parts, *problem.queries.shape))
        by_tiles = np.zeros_like(problem.tiles)
        spreads, totals = np.zeros((2, parts, len(problem.queries)))
        at_once(
            [
                partial(
                    stream_gradients, *problem.arguments, part, parts, result.peaks, factors, rests,
                    by_queries[part], by_tiles, spreads[part], totals[part],
                )
                for part in range(parts)
            ],
            torch.get_num_threads(),
        )  # fmt: skip
        by_query = by_queries.sum(0)
        # The gradients by a query's logits add up to 0. The nearest candidate takes its share of what rounding left of
        # the sum: where it has nearly all weight, a distance of any size times that rest would drown the gradient.
        block, place = np.divmod(context.tops, BLOCK)
        offsets = problem.queries - problem.tiles[block, :, place]
        left = totals.sum(0) / np.maximum(1.0, result.sums[:, ALL])
        steps = left[:, None] * (np.sign(offsets) if problem.is_manhattan else 2.0 * offsets)
        by_query += steps
        width = np.arange(steps.shape[1])
        np.subtract.at(by_tiles, (block[:, None], width, place[:, None]), steps.astype(np.float32))
        candidates, features = context.shape
        by_candidates = np.empty((blocks * BLOCK, features), np.float32)
        by_candidates[context.order] = by_tiles.transpose(0, 2, 1)[:, :, :features].reshape(-1, features)
        by_bandwidth = torch.as_tensor(from_above * result.by_bandwidth + result.spread_slope * spreads.sum(0))
        by_bandwidth = by_bandwidth if context.of_each else by_bandwidth.sum()
        return (
            torch.as_tensor(by_query[:, :features].astype(np.float32)),
            torch.as_tensor(by_candidates[:candidates]),
            None, None, None, None, None, None,
            by_bandwidth.to(gradient.dtype),
            torch.tensor(float(from_above @ result.by_floor), dtype=gradient.dtype),
            None,
        )  # fmt: skip


def laid_out(
    queries: Tensor,
    candidates: Tensor,
    known: Tensor,
    angles: Tensor,
    low: Tensor,
    high: Tensor,
    kernel: str,
    distance: str,
    bandwidth: np.ndarray,
    nodes: int,
) -> tuple[Problem, np.ndarray, np.ndarray]:
    """The problem in blocks, the candidate [B · BLOCK] at each place of them, and the nodes' weights [N]."""
    count, features = candidates.shape
    blocks, width = max(1, -(-count // BLOCK)), -(-features // FEATURES_AT_ONCE) * FEATURES_AT_ONCE
    # Places beyond the last candidate have ranks that nobody knows.
    padded_angles = np.zeros(blocks * BLOCK, np.float32)
    padded_angles[:count] = angles.detach().numpy()
    by_angle = padded_angles.reshape(blocks, BLOCK)
    order = np.argsort(by_angle, axis=1, kind="stable") + np.arange(blocks)[:, None] * BLOCK
    tiles = np.zeros((blocks * BLOCK, width), np.float32)
    tiles[:count, :features] = candidates.detach().numpy()
    ranks = np.concatenate([order, order.max(axis=1, keepdims=True)], axis=1)
    padded_queries = np.zeros((len(queries), width), np.float32)
    padded_queries[:, :features] = queries.detach().numpy()
    positions, weights = np.polynomial.legendre.leggauss(nodes)
    low_, high_ = (edge.detach().numpy().astype(np.float64)[:, None] for edge in (low, high))
    problem = Problem(
        np.ascontiguousarray(tiles[order].transpose(0, 2, 1)),
        padded_angles[order],
        ranks.astype(np.int32),
        padded_queries,
        np.clip(known.detach().numpy(), 0, count).astype(np.int64),
        (0.5 * (low_ + high_) + 0.5 * abs(high_ - low_) * positions).astype(np.float32),
        (1.0 / bandwidth if kernel == "laplace" else 0.5 / bandwidth**2).astype(np.float32),
        kernel == "laplace",
        distance == "manhattan",
    )
    return problem, order.ravel(), 0.5 * weights


@dataclass(frozen=True)
class Result:
    """Of the forward pass: `loss` [Q] and what the backward pass needs.

    `factors` [Q, G] as in `streaming.stream_gradients`; `by_bandwidth` and `by_floor` [Q], the former without
    `spread_slope` times the sum of `spreads`.
    """

    loss: np.ndarray
    peaks: np.ndarray
    sums: np.ndarray
    factors: np.ndarray
    by_bandwidth: np.ndarray
    by_floor: np.ndarray
    spread_slope: np.ndarray


def finished(
    problem: Problem, peaks: np.ndarray, sums: np.ndarray, node_weights: np.ndarray, h: np.ndarray, epsilon: float
) -> Result:
    """Loss and factors from the streamed sums, in float64."""
    nodes = problem.nodes.astype(np.float64)
    nothing = problem.known == 0
    with np.errstate(all="ignore"):
        steepness = problem.steepness[:, None].astype(np.float64)
        log_sums = peaks + np.log(sums)
        log_nodes = log_sums[:, FIRST_NODE:]
        log_constant = -np.log(2.0 * h) if problem.is_laplace else -np.log(h) - 0.5 * np.log(2.0 * np.pi)
        log_constant = log_constant[:, None]
        from_left, from_right = nodes - nodes[:, :1], nodes[:, -1:] - nodes
        if problem.is_laplace:
            tails = (log_sums[:, [side]] - away * steepness for side, away in ((LEFT, from_left), (RIGHT, from_right)))
            for tail in tails:
                log_nodes = np.logaddexp(log_nodes, tail)
        log_kernels = log_nodes - log_sums[:, [ALL]] + log_constant
        log_kernels[nothing] = -np.inf
        log_kept, log_floor = np.log1p(-epsilon), np.log(epsilon * FLOOR_DENSITY)
        log_density = np.logaddexp(log_kept + log_kernels, log_floor)
        loss = -(log_density @ node_weights)
        # Share of the kernels in the density, and its derivative by the floor.
        kept = node_weights * np.exp(log_kept + log_kernels - log_density)
        by_floor = -((FLOOR_DENSITY - np.exp(log_kernels)) * np.exp(-log_density)) @ node_weights
        # What one unit of e^z times the kernel without its constant counts for in the loss, at each node.
        log_unit = np.log(node_weights) + log_kept + log_constant - log_sums[:, [ALL]] - log_density
        factors = np.zeros(peaks.shape)
        factors[:, FIRST_NODE:] = np.exp(log_unit + peaks[:, FIRST_NODE:])
        spread = np.zeros(len(peaks))
        if problem.is_laplace:
            for side, away in ((LEFT, from_left), (RIGHT, from_right)):
                shares = np.exp(log_unit + peaks[:, [side]] - away * steepness)
                factors[:, side] = shares.sum(1)
                spread += (shares * away).sum(1) * sums[:, side]
        spread_slope = -1.0 / h**2 if problem.is_laplace else -1.0 / h**3
        by_bandwidth = spread_slope * spread + kept.sum(1) / h
    for values in (factors, by_bandwidth):
        values[nothing] = 0.0
    # An empty sum has no peak; its factor is 0.
    held = np.where(np.isneginf(peaks), np.float32(0.0), peaks)
    return Result(loss, held, sums, factors, by_bandwidth, by_floor, spread_slope)


def balancing_factors(factors: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """The factors [Q] of ALL, float64, with which the gradients by the logits add up to 0."""
    shares = (factors[:, LEFT:].astype(np.float64) * sums[:, LEFT:]).sum(1)
    with np.errstate(all="ignore"):
        return np.where(sums[:, ALL] > 0.0, shares / sums[:, ALL], shares)


def at_once(tasks: list[Callable[[], None]], threads: int) -> None:
    """Run the tasks, which share no output, by up to `threads` threads; compiled code lets go of Python's lock."""
    if threads == 1 or len(tasks) == 1:
        for task in tasks:
            task()
        return
    with ThreadPoolExecutor(min(threads, len(tasks))) as pool:
        for future in [pool.submit(task) for task in tasks]:
            future.result()
