"""What every loss must do with every kernel: gradients, independence, masks, order, and sense with whatever comes."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from losses_problems import ALL_LOSSES, gradient, number, problem, value

from beepsim.errors import UserError
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.losses import LOSSES
from beepsim.targeting.smearing import smear

FEW = settings(max_examples=4, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)
SMEARED = {f"smeared {name}": smear(KERNELS[name], torch.linspace(0.0, 0.2, 7).double()) for name in ("laplace", "box")}
LOSS = pytest.mark.parametrize("loss", ALL_LOSSES)
PLAIN_LOSS = pytest.mark.parametrize("loss", LOSSES)
KERNEL = pytest.mark.parametrize("kernel", {**KERNELS, **SMEARED})
WITHOUT_KERNEL = ("mse_mean", "mse_expected")


def pair(loss, kernel):
    return ALL_LOSSES[loss], {**KERNELS, **SMEARED}[kernel]


@LOSS
@KERNEL
def test_gradients_are_finite_differences(loss, kernel):
    function, shape = pair(loss, kernel)
    logits, angles, low, high, bandwidth, floor = problem(3)

    def of(logits, bandwidth, floor):
        return value(function, shape, [logits, angles, low, high, bandwidth, floor])

    inputs = [tensor.clone().requires_grad_() for tensor in (logits, bandwidth, floor)]
    if loss in WITHOUT_KERNEL:
        assert torch.autograd.gradcheck(lambda logits: of(logits, bandwidth, floor), inputs[:1])
    else:
        assert torch.autograd.gradcheck(of, inputs)


@LOSS
@KERNEL
@FEW
@given(seed=SEEDS)
def test_a_batch_is_its_queries_and_a_query_its_candidates(loss, kernel, seed):
    """Identity 6: other queries, the candidates' order and masked candidates have no influence."""
    function, shape = pair(loss, kernel)
    logits, angles, low, high, *rest = problem(seed)
    whole = value(function, shape, [logits, angles, low, high, *rest])
    others = logits.clone()
    others[[0, 2]] = torch.flip(others[[0, 2]], [0]) * 3.0
    changed = value(function, shape, [others, angles, low, high, *rest])
    alone = value(function, shape, [logits[1:2], angles, low[1:2], high[1:2], *rest])
    torch.testing.assert_close(changed[1:2], whole[1:2])
    torch.testing.assert_close(alone, whole[1:2])
    if "smeared" in kernel:
        return  # each candidate has its own kernel; see below
    order = torch.as_tensor(np.random.default_rng(seed).permutation(len(angles)))
    torch.testing.assert_close(value(function, shape, [logits[:, order], angles[order], low, high, *rest]), whole)
    masked, moved = logits.clone(), angles.clone()
    masked[:, 2], moved[2] = -torch.inf, 0.5 * (low[0] + high[0])
    kept = [0, 1, 3, 4, 5, 6]
    removed = [logits[:, kept], angles[kept], low, high, *rest]
    present = [masked, moved, low, high, *rest]
    torch.testing.assert_close(value(function, shape, present), value(function, shape, removed))
    slope = gradient(function, shape, present)
    assert (slope[:, 2] == 0.0).all()
    torch.testing.assert_close(slope[:, kept], gradient(function, shape, removed))


@PLAIN_LOSS
@pytest.mark.parametrize("kernel", ["laplace", "box", "student_t"])
def test_interval_candidates_are_permuted_with_their_intervals(loss, kernel):
    logits, angles, *rest = problem(8)
    halves, order = torch.linspace(0.0, 0.2, 7).double(), torch.tensor([3, 0, 6, 1, 5, 2, 4])
    straight = value(LOSSES[loss], smear(KERNELS[kernel], halves), [logits, angles, *rest])
    permuted = [logits[:, order], angles[order], *rest]
    torch.testing.assert_close(value(LOSSES[loss], smear(KERNELS[kernel], halves[order]), permuted), straight)
    points = value(LOSSES[loss], smear(KERNELS[kernel], 0.0 * halves), [logits, angles, *rest])
    # Products have kinks, which `smearing.NARROW` rounds off.
    tolerance = 1e-3 if loss == "mse_density" else 1e-9
    expected = value(LOSSES[loss], KERNELS[kernel], [logits, angles, *rest])
    torch.testing.assert_close(points, expected, rtol=tolerance, atol=1e-9)


