"""RateControlRobot: velocity and turns as rates that hold until they are changed (Robocode's `RateControlRobot`).

px per turn; degrees per turn, clockwise, unless a name ends in `_radians`.
"""

import math

from beepsim.robots.advanced import AdvancedRobot
from beepsim.robots.utils import to_degrees, to_radians


class RateControlRobot(AdvancedRobot):
    """An advanced robot whose `execute` orders what the rates say, in place of all other motion."""

    # Not set in __init__, which authors' classes may leave out.
    _beepsim_velocity_rate = _beepsim_turn_rate = _beepsim_gun_rate = _beepsim_radar_rate = 0.0

    def set_velocity_rate(self, velocity_rate: float) -> None:
        self._beepsim_velocity_rate = velocity_rate

    def get_velocity_rate(self) -> float:
        return self._beepsim_velocity_rate

    def set_turn_rate(self, turn_rate: float) -> None:
        self._beepsim_turn_rate = to_radians(turn_rate)

    def get_turn_rate(self) -> float:
        return to_degrees(self._beepsim_turn_rate)

    def set_turn_rate_radians(self, turn_rate: float) -> None:
        self._beepsim_turn_rate = turn_rate

    def get_turn_rate_radians(self) -> float:
        return self._beepsim_turn_rate

    def set_gun_rotation_rate(self, gun_rotation_rate: float) -> None:
        self._beepsim_gun_rate = to_radians(gun_rotation_rate)

    def get_gun_rotation_rate(self) -> float:
        return to_degrees(self._beepsim_gun_rate)

    def set_gun_rotation_rate_radians(self, gun_rotation_rate: float) -> None:
        self._beepsim_gun_rate = gun_rotation_rate

    def get_gun_rotation_rate_radians(self) -> float:
        return self._beepsim_gun_rate

    def set_radar_rotation_rate(self, radar_rotation_rate: float) -> None:
        self._beepsim_radar_rate = to_radians(radar_rotation_rate)

    def get_radar_rotation_rate(self) -> float:
        return to_degrees(self._beepsim_radar_rate)

    def set_radar_rotation_rate_radians(self, radar_rotation_rate: float) -> None:
        self._beepsim_radar_rate = radar_rotation_rate

    def get_radar_rotation_rate_radians(self) -> float:
        return self._beepsim_radar_rate

    def execute(self) -> None:
        """Orders motion by the rates and ends the turn."""
        rate = self._beepsim_velocity_rate
        self.set_max_velocity(rate)
        self.set_ahead(math.inf if rate > 0.0 else -math.inf if rate < 0.0 else 0.0)
        self.set_turn_gun_right_radians(self._beepsim_gun_rate)
        self.set_turn_radar_right_radians(self._beepsim_radar_rate)
        self.set_turn_right_radians(self._beepsim_turn_rate)
        super().execute()
