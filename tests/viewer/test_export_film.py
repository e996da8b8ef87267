"""Files read back: films have their frames, size and length; sheets their moments; the rest is one sentence."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pygame
import pytest
from PIL import Image, ImageSequence
from typer.testing import CliRunner

from beepsim.battle import Rules, fight
from beepsim.cli import app
from beepsim.errors import UserError
from beepsim.recording.columns import HIT_ROBOT
from beepsim.recording.format import read_recording
from beepsim.viewer import export
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.export import export_film
from beepsim.viewer.film import DEAD, Film, Moment, film_of
from beepsim.viewer.frames import Cut, Stretch, stretches_of
from beepsim.viewer.moments import key_moments
from beepsim.viewer.picture import draw_picture
from beepsim.viewer.scene import scene_at
from beepsim.viewer.view import View


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "duel.battle"
    fight(["circle+linear", "random_mover+head_on"], 2, Rules(num_rounds=3), path)
    return path


@pytest.fixture(scope="module")
def film(file: Path) -> Film:
    return film_of(read_recording(file))


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["replay", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def pixels_of(film: Film, moment: Moment, width: int, height: int, view: View = View()) -> np.ndarray:
    scene = scene_at(film, moment, view, Beliefs(film, {}) if view.overlays else None)
    surface = pygame.Surface((width, height))
    draw_picture(surface, scene, width >= export.PANEL_FROM, 0.85)
    return export.array_of(surface)


def test_a_gif_has_its_frames_size_and_length(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "duel.gif"
    found = export_film(film, path, View(), Cut("1", "50-80"), "320x240")
    with Image.open(path) as image:
        durations = [frame.info["duration"] for frame in ImageSequence.Iterator(image)]
        image.seek(20)
        shown = np.array(image.convert("RGB")).astype(int)
        assert image.size == (320, 240) == (found.width, found.height)
    assert len(durations) == found.frames == 31
    assert sum(durations) / 1000 == pytest.approx(31 / 30 + export.PAUSE, abs=0.01) == pytest.approx(found.seconds)
    assert np.abs(shown - pixels_of(film, Moment(1, 70), 320, 240)).mean() < 1.0
    assert path.stat().st_size == found.bytes < 31 * 10_000


def test_an_mp4_has_its_frames_size_and_length(film: Film, tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "duel.mp4"
    found = export_film(film, path, View(), Cut("1", "50-80", 2.0), "320x240")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert (stream.width, stream.height, stream.average_rate) == (320, 240, 30)
        assert container.duration / 1e6 == pytest.approx(found.seconds, abs=0.01)
    assert len(frames) == found.frames == 16 + 30 * export.PAUSE
    assert np.abs(frames[10].astype(int) - pixels_of(film, Moment(1, 70), 320, 240)).mean() < 3.0
    assert np.abs(frames[-1].astype(int) - pixels_of(film, Moment(1, 80), 320, 240)).mean() < 3.0


def test_a_png_of_one_turn_is_the_window_s_picture(film: Film, tmp_path: Path) -> None:
    view = View(frozenset({"waves"}), 1)
    path = tmp_path / "moment.png"
    found = export_film(film, path, view, Cut("2", "60"), "640x480", Beliefs(film, {}))
    with Image.open(path) as image:
        assert np.array_equal(np.array(image), pixels_of(film, Moment(2, 60), 640, 480, view))
    assert found.kind == "picture"


def test_the_same_battle_gives_the_same_picture(film: Film, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        export_film(film, tmp_path / name, View(), Cut("0"))
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_sheet_has_starts_hits_deaths_and_ends(film: Film) -> None:
    part = film.rounds[0]
    hits = part.bullets[part.bullets["state_last"] == HIT_ROBOT]
    moments = key_moments(film, stretches_of(film, Cut("0")), 100)
    turns = [moment.moment.turn for moment in moments]
    deaths = np.flatnonzero((part.robots["state"] == DEAD).any(axis=0))
    death = int((part.robots["state"][:, deaths[0]] == DEAD).argmax())
    assert turns == sorted([0, *hits["turn_last"].tolist(), part.last_turn])
    assert death in turns and turns.count(death) == 1
    names = film.names
    survivor = names[1 - deaths[0]]
    assert moments[0].words == "round 0 begins"
    assert moments[turns.index(death)].words == f"{names[deaths[0]]} dies, hit by {survivor}"
    assert moments[-1].words == f"round 0 ends: {survivor} survives"
    assert f"{names[hits['owner'][0]]} hits {names[hits['victim'][0]]}: −" in moments[1].words


def test_where_room_is_short_the_weightier_moments_stay(film: Film) -> None:
    stretches = stretches_of(film, Cut())
    everything = key_moments(film, stretches, 1000)
    few = key_moments(film, stretches, 12)
    assert len(few) == 12 and set(few) < set(everything) and few == sorted(few)
    hits = {moment for moment in everything if " hits " in moment.words}
    assert set(everything) - hits < set(few), "starts, ends and deaths of three rounds"
    damage = {moment: float(moment.words.rpartition("−")[2]) for moment in hits}
    left_out = [damage[moment] for moment in hits - set(few)]
    assert min(damage[moment] for moment in hits & set(few)) >= max(left_out)
    spread = [moment.moment.round for moment in key_moments(film, stretches, 2)]
    assert spread == [0, 2]


def test_moments_are_drawn_within_their_stretch(film: Film) -> None:
    stretches = [Stretch(0, 0, 100), Stretch(0, 150, film.rounds[0].last_turn), Stretch(2, 0, 90)]
    for moment, drawn, _ in key_moments(film, stretches, 100):
        assert drawn.round == moment.round and moment.turn <= drawn.turn
        assert any(index == drawn.round and first <= drawn.turn <= last for index, first, last in stretches)


def test_a_sheet_is_as_large_as_asked(film: Film, tmp_path: Path) -> None:
    found = export_film(film, tmp_path / "sheet.png", View(), Cut("0"), "800x600")
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.size == (800, 600) and found.kind == "sheet"
        colours = np.unique(np.array(image).reshape(-1, 3), axis=0)
    assert len(colours) > 50 and found.frames and found.frames <= export.MOST_MOMENTS


def test_the_command_says_what_it_wrote(file: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    facts = json.loads(run(file, "--export", path, "--rounds", 1, "--turns", 40, "--overlay", "waves", "--json"))
    assert facts["kind"] == "picture" and facts["bytes"] == path.stat().st_size and facts["width"] == 1280
    printed = run(file, "--export", path, "--rounds", "0-2", "--size", "800x600")
    assert printed == f"{path}: a sheet, 16 moments, 800x600 px, {path.stat().st_size / 1e6:.2f} MB\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--export", "a.avi"], "a.avi ends in .avi; --export writes .gif, .mp4, .png, .html"),
        (["--export", "a"], "a has no ending"),
        (["--export", "a.gif", "--rounds", "9"], "no round 9, only 0 to 2"),
        (["--export", "a.gif", "--speed", "0"], "--speed is 0; it must be 0.1 to 100"),
        (["--export", "a.html", "--speed", "nan"], "--speed is nan"),
        (["--export", "a.html", "--turns", "1-2"], "--turns is '1-2'; a page holds whole rounds"),
        (["--export", "a.html", "--size", "100x100"], "--size is '100x100'; a page"),
        (["--export", "a.mp4", "--size", "101x100"], "both sides of an .mp4 must be even"),
        (["--export", "a.gif", "--round", "1"], "with --export give --rounds and --turns"),
        (["--export", "a.gif", "--overlay", "nonsense"], "--overlay is 'nonsense'"),
        (["--rounds", "1"], "--rounds is for --export FILE"),
        (["--speed", "2"], "--speed is for --export FILE"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["replay", str(file), *options])
    assert isinstance(result.exception, UserError) and message in str(result.exception)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_before_anything_is_drawn(file: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    (tmp_path / "folder.gif").mkdir()
    for name, message in (("plain/a.gif", "cannot be written"), ("folder.gif", "is a folder")):
        result = CliRunner().invoke(app, ["replay", str(file), "--export", str(tmp_path / name)])
        assert isinstance(result.exception, UserError) and message in str(result.exception)


def test_a_film_of_too_many_frames_is_refused(film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(export.MOST_PICTURES, ".gif", 100)
    with pytest.raises(UserError, match=r"a film of [\d,]+ frames; at most 100 are drawn"):
        export_film(film, tmp_path / "a.gif", View())
    assert list(tmp_path.iterdir()) == []


def test_without_the_encoder_the_command_for_it_is_told(
    film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(UserError, match=r"needs PyAV.*pip install 'beepsim\[film\]'"):
        export_film(film, tmp_path / "a.mp4", View(), Cut("0", "1-9"))


def test_a_library_without_the_codec_is_told(film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    av = pytest.importorskip("av")
    monkeypatch.setattr(av, "codecs_available", {"mpeg4"})
    with pytest.raises(UserError, match=r"no encoder libx264.*pip install --force-reinstall av"):
        export_film(film, tmp_path / "a.mp4", View(), Cut("0", "1-9"))


@pytest.mark.parametrize("name", ["a.gif", "a.mp4", "a.png"])
def test_ctrl_c_leaves_the_file_that_was_there(
    film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name == "a.mp4":
        pytest.importorskip("av")
    (tmp_path / name).write_text("before")
    calls = []
    whole = scene_at

    def interrupted(*arguments: object) -> object:
        calls.append(arguments)
        if len(calls) == (3 if name == "a.png" else 40):
            raise KeyboardInterrupt
        return whole(*arguments)

    monkeypatch.setattr("beepsim.viewer.scene.scene_at", interrupted)
    with pytest.raises(KeyboardInterrupt):
        export_film(film, tmp_path / name, View(), Cut("0", "1-60"), "64x64")
    assert (tmp_path / name).read_text() == "before" and len(list(tmp_path.iterdir())) == 1


def test_ctrl_c_ends_the_command_with_one_line(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("beepsim.viewer.scene.scene_at", interrupted)
    result = CliRunner().invoke(app, ["replay", str(file), "--export", str(tmp_path / "a.gif"), "--rounds", "0"])
    assert result.exit_code == 130 and "a.gif was not written" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shape", [(100, 100_000), (100_000, 100)])
def test_a_strange_field_takes_no_strange_picture(film: Film, tmp_path: Path, shape: tuple[int, int]) -> None:
    """Its sides come from the file: 100 to 100,000 px."""
    header = film.recording.header
    rules = dataclasses.replace(header.rules, width=shape[0], height=shape[1])
    recording = dataclasses.replace(film.recording, header=dataclasses.replace(header, rules=rules))
    strange = dataclasses.replace(film, recording=recording)
    for name in ("a.gif", "a.png"):
        found = export_film(strange, tmp_path / name, View(), Cut("0", "1-5"))
        assert found.width and found.height and found.width * found.height < 4_000_000


def test_a_battle_without_a_shot_can_be_exported(tmp_path: Path) -> None:
    path = tmp_path / "still.battle"
    fight(["sitting_duck", "sitting_duck"], 1, Rules(num_rounds=1, inactivity_time=1), path)
    still = film_of(read_recording(path))
    for name in ("a.html", "a.png"):
        assert export_film(still, tmp_path / name, View(frozenset({"waves"})), beliefs=Beliefs(still, {})).bytes


def test_a_page_needs_no_pygame(file: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from beepsim.cli import app\n"
        "try: app(['replay', sys.argv[1], '--export', sys.argv[2], '--overlay', 'waves'])\n"
        "except SystemExit as end: assert not end.code\n"
        "print('pygame' in sys.modules, 'av' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(file), str(tmp_path / "a.html")]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "False False"
    assert "SDL" not in result.stdout
