"""Losses on guess factors in bins (torch): the density's mass in each bin against the interval's; one value a query.

[K] bins of equal width on guess factors (GF) -1 to 1, of which the outer two take what lies beyond. The softmax over
candidates becomes bin probabilities by the kernel's mass in each bin:

    p_k = (1 - floor) Σ_j S_j (F_h(r_k - x_j) - F_h(l_k - x_j)) + floor/K,   bin k from l_k to r_k,

and the interval that would have hit becomes u_k, the share of its length in bin k. Arguments as in `losses`.
"""

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from beepsim.targeting.categorical import log_normaliser
from beepsim.targeting.kernels import Kernel, by_query

BINS = 61
SMOOTHING = 0.1
"""Share of the target that `bins_kl_smoothed` spreads evenly over the bins."""
SMALLEST = 1e-30
"""A bin's probability counts as no less: what no candidate reaches has a finite logarithm without a floor as well."""
NARROWEST = 1e-3
"""GF; intervals narrower than this count as that wide, for losses that divide by the width or take mass in it."""


def widened(low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Both ends, apart by at least NARROWEST."""
    centre, half = 0.5 * (low + high), torch.clamp(0.5 * (high - low), min=0.5 * NARROWEST)
    return centre - half, centre + half


def bins_cross_entropy(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """-log p_k of the bin k in which the middle of the interval lies, nats: classification with one right class."""
    log_p = log_probabilities(log_weights, angles, kernel, bandwidth, floor)
    middle = 0.25 * (low + high) + 0.5
    label = torch.clamp((middle * BINS).long(), 0, BINS - 1)
    return -log_p.gather(-1, label[:, None])[:, 0]


def bins_kl(
    log_weights: Tensor,
    angles: Tensor,
    low: Tensor,
    high: Tensor,
    kernel: Kernel,
    bandwidth: Tensor,
    floor: Tensor,
    smoothing: float = 0.0,
) -> Tensor:
    """Σ_k u_k log(u_k/p_k), nats, u smoothed to (1 - smoothing) u + smoothing/K: cross-entropy minus u's entropy."""
    log_p = log_probabilities(log_weights, angles, kernel, bandwidth, floor)
    u = (1.0 - smoothing) * target_probabilities(low, high) + smoothing / BINS
    return torch.special.xlogy(u, u).sum(-1) - (u * log_p).sum(-1)


def bins_kl_smoothed(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """`bins_kl` with label smoothing of SMOOTHING."""
    return bins_kl(log_weights, angles, low, high, kernel, bandwidth, floor, SMOOTHING)


def bins_margin(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """max(0, 1 - margin): hinge loss for a set of right classes, 0 once one of them leads by 1 nat (`margin`)."""
    return torch.relu(unhinged(log_weights, angles, low, high, kernel, bandwidth, floor))


def unhinged(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """1 - margin: linear in the margin, so that a mistake already made and a lead already won pull alike."""
    return 1.0 - margin(
        log_probabilities(log_weights, angles, kernel, bandwidth, floor), target_probabilities(low, high)
    )


def bins_squared(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """½ Σ_k (p_k - u_k)²: quadratic loss on the softmax's output, whose gradient can vanish at a confident mistake."""
    p = bin_probabilities(log_weights, angles, kernel, bandwidth, floor)
    return 0.5 * ((p - target_probabilities(low, high)) ** 2).sum(-1)


def continuous_categorical(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """-log density at u of the continuous categorical distribution with parameters p, nats.

    Its density on the simplex (by its first K - 1 coordinates) is C(p) Π_k p_k^{u_k}: the cross-entropy of u and p
    minus log C(p) (Gordon-Rodriguez et al., "Uses and Abuses of the Cross-Entropy Loss", 2020).
    """
    log_p = log_probabilities(log_weights, angles, kernel, bandwidth, floor)
    return log_normaliser(log_p) - (target_probabilities(low, high) * log_p).sum(-1)


def bin_probabilities(
    log_weights: Tensor, angles: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor, count: int = BINS
) -> Tensor:
    """p [Q, K], as above."""
    bandwidth = by_query(bandwidth)
    weights = torch.exp(log_weights)
    kept = 1.0 - floor
    if bandwidth.numel() == 1:
        return kept * (weights @ masses(range(count), count, angles, kernel, bandwidth).T) + floor / count

    def of_bin(weights: Tensor, bandwidth: Tensor, k: int) -> Tensor:
        return (weights * masses(range(k, k + 1), count, angles, kernel, bandwidth)).sum(-1)

    # Computed again for the gradient: K numbers for each pair would not fit.
    found = [checkpoint(of_bin, weights, bandwidth, k, use_reentrant=False) for k in range(count)]
    return kept * torch.stack(found, -1) + floor / count


def masses(chosen: range, count: int, angles: Tensor, kernel: Kernel, bandwidth: Tensor) -> Tensor:
    """Mass of each candidate's kernel in the chosen of `count` bins [chosen, J]; of one bin also [Q, J]."""
    inner = torch.arange(max(chosen[0], 1), min(chosen[-1], count - 2) + 1, dtype=angles.dtype, device=angles.device)
    parts = []
    if chosen[0] == 0:
        parts.append(kernel.cumulative((2.0 / count - 1.0) - angles[None], bandwidth))
    if len(inner):
        centres = (2.0 * inner + 1.0) / count - 1.0
        half = angles.new_full((), 1.0 / count)
        parts.append(torch.exp(kernel.log_mean(centres[:, None] - angles, half, bandwidth)) * (2.0 / count))
    if chosen[-1] == count - 1:
        parts.append(kernel.cumulative(angles[None] - (1.0 - 2.0 / count), bandwidth))
    return torch.cat(parts)


def log_probabilities(log_weights: Tensor, angles: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor) -> Tensor:
    """log p [Q, K], nats."""
    return torch.log(torch.clamp(bin_probabilities(log_weights, angles, kernel, bandwidth, floor), min=SMALLEST))


def target_probabilities(low: Tensor, high: Tensor, count: int = BINS) -> Tensor:
    """u [Q, K], as above; the bin of an angle that is a point (NARROWEST) has all of it, but at an edge."""
    low, high = widened(low, high)
    edges = torch.linspace(-1.0, 1.0, count + 1, dtype=low.dtype, device=low.device)
    edges[0], edges[-1] = -torch.inf, torch.inf
    inside = torch.minimum(high[:, None], edges[1:]) - torch.maximum(low[:, None], edges[:-1])
    return torch.relu(inside) / (high - low)[:, None]


def margin(scores: Tensor, target: Tensor) -> Tensor:
    """The highest of the scores [Q, K] where `target` is above 0 minus the highest of the others, [Q].

    An interval over all bins leaves no others: they count as log SMALLEST.
    """
    is_right = target > 0.0
    right = torch.where(is_right, scores, -torch.inf).amax(-1)
    others = torch.where(is_right, -torch.inf, scores).amax(-1)
    return right - torch.clamp(others, min=float(torch.log(torch.tensor(SMALLEST))))
