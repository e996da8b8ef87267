"""Snapshots made into tables, in small battles whose numbers are worked out by hand."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from robocode_samples import FOLDER, add_bullet, angle_between, wide

from beepsim.errors import UserError
from beepsim.parity.trace import read_trace
from beepsim.recording.columns import FLYING, HIT_ROBOT, HIT_WALL, RECORDED_BULLET
from beepsim.recording.snapshots import BULLET_STATES, BulletSnapshot, RobotSnapshot, Tables, Turn, tables_from

ACTIVE, DEAD = 0, 3
UNKNOWN = math.nan
EAST, NORTH, WEST = math.pi / 2, 0.0, 3 * math.pi / 2


def robot(index: int, x: float, y: float, gun: float, state: int = ACTIVE, survival: float = 0.0) -> RobotSnapshot:
    return RobotSnapshot(index, state, x, y, 0, 0, gun, 0, 100, 0, (survival, 0, 0, 0, 0, 0), f"a.Bot{index} 1.0")


def battle(*turns: tuple[list[RobotSnapshot], list[BulletSnapshot]], count: int = 2) -> Tables:
    found = [Turn(0, number, *turn, f"turn {number}") for number, turn in enumerate(turns)]
    return tables_from(found, count, (800, 600), "here")


def test_power_and_heading_of_a_bullet_that_flies_on():
    robots = [robot(0, 100, 100, EAST), robot(1, 300, 100, NORTH)]
    turned = [robot(0, 101, 100, NORTH), robot(1, 300, 100, NORTH)]
    # Fired from (100, 100) along the gun as it was then: 14 px a turn is power 2.
    shots = [BulletSnapshot(2, 0, FLYING, x, 100, UNKNOWN, UNKNOWN, -1) for x in (114.0, 128.0, 142.0)]
    bullet = battle((robots, []), (turned, shots[:1]), (turned, shots[1:2]), (turned, shots[2:])).bullets[0]
    assert bullet["power"] == pytest.approx(2.0, abs=1e-12) and bullet["heading"] == EAST
    assert (bullet["turn_first"], bullet["x_first"], bullet["y_first"]) == (1, 114, 100)
    assert (bullet["turn_last"], bullet["x_last"], bullet["state_last"], bullet["victim"]) == (3, 142, FLYING, -1)


def test_a_bullet_that_did_not_fly_along_its_gun():
    robots = [robot(0, 100, 100, EAST), robot(1, 300, 100, NORTH)]
    flight = math.radians(271)
    seen = (300 + 17 * math.sin(flight), 100 + 17 * math.cos(flight))
    shot = BulletSnapshot(10_002, 1, FLYING, *seen, UNKNOWN, UNKNOWN, -1)
    bullet = battle((robots, []), (robots, [shot])).bullets[0]
    assert bullet["heading"] == pytest.approx(flight, abs=1e-12)
    assert bullet["power"] == pytest.approx(1.0, abs=1e-12)


def test_a_hit_is_where_the_victim_was_hit_not_where_it_is_painted():
    before = [robot(0, 100, 100, EAST), robot(1, 140, 100, NORTH)]
    after = [robot(0, 100, 100, NORTH), robot(1, 143, 95, NORTH)]  # it moved after the bullets did
    hit = BulletSnapshot(2, 0, HIT_ROBOT, 127.0, 95.0, 1.9, UNKNOWN, 1)
    later = hit._replace(x=130.0)
    tables = battle((before, []), (after, [hit]), (after, [later]))
    (bullet,) = tables.bullets
    assert (bullet["x_first"], bullet["y_first"], bullet["x_last"], bullet["y_last"]) == (124, 100, 124, 100)
    assert (bullet["turn_last"], bullet["power"], bullet["heading"], bullet["victim"]) == (1, 1.9, EAST, 1)
    # With a heading, a position is the bullet's own.
    (bullet,) = battle((before, []), (after, [hit._replace(heading=1.5)])).bullets
    assert (bullet["x_last"], bullet["y_last"], bullet["heading"]) == (127, 95, 1.5)


def short(value: float) -> float:
    return round(value, 4)


def painted_turns(trace: Path, number: Callable[[float], float]) -> Iterator[Turn]:
    """The turns of a trace as XML would hold them: no headings, hits beside their victims, `number` as it rounds."""
    places: list[tuple[float, float]] = []
    dead: set[int] = set()
    for line in read_trace(trace):
        if line["type"] not in ("start", "turn"):
            continue
        before, places = places, [(one["x"], one["y"]) for one in line["robots"]]
        robots = [
            robot(
                one["i"], number(one["x"]), number(one["y"]), number(one["gunHeading"]), DEAD * (one["state"] == "DEAD")
            )
            for one in line["robots"]
            if one["i"] not in dead
        ]
        dead |= {one.robot for one in robots if one.state == DEAD and number is short}
        bullets = []
        for one in line["bullets"]:
            x, y, state = one["x"], one["y"], BULLET_STATES[one["state"]]
            if state == HIT_ROBOT:
                x += places[one["victim"]][0] - before[one["victim"]][0]
                y += places[one["victim"]][1] - before[one["victim"]][1]
            power = UNKNOWN if state == FLYING and number is short else one["power"]
            victim = one["victim"] if state == HIT_ROBOT else -1
            bullets.append(BulletSnapshot(one["id"], one["owner"], state, number(x), number(y), power, UNKNOWN, victim))
        yield Turn(line["round"], line["turn"], robots, bullets, "here")


@pytest.mark.parametrize("number", [float, short])
@pytest.mark.parametrize(("name", "count"), [("four_rammers", 4), ("Spender_vs_Coaster", 2)])
def test_bullets_of_other_battles_are_worked_out(name, count, number):
    trace = FOLDER.parent / "traces" / f"{name}_1.jsonl.xz"
    seen: dict = {}
    for line in read_trace(trace):
        for bullet in line.get("bullets", []):
            if bullet["id"] != 0:
                add_bullet(seen, line, bullet)
    expected = np.array([tuple(row) for _, row in sorted(seen.items())], wide(RECORDED_BULLET))
    found = tables_from(painted_turns(trace, number), count, (800, 600), "here").bullets
    assert len(found) == len(expected) > 80
    for column in ("round", "bullet", "owner", "power", "turn_first", "turn_last", "state_last", "victim"):
        np.testing.assert_array_equal(found[column], expected[column], column)
    is_at_once = found["turn_first"] == found["turn_last"]
    tolerance = 1e-13 if number is float else np.where(is_at_once, 0.5e-4, 1e-5)
    assert (angle_between(found["heading"], expected["heading"]) <= tolerance).all()
    for column in ("x_first", "y_first", "x_last", "y_last"):
        tolerance = 2.0**-14 + (0 if number is float else 1.5e-4)
        assert np.abs(found[column] - expected[column]).max() <= tolerance, column


def test_what_does_not_count_as_a_bullet():
    robots = [robot(0, 100, 100, EAST), robot(1, 140, 100, NORTH)]
    explosion = BulletSnapshot(0, 0, FLYING, 5, 5, 1.0, UNKNOWN, -1)
    unfired = BulletSnapshot(2, 0, 0, 5, 5, 1.0, UNKNOWN, -1)
    assert len(battle((robots, []), (robots, [explosion, unfired])).bullets) == 0


def test_dead_robots_stay_as_they_were_and_later_scores_are_lost():
    start = [robot(0, 100, 100, EAST), robot(1, 300, 100, NORTH), robot(2, 500, 100, NORTH)]
    first = [start[1], robot(0, 90, 100, EAST, DEAD), start[2]._replace(scores=(50, 0, 0, 0, 0, 0))]
    second = [robot(1, 310, 100, NORTH, DEAD), robot(2, 500, 120, NORTH, survival=100)]
    third = [robot(2, 500, 130, NORTH, survival=999)]
    hit = BulletSnapshot(2, 0, HIT_WALL, 5, 5, 1.0, WEST, -1)
    tables = battle((start, []), (first, []), (second, [hit]), (third, []), count=3)
    assert tables.names == ("a.Bot0 1.0", "a.Bot1 1.0", "a.Bot2 1.0")
    grid = tables.robots.reshape(4, 3)
    np.testing.assert_array_equal(grid["x"], [[100, 300, 500], [90, 300, 500], [90, 310, 500], [90, 310, 500]])
    np.testing.assert_array_equal(grid["state"], [[0, 0, 0], [3, 0, 0], [3, 3, 0], [3, 3, 0]])
    assert tables.rounds["place"].tolist() == [3, 2, 1]
    assert tables.rounds["survival"].tolist() == [0, 0, 100]
    with pytest.raises(UserError, match="turn 1: robot 2 is missing"):
        battle((start, []), (start[:2], []), count=3)


def test_a_round_that_was_broken_off_has_the_scores_of_its_last_turn():
    turns = [([robot(0, 100, 100, EAST, survival=turn), robot(1, 300, 100, NORTH)], []) for turn in range(4)]
    assert battle(*turns).rounds["survival"].tolist() == [3, 0]
    assert battle(*turns).rounds["place"].tolist() == [1, 1]


def test_no_turn_at_all():
    with pytest.raises(UserError, match="here: no turn of a battle is in it"):
        tables_from([], 2, (800, 600), "here")
