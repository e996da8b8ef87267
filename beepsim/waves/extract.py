"""One round of a recording to rows: every wave of one shooter against one target that broke before either died.

A compiled pass over arrays indexed by turn (0 = the start). Which waves: from the shooter's first shot of the round on,
one each turn, as BeepBoop makes them; real where a bullet left in the next turn. The power of a virtual wave cannot be
seen in a recording: it is that of the shot before or after (`fill_powers`).
"""

import numpy as np

from beepsim.engine.scan import pie_meets_box
from beepsim.geometry import HALF_PI, PI, absolute_angle, box_edge, relative_angle
from beepsim.jit import jit
from beepsim.rules import START_GUN_HEAT, gun_heat_of_shot
from beepsim.waves.history import LONGEST_SHOT_TIMER, fill_past, last_guess_factors
from beepsim.waves.situation import SITUATION, assume_braking, current_guess_factor, fill_situation, virtuality
from beepsim.waves.wave import (
    PASSED,
    SHOT,
    SIGHTING,
    WAVE,
    describe_shot,
    guess_factor,
    has_touched,
    hit_interval,
    launch_wave,
    sweep_wave,
)

NO_BULLET, FLYING, HIT_ROBOT, HIT_BULLET, HIT_WALL = 0, 1, 2, 3, 4  # outcome
DEAD = 3  # state of a robot
NEVER = 1 << 30
ENERGY_CHANGE = 1e-3  # less is rounding
NEIGHBOUR_TURNS = 3  # a hit or collision also marks the waves fired within so many turns
MAX_AIRBORNE = 4096  # waves in the air at once: a field of 45,000 px at the slowest bullet

GEOMETRY = [
    ("source_x", "f4"),
    ("source_y", "f4"),
    ("target_x", "f4"),
    ("target_y", "f4"),
    ("target_heading", "f4"),
    ("target_velocity", "f4"),
    ("target_turn_rate", "f4"),
    ("field_width", "f4"),
    ("field_height", "f4"),
    ("absolute_bearing", "f4"),
    ("orbit_direction", "f4"),
    ("power", "f4"),
    ("bullet_speed", "f4"),
    ("escape_left", "f4"),
    ("escape_right", "f4"),
    ("hit_low", "f4"),
    ("hit_high", "f4"),
    ("hit_offset", "f4"),
    ("gf_low", "f4"),
    ("gf_high", "f4"),
    ("gf", "f4"),
]
ROW = np.dtype(
    [
        ("battle", "i4"),  # index into the table's battles
        ("round", "i4"),
        ("aim_turn", "i4"),
        ("fire_turn", "i4"),
        ("break_turn", "i4"),
        ("real", "?"),
        ("outcome", "i1"),
        *GEOMETRY,
        *((name, "f4") for name in SITUATION.names or ()),
    ],
    align=True,
)
"""One wave; the meaning of each column is in docs/waves.md."""

FIRED = np.dtype(
    [("fire_turn", "i8"), ("turn_last", "i8"), ("power", "f8"), ("outcome", "i8")],
    align=True,
)
"""A real bullet of the shooter: ordered after `fire_turn`, in its last state at `turn_last`."""


@jit
def fill_seen(seen, radar_heading, shooter_x, shooter_y, path):
    """seen [T]: whether the shooter's radar met the target's box in each turn (rules, section 8); never in turn 0.

    A radar that neither turned nor moved counts as blind: whether the bot called for a scan cannot be seen.
    """
    mask = path.size - 1
    seen[0] = False
    for turn in range(1, seen.size):
        start, x, y = radar_heading[turn - 1], shooter_x[turn], shooter_y[turn]
        sweep = relative_angle(radar_heading[turn] - start)
        if sweep == 0.0 and x == shooter_x[turn - 1] and y == shooter_y[turn - 1]:
            seen[turn] = False
        else:
            start_degrees = 180.0 * absolute_angle(start - HALF_PI) / PI
            left, low = box_edge(path[turn & mask]["x"]), box_edge(path[turn & mask]["y"])
            seen[turn] = pie_meets_box(x, y, start_degrees, 180.0 * sweep / PI, left, low)


@jit
def fill_sightings(history, path, seen):
    """`history`: the target's `path` as the shooter knew it; returns the first turn in which it saw it, or NEVER."""
    seen_since = NEVER
    mask = history.size - 1
    for turn in range(seen.size):
        if seen[turn]:
            seen_since = min(seen_since, turn)
            history[turn & mask] = path[turn & mask]
        elif turn > seen_since:
            assume_braking(history, turn)
    return seen_since


