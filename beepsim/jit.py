"""How all compiled code of beepsim is compiled, and where the machine code is kept.

Bit-equality with Robocode rests on three settings: no fastmath, no contraction to fused multiply-add (LLVM's default
for plain float64 code), and division that yields infinities and NaN as Java's does. Numba's own cache compares a
function with *its* file only, so an edit to `rules.py` would leave a stale engine behind; here the cache directory of a
module is named by a hash over that module and every module of the package that it imports, directly or not.
"""

import ast
import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy
from numba.core import types
from numba.extending import lower_builtin, type_callable

PACKAGE = Path(__file__).parent
COMPILER_FRAMES = 20_000
# Nothing calls compiled functions through C function pointers but what `c_function` makes. Without the last, numba puts
# all that a function with forceinline calls into each of its callers as well.
DEFAULTS: dict[str, Any] = {"cache": True, "error_model": "numpy", "no_cfunc_wrapper": True, "forceinline": False}


@cache
def imported_sources(path: Path) -> frozenset[Path]:
    """Files of the package that the module at `path` imports in its own text."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if name.split(".")[0] == PACKAGE.name:
                stem = PACKAGE.joinpath(*name.split(".")[1:])
                found |= {file for file in (stem.with_suffix(".py"), stem / "__init__.py") if file.is_file()}
    return frozenset(found)


def source_closure(path: Path) -> Iterator[Path]:
    """`path` and every file of the package that it imports, directly or not, in a fixed order."""
    seen, waiting = set(), [path]
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting.extend(imported_sources(file))
    yield from sorted(seen)


@cache
def source_hash(path: Path) -> str:
    """First 16 hexadecimal digits of SHA-256 over the sources that compiled code in `path` is made from."""
    digest = hashlib.sha256(f"{numba.__version__} {numpy.__version__}".encode())
    for file in source_closure(path):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_root() -> Path:
    """Where machine code is kept: BEEPSIM_CACHE_DIR, else `beepsim` in the user's cache directory."""
    named = os.environ.get("BEEPSIM_CACHE_DIR")
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beepsim"
    root = Path(named) if named else user
    try:
        root.mkdir(parents=True, exist_ok=True)
        if os.access(root, os.W_OK):
            return root
    except OSError:
        pass  # a read-only home (containers, build users) costs the lasting cache, not the run
    return Path(tempfile.mkdtemp(prefix="beepsim-"))


@contextmanager
def cache_of(function: Callable) -> Iterator[None]:
    """Has numba keep the machine code of what is declared in the block under the hash of the function's sources."""
    previous = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(cache_root() / source_hash(Path(function.__code__.co_filename)))  # type: ignore[attr-defined]
    try:
        yield
    finally:
        numba.config.CACHE_DIR = previous  # type: ignore[attr-defined]


def jit(function: Callable | None = None, **options: Any) -> Any:
    """`numba.njit` with beepsim's settings; used bare (`@jit`) or with options (`@jit(inline="always")`)."""
    if function is None:
        return lambda decorated: jit(decorated, **options)
    with cache_of(function):
        return numba.njit(function, **(DEFAULTS | options))


@contextmanager
def deep_calls() -> Iterator[None]:
    """Lets the compiler call itself as deep as it must: for each call within a call it takes a hundred frames."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, COMPILER_FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def c_function(function: Callable, signature: Any) -> Any:
    """`numba.cfunc` with beepsim's settings: compiled now, called by its `address`."""
    with cache_of(function), deep_calls():
        return numba.cfunc(signature, cache=True, error_model="numpy")(function)


def rarely() -> None:
    """Says of the compiled function in which it is the first statement that it is seldom called: its code is kept out
    of that of its callers, which is then sooner compiled and better cached."""


@type_callable(rarely)
def _type_rarely(context: Any) -> Callable:
    return lambda: types.none


@lower_builtin(rarely)
def _lower_rarely(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    builder.function.attributes.add("cold")
    builder.function.attributes.add("noinline")
    return context.get_dummy_value()
