"""Draws the pictures of tests/viewer/golden_pictures.py and writes them to tests/data/viewer.

    python scripts/golden_pictures.py [--check] [NAME…]

With --check nothing is written: prints what differs by more than the tolerance, exit code 1 if anything does. Look at
the pictures before you commit them.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "viewer"))

import pygame  # noqa: E402
from golden_pictures import FOLDER, PICTURES, first_difference, path_of  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PICTURES)}; default: all")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    for name in arguments.names:
        if name not in PICTURES:
            parser.error(f"no picture named {name!r}, there are {', '.join(PICTURES)}")
    names = arguments.names or list(PICTURES)
    if arguments.check:
        differences = [found for name in names if (found := first_difference(name))]
        print("\n".join(differences) or f"{len(names)} pictures agree")
        sys.exit(1 if differences else 0)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in names:
        pygame.image.save(PICTURES[name](), path_of(name))
        print(path_of(name))


if __name__ == "__main__":
    main()
