"""What a battle's result tells a person."""

from beepsim.battle import Rules, fight
from beepsim.results import fault_lines
from beepsim.robots.exchange import MOST_FAULTS
from beepsim.rules import TURNS_AFTER_DECISION

STUMBLER = """
from beepsim.robots import AdvancedRobot


class Stumbler(AdvancedRobot):
    def run(self):
        while True:
            self.turn_radar_right(360)

    def on_scanned_robot(self, event):
        self.fire(400 / event.get_distence())

    def on_status(self, event):
        if (self.get_round_num(), self.get_time()) == (1, 7):
            raise ValueError("once")

    def on_round_ended(self, event):
        raise KeyError(event.get_round())
"""


def test_a_fault_that_comes_again_and_again_is_told_once(tmp_path):
    path = tmp_path / "stumbler.py"
    path.write_text(STUMBLER)
    result = fight([str(path), "sample.SittingDuck"], 1, Rules(num_rounds=2, inactivity_time=10))
    scans = [fault for fault in result.robots[0].faults if "get_distence" in fault.message]
    first, again, once = fault_lines(result)
    assert first.startswith(
        f"Stumbler, round 0, turn {scans[0].turn} ({MOST_FAULTS} times or more, last noted in round 0, turn "
        f"{scans[-1].turn}): raised: Traceback (most recent call last):\n"
    )
    assert 'stumbler.py", line 11, in on_scanned_robot\n' in first and "AttributeError" in first
    ended = [turns - TURNS_AFTER_DECISION for turns in result.turns]
    assert again.startswith(
        f"Stumbler, round 0, turn {ended[0]} (2 times, last noted in round 1, turn {ended[1]}): raised: "
    )
    assert again.endswith("KeyError: 0") and once.startswith("Stumbler, round 1, turn 7: raised: ")
