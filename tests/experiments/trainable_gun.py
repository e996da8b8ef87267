"""A gun that compiles in no time: its lead is made of its weights, so that other weights fire elsewhere."""

import numpy as np

from beepsim.robots.compiled import may_fire_soon, shoot, usual_power
from beepsim.robots.settings import File
from beepsim.targeting.weights import load_weights

SETTINGS = {"weights": File("../../configs/weights/rumble.safetensors"), "share": 1.0}
MEMORY = np.dtype([("lead", "f8")])


def prepare(settings, memory):
    memory.lead = settings["share"] * load_weights(settings["weights"]).bandwidth


def aim(view, target, memory, command):
    if may_fire_soon(view, target):
        shoot(view, target, command, target.bearing + memory.lead, usual_power(view, target))
