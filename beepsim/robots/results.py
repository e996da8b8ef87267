"""What events carry: bullets, the robot's own state, the results of a battle.

Degrees unless a name ends in `_radians`, clockwise from north. Source: `Bullet`, `RobotStatus`, `BattleResults`.
"""

from dataclasses import dataclass
from typing import Any

from beepsim.robots.utils import to_degrees
from beepsim.rules import MAX_POWER, MIN_POWER


def described(one: object) -> str:
    """Its class and what its getters return, angles in degrees: what `print` shows of it."""
    getters = [name for name in dir(one) if name.startswith(("get_", "is_")) and not name.endswith("_radians")]
    values = ", ".join(f"{name.removeprefix('get_')}={getattr(one, name)()!r}" for name in getters)
    return f"{type(one).__name__}({values})"


class Bullet:
    """A bullet; one that the robot fired itself moves on while it flies."""

    __slots__ = ("_heading", "_x", "_y", "_power", "_owner", "_victim", "_is_active", "_id", "_tracker")

    def __init__(
        self, heading: float, x: float, y: float, power: float, owner: str, victim: str | None, is_active: bool, id: int
    ) -> None:
        self._heading, self._x, self._y, self._power = heading, x, y, power
        self._owner, self._victim, self._is_active, self._id = owner, victim, is_active, id
        self._tracker: Any = None  # where the robot's own bullets find out how they are

    def get_heading(self) -> float:
        return to_degrees(self._heading)

    def get_heading_radians(self) -> float:
        return self._heading

    def get_x(self) -> float:
        self._update()
        return self._x

    def get_y(self) -> float:
        self._update()
        return self._y

    def get_power(self) -> float:
        return self._power

    def get_velocity(self) -> float:
        """px per turn."""
        return 20.0 - 3.0 * min(max(self._power, MIN_POWER), MAX_POWER)

    def get_name(self) -> str:
        """Of the robot that fired it."""
        return self._owner

    def get_victim(self) -> str | None:
        """Name of the robot that it hit, None while it has hit none."""
        self._update()
        return self._victim

    def is_active(self) -> bool:
        """Whether it still flies."""
        self._update()
        return self._is_active

    def _update(self) -> None:
        if self._tracker is not None:
            self._tracker.update_bullet(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bullet) and other._id == self._id

    def __hash__(self) -> int:
        return self._id

    def __repr__(self) -> str:
        return f"Bullet({self._owner}, power={self._power}, heading={self.get_heading()}, x={self._x}, y={self._y})"


class RobotStatus:
    """The robot at the end of a turn."""

    __slots__ = (
        *("_energy", "_x", "_y", "_heading", "_gun_heading", "_radar_heading", "_velocity"),
        *("_turn_remaining", "_radar_turn_remaining", "_gun_turn_remaining", "_distance_remaining", "_gun_heat"),
        *("_others", "_round_num", "_num_rounds", "_time"),
    )

    def __init__(self, state: tuple[float, ...], remaining: tuple[float, ...], battle: tuple[int, ...]) -> None:
        self._energy, self._x, self._y, self._heading, *rest = state
        self._gun_heading, self._radar_heading, self._velocity, self._gun_heat = rest
        self._turn_remaining, self._radar_turn_remaining, self._gun_turn_remaining, self._distance_remaining = remaining
        self._others, self._round_num, self._num_rounds, self._time = battle

    def get_energy(self) -> float:
        return self._energy

    def get_x(self) -> float:
        return self._x

    def get_y(self) -> float:
        return self._y

    def get_heading(self) -> float:
        return to_degrees(self._heading)

    def get_heading_radians(self) -> float:
        return self._heading

    def get_gun_heading(self) -> float:
        return to_degrees(self._gun_heading)

    def get_gun_heading_radians(self) -> float:
        return self._gun_heading

    def get_radar_heading(self) -> float:
        return to_degrees(self._radar_heading)

    def get_radar_heading_radians(self) -> float:
        return self._radar_heading

    def get_velocity(self) -> float:
        return self._velocity

    def get_turn_remaining(self) -> float:
        return to_degrees(self._turn_remaining)

    def get_turn_remaining_radians(self) -> float:
        return self._turn_remaining

    def get_radar_turn_remaining(self) -> float:
        return to_degrees(self._radar_turn_remaining)

    def get_radar_turn_remaining_radians(self) -> float:
        return self._radar_turn_remaining

    def get_gun_turn_remaining(self) -> float:
        return to_degrees(self._gun_turn_remaining)

    def get_gun_turn_remaining_radians(self) -> float:
        return self._gun_turn_remaining

    def get_distance_remaining(self) -> float:
        return self._distance_remaining

    def get_gun_heat(self) -> float:
        return self._gun_heat

    def get_others(self) -> int:
        return self._others

    def get_num_sentries(self) -> int:
        """Always 0: there are no border sentries here."""
        return 0

    def get_round_num(self) -> int:
        """From 0."""
        return self._round_num

    def get_num_rounds(self) -> int:
        return self._num_rounds

    def get_time(self) -> int:
        return self._time

    def __repr__(self) -> str:
        return described(self)


@dataclass(frozen=True)
class BattleResults:
    """A robot's scores of a battle, rounded as Robocode does."""

    name: str
    rank: int
    score: int
    survival: int
    last_survivor_bonus: int
    bullet_damage: int
    bullet_damage_bonus: int
    ram_damage: int
    ram_damage_bonus: int
    firsts: int
    seconds: int
    thirds: int

    def get_team_leader_name(self) -> str:
        """The robot's own name: there are no teams here."""
        return self.name

    def get_rank(self) -> int:
        """1 is the best."""
        return self.rank

    def get_score(self) -> int:
        return self.score

    def get_survival(self) -> int:
        return self.survival

    def get_last_survivor_bonus(self) -> int:
        return self.last_survivor_bonus

    def get_bullet_damage(self) -> int:
        return self.bullet_damage

    def get_bullet_damage_bonus(self) -> int:
        return self.bullet_damage_bonus

    def get_ram_damage(self) -> int:
        return self.ram_damage

    def get_ram_damage_bonus(self) -> int:
        return self.ram_damage_bonus

    def get_firsts(self) -> int:
        return self.firsts

    def get_seconds(self) -> int:
        return self.seconds

    def get_thirds(self) -> int:
        return self.thirds
