"""What a bot author imports, and how bots are found and run."""

from typing import Any

from beepsim.robots.advanced import AdvancedRobot
from beepsim.robots.conditions import (
    Condition,
    GunTurnCompleteCondition,
    MoveCompleteCondition,
    RadarTurnCompleteCondition,
    TurnCompleteCondition,
)
from beepsim.robots.events import (
    BattleEndedEvent,
    BulletHitBulletEvent,
    BulletHitEvent,
    BulletMissedEvent,
    CustomEvent,
    DeathEvent,
    Event,
    HitByBulletEvent,
    HitRobotEvent,
    HitWallEvent,
    RobotDeathEvent,
    RoundEndedEvent,
    ScannedRobotEvent,
    SkippedTurnEvent,
    StatusEvent,
    WinEvent,
)
from beepsim.robots.interrupts import RobotException
from beepsim.robots.junior import JuniorRobot
from beepsim.robots.part import CompiledPart
from beepsim.robots.rate_control import RateControlRobot
from beepsim.robots.results import BattleResults, Bullet, RobotStatus
from beepsim.robots.robot import Robot
from beepsim.robots.utils import Rules, Utils

__all__ = [
    "AdvancedRobot",
    "BattleEndedEvent",
    "BattleResults",
    "Bullet",
    "BulletHitBulletEvent",
    "BulletHitEvent",
    "BulletMissedEvent",
    "CompiledPart",
    "Condition",
    "CustomEvent",
    "DeathEvent",
    "Event",
    "GunTurnCompleteCondition",
    "HitByBulletEvent",
    "HitRobotEvent",
    "HitWallEvent",
    "JuniorRobot",
    "MoveCompleteCondition",
    "RadarTurnCompleteCondition",
    "RateControlRobot",
    "Robot",
    "RobotDeathEvent",
    "RobotException",
    "RobotStatus",
    "RoundEndedEvent",
    "Rules",
    "ScannedRobotEvent",
    "SkippedTurnEvent",
    "StatusEvent",
    "TurnCompleteCondition",
    "Utils",
    "WinEvent",
]

MOUSE = ("Clicked", "Dragged", "Entered", "Exited", "Moved", "Pressed", "Released", "WheelMoved")
ABSENT = {
    "TeamRobot": "teams are",
    "MessageEvent": "teams are",
    "Droid": "teams and droids are",
    "BorderSentry": "border sentries are",
    "PaintEvent": "painting is",
    **dict.fromkeys(("KeyEvent", "KeyPressedEvent", "KeyReleasedEvent", "KeyTypedEvent"), "the keyboard is"),
    **dict.fromkeys(("MouseEvent", *(f"Mouse{what}Event" for what in MOUSE)), "the mouse is"),
}


def __getattr__(name: str) -> Any:
    if name in ABSENT:
        raise ImportError(f"beepsim has no {name}: {ABSENT[name]} not part of it")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
