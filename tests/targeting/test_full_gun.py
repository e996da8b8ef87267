"""Guns that learn in battle: the adapted embedding, the network, and both combined."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from targeting_battles import made_battle, real_battle, with_rows

from beepsim.errors import UserError
from beepsim.targeting import adaptation
from beepsim.targeting import network as module
from beepsim.targeting.adaptation import AdaptedGun, adapted_weights
from beepsim.targeting.aiming import GRID, GRID_NODES, GRID_STEP
from beepsim.targeting.densities import CombinedGun, aim_with, even_density
from beepsim.targeting.full import full_gun
from beepsim.targeting.guns import learned_gun
from beepsim.targeting.network import (
    INPUTS,
    OUTPUTS,
    Network,
    NetworkConfig,
    NetworkGun,
    load_network,
    on_grid,
    pretrain,
    save_network,
    targets,
)
from beepsim.targeting.weights import ModelConfig, initial_weights, load_weights

WEIGHTS = initial_weights(ModelConfig(("accel", "vel", "bft"), start="neutral"))
SHORT = NetworkConfig(steps=60, waves=64)


@cache
def network() -> Network:
    return pretrain([made_battle(400, seed) for seed in (7, 8)], SHORT)


def guns():
    adapted, net = AdaptedGun("adapted", WEIGHTS), NetworkGun("network", network())
    return [adapted, net, CombinedGun("both", (adapted, net))]


@pytest.mark.parametrize("which", range(3))
def test_what_comes_later_changes_no_aim(which):
    """Waves of the present round count for the embedding where they had broken, later ones for nobody."""
    battle = made_battle(1000)
    changed = battle.rows.copy()
    is_later = changed["round"] >= 8
    for name in ("gf", "gf_low", "gf_high"):
        changed[name][is_later] = np.clip(changed[name][is_later] + 0.3, -0.95, 0.95)
    first, second = (guns()[which].aim(each) for each in (battle, with_rows(battle, changed)))
    before = battle.rows["round"][battle.queries] < 8
    start = (battle.rows["round"][battle.queries] == 8) & (battle.known[battle.queries] <= np.sum(~is_later))
    assert np.array_equal(first.angle[before | start], second.angle[before | start])
    later = battle.rows["round"][battle.queries] == 9
    assert not np.array_equal(first.angle[later], second.angle[later])


@pytest.mark.parametrize("which", range(3))
def test_a_battle_without_a_broken_wave_is_aimed_evenly_or_by_what_others_taught(which):
    battle = made_battle(20)
    assert not battle.known.any()
    aims = guns()[which].aim(battle)
    assert np.isfinite(aims.angle).all() and np.isfinite(aims.log_density).all()
    assert (np.abs(aims.angle) <= 1.0).all() and ((aims.predicted > 0.0) & (aims.predicted <= 1.0 + 1e-9)).all()
    if which == 0:
        np.testing.assert_allclose(aims.log_density, 0.0, atol=1e-9)


@pytest.mark.parametrize("which", range(3))
def test_features_that_are_no_numbers_spoil_no_aim(which):
    battle = made_battle(800)
    rows = battle.rows.copy()
    rows["accel"][[4, 104, 301]] = np.nan  # the first two are queries, the third a virtual wave
    rows["vel"][508] = np.inf
    gun = guns()[which]
    densities, before = gun.densities(with_rows(battle, rows)), gun.densities(battle)
    assert np.isfinite(densities).all()
    np.testing.assert_allclose(densities.sum(axis=1) * GRID_STEP, 1.0, atol=0.06)
    is_same = battle.fired[battle.queries] <= battle.broke[4]
    is_same[1] = False  # wave 4 itself
    assert is_same.sum() > 5 and np.array_equal(densities[is_same], before[is_same])
    late = battle.rows["round"][battle.queries] >= 6
    means = [aim_with(found, battle).log_density[late].mean() for found in (densities, before)]
    assert means[0] > 0.5 * means[1]  # other draws in adaptation; but it still learns


def test_a_combined_density_is_a_geometric_mean():
    battle = made_battle(600)
    adapted, net, both = guns()
    even = even_density()
    kept = [0.98 * gun.densities(battle) + 0.02 * even for gun in (adapted, net)]
    inside = even > 0.0
    wanted = (kept[0][:, inside] * kept[1][:, inside]) ** 0.5
    wanted /= wanted.sum(axis=1, keepdims=True) * GRID_STEP
    np.testing.assert_allclose(both.densities(battle)[:, inside], wanted, rtol=1e-9)
    assert not both.densities(battle)[:, ~inside].any()


def test_the_full_gun_is_of_guns_that_learn_in_battle():
    full, battle = full_gun("full", WEIGHTS, network(), 1), made_battle(400)
    assert full.name == "full" and np.array_equal(full.densities(battle), guns()[2].densities(battle))


@pytest.mark.parametrize("which", range(3))
def test_densities_hold_the_mass_one_and_are_the_same_each_time(which):
    battle = made_battle(800)
    first, second = (guns()[which].densities(battle) for _ in range(2))
    assert first.shape == (len(battle.queries), GRID_NODES) and np.array_equal(first, second)
    assert (first >= 0.0).all()
    np.testing.assert_allclose(first.sum(axis=1) * GRID_STEP, 1.0, atol=0.06)


@pytest.mark.parametrize("which", range(3))
def test_learning_in_battle_pays(which):
    """Acceleration decides; the later rounds are predicted better than by who has learned nothing."""
    battle = made_battle(1600, 3)
    late = battle.rows["round"][battle.queries] >= 8
    before = learned_gun("fixed", WEIGHTS).aim(battle).log_density[late].mean() if which == 0 else 0.0
    assert guns()[which].aim(battle).log_density[late].mean() > before + 0.05


def test_adapted_weights_start_as_they_were_and_change_after_enough_waves():
    battle = made_battle(1000)
    found = dict(adapted_weights(WEIGHTS, battle, 1))
    assert list(found) == list(range(10))
    for number, weights in found.items():
        is_same = np.allclose(weights.w, WEIGHTS.w, rtol=1e-5)
        assert is_same == (number * 100 < adaptation.FEWEST_WAVES)
        assert np.isfinite([*weights.w, *weights.b, *weights.p]).all()
        assert weights.bandwidth == pytest.approx(WEIGHTS.bandwidth)


def test_steps_that_are_not_finite_are_left_out(monkeypatch):
    monkeypatch.setattr(adaptation, "gradient_norm", lambda attention: np.nan)
    for _, weights in adapted_weights(WEIGHTS, made_battle(1000), 1):
        np.testing.assert_allclose(weights.w, WEIGHTS.w, rtol=1e-5)


def test_guns_that_learn_in_battle_fire_in_a_real_one():
    aims = guns()[2].aim(real_battle())
    assert np.isfinite(aims.angle).all() and np.isfinite(aims.log_density).all()


def test_a_pretraining_goes_on_where_it_stopped(tmp_path):
    battles, path = [made_battle(400, seed) for seed in (7, 8)], tmp_path / "state.safetensors"

    def stop(step):
        if step == 33:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(battles, SHORT, path, stop)
    steps = []
    again = pretrain(battles, SHORT, path, steps.append)
    assert steps[0] == 31 and all(map(torch.equal, again.layers, network().layers))
    with pytest.raises(UserError, match="is not a checkpoint of this pretraining"):
        pretrain(battles, replace(SHORT, seed=2), path)
    with pytest.raises(UserError, match="no wave to learn from"):
        pretrain([], SHORT)


def test_networks_come_back_from_their_file(tmp_path):
    path = tmp_path / "network.safetensors"
    save_network(path, network())
    found = load_network(path)
    assert all(map(torch.equal, found.layers, network().layers)) and found.config == SHORT
    battle = made_battle(300)
    assert torch.equal(found.inputs(battle), network().inputs(battle))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match="damaged"):
        load_network(path)
    with pytest.raises(UserError, match="no such file"):
        load_network(tmp_path / "none")
    for wrong, message in (
        ({"mean": network().mean * np.nan}, "no numbers"),
        ({"mean": np.zeros(5), "deviation": np.ones(5)}, "other shapes"),
        ({"provenance": {"opponents": 5}}, "must be a list of names"),
    ):
        save_network(path, replace(network(), **wrong))
        with pytest.raises(UserError, match=message):
            load_network(path)


def test_a_network_of_other_inputs_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "INPUTS", INPUTS[1:])
    save_network(tmp_path / "network.safetensors", network())
    monkeypatch.undo()
    with pytest.raises(UserError, match=f"network of {len(INPUTS) - 1} other inputs: train again"):
        load_network(tmp_path / "network.safetensors")


def test_targets_are_shares_of_the_hit_interval_and_cells_are_on_the_grid():
    wanted = targets(made_battle(50)).numpy()
    np.testing.assert_allclose(wanted.sum(axis=1), 1.0, atol=1e-5)
    cells = np.zeros((1, OUTPUTS))
    cells[0, OUTPUTS // 2 + 16] = 1.0  # GF 0.25
    density = on_grid(cells)[0]
    assert GRID[density.argmax()] == pytest.approx(0.25) and density.sum() * GRID_STEP == pytest.approx(1.0, abs=1e-3)


def test_aiming_with_a_density_finds_its_peak():
    battle = made_battle(100)
    peak = np.exp(-0.5 * ((GRID - 0.4) / 0.03) ** 2)
    density = np.tile(0.9 * peak / (peak.sum() * GRID_STEP) + 0.1 * even_density(), (len(battle.queries), 1))
    aims = aim_with(density, battle)
    np.testing.assert_allclose(aims.angle, 0.4, atol=0.02)
    assert (aims.predicted > 0.5).all()


def test_the_shipped_parts_make_guns():
    """`configs/weights`: of this version's features, learned from opponents whose names they carry."""
    folder = Path(__file__).parents[2] / "configs" / "weights"
    weights, net = load_weights(folder / "rumble.safetensors"), load_network(folder / "rumble-network.safetensors")
    learned_from = {*weights.provenance["opponents"], *weights.provenance["validation_opponents"]}
    assert len(learned_from) == 28 and learned_from < set(net.provenance["opponents"])
    shots = full_gun("full", weights, net, 1).aim(made_battle(200))
    assert np.isfinite(shots.log_density).all() and (np.abs(shots.angle) <= 1.0).all()
