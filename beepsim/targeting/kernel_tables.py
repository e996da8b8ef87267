"""Kernels as tables on the grid of `aiming` (numpy, so that aiming needs no torch); formulas as in `kernels`.

Angles and bandwidths in guess factors (GF).
"""

import math

import numpy as np

from beepsim.errors import UserError
from beepsim.targeting.aiming import GRID_NODES, GRID_STEP

FREEDOM = {"cauchy": 1, "student_t": 3, "student_t_5": 5, "student_t_9": 9}
"""Degrees of freedom of Student's t distributions."""


def kernel_tables(kernel: str, bandwidth: float) -> tuple[np.ndarray, np.ndarray]:
    """Density per GF and cumulative distribution by difference in grid nodes, [2 · GRID_NODES - 1].

    Raises UserError unless the bandwidth is above 0.
    """
    if not bandwidth > 0.0:
        raise UserError(f"a kernel's bandwidth is {bandwidth:g}; it must be above 0 guess factors")
    offset = np.arange(1 - GRID_NODES, GRID_NODES) * GRID_STEP / bandwidth
    if kernel in ("box", "epanechnikov"):
        # Densities that begin with an edge: what falls to a node is the mean over its cell, and their sum stays 1.
        half = 0.5 * GRID_STEP / bandwidth
        above, below = (cumulative(kernel, offset + side * half) for side in (1.0, -1.0))
        return (above - below) / GRID_STEP, cumulative(kernel, offset)
    return density(kernel, offset) / bandwidth, cumulative(kernel, offset)


def density(kernel: str, z: np.ndarray) -> np.ndarray:
    """Of bandwidth 1 at z."""
    if kernel == "gaussian":
        return np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    if kernel == "laplace":
        return 0.5 * np.exp(-np.abs(z))
    nu = FREEDOM[kernel]
    height = math.exp(math.lgamma(0.5 * (nu + 1)) - math.lgamma(0.5 * nu)) / math.sqrt(nu * math.pi)
    return height * (1.0 + z**2 / nu) ** (-0.5 * (nu + 1))


def cumulative(kernel: str, z: np.ndarray) -> np.ndarray:
    """Integral of the density of bandwidth 1 up to z."""
    if kernel == "gaussian":
        return np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in z])
    if kernel == "laplace":
        tail = 0.5 * np.exp(-np.abs(z))
        return np.where(z < 0.0, tail, 1.0 - tail)
    if kernel in ("box", "epanechnikov"):
        t = np.clip(z, -1.0, 1.0)
        return 0.5 * (1.0 + t) if kernel == "box" else 0.25 * (2.0 - t) * (1.0 + t) ** 2
    nu = FREEDOM[kernel]
    square = nu / (nu + z**2)
    total, term = np.zeros_like(z), np.ones_like(z)
    for k in range(1, (nu + 1) // 2):
        total, term = total + term, term * square * (2 * k / (2 * k + 1))
    root = math.sqrt(nu)
    return 0.5 + (np.arctan(z / root) + z / root * square * total) / math.pi
