"""Candidates that are intervals and not points (torch): the kernel's mean over each candidate's own hit interval.

With a bandwidth near 0 these are the boxes of BeepBoop's gun, each as wide as its interval and of mass 1. Angles in
guess factors (GF); [J] candidates, [Q] queries.
"""

import torch
from torch import Tensor

from beepsim.errors import UserError
from beepsim.targeting.kernels import Kernel, PointKernel
from beepsim.targeting.logs import log_or_minus_inf

NARROW = 1e-3
"""Times the bandwidth: differences over less than this lose more digits than the limit of width 0 errs by."""


def check_half_widths(half_widths: Tensor) -> None:
    """Raises UserError for an interval whose width is below 0 or not finite."""
    is_right = torch.isfinite(half_widths) & (half_widths >= 0.0)
    if not bool(is_right.all()):
        wrong = 2.0 * float(half_widths[~is_right][0])
        raise UserError(f"a candidate's interval is {wrong:g} GF wide; it must be 0 or more, and finite")


def smear(kernel: PointKernel, half_widths: Tensor) -> Kernel:
    """The kernel spread evenly over intervals centred on the candidates' angles, half as wide as `half_widths` [J].

    For losses, with those centres as `angles`; an interval of width 0 is the point. Differences are taken in float64.
    `product` is for the distances of all candidates from all. Raises UserError for a width below 0 or not finite.
    """
    check_half_widths(half_widths)
    half = half_widths.double()

    def log_density(offset: Tensor, bandwidth: Tensor) -> Tensor:
        return kernel.log_mean(offset, half_widths, bandwidth)

    def bandwidth_slope(offset: Tensor, bandwidth: Tensor) -> Tensor:
        """-[x K(x)] between the interval's ends over its mass and the bandwidth."""
        wide, width, is_narrow = offset.double(), bandwidth.double(), half < NARROW * bandwidth
        safe = torch.where(is_narrow, NARROW * width, half)
        log_mean = kernel.log_mean(wide, safe, width)
        at_end, at_start = (
            (wide + side * safe) * torch.exp(kernel.log_density(wide + side * safe, width) - log_mean)
            for side in (1.0, -1.0)
        )
        slope = torch.where(torch.isinf(log_mean), 0.0, -(at_end - at_start) / (2.0 * safe * width))
        return torch.where(is_narrow, kernel.bandwidth_slope(offset, bandwidth), slope.to(offset.dtype))

    def cumulative(offset: Tensor, bandwidth: Tensor) -> Tensor:
        wide, width, is_narrow = offset.double(), bandwidth.double(), half < NARROW * bandwidth
        safe = torch.where(is_narrow, NARROW * width, half)
        mean = (kernel.ramp(wide + safe, width) - kernel.ramp(wide - safe, width)) / (2.0 * safe)
        return torch.where(is_narrow, kernel.cumulative(offset, bandwidth), mean.to(offset.dtype))

    def log_mean(offset: Tensor, half_width: Tensor, bandwidth: Tensor) -> Tensor:
        """Mean over two intervals at once: second differences of the ramp, absolutely exact to about 1e-12 per GF."""
        wide, width, other = offset.double(), bandwidth.double(), half_width.double()
        small = torch.minimum(half, other)
        is_narrow = small < NARROW * width
        safe, safe_other = (torch.where(is_narrow, torch.maximum(each, NARROW * width), each) for each in (half, other))
        ends = ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))
        second = sum(a * b * kernel.ramp(wide + a * safe + b * safe_other, width) for a, b in ends)
        mean = log_or_minus_inf(second / (4.0 * safe * safe_other))
        narrow = kernel.log_mean(wide, torch.maximum(half, other), width)
        return torch.where(is_narrow, narrow, mean).to(offset.dtype)

    def product(distance: Tensor, bandwidth: Tensor) -> Tensor:
        width = bandwidth.double()
        rows, others = (torch.maximum(each, NARROW * width) for each in (half[:, None], half))
        ends = ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0))
        second = sum(a * b * kernel.product_ramp(distance.double() + a * rows + b * others, width) for a, b in ends)
        return (second / (4.0 * rows * others)).to(distance.dtype)

    return Kernel(log_density, bandwidth_slope, cumulative, product, log_mean, spread=(kernel, half_widths))
