"""What a shooter knows of its target while they fight: sightings, waves in the air, what those said that have passed.

WATCH is the record; its verbs stand below in the order of a turn t, the turns without a gap:

    start_round     before turn 0 of each round
    note_turn       where both stand at the end of t
    launch          the wave of the bullet ordered in t (real), or of one that might have been (virtual)
    note_bullet     a real bullet hit the target or met a bullet
    sweep           waves move over the target; what has passed is at `broken_slots` until the next launch
    describe_query  the situation as it is aimed in, for a bullet to be ordered in t + 1

`watch_turn` does all but the last for the gun of a compiled bot. The rows are those that `extract.extract_round` makes
of the recording of the same battle, by the same functions. Places and headings are rounded as recordings round them, so
that not even an unstable feature differs. Shooter and target are whoever is handed in: a surfer watches itself with its
enemy's eyes. Pixels, turns, radians clockwise from north.
"""

import math

import numpy as np

from beepsim.engine.state import BULLET_HIT, BULLET_HIT_BULLET, DEATH
from beepsim.jit import jit
from beepsim.rules import MAX_POWER, MIN_POWER, START_GUN_HEAT, gun_heat_of_shot
from beepsim.waves.extract import (
    FLYING,
    HIT_BULLET,
    HIT_ROBOT,
    NEIGHBOUR_TURNS,
    NEVER,
    NO_BULLET,
    ROW,
    fill_broken,
    fill_launched,
)
from beepsim.waves.history import ADVANCING, LATERAL, LONGEST_SHOT_TIMER, fill_past
from beepsim.waves.situation import assume_braking, current_guess_factor, fill_situation, virtuality
from beepsim.waves.wave import MIDAIR, PASSED, SHOT, SIGHTING, WAVE, describe_shot, has_touched, launch_wave, sweep_wave

RING = 128  # turns that are remembered; the features look back less than 100
MASK = RING - 1
AIRBORNE = 256  # waves in the air at once: enough for 2,800 px at the slowest bullet; more are not launched
PLACE = np.dtype([("x", "f8"), ("y", "f8")], align=True)

WATCH = np.dtype(
    [
        ("target", "i8"),  # who is watched
        ("round", "i8"),
        ("turn", "i8"),  # the last one noted
        ("width", "f8"),  # of the field
        ("height", "f8"),
        ("cooling_rate", "f8"),
        ("history", SIGHTING, RING),  # of the target, turn t at t & MASK
        ("places", PLACE, RING),  # of the shooter
        ("seen_since", "i8"),  # first turn in which the target was seen, or NEVER
        ("is_seen", "?"),  # in the last turn
        ("shots", "i8"),  # of the battle
        ("last_shot", "i8"),  # the turn of the round in which it was ordered, or NEVER
        ("ordered", "f8"),  # power of the bullet ordered in this turn, 0 for none
        ("heat", "f8"),  # of the gun, with that of the last shot
        ("orbit", "f8"),  # orbit direction of the last wave
        ("sides", "f8", 3),  # GF times orbit direction of the real waves of the round that broke last, latest first
        ("flying", "i8"),  # waves in the air, waves[:flying] in firing order
        ("waves", WAVE, AIRBORNE),
        ("idle_until", "i8", AIRBORNE),  # the turn up to which a wave cannot touch the target
        ("slots", "i8", AIRBORNE),  # where the rows of these waves are
        ("free", "i8", AIRBORNE),  # the other places, the next one to be taken last: free[: AIRBORNE - flying]
        ("rows", ROW, AIRBORNE),
        ("past", "f4", (AIRBORNE, len(LATERAL + ADVANCING))),  # columns of rows that `fill_past` fills
        ("broken", "i8"),  # how many waves passed in the last sweep
        ("broken_slots", "i8", AIRBORNE),  # where their rows are, in firing order
        ("shot", SHOT),
        ("query_wave", WAVE),
        ("query", ROW),
        ("query_past", "f4", len(LATERAL + ADVANCING)),
    ],
    align=True,
)
"""Zero when the battle starts. `rows` lack the columns of `past`, which stand beside them."""


@jit
def start_round(watch, round_number, width, height, cooling_rate):
    """Forgets all but the number of shots."""
    watch["round"], watch["turn"], watch["seen_since"], watch["is_seen"] = round_number, -1, NEVER, False
    watch["width"], watch["height"], watch["cooling_rate"] = width, height, cooling_rate
    watch["last_shot"], watch["ordered"], watch["heat"] = NEVER, 0.0, START_GUN_HEAT
    watch["orbit"], watch["flying"], watch["broken"] = 1.0, 0, 0
    watch["sides"][:] = 0.0
    for i in range(AIRBORNE):
        watch["free"][i] = i


