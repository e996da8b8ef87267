"""The window: scripted input on a virtual display, what it shows, and what it says where there is none.

Events go in where SDL puts them, so translation and state are tested together; under Xvfb with a real X window too.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pygame
import pytest
from golden_pictures import pixels_of
from made_film import LAST_TURNS, made_duel, made_melee, made_recording
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.errors import UserError
from beepsim.recording.format import write_recording
from beepsim.viewer import player
from beepsim.viewer.beliefs import beliefs_of
from beepsim.viewer.colours import ROBOT_COLOURS
from beepsim.viewer.controls import State, layout_at
from beepsim.viewer.film import Film, marks_of
from beepsim.viewer.player import News, play, subject_of
from beepsim.viewer.timeline import strip_of, x_of
from beepsim.viewer.window import draw_window, final_rows

FILM = made_duel()
LAST = sum(LAST_TURNS) + 1


@pytest.fixture
def virtual_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")


def key_down(key: int, text: str = "", mod: int = 0) -> pygame.Event:
    return pygame.Event(pygame.KEYDOWN, key=key, unicode=text, mod=mod, scancode=0)


def click(x: float, y: float) -> list[pygame.Event]:
    down = pygame.Event(pygame.MOUSEBUTTONDOWN, pos=(x, y), button=1)
    return [down, pygame.Event(pygame.MOUSEBUTTONUP, pos=(x, y), button=1)]


def scripted(*frames: list[pygame.Event] | tuple[int, int]) -> Iterator[None]:
    """In each frame of the window its events; or a new size. At the end it is closed."""
    for frame in frames:
        if isinstance(frame, tuple):
            window().size = frame
        else:
            for event in frame:
                pygame.event.post(event)
        yield
    pygame.event.post(pygame.Event(pygame.QUIT))
    yield


def window() -> pygame.Window:
    return WINDOWS[-1]


WINDOWS: list[pygame.Window] = []


def played(monkeypatch: pytest.MonkeyPatch, state: State, *frames: list[pygame.Event] | tuple[int, int]) -> State:
    """The state that the script leads to."""
    script = scripted(*frames)
    opened = player.open_window

    def open_and_note(title: str) -> pygame.Window:
        WINDOWS.append(opened(title))
        return WINDOWS[-1]

    monkeypatch.setattr(player, "open_window", open_and_note)

    def tick() -> News | None:
        return next(script)

    return play(subject_of(FILM), state, beliefs_of, tick)


PAUSED = State(is_playing=False)


def test_keys(virtual_display, monkeypatch) -> None:
    end = played(
        monkeypatch,
        PAUSED,
        [key_down(pygame.K_RIGHT), key_down(pygame.K_RIGHT)],
        [key_down(pygame.K_RIGHT, mod=pygame.KMOD_LSHIFT)],
        [key_down(pygame.K_LEFT)],
        [key_down(pygame.K_UP), key_down(pygame.K_2, "2"), key_down(pygame.K_w, "w")],
        [key_down(pygame.K_PLUS, "+"), key_down(pygame.K_SLASH, "?", pygame.KMOD_LSHIFT)],
    )
    assert (end.frame, end.speed, end.follow, end.has_help) == (11.0, 2.0, 1, True)
    assert end.view.overlays == {"waves"} and end.zoom == pytest.approx(2.5) and end.is_closed


def test_it_says_that_it_computes_before_an_overlay_is_first_drawn(virtual_display, monkeypatch) -> None:
    told = []
    monkeypatch.setattr(player, "draw_notice", lambda surface, state, overlays: told.append(set(overlays)))
    w, d = key_down(pygame.K_w, "w"), key_down(pygame.K_d, "d")
    played(monkeypatch, PAUSED, [w], [w], [w], [d], [key_down(pygame.K_RIGHT)])
    assert told == [{"waves"}, {"densities"}]


def test_clicks_on_the_timeline(virtual_display, monkeypatch) -> None:
    layout = layout_at(PAUSED)
    strip = strip_of(layout.timeline, layout.unit)
    places = [(x_of(FILM, strip, frame), layout.timeline.top + 5) for frame in (4, 17)]
    assert played(monkeypatch, PAUSED, click(*places[0])).frame == 4.0
    move = pygame.Event(pygame.MOUSEMOTION, pos=places[1], rel=(1, 0), buttons=(1, 0, 0))
    held, released = click(*places[0])
    assert played(monkeypatch, PAUSED, [held], [move], [released]).frame == 17.0


def test_the_wheel(virtual_display, monkeypatch) -> None:
    monkeypatch.setattr(pygame.mouse, "get_pos", lambda: (300, 200))
    turn = pygame.Event(pygame.MOUSEWHEEL, x=0, y=1, precise_x=0.0, precise_y=1.0, flipped=False)
    back = pygame.Event(pygame.MOUSEWHEEL, x=0, y=1, precise_x=0.0, precise_y=1.0, flipped=True)
    assert played(monkeypatch, PAUSED, [turn], [turn]).zoom == pytest.approx(1.25**2)
    assert played(monkeypatch, PAUSED, [turn], [back]).zoom == 1.0


def test_resizing_keeps_what_is_shown(virtual_display, monkeypatch) -> None:
    end = played(monkeypatch, replace(PAUSED, frame=5.0), (640, 480), [])
    assert (end.width, end.height, end.frame) == (640, 480, 5.0)
    assert played(monkeypatch, PAUSED, (1600, 300), [key_down(pygame.K_END)]).frame == LAST


def test_it_plays_by_itself_to_the_end(virtual_display, monkeypatch) -> None:
    end = played(monkeypatch, State(speed=100.0), *[[]] * 10)
    assert end.frame == LAST and not end.is_playing


def test_a_film_that_grows_is_taken_up(virtual_display) -> None:
    whole = made_duel()
    first = Film(whole.recording, whole.rounds[:1], whole.starts[:2])
    told = iter([None, News(whole, True), None, News(whole, False), None])

    def news() -> News | None:
        found = next(told, "over")
        if found == "over":
            pygame.event.post(pygame.Event(pygame.QUIT))
            return None
        return found

    state = replace(State(), frame=20.0, is_playing=False)
    end = play(subject_of(first, True), state, beliefs_of, news)
    assert end.frame == 20.0 and end.is_closed


def test_without_a_display_it_says_so(monkeypatch, tmp_path) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform != "linux":
        pytest.skip("elsewhere there is a display")
    write_recording(tmp_path / "duel.battle", made_recording())
    with pytest.raises(UserError, match="no display.*--export"):
        CliRunner().invoke(app, ["replay", str(tmp_path / "duel.battle")], catch_exceptions=False)


def picture(state: State, film: Film = FILM) -> pygame.Surface:
    surface = pygame.Surface((state.width, state.height))
    draw_window(surface, state, subject_of(film), None)
    return surface


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1280, 800), (2560, 1440), (300, 1200)])
@pytest.mark.parametrize("film", [FILM, made_melee()], ids=["duel", "melee"])
def test_every_size_is_drawn_with_panel_help_and_end(size, film) -> None:
    state = replace(PAUSED, width=size[0], height=size[1], pointer=(size[0] / 2, size[1] - 40))
    plain = pixels_of(picture(state, film))
    for other in (
        replace(state, has_help=True),
        replace(state, frame=float(film.frames - 1)),
        replace(state, zoom=3.0),
    ):
        assert (pixels_of(picture(other, film)) != plain).any()


def test_the_robots_are_seen_where_they_are() -> None:
    drawn = pixels_of(picture(replace(PAUSED, width=800, height=600, has_panel=False)))
    orange, blue = ((drawn == list(colour[:3])).all(axis=2) for colour in ROBOT_COLOURS[:2])
    assert orange[:500].any() and blue[:500].any()
    assert orange[:500].nonzero()[0].mean() > blue[:500].nonzero()[0].mean(), "the first stands south of the second"


def test_the_end_shows_the_scores_in_their_order() -> None:
    rows = [[text for text, _ in row] for row in final_rows(FILM)]
    assert rows[:2] == [["1.", "First 1.0", "120 (75 %)"], ["2.", "Second 1.0", "40 (25 %)"]]
    assert final_rows(made_melee())[0][2][0] == ""


def test_marks_are_those_of_the_film() -> None:
    assert subject_of(FILM).marks == tuple(marks_of(FILM)) and len(subject_of(FILM).marks) == 3


REAL_WINDOW = """
import sys
from pathlib import Path
import pygame
from beepsim.recording.format import read_recording
from beepsim.viewer import player
from beepsim.viewer.controls import State
from beepsim.viewer.film import film_of
assert pygame.display.init() is None and pygame.display.get_driver() == "x11"
window = player.open_window("test")
steps = iter(range(40))
def news():
    step = next(steps)
    if step == 5:
        window.size = (700, 500)
    if step == 15:
        pygame.event.post(pygame.Event(pygame.KEYDOWN, key=pygame.K_END, unicode="", mod=0, scancode=0))
    if step == 25:
        shot = window.get_surface().copy()
        print(shot.get_size(), len({tuple(shot.get_at((x, 470))) for x in range(0, 700, 3)}) > 3)
    if step == 30:
        pygame.event.post(pygame.Event(pygame.QUIT))
film = film_of(read_recording(Path(sys.argv[1])))
end = player.run(window, player.subject_of(film), State(is_playing=False), lambda film: None, news)
print(int(end.frame), (end.width, end.height))
"""


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed: no X window to test")
def test_a_real_window(tmp_path: Path) -> None:
    write_recording(tmp_path / "duel.battle", made_recording())
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        try:
            number = os.read(reading, 20).decode().strip()
            found = {key: value for key, value in os.environ.items() if not key.startswith("SDL_")}
            result = subprocess.run(
                [sys.executable, "-c", REAL_WINDOW, str(tmp_path / "duel.battle")],
                env={**found, "DISPLAY": f":{number}"},
                capture_output=True,
                text=True,
                timeout=60,
            )
        finally:
            server.terminate()
            os.close(reading)
            os.close(writing)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-2:] == ["(700, 500) True", f"{LAST} (700, 500)"]
