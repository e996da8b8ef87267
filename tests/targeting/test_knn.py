"""Distances, nearest neighbours and weights, compiled, against plain definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.targeting.knn import choose_nearest, fill_distances, fill_weights

SEEDS = st.integers(0, 2**32 - 1)


@given(seed=SEEDS, is_squared=st.booleans())
def test_distances_are_manhattan_or_squared(seed, is_squared):
    rng = np.random.default_rng(seed)
    query, candidates = rng.normal(size=5).astype(np.float32), rng.normal(size=(5, 9)).astype(np.float32)
    distance = np.full(9, np.nan, np.float32)
    fill_distances(query, candidates, 7, is_squared, distance)
    difference = candidates.astype(np.float64) - query[:, None].astype(np.float64)
    expected = (difference**2 if is_squared else np.abs(difference)).sum(axis=0)
    np.testing.assert_allclose(distance[:7], expected[:7], rtol=1e-5)
    assert np.isnan(distance[7:]).all()


@given(values=st.lists(st.integers(0, 6), min_size=1, max_size=30), k=st.integers(1, 35))
def test_the_nearest_are_chosen_and_of_equals_the_latest(values, k):
    chosen = np.full(40, -1)
    count = choose_nearest(np.array(values, np.float32), len(values), k, chosen)
    expected = sorted(sorted(range(len(values)), key=lambda j: (values[j], -j))[:k])
    assert count == len(expected) and chosen[:count].tolist() == expected


@given(seed=SEEDS, k=st.integers(1, 9))
def test_weights_are_a_softmax_or_equal(seed, k):
    rng = np.random.default_rng(seed)
    distance, chosen, weight = (50.0 * rng.random(9)).astype(np.float32), rng.permutation(9)[:k], np.empty(9)
    expected = np.zeros(9)
    expected[chosen] = np.exp(distance[chosen].min() - distance[chosen].astype(np.float64))
    assert fill_weights(distance, chosen, k, False, weight) == k
    np.testing.assert_allclose(weight[:k], 1.0 / k)
    kept = fill_weights(distance, chosen, k, True, weight)
    found = np.zeros(9)
    found[chosen[:kept]] = weight[:kept]
    # What is left out weighs less than e^-20 of the largest.
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-7, atol=2.1e-9)
    assert weight[:kept].sum() == pytest.approx(1.0, rel=1e-12)
