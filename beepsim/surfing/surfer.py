"""What a surfer knows while it fights, turn by turn: the enemy's bullets, its own, what it has learned of the gun.

SURFER is part of the memory of a movement; `observe` is told every turn. The enemy's shots are watched with its own
eyes: a `waves.live.WATCH` in which the enemy is the shooter and this robot the target, a turn late, because a shot is
known by its cost a turn after it was ordered. Pixels, turns, radians clockwise from north.
"""

from dataclasses import replace

import numpy as np

from beepsim.fdlibm import sin_cos
from beepsim.geometry import relative_angle
from beepsim.jit import jit
from beepsim.robots.compiled import BULLET_HIT_BULLET, HIT_BY_BULLET, NEVER
from beepsim.robots.prediction import MOVER
from beepsim.rules import HALF_BOT_WIDTH
from beepsim.surfing.danger import BELIEFS, GUNS, LEAST_SPREAD, PART_OF_BOT, believe, disbelieve, fill_shares
from beepsim.surfing.steering import COURSE
from beepsim.surfing.threats import (
    BULLET,
    BULLETS,
    GONE,
    THREAT,
    THREATS,
    cast_shadow,
    factor_of,
    has_passed,
    lift_shadows,
    radius_of,
    start_bullet,
    widen,
)
from beepsim.targeting.aiming import GRID_STEP
from beepsim.targeting.ballistics import fill_predicted_guess_factors
from beepsim.targeting.battles import BOX_WIDENING
from beepsim.targeting.guns import KNN_BANDWIDTH, KNN_FLOOR, MixtureGun, learned_gun, square_root, unit_weights
from beepsim.targeting.live_model import MODEL, PAST_WAVES, add_wave, fill_cumulative, set_model, set_room
from beepsim.targeting.weights import BEEPBOOP_MAIN, Weights
from beepsim.waves.live import WATCH, launch, note_turn, start_round, sweep

LESSONS = 1024  # bullets that are remembered; in a duel of 35 rounds some 400 hit or meet another
VISITS = 512  # waves that passed which are remembered
PLAIN = MixtureGun("plain", unit_weights(KNN_BANDWIDTH, KNN_FLOOR, tuple(BEEPBOOP_MAIN)), square_root, False)
SAME_PLACE = 40.0  # px; a bullet as far as this from where a threat's bullet should be is that bullet
SAME_POWER = 0.01
NEVER_BRAKES = 1 << 30

SURFER = np.dtype(
    [
        ("watch", WATCH),  # this robot as the enemy sees it
        ("model", MODEL),
        ("lessons", PAST_WAVES),  # bullets whose angle is known: they hit this robot or met one of its own
        ("learns_visits", "?"),  # it learns instead where it was itself when each wave passed
        ("gun_count", "i8"),  # that are believed in: GUNS with the next two, else one less
        ("visit_model", MODEL),
        ("visits", PAST_WAVES),  # where it was itself when the waves passed
        ("beliefs", "f8", GUNS),
        ("shares", "f8", GUNS),
        ("threat_count", "i8"),
        ("threats", THREAT, THREATS),  # in firing order
        ("bullets", BULLET, BULLETS),
        ("next_bullet", "i8"),
        ("is_new", "?"),  # something happened in this turn that asks for a new decision
        ("enemy_known", "?"),  # the rest as of the last turn
        ("enemy_x", "f8"),
        ("enemy_y", "f8"),
        ("enemy_step_x", "f8"),
        ("enemy_step_y", "f8"),
        ("x", "f8"),
        ("y", "f8"),
        ("heading", "f8"),
        ("velocity", "f8"),
        ("gun_heading", "f8"),
        ("gun_heat", "f8"),
        ("turn", "i8"),
        ("course", COURSE),
        ("first_weight", "f8"),  # of the wave that comes first in a decision, and of that which comes next
        ("second_weight", "f8"),
        ("brake_turn", "i8"),  # from which on it brakes and stands
        ("mover", MOVER),  # itself, and two that go ahead of it
        ("path", MOVER),
        ("branch", MOVER),
    ],
    align=True,
)


def set_surfer(surfer: np.record, weights: Weights, gun_weights: Weights | None = None) -> None:
    """Fills SURFER before a battle; danger is where a gun of these weights would fire, by the bullets it knows of.

    With `gun_weights` it also counts on a gun of those, which learns where this robot was when its waves passed.
    """
    set_learner(surfer, learned_gun("surfer", weights))
    if gun_weights:
        set_visits(surfer, learned_gun("enemy", gun_weights))


def set_flattener(surfer: np.record) -> None:
    """Fills SURFER before a battle; danger is where it was itself when earlier waves passed, in like situations."""
    set_learner(surfer, PLAIN)
    surfer["learns_visits"] = True


def set_learner(surfer: np.record, gun: MixtureGun) -> None:
    set_model(surfer["model"], gun)
    set_room(surfer["lessons"], LESSONS)
    surfer["beliefs"][:] = BELIEFS
    surfer["gun_count"] = GUNS - 1


