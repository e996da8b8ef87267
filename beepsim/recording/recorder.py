"""Rows of a recording, taken from the world while a round is played.

Same units as the world's; its doubles are rounded to the recording's single precision. The tables serve one round
after the other; compiled code fills them and says when they are full, `with_more_room` makes larger ones.
"""

from typing import NamedTuple

import numpy as np

from beepsim.engine.rows import inner, part, rows_at
from beepsim.engine.state import BULLET_HIT_WALL, DEAD, EXPLODED, HIT_BULLET, HIT_VICTIM, MOVING, World
from beepsim.recording.columns import FLYING, NO_VICTIM, RECORDED_BULLET, RECORDED_ROBOT, RECORDED_ROUND
from beepsim.rules import BULLET_IDS_PER_ROBOT

FIRST_TURNS = 1024
FIRST_BULLETS = 256
NOT_ENDED = 0  # turn_last of a bullet in the air
NO_ROW = -1  # Notes.rows of a bullet that flew before the round was begun from a given start
assert (MOVING, HIT_VICTIM, HIT_BULLET, BULLET_HIT_WALL) == (1, 2, 3, 4), "recorded bullet states are the engine's"
assert DEAD == 3, "recorded robot states are the engine's"


class Notes(NamedTuple):
    """What the recorder remembers of the round in progress."""

    counts: np.ndarray  # int64 [2]: rows of robots and of bullets so far
    room: np.ndarray  # int64 [2]: rows that the two tables hold; 0 of robots where their turns are not recorded
    shots: np.ndarray  # int64 [R]: number of each robot's next bullet
    fired: np.ndarray  # int64 [R]: bullets of each robot that have a row
    hits: np.ndarray  # int64 [R]: those that have hit a robot
    rows: np.ndarray  # int64 [R * BULLET_IDS_PER_ROBOT]: row of each robot's n-th bullet
    results: np.ndarray  # RECORDED_ROUND [R]
    robots: np.ndarray  # RECORDED_ROBOT [room[0]]
    bullets: np.ndarray  # RECORDED_BULLET [room[1]]


def new_notes(world: World, records_robots: bool) -> Notes:
    """Notes for the rounds of a battle, one after the other."""
    robots = len(world.robots)
    return Notes(
        counts=np.zeros(2, np.int64),
        room=np.array([FIRST_TURNS * robots if records_robots else 0, FIRST_BULLETS], np.int64),
        shots=np.zeros(robots, np.int64),
        fired=np.zeros(robots, np.int64),
        hits=np.zeros(robots, np.int64),
        rows=np.zeros(robots * BULLET_IDS_PER_ROBOT, np.int64),
        results=np.zeros(robots, RECORDED_ROUND),
        robots=np.empty(FIRST_TURNS * robots if records_robots else 0, RECORDED_ROBOT),
        bullets=np.empty(FIRST_BULLETS, RECORDED_BULLET),
    )


@part
def notes_at(addresses, first):
    """The notes whose arrays' addresses stand at `first` and after it."""
    return Notes(
        rows_at(addresses[first], np.int64),
        rows_at(addresses[first + 1], np.int64),
        rows_at(addresses[first + 2], np.int64),
        rows_at(addresses[first + 3], np.int64),
        rows_at(addresses[first + 4], np.int64),
        rows_at(addresses[first + 5], np.int64),
        rows_at(addresses[first + 6], RECORDED_ROUND),
        rows_at(addresses[first + 7], RECORDED_ROBOT),
        rows_at(addresses[first + 8], RECORDED_BULLET),
    )


@part
def has_room(world, notes):
    """Whether the rows of one more turn fit: every robot may fire in it."""
    count = world.battle[0].robot_count
    return (notes.room[0] == 0 or notes.counts[0] + count <= notes.room[0]) and notes.counts[1] + count <= notes.room[1]


def with_more_room(notes: Notes) -> Notes:
    """The same notes with tables of twice the size."""
    robots, bullets = (np.concatenate([table, np.empty_like(table)]) for table in (notes.robots, notes.bullets))
    notes.room[:] = len(robots), len(bullets)
    return notes._replace(robots=robots, bullets=bullets)


