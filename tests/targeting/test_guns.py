"""Guns: what every gun owes, what each aims at, and its compiled parts against plain definitions."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from targeting_battles import made_battle, real_battle, with_guess_factors, with_rows

from beepsim.targeting.aiming import GRID, GRID_NODES, GRID_REACH, GRID_STEP, highest_plateau
from beepsim.targeting.battles import FEATURE_NAMES
from beepsim.targeting.guns import (
    BASELINES,
    BOX_FLOOR,
    BOX_WIDENING,
    MixtureGun,
    all_neighbours,
    escape_sides,
    kernel_tables,
    learned_gun,
    unit_weights,
)
from beepsim.targeting.mixture import INTERVAL_WINDOW
from beepsim.targeting.weights import BEEPBOOP_ANTI_SURFER, BEEPBOOP_MAIN, ModelConfig, initial_weights
from beepsim.waves.extract import FIRED, ROW, extract_round, sightings
from beepsim.waves.history import ADVANCING, LATERAL

SEEDS = st.integers(0, 2**32 - 1)
LEARNED = {
    "learned": ModelConfig(),
    "learned nearest": ModelConfig(neighbours=20, kernel="gaussian", distance="squared_euclidean"),
}
GUNS = {**BASELINES, **{name: learned_gun(name, initial_weights(config)) for name, config in LEARNED.items()}}
GUN = pytest.mark.parametrize("gun", GUNS.values(), ids=GUNS)
WITH_DENSITY = [name for name in GUNS if name not in ("random", "head_on", "linear", "circular")]


def same(aims, others):
    return all(
        np.array_equal(getattr(aims, name), getattr(others, name), equal_nan=True)
        for name in ("angle", "log_density", "predicted")
    )


@GUN
def test_angles_are_finite_and_in_the_escape_range(gun):
    for battle in (real_battle(0), made_battle(150)):
        aims = gun.aim(battle)
        assert len(aims.angle) == len(battle.queries) > 20
        if gun.name == "random":
            assert np.isnan(aims.angle).all() and (aims.hit > 0.0).all() and (aims.hit <= 1.0).all()
        else:
            assert (np.abs(aims.angle) <= 1.0).all() and aims.hit is None
        if gun.name in WITH_DENSITY:
            assert np.isfinite(aims.log_density).all()
            assert (aims.predicted > 0.0).all() and (aims.predicted <= 1.0 + 1e-9).all()


@GUN
def test_the_same_battle_gives_the_same_angles(gun):
    battle = made_battle(150)
    assert same(gun.aim(battle), gun.aim(with_rows(battle, battle.rows.copy())))


@GUN
@pytest.mark.parametrize("battle", [made_battle(260), real_battle(1)], ids=["made", "real"])
def test_waves_that_had_not_broken_change_nothing(gun, battle):
    """Causality: what broke at the query's fire turn or later is unknown, whatever it holds and whether it is there."""
    whole = gun.aim(battle)
    for place in (len(battle.queries) // 3, len(battle.queries) // 2, len(battle.queries) - 1):
        query = battle.queries[place]
        is_unknown = battle.broke >= battle.fired[query]
        is_unknown[query] = False
        changed = battle.rows.copy()
        changed["gf"][is_unknown] = 0.123
        changed["gf_low"][is_unknown], changed["gf_high"][is_unknown] = 0.1, 0.15
        for name in ("accel", "bft", "vel", "didHit"):
            changed[name][is_unknown] += 1.0
        for rows in (changed, battle.rows[~is_unknown]):
            other = with_rows(battle, rows)
            at = np.flatnonzero(other.fired[other.queries] == battle.fired[query])[0]
            aims = gun.aim(other)
            for name in ("angle", "log_density", "predicted"):
                assert getattr(aims, name)[at] == pytest.approx(getattr(whole, name)[place], abs=0.0, nan_ok=True)


@pytest.mark.parametrize("name", WITH_DENSITY)
def test_a_wave_that_broke_the_turn_before_counts(name):
    battle = made_battle(200)
    query = battle.queries[-1]
    rows = battle.rows.copy()
    is_last = battle.broke < battle.fired[query]
    rows["accel"][is_last], rows["gf"][is_last], rows["gf_low"][is_last], rows["gf_high"][is_last] = 0, 0.5, 0.45, 0.55
    assert GUNS[name].aim(with_rows(battle, rows)).angle[-1] == pytest.approx(0.5, abs=0.02)


@GUN
def test_queries_ignore_their_own_outcome(gun):
    """didHit, didCollide and the hit interval of a query are not known when it is aimed."""
    battle = made_battle(200)
    rows = battle.rows.copy()
    query = battle.queries[-1]
    rows["didHit"][query], rows["didCollide"][query] = 1.0 - rows["didHit"][query], 1.0
    aims, others = gun.aim(battle), gun.aim(with_rows(battle, rows))
    assert same(aims, others)
    moved = battle.rows.copy()
    moved["gf"][query] = moved["gf_low"][query] = moved["gf_high"][query] = 0.9
    moved["hit_low"][query], moved["hit_high"][query] = 0.3, 0.4
    assert np.array_equal(gun.aim(with_rows(battle, moved)).angle, aims.angle, equal_nan=True)


@GUN
def test_a_battle_in_which_nothing_has_broken(gun):
    battle = made_battle(20)
    assert not battle.known.any()
    aims = gun.aim(battle)
    if gun.name in WITH_DENSITY:
        np.testing.assert_allclose(aims.log_density, 0.0, atol=1e-12)
        rows = battle.rows[battle.queries]
        half = BOX_WIDENING * 18.0 / rows["distance"]
        negative, positive = escape_sides(rows)
        # A mixture maximises the mass of a density that is even in GF, which lies denser on the narrower side.
        best = half / np.minimum(negative, positive)
        if gun.name.startswith("beepboop"):
            assert (aims.angle == 0.0).all()
            best = 0.5 * (half / negative + half / positive)
        np.testing.assert_allclose(aims.predicted, best, rtol=1e-5)


@GUN
def test_a_battle_without_real_bullets(gun):
    battle = made_battle(60)
    rows = battle.rows.copy()
    rows["real"] = False
    assert len(gun.aim(with_rows(battle, rows)).angle) == 0


@pytest.mark.parametrize("name", WITH_DENSITY)
def test_one_candidate_is_aimed_at(name):
    battle = made_battle(35)
    rows = battle.rows.copy()
    rows["break_turn"] = rows["fire_turn"] + 100
    rows["break_turn"][0], rows["gf"][0], rows["gf_low"][0], rows["gf_high"][0] = 50, 0.4, 0.3, 0.5
    rows["real"], rows["fire_turn"][-1] = False, 80
    rows["real"][-1] = True
    one = with_rows(battle, rows)
    assert one.known[-1] == 1
    assert GUNS[name].aim(one).angle == pytest.approx([0.4], abs=GRID_STEP)


def cumulative_of(kernel, offset):
    if kernel == "gaussian":
        return np.vectorize(math.erf)(offset / math.sqrt(2.0)) * 0.5 + 0.5
    return np.where(offset < 0.0, 0.5 * np.exp(-np.abs(offset)), 1.0 - 0.5 * np.exp(-np.abs(offset)))


def density_of(kernel, offset):
    if kernel == "gaussian":
        return np.exp(-0.5 * offset**2) / math.sqrt(2.0 * math.pi)
    return 0.5 * np.exp(-np.abs(offset))


@pytest.mark.parametrize("kernel", ["gaussian", "laplace"])
@pytest.mark.parametrize("distance,neighbours", [("manhattan", None), ("squared_euclidean", 17)])
@pytest.mark.parametrize("spread", ["points", "intervals"])
def test_mixtures_are_the_exact_sum_of_kernels(kernel, distance, neighbours, spread):
    """Best angle, mass around it and log density of each query from every kernel at every angle, in float64."""
    battle = made_battle(240, real_every=9)
    features = ("accel", "vel", "didHit")
    config = ModelConfig(features, distance, kernel, 0.06, neighbours=neighbours, floor=0.08, candidates=spread)
    parts = (np.arange(50) + 0.5) / 50 if spread == "intervals" else np.zeros(1)
    weights = initial_weights(config)
    aims = learned_gun("gun", weights).aim(battle)
    known, order = battle.known, battle.by_break
    candidates, queries = weights.embed(battle.features), weights.embed(battle.query_features)
    angles = np.arange(-1.0, 1.0 + 1e-9, 1.0 / 1000.0)
    nodes, node_weights = np.polynomial.legendre.leggauss(40)
    rounded = 2e-3 if kernel == "gaussian" else 1e-2  # the grid rounds a Laplace kernel's peak off
    for place, query in enumerate(battle.queries):
        row, past = battle.rows[query], order[: known[query]]
        if not len(past) or (spread == "intervals" and place % 8 != 7):  # 50 kernels each take their time
            continue
        difference = candidates[past].astype(np.float64) - queries[query]
        logits = -np.sum(np.abs(difference) if distance == "manhattan" else difference**2, axis=1)
        if neighbours:
            nearest = np.argsort(-logits, kind="stable")[:neighbours]
            past, logits = past[nearest], logits[nearest]
        share = np.exp(logits - logits.max()) * 0.92 / np.exp(logits - logits.max()).sum()
        low, high = (battle.rows[name][past].astype(np.float64) for name in ("gf_low", "gf_high"))
        centre = (low + np.multiply.outer(parts, high - low)).T
        if spread == "points":
            centre = battle.rows["gf"][past].astype(np.float64)[:, None]
        negative, positive = (float(side[0]) for side in escape_sides(battle.rows[query : query + 1]))
        half = BOX_WIDENING * 18.0 / float(row["distance"])

        def up_to(x, share=share, centre=centre):
            kernels = cumulative_of(kernel, (x[:, None, None] - centre) / 0.06).mean(-1)
            return kernels @ share + 0.04 * (np.clip(x, -1.0, 1.0) + 1.0)

        window = half * (INTERVAL_WINDOW if spread == "intervals" else 1.0)

        def mass(x, half, up_to=up_to, negative=negative, positive=positive):
            offset = np.where(x < 0.0, negative, positive) * x
            low, high = offset - half, offset + half
            low, high = (edge / np.where(edge < 0.0, negative, positive) for edge in (low, high))
            return up_to(high) - up_to(low)

        aimed = aims.angle[place : place + 1]
        assert aims.predicted[place] == pytest.approx(mass(aimed, half)[0], abs=1e-3)
        assert mass(aimed, window)[0] == pytest.approx(mass(angles, window).max(), abs=1e-4)
        x = 0.5 * (row["gf_low"] + row["gf_high"]) + 0.5 * (row["gf_high"] - row["gf_low"]) * nodes
        density = density_of(kernel, (x[:, None, None] - centre) / 0.06).mean(-1) @ share / 0.06 + 0.04
        assert aims.log_density[place] == pytest.approx(0.5 * node_weights @ np.log(2.0 * density), abs=rounded)


def test_densities_are_those_that_are_aimed_with():
    """Density at the nodes integrates to the mass inside the grid, and its peak is at the feature's angle."""
    battle = made_battle(300)
    gun = learned_gun("gun", initial_weights(ModelConfig(("accel",))))
    waves = np.array([250, 299])
    density = gun.densities(battle, waves)
    assert density.shape == (2, GRID_NODES)
    np.testing.assert_allclose(density.sum(axis=1) * GRID_STEP, 1.0, atol=5e-3)
    assert gun.densities(battle, np.array([0]))[0][GRID_REACH] == 0.5  # nothing known: uniform


@pytest.mark.parametrize("name", ["linear", "circular"])
@settings(max_examples=25)
@given(seed=SEEDS)
def test_ballistics_is_the_plain_loop(name, seed):
    battle = made_battle(12, seed, real_every=1)
    for row, angle in zip(battle.rows, BASELINES[name].aim(battle).angle, strict=True):
        x, y, heading = float(row["target_x"]), float(row["target_y"]), float(row["target_heading"])
        flown, distance = 0.0, math.inf
        while flown < distance:
            heading += float(row["target_turn_rate"]) if name == "circular" else 0.0
            x += float(row["target_velocity"]) * math.sin(heading)
            y += float(row["target_velocity"]) * math.cos(heading)
            x, y = max(18.0, min(800.0 - 18.0, x)), max(18.0, min(600.0 - 18.0, y))
            flown += float(row["bullet_speed"])
            distance = math.hypot(x - float(row["source_x"]), y - float(row["source_y"]))
        turn = math.atan2(x - float(row["source_x"]), y - float(row["source_y"])) - float(row["absolute_bearing"])
        offset = float(row["orbit_direction"]) * math.remainder(turn, 2.0 * math.pi)
        side = "escape_left" if (offset < 0.0) == (row["orbit_direction"] > 0) else "escape_right"
        assert angle == pytest.approx(max(-1.0, min(1.0, offset / float(row[side]))), abs=1e-9)


@pytest.mark.parametrize("name,turn_rate", [("linear", 0.0), ("circular", 0.03), ("circular", -0.05)])
@settings(max_examples=10)
@given(seed=SEEDS)
def test_a_target_that_moves_as_assumed_is_hit_in_the_middle(name, turn_rate, seed):
    """The waves' own hit interval of a target in straight or circular motion on an open field is the judge."""
    rng = np.random.default_rng(seed)
    turns, shots = 300, np.array([20, 40, 60])
    velocity = rng.choice([-8.0, 4.0, 8.0])
    heading = rng.uniform(0.0, 6.28) + turn_rate * np.arange(turns)
    x, y = (rng.uniform(3900, 4100) + velocity * np.cumsum(part(heading)) for part in (np.sin, np.cos))
    away = rng.uniform(0.0, 6.28)
    source_x, source_y = (4000.0 + 1500.0 * part(away) * np.ones(turns) for part in (np.sin, np.cos))
    fired, powers, rows = np.zeros(3, FIRED), np.full(turns, np.nan), np.zeros(turns, ROW)
    fired["fire_turn"], fired["power"], fired["outcome"], fired["turn_last"] = shots, 0.1, 4, turns
    powers[shots] = 0.1
    seen = np.ones(turns, bool)
    path = sightings(x, y, heading % (2 * math.pi), np.full(turns, velocity))
    past = np.zeros((turns, len(LATERAL + ADVANCING)))
    rows = rows[
        : extract_round(rows, past, source_x, source_y, path, seen, turns - 1, fired, powers, 0, 0.1, 8000.0, 8000.0)
    ]
    assert len(rows) == 3
    negative, positive = escape_sides(rows)
    aims = BASELINES[name].aim(with_rows(real_battle(), rows))
    offset = rows["orbit_direction"] * aims.angle * np.where(aims.angle < 0.0, negative, positive)
    middle, half = 0.5 * (rows["hit_high"] + rows["hit_low"]), 0.5 * (rows["hit_high"] - rows["hit_low"])
    assert (np.abs(offset - middle) < 0.4 * half).all()


def test_head_on_aims_at_the_target_as_seen():
    assert (BASELINES["head_on"].aim(made_battle(40)).angle == 0.0).all()


def test_histogram_counts_every_wave_the_same():
    battle = made_battle(300)
    rows = battle.rows.copy()
    rows["accel"] = rows["accel"][::-1]
    rows["vel"] = 0.0
    assert same(BASELINES["histogram"].aim(battle), BASELINES["histogram"].aim(with_rows(battle, rows)))


def test_guns_learn_what_decides_the_angle():
    """Where acceleration decides, guns that see it hit, and the histogram mostly does not."""
    battle = made_battle(900)
    real = battle.queries[100:]
    rows = battle.rows[real]
    good = learned_gun("gun", initial_weights(ModelConfig(("accel",), bandwidth=0.05)))
    hits = {}
    for gun in (good, BASELINES["beepboop_main"], BASELINES["histogram"]):
        angle = gun.aim(battle).angle[100:]
        hits[gun.name] = np.mean((angle >= rows["gf_low"]) & (angle <= rows["gf_high"]))
    assert min(hits["gun"], hits["beepboop_main"]) > 0.6 > 2.0 * hits["histogram"], hits


@pytest.mark.parametrize("kernel", ["gaussian", "laplace"])
@pytest.mark.parametrize("bandwidth", [0.01, 0.08])
def test_kernel_tables_hold_density_and_cumulative_by_difference(kernel, bandwidth):
    density, cumulative = kernel_tables(kernel, bandwidth)
    offset = np.arange(1 - GRID_NODES, GRID_NODES) * GRID_STEP / bandwidth
    np.testing.assert_allclose(density, density_of(kernel, offset) / bandwidth, rtol=1e-12)
    np.testing.assert_allclose(cumulative, cumulative_of(kernel, offset), atol=1e-12)
    assert len(density) == 2 * GRID_NODES - 1 and GRID[GRID_REACH] == 0.0


boxes = st.lists(
    st.tuples(st.integers(-8, 8), st.integers(0, 6), st.integers(1, 3)).map(
        lambda box: (box[0] / 8, (box[0] + box[1]) / 8, box[2] / 8)
    ),
    min_size=1,
    max_size=12,
)


def plain_plateau(boxes):
    """Height and middle of every stretch between neighbouring edges; the highest, of equals the nearest to 0."""
    edges = sorted({edge for low, high, _ in boxes for edge in (low, high)})
    if len(edges) < 2 or all(low == high for low, high, _ in boxes):
        return None
    found = []
    for left, right in zip(edges, edges[1:], strict=False):
        middle = 0.5 * (left + right)
        found.append((sum(weight for low, high, weight in boxes if low < middle < high), -abs(middle), middle))
    return max(found)


@example([(0.0, 0.0, 0.125), (0.125, 0.125, 0.25)])
@given(boxes)
def test_highest_plateau_is_the_highest(boxes):
    lows, highs, weight = (np.array(column) for column in zip(*boxes, strict=True))
    chosen = np.arange(len(boxes))
    best, expected = highest_plateau(lows, highs, chosen, weight, len(boxes)), plain_plateau(boxes)
    if expected is None:
        assert best == lows[np.argmax(weight)]
    else:
        height = weight[(lows < best) & (best < highs)].sum()
        assert (height, -abs(best)) == expected[:2]


def test_highest_plateau_reads_the_chosen_only():
    lows, highs, weight = np.array([-0.9, 0.1, 0.2]), np.array([-0.5, 0.5, 0.6]), np.array([0.5, 0.5])
    assert highest_plateau(lows, highs, np.array([1, 2]), weight, 2) == pytest.approx(0.35)


@pytest.mark.parametrize("name,parameters,scale", [
    ("beepboop_main", BEEPBOOP_MAIN, 0.6551), ("beepboop_anti_surfer", BEEPBOOP_ANTI_SURFER, 0.8611)
])  # fmt: skip
def test_beepboop_aims_as_described(name, parameters, scale):
    """Neighbours, weights, plateau and the density of its boxes from the published numbers, in plain numpy."""
    battle = with_guess_factors(made_battle(1300, real_every=97).rows, made_battle(1300).column("gf"))
    aims = BASELINES[name].aim(battle)
    columns = [FEATURE_NAMES.index(feature) for feature in parameters]
    w, b, p = np.array(list(parameters.values())).T

    def embed(features):
        return scale * w * (1e-4 + b + features[:, columns].astype(np.float64)) ** p

    for place, query in enumerate(battle.queries):
        past = battle.by_break[: battle.known[query]]
        if not len(past):
            continue
        distance = np.abs(embed(battle.features[past]) - embed(battle.query_features[query : query + 1])).sum(axis=1)
        most = 200 if name == "beepboop_main" else 100
        nearest = past[np.argsort(distance, kind="stable")[: min(most, max(5, len(past) // 5))]]
        share = np.exp(distance.min() - np.sort(distance)[: len(nearest)])
        share /= share.sum()
        lows, highs = (battle.rows[edge][nearest].astype(np.float64) for edge in ("gf_low", "gf_high"))
        height, _, _ = plain_plateau(list(zip(lows, highs, share, strict=True)))
        angle = aims.angle[place]
        assert share[(lows < angle) & (angle < highs)].sum() == pytest.approx(height, rel=1e-5)
        edge, half = (
            0.5 * (battle.rows[query]["gf_low"] + battle.rows[query]["gf_high"]),
            0.5 * (battle.rows[query]["gf_high"] - battle.rows[query]["gf_low"]),
        )
        nodes, node_weights = np.polynomial.legendre.leggauss(16)
        x = (edge + half * nodes)[:, None]
        density = (1 - BOX_FLOOR) * ((x >= lows) & (x <= highs)) @ (share / (highs - lows)) + BOX_FLOOR / 2
        assert aims.log_density[place] == pytest.approx(0.5 * node_weights @ np.log(2.0 * density), abs=1e-4)


def test_knn_takes_the_square_root_of_what_it_knows():
    neighbours = BASELINES["knn"].neighbours(np.array([0, 1, 2, 7, 100, 1000]))
    assert neighbours.tolist() == [1, 1, 1, 3, 10, 32]


def test_a_gun_of_equal_weights_is_the_plain_density_of_all_angles():
    battle = made_battle(200)
    gun = MixtureGun("all", unit_weights(0.1, 0.05, ("accel",)), all_neighbours, False)
    past = battle.rows["gf"][battle.by_break[: battle.known[199]]].astype(np.float64)
    expected = 0.95 * density_of("gaussian", (GRID[:, None] - past) / 0.1).mean(axis=1) / 0.1
    expected += 0.025 * (np.abs(GRID) <= 1.0)
    np.testing.assert_allclose(gun.densities(battle, np.array([199]))[0], expected, atol=2e-3)
