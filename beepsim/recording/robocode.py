"""Battles as the real Robocode records them (in its window, by `-record` or `-recordXML`), read as Recordings.

    NAME.br                     a zip of one binary recording (robocode_binary.py)
    NAME.br.xml.zip, .xml.zip   a zip of one XML recording, long or short (robocode_xml.py)
    NAME.br.xml, .xml           the XML as it is; Robocode appends an empty zip to it, 22 stray bytes

Which of them a file is shows in its first bytes. None holds the seed, initial positions or the version of Robocode.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

import numpy as np

from beepsim.errors import UserError
from beepsim.recording.columns import SCORE_COLUMNS
from beepsim.recording.format import (
    FORMAT,
    MAX_HEADER_BYTES,
    MAX_ROBOTS,
    Header,
    RecordedRules,
    Recording,
    RobotEntry,
    TotalScores,
    header_bytes,
    parse_header,
    read_recording,
)
from beepsim.recording.java_stream import MAGIC
from beepsim.recording.robocode_binary import read_binary
from beepsim.recording.robocode_tables import content_hash, split_version
from beepsim.recording.robocode_xml import read_xml
from beepsim.recording.snapshots import Tables, tables_from

SUFFIXES = (".br", ".xml", ".xml.zip")
SOURCE = "robocode"
MAX_BYTES = 4_000_000_000
"""Of a recording as it is before it is packed; 35 rounds of a duel are 40 MB (binary) or 90 MB (XML)."""
ZIP_BEGINS, EMPTY_ZIP = b"PK\x03\x04", b"PK\x05\x06"
EMPTY_ZIP_BYTES = 22
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
EXPECTED = "give a .br, .xml or .xml.zip file that Robocode recorded"


def is_robocode(path: Path) -> bool:
    """Is the file, by its name, one that Robocode recorded?"""
    return path.name.endswith(SUFFIXES)


def open_recording(path: Path) -> Recording:
    """The battle in a `.battle` file, or in one that Robocode recorded. Raises UserError as the two readers do."""
    return read_robocode(path) if is_robocode(path) else read_recording(path)


def read_robocode(path: Path) -> Recording:
    """The battle that Robocode recorded in a file.

    Raises UserError for a file that is missing, truncated, damaged, something else or of a newer Robocode.
    """
    with open_document(path) as (stream, size):
        read = read_binary if is_java(stream) else read_xml
        rules, robots, turns = read(stream, size, str(path))
        if not 1 <= robots <= MAX_ROBOTS:
            raise UserError(f"{path}: a battle of {robots} robots; 1 to {MAX_ROBOTS} are read")
        tables = tables_from(turns, robots, (rules.width, rules.height), str(path))
    return Recording(header_of(tables, rules, path), tables.robots, tables.bullets, tables.rounds)


def header_of(tables: Tables, rules: RecordedRules, path: Path) -> Header:
    """The header, checked as one from a file is."""
    robots = tuple(RobotEntry(*split_version(name), hash="") for name in tables.names)
    header = Header(FORMAT, SOURCE, SOURCE, content_hash(path), None, rules, robots, total_scores(tables.rounds))
    try:
        data = header_bytes(header)
        if len(data) > MAX_HEADER_BYTES:
            raise UserError(f"{path}: robots whose names have {len(data)} letters; up to {MAX_HEADER_BYTES} are read")
        return parse_header(data, path)
    except ValueError as error:
        raise UserError(f"{path}: rules or scores that no battle has: {error}") from None


def total_scores(rounds: np.ndarray) -> tuple[TotalScores, ...]:
    """The sums over the rounds: the totals that the file itself holds are rounded, or left out."""
    found = []
    for robot in range(int(rounds["robot"].max()) + 1):
        scores = {name: float(rounds[name][rounds["robot"] == robot].sum()) for name in SCORE_COLUMNS}
        found.append(TotalScores(total=sum(scores.values()), **scores))
    return tuple(found)


def is_java(stream: IO[bytes]) -> bool:
    """Does a Java object stream follow? The stream stays where it is."""
    first = stream.read(len(MAGIC))
    stream.seek(0)
    return first == MAGIC


@contextmanager
def open_document(path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """The recording in a file, unpacked as it is read, and how many bytes it has."""
    if not path.is_file():
        raise UserError(f"{path}: no such file; {EXPECTED}")
    try:
        with path.open("rb") as file:
            first, size = file.read(len(ZIP_BEGINS)), path.stat().st_size
            if first == ZIP_BEGINS:
                with open_entry(file, path) as (stream, size):
                    check_size(size, path)
                    yield stream, size
                return
            if not (first == MAGIC or first.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") or first[:2] in UTF_16):
                fail_foreign(path, first)
            check_size(size, path)
            file.seek(max(size - EMPTY_ZIP_BYTES, 0))
            size -= EMPTY_ZIP_BYTES if file.read(len(EMPTY_ZIP)) == EMPTY_ZIP else 0
            file.seek(0)
            yield file, size
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UserError(f"{path}: a zip that is truncated or damaged: {error}") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from None


@contextmanager
def open_entry(file: IO[bytes], path: Path) -> Iterator[tuple[IO[bytes], int]]:
    """The recording in a zip, and the size that its directory claims: no more than that is ever read."""
    try:
        archive = zipfile.ZipFile(file)
        entry = recording_in(archive, path)
        stream = archive.open(entry)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error) as error:
        raise UserError(f"{path}: a zip that is truncated, damaged or encrypted: {error}") from None
    with archive, stream:
        yield stream, entry.file_size


def recording_in(archive: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    """The entry of a zip that is a recording."""
    for entry in archive.infolist():
        if entry.filename.endswith((".br", ".xml")):
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise UserError(f"{path}: {entry.filename} is packed in a way that Robocode never uses")
            return entry
    names = ", ".join(entry.filename for entry in archive.infolist()[:3])[:100] or "nothing"
    raise UserError(f"{path}: a zip of {names}; it should hold a recording of Robocode, NAME.br or NAME.xml")


def fail_foreign(path: Path, first: bytes) -> NoReturn:
    found = f"it begins with the bytes {first.hex(' ')}" if first else "it is empty"
    raise UserError(f"{path} is no recording of Robocode: {found}; {EXPECTED}")


def check_size(size: int, path: Path) -> None:
    if size > MAX_BYTES:
        raise UserError(f"{path}: a recording of {size} bytes when unpacked; up to {MAX_BYTES} are read")
