"""What the player does at keys, clicks and the passing of time: its state as data, events → new state; pure.

Positions of events in px of the surface.
"""

import math
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from beepsim.viewer.camera import LARGEST_SCALE, Camera, panned, to_screen, whole_field, zoomed
from beepsim.viewer.film import Film, Mark, Moment, bullets_at, frame_of, moment_of
from beepsim.viewer.layout import Layout, layout_of
from beepsim.viewer.timeline import frame_at, strip_of
from beepsim.viewer.view import View

TURNS_A_SECOND = 30
"""At speed 1: Robocode's default."""
SPEEDS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
ZOOM_STEP = 1.25
FOLLOWING_ZOOM = 2.0
CLICK_DISTANCE = 9.0  # px, times the unit, from a bullet at which a click is meant for it
TURNS_AFTER_A_WAVE = 12  # as long as overlays show a wave that has passed
SCROLL_STEP, MOST_SCROLL = 40.0, 1600.0  # px of the panel, times the unit
LONGEST_TICK = 0.25  # s: what a window that stood still for longer makes up for

TIMELINE, FIELD_DRAG = "timeline", "field"  # what is being dragged

KEYS = (
    ("Space", "play, pause; at the end: again from the start"),
    ("← →", "one turn back, forward; with Shift ten"),
    ("↓ ↑", "slower, faster: 0.1× to 100×; 1× are 30 turns a second"),
    ("Page ↑ ↓", "round before, next round"),
    (", .", "hit or death before, next one"),
    ("Home End", "start and end of the recording"),
    ("wheel, + −", "zoom in, out; over the panel the wheel scrolls it"),
    ("drag", "move the field; on the timeline: seek (marks: who was hit ▏, who died ▼)"),
    ("1 … 9, Tab", "follow a robot, the next one"),
    ("0", "the whole field again"),
    ("F2", "panel on, off"),
    ("F3, F4", "waves of the next robot; next wave (or click its bullet)"),
    ("F11", "full screen"),
    ("? or F1", "this help"),
    ("Esc", "close help, stop following; Ctrl+Q quits"),
)


class Key(NamedTuple):
    """A key going down: the character that it types, or its name, as "left"."""

    name: str
    shift: bool = False
    control: bool = False


class Press(NamedTuple):
    """The left button going down."""

    x: float
    y: float


class Move(NamedTuple):
    """The pointer moving, with the button down or not."""

    x: float
    y: float


class Release(NamedTuple):
    """The left button going up."""


class Wheel(NamedTuple):
    """`steps` up, away from the user."""

    x: float
    y: float
    steps: float


class Resize(NamedTuple):
    """The window's surface is that large now; `density` px of it are one px of the desktop."""

    width: int
    height: int
    density: float


class Tick(NamedTuple):
    seconds: float


class Close(NamedTuple):
    """The window's close button."""


Event = Key | Press | Move | Release | Wheel | Resize | Tick | Close


class Subject(NamedTuple):
    """What is played: `letters` are the overlays' keys with their names; `is_growing` while it is still fought."""

    film: Film
    marks: tuple[Mark, ...] = ()
    letters: dict[str, str] = {}
    is_growing: bool = False


@dataclass(frozen=True)
class State:
    """`frame` of the film, its whole part is shown; `zoom` 1 is the whole field, `centre` of what is seen (None: the
    field's); `follow` a robot; `scroll` of the panel; `dragged` since `pointer`, the pointer's last place."""

    frame: float = 0.0
    is_playing: bool = True
    speed: float = 1.0
    width: int = 1280
    height: int = 800
    density: float = 1.0
    zoom: float = 1.0
    centre: tuple[float, float] | None = None
    follow: int | None = None
    view: View = field(default_factory=View)
    has_panel: bool = True
    scroll: float = 0.0
    has_help: bool = False
    is_full_screen: bool = False
    dragged: str | None = None
    pointer: tuple[float, float] = (-1.0, -1.0)
    is_closed: bool = False


def layout_at(state: State) -> Layout:
    return layout_of(state.width, state.height, state.density, state.has_panel)


def moment_at(state: State, film: Film) -> Moment:
    return moment_of(film, int(state.frame))


def is_at_end(state: State, film: Film) -> bool:
    return int(state.frame) >= film.frames - 1


def camera_at(state: State, film: Film) -> Camera:
    """What of the field is seen, and where."""
    rules = film.recording.header.rules
    whole = whole_field(rules.width, rules.height, layout_at(state).field)
    x, y = state.centre or (whole.x, whole.y)
    if state.follow is not None:
        moment = moment_at(state, film)
        row = film.rounds[moment.round].robots[moment.turn][state.follow]
        x, y = float(row["x"]), float(row["y"])
    return whole._replace(x=x, y=y, scale=whole.scale * state.zoom)


