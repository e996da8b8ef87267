"""Finds bots by name or path, and tells their name, version and content hash.

A bot is named by one part, or two joined by `+`: `circle` (a movement, which never fires), `circle+linear` (a movement
with a gun), `sample.Walls` (a class), `path/to/mybot.py`, `circle+path/to/mygun.py`. A part is one file that defines
`move`, `aim` or `turn` (see `compiled.py`), or one class that derives from JuniorRobot, Robot, AdvancedRobot or
RateControlRobot. Names are those of the files in `bots/` beside the package, where the README's set-up leaves them, and
of its folders: `sample.Walls` is class Walls in `bots/sample/walls.py`. `settings.py` tells what may follow a part's
name.
"""

import ast
import difflib
import hashlib
import inspect
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from beepsim.engine.state import ADVANCED, JUNIOR, STANDARD
from beepsim.errors import UserError
from beepsim.jit import PACKAGE
from beepsim.robots.guard import recursive_function
from beepsim.robots.modules import FUNCTIONS, GUN, MOVEMENT, PREPARE, WHOLE, failure, load_module
from beepsim.robots.settings import (
    Declared,
    Settled,
    declared_settings,
    is_file,
    part_label,
    settings_hash,
    settle,
    split_spec,
    texts_of,
)

BOTS = PACKAGE.parent / "bots"
ROBOT = "robot"
KINDS = {MOVEMENT: "movement", GUN: "gun", WHOLE: "whole bot", ROBOT: "robot"}
# By name: the classes' modules stand on those that run bots, which stand on this one.
BASES = {"RateControlRobot": ADVANCED, "AdvancedRobot": ADVANCED, "JuniorRobot": JUNIOR, "Robot": STANDARD}
DUE = (
    "a bot's file defines one function named move, aim or turn, or one class that derives from JuniorRobot, Robot, "
    "AdvancedRobot or RateControlRobot of beepsim.robots"
)
ARGUMENTS = {
    MOVEMENT: ("view", "events", "target", "memory", "command", "random"),
    GUN: ("view", "events", "target", "memory", "command", "random"),
    WHOLE: ("view", "events", "memory", "command", "random"),
}
DEFAULT_VERSION = "1.0"


@dataclass(frozen=True)
class Part:
    """One file: `kind` is the name of the function that it defines, `arguments` those which that function asks for.

    `settings` are their keys and defaults, `prepares` says whether it defines `prepare`. A file with a class is of kind
    `robot`; `class_name` and `base` name that class and the one of BASES above it.
    """

    name: str
    kind: str
    path: Path
    version: str
    hash: str
    arguments: tuple[str, ...]
    memory: np.dtype | None
    class_name: str = ""
    base: str = ""
    settings: Declared = ()
    prepares: bool = False


@dataclass(frozen=True)
class Bot:
    """A movement, a movement with a gun, or a whole bot; `settings` are those of each part, with every key.

    `hash` is SHA-256 over its source files, the settings that were given, and the files that any setting names.
    """

    name: str
    version: str
    hash: str
    parts: tuple[Part, ...]
    settings: tuple[Settled, ...]

    @property
    def has_gun(self) -> bool:
        """Whether it may fire: a bare movement never does."""
        return any(part.kind != MOVEMENT for part in self.parts)

    @property
    def robot_kind(self) -> int:
        """What it is to the engine; compiled bots give orders without waiting, as advanced robots do."""
        return BASES.get(self.parts[0].base, ADVANCED)


def list_parts() -> list[Part]:
    """The parts in `bots/` and the folders in it."""
    return [load_part(path) for path in sorted(BOTS.rglob("*.py"))]


