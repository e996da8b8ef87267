"""Do the learned guns beat simple guns and BeepBoop's at opponents never trained on? Paired 95 % intervals.

    python scripts/check_gun.py RECORDINGS [--config configs/rumble.yaml] [--seed 1] [--out runs/rumble]

RECORDINGS is a folder of battles of real rumble bots. Runs the experiment with its first variant, once, without the
ablation (what is finished is not computed again); another seed splits the opponents otherwise. Prints each learned gun
against BeepBoop's main model. Exit code 1 unless the first variant and, where there is one, the full gun hit more often
than it by the relative gain aimed at, the first variant hits more often than random, head-on, linear and circular guns,
and its log density is above the plain KNN's; all intervals clear of zero.
"""

import argparse
import json
import sys
from pathlib import Path

from beepsim.errors import UserError
from beepsim.experiments.config import Experiment, list_variants, read_experiment, with_recordings
from beepsim.experiments.run import run_experiment

REFERENCE = "beepboop_main"
VARIANT_GAIN, FULL_GAIN = 0.08, 0.12
TO_OUTHIT = ("random", "head_on", "linear", "circular")
TO_OUTPREDICT = "knn"


def first_only(experiment: Experiment, seed: int) -> Experiment:
    sweep = experiment.sweep.model_copy(update={key: values[:1] for key, values in experiment.sweep})
    train = experiment.train.model_copy(update={"restarts": 1})
    return experiment.model_copy(update={"seed": seed, "sweep": sweep, "train": train, "ablation": False})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings")
    parser.add_argument("--config", type=Path, default=Path("configs/rumble.yaml"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/rumble"))
    arguments = parser.parse_args()
    experiment = first_only(with_recordings(read_experiment(arguments.config), arguments.recordings), arguments.seed)
    page, findings = run_experiment(experiment, arguments.out)
    print("\n".join(findings))
    report = json.loads((page.parent / "differences.json").read_text())
    rows = {(row["gun"], row["reference"]): row for row in report["rows"]}
    first = list_variants(experiment)[0].name
    for (gun, reference), row in rows.items():
        if reference == REFERENCE:
            low, high = (100.0 * row[f"hit_rate_difference_{end}"] for end in ("low", "high"))
            print(f"{gun:40} {row['relative_gain']:+.2%} hits, difference [{low:+.2f}, {high:+.2f}] points")
    reached = {}
    for gun, gain in ((first, VARIANT_GAIN), ("full", FULL_GAIN)):
        if row := rows.get((gun, REFERENCE)):
            is_clear = row["hit_rate_difference_low"] > 0.0
            reached[f"{gun} over {REFERENCE} by {gain:.0%}"] = is_clear and row["relative_gain"] >= gain
    for gun in TO_OUTHIT:
        reached[f"{first} over {gun}"] = rows[first, gun]["hit_rate_difference_low"] > 0.0
    reached[f"{first} over {TO_OUTPREDICT} (log density)"] = (
        rows[first, TO_OUTPREDICT]["log_density_difference_low"] > 0.0
    )
    for what, is_reached in reached.items():
        print(f"{'reached' if is_reached else 'MISSED '}  {what}")
    return 0 if all(reached.values()) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
