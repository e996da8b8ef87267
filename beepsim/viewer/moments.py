"""The moments that say what happened: rounds' starts and ends, hits and deaths, each with a caption."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from beepsim.recording.columns import HIT_ROBOT
from beepsim.rules import bullet_damage
from beepsim.viewer.film import DEAD as DEAD_STATE
from beepsim.viewer.film import Film, Moment
from beepsim.viewer.frames import Stretch
from beepsim.viewer.scene import death_turns

DEATH, END, START, HIT = range(4)  # the weightier ones first, where not all have room
LATER = {DEATH: 12, HIT: 4}
"""Turns after which they are to be seen best: the explosion has grown by then."""


class Event(NamedTuple):
    moment: Moment
    kind: int
    damage: float
    words: str


class KeyMoment(NamedTuple):
    """When it was, the moment to draw, and what to write."""

    moment: Moment
    drawn: Moment
    words: str


def key_moments(film: Film, stretches: Sequence[Stretch], most: int) -> list[KeyMoment]:
    """At most so many moments, in order: deaths, then ends and starts of the stretches, then hits, the hardest first;
    of deaths, starts and ends that are too many, some evenly spread over the battle."""
    events = [event for stretch in stretches for event in events_of(film, stretch)]
    chosen: list[Event] = []
    for kind in (DEATH, END, START):
        group, room = [event for event in events if event.kind == kind], most - len(chosen)
        if len(group) > room:
            group = [group[i] for i in np.linspace(0, len(group) - 1, room).round().astype(int)]
        chosen += group
    hits = sorted((event for event in events if event.kind == HIT), key=lambda event: -event.damage)
    chosen += hits[: most - len(chosen)]
    return [KeyMoment(event.moment, drawn(event, stretches), event.words) for event in sorted(chosen)]


def drawn(event: Event, stretches: Sequence[Stretch]) -> Moment:
    """The moment at which the event is drawn, within its stretch."""
    index, turn = event.moment
    last = next(one.last for one in stretches if one.round == index and one.first <= turn <= one.last)
    return Moment(index, min(turn + LATER.get(event.kind, 0), last))


def events_of(film: Film, stretch: Stretch) -> list[Event]:
    """What happens in the stretch; a blow that kills is a death only."""
    index, first, last = stretch
    part, names = film.rounds[index], film.names
    deaths = {robot: turn for robot, turn in enumerate(death_turns(part)) if first <= turn <= last}
    begins = f"round {part.number} begins" if first == 0 else "from here"
    events, killers = [Event(Moment(index, first), START, 0.0, begins)], {}
    hits = part.bullets[part.bullets["state_last"] == HIT_ROBOT]
    for bullet in hits[(hits["turn_last"] >= first) & (hits["turn_last"] <= last)]:
        turn, owner, victim = int(bullet["turn_last"]), names[bullet["owner"]], int(bullet["victim"])
        if deaths.get(victim) == turn:
            killers[victim] = f", hit by {owner}"
            continue
        damage = bullet_damage(float(bullet["power"]))
        events.append(Event(Moment(index, turn), HIT, damage, f"{owner} hits {names[victim]}: −{damage:.1f}"))
    for robot, turn in deaths.items():
        events.append(Event(Moment(index, turn), DEATH, 0.0, names[robot] + " dies" + killers.get(robot, "")))
    events.append(Event(Moment(index, last), END, 0.0, ending(film, stretch)))
    return events


def ending(film: Film, stretch: Stretch) -> str:
    part = film.rounds[stretch.round]
    if stretch.last < part.last_turn:
        return "to here"
    alive = [film.names[robot] for robot in np.flatnonzero(part.robots[-1]["state"] != DEAD_STATE).tolist()]
    if len(alive) == 1:
        return f"round {part.number} ends: {alive[0]} survives"
    return f"round {part.number} ends, {len(alive) or 'nobody'} alive"