def list_bots() -> dict[str, list[str]]:
    """Names of the parts in `bots/`, by kind (`move`, `aim`, `turn`, `robot`)."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for part in list_parts():
        found[part.kind].append(part.name)
    return found


def load_bot(
    spec: str,
    movement: Mapping[str, Any] | None = None,
    gun: Mapping[str, Any] | None = None,
    bot: Mapping[str, Any] | None = None,
) -> Bot:
    """The bot of that name or those paths, with the settings in the text and those given for its movement, its gun or
    the whole bot: `load_bot("circle+learned:power=2", gun={"weights": path})`.

    Raises UserError for what is unknown, does not import or does not fit.
    """
    choices = split_spec(spec)
    parts = tuple(load_part(find_part(name, spec)) for name, _ in choices)
    kinds = [part.kind for part in parts]
    if kinds not in ([ROBOT], [WHOLE], [MOVEMENT], [MOVEMENT, GUN]):
        found = " + ".join(f"{part.name} (a {KINDS[part.kind]})" for part in parts)
        raise UserError(f"bot '{spec}' is {found}; give a movement, a movement+gun, a whole bot, or a robot")
    texts = [dict(given) for _, given in choices]
    for key, values, meant in (("movement", movement, (MOVEMENT,)), ("gun", gun, (GUN,)), ("bot", bot, (WHOLE, ROBOT))):
        if values is not None:
            place = next((place for place, kind in enumerate(kinds) if kind in meant), None)
            if place is None:
                raise UserError(f"bot '{spec}': settings of its {key} were given, but it has no {key}")
            texts[place] |= texts_of(values, f"bot '{spec}'")
    return settled_bot(parts, texts, spec)


def settled_bot(parts: tuple[Part, ...], texts: Sequence[Mapping[str, str]], spec: str) -> Bot:
    """The bot of these parts with the settings given for each. Raises UserError for settings that do not fit."""
    settings, names, hashes = [], [], []
    for part, given in zip(parts, texts, strict=True):
        settled = settle(part.settings, given, part.name, part.path, spec)
        settings.append(settled)
        names.append(part_label(part.name, settled, given))
        hashes.append(settings_hash(part.hash, settled, given))
    whole_hash = hashes[0] if len(hashes) == 1 else hashlib.sha256("".join(hashes).encode()).hexdigest()
    versions = list(dict.fromkeys(part.version for part in parts))
    return Bot("+".join(names), "+".join(versions), whole_hash, parts, tuple(settings))


def is_path(name: str) -> bool:
    return name.endswith(".py") or "/" in name or "\\" in name


def find_part(name: str, spec: str) -> Path:
    """The file of a part given by name or path."""
    if is_path(name):
        if not is_file(name):
            raise UserError(f"bot '{spec}': there is no file {name}")
        return Path(name)
    if not BOTS.is_dir():
        raise UserError(f"bot '{spec}': names need the folder {BOTS}, which is not there; give the path of a .py file")
    path = named_file(name)
    if path is not None:
        return path
    known = list_bots()
    near = near_misses(name, [one for names in known.values() for one in names])
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    lists = "; ".join(f"{KINDS[kind]}s: {', '.join(names)}" for kind, names in known.items() if names)
    raise UserError(f"bot '{spec}': there is no bot named '{name}'; {meant}{lists}; or give the path of a .py file")


def named_file(name: str) -> Path | None:
    """The file of the part of that name in `bots/`, None where there is none."""
    *folders, last = name.split(".")
    if re.fullmatch(r"\w+(\.\w+)*", name):
        usual = BOTS.joinpath(*folders, f"{last}.py")
        for path in (usual,) if is_file(usual) else sorted(BOTS.joinpath(*folders).glob("*.py")):
            if plain(path.stem) == plain(last) and load_part(path).name == name:
                return path
    return None


def plain(name: str) -> str:
    """The same for `MyFirstRobot` and `my_first_robot`."""
    return name.replace("_", "").lower()


def near_misses(name: str, known: list[str]) -> list[str]:
    """Names that may have been meant; `Walls` and `sample.walls` mean `sample.Walls`."""
    same = [one for one in known if plain(one) == plain(name) or plain(one.split(".")[-1]) == plain(name)]
    return same or difflib.get_close_matches(name, known, n=3, cutoff=0.5)


def name_of(path: Path, last: str) -> str:
    """What the part is called: with the folders below `bots/` in which it lies."""
    if path.resolve().is_relative_to(BOTS.resolve()):
        return ".".join([*path.resolve().parent.relative_to(BOTS.resolve()).parts, last])
    return last


def load_part(path: Path) -> Part:
    """Reads what a bot's file defines. Raises UserError where it cannot be imported or lacks what a part needs."""
    try:
        status = path.stat()
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    return read_part(path, (status.st_mtime_ns, status.st_size))


