"""Time and memory of the cross-entropy from embedded features, forward and backward, fused and by other libraries.

    python scripts/bench_loss.py [--quick] [--device cuda] [--kernel laplace] [--threads 2] [--repetitions 5]

Each repetition times every method in turn; a ratio is that of the plain method's time to another's in one repetition,
given as the median and, in brackets, the smallest and largest of the repetitions. All candidates are known to all
queries, distances are Manhattan (FlexAttention, which knows dot products only: squared Euclidean). Memory is the most
above what was there before one run: on a CPU resident memory (VmHWM of Linux), on a GPU what torch allocated. On cores
that others use too, waiting threads of torch's spoil all times: set OMP_WAIT_POLICY=PASSIVE.
"""

import argparse
import ctypes
import importlib.util
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from beepsim.targeting.fused import fused_cross_entropy, is_fusible
from beepsim.targeting.kernels import KERNELS
from beepsim.targeting.losses import FLOOR_DENSITY
from beepsim.versions import software_versions

SIZES = {
    "cpu": ((256, 8192, 16, 16), (128, 2000, 20, 8), (252, 507, 13, 7), (1021, 4099, 17, 16)),
    "cuda": ((256, 8192, 16, 16), (252, 507, 13, 7), (4093, 4099, 17, 16), (16384, 16384, 20, 16)),
}
QUICK = ((7, 300, 3, 5),)
FEWEST_SECONDS = 0.1  # of one timing
EXPONENTIALS_PER_CLOCK = 16  # of one multiprocessor (special function units), compute capability 7.0 to 9.0
SMALLEST_HEAD = 16  # dimensions of FlexAttention's queries

Method = Callable[..., Tensor]


def plain(
    queries: Tensor, candidates: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: str, h: Tensor,
    floor: Tensor, nodes: int,
) -> Tensor:  # fmt: skip
    """As `losses.kde_cross_entropy` with its log-softmax over distances, for any number of nodes."""
    mode = "donot_use_mm_for_euclid_dist"
    log_weights = torch.log_softmax(-torch.cdist(queries, candidates, p=1.0, compute_mode=mode), -1)

    def log_kernel_sum(x: Tensor) -> Tensor:
        return torch.logsumexp(log_weights + KERNELS[kernel].log_density(x[:, None] - angles, h), -1)

    return quadrature(log_kernel_sum, low, high, floor, nodes)


def quadrature(
    log_mean_kernel: Callable[[Tensor], Tensor], low: Tensor, high: Tensor, floor: Tensor, nodes: int
) -> Tensor:
    """The cross-entropy [Q] from a function that gives log Σ_j S_j K(x - x_j) [Q] at the angles x [Q]."""
    total = torch.zeros_like(low)
    for position, weight in zip(*np.polynomial.legendre.leggauss(nodes), strict=True):
        log_kernels = log_mean_kernel(0.5 * (low + high) + 0.5 * (high - low) * float(position))
        log_density = torch.logaddexp(torch.log1p(-floor) + log_kernels, torch.log(floor * FLOOR_DENSITY))
        total = total - 0.5 * float(weight) * log_density
    return total


def by_keops(
    queries: Tensor, candidates: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: str, h: Tensor,
    floor: Tensor, nodes: int,
) -> Tensor:  # fmt: skip
    """A symbolic reduction for the softmax and one for each node."""
    from pykeops.torch import LazyTensor, Vi, Vj

    logits = -(LazyTensor(queries[:, None, :]) - LazyTensor(candidates[None, :, :])).abs().sum(-1)
    log_all = logits.logsumexp(1)[:, 0]

    def log_mean_kernel(x: Tensor) -> Tensor:
        offset = (Vi(x[:, None] / h) - Vj(angles[:, None] / h)).abs()
        exponent = -offset if kernel == "laplace" else -0.5 * offset**2
        constant = KERNELS[kernel].log_density(torch.zeros_like(h), h)
        return (logits + exponent).logsumexp(1)[:, 0] - log_all + constant

    return quadrature(log_mean_kernel, low, high, floor, nodes)


