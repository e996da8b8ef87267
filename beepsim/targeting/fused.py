"""The kernel-density cross-entropy straight from embedded features, with its gradients, fused (torch).

Nothing of size Q×J is held, let alone Q×J×N: candidates are streamed past each query, again in the backward pass; on a
CPU by `fused_cpu`, on a CUDA device by `fused_cuda`. [Q] queries, [J] candidates, [D] embedded features, [N] quadrature
nodes, [G] columns of sums (see `streaming`); float32. On a CPU the same bits on any number of threads.
"""

import importlib.util
import math
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from beepsim.targeting import fused_cpu
from beepsim.targeting.kernels import by_query
from beepsim.targeting.losses import FLOOR_DENSITY, NODES
from beepsim.targeting.streaming import ALL, FIRST_NODE, LEFT, RIGHT

KERNELS = ("gaussian", "laplace")
DISTANCES = ("manhattan", "squared_euclidean")


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
    `bandwidth` is one for all, or [Q]; UserError unless above 0. Differentiable once, by queries, candidates, bandwidth
    and floor.
    """
    return Fused.apply(  # type: ignore[no-any-return, no-untyped-call]
        queries, candidates, known, angles, low, high, kernel, distance, bandwidth, floor, nodes
    )


@cache
def quadrature(nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss–Legendre positions [N], from -1 to 1, and weights [N]."""
    return np.polynomial.legendre.leggauss(nodes)


def is_fusible(queries: Tensor, kernel: str, distance: str) -> bool:
    """Whether `fused_cross_entropy` computes this: its kernels and distances, float32, CPU or CUDA with Triton."""
    device = queries.device.type
    is_there = device == "cpu" or (device == "cuda" and importlib.util.find_spec("triton") is not None)
    return is_there and queries.dtype == torch.float32 and kernel in KERNELS and distance in DISTANCES


def passes(device: str) -> ModuleType:
    """The module with `lay_out`, `add_up` and `differentiate` for tensors of this device."""
    if device == "cpu":
        return fused_cpu
    from beepsim.targeting import fused_cuda  # needs Triton, which comes with torch's CUDA build only

    return fused_cuda


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
        device, is_laplace, is_manhattan = queries.device, kernel == "laplace", distance == "manhattan"
        positions, weights = (torch.as_tensor(values, device=device) for values in quadrature(nodes))
        low, high = low.double()[:, None], high.double()[:, None]
        x = (0.5 * (low + high) + 0.5 * (high - low).abs() * positions).float().contiguous()
        h = by_query(bandwidth).double().reshape(-1).expand(len(queries))
        steepness = (1.0 / h if is_laplace else 0.5 / h**2).float().contiguous()
        known = known.clamp(0, len(candidates)).long().contiguous()
        run = passes(device.type)
        layout = run.lay_out(queries, candidates, known, angles, x, steepness, is_laplace, is_manhattan)
        peaks, sums, nearest = run.add_up(layout, FIRST_NODE + nodes)
        result = finished(
            peaks, sums, known, x.double(), 0.5 * weights, steepness.double(), h, floor.double(), is_laplace
        )
        context.save_for_backward(queries, candidates, nearest)
        context.run, context.layout, context.result = run, layout, result
        context.is_manhattan, context.bandwidth_shape = is_manhattan, bandwidth.shape
        return result.loss.float()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        queries, candidates, nearest = context.saved_tensors
        result = context.result
        from_above = gradient.double()
        factors = (result.factors * from_above[:, None]).float()
        whole = balancing_factors(factors, result.sums)
        factors[:, ALL] = whole.float()
        rests = (whole - factors[:, ALL]).float()
        by_queries, by_candidates, spreads, totals = context.run.differentiate(
            context.layout, result.peaks, factors, rests, tuple(candidates.shape)
        )
        if len(candidates):
            # The gradients by a query's logits add up to 0. Of what rounding left of that sum the candidate at the peak
            # takes its share: where it has all the weight, its distance times the rest would drown the gradient.
            offsets = queries - candidates[nearest]
            left = totals / result.sums[:, ALL].clamp(min=1.0)
            steps = left[:, None] * (torch.sign(offsets) if context.is_manhattan else 2.0 * offsets)
            by_queries += steps
            by_candidates.index_put_((nearest,), -steps.float(), accumulate=True)
        by_bandwidth = from_above * result.by_bandwidth + result.spread_slope * spreads
        shape = context.bandwidth_shape
        by_bandwidth = (by_bandwidth.sum() if shape.numel() == 1 else by_bandwidth).reshape(shape)
        return (
            by_queries.float(), by_candidates, None, None, None, None, None, None,
            by_bandwidth.to(gradient.dtype), (from_above * result.by_floor).sum().to(gradient.dtype), None,
        )  # fmt: skip


