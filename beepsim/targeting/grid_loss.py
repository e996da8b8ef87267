"""Cross-entropy of a density whose candidates are intervals, with its gradients, on a grid of angles (compiled, torch).

Each candidate spreads its weight evenly over its own hit interval; the sum, in cells of a grid, is smoothed by the
kernel. Per pair that takes one exponential and eight additions, whatever the number of angles. [Q] queries, [J]
candidates, [D] embedded features, [N] cells; guess factors (GF); Manhattan distances; float32.
"""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from beepsim.jit import jit
from beepsim.targeting.kernels import PointKernel, by_query
from beepsim.targeting.losses import FLOOR_DENSITY
from beepsim.targeting.smearing import check_half_widths

CELL = 1.0 / 64.0
REACH = 80  # cells on either side of GF 0: to GF 1.25, for kernels near the escape angle
CELLS = 2 * REACH + 1
CENTRES = np.arange(-REACH, REACH + 1) * CELL
NARROWEST = 0.5  # cells; narrower intervals are widened to that
BLOCK = 1024  # candidates at once


@jit
def fill_logits(queries, candidates, known, logits):
    """Minus the Manhattan distance of queries [Q, D] to candidates [D, J], as far as they know them."""
    for start in range(0, candidates.shape[1], BLOCK):
        for q in range(len(queries)):
            end = min(start + BLOCK, known[q])
            if end > start:
                part = logits[q, start:end]
                part[:] = 0.0
                for d in range(len(candidates)):
                    value, row = queries[q, d], candidates[d, start:end]
                    for j in range(end - start):
                        part[j] -= abs(value - row[j])


@jit
def add_step(mass, place, height):
    """Add to mass a rise by `height` at `place` (cells), which a running sum over cells makes an edge there."""
    cell = int(place)
    share = place - cell
    mass[cell] += height * (1.0 - share)
    mass[cell + 1] += height * share


@jit
def fill_masses(logits, known, starts, ends, mass):
    """Softmax of the logits, in place, and the mass [Q, N] that it lays on the intervals; 0 where nothing is known."""
    mass[:] = 0.0
    for q in range(len(logits)):
        count, row = known[q], logits[q]
        if count == 0:
            continue
        highest = row[0]
        for j in range(1, count):
            highest = max(highest, row[j])
        total = np.float32(0.0)
        for j in range(count):
            row[j] = np.exp(row[j] - highest)
            total += row[j]
        for j in range(count):
            row[j] /= total
            height = np.float64(row[j]) / (ends[j] - starts[j])
            add_step(mass[q], starts[j], height)
            add_step(mass[q], ends[j], -height)
        running = 0.0
        for n in range(CELLS):
            running += mass[q, n]
            mass[q, n] = max(running, 0.0)


@jit
def fill_gradients(queries, candidates, known, weights, starts, ends, by_mass, by_query, by_candidate):
    """Gradients [Q, D], [D, J] from those by the mass [Q, N]; `weights` are the softmax and are overwritten."""
    by_query[:] = 0.0
    by_candidate[:] = 0.0
    running = np.zeros(CELLS + 1)
    for q in range(len(queries)):
        row, slope = weights[q], by_mass[q]
        for n in range(CELLS):
            running[n + 1] = running[n] + slope[n]
        mean = 0.0
        for turn in range(2):  # the second time with the mean
            for j in range(known[q]):
                start, end = int(starts[j]), int(ends[j])
                inside = running[end] + (ends[j] - end) * slope[end]
                inside -= running[start] + (starts[j] - start) * slope[start]
                inside /= ends[j] - starts[j]
                if turn == 0:
                    mean += row[j] * inside
                else:
                    row[j] *= inside - mean
    for block in range(0, candidates.shape[1], BLOCK):
        for q in range(len(queries)):
            stop = min(block + BLOCK, known[q])
            if stop > block:
                by_logit = weights[q, block:stop]
                for d in range(len(candidates)):
                    value, row = queries[q, d], candidates[d, block:stop]
                    found, total = by_candidate[d, block:stop], np.float32(0.0)
                    for j in range(stop - block):
                        pull = by_logit[j] if value > row[j] else -by_logit[j]
                        found[j] += pull
                        total -= pull
                    by_query[q, d] += total


