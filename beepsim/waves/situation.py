"""The situation in which a gun was aimed, as numbers: raw features of one wave, in the units of `features.FEATURES`.

Compiled functions; a live gun and the extraction from recordings call the same ones. All but `mirrorOffset`, `maeWall…`
and `stickWall…` describe the end of the *aim turn*, one before the fire turn; these use the source, which a gun knows
when it aims: where its own robot will stand a turn later. Pixels; turns; radians clockwise from north.
Source: facts on BeepBoop; where its running code differs from the description, the code (docs/waves.md lists where).
"""

import math

import numpy as np

from beepsim.fdlibm import acos, atan2, sin_cos
from beepsim.geometry import HALF_PI, PI, THREE_HALVES_PI, relative_angle
from beepsim.jit import jit
from beepsim.rules import DECELERATION, HALF_BOT_WIDTH
from beepsim.waves.history import ADVANCING, LAST_GUESS_FACTORS, LATERAL
from beepsim.waves.wave import ARC_STEPS, HISTORY, guess_factor, nearest_wave

RAW_FEATURES = (
    "virtuality",
    "bft",
    "accel",
    "vel",
    "latVel",
    "advVel",
    "advDir",
    "vChangeTimer",
    "dirChangeTimer",
    "decelTimer",
    "distanceLast10",
    "distanceLast20",
    "mirrorOffset",
    "orbitalWallAhead",
    "orbitalWallReverse",
    "maeWallAhead",
    "maeWallReverse",
    "stickWallAhead",
    "stickWallReverse",
    "stickWallAhead2",
    "stickWallReverse2",
    "shotsFired",
    "gameTime",
    "currentGF",
    "didHit",
    "didCollide",
    *LATERAL,
    *ADVANCING,
    "shotTimer",
    *LAST_GUESS_FACTORS,
)
"""Columns of the wave table that hold features; `power` is a column of the wave itself."""

SITUATION = np.dtype(
    [
        ("distance", "f4"),  # shooter to target
        ("relative_heading", "f4"),  # target's heading minus the bearing from shooter to target
        ("move_direction", "f4"),  # +1 forwards, -1 backwards: sign of the last velocity other than zero
        *((name, "f4") for name in RAW_FEATURES),
    ],
    align=True,
)

TIMER_WINDOW = 71  # states that the timers look at, the newest included; an older change counts as none
STICK = 160.0
TOP, RIGHT_WALL, BOTTOM, LEFT_WALL, NO_WALL = 0, 1, 2, 3, -1  # in clockwise order
CHANGED = 0.01  # px/turn; a velocity that changed by less did not change


@jit
def virtuality(is_real, gun_heat, gun_cooling_rate, turns_since_shot):
    """Turns between this wave and the nearest real bullet; `gun_heat` of the aim turn, with that turn's own shot."""
    if is_real:
        return 0.0
    return min(float(int(max(gun_heat, 0.0) / gun_cooling_rate)), 1.0 + turns_since_shot)


@jit
def assume_braking(history, turn):
    """Fill in a turn in which the radar missed the target: from the turn before it has braked, straight ahead."""
    mask = history.size - 1
    before, now = history[(turn - 1) & mask], history[turn & mask]
    velocity, heading = before["velocity"], before["heading"]
    speed = abs(velocity)
    speed -= min(speed, DECELERATION, 1.0 + speed / DECELERATION)
    velocity = speed if velocity > 0.0 else -speed
    sine, cosine = sin_cos(heading)
    now["heading"], now["velocity"] = heading, velocity
    now["x"], now["y"] = before["x"] + velocity * sine, before["y"] + velocity * cosine


@jit
def motion_timers(history, seen_since, turn):
    """(move direction, turns since velocity changed, direction changed, speed fell): see FEATURES.

    A change that has not happened within TIMER_WINDOW states reads as the number of turns for which the target has been
    seen, at most HISTORY - 1. A move direction of 0 means that the target did not move within the window. Velocities
    count in single precision, as recordings hold them: a live gun must not see falls that a recording lost.
    """
    mask = history.size - 1
    seen = min(HISTORY - 1, turn - seen_since + 1)
    velocity_timer, direction_timer, decel_timer = seen, seen, seen
    is_velocity_set, is_direction_set, is_decel_set = False, False, False
    newer = np.float32(history[turn & mask]["velocity"])
    direction = 0.0 if newer == 0.0 else (1.0 if newer > 0.0 else -1.0)
    for i in range(1, min(TIMER_WINDOW, seen)):
        velocity = np.float32(history[(turn - i) & mask]["velocity"])
        if not is_velocity_set and abs(velocity - newer) > CHANGED:
            velocity_timer, is_velocity_set = i - 1, True
        if velocity != 0.0:
            sign = 1.0 if velocity > 0.0 else -1.0
            if direction == 0.0:
                direction = sign
            elif not is_direction_set and sign != direction:
                direction_timer, is_direction_set = i - 1, True
        if not is_decel_set and newer * direction < velocity * direction:
            decel_timer, is_decel_set = i - 1, True
        if is_velocity_set and is_direction_set and is_decel_set:
            break
        newer = velocity
    return direction, velocity_timer, direction_timer, decel_timer


