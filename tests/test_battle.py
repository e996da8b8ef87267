"""Battles: determinism, recordings that agree with the rules, bots that fail, interrupts, many at once."""

import random
import signal
from dataclasses import asdict, replace

import numpy as np
import pytest

from beepsim.battle import Battle, Rules, fight, fight_many
from beepsim.errors import UserError
from beepsim.loop import play_on
from beepsim.recording.columns import FLYING, HIT_ROBOT, SCORE_COLUMNS
from beepsim.recording.format import read_recording, recorded_rounds, write_recording
from beepsim.recording.recorder import FIRST_BULLETS, FIRST_TURNS

DUEL = ("random_mover+circular", "stop_and_go+linear")
MELEE = ("random_mover+circular", "circle+head_on", "stop_and_go+linear", "random_mover+circular", "wall_dodger")


def test_the_same_seed_is_the_same_battle_byte_for_byte(tmp_path):
    rules = Rules(num_rounds=3)
    paths = [tmp_path / f"{name}.battle" for name in "abc"]
    first = fight(DUEL, 5, rules, paths[0])
    assert fight(DUEL, 5, rules, paths[1]).turns == first.turns
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert fight(DUEL, 6, rules, paths[2]).turns != first.turns
    # Whether it is recorded changes nothing but the path.
    assert replace(fight(DUEL, 5, rules), recording=paths[0]) == first


@pytest.mark.parametrize("bots", [DUEL, MELEE, DUEL[:1]], ids=["duel", "melee", "alone"])
def test_uncompiled_bots_fight_the_same_battle(bots, tmp_path):
    rules = Rules(num_rounds=2, width=1000, height=800)
    fight(bots, 9, rules, tmp_path / "a.battle")
    fight(bots, 9, rules, tmp_path / "b.battle", compiled=False)
    assert (tmp_path / "a.battle").read_bytes() == (tmp_path / "b.battle").read_bytes()


@pytest.mark.parametrize("bots", [DUEL, MELEE], ids=["duel", "melee"])
def test_recorded_bullets_fly_as_the_rules_say(bots, tmp_path):
    result = fight(bots, 2, Rules(num_rounds=4), tmp_path / "a.battle")
    recording = read_recording(tmp_path / "a.battle")
    robots, bullets = recording.robots, recording.bullets
    assert len(bullets) == sum(robot.shots for robot in result.robots) > 50
    assert np.count_nonzero(bullets["state_last"] == HIT_ROBOT) == sum(robot.hits for robot in result.robots)
    speed = 20 - 3 * np.clip(bullets["power"], 0.1, 3)
    for bullet, step in zip(bullets, speed, strict=True):
        at = robots[(robots["round"] == bullet["round"]) & (robots["turn"] == bullet["turn_first"] - 1)]
        shooter = at[bullet["owner"]]
        # It leaves along the gun of the turn before it first moves, and is then one step away.
        assert bullet["heading"] == pytest.approx(shooter["gun_heading"], abs=1e-6)
        if bullet["turn_last"] > bullet["turn_first"] or bullet["state_last"] == FLYING:
            assert bullet["x_first"] == pytest.approx(shooter["x"] + step * np.sin(bullet["heading"]), abs=1e-3)
            assert bullet["y_first"] == pytest.approx(shooter["y"] + step * np.cos(bullet["heading"]), abs=1e-3)
        flown = np.hypot(bullet["x_last"] - bullet["x_first"], bullet["y_last"] - bullet["y_first"])
        turns = bullet["turn_last"] - bullet["turn_first"]
        # A bullet that hit may be shown where its last step, or its last but one, began.
        assert min(abs(flown - back * step) for back in (turns, turns - 1, turns - 2)) < 1e-2
        assert (bullet["victim"] >= 0) == (bullet["state_last"] == HIT_ROBOT)


