"""Two models of one gun: the rule that chooses by the hit rate, and the mixture, each against its plain definition."""

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targeting_battles import made_battle, with_rows

from beepsim.targeting.aiming import GRID_STEP
from beepsim.targeting.choosing import FORGETTING, SURFER_HIT_RATE, lowest_rate, may_be_surfer, surfer_shares
from beepsim.targeting.guns import BASELINES, ChoosingGun, learned_gun, would_hit
from beepsim.targeting.mixing import MixedGun
from beepsim.targeting.weights import ModelConfig, initial_weights

SEEDS = st.integers(0, 2**32 - 1)


@cache
def models():
    """One that reads the feature that decides, one that reads noise."""
    configs = ModelConfig(("accel",), start="neutral"), ModelConfig(("advVel",), start="neutral")
    return tuple(learned_gun(name, initial_weights(config)) for name, config in zip("ab", configs, strict=True))


def known_before(battle, query):
    """Places among the queries of those that had broken when this one was fired, in the order of breaking."""
    rows = battle.rows[battle.queries]
    mine = rows[query]
    before = [
        (int(row["round"]), int(row["break_turn"]), place)
        for place, row in enumerate(rows)
        if row["round"] < mine["round"] or (row["round"] == mine["round"] and row["break_turn"] < mine["fire_turn"])
    ]
    return [place for _, _, place in sorted(before)]


@settings(deadline=None, max_examples=10)
@given(SEEDS, st.floats(0.02, 0.5), st.floats(0.02, 0.5))
def test_the_rule_is_its_definition(seed, ordinary_rate, surfer_rate):
    battle, rng = made_battle(240, seed % 5, real_every=2), np.random.default_rng(seed)
    count = len(battle.queries)
    hits = rng.random((2, count)) < np.array([[ordinary_rate], [surfer_rate]])
    found = may_be_surfer(battle, *hits)
    fired = []
    for query in range(count):
        known = known_before(battle, query)
        made = sum(bool(hits[fired[place], place]) for place in known)
        fired.append(int(lowest_rate(made, len(known)) < SURFER_HIT_RATE))
        assert found[query] == fired[-1]


def test_the_lower_end_is_wilsons():
    """The rate p whose expected share of hits lies 1.96 deviations below that found."""
    for hits, shots in ((1, 5), (10, 100), (30, 100), (400, 1000)):
        low, rate = lowest_rate(hits, shots), hits / shots
        assert low + 1.96 * math.sqrt(low * (1.0 - low) / shots) == pytest.approx(rate)
    assert lowest_rate(0, 0) == 0.0 and lowest_rate(0, 50) == pytest.approx(0.0, abs=1e-12)


def test_who_is_hit_often_is_no_surfer_for_long():
    battle = made_battle(400, real_every=2)
    always, never = np.ones(len(battle.queries), bool), np.zeros(len(battle.queries), bool)
    is_surfer = may_be_surfer(battle, always, always)
    assert is_surfer[:3].all() and not is_surfer[-50:].any()
    assert may_be_surfer(battle, never, never).all()


@settings(deadline=None, max_examples=10)
@given(SEEDS)
def test_the_mixture_follows_bayes_rule_with_forgetting(seed):
    battle, rng = made_battle(200, seed % 5, real_every=2), np.random.default_rng(seed)
    logs = rng.normal(0.0, 1.0, (2, len(battle.queries)))
    shares = surfer_shares(battle, *logs)
    for query in range(len(shares)):
        known = known_before(battle, query)
        evidence = [
            sum(log[place] * FORGETTING ** (len(known) - 1 - age) for age, place in enumerate(known)) for log in logs
        ]
        weights = np.exp(np.array(evidence) - max(evidence))
        assert shares[query] == pytest.approx(weights[1] / weights.sum(), abs=1e-9)
    np.testing.assert_allclose(surfer_shares(battle, *logs[::-1]), 1.0 - shares, atol=1e-12)
    assert (surfer_shares(battle, logs[0], logs[0]) == 0.5).all()


def test_the_better_model_gains_the_mixture():
    battle = made_battle(800)
    good, bad = (gun.aim(battle).log_density for gun in models())
    assert good.mean() > bad.mean() + 0.3
    assert surfer_shares(battle, bad, good)[-30:].min() > 0.9
    mixed = MixedGun("mixed", *models())
    late = slice(len(good) // 2, None)
    assert mixed.aim(battle).log_density[late].mean() > good[late].mean() - 0.1
    densities = mixed.densities(battle)
    assert (densities >= 0.0).all()
    np.testing.assert_allclose(densities.sum(axis=1) * GRID_STEP, 1.0, atol=0.06)


@pytest.mark.parametrize(
    "gun", [ChoosingGun("chosen", *models()), MixedGun("mixed", *models())], ids=lambda gun: gun.name
)
def test_what_comes_later_changes_no_aim(gun):
    battle = made_battle(400)
    whole = gun.aim(battle)
    query = battle.queries[60]
    is_unknown = battle.broke >= battle.fired[query]
    is_unknown[query] = False
    changed = battle.rows.copy()
    for name in ("gf", "gf_low", "gf_high", "hit_low", "hit_high"):
        changed[name][is_unknown] = changed[name][is_unknown] * -0.5
    assert gun.aim(with_rows(battle, changed)).angle[60] == whole.angle[60]
    assert (
        gun.aim(with_rows(battle, battle.rows[~is_unknown])).angle[
            np.searchsorted(np.flatnonzero(battle.rows["real"] & ~is_unknown), query)
        ]
        == whole.angle[60]
    )


def test_a_choosing_gun_fires_what_its_guns_would():
    battle = made_battle(600)
    noise, good = (gun.aim(battle) for gun in models()[::-1])
    aims, rows = ChoosingGun("chosen", *models()[::-1]).aim(battle), battle.rows[battle.queries]
    is_surfer = may_be_surfer(battle, would_hit(rows, noise.angle), would_hit(rows, good.angle))
    assert is_surfer[0] and 5 < is_surfer.sum() < len(is_surfer) - 5
    for name in ("angle", "log_density", "predicted"):
        for chosen, part in ((is_surfer, good), (~is_surfer, noise)):
            assert np.array_equal(getattr(aims, name)[chosen], getattr(part, name)[chosen])
    beepboop = BASELINES["beepboop"].aim(battle)
    pair = [BASELINES[name].aim(battle).angle for name in ("beepboop_main", "beepboop_anti_surfer")]
    assert np.all((beepboop.angle == pair[0]) | (beepboop.angle == pair[1])) and beepboop.angle[0] == pair[1][0]
