"""Never fires; moves on each time that it has lost another 20 energy, by a custom event."""

from beepsim.robots import AdvancedRobot, Condition, CustomEvent


class LowEnergy(Condition):
    """The robot's energy has fallen to its trigger."""

    def __init__(self, robot: "Target") -> None:
        super().__init__("low energy")
        self.robot = robot

    def test(self) -> bool:
        return self.robot.get_energy() <= self.robot.trigger


class Target(AdvancedRobot):
    def run(self) -> None:
        self.trigger = 80
        self.add_custom_event(LowEnergy(self))

    def on_custom_event(self, event: CustomEvent) -> None:
        self.trigger -= 20
        self.turn_left(65)
        self.ahead(100)
