"""The player's state: what keys, clicks and the passing of time make of it. No window."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_film import DEATH_TURN, HIT_TURN, made_duel

from beepsim.viewer.camera import to_field, to_screen
from beepsim.viewer.controls import (
    KEYS,
    SPEEDS,
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
    camera_at,
    is_at_end,
    layout_at,
    moment_at,
    with_frame,
)
from beepsim.viewer.film import Moment, marks_of
from beepsim.viewer.player import subject_of
from beepsim.viewer.timeline import frame_at, strip_of, x_of

FILM = made_duel()
SUBJECT = Subject(FILM, tuple(marks_of(FILM)), {"w": "waves", "d": "densities"})
START = State()
LAST = FILM.frames - 1  # 31: 21 frames of round 0, 11 of round 1


def after_all(state: State, *events: Event, subject: Subject = SUBJECT) -> State:
    for event in events:
        state = after(state, event, subject)
    return state


def pressed(state: State, *names: str) -> State:
    return after_all(state, *map(Key, names))


def on_timeline(state: State, frame: int) -> tuple[float, float]:
    layout = layout_at(state)
    return x_of(FILM, strip_of(layout.timeline, layout.unit), frame), layout.timeline.top + 3


def test_it_plays_thirty_turns_a_second() -> None:
    state = after_all(START, *[Tick(1 / 60)] * 20)
    assert state.frame == pytest.approx(10.0) and moment_at(state, FILM) == Moment(0, 10)


@pytest.mark.parametrize("speed", SPEEDS)
def test_at_every_speed(speed: float) -> None:
    assert after(replace(START, speed=speed), Tick(0.01), SUBJECT).frame == pytest.approx(min(0.3 * speed, LAST))


def test_speed_goes_from_a_tenth_to_a_hundred_times() -> None:
    assert pressed(START, *["down"] * 20).speed == 0.1 and pressed(START, *["up"] * 20).speed == 100.0
    assert pressed(START, "up", "down").speed == 1.0


def test_space_pauses_and_plays_and_starts_again_at_the_end() -> None:
    paused = pressed(START, "space")
    assert not paused.is_playing and after(paused, Tick(1.0), SUBJECT) == paused
    assert pressed(paused, "space").is_playing
    ended = after_all(replace(START, speed=100.0), Tick(0.25))
    assert is_at_end(ended, FILM) and not ended.is_playing
    again = pressed(ended, "space")
    assert again.is_playing and again.frame == 0.0


def test_a_film_that_grows_waits_at_its_end() -> None:
    growing = SUBJECT._replace(is_growing=True)
    state = after_all(replace(START, speed=100.0), Tick(0.25), subject=growing)
    assert is_at_end(state, FILM) and state.is_playing


def test_single_turns_back_and_forward_over_the_rounds_border() -> None:
    state = pressed(replace(START, frame=20.0), "right")
    assert moment_at(state, FILM) == Moment(1, 0) and not state.is_playing
    assert moment_at(pressed(state, "left", "left"), FILM) == Moment(0, 19)
    assert pressed(START, "left").frame == 0.0
    assert after(START, Key("right", shift=True), SUBJECT).frame == 10.0


def test_rounds_start_and_end() -> None:
    middle = replace(START, frame=5.0)
    assert pressed(middle, "page down").frame == 21 and pressed(middle, "page down", "page down").frame == LAST
    assert pressed(middle, "page up").frame == 0 and pressed(middle, "page down", "page up").frame == 0
    assert pressed(middle, "end").frame == LAST and pressed(middle, "end", "home").frame == 0


def test_hits_and_deaths_in_turn() -> None:
    frames = [HIT_TURN, DEATH_TURN, 21 + HIT_TURN]
    found, state = [], START
    for _ in range(4):
        state = pressed(state, ".")
        found.append(state.frame)
    assert found == [*frames, frames[-1]] and not state.is_playing
    assert pressed(state, ",").frame == DEATH_TURN


def test_the_timeline_is_clicked_and_dragged() -> None:
    state = after(START, Press(*on_timeline(START, 7)), SUBJECT)
    assert state.frame == 7.0 and after(state, Tick(1.0), SUBJECT).frame == 7.0, "it plays while it is held"
    state = after(state, Move(on_timeline(START, 15)[0], 0.0), SUBJECT)
    assert state.frame == 15.0
    state = after_all(state, Release(), Move(on_timeline(START, 3)[0], 0.0))
    assert state.frame == 15.0 and state.is_playing
    assert after_all(START, Press(*on_timeline(START, 7)), Move(-500.0, 0.0)).frame == 0.0
    assert after_all(START, Press(*on_timeline(START, 7)), Move(9999.0, 0.0)).frame == LAST


@given(st.integers(0, LAST), st.integers(200, 4000), st.integers(200, 3000), st.floats(1.0, 3.0))
def test_every_frame_can_be_clicked(frame: int, width: int, height: int, density: float) -> None:
    state = after(START, Resize(width, height, density), SUBJECT)
    layout = layout_at(state)
    strip = strip_of(layout.timeline, layout.unit)
    assert frame_at(FILM, strip, x_of(FILM, strip, frame)) == frame


def test_the_button_plays_and_pauses() -> None:
    button = layout_at(START).button
    assert not after(START, Press(button.left + 5, button.top + 5), SUBJECT).is_playing


def test_the_wheel_zooms_about_the_pointer_and_back_to_the_whole_field() -> None:
    point = to_field(camera_at(START, FILM), 300.0, 200.0)
    near = after(START, Wheel(300.0, 200.0, 3.0), SUBJECT)
    assert near.zoom > 1.5
    assert to_screen(camera_at(near, FILM), *point) == pytest.approx((300.0, 200.0))
    far = after(near, Wheel(10.0, 20.0, -9.0), SUBJECT)
    assert camera_at(far, FILM) == camera_at(START, FILM)
    assert pressed(near, "0") == START and pressed(START, "+", "-").zoom == pytest.approx(1.0)


def test_the_wheel_scrolls_the_panel() -> None:
    x = layout_at(START).panel.left + 5
    state = after_all(START, Wheel(x, 100.0, -2.0))
    assert (state.scroll, state.zoom) == (80.0, 1.0) and after(state, Wheel(x, 100.0, 9.0), SUBJECT) == START


def test_the_field_is_dragged_but_not_lost() -> None:
    state = after_all(pressed(START, "+"), Press(300.0, 200.0), Move(340.0, 190.0))
    before, now = camera_at(pressed(START, "+"), FILM), camera_at(state, FILM)
    assert (now.x, now.y) == pytest.approx((before.x - 40 / before.scale, before.y - 10 / before.scale))
    assert camera_at(after(state, Move(1e6, 1e6), SUBJECT), FILM)[1:3] == (0.0, 300.0)
    assert after_all(state, Release(), Move(0.0, 0.0)).centre == state.centre


def test_following_keeps_a_robot_in_the_middle() -> None:
    state = pressed(START, "2")
    assert state.follow == 1
    for turn in (0, 5, 20):
        x = 200.0 + 4.0 * min(turn, DEATH_TURN)
        assert camera_at(replace(state, frame=float(turn)), FILM)[1:3] == pytest.approx((x, 200.0))
    assert pressed(START, "tab").follow == 0 and pressed(START, "tab", "tab", "tab").follow == 0
    assert pressed(state, "escape").follow is None and pressed(START, "3").follow is None
    assert after_all(state, Press(300.0, 200.0), Move(310.0, 200.0)).follow is None


def test_help_panel_and_full_screen() -> None:
    assert pressed(START, "?").has_help and pressed(START, "f1").has_help
    assert not pressed(START, "?", "?").has_help and not pressed(START, "?", "escape").has_help
    assert not after(pressed(START, "?"), Press(*on_timeline(START, 7)), SUBJECT).has_help
    assert not pressed(START, "f2").has_panel and pressed(START, "f11").is_full_screen


def test_overlays_are_switched_by_their_letters() -> None:
    state = pressed(START, "w", "D")
    assert state.view.overlays == {"waves", "densities"}
    assert pressed(state, "w").view.overlays == {"densities"}


def test_no_overlay_takes_a_key_of_the_player() -> None:
    for letter, name in subject_of(FILM).letters.items():
        assert after(START, Key(letter), SUBJECT._replace(letters={})) == START
        assert after(START, Key(letter), subject_of(FILM)).view.overlays == {name}


def test_waves_of_the_next_robot_and_the_next_wave() -> None:
    state = replace(START, frame=6.0)
    waves = [state.view.wave]
    for _ in range(3):
        state = pressed(state, "f4")
        waves.append(state.view.wave)
    assert waves == [None, 2, 4, None], "fired after turns 2 and 4, as the bullets of turns 3 and 5"
    assert pressed(state, "f3").view.shooter == 1 and pressed(state, "f3", "f3").view.shooter == 0


def test_a_chosen_wave_is_let_go_when_it_is_over() -> None:
    state = pressed(replace(START, frame=6.0), "f4")
    long = replace(FILM.rounds[0], robots=FILM.rounds[0].robots.repeat(2, axis=0))
    film = replace(FILM, rounds=(long, FILM.rounds[1]), starts=(0, 42, 53))
    assert [with_frame(state, HIT_TURN + turns, film).view.wave for turns in (-6, 12, 13)] == [2, 2, None]
    assert with_frame(state, 42.0 + 6, film).view.wave is None


def test_a_click_on_a_bullet_chooses_its_wave() -> None:
    state = replace(pressed(START, "f3"), frame=6.0)
    place = to_screen(camera_at(state, FILM), 127.0, 100.0)
    chosen = after(state, Press(*place), SUBJECT).view
    assert (chosen.shooter, chosen.wave) == (0, 4)
    assert after(state, Press(place[0], place[1] + 30), SUBJECT).view == state.view


@given(st.integers(200, 5000), st.integers(200, 5000), st.floats(1.0, 3.0), st.booleans())
def test_any_size_shows_the_field_undistorted(width: int, height: int, density: float, has_panel: bool) -> None:
    state = after(replace(START, has_panel=has_panel), Resize(width, height, density), SUBJECT)
    layout, camera = layout_at(state), camera_at(state, FILM)
    assert layout.field.width + layout.panel.width == pytest.approx(width)
    assert layout.field.height + layout.timeline.height + layout.status.height == pytest.approx(max(height, 1.0), abs=2)
    left, bottom = to_screen(camera, 0, 0)
    right, top = to_screen(camera, 400, 300)
    assert (right - left) / (bottom - top) == pytest.approx(4 / 3)
    assert 0 <= left and right <= layout.field.width and 0 <= top and bottom <= layout.field.height


def test_dense_displays_get_larger_letters() -> None:
    plain = layout_at(after(START, Resize(1280, 800, 1.0), SUBJECT)).unit
    assert layout_at(after(START, Resize(2560, 1600, 2.0), SUBJECT)).unit == 2 * plain


def test_it_closes() -> None:
    assert after(START, Close(), SUBJECT).is_closed and after(START, Key("q", control=True), SUBJECT).is_closed
    assert not pressed(START, "q").is_closed


EVENTS = st.one_of(
    st.builds(
        Key, st.sampled_from(["space", "left", "up", "page up", "end", "tab", "f3", "f4", "0", "+", "-", ".", "w", "1"])
    ),
    st.builds(Press, st.floats(-50, 2000), st.floats(-50, 2000)),
    st.builds(Move, st.floats(-50, 2000), st.floats(-50, 2000)),
    st.just(Release()),
    st.builds(Wheel, st.floats(-50, 2000), st.floats(-50, 2000), st.floats(-5, 5)),
    st.builds(Resize, st.integers(1, 4000), st.integers(1, 4000), st.floats(1, 3)),
    st.builds(Tick, st.floats(0, 100)),
)


@given(st.lists(EVENTS, max_size=30))
def test_whatever_happens_a_moment_of_the_film_is_shown(events: list[Event]) -> None:
    state = after_all(START, *events)
    moment, camera = moment_at(state, FILM), camera_at(state, FILM)
    assert 0 <= moment.turn <= FILM.rounds[moment.round].last_turn and state.speed in SPEEDS
    assert camera.scale > 0 and 0 <= camera.x <= 400 and 0 <= camera.y <= 300


def test_help_names_every_kind_of_key() -> None:
    text = " ".join(keys for keys, _ in KEYS)
    assert all(key in text for key in ("Space", "←", "Page", "Home", "Tab", "F2", "F3", "F11", "Esc", "?"))
