"""Does nothing."""

from beepsim.robots import AdvancedRobot


class SittingDuck(AdvancedRobot):
    pass
