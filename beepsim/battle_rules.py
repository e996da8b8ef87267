"""The rules of one battle, in Robocode's words and with its defaults, and the check of what it could not fight by."""

import re
from dataclasses import asdict, dataclass
from typing import Any

from beepsim.engine.state import RULES, World, new_rules
from beepsim.errors import UserError
from beepsim.recording.format import RecordedRules
from beepsim.rules import BULLET_IDS_PER_ROUND

MOST_ROUNDS = (1 << 31) // BULLET_IDS_PER_ROUND
"""More would need bullet ids that Robocode, and a recording, cannot hold."""

PLACE = re.compile(r"\(([^()]*)\)\s*(?:,\s*|$)")
NUMBER = re.compile(r"\d+\.?\d*|\.\d+", re.ASCII)


@dataclass(frozen=True)
class Rules:
    """A battle's rules with Robocode's defaults (35 rounds as in the RoboRumble). UserError for what it refuses.

    `initial_positions` as Robocode writes them, a group for each robot that is to have a place: "(100,200,90),(?,?,?)",
    x and y in px, heading in degrees, `?` for what is drawn once for all rounds.
    """

    width: int = 800
    height: int = 600
    gun_cooling_rate: float = 0.1
    inactivity_time: int = 450
    num_rounds: int = 35
    hide_enemy_names: bool = False
    initial_positions: str | None = None

    def __post_init__(self) -> None:
        for name in ("width", "height", "inactivity_time", "num_rounds"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise UserError(f"rule {name} is {value!r}, it must be a whole number")
        if not isinstance(self.hide_enemy_names, bool):
            raise UserError(f"rule hide_enemy_names is {self.hide_enemy_names!r}, it must be True or False")
        new_rules(**self.numbers())
        for name, most in (("gun_cooling_rate", 10), ("inactivity_time", 100_000), ("num_rounds", MOST_ROUNDS)):
            if getattr(self, name) > most:
                raise UserError(f"rule {name} is {getattr(self, name)}, it must be at most {most}")
        self.places()

    def numbers(self) -> dict[str, Any]:
        """What the engine's record of rules holds."""
        return {name: value for name, value in asdict(self).items() if name != "initial_positions"}

    def places(self) -> list[str]:
        """The groups of `initial_positions`, each checked. Robocode would read a wrong one as something else."""
        text = self.initial_positions
        if text is None:
            return []
        if not isinstance(text, str):
            raise UserError(f"rule initial_positions is {text!r}, it must be a text like (100,200,90),(?,?,?)")
        groups: list[str] = []
        at = 0
        text = text.strip()
        while at < len(text) or not groups:
            found = PLACE.match(text, at)
            if not found:
                raise UserError(
                    f"rule initial_positions is {text!r}; at {text[at : at + 20]!r} it must have a group like "
                    "(100,200,90) or (?,?,?), with commas between the groups"
                )
            groups.append(found.group(1))
            at = found.end()
        for group in groups:
            self.check_place(group)
        return groups

    def check_place(self, group: str) -> None:
        """Raises UserError for a place that has a fourth number, one that is none, or is outside the field."""
        numbers = [number.strip() for number in group.split(",")]
        where = f"rule initial_positions has ({group})"
        if len(numbers) > 3:
            raise UserError(f"{where}: a place has three numbers, x, y and heading")
        for name, number, most in zip(("x", "y", "heading"), numbers, (self.width, self.height, 360), strict=False):
            if number in ("", "?"):
                continue
            if not NUMBER.fullmatch(number) or float(number) > most:
                raise UserError(f"{where}: {name} is {number!r}, it must be ? or a number from 0 to {most}")

    @classmethod
    def of_world(cls, world: World) -> "Rules":
        """The rules of a world; where its robots are placed is the world's own matter."""
        rules = dict(zip(RULES.names or (), world.rules[0].tolist(), strict=True))
        return cls(**rules | {name: int(rules[name]) for name in ("width", "height")})

    def recorded(self) -> RecordedRules:
        """The rules in the recording's words."""
        return RecordedRules(**asdict(self))
