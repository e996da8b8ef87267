"""Robots of classes written in a test, in a battle that is played turn by turn; events can be slipped in."""

import numpy as np

from beepsim.engine.rounds import may_run, start_round
from beepsim.engine.state import ADVANCED, DEAD, JUNIOR, STANDARD, new_rules, new_world
from beepsim.engine.turn import play_turn
from beepsim.robots import AdvancedRobot, JuniorRobot
from beepsim.robots.crew import new_crew, show, take
from beepsim.robots.exchange import CALL_ALWAYS, DISABLE, GONE, INNOCENT, KILL
from beepsim.robots.host import Host
from beepsim.robots.loader import load_bot
from beepsim.robots.prepare import new_memory

APART = "(100,100,0),(700,500,0),(100,500,0),(700,100,0)"  # out of each other's way, all facing north


class Arena:
    """`classes[r]` is robot r; a class that is left out stands still. Closed by the fixture `arena`."""

    def __init__(self, *classes, seed=1, limit=None, positions=APART, **rules):
        self.classes = classes
        kinds = [kind_of(one) for one in classes]
        self.world = new_world(new_rules(**rules), np.array(kinds), seed, positions)
        bots = [load_bot("sitting_duck")] * len(classes)
        self.crew = new_crew(bots, [new_memory(bot) for bot in bots], self.world, seed, is_compiled=False)
        names = [one.__name__ for one in classes]
        self.hosts = [Host(one, i, names, self.crew, self.world, limit) for i, one in enumerate(classes)]
        self.verdicts = [[] for _ in classes]
        self.slipped = []  # events of the next turn
        self.start()

    @property
    def robots(self):
        """The objects of the authors' classes."""
        return [host._robot for host in self.hosts]

    def start(self):
        start_round(self.world)
        self.crew.waits[:], self.crew.verdicts[:] = CALL_ALWAYS, INNOCENT
        for host in self.hosts:
            host.start_round()
        self.let_run()

    def slip(self, robot, kind, **fields):
        """An event that the robot gets in the next turn, before those that the engine makes."""
        self.slipped.append((robot, kind, fields))

    def play(self, turns=1):
        for _ in range(turns):
            play_turn(self.world)
            for robot, kind, fields in self.slipped:
                event = self.world.events[self.world.battle[0]["event_count"]]
                event["receiver"], event["type"] = robot, kind
                for name, value in fields.items():
                    event[name] = value
                self.world.battle["event_count"] += 1
            self.slipped.clear()
            self.let_run()

    def let_run(self):
        for robot in self.world.run_order:
            if may_run(self.world, robot) and self.crew.waits[robot] != GONE:
                self.hosts[robot].run(show(self.world, self.crew, robot))
                self.judge(robot)
                if self.world.robots[robot]["state"] != DEAD:
                    take(self.world, self.crew, robot)

    def judge(self, robot):
        verdict = int(self.crew.verdicts[robot])
        if verdict in (DISABLE, KILL):
            self.verdicts[robot].append(verdict)
            self.world.robots[robot]["energy"] = 0.0
        self.crew.verdicts[robot] = INNOCENT

    def end(self):
        """The end of the round."""
        for host in self.hosts:
            host.end_round()

    def close(self):
        for host in self.hosts:
            host.close()

    def orders(self, robot=0):
        """Robot r's orders that act in the next turn."""
        return self.world.commands[robot]


def kind_of(robot_class):
    if issubclass(robot_class, JuniorRobot):
        return JUNIOR
    return ADVANCED if issubclass(robot_class, AdvancedRobot) else STANDARD
