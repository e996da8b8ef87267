"""Robots that tests of the host share."""

import gc

from greenlet import getcurrent, greenlet

from beepsim.robots import AdvancedRobot

SCAN = dict(other=1, energy=80.0, bearing=0.25, distance=200.0, heading=1.0, velocity=4.0)


class Duck(AdvancedRobot):
    """Stands."""


class Noting(AdvancedRobot):
    """Notes what it hears."""

    def run(self):
        self.log = ["run"]

    def note(self, event):
        self.log.append(type(event).__name__)


for name in [name for name in dir(AdvancedRobot) if name.startswith("on_") and name != "on_status"]:
    setattr(Noting, name, Noting.note)


def running(run, **handlers):
    """A class with this `run`."""
    return type("Bot", (AdvancedRobot,), {"run": run, **handlers})


def greenlets():
    main = getcurrent()
    gc.collect()
    return sum(type(one) is greenlet and one is not main for one in gc.get_objects())
