"""Stands still and turns its gun; steps aside when it is hit."""

from beepsim.robots import HitByBulletEvent, HitRobotEvent, Robot, ScannedRobotEvent, Utils


class Fire(Robot):
    def run(self) -> None:
        self.distance = 50
        while True:
            self.turn_gun_right(5)

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        if event.get_distance() < 50 and self.get_energy() > 50:
            self.fire(3)
        else:
            self.fire(1)
        self.scan()  # before the gun turns on

    def on_hit_by_bullet(self, event: HitByBulletEvent) -> None:
        # Across the bullet's path, once this way and once that.
        self.turn_right(Utils.normal_relative_angle_degrees(90 - (self.get_heading() - event.get_heading())))
        self.ahead(self.distance)
        self.distance = -self.distance
        self.scan()

    def on_hit_robot(self, event: HitRobotEvent) -> None:
        angle = event.get_bearing() + self.get_heading() - self.get_gun_heading()
        self.turn_gun_right(Utils.normal_relative_angle_degrees(angle))
        self.fire(3)
