"""Goes four forward and six back, by rates that hold until they are changed."""

from beepsim.robots import HitByBulletEvent, HitWallEvent, RateControlRobot, ScannedRobotEvent


class VelociRobot(RateControlRobot):
    def run(self) -> None:
        turns = 0
        self.set_gun_rotation_rate(15)
        while True:
            if turns % 64 == 0:
                self.set_turn_rate(0)
                self.set_velocity_rate(4)
            if turns % 64 == 32:
                self.set_velocity_rate(-6)
            turns += 1
            self.execute()

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        self.fire(1)

    def on_hit_by_bullet(self, event: HitByBulletEvent) -> None:
        self.set_turn_rate(5)

    def on_hit_wall(self, event: HitWallEvent) -> None:
        self.set_velocity_rate(-self.get_velocity_rate())
