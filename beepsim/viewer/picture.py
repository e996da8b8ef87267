"""A whole picture of a scene: field and panel, without the controls of a window."""

import pygame

from beepsim.viewer.camera import Box, whole_field
from beepsim.viewer.drawing import draw_scene
from beepsim.viewer.layout import PANEL_WIDTH
from beepsim.viewer.panel import draw_panel
from beepsim.viewer.shapes import Scene


def draw_picture(surface: pygame.Surface, scene: Scene, has_panel: bool = True, unit: float = 1.0) -> None:
    """The whole field as large as it fits, the panel to its right."""
    width, height = surface.get_size()
    panel = min(PANEL_WIDTH * unit, width / 2) if has_panel else 0.0
    draw_scene(surface, scene, whole_field(scene.width, scene.height, Box(0, 0, width - panel, height)), unit)
    if has_panel:
        draw_panel(surface, scene.panel, Box(width - panel, 0, panel, height), unit)
