"""Robocode's binary recordings: a Java object stream of one BattleRecordInfo and a TurnSnapshot for every turn.

Fields are looked up by their Java names and checked for their types; the other fields and classes do not matter.
"""

from collections.abc import Iterator
from typing import IO, Any

from beepsim.errors import UserError
from beepsim.recording.format import RecordedRules
from beepsim.recording.java_stream import CLASS, WRITTEN, Reader
from beepsim.recording.snapshots import BULLET_STATES, ROBOT_STATES, BulletSnapshot, RobotSnapshot, Turn

INFO = "net.sf.robocode.recording.BattleRecordInfo"
TURN = "net.sf.robocode.battle.snapshot.TurnSnapshot"
ROBOT_NUMBERS = ("x", "y", "velocity", "bodyHeading", "gunHeading", "radarHeading", "energy", "gunHeat")
SCORES = (
    "currentSurvivalScore",
    "currentSurvivalBonus",
    "currentBulletDamageScore",
    "currentBulletKillBonus",
    "currentRammingDamageScore",
    "currentRammingKillBonus",
)
"""Robocode's names of SCORE_COLUMNS."""
LARGEST_INTEGER = 2**31 - 1


def read_binary(stream: IO[bytes], size: int, where: str) -> tuple[RecordedRules, int, Iterator[Turn]]:
    """Rules and number of robots of the battle in a stream of `size` bytes, and its turns. Raises UserError, then or
    while the turns are read, naming the byte of a stream that is none, is cut off or holds something else."""
    reader = Reader(stream, size, where)
    records = reader.read_all()
    info = next(records, None)
    if not isinstance(info, dict) or info.get(CLASS) != INFO:
        raise UserError(f"{where}: a Java object stream, but no recording of Robocode: it does not begin with a {INFO}")
    rules = get(info, "battleRules", dict, where)
    return (
        RecordedRules(
            width=get(rules, "battlefieldWidth", int, where),
            height=get(rules, "battlefieldHeight", int, where),
            gun_cooling_rate=get(rules, "gunCoolingRate", float, where),
            inactivity_time=get(rules, "inactivityTime", int, where),
            num_rounds=get(rules, "numRounds", int, where),
            hide_enemy_names=bool(rules.get("hideEnemyNames", False)),  # Robocode 1.7.4 and earlier had no such rule
        ),
        get(info, "robotCount", int, where),
        turns_from(reader, records, turns_in(info)),
    )


def turns_in(info: dict[str, Any]) -> int | None:
    """How many turns the first record promises; None where it does not say."""
    rounds = info.get("turnsInRounds")
    if not isinstance(rounds, list):
        return None
    return sum(one["value"] for one in rounds if isinstance(one, dict) and isinstance(one.get("value"), int))


def turns_from(reader: Reader, records: Iterator[Any], promised: int | None) -> Iterator[Turn]:
    place, count = reader.position, 0
    for record in records:
        where = f"{reader.where}: byte {place}"
        if not isinstance(record, dict) or record.get(CLASS) != TURN:
            raise UserError(f"{where}: no {TURN}, which every record but the first must be")
        yield Turn(
            get(record, "round", int, where),
            get(record, "turn", int, where),
            [robot_from(robot, where) for robot in elements(record, "robots", where)],
            [bullet_from(bullet, where) for bullet in elements(record, "bullets", where)],
            where,
        )
        place, count = reader.position, count + 1
    if promised not in (None, count):
        raise UserError(f"{reader.where}: cut off after {count} turns; its first record promises {promised}")


def robot_from(record: dict[str, Any], where: str) -> RobotSnapshot:
    scores = get(record, "robotScoreSnapshot", dict, where)
    return RobotSnapshot._make(
        [
            get(record, "robotIndex", int, where),
            constant(record, ROBOT_STATES, where),
            *[get(record, name, float, where) for name in ROBOT_NUMBERS],
            tuple([get(scores, name, float, where) for name in SCORES]),
            get(record, "name", str, where),
        ]
    )


def bullet_from(record: dict[str, Any], where: str) -> BulletSnapshot:
    return BulletSnapshot(
        get(record, "bulletId", int, where),
        get(record, "ownerIndex", int, where),
        constant(record, BULLET_STATES, where),
        get(record, "x", float, where),
        get(record, "y", float, where),
        get(record, "power", float, where),
        get(record, "heading", float, where),
        get(record, "victimIndex", int, where),
    )


def get(record: dict[str, Any], name: str, kind: type, where: str) -> Any:
    """A field, which must be of that type."""
    value = record.get(name)
    if type(value) is int and abs(value) > LARGEST_INTEGER:
        raise UserError(f"{where}: field '{name}' of a {record[CLASS]} is {value}; the largest is {LARGEST_INTEGER}")
    if type(value) is not kind:
        found = "is missing" if name not in record else f"is of type {type(value).__name__}"
        raise UserError(f"{where}: field '{name}' of a {record[CLASS]} {found}; it must be of type {kind.__name__}")
    return value


def constant(record: dict[str, Any], states: dict[str, int], where: str) -> int:
    """The number of a state."""
    name = get(record, "state", str, where)
    if name not in states:
        raise UserError(f"{where}: the state of a {record[CLASS]} is '{name}'; it must be one of {', '.join(states)}")
    return states[name]


def elements(record: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    """The objects in a field that is a java.util.ArrayList: they are what its class wrote, after its capacity."""
    found = [one for one in get(record, name, dict, where)[WRITTEN] if not isinstance(one, bytes)]
    for one in found:
        if not isinstance(one, dict):
            raise UserError(f"{where}: in field '{name}' stands a {type(one).__name__}, where a snapshot must stand")
    return found
