"""Conditions: for `wait_for`, and for custom events (`Condition` and Robocode's ready ones)."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beepsim.robots.advanced import AdvancedRobot


class Condition:
    """Derive from it and write `test`."""

    # Here too, because authors' classes may leave out this class's __init__.
    name: str | None = None
    priority = 80

    def __init__(self, name: str | None = None, priority: int = 80) -> None:
        self.name = name
        self.set_priority(priority)

    def test(self) -> bool:
        """Whether it is fulfilled; must not act."""
        raise NotImplementedError(f"{type(self).__name__} has no test()")

    def get_name(self) -> str:
        return self.name if self.name is not None else type(self).__name__

    def set_name(self, name: str) -> None:
        self.name = name

    def get_priority(self) -> int:
        return self.priority

    def set_priority(self, priority: int) -> None:
        """Of the custom event, within 0 ... 99."""
        self.priority = min(max(int(priority), 0), 99)

    def cleanup(self) -> None:
        """For the author's own use; nobody calls it."""


class OfRobot(Condition):
    """A condition on a robot's remaining motion."""

    def __init__(self, robot: "AdvancedRobot", priority: int = 80) -> None:
        super().__init__(None, priority)
        self._robot = robot


class MoveCompleteCondition(OfRobot):
    def test(self) -> bool:
        return self._robot.get_distance_remaining() == 0.0


class TurnCompleteCondition(OfRobot):
    def test(self) -> bool:
        return self._robot.get_turn_remaining() == 0.0


class GunTurnCompleteCondition(OfRobot):
    def test(self) -> bool:
        return self._robot.get_gun_turn_remaining() == 0.0


class RadarTurnCompleteCondition(OfRobot):
    def test(self) -> bool:
        return self._robot.get_radar_turn_remaining() == 0.0
