"""Past waves by their distance to a query: distances, the k nearest, weights (compiled; embedded features, no unit)."""

import numpy as np

from beepsim.jit import jit
from beepsim.targeting.exponential import exp64, log64

OFFSET = 1e-4
"""Keeps 0^p and its gradient finite."""
BLOCK = 1024  # distances that are summed at a time, so that they stay in the processor's nearest memory
NEGLIGIBLE = 20.0  # logits below the largest weight: 10,000 such waves weigh less than 3e-5 of it


@jit
def embed_row(values, columns, w, b, p, embedded):
    """Embedded features, float32 [D], from all normalised ones [F]: w (1e-4 + b + x)^p of the D columns."""
    for d in range(len(w)):
        base = OFFSET + b[d] + np.float64(values[columns[d]])
        # Roundings of the normalisation can fall just below 0, where a broken power has no value.
        embedded[d] = w[d] * exp64(p[d] * log64(base if base > OFFSET else OFFSET))


@jit
def embed_rows(values, columns, w, b, p, embedded):
    """`embed_row` of each wave [W]."""
    for i in range(len(values)):
        embed_row(values[i], columns, w, b, p, embedded[i])


@jit
def fill_distances(query, candidates, count, is_squared, distance):
    """Manhattan or squared Euclidean distances [J] of query [D] to the first `count` columns of candidates [D, W].

    float32; columns of `candidates` are waves, so that the inner loop runs over neighbouring memory.
    """
    for start in range(0, count, BLOCK):
        end = min(start + BLOCK, count)
        block = distance[start:end]
        block[:] = 0.0
        for d in range(len(query)):
            value = query[d]
            row = candidates[d, start:end]
            if is_squared:
                for j in range(len(block)):
                    difference = value - row[j]
                    block[j] += difference * difference
            else:
                for j in range(len(block)):
                    block[j] += abs(value - row[j])


@jit
def choose_nearest(distance, count, k, chosen):
    """Indices [k] of the k smallest of distance[:count] into `chosen`, ascending; ties go to the latest. Returns k."""
    if k >= count:
        for j in range(count):
            chosen[j] = j
        return count
    threshold = np.partition(distance[:count], k - 1)[k - 1]
    below = 0
    for j in range(count):
        if distance[j] < threshold:
            below += 1
    ties = k - below
    kept = k
    for j in range(count - 1, -1, -1):
        if distance[j] < threshold:
            kept -= 1
            chosen[kept] = j
        elif distance[j] == threshold and ties > 0:
            ties -= 1
            kept -= 1
            chosen[kept] = j
    return k


@jit
def fill_weights(distance, chosen, k, is_softmax, weight):
    """Weights [k] of the chosen, summing to 1: softmax(-distance), or all equal; returns how many are chosen still.

    Those whose weight is negligible are no longer among `chosen`.
    """
    if not is_softmax:
        weight[:k] = 1.0 / k
        return k
    nearest = distance[chosen[0]]
    for i in range(k):
        nearest = min(nearest, distance[chosen[i]])
    kept = 0
    for i in range(k):
        further = np.float64(distance[chosen[i]]) - np.float64(nearest)
        if further < NEGLIGIBLE:
            chosen[kept], weight[kept] = chosen[i], further
            kept += 1
    for i in range(kept):
        weight[i] = exp64(-weight[i])
    total = 0.0
    for i in range(kept):
        total += weight[i]
    for i in range(kept):
        weight[i] /= total
    return kept
