"""Plain shapes of a scene: what every way of drawing draws, and nothing that any of them needs to know beyond it.

Positions and sizes in px of the battlefield, x to the right, y up (its origin is the lower left corner); angles in
radians clockwise from north. Widths of lines and heights of text are px of the screen, so that they stay readable at
every zoom. Colours are RGBA, 0 to 255. Shapes are drawn in their order.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Colour(NamedTuple):
    red: int
    green: int
    blue: int
    alpha: int = 255


@dataclass(frozen=True)
class Polygon:
    """Closed; filled, outlined or both."""

    points: tuple[tuple[float, float], ...]
    fill: Colour | None = None
    outline: Colour | None = None
    width: float = 1.0


@dataclass(frozen=True)
class Line:
    """Through its points, open."""

    points: tuple[tuple[float, float], ...]
    colour: Colour
    width: float = 1.0


@dataclass(frozen=True)
class Circle:
    x: float
    y: float
    radius: float
    fill: Colour | None = None
    outline: Colour | None = None
    width: float = 1.0


@dataclass(frozen=True)
class Arc:
    """Part of a circle's line from angle `start`, clockwise by `extent`; with `fill` the sector to the centre."""

    x: float
    y: float
    radius: float
    start: float
    extent: float
    colour: Colour | None = None
    fill: Colour | None = None
    width: float = 1.0


@dataclass(frozen=True)
class Text:
    """`anchor` is the point of the text that lies at x, y: "centre", "left", "right" (each at half its height), or
    where the text lies, in the middle of its width: "above" or "below"."""

    x: float
    y: float
    text: str
    colour: Colour
    height: float = 12.0
    anchor: str = "centre"


Shape = Polygon | Line | Circle | Arc | Text


@dataclass(frozen=True)
class Fact:
    """A line of the panel: what, its value with unit, and a colour where it belongs to something drawn in it."""

    name: str
    value: str
    colour: Colour | None = None


@dataclass(frozen=True)
class Curve:
    """A line of a graph: x and y values, in the graph's units; NaN breaks it."""

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    colour: Colour


@dataclass(frozen=True)
class Graph:
    """A small graph of the panel; `now` is marked on its x axis."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    now: float | None = None


@dataclass(frozen=True)
class Block:
    """A part of the panel beside the field: a heading, facts, graphs."""

    title: str
    facts: tuple[Fact, ...] = ()
    graphs: tuple[Graph, ...] = ()


@dataclass(frozen=True)
class Scene:
    """One moment of a battle: the field's size in px, its shapes, and the panel."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    panel: tuple[Block, ...] = ()