def places(low: Tensor, high: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Edges of intervals (GF) in cells, widened where they are too narrow; what lies beyond the grid is at its end.

    Raises UserError for an interval whose width is below 0 or not finite.
    """
    check_half_widths(0.5 * (high - low))
    centre, half = 0.5 * (low + high), torch.clamp(0.5 * (high - low), min=0.5 * NARROWEST * CELL)
    start, end = (((centre + side * half) / CELL + REACH + 0.5).double() for side in (-1.0, 1.0))
    last = CELLS - 1.0 - 1e-3
    start = start.clamp(0.0, last - NARROWEST)
    return start.numpy(), torch.maximum(end.clamp(max=last), start + NARROWEST).numpy()


def shares(low: Tensor, high: Tensor) -> Tensor:
    """How much of each interval [Q] lies in each cell [Q, N]; the outer two take what lies beyond. Sums to 1."""
    edges = torch.as_tensor(np.append(CENTRES - 0.5 * CELL, CENTRES[-1] + 0.5 * CELL))
    edges[0], edges[-1] = -torch.inf, torch.inf
    centre, half = 0.5 * (low + high).double(), torch.clamp(0.5 * (high - low).double(), min=0.5 * NARROWEST * CELL)
    left = torch.maximum(edges[:-1], (centre - half)[:, None])
    right = torch.minimum(edges[1:], (centre + half)[:, None])
    return torch.clamp(right - left, min=0.0) / (2.0 * half[:, None])


class Masses(torch.autograd.Function):
    """Mass [Q, N] in the cells, from embedded queries [Q, D] and candidates [J, D]; differentiable by both, once."""

    @staticmethod
    def forward(context: Any, queries: Tensor, candidates: Tensor, known: Tensor, low: Tensor, high: Tensor) -> Tensor:
        starts, ends = places(low, high)
        rows = queries.detach().numpy(), np.ascontiguousarray(candidates.detach().numpy().T), known.numpy()
        logits = np.empty((len(queries), len(candidates)), np.float32)
        mass = np.empty((len(queries), CELLS))
        fill_logits(*rows, logits)
        fill_masses(logits, rows[2], starts, ends, mass)
        context.kept = (*rows, logits, starts, ends)
        return torch.from_numpy(mass)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        queries, candidates = context.kept[:2]
        by_query, by_candidate = np.empty_like(queries), np.empty_like(candidates)
        fill_gradients(*context.kept, gradient.double().numpy(), by_query, by_candidate)
        return torch.from_numpy(by_query), torch.from_numpy(by_candidate.T.copy()), None, None, None


def grid_cross_entropy(
    queries: Tensor,
    candidates: Tensor,
    known: Tensor,
    candidate_low: Tensor,
    candidate_high: Tensor,
    low: Tensor,
    high: Tensor,
    kernel: PointKernel,
    bandwidth: Tensor,
    floor: Tensor,
) -> Tensor:
    """`losses.kde_cross_entropy` [Q] with candidates that are intervals; the density is its mean over cells.

    Query q knows the first known[q] candidates. Differentiable by queries, candidates, bandwidth and floor. Raises
    UserError for a bandwidth that is not above 0, and for a candidate's interval that is none.
    """
    width = by_query(bandwidth).double().reshape(-1, 1)
    mass = Masses.apply(queries, candidates, known, candidate_low, candidate_high)  # type: ignore[no-untyped-call]
    offset = torch.arange(1 - CELLS, CELLS, dtype=torch.float64) * CELL
    # Its mean over a cell: what a narrow kernel has at a cell's centre would be more than its mass.
    half = torch.tensor(0.5 * CELL, dtype=torch.float64)
    tables = torch.exp(kernel.log_mean(offset, half, width))  # [1 or Q, 2N - 1]
    smoothing = tables[:, torch.arange(CELLS)[:, None] - torch.arange(CELLS) + CELLS - 1]
    smooth = mass @ smoothing[0] if len(width) == 1 else (mass[:, None] @ smoothing)[:, 0]
    density = (1.0 - floor.double()) * smooth + floor.double() * FLOOR_DENSITY
    smallest = math.exp(-700.0)  # where neither kernel nor floor reaches
    return -(shares(low, high) * torch.log(torch.clamp(density, min=smallest))).sum(-1).to(queries.dtype)
