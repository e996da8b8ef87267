"""Robocode's old names, which old robots still use; each does what the new name does."""

from beepsim.robots.base import RobotBase


class DeprecatedRobot(RobotBase):
    """`_Robot`."""

    def get_gun_charge(self) -> float:
        """5 - get_gun_heat()."""
        return 5.0 - self._beepsim.gun_heat()

    def get_life(self) -> float:
        """get_energy()."""
        return self._beepsim.energy()

    def get_num_battles(self) -> int:
        """get_num_rounds()."""
        return self.get_num_rounds()  # type: ignore[attr-defined]

    def get_battle_num(self) -> int:
        """get_round_num()."""
        return self.get_round_num()  # type: ignore[attr-defined]

    def set_interruptible(self, interruptible: bool) -> None:
        """Does nothing: only an AdvancedRobot's handlers can be made interruptible."""
