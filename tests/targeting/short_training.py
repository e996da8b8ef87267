"""A training of a few steps, and when two of them end the same."""

import numpy as np
from targeting_battles import made_battle

from beepsim.targeting.train import TrainConfig
from beepsim.targeting.weights import ModelConfig

TRAINING = [made_battle(500, seed) for seed in (1, 2, 3)]
VALIDATION = [made_battle(500, seed) for seed in (4, 5)]
MODEL = ModelConfig(("accel", "vel", "bft", "advVel"), candidates="points")
SHORT = TrainConfig(steps=12, queries=32, candidates=200, rate=0.02, evaluations=4)


def same(weights, others):
    return weights.config == others.config and all(
        np.array_equal(getattr(weights, name), getattr(others, name)) for name in ("w", "b", "p", "bandwidth", "floor")
    )
