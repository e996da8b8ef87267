"""JuniorRobot: whole numbers, fields instead of getters, handlers without arguments (Robocode's `JuniorRobot`).

Degrees clockwise from north, px, turns. Every call ends at least one turn. Numbers are rounded as `(int)(value + 0.5)`.
"""

from typing import Any

from beepsim.robots import proxy as fields
from beepsim.robots.base import RobotBase
from beepsim.robots.events import HitByBulletEvent, HitRobotEvent, HitWallEvent, ScannedRobotEvent, StatusEvent
from beepsim.robots.utils import Utils, to_degrees, to_radians

NOTHING, NO_VELOCITY = -1, -99  # fields of what was not scanned or hit in this turn


def rounded(value: float) -> int:
    return int(value + 0.5)


class JuniorRobot(RobotBase):
    """The simplest robot. `run` is called again and again."""

    black, white, red, orange, yellow = 0x000000, 0xFFFFFF, 0xFF0000, 0xFFA500, 0xFFFF00
    green, blue, purple, brown, gray = 0x008000, 0x0000FF, 0x800080, 0x8B4513, 0x808080

    field_width = field_height = 0
    others = energy = robot_x = robot_y = heading = gun_heading = 0
    gun_bearing = 0  # of the gun relative to the body
    gun_ready = False  # the gun is cool
    scanned_distance = scanned_angle = scanned_bearing = scanned_heading = scanned_energy = NOTHING
    scanned_velocity = NO_VELOCITY
    hit_by_bullet_angle = hit_by_bullet_bearing = NOTHING
    hit_robot_angle = hit_robot_bearing = NOTHING
    hit_wall_angle = hit_wall_bearing = NOTHING

    _beepsim_fire_power = 0.0  # of the shot that waits for a cool gun
    _beepsim_turn = 0

    # --- calls ---

    def ahead(self, distance: int) -> None:
        self._beepsim.move(float(distance))

    def back(self, distance: int) -> None:
        self.ahead(-distance)

    def turn_left(self, degrees: int) -> None:
        self.turn_right(-degrees)

    def turn_right(self, degrees: int) -> None:
        self._beepsim.turn_body(to_radians(degrees))

    def turn_to(self, angle: int) -> None:
        """Turns the body to this heading, the shorter way."""
        proxy = self._beepsim
        proxy.turn_body(Utils.normal_relative_angle(to_radians(angle) - proxy.see(fields.HEADING)))

    def turn_gun_left(self, degrees: int) -> None:
        self.turn_gun_right(-degrees)

    def turn_gun_right(self, degrees: int) -> None:
        self._beepsim.turn_gun(to_radians(degrees))

    def turn_gun_to(self, angle: int) -> None:
        """Turns the gun to this heading, the shorter way."""
        proxy = self._beepsim
        proxy.turn_gun(Utils.normal_relative_angle(to_radians(angle) - proxy.see(fields.GUN_HEADING)))

    def bear_gun_to(self, angle: int) -> None:
        """Turns the gun to this angle from the body's heading, the shorter way."""
        proxy = self._beepsim
        heading = proxy.see(fields.HEADING) + to_radians(angle)
        proxy.turn_gun(Utils.normal_relative_angle(heading - proxy.see(fields.GUN_HEADING)))

    def turn_ahead_left(self, distance: int, degrees: int) -> None:
        self.turn_ahead_right(distance, -degrees)

    def turn_ahead_right(self, distance: int, degrees: int) -> None:
        """Drives along an arc: both at once, slowed down so that they end together."""
        turn_and_move(self._beepsim, float(distance), to_radians(degrees))

    def turn_back_left(self, distance: int, degrees: int) -> None:
        self.turn_ahead_right(-distance, degrees)

    def turn_back_right(self, distance: int, degrees: int) -> None:
        self.turn_ahead_right(-distance, -degrees)

    def do_nothing(self, turns: int = 1) -> None:
        for _ in range(turns):
            self._beepsim.tick()

    def fire(self, power: float = 1.0) -> None:
        """Fires as soon as the gun is cool and has turned; ends one turn only."""
        self._beepsim_fire_power = power
        self._beepsim.awaits_turn = power > 0.0
        self._beepsim.tick()

    def set_colors(
        self, body_color: int, gun_color: int, radar_color: int, bullet_color: int = 0, scan_arc_color: int = 0
    ) -> None:
        self._beepsim.count_set()

    # --- handlers ---

    def on_scanned_robot(self) -> None:
        """The fields scanned_... tell of it."""

    def on_hit_by_bullet(self) -> None:
        """The fields hit_by_bullet_... tell of it."""

    def on_hit_robot(self) -> None:
        """The fields hit_robot_... tell of it."""

    def on_hit_wall(self) -> None:
        """The fields hit_wall_... tell of it."""

    def _beepsim_listener(self) -> Any:
        return JuniorListener(self)

    def _beepsim_status(self) -> bool:
        return True

    def _beepsim_may_park(self) -> bool:
        return True  # its fields are as good as new once it is called again

    def _beepsim_live(self) -> None:
        view = self._beepsim.view
        self.field_width, self.field_height = rounded(view[fields.WIDTH]), rounded(view[fields.HEIGHT])
        while True:
            turn = self._beepsim_turn
            self.run()
            if turn == self._beepsim_turn:
                self._beepsim.rescan()


