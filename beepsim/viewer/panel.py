"""The panel beside the field: blocks of facts and small graphs, drawn on a pygame surface."""

import math

import pygame

from beepsim.viewer.camera import Box
from beepsim.viewer.colours import FAINT_TEXT, FIELD, PANEL, TEXT, WALL, mixed
from beepsim.viewer.drawing import draw_line, rect_of, text_image
from beepsim.viewer.shapes import Block, Colour, Fact, Graph

PADDING = 12.0  # px, times the unit, as all sizes here
LINE, TITLE_LINE, GRAPH_HEIGHT = 18.0, 24.0, 110.0
TEXT_HEIGHT, TITLE_HEIGHT, LABEL_HEIGHT = 12.0, 13.0, 10.0


def draw_panel(
    surface: pygame.Surface, blocks: tuple[Block, ...], box: Box, unit: float = 1.0, scroll: float = 0.0
) -> None:
    """The blocks one below the other, from `scroll` on; a last line says if there is more."""
    rect = rect_of(box)
    surface.fill(PANEL, rect)
    surface.set_clip(rect)
    left, right = box.left + PADDING * unit, box.left + box.width - PADDING * unit
    room = box.height - 2 * PADDING * unit
    hidden = max(sum(map(height_of, blocks)) * unit - room, 0.0)
    y = box.top + PADDING * unit - min(scroll * unit, hidden)
    for block in blocks:
        if rect.top - height_of(block) * unit < y < rect.bottom:
            draw_block(surface, block, left, right, y, unit)
        y += height_of(block) * unit
    if hidden and scroll * unit < hidden:
        last = pygame.Rect(rect.left, rect.bottom - round(1.2 * LINE * unit), rect.width, round(1.2 * LINE * unit))
        surface.fill(PANEL, last)
        write(surface, "↓ more", left, last.top, unit, FAINT_TEXT)
    surface.set_clip(None)


def height_of(block: Block) -> float:
    """px, to be multiplied by the unit"""
    return TITLE_LINE + LINE * len(block.facts) + GRAPH_HEIGHT * len(block.graphs) + LINE / 2


def draw_block(surface: pygame.Surface, block: Block, left: float, right: float, y: float, unit: float) -> None:
    write(surface, fitting(block.title, right - left, TITLE_HEIGHT * unit), left, y, unit, TEXT, TITLE_HEIGHT)
    y += TITLE_LINE * unit
    for fact in block.facts:
        draw_fact(surface, fact, left, right, y, unit)
        y += LINE * unit
    for graph in block.graphs:
        draw_graph(surface, graph, Box(left, y, right - left, GRAPH_HEIGHT * unit), unit)
        y += GRAPH_HEIGHT * unit


def write(
    surface: pygame.Surface,
    text: str,
    x: float,
    y: float,
    unit: float,
    colour: Colour,
    height: float = TEXT_HEIGHT,
    is_right: bool = False,
) -> pygame.Rect:
    """A text whose upper left corner, or upper right one, is at x, y."""
    image = text_image(text, height * unit, colour)
    return surface.blit(image, (round(x) - image.get_width() * is_right, round(y)))


def draw_fact(surface: pygame.Surface, fact: Fact, left: float, right: float, y: float, unit: float) -> None:
    value = write(surface, fact.value, right, y, unit, TEXT, is_right=True)
    if fact.colour:
        swatch = pygame.Rect(0, 0, round(8 * unit), round(8 * unit))
        swatch.midleft = round(left), value.centery
        pygame.draw.rect(surface, fact.colour, swatch, border_radius=round(2 * unit))
        left += 14 * unit
    write(surface, fitting(fact.name, value.left - left - 6 * unit, TEXT_HEIGHT * unit), left, y, unit, FAINT_TEXT)


def fitting(text: str, width: float, height: float) -> str:
    """The text, or its beginning and … where it is wider than `width`."""
    if text_image(text, height, FAINT_TEXT).get_width() <= width:
        return text
    while text and text_image(text + "…", height, FAINT_TEXT).get_width() > width:
        text = text[:-1]
    return text + "…"


def draw_graph(surface: pygame.Surface, graph: Graph, box: Box, unit: float) -> None:
    """Curves over axes from the smallest to the largest value; `now` is a line, the curves' names stand below."""
    write(surface, graph.title, box.left, box.top, unit, FAINT_TEXT, LABEL_HEIGHT)
    plot = Box(box.left, box.top + 16 * unit, box.width, box.height - 48 * unit)
    surface.fill(FIELD, rect_of(plot))
    xs = [x for curve in graph.curves for x in curve.x if math.isfinite(x)]
    ys = [y for curve in graph.curves for y in curve.y if math.isfinite(y)]
    if xs and ys:
        (low_x, high_x), (low_y, high_y) = limits_of(xs), limits_of([0.0, *ys])

        def place(x: float, y: float) -> tuple[float, float]:
            right, up = (x - low_x) / (high_x - low_x), (y - low_y) / (high_y - low_y)
            return plot.left + right * plot.width, plot.top + (1 - up) * plot.height

        if graph.now is not None and low_x <= graph.now <= high_x:
            draw_line(surface, [place(graph.now, low_y), place(graph.now, high_y)], WALL, unit)
        for curve in graph.curves:
            piece: list[tuple[float, float]] = []
            for x, y in zip(curve.x, curve.y, strict=True):
                if math.isfinite(y):
                    piece.append(place(x, y))
                else:
                    draw_line(surface, piece, curve.colour, 1.5 * unit)
                    piece = []
            draw_line(surface, piece, curve.colour, 1.5 * unit)
        write(surface, f"{high_y:.3g} {graph.y_label}", plot.left + 3, plot.top, unit, FAINT_TEXT, LABEL_HEIGHT)
        first, last = (end_of(value, high_x - low_x) for value in (low_x, high_x))
        write(surface, first, plot.left, plot.top + plot.height + 2, unit, FAINT_TEXT, LABEL_HEIGHT)
        x_label = f"{graph.x_label} {last}"
        write(
            surface, x_label, plot.left + plot.width, plot.top + plot.height + 2, unit, FAINT_TEXT, LABEL_HEIGHT, True
        )
    x, y = plot.left, plot.top + plot.height + 15 * unit
    for curve in graph.curves:
        named = write(surface, curve.name, x, y, unit, mixed(curve.colour, TEXT, 0.15), LABEL_HEIGHT)
        x = named.right + 8 * unit


def end_of(value: float, span: float) -> str:
    """The end of an axis, to a tenth of its length, down: a graph that ends within round 34 ends at 34."""
    places = max(1 - math.floor(math.log10(span)), 0)
    return f"{math.floor(value * 10**places) / 10**places:.{places}f}"


def limits_of(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low, low + 1.0)
