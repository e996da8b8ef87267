"""The setting `power` of guns: 0 for the usual power (see compiled.py), else the power of every shot.

A gun takes `SETTINGS = {**POWER, ...}`, keeps `power_of(settings)` in its memory, and asks `bullet_power` each turn.
"""

from collections.abc import Mapping
from typing import Any

from beepsim.errors import UserError
from beepsim.rules import MAX_POWER, MIN_POWER

POWER = {"power": 0.0}


def power_of(settings: Mapping[str, Any]) -> float:
    """Raises UserError for a power that no bullet can have."""
    power = float(settings["power"])
    if power != 0.0 and not MIN_POWER <= power <= MAX_POWER:
        raise UserError(f"power is {power:g}; it must be 0 (the usual power) or from {MIN_POWER:g} to {MAX_POWER:g}")
    return power
