"""The fused cross-entropy against its plain definition in double precision, and what holds for it alone."""

import math
import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from targeting_battles import made_battle

from beepsim.errors import UserError
from beepsim.jit import jit
from beepsim.targeting import attention as attention_module
from beepsim.targeting.attention import Attention, Batch
from beepsim.targeting.exponential import LOWEST, exp32, from_ordered, ordered
from beepsim.targeting.fast import fast_loss
from beepsim.targeting.fused import DISTANCES, KERNELS, fused_cross_entropy, is_fusible
from beepsim.targeting.kernels import KERNELS as DENSITIES
from beepsim.targeting.losses import kde_cross_entropy
from beepsim.targeting.streaming import BLOCK
from beepsim.targeting.train import TrainConfig, sample_batch
from beepsim.targeting.weights import ModelConfig, initial_weights

KERNEL = pytest.mark.parametrize("kernel", KERNELS)
DISTANCE = pytest.mark.parametrize("distance", DISTANCES)
SEEDS = st.integers(0, 2**32 - 1)
OUTPUTS = ("loss", "queries", "candidates", "bandwidth", "floor")
PLAIN = 8  # nodes of the plain definition


def problem(seed, queries=20, candidates=300, features=5, spread=3.0, bandwidth=0.07, floor=0.03):
    """queries [Q, D], candidates [J, D], known [Q], angles [J], low, high [Q], bandwidth, floor; double precision.

    Of values that float32 has, so that both precisions are asked the same. The embedding is about `spread` apart.
    """
    rng = np.random.default_rng(seed)
    centre, half = rng.uniform(-0.8, 0.8, queries), rng.uniform(0.02, 0.15, queries)
    values = [
        rng.uniform(0.0, 3.0 * spread / features, (queries, features)),
        rng.uniform(0.0, 3.0 * spread / features, (candidates, features)),
        rng.integers(-(-candidates // 2), candidates + 1, queries),
        rng.uniform(-1.0, 1.0, candidates),
        centre - half,
        centre + half,
        np.array(bandwidth),
        np.array(floor),
    ]
    return [torch.as_tensor(v if v.dtype.kind == "i" else v.astype(np.float32).astype(np.float64)) for v in values]


def plain(queries, candidates, known, angles, low, high, kernel, distance, bandwidth, floor):
    offsets = queries[:, None] - candidates
    distances = offsets.abs().sum(-1) if distance == "manhattan" else (offsets**2).sum(-1)
    logits = torch.where(torch.arange(len(candidates)) < known[:, None], -distances, -torch.inf)
    logits = torch.where(known[:, None] > 0, logits, 0.0)
    log_weights = torch.where(known[:, None] > 0, torch.log_softmax(logits, -1), -torch.inf)
    return kde_cross_entropy(log_weights, angles, low, high, DENSITIES[kernel], bandwidth, floor)


def computed(function, given_, kernel, distance, dtype):
    """OUTPUTS: the losses [Q], and the gradients of their sum with weights that differ by query."""
    queries, candidates, known, angles, low, high, bandwidth, floor = (
        tensor.to(dtype) if tensor.is_floating_point() else tensor for tensor in given_
    )
    leaves = [tensor.clone().requires_grad_() for tensor in (queries, candidates, bandwidth, floor)]
    loss = function(leaves[0], leaves[1], known, angles, low, high, kernel, distance, leaves[2], leaves[3])
    weights = torch.linspace(-0.5, 1.5, len(queries), dtype=dtype)
    return [loss.detach(), *torch.autograd.grad((loss * weights).sum(), leaves)]


def fused(given_, kernel, distance):
    return computed(fused_cross_entropy, given_, kernel, distance, torch.float32)


def assert_close(given_, kernel, distance, tolerance=2e-5):
    exact = computed(plain, given_, kernel, distance, torch.float64)
    for name, expected, found in zip(OUTPUTS, exact, fused(given_, kernel, distance), strict=True):
        size = max(1.0, float(expected.abs().max())) if expected.numel() else 1.0
        torch.testing.assert_close(
            found.double() / size, expected / size, rtol=0.0, atol=tolerance, msg=lambda text, n=name: f"{n}: {text}"
        )


@KERNEL
@DISTANCE
@pytest.mark.parametrize(
    "sizes", [(252, 507, 13), (1, 1, 1), (3, 1, 5), (7, BLOCK, 4), (7, BLOCK + 1, 6), (40, 3 * BLOCK - 1, 1)]
)
def test_it_is_the_plain_one_in_any_size(kernel, distance, sizes):
    assert_close(problem(1, *sizes), kernel, distance)


@KERNEL
@DISTANCE
@settings(max_examples=30, deadline=None)
@given(seed=SEEDS, bandwidth=st.floats(0.005, 1.0), floor=st.floats(1e-4, 0.9), spread=st.floats(0.01, 100.0))
def test_it_is_the_plain_one_for_any_parameters(kernel, distance, seed, bandwidth, floor, spread):
    given_ = problem(seed, 6, 40, 3, spread, bandwidth, floor)
    given_[2][0] = 0
    # Logits have the rounding of float32, and so have the nodes, whose distances are squared and divided by h².
    assert_close(given_, kernel, distance, 2e-5 * max(1.0, spread, (0.03 / bandwidth) ** 2))


def test_it_is_as_exact_as_the_plain_one_in_single_precision():
    """Root mean square errors over 40 problems, against double precision, of the loss and each gradient."""
    for kernel in KERNELS:
        for distance in DISTANCES:
            squares = np.zeros((2, len(OUTPUTS)))
            for seed in range(40):
                given_ = problem(seed, 30, 500, 9)
                exact = computed(plain, given_, kernel, distance, torch.float64)
                single = computed(plain, given_, kernel, distance, torch.float32), fused(given_, kernel, distance)
                for index, found in enumerate(single):
                    errors = [(a - b).abs().max() / b.abs().max() for a, b in zip(found, exact, strict=True)]
                    squares[index] += np.array([float(error) ** 2 for error in errors])
            errors = np.sqrt(squares / 40)
            assert (errors[1] <= 1.1 * errors[0]).all(), (kernel, distance, errors)


@KERNEL
@DISTANCE
def test_distances_of_thousands(kernel, distance):
    """One candidate takes all the weight; differences of logits are as exact as float32 holds the logits."""
    assert_close(problem(2, 20, 300, 5, spread=3000.0), kernel, distance, 0.1)
    far = problem(2, 20, 300, 5)
    far[1] = (far[1] + 1000.0).float().double()
    assert_close(far, kernel, distance, 2e-3 if distance == "manhattan" else 10.0)


@KERNEL
@DISTANCE
def test_ties(kernel, distance):
    """Candidates that are each other's copies, and queries that are candidates: a distance of 0 has slope 0."""
    given_ = problem(3, 10, 300, 4)
    given_[1][100:200], given_[3][100:200] = given_[1][:100].clone(), given_[3][:100].clone()
    given_[0][:] = given_[1][:10]
    given_[1][:, 0] = 0.5
    given_[0][:, 0] = 0.5
    given_[3][50:60] = given_[3][40]
    assert_close(given_, kernel, distance)


@KERNEL
@DISTANCE
@pytest.mark.parametrize("side", [-1.0, 1.0])
def test_candidates_on_one_side_only(kernel, distance, side):
    given_ = problem(4, floor=0.0)
    given_[3] = side * (given_[3].abs() * 0.04 + 0.96)
    given_[7] = torch.tensor(0.0, dtype=torch.float64)
    exact, found = computed(plain, given_, kernel, distance, torch.float64), fused(given_, kernel, distance)
    for expected, value in zip(exact[:4], found[:4], strict=True):
        size = float(expected.abs().max())
        torch.testing.assert_close(value.double() / size, expected / size, rtol=0.0, atol=2e-5)


@KERNEL
@DISTANCE
@pytest.mark.parametrize("low,high", [(1.2, 1.4), (-1.5, -1.1), (-2.0, 2.0), (0.9, 1.3), (0.1, 0.1)])
def test_intervals_beyond_the_escape_range_and_points(kernel, distance, low, high):
    given_ = problem(5)
    given_[4], given_[5] = torch.full_like(given_[4], np.float32(low)), torch.full_like(given_[5], np.float32(high))
    assert_close(given_, kernel, distance)


@KERNEL
def test_candidates_between_the_nodes_at_any_bandwidth(kernel):
    """Wide intervals and a narrow kernel: at a node only its neighbours count, however light they are."""
    for bandwidth in (0.005, 0.02, 0.5):
        given_ = problem(6, 10, 400, 3, 20.0, bandwidth)
        given_[4], given_[5] = torch.full_like(given_[4], -0.9), torch.full_like(given_[5], 0.9)
        assert_close(given_, kernel, "manhattan", 1e-4)


@KERNEL
def test_far_candidates_do_not_underflow(kernel):
    one = torch.zeros(1, 1)
    found = fused_cross_entropy(
        one, one, torch.tensor([1]), torch.ones(1), torch.tensor([-1.01]), torch.tensor([-0.99]), kernel,
        "manhattan", torch.tensor(0.01), torch.tensor(0.0),
    )  # fmt: skip
    if kernel == "gaussian":
        expected = 0.5 * (4.0 + 0.01**2 / 3.0) / 0.01**2 + math.log(0.01 * math.sqrt(2.0 * math.pi))
    else:
        expected = 2.0 / 0.01 + math.log(0.02)
    assert float(found) == pytest.approx(expected, rel=1e-5)


@KERNEL
@pytest.mark.parametrize("candidates", [0, 1, 10])
def test_a_query_that_knows_nothing_has_the_floor(kernel, candidates):
    given_ = problem(7, 4, candidates)
    given_[2] = torch.zeros(4, dtype=torch.int64)
    loss, *gradients = fused(given_, kernel, "manhattan")
    torch.testing.assert_close(loss, torch.full((4,), -math.log(0.03 / 2.0)))
    assert all(not gradient.any() for gradient in gradients[:3])
    torch.testing.assert_close(gradients[3], torch.tensor(-2.0 / 0.03))


@KERNEL
@DISTANCE
def test_a_bandwidth_of_each_query(kernel, distance):
    given_ = problem(8)
    given_[6] = torch.linspace(0.03, 0.2, len(given_[0]), dtype=torch.float64).float().double()
    assert_close(given_, kernel, distance)


@KERNEL
@pytest.mark.parametrize("wrong", [0.0, -0.1, math.nan])
def test_a_bandwidth_that_is_none_is_refused(kernel, wrong):
    given_ = problem(8)
    given_[6] = torch.tensor(wrong)
    with pytest.raises(UserError, match="bandwidth is"):
        fused(given_, kernel, "manhattan")


@KERNEL
def test_what_is_not_known_has_no_influence(kernel):
    given_ = problem(9, 20, 1000)
    given_[2] = torch.arange(20) * 30 + 1
    changed = [tensor.clone() for tensor in given_]
    changed[1][600:], changed[3][600:] = math.nan, -7.0
    for one, other in zip(fused(given_, kernel, "manhattan"), fused(changed, kernel, "manhattan"), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)


@KERNEL
@DISTANCE
def test_queries_of_a_batch_are_independent(kernel, distance):
    given_ = problem(10)
    together = fused_cross_entropy(*single(given_[:6]), kernel, distance, *single(given_[6:]))
    for q in range(0, 20, 7):
        queries, candidates, known, angles, low, high = single(given_[:6])
        some = slice(q, q + 1)
        alone = fused_cross_entropy(
            queries[some], candidates, known[some], angles, low[some], high[some], kernel, distance, *single(given_[6:])
        )
        assert torch.equal(alone, together[some])


def single(tensors):
    return [tensor.float() if tensor.is_floating_point() else tensor for tensor in tensors]


@KERNEL
@DISTANCE
def test_the_same_bits_on_any_number_of_threads(kernel, distance):
    given_ = problem(11, 250, 18 * BLOCK + 5)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 16):
            torch.set_num_threads(threads)
            found.append(fused(given_, kernel, distance))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


@KERNEL
def test_features_that_are_not_numbers_are_not_lost(kernel):
    given_ = problem(12)
    given_[0][3, 1] = math.nan
    loss, by_queries, *_ = fused(given_, kernel, "manhattan")
    assert torch.isnan(loss).tolist() == [q == 3 for q in range(20)]
    assert torch.isnan(by_queries[3]).any() and torch.isfinite(by_queries[:3]).all()


def test_memory_does_not_grow_with_pairs():
    given_ = problem(13, 400, 20_000, 8)
    fused(problem(13, 2, 2), "laplace", "manhattan")
    tracemalloc.start()
    fused(given_, "laplace", "manhattan")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400 * 20_000 * 4 / 4, "numpy's memory, bytes; one float32 for each pair would be 32 MB"


@jit
def exponentials(x, out):
    for i in range(len(x)):
        out[i] = exp32(x[i])


def test_exponential_is_within_one_unit_in_the_last_place():
    x = np.linspace(-87.3, 88.0, 1_000_003).astype(np.float32)
    out = np.empty_like(x)
    exponentials(x, out)
    exact = np.exp(x.astype(np.float64))
    assert (abs(out - exact) <= np.spacing(exact.astype(np.float32))).all()
    special = np.array([-np.inf, -1e30, -88.0, 0.0, np.nan], np.float32)
    out = np.empty_like(special)
    exponentials(special, out)
    np.testing.assert_array_equal(out, np.array([0.0, 0.0, 0.0, 1.0, np.nan], np.float32))


def test_order_of_floats_is_that_of_their_numbers():
    x = np.array([-np.inf, -1e30, -1.5, -1e-30, -0.0, 0.0, 1e-30, 2.0, np.inf], np.float32)
    numbers = [ordered(value) for value in x]
    assert numbers[0] == LOWEST and numbers == sorted(numbers)
    assert [from_ordered(np.int32(number)) for number in numbers] == x.tolist()


MODELS = [
    ModelConfig(("accel", "vel", "bft"), distance, kernel, candidates="points")
    for distance in DISTANCES
    for kernel in ("gaussian", "laplace")
]


def batch_of(model):
    battle, rng = made_battle(500, 1), np.random.default_rng(0)
    return sample_batch(battle, battle.lessons, initial_weights(model), TrainConfig(), 40, rng, "cpu")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.distance} {model.kernel}")
