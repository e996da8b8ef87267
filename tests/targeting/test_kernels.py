"""Kernels: closed forms against high precision, against each other, and against finite differences."""

import math
from functools import partial

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from beepsim.errors import UserError
from beepsim.targeting.kernels import KERNELS, by_query, student_t
from beepsim.targeting.smearing import smear
from beepsim.targeting.student import product_parts

BANDWIDTHS = st.floats(0.01, 1.0)
OFFSETS = st.floats(-3.0, 3.0)
HALVES = st.one_of(st.just(0.0), st.floats(1e-6, 1e-3), st.floats(1e-3, 3.0))
KERNEL = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
NAME = pytest.mark.parametrize("name", KERNELS)
FEW = settings(max_examples=30, deadline=None)
FREEDOM = {"cauchy": 1, "student_t": 3, "student_t_5": 5, "student_t_9": 9}
COMPACT = ("box", "epanechnikov")
KINKS = {"laplace": [0.0], "box": [-1.0, 1.0], "epanechnikov": [-1.0, 1.0]}


def number(value):
    return torch.tensor(value, dtype=torch.float64)


def exact_density(name, z):
    """The kernel of bandwidth 1 in mpmath."""
    if name == "gaussian":
        return mpmath.npdf(z)
    if name == "laplace":
        return mpmath.exp(-abs(z)) / 2
    if name == "box":
        return mpf(0.5) if abs(z) <= 1 else mpf(0)
    if name == "epanechnikov":
        return 3 * (1 - z * z) / 4 if abs(z) <= 1 else mpf(0)
    nu = mpf(FREEDOM[name])
    height = mpmath.gamma((nu + 1) / 2) / mpmath.gamma(nu / 2) / mpmath.sqrt(nu * mpmath.pi)
    return height * (1 + z * z / nu) ** (-(nu + 1) / 2)


def exact_cumulative(name, z):
    if name == "gaussian":
        return mpmath.ncdf(z)
    if name == "laplace":
        return mpmath.exp(z) / 2 if z < 0 else 1 - mpmath.exp(-z) / 2
    if name in COMPACT:
        z = max(min(z, mpf(1)), mpf(-1))
        return (1 + z) / 2 if name == "box" else (2 + 3 * z - z**3) / 4
    nu = mpf(FREEDOM[name])
    tail = mpmath.betainc(nu / 2, mpf(0.5), 0, nu / (nu + z * z), regularized=True) / 2
    return tail if z < 0 else 1 - tail


@NAME
@FEW
@given(offset=OFFSETS, bandwidth=BANDWIDTHS)
def test_density_and_cumulative_are_those_of_the_distribution(name, offset, bandwidth):
    kernel = KERNELS[name]
    with mp.workdps(40):
        z = mpf(offset) / mpf(bandwidth)
        density, expected = exact_density(name, z) / bandwidth, exact_cumulative(name, z)
    found = float(kernel.log_density(number(offset), number(bandwidth)))
    if abs(abs(z) - 1) > 1e-9 or name not in COMPACT:  # at the very edge rounding decides
        assert found == (pytest.approx(float(mpmath.log(density)), rel=1e-12, abs=1e-6) if density else -math.inf)
    cumulative = float(kernel.cumulative(number(offset), number(bandwidth)))
    assert cumulative == pytest.approx(float(expected), abs=1e-14)


