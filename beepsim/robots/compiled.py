"""What the author of a compiled bot works with: records of what the bot sees and commands, and helpers for both.

Pixels, turns, radians clockwise from north (0 = up = +y). A bot is one file of plain functions over these records; it
names the arguments that it wants, in any order:

    def move(view, target, command): ...    a movement: sets command.distance, body_turn, max_velocity
    def aim(view, target, command): ...     a gun: sets command.gun_turn and fire_power
    def turn(view, events, command): ...    a whole bot, which turns its own radar as well

    view      VIEW: its own state and the field, at the end of the turn
    events    EVENT [E]: what it was told in this turn, in order; `event.type` is one of the constants below
    target    TARGET: the enemy as last scanned (move and aim only; the radar is kept on it for them)
    command   COMMAND: what is still to be travelled and turned, changed by writing to it; fire_power = a number fires
    memory    a record of the file's own dtype `MEMORY`, kept from round to round; when the battle starts it is zero, or
              what the file's `prepare(settings, memory)` made of it (see settings.py)
    random    the bot's own random numbers: next_double(random), next_int(random, n) of beepsim.javarandom

They are called at the start of each round (view.turn == 0) and after each turn; what they command acts in the next one.
`loader.py` compiles them, or runs them as plain Python with the same result, as long as they take trigonometry from
`beepsim.fdlibm` (sin, cos, sin_cos, tan, asin, acos, atan2, hypot), write x * x for a power and divide by nothing that
may be zero. A debugger or a print works in the plain run: `fight(…, compiled=False)`.
"""

import numpy as np

from beepsim.engine.state import (  # noqa: F401 - COMMAND and the event types are here for the authors of bots
    BULLET_HIT,
    BULLET_HIT_BULLET,
    BULLET_MISSED,
    COMMAND,
    EVENT,
    HIT_BY_BULLET,
    HIT_ROBOT_EVENT,
    HIT_WALL_EVENT,
    NO_SHOT,
    NOBODY,
    ROBOT_DEATH,
    ROUND_ENDED,
    SCANNED_ROBOT,
    WIN,
    record,
)
from beepsim.fdlibm import sin_cos
from beepsim.geometry import HALF_PI, absolute_angle, relative_angle
from beepsim.rules import (
    ACCELERATION,
    DECELERATION,
    HALF_BOT_WIDTH,
    MAX_POWER,
    MAX_VELOCITY,
    MIN_POWER,
    RAM_DAMAGE,
    START_GUN_HEAT,
    ZAP_ENERGY,
    bullet_damage,
    bullet_hit_gain,
    gun_heat_of_shot,
    wall_damage,
)

VIEW = record(
    [
        ("round_number", "i8"),  # from 0
        ("turn", "i8"),  # of the round; 0 at its start
        ("num_rounds", "i8"),
        ("others", "i8"),  # enemies alive
        ("x", "f8"),
        ("y", "f8"),
        ("velocity", "f8"),
        ("heading", "f8"),
        ("gun_heading", "f8"),
        ("radar_heading", "f8"),
        ("energy", "f8"),
        ("gun_heat", "f8"),  # a shot is accepted at 0
        ("width", "f8"),  # of the field
        ("height", "f8"),
        ("gun_cooling_rate", "f8"),
    ]
)

NEVER = -1  # TARGET.turn before the first scan of a round
NEARLY = 1e-6  # by so much sums of energies, of heat and of places may be off

TARGET = record(
    [
        ("turn", "i8"),  # in which it was last scanned, or NEVER
        ("robot", "i8"),
        ("x", "f8"),
        ("y", "f8"),
        ("velocity", "f8"),
        ("heading", "f8"),
        ("energy", "f8"),  # kept up to date between scans by what bullets are known to have done
        ("distance", "f8"),
        ("bearing", "f8"),  # absolute
        ("last_turn", "i8"),  # the scan before, or NEVER; its velocity and heading
        ("last_velocity", "f8"),
        ("last_heading", "f8"),
        ("shot_power", "f8"),  # of the bullet that a loss of energy gave away in this turn, its first; 0 if none
        ("gun_heat", "f8"),  # as its shots tell
        ("own_energy", "f8"),  # of this robot, and the heat of its gun, at the last call
        ("own_heat", "f8"),
    ]
)