def test_recorded_scores_places_and_results_agree(tmp_path):
    result = fight(MELEE, 4, Rules(num_rounds=5), tmp_path / "a.battle")
    recording = read_recording(tmp_path / "a.battle")
    assert recording.header.results == tuple(robot.scores for robot in result.robots)
    assert [robot.name for robot in recording.header.robots] == [
        "random_mover+circular (1)",
        "circle+head_on",
        "stop_and_go+linear",
        "random_mover+circular (2)",
        "wall_dodger",
    ]
    for index, robot in enumerate(result.robots):
        rows = recording.rounds[recording.rounds["robot"] == index]
        assert tuple(rows["turns"]) == result.turns
        assert [np.count_nonzero(rows["place"] == place) for place in (1, 2, 3)] == [
            robot.firsts,
            robot.seconds,
            robot.thirds,
        ]
        for name in SCORE_COLUMNS:
            assert rows[name].sum() == pytest.approx(getattr(robot.scores, name))
    starts = recording.robots[recording.robots["turn"] == 0]
    assert len(starts) == len(MELEE) * 5 and (starts["energy"] == 100).all()


def test_inactive_robots_are_zapped_to_death():
    result = fight(["sitting_duck", "sitting_duck"], 1, Rules(num_rounds=2, inactivity_time=10))
    assert all(turns < 1300 for turns in result.turns)
    assert result.robots[0].firsts == result.robots[1].firsts == 2  # both die at once: both come first
    assert result.robots[0].scores.total == 0


def test_long_rounds_and_many_bullets_fit_the_recording(tmp_path):
    # More turns, and in the second battle more bullets, than the recorder first makes room for.
    result = fight(["sitting_duck", "circle"], 1, Rules(num_rounds=1), tmp_path / "a.battle")
    assert result.turns[0] > FIRST_TURNS
    turns = read_recording(tmp_path / "a.battle").robots["turn"]
    assert turns.tolist() == [turn for turn in range(result.turns[0] + 1) for _ in range(2)]
    result = fight(
        ["random_mover+head_on"] * 14, 1, Rules(num_rounds=1, width=1500, height=1500), tmp_path / "b.battle"
    )
    bullets = read_recording(tmp_path / "b.battle").bullets
    assert len(bullets) == sum(robot.shots for robot in result.robots) > FIRST_BULLETS


def test_the_loop_is_compiled_once_for_all_bots():
    fight(DUEL, 1, Rules(num_rounds=1))
    fight(MELEE, 1, Rules(num_rounds=1, width=2000))
    assert len(play_on.signatures) == 1


