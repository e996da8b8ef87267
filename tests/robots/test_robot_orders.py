"""Orders, stop and resume, flags, and events of AdvancedRobot, in a battle."""

import pytest
from scripted_classes import SCAN, Duck, Scripted, Standard, cool, scripted

from beepsim.engine.state import (
    HIT_BY_BULLET,
    HIT_ROBOT_EVENT,
    HIT_WALL_EVENT,
    ROBOT_DEATH,
    SCANNED_ROBOT,
)
from beepsim.robots import (
    AdvancedRobot,
    Condition,
    GunTurnCompleteCondition,
    MoveCompleteCondition,
    RadarTurnCompleteCondition,
    TurnCompleteCondition,
)

# --- orders, stop and resume, flags ---


def test_the_first_stop_of_a_round_saves_nothing(arena):
    def script(robot):
        robot.set_ahead(100)
        robot.set_turn_right(90)
        robot.stop()
        robot.log.append(("stopped", 0, robot.get_distance_remaining()))
        robot.resume()
        robot.log.append(("resumed", 0, (robot.get_distance_remaining(), robot.get_turn_remaining())))
        robot.set_ahead(100)
        robot.set_turn_gun_right(90)
        robot.stop()
        robot.set_ahead(50)
        robot.stop()  # saves nothing: stopped already
        robot.set_resume()
        robot.log.append(("resumed", 0, (robot.get_distance_remaining(), robot.get_gun_turn_remaining())))

    stage = arena(scripted(script), Duck)
    stage.play(6)
    told = [what for _, _, what in stage.robots[0].log]
    assert told == [0.0, (0.0, 0.0), (100.0, pytest.approx(90.0))]


def test_stop_with_overwrite_saves_anew_and_a_second_resume_does_nothing(arena):
    seen = []

    def script(robot):
        robot.set_ahead(100)
        robot.set_stop(True)
        robot.set_ahead(30)
        robot.set_stop(True)
        robot.set_resume()
        seen.append(robot.get_distance_remaining())
        robot.set_ahead(5)
        robot.set_resume()
        seen.append(robot.get_distance_remaining())

    arena(scripted(script), Duck)
    assert seen == [30.0, 5.0]


def test_what_was_saved_lasts_into_the_next_round(arena):
    class Bot(Scripted):
        rounds = 0

        def run(self):
            self.log = []
            Bot.rounds += 1
            if Bot.rounds == 1:
                self.set_ahead(70)
                self.set_stop(True)
            else:
                self.set_resume()
                self.log.append(("remaining", 0, self.get_distance_remaining()))

    stage = arena(Bot, Duck)
    stage.end()
    stage.start()
    assert stage.robots[0].log == [("remaining", 0, 70.0)]


def test_the_radars_flag_for_the_gun_sets_that_for_the_body_unless_it_was_set(arena):
    flags = []

    def script(robot):
        told = lambda: (robot.is_adjust_radar_for_gun_turn(), robot.is_adjust_radar_for_robot_turn())  # noqa: E731
        robot.set_adjust_radar_for_gun_turn(True)
        flags.append(told())
        robot.set_adjust_radar_for_gun_turn(False)
        flags.append(told())
        robot.set_adjust_radar_for_robot_turn(True)
        robot.execute()
        robot.set_adjust_radar_for_gun_turn(False)
        flags.append(told())
        flags.append(robot.is_adjust_gun_for_robot_turn())
        robot.set_adjust_gun_for_robot_turn(True)
        flags.append(robot.is_adjust_gun_for_robot_turn())

    stage = arena(scripted(script), Duck)
    stage.play()
    assert flags == [(True, True), (False, False), (False, True), False, True]
    assert stage.orders()["adjust_gun_for_body"] and not stage.orders()["adjust_radar_for_gun"]


def test_a_disabled_robot_orders_no_move_and_its_call_still_takes_a_turn(arena):
    done = []

    def script(robot):
        robot.do_nothing()
        robot.ahead(100)
        done.append(robot.get_time())
        robot.turn_right(90)
        done.append(robot.get_time())
        robot.turn_gun_right(40)
        done.append(robot.get_time())
        done.append(robot.fire_bullet(1))

    stage = arena(scripted(script), Duck)
    cool(stage)
    stage.world.robots[0]["energy"] = 0.0
    stage.play(6)
    assert done == [2, 3, 5, None]


def test_limits_are_clipped(arena):
    stage = arena(
        scripted(lambda robot: (robot.set_max_velocity(-20), robot.set_max_turn_rate(4), robot.execute())), Duck
    )
    assert stage.orders()["max_velocity"] == 8.0
    assert stage.orders()["max_turn_rate"] == 4 * 0.017453292519943295


# --- events ---


def test_handlers_that_act_are_nested_by_priority(arena):
    """A hit by a bullet makes the robot turn; the scan of that turn waits, a collision does not."""
    stage = arena(scripted(on_hit_by_bullet=lambda robot, event: robot.turn_right(20)), Duck)
    stage.slip(0, HIT_BY_BULLET, bullet_owner=1, bullet_victim=0, bearing=0.5, bullet_power=1.0)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    assert stage.robots[0].names() == ["on_hit_by_bullet"]
    stage.slip(0, HIT_ROBOT_EVENT, other=1, bearing=0.1, energy=50.0, my_fault=True)
    stage.play()
    assert stage.robots[0].names() == ["on_hit_by_bullet"]  # the scan, older and lower, stands before the collision
    stage.play()
    assert stage.robots[0].names() == ["on_hit_by_bullet", "on_hit_robot"]
    hit = stage.robots[0].log[1][2]
    assert hit.is_my_fault() and hit.get_name() == "Duck" and hit.get_time() == 2


