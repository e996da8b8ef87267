"""Whole numbers of a film for a page: small, exact where they are to be, refused where too many."""

import base64
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from beepsim.battle import Rules, fight
from beepsim.errors import UserError
from beepsim.recording.format import read_recording
from beepsim.viewer import packing
from beepsim.viewer.film import DEAD, Film, film_of
from beepsim.viewer.page import write_page
from beepsim.viewer.page_waves import wave_columns
from beepsim.viewer.view import View


@pytest.fixture(scope="module")
def duel(tmp_path_factory: pytest.TempPathFactory) -> Film:
    path = tmp_path_factory.mktemp("packing") / "duel.battle"
    fight(["circle+linear", "random_mover+head_on"], 5, Rules(num_rounds=2), path)
    return film_of(read_recording(path))


@given(arrays.arrays(np.int64, st.integers(0, 40), elements=st.integers(-(2**31) + 1, 2**31 - 1)))
def test_planes_hold_every_number(values: np.ndarray) -> None:
    planes = packing.planes_of(values)
    numbers = sum((np.frombuffer(plane, np.uint8).astype(np.int64) << 8 * i for i, plane in enumerate(planes)))
    assert np.array_equal(np.where(numbers % 2, -(numbers + 1) // 2, numbers // 2), values)


def test_turns_go_the_shorter_way_round() -> None:
    half = packing.ANGLE_UNITS // 2
    assert packing.turned(np.array([1, -1, packing.ANGLE_UNITS - 1, half, -half - 1])).tolist() == [
        1,
        -1,
        -1,
        -half,
        half - 1,
    ]


def test_most_of_a_position_is_foretold(duel: Film) -> None:
    """Robots go where velocity and heading lead, but at walls."""
    robots = duel.rounds[0].robots
    columns = packing.robot_columns(robots[(robots["state"] != DEAD).all(axis=1)])
    assert np.mean(np.abs(columns["x0"][1:]) <= 1) > 0.95 and np.mean(np.abs(columns["y1"][1:]) <= 1) > 0.95


def test_a_page_takes_few_bytes(duel: Film, tmp_path: Path) -> None:
    """35 rounds of a long battle have 400,000 robot-turns: 8 bytes for each would be 3.2 MB."""
    packed = packing.pack_rounds(duel.rounds, wave_columns(duel, range(2)))
    robot_turns = sum(part.robots.size for part in duel.rounds)
    assert len(packed.base64) < 8 * robot_turns
    size = sum(column["length"] * column["planes"] for column in packed.layout)
    assert len(zlib.decompress(base64.b64decode(packed.base64))) == size


def test_every_bullet_that_was_aimed_has_its_wave(duel: Film) -> None:
    columns = wave_columns(duel, range(2))
    bullets = np.concatenate([part.bullets for part in duel.rounds])
    has_wave = columns["orbit"] != 0
    assert len(has_wave) == len(bullets) and has_wave.mean() > 0.9
    assert (columns["left"][has_wave] > 0).all() and (columns["broke"][has_wave] > 0).all()
    hit = has_wave & (bullets["state_last"] == 2)
    flight = bullets["turn_last"] - bullets["turn_first"]
    assert (np.abs(columns["broke"] - flight)[hit] < 8).all(), "a wave passes when its bullet hits, or soon after"


def test_the_same_film_gives_the_same_page(duel: Film, tmp_path: Path) -> None:
    for name in ("a.html", "b.html"):
        write_page(tmp_path / name, duel, [0, 1], View(frozenset({"waves"})))
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()


def test_too_much_for_a_browser_is_refused(duel: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_ROBOT_TURNS", 100)
    with pytest.raises(UserError, match=r"robot-turns .* at most 100 .* --rounds"):
        write_page(tmp_path / "page.html", duel, [0, 1], View())
    assert not (tmp_path / "page.html").exists()


def test_overlays_that_a_page_lacks_are_named(duel: Film, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'densities', only waves"):
        write_page(tmp_path / "page.html", duel, [0], View(frozenset({"waves", "densities"})))
