"""Robocode's `Utils` and `Rules` in snake case, for authors; the same numbers as in Java to the last bit.

Degrees unless a name ends in `_radians`; px, turns, energy points.
"""

import math

from beepsim import rules
from beepsim.robots.engine_random import RUNNING, Random

PI = math.pi
TWO_PI = 2.0 * PI
NEAR = 0.00001


def to_radians(degrees: float) -> float:
    """As Java 9 and later: one multiplication."""
    return degrees * 0.017453292519943295


def to_degrees(radians: float) -> float:
    """As Java 9 and later: one multiplication."""
    return radians * 57.29577951308232


def remainder(angle: float, turn: float) -> float:
    """Java's %: NaN where Python's fmod raises."""
    try:
        return math.fmod(angle, turn)
    except ValueError:
        return math.nan


class Utils:
    """Angles and random numbers."""

    NEAR_DELTA = NEAR

    @staticmethod
    def normal_absolute_angle(angle: float) -> float:
        """Radians, in [0, 2 pi)."""
        rest = remainder(angle, TWO_PI)
        return rest if rest >= 0.0 else rest + TWO_PI

    @staticmethod
    def normal_absolute_angle_degrees(angle: float) -> float:
        """Degrees, in [0, 360)."""
        rest = remainder(angle, 360.0)
        return rest if rest >= 0.0 else rest + 360.0

    @staticmethod
    def normal_relative_angle(angle: float) -> float:
        """Radians, in [-pi, pi)."""
        rest = remainder(angle, TWO_PI)
        if rest >= 0.0:
            return rest if rest < PI else rest - TWO_PI
        return rest if rest >= -PI else rest + TWO_PI

    @staticmethod
    def normal_relative_angle_degrees(angle: float) -> float:
        """Degrees, in [-180, 180)."""
        rest = remainder(angle, 360.0)
        if rest >= 0.0:
            return rest if rest < 180.0 else rest - 360.0
        return rest if rest >= -180.0 else rest + 360.0

    @staticmethod
    def normal_near_absolute_angle(angle: float) -> float:
        """Radians, in [0, 2 pi), moved onto a multiple of pi/2 if that is nearer than 1e-5."""
        return near_angle(Utils.normal_absolute_angle(angle), PI)

    @staticmethod
    def normal_near_absolute_angle_degrees(angle: float) -> float:
        """Degrees, in [0, 360), moved onto a multiple of 90 if that is nearer than 1e-5."""
        return near_angle(Utils.normal_absolute_angle_degrees(angle), 180.0)

    @staticmethod
    def is_near(value1: float, value2: float) -> bool:
        """Whether they differ by less than 1e-5."""
        return abs(value1 - value2) < NEAR

    @staticmethod
    def get_random() -> Random:
        """The engine's own stream: whoever draws from it changes the battle, as in Robocode."""
        if RUNNING[0] is None:
            raise RuntimeError("Utils.get_random() gives the random numbers of a battle; there is none running")
        return RUNNING[0]


def near_angle(angle: float, half_turn: float) -> float:
    """An angle in [0, full turn), snapped to quarter turns."""
    for quarter in (0.0, half_turn / 2.0, half_turn, 3.0 * half_turn / 2.0):
        if abs(angle - quarter) < NEAR:
            return quarter
    return 0.0 if abs(angle - 2.0 * half_turn) < NEAR else angle


class Rules:
    """Robocode's constants and laws."""

    ACCELERATION = rules.ACCELERATION
    DECELERATION = rules.DECELERATION
    MAX_VELOCITY = rules.MAX_VELOCITY
    RADAR_SCAN_RADIUS = rules.RADAR_RANGE
    MIN_BULLET_POWER = rules.MIN_POWER
    MAX_BULLET_POWER = rules.MAX_POWER
    MAX_TURN_RATE = 10.0
    MAX_TURN_RATE_RADIANS = rules.MAX_BODY_TURN
    GUN_TURN_RATE = 20.0
    GUN_TURN_RATE_RADIANS = rules.MAX_GUN_TURN
    RADAR_TURN_RATE = 45.0
    RADAR_TURN_RATE_RADIANS = rules.MAX_RADAR_TURN
    ROBOT_HIT_DAMAGE = rules.RAM_DAMAGE
    ROBOT_HIT_BONUS = rules.RAM_SCORE

    @staticmethod
    def get_turn_rate(velocity: float) -> float:
        """Degrees that the body can turn in a turn at this velocity."""
        return 10.0 - 0.75 * abs(velocity)

    @staticmethod
    def get_turn_rate_radians(velocity: float) -> float:
        return to_radians(Rules.get_turn_rate(velocity))

    @staticmethod
    def get_wall_hit_damage(velocity: float) -> float:
        """Energy that an advanced robot loses at a wall."""
        return max(abs(velocity) / 2.0 - 1.0, 0.0)

    @staticmethod
    def get_bullet_damage(bullet_power: float) -> float:
        """Energy that a hit takes."""
        damage = 4.0 * bullet_power
        return damage + 2.0 * (bullet_power - 1.0) if bullet_power > 1.0 else damage

    @staticmethod
    def get_bullet_hit_bonus(bullet_power: float) -> float:
        """Energy that a hit gives to the shooter."""
        return 3.0 * bullet_power

    @staticmethod
    def get_bullet_speed(bullet_power: float) -> float:
        """px per turn."""
        return 20.0 - 3.0 * min(max(bullet_power, rules.MIN_POWER), rules.MAX_POWER)

    @staticmethod
    def get_gun_heat(bullet_power: float) -> float:
        """Heat that a shot adds."""
        return 1.0 + bullet_power / 5.0
