"""What a robot is told: one class for each of Robocode's events, with the getters of Java in snake case.

Degrees unless a name ends in `_radians`; bearings relative to the robot's own heading, in [-180, 180). Degrees are
computed as Java's getters do, to the last bit. Source: `robocode.Event` and its subclasses, 1.11.1.
"""

from beepsim.robots.results import BattleResults, Bullet, RobotStatus, described
from beepsim.robots.utils import PI

HIGHEST_PRIORITY = 99  # of those that a robot may set


class Event:
    """An event of turn `get_time()`; events are sorted by time, priority and, of the same class, by their own rule."""

    __slots__ = ("_time", "_priority")
    _handler = ""
    _is_system = False  # delivered however old; its priority is fixed
    _for_advanced = False  # Custom and SkippedTurn reach advanced robots only
    DEFAULT_PRIORITY = 80

    def __init__(self) -> None:
        self._time, self._priority = 0, self.DEFAULT_PRIORITY

    def get_time(self) -> int:
        """Turn of the round in which it was received."""
        return self._time

    def get_priority(self) -> int:
        return self._priority

    def __lt__(self, other: "Event") -> bool:
        return self._compare(other) < 0

    def _compare(self, other: "Event") -> int:
        """Negative where this one comes first (`Event.compareTo`)."""
        return self._time - other._time or other._priority - self._priority

    def __repr__(self) -> str:
        return described(self)


class StatusEvent(Event):
    """The state of the robot, first of all events of a turn."""

    __slots__ = ("_status",)
    _handler = "on_status"
    DEFAULT_PRIORITY = 99

    def __init__(self, status: RobotStatus) -> None:
        super().__init__()
        self._status = status

    def get_status(self) -> RobotStatus:
        return self._status


class ScannedRobotEvent(Event):
    """The radar has swept over another robot."""

    __slots__ = ("_name", "_energy", "_bearing", "_distance", "_heading", "_velocity")
    _handler = "on_scanned_robot"
    DEFAULT_PRIORITY = 10

    def __init__(
        self, name: str, energy: float, bearing: float, distance: float, heading: float, velocity: float
    ) -> None:
        self._time, self._priority = 0, 10
        self._name, self._energy, self._bearing = name, energy, bearing
        self._distance, self._heading, self._velocity = distance, heading, velocity

    def get_name(self) -> str:
        return self._name

    def get_energy(self) -> float:
        return self._energy

    def get_bearing(self) -> float:
        return self._bearing * 180.0 / PI

    def get_bearing_radians(self) -> float:
        return self._bearing

    def get_distance(self) -> float:
        """px, from centre to centre."""
        return self._distance

    def get_heading(self) -> float:
        return self._heading * 180.0 / PI

    def get_heading_radians(self) -> float:
        return self._heading

    def get_velocity(self) -> float:
        return self._velocity

    def is_sentry_robot(self) -> bool:
        """Always False: there are no border sentries here."""
        return False

    def _compare(self, other: Event) -> int:
        difference = self._time - other._time or other._priority - self._priority
        if difference == 0 and isinstance(other, ScannedRobotEvent):
            return int(self._distance - other._distance)  # within a pixel the order of arrival stands
        return difference


class HitByBulletEvent(Event):
    """Another robot's bullet has hit this one."""

    __slots__ = ("_bearing", "_bullet")
    _handler = "on_hit_by_bullet"
    DEFAULT_PRIORITY = 20

    def __init__(self, bearing: float, bullet: Bullet) -> None:
        self._time, self._priority = 0, 20
        self._bearing, self._bullet = bearing, bullet

    def get_bearing(self) -> float:
        """Direction from which it came."""
        return self._bearing * 180.0 / PI

    def get_bearing_radians(self) -> float:
        return self._bearing

    def get_bullet(self) -> Bullet:
        return self._bullet

    def get_heading(self) -> float:
        """Of the bullet."""
        return self._bullet.get_heading()

    def get_heading_radians(self) -> float:
        return self._bullet.get_heading_radians()

    def get_name(self) -> str:
        """Of the robot that fired."""
        return self._bullet.get_name()

    def get_power(self) -> float:
        return self._bullet.get_power()

    def get_velocity(self) -> float:
        return self._bullet.get_velocity()


class BulletHitEvent(Event):
    """One of its bullets has hit a robot."""

    __slots__ = ("_name", "_energy", "_bullet")
    _handler = "on_bullet_hit"
    DEFAULT_PRIORITY = 50

    def __init__(self, name: str, energy: float, bullet: Bullet) -> None:
        self._time, self._priority = 0, 50
        self._name, self._energy, self._bullet = name, energy, bullet

    def get_name(self) -> str:
        return self._name

    def get_energy(self) -> float:
        """Of the robot that was hit, afterwards."""
        return self._energy

    def get_bullet(self) -> Bullet:
        return self._bullet


class BulletHitBulletEvent(Event):
    """One of its bullets has met another."""

    __slots__ = ("_bullet", "_hit_bullet")
    _handler = "on_bullet_hit_bullet"
    DEFAULT_PRIORITY = 55

    def __init__(self, bullet: Bullet, hit_bullet: Bullet) -> None:
        self._time, self._priority = 0, 55
        self._bullet, self._hit_bullet = bullet, hit_bullet

    def get_bullet(self) -> Bullet:
        return self._bullet

    def get_hit_bullet(self) -> Bullet:
        return self._hit_bullet


