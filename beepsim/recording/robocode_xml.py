"""Robocode's XML recordings, the long form (battleRecord.xsd) and the short one (battleRecordS.xsd).

Everything stands in attributes, so a file is read element by element with one turn in memory. A document with a DOCTYPE
is refused: Robocode writes none, and entities are what makes small files large.
"""

import math
from collections.abc import Iterator
from typing import IO, NamedTuple, NoReturn
from xml.parsers import expat

from beepsim.errors import UserError
from beepsim.recording.columns import NO_VICTIM
from beepsim.recording.format import RecordedRules
from beepsim.recording.snapshots import BULLET_STATES, ROBOT_STATES, BulletSnapshot, RobotSnapshot, Turn

CHUNK = 1 << 16
MAX_TURN_BYTES = 16_000_000
MAX_TURN_ELEMENTS = 100_000
MAX_DEPTH = 30
"""Limits on what is in memory at once; the largest turns hold what robots printed. The depth of scores is six."""
LARGEST_INTEGER = 2**31 - 1
VERSIONS = {"recordInfo": 2, "rules": 2, "turn": 1, "robot": 2, "score": 1, "bullet": 2}
"""The newest `ver` of each element that is known."""
LAST_SURVIVOR_UNIT = 10.0
Attributes = dict[str, str]


class Form(NamedTuple):
    """How a form names its elements and their attributes, those in the order of the snapshots."""

    elements: dict[str, str]  # its names of the long form's elements
    turn: tuple[str, str]
    robot: tuple[str, ...]
    robot_state: str
    scores: tuple[str, ...]
    bullet_state: str
    power: str
    victim: str


LONG = Form(
    {name: name for name in ("turn", "robot", "score", "bullet")},
    ("round", "turn"),
    ("x", "y", "velocity", "bodyHeading", "gunHeading", "radarHeading", "energy", "gunHeat"),
    "state",
    (
        "currentScore",
        "currentSurvivalScore",
        "currentBulletDamageScore",
        "currentBulletKillBonus",
        "currentRammingDamageScore",
        "currentRammingKillBonus",
    ),
    "state",
    "power",
    "victim",
)
SHORT = Form(
    {"t": "turn", "r": "robot", "sc": "score", "b": "bullet"},
    ("ro", "tu"),
    ("x", "y", "v", "b", "g", "r", "e", "h"),
    "s",
    ("c", "ss", "bd", "bk", "rd", "rk"),
    "s",
    "p",
    "v",
)