@jit
def distance_since(history, seen_since, turn, turns):
    """Pixels from where the target stood `turns` before `turn`, or when it was first seen (or HISTORY turns ago)."""
    mask = history.size - 1
    seen = min(HISTORY - 1, turn - seen_since + 1)
    now, then = history[turn & mask], history[(turn - min(turns, seen - 1)) & mask]
    dx, dy = now["x"] - then["x"], now["y"] - then["y"]
    return math.sqrt(dx * dx + dy * dy)


@jit
def orbital_wall(shooter_x, shooter_y, target_x, target_y, direction, shot, width, height):
    """Arc to the wall along the circle around the shooter, in units of asin(8/v), at most 1.5, as BeepBoop computes it.

    A bisection of 12 steps between 0 and 1.5 asin(8/v) + 0.01 in which a point *inside* the field moves the upper end
    down: it ends near 0 where the whole arc is free, and finds the arc at which the field is left only by luck.
    """
    x, y = target_x - shooter_x, target_y - shooter_y
    left, right = HALF_BOT_WIDTH - shooter_x, width - HALF_BOT_WIDTH - shooter_x
    low, top = HALF_BOT_WIDTH - shooter_y, height - HALF_BOT_WIDTH - shooter_y
    lower, upper = 0.0, 1.5 * shot["max_escape_angle"] + 0.01
    arc, turn = 0.0, direction
    for k in range(ARC_STEPS):
        arc = (lower + upper) / 2.0
        sine, cosine = turn * shot["arc_sin"][k], shot["arc_cos"][k]
        x, y = x * cosine + y * sine, y * cosine - x * sine
        if left <= x < right and low <= y < top:
            upper, turn = arc, -direction
        else:
            lower, turn = arc, direction
    return min(arc / shot["max_escape_angle"], 1.5)


@jit
def wall_of_stick(x, y, width, height, orbit):
    """Which wall the point is behind, 18 px inwards; of two the one farther in the orbit direction; NO_WALL inside."""
    beyond_x = LEFT_WALL if x < HALF_BOT_WIDTH else (RIGHT_WALL if x > width - HALF_BOT_WIDTH else NO_WALL)
    beyond_y = BOTTOM if y < HALF_BOT_WIDTH else (TOP if y > height - HALF_BOT_WIDTH else NO_WALL)
    if beyond_x == NO_WALL:
        return beyond_y
    if beyond_y == NO_WALL:
        return beyond_x
    is_y_next = (beyond_x + 1) % 4 == beyond_y  # clockwise from the wall in x comes the wall in y
    return beyond_y if is_y_next == (orbit > 0.0) else beyond_x


@jit
def stick_turn(x, y, heading, heading_sin, heading_cos, drive, orbit, width, height):
    """Radians that a stick of 160 px along the heading (drive +1) or against it (-1) must turn to stay inside."""
    wall = wall_of_stick(x + STICK * drive * heading_sin, y + STICK * drive * heading_cos, width, height, orbit)
    if wall == NO_WALL:
        return 0.0
    if wall == TOP:
        normal, gap = 0.0, height - HALF_BOT_WIDTH - y
    elif wall == RIGHT_WALL:
        normal, gap = HALF_PI, width - HALF_BOT_WIDTH - x
    elif wall == BOTTOM:
        normal, gap = PI, y - HALF_BOT_WIDTH
    else:
        normal, gap = THREE_HALVES_PI, x - HALF_BOT_WIDTH
    smoothed = normal + orbit * acos(gap / STICK)
    if drive < 0.0:
        smoothed += PI
    return abs(relative_angle(smoothed - heading))


@jit
def current_guess_factor(waves, count, turn, x, y):
    """GF of the point (x, y) on the wave nearest to the target there; 0 where no wave is in the air."""
    nearest = nearest_wave(waves, count, turn, x, y)
    if nearest < 0:
        return 0.0
    wave = waves[nearest]
    dx, dy = x - wave["source_x"], y - wave["source_y"]
    offset = atan2(
        dx * wave["bearing_cos"] - dy * wave["bearing_sin"],
        dx * wave["bearing_sin"] + dy * wave["bearing_cos"],
    )
    return guess_factor(offset, wave["orbit_direction"], wave["escape_left"], wave["escape_right"])


