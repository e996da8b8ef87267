"""Does the full gun, adapted and with a network, beat BeepBoop's main model at opponents it was never trained on?

    python scripts/check_full_gun.py RECORDINGS [--config configs/rumble.yaml] [--out runs/rumble]

RECORDINGS is a folder of battles of real rumble bots. Takes data, folds and first variant of the experiment (what is
finished is not computed again), pretrains a network in each fold, and replays the test opponents. Prints hit rates,
paired differences with 95 % intervals over battles, and every opponent. Exit code 1 unless the combined gun's hit rate
is above that of BeepBoop's main model, clear of zero.
"""

import argparse
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from beepsim.errors import UserError
from beepsim.experiments.config import list_variants, read_experiment, with_recordings
from beepsim.experiments.data import extract_battles, gather_battles
from beepsim.experiments.learning import train_variants
from beepsim.experiments.parts import part_key
from beepsim.experiments.split import split_opponents
from beepsim.progress import show_progress
from beepsim.targeting.battles import BattleWaves, load_battles
from beepsim.targeting.densities import DensityGun, aim_with
from beepsim.targeting.full import full_gun
from beepsim.targeting.guns import BASELINES, Aims, learned_gun
from beepsim.targeting.network import NetworkConfig, load_network, pretrain, save_network
from beepsim.targeting.replay import by_opponent, compare, replay, summarise
from beepsim.waves.features import FEATURE_VERSION

REFERENCE, FULL = "beepboop_main", "full"


@dataclass(frozen=True)
class Remembering:
    """A gun whose densities of the battle asked for last are kept: alone and in a mixture they are computed once."""

    gun: DensityGun
    kept: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.gun.name

    def densities(self, battle: BattleWaves) -> np.ndarray:
        if battle.content_hash not in self.kept:
            self.kept.clear()
            self.kept[battle.content_hash] = self.gun.densities(battle)
        return self.kept[battle.content_hash]

    def aim(self, battle: BattleWaves) -> Aims:
        return aim_with(self.densities(battle), battle)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings")
    parser.add_argument("--config", type=Path, default=Path("configs/rumble.yaml"))
    parser.add_argument("--out", type=Path, default=Path("runs/rumble"))
    arguments = parser.parse_args()
    experiment = with_recordings(read_experiment(arguments.config), arguments.recordings)
    out, seed = arguments.out, experiment.seed
    tables = extract_battles(gather_battles(experiment, out / "battles"), out / "waves")
    battles = load_battles(tables)
    targets = [battle.target for battle in battles]
    folds = split_opponents(targets, experiment.split.folds, experiment.split.validation, seed)
    learned = train_variants(list_variants(experiment)[:1], folds, battles, tables, out / "models", "cpu")
    shots: dict[str, dict] = {}
    for fold, one in zip(folds, learned, strict=True):
        config = NetworkConfig(seed=seed)
        others = [battle for battle in battles if battle.target not in fold.test]
        key = part_key(FEATURE_VERSION, vars(config), [battle.content_hash for battle in others])
        path = out / "models" / f"network-fold{fold.number}-{key}.safetensors"
        if not path.exists():
            with show_progress(f"Pretraining {fold.number + 1} of {len(folds)}", config.steps, "steps") as update:
                save_network(path, pretrain(others, config, path.with_suffix(".checkpoint"), update))
            path.with_suffix(".checkpoint").unlink(missing_ok=True)
        full = full_gun(FULL, one.weights, load_network(path), seed)
        parts = tuple(Remembering(gun) for gun in full.guns)
        guns = [BASELINES[REFERENCE], learned_gun("exportable", one.weights), *parts, replace(full, guns=parts)]
        tested = [battle for battle in battles if battle.target in fold.test]
        with show_progress(f"Replaying {fold.number + 1} of {len(folds)}", len(tested), "battles") as update:
            for count, battle in enumerate(tested, 1):
                for gun in guns:
                    shots.setdefault(gun.name, {})[battle.battle] = replay(battle, gun)
                update(count)
    for row in summarise(shots, seed):
        print(f"{row['gun']:14} hits {row['hit_rate']:.2%} of {row['shots']}, log density {row['log_density']:.4f}")
    is_reached = False
    for row in compare(shots, [name for name in shots if name != REFERENCE], [REFERENCE], seed):
        low, high = row["hit_rate_difference_low"], row["hit_rate_difference_high"]
        print(f"{row['gun']:14} {row['relative_gain']:+.1%}, difference [{low:+.4f}, {high:+.4f}]")
        is_reached |= row["gun"] == FULL and low > 0.0
    rates = by_opponent(shots, {battle.battle: battle.target for battle in battles})
    for target in sorted(set(targets)):
        found = {row["gun"]: row for row in rates if row["target"] == target}
        if found:
            cells = "".join(f"{found[name]['hit_rate']:10.4f}" for name in shots)
            print(f"{target:40}{found[REFERENCE]['shots']:6}{cells}")
    return 0 if is_reached else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
