"""Functions that call functions that call functions: how deep a bot's blocks are nested must not matter."""

import sys
from pathlib import Path

import numba

from beepsim.jit import c_function
from beepsim.robots.modules import load_module

DEPTH = 24


def test_deeply_nested_functions_compile_where_few_calls_are_left(tmp_path: Path) -> None:
    """As in a worker, which is itself some calls deep; a new file each time, so that nothing comes from a cache."""
    lines = ["def f0(x):", "    return x + 1", ""]
    for number in range(1, DEPTH):
        lines += [f"def f{number}(x):", f"    return f{number - 1}(x) + 1", ""]
    path = tmp_path / "nested.py"
    path.write_text("\n".join(lines))
    outermost = getattr(load_module(path, is_compiled=True), f"f{DEPTH - 1}")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(400)
    try:
        found = c_function(outermost.py_func, numba.types.int64(numba.types.int64))
        assert sys.getrecursionlimit() == 400
    finally:
        sys.setrecursionlimit(limit)
    assert found.ctypes(0) == DEPTH
