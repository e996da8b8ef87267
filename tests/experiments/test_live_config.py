"""What `task: loop` and `task: live_surfing` may say: bots with weights, folds that can be dealt, mistakes by line."""

from pathlib import Path

import pytest

from beepsim.errors import UserError
from beepsim.experiments.config import Experiment
from beepsim.experiments.live_config import LiveSurfing, Loop, Recipe, with_weights
from beepsim.experiments.tasks import read_task
from beepsim.robots.loader import load_bot

HERE = Path(__file__).parent
GUN, SURFER = HERE / "trainable_gun.py", HERE / "trainable_surfer.py"
WEIGHTS = HERE.parents[1] / "configs" / "weights" / "rumble.safetensors"
LOOP = f"""\
name: x
task: loop
movers:
  easy: [circle, oscillator]
  surfers: [{SURFER}, random_mover]
split: {{folds: 2}}
gun: {GUN}:share=2
references: [linear]
aiming: {{kernel: laplace}}
surfing: {{movers: [{SURFER}]}}
"""
LIVE = f"""\
name: x
task: live_surfing
battles:
  surfer: {SURFER}+linear
  enemies: [circle+head_on, circle+linear, circle+circular]
split: {{folds: 3}}
sweep: {{loss: [mse_mean, kde_cross_entropy]}}
"""


def read(folder: Path, text: str) -> Experiment | Loop | LiveSurfing:
    path = folder / "a.yaml"
    path.write_text(text)
    return read_task(path)


def test_both_are_read(tmp_path: Path) -> None:
    loop = read(tmp_path, LOOP)
    assert isinstance(loop, Loop) and loop.battles.rounds == 35 and loop.surfing
    assert (loop.aiming.kernel, loop.surfing.kernel, loop.surfing.candidates) == ("laplace", "gaussian", "points")
    live = read(tmp_path, LIVE)
    assert isinstance(live, LiveSurfing) and len(live.variants()) == 2


