"""A gun or a movement of compiled functions for a robot of a class, which has it act in each of its turns:

class Mine(AdvancedRobot):
    gun = CompiledPart("circular", power=2)     of the class, so that what it learns lasts for the battle

    def run(self):
        while True:
            self.gun.act(self)
            self.set_ahead(100)
            self.execute()
"""

import ctypes
import math
from typing import Any

import numpy as np

from beepsim.engine.state import COMMAND, NO_SHOT
from beepsim.errors import UserError
from beepsim.robots import proxy as fields
from beepsim.robots.entry import ARGUMENT_COUNT, compiled_entry, plain_function
from beepsim.robots.interrupts import RobotException
from beepsim.robots.loader import KINDS, ROBOT, find_part, load_part, settled_bot
from beepsim.robots.modules import GUN, MOVEMENT
from beepsim.robots.prepare import new_memory
from beepsim.robots.robot import Robot
from beepsim.robots.settings import split_spec, texts_of

FUNCTION = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * ARGUMENT_COUNT)


class CompiledPart:
    """The part of that name or path, with its settings in the text or as keywords; its memory lasts as long as it.

    It keeps the radar on the enemy, as it does for compiled bots; orders given after `act` take the place of its own.
    Raises UserError for what is no such part, and for settings that it does not take.
    """

    def __init__(self, name: str, **settings: Any) -> None:
        choices = split_spec(name)
        parts = tuple(load_part(find_part(one, name)) for one, _ in choices)
        if len(parts) != 1 or parts[0].kind == ROBOT:
            found = " + ".join(f"{part.name} (a {KINDS[part.kind]})" for part in parts)
            raise UserError(f"'{name}' is {found}; a CompiledPart is one gun, movement or whole bot of functions")
        self._kind = parts[0].kind
        self._bot = settled_bot(parts, [choices[0][1] | texts_of(settings, f"'{name}'")], name)
        self._memory = new_memory(self._bot)
        self._command = np.zeros(1, COMMAND)
        self._failed = np.zeros(1, np.int64)
        # Now, since in a robot's turn the time that it takes would be the robot's.
        self._function = FUNCTION(compiled_entry(parts).address)
        self._last: tuple[int, int] | None = None

    def act(self, robot: Robot) -> None:
        """Gives the part's orders for this turn; to be called in every turn, from the first one on.

        Raises RobotException where the round's first turn was left out, and where the part's function raises.
        """
        proxy = robot._beepsim
        if not proxy.is_advanced:
            raise RobotException("a CompiledPart gives orders without waiting, so the robot must be an AdvancedRobot")
        now = proxy.view_ints[fields.ROUND], proxy.view_ints[fields.TURN]
        if now == self._last:
            return
        if now[1] > 0 and (self._last is None or self._last[0] != now[0]):
            raise RobotException(f"act() was first called in turn {now[1]} of a round; call it in each turn, from 0 on")
        self._last = now
        self._command[0] = proxy.crew.commands[proxy.index]
        self._command["fire_power"], self._command["scan"] = NO_SHOT, False
        self._run(proxy)
        self._give_orders(proxy)

    def _run(self, proxy: Any) -> None:
        """Calls the function with what the robot was told in this turn."""
        crew, index = proxy.crew, proxy.index
        view, events, random = crew.views[index : index + 1], crew.events[: proxy.event_count], crew.random[index:]
        if not proxy.is_compiled:
            function = plain_function(self._bot.parts)
            function(view[0], events.view(np.recarray), self._memory[0], self._command[0], random[:1])
            return
        arrays = (self._memory, self._command, random, self._failed)
        addresses = (array.ctypes.data for array in arrays)
        self._function(view.ctypes.data, events.ctypes.data, len(events), *addresses)
        if self._failed[0]:
            self._failed[0] = 0
            raise RobotException(
                f"{KINDS[self._kind]} '{self._bot.name}' raised an exception; the same `beepsim battle` with "
                "--uncompiled shows where"
            )

    def _give_orders(self, proxy: Any) -> None:
        """Hands over those orders that the part is there for."""
        order = self._command[0]
        if self._kind != GUN:
            proxy.order_move(float(order["distance"]))
            proxy.order_turn(float(order["body_turn"]))
            proxy.limit(fields.MAX_VELOCITY, float(order["max_velocity"]), "set_max_velocity")
            proxy.limit(fields.MAX_TURN_RATE, float(order["max_turn_rate"]), "set_max_turn_rate")
        if self._kind != MOVEMENT:
            proxy.set_gun_turn(float(order["gun_turn"]))
            if not math.isnan(order["fire_power"]):
                proxy.order_shot(float(order["fire_power"]))
        proxy.set_radar_turn(float(order["radar_turn"]))
        for name, flag in FLAGS.items():
            proxy.flags[flag] = bool(order[name])


FLAGS = {
    "adjust_gun_for_body": fields.GUN_FOR_BODY,
    "adjust_radar_for_gun": fields.RADAR_FOR_GUN,
    "adjust_radar_for_body": fields.RADAR_FOR_BODY,
    "scan": fields.SCAN,
}
