"""The calls of Robot, AdvancedRobot, JuniorRobot and RateControlRobot, in a battle."""

import math

import numpy as np
import pytest

import beepsim.robots
from beepsim.engine.state import (
    BULLET_MISSED,
    HIT_BY_BULLET,
    HIT_ROBOT_EVENT,
    HIT_WALL_EVENT,
    NOBODY,
    ROBOT_DEATH,
    SCANNED_ROBOT,
)
from beepsim.javarandom import new_random, next_double
from beepsim.robots import (
    AdvancedRobot,
    Condition,
    GunTurnCompleteCondition,
    JuniorRobot,
    MoveCompleteCondition,
    RadarTurnCompleteCondition,
    RateControlRobot,
    Robot,
    RobotException,
    Rules,
    TurnCompleteCondition,
    Utils,
)
from beepsim.robots.engine_random import Random

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


# --- Robocode's lists of methods ---

ROBOT_METHODS = """
    ahead back doNothing fire fireBullet getBattleFieldHeight getBattleFieldWidth getEnergy getGunCoolingRate
    getGunHeading getGunHeat getHeading getHeight getName getNumRounds getNumSentries getOthers getRadarHeading
    getRoundNum getSentryBorderSize getTime getVelocity getWidth getX getY onBattleEnded onBulletHit onBulletHitBullet
    onBulletMissed onDeath onHitByBullet onHitRobot onHitWall onRobotDeath onRoundEnded onScannedRobot onStatus onWin
    resume run scan setAdjustGunForRobotTurn setAdjustRadarForGunTurn setAdjustRadarForRobotTurn setAllColors
    setBodyColor setBulletColor setColors setDebugProperty setGunColor setRadarColor setScanColor stop turnGunLeft
    turnGunRight turnLeft turnRadarLeft turnRadarRight turnRight getGraphics setInterruptible getBattleNum
    getNumBattles getLife getGunCharge
""".split()
ADVANCED_METHODS = """
    addCustomEvent clearAllEvents execute getAllEvents getBulletHitBulletEvents getBulletHitEvents
    getBulletMissedEvents getDataDirectory getDataFile getDataQuotaAvailable getDistanceRemaining getEventPriority
    getGunHeadingRadians getGunTurnRemaining getGunTurnRemainingRadians getHeadingRadians getHitByBulletEvents
    getHitRobotEvents getHitWallEvents getRadarHeadingRadians getRadarTurnRemaining getRadarTurnRemainingRadians
    getRobotDeathEvents getScannedRobotEvents getStatusEvents getTurnRemaining getTurnRemainingRadians
    isAdjustGunForRobotTurn isAdjustRadarForGunTurn isAdjustRadarForRobotTurn onCustomEvent onSkippedTurn
    removeCustomEvent setAhead setBack setEventPriority setFire setFireBullet setInterruptible setMaxTurnRate
    setMaxVelocity setResume setStop setTurnGunLeft setTurnGunLeftRadians setTurnGunRight setTurnGunRightRadians
    setTurnLeft setTurnLeftRadians setTurnRadarLeft setTurnRadarLeftRadians setTurnRadarRight
    setTurnRadarRightRadians setTurnRight setTurnRightRadians turnGunLeftRadians turnGunRightRadians turnLeftRadians
    turnRadarLeftRadians turnRadarRightRadians turnRightRadians waitFor
""".split()
RATE_METHODS = """
    getGunRotationRate getGunRotationRateRadians getRadarRotationRate getRadarRotationRateRadians getTurnRate
    getTurnRateRadians getVelocityRate setGunRotationRate setGunRotationRateRadians setRadarRotationRate
    setRadarRotationRateRadians setTurnRate setTurnRateRadians setVelocityRate execute
""".split()
JUNIOR_METHODS = """
    ahead back bearGunTo doNothing fire onHitByBullet onHitRobot onHitWall onScannedRobot run setColors turnAheadLeft
    turnAheadRight turnBackLeft turnBackRight turnGunLeft turnGunRight turnGunTo turnLeft turnRight turnTo
    black white red orange yellow green blue purple brown gray fieldWidth fieldHeight others energy robotX robotY
    heading gunHeading gunBearing gunReady scannedDistance scannedAngle scannedBearing scannedVelocity scannedHeading
    scannedEnergy hitByBulletAngle hitByBulletBearing hitRobotAngle hitRobotBearing hitWallAngle hitWallBearing
""".split()


