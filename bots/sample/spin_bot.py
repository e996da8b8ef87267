"""Drives in circles and fires as hard as it can."""

from beepsim.robots import AdvancedRobot, HitRobotEvent, ScannedRobotEvent


class SpinBot(AdvancedRobot):
    def run(self) -> None:
        while True:
            self.set_turn_right(10000)
            self.set_max_velocity(5)
            self.ahead(10000)  # turns while it moves, since turning was only ordered

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        self.fire(3)

    def on_hit_robot(self, event: HitRobotEvent) -> None:
        if -10 < event.get_bearing() < 10:
            self.fire(3)
        if event.is_my_fault():
            self.turn_right(10)
