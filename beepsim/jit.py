"""How all compiled code of beepsim is compiled, and where the machine code is kept.

Bit-equality with Robocode rests on three settings: no fastmath, no contraction to fused multiply-add (LLVM's default
for plain float64 code), and division that yields infinities and NaN as Java's does. Numba's own cache compares a
function with *its* file only, so an edit to `rules.py` would leave a stale engine behind; here the cache directory is
named by a hash over every source of the package.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import numpy

PACKAGE = Path(__file__).parent


@cache
def source_hash() -> str:
    """First 16 hexadecimal digits of SHA-256 over the package's sources and the compiler's versions."""
    digest = hashlib.sha256(f"{numba.__version__} {numpy.__version__}".encode())
    for path in sorted(PACKAGE.rglob("*.py")):
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def cache_dir() -> Path:
    """Directory for machine code of the present sources: under BEEPSIM_CACHE_DIR, else the user's cache directory."""
    named = os.environ.get("BEEPSIM_CACHE_DIR")
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beepsim"
    path = (Path(named) if named else user) / source_hash()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError:
        # A read-only home (containers, build users) costs the cache, not the run.
        path = Path(tempfile.gettempdir()) / f"beepsim-{os.getuid()}" / source_hash()
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def jit(function: Callable | None = None, **options: Any) -> Any:
    """`numba.njit` with beepsim's settings; used bare (`@jit`) or with options (`@jit(inline="always")`)."""
    if function is None:
        return lambda decorated: jit(decorated, **options)
    previous = numba.config.CACHE_DIR  # type: ignore[attr-defined]
    numba.config.CACHE_DIR = str(cache_dir())  # type: ignore[attr-defined]
    try:
        return numba.njit(function, cache=True, error_model="numpy", **options)
    finally:
        numba.config.CACHE_DIR = previous  # type: ignore[attr-defined]
