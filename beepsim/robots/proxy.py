"""A robot's side of its calls: its orders, its turn's end, the events that come with the next (`BasicRobotProxy`).

Radians clockwise from north, px, turns. The robot runs in a greenlet; `tick` ends its turn by switching to the host's
and returns in the next turn. VIEW, EVENT and COMMAND are read and written by address, several times faster than fields.
"""

import math
import tempfile
from pathlib import Path
from typing import Any

from beepsim.engine.state import COMMAND, World
from beepsim.robots.compiled import VIEW
from beepsim.robots.crew import Crew
from beepsim.robots.event_queue import EventQueue
from beepsim.robots.event_reader import EventReader
from beepsim.robots.events import ScannedRobotEvent, StatusEvent
from beepsim.robots.exchange import CALL_ALWAYS, UNTIL_GUN_TURNED, UNTIL_MOVED, UNTIL_RADAR_TURNED, UNTIL_TURNED
from beepsim.robots.interrupts import RobotException, RoundOver, TooManyCalls
from beepsim.robots.memory import byte_of, word_of, words
from beepsim.robots.output import Output
from beepsim.robots.results import Bullet, RobotStatus
from beepsim.robots.utils import Utils
from beepsim.rules import MAX_POWER, MIN_POWER

DATA_QUOTA = 200_000  # bytes that Robocode lets a robot write
MOST_CALLS = 10_000  # to set or get something, without ending the turn

X, Y, VELOCITY, HEADING, GUN_HEADING, RADAR_HEADING, ENERGY, GUN_HEAT, WIDTH, HEIGHT, COOLING = word_of(
    VIEW,
    *("x", "y", "velocity", "heading", "gun_heading", "radar_heading", "energy", "gun_heat"),
    *("width", "height", "gun_cooling_rate"),
)
ROUND, TURN, NUM_ROUNDS, OTHERS = word_of(VIEW, "round_number", "turn", "num_rounds", "others")
DISTANCE, BODY_TURN, GUN_TURN, RADAR_TURN, MAX_VELOCITY, MAX_TURN_RATE, FIRE_POWER, FIRE_ASSIST = word_of(
    COMMAND,
    *("distance", "body_turn", "gun_turn", "radar_turn", "max_velocity", "max_turn_rate", "fire_power", "fire_assist"),
)
GUN_FOR_BODY, RADAR_FOR_GUN, RADAR_FOR_BODY, SCAN = byte_of(
    COMMAND, "adjust_gun_for_body", "adjust_radar_for_gun", "adjust_radar_for_body", "scan"
)


