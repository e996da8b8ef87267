"""AdvancedRobot: orders that do not wait, its own events and priorities (Robocode's `AdvancedRobot`).

Degrees clockwise from north unless a name ends in `_radians`; px, turns. Orders act when the turn ends: `execute()`.
"""

from pathlib import Path
from typing import Any

from beepsim.robots import proxy as fields
from beepsim.robots.conditions import Condition
from beepsim.robots.events import (
    BulletHitBulletEvent,
    BulletHitEvent,
    BulletMissedEvent,
    CustomEvent,
    Event,
    HitByBulletEvent,
    HitRobotEvent,
    HitWallEvent,
    RobotDeathEvent,
    ScannedRobotEvent,
    SkippedTurnEvent,
    StatusEvent,
)
from beepsim.robots.interrupts import RobotException
from beepsim.robots.results import Bullet
from beepsim.robots.robot import Robot
from beepsim.robots.utils import to_degrees, to_radians


class AdvancedRobot(Robot):
    """A robot whose orders can be given together, each turn anew."""

    # --- orders ---

    def set_ahead(self, distance: float) -> None:
        self._beepsim.set_move(distance)

    def set_back(self, distance: float) -> None:
        self._beepsim.set_move(-distance)

    def set_turn_left(self, degrees: float) -> None:
        self._beepsim.set_turn(-to_radians(degrees))

    def set_turn_right(self, degrees: float) -> None:
        self._beepsim.set_turn(to_radians(degrees))

    def set_turn_gun_left(self, degrees: float) -> None:
        self._beepsim.set_gun_turn(-to_radians(degrees))

    def set_turn_gun_right(self, degrees: float) -> None:
        self._beepsim.set_gun_turn(to_radians(degrees))

    def set_turn_radar_left(self, degrees: float) -> None:
        self._beepsim.set_radar_turn(-to_radians(degrees))

    def set_turn_radar_right(self, degrees: float) -> None:
        self._beepsim.set_radar_turn(to_radians(degrees))

    def set_turn_left_radians(self, radians: float) -> None:
        self._beepsim.set_turn(-radians)

    def set_turn_right_radians(self, radians: float) -> None:
        self._beepsim.set_turn(radians)

    def set_turn_gun_left_radians(self, radians: float) -> None:
        self._beepsim.set_gun_turn(-radians)

    def set_turn_gun_right_radians(self, radians: float) -> None:
        self._beepsim.set_gun_turn(radians)

    def set_turn_radar_left_radians(self, radians: float) -> None:
        self._beepsim.set_radar_turn(-radians)

    def set_turn_radar_right_radians(self, radians: float) -> None:
        self._beepsim.set_radar_turn(radians)

    def set_fire(self, power: float) -> None:
        self._beepsim.order_shot(power)

    def set_fire_bullet(self, power: float) -> Bullet | None:
        """The bullet, or None where the gun is too hot or the robot without energy."""
        return self._beepsim.order_bullet(power)

    def set_stop(self, overwrite: bool = False) -> None:
        """`stop` without ending the turn."""
        self._beepsim.count_set()
        self._beepsim.order_stop(overwrite)

    def set_resume(self) -> None:
        """`resume` without ending the turn."""
        self._beepsim.count_set()
        self._beepsim.order_resume()

    def set_max_velocity(self, velocity: float) -> None:
        """px per turn, at most 8."""
        self._beepsim.limit(fields.MAX_VELOCITY, velocity, "set_max_velocity")

    def set_max_turn_rate(self, degrees: float) -> None:
        """Degrees per turn, at most 10."""
        self._beepsim.limit(fields.MAX_TURN_RATE, to_radians(degrees), "set_max_turn_rate")

    # --- blocking calls ---

    def execute(self) -> None:
        """Ends the turn."""
        self._beepsim.tick()

    def wait_for(self, condition: Condition) -> None:
        """Ends turns until the condition is true, one at least."""
        self._beepsim.wait_for(checked(condition))

    def turn_left_radians(self, radians: float) -> None:
        self._beepsim.turn_body(-radians)

    def turn_right_radians(self, radians: float) -> None:
        self._beepsim.turn_body(radians)

    def turn_gun_left_radians(self, radians: float) -> None:
        self._beepsim.turn_gun(-radians)

    def turn_gun_right_radians(self, radians: float) -> None:
        self._beepsim.turn_gun(radians)

    def turn_radar_left_radians(self, radians: float) -> None:
        self._beepsim.turn_radar(-radians)

    def turn_radar_right_radians(self, radians: float) -> None:
        self._beepsim.turn_radar(radians)

    # --- what it can ask ---

    def get_distance_remaining(self) -> float:
        """px, negative backwards."""
        return self._beepsim.remaining(fields.DISTANCE)

    def get_turn_remaining(self) -> float:
        return to_degrees(self._beepsim.remaining(fields.BODY_TURN))

    def get_turn_remaining_radians(self) -> float:
        return self._beepsim.remaining(fields.BODY_TURN)

    def get_gun_turn_remaining(self) -> float:
        return to_degrees(self._beepsim.remaining(fields.GUN_TURN))

    def get_gun_turn_remaining_radians(self) -> float:
        return self._beepsim.remaining(fields.GUN_TURN)

    def get_radar_turn_remaining(self) -> float:
        return to_degrees(self._beepsim.remaining(fields.RADAR_TURN))

    def get_radar_turn_remaining_radians(self) -> float:
        return self._beepsim.remaining(fields.RADAR_TURN)

    def get_heading_radians(self) -> float:
        return self._beepsim.see(fields.HEADING)

    def get_gun_heading_radians(self) -> float:
        return self._beepsim.see(fields.GUN_HEADING)

    def get_radar_heading_radians(self) -> float:
        return self._beepsim.see(fields.RADAR_HEADING)

    def is_adjust_gun_for_robot_turn(self) -> bool:
        self._beepsim.count_get()
        return self._beepsim.flags[fields.GUN_FOR_BODY] != 0

    def is_adjust_radar_for_gun_turn(self) -> bool:
        self._beepsim.count_get()
        return self._beepsim.flags[fields.RADAR_FOR_GUN] != 0

    def is_adjust_radar_for_robot_turn(self) -> bool:
        self._beepsim.count_get()
        return self._beepsim.flags[fields.RADAR_FOR_BODY] != 0

    # --- events ---

    def set_interruptible(self, interruptible: bool) -> None:
        """Within a handler: whether a new event of its priority restarts it when it ends a turn."""
        queue = self._beepsim.queue
        self._beepsim.count_set()
        queue.set_interruptible(queue.top_priority, interruptible)

    def set_event_priority(self, event_class: str, priority: int) -> None:
        """Of the class of that name, from 0 to 99; it lasts for the battle."""
        self._beepsim.count_set()
        self._beepsim.queue.set_priority(event_class, priority)

    def get_event_priority(self, event_class: str) -> int:
        self._beepsim.count_get()
        return self._beepsim.queue.priority_of(event_class)

    def add_custom_event(self, condition: Condition) -> None:
        """From now on `on_custom_event` is called in every turn in which the condition is true."""
        self._beepsim.count_set()
        self._beepsim.queue.conditions.append(checked(condition))

    def remove_custom_event(self, condition: Condition) -> None:
        conditions = self._beepsim.queue.conditions
        self._beepsim.count_set()
        if condition in conditions:
            conditions.remove(condition)

    def clear_all_events(self) -> None:
        """Drops the events that wait, all but the system's."""
        self._beepsim.count_set()
        self._beepsim.queue.clear()

    def get_all_events(self) -> list[Event]:
        """Those that wait."""
        return self._beepsim_events(Event)

    def get_status_events(self) -> list[StatusEvent]:
        return self._beepsim_events(StatusEvent)

    def get_scanned_robot_events(self) -> list[ScannedRobotEvent]:
        return self._beepsim_events(ScannedRobotEvent)

    def get_hit_by_bullet_events(self) -> list[HitByBulletEvent]:
        return self._beepsim_events(HitByBulletEvent)

    def get_bullet_hit_events(self) -> list[BulletHitEvent]:
        return self._beepsim_events(BulletHitEvent)

    def get_bullet_hit_bullet_events(self) -> list[BulletHitBulletEvent]:
        return self._beepsim_events(BulletHitBulletEvent)

    def get_bullet_missed_events(self) -> list[BulletMissedEvent]:
        return self._beepsim_events(BulletMissedEvent)

    def get_hit_robot_events(self) -> list[HitRobotEvent]:
        return self._beepsim_events(HitRobotEvent)

    def get_hit_wall_events(self) -> list[HitWallEvent]:
        return self._beepsim_events(HitWallEvent)

    def get_robot_death_events(self) -> list[RobotDeathEvent]:
        return self._beepsim_events(RobotDeathEvent)

    def _beepsim_events(self, event_class: type[Event]) -> list[Any]:
        self._beepsim.count_get()
        return self._beepsim.queue.of_class(event_class)

    def on_custom_event(self, event: CustomEvent) -> None: ...

    def on_skipped_turn(self, event: SkippedTurnEvent) -> None: ...

    # --- files ---

    def get_data_directory(self) -> Path:
        """A folder of the robot's own; empty when the battle starts, gone after it."""
        self._beepsim.count_get()
        return self._beepsim.data_directory()

    def get_data_file(self, name: str) -> Path:
        """A file in that folder."""
        if ".." in name:
            raise RobotException(f"get_data_file({name!r}): no relative path is allowed")
        return self.get_data_directory() / name

    def get_data_quota_available(self) -> int:
        """Bytes that Robocode would still let it write; not enforced here."""
        used = sum(file.stat().st_size for file in self.get_data_directory().rglob("*") if file.is_file())
        return max(fields.DATA_QUOTA - used, 0)


def checked(condition: Condition) -> Condition:
    """Java throws for null, and knows the type of the rest."""
    if not isinstance(condition, Condition):
        raise RobotException(f"the condition cannot be {condition!r}; its class must derive from Condition")
    return condition