def test_interrupted_battles_keep_their_rounds(tmp_path):
    def stop_after_two(done: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fight(DUEL, 5, Rules(num_rounds=6), tmp_path / "a.battle", progress=stop_after_two)
    kept = read_recording(tmp_path / "a.battle")
    assert recorded_rounds(kept) == [0, 1] and kept.header.rules.num_rounds == 6
    fight(DUEL, 5, Rules(num_rounds=2), tmp_path / "b.battle")
    np.testing.assert_array_equal(kept.robots, read_recording(tmp_path / "b.battle").robots)


def test_ctrl_c_waits_while_a_recording_is_written(ctrl_c, tmp_path, monkeypatch):
    def interrupted(path, recording):
        signal.raise_signal(signal.SIGINT)
        write_recording(path, recording)

    monkeypatch.setattr("beepsim.battle.write_recording", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fight(DUEL, 5, Rules(num_rounds=2), tmp_path / "a.battle")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert recorded_rounds(read_recording(tmp_path / "a.battle")) == [0, 1]


FAULTY = """
import numpy as np

MEMORY = np.dtype([("values", "f8", (5,))])


def move(view, memory, command):
    command.distance = memory.values[view.turn + 1 - 1]
"""


def test_a_bot_that_raises_loses_its_round_and_the_battle_goes_on(tmp_path):
    path = tmp_path / "faulty.py"
    path.write_text(FAULTY)
    rules = Rules(num_rounds=3)
    result = fight([str(path), "circle+linear"], 1, rules, tmp_path / "a.battle")
    faulty, other = result.robots
    assert [(fault.round, fault.turn, fault.kind) for fault in faulty.faults] == [(n, 5, "raised") for n in range(3)]
    # The compiled bot's fault shows the line and the error as Python would.
    for fault in faulty.faults:
        assert fault.message.startswith("Traceback") and "line 8, in move" in fault.message
        assert "command.distance = memory.values" in fault.message and "IndexError" in fault.message
    assert other.faults == () and other.firsts == 3 and faulty.firsts == 0
    robots = read_recording(tmp_path / "a.battle").robots
    energies = robots["energy"][robots["robot"] == 0].reshape(-1)
    turns = robots["turn"][robots["robot"] == 0]
    assert (energies[turns <= 5] == 100).all() and (energies[turns > 5] == 0).all()
    assert fight([str(path), "circle+linear"], 1, rules, tmp_path / "b.battle", compiled=False).robots == result.robots
    assert (tmp_path / "a.battle").read_bytes() == (tmp_path / "b.battle").read_bytes()


@pytest.mark.parametrize("compiled", [True, False])
def test_a_lack_of_memory_ends_the_battle(tmp_path, compiled):
    path = tmp_path / "greedy.py"
    path.write_text("import numpy as np\n\n\ndef move(view, command):\n    command.distance = np.zeros(1 << 59)[0]\n")
    with pytest.raises(MemoryError):
        fight([str(path), "circle+linear"], 1, Rules(num_rounds=1), compiled=compiled)


def test_two_bots_that_raise_in_one_round_are_both_told(tmp_path):
    path = tmp_path / "faulty.py"
    path.write_text(FAULTY)
    result = fight([str(path), str(path), "circle+linear"], 1, Rules(num_rounds=2))
    assert [len(robot.faults) for robot in result.robots] == [2, 2, 0]
    assert result == fight([str(path), str(path), "circle+linear"], 1, Rules(num_rounds=2), compiled=False)


FAILS_LATER = """
import numpy as np

from beepsim.javarandom import next_double

FAILING = {}
MEMORY = np.dtype([("rounds", "i8"), ("total", "f8"), ("many", "f8", (1000,))])


def prepare(settings, memory):
    memory.total = 2.0


def move(view, memory, command, random):
    if view.turn == 0:
        memory.rounds += 1
    memory.total += next_double(random) - 0.5
    memory.many[view.turn % 1000] += memory.total
    command.distance = 100.0 * memory.total
    if memory.rounds in FAILING and view.turn == 20:
        command.distance = memory.many[view.turn + 1000]
"""


@pytest.mark.parametrize(("most", "failing"), [(1, (1, 6, 7, 12)), (4, (6, 7, 12)), (64, (6, 7, 12))])
def test_a_round_that_fails_is_repeated_by_way_of_those_since_the_last_copy(tmp_path, monkeypatch, most, failing):
    path = tmp_path / "fails_later.py"
    path.write_text(FAILS_LATER.format(failing))
    names, rules = [str(path), "random_mover+random_gun", str(path)], Rules(num_rounds=13)
    monkeypatch.setattr("beepsim.loop.ROUNDS_TO_REPEAT", most)
    result = fight(names, 1, rules, tmp_path / "a.battle")
    assert [fault.round for fault in result.robots[0].faults] == [number - 1 for number in failing]
    assert {fault.turn for robot in result.robots for fault in robot.faults} == {20}
    monkeypatch.setattr("beepsim.loop.ROUNDS_TO_REPEAT", 0)
    assert fight(names, 1, rules, tmp_path / "b.battle").robots == result.robots
    assert (tmp_path / "a.battle").read_bytes() == (tmp_path / "b.battle").read_bytes()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"width": 399}, "rule width is 399, it must be a number of at least 400"),
        ({"height": 5001}, "rule height is 5001"),
        ({"width": 800.5}, "rule width is 800.5, it must be a whole number"),
        ({"num_rounds": 0}, "rule num_rounds is 0, it must be a number of at least 1"),
        ({"num_rounds": 2148}, "rule num_rounds is 2148, it must be at most 2147"),
        ({"num_rounds": True}, "rule num_rounds is True"),
        ({"gun_cooling_rate": 0.09}, "rule gun_cooling_rate is 0.09"),
        ({"gun_cooling_rate": float("nan")}, "rule gun_cooling_rate is nan"),
        ({"inactivity_time": 0}, "rule inactivity_time is 0"),
        ({"inactivity_time": 10**9}, "rule inactivity_time is 1000000000, it must be at most 100000"),
    ],
)
def test_rules_that_robocode_refuses(change, message):
    with pytest.raises(UserError, match=message):
        Rules(**change)


