"""Reader of Java's object streams (Java Object Serialization Specification, chapter 6) as plain data; no code is run.

An object becomes a dict: its class's name under CLASS, its fields (those of superclasses too), and what its class wrote
by hand (bytes and objects) as a list under WRITTEN. Strings become str, numbers int, float or bool, arrays lists (of
bytes: bytes), constants of an enum their names, classes theirs. No name in a stream is looked up anywhere, so a stream
can do no more than be wrong, which gives a UserError with the offset of the byte.

A stream may come from a stranger: a length is compared with the bytes that can follow before memory is taken.
"""

import struct
from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple, NoReturn

from beepsim.errors import UserError

CLASS = "class"
WRITTEN = "written"
FORGOTTEN = "forgotten"
"""What stands for a reference to an object of an earlier record."""
MAGIC = b"\xac\xed\x00\x05"
FIRST_HANDLE = 0x7E0000
MAX_HANDLES = 50_000_000
MAX_DEPTH = 60
MAX_RECORD_BYTES = 16_000_000
MAX_RECORD_VALUES = 1_000_000
"""Limits on one object of the stream and all inside it; a turn of two robots is 1 kB, 60 values, and six deep."""
CHUNK = 1 << 16

NULL, REFERENCE, CLASS_DESC, OBJECT, TEXT, ARRAY, CLASS_OBJECT, BLOCK, END, RESET = range(0x70, 0x7A)
LONG_BLOCK, EXCEPTION, LONG_TEXT, PROXY_DESC, ENUM = range(0x7A, 0x7F)
WRITES_ITSELF, SERIALIZABLE, EXTERNALIZABLE, IN_BLOCKS = 1, 2, 4, 8  # bits of a class's flags
PRIMITIVES = {"B": "b", "C": "H", "D": "d", "F": "f", "I": "i", "J": "q", "S": "h", "Z": "?"}
"""Java's letters for its types and those of the module struct."""
KEPT = (str, int, float, type(None))


class ClassDesc(NamedTuple):
    """What a stream says of a class; the fields of primitive types come before those that are objects."""

    name: str
    flags: int
    primitives: struct.Struct
    primitive_names: tuple[str, ...]
    object_names: tuple[str, ...]
    lineage: "tuple[ClassDesc, ...]"  # the classes that it extends, the topmost first


