"""Plain definitions of what `beepsim.waves` computes fast: one formula after the other, angles by atan2, no shortcuts.

Source: facts on BeepBoop and docs/waves.md. Positions and angles as there.
"""

import math
from dataclasses import dataclass

HALF = 18.0


@dataclass
class State:
    """The target, or the shooter, at the end of one turn."""

    x: float
    y: float
    heading: float = 0.0
    velocity: float = 0.0


def normal(angle):
    """The angle in (-pi, pi]."""
    return math.pi - (math.pi - angle) % (2.0 * math.pi)


def bearing(x0, y0, x1, y1):
    return math.atan2(x1 - x0, y1 - y0)


def speed_of(power):
    return 20.0 - 3.0 * power


def line_crossings(cx, cy, radius, lines):
    """Points of a circle on axis-parallel segments, each (is vertical, position, from, to)."""
    points = []
    for is_vertical, position, start, end in lines:
        across = position - (cx if is_vertical else cy)
        if abs(across) <= radius:
            half = math.sqrt(radius * radius - across * across)
            for along in ((cy if is_vertical else cx) + half, (cy if is_vertical else cx) - half):
                if start <= along <= end:
                    points.append((position, along) if is_vertical else (along, position))
    return points


def box_sides(left, right, low, high):
    return [(True, left, low, high), (True, right, low, high), (False, low, left, right), (False, high, left, right)]


def escape_angles(sx, sy, tx, ty, power, width, height):
    """Largest offsets, left and right, of tangent points in the field and of crossings with its border."""
    v = speed_of(power)
    distance = math.hypot(tx - sx, ty - sy)
    r1, r2 = 8.0 * distance / (v + 8.0), 8.0 * distance / (v - 8.0)
    radius = (r1 + r2) / 2.0
    b = bearing(sx, sy, tx, ty)
    cx, cy = tx + math.sin(b) * (radius - r1), ty + math.cos(b) * (radius - r1)
    to_centre = math.hypot(cx - sx, cy - sy)
    tangent = math.sqrt(to_centre**2 - radius**2)
    left, right, low, high = HALF, width - HALF, HALF, height - HALF
    points = []
    for sign in (-1.0, 1.0):
        angle = b + sign * math.asin(radius / to_centre)
        x, y = sx + tangent * math.sin(angle), sy + tangent * math.cos(angle)
        if left <= x < right and low <= y < high:
            points.append((x, y))
    points += line_crossings(cx, cy, radius, box_sides(left, right, low, high))
    offsets = [normal(bearing(sx, sy, x, y) - b) for x, y in points]
    return max(0.001, -min(offsets)), max(0.001, max(offsets))


def ring_offsets(sx, sy, inner, outer, target, absolute_bearing):
    """Offsets of the points that span ring ∩ box: corners in the ring and crossings of the circles with the sides."""
    left, right, low, high = target.x - HALF, target.x + HALF, target.y - HALF, target.y + HALF
    points = [(x, y) for x in (left, right) for y in (low, high) if inner <= math.hypot(x - sx, y - sy) <= outer]
    for radius in (inner, outer):
        points += line_crossings(sx, sy, radius, box_sides(left, right, low, high))
    return [normal(bearing(sx, sy, x, y) - absolute_bearing) for x, y in points]


def hit_interval(sx, sy, fire_turn, power, path, absolute_bearing):
    """(low, high, break turn) along the target's states by turn; None where the wave never passes."""
    v, low, high = speed_of(power), math.inf, -math.inf
    for turn in range(fire_turn, len(path)):
        target, inner = path[turn], (turn - fire_turn) * v
        corners = [math.hypot(target.x + a - sx, target.y + b - sy) for a in (-HALF, HALF) for b in (-HALF, HALF)]
        if inner > max(corners):
            return low, high, turn
        offsets = ring_offsets(sx, sy, inner, inner + v, target, absolute_bearing)
        low, high = min([low, *offsets]), max([high, *offsets])
    return None


def guess_factor(offset, orbit, left, right):
    return max(-0.99999, min(0.99999, orbit * offset / (left if offset < 0.0 else right)))


def sign(x):
    return int(x > 0.0) - int(x < 0.0)


def orbit_direction(states, absolute_bearing, previous):
    """From the states seen, newest first (at most 99)."""
    moving = next((sign(s.velocity) for s in states[:99] if s.velocity != 0.0), 0)
    if moving == 0:
        return previous
    return 1 if math.sin(states[0].heading - absolute_bearing) * moving > 0.0 else -1


def timers(states):
    """(move direction, velocity, direction, deceleration timer) from the states seen, newest first."""
    velocities = [s.velocity for s in states[:99]]
    seen = len(velocities)
    window = velocities[:71]
    changes = [i for i in range(len(window) - 1) if abs(window[i] - window[i + 1]) > 0.01]
    signs = [sign(v) for v in window]
    direction = next((s for s in signs if s != 0), 0)
    reversals = [i - 1 for i, s in enumerate(signs) if s == -direction and s != 0]
    # A fall counts from where the direction is known: from the newest state that moves, or the one after it.
    known = next((i for i, s in enumerate(signs) if s != 0), seen)
    falls = [i for i in range(len(window) - 1) if i + 1 >= known and window[i] * direction < window[i + 1] * direction]
    return direction, min(changes, default=seen), min(reversals, default=seen), min(falls, default=seen)


def distance_last(states, turns):
    seen = states[:99]
    then = seen[min(turns, len(seen) - 1)]
    return math.hypot(states[0].x - then.x, states[0].y - then.y)


