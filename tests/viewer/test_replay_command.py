"""`beepsim replay FILE`: where it starts, and what it says to what it cannot show."""

import json
import zipfile
from pathlib import Path

import pytest
from made_film import made_recording
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.errors import UserError
from beepsim.recording.format import write_recording
from beepsim.viewer import player
from beepsim.viewer.controls import State, Subject


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_recording(tmp_path / "duel.battle", made_recording())
    return tmp_path / "duel.battle"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Subject, State]]:
    """What a window would show, instead of a window."""
    seen: list[tuple[Subject, State]] = []
    monkeypatch.setattr(player, "play", lambda subject, state, *_, **__: seen.append((subject, state)))
    return seen


def replay(*words: str | Path) -> None:
    CliRunner().invoke(app, ["replay", *map(str, words)], catch_exceptions=False)


def test_it_starts_at_the_beginning(file, shown) -> None:
    replay(file)
    ((subject, state),) = shown
    assert subject.film.names == ("First 1.0", "Second 1.0") and not subject.is_growing
    assert (state.frame, state.is_playing, state.view.overlays) == (0, True, frozenset())


def test_it_starts_at_round_and_turn_with_overlays(file, shown) -> None:
    replay(file, "--round", "1", "--turn", "4", "--overlay", "waves", "--overlay", "escape", "--shooter", "1")
    ((_, state),) = shown
    assert (state.frame, state.view.shooter, state.view.overlays) == (25, 1, {"waves", "escape"})


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--round", "2"], "--round is 2; the recording holds rounds 0 to 1"),
        (["--round", "1", "--turn", "11"], "--turn is 11; round 1 has turns 0 to 10"),
        (["--turn", "-1"], "--turn is -1; round 0 has turns 0 to 20"),
        (["--overlay", "wave"], "--overlay is 'wave'; the overlays are .*waves"),
        (["--shooter", "2"], "--shooter is 2; the recording's robots are 0 to 1"),
        (["--gun", "kn"], "unknown gun 'kn'"),
        (["--weights", "nowhere.safetensors"], "nowhere.safetensors"),
        (["--rounds", "0"], "--rounds is for --export"),
    ],
)
def test_a_mistake_is_told_before_a_window_opens(file, shown, words, sentence) -> None:
    with pytest.raises(UserError, match=sentence):
        replay(file, *words)
    assert not shown


def test_files_that_are_no_recordings(file, shown, tmp_path) -> None:
    (tmp_path / "cut.battle").write_bytes(file.read_bytes()[:-200])
    (tmp_path / "text.battle").write_text("to be or not to be")
    for name, sentence in [("cut", "truncated"), ("text", "is not a .battle file"), ("none", "no such file")]:
        with pytest.raises(UserError, match=sentence):
            replay(tmp_path / f"{name}.battle")
    assert not shown


def test_a_newer_format_is_named(file, shown, tmp_path) -> None:
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(tmp_path / "newer.battle", "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "header.json":
                data = json.dumps(json.loads(data) | {"format": 99}).encode()
            new.writestr(name, data)
    with pytest.raises(UserError, match="format 99 is not known"):
        replay(tmp_path / "newer.battle")
    assert not shown


def test_an_unknown_gun_is_told_of_an_export_without_overlays_too(file, tmp_path) -> None:
    with pytest.raises(UserError, match="unknown gun 'kn'"):
        replay(file, "--export", str(tmp_path / "a.png"), "--gun", "kn")
    assert not list(tmp_path.glob("*.png"))