def set_visits(surfer: np.record, gun: MixtureGun) -> None:
    if gun.weights.config.candidates == "intervals":  # they are as wide as a bot: a kernel besides costs time only
        gun = replace(gun, weights=replace(gun.weights, bandwidth=GRID_STEP))
    set_model(surfer["visit_model"], gun)
    set_room(surfer["visits"], VISITS)
    surfer["gun_count"] = GUNS


@jit
def observe(surfer, view, events, target):
    """The turn that has passed: own and enemy's shots, bullets that hit or met, waves that are through."""
    turn, watch = view.turn, surfer["watch"]
    surfer["turn"], surfer["is_new"] = turn, False
    if turn == 0:
        start_round(watch, view.round_number, view.width, view.height, view.gun_cooling_rate)
        surfer["threat_count"], surfer["enemy_known"], surfer["brake_turn"] = 0, False, NEVER_BRAKES
        for i in range(BULLETS):
            surfer["bullets"][i]["turn"] = GONE
        fill_shares(surfer["beliefs"][: surfer["gun_count"]], surfer["shares"])
    else:
        x, y = surfer["x"], surfer["y"]
        known, heading, velocity = surfer["enemy_known"], surfer["heading"], surfer["velocity"]
        note_turn(watch, turn - 1, surfer["enemy_x"], surfer["enemy_y"], known, x, y, heading, velocity)
        if target.shot_power > 0.0 and known:
            note_threat(surfer, target.shot_power, turn)
        sweep(watch)
        if surfer["gun_count"] == GUNS:
            for i in range(watch["broken"]):
                slot = watch["broken_slots"][i]
                add_wave(surfer["visit_model"], surfer["visits"], watch["rows"][slot], watch["past"][slot])
        note_own_shot(surfer, view)
        for event in events:
            if event.type == HIT_BY_BULLET:
                note_known(surfer, event.bullet_x, event.bullet_y, event.bullet_heading, event.bullet_power, turn, True)
            elif event.type == BULLET_HIT_BULLET:
                lose_bullet(surfer, event.bullet_x, event.bullet_y, event.bullet_power, turn)
                x, y, power = event.hit_bullet_x, event.hit_bullet_y, event.hit_bullet_power
                note_known(surfer, x, y, event.hit_bullet_heading, power, turn, False)
        drop_passed(surfer, view)
        if view.others == 0:
            surfer["threat_count"] = 0
    if target.turn == turn and turn > 0:
        sine, cosine = sin_cos(target.heading)
        surfer["enemy_known"], surfer["enemy_x"], surfer["enemy_y"] = True, target.x, target.y
        surfer["enemy_step_x"], surfer["enemy_step_y"] = target.velocity * sine, target.velocity * cosine
    elif target.turn == NEVER:
        surfer["enemy_known"] = False
    surfer["x"], surfer["y"], surfer["heading"], surfer["velocity"] = view.x, view.y, view.heading, view.velocity
    surfer["gun_heading"], surfer["gun_heat"] = view.gun_heading, view.gun_heat


@jit
def note_threat(surfer, power, turn):
    """The enemy fired a bullet of this power after the last turn."""
    watch = surfer["watch"]
    flying = watch["flying"]
    launch(watch, power, True)
    if watch["flying"] == flying or surfer["threat_count"] == THREATS:
        return
    threat = surfer["threats"][surfer["threat_count"]]
    slot = watch["slots"][flying]
    threat["wave"], threat["slot"], threat["shadow_count"] = watch["waves"][flying], slot, 0
    threat["low"], threat["high"] = np.inf, -np.inf
    threat["guesses"][0] = 0.0
    fill_predicted_guess_factors(watch["rows"][slot : slot + 1], False, threat["guesses"][1:2])
    fill_predicted_guess_factors(watch["rows"][slot : slot + 1], True, threat["guesses"][2:3])
    half_width = HALF_BOT_WIDTH / np.float64(watch["rows"][slot]["distance"])
    escape = 0.5 * (threat["wave"]["escape_left"] + threat["wave"]["escape_right"])
    threat["spread"] = max(LEAST_SPREAD, PART_OF_BOT * half_width / escape)
    update_threat(surfer, threat)
    if surfer["gun_count"] == GUNS:
        row, past = watch["rows"][slot], watch["past"][slot]
        fill_cumulative(surfer["visit_model"], surfer["visits"], row, past, threat["visited"])
    for i in range(BULLETS):
        if surfer["bullets"][i]["turn"] != GONE:
            cast_shadow(threat, surfer["bullets"][i], i, turn)
    surfer["threat_count"] += 1
    surfer["is_new"] = True


@jit
def update_threat(surfer, threat):
    """The density of the learned gun as of now."""
    watch, slot = surfer["watch"], threat["slot"]
    row, past = watch["rows"][slot], watch["past"][slot]
    fill_cumulative(surfer["model"], surfer["lessons"], row, past, threat["cumulative"])


