"""Drives at whomever it sees; rams, and fires hard, but never so hard that the shot would kill instead of the ram."""

from beepsim.robots import HitRobotEvent, Robot, ScannedRobotEvent


class RamFire(Robot):
    def run(self) -> None:
        self.side = 1  # where the other robot was last: 1 right, -1 left
        while True:
            self.turn_right(5 * self.side)

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        self.side = 1 if event.get_bearing() >= 0 else -1
        self.turn_right(event.get_bearing())
        self.ahead(event.get_distance() + 5)
        self.scan()

    def on_hit_robot(self, event: HitRobotEvent) -> None:
        self.side = 1 if event.get_bearing() >= 0 else -1
        self.turn_right(event.get_bearing())
        for least_energy, power in ((16, 3), (10, 2), (4, 1), (2, 0.5), (0.4, 0.1)):
            if event.get_energy() > least_energy:
                self.fire(power)
                break
        self.ahead(40)
