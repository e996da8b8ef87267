"""What may be laid over a battle to see why shots hit or miss: names, keys, and the shapes and blocks of each.

Works from the recording alone. Waves are of duels; where more robots fight, a block says so.
"""

from collections.abc import Callable
from dataclasses import dataclass

from beepsim.viewer.airborne import Airborne, airborne_at
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.dangers import surfing_blocks, surfing_shapes
from beepsim.viewer.densities import (
    candidate_blocks,
    candidate_shapes,
    density_shapes,
    gun_blocks,
    virtual_bullets,
)
from beepsim.viewer.film import Film, Moment
from beepsim.viewer.hit_rates import hit_rate_blocks
from beepsim.viewer.shapes import Block, Fact, Shape
from beepsim.viewer.view import View
from beepsim.viewer.wave_facts import feature_blocks, wave_blocks
from beepsim.viewer.wave_shapes import escape_shapes, virtual_shapes, wave_shapes

Shapes = Callable[[Airborne, Beliefs, View], list[Shape]]
Blocks = Callable[[Airborne, Beliefs, View], list[Block]]


@dataclass(frozen=True)
class Overlay:
    """Switched on by a letter on the keyboard, and by `--overlay` with its name."""

    key: str
    title: str
    shapes: Shapes = lambda *_: []
    blocks: Blocks = lambda *_: []


OVERLAYS: dict[str, Overlay] = {
    "escape": Overlay("e", "escape angles", lambda airborne, *_: escape_shapes(airborne)),
    "virtual-waves": Overlay("v", "waves without a bullet", lambda airborne, *_: virtual_shapes(airborne)),
    "surfing": Overlay(
        "s",
        "danger of the target's ways",
        lambda airborne, beliefs, _: surfing_shapes(airborne, beliefs),
        lambda airborne, beliefs, _: surfing_blocks(airborne, beliefs),
    ),
    "densities": Overlay("d", "what guns believe", density_shapes, gun_blocks),
    "waves": Overlay(
        "w",
        "waves, guess factors, hit intervals",
        lambda airborne, *_: wave_shapes(airborne),
        lambda airborne, *_: wave_blocks(airborne),
    ),
    "candidates": Overlay("c", "heaviest past waves", candidate_shapes, candidate_blocks),
    "bullets": Overlay("b", "virtual bullets of all guns", virtual_bullets, gun_blocks),
    "hit-rates": Overlay("h", "hit rates over the battle", blocks=hit_rate_blocks),
    "features": Overlay("i", "features of the wave", blocks=feature_blocks),
}
"""In the order in which they are drawn."""
PANEL = ("waves", "densities", "bullets", "surfing", "hit-rates", "candidates", "features")
"""The order of the blocks."""


def overlay_shapes(film: Film, moment: Moment, view: View, beliefs: Beliefs) -> list[Shape]:
    """The shapes of the overlays that are switched on."""
    if not view.overlays or len(film.names) != 2:
        return []
    airborne = airborne_at(beliefs, moment, view)
    return [
        shape
        for name, overlay in OVERLAYS.items()
        if name in view.overlays
        for shape in overlay.shapes(airborne, beliefs, view)
    ]


def overlay_blocks(film: Film, moment: Moment, view: View, beliefs: Beliefs) -> list[Block]:
    """The panel's blocks of the overlays that are switched on."""
    if not view.overlays:
        return []
    if len(film.names) != 2:
        return [Block("Waves", (Fact("overlays", f"are for duels; {len(film.names)} robots fight here"),))]
    airborne = airborne_at(beliefs, moment, view)
    blocks: dict[str, Block] = {}
    for name in PANEL:
        if name in view.overlays:
            blocks |= {block.title: block for block in OVERLAYS[name].blocks(airborne, beliefs, view)}
    return list(blocks.values())