@dataclass(frozen=True)
class Result:
    """Of the forward pass: `loss` [Q] and what the backward pass needs; float64 but for the peaks.

    `factors` [Q, G] as in `streaming.stream_gradients` but for ALL; `by_bandwidth` and `by_floor` [Q], the former
    without `spread_slope` [Q] times `spreads`.
    """

    loss: Tensor
    peaks: Tensor
    sums: Tensor
    factors: Tensor
    by_bandwidth: Tensor
    by_floor: Tensor
    spread_slope: Tensor


def finished(
    peaks: Tensor,
    sums: Tensor,
    known: Tensor,
    nodes: Tensor,
    node_weights: Tensor,
    steepness: Tensor,
    h: Tensor,
    floor: Tensor,
    is_laplace: bool,
) -> Result:
    """Loss and factors from the streamed sums: [Q, G] and `nodes` [Q, N]; nothing here grows with J."""
    nothing = (known == 0)[:, None]
    log_sums = peaks + torch.log(sums)
    log_all, log_nodes = log_sums[:, [ALL]], log_sums[:, FIRST_NODE:]
    log_constant = (-torch.log(2.0 * h) if is_laplace else -torch.log(h) - 0.5 * math.log(2.0 * math.pi))[:, None]
    tails = ((LEFT, nodes - nodes[:, :1]), (RIGHT, nodes[:, -1:] - nodes)) if is_laplace else ()
    for side, away in tails:
        log_nodes = torch.logaddexp(log_nodes, log_sums[:, [side]] - away * steepness[:, None])
    log_kernels = torch.where(nothing, -torch.inf, log_nodes - log_all + log_constant)
    log_kept = torch.log1p(-floor)
    log_density = torch.logaddexp(log_kept + log_kernels, torch.log(floor * FLOOR_DENSITY))
    # Share of the kernels in the density, and the derivative by the floor.
    kept = node_weights * torch.exp(log_kept + log_kernels - log_density)
    by_floor = (node_weights * (torch.exp(log_kernels) - FLOOR_DENSITY) * torch.exp(-log_density)).sum(1)
    # What one unit of e^z times the kernel without its constant counts for in the loss, at each node.
    log_unit = torch.log(node_weights) + log_kept + log_constant - log_all - log_density
    factors = torch.zeros_like(sums)
    factors[:, FIRST_NODE:] = torch.exp(log_unit + peaks[:, FIRST_NODE:])
    spread = torch.zeros_like(h)
    for side, away in tails:
        shares = torch.exp(log_unit + peaks[:, [side]] - away * steepness[:, None])
        factors[:, side] = shares.sum(1)
        spread += (shares * away).sum(1) * sums[:, side]
    spread_slope = -1.0 / h**2 if is_laplace else -1.0 / h**3
    by_bandwidth = spread_slope * spread + kept.sum(1) / h
    return Result(
        -(log_density * node_weights).sum(1),
        torch.where(torch.isneginf(peaks), 0.0, peaks),  # an empty sum has no peak; its factor is 0
        sums,
        torch.where(nothing, 0.0, factors),
        torch.where(nothing[:, 0], 0.0, by_bandwidth),
        by_floor,
        spread_slope,
    )


def balancing_factors(factors: Tensor, sums: Tensor) -> Tensor:
    """The factors [Q] of ALL, float64, with which the gradients by the logits add up to 0."""
    shares = (factors[:, LEFT:].double() * sums[:, LEFT:]).sum(1)
    return torch.where(sums[:, ALL] == 0.0, 0.0, shares / sums[:, ALL])
