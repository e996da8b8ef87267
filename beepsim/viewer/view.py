"""What of a battle is to be seen beyond the battle itself."""

from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """`overlays` by name; `shooter` is whose waves they show; `wave` the turn in which the chosen one was fired, None
    for the one that reaches its target next; `guns` whose beliefs are drawn."""

    overlays: frozenset[str] = frozenset()
    shooter: int = 0
    wave: int | None = None
    guns: tuple[str, ...] = ()
