"""What may be laid over a battle to see why shots hit or miss: names, keys, and the shapes and blocks of each.

Works from the recording alone. Waves are of duels; where more robots fight, a block says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from beepsim.viewer.airborne import Airborne, airborne_at
from beepsim.viewer.beliefs import Beliefs
from beepsim.viewer.film import Film, Moment
from beepsim.viewer.shapes import Block, Fact, Shape
from beepsim.viewer.view import View
from beepsim.viewer.wave_shapes import escape_shapes, virtual_shapes, wave_shapes

Scenery = Callable[[Airborne, Beliefs, View], Sequence[Shape]]


@dataclass(frozen=True)
class Overlay:
    """Switched on by a letter on the keyboard, and by `--overlay` with its name."""

    key: str
    title: str
    shapes: Scenery


OVERLAYS: dict[str, Overlay] = {
    "escape": Overlay("e", "escape angles of the chosen wave", lambda airborne, *_: escape_shapes(airborne)),
    "virtual-waves": Overlay("v", "waves without a bullet", lambda airborne, *_: virtual_shapes(airborne)),
    "waves": Overlay(
        "w", "waves, guess-factor scale, hit interval as it grows", lambda airborne, *_: wave_shapes(airborne)
    ),
}
"""In the order in which they are drawn."""


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
    return []