@jit
def last_turn_alive(states):
    """Last turn before the robot is dead, or the last turn there is."""
    for turn in range(states.size):
        if states[turn] == DEAD:
            return turn - 1
    return states.size - 1


@jit
def fill_outcomes(rows, count, fired):
    """didHit and didCollide: the bullet of the wave, or of one within 3 turns, hit or met a bullet in the wave's time.

    Virtual waves that broke before that turn, or started in it or later, do not hear of it.
    """
    start = 0
    for i in range(fired.size):
        bullet = fired[i]
        if bullet["outcome"] != HIT_ROBOT and bullet["outcome"] != HIT_BULLET:
            continue
        while start < count and rows[start]["fire_turn"] < bullet["fire_turn"] - NEIGHBOUR_TURNS:
            start += 1
        for k in range(start, count):
            row = rows[k]
            apart = row["fire_turn"] - bullet["fire_turn"]
            if apart > NEIGHBOUR_TURNS:
                break
            was_known = row["fire_turn"] < bullet["turn_last"] <= row["break_turn"]
            if was_known and (apart == 0 or not row["real"]):
                if bullet["outcome"] == HIT_ROBOT:
                    row["didHit"] = 1.0
                else:
                    row["didCollide"] = 1.0


@jit
def extract_round(
    rows, past, shooter_x, shooter_y, path, seen, last_turn, fired, powers, shots_before, cooling_rate, width, height
):
    """Fill `rows` with the waves of one round in the order of their fire turns; returns how many there are.

    shooter_x, shooter_y [T] by turn; `path` SIGHTINGs of the target in every turn, of which the shooter knew those of
    `seen` [T]; both alive up to `last_turn`; `fired` the round's bullets by fire turn, all of them; powers [T] of the
    wave fired after each turn, NaN for no wave; `shots_before` the shooter's bullets in earlier rounds; `rows` [>= T];
    `past` [>= T, P] is filled by `fill_past`.
    """
    shots, waves = np.zeros(1, SHOT), np.zeros(1, WAVE)
    airborne, airborne_until = np.zeros(MAX_AIRBORNE, WAVE), np.zeros(MAX_AIRBORNE, np.int64)
    history = np.zeros_like(path)
    seen_since = fill_sightings(history, path, seen)
    flying, count, next_shot, since_shot = 0, 0, 0, NEVER
    heat, orbit = START_GUN_HEAT, 1.0
    real_breaks, real_sides, real_count = np.zeros(fired.size, np.int64), np.zeros(fired.size), 0
    shots[0]["power"] = np.nan
    mask = history.size - 1
    for fire_turn in range(1, last_turn + 1):
        shot, wave = shots[0], waves[0]  # a record does not keep its array's memory: the arrays live through the loop
        aim_turn = fire_turn - 1
        if aim_turn > 0:
            heat = max(heat - cooling_rate, 0.0)
        while next_shot < fired.size and fired[next_shot]["fire_turn"] == aim_turn:
            heat, since_shot = gun_heat_of_shot(fired[next_shot]["power"]), aim_turn
            next_shot += 1
        power = powers[fire_turn]
        if np.isnan(power) or seen_since > aim_turn:
            continue
        is_real = next_shot < fired.size and fired[next_shot]["fire_turn"] == fire_turn
        if power != shot["power"]:
            describe_shot(shot, power)
        source_x, source_y = shooter_x[fire_turn], shooter_y[fire_turn]
        launch_wave(wave, shot, source_x, source_y, fire_turn, history, seen_since, orbit, width, height)
        orbit = wave["orbit_direction"]

        target = history[aim_turn & mask]
        flying = drop_broken(airborne, airborne_until, flying, aim_turn)
        current = current_guess_factor(airborne, flying, aim_turn, target["x"], target["y"])
        break_turn = fly(wave, path, fire_turn, last_turn)
        if flying < MAX_AIRBORNE:
            airborne[flying], airborne_until[flying] = wave, break_turn
            flying += 1
        if break_turn == NEVER or not has_touched(wave):
            continue

        row = rows[count]
        count += 1
        row["aim_turn"], row["fire_turn"], row["break_turn"] = aim_turn, fire_turn, break_turn
        row["real"], row["outcome"] = is_real, fired[next_shot]["outcome"] if is_real else NO_BULLET
        fill_launched(row, wave, history, seen_since, aim_turn, width, height)
        fill_broken(row, wave)
        shooter = (shooter_x[aim_turn], shooter_y[aim_turn])
        fill_situation(row, history, seen_since, aim_turn, shooter[0], shooter[1], wave, shot, width, height)
        row["virtuality"] = virtuality(is_real, heat, cooling_rate, float(aim_turn - since_shot))
        row["shotsFired"], row["currentGF"] = shots_before + next_shot, current
        row["didHit"], row["didCollide"] = 0.0, 0.0
        row["shotTimer"] = LONGEST_SHOT_TIMER if since_shot == NEVER else min(aim_turn - since_shot, LONGEST_SHOT_TIMER)
        fill_past(past[count - 1], history, seen_since, aim_turn, shooter[0], shooter[1], orbit)
        latest = last_guess_factors(real_breaks, real_sides, real_count, fire_turn, orbit)
        row["lastGF1"], row["lastGF2"], row["lastGF3"] = latest
        if is_real:
            real_breaks[real_count], real_sides[real_count] = break_turn, row["gf"] * orbit
            real_count += 1
    fill_outcomes(rows, count, fired)
    return count


