"""What a surfer may know, where it may go and what hits it, against plain definitions and the recording itself."""

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from targeting_battles import STEM

from beepsim.errors import UserError
from beepsim.recording.format import only_rounds
from beepsim.recording.robocode_tables import read_tables
from beepsim.targeting.aiming import AIM_REACH, GRID_STEP
from beepsim.targeting.guns import escape_sides
from beepsim.targeting.surfers import PLACES, SURFERS, choose_places, dodge, learned_surfer, reach_chance
from beepsim.targeting.surfing import FEWEST_HITS, NEVER, SurferWaves, fill_reach, load_surfers, surfer_waves
from beepsim.targeting.train import TrainConfig, train
from beepsim.targeting.weights import ModelConfig
from beepsim.waves.extract import HIT_BULLET, HIT_ROBOT, HIT_WALL

SURFER, ENEMY = 0, 1
MODEL = ModelConfig(("bft", "accel", "vel", "lateral0"), bandwidth=0.08, candidates="points")
SHORT = TrainConfig(steps=6, queries=16, candidates=100, evaluations=2)


@cache
def recording():
    return read_tables(Path(f"{STEM}.robots.parquet"), Path(f"{STEM}.bullets.parquet"), "0" * 64)


@cache
def battle():
    return surfer_waves(recording(), SURFER)


@cache
def taught():
    """The battle, made such that the surfer learns of every third bullet: the real one has few hits."""
    rows = battle().rows.copy()
    is_learned = np.arange(len(rows)) % 3 == 0
    rows["outcome"] = np.where(is_learned, HIT_ROBOT, HIT_WALL)
    return with_rows(rows)


def with_rows(rows):
    return SurferWaves(battle().battle, battle().shooter, battle().target, rows)


def bullet_of(row):
    bullets = recording().bullets
    (found,) = bullets[
        (bullets["round"] == row["round"])
        & (bullets["owner"] == ENEMY)
        & (bullets["turn_first"] == row["fire_turn"] + 1)
    ]
    return found


def test_the_fired_angle_is_that_of_the_bullets_flight():
    """By where the recording saw the bullet first and last, not by its heading."""
    compared = 0
    for row in battle().rows:
        bullet = bullet_of(row)
        dx, dy = float(bullet["x_last"] - bullet["x_first"]), float(bullet["y_last"] - bullet["y_first"])
        if math.hypot(dx, dy) < 150.0:
            continue
        offset = math.remainder(math.atan2(dx, dy) - float(row["absolute_bearing"]), 2.0 * math.pi)
        escape = float(row["escape_right"] if offset > 0.0 else row["escape_left"])
        expected = min(max(float(row["orbit_direction"]) * offset / escape, -0.99999), 0.99999)
        assert row["gf"] == pytest.approx(expected, abs=2e-3)
        half = 1.1 * 18.0 / float(row["distance"])
        assert row["hit_low"] == pytest.approx(offset - half, abs=1e-3)
        assert row["hit_high"] == pytest.approx(offset + half, abs=1e-3)
        compared += 1
    assert compared > 20


def test_only_bullets_that_hit_or_met_a_bullet_are_known_from_then_on():
    rows = battle().rows
    learned = {}
    for index, row in enumerate(rows):
        bullet = bullet_of(row)
        if bullet["state_last"] in (HIT_ROBOT, HIT_BULLET):
            learned[index] = (bullet["round"], bullet["turn_last"])
    assert learned and len(learned) < len(rows)
    for index, row in enumerate(rows):
        now = (row["round"], row["fire_turn"])
        expected = {other for other, when in learned.items() if when < now}
        assert set(battle().by_break[: battle().known[index]].tolist()) == expected
    assert (battle().broke[[index for index in range(len(rows)) if index not in learned]] == NEVER).all()


def test_every_bullet_of_the_enemy_whose_wave_passed_is_a_query():
    assert (battle().queries == np.arange(len(battle().rows))).all()
    assert "BeepBoop" in battle().shooter and "Coriantumr" in battle().target
    other = surfer_waves(recording(), ENEMY)
    assert (other.shooter, other.target) == (battle().target, battle().shooter) and len(other.rows) != len(
        battle().rows
    )


def test_later_rounds_change_nothing_in_earlier_ones():
    first = surfer_waves(only_rounds(recording(), 1), SURFER)
    count = len(first.rows)
    assert 0 < count < len(battle().rows)
    for name in battle().rows.dtype.names:
        assert (first.rows[name] == battle().rows[name][:count]).all(), name
    for surfer in SURFERS.values():
        assert_same(dodge(first, surfer), dodge(battle(), surfer)[:count])


def assert_same(one, other, columns=None):
    for name in columns or one.dtype.names:
        np.testing.assert_array_equal(one[name], other[name], name)


