"""A mixture gun that fights: it watches the target, learns from waves that have broken, aims once for each shot.

LIVE_GUN is part of the memory of a compiled gun, `live_aim` its turn. A shot is aimed in the turn before it is ordered,
from where its own robot will stand then; before that the gun turns towards the target, so that it need not turn far.
"""

import numpy as np

from beepsim.errors import UserError
from beepsim.geometry import relative_angle
from beepsim.jit import jit
from beepsim.robots.prediction import MOVER, predict_turn, start_mover
from beepsim.targeting.guns import MixtureGun
from beepsim.targeting.live_model import MODEL, PAST_WAVES, add_wave, choose_angle, set_model, set_room
from beepsim.waves.live import WATCH, describe_query, watch_turn

NOT_AIMED = -1
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
    ],
    align=True,
)


def set_gun(live: np.record, gun: MixtureGun, most_virtual: float, room: int) -> None:
    """Fills LIVE_GUN of a new battle. Raises UserError for settings out of range."""
    if not 0.0 <= most_virtual:
        raise UserError(f"virtual is {most_virtual:g}; it must be 0 or more turns")
    set_model(live["model"], gun)
    set_room(live["waves"], room)
    live["most_virtual"] = most_virtual


@jit
def live_aim(live, view, events, target, command, power):
    """The gun's turn; `power` is that of a shot aimed now."""
    watch = live["watch"]
    if view.turn == 0:
        live["aimed"] = NOT_AIMED
    # A shot leaves along the gun's heading at the time of the order: the aim of a turn is fired in the next one.
    is_aimed = live["aimed"] == view.turn - 1 and view.turn > 0 and command.gun_turn == 0.0
    if is_aimed and view.gun_heat == 0.0 and live["power"] < view.energy:
        command.fire_power = live["power"]
    if not watch_turn(watch, view, events, target, command, power, live["most_virtual"]):
        return
    for i in range(watch["broken"]):
        slot = watch["broken_slots"][i]
        add_wave(live["model"], live["waves"], watch["rows"][slot], watch["past"][slot])
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
    live["aimed"], live["angle"], live["chance"], live["power"] = view.turn, angle, chance, power
    wave = watch["query_wave"]
    orbit = wave["orbit_direction"]
    offset = orbit * angle
    offset *= wave["escape_left"] if offset < 0.0 else wave["escape_right"]
    return wave["absolute_bearing"] + offset
