"""The architecture as a test: rooms import only rooms above them, and each library stays where it belongs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import beepsim

PACKAGE = Path(beepsim.__file__).parent

# In the order in which data flows; a room may import those above it and itself. `recording` stands above `battle`
# because a battle writes its recording as it is fought, while reading one needs no battle.
ROOMS = [
    "errors",
    "versions",
    "jit",
    "files",
    "progress",
    "limits",
    "worker",
    "processes",
    "workers",
    "remainder",
    "fdlibm",
    "javarandom",
    "rules",
    "geometry",
    "engine",
    "recording",
    "robots",
    "loop",
    "battle_rules",
    "results",
    "battle",
    "parity",
    "waves",
    "targeting",
    "surfing",
    "webpage",
    "experiments",
    "tournament",
    "viewer",
    "terminal",
    "gun_commands",
    "replay_commands",
    "tournament_commands",
    "cli",
]

LIBRARIES = {
    "numba": {
        "jit",
        "remainder",
        "fdlibm",
        "javarandom",
        "rules",
        "geometry",
        "engine",
        "robots",
        "waves",
        "targeting",
        "surfing",
    },
    "greenlet": {"robots"},
    "torch": {"targeting"},
    "safetensors": {"targeting"},
    "pygame": {"viewer"},
    "av": {"viewer"},
    "yaml": {"experiments"},
    "sqlite3": {"tournament"},
    "distributed": {"tournament"},
    "filelock": {"tournament"},
    "pydantic": {"recording", "waves", "targeting", "experiments", "tournament"},
    "matplotlib": {"experiments"},
    "jinja2": {"webpage", "experiments"},
    "typer": {"terminal", "gun_commands", "replay_commands", "tournament_commands", "cli"},
    "rich": {"progress", "tournament"},
}

FORBIDDEN = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_follow_the_rooms(path: Path) -> None:
    room = room_of(path)
    assert room in ROOMS, f"{path} is in no room of the architecture"
    for name in imports_of(path):
        top, *rest = name.split(".")
        assert top not in FORBIDDEN, f"{path} imports {name}: files may come from strangers"
        if top == "beepsim" and rest and rest != ["__version__"]:
            assert ROOMS.index(rest[0]) <= ROOMS.index(room), f"{path} imports {name}, which lies below {room}"
        if top in LIBRARIES:
            assert room in LIBRARIES[top], f"{path} imports {name}; {top} belongs in {sorted(LIBRARIES[top])}"


def test_bots_import_only_the_public_api() -> None:
    allowed = {"beepsim", "numpy", "math"}
    bots = sorted((PACKAGE.parent / "bots").rglob("*.py"))
    assert bots
    for path in bots:
        assert {name.split(".")[0] for name in imports_of(path)} <= allowed, path


def test_a_plain_import_loads_no_heavy_library() -> None:
    code = "import sys, beepsim; print([name for name in ('torch', 'pygame', 'numba') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in modules()}
    assert {path: length for path, length in lengths.items() if length > 400} == {}
