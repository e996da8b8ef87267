"""Overlays: that they are pure, and that what they draw and say is what waves, guns and the recording say."""

import json
import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from made_film import made_recording
from safetensors import safe_open
from safetensors.numpy import save_file

from beepsim.battle import Rules, fight
from beepsim.errors import UserError
from beepsim.recording.columns import HIT_ROBOT
from beepsim.recording.format import read_recording
from beepsim.targeting.aiming import GRID
from beepsim.targeting.battles import battles_of
from beepsim.targeting.belief import MOST_CANDIDATES
from beepsim.targeting.guns import BASELINES, learned_gun
from beepsim.targeting.replay import replay
from beepsim.targeting.surfing import surfer_waves
from beepsim.targeting.weights import ModelConfig, initial_weights, load_weights, save_weights
from beepsim.viewer.airborne import airborne_at
from beepsim.viewer.beliefs import Beliefs, beliefs_of, past_hits
from beepsim.viewer.colours import TEXT, robot_colour
from beepsim.viewer.dangers import danger_at, danger_of, surf_at
from beepsim.viewer.densities import HEIGHT, INSIDE, candidate_shapes, density_shapes, virtual_bullets
from beepsim.viewer.film import Film, Moment, film_of
from beepsim.viewer.hit_rates import ROLLING, offline_hits, real_hits, rolling
from beepsim.viewer.overlays import OVERLAYS, PANEL, overlay_blocks, overlay_shapes
from beepsim.viewer.paths import Driver
from beepsim.viewer.scene import scene_at
from beepsim.viewer.shapes import Arc, Circle, Line, Polygon
from beepsim.viewer.view import View
from beepsim.viewer.wave_facts import verdict
from beepsim.viewer.wave_shapes import HIT, point, scale_shapes, wave_shapes
from beepsim.waves.table import extract_waves