def after(state: State, event: Event, subject: Subject) -> State:
    """The state after the event."""
    film = subject.film
    match event:
        case Tick(seconds):
            return after_tick(state, seconds, subject)
        case Key():
            return after_key(state, event, subject)
        case Press(x, y):
            return after_press(replace(state, pointer=(x, y)), film)
        case Move(x, y):
            return after_move(state, x, y, film)
        case Release():
            return replace(state, dragged=None)
        case Wheel(x, y, steps) if layout_at(state).panel.holds(x, y):
            return replace(state, scroll=min(max(state.scroll - SCROLL_STEP * steps, 0.0), MOST_SCROLL))
        case Wheel(x, y, steps):
            return with_zoom(state, film, ZOOM_STEP**steps, x, y)
        case Resize(width, height, density):
            return replace(state, width=width, height=height, density=density)
        case Close():
            return replace(state, is_closed=True)


def after_tick(state: State, seconds: float, subject: Subject) -> State:
    if not state.is_playing or state.dragged == TIMELINE:
        return state
    turns = min(seconds, LONGEST_TICK) * TURNS_A_SECOND * state.speed
    moved = with_frame(state, state.frame + turns, subject.film)
    if is_at_end(moved, subject.film) and not subject.is_growing:
        return replace(moved, is_playing=False)
    return moved


def with_frame(state: State, frame: float, film: Film) -> State:
    """At that frame, or the film's end; a chosen wave is let go in another round, and some time after its bullet."""
    moved = replace(state, frame=min(max(frame, 0.0), film.frames - 1.0))
    wave, moment = state.view.wave, moment_at(moved, film)
    if wave is None:
        return moved
    bullets = film.rounds[moment.round].bullets
    own = bullets[(bullets["turn_first"] == wave + 1) & (bullets["owner"] == state.view.shooter)]
    is_known = moment.round == moment_at(state, film).round and len(own) > 0
    if is_known and moment.turn <= own["turn_last"][0] + TURNS_AFTER_A_WAVE:
        return moved
    return replace(moved, view=replace(moved.view, wave=None))


def after_press(state: State, film: Film) -> State:
    layout, (x, y) = layout_at(state), state.pointer
    if state.has_help:
        return replace(state, has_help=False)
    if layout.timeline.holds(x, y):
        return replace(
            with_frame(state, frame_at(film, strip_of(layout.timeline, layout.unit), x), film), dragged=TIMELINE
        )
    if layout.button.holds(x, y):
        return played_or_paused(state, film)
    if layout.field.holds(x, y):
        return replace(state, dragged=FIELD_DRAG, view=clicked_wave(state, film) or state.view)
    return state


def after_move(state: State, x: float, y: float, film: Film) -> State:
    (before_x, before_y), layout = state.pointer, layout_at(state)
    moved = replace(state, pointer=(x, y))
    if state.dragged == TIMELINE:
        return with_frame(moved, frame_at(film, strip_of(layout.timeline, layout.unit), x), film)
    if state.dragged == FIELD_DRAG:
        camera = panned(camera_at(state, film), x - before_x, y - before_y)
        return replace(moved, centre=within_field(film, camera.x, camera.y), follow=None)
    return moved


def with_zoom(state: State, film: Film, factor: float, x: float, y: float) -> State:
    """Zoomed about the point x, y of the surface; out to the whole field, where it is centred again."""
    camera, layout = camera_at(state, film), layout_at(state)
    whole = camera.scale / state.zoom
    zoom = min(max(state.zoom * factor, 1.0), max(LARGEST_SCALE * layout.unit / whole, 1.0))
    if zoom == 1.0:
        return replace(state, zoom=1.0, centre=None)
    if state.follow is not None or not layout.field.holds(x, y):
        return replace(state, zoom=zoom)
    camera = zoomed(camera, whole * zoom, x, y)
    return replace(state, zoom=zoom, centre=within_field(film, camera.x, camera.y))


def within_field(film: Film, x: float, y: float) -> tuple[float, float]:
    rules = film.recording.header.rules
    return min(max(x, 0.0), float(rules.width)), min(max(y, 0.0), float(rules.height))


def played_or_paused(state: State, film: Film) -> State:
    if not state.is_playing and is_at_end(state, film):
        return replace(state, frame=0.0, is_playing=True)
    return replace(state, is_playing=not state.is_playing)