@jit
def note_turn(watch, turn, shooter_x, shooter_y, is_seen, x, y, heading, velocity):
    """Where both stand at the end of `turn`; a target that was not seen is taken to brake."""
    history, places = watch["history"], watch["places"]
    for missed in range(watch["turn"] + 1, turn + 1):
        place = places[missed & MASK]
        place["x"], place["y"] = np.float32(shooter_x), np.float32(shooter_y)
        if missed > watch["seen_since"]:
            assume_braking(history, missed)
    if is_seen:
        now = history[turn & MASK]
        now["x"], now["y"] = np.float32(x), np.float32(y)
        now["heading"], now["velocity"] = np.float32(heading), np.float32(velocity)
        watch["seen_since"] = min(watch["seen_since"], turn)
        if not watch["is_seen"]:  # it may stand farther away than it could have driven
            watch["idle_until"][:] = 0
    watch["is_seen"], watch["turn"], watch["ordered"] = is_seen, turn, 0.0


@jit
def launch(watch, power, is_real):
    """The wave of the present turn; none before the round's first shot, of an unseen target, or without room for it.

    `power` of a real one is what the engine takes: from 0.1 to 3, and no more than the shooter has.
    """
    turn = watch["turn"]
    if is_real:
        watch["ordered"] = power
    if watch["seen_since"] > turn - 1 or watch["flying"] == AIRBORNE or not (is_real or watch["last_shot"] != NEVER):
        return
    i = watch["flying"]
    slot, wave = watch["free"][AIRBORNE - i - 1], watch["waves"][i]
    place = watch["places"][turn & MASK]
    row = watch["rows"][slot]
    describe(watch, wave, row, watch["past"][slot], turn, power, is_real, place["x"], place["y"])
    watch["slots"][i], watch["idle_until"][i] = slot, 0
    watch["orbit"] = wave["orbit_direction"]
    watch["flying"] = i + 1


@jit
def describe(watch, wave, row, past, fire_turn, power, is_real, source_x, source_y):
    """Fills wave, row and past of a bullet that leaves the source after `fire_turn`, as aimed in the turn before."""
    aim_turn = fire_turn - 1
    history, seen_since, shot = watch["history"], watch["seen_since"], watch["shot"]
    width, height = watch["width"], watch["height"]
    shooter, target = watch["places"][aim_turn & MASK], history[aim_turn & MASK]
    if power != shot["power"]:
        describe_shot(shot, power)
    launch_wave(wave, shot, source_x, source_y, fire_turn, history, seen_since, watch["orbit"], width, height)
    orbit, last_shot = wave["orbit_direction"], watch["last_shot"]
    row["round"], row["real"], row["outcome"] = watch["round"], is_real, FLYING if is_real else NO_BULLET
    row["aim_turn"], row["fire_turn"], row["break_turn"] = aim_turn, fire_turn, NEVER
    fill_launched(row, wave, history, seen_since, aim_turn, width, height)
    fill_situation(row, history, seen_since, aim_turn, shooter["x"], shooter["y"], wave, shot, width, height)
    row["virtuality"] = virtuality(is_real, watch["heat"], watch["cooling_rate"], float(aim_turn - last_shot))
    row["shotsFired"] = watch["shots"]
    row["currentGF"] = current_guess_factor(watch["waves"], watch["flying"], aim_turn, target["x"], target["y"])
    row["didHit"], row["didCollide"] = 0.0, 0.0
    row["shotTimer"] = LONGEST_SHOT_TIMER if last_shot == NEVER else min(aim_turn - last_shot, LONGEST_SHOT_TIMER)
    fill_past(past, history, seen_since, aim_turn, shooter["x"], shooter["y"], orbit)
    sides = watch["sides"]
    row["lastGF1"], row["lastGF2"], row["lastGF3"] = sides[0] * orbit, sides[1] * orbit, sides[2] * orbit


@jit
def note_bullet(watch, x, y, outcome):
    """A real bullet of the shooter, at (x, y) in the present turn, hit the target (HIT_ROBOT) or met another one
    (HIT_BULLET): didHit or didCollide of its wave and of the virtual ones near it, as in `extract.fill_outcomes`."""
    turn, fired, least = watch["turn"], NEVER, math.inf
    for i in range(watch["flying"]):
        wave, row = watch["waves"][i], watch["rows"][watch["slots"][i]]
        if row["real"] and row["outcome"] == FLYING:
            dx, dy = x - wave["source_x"], y - wave["source_y"]
            apart = abs(math.sqrt(dx * dx + dy * dy) - (turn - wave["fire_turn"]) * wave["speed"])
            if apart < min(least, 3.0 * wave["speed"]):  # one that is met may be two moves behind
                fired, least = wave["fire_turn"], apart
    for i in range(watch["flying"]):
        row = watch["rows"][watch["slots"][i]]
        apart = abs(row["fire_turn"] - fired)
        if apart <= NEIGHBOUR_TURNS and row["fire_turn"] < turn and (apart == 0 or not row["real"]):
            if apart == 0:
                row["outcome"] = outcome
            if outcome == HIT_ROBOT:
                row["didHit"] = 1.0
            elif outcome == HIT_BULLET:
                row["didCollide"] = 1.0


