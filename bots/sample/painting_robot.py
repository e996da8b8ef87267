"""MyFirstRobot once more: in Robocode it also shows how to paint, here nothing is painted."""

from beepsim.robots import HitByBulletEvent, Robot, ScannedRobotEvent


class PaintingRobot(Robot):
    def run(self) -> None:
        while True:
            self.ahead(100)
            self.turn_gun_right(360)
            self.back(100)
            self.turn_gun_right(360)

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        self.fire(1)

    def on_hit_by_bullet(self, event: HitByBulletEvent) -> None:
        self.set_debug_property("lastHitBy", f"{event.get_name()} with power {event.get_power()}")
        self.turn_left(90 - event.get_bearing())
