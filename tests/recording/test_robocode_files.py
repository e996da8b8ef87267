"""Robocode's recordings as files: what is told from their bytes, strangers' files, and the import of folders."""

import dataclasses
import io
import random
import re
import shutil
import struct
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from robocode_samples import BINARY, FOLDER, LONG, SHORT, recorded

from beepsim.errors import UserError
from beepsim.recording import robocode, robocode_binary, robocode_xml
from beepsim.recording.format import Recording, read_recording
from beepsim.recording.imports import import_recordings
from beepsim.recording.java_stream import CLASS, Reader
from beepsim.recording.robocode import open_recording, read_robocode

TABLES = FOLDER.parent / "recordings"
TURNS = 40
PLACES = [0, 1, 3, 5, 21, 22, 40, 100, 1000, 5000, 20_000]


@cache
def unpacked(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(archive.namelist()[0])


@cache
def few_turns(path: Path) -> bytes:
    """A recording of the battle's first turns: short enough to be read very often."""
    data = unpacked(path)
    if path != BINARY:
        tag = b"</turn>" if path == LONG else b"</t>"
        return b"".join(piece + tag for piece in data.split(tag)[:TURNS]) + b"</turns></record>"
    reader = Reader(io.BytesIO(data), len(data), "")
    records = reader.read_all()
    for _ in range(TURNS + 1):
        next(records)
    data = data[: reader.position]
    for turns, instead in ((1179, TURNS), (1379, 0)):
        data = data.replace(struct.pack(">i", turns), struct.pack(">i", instead), 1)
    return data


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def assert_equal(found: Recording, expected: Recording) -> None:
    assert dataclasses.replace(found.header, origin="") == dataclasses.replace(expected.header, origin="")
    for name in ("robots", "bullets", "rounds"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_plain_files_and_those_of_other_names(tmp_path):
    assert_equal(read_robocode(written(tmp_path, "a.br", unpacked(BINARY))), recorded(BINARY))
    # Robocode ends its plain XML with an empty zip.
    empty = io.BytesIO()
    zipfile.ZipFile(empty, "w").close()
    assert len(empty.getvalue()) == 22
    plain = written(tmp_path, "a.br.xml", unpacked(SHORT) + empty.getvalue())
    assert_equal(read_robocode(plain), recorded(SHORT))
    assert_equal(open_recording(plain), recorded(SHORT))
    assert_equal(read_robocode(written(tmp_path, "b.xml", b"\xef\xbb\xbf" + unpacked(SHORT))), recorded(SHORT))
    text = unpacked(SHORT).decode().replace('encoding="UTF-8"', 'encoding="UTF-16"')
    assert_equal(read_robocode(written(tmp_path, "c.xml", text.encode("utf-16"))), recorded(SHORT))
    assert_equal(read_robocode(Path(shutil.copy(LONG, tmp_path / "misnamed.br"))), recorded(LONG))


def test_a_battle_file_is_opened_as_one(tmp_path):
    done, failures = import_recordings(BINARY, tmp_path)
    assert (done, failures) == ([tmp_path / "Walls_vs_SpinBot_seed1.battle"], [])
    assert_equal(open_recording(done[0]), recorded(BINARY))
    assert open_recording(done[0]).header == recorded(BINARY).header
    with pytest.raises(UserError, match="a zip of header.json, robots.parquet, bullets.parquet; it should hold"):
        open_recording(Path(shutil.copy(done[0], tmp_path / "a.br")))
    with pytest.raises(UserError, match="is not a .battle file"):
        open_recording(written(tmp_path, "b.battle", b"nothing"))


@pytest.mark.parametrize("path", [BINARY, LONG, SHORT], ids=["binary", "long", "short"])
def test_a_file_cut_off_anywhere(path, tmp_path):
    whole = path.read_bytes()
    for length in [*PLACES, len(whole) // 2, len(whole) - 1000, len(whole) - 23, len(whole) - 1]:
        with pytest.raises(UserError, match=r"cut\.br"):
            read_robocode(written(tmp_path, "cut.br", whole[:length]))


@pytest.mark.parametrize("path", [BINARY, LONG, SHORT], ids=["binary", "long", "short"])
def test_an_unpacked_recording_cut_off_anywhere(path, tmp_path):
    whole = few_turns(path)
    assert len(read_robocode(written(tmp_path, "whole.br", whole)).robots) == 2 * TURNS
    numbers = random.Random(1)
    for length in [*range(0, 4000, 37), *(numbers.randrange(len(whole)) for _ in range(60))]:
        if length < len(whole):
            with pytest.raises(UserError, match=r"cut\.br"):
                read_robocode(written(tmp_path, "cut.br", whole[:length]))


def test_a_stream_cut_off_between_two_turns(tmp_path):
    data = few_turns(BINARY)
    reader = Reader(io.BytesIO(data), len(data), "")
    for _ in zip(range(TURNS), reader.read_all(), strict=False):
        place = reader.position
    with pytest.raises(UserError, match=f"cut off after {TURNS - 1} turns; its first record promises {TURNS}"):
        read_robocode(written(tmp_path, "cut.br", data[:place]))


@settings(max_examples=120)
@given(data=st.data(), path=st.sampled_from([BINARY, LONG, SHORT]))
def test_damaged_recordings_give_a_sentence_or_a_battle(data, path, tmp_path_factory):
    damaged = bytearray(few_turns(path))
    for _ in range(data.draw(st.integers(1, 4))):
        # The first bytes say what everything after them is.
        last = data.draw(st.sampled_from([300, 6000, len(damaged) - 1]))
        damaged[data.draw(st.integers(0, last))] = data.draw(st.integers(0, 255))
    file = written(tmp_path_factory.getbasetemp(), "damaged.br", bytes(damaged))
    try:
        recording = read_robocode(file)
    except UserError as error:
        assert str(file) in str(error)
    else:
        assert len(recording.robots) > 0


@given(
    data=st.binary(max_size=200), begin=st.sampled_from([b"", b"PK\x03\x04", b"\xac\xed\x00\x05", b"<record>", b"<"])
)
def test_any_bytes_give_a_sentence(data, begin, tmp_path_factory):
    with pytest.raises(UserError):
        read_robocode(written(tmp_path_factory.getbasetemp(), "any.br", begin + data))


def zip_of(entries: dict[str, bytes], **options) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "it is empty; give a .br, .xml or .xml.zip file"),
        (b"#!/bin/sh\n", "it begins with the bytes 23 21 2f 62"),
        (zip_of({}), "it begins with the bytes 50 4b 05 06"),
        (zip_of({"a.txt": b"x", "b": b""}), "a zip of a.txt, b; it should hold a recording of Robocode"),
        (zip_of({"a.br": b"nothing"}), "byte 0: cut off, or damaged, or no XML"),
        (zip_of({"a.br": b""}), "byte 0: cut off, or damaged, or no XML"),
        (b"\xac\xed\x00\x05", "no recording of Robocode: it does not begin with a net.sf.robocode"),
        (b"\xac\xed\x00\x05\x74\x00\x02hi", "no recording of Robocode: it does not begin with a net.sf.robocode"),
        (b"<html></html>", "byte 0: the document is a <html>; a recording of Robocode is a <record>"),
        (b"<record></record>", "no <recordInfo> before the first turn"),
        (b"<record><recordInfo robotCount='2'/><turns/></record>", "no <rules> before the first turn"),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><record>&a;</record>", "byte 12: a DOCTYPE, which Robocode never writes"),
        (b"<?xml version='1.0' encoding='klingon'?><record/>", "no XML"),
        (b"<record>" + b"<a>" * 100, "30 inside each other"),
    ],
)
def test_foreign_files(data, message, tmp_path):
    with pytest.raises(UserError, match=re.escape(message)):
        read_robocode(written(tmp_path, "a.br", data))