def test_battles_that_cannot_be_fought(tmp_path):
    with pytest.raises(UserError, match="a battle of 0 robots"):
        fight([], 1)
    with pytest.raises(UserError, match="a battle of 128 robots"):
        fight(["circle"] * 128, 1)
    for seed in (-1, 1 << 48, 0.5):
        with pytest.raises(UserError, match="seed is"):
            fight(DUEL, seed)
    with pytest.raises(UserError, match="must end in .battle"):
        fight(DUEL, 1, record=tmp_path / "a.parquet")
    for limit in (0.0, -1.0, float("nan")):
        with pytest.raises(UserError, match=f"time limit of {limit} s"):
            fight(DUEL, 1, turn_time_limit=limit)
    with pytest.raises(UserError, match="no bot named 'cirle'"):
        fight(["cirle", "circle"], 1)
    with pytest.raises(UserError, match="0 workers"):
        fight_many([], 0)


def test_any_number_of_workers_gives_the_same_battles(tmp_path):
    def battles(folder: str) -> list[Battle]:
        rules = Rules(num_rounds=2)
        return [Battle(DUEL, seed, rules, tmp_path / folder / f"{seed}.battle") for seed in range(4)]

    counts: list[int] = []
    alone = fight_many(battles("one"), 1)
    shared = fight_many(battles("two"), 2, counts.append)
    assert counts == [1, 2, 3, 4]
    for left, right in zip(alone, shared, strict=True):
        assert replace(left, recording=None) == replace(right, recording=None)
        assert left.recording is not None and right.recording is not None
        assert left.recording.read_bytes() == right.recording.read_bytes()


def test_a_mistake_in_one_of_many_is_found_before_the_first():
    done: list[int] = []
    with pytest.raises(UserError, match="no bot named 'cirle'"):
        fight_many([Battle(DUEL, 1), Battle(("cirle", "circle"), 1)], 1, done.append)
    assert done == []


LISTENING = """
import random

import numpy as np

from beepsim.robots import AdvancedRobot


class Listener(AdvancedRobot):
    def run(self):
        while True:
            self.set_turn_radar_right(360)
            self.set_ahead(random.uniform(-200, 200))
            self.set_turn_right(np.random.uniform(-90, 90))
            self.execute()

    def on_scanned_robot(self, event):
        raise ValueError(f"saw {event.get_name()}, I am {self.get_name()}")
"""


def test_a_seed_is_the_battle_of_bots_that_draw_from_the_global_generators_too(tmp_path):
    path = tmp_path / "listener.py"
    path.write_text(LISTENING)
    random.seed(1)
    np.random.seed(1)
    before = random.getstate(), np.random.get_state()[1].tolist()
    bots, rules = [str(path), "circle+linear"], Rules(num_rounds=2)
    first = fight(bots, 5, rules, tmp_path / "a.battle")
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
    random.random()
    assert fight(bots, 5, rules) == replace(first, recording=None)
    assert fight(bots, 6, rules).turns != first.turns


@pytest.mark.parametrize("hide", [False, True])
def test_hidden_names_are_hidden_from_the_others(tmp_path, hide):
    path = tmp_path / "listener.py"
    path.write_text(LISTENING)
    rules = Rules(num_rounds=1, hide_enemy_names=hide)
    result = fight([str(path), "circle+linear", str(path)], 5, rules, tmp_path / "a.battle")
    assert read_recording(tmp_path / "a.battle").header.rules.hide_enemy_names == hide
    messages = {fault.message.splitlines()[-1] for fault in result.robots[0].faults}
    own = result.robots[0].name
    others = ["#1", "#2"] if hide else [robot.name for robot in result.robots[1:]]
    assert messages <= {f"ValueError: saw {other}, I am {own}" for other in others} and messages


