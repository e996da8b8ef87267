"""The player: a window of pygame's that shows a film and answers keys and clicks (controls.py) until it is closed."""

import gc
import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

import pygame

from beepsim.errors import UserError
from beepsim.rules import bullet_speed
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.controls import (
    Close,
    Event,
    Key,
    Move,
    Press,
    Release,
    Resize,
    State,
    Subject,
    Tick,
    Wheel,
    after,
)
from beepsim.viewer.film import Film, marks_of
from beepsim.viewer.overlays import OVERLAYS
from beepsim.viewer.window import draw_notice, draw_window

FRAMES_A_SECOND = 60
FIRST_SIZE, SMALLEST_SIZE = (1280, 800), (320, 240)
KEY_REPEAT = 350, 40  # ms before a key that is held repeats, and between repeats
LEFT_BUTTON = 1
OFFSCREEN, X11 = "offscreen", "x11"  # SDL's drivers
INSTEAD = "`beepsim replay FILE --export out.gif` (or .mp4, .png, .html) needs none"


class News(NamedTuple):
    """A film that has grown, and whether it will go on growing."""

    film: Film
    is_growing: bool


def subject_of(film: Film, is_growing: bool = False) -> Subject:
    letters = {overlay.key: name for name, overlay in OVERLAYS.items()}
    return Subject(film, tuple(marks_of(film)), letters, is_growing)


def play(
    subject: Subject,
    state: State,
    believe: Callable[[Film], Beliefs],
    news: Callable[[], News | None] = lambda: None,
    title: str = "beepsim",
) -> State:
    """Shows the film until the window is closed; returns the state at the end. `news` is asked once a frame.

    `believe` is asked for a film's beliefs when an overlay is first switched on.
    Raises UserError where there is no display.
    """
    window = open_window(title)
    try:
        return run(window, subject, state, believe, news)
    finally:
        close_window(window)


def open_window(title: str, instead: str = INSTEAD) -> pygame.Window:
    """A window that can be resized, with all pixels of a dense display.

    Raises UserError where there is no display, which says what can be done `instead`.
    """
    try:
        pygame.display.init()
        # SDL draws where nobody looks rather than say that there is no display.
        if pygame.display.get_driver() == OFFSCREEN and os.environ.get("SDL_VIDEODRIVER") != OFFSCREEN:
            raise pygame.error("no screen was found")
        if pygame.display.get_driver() == X11:
            # Else SDL brings each picture to the screen through OpenGL: 18 ms without a GPU, instead of 1.
            os.environ.setdefault("SDL_FRAMEBUFFER_ACCELERATION", "0")
        window = pygame.Window(title, FIRST_SIZE, resizable=True, allow_high_dpi=True)
        window.minimum_size = SMALLEST_SIZE
    except pygame.error as error:
        pygame.display.quit()
        raise UserError(f"there is no display to open a window on ({error}); {instead}") from None
    pygame.font.init()
    pygame.key.set_repeat(*KEY_REPEAT)
    gc.freeze()  # else Python looks through all that was imported once in a while: the picture stands still for 0.1 s
    return window


def close_window(window: pygame.Window) -> None:
    gc.unfreeze()
    window.destroy()
    pygame.display.quit()


def run(
    window: pygame.Window,
    subject: Subject,
    state: State,
    believe: Callable[[Film], Beliefs],
    news: Callable[[], News | None],
) -> State:
    state = after(state, size_of(window), subject)
    show_first(window, state, subject)
    clock, drawn, beliefs, ready = pygame.time.Clock(), None, None, frozenset[str]()
    while not state.is_closed:
        if (told := news()) is not None:
            subject, drawn, beliefs = subject_of(*told), None, None
        events = pygame.event.get()
        seconds = clock.tick(FRAMES_A_SECOND) / 1000
        before = state
        for event in [*translated(events, state.density), size_of(window), Tick(seconds)]:
            state = after(state, event, subject)
        if state.is_full_screen != before.is_full_screen:
            if state.is_full_screen:
                window.set_fullscreen(desktop=True)
            else:
                window.set_windowed()
            state = after(state, size_of(window), subject)
        is_exposed = any(event.type == pygame.WINDOWEXPOSED for event in events)
        if is_exposed or seen_of(state) != drawn:
            if new := state.view.overlays - ready:
                draw_notice(window.get_surface(), state, new)  # else a window that computes seems to hang
                window.flip()
                ready |= new
            if state.view.overlays and beliefs is None:
                beliefs = believe(subject.film)
            draw_window(window.get_surface(), state, subject, beliefs)
            window.flip()
            drawn = seen_of(state)
    return state


def show_first(window: pygame.Window, state: State, subject: Subject) -> None:
    """Something to see at once; then what would else make the first bullet wait, 0.2 s: its law's machine code."""
    draw_window(window.get_surface(), state, subject, None)
    window.flip()
    bullet_speed(1.0)


def seen_of(state: State) -> State:
    """The state without what changes nothing in the picture: nothing is drawn anew while all stands still."""
    return replace(state, frame=float(int(state.frame)))


def size_of(window: pygame.Window) -> Resize:
    """A dense display has more px on the surface than the desktop counts."""
    width, height = window.get_surface().get_size()
    return Resize(width, height, width / max(window.size[0], 1))


def translated(events: Iterable[pygame.Event], density: float) -> list[Event]:
    """Pygame's events as those of the player, places in px of the surface."""
    found: list[Event] = []
    for event in events:
        if event.type in (pygame.QUIT, pygame.WINDOWCLOSE):
            found.append(Close())
        elif event.type == pygame.KEYDOWN:
            found.append(key_of(event))
        elif event.type == pygame.MOUSEBUTTONDOWN and event.button == LEFT_BUTTON:
            found.append(Press(event.pos[0] * density, event.pos[1] * density))
        elif event.type == pygame.MOUSEBUTTONUP and event.button == LEFT_BUTTON:
            found.append(Release())
        elif event.type == pygame.MOUSEMOTION:
            found.append(Move(event.pos[0] * density, event.pos[1] * density))
        elif event.type == pygame.WINDOWLEAVE:
            found.append(Move(-1.0, -1.0))
        elif event.type == pygame.MOUSEWHEEL:
            x, y = pygame.mouse.get_pos()
            steps = event.precise_y * (-1 if event.flipped else 1)
            found.append(Wheel(x * density, y * density, steps))
    return found


def key_of(event: pygame.Event) -> Key:
    """What the key types on this keyboard, or its name."""
    shift, control = bool(event.mod & pygame.KMOD_SHIFT), bool(event.mod & (pygame.KMOD_CTRL | pygame.KMOD_META))
    is_typed = len(event.unicode) == 1 and event.unicode.isprintable() and event.unicode != " " and not control
    name = event.unicode if is_typed else pygame.key.name(event.key)
    return Key(name, shift, control)
