"""The integral of a squared mixture of kernels (torch), from the products of all candidates with all, or on a grid.

[Q] queries, [J] candidates, [N] nodes of the grid; guess factors (GF). Memory and time are of order Q·J, however many
candidates there are: where the products would be too many, weights are laid on a grid so fine that the kernels' product
is a cubic between its nodes.
"""

import math

import torch
from torch import Tensor

from beepsim.targeting.kernels import Kernel

MOST_PRODUCTS = 1 << 22
"""Of candidates with candidates; more of them are not computed but the grid's."""
NODES_OF_A_BANDWIDTH = 16
MOST_NODES = 1 << 16
"""A bandwidth that is narrower, against the range of the angles, than these resolve is smoothed to their distance."""
NARROWEST = 0.01  # nodes; what is narrower is spread over that, so that nothing is divided by 0
REACH = 2  # nodes on either side of an angle that share its weight
MARGIN = REACH + 1  # nodes beyond the outermost angles


def mixture_squared(weights: Tensor, angles: Tensor, kernel: Kernel, bandwidth: Tensor) -> Tensor:
    """∫ (Σ_j S_j K_h(x - x_j))² dx over all x [Q], per GF; weights [Q, J], one bandwidth or [Q, 1].

    On the grid, relative to the largest that it can be (all angles alike), the error is below 1e-5 for kernels whose
    product is smooth, 1e-4 for Laplace's and Epanechnikov's, 2e-2 for a box's.
    """
    count = len(angles)
    if bandwidth.numel() * count**2 > MOST_PRODUCTS:
        return on_grid(weights, angles, kernel, bandwidth)
    distances = angles[:, None] - angles
    if bandwidth.numel() == 1:
        return ((weights @ kernel.product(distances, bandwidth)) * weights).sum(-1)
    products = kernel.product(distances, bandwidth[..., None])
    return ((weights[:, None] @ products)[:, 0] * weights).sum(-1)


def on_grid(weights: Tensor, angles: Tensor, kernel: Kernel, bandwidth: Tensor) -> Tensor:
    """From the autocorrelation of the weights on the grid and the product of two kernels at its lags."""
    around, half = kernel.spread or (kernel, torch.zeros_like(angles))
    low, high = (angles - half).double(), (angles + half).double()
    first, last = float(low.min()), float(high.max())
    if not math.isfinite(last - first):
        return weights.sum(-1) * math.nan
    finest = float(bandwidth.detach().min()) / NODES_OF_A_BANDWIDTH
    step = max(finest, (last - first) / (MOST_NODES - 2 * MARGIN - 1))
    count = int((last - first) / step) + 2 * MARGIN + 1
    masses = laid_out((low - first) / step + MARGIN, (high - first) / step + MARGIN, weights.double(), count)
    spectrum = torch.fft.rfft(masses, 2 * count)
    correlation = torch.fft.irfft(spectrum.real**2 + spectrum.imag**2, 2 * count)[:, :count]
    lags = torch.arange(count, dtype=torch.float64, device=angles.device) * step
    products = around.product(lags, bandwidth.double())
    twice = torch.where(lags > 0.0, 2.0, 1.0)  # both signs of a lag
    return (correlation * (twice * products)).sum(-1).to(weights.dtype)


def laid_out(low: Tensor, high: Tensor, weights: Tensor, count: int) -> Tensor:
    """Masses [Q, N] of weights [Q, J] spread evenly over [low, high] (nodes), as cubic interpolation takes them.

    A mass at s gives the node n the share W(s - n), the four-point Lagrange basis; spread over an interval it gives the
    difference of that function's integral V at the ends over the width: a sum of steps at few nodes, added up.
    """
    centre, half = 0.5 * (low + high), torch.clamp(0.5 * (high - low), min=NARROWEST)
    rows, values = [], []
    for end, sign in ((centre + half, 1.0), (centre - half, -1.0)):
        node = torch.floor(end)
        share = (end - node)[:, None] + torch.arange(REACH - 1, -REACH - 1, -1, device=end.device)  # s - n
        edges = torch.nn.functional.pad(integral(share), (1, 0), value=1.0)
        steps = edges - torch.nn.functional.pad(edges[:, 1:], (0, 1))
        rows.append(node.long()[:, None] + torch.arange(-REACH, REACH + 1, device=end.device))
        values.append(sign * steps / (2.0 * half)[:, None])
    place = torch.cat(rows, 1)
    columns = torch.arange(len(centre), device=place.device)[:, None].expand_as(place)
    indices = torch.stack([place.reshape(-1), columns.reshape(-1)])
    steps = torch.sparse_coo_tensor(
        indices, torch.cat(values, 1).reshape(-1), (count, len(centre)), check_invariants=True
    )
    falling = torch.sparse.mm(steps, weights.T).T
    return torch.flip(torch.cumsum(torch.flip(falling, [1]), 1), [1])


def integral(s: Tensor) -> Tensor:
    """V(s): of W(t) = (1 - t²)(2 - |t|)/2 up to 1 and (1 - |t|)(2 - |t|)(3 - |t|)/6 up to 2, from -2 to s."""
    t = torch.abs(s)
    inner = t * (2.0 - t * (0.5 + t * (2.0 / 3.0 - 0.25 * t))) / 2.0
    outer = 13.0 / 24.0 + (t * (6.0 - t * (5.5 - t * (2.0 - 0.25 * t))) - 2.25) / 6.0
    return 0.5 + torch.sign(s) * torch.where(t < 1.0, inner, torch.where(t < 2.0, outer, 0.5))