@pytest.mark.parametrize("name", ["histogram", "knn", "beepboop_main"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_the_future_of_a_bullet_changes_no_choice(name, share):
    """Bullets in the air, too, may end however they like: what becomes of them is not known when the query is fired."""
    whole = taught()
    now = whole.fired[int(share * len(whole.rows))]
    rows = whole.rows.copy()
    rng = np.random.default_rng(1)
    is_open = whole.broke >= now
    for column in ("gf", "accel", "bft", "vel"):
        rows[column] = np.where(is_open, rng.uniform(-0.9, 0.9, len(rows)), rows[column])
    rows["outcome"] = np.where(is_open & (rng.random(len(rows)) < 0.5), HIT_WALL, rows["outcome"])
    mine = whole.fired <= now
    rows[mine & is_open] = with_features_of(whole.rows, rows, mine & is_open)
    before, after = dodge(whole, SURFERS[name]), dodge(with_rows(rows), SURFERS[name])
    assert_same(before[mine], after[mine], ("angle", "predicted", "known", "chance"))
    assert not (before["angle"][~mine] == after["angle"][~mine]).all()


def with_features_of(original, changed, which):
    """Features of a query are known when it is fired; where it went and how it ended are not."""
    rows = original[which].copy()
    rows["gf"], rows["outcome"] = changed["gf"][which], changed["outcome"][which]
    return rows


def test_without_a_hit_the_density_is_even_and_nothing_can_be_learned():
    rows = battle().rows.copy()
    rows["outcome"] = HIT_WALL
    nothing = with_rows(rows)
    assert not nothing.known.any() and not len(nothing.lessons)
    for name in ("histogram", "knn", "beepboop_main"):
        found = dodge(nothing, SURFERS[name])
        assert found["log_density"] == pytest.approx(0.0, abs=1e-6)
        # The even mass is least where a part of the bot's width lies beyond the escape range.
        at_an_end = np.min([np.abs(found["angle"] - end) for end in nothing.reach], axis=0) < GRID_STEP
        assert at_an_end[np.abs(found["angle"]) > 0.9].all() and at_an_end.mean() > 0.5
    with pytest.raises(UserError, match="knows enough others"):
        train([nothing], [nothing], MODEL, SHORT)


def test_training_asks_about_bullets_that_could_hit_and_know_enough():
    rows = taught().rows.copy()
    is_wild = np.arange(len(rows)) % 2 == 0
    rows["hit_low"][is_wild], rows["hit_high"][is_wild] = 2.9, 3.0
    lessons = with_rows(rows).lessons
    assert len(lessons) and not is_wild[lessons].any()
    assert (taught().known[lessons] >= FEWEST_HITS).all()


@pytest.mark.parametrize("loss", ["kde_cross_entropy", "mse_mean"])
def test_weights_are_learned_from_a_surfers_battle(loss):
    trained = train([taught()], [taught()], MODEL, replace(SHORT, loss=loss))
    losses = [row["validation_loss"] for row in trained.history]
    assert np.isfinite(losses).all() and min(losses) < losses[0] and not trained.skipped_steps
    found = dodge(taught(), learned_surfer("mine", trained.weights))
    assert np.isfinite(found["angle"]).all() and ((found["predicted"] >= 0.0) & (found["predicted"] <= 1.0)).all()


def test_features_that_are_not_numbers_are_refused():
    robots = recording().robots.copy()
    robots["velocity"][robots["turn"] == 60] = np.nan
    with pytest.raises(UserError, match="not a finite number"):
        surfer_waves(replace(recording(), robots=robots), SURFER)
    rows = taught().rows.copy()
    rows["accel"] = np.nan
    with pytest.raises(UserError, match="nan before the first step"):
        train([with_rows(rows)], [with_rows(rows)], MODEL, SHORT)


def test_battles_without_a_bullet_are_refused(tmp_path):
    from beepsim.recording.format import write_recording

    path = tmp_path / "silent.battle"
    silent = replace(recording(), bullets=recording().bullets[recording().bullets["owner"] == SURFER])
    write_recording(path, silent)
    with pytest.raises(UserError, match="opponents need guns"):
        load_surfers([path], SURFER)


def test_the_recorded_robot_is_judged_as_recorded():
    found = dodge(battle(), SURFERS["recorded_scored"])
    assert found["hit"].sum() == (battle().rows["outcome"] == HIT_ROBOT).sum() > 0
    by_rule = dodge(battle(), SURFERS["recorded"])["hit"].astype(bool)
    # Half a bot's width is a mean over directions: a hit at a corner may lie just outside.
    rows = battle().rows
    gap = np.maximum(rows["hit_low"] - rows["hit_offset"], rows["hit_offset"] - rows["hit_high"])
    assert (gap[by_rule] <= 1e-6).all() and (gap[~by_rule] >= -1e-6).all()


def drive(velocity, turns, direction):
    """Plain: two turns as before, then 2 px/turn² against the motion, 1 with it, up to 8; px in that direction."""
    way = 0.0
    for turn in range(math.ceil(turns)):
        if turn >= 2:
            if velocity * direction < 0.0:
                velocity = velocity + 2.0 * direction
                velocity = 0.0 if velocity * direction > 0.0 else velocity
            else:
                velocity = direction * min(abs(velocity) + 1.0, 8.0)
        way += velocity * min(turns - turn, 1.0)
    return way


@given(st.floats(-8.0, 8.0), st.floats(3.0, 90.0), st.floats(0.05, 0.8), st.floats(0.05, 0.8))
def test_reach_is_that_of_the_plain_drive(velocity, turns, negative, positive):
    low, high = np.empty(1), np.empty(1)
    escape = 0.5
    fill_reach(*(np.array([value]) for value in (velocity, turns, escape, negative, positive)), low, high)
    for found, direction in ((low[0], -1.0), (high[0], 1.0)):
        angle = escape * drive(velocity, turns, direction) / (8.0 * turns)
        angle = min(max(angle, -negative), positive)
        assert found == pytest.approx(angle / (negative if angle < 0.0 else positive), abs=1e-9)
    assert -1.0 <= low[0] <= high[0] <= 1.0


def test_the_recorded_robot_kept_within_reach():
    low, high = battle().reach
    inside = (battle().stood >= low - 0.05) & (battle().stood <= high + 0.05)
    assert inside.mean() > 0.9 and (high - low).mean() < 1.9


@pytest.mark.parametrize("seed", range(3))
def test_the_safest_place_and_the_safer_of_two_are_those_of_all_pairs(seed):
    rng = np.random.default_rng(seed)
    part = with_rows(battle().rows[seed * 4 : seed * 4 + 4])
    dangers = rng.integers(0, 30, (len(part.rows), len(PLACES))).astype(float)  # with many ties
    angle, hit_of_two = choose_places(dangers, part)
    negative, positive = escape_sides(part.rows)
    for q, row in enumerate(part.rows):
        low, high = part.reach[0][q], part.reach[1][q]
        within = np.flatnonzero((PLACES >= low - 1e-9) & (PLACES <= high + 1e-9))
        safest = within[dangers[q, within] == dangers[q, within].min()]
        assert abs(angle[q]) == np.abs(PLACES[safest]).min() and angle[q] in PLACES[safest]
        side = np.where(PLACES < 0.0, negative[q], positive[q])[within]
        offset = row["orbit_direction"] * PLACES[within] * side
        hits = ((offset >= row["hit_low"]) & (offset <= row["hit_high"])).astype(float)
        one, other = np.meshgrid(np.arange(len(within)), np.arange(len(within)), indexing="ij")
        danger = dangers[q, within]
        risk = np.where(danger[one] < danger[other], hits[one], hits[other])
        risk = np.where(danger[one] == danger[other], 0.5 * (hits[one] + hits[other]), risk)
        chance = side[one] * side[other] / side.sum() ** 2
        assert hit_of_two[q] == pytest.approx((risk * chance).sum(), abs=1e-9)


def test_who_sees_no_difference_is_hit_as_often_as_a_random_place():
    _, hit_of_two = choose_places(np.zeros((len(battle().rows), len(PLACES))), battle())
    chance = reach_chance(battle())
    np.testing.assert_allclose(hit_of_two, chance, atol=0.02)
    assert hit_of_two.mean() == pytest.approx(chance.mean(), abs=1e-3)
    assert (dodge(battle(), SURFERS["random"])["hit"] == chance).all()


def test_fixed_places_are_kept_where_they_can_be_reached():
    low, high = battle().reach
    for name, place in (("stay", 0.0), ("ahead", 1.0), ("reverse", -1.0)):
        expected = np.clip(place, low, high)
        assert dodge(battle(), SURFERS[name])["angle"] == pytest.approx(expected, abs=GRID_STEP)
    assert len(PLACES) == 2 * AIM_REACH + 1


def test_who_knows_the_bullet_is_not_hit():
    """Danger that is highest where the bullet goes: the safest place is far from it."""
    fired = battle().column("gf")
    dangers = -np.abs(PLACES[None] - fired[:, None])
    angle, hit_of_two = choose_places(dangers, battle())
    low, high = battle().reach
    expected = np.where(fired - low > high - fired, low, high)
    assert (np.abs(angle - fired) >= np.abs(expected - fired) - 2 * GRID_STEP).all()
    assert hit_of_two.mean() < 0.2 * reach_chance(battle()).mean()