def snake(name):
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


@pytest.mark.parametrize(
    ("robot_class", "names"),
    [
        (Robot, ROBOT_METHODS),
        (AdvancedRobot, ROBOT_METHODS + ADVANCED_METHODS),
        (RateControlRobot, ROBOT_METHODS + ADVANCED_METHODS + RATE_METHODS),
        (JuniorRobot, JUNIOR_METHODS),
    ],
)
def test_every_method_of_java_and_nothing_else_is_public(robot_class, names):
    public = {name for name in dir(robot_class) if not name.startswith("_")}
    assert public == {snake(name) for name in names}


def test_what_is_not_there_says_so():
    for name in ("TeamRobot", "Droid", "BorderSentry", "PaintEvent", "MouseClickedEvent", "KeyPressedEvent"):
        with pytest.raises(ImportError, match=f"beepsim has no {name}: .* not part of it"):
            getattr(beepsim.robots, name)
    with pytest.raises(AttributeError):
        _ = beepsim.robots.NoSuchThing
    assert set(beepsim.robots.__all__) <= set(dir(beepsim.robots))


def test_nothing_of_beepsim_is_public_on_a_robot(arena):
    stage = arena(scripted(), Duck)
    robot = stage.robots[0]
    assert {name for name in vars(robot) if not name.startswith("_")} == {"out", "log"}
    assert {name for name in dir(robot.out) if not name.startswith("_")} == {
        "print", "println", "printf", "write", "flush",
    }  # fmt: skip


# --- blocking calls ---


def test_a_move_ends_when_it_is_done(arena):
    done = []

    def script(robot):
        robot.ahead(100)
        done.append((robot.get_time(), robot.get_y(), robot.get_distance_remaining()))
        robot.back(50)
        done.append((robot.get_time(), robot.get_y(), robot.get_distance_remaining()))

    arena(scripted(script), Duck).play(60)
    # 100 px: speeds 1 2 3 4 5 6 7 8 8 8 8 8 8 8 7 5 3 1
    assert done[0] == (18, 200.0, 0.0) and done[1][1:] == (150.0, 0.0)


def test_each_part_turns_at_its_own_rate(arena):
    done = []

    def script(robot):
        for turn in (robot.turn_right, robot.turn_gun_left, robot.turn_radar_right):
            before = robot.get_time()
            turn(90)
            done.append(robot.get_time() - before)
        done.append((robot.get_heading(), robot.get_gun_heading(), robot.get_radar_heading()))

    arena(scripted(script), Duck).play(30)
    assert done[:3] == [9, 5, 2]
    assert done[3] == pytest.approx((90.0, 0.0, 90.0))


@pytest.mark.parametrize("call", ["ahead", "back", "turn_left", "turn_right", "turn_gun_left", "turn_radar_left"])
def test_a_call_with_nothing_to_do_takes_one_turn(arena, call):
    done = []

    def script(robot):
        for _ in range(3):
            getattr(robot, call)(0)
            done.append(robot.get_time())

    arena(scripted(script), Duck).play(3)
    assert done == [1, 2, 3]


