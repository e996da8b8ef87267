"""The page of a battle in headless Chromium: it shows what scene.py shows, and its controls do what they say."""

import base64
import dataclasses
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pygame
import pytest
from browser import BROWSERS, find_browser, run_in_page
from PIL import Image

from beepsim.battle import Rules, fight
from beepsim.recording.format import RobotEntry, read_recording
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.camera import Box, whole_field
from beepsim.viewer.drawing import draw_scene
from beepsim.viewer.export import array_of
from beepsim.viewer.film import Film, Moment, film_of, frame_of, marks_of
from beepsim.viewer.page import write_page
from beepsim.viewer.scene import scene_at
from beepsim.viewer.shapes import Colour
from beepsim.viewer.view import View

pytestmark = pytest.mark.skipif(find_browser() is None, reason=f"none of {', '.join(BROWSERS)} is installed")

PX = 0.1  # how far apart points may lie: positions are rounded to 1/32 px, angles to 1/65536 of a circle
RAD = 0.0005

HELPERS = """
await ready;
const press = (key) => dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const onCanvas = (one, kind, x, y, more = {}) => {
  const { left, top } = one.getBoundingClientRect();
  one.dispatchEvent(new PointerEvent(kind, { clientX: left + x, clientY: top + y, bubbles: true, ...more }));
};
const wheel = (x, y, deltaY) => {
  const { left, top } = canvas.getBoundingClientRect();
  canvas.dispatchEvent(new WheelEvent("wheel", { clientX: left + x, clientY: top + y, deltaY, cancelable: true }));
};
const seen = () => ({ frame: state.frame, playing: state.playing, place: at("place").textContent });
"""


@pytest.fixture(scope="module")
def duel(tmp_path_factory: pytest.TempPathFactory) -> Film:
    path = tmp_path_factory.mktemp("duel") / "duel.battle"
    fight(["circle+linear", "random_mover+head_on"], 3, Rules(num_rounds=3), path)
    return film_of(read_recording(path))


@pytest.fixture(scope="module")
def melee(tmp_path_factory: pytest.TempPathFactory) -> Film:
    path = tmp_path_factory.mktemp("melee") / "melee.battle"
    fight(["sample.Walls", "sample.SpinBot", "sample.Tracker"], 1, Rules(num_rounds=2), path)
    return film_of(read_recording(path))


def open_page(film: Film, folder: Path, script: str, view: View = View(), rounds: list[int] | None = None) -> Any:
    page = folder / "page.html"
    write_page(page, film, rounds or range(len(film.rounds)), view)
    found = run_in_page(page, HELPERS + script, folder)
    assert found["errors"] == [] and found["console"] == []
    return found


def plain_shape(shape: Any) -> dict[str, Any]:
    return {"kind": type(shape).__name__, **dataclasses.asdict(shape)}


