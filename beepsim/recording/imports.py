"""Battles of the real Robocode into `.battle` files: its own recordings (robocode.py), pairs of tables
(robocode_tables.py), or folders of both."""

from collections.abc import Callable
from pathlib import Path

from beepsim.errors import UserError
from beepsim.recording.format import SUFFIX, Recording, read_header, write_recording
from beepsim.recording.robocode import SUFFIXES, is_robocode, read_robocode
from beepsim.recording.robocode_tables import (
    BULLETS_SUFFIX,
    ROBOTS_SUFFIX,
    bullets_beside,
    content_hash,
    read_tables,
)

KINDS = f"*{', *'.join(SUFFIXES)} or *{ROBOTS_SUFFIX}"


def import_recordings(
    source: Path, destination: Path, progress: Callable[[int], None] | None = None
) -> tuple[list[Path], list[str]]:
    """Imports one recording of Robocode, or a folder of them, into the folder `destination`, as `NAME.battle`.

    Returns the battle files that now stand there, and for each input that could not be read one sentence that says
    why; the others are imported all the same. An input whose import is there already and unchanged is skipped.
    `progress` is called with the number of inputs done.
    Raises UserError where `source` holds nothing to import or `destination` cannot be written to.
    """
    taken: dict[Path, Path] = {}
    failures = []
    for count, path in enumerate(list_inputs(source), 1):
        target = destination / f"{plain_stem(path)}{SUFFIX}"
        try:
            if target in taken:
                raise UserError(f"{path}: not imported, since {target.name} is the import of {taken[target].name}")
            origin = origin_of(path)
            if not (target.exists() and is_imported(target, origin)):
                write_recording(target, read_foreign(path, origin))
            taken[target] = path
        except UserError as error:
            failures.append(str(error))
        if progress:
            progress(count)
    return list(taken), failures


def list_inputs(source: Path) -> list[Path]:
    """The recordings that `source` names: a folder's (not below it), or the one file."""
    if source.is_dir():
        found = sorted(path for path in source.iterdir() if is_foreign(path))
        if not found:
            raise UserError(f"{source}: no {KINDS} files in this folder")
        return found
    if not source.is_file():
        raise UserError(f"{source}: no such file or folder")
    if not is_foreign(source):
        raise UserError(
            f"{source}: give a {KINDS.replace('*', 'NAME')} file (the last with NAME{BULLETS_SUFFIX} beside it) "
            "or a folder of them"
        )
    return [source]


def is_foreign(path: Path) -> bool:
    """Is the file, by its name, a recording of Robocode?"""
    return not path.name.startswith(".") and (is_robocode(path) or path.name.endswith(ROBOTS_SUFFIX))


def plain_stem(path: Path) -> str:
    """A file's name without what its kind adds; of XML and binary recordings of one battle, two names."""
    return path.name.removesuffix(ROBOTS_SUFFIX).removesuffix(".zip").removesuffix(".br")


def origin_of(path: Path) -> str:
    """Hash of what would be imported."""
    return content_hash(path) if is_robocode(path) else content_hash(path, bullets_beside(path))


def read_foreign(path: Path, origin: str) -> Recording:
    return read_robocode(path) if is_robocode(path) else read_tables(path, bullets_beside(path), origin)


def is_imported(target: Path, origin: str) -> bool:
    """Does `target` hold the import of this very input? A damaged file there counts as no, and is written again."""
    try:
        return read_header(target).origin == origin
    except UserError:
        return False
