"""Random targets for the tests of waves: paths, sources, shots."""

import math

import numpy as np
import wave_oracle as oracle
from hypothesis import strategies as st

from beepsim.waves.extract import sightings
from beepsim.waves.wave import SHOT, describe_shot

FIELDS = [(800.0, 600.0), (1000.0, 1000.0), (400.0, 700.0)]
seeds = st.integers(0, 2**32 - 1)
fields = st.sampled_from(FIELDS)
powers = st.floats(0.1, 3.0)


def random_path(rng, width, height, turns):
    """A target that drives, turns, stops, reverses and slides along the walls as Robocode's do."""
    states = []
    x, y = rng.uniform(18, width - 18), rng.uniform(18, height - 18)
    heading, velocity, goal, turning = rng.uniform(0, 2 * math.pi), 0.0, 8.0, 0.0
    for _ in range(turns):
        states.append(oracle.State(x, y, heading, velocity))
        if rng.random() < 0.1:
            goal, turning = rng.choice([-8.0, 0.0, 3.0, 8.0]), rng.uniform(-0.1, 0.1)
        heading = (heading + turning) % (2 * math.pi)
        step = 1.0 if goal * velocity >= 0 and abs(goal) > abs(velocity) else 2.0
        velocity += max(-step, min(step, goal - velocity))
        x, y = x + velocity * math.sin(heading), y + velocity * math.cos(heading)
        if not (18 <= x <= width - 18 and 18 <= y <= height - 18):
            x, y, velocity = max(18, min(width - 18, x)), max(18, min(height - 18, y)), 0.0
    return states


def history_of(path):
    return sightings(*(np.array([getattr(s, name) for s in path]) for name in ("x", "y", "heading", "velocity")))


def shot_of(power):
    shot = np.zeros(1, SHOT)[0]
    describe_shot(shot, power)
    return shot


def place_source(rng, width, height, target):
    """A source in the field that does not overlap the target."""
    while True:
        x, y = rng.uniform(18, width - 18), rng.uniform(18, height - 18)
        if max(abs(x - target.x), abs(y - target.y)) > 36.0:
            return x, y
