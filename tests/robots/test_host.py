"""Rounds of a robot of a class: its start and end, and when it need not be called."""

import pytest
from host_robots import SCAN, Duck, Noting, greenlets, running

from beepsim.battle import Rules, fight
from beepsim.engine.state import BATTLE_ENDED, DEAD, DEATH, HIT_WALL_EVENT, ROUND_ENDED, SCANNED_ROBOT, WIN
from beepsim.robots import AdvancedRobot, JuniorRobot
from beepsim.robots.exchange import (
    CALL_ALWAYS,
    FOR_EVER,
    GONE,
    UNTIL_GUN_TURNED,
    UNTIL_MOVED,
)
from beepsim.robots.proxy import Proxy
from beepsim.rules import RUNNING_TURNS_AFTER_DECISION

# --- a round ---


def test_each_round_has_a_fresh_object_and_no_greenlet_is_left(arena):
    before = greenlets()
    stage = arena(running(lambda robot: robot.ahead(10_000)), Duck)
    first = stage.robots[0]
    stage.play(3)
    stage.end()
    stage.start()
    assert stage.robots[0] is not first
    stage.play(3)
    stage.close()
    del stage.slipped, first
    assert greenlets() == before
    stage.close()  # twice is not once too often


def test_finally_blocks_run_at_the_end_of_a_round(arena):
    done = []

    def run(robot):
        try:
            robot.ahead(10_000)
        finally:
            done.append(robot.get_time())
            robot.ahead(10)
            done.append("not reached")

    stage = arena(running(run), Duck)
    stage.play(3)
    stage.end()
    assert done == [3] and not stage.hosts[0].faults


def test_a_run_that_returns_still_hears_events(arena):
    stage = arena(Noting, Duck)
    stage.play(2)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    assert stage.robots[0].log == ["run", "ScannedRobotEvent"]


def test_a_dead_robots_next_call_does_not_return(arena):
    class Bot(Noting):
        def run(self):
            self.log = []
            while True:
                self.ahead(1)
                self.log.append(self.get_energy())

        def on_death(self, event):
            self.log.append("death")
            self.ahead(10)
            self.log.append("not reached")

    stage = arena(Bot, Duck)
    stage.play(2)
    stage.world.robots[0]["state"], stage.world.robots[0]["died_now"] = DEAD, True
    stage.slip(0, DEATH)
    stage.slip(0, HIT_WALL_EVENT, bearing=0.0)
    log = stage.robots[0].log
    log.clear()
    stage.play()
    # The death is handled after all else, when nothing of the robot is left but its last turn.
    assert log == ["HitWallEvent", "death"]
    assert stage.crew.waits[0] == GONE and not stage.hosts[0].faults
    orders = stage.orders().tobytes()
    stage.hosts[0].run(0)
    assert log == ["HitWallEvent", "death"] and stage.orders().tobytes() == orders


