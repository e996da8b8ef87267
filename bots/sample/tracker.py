"""Holds on to one robot, follows it and fires from near by; looks for another when it has lost it."""

from beepsim.robots import HitRobotEvent, Robot, ScannedRobotEvent, Utils, WinEvent


class Tracker(Robot):
    def run(self) -> None:
        self.tracked: str | None = None
        self.turns_unseen = 0
        self.gun_turn = 10.0
        self.set_adjust_gun_for_robot_turn(True)
        while True:
            self.turn_gun_right(self.gun_turn)
            self.turns_unseen += 1
            if self.turns_unseen > 2:
                self.gun_turn = -10
            if self.turns_unseen > 5:
                self.gun_turn = 10
            if self.turns_unseen > 11:
                self.tracked = None

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        if self.tracked is not None and event.get_name() != self.tracked:
            return
        self.tracked = event.get_name()
        self.turns_unseen = 0
        self.aim(event)
        if event.get_distance() > 150:
            self.turn_right(event.get_bearing())
            self.ahead(event.get_distance() - 140)
            return
        self.fire(3)
        if event.get_distance() < 100:
            if -90 < event.get_bearing() <= 90:
                self.back(40)
            else:
                self.ahead(40)
        self.scan()

    def on_hit_robot(self, event: HitRobotEvent) -> None:
        self.tracked = event.get_name()
        self.aim(event)
        self.fire(3)
        self.back(50)

    def on_win(self, event: WinEvent) -> None:
        for _ in range(50):
            self.turn_right(30)
            self.turn_left(30)

    def aim(self, event: ScannedRobotEvent | HitRobotEvent) -> None:
        angle = event.get_bearing() + (self.get_heading() - self.get_radar_heading())
        self.gun_turn = Utils.normal_relative_angle_degrees(angle)
        self.turn_gun_right(self.gun_turn)
