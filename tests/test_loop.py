"""The loop: compiled bots and bots in Python in one battle, robots that wait, verdicts, rounds begun anew."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beepsim.battle import fight, names_of, set_stage
from beepsim.battle_rules import Rules
from beepsim.engine.state import DEAD, NO_SHOT
from beepsim.loop import play_round
from beepsim.recording.format import read_recording, recorded_rounds
from beepsim.robots import AdvancedRobot
from beepsim.robots.exchange import CALL_ALWAYS, DISABLE, KILL, UNTIL_MOVED
from beepsim.robots.host import Host
from beepsim.robots.loader import load_bot
from beepsim.robots.plain import PlainHost

MELEE = ("random_mover+circular", "circle+head_on", "stop_and_go+linear", "random_mover+circular", "wall_dodger")
SAMPLES = ("sample.Walls", "sample.Tracker", "sample.SpinBot", "sample.MyFirstJuniorRobot", "circle+linear")


def stage_of(names, rules, seed=3):
    bots = [load_bot(name) for name in names]
    return set_stage(bots, names_of(bots), seed, rules, None, is_recorded=True, compiled=True, turn_time_limit=None)


def played(stage, rounds):
    """The rows of some rounds, and the state of the generator after them."""
    rows = [play_round(stage) for _ in range(rounds)]
    tables = [np.concatenate([getattr(one, name) for one in rows]) for name in ("robots", "bullets", "results")]
    return [table.tolist() for table in tables], int(stage.world.random[0])


@pytest.mark.parametrize("in_python", [(0,), (1, 3), (0, 1, 2, 3, 4)], ids=str)
def test_bots_in_python_fight_the_battle_of_the_compiled_ones(in_python):
    rules = Rules(num_rounds=3, width=1000, height=800)
    stage = stage_of(MELEE, rules)
    for robot in in_python:
        stage.crew.calls[robot]["entry"] = 0
        stage.hosts[robot] = PlainHost(stage.bots[robot], robot, stage.memories[robot], stage.crew, stage.world)
    assert played(stage, 3) == played(stage_of(MELEE, rules), 3)


class Calling:
    """A host that counts its calls, and is called in every turn if it may not wait."""

    def __init__(self, host, robot, crew, may_wait):
        self.host, self.robot, self.crew, self.may_wait, self.calls = host, robot, crew, may_wait, 0
        self.start_round, self.end_round, self.close = host.start_round, host.end_round, host.close
        self.faults, self.skipped_turns = host.faults, 0

    def run(self, count):
        self.calls += 1
        self.host.run(count)
        if not self.may_wait:
            self.crew.waits[self.robot] = CALL_ALWAYS


def test_a_robot_that_waits_is_as_one_that_is_called():
    rules, calls, battles = Rules(num_rounds=3, width=1000, height=800), [], []
    for may_wait in (True, False):
        stage = stage_of(SAMPLES, rules)
        hosts = dict(stage.hosts)
        for robot, host in hosts.items():
            stage.hosts[robot] = Calling(host, robot, stage.crew, may_wait)
        battles.append(played(stage, 3))
        calls.append(sum(host.calls for host in stage.hosts.values()))
        for host in hosts.values():
            host.close()
            assert host.faults == []
    assert battles[0] == battles[1]
    assert calls[0] < 0.9 * calls[1]


class Script:
    """A robot that does in each turn what the test says, by act(turn, command, crew)."""

    def __init__(self, stage, robot, act):
        self.crew, self.robot, self.act, self.turns = stage.crew, robot, act, []
        self.faults, self.skipped_turns = [], 0

    def run(self, count):
        turn = int(self.crew.views[self.robot]["turn"])
        self.turns.append(turn)
        self.act(turn, self.crew.commands[self.robot], self.crew)

    def start_round(self):
        self.turns.clear()

    def end_round(self):
        pass

    close = end_round


def scripted_stage(act, heading=90):
    """A scripted robot with a sitting duck 200 px to the right of it, where its gun points too unless it is turned."""
    rules = Rules(num_rounds=1, inactivity_time=100, initial_positions=f"(100,300,{heading}),(336,300,0)")
    stage = stage_of(("circle", "sitting_duck"), rules)
    stage.crew.calls[0]["entry"] = 0
    stage.hosts[0] = Script(stage, 0, act)
    return stage


def energies(rows, robot):
    return rows.robots["energy"][rows.robots["robot"] == robot]


@pytest.mark.parametrize("verdict", [None, DISABLE])
def test_a_disabled_robot_regains_nothing(verdict):
    def act(turn, command, crew):
        if turn == 30:
            command["fire_power"] = 2.0
        if turn == 35 and verdict is not None:
            command["gun_turn"] = 1.0
            crew.verdicts[0] = verdict

    stage = scripted_stage(act)
    rows = play_round(stage)
    mine, duck = energies(rows, 0), energies(rows, 1)
    hit = int(np.argmax(duck < 100))
    assert 36 < hit < 60 and duck[hit] == 90 and mine[35] == 98
    assert mine[36] == (98 if verdict is None else 0) and mine[hit] == (104 if verdict is None else 0)
    if verdict is not None:
        # It lives on, disabled, until the zap; its gun still turns.
        assert rows.robots["state"][rows.robots["robot"] == 0][hit] != DEAD
        assert rows.robots["gun_heading"][rows.robots["robot"] == 0][40] > rows.robots["gun_heading"][0]


def test_a_punished_robot_dies_without_a_score():
    def act(turn, command, crew):
        command["fire_power"] = 2.0 if turn == 30 else NO_SHOT
        if turn == 80:
            crew.verdicts[0] = KILL

    stage = scripted_stage(act)
    rows = play_round(stage)
    states = rows.robots["state"][rows.robots["robot"] == 0]
    assert states[80] != DEAD and (states[81:] == DEAD).all()
    first, second = rows.results[1], rows.results[0]
    assert (first["place"], second["place"]) == (1, 2)
    assert first["survival"] == 50 and first["last_survivor_bonus"] == 10
    assert second["bullet_damage"] == 0 == rows.totals[0]["total"]
    assert len(states) == 81 + 150 + 1  # the round was decided in the turn of its death
    # The dead robot runs once more, to hear of it.
    assert stage.hosts[0].turns[-1] == 81


def test_a_waiting_robot_sleeps_until_its_move_is_done_or_something_happens():
    def act(turn, command, crew):
        if turn == 0:
            command["distance"] = 40.0
            crew.waits[0] = UNTIL_MOVED
        elif command["distance"] == 0.0:
            crew.waits[0] = CALL_ALWAYS

    stage = scripted_stage(act, heading=270)
    play_round(stage)
    turns = stage.hosts[0].turns
    # 40 px take 10 turns; its radar looks away from the duck.
    assert turns[:3] == [0, 10, 11]


ANY = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-400, 400))
TURNS = ("body_turn", "gun_turn", "radar_turn")
ORDERS = st.fixed_dictionaries(
    {name: ANY for name in ("distance", *TURNS, "max_velocity", "max_turn_rate", "fire_power")}
    | {name: st.booleans() for name in ("adjust_gun_for_body", "adjust_radar_for_gun", "adjust_radar_for_body")}
)


def check_physics(rows, width=800, height=600):
    """What holds for every robot in every turn, whatever was ordered."""
    robots, bullets = rows.robots, rows.bullets
    for name in ("x", "y", "velocity", "heading", "gun_heading", "radar_heading", "energy", "gun_heat"):
        assert np.isfinite(robots[name]).all(), name
    assert (robots["x"] >= 18).all() and (robots["x"] <= width - 18).all()
    assert (robots["y"] >= 18).all() and (robots["y"] <= height - 18).all()
    assert (np.abs(robots["velocity"]) <= 8).all()
    grid = robots.reshape(-1, 2)
    rates = (("heading", 10), ("gun_heading", 30), ("radar_heading", 75))  # ° in a turn, with what carries each
    for name, rate in rates:
        turned = np.diff(grid[name].astype(float), axis=0)
        turned = np.abs((turned + np.pi) % (2 * np.pi) - np.pi)
        assert (turned <= np.radians(rate) + 1e-5).all(), name
    assert ((bullets["power"] > 0) & (bullets["power"] <= 3)).all()  # below 0.1 only the last of the energy


@settings(max_examples=60, deadline=None)
@given(st.lists(ORDERS, min_size=1, max_size=5))
def test_no_order_of_functions_over_records_breaks_the_physics(orders):
    def act(turn, command, crew):
        for name, value in orders[turn % len(orders)].items():
            command[name] = value

    stage = scripted_stage(act)
    rows = play_round(stage)
    check_physics(rows)


@settings(max_examples=60, deadline=None)
@given(st.lists(ORDERS, min_size=1, max_size=5))
def test_no_order_of_a_class_breaks_the_physics(orders):
    class Wild(AdvancedRobot):
        def run(self):
            while True:
                order = orders[self.get_time() % len(orders)]
                self.set_adjust_gun_for_robot_turn(order["adjust_gun_for_body"])
                self.set_adjust_radar_for_gun_turn(order["adjust_radar_for_gun"])
                self.set_adjust_radar_for_robot_turn(order["adjust_radar_for_body"])
                self.set_max_velocity(order["max_velocity"])
                self.set_max_turn_rate(order["max_turn_rate"])
                self.set_ahead(order["distance"])
                self.set_turn_right(order["body_turn"])
                self.set_turn_gun_right(order["gun_turn"])
                self.set_turn_radar_right(order["radar_turn"])
                self.set_fire(order["fire_power"])
                self.execute()

    stage = scripted_stage(None)
    stage.hosts[0] = Host(Wild, 0, ("wild", "duck"), stage.crew, stage.world)
    rows = play_round(stage)
    stage.hosts[0].close()
    assert stage.hosts[0].faults == []
    check_physics(rows)


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize(("value", "turned"), [(math.nan, 0.0), (math.inf, 1.0), (-math.inf, -1.0)])
def test_infinite_turns_go_on_at_full_rate_and_nan_is_no_turn(name, value, turned):
    def act(turn, command, crew):
        if turn == 0:
            command[name] = value

    stage = scripted_stage(act)
    robots = play_round(stage).robots.reshape(-1, 2)[:, 0]
    column, rate = {"body_turn": ("heading", 10), "gun_turn": ("gun_heading", 20), "radar_turn": ("radar_heading", 45)}[
        name
    ]
    degrees = np.degrees(robots[column][:40].astype(float))
    steps = (np.diff(degrees) + 180) % 360 - 180
    np.testing.assert_allclose(steps, turned * rate, atol=1e-4)


@pytest.mark.parametrize(("value", "x"), [(math.nan, 100), (math.inf, 100 + 1 + 2 + 3 + 4), (-math.inf, 100 - 10)])
def test_an_infinite_way_goes_on_and_nan_is_none(value, x):
    def act(turn, command, crew):
        if turn == 0:
            command["distance"] = value

    stage = scripted_stage(act)
    assert play_round(stage).robots["x"][2 * 4] == x


BROKEN = """
def move(view, command):
    if view.turn == 7:
        command.distance = 1 / (7 - view.turn)
        command.distance = [1.0, 2.0][int(view.turn)]
