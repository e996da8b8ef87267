"""Fires with whichever gun would have hit most often of late: learned, pattern, head-on, linear or circular."""

import numpy as np

from beepsim.robots.compiled import bullet_power
from beepsim.robots.power import POWER, power_of
from beepsim.robots.settings import File
from beepsim.targeting.export import read_weights
from beepsim.targeting.guns import learned_gun
from beepsim.targeting.live_gun import LIVE_GUN, live_aim, set_gun
from beepsim.targeting.live_model import CAPACITY

SETTINGS = {"weights": File("../configs/weights/rumble.safetensors"), **POWER, "virtual": 1.0, "waves": CAPACITY}
MEMORY = np.dtype([("live", LIVE_GUN), ("power", "f8")])


def prepare(settings, memory):
    memory.power = power_of(settings)
    gun = learned_gun("learned", read_weights(settings["weights"]))
    set_gun(memory.live, gun, settings["virtual"], settings["waves"], chooses=True)


def aim(view, events, target, memory, command):
    live_aim(memory.live, view, events, target, command, bullet_power(view, target, memory.power))