class JuniorListener:
    """Turns events into fields and calls without arguments (`JuniorRobot.InnerEventHandler`)."""

    def __init__(self, robot: JuniorRobot) -> None:
        self.robot, self.proxy = robot, robot._beepsim

    def on_status(self, event: StatusEvent) -> None:
        robot, proxy, status = self.robot, self.proxy, event.get_status()
        robot.others = status.get_others()
        robot.energy = max(1, rounded(status.get_energy()))
        robot.robot_x, robot.robot_y = rounded(status.get_x()), rounded(status.get_y())
        robot.heading, robot.gun_heading = rounded(status.get_heading()), rounded(status.get_gun_heading())
        # Robocode takes the difference of degrees for radians here.
        bearing = Utils.normal_relative_angle(status.get_gun_heading() - status.get_heading())
        robot.gun_bearing = rounded(bearing)
        robot.gun_ready = status.get_gun_heat() <= 0.0
        robot._beepsim_turn = event.get_time()
        if robot._beepsim_fire_power > 0.0 and robot.gun_ready and proxy.orders[fields.GUN_TURN] == 0.0:
            if proxy.order_shot(robot._beepsim_fire_power):
                robot.gun_ready, robot._beepsim_fire_power = False, 0.0
                proxy.awaits_turn = False
        robot.scanned_distance = robot.scanned_angle = robot.scanned_bearing = NOTHING
        robot.scanned_heading = robot.scanned_energy = NOTHING
        robot.scanned_velocity = NO_VELOCITY
        robot.hit_by_bullet_angle = robot.hit_by_bullet_bearing = NOTHING
        robot.hit_robot_angle = robot.hit_robot_bearing = NOTHING
        robot.hit_wall_angle = robot.hit_wall_bearing = NOTHING

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None:
        robot = self.robot
        robot.scanned_distance = rounded(event.get_distance())
        robot.scanned_energy = max(1, rounded(event.get_energy()))
        robot.scanned_angle, robot.scanned_bearing = self.angle_of(event)
        robot.scanned_heading = rounded(event.get_heading())
        robot.scanned_velocity = rounded(event.get_velocity())
        robot.on_scanned_robot()

    def on_hit_by_bullet(self, event: HitByBulletEvent) -> None:
        self.robot.hit_by_bullet_angle, self.robot.hit_by_bullet_bearing = self.angle_of(event)
        self.robot.on_hit_by_bullet()

    def on_hit_robot(self, event: HitRobotEvent) -> None:
        self.robot.hit_robot_angle, self.robot.hit_robot_bearing = self.angle_of(event)
        self.robot.on_hit_robot()

    def on_hit_wall(self, event: HitWallEvent) -> None:
        self.robot.hit_wall_angle, self.robot.hit_wall_bearing = self.angle_of(event)
        self.robot.on_hit_wall()

    def on_robot_death(self, event: Any) -> None:
        self.robot.others = self.proxy.see_int(fields.OTHERS)

    def ignore(self, event: Any) -> None:
        """A junior robot is not told."""

    on_bullet_hit = on_bullet_hit_bullet = on_bullet_missed = ignore
    on_win = on_death = on_round_ended = on_battle_ended = ignore

    def angle_of(self, event: Any) -> tuple[int, int]:
        """Heading and bearing of what an event is about."""
        heading = Utils.normal_absolute_angle(self.proxy.see(fields.HEADING) + event.get_bearing_radians())
        return rounded(to_degrees(heading)), rounded(event.get_bearing())


def turn_and_move(proxy: Any, distance: float, angle: float) -> None:
    """Drives `distance` px and turns by `angle` rad along an arc (`JuniorRobotProxy.turnAndMove`)."""
    if distance == 0.0:
        proxy.turn_body(angle)
        return
    orders = proxy.orders
    saved = orders[fields.MAX_VELOCITY], orders[fields.MAX_TURN_RATE]
    length = abs(distance)
    fastest = min(8.0, 10.0 / (abs(to_degrees(angle)) / length + 0.75))
    orders[fields.MAX_VELOCITY] = fastest
    proxy.order_move(distance)
    proxy.order_turn(angle)
    for _ in range(turns_needed(length, fastest) + 1):
        orders[fields.MAX_TURN_RATE] = min(abs(proxy.view[fields.VELOCITY] * angle / length), 0.17453292519943295)
        proxy.tick()
    orders[fields.MAX_VELOCITY], orders[fields.MAX_TURN_RATE] = saved


def turns_needed(length: float, fastest: float) -> int:
    """Turns for `length` px, reckoned with speeds of whole numbers up to `fastest`."""
    accelerating = braking = turns = 0
    speed = 1
    while speed < fastest:
        accelerating += speed
        brakes = speed > 2 and speed % 2 > 0
        if brakes:
            braking += speed - 2
        if accelerating + braking >= length:
            break
        turns += 2 if brakes else 1
        speed += 1
    if accelerating + braking < length:
        turns += int((length - accelerating - braking) / fastest + 1.0)
    return turns
