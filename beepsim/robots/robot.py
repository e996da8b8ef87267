"""Robot: the calls that wait, and what every robot can ask (Robocode's `Robot`).

Degrees clockwise from north, px from the lower left corner, turns. A call that acts returns when the action is done.
"""

from typing import Any

from beepsim.robots import proxy as fields
from beepsim.robots.deprecated import DeprecatedRobot
from beepsim.robots.events import (
    BattleEndedEvent,
    BulletHitBulletEvent,
    BulletHitEvent,
    BulletMissedEvent,
    DeathEvent,
    HitByBulletEvent,
    HitRobotEvent,
    HitWallEvent,
    RobotDeathEvent,
    RoundEndedEvent,
    ScannedRobotEvent,
    StatusEvent,
    WinEvent,
)
from beepsim.robots.interrupts import RobotException
from beepsim.robots.results import Bullet
from beepsim.robots.utils import PI, to_radians


class Robot(DeprecatedRobot):
    """A robot with calls that wait: derive from it, write `run` and handlers `on_...`."""

    # --- blocking calls ---

    def ahead(self, distance: float) -> None:
        """Drives forwards; negative: backwards."""
        self._beepsim.move(distance)

    def back(self, distance: float) -> None:
        self._beepsim.move(-distance)

    def turn_left(self, degrees: float) -> None:
        self._beepsim.turn_body(-to_radians(degrees))

    def turn_right(self, degrees: float) -> None:
        self._beepsim.turn_body(to_radians(degrees))

    def turn_gun_left(self, degrees: float) -> None:
        self._beepsim.turn_gun(-to_radians(degrees))

    def turn_gun_right(self, degrees: float) -> None:
        self._beepsim.turn_gun(to_radians(degrees))

    def turn_radar_left(self, degrees: float) -> None:
        self._beepsim.turn_radar(-to_radians(degrees))

    def turn_radar_right(self, degrees: float) -> None:
        self._beepsim.turn_radar(to_radians(degrees))

    def do_nothing(self) -> None:
        """Ends the turn."""
        self._beepsim.tick()

    def fire(self, power: float) -> None:
        """Fires if the gun is cool, and ends the turn in any case."""
        proxy = self._beepsim
        proxy.order_shot(power)
        proxy.tick()

    def fire_bullet(self, power: float) -> Bullet | None:
        """`fire`; the bullet, or None where the gun was too hot or the robot without energy."""
        bullet = self._beepsim.order_bullet(power)
        self._beepsim.tick()
        return bullet

    def scan(self) -> None:
        """Scans once more and ends the turn; within on_scanned_robot a robot seen restarts that handler."""
        self._beepsim.rescan()

    def stop(self, overwrite: bool = False) -> None:
        """Stops all motion and remembers it for `resume`; again only with `overwrite`."""
        self._beepsim.order_stop(overwrite)
        self._beepsim.tick()

    def resume(self) -> None:
        """Goes on with what `stop` stopped."""
        self._beepsim.order_resume()
        self._beepsim.tick()

    # --- what it can ask ---

    def get_x(self) -> float:
        return self._beepsim.see(fields.X)

    def get_y(self) -> float:
        return self._beepsim.see(fields.Y)

    def get_velocity(self) -> float:
        """px per turn, negative backwards."""
        return self._beepsim.see(fields.VELOCITY)

    def get_heading(self) -> float:
        degrees = 180.0 * self._beepsim.see(fields.HEADING) / PI
        return degrees if 0.0 <= degrees < 360.0 else degrees % 360.0

    def get_gun_heading(self) -> float:
        return self._beepsim.see(fields.GUN_HEADING) * 180.0 / PI

    def get_radar_heading(self) -> float:
        return self._beepsim.see(fields.RADAR_HEADING) * 180.0 / PI

    def get_energy(self) -> float:
        return self._beepsim.energy()

    def get_gun_heat(self) -> float:
        """A shot is accepted at 0."""
        return self._beepsim.gun_heat()

    def get_gun_cooling_rate(self) -> float:
        """Heat per turn."""
        return self._beepsim.see(fields.COOLING)

    def get_battle_field_width(self) -> float:
        return self._beepsim.see(fields.WIDTH)

    def get_battle_field_height(self) -> float:
        return self._beepsim.see(fields.HEIGHT)

    def get_width(self) -> float:
        """Of the robot."""
        return 36.0

    def get_height(self) -> float:
        """Of the robot."""
        return 36.0

    def get_name(self) -> str:
        self._beepsim.count_get()
        return self._beepsim.name

    def get_others(self) -> int:
        """Opponents alive."""
        return self._beepsim.see_int(fields.OTHERS)

    def get_num_rounds(self) -> int:
        return self._beepsim.see_int(fields.NUM_ROUNDS)

    def get_round_num(self) -> int:
        """From 0."""
        return self._beepsim.see_int(fields.ROUND)

    def get_time(self) -> int:
        """Turn of the round."""
        return self._beepsim.see_int(fields.TURN)

    def get_num_sentries(self) -> int:
        """Always 0: there are no border sentries here."""
        return 0

    def get_sentry_border_size(self) -> int:
        """px, Robocode's default; it has no effect."""
        return 100

    def get_graphics(self) -> Any:
        raise RobotException("get_graphics(): painting is not part of beepsim")

    # --- settings ---

    def set_adjust_gun_for_robot_turn(self, independent: bool) -> None:
        """Whether the gun keeps its direction while the body turns."""
        self._beepsim.adjust_gun_for_body(independent)

    def set_adjust_radar_for_gun_turn(self, independent: bool) -> None:
        """Whether the radar keeps its direction while the gun turns; unless set itself, also while the body does."""
        self._beepsim.adjust_radar_for_gun(independent)

    def set_adjust_radar_for_robot_turn(self, independent: bool) -> None:
        """Whether the radar keeps its direction while the body turns."""
        self._beepsim.adjust_radar_for_body(independent)

    def set_colors(self, body: Any, gun: Any, radar: Any, bullet: Any = None, scan_arc: Any = None) -> None:
        self._beepsim.count_set()

    def set_all_colors(self, color: Any) -> None:
        self._beepsim.count_set()

    def set_body_color(self, color: Any) -> None:
        self._beepsim.count_set()

    def set_gun_color(self, color: Any) -> None:
        self._beepsim.count_set()

    def set_radar_color(self, color: Any) -> None:
        self._beepsim.count_set()

    def set_bullet_color(self, color: Any) -> None:
        self._beepsim.count_set()

    def set_scan_color(self, color: Any) -> None:
        self._beepsim.count_set()

    def set_debug_property(self, key: str, value: str | None) -> None:
        """Kept by Robocode for its display; here only counted."""
        self._beepsim.count_set()

    # --- handlers ---

    def on_status(self, event: StatusEvent) -> None:
        """Called first of all in every turn."""

    def on_scanned_robot(self, event: ScannedRobotEvent) -> None: ...

    def on_hit_by_bullet(self, event: HitByBulletEvent) -> None: ...

    def on_bullet_hit(self, event: BulletHitEvent) -> None: ...

    def on_bullet_hit_bullet(self, event: BulletHitBulletEvent) -> None: ...

    def on_bullet_missed(self, event: BulletMissedEvent) -> None: ...

    def on_hit_robot(self, event: HitRobotEvent) -> None: ...

    def on_hit_wall(self, event: HitWallEvent) -> None: ...

    def on_robot_death(self, event: RobotDeathEvent) -> None: ...

    def on_win(self, event: WinEvent) -> None: ...

    def on_death(self, event: DeathEvent) -> None: ...

    def on_round_ended(self, event: RoundEndedEvent) -> None: ...

    def on_battle_ended(self, event: BattleEndedEvent) -> None: ...

    def _beepsim_status(self) -> bool:
        return type(self).on_status is not Robot.on_status
