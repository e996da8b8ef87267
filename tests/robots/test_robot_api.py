"""What Robocode's classes have, the calls that wait, and shots."""

import math

import pytest
from scripted_classes import SCAN, Duck, Scripted, Standard, cool, scripted

import beepsim.robots
from beepsim.engine.state import (
    SCANNED_ROBOT,
)
from beepsim.robots import (
    AdvancedRobot,
    JuniorRobot,
    RateControlRobot,
    Robot,
)

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
