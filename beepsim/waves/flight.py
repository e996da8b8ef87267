"""Every wave of one round as it flies, those too that had not broken when the round ended or a robot died.

The wave table holds what waves say once they have passed; here is what is known of them turn by turn, for whoever wants
to look at them. The same compiled functions launch, sweep and describe them.
"""

from dataclasses import dataclass

import numpy as np

from beepsim.jit import jit
from beepsim.recording.format import Recording
from beepsim.waves.extract import fill_sightings, fly
from beepsim.waves.table import Observed, observe_round, rows_of
from beepsim.waves.wave import (
    MIDAIR,
    PASSED,
    SHOT,
    SIGHTING,
    WAVE,
    describe_shot,
    has_touched,
    hit_interval,
    launch_wave,
    sweep_wave,
)

SLOWEST_BULLET = 11.0  # px/turn, of power 3


@dataclass(frozen=True)
class Flight:
    """The waves of a round and shooter in firing order [W].

    `waves` are WAVEs as launched; `rows` the table's ROWs, where those that the table lacks (not `is_broken` [W]) pass
    a target that stands still from `last_turn` on, the last in which it lives.
    """

    waves: np.ndarray
    rows: np.ndarray
    is_broken: np.ndarray
    path: np.ndarray
    last_turn: int

    def until(self, waves: np.ndarray, turn: int) -> tuple[np.ndarray, np.ndarray]:
        """(low, high) of the hit intervals of some waves (indices [n]) as they stand at the end of `turn`, rad; NaN
        where a wave has not touched."""
        low, high = np.full(len(waves), np.nan), np.full(len(waves), np.nan)
        # A bullet that stands somewhere at the end of a turn was tested against the target as it stood a turn before.
        fill_intervals(self.waves[waves], self.path, min(turn - 1, self.last_turn), low, high)
        return low, high

    def growth(self, waves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(low, high) [n, T] of `until` for all turns at once: column k is turn fire_turn + k, up to that in which the
        last of these waves has passed."""
        chosen = self.waves[waves]
        turns = int((self.rows["break_turn"] - self.rows["fire_turn"])[waves].max(initial=0)) + 1
        low, high = (np.full((len(chosen), turns), np.nan) for _ in range(2))
        fill_growth(chosen, self.path, self.last_turn, low, high)
        return low, high


@jit
def launch_round(waves, shooter_x, shooter_y, path, seen, last_turn, powers, width, height):
    """Fill `waves` [>= T] with those that `extract.extract_round` launches; returns how many there are."""
    shots = np.zeros(1, SHOT)
    history = np.zeros_like(path)
    seen_since = fill_sightings(history, path, seen)
    count, orbit = 0, 1.0
    shots[0]["power"] = np.nan
    for fire_turn in range(1, last_turn + 1):
        shot, wave, power = shots[0], waves[count], powers[fire_turn]
        if np.isnan(power) or seen_since > fire_turn - 1:
            continue
        if power != shot["power"]:
            describe_shot(shot, power)
        source_x, source_y = shooter_x[fire_turn], shooter_y[fire_turn]
        launch_wave(wave, shot, source_x, source_y, fire_turn, history, seen_since, orbit, width, height)
        orbit = wave["orbit_direction"]
        count += 1
    return count


@jit
def fill_intervals(waves, path, last_turn, low, high):
    """Sweep launched waves up to a turn; (low, high) [n] are left as they are where a wave has not touched."""
    for i in range(len(waves)):
        wave = waves[i]
        fly(wave, path, wave["fire_turn"], last_turn)
        if has_touched(wave):
            low[i], high[i] = hit_interval(wave)


@jit
def fill_growth(waves, path, last_turn, low, high):
    """Sweep launched waves turn by turn; (low, high) [n, T] are left as they are where a wave has not touched."""
    mask = path.size - 1
    for i in range(len(waves)):
        wave, status = waves[i], MIDAIR
        for k in range(1, low.shape[1]):
            turn = wave["fire_turn"] + k - 1
            if turn <= last_turn and status != PASSED:
                status, _ = sweep_wave(wave, turn, path[turn & mask]["x"], path[turn & mask]["y"])
            if has_touched(wave):
                low[i, k], high[i, k] = hit_interval(wave)


def flight_of(recording: Recording, number: int, shooter: int, target: int, shots: int) -> Flight:
    """The waves of `shooter` against `target` in the round of that number; `shots` as in `extract_from_round`."""
    rules, observed = recording.header.rules, observe_round(recording, number, shooter, target)
    waves = np.zeros(len(observed.shooter_x) + 1, WAVE)
    x, y, path, seen, last_turn, _, powers, target_last_turn = observed
    count = launch_round(waves, x, y, path, seen, last_turn, powers, float(rules.width), float(rules.height))
    turns = int(np.hypot(rules.width, rules.height) / SLOWEST_BULLET) + 2
    rows = rows_of(recording, number, stood_still(observed, turns), shots)
    is_launched = np.isin(waves["fire_turn"][:count], rows["fire_turn"])
    return Flight(waves[:count][is_launched], rows, rows["break_turn"] <= last_turn, path, target_last_turn)


def stood_still(observed: Observed, turns: int) -> Observed:
    """The same, the target standing where it last stood alive for so many more turns, without another wave."""
    last, length = observed.target_last_turn, observed.target_last_turn + 1 + turns
    path = np.zeros(1 << (length - 1).bit_length(), SIGHTING)
    path[: last + 1], path[last + 1 : length] = observed.path[: last + 1], observed.path[last]
    x, y, seen, powers = (
        np.concatenate([column[: last + 1], np.full(turns, value, column.dtype)])
        for column, value in (
            (observed.shooter_x, 0.0),
            (observed.shooter_y, 0.0),
            (observed.seen, False),
            (observed.powers, np.nan),
        )
    )
    powers[observed.last_turn + 1 :] = np.nan
    return Observed(x, y, path, seen, length - 1, observed.fired, powers, length - 1)
