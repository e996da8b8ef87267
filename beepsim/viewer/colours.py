"""Colours of the viewer: a dark field, and robots told apart by people who see colours differently too.

The robots' colours are those of Okabe and Ito ("Color Universal Design", 2008), the dark ones lightened for a dark
field; recordings hold no colours of their own.
"""

from beepsim.viewer.shapes import Colour

SURROUNDINGS = Colour(10, 12, 17)
FIELD = Colour(19, 23, 31)
WALL = Colour(74, 84, 102)
PANEL = Colour(15, 18, 25)
TEXT = Colour(222, 226, 233)
FAINT_TEXT = Colour(140, 149, 164)
DEAD_ROBOT = Colour(128, 134, 146, 70)
FLASH = Colour(255, 236, 179)

ROBOT_COLOURS = (
    Colour(240, 150, 40),  # orange
    Colour(86, 180, 233),  # sky blue
    Colour(48, 188, 146),  # bluish green
    Colour(240, 228, 66),  # yellow
    Colour(222, 130, 180),  # reddish purple
    Colour(232, 100, 60),  # vermilion
    Colour(105, 140, 235),  # blue
    Colour(200, 204, 212),  # grey
)


def robot_colour(robot: int) -> Colour:
    """The colour of a robot and of all that is its own; after eight they come again, lighter."""
    colour = ROBOT_COLOURS[robot % len(ROBOT_COLOURS)]
    for _ in range(min(robot // len(ROBOT_COLOURS), 3)):
        colour = mixed(colour, TEXT, 0.45)
    return colour


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """A colour between the two; 0: the one, 1: the other."""
    return Colour(*(round(a + (b - a) * share) for a, b in zip(one, other, strict=True)))


def faded(colour: Colour, share: float) -> Colour:
    """The colour with that share of its opacity."""
    return colour._replace(alpha=round(colour.alpha * min(max(share, 0.0), 1.0)))
