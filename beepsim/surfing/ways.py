"""Ways to go while bullets come: foretold bit for bit, weighed by how dangerous they are, driven as foretold.

A way leads along a course round the enemy, in one of two directions, for some turns, and then brakes. `decide` weighs
ways up to where the nearest wave has passed, and what remains possible on the wave after that. Pixels, turns, radians
clockwise from north, angles on waves in guess factors (GF).
"""

import math

from beepsim.jit import jit
from beepsim.robots.compiled import HIT_ROBOT_EVENT
from beepsim.robots.prediction import predict_turn, start_mover
from beepsim.rules import HALF_BOT_WIDTH, MAX_VELOCITY
from beepsim.surfing.danger import mass_between
from beepsim.surfing.steering import steer, stop
from beepsim.surfing.surfer import NEVER_BRAKES
from beepsim.surfing.threats import factor_of, has_passed, radius_of, widen, widen_to

DISTANCE = 480.0  # px from the enemy that are wanted
BRAKES = 8  # places along each direction at which stopping is weighed
MOST_TURNS = 120  # of a way
ALONG = 0.7  # part of full speed with which the places on a second wave are reached
PLACES = 5  # on it that are weighed
TOO_CLOSE = 180.0  # px from the enemy, where danger counts twice
DRIFT = 40.0  # px that the enemy may go before a way round where it was is given up
FORESIGHT = 20  # turns for which the enemy is taken to drive on
LEAST_DANGER = 0.002  # that closeness multiplies where none is seen
ROAMING = 24  # turns that are looked ahead while no bullet comes
LOOKS = 6  # turns between two looks
UNLIKE = 0.9  # so much less close must the other direction lead


@jit
def surf(surfer, view, events, command, is_true):
    """Orders of this turn. True surfing decides anew in every turn, and only between driving on, stopping and driving
    back; go-to surfing when a bullet is new or gone, among many places."""
    course, mover = surfer["course"], surfer["mover"]
    command.max_velocity = MAX_VELOCITY
    start_mover(mover, view, command)
    for event in events:
        if event.type == HIT_ROBOT_EVENT and event.my_fault:
            mover["in_collision"] = True
    if course["direction"] == 0.0:
        course["direction"] = 1.0
    if not surfer["enemy_known"] and surfer["threat_count"] == 0:
        stop(mover)
    else:
        dx, dy = surfer["enemy_x"] - course["centre_x"], surfer["enemy_y"] - course["centre_y"]
        has_drifted = dx * dx + dy * dy > DRIFT * DRIFT
        is_free = surfer["threat_count"] == 0
        if surfer["is_new"] or has_drifted or is_true or is_free:
            course["centre_x"], course["centre_y"] = surfer["enemy_x"], surfer["enemy_y"]
            course["distance"] = DISTANCE
            if is_free:
                if view.turn % LOOKS == 0 or surfer["brake_turn"] != NEVER_BRAKES:
                    roam(surfer, view.width, view.height)
            else:
                decide(surfer, view.turn, view.width, view.height, 0 if is_true else BRAKES)
        if view.turn >= surfer["brake_turn"]:
            stop(mover)
        else:
            steer(mover, course, view.width, view.height)
    command.distance, command.body_turn = mover["distance"], mover["body_turn"]


@jit
def turns_until(wave, turn, x, y):
    """Turns until the wave's bullet reaches the centre of a robot at (x, y)."""
    dx, dy = x - wave["source_x"], y - wave["source_y"]
    return (math.sqrt(dx * dx + dy * dy) - radius_of(wave, turn)) / wave["speed"]


@jit
def next_threats(surfer, turn):
    """Indices of the threat that comes first and of that which comes next, -1 for none, and the turns until then."""
    first, second, soon, later = -1, -1, math.inf, math.inf
    for i in range(surfer["threat_count"]):
        turns = turns_until(surfer["threats"][i]["wave"], turn, surfer["mover"]["x"], surfer["mover"]["y"])
        if turns < soon:
            second, later = first, soon
            first, soon = i, turns
        elif turns < later:
            second, later = i, turns
    return first, second, soon, later


