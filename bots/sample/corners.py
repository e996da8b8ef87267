"""Sits in a corner and sweeps the field with its gun; after a poor round it tries the next corner."""

from beepsim.robots import DeathEvent, Robot, ScannedRobotEvent, Utils


class Corners(Robot):
    corner = 0  # heading of the wall to its left, degrees; kept by the class, so it lasts from round to round

    def run(self) -> None:
        self.others = self.get_others()
        self.stops_for_robots = False
        self.go_to_corner()
        increment = 3
        while True:
            for _ in range(30):
                self.turn_gun_left(increment)
            increment = -increment

    def go_to_corner(self) -> None:
        self.turn_right(Utils.normal_relative_angle_degrees(Corners.corner - self.get_heading()))
        self.stops_for_robots = True  # from here on nobody is only seen because we turn
        self.ahead(5000)
        self.turn_left(90)
        self.ahead(5000)
        self.turn_gun_left(90)

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        if self.stops_for_robots:
            self.stop()
            self.shoot(event.get_distance())
            self.scan()  # if it is still there, this handler begins again
            self.resume()
        else:
            self.shoot(event.get_distance())

    def shoot(self, distance: float) -> None:
        """The nearer the robot, the stronger the shot."""
        if distance > 200 or self.get_energy() < 15:
            self.fire(1)
        elif distance > 50:
            self.fire(2)
        else:
            self.fire(3)

    def on_death(self, event: DeathEvent) -> None:
        if self.others > 0 and self.get_others() / self.others >= 0.75:
            Corners.corner += 90
            if Corners.corner == 270:
                Corners.corner = -90
