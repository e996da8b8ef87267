"""Drives along the walls with its gun pointing into the field."""

from beepsim.robots import HitRobotEvent, Robot, ScannedRobotEvent


class Walls(Robot):
    def run(self) -> None:
        longest = max(self.get_battle_field_width(), self.get_battle_field_height())
        self.peek = False  # whether to look once more before driving on
        self.turn_left(self.get_heading() % 90)
        self.ahead(longest)
        self.peek = True
        self.turn_gun_right(90)
        self.turn_right(90)
        while True:
            self.peek = True
            self.ahead(longest)
            self.peek = False
            self.turn_right(90)

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        self.fire(2)
        if self.peek:
            self.scan()

    def on_hit_robot(self, event: HitRobotEvent) -> None:
        if -90 < event.get_bearing() < 90:
            self.back(100)
        else:
            self.ahead(100)
