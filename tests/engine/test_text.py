"""The world as text: exact, readable, written by hand, damaged."""

import math
import re

import numpy as np
import pytest
from engine_drivers import drive, drive_at_random, play_on
from hypothesis import event, given, settings
from hypothesis import strategies as st

import beepsim.engine.text
from beepsim.engine.rounds import round_is_over, start_round
from beepsim.engine.state import (
    ADVANCED,
    EXPLODED,
    HIT_VICTIM,
    JUNIOR,
    MOVING,
    STANDARD,
    World,
    bullets_of,
    events_of,
    new_rules,
    new_world,
)
from beepsim.engine.text import ANY, BATTLE_FIELDS, BULLET_FIELDS, ROBOT_LINE, Field, world_text
from beepsim.engine.text_reader import world_from_text
from beepsim.engine.turn import play_turn
from beepsim.errors import UserError
from beepsim.rules import MAX_BODY_TURN

KINDS = np.array([ADVANCED, STANDARD, JUNIOR, ADVANCED, ADVANCED])
BY_HAND = "robot x=100 y=200\nrobot x=600 y=200.5 heading=1.5\n"


def played(robots: int, seed: int, turns: int, positions: str | None = None) -> World:
    """A battle of several rounds on a small field, cut in turn `turns` of all its turns."""
    rules = new_rules(width=400, height=400, gun_cooling_rate=0.5, inactivity_time=20, num_rounds=100)
    world, random = new_world(rules, KINDS[:robots], seed, positions), np.random.default_rng(seed)
    start_round(world)
    for _ in range(turns):
        if round_is_over(world):
            start_round(world)
        drive_at_random(world, random)
        play_turn(world)
    return world


@settings(max_examples=60)
@given(st.integers(1, 5), st.integers(0, 1 << 40), st.integers(0, 900))
def test_a_battle_goes_on_from_its_text(robots: int, seed: int, turns: int) -> None:
    """Bit for bit: what is written is all that the course of the battle depends on, its events too."""
    world = played(robots, seed, turns)
    text = world_text(world)
    again = world_from_text(text)
    assert world_text(again) == text
    for turn in range(400):
        for each in (world, again):
            if round_is_over(each):
                start_round(each)
            drive(each)
            play_turn(each)
        assert again.random[0] == world.random[0], turn
        assert told(again) == told(world)
    assert world_text(again) == world_text(world)


def told(world: World) -> list[tuple[int, ...]]:
    """Who is told what, by bits: an event's unused fields hold what older ones left."""
    return [
        (one["type"], one["receiver"], one["energy"].tobytes()) for one in events_of(world) if one["type"] in (0, 2)
    ]


def test_a_battle_on_given_places_goes_on_from_its_text() -> None:
    """Places outside of the field and headings beyond a turn are as possible as in Robocode, for the first turn."""
    world = played(3, 1, 0, "(7000,3,725),(200,200,45),(200,210,45)")
    assert world.robots[0]["x"] == 7000.0 and world.robots[0]["heading"] > 2 * math.pi
    again = world_from_text(world_text(world))
    for each in (world, again):
        play_on(each, 300)
        start_round(each)
    assert world_text(again) == world_text(world)


def test_a_line_says_what_is_not_usual() -> None:
    world = played(2, 3, 0, "(100,200,90),(300,50,0)")
    assert world_text(world).splitlines()[4:] == [
        "robot x=100.0 y=200.0 heading=1.5707963267948966 place=100.0,200.0,1.5707963267948966",
        "robot x=300.0 y=50.0 heading=0.0 kind=STANDARD place=300.0,50.0,0.0",
    ]


def test_the_example_of_the_documentation_is_a_world() -> None:
    lines = [line[4:] for line in (beepsim.engine.text.__doc__ or "").splitlines() if line.startswith("    ")]
    world = world_from_text("\n".join(lines))
    assert len(world.robots) == 2 and bullets_of(world)["id"].tolist() == [2]


