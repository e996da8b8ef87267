"""Losses of a density over angles against the interval that would have hit (torch); each returns one value a query [Q].

[Q] queries of one battle, [J] candidates shared by them, [N] quadrature nodes. `log_weights` [Q, J] is a log-softmax
over the candidates, -inf where a candidate is masked; `angles` [J], `low` and `high` [Q] with low <= high are in guess
factors (GF). The density is p(x) = (1 - floor) Σ_j S_j K_h(x - x_j) + floor/2, S = exp(log_weights), the floor on
[-1, 1]; a query without any candidate has the floor only. `bandwidth` is one for all, or [Q]. Losses on bins: `bins`.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from beepsim.targeting import bins
from beepsim.targeting.bins import NARROWEST, widened
from beepsim.targeting.kernels import Kernel, by_query
from beepsim.targeting.logs import log_add_exp, log_sum_exp
from beepsim.targeting.squared import mixture_squared

NODES = 8
"""Gauss–Legendre nodes. Error of the log-density's mean over an interval of 0.2 at bandwidth 0.07, 2,000 candidates:
about 1e-3 for Laplace, whose kinks it misses, below 1e-6 for Gaussian."""
FLOOR_DENSITY = 0.5
"""Uniform density on the guess factors from -1 to 1."""

Loss = Callable[[Tensor, Tensor, Tensor, Tensor, Kernel, Tensor, Tensor], Tensor]


def kde_cross_entropy(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """-1/(high - low) ∫ log p(x) dx over [low, high], nats: cross-entropy of the uniform density there and p.

    Of an interval of width 0 it is -log p at that angle. The edges of a box move between the quadrature's nodes
    unseen: its bandwidth cannot be learned from this loss.
    """
    return -mean_log_density(log_weights, angles, low, high, kernel, by_query(bandwidth), floor)


def hit_probability(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """-log ∫ p(x) dx over [low, high], nats: minus the log of the probability to hit by an angle drawn from p.

    The floor covers at least NARROWEST of an interval, also of one beyond the escape angle.
    """
    low, high = widened(low, high)
    centre, half = 0.5 * (low + high), 0.5 * (high - low)
    log_mean = kernel.log_mean(centre[:, None] - angles, half[:, None], by_query(bandwidth))
    mixture = torch.log1p(-floor) + log_sum_exp(log_weights + log_mean) + torch.log(high - low)
    covered = torch.clamp(length_in_range(low, high), min=NARROWEST)
    return -log_add_exp(mixture, torch.log(floor * FLOOR_DENSITY * covered))


def mse_mean(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """(Σ_j S_j x_j - (low + high)/2)², in GF²: the error of the mean; kernel, bandwidth and floor play no part."""
    return (torch.exp(log_weights) @ angles - 0.5 * (low + high)) ** 2


def mse_expected(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """Σ_j S_j (x_j - (low + high)/2)², in GF²: the mean squared error of a candidate drawn by its weight.

    That of the mean (`mse_mean`) plus the variance of the angles; kernel, bandwidth and floor play no part.
    """
    return (torch.exp(log_weights) * (angles - 0.5 * (low + high)[:, None]) ** 2).sum(-1)


def mse_density(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """∫ (p(x) - u(x))² dx over all x, per GF, with u = 1/(high - low) on [low, high]; see `squared`."""
    low, high = widened(low, high)
    bandwidth = by_query(bandwidth)
    weights = torch.exp(log_weights)
    width = high - low
    kept = 1.0 - floor
    inside = kernel.cumulative(1.0 - angles, bandwidth) - kernel.cumulative(-1.0 - angles, bandwidth)
    centre = 0.5 * (low + high)
    mean = torch.exp(kernel.log_mean(centre[:, None] - angles, 0.5 * width[:, None], bandwidth))
    covered = length_in_range(low, high) / width
    squared = kept**2 * mixture_squared(weights, angles, kernel, bandwidth)
    density_squared = squared + kept * floor * (weights * inside).sum(-1) + floor**2 * FLOOR_DENSITY
    crossed = kept * (weights * mean).sum(-1) + floor * FLOOR_DENSITY * covered
    return density_squared - 2.0 * crossed + 1.0 / width


LOSSES: dict[str, Loss] = {
    "kde_cross_entropy": kde_cross_entropy,
    "hit_probability": hit_probability,
    "mse_mean": mse_mean,
    "mse_expected": mse_expected,
    "mse_density": mse_density,
    "bins_cross_entropy": bins.bins_cross_entropy,
    "bins_kl": bins.bins_kl,
    "bins_kl_smoothed": bins.bins_kl_smoothed,
    "bins_margin": bins.bins_margin,
    "bins_squared": bins.bins_squared,
    "continuous_categorical": bins.continuous_categorical,
    "unhinged": bins.unhinged,
}


def mean_log_density(
    log_weights: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: Kernel, bandwidth: Tensor, floor: Tensor
) -> Tensor:
    """Mean of log p over [low, high] by Gauss–Legendre quadrature, [Q] in nats per GF; log-sum-exps throughout."""
    nodes, node_weights = (
        torch.as_tensor(values, dtype=log_weights.dtype, device=log_weights.device)
        for values in np.polynomial.legendre.leggauss(NODES)
    )
    log_kept, log_floor = torch.log1p(-floor), torch.log(floor * FLOOR_DENSITY)
    total = torch.zeros_like(low)
    # One node at a time: the largest tensor stays [Q, J].
    for node, node_weight in zip(nodes, node_weights, strict=True):
        position = 0.5 * (low + high) + 0.5 * (high - low) * node
        log_kernel = kernel.log_density(position[:, None] - angles, bandwidth)
        log_mixture = log_kept + log_sum_exp(log_weights + log_kernel)
        total = total + 0.5 * node_weight * log_add_exp(log_mixture, log_floor)
    return total


def length_in_range(low: Tensor, high: Tensor) -> Tensor:
    """Length of the part of [low, high] on which the floor lies; the interval of a clipped angle may reach beyond."""
    return torch.relu(torch.clamp(high, max=1.0) - torch.clamp(low, min=-1.0))
