"""The continuous categorical distribution's normalising constant (torch).

On the simplex of K shares x, by its first K - 1 coordinates, the density is C exp(Σ_k η_k x_k); 1/C is the divided
difference of exp at η_1 ... η_K (Hermite–Genocchi). Its textbook sum Σ_k e^{η_k}/Π_{i≠k}(η_k - η_i) has no digit left
for near-equal parameters, or for 61 of them at any distance.
"""

import math

import torch
from torch import Tensor

OVERFLOW = 1e100
MOST_TERMS = 10_000


def log_normaliser(parameters: Tensor) -> Tensor:
    """log(1/C) [...] of parameters η [..., K]; its gradient is the distribution's mean.

    With η above their minimum m, 1/C = e^m Σ_n h_n/(n + K - 1)!, h_n the complete homogeneous symmetric polynomial:
    positive terms only, so that nothing cancels. h_n over the first k parameters is Σ_{i<=k} η_i h_{n-1} over the
    first i: one cumulative sum a term. The sum ends where a term no longer counts in float64.
    """
    count = parameters.shape[-1]
    wide = parameters.double()
    lowest = wide.detach().amin(-1, keepdim=True)  # any shift below all gives the same, and the same gradient
    above = wide - lowest
    term = torch.ones_like(above)  # (K - 1)! h_n/(n + K - 1)!, over the first k parameters
    total = term[..., -1]
    log_scale = torch.zeros_like(total)
    for n in range(1, MOST_TERMS):
        term = torch.cumsum(above * term, -1) / (n + count - 1)
        total = total + term[..., -1]
        present = total.detach()
        # The terms are moments over n! of a log-concave variable, and so log-concave: once small they stay small.
        # What is no number never becomes small.
        if bool(((term.detach()[..., -1] <= 1e-17 * present) | ~torch.isfinite(present)).all()):
            break
        if bool((present > OVERFLOW).any()):
            term, total, log_scale = term / present[..., None], total / present, log_scale + torch.log(present)
    found = lowest[..., 0] + torch.log(total) + log_scale - math.lgamma(count)
    return found.to(parameters.dtype)