def test_a_start_written_by_hand() -> None:
    world = world_from_text(
        """
        # A duel
        robot x=100 y=200 heading=1.5   # looks east
        robot y=50.5 x=.5e2 energy=0 kind=JUNIOR over_driving
        bullet owner=0 x=110 y=200 heading=1.5 power=3
        bullet owner=0 x=150 y=200 heading=1.5 power=0.05
        bullet owner=1 x=60 y=60 state=EXPLODED
        """,
        seed=7,
    )
    first, second = world.robots
    assert [first[name] for name in ("gun_heading", "radar_heading", "energy", "gun_heat")] == [1.5, 1.5, 100.0, 3.0]
    assert (first["kind"], second["kind"], second["energy"]) == (ADVANCED, JUNIOR, 0.0)
    assert second["over_driving"] and not first["over_driving"]
    assert world.commands["max_velocity"].tolist() == [8.0, 8.0]
    assert world.commands["max_turn_rate"].tolist() == [MAX_BODY_TURN] * 2
    assert np.isnan(world.commands["fire_power"]).all()
    assert world.random[0] == new_world(new_rules(), KINDS[:2], 7).random[0]
    assert bullets_of(world)["id"].tolist() == [2, 3, 0]
    assert world.robots["last_bullet_id"].tolist() == [3, 10001]
    assert bullets_of(world)["state"].tolist() == [MOVING, MOVING, EXPLODED]
    assert world.rules[0].tolist() == new_rules()[0].tolist()
    play_turn(world)
    # Speeds 11 and 19.7; both began in the first robot and left its box.
    assert bullets_of(world)["x"].tolist()[:2] == pytest.approx([110 + 11 * math.sin(1.5), 150 + 19.7 * math.sin(1.5)])
    assert world.battle[0]["turn"] == 1


