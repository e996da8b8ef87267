"""Does the learned gun beat simple guns at opponents that it was never trained on? Paired 95 % intervals.

    python scripts/check_gun.py RECORDINGS [--config configs/rumble.yaml] [--out runs/rumble]

RECORDINGS is a folder of battles of real rumble bots. Runs the experiment (what is finished is not computed again) and
prints the best learned gun, by log density, against each other gun. Exit code 1 unless its hit rate is above that of
random, head-on, linear and circular guns and its log density above the plain KNN's, all intervals clear of zero.
"""

import argparse
import json
import sys
from pathlib import Path

from beepsim.errors import UserError
from beepsim.experiments.config import read_experiment, with_recordings
from beepsim.experiments.run import run_experiment

TO_OUTHIT = ("random", "head_on", "linear", "circular")
TO_OUTPREDICT = "knn"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings")
    parser.add_argument("--config", type=Path, default=Path("configs/rumble.yaml"))
    parser.add_argument("--out", type=Path, default=Path("runs/rumble"))
    arguments = parser.parse_args()
    experiment = with_recordings(read_experiment(arguments.config), arguments.recordings)
    page, findings = run_experiment(experiment, arguments.out)
    print("\n".join(findings))
    report = json.loads((page.parent / "differences.json").read_text())
    best = report["rows"][0]["gun"]
    rows = {row["reference"]: row for row in report["rows"] if row["gun"] == best}
    reached = {gun: rows[gun]["hit_rate_difference_low"] > 0.0 for gun in TO_OUTHIT}
    reached[f"{TO_OUTPREDICT} (log density)"] = rows[TO_OUTPREDICT]["log_density_difference_low"] > 0.0
    for gun, is_reached in reached.items():
        print(f"{'reached' if is_reached else 'MISSED '}  {best} over {gun}")
    return 0 if all(reached.values()) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