def test_a_death_while_a_handler_runs_is_heard_after_it(arena):
    class Bot(Noting):
        def on_scanned_robot(self, event):
            try:
                self.turn_right(90)
            finally:
                self.log.append("left the handler")

    stage = arena(Bot, Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    stage.world.robots[0]["state"], stage.world.robots[0]["died_now"] = DEAD, True
    stage.slip(0, DEATH)
    stage.play()
    assert stage.robots[0].log == ["run", "left the handler", "DeathEvent"]


def test_the_winner_hears_of_it_and_is_halted(arena):
    class Bot(Noting):
        def on_win(self, event):
            self.log.append("win")
            self.turn_right(36_000)
            self.log.append("not reached")

    stage = arena(Bot, Duck, num_rounds=1)
    stage.play(2)
    stage.world.robots[1]["state"] = DEAD
    stage.world.battle["alive"] = 1
    stage.play()
    assert stage.robots[0].log == ["run", "RoundEndedEvent", "win"]
    turn = float(stage.orders()["body_turn"])
    stage.play(RUNNING_TURNS_AFTER_DECISION)
    # BattleEnded waited for the handler, which only the halt ends; the orders go on.
    assert stage.robots[0].log == ["run", "RoundEndedEvent", "win", "BattleEndedEvent"]
    assert float(stage.orders()["body_turn"]) < turn - 10.0
    stage.end()
    assert stage.crew.waits[0] == GONE and not stage.hosts[0].faults


def test_who_fell_before_hears_the_end_of_the_battle_only_in_the_last_round(arena):
    class Bot(Noting):
        logs: list = []

        def __init__(self):
            Bot.logs.append([])
            self.log = Bot.logs[-1]

        def run(self):
            self.log.append("run")

        def on_battle_ended(self, event):
            results = event.get_results()
            self.log.append((results.get_rank(), results.get_score(), results.get_team_leader_name()))

    stage = arena(Bot, Duck, num_rounds=2)
    for _ in range(2):
        stage.play()
        stage.world.robots[0]["state"], stage.world.robots[0]["died_now"] = DEAD, True
        stage.slip(0, DEATH)
        stage.play()
        stage.world.battle["alive"] = 1
        stage.play(3)
        stage.end()
        stage.start()
    assert Bot.logs[:2] == [["run", "DeathEvent"], ["run", "DeathEvent", (2, 0, "Bot")]]


def test_all_that_ends_a_round_is_heard_in_order(arena):
    stage = arena(Noting, Duck)
    for kind in (DEATH, BATTLE_ENDED, WIN, ROUND_ENDED):
        stage.slip(0, kind)
    stage.play()
    assert stage.robots[0].log == ["run", "RoundEndedEvent", "BattleEndedEvent", "WinEvent", "DeathEvent"]


# --- parking ---


@pytest.mark.parametrize(
    ("call", "wait"),
    [
        (lambda robot: robot.ahead(100), UNTIL_MOVED),
        (lambda robot: robot.turn_gun_right(100), UNTIL_GUN_TURNED),
        (lambda robot: None, FOR_EVER),
        (lambda robot: robot.do_nothing(), CALL_ALWAYS),
        (lambda robot: robot.fire(1), CALL_ALWAYS),
        (lambda robot: robot.scan(), CALL_ALWAYS),
    ],
)
def test_what_a_robot_waits_for(arena, call, wait):
    stage = arena(running(call), Duck)
    assert stage.crew.waits[0] == wait


def test_robots_that_need_every_turn_are_called_in_every_turn(arena):
    class Status(AdvancedRobot):
        def on_status(self, event):
            """Wants to know."""

    class Custom(AdvancedRobot):
        def run(self):
            from beepsim.robots import MoveCompleteCondition

            self.add_custom_event(MoveCompleteCondition(self))

    class Handling(AdvancedRobot):
        def on_scanned_robot(self, event):
            self.turn_right(90)

    for bot in (Status, Custom):
        assert arena(bot, Duck).crew.waits[0] == CALL_ALWAYS
    assert arena(Duck, Duck, limit=5.0).crew.waits[0] == CALL_ALWAYS
    stage = arena(Handling, Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    assert stage.crew.waits[0] == CALL_ALWAYS  # the second scan still waits
    stage.play(3)
    assert stage.crew.waits[0] != CALL_ALWAYS


@pytest.mark.parametrize(
    "bots",
    [
        ["sample.Walls", "sample.Crazy"],
        ["sample.MyFirstJuniorRobot", "sample.Target"],
        ["sample.Corners", "sample.SpinBot", "sample.TrackFire", "sample.VelociRobot", "sample.Tracker"],
    ],
)
def test_turns_that_pass_without_a_call_change_nothing(bots, monkeypatch):
    def outcome():
        result = fight(bots, 7, Rules(num_rounds=2))
        return result.turns, result.robots

    parked = outcome()
    tick = Proxy.tick
    monkeypatch.setattr(Proxy, "tick", lambda proxy, wait=CALL_ALWAYS: tick(proxy))
    assert outcome() == parked


def test_a_junior_robot_is_called_in_every_turn_while_a_shot_waits(arena):
    class Bot(JuniorRobot):
        def run(self):
            self.turn_gun_right(30)
            self.fire(1)
            self.turn_gun_right(360)
            self.turn_gun_right(360)

    stage = arena(Bot, Duck)
    waits, shots = [], []
    for _ in range(45):
        waits.append(int(stage.crew.waits[0]))
        shots.append(int(stage.world.robots[0]["last_bullet_id"]) - 1)
        stage.play()
    # Asked for in turn 2; ordered by the first status with a cool gun (from turn 30 on) that does not turn.
    fired = shots.index(1)
    assert waits[:2] == [UNTIL_GUN_TURNED] * 2 and waits[2:fired] == [CALL_ALWAYS] * (fired - 2)
    assert waits[fired] == UNTIL_GUN_TURNED and fired == 3 + 19 + 19  # 360 degrees leave a rest in the last bits
