"""How far waves extracted from recordings agree with what BeepBoop logged live in the same battles.

    python scripts/check_waves.py FOLDER…

Agreement is the share of values within 2e-3 of the column's range. Reads every NAME.waves.parquet with its NAME.battle,
or NAME.robots.parquet and NAME.bullets.parquet, beside it. Exit code 1 where a column of a battle agrees in less than
99 %, or less than 99 % of the reference's waves are found.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from beepsim.errors import UserError
from beepsim.recording.format import SUFFIX, Recording, read_recording
from beepsim.recording.robocode_tables import BULLETS_SUFFIX, ROBOTS_SUFFIX, content_hash, read_tables
from beepsim.waves.agreement import Agreement, compare, read_reference

WAVES_SUFFIX = ".waves.parquet"
TARGET_SHARE = 0.99


def recording_beside(path: Path) -> Recording:
    """The recording that a reference table belongs to."""
    stem = path.name.removesuffix(WAVES_SUFFIX)
    battle = path.with_name(stem + SUFFIX)
    if battle.exists():
        return read_recording(battle)
    robots, bullets = path.with_name(stem + ROBOTS_SUFFIX), path.with_name(stem + BULLETS_SUFFIX)
    if not robots.exists():
        raise UserError(f"{path}: neither {battle.name} nor {robots.name} stands beside it")
    return read_tables(robots, bullets, content_hash(robots, bullets))


def print_table(results: dict[str, Agreement]) -> None:
    """One line a column: least share over the battles and where, all waves together, and without troubled waves."""
    print(f"{'battle':40}{'waves':>8}{'matched':>9}{'troubled':>10}{'only ours':>11}")
    for name, result in results.items():
        shares = f"{result.matched / result.waves:9.2%}{result.troubled / result.matched:10.2%}"
        print(f"{name:40}{result.waves:8}{shares}{result.only_ours:11}")
    print(f"\n{'column':10}{'agreement':>10}{'least':>9}{'untroubled':>12}{'range':>9}{'worst':>9}  least in")
    total = sum(result.matched for result in results.values())
    clean = sum(result.matched - result.troubled for result in results.values())
    for index in range(len(next(iter(results.values())).columns)):
        parts = {name: result.columns[index] for name, result in results.items()}
        least = min(parts, key=lambda name: parts[name].share)
        overall = sum(parts[name].share * results[name].matched for name in parts) / total
        untroubled = sum(parts[n].untroubled * (results[n].matched - results[n].troubled) for n in parts) / clean
        spread, worst = max(part.range for part in parts.values()), max(part.worst for part in parts.values())
        name = parts[least].name
        print(f"{name:10}{overall:10.3%}{parts[least].share:9.2%}{untroubled:12.3%}{spread:9.4g}{worst:9.2g}  {least}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--json", action="store_true", help="print everything as JSON instead")
    arguments = parser.parse_args()
    paths = sorted(path for folder in arguments.folders for path in folder.glob(f"*{WAVES_SUFFIX}"))
    if not paths:
        print(f"no *{WAVES_SUFFIX} in {', '.join(map(str, arguments.folders))}", file=sys.stderr)
        return 2
    try:
        results = {p.name.removesuffix(WAVES_SUFFIX): compare(recording_beside(p), read_reference(p)) for p in paths}
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps({name: asdict(result) for name, result in results.items()}, indent=1))
    else:
        print_table(results)
    short = [r for r in results.values() if r.matched < TARGET_SHARE * r.waves]
    short += [r for r in results.values() if any(c.share < TARGET_SHARE for c in r.columns)]
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