WALL_MARGIN = 25.0  # px from the walls within which no centre should come
WALL_STICK = 140.0  # px ahead that are kept within the margin
SMOOTHING_STEP = 0.1  # rad
SMOOTHING_SINE, SMOOTHING_COSINE = 0.09983341664682815, 0.9950041652780257  # of that step, by beepsim.fdlibm
SHARP_TURN = 0.8  # rad
KEPT_ENERGY = 0.02  # twice what a robot needs to move
SMOOTHING_STEPS = 32  # half a circle: in a corner any further turn leads out again


def track(view, events, target):
    """Keeps TARGET by the turn's events: the first enemy scanned, until it dies or has not been seen for 10 turns."""
    if view.turn == 0:
        target.gun_heat, target.own_energy = START_GUN_HEAT, view.energy
    if view.turn == 0 or (target.turn != NEVER and view.turn - target.turn > 10):
        target.turn = target.last_turn = NEVER
    target.shot_power = 0.0
    for event in events:
        if event.type == BULLET_HIT:
            target.own_energy += bullet_hit_gain(event.bullet_power)
            if event.other == target.robot:
                target.energy -= bullet_damage(event.bullet_power)
        elif event.type == HIT_BY_BULLET:
            target.own_energy -= bullet_damage(event.bullet_power)
            if event.bullet_owner == target.robot:
                target.energy += bullet_hit_gain(event.bullet_power)
        elif event.type == HIT_ROBOT_EVENT:
            target.own_energy -= RAM_DAMAGE
            if event.other == target.robot:
                target.energy -= RAM_DAMAGE
        elif event.type == ROBOT_DEATH and event.other == target.robot:
            target.turn = NEVER
    for event in events:
        if event.type == SCANNED_ROBOT and (target.turn == NEVER or event.other == target.robot):
            see(view, event, target)
    target.own_energy, target.own_heat = view.energy, view.gun_heat
    if view.turn > 0:
        target.gun_heat = max(target.gun_heat - view.gun_cooling_rate, 0.0)


def see(view, event, target):
    """Enters a scan into TARGET."""
    is_known = target.turn != NEVER
    velocity, velocity_before, loss = target.velocity, target.last_velocity, target.energy - event.energy
    target.last_turn = target.turn
    target.last_velocity = target.velocity if is_known else event.velocity
    target.last_heading = target.heading if is_known else event.heading
    target.turn, target.robot = view.turn, event.other
    target.velocity, target.heading, target.energy = event.velocity, event.heading, event.energy
    target.distance = event.distance
    target.bearing = absolute_angle(view.heading + event.bearing)
    sine, cosine = sin_cos(target.bearing)
    target.x = view.x + sine * event.distance
    target.y = view.y + cosine * event.distance
    if is_known:
        note_shot(view, target, velocity, velocity_before, loss)


def note_shot(view, target, velocity, velocity_before, loss):
    """Whether a loss of energy that no bullet and no ram explains was a shot, by the target's velocities until then.

    A gun that is hot does not fire. A robot that stopped at a wall has paid for that, if its class pays at all. Where
    this robot too loses what zapped robots lose, nobody has fired.
    """
    if target.gun_heat > NEARLY or loss < MIN_POWER - NEARLY:
        return
    is_zapped = target.own_energy - view.energy > ZAP_ENERGY - NEARLY and view.gun_heat <= target.own_heat
    if is_zapped and abs(loss - ZAP_ENERGY) < NEARLY:
        return
    if velocity != 0.0 and target.velocity == 0.0 and touches_wall(view, target):
        # Speed at the wall: most drive on as they did, at their limit or towards it.
        faster = min(abs(velocity) + ACCELERATION, MAX_VELOCITY)
        usual = wall_damage(velocity if velocity == velocity_before else faster)
        is_spent = target.energy == 0.0 and loss <= wall_damage(faster)
        slower = max(abs(velocity) - DECELERATION, 0.0)
        if is_spent or wall_damage(slower) - NEARLY <= loss <= wall_damage(faster) + NEARLY:
            return
        if MIN_POWER - NEARLY <= loss - usual <= MAX_POWER + NEARLY:
            loss -= usual
    if loss <= MAX_POWER + NEARLY:
        target.shot_power = loss
        target.gun_heat = gun_heat_of_shot(loss)


