"""Rules for any number of robots: placing, many deaths at once, places and scores, room for bullets and events."""

import math

import numpy as np
import pytest
from engine_drivers import drive_at_random, shoot
from hypothesis import given, settings
from hypothesis import strategies as st

from beepsim.engine.rounds import round_is_over, start_round
from beepsim.engine.score import rounded_results
from beepsim.engine.state import (
    ADVANCED,
    BATTLE_ENDED,
    BULLET_HIT,
    DEAD,
    DEATH,
    EXPLODED,
    HIT_BY_BULLET,
    HIT_ROBOT_EVENT,
    HIT_WALL_EVENT,
    ROBOT_DEATH,
    ROUND_ENDED,
    SCANNED_ROBOT,
    WIN,
    World,
    bullets_of,
    events_of,
    new_rules,
    new_world,
)
from beepsim.engine.text_reader import world_from_text
from beepsim.engine.turn import play_turn
from beepsim.geometry import boxes_overlap

SMALL = "rules width=400 height=400 num_rounds=1\n"


def overlapping_pairs(world: World) -> int:
    boxes = world.robots[["left", "low"]].tolist()
    return sum(boxes_overlap(*boxes[i], *boxes[j]) for i in range(len(boxes)) for j in range(i))


@given(st.integers(0, 1 << 40))
def test_sixteen_robots_find_room_on_the_smallest_field(seed: int) -> None:
    world = new_world(new_rules(width=400, height=400, num_rounds=2), np.full(16, ADVANCED), seed)
    start_round(world)
    assert overlapping_pairs(world) == 0
    assert ((world.robots["x"] >= 36) & (world.robots["x"] <= 364)).all()


def test_placing_gives_up_after_a_thousand_tries() -> None:
    """Sixty robots cannot stand apart: the last ones stay where their last try put them, three draws a try."""
    world = new_world(new_rules(width=400, height=400), np.full(60, ADVANCED), 1)
    start_round(world)
    robots = world.robots
    assert overlapping_pairs(world) > 0
    assert ((robots["x"] >= 36) & (robots["x"] <= 364) & (robots["y"] >= 36) & (robots["y"] <= 364)).all()


def test_a_given_place_that_is_taken_is_drawn_anew() -> None:
    world = new_world(new_rules(), np.full(3, ADVANCED), 1, "(100,100,0),(120,110,0),(136,100,0)")
    start_round(world)
    places = world.robots[["x", "y"]].tolist()
    # Boxes that touch do not overlap: the third stands beside the first.
    assert places[0] == (100.0, 100.0) and places[1] != (120.0, 110.0) and places[2] == (136.0, 100.0)
    start_round(world)
    assert world.robots["x"][0] == 100.0


RADIANS = 0.017453292519943295


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("(100,200,90)", [[100, 200, 90 * RADIANS]]),
        ("( 100 , 200.5 , 90 )", [[100, 200.5, 90 * RADIANS]]),
        ("(-100,+200,-90)", [[100, 200, 90 * RADIANS]]),
        ("(1e2,2E1,3e1)", [[12, 21, 31 * RADIANS]]),
        ("(50px,.5,5.)", [[50, 0.5, 5 * RADIANS]]),
        ("(?,200,?)", [[None, 200, None]]),
        ("(100)", [[100, None, None]]),
        ("()", [[None, None, None]]),
        ("(,,45)", [[None, None, 45 * RADIANS]]),
        ("(1.2.3,?,?)", [[None, None, None]]),
        ("(1,2,3,4)", [[1, 2, 3 * RADIANS]]),
        ("(1,2,3) (4,5,6)", [[1, 2, 3 * RADIANS], [4, 5, 6 * RADIANS]]),
        ("(1,2,3),(4,5,6),(7,8,9),(10,11,12)", [[1, 2, 3 * RADIANS], [4, 5, 6 * RADIANS], [7, 8, 9 * RADIANS]]),
    ],
)
def test_initial_positions_as_robocode_reads_them(text: str, places: list[list[float | None]]) -> None:
    world = new_world(new_rules(), np.full(3, ADVANCED), 4, text)
    drawn = new_world(new_rules(), np.full(3, ADVANCED), 4, ",".join(["(?,?,?)"] * text.count("(")))
    for robot, place in enumerate(places):
        for axis, value in enumerate(place):
            at = 3 * robot + axis
            assert world.places[at] == (drawn.places[at] if value is None else value)
    assert np.isnan(world.places[3 * len(places) :]).all()
    assert world.random[0] == drawn.random[0]  # three draws a group, whatever it gives


def deaths_of(text: str) -> World:
    """The world after its next turn."""
    world = world_from_text(SMALL + text)
    play_turn(world)
    return world


def target(x: int, energy: float = 1, owner: int = 0) -> str:
    """A robot at (x, 200) and a bullet of `owner` that hits it in the next turn."""
    return f"robot x={x} y=200 energy={energy}\nbullet owner={owner} x={x} y=175 heading=0 power=3\n"


def places_of(world: World) -> list[tuple[int, int, int]]:
    return world.totals[["firsts", "seconds", "thirds"]].tolist()


