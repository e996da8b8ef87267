"""Surfs the wave that comes first: in every turn it drives on, stops or turns back, whichever is least dangerous."""

import numpy as np

from beepsim.robots.settings import File
from beepsim.surfing.surfer import SURFER, observe, set_surfer
from beepsim.surfing.ways import surf
from beepsim.targeting.weights import load_weights

SETTINGS = {"weights": File("../configs/weights/surfing.safetensors")}
MEMORY = np.dtype([("surfer", SURFER)])


def prepare(settings, memory):
    set_surfer(memory.surfer, load_weights(settings["weights"]))


def move(view, events, target, memory, command):
    observe(memory.surfer, view, events, target)
    surf(memory.surfer, view, events, command, True)
