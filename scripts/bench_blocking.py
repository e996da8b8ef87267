"""Speed of robots in Python, classes of Robocode's API: robot-turns per second on one core, over the whole of `fight`.

    python scripts/bench_blocking.py [--rounds 200] [--repetitions 7]

A robot-turn is one robot in one turn, its bot's own thinking included. Walls against SpinBot is the figure that others
publish. A robot whose move takes more turns is not called in those in which nothing happens to it; so the same battle
is fought with an `on_status` in both bots too, which Robocode calls in every turn, and others that wait less.
"""

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

import numba
import numpy as np
from bench_duel import cpu_name

from beepsim.battle import Rules, fight
from beepsim.robots.loader import BOTS

TARGET = 100_000
ROBOCODE = "the real Robocode with its Java bots: 45,000, pinned to one core 89,000"
DUELS = (
    ("sample.Walls", "sample.SpinBot"),
    ("sample.Crazy", "sample.Tracker"),
    ("sample.RamFire", "sample.Fire"),
    ("sample.Walls", "circle+linear"),
    ("sample.MyFirstJuniorRobot", "sample.VelociRobot"),
)


def with_status(folder: Path, name: str, file: str) -> str:
    """Path of a copy of a sample bot that listens to its status."""
    text = (BOTS / "sample" / file).read_text(encoding="utf-8")
    path = folder / f"status_{file}"
    head, body = text.split(f"class {name}(", 1)
    listener = "    def on_status(self, event):\n        self.status_energy = event.get_status().get_energy()\n\n"
    first_method = body.index("    def ")
    path.write_text(f"{head}class {name}({body[:first_method]}{listener}{body[first_method:]}", encoding="utf-8")
    return str(path)


def rates(bots: tuple[str, ...], rounds: int, repetitions: int) -> list[float]:
    """Robot-turns per second of each repetition, seeds 1, 2, …"""
    fight(bots, 0, Rules(num_rounds=1))
    results = [fight(bots, seed, Rules(num_rounds=rounds)) for seed in range(1, repetitions + 1)]
    assert not any(robot.faults for result in results for robot in result.robots)
    return [len(bots) * sum(result.turns) / result.elapsed for result in results]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=7)
    arguments = parser.parse_args()
    print(f"{cpu_name()}, Python {sys.version.split()[0]}, numba {numba.__version__}, numpy {np.__version__}")
    print(f"{arguments.repetitions} battles of {arguments.rounds} rounds each; thousand robot-turns/s, one core")
    print(f"target {TARGET / 1e3:g} for Walls against SpinBot; {ROBOCODE}")
    print(f"{'battle':56} {'median':>7} {'lowest':>7} {'highest':>7}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        listening = (with_status(folder, "Walls", "walls.py"), with_status(folder, "SpinBot", "spin_bot.py"))
        battles = [(" against ".join(duel), duel) for duel in DUELS]
        battles.insert(1, ("sample.Walls against sample.SpinBot, both with on_status", listening))
        for title, bots in battles:
            found = [rate / 1e3 for rate in rates(bots, arguments.rounds, arguments.repetitions)]
            print(f"{title:56} {statistics.median(found):7.0f} {min(found):7.0f} {max(found):7.0f}", flush=True)


if __name__ == "__main__":
    main()
