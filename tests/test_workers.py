"""Jobs over processes: order, mistakes, deaths."""

import os

import pytest

from beepsim.errors import UserError
from beepsim.processes import THREAD_LIMITS
from beepsim.workers import spread


def square(number: int) -> int:
    if number == 13:
        raise UserError("13 is not liked here")
    if number == 14:
        raise ValueError("nor is 14")
    if number == 15:
        os._exit(3)
    return number * number


def limits(_: int) -> list[str | None]:
    return [os.environ.get(name) for name in THREAD_LIMITS]


def test_results_come_in_order_and_all_are_counted():
    counts: list[int] = []
    assert spread(square, range(7), 3, str, counts.append) == [0, 1, 4, 9, 16, 25, 36]
    assert counts == [1, 2, 3, 4, 5, 6, 7]
    assert spread(square, [], 3, str) == []


@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (13, UserError, "13 is not liked here"),
        (14, RuntimeError, "job 14 failed:\n.*ValueError: nor is 14"),
        (15, RuntimeError, "job 15: its process ended with exit code 3"),
    ],
)
def test_mistakes_name_their_job(number, kind, message):
    with pytest.raises(kind, match=f"(?s){message}"):
        spread(square, [1, number, 2, 3], 2, lambda job: f"job {job}")


def test_workers_compute_with_one_thread():
    before = [os.environ.get(name) for name in THREAD_LIMITS]
    assert spread(limits, [0], 1, str) == [["1"] * len(THREAD_LIMITS)]
    assert [os.environ.get(name) for name in THREAD_LIMITS] == before
