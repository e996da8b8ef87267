"""Past waves by their distance to a query: distances, the k nearest, weights (compiled; embedded features, no unit)."""

import numpy as np

from beepsim.jit import jit


@jit
def fill_distances(query, candidates, count, is_squared, distance):
    """Manhattan or squared Euclidean distances [J] of query [D] to the first `count` columns of candidates [D, W].

    float32; columns of `candidates` are waves, so that the inner loop runs over neighbouring memory.
    """
    distance[:count] = 0.0
    for d in range(len(query)):
        value = query[d]
        row = candidates[d]
        if is_squared:
            for j in range(count):
                difference = value - row[j]
                distance[j] += difference * difference
        else:
            for j in range(count):
                distance[j] += abs(value - row[j])


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
    """Weights [k] of the chosen, summing to 1: softmax(-distance), or all equal."""
    if not is_softmax:
        weight[:k] = 1.0 / k
        return
    nearest = np.float64(distance[chosen[0]])
    for i in range(k):
        nearest = min(nearest, np.float64(distance[chosen[i]]))
    total = 0.0
    for i in range(k):
        weight[i] = np.exp(nearest - np.float64(distance[chosen[i]]))
        total += weight[i]
    for i in range(k):
        weight[i] /= total