"""

INTERRUPTING = """
import signal

from beepsim.robots import AdvancedRobot


class Stopper(AdvancedRobot):
    def run(self):
        self.ahead(20)
        if self.get_round_num() == 2:
            signal.raise_signal(signal.SIGINT)
"""

RAISING = """
from beepsim.robots import Robot


class Raiser(Robot):
    def run(self):
        self.ahead(10)
        raise ValueError("no more")
"""


def test_faults_beside_robots_of_classes(tmp_path):
    (tmp_path / "broken.py").write_text(BROKEN)
    (tmp_path / "raiser.py").write_text(RAISING)
    names = [str(tmp_path / "broken.py"), str(tmp_path / "raiser.py"), "sample.Walls", "circle+linear"]
    result = fight(names, 1, Rules(num_rounds=2))
    broken, raiser, walls, circle = result.robots
    assert [(fault.round, fault.turn, fault.kind) for fault in broken.faults] == [(0, 7, "raised"), (1, 7, "raised")]
    assert "--uncompiled" in broken.faults[0].message
    assert [(fault.round, fault.kind) for fault in raiser.faults] == [(0, "raised"), (1, "raised")]
    assert "line 8, in run" in raiser.faults[0].message and "ValueError: no more" in raiser.faults[0].message
    assert walls.faults == circle.faults == () and circle.firsts + walls.firsts == 2
    told = fight(names, 1, Rules(num_rounds=2), compiled=False)
    assert "line 5, in move" in told.robots[0].faults[0].message and told.turns == result.turns


def test_ctrl_c_in_a_robot_of_a_class_keeps_the_rounds_recorded(ctrl_c, tmp_path):
    path = tmp_path / "stopper.py"
    path.write_text(INTERRUPTING)
    with pytest.raises(KeyboardInterrupt):
        fight([str(path), "sample.Walls"], 1, Rules(num_rounds=5), tmp_path / "a.battle")
    assert recorded_rounds(read_recording(tmp_path / "a.battle")) == [0, 1]
