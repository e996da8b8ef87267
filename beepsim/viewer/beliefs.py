"""What guns make of a film's waves: computed when first asked for, kept, never computed twice.

Rounds are indices into `Film.rounds`, robots as in the recording; only duels have beliefs. Waves of a round by their
index in its `Flight`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from beepsim.targeting.belief import Belief, Believer, WatchedWaves, believer_of
from beepsim.targeting.guns import Gun, MixtureGun, choose_guns, would_hit
from beepsim.targeting.surfers import SURFERS, DensitySurfer
from beepsim.targeting.surfing import NEVER, SurferWaves, place_bullets
from beepsim.viewer.film import Film
from beepsim.waves.flight import Flight, flight_of

T = TypeVar("T")
MOST_REPLAYED = 1000
DEFAULT_GUNS = ("head_on", "circular", "knn", "beepboop_main")


@dataclass(frozen=True)
class WatchedSurfer(SurferWaves):
    """A surfer's battle with those bullets too whose wave did not break; nobody learned of them."""

    is_broken: np.ndarray

    @cached_property
    def broke(self) -> np.ndarray:
        return np.where(self.is_broken, super().broke, NEVER)


def past_hits() -> MixtureGun:
    """What the surfer fears: BeepBoop's way of weighing past hits, untrained."""
    surfer = SURFERS["beepboop_main"]
    assert isinstance(surfer, DensitySurfer)
    return surfer.gun


class Battle(NamedTuple):
    """All waves of one shooter; those of round r stand from `starts[r]` on."""

    waves: WatchedWaves
    starts: np.ndarray


@dataclass(frozen=True)
class Beliefs:
    """Of the guns by name; `kept` is what has been computed so far."""

    film: Film
    guns: dict[str, Gun]
    kept: dict[tuple, Any] = field(default_factory=dict, repr=False)

    def once(self, key: tuple, compute: Callable[[], T]) -> T:
        """What is kept under the key, computed first if nothing is."""
        if key not in self.kept:
            self.kept[key] = compute()
        return self.kept[key]

    def latest(self, name: str, key: tuple, compute: Callable[[], T]) -> T:
        """As `once`, of things too many to keep: only the last one of the name."""
        kept = self.kept.get((name,))
        if kept is None or kept[0] != key:
            kept = self.kept[(name,)] = key, compute()
        return kept[1]

    def flight(self, index: int, shooter: int) -> Flight:
        """The waves of one round and shooter, at the other robot."""

        def compute() -> Flight:
            part, bullets = self.film.rounds[index], self.film.recording.bullets
            shots = np.count_nonzero((bullets["round"] < part.number) & (bullets["owner"] == shooter))
            return flight_of(self.film.recording, part.number, shooter, 1 - shooter, int(shots))

        return self.once(("flight", index, shooter), compute)

    def battle(self, shooter: int) -> Battle:
        """All waves of the shooter."""

        def compute() -> Battle:
            flights = [self.flight(index, shooter) for index in range(len(self.film.rounds))]
            rows, is_broken = (
                np.concatenate([getattr(one, name) for one in flights]) for name in ("rows", "is_broken")
            )
            names = self.film.names
            waves = WatchedWaves("", names[shooter], names[1 - shooter], rows, is_broken)
            return Battle(waves, np.cumsum([0, *(len(one.rows) for one in flights)]))

        return self.once(("battle", shooter), compute)

    def belief(self, gun: str, index: int, shooter: int, wave: int) -> Belief:
        """What the gun believes of a wave of one round."""

        def compute() -> Belief:
            battle = self.battle(shooter)
            believe = self.once(("believer", gun, shooter), lambda: believer_of(self.guns[gun], battle.waves))
            return believe(int(battle.starts[index]) + wave)

        return self.once(("belief", gun, index, shooter, wave), compute)

    def danger(self, index: int, surfer: int, wave: int) -> tuple[np.ndarray, int]:
        """How likely the surfer may think each angle (per GF [N]) of the bullet on a real wave of its enemy, and of how
        many bullets it knows the angle by then."""

        def surfer_waves() -> tuple[WatchedSurfer, Believer]:
            battle, bullets = self.battle(1 - surfer).waves, self.film.recording.bullets
            rows = battle.rows[battle.queries].copy()
            place_bullets(rows, bullets[bullets["owner"] == 1 - surfer])
            is_broken = battle.is_broken[battle.queries]
            waves = WatchedSurfer("", battle.target, battle.shooter, rows, is_broken)
            return waves, believer_of(past_hits(), waves)

        def compute() -> tuple[np.ndarray, int]:
            waves, believe = self.once(("surfer", surfer), surfer_waves)
            battle = self.battle(1 - surfer)
            place = int(np.searchsorted(battle.waves.queries, battle.starts[index] + wave))
            density = believe(place).density
            assert density is not None
            return density, int(waves.known[place])

        return self.once(("danger", index, surfer, wave), compute)

    def hits(self, gun: str, shooter: int) -> tuple[np.ndarray, np.ndarray]:
        """Some waves with a real bullet that broke, in firing order, evenly spread, and whether the gun would have hit,
        or its probability: all of them, but no more than MOST_REPLAYED of a gun that takes long."""

        def compute() -> tuple[np.ndarray, np.ndarray]:
            waves, one = self.battle(shooter).waves, self.guns[gun]
            is_broken = waves.is_broken[waves.queries]
            replayed = waves.queries[is_broken]
            if isinstance(one, MixtureGun):
                replayed = replayed[:: 1 + max(len(replayed) - 1, 0) // MOST_REPLAYED]
                return replayed, would_hit(waves.rows[replayed], one.aim_at(waves, replayed).angle).astype(np.float64)
            aims = one.aim(waves)
            found = would_hit(waves.rows[waves.queries], aims.angle) if aims.hit is None else aims.hit
            return replayed, found[is_broken].astype(np.float64)

        return self.once(("hits", gun, shooter), compute)


def beliefs_of(film: Film, guns: Sequence[str] = (), weights: Sequence[Path] = ()) -> Beliefs:
    """Beliefs of the guns of these names (a few baselines, if none is named) and of learned weights in files.

    Raises UserError for an unknown gun, a file that holds no weights, or weights for other features.
    """
    chosen, _ = choose_guns(guns or DEFAULT_GUNS, weights)
    named: dict[str, Gun] = {}
    for gun in chosen:
        short = Path(gun.name).stem
        is_learned = isinstance(gun, MixtureGun) and gun.name not in guns and short not in named
        named[short if is_learned else gun.name] = replace(gun, name=short) if is_learned else gun  # type: ignore[type-var]
    return Beliefs(film, named)
