"""Watching changes nothing: results and recording are the same bytes, whatever the window does."""

import multiprocessing
import os
import time
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import pytest
from typer.testing import CliRunner

from beepsim.battle import Rules, fight
from beepsim.cli import app
from beepsim.errors import UserError
from beepsim.loop import TURNS_BETWEEN_LOOKS
from beepsim.recording.format import TABLES, Recording, check_recording, read_recording
from beepsim.viewer import live
from beepsim.viewer.beliefs import beliefs_of
from beepsim.viewer.film import DEAD, bullets_at, film_of, moment_of
from beepsim.viewer.live import Growth, news, watching, with_ends
from beepsim.viewer.overlays import OVERLAYS
from beepsim.viewer.scene import scene_at
from beepsim.viewer.view import View

BATTLES = {
    "compiled": ["circle+linear", "random_mover+head_on"],
    "classes": ["sample.Walls", "sample.SpinBot"],
    "mixed melee": ["circle+linear", "sample.RamFire", "sample.Crazy"],
}
RULES = Rules(num_rounds=3)


@pytest.fixture(scope="module")
def parts() -> list[tuple[Recording, bool]]:
    """All that a watcher could see of a battle."""
    seen: list[tuple[Recording, bool]] = []
    fight(BATTLES["compiled"], 1, RULES, watch=lambda recording, is_over: seen.append((recording(), is_over)))
    return seen


@pytest.mark.parametrize("bots", BATTLES.values(), ids=BATTLES)
def test_a_watched_battle_is_the_same(bots: list[str], tmp_path: Path) -> None:
    looks = []
    alone = fight(bots, 7, RULES, tmp_path / "alone.battle")
    watched = fight(bots, 7, RULES, tmp_path / "watched.battle", watch=lambda make, over: looks.append((make(), over)))
    assert replace(watched, recording=None) == replace(alone, recording=None)
    assert (tmp_path / "watched.battle").read_bytes() == (tmp_path / "alone.battle").read_bytes()
    assert sum(over for _, over in looks) == 3 and len(looks) > 30


