"""A mixture gun that fights: it watches the target, learns from waves that have broken, aims once for each shot.

LIVE_GUN is part of the memory of a compiled gun, `live_aim` its turn. A shot is aimed in the turn before it is ordered,
from where its own robot will stand then; before that the gun turns towards the target, so that it need not turn far.
"""

import numpy as np

from beepsim.errors import UserError
from beepsim.geometry import relative_angle
from beepsim.jit import jit
from beepsim.robots.prediction import MOVER, predict_turn, start_mover
from beepsim.targeting.ballistics import predicted_guess_factor
from beepsim.targeting.guns import MixtureGun
from beepsim.targeting.live_model import MODEL, PAST_WAVES, add_wave, choose_angle, set_model, set_room
from beepsim.targeting.pattern import LOG, note_motion, played_guess_factor
from beepsim.waves.live import AIRBORNE, WATCH, describe_query, watch_turn

NOT_AIMED = -1
MIXTURE, HEAD_ON, LINEAR, CIRCULAR, PLAYED = 0, 1, 2, 3, 4  # LIVE_GUN.rates, the guns that it may choose from
GUN_COUNT = 5
EXPECTED_RATES = (0.2, 0.15, 0.2, 0.25, 0.2)  # before a shot has shown anything: simple guns need nothing to learn from
NEWS = 0.02  # share of the latest shot in a gun's rate, so that about the last 50 count
TURNS_TO_TURN = 4.0  # before a shot that the gun turns towards the target
PART_OF_LAST = 0.6  # of the last aim's angle: less far to either side than the whole of it, or than none

LIVE_GUN = np.dtype(
    [
        ("watch", WATCH),
        ("model", MODEL),
        ("waves", PAST_WAVES),
        ("mover", MOVER),
        ("most_virtual", "f8"),  # virtuality of the waves that it learns from, turns
        ("aimed", "i8"),  # turn in which it aimed last, or NOT_AIMED
        ("angle", "f8"),  # GF that it aimed at then
        ("chance", "f8"),  # that a bullet there would hit, by its own density
        ("power", "f8"),
        ("chooses", "?"),  # fires with the gun whose shots would have hit most of late
        ("chosen", "i8"),
        ("log", LOG),
        ("rates", "f8", GUN_COUNT),  # of hits, by own real waves
        ("angles", "f8", GUN_COUNT),  # of the last aim
        ("aimed_at", "f8", (AIRBORNE, GUN_COUNT)),  # beside the rows of the real waves in the air
    ],
    align=True,
)


def set_gun(live: np.record, gun: MixtureGun, most_virtual: float, room: int, chooses: bool = False) -> None:
    """Fills LIVE_GUN of a new battle. Raises UserError for settings out of range.

    With `chooses` it fires with the simple guns where these would hit more often (RoboWiki: Virtual Guns).
    """
    if not 0.0 <= most_virtual:
        raise UserError(f"virtual is {most_virtual:g}; it must be 0 or more turns")
    set_model(live["model"], gun)
    set_room(live["waves"], room)
    live["most_virtual"], live["chooses"], live["rates"] = most_virtual, chooses, EXPECTED_RATES


@jit
def live_aim(live, view, events, target, command, power):
    """The gun's turn; `power` is that of a shot aimed now."""
    watch = live["watch"]
    if view.turn == 0:
        live["aimed"] = NOT_AIMED
    # A shot leaves along the gun's heading at the time of the order: the aim of a turn is fired in the next one.
    is_aimed = live["aimed"] == view.turn - 1 and view.turn > 0 and command.gun_turn == 0.0
    is_ordered = is_aimed and view.gun_heat == 0.0 and live["power"] < view.energy
    if is_ordered:
        command.fire_power = live["power"]
    if not watch_turn(watch, view, events, target, command, power, live["most_virtual"]):
        return
    if live["chooses"]:
        note_motion(
            live["log"], watch["is_seen"], target.velocity, relative_angle(target.heading - target.last_heading)
        )
    for i in range(watch["broken"]):
        slot = watch["broken_slots"][i]
        add_wave(live["model"], live["waves"], watch["rows"][slot], watch["past"][slot])
        if live["chooses"] and watch["rows"][slot]["real"]:
            note_rates(live["rates"], live["aimed_at"][slot], watch["rows"][slot])
    if live["chooses"] and is_ordered:
        live["aimed_at"][watch["slots"][watch["flying"] - 1]] = live["angles"]
    heat = watch["heat"]  # with that of a shot ordered in this turn
    if target.turn != view.turn or heat > TURNS_TO_TURN * view.gun_cooling_rate:
        return
    if heat > view.gun_cooling_rate:
        heading = likely_heading(live, target)
    elif power < view.energy:
        heading = aim_shot(live, view, target, command, power)
    else:
        return
    command.gun_turn = relative_angle(heading - view.gun_heading)


@jit
def likely_heading(live, target):
    """Where the gun will be aimed soon, if it chooses as it did last: a gun that turns less is ready sooner."""
    clockwise = relative_angle(target.heading - target.bearing) > 0.0
    side = 1.0 if clockwise == (target.velocity > 0.0) else -1.0
    return target.bearing + side * PART_OF_LAST * live["angle"] * live["watch"]["shot"]["max_escape_angle"]


@jit
def aim_shot(live, view, target, command, power):
    """Absolute heading for a bullet to be ordered in the next turn; it notes what was aimed."""
    watch, mover = live["watch"], live["mover"]
    start_mover(mover, view, command)
    predict_turn(mover, view.width, view.height)
    if not describe_query(watch, power, mover["x"], mover["y"]):
        return target.bearing
    row = watch["query"]
    angle, chance = choose_angle(live["model"], live["waves"], row, watch["query_past"])
    if live["chooses"]:
        angles = live["angles"]
        angles[MIXTURE], angles[HEAD_ON] = angle, 0.0
        angles[LINEAR], angles[CIRCULAR] = predicted_guess_factor(row, False), predicted_guess_factor(row, True)
        angles[PLAYED] = played_guess_factor(live["log"], row)
        live["chosen"] = np.argmax(live["rates"])
        angle = angles[live["chosen"]]
    live["aimed"], live["angle"], live["chance"], live["power"] = view.turn, angle, chance, power
    wave = watch["query_wave"]
    orbit = wave["orbit_direction"]
    offset = orbit * angle
    offset *= wave["escape_left"] if offset < 0.0 else wave["escape_right"]
    return wave["absolute_bearing"] + offset


@jit
def note_rates(rates, angles, row):
    """Which guns would have hit with the shot of this wave, which has passed."""
    for gun in range(GUN_COUNT):
        hit = 1.0 if row["gf_low"] <= angles[gun] <= row["gf_high"] else 0.0
        rates[gun] += NEWS * (hit - rates[gun])
