"""Losses on bins against their definitions, and what softmax, entropy and quadratic loss must obey."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from losses_problems import gradient, number, problem, value

from beepsim.targeting import bins
from beepsim.targeting.bins import BINS, SMOOTHING, bin_probabilities, margin, target_probabilities
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.logs import log_sum_exp
from beepsim.targeting.losses import LOSSES, hit_probability, kde_cross_entropy, mse_expected, mse_mean

FEW = settings(max_examples=10, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
KERNEL = pytest.mark.parametrize("kernel", KERNELS)
CENTRES = (2.0 * np.arange(BINS) + 1.0) / BINS - 1.0


def probabilities(kernel, given_):
    logits, angles, _, _, bandwidth, floor = given_
    return bin_probabilities(torch.log_softmax(logits, -1), angles, KERNELS[kernel], bandwidth, floor)


@KERNEL
@FEW
@given(seed=SEEDS)
def test_bins_hold_the_mass_of_the_density(kernel, seed):
    """Each bin as minus the log of the hit probability of its own interval; all of them 1, the outer with the tails."""
    given_ = problem(seed, 1, 6)
    logits, angles, _, _, bandwidth, floor = given_
    found = probabilities(kernel, given_)[0]
    assert float(found.sum()) == pytest.approx(1.0, abs=1e-12) and (found > 0.0).all()
    edges = torch.linspace(-1.0, 1.0, BINS + 1, dtype=torch.float64)
    for k in (1, 17, 30, 58, BINS - 2):
        of_bin = [logits, angles, edges[[k]], edges[[k + 1]], bandwidth, floor]
        mass = torch.exp(-value(hit_probability, KERNELS[kernel], of_bin))
        assert float(found[k]) == pytest.approx(float(mass), rel=1e-9)


def test_targets_are_shares_of_the_interval():
    """By hand: a bin is 2/61 wide; what lies beyond the escape angle goes to the outer bins."""
    width = 2.0 / BINS
    low = number([-1.0, -0.5 * width, 0.75, -3.0, 0.9999])
    high = number([1.0, 1.0 * width, 0.75, 3.0, 1.4])
    found = target_probabilities(low, high)
    torch.testing.assert_close(found.sum(-1), torch.ones(5).double())
    torch.testing.assert_close(found[0], torch.full((BINS,), 1.0 / BINS).double())
    middle = BINS // 2
    assert found[1, middle] == pytest.approx(2.0 / 3.0) and found[1, middle + 1] == pytest.approx(1.0 / 3.0)
    assert found[2, int((0.75 + 1.0) / width)] == pytest.approx(1.0)
    assert found[3, 0] == pytest.approx((2.0 + width) / 6.0) and found[3, 1] == pytest.approx(width / 6.0)
    assert found[4, -1] == pytest.approx(1.0)


@KERNEL
@FEW
@given(seed=SEEDS)
def test_losses_on_bins_are_what_they_are_defined_to_be(kernel, seed):
    given_ = problem(seed)
    p, u = probabilities(kernel, given_).numpy(), target_probabilities(given_[2], given_[3]).numpy()
    found = {name: value(LOSSES[name], KERNELS[kernel], given_).numpy() for name in LOSSES}
    rows = np.arange(3)
    label = np.abs(CENTRES - (0.5 * (given_[2] + given_[3])).numpy()[:, None]).argmin(1)
    np.testing.assert_allclose(found["bins_cross_entropy"], -np.log(p[rows, label]))
    np.testing.assert_allclose(found["bins_squared"], 0.5 * ((p - u) ** 2).sum(1))
    for name, smoothing in (("bins_kl", 0.0), ("bins_kl_smoothed", SMOOTHING)):
        target = (1.0 - smoothing) * u + smoothing / BINS
        entropy = -np.sum(target * np.log(np.where(target > 0.0, target, 1.0)), 1)
        np.testing.assert_allclose(found[name], -(target * np.log(p)).sum(1) - entropy, atol=1e-12)
        assert (found[name] >= 0.0).all()
    lead = [np.log(p[q][u[q] > 0.0]).max() - np.log(p[q][u[q] == 0.0]).max() for q in rows]
    np.testing.assert_allclose(found["unhinged"], 1.0 - np.array(lead))
    np.testing.assert_allclose(found["bins_margin"], np.maximum(0.0, 1.0 - np.array(lead)))


@KERNEL
@FEW
@given(seed=SEEDS)
def test_losses_bound_each_other(kernel, seed):
    """Of the mean: at most the mean error; by Jensen log(mass/width) is no less than the mean of log p."""
    given_ = problem(seed)
    shape, width = KERNELS[kernel], given_[3] - given_[2]
    assert (value(mse_mean, shape, given_) <= value(mse_expected, shape, given_) + 1e-15).all()
    if kernel not in ("box", "laplace", "epanechnikov"):  # of those the quadrature of log p errs at kinks
        mean_log = -value(kde_cross_entropy, shape, given_)
        assert (-value(hit_probability, shape, given_) - torch.log(width) >= mean_log - 1e-3).all()


@FEW
@given(seed=SEEDS)
def test_divergence_is_zero_only_where_both_agree(seed):
    """Identity 4: KL(q‖p) >= 0, and 0 at p = q: bins far apart, each with one candidate."""
    rng = np.random.default_rng(seed)
    target = target_probabilities(number([rng.uniform(-0.9, 0.5)]), number([rng.uniform(0.55, 0.9)]))
    logits = torch.log(target)
    exact = [logits, torch.as_tensor(CENTRES), number([0.0]), number([0.1]), number(1e-3), number(0.0)]
    found = probabilities("box", exact)
    torch.testing.assert_close(found, target)
    divergence = torch.special.xlogy(target, target) - target * torch.log(torch.clamp(found, min=1e-30))
    assert float(divergence.sum()) == pytest.approx(0.0, abs=1e-12)


@settings(max_examples=50, deadline=None)
@given(scores=st.lists(st.floats(-50.0, 50.0), min_size=1, max_size=20), shift=st.floats(-1e3, 1e3))
def test_log_sum_exp_is_a_soft_maximum(scores, shift):
    """Identity 4: between the largest and that plus log K; its gradient is the softmax; a shift passes through."""
    leaf = number(scores).requires_grad_()
    found = log_sum_exp(leaf)
    (slope,) = torch.autograd.grad(found, leaf)
    found = found.detach()
    assert max(scores) - 1e-9 <= float(found) <= max(scores) + math.log(len(scores)) + 1e-9
    torch.testing.assert_close(slope, torch.softmax(number(scores), 0))
    torch.testing.assert_close(log_sum_exp(number(scores) + shift), found + shift)
    torch.testing.assert_close(found, torch.logsumexp(number(scores), 0))


def labels_problem(seed, size=3.0):
    """Candidates at the middles of bins, one each, with kernels that stay inside: the bins' probabilities are S."""
    rng = np.random.default_rng(seed)
    logits = torch.as_tensor(rng.normal(0.0, size, (4, BINS)))
    label = rng.integers(1, BINS - 1, 4)
    middle = torch.as_tensor(CENTRES[label])
    return [logits, torch.as_tensor(CENTRES), middle - 1e-3, middle + 1e-3, number(1e-3), number(0.0)], label


