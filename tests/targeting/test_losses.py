"""Losses against their definitions by quadrature, and the identities that they obey."""

import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from losses_problems import gradient, number, problem, value

from beepsim.targeting.fast import MeanLogDensity, fast_loss
from beepsim.targeting.kernels import KERNELS, Kernel
from beepsim.targeting.losses import LOSSES, kde_cross_entropy, mean_log_density

SEEDS = st.integers(0, 2**32 - 1)
FEW = settings(max_examples=20, deadline=None)
CROSS_ENTROPY = pytest.mark.parametrize(
    "loss", [kde_cross_entropy, fast_loss("kde_cross_entropy")], ids=["plain", "fast"]
)
KERNEL = pytest.mark.parametrize("kernel", KERNELS.values(), ids=KERNELS)
HEAVY_TAILS = ("cauchy", "student_t", "student_t_5", "student_t_9")  # their squares beyond 30 bandwidths still count


def refined(kernel, problem, parts):
    """The cross-entropy as the mean of those of `parts` equal parts of the intervals: as many times more nodes."""
    logits, angles, low, high, *rest = problem
    edges = [low + (high - low) * part / parts for part in range(parts + 1)]
    pieces = zip(edges, edges[1:], strict=False)
    return sum(value(kde_cross_entropy, kernel, [logits, angles, a, b, *rest]) for a, b in pieces) / parts


def density(x, logits, angles, kernel_name, bandwidth, floor):
    """p at the angles x [n] for one query, in numpy; the floor lies on [-1, 1]."""
    shares = np.exp(logits - logits.max())
    offset = torch.as_tensor(x[:, None] - angles)
    kernel = torch.exp(KERNELS[kernel_name].log_density(offset, torch.as_tensor(bandwidth))).numpy()
    return (1.0 - floor) * kernel @ (shares / shares.sum()) + 0.5 * floor * (np.abs(x) <= 1.0)


def integral(function, low, high, kinks):
    edges = np.unique(np.clip([*np.linspace(low, high, 200), *kinks], low, high))
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half, centre = 0.5 * np.diff(edges)[:, None], 0.5 * (edges[1:] + edges[:-1])[:, None]
    return float(function((centre + half * nodes).ravel()) @ (half * weights).ravel())


@pytest.mark.parametrize("name", KERNELS)
@settings(max_examples=5, deadline=None)
@given(seed=SEEDS)
def test_losses_are_what_they_are_defined_to_be(name, seed):
    given_ = problem(seed)
    logits, angles, lows, highs, bandwidth, floor = (tensor.numpy() for tensor in given_)
    results = {loss: value(function, KERNELS[name], given_) for loss, function in LOSSES.items()}
    exact = refined(KERNELS[name], given_, 64)
    kinks = [*angles, *(angles - bandwidth), *(angles + bandwidth)]
    # A box's edges jump: quadrature misses up to a node's weight of each.
    fine, coarse = (0.05, 3.0) if name == "box" else (1e-2, 0.5) if name == "epanechnikov" else (1e-4, 0.15)
    for q, (low, high) in enumerate(zip(lows, highs, strict=True)):
        mixture = (logits[q], angles, name, bandwidth, floor)
        entropy = -integral(lambda x, m=mixture: np.log(density(x, *m)), low, high, kinks) / (high - low)
        assert float(exact[q]) == pytest.approx(entropy, abs=fine)
        assert float(results["kde_cross_entropy"][q]) == pytest.approx(entropy, abs=coarse)
        mass = integral(lambda x, m=mixture: density(x, *m), low, high, kinks)
        assert float(results["hit_probability"][q]) == pytest.approx(-math.log(mass), abs=1e-9)

        def squared(x, m=mixture, low=low, high=high):
            return (density(x, *m) - ((x >= low) & (x <= high)) / (high - low)) ** 2

        if name not in HEAVY_TAILS:
            reach = 1.0 + 30 * bandwidth
            expected = integral(squared, -reach, reach, [*kinks, low, high, -1.0, 1.0])
            assert float(results["mse_density"][q]) == pytest.approx(expected, rel=1e-7)
        shares = np.exp(logits[q]) / np.exp(logits[q]).sum()
        middle = (low + high) / 2
        assert float(results["mse_mean"][q]) == pytest.approx((shares @ angles - middle) ** 2, abs=1e-12)
        assert float(results["mse_expected"][q]) == pytest.approx(shares @ (angles - middle) ** 2, abs=1e-12)


