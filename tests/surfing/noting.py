"""The go-to surfer; of each threat it notes what it knows of it in the turn in which it sees the shot."""

import numpy as np

from beepsim.robots.compiled import HIT_ROBOT_EVENT
from beepsim.robots.prediction import MOVER, predict_turn
from beepsim.robots.settings import File
from beepsim.surfing.surfer import SURFER, observe, set_surfer
from beepsim.surfing.threats import THREAT
from beepsim.surfing.ways import surf
from beepsim.targeting.weights import load_weights

NOTE = np.dtype([("round", "i8"), ("known", "i8"), ("threat", THREAT)], align=True)
SETTINGS = {
    "weights": File("../../configs/weights/surfing.safetensors"),
    "gun_weights": File("../../configs/weights/rumble.safetensors"),
}
MEMORY = np.dtype(
    [("surfer", SURFER), ("count", "i8"), ("notes", NOTE, 700), ("ahead", MOVER), ("foretold", "i8"), ("wrong", "i8")]
)


def prepare(settings, memory):
    set_surfer(memory.surfer, load_weights(settings["weights"]), load_weights(settings["gun_weights"]))


def move(view, events, target, memory, command):
    surfer = memory.surfer
    has_touched = view.turn == 0 or view.energy == 0.0
    for event in events:
        has_touched = has_touched or event.type == HIT_ROBOT_EVENT
    if not has_touched:
        memory.foretold += 1
        if memory.ahead.x != view.x or memory.ahead.y != view.y or memory.ahead.heading != view.heading:
            memory.wrong += 1
    observe(surfer, view, events, target)
    if surfer.threat_count > 0:
        threat = surfer.threats[surfer.threat_count - 1]
        if threat["wave"]["fire_turn"] == view.turn - 1:
            note = memory.notes[memory.count]
            note["round"], note["known"], note["threat"] = view.round_number, surfer.lessons["count"], threat
            memory.count += 1
    surf(surfer, view, events, command, False)
    memory.ahead = surfer.mover
    predict_turn(memory.ahead, view.width, view.height)