class XmlReader:
    """Follows the elements of a recording; `turns` holds the finished ones that nobody has fetched."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.depth = 0
        self.info: dict[str, Attributes] = {}
        self.form: Form | None = None  # known from the first turn on
        self.elements: dict[str, list[Attributes]] = {}  # of the turn at hand
        self.count = self.turn_begins = 0  # elements of the turn at hand, byte where it begins
        self.turns: list[Turn] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self.start
        self.parser.EndElementHandler = self.end
        self.parser.StartDoctypeDeclHandler = self.refuse_doctype

    def fail(self, mistake: str) -> NoReturn:
        raise UserError(f"{self.where}: byte {self.parser.CurrentByteIndex}: {mistake}")

    def refuse_doctype(self, *_: object) -> None:
        self.fail("a DOCTYPE, which Robocode never writes and which can make a file grow without end; leave it out")

    def start(self, name: str, attributes: Attributes) -> None:
        if self.depth == 0 and name != "record":
            self.fail(f"the document is a <{name}>; a recording of Robocode is a <record>")
        self.depth += 1
        self.count += 1
        if self.count > MAX_TURN_ELEMENTS or self.depth > MAX_DEPTH:
            self.fail(f"more than {MAX_TURN_ELEMENTS} elements in a turn, or {MAX_DEPTH} inside each other")
        if self.form is None:
            if name in ("recordInfo", "rules"):
                self.check_version(name, attributes)
                self.info[name] = attributes
            elif name in ("turn", "t"):
                self.form = LONG if name == "turn" else SHORT
        if self.form is None:
            return
        kind = self.form.elements.get(name)
        if kind == "turn":
            self.elements, self.count = {"turn": [], "robot": [], "score": [], "bullet": []}, 0
            self.turn_begins = self.parser.CurrentByteIndex
        if kind and self.elements:
            self.check_version(kind, attributes)
            self.elements[kind].append(attributes)

    def end(self, name: str) -> None:
        self.depth -= 1
        if self.form and self.form.elements.get(name) == "turn" and self.elements:
            self.turns.append(self.turn(self.form))
            self.elements = {}

    def check_version(self, name: str, attributes: Attributes) -> None:
        version = attributes.get("ver", "1")
        if version != "1" and self.integer(attributes, "ver", name) > VERSIONS[name]:
            self.fail(
                f"<{name}> is of version {version[:20]}, and {VERSIONS[name]} is the newest that is known; "
                "the file is of a newer Robocode"
            )

    def turn(self, form: Form) -> Turn:
        """The snapshot in the elements of a turn."""
        turn, robots, scores = self.elements["turn"], self.elements["robot"], self.elements["score"]
        if len(turn) != 1 or len(robots) != len(scores):
            self.fail(f"a turn with {len(robots)} robots and {len(scores)} scores; each robot has its own")
        number, time = (self.integer(turn[0], key, "turn") for key in form.turn)
        return Turn(
            number,
            time,
            [self.robot(*both, form) for both in zip(robots, scores, strict=True)],
            [self.bullet(bullet, form) for bullet in self.elements["bullet"]],
            f"{self.where}: byte {self.parser.CurrentByteIndex}",
        )

    def robot(self, robot: Attributes, score: Attributes, form: Form) -> RobotSnapshot:
        current, survival, *others = self.numbers(score, form.scores, "score")
        # The bonus has no attribute of its own; it is ten points for each opponent, the others are rounded.
        rest = (current - survival - sum(others)) / LAST_SURVIVOR_UNIT
        bonus = LAST_SURVIVOR_UNIT * round(rest) if math.isfinite(rest) else rest
        return RobotSnapshot._make(
            [
                self.integer(robot, "id", "robot"),
                self.state(robot, form.robot_state, "ACTIVE", ROBOT_STATES, "robot"),
                *self.numbers(robot, form.robot, "robot"),
                (survival, bonus, *others),
                robot.get("name", ""),
            ]
        )

    def bullet(self, bullet: Attributes, form: Form) -> BulletSnapshot:
        owner, dash, number = bullet.get("id", "").partition("-")
        if not (dash and owner.isdecimal() and number.isdecimal() and len(owner + number) < 20):
            self.fail(f"<bullet> has the id '{bullet.get('id', '')[:40]}'; it must be its owner's number, -, its own")
        if int(number) > LARGEST_INTEGER:
            self.fail(f"<bullet> has the number {number}; the largest is {LARGEST_INTEGER}")
        x, y = self.numbers(bullet, ("x", "y"), "bullet")
        return BulletSnapshot(
            int(number),
            int(owner),
            self.state(bullet, form.bullet_state, "MOVING", BULLET_STATES, "bullet"),
            x,
            y,
            self.numbers(bullet, (form.power,), "bullet")[0] if form.power in bullet else math.nan,
            math.nan,
            self.integer(bullet, form.victim, "bullet") if form.victim in bullet else NO_VICTIM,
        )

    def state(self, found: Attributes, key: str, default: str, states: dict[str, int], element: str) -> int:
        name = found.get(key, default)
        if name not in states:
            self.fail(f"<{element}> has the state '{name[:40]}'; it must be one of {', '.join(states)}")
        return states[name]

    def numbers(self, found: Attributes, keys: tuple[str, ...], element: str) -> list[float]:
        try:
            return [float(found[key]) for key in keys]
        except KeyError as error:
            self.fail(f"<{element}> has no attribute {error}")
        except ValueError as error:
            self.fail(f"<{element}>: {str(error)[:100]}; each of {', '.join(keys)} must be a number")

    def integer(self, found: Attributes, key: str, element: str) -> int:
        text = found.get(key, "")
        if not (text.removeprefix("-").isdecimal() and abs(int(text[:20])) <= LARGEST_INTEGER):
            self.fail(f"<{element}> has {key}='{text[:40]}'; it must be a whole number up to {LARGEST_INTEGER}")
        return int(text)

    def rules(self) -> tuple[RecordedRules, int]:
        """The rules, which come before the first turn, and the number of robots."""
        for name in ("recordInfo", "rules"):
            if name not in self.info:
                self.fail(f"no <{name}> before the first turn")
        rules = self.info["rules"]
        return (
            RecordedRules(
                width=self.integer(rules, "battlefieldWidth", "rules"),
                height=self.integer(rules, "battlefieldHeight", "rules"),
                gun_cooling_rate=self.numbers(rules, ("gunCoolingRate",), "rules")[0],
                inactivity_time=self.integer(rules, "inactivityTime", "rules"),
                num_rounds=self.integer(rules, "numRounds", "rules"),
            ),
            self.integer(self.info["recordInfo"], "robotCount", "recordInfo"),
        )


def read_xml(stream: IO[bytes], size: int, where: str) -> tuple[RecordedRules, int, Iterator[Turn]]:
    """Rules and number of robots of the battle in a document of `size` bytes, and its turns. Raises UserError, then or
    while the turns are read, naming the byte of a document that is none, is cut off or holds something else."""
    reader = XmlReader(where)
    pieces = feed(reader, stream, size)
    for _ in pieces:
        if reader.form:
            break
    rules, robots = reader.rules()
    return rules, robots, turns_from(reader, pieces)


def turns_from(reader: XmlReader, pieces: Iterator[None]) -> Iterator[Turn]:
    yield from take(reader)
    for _ in pieces:
        yield from take(reader)


def take(reader: XmlReader) -> list[Turn]:
    found, reader.turns = reader.turns, []
    return found


def feed(reader: XmlReader, stream: IO[bytes], size: int) -> Iterator[None]:
    """Gives the parser the document, piece by piece."""
    place = 0
    try:
        while place < size and (piece := stream.read(min(CHUNK, size - place))):
            place += len(piece)
            reader.parser.Parse(piece, False)
            if place - reader.turn_begins > MAX_TURN_BYTES:
                reader.fail(f"a turn of more than {MAX_TURN_BYTES} bytes; none is so large")
            yield
        reader.parser.Parse(b"", True)
        yield
    except (expat.ExpatError, LookupError, ValueError) as error:
        # Not XML, XML cut off, or in an encoding that nobody knows.
        place = max(reader.parser.ErrorByteIndex, 0)
        raise UserError(f"{reader.where}: byte {place}: cut off, or damaged, or no XML: {error}") from None
