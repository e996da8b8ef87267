"""Fires at the guess factor that the battle's waves visited most."""

import numpy as np

from beepsim.robots.compiled import bullet_power
from beepsim.robots.power import POWER, power_of
from beepsim.targeting.guns import BASELINES
from beepsim.targeting.live_gun import LIVE_GUN, live_aim, set_gun
from beepsim.targeting.live_model import CAPACITY

SETTINGS = {**POWER, "virtual": 1.0, "waves": CAPACITY}
MEMORY = np.dtype([("live", LIVE_GUN), ("power", "f8")])


def prepare(settings, memory):
    memory.power = power_of(settings)
    set_gun(memory.live, BASELINES["histogram"], settings["virtual"], settings["waves"])


def aim(view, events, target, memory, command):
    live_aim(memory.live, view, events, target, command, bullet_power(view, target, memory.power))
