"""Who meets whom: a plan is a generator of steps, each a list of battles, that is told what came of earlier steps.

What a plan decides depends on results alone, never on when they came: so it is the same on any number of workers, and
after an interruption it is gone through again, with the battles that the database holds answered at once.
"""

from collections.abc import Generator
from typing import NamedTuple

import numpy as np

from beepsim.tournament.standing import Key


class Told(NamedTuple):
    """What has become known since the last step: DUEL rows, and the battles that failed."""

    duels: np.ndarray
    failed: list[Key]


Steps = Generator[list[Key], Told, None]


class Plan(NamedTuple):
    """`lag`: when step n is asked for, the plan has been told of all steps up to n - 1 - lag. With a lag of 0 workers
    wait for the last battles of a step. `total`: battles in all; None where that depends on results."""

    steps: Steps
    lag: int
    total: int | None
