"""What is dangerous on the wave of an enemy's bullet: the mass of its gun's density between two angles.

Angles in guess factors (GF). The enemy's gun is one of four: three that are the same for everybody, head-on, linear and
circular, and one that fires where its bullets went before in like situations, by learned weights (see
`targeting.live_model`). A surfer may count on a fifth, which learns where this robot was when its waves passed. How
much each is believed follows from its bullets: each belief is multiplied by the gun's density where a bullet went, or
by its mass beside this robot where one passed it (Bayes), and fades, because guns change. Before anything is known most
is believed of head-on aim, which most simple robots use.
"""

import numpy as np

from beepsim.jit import jit
from beepsim.surfing.threats import SIMPLE_GUNS
from beepsim.targeting.aiming import GRID_NODES, GRID_STEP, at
from beepsim.targeting.exponential import exp64, log64
from beepsim.targeting.kernel_tables import kernel_tables

GUNS = SIMPLE_GUNS + 2
LEARNED, VISITING = SIMPLE_GUNS, SIMPLE_GUNS + 1
BELIEFS = np.array([-0.7, -2.1, -2.1, -1.35, -3.5])  # before anything is known: the first four 0.50, 0.12, 0.12, 0.26
LEAST_BELIEF = -5.5  # below the most believed gun's, of five: an enemy that learns may change its gun
FADING = 0.97  # of what a bullet has taught, with each that follows
FLOOR = 0.1  # of a simple gun's density: few aim quite as it does
LEAST_SPREAD = 0.07  # GF
PART_OF_BOT = 0.5  # the spread at close range: whoever fires once he sees the robot hits it somewhere
UNIT = 0.1  # GF; the spread of the table below
SPREAD_CUMULATIVE = kernel_tables("gaussian", UNIT)[1]
CLOSE = 1.0 / 64.0  # GF over which a density is taken


@jit
def spread_below(difference, spread):
    """Part of a simple gun's shots, apart from its floor, below `difference` GF from its angle."""
    difference *= UNIT / spread
    place = min(max(difference / GRID_STEP + GRID_NODES - 1, 0.0), 2.0 * GRID_NODES - 2.000001)
    node = int(place)
    share = place - node
    return SPREAD_CUMULATIVE[node] * (1.0 - share) + SPREAD_CUMULATIVE[node + 1] * share


@jit
def gun_mass(threat, gun, low, high):
    """Mass of one gun's density on a threat between two GF."""
    if gun == LEARNED:
        return at(threat["cumulative"], high) - at(threat["cumulative"], low)
    if gun == VISITING:
        return at(threat["visited"], high) - at(threat["visited"], low)
    guess, spread = threat["guesses"][gun], threat["spread"]
    even = 0.5 * max(min(high, 1.0) - max(low, -1.0), 0.0)
    return (1.0 - FLOOR) * (spread_below(high - guess, spread) - spread_below(low - guess, spread)) + FLOOR * even


@jit
def mass_between(threat, shares, low, high):
    """Danger between two GF by the guns' shares [GUNS]; in shadows there is none."""
    total = lit_mass(threat, shares, low, high)
    for i in range(threat["shadow_count"]):
        shadow = threat["shadows"][i]
        left, right = max(low, shadow["low"]), min(high, shadow["high"])
        if left < right:
            total -= lit_mass(threat, shares, left, right)
    return total


@jit
def lit_mass(threat, shares, low, high):
    """`mass_between` without shadows."""
    total = 0.0
    for gun in range(GUNS):
        if shares[gun] > 0.005:
            total += shares[gun] * gun_mass(threat, gun, low, high)
    return total


@jit
def fill_shares(beliefs, shares):
    """Shares [n], which sum to 1, from the logarithms of how much each of the first n guns is believed."""
    most = beliefs.max()
    total = 0.0
    for gun in range(len(beliefs)):
        shares[gun] = exp64(beliefs[gun] - most)
        total += shares[gun]
    for gun in range(len(beliefs)):
        shares[gun] /= total


@jit
def believe(beliefs, threat, angle):
    """What a bullet says of the guns that went to GF `angle`; fills beliefs [n]."""
    for gun in range(len(beliefs)):
        mass = gun_mass(threat, gun, angle - CLOSE, angle + CLOSE)
        beliefs[gun] = FADING * (beliefs[gun] - BELIEFS[gun]) + BELIEFS[gun] + log64(mass + 1e-3 * CLOSE)
    bound(beliefs)


@jit
def disbelieve(beliefs, threat, low, high):
    """What a bullet says of the guns that did not come between two GF, where it would have hit."""
    for gun in range(len(beliefs)):
        beliefs[gun] += log64(max(1.0 - gun_mass(threat, gun, low, high), 0.05))
    bound(beliefs)


@jit
def bound(beliefs):
    """Sets the greatest to 0; keeps the others of all five from falling out of sight."""
    beliefs -= beliefs.max()
    if len(beliefs) == GUNS:
        for gun in range(GUNS):
            beliefs[gun] = max(beliefs[gun], LEAST_BELIEF)
