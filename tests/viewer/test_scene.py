"""What a scene holds of a recording: a film made by hand, looked at turn by turn."""

import math
from dataclasses import replace

import pygame
import pytest
from made_film import DEATH_TURN, HIT_TURN, made_duel, made_melee, made_recording

from beepsim.recording.format import RobotEntry
from beepsim.rules import RADAR_RANGE
from beepsim.viewer.colours import DEAD_ROBOT, robot_colour
from beepsim.viewer.controls import State
from beepsim.viewer.film import BULLET_EXPLOSION_TURNS, Moment, film_of
from beepsim.viewer.player import subject_of
from beepsim.viewer.scene import HULL, placed, scene_at
from beepsim.viewer.shapes import Arc, Circle, Fact, Line, Polygon, Scene, Text
from beepsim.viewer.window import draw_window

DUEL = made_duel()


def shapes_at(turn: int, kind: type, round_index: int = 0) -> list:
    return [shape for shape in scene_at(DUEL, Moment(round_index, turn)).shapes if isinstance(shape, kind)]


def facts_of(scene: Scene, title: str) -> dict[str, str]:
    return {fact.name: fact.value for block in scene.panel if block.title == title for fact in block.facts}


def corners(shape: Polygon | tuple) -> list[tuple[int, int]]:
    points = shape.points if isinstance(shape, Polygon) else shape
    return [(round(x), round(y)) for x, y in points]


def bullets_of(turn: int) -> list[Circle]:
    """Filled circles without an outline outside of robots."""
    return [one for one in shapes_at(turn, Circle) if one.fill and not one.outline and one.fill.alpha == 255]


def test_field_and_walls_are_the_first_shape() -> None:
    scene = scene_at(DUEL, Moment(0, 0))
    assert (scene.width, scene.height) == (400, 300)
    assert scene.shapes[0].points == ((0, 0), (0, 300), (400, 300), (400, 0)) and scene.shapes[0].outline


def test_a_point_turns_clockwise_from_north() -> None:
    ((x, y),) = placed(((0.0, 10.0),), 100.0, 50.0, math.pi / 2)
    assert (x, y) == pytest.approx((110.0, 50.0))
    ((x, y),) = placed(((5.0, 0.0),), 100.0, 50.0, math.pi / 2)
    assert (x, y) == pytest.approx((100.0, 45.0))


def test_bodies_guns_and_radars_point_where_they_are_recorded_to() -> None:
    polygons = shapes_at(3, Polygon)
    colours = {robot: [one for one in polygons if one.fill == robot_colour(robot)] for robot in (0, 1)}
    (hull,), (other,) = colours[0], colours[1]
    assert corners(hull) == corners(placed(HULL, 100.0, 100.0, 0.0))
    assert corners(other) == corners(placed(HULL, 212.0, 200.0, math.pi / 2))
    # The barrel of robot 0 reaches 25 px to the east, that of robot 1 to the south.
    assert any(max(point) == (125, 102) and min(point) == (104, 98) for point in map(corners, polygons))
    assert any(max(point) == (214, 196) and min(point) == (210, 175) for point in map(corners, polygons))


def test_the_scan_arc_is_what_the_radar_swept_in_the_turn() -> None:
    assert not [arc for arc in shapes_at(0, Arc)]
    (arc,) = shapes_at(3, Arc)
    assert (arc.x, arc.y, arc.radius) == (100.0, 100.0, RADAR_RANGE)
    assert (arc.start, arc.extent) == pytest.approx((math.radians(60), math.radians(30)))
    # Over north it goes on, not the long way round.
    (arc,) = shapes_at(12, Arc)
    assert (arc.start, arc.extent) == pytest.approx((math.radians(330), math.radians(30)))
    # The other radar stands still: a ray.
    assert ((212.0, 200.0), pytest.approx((212.0, 200.0 + RADAR_RANGE))) in [one.points for one in shapes_at(3, Line)]


def test_energy_and_name_are_those_of_the_living() -> None:
    assert [(one.text, one.x) for one in shapes_at(2, Text)] == [
        ("100.0", 100.0),
        ("First 1.0", 100.0),
        ("100.0", 208.0),
        ("Second 1.0", 208.0),
    ]
    assert [one.text for one in shapes_at(DEATH_TURN, Text)] == ["100.0", "First 1.0"]


