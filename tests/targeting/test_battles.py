"""Battles: who knows which waves, and loading them from tables."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from targeting_battles import made_battle, real_battle, with_rows

from beepsim.errors import UserError
from beepsim.targeting.battles import battles_of, load_battles
from beepsim.targeting.guns import BASELINES, choose_guns
from beepsim.targeting.weights import ModelConfig, initial_weights, save_weights
from beepsim.waves.table import WaveSource, WaveTable, save_waves


def table(rows, name="battle"):
    source = WaveSource(name, "shooter 1.0", "target 1.0", 0, "beepsim", 1, "1", ())
    return WaveTable(rows, (source,))


@pytest.mark.parametrize("battle", [made_battle(260), real_battle(0)], ids=["made", "real"])
def test_a_wave_knows_what_broke_in_earlier_rounds_and_before_its_fire_turn(battle):
    rows = battle.rows
    for wave in range(0, len(rows), 7):
        is_earlier = rows["round"] < rows["round"][wave]
        is_before = (rows["round"] == rows["round"][wave]) & (rows["break_turn"] < rows["fire_turn"][wave])
        assert sorted(battle.by_break[: battle.known[wave]]) == np.flatnonzero(is_earlier | is_before).tolist()


def test_a_wave_that_breaks_in_the_fire_turn_is_not_known():
    rows = made_battle(3).rows
    rows["round"], rows["fire_turn"], rows["break_turn"] = 0, [10, 40, 41], [40, 80, 81]
    assert with_rows(made_battle(3), rows).known.tolist() == [0, 0, 1]


@given(st.integers(0, 2**32 - 1))
def test_known_grows_with_the_fire_turn(seed):
    battle = made_battle(120, seed)
    assert (np.diff(battle.known) >= 0).all() and (battle.known <= np.arange(120)).all()


def test_queries_are_the_real_bullets_and_content_tells_battles_apart():
    battle = made_battle(40)
    assert battle.queries.tolist() == list(range(0, 40, 4))
    changed = battle.rows.copy()
    changed["gf"][3] += 0.01
    hashes = {battle.content_hash, with_rows(battle, changed).content_hash, replace(battle, battle="x").content_hash}
    assert len(hashes) == 3


def test_the_hash_does_not_depend_on_padding_or_on_the_place_in_a_table():
    battle = made_battle(40)
    spoiled = np.full(battle.rows.nbytes, 0xA5, np.uint8).view(battle.rows.dtype)
    for name in battle.rows.dtype.names:
        spoiled[name] = battle.rows[name]
    assert spoiled.tobytes() != battle.rows.tobytes()
    spoiled["battle"] = 3
    assert with_rows(battle, spoiled).content_hash == battle.content_hash


def test_battles_are_loaded_from_tables(tmp_path):
    rows = made_battle(40).rows
    save_waves(tmp_path / "one", table(rows, "one"))
    save_waves(tmp_path / "two", table(rows[:0], "two"))
    (battle,) = load_battles([tmp_path / "one", tmp_path / "two"])
    assert (battle.battle, battle.shooter, battle.target) == ("one", "shooter 1.0", "target 1.0")
    assert (battle.rows == rows).all()


def test_battles_that_cannot_be_used_are_named(tmp_path):
    rows = made_battle(40).rows
    save_waves(tmp_path / "one", table(rows, "one"))
    with pytest.raises(UserError, match="battle one with shooter shooter 1.0 is in two of the tables"):
        load_battles([tmp_path / "one", tmp_path / "one"])
    silent = rows.copy()
    silent["real"], silent["outcome"] = False, 0
    save_waves(tmp_path / "silent", table(silent, "silent"))
    with pytest.raises(UserError, match="no real bullet"):
        load_battles([tmp_path / "silent"])
    with pytest.raises(UserError, match="no rows"):
        battles_of(table(rows[:0]))


def test_guns_are_chosen_by_name_or_file(tmp_path):
    path = tmp_path / "gun.safetensors"
    weights = replace(initial_weights(ModelConfig(("accel",))), provenance={"opponents": ["a 1.0"]})
    save_weights(path, weights)
    guns, trained_on = choose_guns(["knn"], [path])
    assert [gun.name for gun in guns] == ["knn", str(path)] and trained_on == {"a 1.0"}
    assert [gun.name for gun in choose_guns([], [])[0]] == list(BASELINES)
    with pytest.raises(UserError, match="unknown gun 'linaer'; did you mean 'linear'?"):
        choose_guns(["linaer"], [])
