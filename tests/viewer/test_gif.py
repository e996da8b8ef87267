"""GIFs read back by Pillow: the same pictures, at the same times."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageSequence

from beepsim.viewer.gif import changed_part, indices_of, palette_of, write_gif


def written(pictures: list[np.ndarray], rate: float, pause: float = 0.0) -> Image.Image:
    file = io.BytesIO()
    write_gif(file, pictures, palette_of(pictures), rate, pause, len(pictures))
    return Image.open(io.BytesIO(file.getvalue()))


def random_pictures(count: int, colours: int) -> list[np.ndarray]:
    generator = np.random.default_rng(1)
    table = generator.integers(0, 256, (colours, 3)).astype(np.uint8)
    return [table[generator.integers(0, colours, (13, 17))] for _ in range(count)]


def test_few_colours_come_back_exactly() -> None:
    pictures = random_pictures(5, 250)
    found = [np.array(frame.convert("RGB")) for frame in ImageSequence.Iterator(written(pictures, 10))]
    assert len(found) == 5
    for picture, frame in zip(pictures, found, strict=True):
        assert np.array_equal(picture, frame)


def test_many_colours_come_back_close_and_the_frequent_ones_exactly() -> None:
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:32] = 19, 23, 31
    ramp = np.arange(32 * 64).reshape(32, 64)
    picture[32:] = np.stack([ramp // 8, ramp % 256, (ramp * 7) % 256], axis=-1)
    palette = palette_of([picture])
    found = palette.table[indices_of(picture, palette)]
    assert np.array_equal(found[:32], picture[:32])
    assert np.abs(found.astype(int) - picture).mean() < 12


def test_each_picture_ends_where_its_time_ends() -> None:
    pictures = random_pictures(7, 4)
    durations = [frame.info["duration"] for frame in ImageSequence.Iterator(written(pictures, 30, pause=1.0))]
    assert np.cumsum(durations[:-1]).tolist() == [round(100 * n / 30) * 10 for n in range(1, 7)]
    assert sum(durations) == round(100 * (7 / 30 + 1)) * 10


def test_pictures_that_do_not_change_take_next_to_nothing() -> None:
    picture = random_pictures(1, 200)[0]
    file = io.BytesIO()
    write_gif(file, [picture] * 100, palette_of([picture]), 30, 0.0, 100)
    once = io.BytesIO()
    write_gif(once, [picture], palette_of([picture]), 30, 0.0, 1)
    assert len(file.getvalue()) - len(once.getvalue()) < 99 * 30
    assert Image.open(io.BytesIO(file.getvalue())).info["loop"] == 0


def test_only_the_rectangle_of_changes_is_kept() -> None:
    before = np.zeros((6, 8), np.uint8)
    now = before.copy()
    now[2, 3], now[4, 5] = 7, 9
    part, left, top = changed_part(before, now)
    assert (left, top, part.shape) == (3, 2, (3, 3))
    assert part.tolist() == [[7, 255, 255], [255, 255, 255], [255, 255, 9]]


def test_a_single_picture_is_a_film_too(tmp_path: Path) -> None:
    picture = random_pictures(1, 10)[0]
    assert np.array_equal(np.array(written([picture], 30).convert("RGB")), picture)