def test_a_bullet_flies_at_its_speed_and_is_as_large_as_its_power() -> None:
    assert bullets_of(2) == []
    for turn in (3, 4):
        (bullet,) = bullets_of(turn)
        assert (bullet.x, bullet.y) == pytest.approx((110.0 + 14.0 * (turn - 3), 100.0))
    large, small = bullets_of(6)
    assert (large.x, small.x) == pytest.approx((152.0, 127.0))
    assert large.radius**2 == pytest.approx(2 * small.radius**2)


def test_a_hit_explodes_where_the_bullet_ended_and_fades() -> None:
    rings = [[one for one in shapes_at(turn, Circle) if not one.fill] for turn in range(HIT_TURN - 1, 21)]
    assert rings[0] == []
    first, later = rings[1][0], rings[5][0]  # rings that the death of robot 1 brings come after
    assert (first.x, first.y) == (200.0, 180.0) and later.radius > first.radius
    assert later.outline.alpha < first.outline.alpha
    assert BULLET_EXPLOSION_TURNS > 12 and [len(one) for one in rings[:4]] == [0, 1, 1, 1]


def test_a_dead_robot_explodes_and_stays_faint() -> None:
    at_death, later = shapes_at(DEATH_TURN, Circle), shapes_at(20, Circle)
    x = 200.0 + 4.0 * DEATH_TURN
    assert [one.x for one in at_death if not one.fill] == [200.0, x]
    assert max(one.radius for one in later if not one.fill and one.x == x) > max(
        one.radius for one in at_death if not one.fill and one.x == x
    )
    hull = corners(placed(HULL, x, 200.0, math.pi / 2))
    hulls = [one for one in shapes_at(15, Polygon) if corners(one) == hull]
    assert [one.fill for one in hulls] == [DEAD_ROBOT] and DEAD_ROBOT.alpha < 128


def test_the_panel_says_round_turn_energies_shots_and_scores() -> None:
    scene = scene_at(DUEL, Moment(0, HIT_TURN - 1))
    assert facts_of(scene, "Battle") == {"round": "0, last 1", "turn": "8, last 20"}
    assert facts_of(scene, "Shots of this round") == {"First 1.0": "0 of 2 hit", "Second 1.0": "0 of 0 hit"}
    scene = scene_at(DUEL, Moment(0, DEATH_TURN))
    assert facts_of(scene, "Energy") == {"First 1.0": "100.0", "Second 1.0": "dead"}
    assert facts_of(scene, "Shots of this round")["First 1.0"] == "1 of 2 hit"


@pytest.mark.parametrize(
    ("moment", "title", "scores"),
    [
        (Moment(0, 19), "Score after 0 rounds", ("0", "0")),
        (Moment(0, 20), "Score after 1 round", ("80", "10")),
        (Moment(1, 9), "Score after 1 round", ("80", "10")),
        (Moment(1, 10), "Score after 2 rounds", ("120", "40")),
    ],
)
def test_scores_are_those_of_the_rounds_that_are_over(moment: Moment, title: str, scores: tuple) -> None:
    assert tuple(facts_of(scene_at(DUEL, moment), title).values()) == scores


def test_scores_that_a_source_lacks_are_not_made_up() -> None:
    melee = made_melee()
    assert set(facts_of(scene_at(melee, Moment(0, 2)), "Score after 1 round").values()) == {"–"}
    assert "Shots of this round" not in [block.title for block in scene_at(melee, Moment(0, 2)).panel]


def test_robots_are_told_apart() -> None:
    assert len({robot_colour(robot) for robot in range(24)}) == 24
    first, second = robot_colour(0), robot_colour(1)
    assert first.red > first.blue and second.blue > second.red
    scene = scene_at(made_melee(), Moment(0, 2))
    energy = next(block for block in scene.panel if block.title == "Energy")
    assert energy.facts[1] == Fact("Robot1 1.0", "1.0", robot_colour(1))


def test_the_same_moment_gives_the_same_scene() -> None:
    assert scene_at(DUEL, Moment(0, 10)) == scene_at(made_duel(), Moment(0, 10))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("sample.Walls", "sample.Walls 1.0"),
        ("A" * 10_000, "A" * 63 + "…"),
        ("two\nlines\x00\u202eturned", "two\ufffdlines\ufffd\ufffdturned 1.0"),
        ("שלום 😀", "שלום 😀 1.0"),
    ],
)
def test_a_name_is_shown_in_one_line_whatever_a_stranger_wrote(name, shown) -> None:
    recording = made_recording()
    robots = (RobotEntry(name, "1.0", ""), recording.header.robots[1])
    film = film_of(replace(recording, header=replace(recording.header, robots=robots)))
    assert film.names == (shown, "Second 1.0")
    draw_window(pygame.Surface((960, 600)), State(), subject_of(film), None)