def test_missing_files_and_folders(tmp_path):
    for path in (tmp_path / "a.br", tmp_path):
        with pytest.raises(UserError, match="no such file; give a .br"):
            read_robocode(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('ver="2"', 'ver="3"', "<recordInfo> is of version 3, and 2 is the newest that is known"),
        ('turn="0" ver="1"', 'turn="0" ver="2"', "<turn> is of version 2, and 1 is the newest"),
        ('robotCount="2"', 'robotCount="1000"', "a battle of 1000 robots; 1 to 127 are read"),
        ('robotCount="2"', 'robotCount="3"', "robot 2 is missing, though it was not dead before"),
        ('robotCount="2"', 'robotCount="1"', "robot 1 is there twice, or none of the battle's 1"),
        ('robotCount="2"', 'robotCount="two"', "<recordInfo> has robotCount='two'; it must be a whole number"),
        ('Width="800"', 'Width="8000000"', "rules.width: Input should be less than or equal to 100000"),
        ('Width="800"', 'Width="400"', "robots: round 0, row 0: x is 568.07"),
        ('Rate="0.1"', 'Rate="NaN"', "rules or scores that no battle has"),
        (' state="ACTIVE"', ' state="ASLEEP"', "<robot> has the state 'ASLEEP'; it must be one of ACTIVE, HIT_WALL"),
        (' gunHeat="3.0"', "", "<robot> has no attribute 'gunHeat'"),
        (' gunHeat="3.0"', ' gunHeat="hot"', "could not convert string to float: 'hot'"),
        (' gunHeat="3.0"', ' gunHeat="nan"', "gun_heat is nan; it must be 0 to"),
        ('energy="100.0"', 'energy="1e300"', "energy is inf; it must be"),
        ('id="1" vsName', 'id="0" vsName', "robot 0 is there twice"),
        ('turn="1"', 'turn="7"', "round 0, turn 7, where turn 1 of round 0 is due"),
        ('round="0"', 'round="4"', "round 4, turn 0, where turn 0 of round 0 is due"),
        ("</robots>", "<robot/></robots>", "a turn with 3 robots and 2 scores"),
        ("<bullets/>", '<bullets><bullet id="5"/></bullets>', "<bullet> has the id '5'; it must be its owner's number"),
        ("<bullets/>", '<bullets><bullet id="0-9999999999" x="1" y="1"/></bullets>', "has the number 9999999999"),
        ("<bullets/>", '<bullets><bullet id="9-5" x="1" y="1"/></bullets>', "bullet 5 of robot 9 at robot -1"),
        ("<bullets/>", '<bullets><bullet id="0-5" x="1" y="1"/></bullets>', "flies outside the round's turns"),
    ],
)
def test_xml_of_a_battle_that_cannot_be(old, new, message, tmp_path):
    text = few_turns(LONG).decode()
    assert old in text
    with pytest.raises(UserError, match=re.escape(message)):
        read_robocode(written(tmp_path, "a.xml", text.replace(old, new, 1).encode()))