def test_degrees_are_javas(arena):
    stage = arena(scripted(lambda robot: (robot.set_turn_right(77.7), robot.set_turn_gun_left(12.3), robot.execute())))
    assert stage.orders()["body_turn"] == 77.7 * 0.017453292519943295
    assert stage.orders()["gun_turn"] == -(12.3 * 0.017453292519943295)
    robot = stage.robots[0]
    stage.play()
    heading = float(stage.world.robots[0]["heading"])
    assert robot.get_heading() == 180.0 * heading / math.pi
    gun_heading = float(stage.world.robots[0]["gun_heading"])
    assert robot.get_gun_heading() == gun_heading * 180.0 / math.pi
    assert robot.get_turn_remaining() == float(stage.orders()["body_turn"]) * 57.29577951308232


def test_a_robot_sees_the_world_as_it_is(arena):
    stage = arena(scripted(), Duck, num_rounds=7, width=900, height=700, gun_cooling_rate=0.2)
    stage.play(3)
    mine, robot = stage.world.robots[0], stage.robots[0]
    for name in ("x", "y", "velocity", "energy", "gun_heat"):
        assert getattr(robot, f"get_{name}")() == mine[name]
    assert (robot.get_battle_field_width(), robot.get_battle_field_height()) == (900.0, 700.0)
    assert (robot.get_num_rounds(), robot.get_round_num(), robot.get_time(), robot.get_others()) == (7, 0, 3, 1)
    assert robot.get_gun_cooling_rate() == 0.2 and robot.get_name() == "Bot"
    assert (robot.get_width(), robot.get_height()) == (36, 36)


# --- shots ---


def cool(stage, robot=0):
    stage.world.robots[robot]["gun_heat"] = 0.0


def test_fire_takes_a_turn_whether_it_was_accepted_or_not(arena):
    done = []

    def script(robot):
        done.append((robot.fire_bullet(2), robot.get_time()))
        robot.do_nothing()
        bullet = robot.fire_bullet(2)
        done.append((bullet, robot.get_time()))
        done.append((robot.fire_bullet(1), robot.get_time()))

    stage = arena(scripted(script), Duck)
    cool(stage)
    stage.play(5)
    assert done[0] == (None, 1) and done[2] == (None, 4)
    bullet = done[1][0]
    assert done[1][1] == 3 and bullet.get_power() == 2.0 and bullet.get_name() == "Bot" and bullet.is_active()
    assert stage.world.bullets[stage.world.bullet_list[0]]["id"] == bullet._id


def test_a_bullet_of_ones_own_is_followed_to_its_end(arena):
    held = []
    shoot = lambda robot: held.append(robot.fire_bullet(3))  # noqa: E731
    class_ = scripted(lambda robot: (robot.do_nothing(), shoot(robot)))
    stage = arena(class_, Duck, positions="(100,500,0),(700,100,0)")
    cool(stage)
    stage.play(2)
    (bullet,) = held
    assert (bullet.get_x(), bullet.get_y()) == (100.0, 511.0)
    stage.play(2)
    assert bullet.get_y() == 533.0 and bullet.is_active() and bullet.get_victim() is None
    stage.play(10)
    ((name, _, event),) = stage.robots[0].log
    assert name == "on_bullet_missed" and event.get_bullet() is bullet and not bullet.is_active()
    assert bullet.get_y() > 597.0


def test_the_victims_name_is_told(arena):
    stage = arena(
        scripted(lambda robot: (robot.do_nothing(), robot.fire(1))), Duck, positions="(100,100,0),(100,160,0)"
    )
    cool(stage)
    stage.play(6)
    ((_, _, event),) = [entry for entry in stage.robots[0].log if entry[0] == "on_bullet_hit"]
    assert event.get_name() == event.get_bullet().get_victim() == "Duck" and event.get_energy() == 96.0


def test_energy_and_heat_count_the_shot_just_ordered(arena):
    seen = []

    def script(robot):
        robot.do_nothing()
        robot.set_fire(2)
        seen.append((robot.get_energy(), robot.get_gun_heat(), robot.set_fire_bullet(1)))
        robot.execute()
        seen.append((robot.get_energy(), robot.get_gun_heat()))

    stage = arena(scripted(script), Duck)
    cool(stage)
    stage.play(2)
    assert seen == [(98.0, 1.4, None), (98.0, pytest.approx(1.3))]


