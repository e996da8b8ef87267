"""The continuous categorical's normalising constant against 900 digits, and what a density must obey."""

import math

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from losses_problems import number
from mpmath import mp, mpf

from beepsim.targeting.categorical import log_normaliser


def exact(parameters):
    """The textbook sum, in digits enough for parameters 1e-9 apart."""
    with mp.workdps(900):
        eta = [mpf(value) for value in parameters]
        parts = [
            mpmath.exp(one) / mpmath.fprod(one - other for j, other in enumerate(eta) if j != i)
            for i, one in enumerate(eta)
        ]
        return float(mpmath.log(mpmath.fsum(parts)))


@pytest.mark.parametrize("dtype,digits", [(torch.float64, 1e-12), (torch.float32, 1e-6)])
@pytest.mark.parametrize("count", [2, 3, 10, 61])
@pytest.mark.parametrize("spread", [1e-9, 1e-4, 0.1, 1.0, 13.0, 69.0])
def test_it_is_the_divided_difference(count, spread, dtype, digits):
    """Near-equal parameters up to the widest that bins can have (`bins.SMALLEST`)."""
    parameters = torch.as_tensor(np.random.default_rng(count).uniform(-spread, 0.0, count)).to(dtype)
    assert float(log_normaliser(parameters)) == pytest.approx(exact(parameters.tolist()), rel=digits)


@pytest.mark.parametrize("count", [2, 7, 61])
def test_equal_parameters_are_the_uniform_distribution(count):
    """e^η/(K - 1)!, the volume of the simplex; the mean is its middle."""
    parameters = torch.full((count,), -3.0).double().requires_grad_()
    found = log_normaliser(parameters)
    assert float(found.detach()) == pytest.approx(-3.0 - math.lgamma(count), rel=1e-14)
    torch.testing.assert_close(torch.autograd.grad(found, parameters)[0], torch.full((count,), 1.0 / count).double())


def test_one_sharp_parameter_among_equal_ones():
    """As after training: 60 bins at the floor, one far above; K = 3 by hand: (e^a - 1 - a)/a² at 0, 0, a."""
    parameters = number([0.0, 0.0, 30.0])
    assert float(log_normaliser(parameters)) == pytest.approx(math.log((math.exp(30.0) - 31.0) / 900.0), rel=1e-13)
    sharp = torch.full((61,), -13.0).double() + torch.arange(61) * 1e-7
    sharp[20] = 0.0
    assert float(log_normaliser(sharp)) == pytest.approx(exact(sharp.tolist()), rel=1e-12)


def test_a_wide_range_does_not_overflow():
    parameters = number([0.0, 800.0, -900.0])
    assert float(log_normaliser(parameters)) == pytest.approx(exact(parameters.tolist()), rel=1e-12)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shift=st.floats(-20.0, 20.0))
def test_it_is_a_log_normaliser(seed, shift):
    """Shifts pass through, order does not matter, batches are independent, and the gradient is a mean: sums to 1."""
    rng = np.random.default_rng(seed)
    parameters = torch.as_tensor(rng.normal(0.0, rng.uniform(0.0, 6.0), (3, 9))).requires_grad_()
    found = log_normaliser(parameters)
    torch.testing.assert_close(log_normaliser(parameters + shift), found + shift)
    torch.testing.assert_close(log_normaliser(torch.flip(parameters, [-1])), found)
    torch.testing.assert_close(log_normaliser(parameters[1:2]), found[1:2])
    (mean,) = torch.autograd.grad(found.sum(), parameters)
    assert (mean > 0.0).all()
    torch.testing.assert_close(mean.sum(-1), torch.ones(3).double())
    assert torch.autograd.gradcheck(log_normaliser, parameters)


def test_the_density_integrates_to_one():
    """K = 3 by the midpoint rule over the triangle."""
    eta = number([1.0, -2.0, 0.5])
    step = 1.0 / 1000
    x = (torch.arange(1000).double() + 0.5) * step
    one, other = torch.meshgrid(x, x, indexing="ij")
    inside = one + other < 1.0
    log_density = eta[0] * one + eta[1] * other + eta[2] * (1.0 - one - other) - log_normaliser(eta)
    assert float(torch.exp(log_density)[inside].sum() * step**2) == pytest.approx(1.0, abs=2e-3)
