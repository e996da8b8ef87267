"""The course of a tournament: a plan followed on any executor, from what is known of its battles already."""

import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from inspect import GEN_CREATED, getgeneratorstate
from queue import SimpleQueue
from typing import Protocol

import numpy as np

from beepsim.errors import UserError
from beepsim.tournament.job import Outcome
from beepsim.tournament.plan import Plan, Told
from beepsim.tournament.standing import DUEL, Key, Standing
from beepsim.workers import JobFailed, WorkerDied

TRIES = 2  # of a battle whose worker dies
SECONDS_TO_GATHER = 0.05  # results that come together are entered together: a process that wakes for each is slow


class Watch(Protocol):
    """What is told of the course of things while it goes on."""

    def begin(self, known: Standing, total: int | None) -> None: ...
    def enter(self, duels: np.ndarray) -> None: ...
    def note(self, message: str) -> None: ...
    def is_stopped(self) -> bool: ...


@dataclass
class Ledger:
    """What is known of the plan's battles: DUEL rows by key, and the pairings that failed, with the reason."""

    rows: dict[Key, np.ndarray] = field(default_factory=dict)
    failed: dict[tuple[int, ...], str] = field(default_factory=dict)


@dataclass
class Step:
    """A plan's step; `open` battles of it are still to come."""

    keys: list[Key]
    open: int


def ledger_of(standing: Standing, failed: dict[tuple[int, ...], str]) -> Ledger:
    """What the database holds of the present bots' battles."""
    count = len(standing.duels) // max(len(standing.battles), 1)
    duels = standing.duels.reshape(-1, max(count, 1))
    ledger = Ledger(failed=failed)
    for rows in duels:
        fighters = tuple(np.unique([rows["a"], rows["b"]]).tolist())
        if fighters[-1] < standing.current:
            ledger.rows[Key(fighters, int(rows["season"][0]))] = rows
    return ledger


def follow(
    plan: Plan,
    ledger: Ledger,
    submit: Callable[[Key], Future],
    enter: Callable[[Key, Outcome], np.ndarray],
    entering: Callable[[], AbstractContextManager[None]],
    fail: Callable[[Key, str], None],
    capacity: int,
    watch: Watch,
) -> None:
    """Goes through the plan until it ends or the watch stops it; then battles at hand are still awaited and entered.

    A battle whose worker dies is fought again once; after that its pairing has failed. Battles that end together are
    entered within one block of `entering`.
    """
    untold: deque[Step] = deque()  # steps of which the plan has not been told
    waiting: deque[tuple[Key, Step]] = deque()
    running: dict[Future, tuple[Key, Step]] = {}
    ended: SimpleQueue[Future] = SimpleQueue()
    deaths: Counter[Key] = Counter()
    is_over = False

    def close(key: Key, step: Step, reason: str) -> None:
        if key.bots not in ledger.failed:
            fail(key, reason)
            ledger.failed[key.bots] = reason
        step.open -= 1

    def settle_failed(future: Future, key: Key, step: Step) -> None:
        try:
            future.result()
        except CancelledError:
            return
        except WorkerDied as error:
            deaths[key] += 1
            if deaths[key] < TRIES and key.bots not in ledger.failed:
                watch.note(f"a worker was lost ({error}); its battle is fought again")
                waiting.appendleft((key, step))
            else:
                close(key, step, f"{error}; so did the battle's second try")
        except BrokenExecutor as error:
            raise broken(error) from None
        except (JobFailed, UserError) as error:
            close(key, step, str(error))
        except Exception as error:  # what an executor of another kind hands on as the job raised it
            close(key, step, f"{type(error).__name__}: {error}")

    while True:
        while not is_over and not watch.is_stopped() and len(waiting) < capacity and can_tell(untold, plan.lag):
            step = next_step(plan, untold, ledger)
            if step is None:
                is_over = True
                break
            untold.append(step)
            waiting += [(key, step) for key in step.keys if not is_settled(key, ledger)]
        while waiting and len(running) < capacity and not watch.is_stopped():
            key, step = waiting.popleft()
            if key.bots in ledger.failed:
                step.open -= 1
                continue
            try:
                future = submit(key)
            except BrokenExecutor as error:
                raise broken(error) from None
            running[future] = key, step
            future.add_done_callback(ended.put)
        if not running:
            if watch.is_stopped() or (is_over and not waiting):
                return
            continue
        if watch.is_stopped():
            for future in running:
                future.cancel()  # what nobody has begun
        results, failures = ended_together(ended, SECONDS_TO_GATHER if waiting else 0.0)
        with entering():
            for future in results:
                key, step = running.pop(future)
                ledger.rows[key] = enter(key, future.result())
                step.open -= 1
        for future in failures:
            settle_failed(future, *running.pop(future))


def broken(error: BrokenExecutor) -> UserError:
    return UserError(f"the workers broke down ({error or type(error).__name__}); the same command goes on from here")


def ended_together(ended: SimpleQueue[Future], seconds: float) -> tuple[list[Future], list[Future]]:
    """The futures that end within `seconds` of the first one: those with a result, the others."""
    results: list[Future] = []
    failures: list[Future] = []
    future = ended.get()
    time.sleep(seconds)
    while True:
        (failures if future.cancelled() or future.exception() else results).append(future)
        if ended.empty():
            return results, failures
        future = ended.get()


def can_tell(untold: deque[Step], lag: int) -> bool:
    """Whether all that the plan is to be told before its next step is known."""
    return all(not step.open for step in list(untold)[: max(len(untold) - lag, 0)])


def next_step(plan: Plan, untold: deque[Step], ledger: Ledger) -> Step | None:
    """Tells the plan of the steps that are due, and asks for the next one; None at its end."""
    told = [untold.popleft() for _ in range(len(untold) - plan.lag)]
    keys = [key for step in told for key in step.keys]
    rows = [ledger.rows[key] for key in keys if key in ledger.rows]
    failed = [key for key in keys if key not in ledger.rows]
    duels = np.concatenate([np.zeros(0, DUEL), *rows])
    is_new = getgeneratorstate(plan.steps) == GEN_CREATED
    try:
        step = next(plan.steps) if is_new else plan.steps.send(Told(duels, failed))
    except StopIteration:
        return None
    return Step(step, sum(not is_settled(key, ledger) for key in step))


def is_settled(key: Key, ledger: Ledger) -> bool:
    return key in ledger.rows or key.bots in ledger.failed
