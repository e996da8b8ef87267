"""Where a robot will be: its moves of the coming turns by the engine's own functions, bit for bit.

Pixels, turns, radians clockwise from north. A MOVER is what one robot's movement depends on, its state and its command
in one record. Other robots are left out: a path that runs into one is foretold as if it were not there.

    start_mover(mover, view, command)          as the robot stands at the end of this turn
    predict_turn(mover, width, height)         its state one turn later
    mover.distance, mover.body_turn = ...      new orders for the turns after that, or none: the old ones are worked off
"""

from beepsim.engine.motion import NO_WALL, accelerate, slide_from_walls, turn_body
from beepsim.engine.state import record
from beepsim.jit import jit
from beepsim.rules import stop_distance

MOVER = record(
    [
        ("x", "f8"),
        ("y", "f8"),
        ("heading", "f8"),
        ("velocity", "f8"),
        ("distance", "f8"),  # the command: still to travel, still to turn, at most so fast
        ("body_turn", "f8"),
        ("max_velocity", "f8"),
        ("max_turn_rate", "f8"),
        ("sine", "f8"),  # of the heading `direction`, kept because most turns need them again
        ("cosine", "f8"),
        ("direction", "f8"),
        ("over_driving", "?"),  # too fast to stop within the distance
        ("in_collision", "?"),  # ran into another robot in this turn: the body does not turn in the next
        ("hit_wall", "?"),  # in the last turn predicted
    ]
)


@jit
def start_mover(mover, view, command):
    """Fills MOVER from VIEW and COMMAND as they are after this turn, or after the bot's orders for the next.

    `in_collision` is false: who was told of a collision of its own fault in this turn (HIT_ROBOT_EVENT) sets it.
    The engine's `over_driving` is not visible. It matters only where orders are left alone: a robot that could not stop
    within a distance stays where it comes to stand instead of driving back. A MOVER that foretold this very state keeps
    what it knows of it; another has what the rest of the orders says, if they are those of the last turn. Where new
    distances are set in every turn, none of this changes a path.
    """
    is_foretold = mover.x == view.x and mover.y == view.y and mover.velocity == view.velocity
    if not is_foretold or mover.heading != view.heading:
        ordered = command.distance + view.velocity
        mover.over_driving = ordered * view.velocity >= 0.0 and stop_distance(view.velocity) > abs(ordered)
    mover.x, mover.y, mover.heading, mover.velocity = view.x, view.y, view.heading, view.velocity
    mover.distance, mover.body_turn = command.distance, command.body_turn
    mover.max_velocity, mover.max_turn_rate = command.max_velocity, command.max_turn_rate
    mover.sine, mover.cosine, mover.direction = 0.0, 1.0, 0.0
    mover.in_collision = mover.hit_wall = False


@jit
def predict_turn(mover, width, height):
    """Moves MOVER by one turn in a field of width x height px, as `engine.motion` moves a robot alone."""
    turn_body(mover, mover)
    accelerate(mover, mover)
    mover.in_collision = False
    mover.hit_wall = slide_from_walls(mover, width, height) != NO_WALL
    if mover.hit_wall:
        mover.distance = mover.velocity = 0.0
