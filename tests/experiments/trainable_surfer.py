"""A movement that compiles in no time: its distance is made of its weights, so that other weights drive elsewhere."""

import numpy as np

from beepsim.javarandom import next_double
from beepsim.robots.compiled import orbit
from beepsim.robots.settings import File
from beepsim.targeting.weights import load_weights

SETTINGS = {"weights": File("../../configs/weights/rumble.safetensors")}
MEMORY = np.dtype([("apart", "f8"), ("direction", "f8")])


def prepare(settings, memory):
    weights = load_weights(settings["weights"])
    memory.apart, memory.direction = 200.0 + 3.0 * weights.w.sum() + 1000.0 * weights.floor, 1.0


def move(view, target, memory, command, random):
    if next_double(random) < 0.05:
        memory.direction = -memory.direction
    orbit(view, target, command, memory.direction, memory.apart)