def laplace_integral_of_log(shares, angles, bandwidth, low, high):
    """∫ log p over [low, high] for a Laplace mixture, exactly (design, section 2): dilogarithms between angles."""

    def primitive(x, a, b):
        u = mpmath.mpf(x) / bandwidth
        if b == 0:
            return bandwidth * (u * mpmath.log(a) - u**2 / 2)
        tail = mpmath.polylog(2, -(a / b) * mpmath.exp(-2 * u)) if a else 0
        return bandwidth * (u**2 / 2 + u * mpmath.log(b) + mpmath.re(tail) / 2)

    edges = [low, *sorted(x for x in angles if low < x < high), high]
    total = mpmath.mpf(0)
    for left, right in zip(edges, edges[1:], strict=False):
        middle = (left + right) / 2
        a = mpmath.fsum(s * mpmath.exp(x / bandwidth) for s, x in zip(shares, angles, strict=True) if x < middle) / (
            2 * bandwidth
        )
        b = mpmath.fsum(s * mpmath.exp(-x / bandwidth) for s, x in zip(shares, angles, strict=True) if x > middle) / (
            2 * bandwidth
        )
        total += primitive(right, a, b) - primitive(left, a, b)
    return float(total)


@pytest.mark.parametrize("seed", range(6))
def test_laplace_cross_entropy_is_the_dilogarithm_form(seed):
    logits, angles, _, _, _, _ = problem(seed, 1, 12)
    low, high, bandwidth = -0.1 + 0.05 * seed, 0.1 + 0.05 * seed, 0.07
    shares = torch.softmax(logits[0], -1).tolist()
    exact = -laplace_integral_of_log(shares, angles.tolist(), bandwidth, low, high) / (high - low)
    given_ = [logits, angles, number([low]), number([high]), number(bandwidth), number(0.0)]
    assert float(refined(KERNELS["laplace"], given_, 64)) == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize("name,most", [("laplace", 2e-3), ("gaussian", 1e-6)])
def test_error_of_the_quadrature_is_as_stated(name, most):
    """`losses.NODES`: intervals of 0.2, bandwidth 0.07, 2,000 candidates; the median over problems."""
    errors = []
    for seed in range(20):
        logits, angles, *_ = problem(seed, 1, 2000)
        given_ = [logits, angles, number([0.1]), number([0.3]), number(0.07), number(0.05)]
        errors.append(float(abs(value(kde_cross_entropy, KERNELS[name], given_) - refined(KERNELS[name], given_, 32))))
    assert np.median(errors) < most, errors


def value_and_gradients(function, name, seed, dtype):
    """Mean log density [Q] with a masked candidate, and its gradients by log-weights, bandwidth and floor."""
    logits, angles, low, high, bandwidth, floor = problem(seed, dtype=dtype)
    log_weights = torch.log_softmax(logits, -1)
    log_weights[0, 2] = -torch.inf
    leaves = [log_weights.requires_grad_(), bandwidth.requires_grad_(), floor.requires_grad_()]
    found = function(leaves[0], angles, low, high, KERNELS[name], *leaves[1:])
    from_above = torch.as_tensor(np.random.default_rng(seed).normal(size=3), dtype=dtype)  # differs by query
    return [found.detach(), *torch.autograd.grad((found * from_above).sum(), leaves)]