@jit
def decide(surfer, turn, width, height, brakes):
    """Chooses direction and turn to brake: the least danger among driving on in either direction, and braking at up to
    `brakes` places of each; with 0 only braking at once."""
    first, second, soon, later = next_threats(surfer, turn)
    course, path = surfer["course"], surfer["path"]
    wave = surfer["threats"][first]["wave"]
    surfer["first_weight"] = weight_of(wave, soon)
    if second >= 0:
        surfer["second_weight"] = weight_of(surfer["threats"][second]["wave"], later)
    stride = max(1, int(soon) // brakes) if brakes > 0 else NEVER_BRAKES
    before = course["direction"]
    best, best_direction, best_brake = math.inf, before, turn
    for sign in (1.0, -1.0):
        course["direction"] = sign * before
        surfer["path"] = surfer["mover"]
        now, low, high = turn, math.inf, -math.inf
        for step in range(MOST_TURNS):
            if step % stride == 0 and (step > 0 or sign > 0.0):
                danger = danger_of_braking(surfer, first, second, now, low, high, width, height)
                if danger < best:
                    best, best_direction, best_brake = danger, course["direction"], now
            steer(path, course, width, height)
            predict_turn(path, width, height)
            now += 1
            low, high = widen(wave, now, path["x"], path["y"], low, high)
            if has_passed(wave, now, path["x"], path["y"]):
                break
        danger = danger_at(surfer, first, second, path["x"], path["y"], now, low, high, width, height)
        if danger < best:
            best, best_direction, best_brake = danger, course["direction"], NEVER_BRAKES
    course["direction"], surfer["brake_turn"] = best_direction, best_brake


@jit
def danger_of_braking(surfer, first, second, now, low, high, width, height):
    """Of braking at `now` where the path has come to, and standing."""
    wave, branch = surfer["threats"][first]["wave"], surfer["branch"]
    surfer["branch"] = surfer["path"]
    while branch["velocity"] != 0.0:
        stop(branch)
        predict_turn(branch, width, height)
        now += 1
        low, high = widen(wave, now, branch["x"], branch["y"], low, high)
        if has_passed(wave, now, branch["x"], branch["y"]):
            return danger_at(surfer, first, second, branch["x"], branch["y"], now, low, high, width, height)
    x, y = branch["x"], branch["y"]
    now += max(int(turns_until(wave, now, x, y)), 0)
    low, high = widen_to(wave, x, y, low, high)
    return danger_at(surfer, first, second, x, y, now, low, high, width, height)


@jit
def weight_of(wave, turns):
    """How much a wave counts that arrives in so many turns."""
    return (0.2 + wave["power"]) / math.sqrt(4.0 + max(turns, 0.0))


@jit
def danger_at(surfer, first, second, x, y, turn, low, high, width, height):
    """Of having been between two offsets of the first wave and standing at (x, y) when it has passed."""
    danger = 0.0
    if low < high:
        danger = surfer["first_weight"] * between_offsets(surfer, surfer["threats"][first], low, high)
    if second >= 0:
        threat = surfer["threats"][second]
        turns = turns_until(threat["wave"], turn, x, y)
        danger += surfer["second_weight"] * least_danger(surfer, threat, x, y, turns, width, height)
    return (danger + LEAST_DANGER) * closeness(surfer, x, y, turn - surfer["turn"], width, height)


@jit
def closeness(surfer, x, y, turns, width, height):
    """By how much danger grows with what the enemy can do at (x, y) in so many turns, if it drives on as it does."""
    turns = min(turns, FORESIGHT)
    enemy_x = min(max(surfer["enemy_x"] + turns * surfer["enemy_step_x"], HALF_BOT_WIDTH), width - HALF_BOT_WIDTH)
    enemy_y = min(max(surfer["enemy_y"] + turns * surfer["enemy_step_y"], HALF_BOT_WIDTH), height - HALF_BOT_WIDTH)
    dx, dy = x - enemy_x, y - enemy_y
    return 1.0 + TOO_CLOSE * TOO_CLOSE / (dx * dx + dy * dy + 1.0)


@jit
def roam(surfer, width, height):
    """Chooses the direction while no bullet comes: that which leads farther from the enemy."""
    course, path = surfer["course"], surfer["path"]
    before = course["direction"]
    best, best_direction = math.inf, before
    for sign in (1.0, -1.0):
        course["direction"] = sign * before
        surfer["path"] = surfer["mover"]
        worst = 0.0
        for step in range(1, ROAMING + 1):
            steer(path, course, width, height)
            predict_turn(path, width, height)
            worst = max(worst, closeness(surfer, path["x"], path["y"], step, width, height))
        if worst < best:
            best, best_direction = worst * UNLIKE, course["direction"]
    course["direction"], surfer["brake_turn"] = best_direction, NEVER_BRAKES


@jit
def between_offsets(surfer, threat, low, high):
    """Danger between two offsets (rad) of a threat's wave."""
    first, last = factor_of(threat["wave"], low), factor_of(threat["wave"], high)
    return mass_between(threat, surfer["shares"], min(first, last), max(first, last))


@jit
def least_danger(surfer, threat, x, y, turns, width, height):
    """Of the places across the threat's way that can be reached from (x, y) in so many turns."""
    wave = threat["wave"]
    dx, dy = x - wave["source_x"], y - wave["source_y"]
    distance = math.sqrt(dx * dx + dy * dy) + 1e-9
    reach = ALONG * MAX_VELOCITY * max(turns, 0.0)
    least = math.inf
    for place in range(PLACES):
        way = reach * (place - PLACES // 2) / (PLACES // 2)
        to_x = min(max(x + way * dy / distance, HALF_BOT_WIDTH), width - HALF_BOT_WIDTH)
        to_y = min(max(y - way * dx / distance, HALF_BOT_WIDTH), height - HALF_BOT_WIDTH)
        low, high = widen_to(wave, to_x, to_y, math.inf, -math.inf)
        least = min(least, between_offsets(surfer, threat, low, high))
    return least