def test_bots_may_be_given_by_keys_and_files(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("movement: oscillator\ngun: {kind: linear, power: 2}\n")
    text = LIVE.replace("circle+head_on", "{movement: circle, gun: {kind: head_on, power: 1}}")
    live = read(tmp_path, text.replace("circle+circular", str(tmp_path / "mine.yaml")))
    assert isinstance(live, LiveSurfing)
    enemies = [load_bot(enemy) for enemy in live.battles.enemies]
    assert [dict(enemy.settings[1])["power"] for enemy in enemies] == [1.0, 0.0, 2.0]
    assert [enemy.parts[0].name for enemy in enemies] == ["circle", "circle", "oscillator"]
    with pytest.raises(
        UserError, match=r":5: battles.enemies\[0\]: .*head_on has no setting 'powr'; did you mean power"
    ):
        read(tmp_path, text.replace("power: 1", "powr: 1"))


def test_a_recipe_is_one_variant_under_the_name_given() -> None:
    recipe = Recipe(kernel="laplace", loss="mse_density", bandwidth=0.1, start="neutral", candidates="points")
    variant = recipe.variant("generation 3", 7)
    assert variant.name == "generation 3" and (variant.train.loss, variant.train.seed) == ("mse_density", 7)
    model = variant.model
    assert (model.kernel, model.bandwidth, model.start, model.candidates) == ("laplace", 0.1, "neutral", "points")


def test_weights_are_one_setting_more(tmp_path: Path) -> None:
    path = tmp_path / "a+b, c:d.safetensors"
    path.write_bytes(WEIGHTS.read_bytes())
    spec = with_weights(f"{SURFER}+{GUN}:share=2", path, 1)
    bot = load_bot(spec)
    assert dict(bot.settings[1]) == {"weights": path.resolve(), "share": 2.0}
    assert dict(bot.settings[0])["weights"] == WEIGHTS
    assert dict(load_bot(with_weights(spec, path, 0)).settings[0])["weights"] == path.resolve()


@pytest.mark.parametrize(
    ("text", "old", "new", "messages"),
    [
        (LOOP, "task: loop", "task: lop", [":2: task is 'lop'; it must be one of aiming, surfing, loop, live_surfing"]),
        (LOOP, "[circle, osc", "[cirkel, osc", [":4: movers.easy[0]: bot 'cirkel'", "did you mean circle"]),
        (LOOP, "[circle, oscillator]", "[]", [":3: movers: class easy is empty"]),
        (LOOP, ", random_mover", ", circle", [":3: movers: two movers are called 'circle'"]),
        (LOOP, "folds: 2", "folds: 5", [":6: split: 4 movers in 5 folds"]),
        (LOOP, f"{GUN}:share", f"{GUN}:shar", [":7: gun: ", "did you mean share?"]),
        (LOOP, f"gun: {GUN}:share=2", "gun: linear", [":7: gun: linear has no setting 'weights' that names a file"]),
        (LOOP, "[linear]", "[lineer]", [":8: references: bot 'sitting_duck+lineer'", "did you mean linear"]),
        (LOOP, "[linear]", "['linear:power=9']", [":8: references: bot 'sitting_duck+linear:power=9.0': power is 9"]),
        (
            LOOP,
            "circle, osc",
            "'circle+linear:power=9', osc",
            [":4: movers.easy[0]: bot 'circle+linear:power=9.0': power"],
        ),
        (
            LOOP,
            f"{GUN}:share=2",
            "learned:virtual=-1",
            [":7: gun: bot 'sitting_duck+learned:virtual=-1.0': virtual is"],
        ),
        (LOOP, "[linear]", "[linear, linear]", [":8: references: a value is given twice"]),
        (LOOP, "[linear]", "[learned]", [":8: references: 'learned' is what the trained gun is called"]),
        (LOOP, "kernel: laplace", "kernel: laplac", [":9: aiming.kernel is 'laplac'", "did you mean 'laplace'"]),
        (LOOP, "kernel: laplace", "train: {restarts: 2}", [":9: aiming.train: restarts is 2"]),
        (LOOP, f"movers: [{SURFER}]", "movers: [oscillator]", [":10: surfing: oscillator has no setting 'weights'"]),
        (LOOP, f"movers: [{SURFER}]", "movers: [walls]", [":10: surfing: 'walls' is not among the movers (circle, "]),
        (LOOP, "aiming:", "generations: 0\naiming:", [":9: generations is 0"]),
        (
            LOOP,
            "aiming:",
            "battles: {shooter: linear}\naiming:",
            [":9: battles.shooter: bot 'linear' is linear (a gun)"],
        ),
        (
            LOOP,
            "aiming:",
            "battles: {shooter: circle+linear}\naiming:",
            [":9: battles.shooter: 'circle+linear' brings"],
        ),
        (LOOP, "aiming:", "battles: {seasons: 1}\naiming:", [":9: battles: 2 lessons of 1 seasons"]),
        (LIVE, f"{SURFER}+linear", "circle", [":4: battles.surfer: circle has no setting 'weights'"]),
        (LIVE, "circle+linear", "circle", [":5: battles.enemies: 'circle' never fires"]),
        (LIVE, "folds: 3", "folds: 4", [":6: split: split.folds is 4, but there are only 3 opponents"]),
        (LIVE, "split: {folds: 3}\n", "", [":1: split.folds is 4, but there are only 3 opponents"]),
        (LIVE, "circle+linear, ", "", [":5: battles.enemies"]),
        (LIVE, "circle+linear", "circle+head_on", [":5: battles.enemies: a value is given twice"]),
        (LIVE, "folds: 3", "surfers: [x]", [":6: split: live_surfing trains one model for all enemies"]),
        (LIVE, "sweep:", "train: {restarts: 3}\nsweep:", [":7: train: restarts is 3"]),
        (LIVE, "sweep:", "guns: [knn]\nsweep:", [":7: unknown key guns"]),
    ],
)
def test_mistakes_are_named_by_line(tmp_path: Path, text: str, old: str, new: str, messages: list[str]) -> None:
    assert old in text
    with pytest.raises(UserError) as caught:
        read(tmp_path, text.replace(old, new))
    for message in messages:
        assert message in str(caught.value)


def test_bots_fight_and_read_no_recordings(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(LIVE)
    with pytest.raises(UserError, match="experiment x fights its own battles; it reads no recordings from there"):
        read_task(path, "there")