def test_scores_that_no_battle_has(tmp_path):
    text = few_turns(LONG).replace(b'currentScore="0.0"', b'currentScore="inf"')
    with pytest.raises(UserError, match="scores: round 0, row 0 has a last_survivor_bonus that is not 0 to"):
        read_robocode(written(tmp_path, "a.xml", text))


def test_a_number_too_large(tmp_path):
    # A class that says that its index is a long, which takes the next number's bytes too.
    data = few_turns(BINARY).replace(b"I\x00\x0arobotCount", b"J\x00\x0arobotCount")
    assert data != few_turns(BINARY)
    with pytest.raises(UserError, match=r"a\.br"):
        read_robocode(written(tmp_path, "a.br", data))
    record = {CLASS: "Robot", "index": 2**31}
    with pytest.raises(UserError, match="here: field 'index' of a Robot is 2147483648; the largest is 2147483647"):
        robocode_binary.get(record, "index", int, "here")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"recording.BattleRecordInfo", b"recording.BattleRecordInfi", "does not begin with a net.sf.robocode"),
        (b"\x08velocity", b"\x08celerity", "byte 3989: field 'velocity' of a net.sf.robocode.battle.snapshot.Robot"),
        (
            b"D\x00\x08velocity",
            b"J\x00\x08velocity",
            "'velocity' of a net.sf.robocode.battle.snapshot.RobotSnapshot is of",
        ),
        (b"\x06ACTIVE", b"\x06ASLEEP", "is 'ASLEEP'; it must be one of ACTIVE, HIT_WALL, HIT_ROBOT, DEAD"),
        (b"snapshot.TurnSnapshot", b"snapshot.TurmSnapshot", "no net.sf.robocode.battle.snapshot.TurnSnapshot"),
    ],
)
def test_a_stream_of_something_else(old, new, message, tmp_path):
    data = few_turns(BINARY)
    assert old in data
    with pytest.raises(UserError, match=re.escape(message)):
        read_robocode(written(tmp_path, "a.br", data.replace(old, new)))


