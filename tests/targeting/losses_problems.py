"""Random problems for tests of losses: a few queries of one battle against a few candidates, in float64."""

import numpy as np
import torch

from beepsim.targeting.fast import fast_loss
from beepsim.targeting.losses import LOSSES

ALL_LOSSES = {**LOSSES, "fast kde_cross_entropy": fast_loss("kde_cross_entropy")}


def number(value):
    return torch.tensor(value, dtype=torch.float64)


def problem(seed, queries=3, candidates=7, dtype=torch.float64):
    """logits [Q, J], angles [J], low, high [Q], bandwidth, floor."""
    rng = np.random.default_rng(seed)
    centre, half = rng.uniform(-0.8, 0.8, queries), rng.uniform(0.02, 0.15, queries)
    values = (
        rng.normal(0.0, 2.0, (queries, candidates)),
        rng.uniform(-1.0, 1.0, candidates),
        centre - half,
        centre + half,
        rng.uniform(0.04, 0.2),
        rng.uniform(0.01, 0.3),
    )
    return [torch.as_tensor(value, dtype=dtype) for value in values]


def value(loss, kernel, problem):
    logits, angles, low, high, bandwidth, floor = problem
    return loss(torch.log_softmax(logits, -1), angles, low, high, kernel, bandwidth, floor)


def gradient(loss, kernel, problem):
    logits = problem[0].clone().requires_grad_()
    (found,) = torch.autograd.grad(value(loss, kernel, [logits, *problem[1:]]).sum(), logits)
    return found