def after_key(state: State, key: Key, subject: Subject) -> State:
    film, names = subject.film, subject.film.names
    step = 10 if key.shift else 1
    box = layout_at(state).field
    middle = box.left + box.width / 2, box.top + box.height / 2
    match key.name:
        case "q" if key.control:
            return replace(state, is_closed=True)
        case name if key.control or len(name) != 1:
            return after_named_key(state, name, step, film)
        case "?":
            return replace(state, has_help=not state.has_help)
        case "+" | "=":
            return with_zoom(state, film, ZOOM_STEP, *middle)
        case "-" | "_":
            return with_zoom(state, film, 1 / ZOOM_STEP, *middle)
        case "0":
            return replace(state, zoom=1.0, centre=None, follow=None)
        case "." | ",":
            return at_mark(state, subject, key.name == ".")
        case name if name in "123456789" and int(name) <= len(names):
            return following(state, int(name) - 1)
        case name if name.lower() in subject.letters:
            overlay = frozenset([subject.letters[name.lower()]])
            return replace(state, view=replace(state.view, overlays=state.view.overlays ^ overlay))
    return state


def after_named_key(state: State, name: str, step: int, film: Film) -> State:
    """Keys that type nothing."""
    moment, last = moment_at(state, film), len(film.rounds) - 1
    match name:
        case "space":
            return played_or_paused(state, film)
        case "left" | "right":
            frame = int(state.frame) + (step if name == "right" else -step)
            return replace(with_frame(state, frame, film), is_playing=False)
        case "up" | "down":
            place = SPEEDS.index(state.speed) + (1 if name == "up" else -1)
            return replace(state, speed=SPEEDS[min(max(place, 0), len(SPEEDS) - 1)])
        case "page down":
            return with_frame(state, film.starts[moment.round + 1] if moment.round < last else film.frames, film)
        case "page up":
            return with_frame(state, film.starts[moment.round if moment.turn else max(moment.round - 1, 0)], film)
        case "home" | "end":
            return with_frame(state, film.frames if name == "end" else 0, film)
        case "tab":
            return following(state, 0 if state.follow is None else (state.follow + 1) % len(film.names))
        case "f1":
            return replace(state, has_help=not state.has_help)
        case "f2":
            return replace(state, has_panel=not state.has_panel)
        case "f3":
            shooter = (state.view.shooter + 1) % len(film.names)
            return replace(state, view=replace(state.view, shooter=shooter, wave=None))
        case "f4":
            return with_next_wave(state, film)
        case "f11":
            return replace(state, is_full_screen=not state.is_full_screen)
        case "escape":
            return replace(state, has_help=False, follow=None if not state.has_help else state.follow)
    return state


def following(state: State, robot: int) -> State:
    return replace(state, follow=robot, zoom=max(state.zoom, FOLLOWING_ZOOM))


def at_mark(state: State, subject: Subject, is_next: bool) -> State:
    """At the next hit or death, or the one before."""
    now = int(state.frame)
    frames = [frame_of(subject.film, mark.moment) for mark in subject.marks]
    found = [frame for frame in frames if (frame > now if is_next else frame < now)]
    if not found:
        return state
    return replace(with_frame(state, min(found) if is_next else max(found), subject.film), is_playing=False)


def with_next_wave(state: State, film: Film) -> State:
    """The shooter's bullets in the air in turn, after the last of them the one that arrives next again."""
    moment = moment_at(state, film)
    bullets = film.rounds[moment.round].bullets
    flies = (bullets["turn_first"] <= moment.turn) & (bullets["turn_last"] >= moment.turn)
    fired = sorted((bullets["turn_first"][flies & (bullets["owner"] == state.view.shooter)] - 1).tolist())
    later = [turn for turn in fired if state.view.wave is None or turn > state.view.wave]
    return replace(state, view=replace(state.view, wave=later[0] if later else None))


def clicked_wave(state: State, film: Film) -> View | None:
    """The view of the wave whose bullet the pointer is at."""
    moment, layout = moment_at(state, film), layout_at(state)
    part, camera = film.rounds[moment.round], camera_at(state, film)
    for row, x, y, _ in zip(*(column.tolist() for column in bullets_at(part, moment.turn)), strict=True):
        if math.dist(to_screen(camera, x, y), state.pointer) <= CLICK_DISTANCE * layout.unit:
            bullet = part.bullets[row]
            return replace(state.view, shooter=int(bullet["owner"]), wave=int(bullet["turn_first"]) - 1)
    return None