def assert_alike(found: Any, expected: Any, where: str, name: str = "") -> None:
    """Equal but for what rounding may move; colours by one step."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), where
        for key, value in expected.items():
            assert_alike(found[key], value, f"{where} {key}", key)
    elif isinstance(expected, Colour):
        assert found == pytest.approx(list(expected), abs=1), where
    elif isinstance(expected, tuple | list):
        assert len(found) == len(expected), where
        for index, (one, other) in enumerate(zip(found, expected, strict=True)):
            assert_alike(one, other, f"{where}[{index}]", name)
    elif isinstance(expected, float):
        near = RAD if name in ("start", "extent") else PX
        turned = abs(found - expected) % (2 * np.pi) if name == "start" else abs(found - expected)
        assert min(turned, 2 * np.pi - turned if name == "start" else turned) <= near, f"{where}: {found}, {expected}"
    elif isinstance(expected, str):
        assert_same_words(found, expected, where)
    else:
        assert found == expected, where


def assert_same_words(found: str, expected: str, where: str) -> None:
    """Equal but for the last digit of numbers."""
    number = r"[+−]?\d+(?:\.\d+)?"
    assert re.sub(number, "#", found) == re.sub(number, "#", expected), where
    for one, other in zip(re.findall(number, found), re.findall(number, expected), strict=True):
        digit = 10.0 ** -len(other.partition(".")[2])
        assert abs(float(one.replace("−", "-")) - float(other.replace("−", "-"))) <= 1.01 * digit, where


def compare_scenes(film: Film, folder: Path, view: View, moments: list[Moment]) -> None:
    script = f"""
    state.view.wave = {json.dumps(view.wave)};
    found.scenes = {json.dumps(moments)}.map(([round, turn]) => [
      sceneAt({{ round, turn }}, state.view), blocksAt({{ round, turn }}, state.view)]);
    """
    scenes = open_page(film, folder, script, view)["scenes"]
    beliefs = Beliefs(film, {}) if view.overlays else None
    for moment, (shapes, blocks) in zip(moments, scenes, strict=True):
        scene = scene_at(film, moment, view, beliefs)
        where = f"round {moment.round} turn {moment.turn}"
        assert_alike(shapes, [plain_shape(shape) for shape in scene.shapes], where)
        blocks_there = [{"title": one.title, "facts": [vars(fact) for fact in one.facts]} for one in scene.panel]
        assert_alike(blocks, blocks_there, where)


def many_moments(film: Film, count: int) -> list[Moment]:
    """Some of each round, its first and last turn, and around hits and deaths."""
    chosen = {Moment(i, turn) for i, part in enumerate(film.rounds) for turn in (0, 1, 2, part.last_turn)}
    chosen |= {mark.moment for mark in marks_of(film)}
    generator = np.random.default_rng(1)
    for index, part in enumerate(film.rounds):
        chosen |= {Moment(index, int(turn)) for turn in generator.integers(0, part.last_turn, count)}
    return sorted(chosen)


def test_a_chosen_wave_is_that_of_the_window(duel: Film, tmp_path: Path) -> None:
    fired = int(duel.rounds[1].bullets["turn_first"][6]) - 1
    owner = int(duel.rounds[1].bullets["owner"][6])
    moments = [Moment(1, turn) for turn in range(fired, fired + 80, 3)]
    compare_scenes(duel, tmp_path, View(frozenset({"waves"}), owner, fired), moments)


@pytest.mark.parametrize("shooter", [0, 1])
def test_scenes_of_a_duel_are_those_of_the_window(duel: Film, shooter: int, tmp_path: Path) -> None:
    compare_scenes(duel, tmp_path, View(frozenset({"waves"}), shooter), many_moments(duel, 100))


def test_scenes_of_a_melee_are_those_of_the_window(melee: Film, tmp_path: Path) -> None:
    compare_scenes(melee, tmp_path, View(), many_moments(melee, 60))


@pytest.mark.parametrize("frame", [40, 230])
def test_the_canvas_looks_as_the_window(duel: Film, frame: int, tmp_path: Path) -> None:
    """The same colours in the same places; letters and the edges of shapes are smoothed in other ways."""
    script = f'seek({frame}); found.picture = canvas.toDataURL("image/png");'
    url = open_page(duel, tmp_path, script, View(frozenset({"waves"})))["picture"]
    with Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))) as image:
        found = np.array(image.convert("RGB")).astype(int)
    height, width, _ = found.shape
    surface = pygame.Surface((width, height))
    scene = scene_at(duel, Moment(0, frame), View(frozenset({"waves"})), Beliefs(duel, {}))
    draw_scene(surface, scene, whole_field(scene.width, scene.height, Box(0, 0, width, height)))
    difference = np.abs(found - array_of(surface)).max(axis=2)
    assert width > 800 and difference.mean() < 1.5 and (difference > 40).mean() < 0.01


def test_positions_are_those_of_the_film(duel: Film, tmp_path: Path) -> None:
    script = "found.x = robots.map(({ x }) => [...x]); found.marks = marksOf();"
    found = open_page(duel, tmp_path, script)
    for robot in (0, 1):
        expected = np.concatenate([part.robots[:, robot]["x"] for part in duel.rounds])
        assert np.abs(np.array(found["x"][robot]) - expected).max() <= 1 / 64
    marks = [{"frame": frame_of(duel, mark.moment), "kind": mark.kind, "robot": mark.robot} for mark in marks_of(duel)]
    key = json.dumps
    assert sorted(found["marks"], key=key) == sorted(marks, key=key)


def test_keys_and_buttons_play_and_step(duel: Film, tmp_path: Path) -> None:
    found = open_page(
        duel,
        tmp_path,
        """
        found.first = seen();
        press("ArrowRight"); press("ArrowRight"); press("ArrowLeft");
        found.stepped = seen();
        press("PageDown"); found.next_round = seen();
        press("PageDown"); press("PageUp"); found.round_before = seen();
        press("."); found.mark = [state.frame, marks.find((mark) => mark.frame > battle.starts[1]).frame];
        press("End"); found.last = seen(); found.end = !at("end").hidden;
        press("Home"); found.home = seen(); found.not_end = at("end").hidden;
        press("ArrowUp"); press("ArrowUp"); found.speed = at("speed").textContent;
        for (let times = 0; times < 20; times++) press("ArrowDown");
        found.slowest = at("speed").textContent;
        for (let times = 0; times < 20; times++) at("speed").nextElementSibling.click();
        found.fastest = at("speed").textContent;
        press(" "); found.plays = state.playing;
        tick(1000); tick(1100);
        found.moved = state.frame;
        at("play").click(); found.paused = seen();
        press("End"); press(" "); found.again = state.frame;
        press(" "); press("?"); found.help = !at("help").hidden; press("Escape"); found.helped = at("help").hidden;
        press("F2"); found.panel = at("panel").hidden;
        """,
    )
    second = duel.starts[1]
    assert found["first"] == {"frame": 0, "playing": False, "place": "round 0, turn 0"}
    assert found["stepped"]["frame"] == 1 and found["next_round"]["frame"] == second
    assert found["next_round"]["place"] == "round 1, turn 0" and found["round_before"]["frame"] == second
    assert found["mark"][0] == found["mark"][1]
    assert found["last"]["frame"] == duel.frames - 1 and found["end"] and found["not_end"]
    assert found["home"]["frame"] == 0
    assert (found["speed"], found["slowest"], found["fastest"]) == ("5×", "0.1×", "100×")
    assert found["plays"] and found["moved"] == pytest.approx(0.1 * 30 * 100) and not found["paused"]["playing"]
    assert found["again"] == 0 and found["help"] and found["helped"] and found["panel"]


def test_the_timeline_seeks_where_it_is_clicked_and_dragged(duel: Film, tmp_path: Path) -> None:
    found = open_page(
        duel,
        tmp_path,
        """
        onCanvas(timeline, "pointerdown", placeOf(500), 20);
        found.clicked = state.frame;
        onCanvas(timeline, "pointermove", placeOf(700), 20);
        found.dragged = state.frame;
        onCanvas(timeline, "pointermove", -50, 20);
        found.before = state.frame;
        onCanvas(timeline, "pointerup", 0, 20);
        onCanvas(timeline, "pointermove", placeOf(300), 20);
        found.released = state.frame;
        """,
    )
    pixel = duel.frames / 1000
    assert abs(found["clicked"] - 500) < pixel and abs(found["dragged"] - 700) < pixel
    assert found["before"] == found["released"] == 0


def test_zoom_keeps_its_point_and_dragging_moves_the_field(duel: Film, tmp_path: Path) -> None:
    found = open_page(
        duel,
        tmp_path,
        """
        found.whole = camera.scale;
        const before = toField(200, 300);
        wheel(200, 300, -400);
        found.kept = [before, toField(200, 300)];
        found.zoomed = camera.scale;
        const grip = toField(400, 400);
        onCanvas(canvas, "pointerdown", 400, 400); onCanvas(canvas, "pointermove", 450, 380);
        onCanvas(canvas, "pointerup", 450, 380);
        found.dragged = [grip, toField(450, 380)];
        press("0"); found.back = camera.scale;
        press("Tab"); press("ArrowRight"); press("ArrowRight");
        const { x, y } = robotAt(0, momentOf(2));
        found.followed = [camera.x - x, camera.y - y, at("follow").value];
        seek(bullets.turn_first[0] + 2);
        const bullet = bulletsAt(momentOf(state.frame)).find(({ exploding }) => !exploding);
        press("Escape");
        onCanvas(canvas, "pointerdown", ...toScreen(bullet.x, bullet.y));
        found.chosen = [state.view.wave, bullets.turn_first[bullet.row] - 1];
        """,
    )
    assert found["zoomed"] > 2 * found["whole"] and found["back"] == found["whole"]
    for before, after in (found["kept"], found["dragged"]):
        assert after == pytest.approx(before, abs=1e-6)
    assert found["followed"] == [0, 0, "0"] and found["chosen"][0] == found["chosen"][1]


def test_hostile_names_stay_text(duel: Film, tmp_path: Path) -> None:
    names = ("</script><img src=x onerror=alert(1)>", "<b>bold</b>{{ 7*7 }}")
    header = duel.recording.header
    robots = tuple(RobotEntry(name, "1", "") for name in names)
    header = dataclasses.replace(header, robots=robots, source="</script><i>a</i>")
    film = dataclasses.replace(duel, recording=dataclasses.replace(duel.recording, header=header))
    script = """
    press("?"); seek(100);
    found.names = [...document.querySelectorAll("#panel section:nth-child(2) .name")].map((one) => one.textContent);
    found.options = [...at("follow").options].map((one) => one.textContent);
    found.elements = document.querySelectorAll("img, b, #help i").length;
    """
    found = open_page(film, tmp_path, script)
    assert found["names"] == [f"{name} 1" for name in names] and found["options"][1:] == found["names"]
    assert found["elements"] == 0


def test_some_rounds_keep_their_numbers_and_scores(duel: Film, tmp_path: Path) -> None:
    script = "found.blocks = battleBlocks({ round: 1, turn: 5 }); found.frames = frames;"
    found = open_page(duel, tmp_path, script, rounds=[0, 2])
    scene = scene_at(duel, Moment(2, 5))
    assert found["frames"] == len(duel.rounds[0].robots) + len(duel.rounds[2].robots)
    assert [fact["value"] for fact in found["blocks"][3]["facts"]] == [fact.value for fact in scene.panel[3].facts]
    assert found["blocks"][0]["facts"][0]["value"] == "2, last 2"