SHOOTER = "robot x=30 y=30\n"


def test_two_deaths_of_a_turn_leave_both_the_same_place() -> None:
    """All deaths of a turn count before any place is given, and only who lives then hears of them and scores."""
    world = deaths_of(SHOOTER + target(200) + target(300))
    assert world.robots["state"].tolist() == [0, DEAD, DEAD]
    assert places_of(world) == [(1, 0, 0), (0, 1, 0), (0, 1, 0)]
    assert world.scores["survival"].tolist() == [100.0, 0.0, 0.0]
    assert world.scores["last_survivor"].tolist() == [20.0, 0.0, 0.0]
    # The energy that was there is the damage; a fifth of it for each kill.
    assert world.scores["bullet_damage"][0] == 2.0 and world.scores["bullet_kill"][0] == pytest.approx(0.4)
    assert world.totals["total"][0] == pytest.approx(100 + 20 + 2 + 0.4)
    kinds = events_of(world)["type"].tolist()
    assert [kinds.count(kind) for kind in (DEATH, ROBOT_DEATH, WIN, ROUND_ENDED, BATTLE_ENDED)] == [2, 2, 1, 3, 3]
    assert world.robots["winner"].tolist() == [True, False, False]


def test_deaths_with_two_alive_are_thirds_with_three_are_nothing() -> None:
    world = deaths_of(SHOOTER + "robot x=360 y=30\n" + target(200) + target(300))
    assert places_of(world) == [(0, 0, 0), (0, 0, 0), (0, 0, 1), (0, 0, 1)]
    assert world.scores["survival"].tolist() == [100.0, 100.0, 0.0, 0.0]
    assert world.battle[0]["end_timer"] == 0
    world = deaths_of(SHOOTER + "robot x=360 y=30\nrobot x=360 y=360\n" + target(200))
    assert places_of(world) == [(0, 0, 0)] * 4


def test_the_last_two_dying_together_are_both_first() -> None:
    world = deaths_of(target(100, owner=1) + target(300, owner=0))
    assert world.battle[0]["alive"] == 0
    assert places_of(world) == [(1, 0, 0), (1, 0, 0)]
    assert (world.scores["survival"] == 0).all() and (world.scores["last_survivor"] == 0).all()
    assert not world.robots["winner"].any()
    # The shooter died in this very turn: it gets the energy of its hit, perhaps before its own death.
    assert world.robots["state"].tolist() == [DEAD, DEAD]


def test_a_winner_that_dies_later_keeps_its_first() -> None:
    world = deaths_of(SHOOTER.replace("\n", " energy=1\n") + target(200))
    assert places_of(world) == [(1, 0, 0), (0, 1, 0)] and world.robots["winner"].tolist() == [True, False]
    text = SHOOTER.replace("\n", " energy=1 winner\n") + "robot x=300 y=300 state=DEAD energy=0\n"
    world = world_from_text(SMALL + "battle end_timer=5\n" + text + "bullet owner=1 x=30 y=5 heading=0 power=3\n")
    play_turn(world)
    assert world.robots["state"].tolist() == [DEAD, DEAD]
    assert places_of(world) == [(0, 0, 0), (0, 0, 0)] and world.battle[0]["end_timer"] == 6


def test_deaths_of_sixteen_in_one_turn() -> None:
    robots = "".join(target(20 + 24 * i, owner=(i + 1) % 16) for i in range(16))
    world = deaths_of(robots)
    assert world.battle[0]["alive"] == 0 and places_of(world) == [(1, 0, 0)] * 16
    assert world.battle[0]["death_count"] == 16 and sorted(world.deaths.tolist()) == list(range(16))
    assert (bullets_of(world)["state"] == EXPLODED).sum() == 16


def test_equal_scores_rank_the_higher_index_first() -> None:
    world = world_from_text(SMALL + "robot x=30 y=30\n" + "robot x=90 y=30 state=DEAD energy=0\n" * 3)
    play_turn(world)
    ranks = {int(one["receiver"]): int(one["rank"]) for one in events_of(world) if one["type"] == BATTLE_ENDED}
    # Only the living and those that died now hear of it; the ranks are of all.
    assert ranks == {0: 1}
    assert rounded_results(world)["total"].tolist() == [30.0, 0.0, 0.0, 0.0]


def test_a_robot_alone_wins_at_once() -> None:
    world = new_world(new_rules(num_rounds=1), np.array([ADVANCED]), 1)
    start_round(world)
    play_turn(world)
    assert places_of(world) == [(1, 0, 0)] and world.scores["last_survivor"][0] == 0.0
    assert events_of(world)["type"].tolist() == [ROUND_ENDED, WIN, BATTLE_ENDED]


def worst_turn(count: int) -> World:
    """All in one heap in a corner, driving into each other and the wall, each hit by a bullet of every other."""
    lines = ["rules width=400 height=400 num_rounds=1"]
    for i in range(count):
        x = 18 + i * 0.25
        # The body looks to the west: ahead are the wall and those of a lower index.
        lines.append(
            f"robot x={x} y={18 + i * 0.25} heading=4 velocity=8 energy={20 * count} scan_requested radar_heading=0 "
            "command.distance=100 command.radar_turn=inf"
        )
    for owner in range(count):
        for _ in range(count - 1):
            lines.append(f"bullet owner={owner} x={20 + count / 4} y={20 + count / 4} heading=4 power=3")
    return world_from_text("\n".join(lines))