def test_scan_within_the_scans_handler_restarts_it(arena):
    def on_scan(robot, event):
        if event.get_time() == 1:
            robot.scan()
            robot.log.append(("not reached", 0, None))

    stage = arena(scripted(base=Standard, on_scanned_robot=on_scan), Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    assert stage.orders()["scan"]
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    assert stage.robots[0].names() == ["on_scanned_robot", "on_scanned_robot"]
    assert not stage.hosts[0]._proxy.queue.is_interruptible(10)


def test_scan_that_finds_nobody_returns(arena):
    def on_scan(robot, event):
        robot.scan()
        robot.log.append(("returned", robot.get_time(), None))

    stage = arena(scripted(base=Standard, on_scanned_robot=on_scan), Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play(3)
    assert [entry[:2] for entry in stage.robots[0].log] == [("on_scanned_robot", 1), ("returned", 2)]


def test_set_interruptible_is_for_advanced_robots(arena):
    def on_scan(robot, event):
        robot.set_interruptible(True)
        robot.do_nothing()
        robot.log.append(("returned", robot.get_time(), None))

    for base, returns in ((Standard, True), (Scripted, False)):
        stage = arena(scripted(base=base, on_scanned_robot=on_scan), Duck)
        stage.slip(0, SCANNED_ROBOT, **SCAN)
        stage.play()
        stage.slip(0, SCANNED_ROBOT, **SCAN)
        stage.play()
        assert (stage.robots[0].names()[1] == "returned") == returns


def test_waiting_events_can_be_listed_and_dropped(arena):
    def on_death(robot, event):
        robot.log.append(("listed", 0, [type(one).__name__ for one in robot.get_all_events()]))
        robot.log.append(("scans", 0, len(robot.get_scanned_robot_events())))
        robot.log.append(("walls", 0, len(robot.get_hit_wall_events())))
        robot.clear_all_events()
        robot.log.append(("left", 0, robot.get_all_events()))

    stage = arena(scripted(on_robot_death=on_death), Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.slip(0, HIT_WALL_EVENT, bearing=0.0)
    stage.slip(0, ROBOT_DEATH, other=1)
    stage.play()
    told = dict((name, what) for name, _, what in stage.robots[0].log)
    assert told["listed"] == ["HitWallEvent", "ScannedRobotEvent"] and told["left"] == []
    assert (told["scans"], told["walls"]) == (1, 1)
    assert stage.robots[0].names()[-1] == "left"


def test_status_comes_first_and_before_run(arena):
    class Bot(AdvancedRobot):
        def __init__(self):
            self.log = []

        def run(self):
            self.log.append("run")

        def on_status(self, event):
            self.log.append((event.get_status().get_time(), event.get_status().get_others()))

        def on_scanned_robot(self, event):
            self.log.append("scan")

    stage = arena(Bot, Duck)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play(2)
    assert stage.robots[0].log == [(0, 1), "run", (1, 1), "scan", (2, 1)]


class Trigger(Condition):
    def __init__(self, robot, turn):
        super().__init__("trigger", 50)
        self.robot, self.turn = robot, turn

    def test(self):
        return self.robot.get_time() >= self.turn


def test_custom_events_come_in_every_turn_until_they_are_removed(arena):
    def on_custom(robot, event):
        assert event.get_condition().get_name() == "trigger" and event.get_priority() == 50
        if len(robot.log) == 2:
            robot.remove_custom_event(event.get_condition())
            robot.remove_custom_event(event.get_condition())

    stage = arena(scripted(lambda robot: robot.add_custom_event(Trigger(robot, 3)), on_custom_event=on_custom), Duck)
    stage.play(6)
    assert [(name, turn) for name, turn, _ in stage.robots[0].log] == [("on_custom_event", 3), ("on_custom_event", 4)]
    assert not stage.hosts[0].faults


def test_a_condition_must_not_act(arena):
    class Acting(Condition):
        def test(self):
            self.robot.ahead(10)

    def script(robot):
        condition = Acting()
        condition.robot = robot
        robot.add_custom_event(condition)
        robot.execute()

    stage = arena(scripted(script), Duck)
    stage.play()
    (fault,) = stage.hosts[0].faults
    assert fault.kind == "raised" and "inside Condition.test()" in fault.message


def test_no_condition_is_an_error(arena):
    for call in ("add_custom_event", "wait_for"):
        for value in (None, True):
            stage = arena(scripted(lambda robot, call=call, value=value: getattr(robot, call)(value)), Duck)
            assert f"the condition cannot be {value}" in stage.hosts[0].faults[0].message


def test_wait_for_waits_one_turn_at_least(arena):
    done = []

    def script(robot):
        for order, condition in (
            (lambda: robot.set_ahead(10), MoveCompleteCondition(robot)),
            (lambda: robot.set_turn_right(30), TurnCompleteCondition(robot)),
            (lambda: robot.set_turn_gun_right(50), GunTurnCompleteCondition(robot)),
            (lambda: robot.set_turn_radar_right(100), RadarTurnCompleteCondition(robot)),
        ):
            order()
            before = robot.get_time()
            robot.wait_for(condition)
            done.append(robot.get_time() - before)
        robot.wait_for(Trigger(robot, 0))
        done.append(robot.get_time())

    stage = arena(scripted(script), Duck)
    stage.play(40)
    # The body still moves at 1 px a turn when it begins to turn.
    assert done[1:4] == [4, 3, 3] and done[4] == sum(done[:4]) + 1


def test_a_condition_that_is_true_asks_for_a_scan(arena):
    """`BasicRobotProxy.executeImpl`: a waitFor condition that is true when the turn ends requests a scan."""
    stage = arena(scripted(lambda robot: robot.wait_for(Trigger(robot, 0))), Duck)
    assert stage.orders()["scan"]