def orbital_wall(shooter, target, direction, power, width, height):
    widest = math.asin(8.0 / speed_of(power))
    b, distance = (
        bearing(shooter.x, shooter.y, target.x, target.y),
        math.hypot(target.x - shooter.x, target.y - shooter.y),
    )
    lower, upper, arc = 0.0, 1.5 * widest + 0.01, 0.0
    for _ in range(12):
        arc = (lower + upper) / 2.0
        x = shooter.x + distance * math.sin(b + direction * arc)
        y = shooter.y + distance * math.cos(b + direction * arc)
        if HALF <= x < width - HALF and HALF <= y < height - HALF:
            upper = arc
        else:
            lower = arc
    return min(arc / widest, 1.5)


def stick_turn(x, y, heading, drive, orbit, width, height):
    """Turn of a 160 px stick; of two walls the one farther in the orbit direction (clockwise from the top)."""
    end_x, end_y = x + 160.0 * drive * math.sin(heading), y + 160.0 * drive * math.cos(heading)
    walls = [end_y > height - HALF, end_x > width - HALF, end_y < HALF, end_x < HALF]
    beyond = [i for i in range(4) if walls[i]]
    if not beyond:
        return 0.0
    wall = beyond[0]
    if len(beyond) == 2:
        first, second = beyond if beyond[1] - beyond[0] == 1 else beyond[::-1]
        wall = second if orbit > 0 else first
    gap = [height - HALF - y, width - HALF - x, y - HALF, x - HALF][wall]
    smoothed = wall * math.pi / 2.0 + orbit * math.acos(gap / 160.0) + (math.pi if drive < 0 else 0.0)
    return abs(normal(smoothed - heading))


def situation(states, shooter, source, power, previous_orbit, width, height):
    """The position features by name; the target's states newest first, `source` the shooter at the fire turn."""
    now = states[0]
    before = states[1] if len(states) > 1 else now
    absolute_bearing = bearing(source.x, source.y, now.x, now.y)
    orbit = orbit_direction(states, absolute_bearing, previous_orbit)
    direct = bearing(shooter.x, shooter.y, now.x, now.y)
    distance, relative = math.hypot(now.x - shooter.x, now.y - shooter.y), now.heading - direct
    direction, velocity_timer, direction_timer, decel_timer = timers(states)
    move = direction or 1
    left, right = escape_angles(source.x, source.y, now.x, now.y, power, width, height)
    widest = math.asin(8.0 / speed_of(power))
    ahead, reverse = (right, left) if orbit > 0 else (left, right)
    to_centre = bearing(source.x, source.y, width / 2.0, height / 2.0)
    orbital = absolute_bearing + orbit * move * math.pi / 2.0
    field = (width, height)
    return {
        "distance": distance,
        "relative_heading": relative,
        "move_direction": move,
        "bft": distance / speed_of(power),
        "accel": abs(now.velocity - before.velocity) * (-1 if abs(now.velocity) < abs(before.velocity) else 1),
        "vel": abs(now.velocity),
        "latVel": abs(now.velocity * math.sin(relative)),
        "advVel": now.velocity * math.cos(relative),
        "advDir": math.cos(relative) * move,
        "vChangeTimer": velocity_timer,
        "dirChangeTimer": direction_timer,
        "decelTimer": decel_timer,
        "distanceLast10": distance_last(states, 12),
        "distanceLast20": distance_last(states, 20),
        "mirrorOffset": normal(to_centre - absolute_bearing) * orbit,
        "orbitalWallAhead": orbital_wall(shooter, now, orbit, power, *field),
        "orbitalWallReverse": orbital_wall(shooter, now, -orbit, power, *field),
        "maeWallAhead": ahead / widest,
        "maeWallReverse": reverse / widest,
        "stickWallAhead": stick_turn(now.x, now.y, orbital, move, orbit, *field),
        "stickWallReverse": stick_turn(now.x, now.y, orbital, -move, -orbit, *field),
        "stickWallAhead2": stick_turn(now.x, now.y, now.heading, move, orbit, *field),
        "stickWallReverse2": stick_turn(now.x, now.y, now.heading, -move, -orbit, *field),
    }


def past_velocities(states, shooter, orbit, lateral_lags, advancing_lags):
    """Velocities across (in the orbit direction) and along the present bearing, so many turns before; newest first."""
    b = bearing(shooter.x, shooter.y, states[0].x, states[0].y)

    def then(lag):
        return states[min(lag, len(states) - 1)]

    across = [then(lag).velocity * math.sin(then(lag).heading - b) * orbit for lag in lateral_lags]
    return across + [then(lag).velocity * math.cos(then(lag).heading - b) for lag in advancing_lags]


def last_guess_factors(waves, fire_turn, orbit):
    """Of real waves (break turn, GF, orbit direction) in firing order: the last three to break before the fire turn."""
    broken = sorted((turn, index) for index, (turn, _, _) in enumerate(waves) if turn < fire_turn)[::-1][:3]
    found = [waves[index][1] * waves[index][2] * orbit for _, index in broken]
    return tuple(found + [0.0] * (3 - len(found)))


def nearest_wave(waves, turn, target):
    """The nearest of (source x, source y, fire turn, speed) in order; None without one."""

    def turns(wave):
        sx, sy, fire_turn, v = wave
        gap = math.hypot(max(abs(target.x - sx) - HALF, 0.0), max(abs(target.y - sy) - HALF, 0.0))
        return abs(int(gap / v) - (turn - fire_turn))

    def is_still_there(wave):
        sx, sy, fire_turn, v = wave
        return 1 + int(math.hypot(abs(target.x - sx) + HALF, abs(target.y - sy) + HALF) / v) - (turn - fire_turn) > 1

    return min((wave for wave in waves if is_still_there(wave)), key=turns, default=None)