def test_robots_begin_where_they_are_placed(tmp_path):
    rules = Rules(num_rounds=3, initial_positions="(100,200,90), (?,500,), (700.5,?,?)")
    fight(["circle", "circle", "circle"], 1, rules, tmp_path / "a.battle")
    recording = read_recording(tmp_path / "a.battle")
    assert recording.header.rules.initial_positions == rules.initial_positions
    starts = recording.robots[recording.robots["turn"] == 0].reshape(3, 3)
    for robots in starts:
        assert (robots["x"][0], robots["y"][0], robots["heading"][0]) == (100, 200, np.float32(np.pi / 2))
        assert robots["y"][1] == 500 and robots["x"][2] == 700.5
        # What is left open is drawn once.
        assert robots["x"][1] == starts["x"][0, 1] and robots["heading"][2] == starts["heading"][0, 2]


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ("", "at '' it must have a group like"),
        ("100,200,90", "at '100,200,90' it must have"),
        ("(100,200,90)(1,2,3)", r"at '\(100,200,90\)\(1,2,3\)' it must have"),
        ("(100,200,90),x", "at 'x' it must have"),
        ("(100,200,90,4)", r"\(100,200,90,4\): a place has three numbers"),
        ("(-100,200,90)", "x is '-100', it must be [?] or a number from 0 to 800"),
        ("(100,601,90)", "y is '601', it must be [?] or a number from 0 to 600"),
        ("(100,٢٠٠,90)", "y is '٢٠٠', it must be [?] or a number from 0 to 600"),
        ("(100,200,1e2)", "heading is '1e2', it must be [?] or a number from 0 to 360"),
    ],
)
def test_positions_that_robocode_would_misread(positions, message):
    with pytest.raises(UserError, match=message):
        Rules(initial_positions=positions)


def test_more_places_than_robots():
    with pytest.raises(UserError, match="has 3 places for 2 robots"):
        fight(DUEL, 1, Rules(initial_positions="(?,?,?),(?,?,?),(?,?,?)"))


@pytest.mark.parametrize(("side", "count"), [(400, 16), (5000, 16), (2000, 127)])
def test_melees_of_many_robots_on_the_smallest_and_the_largest_field(tmp_path, side, count):
    bots = (["sample.Crazy", "random_mover+linear", "sample.SpinBot", "circle+head_on"] * 32)[:count]
    rules = Rules(num_rounds=1, width=side, height=side)
    result = fight(bots, 1, rules, tmp_path / "a.battle")
    assert all(robot.faults == () for robot in result.robots)
    places = read_recording(tmp_path / "a.battle").rounds["place"]
    assert sorted(robot.rank for robot in result.robots) == list(range(1, count + 1))
    assert sum(robot.firsts for robot in result.robots) == np.count_nonzero(places == 1) >= 1
    assert sum(robot.thirds for robot in result.robots) == np.count_nonzero(places == 3)


def test_results_are_ranked_and_rounded_as_robocode_publishes_them():
    result = fight(MELEE, 4, Rules(num_rounds=5))
    for robot in result.robots:
        scores, published = asdict(robot.scores), asdict(robot.published)
        assert all(published[name] == int(scores[name] + 0.5) for name in scores)
    by_rank = sorted(result.robots, key=lambda robot: robot.rank)
    assert [robot.rank for robot in by_rank] == [1, 2, 3, 4, 5]
    totals = [robot.published.total for robot in by_rank]
    assert totals == sorted(totals, reverse=True)
    # Of equals the later one comes first.
    ducks = fight(["sitting_duck"] * 3, 1, Rules(num_rounds=1, inactivity_time=10))
    assert [robot.published.total for robot in ducks.robots] == [0, 0, 0]
    assert [robot.rank for robot in ducks.robots] == [3, 2, 1]