@jit
def fill_motion(row, history, seen_since, aim_turn, shooter_x, shooter_y, wave):
    """The features of the target's motion and place relative to the shooter, into a SITUATION record."""
    mask = history.size - 1
    target, before = history[aim_turn & mask], history[max(aim_turn - 1, seen_since) & mask]
    dx, dy = target["x"] - shooter_x, target["y"] - shooter_y
    distance = math.sqrt(dx * dx + dy * dy)
    velocity, previous = target["velocity"], before["velocity"]
    direction, velocity_timer, direction_timer, decel_timer = motion_timers(history, seen_since, aim_turn)
    move_direction = direction if direction != 0.0 else 1.0
    heading_sin, heading_cos = sin_cos(target["heading"])
    sine = (heading_sin * dy - heading_cos * dx) / distance
    cosine = (heading_sin * dx + heading_cos * dy) / distance
    row["distance"], row["relative_heading"] = distance, target["heading"] - atan2(dx, dy)
    row["move_direction"] = move_direction
    row["bft"] = distance / wave["speed"]
    row["accel"] = abs(velocity - previous) * (-1.0 if abs(velocity) < abs(previous) else 1.0)
    row["vel"], row["latVel"], row["advVel"] = abs(velocity), abs(velocity * sine), velocity * cosine
    row["advDir"] = cosine * move_direction
    row["vChangeTimer"], row["dirChangeTimer"], row["decelTimer"] = velocity_timer, direction_timer, decel_timer
    row["distanceLast10"] = distance_since(history, seen_since, aim_turn, 12)
    row["distanceLast20"] = distance_since(history, seen_since, aim_turn, 20)
    return move_direction, heading_sin, heading_cos


@jit
def fill_walls(row, target, shooter_x, shooter_y, move_direction, heading_sin, heading_cos, wave, shot, width, height):
    """The features of walls and field, into a SITUATION record; `target` is the SIGHTING of the aim turn."""
    x, y, orbit = target["x"], target["y"], wave["orbit_direction"]
    bearing_sin, bearing_cos = wave["bearing_sin"], wave["bearing_cos"]
    dx, dy = width / 2.0 - wave["source_x"], height / 2.0 - wave["source_y"]
    offset = atan2(dx * bearing_cos - dy * bearing_sin, dx * bearing_sin + dy * bearing_cos)
    row["mirrorOffset"] = offset * orbit
    row["orbitalWallAhead"] = orbital_wall(shooter_x, shooter_y, x, y, orbit, shot, width, height)
    row["orbitalWallReverse"] = orbital_wall(shooter_x, shooter_y, x, y, -orbit, shot, width, height)
    ahead, reverse = wave["escape_right"], wave["escape_left"]
    if orbit < 0.0:
        ahead, reverse = reverse, ahead
    row["maeWallAhead"], row["maeWallReverse"] = ahead / shot["max_escape_angle"], reverse / shot["max_escape_angle"]
    turn = orbit * move_direction  # the orbital heading is a right angle clockwise of the bearing, times this
    orbital, sine, cosine = wave["absolute_bearing"] + turn * HALF_PI, turn * bearing_cos, -turn * bearing_sin
    row["stickWallAhead"] = stick_turn(x, y, orbital, sine, cosine, move_direction, orbit, width, height)
    row["stickWallReverse"] = stick_turn(x, y, orbital, sine, cosine, -move_direction, -orbit, width, height)
    heading = target["heading"]
    row["stickWallAhead2"] = stick_turn(x, y, heading, heading_sin, heading_cos, move_direction, orbit, width, height)
    row["stickWallReverse2"] = stick_turn(
        x, y, heading, heading_sin, heading_cos, -move_direction, -orbit, width, height
    )


@jit
def fill_situation(row, history, seen_since, aim_turn, shooter_x, shooter_y, wave, shot, width, height):
    """All features that follow from positions, into a SITUATION record (or a row that has its fields).

    `history` of the target up to the aim turn, first seen at turn `seen_since`; shooter at the aim turn; `wave` as
    launched at aim_turn + 1. Not filled: virtuality, shotsFired, shotTimer, currentGF and lastGF, which the gun knows
    from its own shots and waves; didHit and didCollide, which nobody knows when aiming; the past motion (`fill_past`).
    """
    motion = fill_motion(row, history, seen_since, aim_turn, shooter_x, shooter_y, wave)
    move_direction, heading_sin, heading_cos = motion
    target = history[aim_turn & (history.size - 1)]
    fill_walls(row, target, shooter_x, shooter_y, move_direction, heading_sin, heading_cos, wave, shot, width, height)
    row["gameTime"] = aim_turn + 1