@FEW
@given(seed=SEEDS)
def test_with_labels_they_are_the_losses_of_a_classifier(seed):
    """Identity 1: cross-entropy S - y, and so KL; identity 5: quadratic (diag S - SSᵀ)(S - y), at most half as long."""
    given_, label = labels_problem(seed)
    box, wrong = KERNELS["box"], torch.softmax(given_[0], -1)
    right = torch.nn.functional.one_hot(torch.as_tensor(label), BINS)
    error = wrong - right
    expected = torch.nn.functional.cross_entropy(given_[0], torch.as_tensor(label), reduction="none")
    for loss in (bins.bins_cross_entropy, bins.bins_kl):
        torch.testing.assert_close(value(loss, box, given_), expected)
        torch.testing.assert_close(gradient(loss, box, given_), error)
    squared = gradient(bins.bins_squared, box, given_)
    torch.testing.assert_close(squared, wrong * error - wrong * (wrong * error).sum(-1, keepdim=True))
    assert (squared.norm(dim=-1) <= 0.5 * error.norm(dim=-1) + 1e-15).all()


def test_the_quadratic_loss_forgets_a_confident_mistake():
    """Identity 5: nearly all weight on the wrong bin: cross-entropy pulls with norm √2, the quadratic loss hardly."""
    given_, label = labels_problem(1, 0.0)
    given_[0][torch.arange(4), torch.as_tensor((label + 7) % BINS)] = 25.0
    box = KERNELS["box"]
    assert (gradient(bins.bins_cross_entropy, box, given_).norm(dim=-1) > 1.4).all()
    assert (gradient(bins.bins_squared, box, given_).norm(dim=-1) < 1e-8).all()
    assert gradient(bins.unhinged, box, given_).norm(dim=-1).min() > 1.0


def test_margin_of_a_set():
    scores = number([[0.0, 2.0, 5.0, 1.0]])
    assert float(margin(scores, number([[0.5, 0.5, 0.0, 0.0]]))) == -3.0
    assert float(margin(scores, number([[0.0, 0.0, 0.2, 0.8]]))) == 3.0
    assert float(margin(scores, number([[0.25] * 4]))) == pytest.approx(5.0 - math.log(bins.SMALLEST))
