"""The integral of a squared mixture: its grid against the products of all candidates with all, in float64."""

import math

import pytest
import torch
from losses_problems import number

from beepsim.targeting import squared
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.smearing import smear
from beepsim.targeting.squared import integral, laid_out, mixture_squared, on_grid

TOLERANCES = {"laplace": 1e-4, "epanechnikov": 1e-4, "box": 2e-2}
"""Of the value relative to its largest, as documented; 1e-5 for the others."""


def mixture(count=200, reach=1.0):
    """weights [3, J] float64, angles [J] some of which are the same, half widths some of which are 0."""
    generator = torch.Generator().manual_seed(1)
    angles = (torch.rand(count, generator=generator).double() * 2.0 - 1.0) * reach
    angles[:20] = angles[0]
    half = torch.rand(count, generator=generator).double() * 0.1
    half[::5] = 0.0
    return torch.softmax(torch.randn(3, count, generator=generator).double() * 3.0, -1), angles, half


def results(function, weights, angles, kernel, bandwidth):
    """Value, gradients by weights and bandwidth."""
    leaves = [weights.clone().requires_grad_(), bandwidth.clone().requires_grad_()]
    found = function(leaves[0], angles, kernel, leaves[1])
    return [found.detach(), *torch.autograd.grad(found.sum(), leaves)]


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("is_smeared", [False, True])
@pytest.mark.parametrize("width", [0.005, 0.07, 1.0])
def test_the_grid_is_as_exact_as_stated(name, is_smeared, width):
    weights, angles, half = mixture()
    kernel = smear(KERNELS[name], half) if is_smeared else KERNELS[name]
    most, tolerance = KERNELS[name].product(number([0.0]), number(width)), TOLERANCES.get(name, 1e-5)
    exact, found = (results(each, weights, angles, kernel, number(width)) for each in (mixture_squared, on_grid))
    assert float((found[0] - exact[0]).abs().max() / most) < tolerance
    assert float((found[1] - exact[1]).abs().max() / most) < 5.0 * tolerance
    if name != "box":  # whose product has kinks that move with the bandwidth
        assert float((found[2] - exact[2]).abs() * width / most) < 5.0 * tolerance


@pytest.mark.parametrize("is_smeared", [False, True])
def test_each_query_may_have_its_own_bandwidth(is_smeared, monkeypatch):
    """Of products and on the grid; never more of them than allowed."""
    weights, angles, half = mixture()
    kernel = smear(KERNELS["laplace"], half) if is_smeared else KERNELS["laplace"]
    widths = number([0.05, 0.11, 0.3])
    alone = [results(mixture_squared, weights[[q]], angles, kernel, widths[q]) for q in range(3)]
    for most in (10**6, 3 * 200**2 - 1):
        monkeypatch.setattr(squared, "MOST_PRODUCTS", most)
        found = results(mixture_squared, weights, angles, kernel, widths[:, None])
        torch.testing.assert_close(found[0], torch.cat([one[0] for one in alone]), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(found[1], torch.cat([one[1] for one in alone]), rtol=1e-3, atol=1e-4)
        torch.testing.assert_close(found[2][:, 0], torch.stack([one[2] for one in alone]), rtol=1e-3, atol=1e-3)


def test_masses_are_kept_and_so_are_their_moments():
    """Cubic interpolation: sums over the nodes of 1, n, n² and n³ are means over the intervals."""
    low = number([3.2, 5.0, 7.75, 9.0])
    high = low + number([0.0, 2.5, 0.3, 6.0])
    masses = laid_out(low, high, torch.eye(4).double(), 20)
    nodes = torch.arange(20).double()
    for power in range(4):
        mean = (high ** (power + 1) - low ** (power + 1)) / ((power + 1) * (high - low))
        expected = torch.where(high > low, mean, low**power)
        torch.testing.assert_close(masses @ nodes**power, expected, rtol=1e-5, atol=1e-9)


def test_the_integral_is_that_of_the_basis():
    s = torch.linspace(-3.0, 3.0, 601).double().requires_grad_()
    (slope,) = torch.autograd.grad(integral(s).sum(), s)
    t = s.detach().abs()
    inner, outer = (1 - t**2) * (2 - t) / 2, (1 - t) * (2 - t) * (3 - t) / 6
    expected = torch.where(t < 1, inner, torch.where(t < 2, outer, 0.0))
    torch.testing.assert_close(slope[t > 0], expected[t > 0])
    ends = integral(number([-5.0, 0.0, 5.0]))
    torch.testing.assert_close(ends, number([0.0, 0.5, 1.0]))


def test_bandwidths_too_narrow_and_angles_that_are_none():
    weights, angles, _ = mixture()
    assert torch.isfinite(on_grid(weights, angles * 1e4, KERNELS["gaussian"], number(0.005))).all()
    assert torch.isfinite(on_grid(weights, angles, KERNELS["gaussian"], number(1e-9))).all()
    angles[3] = math.nan
    assert torch.isnan(on_grid(weights, angles, KERNELS["gaussian"], number(0.1))).all()
