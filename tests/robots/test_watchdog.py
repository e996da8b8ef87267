"""The watchdog leaves a debugger's user all the time in the world; what else it does, test_host.py shows."""

import io
import time

import pytest

from beepsim.battle import Rules, fight
from beepsim.robots import host

# Not breakpoint(), which pytest takes for itself.
BOT = """
import pdb

from beepsim.robots import Robot


class Stopped(Robot):
    def run(self):
        pdb.Pdb(nosigint=True).set_trace()
        self.ahead(10)
"""


class SlowUser(io.StringIO):
    """Standard input of somebody who thinks for longer than a turn may take."""

    def readline(self, size: int = -1) -> str:
        time.sleep(1.5)
        return super().readline(size)


def test_a_debugger_is_not_interrupted(tmp_path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(host, "PATIENCE", 0.2)
    monkeypatch.setattr("sys.stdin", SlowUser("c\n"))
    (tmp_path / "stopped.py").write_text(BOT)
    result = fight([str(tmp_path / "stopped.py"), "sample.SittingDuck"], 1, Rules(num_rounds=1, inactivity_time=1))
    assert "(Pdb)" in capsys.readouterr().out
    assert result.robots[0].faults == ()
