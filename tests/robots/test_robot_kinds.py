"""JuniorRobot and RateControlRobot; Utils, Rules, output and files."""

import math

import numpy as np
import pytest
from scripted_classes import SCAN, Duck, scripted

from beepsim.engine.state import (
    BULLET_MISSED,
    NOBODY,
    SCANNED_ROBOT,
)
from beepsim.javarandom import new_random, next_double
from beepsim.robots import (
    AdvancedRobot,
    JuniorRobot,
    RateControlRobot,
    RobotException,
    Rules,
    Utils,
)
from beepsim.robots.engine_random import Random

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