class Reader:
    """Reads a stream of `size` bytes, object after object; `where` names it in errors."""

    def __init__(self, stream: IO[bytes], size: int, where: str) -> None:
        self.stream, self.size, self.where = stream, size, where
        self.buffer, self.start, self.place = b"", 0, 0  # the stream's bytes from `start` on; `place` is in them
        self.limit = size
        self.handles: list[Any] = []
        self.depth = self.values = 0
        self.readers: dict[int, Callable[[], Any]] = {
            NULL: lambda: None,
            REFERENCE: self.read_reference,
            CLASS_DESC: self.read_class_desc,
            OBJECT: self.read_object,
            TEXT: lambda: self.remember(self.read_text(2)),
            LONG_TEXT: lambda: self.remember(self.read_text(8)),
            ARRAY: self.read_array,
            CLASS_OBJECT: self.read_class,
            ENUM: self.read_enum,
            BLOCK: lambda: self.take(self.number(1)),
            LONG_BLOCK: lambda: self.take(self.number(4)),
        }

    @property
    def position(self) -> int:
        """How many bytes of the stream have been read."""
        return self.start + self.place

    def fail(self, mistake: str) -> NoReturn:
        raise UserError(f"{self.where}: byte {self.position}: {mistake}")

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        begin = self.place
        if begin + count > len(self.buffer):
            self.fill(count)
            begin = 0
        self.place = begin + count
        return self.buffer[begin : self.place]

    def fill(self, count: int) -> None:
        """Has the buffer begin here and hold `count` bytes."""
        here = self.position
        if count > self.size - here:
            self.fail(f"{count} bytes should follow, but the stream ends at byte {self.size}: it is cut off or damaged")
        if count > self.limit - here:
            self.fail(f"an object of more than {MAX_RECORD_BYTES} bytes; no turn of a battle is so large")
        rest = self.buffer[self.place :]
        pieces = [rest]
        missing = max(count - len(rest), CHUNK)
        while missing > 0 and (piece := self.stream.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        self.buffer, self.start, self.place = b"".join(pieces), here, 0
        if count > len(self.buffer):
            self.fail(f"the stream is cut off; {count} bytes should follow")

    def number(self, size: int) -> int:
        """An integer of `size` bytes, without sign."""
        return int.from_bytes(self.take(size))

    def read_all(self) -> Iterator[Any]:
        """Every object that the stream holds, one in memory at a time."""
        if self.take(4) != MAGIC:
            self.place = 0
            self.fail(f"not a Java object stream: it must begin with {MAGIC.hex(' ')}")
        while self.position < self.size:
            first = len(self.handles)
            self.limit, self.values = self.position + MAX_RECORD_BYTES, 0
            value = self.read_value()
            yield value
            # Java's streams keep every object for references to it; what a recording refers to later are classes,
            # constants and strings, and two million dicts would not fit into memory.
            for index in range(first, len(self.handles)):
                if not isinstance(self.handles[index], (*KEPT, ClassDesc)):
                    self.handles[index] = FORGOTTEN

    def read_value(self) -> Any:
        """Whatever comes next: an object, an array, a string, a block of bytes."""
        tag = self.take(1)[0]
        read = self.readers.get(tag)
        while tag == RESET and self.depth == 0:
            self.handles.clear()
            tag = self.take(1)[0]
            read = self.readers.get(tag)
        self.values += 1
        if read is None or self.depth >= MAX_DEPTH or self.values > MAX_RECORD_VALUES:
            self.place -= 1
            if read is None:
                self.fail(f"{tag:#04x} is nothing that a recording holds here")
            self.fail(f"objects nested {MAX_DEPTH} deep, or more than {MAX_RECORD_VALUES} in one; no turn is so large")
        self.depth += 1
        value = read()
        self.depth -= 1
        return value

    def remember(self, value: Any) -> Any:
        if len(self.handles) >= MAX_HANDLES:
            self.fail(f"more than {MAX_HANDLES} objects")
        self.handles.append(value)
        return value

    def read_reference(self) -> Any:
        index = self.number(4) - FIRST_HANDLE
        if not 0 <= index < len(self.handles):
            self.fail(f"a reference to object {index}, but there are {len(self.handles)} so far")
        return self.handles[index]

    def read_text(self, size: int) -> str:
        """A text after its length in `size` bytes, in Java's UTF-8: a null is two bytes, a character beyond 16 bits a
        pair of surrogates of three bytes each."""
        data = self.take(self.number(size))
        try:
            text = data.replace(b"\xc0\x80", b"\x00").decode("utf-8", "surrogatepass")
            return text if text.isascii() else text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
        except UnicodeDecodeError as error:
            self.fail(f"text that is not UTF-8 ({error.reason})")

    def read_class_desc(self) -> ClassDesc:
        name = self.read_text(2)
        self.take(8)  # the version of the class: fields go by their names
        handle = len(self.handles)
        self.remember(None)
        flags = self.number(1)
        primitives, objects = [], []
        for _ in range(self.number(2)):
            letter, field = chr(self.number(1)), self.read_text(2)
            if letter in "L[":
                self.read_value()  # its class, which its value says too
                objects.append(field)
            elif letter in PRIMITIVES and not objects:
                primitives.append((PRIMITIVES[letter], field))
            else:
                self.fail(f"field '{field}' of {name} has the type {letter!r}, which none can have there")
        self.read_written()
        parent = self.read_desc()
        desc = ClassDesc(
            name,
            flags,
            struct.Struct(">" + "".join(letter for letter, _ in primitives)),
            tuple(field for _, field in primitives),
            tuple(objects),
            (*parent.lineage, parent) if parent else (),
        )
        if len(desc.lineage) > MAX_DEPTH:
            self.fail(f"{name} extends more than {MAX_DEPTH} classes")
        self.handles[handle] = desc
        return desc

    def read_desc(self) -> ClassDesc | None:
        desc = self.read_value()
        if desc is not None and not isinstance(desc, ClassDesc):
            self.fail("no class where one must be named")
        return desc

    def read_known_desc(self) -> ClassDesc:
        return self.read_desc() or self.fail("an object without a class")

    def read_written(self) -> list[Any]:
        """What a class wrote by hand, up to the mark that ends it."""
        found = []
        while self.take(1)[0] != END:
            self.place -= 1
            found.append(self.read_value())
        return found

    def read_object(self) -> dict[str, Any]:
        desc = self.read_known_desc()
        found: dict[str, Any] = self.remember({})
        written = []
        for part in (*desc.lineage, desc):
            if part.flags & SERIALIZABLE:
                if part.primitive_names:
                    values = part.primitives.unpack(self.take(part.primitives.size))
                    found.update(zip(part.primitive_names, values, strict=True))
                for name in part.object_names:
                    found[name] = self.read_value()
            elif not part.flags & EXTERNALIZABLE or not part.flags & IN_BLOCKS:
                self.fail(f"an object of {part.name}, whose flags {part.flags:#04x} say nothing of its form")
            if part.flags & (WRITES_ITSELF | EXTERNALIZABLE):
                written += self.read_written()
        found[CLASS], found[WRITTEN] = desc.name, written  # the last: a stranger's fields may be called anything
        return found

    def read_array(self) -> Any:
        desc = self.read_known_desc()
        handle = len(self.handles)
        self.remember(FORGOTTEN)
        length, letter = self.number(4), desc.name[1:2]
        if not desc.name.startswith("[") or (length > MAX_RECORD_VALUES and letter != "B"):
            self.fail(f"an array of {length} elements, of class {desc.name!r}; no turn of a battle holds one")
        if letter in PRIMITIVES:
            data = self.take(length * struct.calcsize(PRIMITIVES[letter]))
            found = data if letter == "B" else list(struct.unpack(f">{length}{PRIMITIVES[letter]}", data))
        else:
            found = [self.read_value() for _ in range(length)]
        self.handles[handle] = found
        return found

    def read_class(self) -> str:
        return self.remember(self.read_known_desc().name)

    def read_enum(self) -> str:
        self.read_known_desc()
        handle = len(self.handles)
        self.remember(FORGOTTEN)
        name = self.read_value()
        if not isinstance(name, str):
            self.fail("a constant of an enum whose name is no text")
        self.handles[handle] = name
        return name
