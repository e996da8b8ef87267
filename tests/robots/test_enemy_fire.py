"""What `track` takes for the enemy's shots, against the bullets of the recording of the same battle."""

import numpy as np
import pytest

from beepsim.battle import Rules, names_of, on_stage
from beepsim.loop import play_round
from beepsim.results import recording_of
from beepsim.robots.loader import load_bot

WITNESS = '''
"""A movement that notes each shot of the enemy as TARGET tells it."""
import numpy as np
from beepsim.robots.compiled import orbit

SHOT = np.dtype([("round", "i8"), ("turn", "i8"), ("power", "f8")])
MEMORY = np.dtype([("count", "i8"), ("shots", SHOT, 2000)])

def move(view, target, memory, command):
    if target.shot_power > 0.0:
        shot = memory.shots[memory.count]
        shot["round"], shot["turn"], shot["power"] = view.round_number, view.turn, target.shot_power
        memory.count += 1
    orbit(view, target, command, 1.0 if view.turn // 40 % 2 == 0 else -1.0, DISTANCE)
'''


def witnessed(folder, enemy, distance, gun="linear", rounds=6, seed=9):
    """(round, turn, power) of the enemy's shots as the witness knew them, and of its bullets while both were alive."""
    path = folder / f"witness_{distance}.py"
    path.write_text(WITNESS.replace("DISTANCE", f"{distance}.0"))
    bots = [load_bot(f"{path}+{gun}"), load_bot(enemy)]
    rules = Rules(num_rounds=rounds)
    with on_stage(bots, names_of(bots), seed, rules, None, is_recorded=True) as stage, np.errstate(all="ignore"):
        played = [play_round(stage) for _ in range(rounds)]
        recording = recording_of(bots, names_of(bots), rules, seed, played)
        memory = stage.memories[0]["move"][0]
    shots = memory["shots"][: memory["count"]]
    bullets = recording.bullets[recording.bullets["owner"] == 1]
    alive = [last_turn(recording, number) for number in range(rounds)]
    fired = [
        (int(one["round"]), int(one["turn_first"]), float(one["power"]))
        for one in bullets
        if one["turn_first"] <= alive[int(one["round"])]
    ]
    return [(int(one["round"]), int(one["turn"]), float(one["power"])) for one in shots], sorted(fired)


def last_turn(recording, number):
    """The last turn of the round in which neither robot was dead."""
    rows = recording.robots[recording.robots["round"] == number]
    dead = rows["turn"][rows["state"] == 3]
    return int(dead.min()) - 1 if len(dead) else int(rows["turn"].max())


ENEMIES = ["random_mover+circular", "wall_follower+head_on", "sample.Walls", "sample.Fire", "sample.SpinBot"]
ENEMIES += ["sample.Crazy", "sample.Tracker", "sample.RamFire", "sample.VelociRobot"]


@pytest.mark.parametrize("enemy", ENEMIES)
@pytest.mark.parametrize("distance", [60, 400])
def test_every_bullet_is_known_in_its_first_turn_and_nothing_else_is_taken_for_one(tmp_path, enemy, distance):
    found, fired = witnessed(tmp_path, enemy, distance)
    assert [shot[:2] for shot in found] == [shot[:2] for shot in fired]
    np.testing.assert_allclose([shot[2] for shot in found], [shot[2] for shot in fired], atol=1e-6)
    assert len(fired) > 1
