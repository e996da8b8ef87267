"""Robots of classes that do as a script says and note what they are told."""

from beepsim.robots import (
    AdvancedRobot,
    Robot,
)

SCAN = dict(other=1, energy=80.0, bearing=0.25, distance=200.0, heading=1.0, velocity=4.0)


class Duck(AdvancedRobot):
    """Stands."""


class Scripted(AdvancedRobot):
    """Does what `script(robot)` says, notes what it is told."""

    script = staticmethod(lambda robot: None)
    handlers: dict = {}

    def run(self):
        self.log = []
        type(self).script(self)

    def note(self, name, event):
        if not hasattr(self, "log"):
            self.log = []
        self.log.append((name, self._beepsim.view_ints[1], event))
        if name in self.handlers:
            self.handlers[name](self, event)

    def names(self):
        return [name for name, _, _ in self.log]


for handler in [name for name in dir(AdvancedRobot) if name.startswith("on_") and name != "on_status"]:
    setattr(Scripted, handler, lambda self, event, name=handler: self.note(name, event))


def scripted(script=lambda robot: None, base=Scripted, **handlers):
    return type("Bot", (base,), {"script": staticmethod(script), "handlers": handlers})


class Standard(Robot):
    """Scripted as a Robot."""

    script = staticmethod(lambda robot: None)
    handlers: dict = {}
    run, note, names = Scripted.run, Scripted.note, Scripted.names


for handler in [name for name in dir(Robot) if name.startswith("on_") and name != "on_status"]:
    setattr(Standard, handler, lambda self, event, name=handler: self.note(name, event))


def cool(stage, robot=0):
    stage.world.robots[robot]["gun_heat"] = 0.0
