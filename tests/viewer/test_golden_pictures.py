"""Scenes look as the committed pictures do."""

import numpy as np
import pygame
import pytest
from golden_pictures import FOLDER, PICTURES, difference, first_difference, path_of, pixels_of


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_looks_as_it_did(name: str) -> None:
    assert first_difference(name) is None, "scripts/golden_pictures.py draws it anew, if it is to look so"


def test_every_file_is_a_picture() -> None:
    assert {path.stem for path in FOLDER.glob("*.png")} == set(PICTURES)
    assert sum(path.stat().st_size for path in FOLDER.glob("*.png")) < 300_000


def test_the_tolerance_sees_a_shape_that_moved_or_is_missing() -> None:
    duel = pixels_of(pygame.image.load(path_of("duel")))
    assert difference(duel, duel) is None
    assert difference(np.roll(duel, 1, axis=1), duel), "a pixel to the right"
    robot = duel.copy()
    robot[100:200, 60:110] = duel[5, 5]
    assert difference(robot, duel), "a robot left out"
    assert difference(duel[:-1], duel) == "it is 320x239 px, not 320x240"
    assert difference(np.clip(duel + 1, 0, 255), duel), "all a little lighter"
