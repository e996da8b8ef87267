"""Goes where it was least often when earlier waves passed, in like situations: an even profile teaches a gun little."""

import numpy as np

from beepsim.surfing.surfer import SURFER, observe, set_flattener
from beepsim.surfing.ways import surf

MEMORY = np.dtype([("surfer", SURFER)])


def prepare(settings, memory):
    set_flattener(memory.surfer)


def move(view, events, target, memory, command):
    observe(memory.surfer, view, events, target)
    surf(memory.surfer, view, events, command, False)
