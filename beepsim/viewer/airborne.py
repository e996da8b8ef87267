"""The waves of one shooter as they stand at one moment: in the air, just passed, and the one that was chosen.

Offsets and angles in rad, clockwise; guess factors (GF) as in waves/wave.py.
"""

import math
from dataclasses import dataclass

import numpy as np

from beepsim.recording.columns import HIT_BULLET, HIT_ROBOT
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.film import FilmRound, Moment
from beepsim.viewer.view import View
from beepsim.waves.flight import Flight

LINGERS = 12
"""Turns for which a bullet's wave is still shown after it has passed its target."""
NO_BULLET = -1


@dataclass(frozen=True)
class Airborne:
    """In the film's round `index`. Indices into the flight's waves: `real` and `virtual` in the air, `passed` real ones
    that passed a short time ago, `chosen` None where nothing is to be chosen from."""

    flight: Flight
    index: int
    part: FilmRound
    turn: int
    shooter: int
    real: np.ndarray
    virtual: np.ndarray
    passed: np.ndarray
    chosen: int | None

    def radius(self, wave: int) -> float:
        """Of the ring, px; a wave that has passed stays as it then was, unless it was chosen."""
        launched = self.flight.waves[wave]
        until = self.turn
        if wave != self.chosen:
            until = min(until, int(self.flight.rows["break_turn"][wave]))
        return float((until - launched["fire_turn"]) * launched["speed"])

    def angle(self, wave: int, gf: np.ndarray | float) -> np.ndarray:
        """Directions from the source, rad clockwise from north, of guess factors."""
        launched = self.flight.waves[wave]
        offset = launched["orbit_direction"] * np.asarray(gf, np.float64)
        sides = np.where(offset < 0.0, launched["escape_left"], launched["escape_right"])
        return launched["absolute_bearing"] + offset * sides

    def guess_factor(self, wave: int, offset: float) -> float:
        """Of an offset, beyond ±1 too: bullets do fly outside the escape angles."""
        launched = self.flight.waves[wave]
        side = launched["escape_left"] if offset < 0.0 else launched["escape_right"]
        return float(launched["orbit_direction"] * offset / side)

    def bullet(self, wave: int) -> int:
        """Index into the round's bullets of the one that flies on this wave, or NO_BULLET."""
        if not self.flight.rows["real"][wave]:
            return NO_BULLET
        bullets, fire_turn = self.part.bullets, self.flight.rows["fire_turn"][wave]
        found = np.flatnonzero((bullets["owner"] == self.shooter) & (bullets["turn_first"] == fire_turn + 1))
        return int(found[0])

    def bullet_offset(self, wave: int) -> float:
        """Offset of its bullet's heading, in [-pi, pi)."""
        heading = self.part.bullets["heading"][self.bullet(wave)]
        return float((heading - self.flight.waves["absolute_bearing"][wave] + np.pi) % (2.0 * np.pi) - np.pi)

    def interval(self, wave: int) -> tuple[float, float]:
        """Hit interval so far, as offsets; NaN where the wave has not touched."""
        low, high = self.flight.until(np.array([wave]), self.turn)
        return float(low[0]), float(high[0])

    def has_passed(self, wave: int) -> bool:
        return bool(self.flight.rows["break_turn"][wave] <= self.turn)

    def has_met(self, wave: int) -> bool:
        """Whether its bullet has hit a robot or another bullet by now."""
        bullet = self.part.bullets[self.bullet(wave)]
        return bool(bullet["turn_last"] <= self.turn and bullet["state_last"] in (HIT_ROBOT, HIT_BULLET))

    def missed_by(self, wave: int) -> float:
        """Px along the ring, where it was when it had passed, from the bullet to the nearest place that would have hit;
        NaN where the wave has not touched."""
        low, high = self.interval(wave)
        offset, row = self.bullet_offset(wave), self.flight.rows[wave]
        radius = float((row["break_turn"] - row["fire_turn"]) * row["bullet_speed"])
        return math.nan if math.isnan(low) else max(low - offset, offset - high, 0.0) * radius


def airborne_at(beliefs: Beliefs, moment: Moment, view: View) -> Airborne:
    """The waves of the view's shooter at the end of the moment's turn; in a duel."""
    flight, turn = beliefs.flight(moment.round, view.shooter), moment.turn
    rows = flight.rows
    has_left, has_passed = rows["fire_turn"] < turn, rows["break_turn"] <= turn
    is_flying = has_left & ~has_passed
    real, virtual = np.flatnonzero(is_flying & rows["real"]), np.flatnonzero(is_flying & ~rows["real"])
    passed = np.flatnonzero(has_passed & rows["real"] & (rows["break_turn"] > turn - LINGERS))
    chosen = None
    named = [] if view.wave is None else np.flatnonzero(has_left & (rows["fire_turn"] == view.wave)).tolist()
    if named:
        chosen = named[0]
    elif len(real):
        chosen = int(real[np.argmin(rows["break_turn"][real])])
    part = beliefs.film.rounds[moment.round]
    return Airborne(flight, moment.round, part, turn, view.shooter, real, virtual, passed, chosen)