@cache
def read_part(path: Path, state: tuple[int, int]) -> Part:
    """`load_part`, once for each state of the file: in a notebook it may be edited between two battles."""
    module = load_module(path)
    version = getattr(module, "VERSION", DEFAULT_VERSION)
    if not isinstance(version, str) or not version.isprintable():
        raise UserError(f'{path}: VERSION is {version!r}; it must be a text that can be printed, such as "1.0"')
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    bases = robot_bases(module)
    if len(bases) > 1:
        names, lines = list(bases), ", ".join(str(line_of(path, name)) for name in bases)
        raise UserError(f"{path}, lines {lines}: {DUE}; this one defines the classes {' and '.join(names)}")
    if bases:
        ((class_name, base),) = bases.items()
        refuse_wrong_methods(path, getattr(module, class_name))
        return Part(name_of(path, class_name), ROBOT, path.resolve(), version, digest, (), None, class_name, base)
    defined = [kind for kind in FUNCTIONS if isinstance(getattr(module, kind, None), FunctionType)]
    if len(defined) != 1:
        raise UserError(told_what_is_due(path, module, defined))
    kind = defined[0]
    if recursive := recursive_function(path.read_bytes()):
        raise UserError(f"{path}, line {recursive.lineno}: {recursive.name} calls itself; write it as a loop")
    arguments = tuple(inspect.signature(getattr(module, kind)).parameters)
    for argument in arguments:
        if argument not in ARGUMENTS[kind]:
            raise UserError(f"{path}: {kind} asks for '{argument}'; it can have {', '.join(ARGUMENTS[kind])}")
    memory = getattr(module, "MEMORY", None)
    if memory is not None and not (isinstance(memory, np.dtype) and memory.names and not memory.hasobject):
        raise UserError(f"{path}: MEMORY is {memory!r}; it must be a numpy dtype with named fields of plain numbers")
    if "memory" in arguments and memory is None:
        raise UserError(f"{path}: {kind} asks for 'memory', but the file defines no dtype MEMORY")
    refuse_hidden_fields(path, memory)
    settings = declared_settings(path, getattr(module, "SETTINGS", {}))
    prepares = isinstance(getattr(module, PREPARE, None), FunctionType)
    refuse_useless_settings(path, module, memory, settings, prepares)
    name = name_of(path, path.stem)
    return Part(name, kind, path.resolve(), version, digest, arguments, memory, settings=settings, prepares=prepares)


def refuse_useless_settings(
    path: Path, module: ModuleType, memory: np.dtype | None, settings: Declared, prepares: bool
) -> None:
    """Settings act by `prepare` alone, which acts by the memory alone."""
    if settings and not prepares:
        raise UserError(f"{path}: SETTINGS act on nothing without a function prepare(settings, memory)")
    if prepares and memory is None:
        raise UserError(f"{path}: prepare fills in the memory, but the file defines no dtype MEMORY")
    if prepares and tuple(inspect.signature(module.prepare).parameters) != ("settings", "memory"):
        raise UserError(f"{path}: prepare must have the arguments (settings, memory)")
    if prepares and (inspect.isgeneratorfunction(module.prepare) or inspect.iscoroutinefunction(module.prepare)):
        raise UserError(f"{path}: prepare yields or is async, and would never run; write a plain function")


