"""Attention over past waves (torch): embedded features to log-weights over candidates, by learned parameters.

[Q] queries, [J] candidates of the same battle, [D] features. Everything learned is unbounded inside (logarithms), so
that no step of the optimiser leaves the range in which the model is defined.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from beepsim.targeting import fast
from beepsim.targeting.fused import fused_cross_entropy, is_fusible
from beepsim.targeting.grid_loss import grid_cross_entropy
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.knn import OFFSET
from beepsim.targeting.losses import Loss
from beepsim.targeting.smearing import smear
from beepsim.targeting.weights import LARGEST_W, ModelConfig, Weights

W_RANGE, B_RANGE = (1e-4, 0.999 * LARGEST_W), (1e-4, 1e3)  # a squared distance stays within float32
P_RANGE = (0.05, 3.0)
BANDWIDTH_RANGE = {"gf": (0.005, 1.0), "bot_width": (0.05, 20.0)}
FLOOR_RANGE = (1e-4, 0.9)


@dataclass(frozen=True)
class Batch:
    """Queries of one battle against candidates of its past; angles and intervals in guess factors."""

    queries: Tensor  # [Q, D]
    candidates: Tensor  # [J, D], in the order in which they broke
    known: Tensor  # [Q]: query q knows the first known[q] of them
    angles: Tensor  # [J]
    low: Tensor  # [Q]
    high: Tensor  # [Q]
    candidate_low: Tensor  # [J], of the candidates' own hit intervals
    candidate_high: Tensor  # [J]
    half_bot_widths: Tensor  # [Q]: half the target's width

    @property
    def is_known(self) -> Tensor:
        """Which candidates a query knows, [Q, J]."""
        return torch.arange(len(self.candidates), device=self.known.device) < self.known[:, None]


class Attention(nn.Module):
    """Parameters of the embedding, the bandwidth and the floor; started from `weights`."""

    def __init__(self, weights: Weights, dtype: torch.dtype = torch.float32) -> None:
        super().__init__()
        config = weights.config
        self.config = config
        self.fixed_floor = weights.floor
        self.kernel = KERNELS[config.kernel]

        def parameter(values: np.ndarray | float, is_learned: bool = True) -> nn.Parameter:
            return nn.Parameter(torch.as_tensor(np.asarray(values), dtype=dtype), requires_grad=is_learned)

        self.log_w = parameter(np.log(np.clip(weights.w, *W_RANGE)))
        self.log_b = parameter(np.log(np.clip(weights.b, *B_RANGE)))
        self.log_p = parameter(np.log(np.clip(weights.p, *P_RANGE)))
        self.log_bandwidth = parameter(math.log(weights.bandwidth), config.learn_bandwidth)
        floor = min(max(weights.floor, 1e-12), 1.0 - 1e-12)
        self.logit_floor = parameter(math.log(floor / (1.0 - floor)), config.learn_floor)

    @property
    def bandwidth(self) -> Tensor:
        return torch.exp(self.log_bandwidth)

    def bandwidths(self, batch: Batch) -> Tensor:
        """In GF: one for all, or of each query [Q] where it is a multiple of half the target's width."""
        return self.bandwidth if self.config.bandwidth_unit == "gf" else self.bandwidth * batch.half_bot_widths

    @property
    def floor(self) -> Tensor:
        return torch.sigmoid(self.logit_floor)

    def embed(self, features: Tensor) -> Tensor:
        """Embedded features [n, D] from the model's own normalised features [n, D]."""
        base = torch.clamp(OFFSET + torch.exp(self.log_b) + features, min=OFFSET)
        return torch.exp(self.log_w) * base ** torch.exp(self.log_p)

    def log_weights(self, queries: Tensor, candidates: Tensor, is_known: Tensor) -> Tensor:
        """Log-softmax [Q, J] over the candidates that are known to each query (`is_known` [Q, J]), -inf elsewhere.

        With `neighbours` only the nearest of them count; which ones those are is taken as constant in the gradient.
        """
        order = 1.0 if self.config.distance == "manhattan" else 2.0
        # As a matrix product, its default, the Euclidean distance loses small values in float32.
        mode = "donot_use_mm_for_euclid_dist"
        distance = torch.cdist(self.embed(queries), self.embed(candidates), p=order, compute_mode=mode)
        if order == 2.0:
            distance = distance**2
        logits = torch.where(is_known, -distance, -torch.inf)
        if self.config.neighbours is not None and self.config.neighbours < logits.shape[1]:
            smallest = torch.topk(logits, self.config.neighbours, dim=-1).values[:, -1:]
            # Written so that a distance that is no number stays: a loss must not look healthy without it.
            logits = torch.where(logits < smallest, -torch.inf, logits)
        knows_nothing = ~is_known.any(-1, keepdim=True)
        return torch.log_softmax(torch.where(knows_nothing, 0.0, logits), -1).masked_fill(knows_nothing, -torch.inf)

    def loss(self, loss: Loss, batch: Batch) -> Tensor:
        """The loss of each query of the batch [Q]; the fast cross-entropy (see `fast`) fused where it can be."""
        config = self.config
        if config.candidates == "intervals":
            return self.interval_loss(loss, batch)
        if (
            loss is fast.kde_cross_entropy
            and config.neighbours is None
            and is_fusible(batch.queries, config.kernel, config.distance)
        ):
            return fused_cross_entropy(
                self.embed(batch.queries),
                self.embed(batch.candidates),
                batch.known,
                batch.angles,
                batch.low,
                batch.high,
                config.kernel,
                config.distance,
                self.bandwidths(batch),
                self.floor,
            )
        log_weights = self.log_weights(batch.queries, batch.candidates, batch.is_known)
        return loss(log_weights, batch.angles, batch.low, batch.high, self.kernel, self.bandwidths(batch), self.floor)

    def interval_loss(self, loss: Loss, batch: Batch) -> Tensor:
        """`loss` with every candidate spread over its own hit interval; the cross-entropy on a grid where it can be."""
        config, low, high = self.config, batch.candidate_low, batch.candidate_high
        bandwidth = self.bandwidths(batch)
        is_plain = config.neighbours is None and config.distance == "manhattan" and batch.queries.device.type == "cpu"
        if loss is fast.kde_cross_entropy and is_plain and batch.queries.dtype == torch.float32:
            ends = (batch.known, low, high, batch.low, batch.high, self.kernel, bandwidth, self.floor)
            return grid_cross_entropy(self.embed(batch.queries), self.embed(batch.candidates), *ends)
        log_weights = self.log_weights(batch.queries, batch.candidates, batch.is_known)
        kernel = smear(KERNELS[config.kernel], 0.5 * (high - low))
        return loss(log_weights, 0.5 * (low + high), batch.low, batch.high, kernel, bandwidth, self.floor)

    def keep_in_range(self) -> None:
        """Bring parameters that an optimiser's step moved too far back to the edge of their range."""
        with torch.no_grad():
            self.log_w.clamp_(*(math.log(edge) for edge in W_RANGE))
            self.log_b.clamp_(*(math.log(edge) for edge in B_RANGE))
            self.log_p.clamp_(*(math.log(edge) for edge in P_RANGE))
            if self.config.learn_bandwidth:
                self.log_bandwidth.clamp_(*(math.log(edge) for edge in BANDWIDTH_RANGE[self.config.bandwidth_unit]))
            if self.config.learn_floor:
                self.logit_floor.clamp_(*(math.log(edge / (1.0 - edge)) for edge in FLOOR_RANGE))

    def to_weights(self, provenance: dict | None = None) -> Weights:
        """The present parameters in numpy."""

        def values(tensor: Tensor) -> np.ndarray:
            return tensor.detach().cpu().numpy().astype(np.float64)

        return Weights(
            self.config,
            values(torch.exp(self.log_w)),
            values(torch.exp(self.log_b)),
            values(torch.exp(self.log_p)),
            float(self.bandwidth.detach()),
            float(self.floor.detach()) if self.config.learn_floor else self.fixed_floor,
            provenance or {},
        )


def model_columns(config: ModelConfig, features: np.ndarray, weights: Weights) -> Tensor:
    """The model's own columns of normalised features [n, len(FEATURE_NAMES)] as a tensor [n, D]."""
    return torch.as_tensor(np.ascontiguousarray(features[:, weights.columns]))
