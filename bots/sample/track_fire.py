"""Stands still and keeps its gun on the robot it sees; the better it aims, the harder it fires."""

from beepsim.robots import Robot, ScannedRobotEvent, Utils, WinEvent


class TrackFire(Robot):
    def run(self) -> None:
        while True:
            self.turn_gun_right(10)

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        bearing = self.get_heading() + event.get_bearing()
        gun_bearing = Utils.normal_relative_angle_degrees(bearing - self.get_gun_heading())
        self.turn_gun_right(gun_bearing)
        if abs(gun_bearing) <= 3 and self.get_gun_heat() == 0:
            self.fire(min(3 - abs(gun_bearing), self.get_energy() - 0.1))
        if gun_bearing == 0:
            self.scan()  # nothing turns, so nothing would be seen

    def on_win(self, event: WinEvent) -> None:
        self.turn_right(36000)