@jit
def note_own_shot(surfer, view):
    """A bullet that left after the last turn casts its shadows."""
    if view.gun_heat <= surfer["gun_heat"]:
        return
    power = 5.0 * (view.gun_heat + view.gun_cooling_rate - 1.0)
    index = surfer["next_bullet"] % BULLETS
    surfer["next_bullet"] += 1
    bullet = surfer["bullets"][index]
    sine, cosine = sin_cos(surfer["gun_heading"])
    for i in range(surfer["threat_count"]):
        lift_shadows(surfer["threats"][i], index, view.turn)
    start_bullet(bullet, surfer["x"], surfer["y"], sine, cosine, power, view.turn - 1)
    for i in range(surfer["threat_count"]):
        cast_shadow(surfer["threats"][i], bullet, index, view.turn - 1)


@jit
def lose_bullet(surfer, x, y, power, turn):
    """An own bullet met another at (x, y): from this turn on it casts no shadow."""
    for i in range(BULLETS):
        bullet = surfer["bullets"][i]
        if bullet["turn"] == GONE or abs(bullet["power"] - power) > SAME_POWER:
            continue
        age = turn - bullet["turn"]
        dx, dy = bullet["x"] + age * bullet["step_x"] - x, bullet["y"] + age * bullet["step_y"] - y
        if dx * dx + dy * dy < SAME_PLACE * SAME_PLACE:
            bullet["turn"] = GONE
            for k in range(surfer["threat_count"]):
                lift_shadows(surfer["threats"][k], i, turn - 1)
            return


@jit
def threat_at(surfer, x, y, power, turn):
    """Index of the threat whose bullet of this power is at (x, y) in this turn; -1 for none."""
    best, least = -1, SAME_PLACE
    for i in range(surfer["threat_count"]):
        wave = surfer["threats"][i]["wave"]
        if abs(wave["power"] - power) < SAME_POWER:
            dx, dy = x - wave["source_x"], y - wave["source_y"]
            apart = abs(np.sqrt(dx * dx + dy * dy) - radius_of(wave, turn))
            if apart < least:
                best, least = i, apart
    return best


@jit
def note_known(surfer, x, y, heading, power, turn, did_hit):
    """A bullet of the enemy whose angle is known now, because at (x, y) it hit this robot or met a bullet."""
    index = threat_at(surfer, x, y, power, turn)
    if index < 0:
        return
    threat = surfer["threats"][index]
    wave = threat["wave"]
    offset = relative_angle(heading - wave["absolute_bearing"])
    beliefs = surfer["beliefs"][: surfer["gun_count"]]
    believe(beliefs, threat, factor_of(wave, offset))
    fill_shares(beliefs, surfer["shares"])
    if did_hit or not surfer["learns_visits"]:
        learn(surfer, threat, offset, did_hit)
    drop_threat(surfer, index)
    for i in range(surfer["threat_count"]):
        update_threat(surfer, surfer["threats"][i])


@jit
def learn(surfer, threat, offset, did_hit):
    """Adds a threat's situation and an angle on its wave to the lessons, as `targeting.surfing.place_bullets` does."""
    wave, watch = threat["wave"], surfer["watch"]
    row = watch["rows"][threat["slot"]]
    half_width = BOX_WIDENING * HALF_BOT_WIDTH / np.float64(row["distance"])
    first, last = factor_of(wave, offset - half_width), factor_of(wave, offset + half_width)
    row["gf"], row["gf_low"], row["gf_high"] = factor_of(wave, offset), min(first, last), max(first, last)
    row["didHit"], row["didCollide"] = 1.0 if did_hit else 0.0, 0.0 if did_hit else 1.0
    add_wave(surfer["model"], surfer["lessons"], row, watch["past"][threat["slot"]])


@jit
def drop_threat(surfer, index):
    """Removes one, the others stay in order."""
    for i in range(index, surfer["threat_count"] - 1):
        surfer["threats"][i] = surfer["threats"][i + 1]
    surfer["threat_count"] -= 1
    surfer["is_new"] = True


@jit
def drop_passed(surfer, view):
    """Notes where the waves meet this robot; removes those that are through: where it stood they did not come."""
    for index in range(surfer["threat_count"] - 1, -1, -1):
        threat = surfer["threats"][index]
        wave = threat["wave"]
        low, high = widen(wave, view.turn, view.x, view.y, threat["low"], threat["high"])
        threat["low"], threat["high"] = low, high
        if has_passed(wave, view.turn, view.x, view.y):
            if low < high:
                first, last = factor_of(wave, low), factor_of(wave, high)
                beliefs = surfer["beliefs"][: surfer["gun_count"]]
                disbelieve(beliefs, threat, min(first, last), max(first, last))
                fill_shares(beliefs, surfer["shares"])
                if surfer["learns_visits"]:
                    learn(surfer, threat, 0.5 * (low + high), False)
            drop_threat(surfer, index)
