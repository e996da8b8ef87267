"""The reader of Java's object streams: the specification's own example, streams made by hand, streams that lie."""

import io
import struct

import pytest

from beepsim.errors import UserError
from beepsim.recording import java_stream
from beepsim.recording.java_stream import CLASS, FORGOTTEN, MAGIC, WRITTEN, Reader

# Java Object Serialization Specification, 6.4.3: two objects of `class List { int value; List next; }`, the first of
# which points to the second; then the second is written.
EXAMPLE = bytes.fromhex(
    "aced0005 7372 0004 4c697374 69c88a154016ae68 02 0002 49 0005 76616c7565 4c 0004 6e657874 74 0006 4c4c6973743b 7870"
    "00000011 7371 007e0000 00000013 70 71 007e0003"
)


def read(data: bytes) -> list:
    return list(Reader(io.BytesIO(data), len(data), "here").read_all())


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack(">H", len(data)) + data


def desc(name: str, flags: int, fields: bytes = b"", parent: bytes = b"\x70") -> bytes:
    """A class; `fields` is their number and what stands of each."""
    return b"\x72" + text(name) + bytes(8) + bytes([flags]) + (fields or b"\x00\x00") + b"\x78" + parent


def test_the_example_of_the_specification():
    first, second = read(EXAMPLE)
    assert (first[CLASS], first["value"], first["next"]["value"], first["next"]["next"]) == ("List", 17, 19, None)
    assert second == FORGOTTEN  # an object of an earlier record


def test_primitives_and_what_a_class_wrote_by_hand():
    letters = b"B\x00\x01bC\x00\x01cD\x00\x01dF\x00\x01fI\x00\x01iJ\x00\x01jS\x00\x01sZ\x00\x01z"
    parent = desc("P", 3, b"\x00\x01I\x00\x01p")
    data = MAGIC + b"\x73" + desc("C", 2, b"\x00\x08" + letters, parent)
    data += struct.pack(">i", 7) + b"\x77\x02ab" + b"\x74" + text("by hand") + b"\x78"  # the parent's part
    data += struct.pack(">bHdfiqh?", -1, 65, 0.1, 0.5, -2, 2**40, -3, True)
    (found,) = read(data)
    assert found == {
        **{"p": 7, "b": -1, "c": 65, "d": 0.1, "f": 0.5, "i": -2, "j": 2**40, "s": -3, "z": True},
        CLASS: "C",
        WRITTEN: [b"ab", "by hand"],
    }


def test_arrays_enums_classes_and_texts():
    array = b"\x75" + desc("[D", 2) + struct.pack(">idd", 2, 0.5, -1.0)
    raw = b"\x75" + desc("[B", 2) + struct.pack(">i", 3) + b"xyz"
    objects = b"\x75" + desc("[Ljava.lang.Object;", 2) + struct.pack(">i", 2) + b"\x70\x74" + text("one")
    constant = b"\x7e" + desc("State", 18, b"", desc("java.lang.Enum", 18)) + b"\x74" + text("DEAD")
    clazz = b"\x76" + desc("K", 2)
    long_text = b"\x7c" + struct.pack(">Q", 3) + b"abc"
    # In Java a null is c0 80, and what lies beyond 16 bits a pair of surrogates.
    odd_text = b"\x74" + struct.pack(">H", 8) + b"\xc0\x80" + b"\xed\xa0\xbd\xed\xb8\x80"
    blocks = b"\x77\x01a" + b"\x7a" + struct.pack(">i", 2) + b"bc"
    data = MAGIC + array + raw + objects + constant + clazz + long_text + odd_text + blocks
    assert read(data) == [[0.5, -1.0], b"xyz", [None, "one"], "DEAD", "K", "abc", "\0😀", b"a", b"bc"]


def test_a_reset_empties_the_table_of_references():
    word = b"\x74" + text("again")
    same = b"\x71" + struct.pack(">i", java_stream.FIRST_HANDLE)
    assert read(MAGIC + word + same) == ["again", "again"]
    assert read(MAGIC + word + b"\x79" + word + same) == ["again", "again", "again"]
    with pytest.raises(UserError, match="a reference to object 0, but there are 0 so far"):
        read(MAGIC + word + b"\x79" + same)