@pytest.mark.parametrize(("power", "expected"), [(5, 3.0), (0.01, 0.1), (-1, 0.1), (math.inf, 3.0), (1.5, 1.5)])
def test_power_is_clipped(arena, power, expected):
    stage = arena(scripted(lambda robot: (robot.do_nothing(), robot.set_fire(power), robot.execute())), Duck)
    cool(stage)
    stage.play()
    assert stage.orders()["fire_power"] == expected


def test_nan_is_refused_with_a_printed_line(arena):
    def script(robot):
        robot.do_nothing()
        robot.set_fire(math.nan)
        robot.set_max_velocity(math.nan)
        robot.set_max_turn_rate(math.nan)

    stage = arena(scripted(script), Duck)
    cool(stage)
    stage.play()
    assert stage.hosts[0].output.count("You cannot") == 3 and not stage.hosts[0].faults
    assert math.isnan(stage.orders()["fire_power"]) and stage.orders()["max_velocity"] == 8.0


def test_only_a_robot_that_is_not_advanced_has_fire_assist(arena):
    for base, assisted in ((Standard, True), (Scripted, False)):
        stage = arena(scripted(base=base, on_scanned_robot=lambda robot, event: robot.fire(1)), Duck)
        cool(stage)
        stage.slip(0, SCANNED_ROBOT, **SCAN)
        stage.play()
        assert stage.orders()["fire_power"] == 1.0
        assert (stage.orders()["fire_assist"] == 0.25) == assisted


def test_fire_assist_ends_with_the_turn_of_the_scan_and_when_gun_and_radar_part(arena):
    def late(robot, event):
        robot.do_nothing()
        robot.fire(1)

    def parted(robot, event):
        robot.turn_radar_right(5)
        robot.scan()

    for handler in (late, parted):
        stage = arena(scripted(base=Standard, on_scanned_robot=handler), Duck)
        cool(stage)
        stage.slip(0, SCANNED_ROBOT, **SCAN)
        stage.play(2)
        assert math.isnan(stage.orders()["fire_assist"])


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


# --- other robots' kinds ---


def test_rates_hold_until_they_are_changed(arena):
    class Bot(RateControlRobot):
        def run(self):
            self.set_velocity_rate(-3)
            self.set_turn_rate(2)
            self.set_gun_rotation_rate_radians(0.1)
            self.set_radar_rotation_rate(-7)
            self.set_ahead(500)
            for _ in range(5):
                self.execute()
            assert self.get_turn_rate_radians() == 2 * 0.017453292519943295
            self.set_velocity_rate(0)
            self.execute()

    stage = arena(Bot, Duck)
    for _ in range(4):
        orders = stage.orders()
        assert (orders["max_velocity"], orders["distance"]) == (3.0, -math.inf)
        assert (orders["body_turn"], orders["gun_turn"]) == (2 * 0.017453292519943295, 0.1)
        assert orders["radar_turn"] == -7 * 0.017453292519943295
        stage.play()
    stage.play()
    assert (stage.orders()["max_velocity"], stage.orders()["distance"]) == (0.0, 0.0)


