"""The time that a robot of a class may take for its turns."""

import pytest
from host_robots import SCAN, Duck, Noting, running

from beepsim.engine.state import DEAD, DEATH, SCANNED_ROBOT
from beepsim.robots import AdvancedRobot, host, watchdog
from beepsim.robots.exchange import (
    KILL,
)

# --- a limit of time, with a clock that only robots move on ---


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(host.time, "perf_counter", clock)
    return clock


def test_who_is_late_misses_turns(arena, clock):
    class Bot(AdvancedRobot):
        def run(self):
            self.log = []
            self.execute()
            self.set_ahead(1000)
            self.execute()
            clock.now += 3.5  # of turn 2
            self.set_ahead(-1000)
            self.execute()
            self.log.append(("awake", self.get_time()))

        def on_skipped_turn(self, event):
            self.log.append((event.get_skipped_turn(), event.get_time()))

        def on_scanned_robot(self, event):
            self.log.append(("scan", event.get_time()))

    stage = arena(Bot, Duck, limit=1.0)
    distances = []
    stage.play()
    for turn in range(2, 8):
        if turn in (4, 6):
            stage.slip(0, SCANNED_ROBOT, **SCAN)
        stage.play()
        distances.append(float(stage.orders()["distance"]))
    # The old orders go on in turns 3 to 5, the new ones act in turn 6; the scan of turn 4 is lost.
    assert distances == [999.0, 997.0, 994.0, -1000.0, -1002.0, -1002.0]
    assert stage.robots[0].log == [(3, 6), (4, 6), (5, 6), ("scan", 6), ("awake", 6)]
    assert stage.hosts[0].skipped_turns == 3 and not stage.hosts[0].faults


def test_who_is_in_time_misses_nothing(arena, clock):
    def run(robot):
        while True:
            clock.now += 0.999
            robot.set_ahead(100)
            robot.execute()

    stage = arena(running(run), Duck, limit=1.0)
    stage.play(5)
    assert stage.hosts[0].skipped_turns == 0


def test_the_start_of_a_round_may_take_longer(arena, clock):
    """300 times the limit, 10 s at most; in turn 1 ten times the limit (facts on time)."""
    for start, first, missed in ((2.999, 0.099, 0), (3.005, 0.0, 1), (3.015, 0.0, 2), (0.0, 0.105, 1)):

        def run(robot, start=start, first=first):
            clock.now += start
            robot.execute()
            clock.now += first
            robot.execute()

        stage = arena(running(run), Duck, limit=0.01)
        stage.play(6)
        assert stage.hosts[0].skipped_turns == missed
    assert host.allowance(0, 1.0) == 10.0 and host.allowance(0, 20.0) == 20.0


def test_more_than_thirty_missed_turns_kill(arena, clock):
    def run(robot):
        robot.execute()
        robot.execute()
        clock.now += 30.5 if robot.get_round_num() == 0 else 31.0
        robot.execute()

    stage = arena(running(run), Duck, limit=1.0)
    stage.play(40)
    assert stage.hosts[0].skipped_turns == 30 and stage.verdicts[0] == []
    stage.end()
    stage.start()
    stage.play(40)
    (fault,) = stage.hosts[0].faults
    assert fault.kind == "skipped too many turns" and fault.turn == 33 and stage.verdicts[0] == [KILL]
    stage.end()


def test_robots_with_files_may_miss_more(arena, clock):
    def run(robot):
        robot.get_data_directory()
        robot.execute()
        robot.execute()
        clock.now += 100.0
        robot.execute()

    stage = arena(running(run), Duck, limit=1.0)
    stage.play(110)
    assert stage.hosts[0].skipped_turns == 100 and not stage.hosts[0].faults


def test_a_late_robot_hears_of_its_death(arena, clock):
    class Bot(Noting):
        def run(self):
            self.log = []
            self.execute()
            self.execute()
            clock.now += 10.0
            self.execute()

    stage = arena(Bot, Duck, limit=1.0)
    stage.play(3)
    stage.world.robots[0]["state"], stage.world.robots[0]["died_now"] = DEAD, True
    stage.slip(0, DEATH)
    stage.play()
    assert stage.robots[0].log == ["SkippedTurnEvent", "DeathEvent"]


def test_the_limit_sets_the_patience(arena, clock):
    arena(Duck, limit=0.01)
    assert watchdog.WATCHDOG.patience == pytest.approx(3.31)
    arena(Duck, limit=100.0)
    assert watchdog.WATCHDOG.patience == watchdog.PATIENCE