@jit
def sweep(watch):
    """Moves the waves over the target as it stands in the present turn; then the gun of that turn cools or heats."""
    turn, waves, slots, idle_until = watch["turn"], watch["waves"], watch["slots"], watch["idle_until"]
    target = watch["history"][turn & MASK]
    kept, broken = 0, 0
    for i in range(watch["flying"]):
        slot, status = slots[i], MIDAIR
        if turn >= idle_until[i]:
            status, idle = sweep_wave(waves[i], turn, target["x"], target["y"])
            idle_until[i] = turn + 1 + idle
        if status != PASSED:
            if kept < i:
                waves[kept], slots[kept], idle_until[kept] = waves[i], slot, idle_until[i]
            kept += 1
            continue
        watch["free"][AIRBORNE - watch["flying"] + i - kept] = slot
        if has_touched(waves[i]):
            note_broken(watch, watch["rows"][slot], waves[i])
            watch["broken_slots"][broken] = slot
            broken += 1
    watch["flying"], watch["broken"] = kept, broken
    if turn > 0:
        watch["heat"] = max(watch["heat"] - watch["cooling_rate"], 0.0)
    if watch["ordered"] > 0.0:
        watch["heat"], watch["last_shot"] = gun_heat_of_shot(watch["ordered"]), turn
        watch["shots"] += 1


@jit
def note_broken(watch, row, wave):
    """What a wave says that passed in the present turn."""
    row["break_turn"] = watch["turn"]
    fill_broken(row, wave)
    if row["real"]:
        sides = watch["sides"]
        sides[2], sides[1], sides[0] = sides[1], sides[0], row["gf"] * row["orbit_direction"]


@jit
def describe_query(watch, power, source_x, source_y):
    """Fills `query`, `query_past` and `query_wave` for a bullet to be ordered in the next turn, where the shooter will
    then stand at the source. False where the target has not been seen."""
    if watch["seen_since"] > watch["turn"]:
        return False
    x, y = np.float32(source_x), np.float32(source_y)
    describe(watch, watch["query_wave"], watch["query"], watch["query_past"], watch["turn"] + 1, power, True, x, y)
    return True


@jit
def ordered_power(view, command):
    """What the engine makes of a bot's order to fire; 0 where no bullet leaves."""
    if command.fire_power != command.fire_power or view.gun_heat > 0.0:
        return 0.0
    return min(view.energy, min(max(command.fire_power, MIN_POWER), MAX_POWER))


@jit
def watch_turn(watch, view, events, target, command, virtual_power, most_virtual):
    """The turn of a compiled bot's gun, after it has ordered its shot; what broke is at `broken_slots`.

    A virtual wave has the power given; none is launched whose virtuality is above `most_virtual`. False where the
    round is over for one of the two.
    """
    if view.turn == 0:
        start_round(watch, view.round_number, view.width, view.height, view.gun_cooling_rate)
    elif target.robot != watch["target"] and watch["seen_since"] != NEVER:
        heat = watch["heat"]
        start_round(watch, view.round_number, view.width, view.height, view.gun_cooling_rate)
        watch["turn"], watch["heat"] = view.turn - 1, heat  # another target, the same gun
    watch["broken"] = 0
    if view.others == 0:
        return False
    for event in events:
        if event.type == DEATH:
            return False
    is_seen = target.turn == view.turn and view.turn > 0
    if is_seen:
        watch["target"] = target.robot
    note_turn(watch, view.turn, view.x, view.y, is_seen, target.x, target.y, target.heading, target.velocity)
    power = ordered_power(view, command)
    if power > 0.0:
        launch(watch, power, True)
    elif most_virtual >= virtuality(
        False, watch["heat"], watch["cooling_rate"], float(view.turn - 1 - watch["last_shot"])
    ):
        launch(watch, virtual_power, False)
    for event in events:
        if event.type == BULLET_HIT and event.other == watch["target"]:
            note_bullet(watch, event.bullet_x, event.bullet_y, HIT_ROBOT)
        elif event.type == BULLET_HIT_BULLET:
            note_bullet(watch, event.bullet_x, event.bullet_y, HIT_BULLET)
    sweep(watch)
    return True