def test_names_of_fields_cannot_pass_for_ours():
    fields = b"\x00\x02I\x00\x05classI\x00\x07written"
    (found,) = read(MAGIC + b"\x73" + desc("C", 3, fields) + bytes(8) + b"\x78")
    assert (found[CLASS], found[WRITTEN]) == ("C", [])


@pytest.mark.parametrize("length", sorted({*range(len(EXAMPLE))} - {4, len(EXAMPLE) - 5}))
def test_cut_off_anywhere_but_between_two_objects(length):
    with pytest.raises(UserError, match=rf"here: byte \d+: .*ends at byte {length}"):
        read(EXAMPLE[:length])


def huge(length: int) -> bytes:
    return struct.pack(">I", length)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK\x03\x04", "byte 0: not a Java object stream"),
        (MAGIC + b"\x7b", "byte 4: 0x7b is nothing that a recording holds"),
        (MAGIC + b"\x75" + desc("[D", 2) + huge(2**31 - 1), "an array of 2147483647 elements"),
        (MAGIC + b"\x75" + desc("[D", 2) + huge(900_000), "7200000 bytes should follow, but the stream ends"),
        (MAGIC + b"\x75" + desc("[Lx;", 2) + huge(2**32 - 1), "an array of 4294967295 elements"),
        (MAGIC + b"\x75" + desc("[B", 2) + huge(2**31 - 1), "2147483647 bytes should follow, but the stream ends"),
        (MAGIC + b"\x75" + desc("x", 2) + huge(1), "an array of 1 elements, of class 'x'"),
        (MAGIC + b"\x7c" + b"\xff" * 8, "18446744073709551615 bytes should follow"),
        (MAGIC + b"\x7a" + huge(2**32 - 1), "4294967295 bytes should follow"),
        (MAGIC + b"\x74\x00\x01\xff", "text that is not UTF-8"),
        (MAGIC + b"\x73\x70", "an object without a class"),
        (MAGIC + b"\x73\x74\x00\x00", "no class where one must be named"),
        (MAGIC + b"\x73" + desc("C", 4), "whose flags 0x04 say nothing of its form"),
        (MAGIC + desc("C", 2, b"\x00\x01X\x00\x01x"), "field 'x' of C has the type 'X'"),
        # A class that extends itself: its own reference stands for nothing yet.
        (
            MAGIC + desc("C", 2, b"", b"\x71\x00\x7e\x00\x00") + b"\x73\x71\x00\x7f\x00\x00",
            "a reference to object 65536",
        ),
        (MAGIC + b"\x7e" + desc("E", 18) + b"\x70", "a constant of an enum whose name is no text"),
        (MAGIC + (b"\x75" + desc("[Lx;", 2) + huge(1)) * 200, "nested 60 deep"),
        (MAGIC + b"\x72" * 10, "should follow"),
    ],
)
def test_streams_that_lie(data, message):
    with pytest.raises(UserError, match=message.replace("[", r"\[")):
        read(data)


def test_limits_of_a_record(monkeypatch):
    objects = MAGIC + b"\x75" + desc("[Lx;", 2) + huge(50) + b"\x70" * 50
    assert read(objects) == [[None] * 50]
    monkeypatch.setattr(java_stream, "MAX_RECORD_VALUES", 40)
    with pytest.raises(UserError, match="an array of 50 elements"):
        read(objects)
    nested = MAGIC + (b"\x75" + desc("[Lx;", 2) + huge(20) + b"\x70" * 19) * 3 + b"\x70"
    with pytest.raises(UserError, match="more than 40 in one"):
        read(nested)
    monkeypatch.setattr(java_stream, "MAX_RECORD_BYTES", 1000)
    with pytest.raises(UserError, match="an object of more than 1000 bytes"):
        read(MAGIC + b"\x75" + desc("[B", 2) + huge(100_000) + bytes(100_000))
    monkeypatch.setattr(java_stream, "MAX_HANDLES", 3)
    with pytest.raises(UserError, match="more than 3 objects"):
        read(MAGIC + (b"\x74" + text("x")) * 4)
