"""The gun that chooses among guns: each gun's rate is that of its replay; exported text is weights as well."""

from pathlib import Path

import numpy as np
import pytest

from beepsim.battle import Rules, fight, on_stage
from beepsim.loop import play_round
from beepsim.recording.format import read_recording
from beepsim.robots.loader import load_bot
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.export import FORMATS
from beepsim.targeting.guns import BASELINES, learned_gun
from beepsim.targeting.live_gun import CIRCULAR, EXPECTED_RATES, HEAD_ON, LINEAR, MIXTURE, NEWS
from beepsim.targeting.weights import load_weights
from beepsim.waves.table import extract_waves

WEIGHTS = Path(__file__).parents[2] / "configs" / "weights" / "rumble.safetensors"


def test_rates_are_those_of_the_replayed_guns(tmp_path: Path) -> None:
    rules, rounds = Rules(num_rounds=6), 6
    bots = [load_bot("circle+virtual_guns:power=1"), load_bot("circle")]
    with on_stage(bots, [bot.name for bot in bots], 3, rules, None) as stage:
        for _ in range(rounds):
            play_round(stage)
        live = stage.memories[0]["aim"][0]["live"].copy()
    fight(bots, 3, rules, tmp_path / "a.battle")
    rows = extract_waves(read_recording(tmp_path / "a.battle"), 0).rows
    battle = BattleWaves("battle", "shooter", "target", rows[rows["virtuality"] <= 1.0])
    shots = battle.rows[battle.queries]
    order = np.lexsort((shots["fire_turn"], shots["break_turn"], shots["round"]))
    assert len(shots) > 60
    guns = {
        MIXTURE: learned_gun("learned", load_weights(WEIGHTS)),
        **{
            place: BASELINES[name] for place, name in ((HEAD_ON, "head_on"), (LINEAR, "linear"), (CIRCULAR, "circular"))
        },
    }
    for place, gun in guns.items():
        angle, rate = gun.aim(battle).angle, EXPECTED_RATES[place]
        for shot in order:
            rate += NEWS * (float(shots["gf_low"][shot] <= angle[shot] <= shots["gf_high"][shot]) - rate)
        assert live["rates"][place] == pytest.approx(rate, abs=1e-9)
    assert live["rates"][MIXTURE] > live["rates"][LINEAR] + 0.2 > live["rates"][HEAD_ON] + 0.4
    assert live["angle"] == live["angles"][live["chosen"]] != live["angles"][HEAD_ON]


@pytest.mark.parametrize(("format", "suffix"), [("json", ".json"), ("beepboop", ".java")])
def test_exported_weights_fight_as_those_that_were_exported(format: str, suffix: str, tmp_path: Path) -> None:
    text = tmp_path / f"a{suffix}"
    text.write_text(FORMATS[format](load_weights(WEIGHTS)))
    results = [
        fight([f"circle+learned{weights}", "random_mover"], 7, Rules(num_rounds=2)).robots[0]
        for weights in ("", f":weights={text}")
    ]
    assert results[0].shots > 20 and [one.hits for one in results] == [results[0].hits] * 2
    assert results[0].scores == results[1].scores
