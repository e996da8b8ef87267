"""Plays the battles of tests/battle_transcripts.py and writes their transcripts to tests/data/transcripts.

    python scripts/transcripts.py [--check] [NAME…]

With --check nothing is written: prints file and line of the first difference of each, exit code 1 if there is one. A
difference means that a rule changed; write them anew only if Robocode has that rule so, with the reason in the commit.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from battle_transcripts import BATTLES, FOLDER, first_difference, path_of, transcript_text  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BATTLES)}; default: all")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in BATTLES:
            parser.error(f"no battle named {name!r}, there are {', '.join(BATTLES)}")
    names = arguments.names or list(BATTLES)
    if arguments.check:
        differences = [difference for name in names if (difference := first_difference(name))]
        print("\n".join(differences) or f"{len(names)} transcripts agree")
        sys.exit(1 if differences else 0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        path_of(name).write_text(transcript_text(name))
        print(path_of(name))


if __name__ == "__main__":
    main()
