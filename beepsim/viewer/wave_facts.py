"""The chosen wave in words and numbers: what was fired, whether it hit, by how much it missed; its features."""

import math

import numpy as np

from beepsim.recording.columns import HIT_BULLET, HIT_ROBOT
from beepsim.targeting.guns import MixtureGun
from beepsim.targeting.weights import BEEPBOOP_MAIN
from beepsim.viewer.airborne import NO_BULLET, Airborne
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.colours import robot_colour
from beepsim.viewer.densities import shown_guns, signed
from beepsim.viewer.shapes import Block, Curve, Fact, Graph
from beepsim.viewer.view import View
from beepsim.viewer.wave_shapes import HIT
from beepsim.waves.features import FEATURES, normalise
from beepsim.waves.history import ADVANCING, ADVANCING_LAGS, LATERAL, LATERAL_LAGS

DECIMALS = {"px": 0, "turns": 0, "0 or 1": 0}


def wave_blocks(airborne: Airborne) -> list[Block]:
    """The chosen wave."""
    wave = airborne.chosen
    if wave is None:
        return [Block("Wave", (Fact("bullets in the air", "none", robot_colour(airborne.shooter)),))]
    row, colour = airborne.flight.rows[wave], robot_colour(airborne.shooter)
    low, high = (signed(airborne.guess_factor(wave, offset)) for offset in airborne.interval(wave))
    left, right = (math.degrees(row[name]) for name in ("escape_left", "escape_right"))
    facts = [
        Fact("fired after turn", str(row["fire_turn"]), colour),
        Fact("power, speed", f"{row['power']:.2f}, {row['bullet_speed']:.1f} px/turn"),
        Fact("distance", f"{row['distance']:.0f} px"),
        Fact("escape angles", f"{left:.0f}° left, {right:.0f}° right"),
        Fact("target orbits", "clockwise" if row["orbit_direction"] > 0 else "counter-clockwise"),
    ]
    if airborne.bullet(wave) != NO_BULLET:
        facts.append(Fact("bullet at GF", signed(airborne.guess_factor(wave, airborne.bullet_offset(wave))), colour))
    if row["orbit_direction"] < 0:
        low, high = high, low
    is_over = airborne.has_passed(wave)
    facts.append(
        Fact("would hit at GF" if is_over else "would hit so far", "–" if "nan" in low else f"{low} to {high}", HIT)
    )
    facts.append(Fact("bullet", verdict(airborne, wave)))
    return [Block("Wave", tuple(facts))]


def verdict(airborne: Airborne, wave: int) -> str:
    """What is known of the wave's bullet at this moment."""
    number = airborne.bullet(wave)
    if number == NO_BULLET:
        return "none on this wave"
    bullet = airborne.part.bullets[number]
    if bullet["turn_last"] <= airborne.turn:
        if bullet["state_last"] == HIT_ROBOT:
            return "hit"
        if bullet["state_last"] == HIT_BULLET:
            return "met another bullet"
    if not airborne.has_passed(wave):
        return "in the air"
    missed = airborne.missed_by(wave)
    return "passed where it would hit" if missed == 0.0 else f"missed by {missed:.0f} px"


def feature_blocks(airborne: Airborne, beliefs: Beliefs, view: View) -> list[Block]:
    """Raw values of what guns look at: of the last shown learned gun's features, else of BeepBoop's; the motion before
    as a graph."""
    if airborne.chosen is None:
        return []
    row = airborne.flight.rows[airborne.chosen]
    learned = [gun for gun in map(beliefs.guns.get, shown_guns(beliefs, view)) if isinstance(gun, MixtureGun)]
    names = learned[-1].weights.config.features if learned else tuple(BEEPBOOP_MAIN)
    past = {*LATERAL, *ADVANCING}
    facts = tuple(Fact(name, feature_value(row, name)) for name in names if name not in past)
    if learned and not past.isdisjoint(names):
        return [Block("Features of this wave", facts, (motion_graph(row),))]
    return [Block("Features of this wave", facts)]


def feature_value(row: np.void, name: str) -> str:
    """Raw value and unit; of features that are no column, the normalised value."""
    feature = FEATURES[name]
    if name in (row.dtype.names or ()):
        value = f"{row[name]:.{DECIMALS.get(feature.unit, 2)}f}"
        return f"{value} {feature.unit}" if feature.unit not in ("1", "0 or 1") else value
    normalised = float(normalise(row.reshape(1), [name])[0, 0])
    return f"{normalised:.0f}" if feature.unit == "0 or 1" else f"{normalised:.2f} (normalised)"


def motion_graph(row: np.void) -> Graph:
    """Velocities of the target before it was aimed at, across the bearing and along it."""
    lines = (("across", LATERAL_LAGS, LATERAL, HIT), ("away", ADVANCING_LAGS, ADVANCING, robot_colour(6)))
    curves = tuple(
        Curve(name, tuple(-float(lag) for lag in lags), tuple(float(row[column]) for column in columns), colour)
        for name, lags, columns, colour in lines
    )
    return Graph("Target's velocity before", "turns before", "px/turn", curves)
