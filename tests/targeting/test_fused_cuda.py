"""The Triton passes against the CPU's: on a CUDA device, or in Triton's interpreter (TRITON_INTERPRET=1)."""

import os

import pytest
import torch
from test_fast import DISTANCE, KERNEL, OUTPUTS, fused, problem

from beepsim.targeting import fused as fused_module
from beepsim.targeting.fused import fused_cross_entropy

pytest.importorskip("triton")
IS_INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
if not (torch.cuda.is_available() or IS_INTERPRETED):
    pytest.skip("no CUDA device, and TRITON_INTERPRET is not 1", allow_module_level=True)
DEVICE = "cpu" if IS_INTERPRETED else "cuda"
SIZES = pytest.mark.parametrize("sizes", [(40, 150, 13), (33, 65, 1), (3, 1, 5), (2, 0, 3)])


def by_triton(given_, kernel, distance):
    """OUTPUTS as `test_fast.computed` gives them."""
    values = [tensor.to(DEVICE, torch.float32 if tensor.is_floating_point() else None) for tensor in given_]
    leaves = [values[index].clone().requires_grad_() for index in (0, 1, 6, 7)]
    loss = fused_cross_entropy(leaves[0], leaves[1], *values[2:6], kernel, distance, leaves[2], leaves[3])
    weights = torch.linspace(-0.5, 1.5, len(loss), device=DEVICE)
    return [loss.detach().cpu(), *(g.cpu() for g in torch.autograd.grad((loss * weights).sum(), leaves))]


@KERNEL
@DISTANCE
@SIZES
@pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION")
def test_it_is_what_the_cpu_computes(monkeypatch, kernel, distance, sizes):
    given_ = problem(1, *sizes)
    given_[2][0] = 0  # one query knows nothing
    expected = fused(given_, kernel, distance)
    if IS_INTERPRETED:
        from beepsim.targeting import fused_cuda

        monkeypatch.setattr(fused_module, "passes", lambda device: fused_cuda)
    for name, one, other in zip(OUTPUTS, expected, by_triton(given_, kernel, distance), strict=True):
        torch.testing.assert_close(other, one, rtol=1e-5, atol=1e-5, msg=lambda text, n=name: f"{n}: {text}")


@KERNEL
@pytest.mark.skipif(IS_INTERPRETED, reason="the interpreter is slow")
@pytest.mark.filterwarnings("ignore:TRITON_DEFAULT_FP_FUSION")
def test_repeats_itself_to_the_bit(kernel):
    given_ = problem(2, 1000, 5000, 20)
    one, other = (by_triton(given_, kernel, "manhattan") for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