def test_a_bullet_by_hand_hits() -> None:
    world = world_from_text("robot x=100 y=200\nrobot x=100 y=300\nbullet owner=0 x=100 y=275 heading=0 power=1\n")
    play_turn(world)
    assert bullets_of(world)["state"].tolist() == [HIT_VICTIM]
    assert world.robots["energy"].tolist() == [103.0, 96.0]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("robot x=100", "rowboat x=100", "line 1: 'rowboat' is no kind of line, they are rules, battle, random"),
        (
            "y=200\n",
            "y=200 hading=1\n",
            "line 1: 'hading' is no field of a robot line, did you mean heading?: 'robot x=100",
        ),
        ("y=200\n", "y=200 zzzzzz=1\n", "'zzzzzz' is no field of a robot line, its fields are x, y, velocity"),
        ("y=200\n", "y=200 y=200\n", "y is given twice"),
        ("y=200\n", "y=much\n", "y is 'much', it must be a number"),
        ("y=200\n", "y=2_0\n", "y is '2_0', it must be a number"),
        ("y=200\n", "y=\n", "y is '', it must be a number"),
        ("y=200\n", "y=nan\n", "y is nan, it must be from -1.79"),
        ("y=200\n", "y=1e999\n", "y is 1e999, it must be from -1.79"),
        ("y=200\n", "y=590\n", "y is 590.0, it must be from 18.0 to 582.0 in this field"),
        ("y=200\n", "y=-200\n", "y is -200.0, it must be from 18.0"),
        ("y=200\n", "\n", "line 1: y is missing: 'robot x=100'"),
        ("y=200\n", "y=200 energy=nan\n", "energy is nan, it must be from 0.0"),
        ("y=200\n", "y=200 energy=1e300\n", "energy is 1e300"),
        ("y=200\n", "y=200 gun_heat=-1\n", "gun_heat is -1, it must be from 0.0"),
        ("y=200\n", "y=200 velocity=8.1\n", "velocity is 8.1, it must be from -8.0 to 8.0"),
        ("y=200\n", "y=200 heading=90\n", "heading is 90.0, it must be in radians, from 0 to 6.28"),
        ("y=200\n", "y=200 gun_heading=-1\n", "gun_heading is -1.0, it must be in radians"),
        ("y=200\n", "y=200 state=ILL\n", "state is 'ILL', it must be one of ACTIVE, HIT_WALL, HIT_ROBOT, DEAD"),
        ("y=200\n", "y=200 winner=True\n", "'winner=True' must be 'winner' alone, or nothing"),
        ("y=200\n", "y=200 died_now\n", "died_now needs state=DEAD"),
        ("y=200\n", "y=200 command.max_velocity=9\n", "command.max_velocity is 9, it must be from 0.0 to 8.0"),
        ("y=200\n", "y=200 command.fire_assist=inf\n", "command.fire_assist is inf"),
        ("y=200\n", "y=200 command.fire_power=1\n", "command.fire_power needs the id of its bullet"),
        ("y=200\n", "y=200 command.fire_power=1 command.fire_id=2\n", "command.fire_id is 2, it must be one of"),
        ("y=200\n", "y=200 last_bullet_id=0\n", "last_bullet_id is 0, it must be 1 and the shots so far"),
        ("y=200\n", "y=200 last_bullet_id=10001\n", "last_bullet_id is 10001"),
        ("y=200\n", "y=200 last_bullet_id=1.5\n", "last_bullet_id is '1.5', it must be a whole number"),
        ("y=200\n", "y=200 total.firsts=-1\n", "total.firsts is -1, it must be from 0"),
        ("y=200\n", "y=200 damage=1\n", "damage has 1 numbers, it must have one for each of the 2 robots"),
        ("y=200\n", "y=200 place=1,2\n", "place has 2 numbers"),
        ("y=200\n", "y=200 place=1,2,1e9\n", "place is 1e9, it must be from 0.0 to 500000.0"),
        ("robot x=100", "rules width=8\nrobot x=100", "line 1: rule width is 8.0, it must be a number of at least 400"),
        ("robot x=100", "rules wide=8\nrobot x=100", "line 1: 'wide' is no field of a rules line, did you mean width?"),
        ("robot x=100", "rules num_rounds=99999\nrobot x=100", "num_rounds is 99999, it must be from 1 to 2147"),
        ("robot x=100", "rules inactivity_time=9999999999\nrobot x=100", "inactivity_time is 9999999999"),
        ("robot x=100", "battle round=10\nrobot x=100", "round must be from 0 to 9: they are counted from 0"),
        ("robot x=100", "battle round=-1\nrobot x=100", "round is -1, it must be from 0"),
        ("robot x=100", "battle inactivity_energy=1e9\nrobot x=100", "inactivity_energy is 1e9, it must be from 0.0"),
        ("robot x=100", "battle end_timer=1\nrobot x=100", "line 1: end_timer must be 0 while 2 robots are alive"),
        ("robot x=100", "battle\nbattle\nrobot x=100", "line 2: a second battle line"),
        ("robot x=100", "random 1000000000000\nrobot x=100", "it must be the generator's 48 bits"),
        ("robot x=100", "random\nrobot x=100", "it must be the generator's 48 bits"),
        ("robot x=100", "run_order 1 1\nrobot x=100", "it must name each of the robots 0 to 1 once: 'run_order 1 1'"),
        ("robot x=600", "bullet owner=2 x=9 y=9 heading=0 power=1\nrobot x=600", "line 2: owner is 2, the robots are"),
        ("robot x=600", "bullet owner=0 x=9 y=9 heading=0\nrobot x=600", "line 2: power is missing"),
        (
            "robot x=600",
            "bullet owner=0 x=9 y=9 heading=0 power=4\nrobot x=600",
            "power is 4, it must be from 5e-324 to 3",
        ),
        (
            "robot x=600",
            "bullet owner=0 x=9 y=9 heading=9 power=1\nrobot x=600",
            "heading is 9, it must be from 0.0 to 6",
        ),
        (
            "robot x=600",
            "bullet owner=0 x=1 y=9 heading=0 power=1\nrobot x=600",
            "x is 1.0, it must be from 3.0 to 797",
        ),
        (
            "robot x=600",
            "bullet owner=0 x=9 y=9 heading=0 power=1 id=1\nrobot x=600",
            "id is 1, those of robot 0 in this",
        ),
        (
            "robot x=600",
            "bullet owner=0 x=9 y=9 heading=0 power=1 victim=2\nrobot x=600",
            "victim is 2, the robots are",
        ),
        ("robot x=600", "bullet owner=0 x=9 y=9 heading=0 power=1 state=FIRED\nrobot x=600", "state is FIRED, after a"),
        ("robot x=600", "bullet owner=0 x=9 y=9 state=EXPLODED id=2\nrobot x=600", "id must be 0 for the explosion"),
        (
            "y=200\n",
            "y=200 last_bullet_id=2\nbullet owner=0 id=3 x=9 y=9 heading=0 power=1\n",
            "after the owner's last_b",
        ),
    ],
)
def test_damaged_text_is_named(old: str, new: str, message: str) -> None:
    assert old in BY_HAND
    with pytest.raises(UserError, match=re.escape(message)):
        world_from_text(BY_HAND.replace(old, new, 1))


def test_texts_without_robots_or_with_too_many() -> None:
    for text in ("", "# nothing\n\n", "rules width=400\n"):
        with pytest.raises(UserError, match="it has 0 robot lines, it must have 1 to 127"):
            world_from_text(text)
    with pytest.raises(UserError, match="it has 128 robot lines"):
        world_from_text("robot x=50 y=50\n" * 128)
    twice = "robot x=50 y=50\n" + "bullet owner=0 x=9 y=9 heading=0 power=1 id=2\n" * 2
    with pytest.raises(UserError, match="line 3: id 2 is that of an earlier line"):
        world_from_text(twice)


EXTREMES = st.sampled_from(
    ["nan", "inf", "-inf", "0", "-0.0", "-1", "1e308", "-1e308", "5e-324", "1e-9", "2", "17.999", "9999", "2147483647"]
)


