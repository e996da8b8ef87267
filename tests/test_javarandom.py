"""java.util.Random against draws of the real one, and the shortcuts against the plain shuffles."""

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.javarandom import (
    STATE_MASK,
    new_random,
    next_double,
    next_int,
    replay_shuffle,
    shuffle,
    shuffled_range,
    skip_shuffle,
    skip_shuffles,
)

with (Path(__file__).parent / "data" / "java_random_vectors.csv").open(encoding="utf-8") as file:
    VECTORS = list(csv.DictReader(file))
states = st.integers(0, STATE_MASK)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"seed {vector['seed']}")
def test_draws_of_java(vector: dict[str, str]) -> None:
    random = new_random(int(vector["seed"]))
    calls = [call.split("=") for call in vector["calls"].split(";") if call]
    assert {call[:1] for call, _ in calls} == {"d", "i", "s"}
    for call, expected in calls:
        if call == "d":
            assert next_double(random) == float.fromhex(expected)
        elif call.startswith("i"):
            assert next_int(random, int(call[1:])) == int(expected)
        else:
            order = np.zeros(int(call.removeprefix("shuffle")), dtype=np.int64)
            shuffled_range(random, order, len(order))
            assert order.tolist() == [int(number) for number in expected.strip("[]").split()]


@given(states, st.integers(0, 40))
def test_skipped_shuffle_leaves_the_same_state(state: int, count: int) -> None:
    shuffled, skipped = np.array([state]), np.array([state])
    shuffled_range(shuffled, np.zeros(40, dtype=np.int64), count)
    skip_shuffle(skipped, count)
    assert shuffled[0] == skipped[0]


def state_before(bits: int, low: int) -> int:
    """The state from which the next 31 bits drawn are `bits`."""
    state = (bits << 17) | low
    return (state - 0xB) * pow(0x5DEECE66D, -1, 1 << 48) & STATE_MASK


@given(st.integers(0, 30), st.integers(0, (1 << 17) - 1), st.integers(1, 20))
def test_skipped_shuffle_redraws_what_java_redraws(below_top: int, low: int, count: int) -> None:
    """The highest numbers are drawn again for bounds that are no power of two; one in a hundred million by chance."""
    state = state_before((1 << 31) - 1 - below_top, low)
    shuffled, skipped = np.array([state]), np.array([state])
    shuffled_range(shuffled, np.zeros(20, dtype=np.int64), count)
    skip_shuffle(skipped, count)
    assert shuffled[0] == skipped[0]


@given(states, st.integers(1, 40), st.integers(1, 200))
def test_two_skipped_shuffles_leave_the_same_state(state: int, first: int, second: int) -> None:
    shuffled, skipped = np.array([state]), np.array([state])
    for count in (first, second):
        shuffled_range(shuffled, np.zeros(200, dtype=np.int64), count)
    skip_shuffles(skipped, first, second)
    assert shuffled[0] == skipped[0]


@given(st.integers(0, 30), st.integers(0, (1 << 17) - 1), st.integers(0, 30), st.integers(1, 20), st.integers(1, 20))
def test_two_skipped_shuffles_redraw_what_java_redraws(
    below_top: int, low: int, earlier: int, first: int, second: int
) -> None:
    """The high number is the first that is drawn, or one of the next."""
    state = state_before((1 << 31) - 1 - below_top, low)
    for _ in range(earlier):
        state = (state - 0xB) * pow(0x5DEECE66D, -1, 1 << 48) & STATE_MASK
    shuffled, skipped = np.array([state]), np.array([state])
    for count in (first, second):
        shuffled_range(shuffled, np.zeros(20, dtype=np.int64), count)
    skip_shuffles(skipped, first, second)
    assert shuffled[0] == skipped[0]


def test_redrawing_happens() -> None:
    """2**31 - 1 is beyond the last multiple of 3: a second draw."""
    random = np.array([state_before((1 << 31) - 1, 0)])
    once = np.array([state_before((1 << 31) - 1, 0)])
    next_int(random, 3)
    next_int(once, 2)
    assert random[0] != once[0]


@given(states, st.integers(1, 20))
def test_replayed_shuffle(state: int, count: int) -> None:
    random = np.array([state])
    first, again = np.zeros(20, dtype=np.int64), np.zeros(20, dtype=np.int64)
    shuffled_range(random, first, count)
    after = random[0]
    replay_shuffle(random, state, again, count)
    assert first.tolist() == again.tolist()
    assert random[0] == after


@given(states, st.lists(st.integers(), max_size=20))
def test_shuffle_keeps_the_elements(state: int, items: list[int]) -> None:
    array = np.array([item % 1000 for item in items], dtype=np.int64)
    shuffled = array.copy()
    shuffle(np.array([state]), shuffled, len(shuffled))
    assert sorted(shuffled.tolist()) == sorted(array.tolist())


@given(states, st.integers(1, 1 << 30))
def test_next_int_is_within_its_bound(state: int, bound: int) -> None:
    assert 0 <= next_int(np.array([state]), bound) < bound


@given(states)
def test_next_double_is_within_one(state: int) -> None:
    assert 0.0 <= next_double(np.array([state])) < 1.0
