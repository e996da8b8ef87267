"""Surfs on learned danger and fires where learned weights say: the blocks of this package, put together."""

import numpy as np

from beepsim.robots.compiled import TARGET, bullet_power, lock_radar, track
from beepsim.robots.power import POWER, power_of
from beepsim.robots.settings import File
from beepsim.surfing.surfer import SURFER, observe, set_surfer
from beepsim.surfing.ways import surf
from beepsim.targeting.guns import learned_gun
from beepsim.targeting.live_gun import LIVE_GUN, live_aim, set_gun
from beepsim.targeting.weights import load_weights

SETTINGS = {
    "gun_weights": File("../configs/weights/rumble.safetensors"),
    "surfing_weights": File("../configs/weights/surfing.safetensors"),
    "virtual": 0.0,
    "waves": 2000,
    **POWER,
}
MEMORY = np.dtype([("target", TARGET), ("surfer", SURFER), ("live", LIVE_GUN), ("power", "f8")])


def prepare(settings, memory):
    memory.power = power_of(settings)
    gun_weights = load_weights(settings["gun_weights"])
    set_surfer(memory.surfer, load_weights(settings["surfing_weights"]), gun_weights)
    set_gun(memory.live, learned_gun("learned", gun_weights), settings["virtual"], settings["waves"])


def turn(view, events, memory, command):
    target = memory.target
    track(view, events, target)
    lock_radar(view, target, command)
    observe(memory.surfer, view, events, target)
    surf(memory.surfer, view, events, command, False)
    live_aim(memory.live, view, events, target, command, bullet_power(view, target, memory.power))