@pytest.mark.parametrize("name", KERNELS)
@FEW
@given(seed=SEEDS)
def test_fast_is_the_plain_one_in_value_and_gradients(name, seed):
    plain, fast = (
        value_and_gradients(function, name, seed, torch.float64)
        for function in (mean_log_density, MeanLogDensity.apply)
    )
    for expected, found in zip(plain, fast, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", KERNELS)
def test_fast_is_as_exact_as_the_plain_one_in_single_precision(name):
    """Largest error over 200 problems, against float64, of value and each gradient."""
    errors = np.zeros((2, 4))
    for seed in range(200):
        exact = value_and_gradients(mean_log_density, name, seed, torch.float64)
        for index, function in enumerate((mean_log_density, MeanLogDensity.apply)):
            found = value_and_gradients(function, name, seed, torch.float32)
            sizes = [
                float((a - b).abs().max() / b.abs().max().clamp(min=1.0)) for a, b in zip(found, exact, strict=True)
            ]
            errors[index] = np.maximum(errors[index], sizes)
    assert (errors[1] < 1.5 * errors[0] + 1e-6).all(), errors


def step_kernel():
    """K = 1 within 0.4 of the centre, 0 elsewhere: with whole-numbered angles, a table of labels."""

    def log_density(offset, bandwidth):
        return torch.log((offset.abs() < 0.4).to(offset.dtype))

    nothing = KERNELS["gaussian"]
    return Kernel(log_density, lambda o, h: torch.zeros_like(o), nothing.cumulative, nothing.product, nothing.log_mean)


@CROSS_ENTROPY
@FEW
@given(seed=SEEDS)
def test_with_labels_it_is_the_ordinary_cross_entropy(loss, seed):
    """Identity 1: K in {0, 1}."""
    rng = np.random.default_rng(seed)
    logits, labels = torch.as_tensor(rng.normal(0, 3, (4, 5))), torch.as_tensor(rng.integers(0, 5, 4))
    angles = torch.arange(5.0, dtype=torch.float64)
    given_ = [logits, angles, labels.double() - 0.1, labels.double() + 0.1, number(1.0), number(0.0)]
    expected = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    torch.testing.assert_close(value(loss, step_kernel(), given_), expected)
    slope = torch.softmax(logits, -1) - torch.nn.functional.one_hot(labels, 5)
    torch.testing.assert_close(gradient(loss, step_kernel(), given_), slope)


@CROSS_ENTROPY
@KERNEL
@FEW
@given(seed=SEEDS, factor=st.floats(0.01, 100.0))
def test_a_factor_on_the_kernel_shifts_the_loss_only(loss, kernel, seed, factor):
    """Identity 2."""
    scaled = replace(kernel, log_density=lambda offset, width: kernel.log_density(offset, width) + math.log(factor))
    logits, angles, low, high, _, _ = problem(seed)
    # Wide enough for a box or Epanechnikov kernel to be 0 nowhere: without a floor its loss would be infinite.
    given_ = [logits, angles, low, high, number(2.5), number(0.0)]
    torch.testing.assert_close(value(loss, scaled, given_), value(loss, kernel, given_) - math.log(factor))
    torch.testing.assert_close(gradient(loss, scaled, given_), gradient(loss, kernel, given_))


@CROSS_ENTROPY
@FEW
@given(seed=SEEDS, shift=st.floats(0.0, 1.0))
def test_distance_to_one_side_matters_by_the_tails(loss, seed, shift):
    """Identity 3: not at all for Laplace; a Gaussian's gradient saturates, the nearest taking all; Cauchy's fades."""
    logits, angles, low, high, bandwidth, _ = problem(seed)
    angles = angles.abs() + 0.96  # beyond every interval

    def slope(kernel, by):
        return gradient(loss, KERNELS[kernel], [logits, angles + by, low, high, bandwidth, number(0.0)])

    torch.testing.assert_close(slope("laplace", shift), slope("laplace", 0.0), rtol=1e-7, atol=1e-9)
    nearest = torch.nn.functional.one_hot(angles.argmin(), len(angles))
    far = slope("gaussian", 1e6)
    torch.testing.assert_close(far, torch.softmax(logits, -1) - nearest, atol=1e-6, rtol=1e-6)
    sizes = [float(slope("cauchy", by).norm()) for by in (0.0, 1.0, 10.0, 1000.0)]
    assert sizes[0] > sizes[1] > sizes[2] > sizes[3] and sizes[3] < 3e-3 * sizes[0] + 1e-3


@CROSS_ENTROPY
@KERNEL
@FEW
@given(seed=SEEDS)
def test_cross_entropy_is_at_least_the_entropy_of_the_interval(loss, kernel, seed):
    """Identity 4, KL >= 0: L >= log(high - low), here up to the error of the quadrature."""
    given_ = problem(seed)
    assert (value(loss, kernel, given_) >= torch.log(given_[3] - given_[2]) - 5e-3).all()


@CROSS_ENTROPY
def test_far_candidates_do_not_underflow_in_single_precision(loss):
    """A sum of Gaussian densities at 2 GF and bandwidth 0.05 is 0 in float32; its logarithm is -801.1."""
    one = torch.zeros(1, 1)
    found = loss(
        one, torch.ones(1), torch.tensor([-1.01]), torch.tensor([-0.99]), KERNELS["gaussian"],
        torch.tensor(0.05), torch.tensor(0.0),
    )  # fmt: skip
    expected = 0.5 * (4.0 + 0.01**2 / 3.0) / 0.05**2 + math.log(0.05 * math.sqrt(2.0 * math.pi))
    assert float(found) == pytest.approx(expected, rel=1e-5)
