"""Aiming every query of a battle with a mixture over its broken waves (compiled).

[Q] queries [Q, D] embedded; candidates [D, W] embedded, in breaking order, so that the first known[q] columns are what
query q knows. Angles in guess factors (GF), widths and escape angles in rad.
"""

import numpy as np

from beepsim.jit import jit
from beepsim.targeting.aiming import (
    GRID_NODES,
    best_angle,
    box_density,
    box_mass,
    deposit,
    deposit_intervals,
    highest_plateau,
    mass_around,
    mean_log_density,
    smooth,
    widened,
)
from beepsim.targeting.knn import choose_nearest, fill_distances, fill_weights

INTERVAL_WINDOW = 0.55
"""Of the bot's width: candidates that are intervals are already as wide as a bot."""
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(16)


@jit
def fill_mass(
    query, candidates, lows, highs, known, k, is_squared, is_softmax, is_interval, distance, chosen, weight, mass
):
    """The weights of a query's candidates on the grid, at least one of which is known; returns how many are chosen."""
    fill_distances(query, candidates, known, is_squared, distance)
    count = choose_nearest(distance, known, k, chosen)
    count = fill_weights(distance, chosen, count, is_softmax, weight)
    if is_interval:
        deposit_intervals(lows, highs, chosen, weight, count, mass)
    else:
        deposit(lows, chosen, weight, count, mass)
    return count


@jit(nogil=True)
def fill_mixture(
    query, candidates, lows, highs, known, k, is_squared, is_softmax, is_interval, density_table, cumulative_table,
    floor, distance, chosen, weight, mass, density, cumulative,
):  # fmt: skip
    """Density and its integral on the grid for one query; returns how many candidates are chosen.

    A query that knows nothing has the uniform density.
    """
    if known == 0:
        mass[:] = 0.0
        smooth(mass, density_table, cumulative_table, 1.0, density, cumulative)
        return 0
    count = fill_mass(
        query, candidates, lows, highs, known, k, is_squared, is_softmax, is_interval, distance, chosen, weight, mass
    )
    smooth(mass, density_table, cumulative_table, floor, density, cumulative)
    return count


@jit(nogil=True)
def aim_mixtures(
    queries, candidates, lows, highs, known, k, is_squared, is_softmax, is_interval, which, density_tables,
    cumulative_tables, floor, half_width, negative, positive, low, high, aimed, log_density, predicted,
):  # fmt: skip
    """Best angle, mean log density over [low, high] and mass around the angle, for each query [Q].

    `which` [Q] of the kernel tables [T, 2N - 1] are a query's.
    """
    count = candidates.shape[1]
    distance, weight = np.empty(count, np.float32), np.empty(count)
    chosen = np.empty(count, np.int64)
    mass, density, cumulative = np.empty(GRID_NODES), np.empty(GRID_NODES), np.empty(GRID_NODES)
    for q in range(len(queries)):
        fill_mixture(
            queries[q], candidates, lows, highs, known[q], k[q], is_squared, is_softmax, is_interval,
            density_tables[which[q]], cumulative_tables[which[q]], floor, distance, chosen, weight, mass, density,
            cumulative,
        )  # fmt: skip
        window = half_width[q] * (INTERVAL_WINDOW if is_interval and known[q] > 0 else 1.0)
        aimed[q], _ = best_angle(cumulative, window, negative[q], positive[q])
        predicted[q] = mass_around(cumulative, aimed[q], half_width[q], negative[q], positive[q])
        log_density[q] = mean_log_density(density, low[q], high[q], NODES, NODE_WEIGHTS)


@jit(nogil=True)
def fill_densities(
    queries, candidates, lows, highs, known, k, is_squared, is_softmax, is_interval, which, density_tables,
    cumulative_tables, floor, densities,
):  # fmt: skip
    """Densities [Q, GRID_NODES] of the queries."""
    count = candidates.shape[1]
    distance, weight = np.empty(count, np.float32), np.empty(count)
    chosen = np.empty(count, np.int64)
    mass, cumulative = np.empty(GRID_NODES), np.empty(GRID_NODES)
    for q in range(len(queries)):
        fill_mixture(
            queries[q], candidates, lows, highs, known[q], k[q], is_squared, is_softmax, is_interval,
            density_tables[which[q]], cumulative_tables[which[q]], floor, distance, chosen, weight, mass, densities[q],
            cumulative,
        )  # fmt: skip


@jit(nogil=True)
def aim_boxes(
    queries, candidates, lows, highs, known, k, floor,
    half_width, negative, positive, low, high, aimed, log_density, predicted,
):  # fmt: skip
    """As `aim_mixtures` for boxes [lows, highs] weighted by softmax of the negative Manhattan distance."""
    count = candidates.shape[1]
    distance, weight = np.empty(count, np.float32), np.empty(count)
    chosen = np.empty(count, np.int64)
    for q in range(len(queries)):
        used = 0
        aimed[q] = 0.0
        share = 1.0
        if known[q] > 0:
            fill_distances(queries[q], candidates, known[q], False, distance)
            used = choose_nearest(distance, known[q], k[q], chosen)
            used = fill_weights(distance, chosen, used, True, weight)
            aimed[q] = highest_plateau(lows, highs, chosen, weight, used)
            share = floor
        left, right = widened(aimed[q], half_width[q], negative[q], positive[q])
        predicted[q] = box_mass(left, right, lows, highs, chosen, weight, used, share)
        total, centre, half = 0.0, 0.5 * (low[q] + high[q]), 0.5 * (high[q] - low[q])
        for n in range(len(NODES)):
            found = box_density(centre + half * NODES[n], lows, highs, chosen, weight, used, share)
            total += NODE_WEIGHTS[n] * np.log(2.0 * found)
        log_density[q] = 0.5 * total
