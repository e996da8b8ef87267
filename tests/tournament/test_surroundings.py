"""What a bot changes of its process is gone before the next battle."""

import os
import random
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from beepsim.battle_rules import Rules
from beepsim.tournament.field import find_bots
from beepsim.tournament.job import Job, fight_job
from beepsim.tournament.surroundings import own_surroundings

VANDAL = """
import os, random, signal, sys, time, warnings
import numpy as np
from beepsim.robots import AdvancedRobot

os.environ["VANDAL"] = "was here"

class Vandal(AdvancedRobot):
    def run(self):
        warnings.simplefilter("error")
        np.seterr(all="raise")
        sys.setrecursionlimit(sys.getrecursionlimit() - 100)
        sys.path.insert(0, "/nowhere")
        random.random = lambda: 0.5
        np.random.rand = lambda: 0.5
        np.vandal = random.vandal = 1
        os.chdir("/")
        sys.stdout = None
        signal.signal(signal.SIGUSR1, signal.SIG_IGN)
        while True:
            self.fire(1)
"""
SENSITIVE = """
import random, sys, warnings
import numpy as np
from beepsim.robots import AdvancedRobot

class Sensitive(AdvancedRobot):
    def run(self):
        while True:
            self.turn_right(90 * random.random())
            warnings.warn("a warning")
            np.float64(1) / np.float64(0)
            self.ahead(100 * np.random.rand())
            self.fire(1)
"""


@pytest.mark.filterwarnings("ignore")
def test_a_battle_is_the_same_after_one_that_changed_the_process(tmp_path: Path) -> None:
    (tmp_path / "vandal.py").write_text(VANDAL)
    (tmp_path / "sensitive.py").write_text(SENSITIVE)
    (vandal, sensitive), rules = find_bots(str(tmp_path / "[vs]*.py"))[::-1], Rules(num_rounds=2)
    first = fight_job(Job((sensitive, *find_bots("circle+linear")), 7, rules))
    assert not first.robots[0].faults
    state = process_state()
    spoiled = fight_job(Job((vandal, *find_bots("circle+linear")), 7, rules))
    assert spoiled.robots[0].shots > 0 and process_state() == state
    again = fight_job(Job((sensitive, *find_bots("circle+linear")), 7, rules))
    assert (again.robots, again.pairs) == (first.robots, first.pairs)


def process_state() -> list:
    return [
        os.getcwd(),
        dict(os.environ),
        list(sys.path),
        list(warnings.filters),
        np.geterr(),
        sys.getrecursionlimit(),
        random.random,
        np.random.rand,
        hasattr(np, "vandal"),
        hasattr(random, "vandal"),
        sys.stdout,
        signal.getsignal(signal.SIGUSR1),
    ]


def test_what_is_printed_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    with own_surroundings():
        print("on the way")
        print("aside", file=sys.stderr)
    assert capfd.readouterr() == ("", "")


def test_a_folder_that_is_gone_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with own_surroundings():
        os.chdir(tmp_path)
        folder.rmdir()
    folder.mkdir()
    os.chdir(folder)
    folder.rmdir()
    with own_surroundings():
        pass
