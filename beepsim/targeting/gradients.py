"""Every loss at a given model, and how long its gradient is, example by example (torch).

The gradient is taken by the logits z of the candidates, log-weights = log-softmax(z): what a loss asks of the model
before the model's own parameters come into it. For bins it is also taken by the logits of the bin probabilities p:
there the quadratic loss has (diag p - p pᵀ)(p - u) and the cross-entropy p - u, so that the first is at most half as
long as the second, and vanishes where p is sure of a wrong bin (design, section 2, item 5). [Q] queries.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from beepsim.targeting.attention import Attention, Batch
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.bins import bin_probabilities, target_probabilities
from beepsim.targeting.kernels import Kernel
from beepsim.targeting.losses import LOSSES
from beepsim.targeting.smearing import smear
from beepsim.targeting.train import TrainConfig, one_thread, sample_batch
from beepsim.targeting.weights import Weights

QUERIES, CANDIDATES = 128, 1000
"""Of one battle: enough for means, few enough for all losses at every model."""
STREAM = 3

MEASURED = np.dtype(
    [
        ("values", "f8", len(LOSSES)),  # in the order of LOSSES
        ("norms", "f8", len(LOSSES)),  # by the candidates' logits
        ("entropy_norm", "f8"),  # of bins_kl by the logits of the bins
        ("squared_norm", "f8"),  # of bins_squared by the same
        ("mass", "f8"),  # Σ p_k over the bins in the interval: how right the model is
    ]
)


@one_thread()
def measure_losses(weights: Weights, battles: Sequence[BattleWaves], seed: int) -> dict[str, np.ndarray]:
    """MEASURED [Q] for each battle with queries to draw: the same queries and candidates for all models of a seed."""
    attention = Attention(weights)
    config = TrainConfig(queries=QUERIES, candidates=CANDIDATES)
    found = {}
    for battle in battles:
        pool = battle.lessons
        if len(pool):
            rng = np.random.default_rng([seed, STREAM, int(battle.content_hash, 16) % 2**31])
            found[battle.battle] = measure_batch(
                attention, sample_batch(battle, pool, weights, config, QUERIES, rng, "cpu")
            )
    return found


def measure_batch(attention: Attention, batch: Batch) -> np.ndarray:
    """MEASURED [Q] for the queries of the batch."""
    with torch.no_grad():
        logits = attention.log_weights(batch.queries, batch.candidates, batch.is_known)
        bandwidth, floor = attention.bandwidths(batch), attention.floor
    kernel, angles = kernel_and_angles(attention, batch)
    logits.requires_grad_(True)
    log_weights = torch.log_softmax(logits, -1)
    measured = np.zeros(len(batch.queries), MEASURED)
    for index, loss in enumerate(LOSSES.values()):
        values = loss(log_weights, angles, batch.low, batch.high, kernel, bandwidth, floor)
        (gradient,) = torch.autograd.grad(values.sum(), logits, retain_graph=True)
        measured["values"][:, index] = values.detach().numpy()
        measured["norms"][:, index] = gradient.double().norm(dim=-1).numpy()
    with torch.no_grad():
        p = bin_probabilities(log_weights, angles, kernel, bandwidth, floor).double()
        u = target_probabilities(batch.low, batch.high).double()
        p = p / p.sum(-1, keepdim=True)
        measured["entropy_norm"], measured["squared_norm"] = (norm.numpy() for norm in bin_norms(p, u))
        measured["mass"] = (p * (u > 0.0)).sum(-1).numpy()
    return measured


def bin_norms(p: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
    """Lengths [Q] of the gradients of cross-entropy and quadratic loss by the logits of p [Q, K], for the target u."""
    difference = p - u
    squared = p * difference - p * (p * difference).sum(-1, keepdim=True)
    return difference.norm(dim=-1), squared.norm(dim=-1)


def kernel_and_angles(attention: Attention, batch: Batch) -> tuple[Kernel, Tensor]:
    """What the losses take the batch's candidates as: points at their angles, or intervals around their centres."""
    if attention.config.candidates == "points":
        return attention.kernel, batch.angles
    low, high = batch.candidate_low, batch.candidate_high
    return smear(attention.kernel, 0.5 * (high - low)), 0.5 * (low + high)
