"""Where the parts of the player's window are; pure. Px of the surface; constants are times `unit`."""

from typing import NamedTuple

from beepsim.viewer.camera import Box

DESIGN_SIZE = 1280.0, 800.0  # of the window in which a unit is one px
UNITS = 0.85, 2.5  # smallest and largest, on a screen of plain density
PANEL_WIDTH, SMALLEST_FIELD = 270.0, 300.0
TIMELINE_HEIGHT, STATUS_HEIGHT = 46.0, 30.0
BUTTON_WIDTH = 40.0


class Layout(NamedTuple):
    """`panel` has no width where it is switched off, or the window too narrow for it."""

    unit: float
    field: Box
    panel: Box
    timeline: Box
    status: Box
    button: Box


def layout_of(width: float, height: float, density: float = 1.0, has_panel: bool = True) -> Layout:
    """The window's parts; `density` are px of the surface for a px of the desktop."""
    grown = min(width / density / DESIGN_SIZE[0], height / density / DESIGN_SIZE[1])
    unit = density * min(max(grown, UNITS[0]), UNITS[1])
    panel = PANEL_WIDTH * unit
    if not has_panel or width - panel < SMALLEST_FIELD * unit:
        panel = 0.0
    status, timeline = STATUS_HEIGHT * unit, TIMELINE_HEIGHT * unit
    below = max(height - status - timeline, 1.0)
    return Layout(
        unit,
        Box(0.0, 0.0, width - panel, below),
        Box(width - panel, 0.0, panel, below),
        Box(0.0, below, width, timeline),
        Box(0.0, below + timeline, width, status),
        Box(0.0, below + timeline, BUTTON_WIDTH * unit, status),
    )
