"""A seesaw in the simplest of the types, which knows the last scan and hit as whole numbers."""

from beepsim.robots import JuniorRobot


class MyFirstJuniorRobot(JuniorRobot):
    def run(self) -> None:
        while True:
            self.ahead(100)
            self.turn_gun_right(360)
            self.back(100)
            self.turn_gun_right(360)

    def on_scanned_robot(self) -> None:
        self.turn_gun_to(self.scanned_angle)
        self.fire(1)

    def on_hit_by_bullet(self) -> None:
        self.turn_ahead_left(100, 90 - self.hit_by_bullet_bearing)
