"""Animated GIFs, written picture by picture: one palette for all, and of each picture only what has changed."""

from collections.abc import Iterable, Sequence
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import GifImagePlugin, Image

COLOURS = 255  # and one that stands for what has not changed
UNCHANGED = 255
EXACT_COLOURS = 64
"""So many of the most frequent colours are kept as they are; the others are gathered."""


class Palette(NamedTuple):
    """`table` [256, 3] u1, the last one unused; `nearest` [2^24] u1 is the place in it of the colour that is nearest to
    each colour, as far as it has been looked for (else UNCHANGED)."""

    table: np.ndarray
    nearest: np.ndarray


def palette_of(samples: Sequence[np.ndarray]) -> Palette:
    """A palette for pictures such as these samples ([H, W, 3] u1)."""
    colours, counts = np.unique(np.concatenate([numbers_of(sample).ravel() for sample in samples]), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    colours, counts = colours[order], counts[order]
    kept = colours[: COLOURS if len(colours) <= COLOURS else EXACT_COLOURS]
    rest = colours[len(kept) :]
    if len(rest):
        # The field's few colours fill most of a picture; by their roots the edges of small things count too.
        weights = np.ceil(np.sqrt(counts[len(kept) :])).astype(int)
        strip = Image.fromarray(rgb_of(np.repeat(rest, weights))[None])
        gathered = strip.quantize(COLOURS - len(kept), Image.Quantize.MEDIANCUT).getpalette() or []
        rest = numbers_of(np.array(gathered, np.uint8).reshape(-1, 3)[: COLOURS - len(kept)])
    table = np.concatenate([kept, rest])
    table = np.concatenate([table, np.full(256 - len(table), table[0])])
    return Palette(rgb_of(table), np.full(1 << 24, UNCHANGED, np.uint8))


def numbers_of(picture: np.ndarray) -> np.ndarray:
    """Colours [..., 3] u1 as one number each."""
    red, green, blue = (picture[..., channel].astype(np.int32) for channel in range(3))
    return red << 16 | green << 8 | blue


def rgb_of(numbers: np.ndarray) -> np.ndarray:
    return np.stack([numbers >> 16 & 255, numbers >> 8 & 255, numbers & 255], axis=-1).astype(np.uint8)


def indices_of(picture: np.ndarray, palette: Palette) -> np.ndarray:
    """The places [H, W] u1 in the palette of the picture's colours [H, W, 3]."""
    numbers = numbers_of(picture)
    found = palette.nearest[numbers]
    new = np.unique(numbers[found == UNCHANGED])
    if not len(new):
        return found
    for some in np.array_split(new, len(new) // 4096 + 1):
        steps = rgb_of(some).astype(np.int32)[:, None] - palette.table[None, :COLOURS].astype(np.int32)
        palette.nearest[some] = (steps**2).sum(axis=2).argmin(axis=1)
    return palette.nearest[numbers]


def write_gif(
    file: BinaryIO, pictures: Iterable[np.ndarray], palette: Palette, rate: float, pause: float, count: int
) -> None:
    """Writes a film of `count` pictures [H, W, 3] that begins again when it has ended; the last is shown for `pause` s
    longer. `rate`: pictures a second."""
    before: np.ndarray | None = None
    for number, picture in enumerate(pictures):
        indices = indices_of(picture, palette)
        height, width = indices.shape
        if before is None:
            file.write(header_of(width, height, palette))
            changed, left, top = indices, 0, 0
        else:
            changed, left, top = changed_part(before, indices)
        # Times are hundredths of a second: each picture ends where it should, so that errors do not add up.
        end = (number + 1) / rate + (pause if number + 1 == count else 0.0)
        hundredths = round(100 * end) - round(100 * number / rate)
        part = image_of(changed, palette)
        options = {"duration": 10 * hundredths, "disposal": 1, "transparency": UNCHANGED}
        for piece in GifImagePlugin.getdata(part, (left, top), **options):
            file.write(piece)
        before = indices
    file.write(b";")


def image_of(indices: np.ndarray, palette: Palette) -> Image.Image:
    image = Image.frombytes("P", (indices.shape[1], indices.shape[0]), np.ascontiguousarray(indices).tobytes())
    image.putpalette(palette.table.tobytes())
    return image


def header_of(width: int, height: int, palette: Palette) -> bytes:
    """The format's head: size, palette of 256 colours, and to begin again for ever."""
    screen = width.to_bytes(2, "little") + height.to_bytes(2, "little") + bytes([0b1111_0111, 0, 0])
    loop = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    return b"GIF89a" + screen + palette.table.tobytes() + loop


def changed_part(before: np.ndarray, now: np.ndarray) -> tuple[np.ndarray, int, int]:
    """The rectangle in which the picture has changed, what has not in it as UNCHANGED; its left and upper edge."""
    has_changed = before != now
    rows, columns = np.flatnonzero(has_changed.any(axis=1)), np.flatnonzero(has_changed.any(axis=0))
    if not len(rows):
        return np.full((1, 1), UNCHANGED, np.uint8), 0, 0
    part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    return np.where(has_changed[part], now[part], UNCHANGED).astype(np.uint8), int(columns[0]), int(rows[0])
