"""Logarithms of what may be zero (torch): -inf without a NaN in the gradient, which is 0 there."""

import torch
from torch import Tensor


def log_or_minus_inf(value: Tensor) -> Tensor:
    """log of `value` where it is above 0, else -inf with gradient 0."""
    is_positive = value > 0.0
    return torch.where(is_positive, torch.log(torch.where(is_positive, value, 1.0)), -torch.inf)


def log_sum_exp(terms: Tensor) -> Tensor:
    """log Σ exp over the last axis; where every term is -inf, or there is none, -inf with gradient 0 (torch: NaN)."""
    if terms.shape[-1] == 0:
        return torch.full(terms.shape[:-1], -torch.inf, dtype=terms.dtype, device=terms.device)
    peak = terms.detach().amax(-1, keepdim=True)
    peak = torch.where(torch.isinf(peak), 0.0, peak)
    return log_or_minus_inf(torch.exp(terms - peak).sum(-1)) + peak[..., 0]


def log_add_exp(one: Tensor, other: Tensor) -> Tensor:
    """log(exp(one) + exp(other)), where either or both may be -inf."""
    return log_sum_exp(torch.stack(torch.broadcast_tensors(one, other), -1))


def log_sinh_ratio(t: Tensor) -> Tensor:
    """log(sinh(t)/t) for t >= 0; 0 at 0."""
    is_small = t < 0.1
    safe = torch.where(is_small, 1.0, t)
    wide = safe + torch.log(-torch.expm1(-2.0 * safe) / (2.0 * safe))
    square = torch.where(is_small, t, 0.0) ** 2
    # The series' next term is t⁸/37800.
    return torch.where(is_small, square * (1 / 6 - square * (1 / 180 - square / 2835)), wide)