@jit
def drop_broken(airborne, airborne_until, flying, turn):
    """Keep the waves, in order, that have not passed the target by the end of `turn`; returns how many."""
    kept = 0
    for i in range(flying):
        if airborne_until[i] > turn:
            if kept != i:
                airborne[kept], airborne_until[kept] = airborne[i], airborne_until[i]
            kept += 1
    return kept


@jit
def fly(wave, path, fire_turn, last_turn):
    """Sweep a launched wave along the target's path; returns the turn in which it has passed, or NEVER."""
    mask = path.size - 1
    turn = fire_turn
    while turn <= last_turn:
        status, idle = sweep_wave(wave, turn, path[turn & mask]["x"], path[turn & mask]["y"])
        if status == PASSED:
            return turn
        turn += 1 + idle
    return NEVER


@jit
def fill_launched(row, wave, history, seen_since, aim_turn, width, height):
    """The columns of GEOMETRY that are known when a wave leaves."""
    mask = history.size - 1
    target, before = history[aim_turn & mask], history[max(aim_turn - 1, seen_since) & mask]
    row["source_x"], row["source_y"] = wave["source_x"], wave["source_y"]
    row["target_x"], row["target_y"] = target["x"], target["y"]
    row["target_heading"], row["target_velocity"] = target["heading"], target["velocity"]
    row["target_turn_rate"] = relative_angle(target["heading"] - before["heading"])
    row["field_width"], row["field_height"] = width, height
    row["absolute_bearing"], row["orbit_direction"] = wave["absolute_bearing"], wave["orbit_direction"]
    row["power"], row["bullet_speed"] = wave["power"], wave["speed"]
    row["escape_left"], row["escape_right"] = wave["escape_left"], wave["escape_right"]


@jit
def fill_broken(row, wave):
    """The columns of GEOMETRY that a wave says once it has passed."""
    left, right, orbit = wave["escape_left"], wave["escape_right"], wave["orbit_direction"]
    low, high = hit_interval(wave)
    row["hit_low"], row["hit_high"] = low, high
    row["hit_offset"] = wave["hit_offset"]
    first, second = guess_factor(low, orbit, left, right), guess_factor(high, orbit, left, right)
    row["gf_low"], row["gf_high"] = min(first, second), max(first, second)
    row["gf"] = guess_factor((low + high) / 2.0, orbit, left, right)


@jit
def fill_powers(powers, fired, shooter_energy, target_energy):
    """powers [T]: of the bullet fired after each turn; NaN before the first.

    Between two bullets of different powers the new power holds from the last turn in which a robot's energy changed
    (other than by the first bullet's own cost), which is what most bots choose their power by; without such a turn the
    bullet nearer in time decides.
    """
    powers[:] = np.nan
    for i in range(fired.size):
        turn, power = fired[i]["fire_turn"], fired[i]["power"]
        if i + 1 == fired.size:
            powers[turn:] = power
            break
        until, next_power = fired[i + 1]["fire_turn"], fired[i + 1]["power"]
        switch = (turn + until) // 2 + 1
        for t in range(until - 2, turn - 1, -1):
            before = max(t - 1, 0)
            own_change = shooter_energy[t] - shooter_energy[before] + (power if t == turn + 1 else 0.0)
            if abs(own_change) > ENERGY_CHANGE or abs(target_energy[t] - target_energy[before]) > ENERGY_CHANGE:
                switch = t + 1
                break
        for t in range(turn, until):
            powers[t] = power if t < switch else next_power
        powers[turn] = power


def sightings(x: np.ndarray, y: np.ndarray, heading: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """SIGHTINGs of a whole round from columns [T], padded to a power of two."""
    history = np.zeros(1 << max(len(x) - 1, 1).bit_length(), SIGHTING)
    for name, column in (("x", x), ("y", y), ("heading", heading), ("velocity", velocity)):
        history[name][: len(x)] = column
    return history
