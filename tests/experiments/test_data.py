"""Which battles an experiment takes from a folder of recordings."""

from pathlib import Path

import pytest

from beepsim.battle import Battle, Rules, fight_many
from beepsim.errors import UserError
from beepsim.experiments.config import Experiment
from beepsim.experiments.data import gather_battles, gather_further
from beepsim.recording.format import read_header

OPPONENTS = ("circle", "oscillator", "stop_and_go")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("recordings")
    rules = Rules(num_rounds=1, inactivity_time=1)
    fight_many([Battle(("circle", name), 1, rules, path / f"{name}.battle") for name in OPPONENTS], 1)
    return path


def experiment(folder: Path, tested: list[str], further: list[str]) -> Experiment:
    recordings = {"folder": str(folder), "opponents": tested}
    return Experiment.model_validate(
        {"name": "x", "data": {"recordings": recordings}, "network": {"opponents": further}}
    )


def test_those_for_networks_only_are_apart(folder, tmp_path):
    everyone = Experiment.model_validate({"name": "x", "data": {"recordings": {"folder": str(folder)}}})
    names = [file.target for file in gather_battles(everyone, tmp_path)]
    assert [name.split()[0] for name in names] == list(OPPONENTS) and gather_further(everyone, tmp_path) == []
    some = experiment(folder, names[:1], names[2:])
    assert [file.target for file in gather_battles(some, tmp_path)] == names[:1]
    assert [file.target for file in gather_further(some, tmp_path)] == names[2:]


def test_who_is_not_there_is_named_with_the_key(folder, tmp_path):
    wrong = experiment(folder, ["nobody"], ["nobody else"])
    with pytest.raises(UserError, match=r"data\.recordings\.opponents: 'nobody' is in no battle of .*circle"):
        gather_battles(wrong, tmp_path)
    with pytest.raises(UserError, match=r"network\.opponents: 'nobody else' is in no battle of .*circle"):
        gather_further(wrong, tmp_path)


def test_what_robocode_recorded_is_imported(tmp_path):
    source = Path(__file__).parents[1] / "data" / "robocode"
    everyone = Experiment.model_validate({"name": "x", "data": {"recordings": {"folder": str(source)}}})
    files = gather_battles(everyone, tmp_path)
    assert [file.target for file in files] == ["sample.SpinBot"] * 3
    assert {file.path.parent for file in files} == {tmp_path}


def test_duels_of_bots_with_settings_and_in_yaml(tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    (tmp_path / "mine.yaml").write_text("movement: circle\nname: mine\n")
    duels = {"shooters": ["circle+linear:power=1"], "opponents": [str(tmp_path / "mine.yaml"), "oscillator"]}
    rules = {"rounds": 1, "inactivity_time": 1}
    read = Experiment.model_validate({"name": "x", "data": {"duels": {**duels, **rules}}})
    files = gather_battles(read, tmp_path)
    names = [[robot.name for robot in read_header(file.path).robots] for file in files]
    assert names == [["circle+linear:power=1.0", "mine"], ["circle+linear:power=1.0", "oscillator"]]
    assert [file.target for file in files] == duels["opponents"] and gather_battles(read, tmp_path) == files
    stronger = {**duels, "shooters": ["circle+linear:power=3"]}
    again = Experiment.model_validate({"name": "x", "data": {"duels": {**stronger, **rules}}})
    assert not {file.path for file in files} & {file.path for file in gather_battles(again, tmp_path)}
