"""Options of an export → the frames that are drawn, or one sentence that says what is wrong."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.battle import Rules, fight
from beepsim.errors import UserError
from beepsim.recording.format import read_recording
from beepsim.viewer.film import Film, film_of, moment_of
from beepsim.viewer.frames import Cut, Stretch, pictures_of, ranges_of, size_of, stretches_of


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    path = tmp_path_factory.mktemp("frames") / "duel.battle"
    fight(["circle+linear", "stop_and_go+head_on"], 1, Rules(num_rounds=4), path)
    return film_of(read_recording(path))


def test_without_options_everything_is_drawn(film: Film) -> None:
    stretches = stretches_of(film, Cut())
    assert stretches == [Stretch(i, 0, part.last_turn) for i, part in enumerate(film.rounds)]
    assert pictures_of(film, stretches, 1.0, 10**6).frames == list(range(film.frames))


def test_ranges_of_rounds_and_turns_multiply(film: Film) -> None:
    found = stretches_of(film, Cut("0-1,3", "20-30,5"))
    assert found == [Stretch(i, *span) for i in (0, 1, 3) for span in ((5, 5), (20, 30))]


def test_a_round_that_ends_earlier_ends_the_stretch(film: Film) -> None:
    last_turns = [part.last_turn for part in film.rounds]
    found = stretches_of(film, Cut(turns=f"{min(last_turns)}-99999"))
    assert found == [Stretch(i, min(last_turns), last) for i, last in enumerate(last_turns)]
    longest = int(np.argmax(last_turns))
    assert stretches_of(film, Cut(turns=str(max(last_turns)))) == [Stretch(longest, max(last_turns), max(last_turns))]


@pytest.mark.parametrize(
    ("cut", "message"),
    [
        (Cut("4"), r"--rounds is '4'; there is no round 4, only 0 to 3"),
        (Cut("1-7"), r"--rounds is '1-7'; there is no round 7, only 0 to 3"),
        (Cut("2-1"), r"--rounds is '2-1'; 2-1 ends before it begins"),
        (Cut("0-2,1"), r"--rounds is '0-2,1'; 1 is in it twice"),
        (Cut(""), r"--rounds is ''; give numbers and ranges, as in 0-2,5"),
        (Cut("-1"), r"--rounds is '-1'; give numbers"),
        (Cut("٣"), r"give numbers"),
        (Cut("0", "100000-100001"), r"--turns is '100000-100001'; round 0 has turns 0 to \d+$"),
        (Cut(None, "100000"), r"--turns is '100000'; the longest of these 4 rounds has turns 0 to \d+$"),
        (Cut(None, "1e3"), r"--turns is '1e3'; give numbers"),
        (Cut(None, "9" * 30), r"give numbers"),
    ],
)
def test_impossible_ranges_are_quoted_with_what_exists(film: Film, cut: Cut, message: str) -> None:
    with pytest.raises(UserError, match=message):
        stretches_of(film, cut)


@pytest.mark.parametrize(
    ("speed", "rate", "turns"),
    [
        (1.0, 30, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (0.1, 3, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (2.0, 30, [0, 2, 4, 6, 8, 10]),
        (4.0, 30, [0, 4, 8, 10]),
        (100.0, 30, [0, 10]),
    ],
)
def test_speed_decides_rate_and_step(film: Film, speed: float, rate: float, turns: list[int]) -> None:
    pictures = pictures_of(film, [Stretch(2, 0, 10)], speed, 100)
    assert pictures.rate == pytest.approx(rate)
    assert [moment_of(film, frame) for frame in pictures.frames] == [(2, turn) for turn in turns]


@given(st.floats(0.1, 100), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=4))
def test_pictures_rise_through_the_chosen_turns_only(film: Film, speed: float, spans: list[tuple[int, int]]) -> None:
    stretches = [Stretch(index, min(span), max(span)) for index, span in enumerate(spans)]
    chosen = [film.starts[index] + turn for index, first, last in stretches for turn in range(first, last + 1)]
    frames = pictures_of(film, stretches, speed, 1000).frames
    assert list(frames) == sorted(frames) and set(frames) <= set(chosen)
    assert frames[0] == chosen[0] and frames[-1] == chosen[-1]


def test_a_film_of_too_many_frames_is_refused_before_it_is_counted_out(film: Film) -> None:
    endless = [Stretch(0, 0, 10**9)]
    with pytest.raises(UserError, match=r"1,000,000,001 turns .* 1,000,000,001 frames; at most 6,000 .* --speed"):
        pictures_of(film, endless, 1.0, 6000)


@pytest.mark.parametrize("speed", [0.0, -1.0, 0.09, 101.0, float("nan"), float("inf")])
def test_speeds_that_the_window_lacks_are_refused(film: Film, speed: float) -> None:
    with pytest.raises(UserError, match=r"--speed is .*; it must be 0.1 to 100"):
        pictures_of(film, [Stretch(0, 0, 1)], speed, 10)


def test_sizes() -> None:
    assert size_of("1280x720") == size_of(" 1280X720 ") == size_of("1280×720") == (1280, 720)
    for text in ("1280", "x", "1280x", "-1x100", "1e3x100", "1" * 30 + "x100"):
        with pytest.raises(UserError, match=r"--size is .* as in 1280x720"):
            size_of(text)
    for text in ("63x100", "100x3841", "999999999x999999999"):
        with pytest.raises(UserError, match=r"each side must be 64 to 3840 px"):
            size_of(text)


def test_ranges() -> None:
    assert ranges_of("rounds", "5, 0-2") == [(0, 2), (5, 5)]