def test_a_junior_robots_arc_takes_the_turns_of_robocode(arena):
    done = []

    class Bot(JuniorRobot):
        def run(self):
            self.turn_ahead_right(100, 90)
            done.append((self._beepsim.view_ints[1], self.robot_x, self.robot_y, self.heading))
            self.turn_ahead_left(0, 45)
            done.append((self._beepsim.view_ints[1], self.heading))
            self.turn_ahead_right(3, 10)
            done.append(self._beepsim.view_ints[1])

    stage = arena(Bot, Duck)
    assert stage.orders()["max_velocity"] == 10.0 / (90.0 * 0.017453292519943295 * 57.29577951308232 / 100.0 + 0.75)
    stage.play(45)
    # Top speed 6.06: speeds 1 2 3 4 5 6 cover 21, braking 1 + 3; the rest of 75 px takes 13 turns; N = 8 + 13, N + 1.
    assert done[0][0] == 22 and done[0][3] == 90 and done[0][1:3] == pytest.approx((164, 164), abs=4)
    assert done[1] == (27, 45)
    assert stage.orders()["max_turn_rate"] <= Rules.MAX_TURN_RATE_RADIANS


def test_a_junior_robot_fires_once_its_gun_is_cool_and_has_turned(arena):
    class Bot(JuniorRobot):
        def run(self):
            self.fire(2)
            self.turn_gun_right(60)
            self.do_nothing(100)

    stage = arena(Bot, Duck)
    fired = []
    for _ in range(40):
        stage.play()
        if not math.isnan(stage.orders()["fire_power"]):
            fired.append((int(stage.world.battle[0]["turn"]), float(stage.orders()["fire_power"])))
    assert fired == [(30, 2.0)]


def test_a_junior_robots_fields(arena):
    class Bot(JuniorRobot):
        seen: list = []

        def run(self):
            self.do_nothing()

        def on_scanned_robot(self):
            Bot.seen.append((self.scanned_distance, self.scanned_angle, self.scanned_bearing, self.scanned_velocity))
            Bot.seen.append((self.scanned_heading, self.scanned_energy))

    stage = arena(Bot, Duck, positions="(100.4,100.6,90),(700,500,0)")
    robot = stage.robots[0]
    assert (robot.robot_x, robot.robot_y, robot.heading, robot.others) == (100, 101, 90, 1)
    assert (robot.field_width, robot.field_height, robot.energy, robot.gun_ready) == (800, 600, 100, False)
    assert (robot.scanned_distance, robot.scanned_velocity) == (-1, -99)
    stage.slip(0, SCANNED_ROBOT, other=1, energy=0.2, bearing=-1.0, distance=200.5, heading=1.0, velocity=-4.2)
    stage.play()
    # (int)(value + 0.5) is not rounding where the value is negative.
    assert Bot.seen == [(201, 33, -56, -3), (57, 1)]
    stage.play()
    assert (robot.scanned_distance, robot.scanned_velocity) == (-1, -99)


def test_a_junior_robot_that_does_nothing_scans(arena):
    class Bot(JuniorRobot):
        runs = 0

        def run(self):
            Bot.runs += 1

    stage = arena(Bot, Duck)
    for _ in range(3):
        assert stage.orders()["scan"]
        stage.play()
    assert Bot.runs == 4


# --- Utils, Rules, output, files ---


def test_random_numbers_are_the_engines_own(arena):
    drawn = []

    def script(robot):
        random = Utils.get_random()
        drawn.extend([random.next_double(), random.next_int(10), random.next_boolean(), random.next_gaussian()])

    stage = arena(scripted(script), Duck)
    state = int(stage.world.random[0])
    other = arena(Duck, Duck)
    expected = new_random(0)
    expected[0] = other.world.random[0]
    assert drawn[0] == next_double(expected) and state != other.world.random[0]


def test_random_numbers_are_javas():
    """Of `new java.util.Random(42)`; nextInt() and nextLong() each from a fresh one."""
    assert Random(new_random(42)).next_int() == -1170105035
    assert Random(new_random(42)).next_long() == -5025562857975149833
    assert Random(new_random(42)).next_gaussian() == 1.1419053154730547
    assert Random(new_random(42)).next_boolean() is True
    assert Random(new_random(42)).next_double() == 0.7275636800328681
    assert Random(new_random(42)).next_float() == np.float32(0.7275637)
    with pytest.raises(ValueError, match="bound is 0"):
        Random(new_random(42)).next_int(0)