def refuse_hidden_fields(path: Path, memory: np.dtype | None) -> None:
    """In plain Python `memory.sum` is the method of numpy's records, whatever the field holds."""
    for name in memory.names or () if memory is not None else ():
        if hasattr(np.record, name):
            raise UserError(f"{path}: MEMORY has the field '{name}', which numpy's records have too; call it otherwise")


def robot_bases(module: ModuleType) -> dict[str, str]:
    """The robot classes that a module defines itself, without those that another of them derives from, and the class
    of the API that each derives from."""
    own = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__]
    found = {}
    for value in own:
        apis = [one.__name__ for one in value.__mro__ if one.__module__.startswith("beepsim.robots.")]
        base = next((name for name in apis if name in BASES), None)
        if base and not any(value in other.__mro__[1:] for other in own):
            found[value.__name__] = base
    return found


def refuse_wrong_methods(path: Path, robot: type) -> None:
    """A handler that kept its name in Java or is misspelt would never be called, one that yields would not run."""
    called = {name for base in robot.__mro__ if base.__module__.startswith("beepsim.robots.") for name in vars(base)}
    for name in (one for one in dir(robot) if re.match("on[A-Z]|on_|run$", one)):
        method = getattr(robot, name)
        handler = re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()
        if handler != name:
            if str(getattr(getattr(robot, handler, None), "__module__", "")).startswith("beepsim.robots."):
                raise UserError(f"{path}: {robot.__name__}.{name} would never be called; here it is {handler}")
        elif name not in called and (near := difflib.get_close_matches(name, called, 1, 0.85)):
            raise UserError(f"{path}: {robot.__name__}.{name} would never be called; did you mean {near[0]}?")
        elif inspect.isgeneratorfunction(method) or inspect.iscoroutinefunction(method):
            raise UserError(
                f"{path}, line {method.__code__.co_firstlineno}: {robot.__name__}.{name} yields or is async, and would "
                "never run; calls such as ahead() wait by themselves, write a plain function"
            )


def told_what_is_due(path: Path, module: ModuleType, defined: list[str]) -> str:
    """Why the file is no bot."""
    own = [one for one in vars(module).values() if isinstance(one, type) and one.__module__ == module.__name__]
    if own and not defined:
        parents = ", ".join(parent.__name__ for parent in own[0].__bases__)
        where = f"{path}, line {line_of(path, own[0].__name__)}"
        return f"{where}: {DUE}; class {own[0].__name__} derives from {parents}"
    return f"{path}: {DUE}; this one defines {' and '.join(defined) if defined else 'none of them'}"


def line_of(path: Path, class_name: str) -> int:
    """The line in which a class is defined."""
    nodes = ast.walk(ast.parse(path.read_bytes()))
    return next((node.lineno for node in nodes if isinstance(node, ast.ClassDef) and node.name == class_name), 1)


def robot_class(part: Part) -> type:
    """The class of a robot's file, from a fresh execution of it.

    So what a class or its module keeps lasts for one battle and one robot, as in Robocode, where each robot of a battle
    has its own class loader.
    """
    module = ModuleType(f"beepsim_robot_{part.path.stem}_{part.hash[:16]}")
    module.__file__ = str(part.path)
    # By name only the last one is found, by dataclasses for example while the file is executed.
    sys.modules[module.__name__] = module
    try:
        exec(code_of(part), vars(module))
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise UserError(failure(part.path, error)) from error
    return getattr(module, part.class_name)


@cache
def code_of(part: Part) -> CodeType:
    """The file's code, compiled once."""
    return compile(part.path.read_bytes(), str(part.path), "exec", dont_inherit=True)


def part_function(part: Part, is_compiled: bool) -> Callable:
    return getattr(load_module(part.path, is_compiled), part.kind)