@settings(max_examples=300)
@given(st.data())
def test_foreign_text_is_refused_or_harmless(data: st.DataObject) -> None:
    """Whatever a damaged text says, it is refused in words, or a battle goes on from it within all bounds."""
    text = world_text(
        played(data.draw(st.integers(1, 4)), data.draw(st.integers(0, 50)), data.draw(st.integers(0, 300)))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        numbers = list(re.finditer(r"(?<==)[^ ,\n]+|(?<=,)[^ ,\n]+", text))
        how = data.draw(st.integers(0, 3))
        if how < 2 and numbers:
            match = data.draw(st.sampled_from(numbers))
            value = data.draw(EXTREMES if how == 0 else st.floats(-10, 500).map(repr))
            text = text[: match.start()] + value + text[match.end() :]
        elif how == 2:
            at = data.draw(st.integers(0, len(text)))
            text = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 30)) :]
        else:
            lines = text.splitlines()
            lines.insert(data.draw(st.integers(0, len(lines))), data.draw(st.sampled_from([*lines, "robot x=50 y=50"])))
            text = "\n".join(lines)
    try:
        world = world_from_text(text)
    except UserError as error:
        event("refused")
        assert str(error).startswith("world text")
        return
    event("accepted")
    goes_on_within_bounds(world)


def words_for(fields: dict[str, Field]) -> st.SearchStrategy[list[str]]:
    """Some of the fields with any values within their limits."""
    words = []
    for name, (form, (least, most), choices) in fields.items():
        if form == "b":
            words.append(st.just(name))
        elif choices:
            words.append(st.sampled_from(choices).map(lambda choice, name=name: f"{name}={choice}"))
        elif form == "i":
            words.append(st.integers(int(least), int(most)).map(lambda number, name=name: f"{name}={number}"))
        elif form == "f":
            floats = st.floats(least, most) if (least, most) != ANY else st.floats()
            words.append(floats.map(lambda number, name=name: f"{name}={number!r}"))
    return st.lists(st.one_of(words), max_size=8, unique_by=lambda word: word.partition("=")[0])


FREE = {
    name: field for name, field in ROBOT_LINE.items() if name not in ("x", "y", "last_bullet_id", "command.fire_id")
}
FLIGHT = {name: field for name, field in BULLET_FIELDS.items() if name in ("last_x", "last_y", "frame")}


@settings(max_examples=300)
@given(st.data())
def test_all_that_is_accepted_is_harmless(data: st.DataObject) -> None:
    lines = [" ".join(["battle", *data.draw(words_for(BATTLE_FIELDS))])] if data.draw(st.booleans()) else []
    within = st.floats(18, 382)
    for _ in range(data.draw(st.integers(1, 4))):
        head = f"robot x={data.draw(within)} y={data.draw(within)}"
        lines.append(" ".join([head, *data.draw(words_for(FREE))]))
    for _ in range(data.draw(st.integers(0, 30))):
        heading, power = data.draw(st.floats(0, 6.28)), data.draw(st.floats(1e-300, 3))
        head = f"bullet owner=0 x={data.draw(within)} y={data.draw(within)} heading={heading} power={power}"
        state = data.draw(st.sampled_from(["", " state=HIT_WALL", " state=HIT_VICTIM"]))
        lines.append(" ".join([head + state, *data.draw(words_for(FLIGHT))]))
    cooling = data.draw(st.sampled_from([0.1, 0.3, 10.0, 1e300]))
    text = "\n".join([f"rules width=400 height=400 gun_cooling_rate={cooling} inactivity_time=3", *lines])
    try:
        world = world_from_text(text)
    except UserError as error:
        event("refused")
        assert str(error).startswith("world text")
        return
    event("accepted")
    assert world_text(world_from_text(world_text(world))) == world_text(world)
    goes_on_within_bounds(world)


def goes_on_within_bounds(world: World) -> None:
    """Plays it with bots that fire whenever they can; the room for bullets and events must suffice."""
    random = np.random.default_rng(1)
    for _ in range(120):
        drive_at_random(world, random)
        play_turn(world)
        battle, bullets = world.battle[0], bullets_of(world)
        assert len(bullets) < len(world.bullets) and battle["event_count"] < len(world.events)
        assert sorted(world.bullet_list.tolist()) == list(range(len(world.bullets)))
        for table, names in ((world.robots, ("x", "y", "velocity", "energy")), (bullets, ("x", "y"))):
            assert all(np.isfinite(table[name]).all() for name in names)
        if round_is_over(world):
            break