def test_robots_share_the_second_normal_deviate(arena):
    stage = arena(Duck, Duck)
    first, second = (host._random for host in stage.hosts)
    expected = Random(stage.world.random.copy())
    assert [first.next_gaussian(), second.next_gaussian()] == [expected.next_gaussian(), expected.next_gaussian()]
    assert arena(Duck).hosts[0]._random is not first


def test_angles_of_utils():
    assert Utils.normal_relative_angle(math.pi) == -math.pi and Utils.normal_relative_angle_degrees(190) == -170
    assert Utils.normal_absolute_angle(-0.5) == 2 * math.pi - 0.5 and Utils.normal_absolute_angle_degrees(-90) == 270
    assert Utils.normal_near_absolute_angle(math.pi / 2 + 1e-6) == math.pi / 2
    assert Utils.normal_near_absolute_angle(2 * math.pi - 1e-6) == 0.0
    assert Utils.normal_near_absolute_angle_degrees(359.999999) == 0.0
    assert Utils.is_near(1.0, 1.000009) and not Utils.is_near(1.0, 1.00002)
    assert math.isnan(Utils.normal_relative_angle(math.inf))


def test_laws_of_rules():
    assert Rules.get_bullet_speed(2) == 14 and Rules.get_bullet_damage(3) == 16 and Rules.get_gun_heat(3) == 1.6
    assert Rules.get_bullet_hit_bonus(3) == 9 and Rules.get_wall_hit_damage(-8) == 3 and Rules.get_turn_rate(8) == 4
    assert Rules.get_turn_rate_radians(0) == Rules.MAX_TURN_RATE_RADIANS


def test_output_is_shown_and_kept_to_a_limit(arena, capsys):
    def script(robot):
        robot.out.println("hello")
        robot.out.print(3)
        print("world", file=robot.out)
        robot.out.printf("%d of %s\n", 4, "five")

    stage = arena(scripted(script), scripted(lambda robot: [robot.out.println(i) for i in range(60_000)]))
    assert stage.hosts[0].output == "hello\n3world\n4 of five\n"
    assert stage.hosts[0].output in capsys.readouterr().out
    assert len(stage.hosts[1].output) == 100_000 and stage.hosts[1].output.endswith("59999\n")


def test_files_last_for_the_battle(arena):
    def script(robot):
        file = robot.get_data_file("notes.txt")
        robot.log.append(("quota", 0, robot.get_data_quota_available()))
        robot.log.append(("there", 0, file.exists()))
        file.write_text("x" * 50)
        robot.log.append(("file", 0, file))

    stage = arena(scripted(script), Duck)
    stage.end()
    stage.start()
    told = dict((name, what) for name, _, what in stage.robots[0].log)
    assert told["quota"] == 200_000 - 50 and told["there"] is True
    stage.close()
    assert not told["file"].parent.exists()
    with pytest.raises(RobotException):
        arena(Duck, Duck).robots[0].get_data_file("../secret")


def test_a_robot_without_a_battle_says_so():
    with pytest.raises(RobotException, match=r"call the get_x\(\) method before your run\(\)"):
        AdvancedRobot().get_x()
    with pytest.raises(RobotException, match="painting"):
        AdvancedRobot().get_graphics()


def test_names_are_those_that_it_may_know(arena):
    stage = arena(scripted(), Duck)
    stage.slip(0, BULLET_MISSED, bullet_id=99, bullet_owner=0, bullet_victim=NOBODY, bullet_power=1.0)
    stage.slip(0, SCANNED_ROBOT, **SCAN)
    stage.play()
    missed, scan = (event for _, _, event in stage.robots[0].log)
    assert missed.get_bullet().get_name() == "Bot" and missed.get_bullet().get_victim() is None
    assert scan.get_name() == "Duck" and not scan.is_sentry_robot()