def test_a_bot_that_fails_is_watched_too(tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(
        "from beepsim.robots import AdvancedRobot\n\n\nclass Failing(AdvancedRobot):\n"
        "    def run(self):\n        self.ahead(50)\n        raise ValueError('on purpose')\n"
    )
    bots = [str(tmp_path / "failing.py"), "circle+linear"]
    alone, watched = fight(bots, 1, RULES), fight(bots, 1, RULES, watch=lambda make, over: make() and None)
    assert watched == alone and alone.robots[0].faults


def test_a_watcher_sees_every_few_turns(parts) -> None:
    turns = [int(recording.robots["turn"][-1]) for recording, _ in parts]
    first = turns[: [over for _, over in parts].index(True) + 1]
    assert first[:-1] == list(range(TURNS_BETWEEN_LOOKS, first[-1] + 1, TURNS_BETWEEN_LOOKS))[: len(first) - 1]


def test_what_is_seen_is_the_finished_round_as_far_as_it_was(parts) -> None:
    over = {int(recording.robots["round"][0]): recording for recording, is_over in parts if is_over}
    for recording, _ in parts:
        number = int(recording.robots["round"][0])
        assert (over[number].robots[: len(recording.robots)] == recording.robots).all()
        partial = with_ends(recording)
        check_recording(partial, f"round {number}")
    middle = next(recording for recording, _ in parts if len(recording.bullets) > 8)
    turn = int(middle.robots["turn"][-1])
    seen, whole = (film_of(with_ends(one)).rounds[0] for one in (middle, over[0]))
    for now in range(turn + 1):
        found, expected = bullets_at(seen, now), bullets_at(whole, now)
        assert found.x == pytest.approx(expected.x, abs=0.01) and found.y == pytest.approx(expected.y, abs=0.01)


def test_the_film_grows_with_what_comes(parts) -> None:
    queue: SimpleQueue = SimpleQueue()
    growth = Growth([parts[0][0]], parts[0][1])
    films = []
    for part in [*parts[1:], None]:
        queue.put(part)
        growth.next_look = 0.0
        films.append(news(queue, growth))
    assert all(film.is_growing for film in films[:-1]) and not films[-1].is_growing
    frames = [one.film.frames for one in films]
    assert frames == sorted(frames) and [len(one.film.rounds) for one in films][-1] == 3
    whole = growth.recording()
    for name in TABLES:
        expected = np.concatenate([getattr(recording, name) for recording, is_over in parts if is_over])
        assert len(expected) and (getattr(whole, name) == expected).all()
    assert news(queue, growth) is None


def test_overlays_are_drawn_over_a_round_in_progress(parts) -> None:
    middle = [index for index, (recording, is_over) in enumerate(parts) if not is_over and len(recording.bullets) > 8]
    for index in (middle[0], middle[-1]):
        finished = [recording for recording, is_over in parts[:index] if is_over]
        film = film_of(Growth([*finished, parts[index][0]], False).recording())
        moment = moment_of(film, film.frames - 1)
        view = View(frozenset(OVERLAYS))
        plain, scene = scene_at(film, moment), scene_at(film, moment, view, beliefs_of(film))
        assert len(scene.panel) > len(plain.panel)
        has_waves = not (film.rounds[-1].robots[-1]["state"] == DEAD).any()
        assert has_waves == (index == middle[0]) and (len(scene.shapes) > len(plain.shapes)) == has_waves


def test_looking_takes_a_small_share_of_the_time(parts) -> None:
    queue: SimpleQueue = SimpleQueue()
    growth = Growth([parts[0][0]], False)
    queue.put(parts[1])
    assert news(queue, growth) is not None
    queue.put(parts[2])
    growth.next_look = time.monotonic() + 100
    assert news(queue, growth) is None


class Pipe:
    """Of which the other end closes after `count` messages."""

    def __init__(self, count: int) -> None:
        self.count, self.sent = count, []

    def send(self, part) -> None:
        if len(self.sent) == self.count:
            raise BrokenPipeError
        self.sent.append(part)


def test_a_closed_window_does_not_stop_the_battle() -> None:
    pipe = Pipe(2)
    watched = fight(BATTLES["classes"], 7, RULES, watch=live.sender(pipe))
    assert len(pipe.sent) == 2 and watched == fight(BATTLES["classes"], 7, RULES)


@pytest.fixture
def no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.skipif(os.name != "posix" or os.uname().sysname != "Linux", reason="elsewhere there is a display")
def test_without_a_display_nothing_is_fought(no_screen, tmp_path: Path) -> None:
    words = ["battle", *BATTLES["compiled"], "--watch", "--record", str(tmp_path / "x.battle")]
    with pytest.raises(UserError, match="no display.*leave out --watch"):
        CliRunner().invoke(app, words, catch_exceptions=False)
    assert not list(tmp_path.iterdir())


def test_print_turn_cannot_be_watched() -> None:
    with pytest.raises(UserError, match="cannot be watched"):
        CliRunner().invoke(
            app, ["battle", *BATTLES["compiled"], "--print-turn", "3", "--watch"], catch_exceptions=False
        )


def test_a_window_of_its_own_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On SDL's dummy screen: the battle ends at its own pace, the window with the block that an exception leaves."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    with pytest.raises(KeyboardInterrupt), watching() as watch:
        result = fight(BATTLES["compiled"], 1, RULES, tmp_path / "x.battle", watch=watch)
        raise KeyboardInterrupt
    assert len(result.turns) == 3
    assert len(read_recording(tmp_path / "x.battle").rounds) == 6


def test_closing_the_window_ends_the_wait_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    before = set(multiprocessing.active_children())
    with watching() as watch:
        fight(BATTLES["compiled"], 1, RULES, watch=watch)
        (window,) = set(multiprocessing.active_children()) - before
        window.terminate()
    assert not window.is_alive()
