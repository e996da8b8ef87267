"""Kernels: closed forms against their integrals and derivatives."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from beepsim.targeting.kernels import KERNELS

BANDWIDTHS = st.floats(0.01, 1.0)
OFFSETS = st.floats(-3.0, 3.0)
KERNEL = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)


def integral(function, low, high, kinks=()):
    """Composite Gauss–Legendre, split at the kinks and every 0.05; float64."""
    edges = np.unique(np.clip([*np.arange(low, high, 0.05), *kinks, high], low, high))
    nodes, weights = np.polynomial.legendre.leggauss(20)
    half, centre = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    return float((function(torch.as_tensor(centre + half * nodes)) * torch.as_tensor(half * weights)).sum())


def number(value):
    return torch.tensor(value, dtype=torch.float64)


@KERNEL
@pytest.mark.parametrize("bandwidth", [0.02, 0.07, 0.5])
def test_density_integrates_to_one(kernel, bandwidth):
    reach = 50 * bandwidth
    total = integral(lambda x: torch.exp(kernel.log_density(x, number(bandwidth))), -reach, reach, [0.0])
    assert total == pytest.approx(1.0, abs=1e-12)


@KERNEL
@given(offset=OFFSETS, bandwidth=BANDWIDTHS)
def test_cumulative_is_the_integral_of_the_density(kernel, offset, bandwidth):
    expected = integral(lambda x: torch.exp(kernel.log_density(x, number(bandwidth))), -45.0 * bandwidth, offset, [0.0])
    if offset > -45.0 * bandwidth:
        assert float(kernel.cumulative(number(offset), number(bandwidth))) == pytest.approx(expected, abs=1e-10)


@KERNEL
@given(distance=OFFSETS, bandwidth=st.floats(0.02, 0.5))
def test_product_is_the_integral_of_two_kernels(kernel, distance, bandwidth):
    def both(x):
        shifted = kernel.log_density(x - distance, number(bandwidth))
        return torch.exp(kernel.log_density(x, number(bandwidth)) + shifted)

    reach = abs(distance) + 30.0 * bandwidth
    expected = integral(both, -reach, reach, [0.0, distance])
    assert float(kernel.product(number(distance), number(bandwidth))) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@KERNEL
@given(offset=OFFSETS, bandwidth=BANDWIDTHS)
def test_bandwidth_slope_is_the_derivative(kernel, offset, bandwidth):
    width = number(bandwidth).requires_grad_()
    (expected,) = torch.autograd.grad(kernel.log_density(number(offset), width), width)
    assert float(kernel.bandwidth_slope(number(offset), number(bandwidth))) == pytest.approx(float(expected), rel=1e-10)


@KERNEL
def test_density_is_symmetric_and_keeps_the_precision_of_its_arguments(kernel):
    offset = torch.linspace(0.0, 1.0, 11)
    for dtype in (torch.float32, torch.float64):
        right = kernel.log_density(offset.to(dtype), torch.tensor(0.1, dtype=dtype))
        assert right.dtype == dtype
        assert torch.equal(right, kernel.log_density(-offset.to(dtype), torch.tensor(0.1, dtype=dtype)))


def test_values_by_hand():
    """The normal density at one standard deviation, and Laplace's at its width."""
    width = number(0.5)
    assert math.exp(KERNELS["gaussian"].log_density(width, width)) == pytest.approx(2 * 0.2419707245191434)
    assert math.exp(KERNELS["laplace"].log_density(width, width)) == pytest.approx(math.exp(-1.0))