class Proxy:
    """What Robocode keeps for a robot during a battle. Orders are the record COMMAND as the next turn will see it."""

    def __init__(
        self, robot: int, names: tuple[str, ...], crew: Crew, world: World, output: Output, is_compiled: bool = True
    ) -> None:
        self.index, self.crew, self.world, self.output = robot, crew, world, output
        self.is_compiled = is_compiled  # whether its compiled parts run so
        self.name = names[robot]
        view, command = crew.views[robot : robot + 1], crew.commands[robot : robot + 1]
        self.view, self.view_ints = words(view, "d"), words(view, "q")
        self.orders, self.flags = words(command, "d"), words(command, "B")
        self.waits = words(crew.waits, "q")
        self.queue = EventQueue(output._note, lambda error: self.on_fault(error))
        self.reader = EventReader(crew.events, names, self)
        self.hub: Any = None  # the host's greenlet
        self.may_park = False
        self.hears_status = False
        self.is_advanced = False
        self.on_fault: Any = None  # called with what a handler raised
        self.leave: Any = None  # called to leave the robot where it stands, for good
        self.late: list[Any] = []  # what it is told beside its turn's events, after turns that it missed
        self.folder: Path | None = None  # of its data
        # Robocode counts a robot as stopped when a round starts, and what it saved lasts from round to round.
        self.saved_orders = [0.0, 0.0, 0.0, 0.0]
        self.bullets: dict[int, Bullet] = {}
        self.event_count = 0  # of this turn, in crew.events
        self.start_round()

    def start_round(self) -> None:
        self.queue.reset()
        self.sets = self.gets = 0
        self.fired_energy = self.fired_heat = 0.0  # of the shot ordered in this turn
        self.condition: Any = None  # that of wait_for
        self.is_stopped = True
        self.radar_for_body_is_set = False
        self.awaits_turn = False  # must be called in the next turn whatever happens
        self.is_over = False  # its calls do not return any more
        self.refusals = 0
        self.bullets.clear()

    def begin(self, count: int) -> None:
        """The first events of the round, once the robot can hear them."""
        self.last_bullet_id = int(self.world.robots[self.index]["last_bullet_id"])
        self.receive(count)

    def data_directory(self) -> Path:
        """Made where it is first asked for."""
        if self.folder is None:
            self.folder = Path(tempfile.mkdtemp(prefix="beepsim-data-"))
        return self.folder

    # --- the turn's end ---

    def tick(self, wait: int = CALL_ALWAYS) -> None:
        """Ends the turn, returns in the next one once its events are handled.

        `wait` says what the robot does if that brings no events: it ends its turn at once while that is so.
        """
        queue = self.queue
        if queue.is_testing:
            raise RobotException(
                "You cannot take action inside Condition.test(). You should handle on_custom_event instead."
            )
        self.sets = self.gets = 0
        if self.condition is not None and self.condition.test():
            self.condition = None
            self.flags[SCAN] = 1
        if self.is_over:
            self.refuse()
        is_needed = not self.may_park or self.awaits_turn or self.condition is not None
        self.waits[self.index] = CALL_ALWAYS if is_needed or queue.events or queue.conditions else wait
        self.receive(self.hub.switch())

    def refuse(self) -> None:
        """Ends a robot that is dead or whose round is over."""
        self.refusals += 1
        if self.refusals > 100:  # it catches everything; it is left where it stands
            self.leave()
        raise RoundOver

    def receive(self, count: int) -> None:
        """The next turn: its events, `count` from the battle, are queued and handled."""
        self.fired_energy = self.fired_heat = 0.0
        self.event_count = count
        now, queue = self.view_ints[TURN], self.queue
        if self.hears_status or queue.events:
            queue.add(StatusEvent(self.status()), now)
        if self.late:
            self.hear_late(now)
        if count:
            self.reader.read(count, now, queue)
        if queue.events or queue.conditions:
            queue.process(now)

    def hear_late(self, now: int) -> None:
        """What is left of the turns that it missed; older events are too old by now."""
        for event in self.late:
            self.queue.add(event, now)
        self.late = []

    def status(self) -> RobotStatus:
        view, ints, orders = self.view, self.view_ints, self.orders
        return RobotStatus(
            (view[ENERGY], view[X], view[Y], view[HEADING], view[GUN_HEADING], view[RADAR_HEADING], view[VELOCITY],
             view[GUN_HEAT]),
            (orders[BODY_TURN], orders[RADAR_TURN], orders[GUN_TURN], orders[DISTANCE]),
            (ints[OTHERS], ints[ROUND], ints[NUM_ROUNDS], ints[TURN]),
        )  # fmt: skip

    # --- what it may ask ---

    def count_get(self) -> None:
        self.gets += 1
        if self.gets >= MOST_CALLS:
            self.gets = 0
            raise TooManyCalls(f"You have made {MOST_CALLS} calls to get methods without calling execute()")

    def count_set(self) -> None:
        self.sets += 1
        if self.sets >= MOST_CALLS:
            self.sets = 0
            raise TooManyCalls(f"You have made {MOST_CALLS} calls to set methods without calling execute()")

    def see(self, field: int) -> float:
        """A number of VIEW."""
        self.gets += 1
        if self.gets >= MOST_CALLS:
            self.count_get()
        return self.view[field]

    def see_int(self, field: int) -> int:
        """An integer of VIEW."""
        self.count_get()
        return self.view_ints[field]

    def remaining(self, field: int) -> float:
        """Of an order."""
        self.count_get()
        return self.orders[field]

    def energy(self) -> float:
        """Without that of the shot just ordered."""
        self.count_get()
        return self.view[ENERGY] - self.fired_energy

    def gun_heat(self) -> float:
        """With that of the shot just ordered."""
        self.count_get()
        return self.view[GUN_HEAT] + self.fired_heat

    # --- orders ---

    def order_move(self, distance: float) -> None:
        """A disabled robot's orders to move and turn its body are ignored, and end at once."""
        if self.view[ENERGY] - self.fired_energy != 0.0:
            self.orders[DISTANCE] = distance

    def order_turn(self, angle: float) -> None:
        if self.view[ENERGY] - self.fired_energy > 0.0:
            self.orders[BODY_TURN] = angle

    def set_move(self, distance: float) -> None:
        self.count_set()
        self.order_move(distance)

    def set_turn(self, angle: float) -> None:
        self.count_set()
        self.order_turn(angle)

    def set_gun_turn(self, angle: float) -> None:
        self.count_set()
        self.orders[GUN_TURN] = angle

    def set_radar_turn(self, angle: float) -> None:
        self.count_set()
        self.orders[RADAR_TURN] = angle

    def move(self, distance: float) -> None:
        self.order_move(distance)
        self.tick(UNTIL_MOVED)
        while self.orders[DISTANCE] != 0.0:
            self.tick(UNTIL_MOVED)

    def turn_body(self, angle: float) -> None:
        self.order_turn(angle)
        self.tick(UNTIL_TURNED)
        while self.orders[BODY_TURN] != 0.0:
            self.tick(UNTIL_TURNED)

    def turn_gun(self, angle: float) -> None:
        self.orders[GUN_TURN] = angle
        self.tick(UNTIL_GUN_TURNED)
        while self.orders[GUN_TURN] != 0.0:
            self.tick(UNTIL_GUN_TURNED)

    def turn_radar(self, angle: float) -> None:
        self.orders[RADAR_TURN] = angle
        self.tick(UNTIL_RADAR_TURNED)
        while self.orders[RADAR_TURN] != 0.0:
            self.tick(UNTIL_RADAR_TURNED)

    def rescan(self) -> None:
        """Scans again. Called in the handler of a scan, the new scan restarts that handler."""
        queue = self.queue
        priority = queue.priorities[ScannedRobotEvent]
        self.flags[SCAN] = 1
        if queue.top_priority != priority:
            self.tick()
            return
        was_interruptible = queue.is_interruptible(priority)
        queue.set_interruptible(priority, True)
        self.tick()
        queue.set_interruptible(priority, was_interruptible)

    def wait_for(self, condition: Any) -> None:
        self.condition = condition
        self.tick()
        while not condition.test():
            self.tick()
        self.condition = None

    def order_stop(self, overwrite: bool) -> None:
        """Remembers what remains, unless it is stopped already, and stops."""
        fields = (DISTANCE, BODY_TURN, GUN_TURN, RADAR_TURN)
        if not self.is_stopped or overwrite:
            self.saved_orders = [self.orders[field] for field in fields]
        self.is_stopped = True
        for field in fields:
            self.orders[field] = 0.0

    def order_resume(self) -> None:
        """Goes on with what remained when it was stopped."""
        if self.is_stopped:
            self.is_stopped = False
            for field, value in zip((DISTANCE, BODY_TURN, GUN_TURN, RADAR_TURN), self.saved_orders, strict=True):
                self.orders[field] = value

    def adjust_radar_for_gun(self, independent: bool) -> None:
        self.count_set()
        self.flags[RADAR_FOR_GUN] = bool(independent)
        if not self.radar_for_body_is_set:
            self.flags[RADAR_FOR_BODY] = bool(independent)

    def adjust_radar_for_body(self, independent: bool) -> None:
        self.count_set()
        self.flags[RADAR_FOR_BODY] = bool(independent)
        self.radar_for_body_is_set = True

    def adjust_gun_for_body(self, independent: bool) -> None:
        self.count_set()
        self.flags[GUN_FOR_BODY] = bool(independent)

    def limit(self, field: int, value: float, name: str) -> None:
        """Sets MAX_VELOCITY or MAX_TURN_RATE; NaN is refused."""
        self.count_set()
        if math.isnan(value):
            self.output._note(f"You cannot {name} to: NaN")
        else:
            self.orders[field] = value

    def order_shot(self, power: float) -> bool:
        """Whether the shot was accepted: from a cool gun, with energy left, once in a turn."""
        self.count_set()
        if math.isnan(power):
            self.output._note("SYSTEM: You cannot call fire(NaN)")
            return False
        view = self.view
        energy = view[ENERGY] - self.fired_energy
        if view[GUN_HEAT] + self.fired_heat > 0.0 or energy == 0.0:
            return False
        power = min(energy, min(max(float(power), MIN_POWER), MAX_POWER))
        self.last_bullet_id += 1
        self.orders[FIRE_POWER] = power
        if not self.is_advanced and view[GUN_HEADING] == view[RADAR_HEADING]:
            event = self.queue.top_event
            if type(event) is ScannedRobotEvent and event._time == self.view_ints[TURN]:
                self.orders[FIRE_ASSIST] = Utils.normal_absolute_angle(view[HEADING] + event._bearing)
        self.fired_energy += power
        self.fired_heat += 1.0 + power / 5.0
        return True

    def order_bullet(self, power: float) -> Bullet | None:
        """The bullet of that shot, None if it was not accepted."""
        if not self.order_shot(power):
            return None
        view, assist = self.view, self.orders[FIRE_ASSIST]
        heading = view[GUN_HEADING] if math.isnan(assist) else assist
        power = self.orders[FIRE_POWER]
        bullet = Bullet(heading, view[X], view[Y], power, self.name, None, True, self.last_bullet_id)
        bullet._tracker = self.reader
        self.bullets[bullet._id] = bullet
        return bullet
