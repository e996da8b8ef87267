"""A plan followed on an executor: results alone decide, never the order in which they come; deaths cost one retry."""

import random
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from contextlib import nullcontext
from queue import SimpleQueue

import numpy as np
import pytest

from beepsim.errors import UserError
from beepsim.tournament.course import Ledger, follow, ledger_of
from beepsim.tournament.job import Outcome
from beepsim.tournament.plan import Plan, Steps
from beepsim.tournament.standing import BATTLE, DUEL, TALLY, Entrant, Key, Standing
from beepsim.workers import JobFailed, WorkerDied


class Watch:
    def __init__(self, stops_after: int | None = None) -> None:
        self.entered: list[Key] = []
        self.notes: list[str] = []
        self.stops_after = stops_after

    def begin(self, known: Standing, total: int | None) -> None: ...

    def enter(self, duels: np.ndarray) -> None: ...

    def note(self, message: str) -> None:
        self.notes.append(message)

    def is_stopped(self) -> bool:
        return self.stops_after is not None and len(self.entered) >= self.stops_after


class Lottery:
    """An executor's futures, of which one drawn by lot is done whenever somebody waits."""

    def __init__(self, seed: int, result: Callable[[Key], object]) -> None:
        self.random, self.result = random.Random(seed), result
        self.open: list[tuple[Future, Key]] = []
        self.submitted: list[Key] = []

    def submit(self, key: Key) -> Future:
        future: Future = Future()
        self.open.append((future, key))
        self.submitted.append(key)
        return future

    def draw(self) -> None:
        future, key = self.open.pop(self.random.randrange(len(self.open)))
        answer = self.result(key)
        future.set_exception(answer) if isinstance(answer, BaseException) else future.set_result(answer)


OUTCOME = Outcome(1, 0.0, "", (), b"")


def duel(key: Key) -> np.ndarray:
    """A result that is the key's own."""
    row = np.zeros(1, DUEL)
    row["a"], row["b"], row["season"] = *key.bots, key.season
    row["share"] = hash((key.bots, key.season)) % 101
    return row


def go(
    monkeypatch: pytest.MonkeyPatch,
    plan: Plan,
    seed: int = 0,
    capacity: int = 3,
    ledger: Ledger | None = None,
    watch: Watch | None = None,
    result: Callable[[Key], object] = lambda key: OUTCOME,
) -> tuple[Lottery, Watch, dict[Key, str]]:
    lottery, watch, failures = Lottery(seed, result), watch or Watch(), {}

    class Ended(SimpleQueue):
        def get(self):
            if self.empty():
                lottery.draw()
            return super().get(timeout=10)

    def enter(key: Key, outcome: Outcome) -> np.ndarray:
        assert outcome is OUTCOME
        watch.entered.append(key)
        return duel(key)

    with monkeypatch.context() as patch:
        patch.setitem(follow.__globals__, "SimpleQueue", Ended)
        patch.setitem(follow.__globals__, "SECONDS_TO_GATHER", 0.0)
        follow(plan, ledger or Ledger(), lottery.submit, enter, nullcontext, failures.__setitem__, capacity, watch)
    return lottery, watch, failures


def steps_by_results(told: list, count: int = 4, size: int = 5) -> Steps:
    """Steps of which each depends on all that has been told."""
    total = 0.0
    for number in range(count):
        news = yield [Key((int(total) % 7, 10 + place), number) for place in range(size)]
        told.append((sorted(news.duels["share"].tolist()), sorted(news.failed)))
        total += news.duels["share"].sum()


@pytest.mark.parametrize("lag", [0, 1, 2])
def test_what_a_plan_is_told_depends_on_no_order(monkeypatch, lag: int) -> None:
    courses = []
    for seed, capacity in ((1, 1), (2, 3), (3, 8), (4, 100)):
        told: list = []
        lottery, watch, _ = go(monkeypatch, Plan(steps_by_results(told), lag, 20), seed, capacity)
        assert len(watch.entered) == 20 and not lottery.open
        courses.append((told, sorted(lottery.submitted)))
    assert all(course == courses[0] for course in courses)
    # The first steps are asked for before anything is known.
    assert [len(shares) for shares, _ in courses[0][0]] == [0] * lag + [5] * (4 - lag)


