"""Bots' files as modules: executed as they are, or with their functions compiled."""

import hashlib
import sys
import traceback
from pathlib import Path
from types import FunctionType, ModuleType

from beepsim.errors import UserError
from beepsim.jit import jit
from beepsim.robots import compiled
from beepsim.robots.guard import LIMIT_ERROR, EndlessLoop, guarded_code

MOVEMENT, GUN, WHOLE, PREPARE = "move", "aim", "turn", "prepare"  # the functions that a bot's file may define
FUNCTIONS = (MOVEMENT, GUN, WHOLE)
MAX_SOURCE_BYTES = 1_000_000


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
    module = ModuleType(name)
    module.__file__ = str(path)
    setattr(module, LIMIT_ERROR, EndlessLoop)
    sys.modules[name] = module  # dataclasses look their module up while it is executed
    try:
        exec(guarded_code(path.read_bytes(), str(path)), vars(module))
    except KeyboardInterrupt:
        del sys.modules[name]
        raise
    except BaseException as error:  # whatever a stranger's file raises is the user's to know
        del sys.modules[name]
        raise UserError(failure(path, error)) from error
    if is_compiled:
        compile_functions(module)
    return module


def failure(path: Path, error: BaseException, what: str = "cannot be imported") -> str:
    """What a file raised when it was executed, and in which of its lines."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line, message = error.lineno, error.msg
    else:
        frames = traceback.extract_tb(error.__traceback__)
        own = path.resolve()  # it may have been executed under a relative path
        line = next((frame.lineno for frame in reversed(frames) if Path(frame.filename).resolve() == own), None)
        message = message_of(error)
    where = f"{path}, line {line}" if line else str(path)
    return f"{where}: {what}: {type(error).__name__}: {message}"


def message_of(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return "without a message that can be read"


def compile_functions(module: ModuleType) -> None:
    """Replaces the functions that a module defines, and those of compiled.py that it imports, by compiled ones."""
    for key, value in list(vars(module).items()):
        if key == PREPARE:  # runs as plain Python, from the plain module
            continue
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            # A bot that runs past the end of an array must not write into another's memory. Without an entry point for
            # Python, which nobody uses, functions compile faster; in one piece those of a turn's course run faster.
            is_inlined = key in (*FUNCTIONS, "run") or module.__file__ == compiled.__file__
            options = {"boundscheck": True, "no_cpython_wrapper": True, "forceinline": is_inlined}
            setattr(module, key, jit(value, **options))
        elif isinstance(value, FunctionType) and value.__module__ == compiled.__name__:
            setattr(module, key, getattr(compiled_helpers(), value.__name__))
        elif value is compiled:
            setattr(module, key, compiled_helpers())


def compiled_helpers() -> ModuleType:
    """compiled.py once more, with its functions compiled."""
    return load_module(Path(compiled.__file__), is_compiled=True)
