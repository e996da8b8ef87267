"""Which software made an output: part of every file's provenance."""

import platform
from importlib.metadata import PackageNotFoundError, version

import beepsim

LIBRARIES = ("numpy", "numba", "torch", "pyarrow")


def software_versions() -> dict[str, str]:
    """Versions of beepsim, Python and the libraries that results can depend on, and the machine's architecture."""
    found = {"beepsim": beepsim.__version__, "python": platform.python_version(), "machine": platform.machine()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found
