"""What guns believe of single waves: the same as of all at once; the heaviest candidates by the plain definition."""

import numpy as np
import pytest
from targeting_battles import made_battle, real_battle

from beepsim.errors import UserError
from beepsim.targeting.aiming import GRID
from beepsim.targeting.battles import FEATURE_NAMES, BattleWaves
from beepsim.targeting.belief import MOST_CANDIDATES, WatchedWaves, believer_of
from beepsim.targeting.guns import BASELINES, ChoosingGun, Gun, MixtureGun, learned_gun
from beepsim.targeting.knn import OFFSET
from beepsim.targeting.weights import ModelConfig, initial_weights

LEARNED = {
    "gaussian": ModelConfig(),
    "laplace": ModelConfig(("accel", "bft", "vel"), kernel="laplace", candidates="points"),
    "nearest": ModelConfig(("accel", "bft"), neighbours=20, distance="squared_euclidean", bandwidth_unit="bot_width"),
}
GUNS: dict[str, Gun] = {**BASELINES, **{name: learned_gun(name, initial_weights(one)) for name, one in LEARNED.items()}}


def battles() -> list[BattleWaves]:
    made = made_battle(300)
    return [made, WatchedWaves("watched", "", "", made.rows, np.arange(300) % 7 != 3), real_battle(0)]


@pytest.mark.parametrize("name", GUNS)
def test_single_waves_are_believed_as_all_at_once(name):
    gun = GUNS[name]
    for battle in battles():
        queries = battle.queries[:: 1 if len(battle.queries) < 100 else 9]
        believe, aims = believer_of(gun, battle), gun.aim(battle)
        found = [believe(int(wave)) for wave in queries]
        places = np.searchsorted(battle.queries, queries)
        assert np.array_equal([one.angle for one in found], aims.angle[places], equal_nan=True)
        if name != "random":
            assert np.array_equal([one.predicted for one in found], aims.predicted[places], equal_nan=True)
        if isinstance(gun, MixtureGun):
            assert np.array_equal(np.stack([one.density for one in found]), gun.densities(battle, queries))


@pytest.mark.parametrize("name", [name for name in GUNS if name not in ("head_on", "linear", "circular", "beepboop")])
def test_densities_have_the_mass_one(name):
    believe = believer_of(GUNS[name], made_battle(300))
    for wave in (0, 150, 299):
        assert believe(wave).density.sum() * (GRID[1] - GRID[0]) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("name", [name for name, gun in GUNS.items() if hasattr(gun, "weights")])
def test_heaviest_candidates_by_the_plain_definition(name):
    gun = GUNS[name]
    battle = battles()[1]
    columns = [FEATURE_NAMES.index(feature) for feature in gun.weights.config.features]

    def embedded(features: np.ndarray) -> np.ndarray:
        return gun.weights.w * (OFFSET + gun.weights.b + features[columns].astype(np.float64)) ** gun.weights.p

    believe = believer_of(gun, battle)
    for wave in (40, 177, 299):
        known = [i for i in range(300) if i % 7 != 3 and battle.broke[i] < battle.fired[wave]]
        query = embedded(battle.query_features[wave])
        gaps = np.array([np.abs(query - embedded(battle.features[i])) for i in known])
        distance = (gaps**2 if gun.weights.config.distance == "squared_euclidean" else gaps).sum(axis=1)
        count = int(gun.neighbours(np.array([len(known)]))[0])
        nearest = np.argsort(distance, kind="stable")[: min(count, len(known))]
        is_softmax = getattr(gun, "is_softmax", True)
        raw = np.exp(distance[nearest[0]] - distance[nearest]) if is_softmax else np.ones(len(nearest))
        weights = raw / raw.sum()
        belief = believe(wave)
        kept = min(MOST_CANDIDATES, len(nearest))
        assert belief.weights == pytest.approx(weights[:kept], rel=2e-4)
        assert {int(i) for i in belief.candidates} <= set(known)
        own = [distance[known.index(int(i))] for i in belief.candidates]
        assert own == pytest.approx(distance[nearest[:kept]], rel=1e-4, abs=1e-5)


def test_a_virtual_wave_is_believed_too_and_waves_that_did_not_break_teach_nothing():
    battle = battles()[1]
    believe = believer_of(GUNS["gaussian"], battle)
    for wave in range(60, 300):
        belief = believe(wave)
        assert -1.0 <= belief.angle <= 1.0 and 0.0 < belief.predicted <= 1.0
        assert (belief.candidates % 7 != 3).all() and (battle.broke[belief.candidates] < battle.fired[wave]).all()


def test_in_any_order_and_again():
    battle = made_battle(200)
    for name in ("beepboop", "gaussian", "beepboop_main"):
        forwards, backwards = believer_of(GUNS[name], battle), believer_of(GUNS[name], battle)
        found = [forwards(wave).angle for wave in range(200)]
        assert found == [backwards(wave).angle for wave in reversed(range(200))][::-1]
        assert found[50] == forwards(50).angle


def test_the_gun_that_chooses_believes_what_the_chosen_gun_does():
    battle = made_battle(300)
    ordinary, surfers = GUNS["beepboop_main"], GUNS["beepboop_anti_surfer"]
    believe = believer_of(ChoosingGun("both", ordinary, surfers), battle)
    pair = believer_of(ordinary, battle), believer_of(surfers, battle)
    chosen = [[one(int(wave)).angle for one in pair].index(believe(int(wave)).angle) for wave in battle.queries]
    assert len(set(chosen)) == 2


def test_guns_that_learn_in_battle_are_refused():
    class Learning:
        name = "adapted"

    with pytest.raises(UserError, match="'adapted' learns in battle"):
        believer_of(Learning(), made_battle(50))
