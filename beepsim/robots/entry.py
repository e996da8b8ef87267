"""From a bot's parts to one function that the battle loop calls by address, or to the same as plain Python.

The loop is compiled once for all bots because every bot has the same C signature; what differs (which functions are
called with which of the arguments, the dtype of the memory) is written into a small source file in the cache directory,
so that numba keeps its machine code like that of any other file.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core.errors import NumbaError
from numba.extending import intrinsic

from beepsim.engine.rows import rows
from beepsim.engine.state import COMMAND, EVENT
from beepsim.errors import UserError
from beepsim.files import write_text
from beepsim.jit import c_function, cache_root, source_hash
from beepsim.robots import compiled
from beepsim.robots.compiled import TARGET, VIEW
from beepsim.robots.loader import Part, part_function
from beepsim.robots.modules import WHOLE, compiled_helpers, load_module

Parts = tuple[Part, ...]

SIGNATURE = numba.types.void(
    numba.types.CPointer(numba.from_dtype(VIEW)),
    numba.types.CPointer(numba.from_dtype(EVENT)),
    numba.types.intp,  # number of events
    numba.types.voidptr,  # the bot's memory
    numba.types.CPointer(numba.from_dtype(COMMAND)),
    numba.types.CPointer(numba.types.int64),  # state of its random numbers
    numba.types.CPointer(numba.types.int64),  # set to 1 where the bot fails
)
ARGUMENT_COUNT = 7

ENTRY = """

def entry(view_at, events_at, count, memory_at, command_at, random_at, failed_at):
    view, memory, command = carray(view_at, 1)[0], carray(memory_at, 1, MEMORY)[0], carray(command_at, 1)[0]
    try:
        run(view, carray(events_at, count), memory, command, rows(carray(random_at, 1)))
    except Exception:
        carray(failed_at, 1)[0] = 1
"""


def name_of(parts: Parts) -> str:
    return "+".join(part.name for part in parts)


@cache
def memory_dtype(parts: Parts) -> np.dtype:
    """What the bot keeps from turn to turn: TARGET unless it is a whole bot, and the memory of each part."""
    fields: list[tuple[str, Any]] = [] if parts[0].kind == WHOLE else [("target", TARGET)]
    fields += [(part.kind, part.memory) for part in parts if part.memory is not None]
    return aligned(np.dtype(fields or [("nothing", "i8")]))


def aligned(dtype: np.dtype) -> np.dtype:
    """The dtype as record, with aligned fields at every depth: numba takes them for aligned, authors need not."""
    if dtype.subdtype is not None:
        return np.dtype((aligned(dtype.subdtype[0]), dtype.subdtype[1]))
    if dtype.names is None:
        return dtype
    # numpy's records have no alignment of their own, so that where they are fields their place must be told.
    layout = aligned_struct(dtype)
    assert layout.fields is not None
    offsets = [layout.fields[name][1] for name in dtype.names]
    fields = {"names": dtype.names, "formats": [aligned(dtype[name]) for name in dtype.names], "offsets": offsets}
    return np.dtype((np.record, np.dtype(fields | {"itemsize": layout.itemsize}, align=True)))  # type: ignore[call-overload]


def aligned_struct(dtype: np.dtype) -> np.dtype:
    """The same as plain structure."""
    if dtype.subdtype is not None:
        return np.dtype((aligned_struct(dtype.subdtype[0]), dtype.subdtype[1]))
    if dtype.names is None:
        return dtype
    fields = [(name, aligned_struct(dtype[name])) for name in dtype.names]
    return np.dtype(fields, align=True)


def run_source(parts: Parts) -> str:
    """Text of `run`: the call of each part's function with the arguments that it asks for."""
    lines = ["def run(view, events, memory, command, random):"]
    if parts[0].kind != WHOLE:
        lines += ["track(view, events, memory.target)", "lock_radar(view, memory.target, command)"]
    for part in parts:
        given = {"memory": f"memory.{part.kind}", "target": "memory.target"}
        lines.append(f"{part.kind}({', '.join(given.get(name, name) for name in part.arguments)})")
    return "\n    ".join(lines) + "\n"


def entry_file(parts: Parts) -> Path:
    """The bot's source file in the cache directory, made where it is missing; named by all that it is compiled from."""
    sources = [source_hash(Path(__file__)), *(f"{part.path} {source_hash(part.path)}" for part in parts)]
    # Escaped, since nothing in a name or a path may end the comment.
    comments = [f"# {line.encode('unicode_escape').decode()}" for line in (name_of(parts), *sources)]
    text = "\n".join([*comments, "from numba import carray", "", ""])
    text += run_source(parts) + ENTRY
    path = cache_root() / "bots" / f"bot_{hashlib.sha256(text.encode()).hexdigest()[:16]}.py"
    if not path.exists():
        write_text(path, text)
    return path


def entry_module(parts: Parts, is_compiled: bool) -> ModuleType:
    """The module of that file, with all that its functions call: plain Python, or compiled."""
    module = load_module(entry_file(parts), is_compiled)
    variables = vars(module)
    variables["MEMORY"], variables["rows"] = memory_dtype(parts), rows
    helpers = compiled_helpers() if is_compiled else compiled
    variables["track"], variables["lock_radar"] = helpers.track, helpers.lock_radar
    for part in parts:
        variables[part.kind] = part_function(part, is_compiled)
    return module


def plain_function(parts: Parts) -> Callable[..., None]:
    """The bot as a Python function (view, events, memory, command, random) over numpy records."""
    return entry_module(parts, is_compiled=False).run


@cache
def compiled_entry(parts: Parts) -> Any:
    """The bot as a C function of SIGNATURE; its `address` is good for as long as the process lives.

    Raises UserError where numba cannot compile the bot's functions.
    """
    module = entry_module(parts, is_compiled=True)
    try:
        return c_function(module.entry.py_func, SIGNATURE)
    except Exception as error:  # numba raises its own errors for most mistakes, KeyError for a misspelt field
        reason = " ".join(line.strip() for line in str(error).splitlines() if line.strip())[:600]
        files = ", ".join(str(part.path) for part in parts)
        kind = "" if isinstance(error, NumbaError) else f"{type(error).__name__}: "
        if isinstance(error, KeyError):
            reason += ", no field of that name; the same `beepsim battle` with --uncompiled shows where"
        raise UserError(f"bot '{name_of(parts)}' ({files}) cannot be compiled: {kind}{reason}") from error


@intrinsic
def call_bot(typing, address, view, events, count, memory, command, random, failed):  # type: ignore[no-untyped-def]
    """Calls the C function of SIGNATURE at `address`; every argument is an int64, seven of them addresses."""
    signature = numba.types.void(*[numba.types.int64] * (ARGUMENT_COUNT + 1))

    def build(context, builder, _, arguments):  # type: ignore[no-untyped-def]
        integer = ir.IntType(64)
        kind = ir.FunctionType(ir.VoidType(), [integer] * ARGUMENT_COUNT)
        builder.call(builder.inttoptr(arguments[0], kind.as_pointer()), arguments[1:])
        return context.get_dummy_value()

    return signature, build