def by_flex_attention(
    queries: Tensor, candidates: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: str, h: Tensor,
    floor: Tensor, nodes: int, attention: Callable,
) -> Tensor:  # fmt: skip
    """The log-sum-exps of attention over 2 q·c - |c|², which differs from minus a squared distance by |q|² only."""
    width = max(SMALLEST_HEAD, 1 << (queries.shape[1] - 1).bit_length()) - queries.shape[1]
    q, c = (torch.nn.functional.pad(values, (0, width))[None, None] for values in (queries, candidates))
    lengths = (candidates**2).sum(-1)

    def log_sum(x: Tensor | None) -> Tensor:
        def score(dot, batch, head, query, candidate):  # type: ignore[no-untyped-def]
            found = dot - lengths[candidate]
            if x is None:
                return found
            return found + KERNELS[kernel].log_density(x[query] - angles[candidate], h)

        return attention(q, c, c, score_mod=score, scale=2.0, return_lse=True)[1][0, 0]  # type: ignore[no-any-return]

    log_all = log_sum(None)
    return quadrature(lambda x: log_sum(x) - log_all, low, high, floor, nodes)


def fused(
    queries: Tensor, candidates: Tensor, angles: Tensor, low: Tensor, high: Tensor, kernel: str, h: Tensor,
    floor: Tensor, nodes: int,
) -> Tensor:  # fmt: skip
    known = torch.full((len(queries),), len(candidates), device=queries.device)
    return fused_cross_entropy(queries, candidates, known, angles, low, high, kernel, "manhattan", h, floor, nodes)


def methods(device: str, is_quick: bool) -> tuple[dict[str, Method], dict[str, str]]:
    """The methods that are there, and why others are not."""
    found, missing = {"plain": plain}, {}
    if is_fusible(torch.empty(0, 0, device=device), "laplace", "manhattan"):
        found["fused"] = fused
    else:
        missing["fused"] = "needs Triton on this device"
    if is_quick:
        missing["torch.compile"] = "left out by --quick"
    elif device == "cpu" and not any(map(shutil.which, ("c++", "g++", "clang++"))):
        missing["torch.compile"] = "no C++ compiler"
    else:
        found["torch.compile"] = torch.compile(plain)
    if importlib.util.find_spec("pykeops"):
        found["KeOps"] = by_keops
    else:
        missing["KeOps"] = "pykeops is not installed"
    if device == "cpu":
        missing["FlexAttention"] = "has no backward pass on a CPU"
    else:
        from torch.nn.attention.flex_attention import flex_attention

        found["FlexAttention"] = partial(by_flex_attention, attention=torch.compile(flex_attention))
    return found, missing


def problem(size: tuple[int, int, int, int], device: str) -> tuple[list[Tensor], tuple[Tensor, ...]]:
    """Leaves with gradients (queries, candidates, bandwidth, floor) and angles, low, high."""
    queries, candidates, features, _ = size
    rng = np.random.default_rng(1)
    centre, half = rng.uniform(-0.8, 0.8, queries), rng.uniform(0.05, 0.15, queries)

    def tensor(values: np.ndarray) -> Tensor:
        return torch.as_tensor(values.astype(np.float32), device=device)

    scale = 10.0 / features  # distances of about 3
    leaves = [tensor(rng.uniform(0.0, scale, (count, features))) for count in (queries, candidates)]
    leaves += [tensor(np.array(value)) for value in (0.07, 0.03)]
    rest = tensor(rng.uniform(-1.0, 1.0, candidates)), tensor(centre - half), tensor(centre + half)
    return [leaf.requires_grad_() for leaf in leaves], rest


def step(method: Method, leaves: list[Tensor], rest: tuple[Tensor, ...], kernel: str, nodes: int) -> list[Tensor]:
    queries, candidates, h, floor = leaves
    loss = method(queries, candidates, *rest, kernel, h, floor, nodes)
    return [loss.detach(), *torch.autograd.grad(loss.mean(), leaves)]


def wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def seconds(run: Callable[[], object], device: str) -> float:
    """Median time of a run, of as many as it takes for FEWEST_SECONDS."""
    found: list[float] = []
    while sum(found) < FEWEST_SECONDS:
        start = time.perf_counter()
        run()
        wait(device)
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def peak_bytes(run: Callable[[], object], device: str) -> int | None:
    """Most memory above what was there before; None where the system does not tell."""
    if device == "cuda":
        wait(device)
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        run()
        wait(device)
        return torch.cuda.max_memory_allocated() - before
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # resets the peak
        before = resident("VmRSS")
        run()
        return max(0, resident("VmHWM") - before)
    except (OSError, AttributeError):
        return None


def resident(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":")) * 1024


def describe(device: str) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in software_versions().items())
    if device == "cuda":
        properties = torch.cuda.get_device_properties(0)
        machine = f"{properties.name}, {properties.multi_processor_count} multiprocessors"
    else:
        names = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
        name = next((line.split(":")[1].strip() for line in names if line.startswith("model name")), platform.machine())
        machine = f"{name}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"
    return f"{machine}; {versions}"


def exponential_floor(size: tuple[int, int, int, int]) -> float:
    """Seconds that the device needs for one exponential a pair forward and one backward, at its highest clock."""
    query = ["nvidia-smi", "--query-gpu=clocks.max.sm", "--format=csv,noheader,nounits", "--id=0"]
    megahertz = float(subprocess.run(query, capture_output=True, text=True, check=True).stdout)
    multiprocessors = torch.cuda.get_device_properties(0).multi_processor_count
    return 2.0 * size[0] * size[1] / (multiprocessors * EXPONENTIALS_PER_CLOCK * megahertz * 1e6)


def measure(
    size: tuple[int, int, int, int], kernel: str, found: dict[str, Method], device: str, repetitions: int
) -> None:
    leaves, rest = problem(size, device)
    runs = {name: partial(step, method, leaves, rest, kernel, size[3]) for name, method in found.items()}
    for name, run in list(runs.items()):
        try:
            run()
        except Exception as error:  # another library's failure is a line of the report
            if name in ("plain", "fused"):
                raise
            print(f"  {name}: failed ({str(error).splitlines()[0][:100]})")
            del runs[name]
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repetitions):
        for name, run in runs.items():
            times[name].append(seconds(run, device))
    print(f"Q={size[0]} J={size[1]} D={size[2]} N={size[3]} {kernel}")
    for name, run in runs.items():
        memory = peak_bytes(run, device)
        ratios = [one / other for one, other in zip(times["plain"], times[name], strict=True)]
        print(
            f"  {name:14} {1e3 * statistics.median(times[name]):10.2f} ms   ratio {statistics.median(ratios):7.1f} "
            f"[{min(ratios):.1f}, {max(ratios):.1f}]   memory "
            + ("-" if memory is None else f"{memory / 2**20:.1f} MiB")
        )
    if device == "cuda":
        floor = exponential_floor(size)
        share = f"; fused is at {floor / statistics.median(times['fused']):.0%} of it" if "fused" in times else ""
        print(f"  exponential-throughput floor {1e3 * floor:.3f} ms{share}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one small size, to see that it runs")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--kernel", choices=("laplace", "gaussian"), action="append")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        print("there is no CUDA device that torch can use here; take --device cpu", file=sys.stderr)
        return 2
    torch.set_num_threads(arguments.threads)
    print(describe(arguments.device))
    found, missing = methods(arguments.device, arguments.quick)
    for name, reason in missing.items():
        print(f"not measured: {name} ({reason})")
    for kernel in arguments.kernel or ("laplace", "gaussian"):
        for size in QUICK if arguments.quick else SIZES[arguments.device]:
            measure(size, kernel, found, arguments.device, 2 if arguments.quick else arguments.repetitions)
    return 0


if __name__ == "__main__":
    sys.exit(main())