def test_what_is_known_is_not_fought_again(monkeypatch) -> None:
    told: list = []
    _, watch, _ = go(monkeypatch, Plan(steps_by_results(told), 1, 20))
    again: list = []
    ledger = Ledger({key: duel(key) for key in watch.entered[:13]})
    lottery, _, _ = go(monkeypatch, Plan(steps_by_results(again), 1, 20), 5, 2, ledger)
    assert again == told and sorted(lottery.submitted) == sorted(watch.entered[13:])


def pairs_twice() -> Steps:
    yield [Key((a, b), season) for season in range(2) for a in range(3) for b in range(a + 1, 3)]


def test_a_death_costs_one_retry_then_the_pairing(monkeypatch) -> None:
    def result(key: Key) -> object:
        deaths[key] = deaths.get(key, 0) + 1
        if key == Key((0, 1), 0):
            return WorkerDied("it was killed")
        if key == Key((0, 2), 0) and deaths[key] == 1:
            return WorkerDied("it was killed by chance")
        if key.bots == (1, 2):
            return JobFailed("Traceback\nValueError: no")
        return OUTCOME

    deaths: dict[Key, int] = {}
    lottery, watch, failures = go(monkeypatch, Plan(pairs_twice(), 0, 6), capacity=1, result=result)
    assert failures == {
        Key((0, 1), 0): "it was killed; so did the battle's second try",
        Key((1, 2), 0): "Traceback\nValueError: no",
    }
    # Of a pairing that has failed no other battle is begun.
    assert sorted(watch.entered) == [Key((0, 2), 0), Key((0, 2), 1)]
    assert lottery.submitted.count(Key((0, 1), 0)) == 2 and lottery.submitted.count(Key((0, 2), 0)) == 2
    assert [note for note in watch.notes if "by chance" in note]


def test_a_plan_is_told_what_failed(monkeypatch) -> None:
    told: list = []
    ledger = Ledger(failed={(0, 11): "before"})
    go(monkeypatch, Plan(steps_by_results(told, 2), 0, 10), ledger=ledger)
    assert told[0][1] == [Key((0, 11), 0)] and len(told[0][0]) == 4


def test_stopped_it_enters_what_is_at_hand_and_begins_nothing(monkeypatch) -> None:
    lottery, watch, _ = go(monkeypatch, Plan(steps_by_results([]), 1, 20), capacity=4, watch=Watch(stops_after=6))
    assert len(watch.entered) == 6 and len(lottery.submitted) == 9


def test_an_executor_that_broke_ends_it(monkeypatch) -> None:
    with pytest.raises(UserError, match=r"the workers broke down \(all gone\)"):
        go(monkeypatch, Plan(pairs_twice(), 0, 6), result=lambda key: BrokenExecutor("all gone"))


def test_an_executor_that_takes_no_more_ends_it(monkeypatch) -> None:
    def refuse(lottery: Lottery, key: Key) -> Future:
        raise BrokenExecutor("all gone")

    monkeypatch.setattr(Lottery, "submit", refuse)
    with pytest.raises(UserError, match=r"the workers broke down \(all gone\); the same command goes on"):
        go(monkeypatch, Plan(pairs_twice(), 0, 6))


def test_a_ledger_holds_the_present_bots_battles() -> None:
    entrants = tuple(Entrant(name, "1", name, name, is_current=name != "old") for name in ("a", "b", "old"))
    duels = np.concatenate([duel(Key(bots, season)) for bots, season in (((0, 1), 0), ((0, 2), 0), ((0, 1), 1))])
    standing = Standing("x", entrants, np.zeros(3, BATTLE), duels, np.zeros(3, TALLY), (), {"": 1.0}, {})
    assert list(ledger_of(standing, {}).rows) == [Key((0, 1), 0), Key((0, 1), 1)]