def test_sizes_are_checked_before_memory_is_taken(tmp_path, monkeypatch):
    # The size that the zip's directory claims: four bytes, 24 after its entry begins.
    whole = bytearray(LONG.read_bytes())
    entry = whole.rindex(b"PK\x01\x02")
    whole[entry + 24 : entry + 28] = struct.pack("<I", 4_100_000_000)
    with pytest.raises(UserError, match="a recording of 4100000000 bytes when unpacked; up to 4000000000 are read"):
        read_robocode(written(tmp_path, "a.xml.zip", bytes(whole)))
    monkeypatch.setattr(robocode_xml, "MAX_TURN_BYTES", 1_000_000)
    text = b"<record><recordInfo out='" + bytes(3_000_000).replace(b"\0", b"x") + b"'/></record>"
    with pytest.raises(UserError, match="a turn of more than 1000000 bytes"):
        read_robocode(written(tmp_path, "b.xml.zip", zip_of({"b.xml": text}, compression=zipfile.ZIP_DEFLATED)))
    monkeypatch.setattr(robocode_xml, "MAX_TURN_ELEMENTS", 100)
    text = few_turns(SHORT).replace(b"<bs/>", b"<bs>" + b"<x/>" * 200 + b"</bs>", 1)
    with pytest.raises(UserError, match="more than 100 elements in a turn"):
        read_robocode(written(tmp_path, "c.xml", text))
    monkeypatch.setattr(robocode, "MAX_BYTES", 1000)
    with pytest.raises(UserError, match="up to 1000 are read"):
        read_robocode(written(tmp_path, "d.xml", text))


@settings(max_examples=200)
@given(data=st.data())
def test_a_damaged_zip_gives_a_sentence_or_a_battle(data, tmp_path_factory):
    whole = bytearray(zip_of({"a.br": few_turns(SHORT)}, compression=zipfile.ZIP_DEFLATED))
    ends = len(whole) - whole.index(b"PK\x01\x02")  # the directory at its end
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.one_of(st.integers(4, 40), st.integers(-ends, -1), st.integers(4, len(whole) - 1)))
        whole[place] = data.draw(st.integers(0, 255))
    file = written(tmp_path_factory.getbasetemp(), "damaged.br", bytes(whole))
    try:
        read_robocode(file)
    except UserError as error:
        assert str(file) in str(error)


def test_zips_packed_in_other_ways(tmp_path):
    for kind in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        with pytest.raises(UserError, match="a.xml is packed in a way that Robocode never uses"):
            read_robocode(written(tmp_path, "a.xml.zip", zip_of({"a.xml": few_turns(SHORT)}, compression=kind)))
    stored = zip_of({"notes.txt": b"", "a.xml": few_turns(SHORT)})
    assert len(read_robocode(written(tmp_path, "a.xml.zip", stored)).robots) == 2 * TURNS


def test_a_folder_is_imported_and_only_what_changed_again(tmp_path):
    source, destination = tmp_path / "source", tmp_path / "battles"
    source.mkdir()
    for path in (BINARY, LONG, SHORT, *TABLES.glob("kawigi*.robots.parquet"), *TABLES.glob("kawigi*.bullets.parquet")):
        shutil.copy(path, source)
    written(source, "broken.br", b"PK")
    written(source, "notes.txt", b"not looked at")
    written(source, ".hidden.br", b"not looked at")
    counts: list[int] = []
    done, failures = import_recordings(source, destination, counts.append)
    stem = "Walls_vs_SpinBot_seed1"
    names = ["Walls_vs_SpinBot_seed1.battle", f"{stem}.br.xml.battle", f"{stem}.short.br.xml.battle"]
    assert sorted(path.name for path in done) == [*names, "kawigi.mini.Coriantumr_1.1.battle"]
    assert len(failures) == 1 and "broken.br is no recording of Robocode" in failures[0]
    assert counts == [1, 2, 3, 4, 5]
    for name, path in zip(names, (BINARY, LONG, SHORT), strict=True):
        assert_equal(read_recording(destination / name), recorded(path))
    before = {path: path.stat().st_mtime_ns for path in done}
    shutil.copy(SHORT, source / BINARY.name)
    assert import_recordings(source, destination)[0] == done
    assert [path.name for path in done if path.stat().st_mtime_ns != before[path]] == [names[0]]


def test_two_inputs_of_one_name(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    shutil.copy(SHORT, source / "a.br.xml.zip")
    written(source, "a.br.xml", few_turns(SHORT))
    done, failures = import_recordings(source, tmp_path / "battles")
    assert [path.name for path in done] == ["a.br.xml.battle"]
    assert failures == [f"{source}/a.br.xml.zip: not imported, since a.br.xml.battle is the import of a.br.xml"]
