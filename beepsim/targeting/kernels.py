"""Kernels of the density over angles: densities, their integrals, and means over intervals; closed forms (torch).

`offset` is an angle minus the kernel's centre and `bandwidth` the kernel's width, both in guess factors (GF); densities
are per GF. Tensors of any shapes that broadcast; precision is that of the arguments. Where a density is 0 its logarithm
is -inf, with gradient 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from beepsim.errors import UserError
from beepsim.targeting import student
from beepsim.targeting.logs import log_or_minus_inf, log_sinh_ratio

LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)

Shape = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Kernel:
    """All that losses need to know of a kernel K_h, each a function of (offset, bandwidth) where nothing else is said.

    Of kernels that are spread over each candidate's interval (`smearing.smear`), `spread` are the kernel and half of
    the intervals' widths [J].
    """

    log_density: Shape
    bandwidth_slope: Shape  # derivative of log_density by the bandwidth; 0 where the density is 0
    cumulative: Shape  # F(x), the integral of K_h up to x
    product: Shape  # ∫ K_h(x) · K_h(x - offset) dx over all x, which squared densities need
    log_mean: Callable[[Tensor, Tensor, Tensor], Tensor]
    """(offset, half_width, bandwidth): log of the mean of K_h over [offset - half_width, offset + half_width]; of
    width 0 the log-density. Plus log(2 · half_width) it is the log of the mass."""
    spread: "tuple[PointKernel, Tensor] | None" = field(default=None, kw_only=True)


@dataclass(frozen=True)
class PointKernel(Kernel):
    """A kernel around a point, with what it takes to spread it over an interval."""

    ramp: Shape  # antiderivative of F, up to a constant
    product_ramp: Shape  # second antiderivative of `product`, up to a linear function


def by_query(bandwidth: Tensor) -> Tensor:
    """The bandwidth, one for all (no axis) or of each query ([Q] or [Q, 1]), as it broadcasts with [Q, J].

    Raises UserError unless it is above 0.
    """
    if not torch.compiler.is_compiling() and not bool((bandwidth > 0.0).all()):
        received = bandwidth.detach().flatten()
        wrong = float(received[~(received > 0.0)][0])
        raise UserError(f"a kernel's bandwidth is {wrong:g}; it must be above 0 guess factors")
    return bandwidth[:, None] if bandwidth.dim() == 1 else bandwidth


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


def gaussian_log_mean(offset: Tensor, half_width: Tensor, bandwidth: Tensor) -> Tensor:
    """Difference of two log Φ in the tail where both are small; of narrow intervals the series in their width."""
    m, t = torch.abs(offset) / bandwidth, half_width / bandwidth
    is_narrow = t * torch.clamp(m, min=1.0) < 0.1
    t_wide, t_narrow = torch.where(is_narrow, 1.0, t), torch.where(is_narrow, t, 0.0)
    near, far = torch.special.log_ndtr(t_wide - m), torch.special.log_ndtr(-t_wide - m)
    wide = near + torch.log(-torch.expm1(far - near)) - torch.log(2.0 * t_wide * bandwidth)
    # mean of φ over m ± t = φ(m) · Σ He_2k(m) t^2k/(2k + 1)!; the next term is below 3e-12.
    s, square = t_narrow**2, torch.where(is_narrow, m, 0.0) ** 2
    hermite = (square - 1.0, (square - 6.0) * square + 3.0, ((square - 15.0) * square + 45.0) * square - 15.0)
    series = s * (hermite[0] / 6 + s * (hermite[1] / 120 + s * hermite[2] / 5040))
    return torch.where(is_narrow, gaussian_log_density(offset, bandwidth) + torch.log1p(series), wide)


def gaussian_ramp(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """x Φ(x/h) + h φ(x/h)."""
    density = torch.exp(gaussian_log_density(offset, bandwidth))
    return offset * gaussian_cumulative(offset, bandwidth) + bandwidth**2 * density


def gaussian_product_ramp(distance: Tensor, bandwidth: Tensor) -> Tensor:
    return gaussian_ramp(distance, bandwidth * math.sqrt(2.0))


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


def laplace_log_mean(offset: Tensor, half_width: Tensor, bandwidth: Tensor) -> Tensor:
    """Beside the centre K · sinh(t)/t, t = half_width/bandwidth; over it 1 - e^{-t} cosh(offset/bandwidth) of mass."""
    m, t = torch.abs(offset) / bandwidth, half_width / bandwidth
    is_over = m < t
    m_over, t_over = torch.where(is_over, m, 0.0), torch.where(is_over, t, 1.0)
    mass = -0.5 * (torch.expm1(m_over - t_over) + torch.expm1(-m_over - t_over))
    over = torch.log(mass / (2.0 * t_over * bandwidth))
    return torch.where(is_over, over, laplace_log_density(offset, bandwidth) + log_sinh_ratio(t))


def laplace_ramp(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """max(x, 0) + ½ h e^{-|x|/h}."""
    return torch.relu(offset) + 0.5 * bandwidth * torch.exp(-torch.abs(offset) / bandwidth)


def laplace_product_ramp(distance: Tensor, bandwidth: Tensor) -> Tensor:
    """max(x, 0) + ¼ h (3 + u) e^{-u}, u = |x|/h."""
    u = torch.abs(distance) / bandwidth
    return torch.relu(distance) + 0.25 * bandwidth * (3.0 + u) * torch.exp(-u)


def box_log_density(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """log K = -log(2 · bandwidth) within a bandwidth of the centre."""
    return torch.where(torch.abs(offset) <= bandwidth, -torch.log(2.0 * bandwidth), -torch.inf)


def box_bandwidth_slope(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """Of the height; that the edges move does not show at single angles."""
    return torch.where(torch.abs(offset) <= bandwidth, -1.0 / bandwidth, 0.0)


def box_cumulative(offset: Tensor, bandwidth: Tensor) -> Tensor:
    return torch.clamp(0.5 * (1.0 + offset / bandwidth), 0.0, 1.0)


def box_product(distance: Tensor, bandwidth: Tensor) -> Tensor:
    """A triangle that ends at 2 · bandwidth."""
    return torch.relu(2.0 - torch.abs(distance) / bandwidth) / (4.0 * bandwidth)


def box_log_mean(offset: Tensor, half_width: Tensor, bandwidth: Tensor) -> Tensor:
    """Overlap of box and interval."""
    is_wide = half_width > 0.0
    half = torch.where(is_wide, half_width, 1.0)
    overlap = torch.minimum(
        (half + bandwidth - torch.abs(offset)) / (2.0 * half), torch.clamp(bandwidth / half, max=1.0)
    )
    return torch.where(is_wide, log_or_minus_inf(overlap / (2.0 * bandwidth)), box_log_density(offset, bandwidth))


def box_ramp(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """(x + h)²/4h within the box, x beyond it."""
    inside = torch.minimum(torch.relu(offset + bandwidth), 2.0 * bandwidth)
    return inside**2 / (4.0 * bandwidth) + torch.relu(offset - bandwidth)


def box_product_ramp(distance: Tensor, bandwidth: Tensor) -> Tensor:
    """max(x, 0) + (2h - |x|)³/24h² up to 2h."""
    return torch.relu(distance) + torch.relu(2.0 * bandwidth - torch.abs(distance)) ** 3 / (24.0 * bandwidth**2)


def epanechnikov_log_density(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """log K = log(3/4 · (1 - (offset/bandwidth)²)/bandwidth) within a bandwidth of the centre."""
    t = torch.abs(offset) / bandwidth
    return log_or_minus_inf(0.75 * (1.0 - t) * (1.0 + t) / bandwidth)


def epanechnikov_bandwidth_slope(offset: Tensor, bandwidth: Tensor) -> Tensor:
    t = torch.abs(offset) / bandwidth
    above = (1.0 - t) * (1.0 + t)
    is_inside = above > 0.0
    return torch.where(is_inside, (2.0 * t**2 / torch.where(is_inside, above, 1.0) - 1.0) / bandwidth, 0.0)


def epanechnikov_cumulative(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """(2 - t)(1 + t)²/4 with t = offset/bandwidth in [-1, 1]."""
    t = torch.clamp(offset / bandwidth, -1.0, 1.0)
    return 0.25 * (2.0 - t) * (1.0 + t) ** 2


def epanechnikov_product(distance: Tensor, bandwidth: Tensor) -> Tensor:
    """3/160 (2 - t)³ (t² + 6t + 4)/h with t = |x|/h up to 2."""
    t = torch.clamp(torch.abs(distance) / bandwidth, max=2.0)
    return 3.0 / 160.0 * (2.0 - t) ** 3 * ((t + 6.0) * t + 4.0) / bandwidth


def epanechnikov_log_mean(offset: Tensor, half_width: Tensor, bandwidth: Tensor) -> Tensor:
    """3/4 (1 - m² - t²/3)/h inside; of what reaches into the support by s bandwidths the mass 3/4 (s² - s³/3)."""
    m, t = torch.abs(offset) / bandwidth, half_width / bandwidth
    is_inside = m + t <= 1.0
    inside = (1.0 - m) * (1.0 + m) - t**2 / 3.0
    s = torch.clamp(1.0 - m + t, 0.0, 2.0)
    # A point outside the support reaches into it by nothing: s is 0 there, and must not be divided by 0.
    partly = s**2 * (1.0 - s / 3.0) / (2.0 * torch.where(is_inside | (t == 0.0), 1.0, t))
    return log_or_minus_inf(0.75 * torch.where(is_inside, inside, partly) / bandwidth)


def epanechnikov_ramp(offset: Tensor, bandwidth: Tensor) -> Tensor:
    """h (1 + t)³ (3 - t)/16 within the support, x beyond it."""
    t = torch.clamp(offset / bandwidth, -1.0, 1.0)
    return bandwidth * (1.0 + t) ** 3 * (3.0 - t) / 16.0 + torch.relu(offset - bandwidth)


def epanechnikov_product_ramp(distance: Tensor, bandwidth: Tensor) -> Tensor:
    """max(x, 0) + 3/160 h s⁵ (1 - s/3 + s²/42) with s = 2 - |x|/h down to 0."""
    s = torch.relu(2.0 - torch.abs(distance) / bandwidth)
    return torch.relu(distance) + 3.0 / 160.0 * bandwidth * s**5 * (1.0 - s / 3.0 + s**2 / 42.0)


def student_t(nu: int) -> PointKernel:
    """Student's t distribution scaled by the bandwidth, for an odd number of degrees of freedom `nu`; 1 is Cauchy's.

    Raises UserError for a `nu` without closed forms.
    """
    if nu < 1 or nu % 2 == 0:
        raise UserError(f"Student's t with nu = {nu}: its integrals are elementary for nu = 1, 3, 5 ... only")
    return PointKernel(
        partial(student.log_density, nu),
        partial(student.bandwidth_slope, nu),
        partial(student.cumulative, nu),
        partial(student.product, nu),
        partial(student.log_mean, nu),
        partial(student.ramp, nu),
        partial(student.product_ramp, nu),
    )


KERNELS = {
    "gaussian": PointKernel(
        gaussian_log_density,
        gaussian_bandwidth_slope,
        gaussian_cumulative,
        gaussian_product,
        gaussian_log_mean,
        gaussian_ramp,
        gaussian_product_ramp,
    ),
    "laplace": PointKernel(
        laplace_log_density,
        laplace_bandwidth_slope,
        laplace_cumulative,
        laplace_product,
        laplace_log_mean,
        laplace_ramp,
        laplace_product_ramp,
    ),
    "box": PointKernel(
        box_log_density,
        box_bandwidth_slope,
        box_cumulative,
        box_product,
        box_log_mean,
        box_ramp,
        box_product_ramp,
    ),
    "epanechnikov": PointKernel(
        epanechnikov_log_density,
        epanechnikov_bandwidth_slope,
        epanechnikov_cumulative,
        epanechnikov_product,
        epanechnikov_log_mean,
        epanechnikov_ramp,
        epanechnikov_product_ramp,
    ),
    "cauchy": student_t(1),
    "student_t": student_t(3),
    "student_t_5": student_t(5),
    "student_t_9": student_t(9),
}