class BulletMissedEvent(Event):
    """One of its bullets has reached a wall."""

    __slots__ = ("_bullet",)
    _handler = "on_bullet_missed"
    DEFAULT_PRIORITY = 60

    def __init__(self, bullet: Bullet) -> None:
        self._time, self._priority = 0, 60
        self._bullet = bullet

    def get_bullet(self) -> Bullet:
        return self._bullet


class HitRobotEvent(Event):
    """It has collided with another robot."""

    __slots__ = ("_name", "_bearing", "_energy", "_my_fault")
    _handler = "on_hit_robot"
    DEFAULT_PRIORITY = 40

    def __init__(self, name: str, bearing: float, energy: float, my_fault: bool) -> None:
        self._time, self._priority = 0, 40
        self._name, self._bearing, self._energy, self._my_fault = name, bearing, energy, my_fault

    def get_name(self) -> str:
        return self._name

    def get_bearing(self) -> float:
        return self._bearing * 180.0 / PI

    def get_bearing_radians(self) -> float:
        return self._bearing

    def get_energy(self) -> float:
        """Of the other robot."""
        return self._energy

    def is_my_fault(self) -> bool:
        return self._my_fault

    def _compare(self, other: Event) -> int:
        difference = self._time - other._time or other._priority - self._priority
        if difference == 0 and isinstance(other, HitRobotEvent):
            return other._my_fault - self._my_fault  # own fault first
        return difference


class HitWallEvent(Event):
    """It has driven into a wall."""

    __slots__ = ("_bearing",)
    _handler = "on_hit_wall"
    DEFAULT_PRIORITY = 30

    def __init__(self, bearing: float) -> None:
        self._time, self._priority = 0, 30
        self._bearing = bearing

    def get_bearing(self) -> float:
        return self._bearing * 180.0 / PI

    def get_bearing_radians(self) -> float:
        return self._bearing


class RobotDeathEvent(Event):
    """Another robot has died."""

    __slots__ = ("_name",)
    _handler = "on_robot_death"
    DEFAULT_PRIORITY = 70

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def get_name(self) -> str:
        return self._name


class CustomEvent(Event):
    """A condition given to `add_custom_event` is true; its priority is the condition's."""

    __slots__ = ("_condition",)
    _handler = "on_custom_event"
    _for_advanced = True

    def __init__(self, condition) -> None:  # type: ignore[no-untyped-def] # a Condition
        self._time, self._condition = 0, condition
        self._priority = condition.get_priority()

    def get_condition(self):  # type: ignore[no-untyped-def]
        return self._condition


class SkippedTurnEvent(Event):
    """It took too long and missed a turn."""

    __slots__ = ("_skipped_turn",)
    _handler = "on_skipped_turn"
    _is_system = True
    _for_advanced = True
    DEFAULT_PRIORITY = 100

    def __init__(self, skipped_turn: int) -> None:
        super().__init__()
        self._skipped_turn = skipped_turn

    def get_skipped_turn(self) -> int:
        return self._skipped_turn


class WinEvent(Event):
    """It is the last one alive."""

    __slots__ = ()
    _handler = "on_win"
    _is_system = True
    DEFAULT_PRIORITY = 100


class DeathEvent(Event):
    """It has died; the last event that is handled."""

    __slots__ = ()
    _handler = "on_death"
    _is_system = True
    DEFAULT_PRIORITY = -1


class RoundEndedEvent(Event):
    """The round is decided."""

    __slots__ = ("_round", "_turns", "_total_turns")
    _handler = "on_round_ended"
    _is_system = True
    DEFAULT_PRIORITY = 110

    def __init__(self, round: int, turns: int, total_turns: int) -> None:
        super().__init__()
        self._round, self._turns, self._total_turns = round, turns, total_turns

    def get_round(self) -> int:
        """From 0."""
        return self._round

    def get_turns(self) -> int:
        return self._turns

    def get_total_turns(self) -> int:
        """Of all rounds so far."""
        return self._total_turns


class BattleEndedEvent(Event):
    """The last round is decided."""

    __slots__ = ("_results",)
    _handler = "on_battle_ended"
    _is_system = True
    DEFAULT_PRIORITY = 100

    def __init__(self, results: BattleResults) -> None:
        super().__init__()
        self._results = results

    def is_aborted(self) -> bool:
        """Always False: who stops a battle here stops its robots too."""
        return False

    def get_results(self) -> BattleResults:
        return self._results


EVENT_CLASSES: tuple[type[Event], ...] = (
    StatusEvent,
    ScannedRobotEvent,
    HitByBulletEvent,
    BulletHitEvent,
    BulletHitBulletEvent,
    BulletMissedEvent,
    HitRobotEvent,
    HitWallEvent,
    RobotDeathEvent,
    CustomEvent,
    SkippedTurnEvent,
    WinEvent,
    DeathEvent,
    RoundEndedEvent,
    BattleEndedEvent,
)
