"""A seesaw that looks around at each end and fires at what it sees."""

from beepsim.robots import HitByBulletEvent, Robot, ScannedRobotEvent


class MyFirstRobot(Robot):
    def run(self) -> None:
        while True:
            self.ahead(100)
            self.turn_gun_right(360)
            self.back(100)
            self.turn_gun_right(360)

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        self.fire(1)

    def on_hit_by_bullet(self, event: HitByBulletEvent) -> None:
        self.turn_left(90 - event.get_bearing())
