"""Kernels on the grid of aiming are the kernels of training, for every name that a model may have."""

from typing import get_args

import numpy as np
import pytest
import torch
from targeting_battles import real_battle

from beepsim.errors import UserError
from beepsim.targeting.aiming import GRID_NODES, GRID_STEP
from beepsim.targeting.guns import learned_gun
from beepsim.targeting.kernel_tables import kernel_tables
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.losses import LOSSES
from beepsim.targeting.train import LossName
from beepsim.targeting.weights import KernelName, ModelConfig, initial_weights

OFFSET = torch.arange(1 - GRID_NODES, GRID_NODES).double() * GRID_STEP


def test_names_are_those_of_the_functions():
    assert get_args(KernelName) == tuple(KERNELS) and get_args(LossName) == tuple(LOSSES)


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("bandwidth", [0.01, 0.08, 1.0])
def test_tables_are_the_kernel(name, bandwidth):
    """Box and Epanechnikov as means over cells."""
    density, cumulative = kernel_tables(name, bandwidth)
    kernel, width = KERNELS[name], torch.tensor(bandwidth, dtype=torch.float64)
    half = torch.tensor(0.5 * GRID_STEP if name in ("box", "epanechnikov") else 0.0, dtype=torch.float64)
    np.testing.assert_allclose(cumulative, kernel.cumulative(OFFSET, width), atol=1e-13)
    np.testing.assert_allclose(density, torch.exp(kernel.log_mean(OFFSET, half, width)), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", KERNELS)
def test_every_kernel_makes_a_gun(name):
    battle = real_battle()
    for bandwidth in (0.005, 0.08):
        aims = learned_gun("gun", initial_weights(ModelConfig(("accel", "vel"), kernel=name, bandwidth=bandwidth))).aim(
            battle
        )
        assert (np.abs(aims.angle) <= 1.0).all() and np.isfinite(aims.log_density).all()
        assert ((aims.predicted >= 0.0) & (aims.predicted <= 1.0 + 1e-9)).all()


@pytest.mark.parametrize("bad", [0.0, -0.1, float("nan")])
def test_a_bandwidth_that_is_none_is_refused(bad):
    with pytest.raises(UserError, match="bandwidth is"):
        kernel_tables("laplace", bad)
