"""Kernels of the density over angles: log-density, cumulative distribution, product integral; closed forms (torch).

`offset` is an angle minus the kernel's centre and `bandwidth` the kernel's width, both in guess factors (GF); results
are per GF. Tensors of any shapes that broadcast; precision is that of the arguments.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True)
class Kernel:
    """`bandwidth_slope` is the derivative of the log-density by the bandwidth; `product(d, h)` is the integral of
    K_h(x) · K_h(x - d) over all x, which squared densities need."""

    log_density: Callable[[Tensor, Tensor], Tensor]
    bandwidth_slope: Callable[[Tensor, Tensor], Tensor]
    cumulative: Callable[[Tensor, Tensor], Tensor]
    product: Callable[[Tensor, Tensor], Tensor]


def gaussian_log_density(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """log K of the normal distribution with standard deviation `bandwidth`."""
    return -0.5 * (offset / bandwidth) ** 2 - torch.log(bandwidth) - LOG_ROOT_TWO_PI


def gaussian_bandwidth_slope(offset: Tensor, bandwidth: Tensor) -> Tensor:
    return ((offset / bandwidth) ** 2 - 1.0) / bandwidth


def gaussian_cumulative(offset: Tensor, bandwidth: Tensor) -> Tensor:
    return torch.special.ndtr(offset / bandwidth)


def gaussian_product(distance: Tensor, bandwidth: Tensor) -> Tensor:
    """A normal density of the distance with standard deviation √2 · bandwidth."""
    return torch.exp(gaussian_log_density(distance, bandwidth * math.sqrt(2.0)))


def laplace_log_density(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """log K = -|offset|/bandwidth - log(2 · bandwidth)."""
    return -torch.abs(offset) / bandwidth - torch.log(2.0 * bandwidth)


def laplace_bandwidth_slope(offset: Tensor, bandwidth: Tensor) -> Tensor:
    return (torch.abs(offset) / bandwidth - 1.0) / bandwidth


def laplace_cumulative(offset: Tensor, bandwidth: Tensor) -> Tensor:
    tail = 0.5 * torch.exp(-torch.abs(offset) / bandwidth)
    return torch.where(offset < 0.0, tail, 1.0 - tail)


def laplace_product(distance: Tensor, bandwidth: Tensor) -> Tensor:
    """(1 + u) e^{-u} / (4 · bandwidth) with u = |distance|/bandwidth."""
    u = torch.abs(distance) / bandwidth
    return (1.0 + u) * torch.exp(-u) / (4.0 * bandwidth)


KERNELS = {
    "gaussian": Kernel(gaussian_log_density, gaussian_bandwidth_slope, gaussian_cumulative, gaussian_product),
    "laplace": Kernel(laplace_log_density, laplace_bandwidth_slope, laplace_cumulative, laplace_product),
}