@pytest.mark.parametrize("count", [2, 3, 8, 16, 40])
def test_the_events_of_the_worst_turns_find_room(count: int) -> None:
    """`events` in new_world: the sum below is what a turn can create at most, and one slot for an event not counted."""
    world = worst_turn(count)
    most = 0
    for _ in range(30):
        before = bullets_of(world)
        play_turn(world)
        kinds = events_of(world)["type"].tolist()
        most = max(most, len(kinds))
        assert kinds.count(HIT_BY_BULLET) + kinds.count(BULLET_HIT) <= 2 * len(before)
        assert kinds.count(HIT_WALL_EVENT) <= count and kinds.count(HIT_ROBOT_EVENT) <= 2 * count
        assert kinds.count(SCANNED_ROBOT) <= count * (count - 1) and kinds.count(DEATH) <= count
        assert kinds.count(ROBOT_DEATH) <= count * (count - 1)
        bullets = 2 * len(world.bullets)
        at_most = bullets + 2 * count + 2 * count * (count - 1) + 2 * count + 2 * count + 1
        assert len(kinds) + 1 <= at_most + 1 <= len(world.events)
    assert most >= 2 * count * (count - 1) + count * (count - 1)  # all hit, all scanned, in one turn


def most_bullets(world: World, turns: int, power: float) -> int:
    """Most entries of the bullet list at any time within these turns, in which every robot fires whenever it can."""
    most = 0
    for _ in range(turns):
        world.robots["energy"][world.robots["state"] != DEAD] = 100.0
        for index in range(len(world.robots)):
            shoot(world, index, power)
        waiting = int(np.count_nonzero(~np.isnan(world.commands["fire_power"])))
        # Before the turn removes any, all shots and explosions of the turn may have been added.
        before = int(world.battle[0]["bullet_count"])
        play_turn(world)
        fired = waiting - int(np.count_nonzero(~np.isnan(world.commands["fire_power"])))
        most = max(most, before + fired + int(world.battle[0]["death_count"]))
        assert most <= len(world.bullets)
        assert sorted(world.bullet_list.tolist()) == list(range(len(world.bullets)))
    return most


@pytest.mark.parametrize("cooling", [0.1, 0.11, 0.3, 0.37, 0.5, 0.7, 1.0, 1.1, 1.6, 10.0])
@pytest.mark.parametrize("power", [0.001, 3.0])
def test_all_bullets_find_room(cooling: float, power: float) -> None:
    """Sixteen guns, never short of energy, on the longest ways that the smallest field has."""
    lines = [f"rules width=400 height=400 gun_cooling_rate={cooling} inactivity_time=100000"]
    for i in range(16):
        x, y = (18 + 10 * (i // 2), 18) if i % 2 else (18, 18 + 10 * (i // 2))
        lines.append(f"robot x={x} y={y} heading={math.pi / 4} gun_heat=0")
    world = world_from_text("\n".join(lines))
    # No bullet stops before the wall on the other side: the robots' boxes are put where no bullet comes.
    world.robots["left"] = world.robots["low"] = -1000.0
    most = most_bullets(world, 150, power)
    if power == 3.0 and cooling >= 1.6:
        assert most > 0.75 * len(world.bullets)


@pytest.mark.parametrize("size", [400, 1500, 5000])
def test_a_gun_that_fires_every_turn_across_the_field(size: int) -> None:
    x, y = (size, 5000) if size > 400 else (400, 400)
    rules = f"rules width={x} height={y} gun_cooling_rate=10 inactivity_time=100000\n"
    world = world_from_text(rules + f"robot x=18 y=18 heading={math.atan2(x - 36, y - 36)} gun_heat=0\n")
    turns = int(math.hypot(x, y) / 11) + 40
    most = most_bullets(world, turns, 3.0)
    assert len(world.bullets) - 10 <= most  # the robot cannot stand in the very corner


@settings(max_examples=10)
@given(st.integers(0, 1 << 40), st.sampled_from([0.1, 0.3, 1.0, 10.0]), st.sampled_from([400, 1000]))
def test_sixteen_robots_with_any_orders_stay_within_bounds(seed: int, cooling: float, size: int) -> None:
    rules = new_rules(width=size, height=400, gun_cooling_rate=cooling, num_rounds=1, inactivity_time=30)
    world, random = new_world(rules, np.arange(16) % 3, seed), np.random.default_rng(seed)
    start_round(world)
    while not round_is_over(world):
        drive_at_random(world, random)
        play_turn(world)
        assert world.battle[0]["bullet_count"] < len(world.bullets)
        assert world.battle[0]["event_count"] < len(world.events)
        assert np.isfinite(world.robots["x"]).all() and (world.robots["energy"] >= 0).all()