def test_attention_fuses_the_fast_cross_entropy(monkeypatch, model):
    """Loss and gradients by the parameters are those of the plain path, which the plain loss takes."""
    calls = []

    def counted(*arguments):
        calls.append(arguments)
        return fused_cross_entropy(*arguments)

    monkeypatch.setattr(attention_module, "fused_cross_entropy", counted)
    batch, found = batch_of(model), []
    for loss in (kde_cross_entropy, fast_loss("kde_cross_entropy")):
        attention = Attention(initial_weights(model))
        values = attention.loss(loss, batch)
        values.mean().backward()
        found.append([values.detach(), *(parameter.grad for parameter in attention.parameters())])
    assert len(calls) == 1
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)


def test_attention_takes_the_plain_path_elsewhere(monkeypatch):
    def forbidden(*arguments):
        raise AssertionError("fused")

    monkeypatch.setattr(attention_module, "fused_cross_entropy", forbidden)
    nearest = ModelConfig(("accel", "vel", "bft"), neighbours=10, candidates="points")
    assert torch.isfinite(
        Attention(initial_weights(nearest)).loss(fast_loss("kde_cross_entropy"), batch_of(nearest))
    ).all()
    batch = batch_of(MODELS[0])
    for name in ("mse_mean", "mse_density"):
        assert torch.isfinite(Attention(initial_weights(MODELS[0])).loss(fast_loss(name), batch)).all()
    double = Batch(*(t.double() if t.is_floating_point() else t for t in vars(batch).values()))
    found = Attention(initial_weights(MODELS[0]), torch.float64).loss(fast_loss("kde_cross_entropy"), double)
    assert found.dtype == torch.float64
    assert not is_fusible(torch.zeros(1, 1), "cauchy", "manhattan")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_cuda_device_needs_triton(monkeypatch, is_there):
    """With it the fused form is taken without asking, without it the plain one."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object() if is_there and name == "triton" else None)
    on_cuda = SimpleNamespace(device=torch.device("cuda"), dtype=torch.float32)
    for kernel in KERNELS:
        for distance in DISTANCES:
            assert is_fusible(on_cuda, kernel, distance) == is_there
    assert not is_fusible(SimpleNamespace(device=torch.device("cuda"), dtype=torch.float64), "laplace", "manhattan")
    assert not is_fusible(on_cuda, "cauchy", "manhattan")


@pytest.mark.parametrize("model", MODELS[:2], ids=lambda model: model.kernel)
def test_both_paths_agree_about_queries_that_know_nothing(model):
    batch = batch_of(model)
    batch.known[::3] = 0
    found = [
        Attention(initial_weights(model)).loss(loss, batch)
        for loss in (kde_cross_entropy, fast_loss("kde_cross_entropy"))
    ]
    torch.testing.assert_close(*found, rtol=1e-4, atol=1e-5)
    assert torch.isfinite(found[0]).all()


@pytest.mark.slow
def test_the_benchmark_runs():
    script = Path(__file__).parents[2] / "scripts" / "bench_loss.py"
    result = subprocess.run([sys.executable, script, "--quick"], capture_output=True, text=True, check=True)
    for kernel in KERNELS:
        assert f"Q=7 J=300 D=3 N=5 {kernel}" in result.stdout
    assert result.stdout.count("  fused ") == 2
