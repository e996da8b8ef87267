"""Shadows of own bullets: the angles at which Robocode's test lets the two bullets meet."""

import math

import numpy as np
import pytest

from beepsim.geometry import segments_cross
from beepsim.rules import bullet_speed
from beepsim.surfing.danger import (
    BELIEFS,
    GUNS,
    SPREAD_CUMULATIVE,
    VISITING,
    believe,
    disbelieve,
    fill_shares,
    lit_mass,
    mass_between,
    spread_below,
)
from beepsim.surfing.threats import BULLET, THREAT, cast_shadow, factor_of, lift_shadows, start_bullet
from beepsim.targeting.aiming import GRID

SOURCE = (420.0, 310.0)
ESCAPE = 0.6


def threat_from(power, fire_turn, bearing=0.0):
    """A threat whose wave left SOURCE after the turn, aimed at the bearing, with an even density."""
    threat = np.zeros(1, THREAT)[0]
    wave = threat["wave"]
    wave["source_x"], wave["source_y"] = SOURCE
    wave["fire_turn"], wave["power"], wave["speed"] = fire_turn, power, bullet_speed(power)
    wave["absolute_bearing"], wave["bearing_sin"], wave["bearing_cos"] = bearing, math.sin(bearing), math.cos(bearing)
    wave["orbit_direction"], wave["escape_left"], wave["escape_right"] = 1.0, ESCAPE, ESCAPE
    threat["cumulative"], threat["spread"] = 0.5 * (np.clip(GRID, -1.0, 1.0) + 1.0), 0.1
    return threat


def meets(threat, bullet, factor, turns=80):
    """Whether the threat's bullet at this GF has a move that crosses the own bullet's of the same turn."""
    wave = threat["wave"]
    angle = wave["absolute_bearing"] + factor * ESCAPE
    sine, cosine = math.sin(angle), math.cos(angle)
    for turn in range(max(wave["fire_turn"], bullet["turn"]), wave["fire_turn"] + turns):
        near = (turn - wave["fire_turn"]) * wave["speed"]
        far, age = near + wave["speed"], turn - bullet["turn"]
        theirs = (SOURCE[0] + near * sine, SOURCE[1] + near * cosine, SOURCE[0] + far * sine, SOURCE[1] + far * cosine)
        x, y = bullet["x"] + age * bullet["step_x"], bullet["y"] + age * bullet["step_y"]
        if segments_cross(*theirs, x, y, x + bullet["step_x"], y + bullet["step_y"]):
            return True
    return False


@pytest.mark.parametrize("seed", range(12))
def test_shadows_are_where_the_bullets_meet(seed):
    random = np.random.default_rng(seed)
    bearing, distance = random.uniform(-math.pi, math.pi), random.uniform(150.0, 500.0)
    threat = threat_from(random.uniform(0.1, 3.0), int(random.integers(0, 12)), bearing)
    bullet = np.zeros(1, BULLET)[0]
    x, y = SOURCE[0] + distance * math.sin(bearing), SOURCE[1] + distance * math.cos(bearing)
    heading = bearing + math.pi + random.uniform(-0.5, 0.5)
    start_bullet(
        bullet, x, y, math.sin(heading), math.cos(heading), random.uniform(0.1, 3.0), int(random.integers(0, 12))
    )
    cast_shadow(threat, bullet, 0, 0)
    shadows = threat["shadows"][: threat["shadow_count"]]
    factors = np.linspace(-0.98, 0.98, 981)
    shaded = np.array([any(one["low"] < factor < one["high"] for one in shadows) for factor in factors])
    met = np.array([meets(threat, bullet, factor) for factor in factors])
    # The two may differ at the edges, by the grid's step.
    assert np.count_nonzero(shaded != met) <= 2 * len(shadows)
    assert met.any() == shaded.any()


def test_shadows_do_not_overlap_and_go_with_their_bullet():
    threat, bullet = threat_from(2.0, 0), np.zeros(1, BULLET)[0]
    for index, aside in enumerate((-3.0, 0.0, 3.0)):
        start_bullet(bullet, SOURCE[0] + aside, SOURCE[1] + 300.0, 0.0, -1.0, 2.0 + 0.1 * index, 0)
        cast_shadow(threat, bullet, index, 0)
    shadows = np.sort(threat["shadows"][: threat["shadow_count"]], order="low")
    assert (shadows["low"][1:] >= shadows["high"][:-1] - 1e-12).all()
    whole = mass_between(threat, np.array([0.0, 0.0, 0.0, 1.0, 0.0]), -1.0, 1.0)
    assert whole == pytest.approx(1.0 - 0.5 * np.sum(shadows["high"] - shadows["low"]), abs=1e-9)
    lift_shadows(threat, 1, 0)
    assert 1 not in threat["shadows"]["bullet"][: threat["shadow_count"]]
    lift_shadows(threat, 0, 40)  # it met something only after it had cast its shadow
    assert 0 in threat["shadows"]["bullet"][: threat["shadow_count"]]


def test_danger_is_the_mass_of_what_the_guns_may_do():
    threat, shares = threat_from(2.0, 0), np.zeros(GUNS)
    threat["guesses"][:] = 0.0, 0.4, -0.5
    fill_shares(BELIEFS[: GUNS - 1], shares)
    np.testing.assert_allclose(shares, [0.5, 0.12, 0.12, 0.26, 0.0], atol=0.01)
    assert lit_mass(threat, shares, -2.0, 2.0) == pytest.approx(1.0, abs=1e-6)
    # Of a head-on gun alone: nine tenths of a normal distribution around GF 0, one tenth even.
    alone = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
    assert lit_mass(threat, alone, -0.1, 0.1) == pytest.approx(0.9 * math.erf(1.0 / math.sqrt(2.0)) + 0.01, abs=1e-4)
    assert spread_below(0.0, 0.3) == pytest.approx(0.5) and SPREAD_CUMULATIVE[-1] == pytest.approx(1.0)


def test_offsets_count_in_the_orbit_direction():
    threat = threat_from(2.0, 0)
    threat["wave"]["orbit_direction"] = -1.0
    assert factor_of(threat["wave"], 0.3) == pytest.approx(-0.5)


def test_the_gun_is_believed_that_says_where_bullets_go_and_another_is_when_they_go_elsewhere():
    threat, beliefs, shares = threat_from(2.0, 0), BELIEFS.copy(), np.empty(GUNS)
    threat["guesses"][:] = 0.0, 0.4, -0.5
    threat["visited"] = np.clip((GRID - 0.65) / 0.2, 0.0, 1.0)
    for _ in range(60):
        believe(beliefs, threat, 0.75)
        disbelieve(beliefs, threat, -0.1, 0.1)
    fill_shares(beliefs, shares)
    assert np.argmax(shares) == VISITING and shares[VISITING] > 0.9
    for _ in range(4):
        believe(beliefs, threat, 0.0)
    fill_shares(beliefs, shares)
    assert np.argmax(shares) == 0 and shares[0] > 0.9
