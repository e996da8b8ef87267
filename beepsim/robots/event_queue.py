"""The queue of a robot's events and the handlers that run for them (`EventManager`, `EventQueue`).

Events wait sorted by time and priority. A handler runs while no handler of its priority or a higher one does; handlers
may end turns themselves, and within them events of higher priority are handled. Events older than a turn are dropped,
but not those of the system (win, death, the end of a round or battle, skipped turns).
"""

from collections.abc import Callable
from typing import Any

from beepsim.robots.events import EVENT_CLASSES, HIGHEST_PRIORITY, CustomEvent, Event
from beepsim.robots.interrupts import EventInterrupted

NO_PRIORITY = -1000  # of the code that runs while no handler does
DROPPED_AFTER = 2  # turns
MOST_EVENTS = 256  # a queue of more takes no more
EVENT_NAMES = {event.__name__: event for event in EVENT_CLASSES}


class EventQueue:
    """What lasts from round to round: priorities and marks of interruptible ones. What does not: events, conditions."""

    def __init__(self, note: Callable[[str], None], fail: Callable[[Exception], None]) -> None:
        self.note = note  # takes a line for the robot's output
        self.fail = fail  # takes what a handler raised
        self.priorities: dict[type[Event], int] = {event: event.DEFAULT_PRIORITY for event in EVENT_CLASSES}
        self.interruptible = [False] * (HIGHEST_PRIORITY + 1)
        self.robot: Any = None
        self.is_advanced = False
        self.reset()

    def reset(self) -> None:
        """The start of a round."""
        self.events: list[Event] = []
        self.conditions: list[Any] = []
        self.top_priority = NO_PRIORITY  # of the handler that runs
        self.top_event: Event | None = None  # the last handled, also when its handler has ended; None if interrupted
        self.is_testing = False  # a custom condition

    def add(self, event: Event, time: int) -> None:
        """Queues an event of this turn, with the priority of its class unless that is fixed."""
        event._time = time
        if not event._is_system:
            event._priority = self.priorities[type(event)]
        self.put(event)

    def put(self, event: Event) -> None:
        if len(self.events) <= MOST_EVENTS:
            self.events.append(event)
        else:
            self.note(f"SYSTEM: not adding an event, exceeded {MOST_EVENTS} events in the queue")

    def clear(self) -> None:
        """Drops all but the system's events."""
        self.events[:] = [event for event in self.events if event._is_system]

    def process(self, now: int) -> None:
        """Runs the handlers whose turn it is. Raises EventInterrupted where it must end the handler that called it.

        What a handler raises is noted and the robot goes on (`EventManager.dispatch`); MemoryError comes through.
        """
        events = self.events
        if events and events[0]._time != now:  # what is left of earlier turns stands first
            events[:] = [event for event in events if event._is_system or event._time > now - DROPPED_AFTER]
        if self.conditions:
            self.test_conditions(now)
        if len(events) > 1:
            events.sort()
        while events:
            event = events[0]
            priority, outer = event._priority, self.top_priority
            if priority <= outer:
                if priority == outer and self.is_interruptible(priority):
                    self.set_interruptible(priority, False)
                    raise EventInterrupted
                return
            del events[0]
            self.top_priority, self.top_event = priority, event
            try:
                if self.is_advanced or not event._for_advanced:
                    getattr(self.robot, event._handler)(event)
            except EventInterrupted:
                self.top_event = None
            except MemoryError:  # no fault of the robot's
                self.top_event = None
                raise
            except Exception as error:
                self.fail(error)
                self.set_interruptible(priority, False)
            except BaseException:
                self.top_event = None
                raise
            else:
                self.set_interruptible(priority, False)
            finally:
                self.top_priority = outer

    def test_conditions(self, now: int) -> None:
        """Queues an event for each custom condition that is true."""
        for condition in tuple(self.conditions):
            self.is_testing = True
            try:
                is_true = condition.test()
            finally:
                self.is_testing = False
            if is_true:
                event = CustomEvent(condition)
                event._time = now
                self.put(event)

    def is_interruptible(self, priority: int) -> bool:
        return 0 <= priority <= HIGHEST_PRIORITY and self.interruptible[priority]

    def set_interruptible(self, priority: int, is_interruptible: bool) -> None:
        """Marks a priority: a new event of it restarts the handler that runs. System priorities cannot be marked."""
        if 0 <= priority <= HIGHEST_PRIORITY:
            self.interruptible[priority] = is_interruptible

    def priority_of(self, name: str) -> int:
        """Priority of the class of that name, -1 for no class."""
        event = EVENT_NAMES.get(plain_name(name))
        return -1 if event is None else self.priorities[event]

    def set_priority(self, name: str, priority: int) -> None:
        """Changes the priority of a class, within 0 ... 99; the system's cannot be changed."""
        event = EVENT_NAMES.get(plain_name(name))
        if event is None:
            self.note(f"SYSTEM: Unknown event class: {name}")
        elif event._is_system:
            self.note("SYSTEM: You may not change the priority of a system event.")
        else:
            if not 0 <= priority <= HIGHEST_PRIORITY:
                self.note(f"SYSTEM: Priority must be between 0 and {HIGHEST_PRIORITY}")
            self.priorities[event] = min(max(int(priority), 0), HIGHEST_PRIORITY)

    def of_class(self, event_class: type[Event]) -> list[Any]:
        """The events of a class that wait."""
        return [event for event in self.events if isinstance(event, event_class)]


def plain_name(name: str) -> str:
    """Without the package that Java's full names have."""
    return str(name).removeprefix("robocode.")