@NAME
@FEW
@given(offset=OFFSETS, half=HALVES, bandwidth=BANDWIDTHS)
def test_log_mean_is_the_log_of_the_mass_over_the_width(name, offset, half, bandwidth):
    """Also of narrow intervals and of those far out, where the difference of two CDFs has no digit left."""
    with mp.workdps(400):
        z, t = -abs(mpf(offset)) / mpf(bandwidth), mpf(half) / mpf(bandwidth)
        if half:
            mass = exact_cumulative(name, z + t) - exact_cumulative(name, z - t)
            expected = mpmath.log(mass / (2 * t) / bandwidth) if mass > 0 else -mpmath.inf
        else:
            density = exact_density(name, z) / bandwidth
            expected = mpmath.log(density) if density > 0 else -mpmath.inf
        reach = abs(1 - abs(z)) + t
    if name in COMPACT and min(reach, abs(t - abs(1 - abs(z)))) < 1e-5:
        return  # the interval only just touches the edge
    found = float(KERNELS[name].log_mean(number(offset), number(half), number(bandwidth)))
    assert found == pytest.approx(float(expected), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("z", [0.0, 0.5, 1.0, 1.7, 3.0, 6.0])
@pytest.mark.parametrize("t", [0.02, 0.06, 0.0999, 0.1001, 0.2])
def test_a_gaussians_mean_is_seamless_where_its_series_ends(z, t):
    with mp.workdps(50):
        mass = mpmath.ncdf(-mpf(z) + mpf(t)) - mpmath.ncdf(-mpf(z) - mpf(t))
        expected = float(mpmath.log(mass / (2 * mpf(t))))
    assert float(KERNELS["gaussian"].log_mean(number(z), number(t), number(1.0))) == pytest.approx(expected, abs=4e-12)


@NAME
def test_log_mean_in_single_precision_keeps_its_digits(name):
    """Relative error 2e-5 in the density's logarithm from points to all of the range, up to 30 bandwidths away."""
    for z in (0.0, 0.3, 0.9, 2.5, 8.0, 30.0):
        for t in (0.0, 1e-4, 1e-2, 0.5, 3.0, 40.0):
            precise, single = (
                float(KERNELS[name].log_mean(*(torch.tensor(x, dtype=kind) for x in (z / 16, t / 16, 1 / 16))))
                for kind in (torch.float64, torch.float32)
            )
            assert single == pytest.approx(precise, rel=2e-5, abs=1e-6), (z, t)


@NAME
@pytest.mark.parametrize("distance,bandwidth", [(0.0, 0.07), (0.05, 0.07), (-0.2, 0.15), (1.3, 0.4)])
def test_product_is_the_integral_of_two_kernels(name, distance, bandwidth):
    shift = mpf(distance) / bandwidth
    kinks = sorted({mpf(k) + s for k in KINKS.get(name, []) for s in (0, shift)} | {mpf(-8), mpf(8), shift / 2})
    ends = [kinks[0], kinks[-1]] if name in COMPACT else [-mpmath.inf, mpmath.inf]
    points = [ends[0], *(k for k in kinks if ends[0] < k < ends[1]), ends[1]]
    expected = mpmath.quad(lambda z: exact_density(name, z) * exact_density(name, z - shift), points) / bandwidth
    found = float(KERNELS[name].product(number(distance), number(bandwidth)))
    assert found == pytest.approx(float(expected), rel=1e-8, abs=1e-12)


@KERNEL
@FEW
@given(offset=OFFSETS, bandwidth=BANDWIDTHS)
def test_ramps_are_antiderivatives(kernel, offset, bandwidth):
    """First differences of `ramp` give the mean of F, second ones of `product_ramp` that of `product`."""
    x, h = number(offset), number(bandwidth)
    step = 2e-3 * h
    mean_cumulative = (
        kernel.cumulative(x - step, h) + 4 * kernel.cumulative(x, h) + kernel.cumulative(x + step, h)
    ) / 6
    slope = (kernel.ramp(x + step, h) - kernel.ramp(x - step, h)) / (2 * step)
    assert float(slope) == pytest.approx(float(mean_cumulative), abs=2e-4)
    if abs(abs(offset) / bandwidth - 1) > 0.01 and abs(offset) > 0.01 * bandwidth:
        assert float(slope) == pytest.approx(float(mean_cumulative), abs=1e-9)
    bend = kernel.product_ramp(x + step, h) - 2 * kernel.product_ramp(x, h) + kernel.product_ramp(x - step, h)
    assert float(bend / step**2 * h) == pytest.approx(float(kernel.product(x, h) * h), abs=2e-3)


@KERNEL
@FEW
@given(offset=OFFSETS, bandwidth=BANDWIDTHS)
def test_bandwidth_slope_is_the_derivative(kernel, offset, bandwidth):
    width = number(bandwidth).requires_grad_()
    (expected,) = torch.autograd.grad(kernel.log_density(number(offset), width), width)
    slope = float(kernel.bandwidth_slope(number(offset), number(bandwidth)))
    assert math.isfinite(slope) and slope == pytest.approx(float(expected), rel=1e-9)


@KERNEL
@pytest.mark.parametrize("what", ["log_density", "cumulative", "product", "ramp", "product_ramp", "log_mean"])
def test_gradients_are_finite_differences(kernel, what):
    """By offset, half width and bandwidth; offsets in units of the bandwidth stay off the kinks at 0, 1 and 2."""
    h = number([0.05, 0.1, 0.3]).requires_grad_()
    relative = number([-3.3, -1.4, -0.77, -0.2, 0.4, 0.93, 1.7, 2.6])[:, None]
    if what in ("product", "product_ramp"):
        relative = relative * 1.03
    offset = (relative * h.detach()).requires_grad_()
    if what == "log_mean":
        half = (number([0.01, 0.3, 1.57])[:, None, None] * h.detach()).requires_grad_()
        values, inputs = kernel.log_mean, (offset, half, h)
    else:
        values, inputs = getattr(kernel, what), (offset, h)

    def finite(*arguments):
        found = values(*arguments)
        return torch.where(torch.isinf(found), 0.0, found)

    assert torch.autograd.gradcheck(finite, inputs, eps=1e-7, atol=1e-5)


@KERNEL
def test_density_is_symmetric_and_keeps_the_precision_of_its_arguments(kernel):
    offset = torch.linspace(0.0, 1.0, 11)
    for dtype in (torch.float32, torch.float64):
        right = kernel.log_density(offset.to(dtype), torch.tensor(0.1, dtype=dtype))
        assert right.dtype == dtype
        assert torch.equal(right, kernel.log_density(-offset.to(dtype), torch.tensor(0.1, dtype=dtype)))


@KERNEL
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_nothing_is_nan_anywhere(kernel, dtype):
    """Values are numbers or -inf and gradients finite: at centre and edge, far outside, of points and of all."""
    offset, half, h = torch.meshgrid(
        torch.tensor([0.0, 0.05, 0.1, -0.1, 0.2, 1.0, 100.0], dtype=dtype),
        torch.tensor([0.0, 1e-8, 0.05, 0.1, 0.9, 50.0], dtype=dtype),
        torch.tensor([0.005, 0.1, 1.0], dtype=dtype),
        indexing="ij",
    )
    leaves = [tensor.clone().requires_grad_() for tensor in (offset, half, h)]
    values = [kernel.log_mean(*leaves), *(getattr(kernel, n)(leaves[0], leaves[2]) for n in ("log_density", "product"))]
    for value in values:
        assert not torch.isnan(value).any() and not torch.isposinf(value).any()
        for slope in torch.autograd.grad(torch.where(torch.isinf(value), 0.0, value).sum(), leaves, allow_unused=True):
            assert slope is None or torch.isfinite(slope).all()


def test_values_by_hand():
    """Densities at one bandwidth (box: within it, Epanechnikov: at half of it)."""
    width, half = number(0.5), number(0.25)
    assert math.exp(KERNELS["gaussian"].log_density(width, width)) == pytest.approx(2 * 0.2419707245191434)
    assert math.exp(KERNELS["laplace"].log_density(width, width)) == pytest.approx(math.exp(-1.0))
    assert math.exp(KERNELS["cauchy"].log_density(width, width)) == pytest.approx(1.0 / math.pi)
    assert math.exp(KERNELS["box"].log_density(half, width)) == pytest.approx(1.0)
    assert math.exp(KERNELS["epanechnikov"].log_density(half, width)) == pytest.approx(1.125)
    assert math.exp(KERNELS["student_t"].log_density(width, width)) == pytest.approx(2 * 0.20674833578317203)


def test_students_product_is_a_mixture():
    """Of Cauchy's kernel the one of twice its width; shares are positive and sum to 1."""
    assert [(n, factor) for _, n, factor in product_parts(1)] == [(1, 2.0)]
    for nu in (1, 3, 5, 9, 15):
        shares = [share for share, _, _ in product_parts(nu)]
        assert min(shares) > 0.0 and sum(shares) == pytest.approx(1.0)
    for nu in (0, 2, -1):
        with pytest.raises(UserError, match="nu = 1, 3, 5"):
            student_t(nu)


@pytest.mark.parametrize("bad", [0.0, -0.1, math.nan])
def test_a_bandwidth_that_is_none_is_refused(bad):
    for bandwidth in (number(bad), number([0.1, bad])):
        with pytest.raises(UserError, match="bandwidth is"):
            by_query(bandwidth)
    assert by_query(number([0.1, 0.2])).shape == (2, 1)


def quadrature(function, half, count=2000):
    """Mean over [-half, half] by the midpoint rule."""
    places = (np.arange(count) + 0.5) / count * 2.0 - 1.0
    return function(torch.as_tensor(places * half)).mean(-1)


@NAME
@FEW
@given(offset=st.floats(-1.0, 1.0), half=st.floats(0.005, 0.3), other=st.floats(0.005, 0.3))
def test_a_smeared_kernel_is_the_mean_over_the_interval(name, offset, half, other):
    kernel, h, x = KERNELS[name], number(0.07), number(offset)
    smeared = smear(kernel, number([half]))
    tolerance = 6e-3 if name == "box" else 3e-5  # of the midpoint rule
    mean = float(quadrature(lambda s: torch.exp(kernel.log_density(x - s, h)), half))
    assert float(torch.exp(smeared.log_density(x, h))) == pytest.approx(mean, abs=2 * tolerance, rel=tolerance)
    mean = float(quadrature(lambda s: kernel.cumulative(x - s, h), half))
    assert float(smeared.cumulative(x, h)) == pytest.approx(mean, abs=tolerance)
    mean = float(quadrature(lambda s: torch.exp(kernel.log_mean(x - s, number(other), h)), half))
    assert float(torch.exp(smeared.log_mean(x, number(other), h))) == pytest.approx(mean, abs=tolerance, rel=tolerance)
    width = h.clone().requires_grad_()
    value = smeared.log_density(x, width)
    if torch.isfinite(value).all():
        (expected,) = torch.autograd.grad(value.sum(), width)
        assert float(smeared.bandwidth_slope(x, h)) == pytest.approx(float(expected), rel=1e-6, abs=1e-6)


@NAME
def test_products_of_smeared_kernels_are_means_over_both_intervals(name):
    kernel, h = KERNELS[name], number(0.07)
    angles, halves = number([-0.2, -0.05, 0.1]), number([0.0, 0.06, 0.2])
    found = smear(kernel, halves).product(angles[:, None] - angles, h)
    place = (torch.arange(400, dtype=torch.float64) + 0.5) / 200 - 1.0
    for i in range(3):
        for j in range(3):
            distance = angles[i] - angles[j] + place[:, None] * halves[i] - place * halves[j]
            assert float(found[i, j]) == pytest.approx(float(kernel.product(distance, h).mean()), rel=5e-4, abs=1e-5)


@NAME
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_an_interval_of_no_width_is_its_point(name, dtype):
    """Zero exactly, and continuously from small widths."""
    kernel, h = KERNELS[name], torch.tensor(0.08, dtype=dtype)
    x = torch.tensor([-0.5, -0.0813, -0.03, 0.02, 0.0791, 0.3], dtype=dtype)[:, None]
    for half in (0.0, 1e-9, 1e-6):
        smeared = smear(kernel, torch.full((1,), half, dtype=dtype))
        for what in ("log_density", "cumulative", "bandwidth_slope"):
            point, interval = getattr(kernel, what)(x, h), getattr(smeared, what)(x, h)
            torch.testing.assert_close(interval, point, rtol=2e-4, atol=2e-5)
        # A box's product has a kink at distance 0, which `smearing.NARROW` rounds off.
        torch.testing.assert_close(smeared.product(x[:1], h), kernel.product(x[:1], h), rtol=5e-4, atol=1e-4)
        torch.testing.assert_close(smeared.product(x[:1] * 0, h), kernel.product(x[:1] * 0, h), rtol=5e-4, atol=1e-4)


@KERNEL
def test_without_bandwidth_the_interval_is_a_box(kernel):
    """BeepBoop's gun: 1/width inside the interval, next to nothing outside (heavy tails fade slowest)."""
    smeared = smear(kernel, number([0.1]))
    inside, outside = (torch.exp(smeared.log_density(number([x]), number(1e-7))) for x in (0.099, 0.101))
    assert float(inside) == pytest.approx(5.0, rel=1e-3) and float(outside) < 1e-2


@pytest.mark.parametrize("bad", [-0.1, math.nan, math.inf])
def test_an_interval_that_is_none_is_refused(bad):
    with pytest.raises(UserError, match="interval is"):
        smear(KERNELS["laplace"], number([0.1, bad]))


def test_smeared_kernels_have_gradients():
    """By angle and bandwidth; narrow, wide, and overlapping the centre."""
    for kernel in KERNELS.values():
        smeared = smear(kernel, number([0.0, 0.03, 0.2]))
        x = number([[-0.31, 0.02, 0.12], [0.06, 0.11, 0.03]]).requires_grad_()
        h = number(0.081).requires_grad_()
        far = torch.isinf(smeared.log_density(x, h)).detach()
        log_density = partial(lambda f, a, b, far: torch.where(far, 0.0, f.log_density(a, b)), smeared, far=far)
        assert torch.autograd.gradcheck(log_density, (x, h))
        assert torch.autograd.gradcheck(smeared.cumulative, (x, h))
