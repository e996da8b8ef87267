"""Finds bots by name or path, and tells their name, version and content hash.

A bot is named by one part, or two joined by `+`: `circle` (a movement, which never fires), `circle+linear` (a movement
with a gun), `path/to/mybot.py`, `circle+path/to/mygun.py`. A part is one file that defines `move`, `aim` or `turn` (see
`compiled.py`); names are those of the files in `bots/` beside the package, where the README's set-up leaves them.
"""

import difflib
import hashlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FunctionType, ModuleType

import numpy as np

from beepsim.errors import UserError
from beepsim.jit import PACKAGE, jit
from beepsim.robots import compiled

BOTS = PACKAGE.parent / "bots"
MOVEMENT, GUN, WHOLE = "move", "aim", "turn"
KINDS = {MOVEMENT: "movement", GUN: "gun", WHOLE: "whole bot"}
ARGUMENTS = {
    MOVEMENT: ("view", "events", "target", "memory", "command", "random"),
    GUN: ("view", "events", "target", "memory", "command", "random"),
    WHOLE: ("view", "events", "memory", "command", "random"),
}
DEFAULT_VERSION = "1.0"
MAX_SOURCE_BYTES = 1_000_000


@dataclass(frozen=True)
class Part:
    """One file: `kind` is the name of the function that it defines, `arguments` those which that function asks for."""

    name: str
    kind: str
    path: Path
    version: str
    hash: str
    arguments: tuple[str, ...]
    memory: np.dtype | None


@dataclass(frozen=True)
class Bot:
    """A movement, a movement with a gun, or a whole bot. `hash` is SHA-256 over its source files."""

    name: str
    version: str
    hash: str
    parts: tuple[Part, ...]

    @property
    def has_gun(self) -> bool:
        """Whether it may fire: a bare movement never does."""
        return any(part.kind in (GUN, WHOLE) for part in self.parts)


def list_bots() -> dict[str, list[str]]:
    """Names of the parts in `bots/`, by kind (`move`, `aim`, `turn`)."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for path in sorted(BOTS.glob("*.py")):
        found[load_part(path).kind].append(path.stem)
    return found


def load_bot(spec: str) -> Bot:
    """The bot of that name or those paths. Raises UserError for what is unknown, does not import or does not fit."""
    names = [spec] if Path(spec).is_file() else [name.strip() for name in spec.split("+")]
    parts = tuple(load_part(find_part(name, spec)) for name in names)
    kinds = [part.kind for part in parts]
    if kinds not in ([WHOLE], [MOVEMENT], [MOVEMENT, GUN]):
        found = " + ".join(f"{part.name} (a {KINDS[part.kind]})" for part in parts)
        raise UserError(f"bot '{spec}' is {found}; give a movement, a movement+gun, or a whole bot")
    whole_hash = (
        parts[0].hash if len(parts) == 1 else hashlib.sha256("".join(p.hash for p in parts).encode()).hexdigest()
    )
    versions = list(dict.fromkeys(part.version for part in parts))
    return Bot("+".join(part.name for part in parts), "+".join(versions), whole_hash, parts)


def find_part(name: str, spec: str) -> Path:
    """The file of a part given by name or path."""
    if name.endswith(".py") or "/" in name or "\\" in name:
        if not Path(name).is_file():
            raise UserError(f"bot '{spec}': there is no file {name}")
        return Path(name)
    path = BOTS / f"{name}.py"
    if re.fullmatch(r"\w+", name) and path.is_file():
        return path
    if not BOTS.is_dir():
        raise UserError(f"bot '{spec}': names need the folder {BOTS}, which is not there; give the path of a .py file")
    known = list_bots()
    near = difflib.get_close_matches(name, [one for names in known.values() for one in names], n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    lists = "; ".join(f"{KINDS[kind]}s: {', '.join(names)}" for kind, names in known.items() if names)
    raise UserError(f"bot '{spec}': there is no bot named '{name}'; {meant}{lists}; or give the path of a .py file")


@cache
def load_part(path: Path) -> Part:
    """Reads what a bot's file defines. Raises UserError where it cannot be imported or lacks what a part needs."""
    module = load_module(path)
    defined = [kind for kind in KINDS if isinstance(getattr(module, kind, None), FunctionType)]
    if len(defined) != 1:
        many = f"defines {' and '.join(defined)}" if defined else "defines none of them"
        raise UserError(f"{path}: a bot's file defines one function named move, aim or turn; this one {many}")
    kind = defined[0]
    arguments = tuple(inspect.signature(getattr(module, kind)).parameters)
    for argument in arguments:
        if argument not in ARGUMENTS[kind]:
            raise UserError(f"{path}: {kind} asks for '{argument}'; it can have {', '.join(ARGUMENTS[kind])}")
    memory = getattr(module, "MEMORY", None)
    if memory is not None and not (isinstance(memory, np.dtype) and memory.names and not memory.hasobject):
        raise UserError(f"{path}: MEMORY is {memory!r}; it must be a numpy dtype with named fields of plain numbers")
    if "memory" in arguments and memory is None:
        raise UserError(f"{path}: {kind} asks for 'memory', but the file defines no dtype MEMORY")
    version = getattr(module, "VERSION", DEFAULT_VERSION)
    if not isinstance(version, str):
        raise UserError(f'{path}: VERSION is {version!r}; it must be a text such as "1.0"')
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Part(path.stem, kind, path.resolve(), version, digest, arguments, memory)


def load_module(path: Path, is_compiled: bool = False) -> ModuleType:
    """The module at `path` as it is, or with each function it defines replaced by its compiled self.

    The name is fixed by path and contents, because numba's cache looks modules up by name when it is read again.
    """
    try:
        if path.stat().st_size > MAX_SOURCE_BYTES:
            raise UserError(f"{path}: {path.stat().st_size} bytes; a bot's file has at most {MAX_SOURCE_BYTES}")
        content = hashlib.sha256(str(path.resolve()).encode() + b"\0" + path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    name = f"beepsim_{'compiled' if is_compiled else 'plain'}_{path.stem}_{content}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise UserError(f"{path}: not a Python file; its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # whatever a stranger's file raises is the user's to know
        raise UserError(f"{path}: cannot be imported: {type(error).__name__}: {error}") from error
    if is_compiled:
        compile_functions(module)
    sys.modules[name] = module
    return module


def compile_functions(module: ModuleType) -> None:
    """Replaces the functions that a module defines, and those of compiled.py that it imports, by compiled ones."""
    for key, value in list(vars(module).items()):
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            # A bot that runs past the end of an array must not write into another's memory. Without entry points for
            # Python and C, which nobody uses, functions compile faster.
            options = {"boundscheck": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
            setattr(module, key, jit(value, **options))
        elif isinstance(value, FunctionType) and value.__module__ == compiled.__name__:
            setattr(module, key, getattr(compiled_helpers(), value.__name__))
        elif value is compiled:
            setattr(module, key, compiled_helpers())


def compiled_helpers() -> ModuleType:
    """compiled.py once more, with its functions compiled."""
    return load_module(Path(compiled.__file__), is_compiled=True)


def part_function(part: Part, is_compiled: bool) -> Callable:
    return getattr(load_module(part.path, is_compiled), part.kind)