@inner
def begin_rows(world, notes):
    """For the round that begins: no rows yet but those of the robots as they stand."""
    notes.counts[0] = notes.counts[1] = 0
    battle = world.battle[0]
    for index in range(battle.robot_count):
        robot, result = world.robots[index], notes.results[index]
        notes.fired[index] = notes.hits[index] = 0
        notes.shots[index] = (robot.last_bullet_id - 1) % BULLET_IDS_PER_ROBOT
        result["round"], result.robot = battle["round"], index
        result.place = 1 if robot.state != DEAD else battle.alive + 1
    for i in range(battle.bullet_count):
        bullet = world.bullets[world.bullet_list[i]]
        if not bullet.explosion:
            notes.rows[bullet.owner * BULLET_IDS_PER_ROBOT + shot_number(bullet)] = NO_ROW
    add_robots(world, notes)


@part
def add_robots(world, notes):
    """A row for each robot as it is now, where the robots' turns are recorded."""
    if notes.room[0] == 0:
        return
    battle, count = world.battle[0], notes.counts[0]
    for index in range(battle.robot_count):
        robot, row = world.robots[index], notes.robots[count + index]
        row["round"], row.turn, row.robot, row.state = battle["round"], battle.turn, index, robot.state
        row.x, row.y, row.velocity = robot.x, robot.y, robot.velocity
        row.heading, row.gun_heading, row.radar_heading = robot.heading, robot.gun_heading, robot.radar_heading
        row.energy, row.gun_heat = robot.energy, robot.gun_heat
    notes.counts[0] = count + battle.robot_count


@part
def add_bullets(world, notes):
    """A row for each bullet that moved for the first time; the end of those that hit something."""
    battle = world.battle[0]
    for i in range(battle.bullet_count):
        bullet = world.bullets[world.bullet_list[i]]
        # Most are on their way, or long ended. A bullet that another one hits may be a frame on in the same turn.
        if bullet.frame > 1 or bullet.state == EXPLODED:
            continue
        if shot_number(bullet) == notes.shots[bullet.owner]:
            add_bullet(battle, bullet, notes)
        if bullet.state != MOVING:
            end_bullet(battle, bullet, notes)


@inner
def end_flying_bullets(world, notes):
    """At the round's end: the last positions of bullets that hit nothing."""
    for i in range(world.battle[0].bullet_count):
        bullet = world.bullets[world.bullet_list[i]]
        if bullet.state == MOVING:
            end_bullet(world.battle[0], bullet, notes)


@part
def shot_number(bullet):
    """Which of its owner's bullets of the round it is, from 0."""
    return (bullet.id - 1) % BULLET_IDS_PER_ROBOT - 1


@part
def end_bullet(battle, bullet, notes):
    """Where the bullet is now, and why, unless its row has an end already."""
    number = notes.rows[bullet.owner * BULLET_IDS_PER_ROBOT + shot_number(bullet)]
    if number == NO_ROW:
        return
    row = notes.bullets[number]
    if row.turn_last == NOT_ENDED:
        row.turn_last, row.x_last, row.y_last, row.state_last = battle.turn, bullet.x, bullet.y, bullet.state
        if bullet.state == HIT_VICTIM:
            row.victim = bullet.victim
            notes.hits[bullet.owner] += 1


@part
def add_bullet(battle, bullet, notes):
    """A new row, without an end."""
    count = notes.counts[1]
    row = notes.bullets[count]
    row["round"], row.bullet, row.owner, row.victim = battle["round"], bullet.id, bullet.owner, NO_VICTIM
    row.power, row.heading = bullet.power, bullet.heading
    row.turn_first, row.x_first, row.y_first = battle.turn, bullet.x, bullet.y
    row.turn_last, row.state_last = NOT_ENDED, FLYING
    notes.counts[1] = count + 1
    notes.rows[bullet.owner * BULLET_IDS_PER_ROBOT + notes.shots[bullet.owner]] = count
    notes.shots[bullet.owner] += 1
    notes.fired[bullet.owner] += 1


@part
def note_results(world, notes):
    """After each turn: places of those who died in it; scores, until the round is decided (later ones are lost)."""
    battle = world.battle[0]
    is_counted = battle.end_timer <= 1
    for index in range(battle.robot_count):
        result, score = notes.results[index], world.scores[index]
        result.turns = battle.turn
        if is_counted:
            result.survival, result.last_survivor_bonus = score.survival, score.last_survivor
            result.bullet_damage, result.bullet_kill_bonus = score.bullet_damage, score.bullet_kill
            result.ram_damage, result.ram_kill_bonus = score.ram_damage, score.ram_kill
    for i in range(battle.death_count):
        dead = world.deaths[i]
        if not world.robots[dead].winner:
            notes.results[dead].place = battle.alive + 1


def sorted_bullets(table: np.ndarray) -> np.ndarray:
    """The round's bullets by id: they are noted in the order in which they leave."""
    return table[np.argsort(table["bullet"], kind="stable")]