@LOSS
@KERNEL
def test_each_query_may_have_its_own_bandwidth(loss, kernel):
    """[Q] or [Q, 1]: each query as if it stood alone with its bandwidth, values and gradients."""
    function, shape = pair(loss, kernel)
    logits, angles, low, high, _, floor = problem(5)
    widths = number([0.05, 0.11, 0.3])
    alone = [[logits[[q]], angles, low[[q]], high[[q]], widths[q], floor] for q in range(3)]
    singles = torch.cat([value(function, shape, each) for each in alone])
    for bandwidth in (widths, widths[:, None]):
        given_ = [logits, angles, low, high, bandwidth, floor]
        torch.testing.assert_close(value(function, shape, given_), singles)
    leaf = widths.clone().requires_grad_()
    if loss not in WITHOUT_KERNEL and kernel == "laplace":
        assert torch.autograd.gradcheck(
            lambda h: value(function, shape, [logits, angles, low, high, h, floor]), leaf, eps=1e-7, atol=1e-4
        )


def checked(loss, kernel, log_weights, angles, low, high, bandwidth, floor):
    """The values and all gradients, none of them NaN or infinite."""
    leaves = [tensor.clone().requires_grad_() for tensor in (log_weights, bandwidth, floor)]
    found = loss(leaves[0], angles, low, high, kernel, leaves[1], leaves[2])
    assert found.shape == low.shape and found.dtype == log_weights.dtype and torch.isfinite(found).all()
    if found.requires_grad:
        for slope in torch.autograd.grad(found.sum(), leaves, allow_unused=True):
            assert slope is None or torch.isfinite(slope).all()
    return found.detach()


@LOSS
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_odd_input_gives_finite_values_and_gradients(loss, kernel, dtype):
    function, shape = pair(loss, kernel)
    log_weights, angles, low, high, _, floor = problem(2, 3, 7, dtype)
    log_weights = torch.log_softmax(log_weights, -1)
    width = torch.tensor(0.06, dtype=dtype)
    rest = (shape, log_weights, angles)
    checked(function, *rest, low, low, width, floor)  # intervals of no width
    checked(function, *rest, low - 1.5, high - 1.5, width, floor)  # beyond the escape angle, wholly or in part
    checked(function, *rest, low - 2.0, high + 2.0, width, floor)  # all of it
    checked(function, shape, log_weights, angles * 3.0, low, high, width, floor)
    for reach in (0.005, 1.0):
        checked(function, *rest, low, high, torch.tensor(reach, dtype=dtype), floor)
    checked(function, *rest, low, high, width, torch.tensor(1e-4, dtype=dtype))
    # No candidate in reach, all masked, none there: what remains is the floor.
    far = checked(function, shape, log_weights, angles * 0.0 + 50.0, low, high, width, floor)
    masked = checked(function, shape, torch.full_like(log_weights, -torch.inf), angles, low, high, width, floor)
    none = checked(function, shape, log_weights[:, :0], angles[:0], low, high, width, floor)
    torch.testing.assert_close(masked, none)
    if loss in ("kde_cross_entropy", "hit_probability") and kernel in ("box", "gaussian"):
        torch.testing.assert_close(far, masked)
        density = -torch.log(0.5 * floor) - (torch.log(high - low) if loss == "hit_probability" else 0.0)
        torch.testing.assert_close(masked, density.expand(3))
    one = checked(function, shape, log_weights[:, :1] * 0.0, angles[:1], low, high, width, floor)
    evenly = torch.full_like(log_weights, -math.log(7.0))
    repeated = checked(function, shape, evenly, angles[:1].expand(7), low, high, width, floor)
    torch.testing.assert_close(one, repeated, rtol=1e-4, atol=1e-5)
    nothing = checked(function, shape, log_weights[:0], angles, low[:0], high[:0], width, floor)
    assert nothing.shape == (0,)


@LOSS
@pytest.mark.parametrize("bad", [0.0, -0.1, math.nan])
def test_a_bandwidth_that_is_none_is_refused(loss, bad):
    logits, angles, low, high, _, floor = problem(2)
    if loss not in WITHOUT_KERNEL:
        with pytest.raises(UserError, match="bandwidth is"):
            value(ALL_LOSSES[loss], KERNELS["laplace"], [logits, angles, low, high, number(bad), floor])


@PLAIN_LOSS
def test_a_hundred_thousand_candidates(loss):
    """In single precision as good as in double."""
    results = []
    for dtype in (torch.float32, torch.float64):
        logits, angles, low, high, _, floor = problem(4, 1, 100_000, dtype)
        log_weights = torch.log_softmax(logits, -1)
        width = torch.tensor(0.08, dtype=dtype)
        results.append(checked(LOSSES[loss], KERNELS["laplace"], log_weights, angles, low, high, width, floor))
    torch.testing.assert_close(results[0].double(), results[1], rtol=1e-4, atol=1e-5)
