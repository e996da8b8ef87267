"""Orders that take a robot along a course around a point, the same in a prediction and in the battle.

Pixels, turns, radians clockwise from north. A COURSE leads round its centre, clockwise as seen from there or the other
way, towards the distance that it wants to keep; near walls it is bent towards the centre. `steer` orders one turn of it
for a MOVER, `stop` brakes; what is foretold with them is driven with them.
"""

import math

from beepsim.engine.state import record
from beepsim.fdlibm import atan2
from beepsim.geometry import HALF_PI, PI, relative_angle
from beepsim.jit import jit

COURSE = record(
    [
        ("centre_x", "f8"),
        ("centre_y", "f8"),
        ("direction", "f8"),  # +1 clockwise round the centre, else -1
        ("distance", "f8"),  # px from the centre that are wanted
    ]
)

MARGIN = 22.0  # px from the walls within which no centre should come
STICK = 130.0  # px ahead that are kept within the margin
STEP_SINE, STEP_COSINE = 0.14943813247359922, 0.9887710779360422  # of 0.15 rad, by beepsim.fdlibm
STEPS = 21  # half a circle
SHARP = 0.9  # rad; where a turn is sharper, it brakes: at full speed a body turns 4 degrees, standing 10
FAR = 1000.0  # px; as far as it goes
MOST_INWARDS, MOST_OUTWARDS = 0.4, 1.2  # part of the way that leads to the centre or from it, of that around it
EAGERNESS = 1.6  # with which the distance is sought


@jit
def steer(mover, course, width, height):
    """Orders one turn of the course."""
    dx, dy = mover.x - course.centre_x, mover.y - course.centre_y
    distance = math.sqrt(dx * dx + dy * dy) + 1e-9
    out_x, out_y = dx / distance, dy / distance
    lean = EAGERNESS * (course.distance - distance) / course.distance
    lean = min(max(lean, -MOST_INWARDS), MOST_OUTWARDS)
    way_x, way_y = course.direction * out_y + lean * out_x, lean * out_y - course.direction * out_x
    scale = STICK / math.sqrt(1.0 + lean * lean)
    way_x, way_y = way_x * scale, way_y * scale
    sine = course.direction * STEP_SINE
    left, right, low, top = MARGIN - mover.x, width - MARGIN - mover.x, MARGIN - mover.y, height - MARGIN - mover.y
    for _ in range(STEPS):
        if left < way_x < right and low < way_y < top:
            break
        way_x, way_y = way_x * STEP_COSINE + way_y * sine, way_y * STEP_COSINE - way_x * sine
    turn = relative_angle(atan2(way_x, way_y) - mover.heading)
    forwards = 1.0
    if abs(turn) > HALF_PI:
        turn, forwards = relative_angle(turn + PI), -1.0
    mover.body_turn = turn
    mover.distance = forwards * FAR if abs(turn) < SHARP else 0.0


@jit
def stop(mover):
    """Orders to brake, straight on."""
    mover.body_turn = mover.distance = 0.0