ALL = frozenset(OVERLAYS)


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> Film:
    path = tmp_path_factory.mktemp("overlays") / "duel.battle"
    fight(["circle+linear", "random_mover+head_on"], 1, Rules(num_rounds=4), path)
    return film_of(read_recording(path))


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Two learned guns that differ in their kernels."""
    folder = tmp_path_factory.mktemp("weights")
    for kernel in ("gaussian", "laplace"):
        save_weights(folder / f"{kernel}.safetensors", initial_weights(ModelConfig(kernel=kernel)))
    return [folder / "gaussian.safetensors", folder / "laplace.safetensors"]


@pytest.fixture(scope="module")
def beliefs(film, weights) -> Beliefs:
    return beliefs_of(film, ("head_on", "knn", "beepboop", "random"), weights)


def busy_moments(film: Film) -> list[Moment]:
    return [Moment(index, turn) for index in (0, 3) for turn in range(40, 160, 7)]


def surfed(film: Film, beliefs: Beliefs):
    """Moments at which the target of a wave knows of a hit: the moment, what is in the air, what the target fears."""
    for moment in busy_moments(film):
        airborne = airborne_at(beliefs, moment, View())
        surf = surf_at(airborne, beliefs)
        if surf is not None and surf.known:
            yield moment, airborne, surf


def angle_to(x: float, y: float, place: tuple[float, float]) -> float:
    return math.atan2(place[0] - x, place[1] - y)


def test_keys_are_letters_of_their_own_and_panel_holds_those_with_blocks():
    keys = [overlay.key for overlay in OVERLAYS.values()]
    assert len(set(keys)) == len(keys) and all(len(key) == 1 and key.isalpha() and key.islower() for key in keys)
    assert set(PANEL) <= set(OVERLAYS)
    nothing = OVERLAYS["hit-rates"].shapes
    assert {name for name, one in OVERLAYS.items() if one.blocks is not OVERLAYS["escape"].blocks} == set(PANEL)
    assert nothing(None, None, None) == []


def test_the_same_moment_gives_the_same_scene_whatever_was_seen_before(film, weights, beliefs):
    moments = busy_moments(film)[::3]
    views = [View(ALL, shooter) for shooter in (0, 1)]
    first = {(moment, view): scene_at(film, moment, view, beliefs) for moment in moments for view in views}
    fresh = beliefs_of(film, ("head_on", "knn", "beepboop", "random"), weights)
    for moment in reversed(moments):
        for view in reversed(views):
            assert scene_at(film, moment, view, fresh) == first[moment, view]


def test_what_was_computed_once_is_kept(film, beliefs, monkeypatch):
    moments = busy_moments(film)
    for moment in moments:
        scene_at(film, moment, View(ALL), beliefs)
    for name in ("flight_of", "believer_of", "would_hit", "place_bullets"):
        monkeypatch.setattr(f"beepsim.viewer.beliefs.{name}", None)
    kept = set(beliefs.kept)
    for moment in reversed(moments):
        scene_at(film, moment, View(ALL), beliefs)
    assert set(beliefs.kept) == kept


def test_every_moment_of_a_film_has_its_overlays(film, beliefs):
    """From the first turn to the last, after deaths too; every number is one."""
    for index, part in enumerate(film.rounds):
        for turn in [0, 1, 2, *range(5, part.last_turn, 29), part.last_turn - 1, part.last_turn]:
            for shooter in (0, 1):
                view = View(ALL, shooter)
                for shape in overlay_shapes(film, Moment(index, turn), view, beliefs):
                    numbers = [v for v in vars(shape).values() if isinstance(v, int | float)]
                    points = [v for point in getattr(shape, "points", ()) for v in point]
                    assert all(math.isfinite(v) for v in numbers + points)
                overlay_blocks(film, Moment(index, turn), view, beliefs)


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_overlay_shows_something_of_its_own_and_nothing_when_off(film, beliefs, name):
    moment = busy_moments(film)[-3]
    view = View(frozenset({name}))
    assert overlay_shapes(film, moment, view, beliefs) or overlay_blocks(film, moment, view, beliefs)
    assert overlay_shapes(film, moment, View(), beliefs) == [] == overlay_blocks(film, moment, View(), beliefs)


def test_rings_scale_and_intervals_are_the_table_s(film):
    """The chosen wave, when it has passed: arc, ticks and hit interval from the rows of the wave table."""
    beliefs, compared = beliefs_of(film), 0
    for shooter in (0, 1):
        rows = extract_waves(film.recording, shooter).rows
        for row in rows[rows["real"]]:
            moment = Moment(int(row["round"]), int(row["break_turn"]))
            airborne = airborne_at(beliefs, moment, View(frozenset({"waves"}), shooter, int(row["fire_turn"])))
            shapes = wave_shapes(airborne)
            radius = (row["break_turn"] - row["fire_turn"]) * row["bullet_speed"]
            source = (row["source_x"], row["source_y"])
            arcs = [s for s in shapes if isinstance(s, Arc) and s.radius == pytest.approx(radius)]
            arcs = [s for s in arcs if (s.x, s.y) == source]
            (hit,) = [s for s in arcs if s.colour == HIT]
            start, extent = row["absolute_bearing"] + row["hit_low"], row["hit_high"] - row["hit_low"]
            assert (hit.start, hit.extent) == pytest.approx((start, extent), abs=1e-5)
            (ring,) = [s for s in arcs if s.width == 2.0]
            escape = row["absolute_bearing"] - row["escape_left"], row["escape_left"] + row["escape_right"]
            assert (ring.start, ring.extent) == pytest.approx(escape, abs=1e-5)
            if abs(row["gf"]) < 0.99 and row["gf_low"] > -0.99 and row["gf_high"] < 0.99:
                at = (float(airborne.angle(airborne.chosen, float(row[n]))) for n in ("gf", "gf_low", "gf_high"))
                middle, *ends = at
                assert middle == pytest.approx(hit.start + 0.5 * hit.extent, abs=1e-5)
                assert sorted(ends) == pytest.approx([hit.start, hit.start + hit.extent], abs=1e-5)
                compared += 1
    assert compared > 50


def test_ticks_stand_at_their_guess_factors(film):
    beliefs = beliefs_of(film)
    for moment in busy_moments(film):
        airborne = airborne_at(beliefs, moment, View(frozenset({"waves"})))
        if airborne.chosen is None or airborne.radius(airborne.chosen) == 0.0:
            continue
        row = airborne.flight.rows[airborne.chosen]
        ticks = [s for s in scale_shapes(airborne, airborne.chosen, TEXT) if isinstance(s, Line)]
        for gf, tick in zip((-1, -0.5, 0, 0.5, 1), ticks, strict=True):
            offset = row["orbit_direction"] * gf
            offset *= row["escape_left"] if offset < 0 else row["escape_right"]
            found = angle_to(row["source_x"], row["source_y"], tick.points[1]) - row["absolute_bearing"]
            assert math.remainder(found - offset, 2 * math.pi) == pytest.approx(0.0, abs=1e-5)


def test_bullets_ride_on_their_waves(film):
    """The recording's bullet is on its wave's ring, at the heading that it was fired at, in every turn."""
    beliefs, compared = beliefs_of(film), 0
    for moment in busy_moments(film):
        airborne, part = airborne_at(beliefs, moment, View()), film.rounds[moment.round]
        for wave in airborne.real.tolist():
            bullet = part.bullets[airborne.bullet(wave)]
            if bullet["turn_last"] < moment.turn:
                continue
            turns, launched = moment.turn - bullet["turn_first"], airborne.flight.waves[wave]
            x = bullet["x_first"] + turns * launched["speed"] * math.sin(bullet["heading"])
            y = bullet["y_first"] + turns * launched["speed"] * math.cos(bullet["heading"])
            gone = math.hypot(x - launched["source_x"], y - launched["source_y"])
            assert gone == pytest.approx(airborne.radius(wave), abs=0.01)
            bearing = angle_to(launched["source_x"], launched["source_y"], (x, y))
            gf = airborne.guess_factor(wave, airborne.bullet_offset(wave))
            assert math.remainder(bearing - airborne.angle(wave, gf), 2 * math.pi) == pytest.approx(0.0, abs=1e-4)
            compared += 1
    assert compared > 50


def test_verdicts_are_what_became_of_the_bullets(film):
    beliefs, seen = beliefs_of(film), {"hit": 0, "missed": 0, "met": 0}
    for index, part in enumerate(film.rounds):
        for bullet in part.bullets:
            shooter, fired = int(bullet["owner"]), int(bullet["turn_first"]) - 1
            view = View(frozenset({"waves"}), shooter, fired)
            airborne = airborne_at(beliefs, Moment(index, int(bullet["turn_first"])), view)
            if airborne.chosen is None:  # fired when somebody was dead
                continue
            if bullet["turn_last"] > bullet["turn_first"]:
                assert verdict(airborne, airborne.chosen) == "in the air"
            end = airborne_at(beliefs, Moment(index, part.last_turn), view)
            words = verdict(end, end.chosen)
            if bullet["state_last"] == HIT_ROBOT:
                assert words == "hit" and end.missed_by(end.chosen) == 0.0
            elif bullet["state_last"] == 4 and end.has_passed(end.chosen):
                assert words.startswith(("missed by", "passed where"))
            for kind in seen:
                seen[kind] += words.startswith(kind)
    assert seen["hit"] > 20 and seen["missed"] > 50


def test_densities_are_the_guns_own_on_one_scale(film, beliefs, weights):
    guns = {"knn": BASELINES["knn"]} | {path.stem: learned_gun("", load_weights(path)) for path in weights}
    (battle,) = battles_of(extract_waves(film.recording, 0))
    rows = battle.rows
    view = View(frozenset({"densities"}), 0, None, tuple(guns))
    compared = 0
    for place in np.flatnonzero(rows["real"] & (rows["round"] > 0))[::5]:
        moment = Moment(int(rows["round"][place]), int(rows["fire_turn"][place]) + 3)
        airborne = airborne_at(beliefs, moment, replace(view, wave=int(rows["fire_turn"][place])))
        expected = {name: gun.densities(battle, np.array([place]))[0][INSIDE] for name, gun in guns.items()}
        highest = max(density.max() for density in expected.values())
        shapes = density_shapes(airborne, beliefs, replace(view, wave=int(rows["fire_turn"][place])))
        outlines = [s for s in shapes if isinstance(s, Line) and len(s.points) == len(INSIDE)]
        assert len({line.colour for line in outlines}) == 3 and sum(isinstance(s, Polygon) for s in shapes) == 3
        x, y, radius = rows["source_x"][place], rows["source_y"][place], airborne.radius(airborne.chosen)
        for line, density in zip(outlines, expected.values(), strict=True):
            points = np.array(line.points)
            heights = np.hypot(points[:, 0] - x, points[:, 1] - y) - radius
            assert heights == pytest.approx(HEIGHT * density / highest, abs=1e-3)
            angles = np.arctan2(points[:, 0] - x, points[:, 1] - y)
            off = angles - airborne.angle(airborne.chosen, GRID[INSIDE])
            assert np.abs((off + np.pi) % (2 * np.pi) - np.pi).max() < 1e-6
        compared += 1
    assert compared > 5


def test_virtual_bullets_of_waves_that_passed_are_bright_where_they_would_have_hit(film, beliefs):
    """As `replay` counts hits; the even gun, which aims nowhere, has none."""
    names = ("head_on", "knn", "gaussian")
    (battle,) = battles_of(extract_waves(film.recording, 0))
    hits = {name: replay(battle, beliefs.guns[name])["hit"] for name in names}
    rows = battle.rows[battle.queries]
    for place, row in enumerate(rows):
        moment = Moment(int(row["round"]), int(row["break_turn"]))
        airborne = airborne_at(beliefs, moment, View(wave=0, guns=names))
        wave = int(np.searchsorted(airborne.flight.rows["fire_turn"], row["fire_turn"]))
        alone = replace(airborne, passed=np.array([wave]), real=np.zeros(0, np.int64))
        dots = [s for s in virtual_bullets(alone, beliefs, View(guns=names)) if isinstance(s, Circle)]
        assert [dot.outline is not None for dot in dots] == [bool(hits[name][place]) for name in names]
        assert all(math.hypot(d.x - row["source_x"], d.y - row["source_y"]) > 30.0 for d in dots)


def test_hit_rates_are_the_recording_s_and_those_of_replay(film, beliefs, monkeypatch):
    for robot in (0, 1):
        time, hit = real_hits(film, robot)
        own = film.recording.bullets[film.recording.bullets["owner"] == robot]
        assert hit.sum() == (own["state_last"] == HIT_ROBOT).sum() and (np.diff(time) >= 0.0).all()
        assert time.min() >= 0.0 and time.max() <= len(film.rounds)
        (battle,) = battles_of(extract_waves(film.recording, robot))
        for name in beliefs.guns:
            time, found = offline_hits(beliefs, name, robot)
            rows, last = battle.rows[battle.queries], np.array([part.last_turn for part in film.rounds])
            assert time == pytest.approx(rows["round"] + rows["break_turn"] / last[rows["round"]])
            assert np.array_equal(found, replay(battle, beliefs.guns[name])["hit"])
        monkeypatch.setattr("beepsim.viewer.beliefs.MOST_REPLAYED", 30)
        waves, some = beliefs_of(film, ("head_on", "knn")).hits("knn", robot)
        every = -(-len(battle.queries) // 30)
        assert len(waves) <= 30
        assert np.array_equal(some, replay(battle, beliefs.guns["knn"])["hit"][::every])
        monkeypatch.undo()
    values = np.random.default_rng(1).integers(0, 2, 3 * ROLLING).astype(float)
    assert rolling(values) == pytest.approx(
        [values[max(0, i + 1 - ROLLING) : i + 1].mean() for i in range(len(values))]
    )


def test_a_surfer_fears_what_its_past_hits_say(film, beliefs):
    waves = surfer_waves(film.recording, 1)
    densities = past_hits().densities(waves, waves.queries)
    assert waves.known.max() > 20
    for row, density, known in zip(waves.rows, densities, waves.known, strict=True):
        flight = beliefs.flight(int(row["round"]), 0)
        wave = int(np.searchsorted(flight.rows["fire_turn"], row["fire_turn"]))
        found, count = beliefs.danger(int(row["round"]), 1, wave)
        assert count == known and np.array_equal(found, density)


def test_danger_is_the_mass_around_a_place(film, beliefs):
    compared = 0
    for moment, _, surf in surfed(film, beliefs):
        density, _ = beliefs.danger(moment.round, 1, surf.wave)
        half, negative, positive = surf.sides
        step = GRID[1] - GRID[0]
        for gf in (-0.8, -0.1, 0.0, 0.6):
            centre = gf * (negative if gf < 0 else positive)
            offsets = np.where(GRID < 0, negative * GRID, positive * GRID)
            plain = density[np.abs(offsets - centre) <= half].sum() * step
            assert danger_at(surf, gf) == pytest.approx(plain, abs=2 * step * density.max())
            compared += 1
    assert compared > 20


def test_danger_on_the_way_is_that_of_the_direction_from_the_wave_s_source(film, beliefs):
    compared = 0
    for moment, airborne, surf in surfed(film, beliefs):
        row = airborne.flight.rows[surf.wave]
        for gf in (-0.9, -0.3, 0.4):
            place = point(row["source_x"], row["source_y"], float(airborne.angle(surf.wave, gf)), 200.0)
            assert danger_of(surf, airborne, Driver(*place, 0.0, 0.0)) == pytest.approx(danger_at(surf, gf), abs=1e-4)
        state = film.rounds[moment.round].robots[moment.turn][1]
        for path in surf.paths.values():
            assert path[0] == tuple(float(state[name]) for name in ("x", "y", "heading", "velocity"))
        compared += 1
    assert compared > 10


def test_the_panel_says_what_the_table_does(film):
    beliefs = beliefs_of(film)
    for shooter in (0, 1):
        rows = extract_waves(film.recording, shooter).rows
        for row in rows[rows["real"] & (np.abs(rows["gf_low"]) < 0.99) & (np.abs(rows["gf_high"]) < 0.99)]:
            view = View(frozenset({"waves", "features"}), shooter, int(row["fire_turn"]))
            blocks = overlay_blocks(film, Moment(int(row["round"]), int(row["break_turn"])), view, beliefs)
            facts = {fact.name: fact.value.replace("−", "-") for block in blocks for fact in block.facts}
            low, high = map(float, facts["would hit at GF"].split(" to "))
            assert (low, high) == pytest.approx((row["gf_low"], row["gf_high"]), abs=0.0051)
            assert float(facts["distance"].split()[0]) == pytest.approx(row["distance"], abs=0.51)
            assert float(facts["vel"].split()[0]) == pytest.approx(row["vel"], abs=0.0051)
            assert facts["fired after turn"] == str(row["fire_turn"])


def test_candidates_stand_at_their_guess_factors_and_are_listed(film, beliefs):
    view, compared = View(frozenset({"candidates"}), 0, None, ("gaussian",)), 0
    table = extract_waves(film.recording, 0).rows
    for moment in busy_moments(film):
        airborne = airborne_at(beliefs, moment, view)
        if airborne.chosen is None or moment.round == 0:
            continue
        (block,) = overlay_blocks(film, moment, view, beliefs)
        circles = candidate_shapes(airborne, beliefs, view)[::-1]
        assert len(circles) == len(block.facts) - 1 == MOST_CANDIDATES
        sizes = [circle.radius for circle in circles]
        assert sizes == sorted(sizes, reverse=True)
        source = airborne.flight.rows[airborne.chosen]
        for circle, fact in zip(circles, block.facts[1:], strict=True):
            _, number, _, turn = fact.name.split()
            (row,) = table[(table["round"] == int(number)) & (table["fire_turn"] == int(turn))]
            weight, gf = fact.value.replace("−", "-").split()
            assert float(gf) == pytest.approx(row["gf"], abs=0.0051)
            share = float(weight[:-1]) / float(block.facts[1].value.split("%")[0])
            assert (circle.radius / sizes[0]) ** 2 == pytest.approx(share, abs=0.05)
            bearing = angle_to(source["source_x"], source["source_y"], (circle.x, circle.y))
            expected = airborne.angle(airborne.chosen, float(row["gf"]))
            assert math.remainder(bearing - expected, 2 * math.pi) == pytest.approx(0.0, abs=1e-5)
        compared += 1
    assert compared > 10


def test_melees_say_that_overlays_are_for_duels(tmp_path):
    fight(["circle+linear", "random_mover+head_on", "sitting_duck"], 1, Rules(num_rounds=1), tmp_path / "a.battle")
    film = film_of(read_recording(tmp_path / "a.battle"))
    scene = scene_at(film, Moment(0, 60), View(ALL), beliefs_of(film))
    assert "are for duels; 3 robots fight here" in scene.panel[-1].facts[0].value


def test_weights_of_other_features_and_unknown_guns_are_refused(film, weights, tmp_path):
    with safe_open(weights[0], framework="numpy") as file:
        metadata = json.loads(file.metadata()["beepsim"]) | {"features": "1"}
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    save_file(arrays, tmp_path / "old.safetensors", {"beepsim": json.dumps(metadata)})
    with pytest.raises(UserError, match="old.safetensors: trained with feature version '1'"):
        beliefs_of(film, (), [tmp_path / "old.safetensors"])
    with pytest.raises(UserError, match="did you mean 'knn'"):
        beliefs_of(film, ("kn",))


def test_learned_guns_need_no_torch(weights):
    code = (
        "import sys; from pathlib import Path; import beepsim.viewer.overlays, beepsim.viewer.beliefs as b; "
        "b.beliefs_of(None, (), [Path(sys.argv[1])]); print('torch' in sys.modules, 'pygame' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, weights[0]], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize("last_turn", [0, 1, 20])
def test_all_overlays_of_a_battle_without_a_wave_that_broke(last_turn) -> None:
    """Rounds that end at once, or in which nobody hits anything, have nothing to replay guns on."""
    made = made_recording()
    robots = made.robots[: 2 * (last_turn + 1)]
    rounds = made.rounds[:2].copy()
    rounds["turns"] = last_turn
    short = film_of(replace(made, robots=robots, bullets=made.bullets[:0], rounds=rounds))
    for shooter in (0, 1):
        scene_at(short, Moment(0, last_turn), View(ALL, shooter), beliefs_of(short))


@pytest.mark.parametrize("shooter", [0, 1])
def test_whose_bullets_are_not_in_the_air_is_told(film, shooter) -> None:
    (block,) = overlay_blocks(film, Moment(0, 0), View(frozenset({"waves"}), shooter), beliefs_of(film))
    (fact,) = block.facts
    assert (fact.name, fact.value, fact.colour) == ("bullets in the air", "none", robot_colour(shooter))
