"""Makes a robot's event objects of the engine's records, with the names that the robot may know."""

from typing import Any

import numpy as np

from beepsim.engine.state import (
    BATTLE_ENDED,
    BULLET_HIT,
    BULLET_HIT_BULLET,
    BULLET_MISSED,
    DEATH,
    EVENT,
    EVENT_TYPES,
    HIT_BY_BULLET,
    HIT_ROBOT_EVENT,
    HIT_WALL_EVENT,
    NOBODY,
    ROBOT_DEATH,
    ROUND_ENDED,
    SCANNED_ROBOT,
    WIN,
)
from beepsim.robots import events
from beepsim.robots.event_queue import EventQueue
from beepsim.robots.memory import byte_of, word_of, words
from beepsim.robots.results import BattleResults, Bullet

WORDS = EVENT.itemsize // 8
AT = {name: word_of(EVENT, name)[0] for name in EVENT.names or ()}
TYPE, OTHER, ENERGY, BEARING = AT["type"], AT["other"], AT["energy"], AT["bearing"]
DISTANCE, HEADING, VELOCITY, FAULT = AT["distance"], AT["heading"], AT["velocity"], byte_of(EVENT, "my_fault")[0]


class EventReader:
    """Reads the records in `crew.events`."""

    def __init__(self, records: np.ndarray, names: tuple[str, ...], proxy: Any) -> None:
        self.doubles, self.ints, self.bytes = words(records, "d"), words(records, "q"), words(records, "B")
        self.names, self.proxy = names, proxy
        makers = {
            SCANNED_ROBOT: self.scanned_robot,
            HIT_BY_BULLET: self.hit_by_bullet,
            BULLET_HIT: self.bullet_hit,
            BULLET_HIT_BULLET: self.bullet_hit_bullet,
            BULLET_MISSED: self.bullet_missed,
            HIT_ROBOT_EVENT: self.hit_robot,
            HIT_WALL_EVENT: self.hit_wall,
            ROBOT_DEATH: self.robot_death,
            DEATH: lambda at: events.DeathEvent(),
            WIN: lambda at: events.WinEvent(),
            ROUND_ENDED: self.round_ended,
            BATTLE_ENDED: self.battle_ended,
        }
        self.makers = [makers[kind] for kind in range(len(EVENT_TYPES))]

    def read(self, count: int, now: int, queue: EventQueue) -> None:
        """Queues the first `count` events of the turn."""
        for at in range(0, count * WORDS, WORDS):
            queue.add(self.makers[self.ints[at + TYPE]](at), now)

    def listed(self, count: int) -> list[events.Event]:
        """The same events as a list."""
        return [self.makers[self.ints[at + TYPE]](at) for at in range(0, count * WORDS, WORDS)]

    def scanned_robot(self, at: int) -> events.ScannedRobotEvent:
        doubles = self.doubles
        return events.ScannedRobotEvent(
            self.names[self.ints[at + OTHER]],
            doubles[at + ENERGY],
            doubles[at + BEARING],
            doubles[at + DISTANCE],
            doubles[at + HEADING],
            doubles[at + VELOCITY],
        )

    def hit_robot(self, at: int) -> events.HitRobotEvent:
        return events.HitRobotEvent(
            self.names[self.ints[at + OTHER]],
            self.doubles[at + BEARING],
            self.doubles[at + ENERGY],
            self.bytes[8 * at + FAULT] != 0,
        )

    def hit_wall(self, at: int) -> events.HitWallEvent:
        return events.HitWallEvent(self.doubles[at + BEARING])

    def robot_death(self, at: int) -> events.RobotDeathEvent:
        return events.RobotDeathEvent(self.names[self.ints[at + OTHER]])

    def hit_by_bullet(self, at: int) -> events.HitByBulletEvent:
        return events.HitByBulletEvent(self.doubles[at + BEARING], self.bullet(at, "bullet"))

    def bullet_hit(self, at: int) -> events.BulletHitEvent:
        return events.BulletHitEvent(self.names[self.ints[at + OTHER]], self.doubles[at + ENERGY], self.own_bullet(at))

    def bullet_hit_bullet(self, at: int) -> events.BulletHitBulletEvent:
        return events.BulletHitBulletEvent(self.own_bullet(at), self.bullet(at, "hit_bullet"))

    def bullet_missed(self, at: int) -> events.BulletMissedEvent:
        return events.BulletMissedEvent(self.own_bullet(at))

    def round_ended(self, at: int) -> events.RoundEndedEvent:
        ints = self.ints
        return events.RoundEndedEvent(ints[at + AT["round"]], ints[at + AT["turns"]], ints[at + AT["total_turns"]])

    def battle_ended(self, at: int) -> events.BattleEndedEvent:
        return events.BattleEndedEvent(self.battle_results(self.ints[at + AT["rank"]]))

    def battle_results(self, rank: int) -> BattleResults:
        """The robot's own, rounded as Robocode's public results."""
        total = self.proxy.world.totals[self.proxy.index]
        scores = "total survival last_survivor bullet_damage bullet_kill ram_damage ram_kill".split()
        places = (int(total[name]) for name in ("firsts", "seconds", "thirds"))
        return BattleResults(self.proxy.name, rank, *(int(total[name] + 0.5) for name in scores), *places)

    def bullet(self, at: int, prefix: str) -> Bullet:
        """A copy of the bullet as it was when it hit; who was not told its victim learns of none."""
        doubles, ints = self.doubles, self.ints
        victim = ints[at + AT["bullet_victim"]] if prefix == "bullet" else NOBODY
        return Bullet(
            doubles[at + AT[prefix + "_heading"]],
            doubles[at + AT[prefix + "_x"]],
            doubles[at + AT[prefix + "_y"]],
            doubles[at + AT[prefix + "_power"]],
            self.names[ints[at + AT[prefix + "_owner"]]],
            None if victim == NOBODY else self.names[victim],
            False,
            ints[at + AT[prefix + "_id"]],
        )

    def own_bullet(self, at: int) -> Bullet:
        """The very object that the robot got when it fired, if it asked for one, now at its end."""
        bullet = self.bullet(at, "bullet")
        own = self.proxy.bullets.pop(bullet._id, None)
        if own is None:
            return bullet
        own._x, own._y, own._victim, own._is_active, own._tracker = bullet._x, bullet._y, bullet._victim, False, None
        return own

    def update_bullet(self, bullet: Bullet) -> None:
        """Where a bullet of the robot's own is that still flies, or that has left the robot's life."""
        world = self.proxy.world
        for slot in world.bullet_list[: int(world.battle[0]["bullet_count"])]:
            record = world.bullets[slot]
            if record["id"] == bullet._id:
                bullet._x, bullet._y = float(record["x"]), float(record["y"])
                return
