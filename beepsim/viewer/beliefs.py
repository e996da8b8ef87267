"""What guns make of a film's waves: computed when first asked for, kept per round, never computed twice.

Rounds are indices into `Film.rounds`, robots as in the recording.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from beepsim.targeting.guns import Gun, choose_guns
from beepsim.viewer.film import Film
from beepsim.waves.flight import Flight, flight_of

DEFAULT_GUNS = ("head_on", "circular", "knn", "beepboop_main")


@dataclass(frozen=True)
class Beliefs:
    """Of the guns by name; the rest is what has been computed so far."""

    film: Film
    guns: dict[str, Gun]
    flights: dict[tuple[int, int], Flight] = field(default_factory=dict)

    def flight(self, index: int, shooter: int) -> Flight:
        """The waves of one round and shooter of a duel, at the other robot."""
        key = (index, shooter)
        if key not in self.flights:
            part, bullets = self.film.rounds[index], self.film.recording.bullets
            shots = np.count_nonzero((bullets["round"] < part.number) & (bullets["owner"] == shooter))
            self.flights[key] = flight_of(self.film.recording, part.number, shooter, 1 - shooter, int(shots))
        return self.flights[key]


def beliefs_of(film: Film, guns: Sequence[str] = (), weights: Sequence[Path] = ()) -> Beliefs:
    """Beliefs of the guns of these names (a few baselines, if none is named) and of learned weights in files.

    Raises UserError for an unknown gun, a file that holds no weights, or weights for other features.
    """
    chosen, _ = choose_guns(guns or DEFAULT_GUNS, weights)
    return Beliefs(film, {gun.name: gun for gun in chosen})