def touches_wall(view, target):
    """Whether the target stands as near to a wall as it can."""
    gap_x, gap_y = min(target.x, view.width - target.x), min(target.y, view.height - target.y)
    return min(gap_x, gap_y) < HALF_BOT_WIDTH + NEARLY


def lock_radar(view, target, command):
    """Turns the radar past the target's last bearing and back, or round and round while it is not known."""
    command.adjust_gun_for_body = command.adjust_radar_for_body = command.adjust_radar_for_gun = True
    command.scan = True  # a radar that stands exactly on the target would not scan by itself
    if target.turn == NEVER:
        command.radar_turn = np.inf
    else:
        command.radar_turn = 2.0 * relative_angle(target.bearing - view.radar_heading)


def drive(view, command, heading, distance=100.0):
    """Orders `distance` px along `heading`, forwards or backwards, whichever needs the smaller turn.

    Where that turn is sharp it brakes: at full speed the body turns 4° a turn, standing 10°.
    """
    turn = relative_angle(heading - view.heading)
    forwards = 1.0
    if abs(turn) > HALF_PI:
        turn, forwards = relative_angle(turn + np.pi), -1.0
    command.body_turn = turn
    command.distance = forwards * distance if abs(turn) < SHARP_TURN else 0.0


def orbit(view, target, command, direction, distance):
    """Drives round the target, `direction` +1 (clockwise as seen from it) or -1, towards `distance` px from it.

    Where the way leads out of the field it is bent towards the target.
    """
    inwards = min(max((target.distance - distance) / distance, -0.5), 0.5)
    heading = target.bearing - direction * (HALF_PI - inwards)
    drive(view, command, along_walls(view, heading, direction))


def along_walls(view, heading, direction):
    """`heading`, turned by `direction` (+1 clockwise) in steps until WALL_STICK px that way are clear of walls."""
    if is_clear(view.x, view.width) and is_clear(view.y, view.height):
        return heading
    sine, cosine = sin_cos(heading)
    across, along = sine * WALL_STICK, cosine * WALL_STICK
    sine, cosine = direction * SMOOTHING_SINE, SMOOTHING_COSINE
    for _ in range(SMOOTHING_STEPS):
        x, y = view.x + across, view.y + along
        if WALL_MARGIN < x < view.width - WALL_MARGIN and WALL_MARGIN < y < view.height - WALL_MARGIN:
            break
        across, along = across * cosine + along * sine, along * cosine - across * sine
        heading += direction * SMOOTHING_STEP
    return heading


def is_clear(place, length):
    """Whether no way of WALL_STICK from `place` on an axis of the field, `length` px long, comes near a wall."""
    reach = WALL_MARGIN + WALL_STICK + 1.0
    return reach < place < length - reach


def shoot(view, target, command, heading, power):
    """Turns the gun to `heading`; fires where it was turned to by the last such call, once it is cool and has arrived.

    A shot leaves along the gun's heading at the time of the order, so the aim of a turn is fired in the next one.
    """
    was_aimed = target.turn == view.turn and target.last_turn == view.turn - 1 and command.gun_turn == 0.0
    if was_aimed and view.gun_heat == 0.0 and power < view.energy:
        command.fire_power = power
    command.gun_turn = relative_angle(heading - view.gun_heading)


def may_fire_soon(view, target):
    """Whether it is time to aim: a target is known and the gun will be cool within 4 turns, enough to turn it 80°."""
    return target.turn != NEVER and view.gun_heat <= 4.0 * view.gun_cooling_rate


def usual_power(view, target):
    """Power 2, 3 at close range, less as the own energy falls, and no more than the target's end needs."""
    power = 3.0 if target.distance < 150.0 else 2.0
    power = min(power, view.energy / 10.0)
    if bullet_damage(power) > target.energy:
        power = target.energy / 4.0
    return max(power, MIN_POWER)


def bullet_power(view, target, fixed):
    """A gun's setting `power`: `fixed` if it is more than 0, as far as the energy reaches, else the usual power.

    As in the community's targeting challenges, where a gun gives `fire` the constant 3 and the last shot of a round is
    what is left; but a little stays, since a robot without energy would stand still.
    """
    if fixed > 0.0:
        return max(min(fixed, view.energy - KEPT_ENERGY), MIN_POWER)
    return usual_power(view, target)
