"""Student's t distribution with an odd number `nu` of degrees of freedom (torch): closed forms, Cauchy's for nu = 1.

`offset` and `bandwidth` in guess factors (GF), densities per GF; the density is t_nu(offset/bandwidth)/bandwidth. With
offset = bandwidth · √nu · tan θ its integral is that of cos^(nu - 1) θ.
"""

import math
from fractions import Fraction
from functools import cache

import numpy as np
import torch
from torch import Tensor

from beepsim.targeting.logs import log_or_minus_inf


@cache
def log_height(nu: int) -> float:
    """log t_nu(0)."""
    return math.lgamma(0.5 * (nu + 1)) - math.lgamma(0.5 * nu) - 0.5 * math.log(nu * math.pi)


def log_density(nu: int, offset: Tensor, bandwidth: Tensor) -> Tensor:
    """log K = log t(0) - (nu + 1)/2 · log(1 + z²/nu) - log(bandwidth), z = offset/bandwidth."""
    square = (offset / bandwidth) ** 2
    return log_height(nu) - 0.5 * (nu + 1) * torch.log1p(square / nu) - torch.log(bandwidth)


def bandwidth_slope(nu: int, offset: Tensor, bandwidth: Tensor) -> Tensor:
    square = (offset / bandwidth) ** 2
    return ((nu + 1) * square / (nu + square) - 1.0) / bandwidth


def cumulative(nu: int, offset: Tensor, bandwidth: Tensor) -> Tensor:
    """1/2 + (θ + sin θ cos θ (1 + 2/3 cos² θ + 2/3 · 4/5 cos⁴ θ + ...))/π, the last power cos^(nu - 3) θ."""
    z = offset / bandwidth
    square = nu / (nu + z**2)  # cos² θ
    total, term = torch.zeros_like(z), torch.ones_like(z)
    for k in range(1, (nu + 1) // 2):
        total = total + term
        term = term * square * (2 * k / (2 * k + 1))
    root = math.sqrt(nu)
    return 0.5 + (torch.atan(z / root) + z / root * square * total) / math.pi


def log_mean(nu: int, offset: Tensor, half_width: Tensor, bandwidth: Tensor) -> Tensor:
    """The integral over the angle from the far tail, π/2 - θ, in which nothing cancels.

    Gauss–Legendre in that angle, where the integrand is a short sum of cosines: as exact as the arithmetic.
    """
    m, root = torch.abs(offset) / bandwidth, math.sqrt(nu)
    t = torch.clamp(half_width / bandwidth, min=1e-9)  # a point's mean is the limit
    span = torch.atan2(2.0 * root * t, nu + (m - t) * (m + t))
    log_mass = torch.log(span / (2.0 * t)) + log_height(nu) + 0.5 * math.log(nu) - torch.log(bandwidth)
    if nu == 1:
        return log_mass
    lowest = torch.atan2(torch.full_like(m + t, root), m + t)
    middle = torch.sin(lowest + 0.5 * span)
    total: Tensor | float = 0.0
    for node, weight in zip(*np.polynomial.legendre.leggauss(8 + nu), strict=True):
        ratio = torch.sin(lowest + 0.5 * (1.0 + float(node)) * span) / middle
        total = total + 0.5 * float(weight) * ratio ** (nu - 1)
    return log_mass + (nu - 1) * torch.log(middle) + log_or_minus_inf(torch.as_tensor(total))


def ramp(nu: int, offset: Tensor, bandwidth: Tensor) -> Tensor:
    """x F(x) minus the integral of x K: (nu h² + x²) K(x)/(1 - nu), or h/2π · log(1 + x²/h²) for Cauchy's."""
    rising = offset * cumulative(nu, offset, bandwidth)
    if nu == 1:
        return rising - bandwidth / (2.0 * math.pi) * torch.log1p((offset / bandwidth) ** 2)
    return rising + (nu * bandwidth**2 + offset**2) / (nu - 1) * torch.exp(log_density(nu, offset, bandwidth))


@cache
def product_parts(nu: int) -> tuple[tuple[float, int, float], ...]:
    """∫ K(x) K(x - d) dx as a mixture of t densities of d: (share, degrees of freedom, bandwidth's factor) of each.

    The characteristic function is e^{-s} Σ c_k s^k, s = √nu |t|; its square's inverse is, term by term,
    Re (1 + iy)^n/(1 + y²)^n with y = d/(2 √nu h): polynomials in 1/(1 + y²), whose powers are t densities.
    """
    m = nu // 2
    c = [
        Fraction(math.factorial(2 * m - k) * 2**k * math.factorial(m))
        / (math.factorial(m - k) * math.factorial(k) * math.factorial(2 * m))
        for k in range(m + 1)
    ]
    powers = [Fraction(0)] * (nu + 1)  # of 1/(1 + y²)
    for k in range(nu):
        square = sum((c[i] * c[k - i] for i in range(max(0, k - m), min(m, k) + 1)), Fraction(0))
        scale = square * math.factorial(k) / 2**k
        n = k + 1
        for j in range(n // 2 + 1):
            for i in range(j + 1):
                powers[n - j + i] += scale * math.comb(n, 2 * j) * (-1) ** (j + i) * math.comb(j, i)
    parts = []
    for power, factor in enumerate(powers):
        if factor:
            freedom = 2 * power - 1
            share = float(factor) / math.pi / math.sqrt(freedom) / math.exp(log_height(freedom))
            parts.append((share, freedom, 2.0 * math.sqrt(nu / freedom)))
    return tuple(parts)


def product(nu: int, distance: Tensor, bandwidth: Tensor) -> Tensor:
    """∫ K(x) K(x - distance) dx, for Cauchy's its density at twice the bandwidth."""
    parts = product_parts(nu)
    return sum(share * torch.exp(log_density(n, distance, factor * bandwidth)) for share, n, factor in parts)  # type: ignore[return-value]


def product_ramp(nu: int, distance: Tensor, bandwidth: Tensor) -> Tensor:
    return sum(share * ramp(n, distance, factor * bandwidth) for share, n, factor in product_parts(nu))  # type: ignore[return-value]
