"""README.md and docs/*.md are true: every code block runs, every command is one, tables agree with the code.

A document is a session in an empty folder (with links to `configs`, `scripts` and `tests` of the checkout), its blocks
in their order: a Python block is run, or saved where its first line is its file's name (`# mybot.py`), and what it
saved fights a battle; a YAML block with a name is saved too; a shell block goes through the command line. Others are
shown.
"""

import contextlib
import io
import math
import re
import runpy
import shlex
import typing
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from beepsim import battle, robots, rules
from beepsim.battle import Rules, fight
from beepsim.cli import app
from beepsim.experiments.bot_file import find_bot
from beepsim.robots.events import EVENT_CLASSES

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LANGUAGES = {"python", "sh", "text", "yaml", "java"}

# Commands that are only checked to be commands, by how they begin; why they are not run.
NOT_RUN = {
    "beepsim experiment": "minutes; tests/test_cli.py runs a small one",
    "bash scripts/": "installs packages",
    "python scripts/": "needs recordings that are not in the checkout, or measures for minutes",
}


class Block(NamedTuple):
    line: int
    language: str
    code: str


def blocks_of(path: Path) -> list[Block]:
    """The fenced blocks of a document."""
    text = path.read_text()
    found = re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [Block(text[: one.start()].count("\n") + 1, one[1], one[2]) for one in found]


def saved_as(block: Block) -> str | None:
    """The name of the file that a block is, told by its first line."""
    named = re.match(r"# (\w+\.(?:py|yaml))\n", block.code)
    return named[1] if named else None


def commands_of(block: Block) -> list[str]:
    """The lines of a shell block, comments left out, lines that end in a backslash joined."""
    lines = [re.sub(r"(^|\s)#.*", "", line).strip() for line in block.code.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line]


def is_run(command: str) -> bool:
    return not command.startswith(tuple(NOT_RUN))


def expanded(command: str) -> list[str]:
    """The words of a command as a shell gives them to a program, patterns replaced by the files here that match."""
    words = shlex.split(command)
    matches = [sorted(str(path) for path in Path().glob(word)) if "*" in word else [word] for word in words]
    assert all(matches), f"nothing here matches a pattern of {command}"
    return [word for found in matches for word in found]


@cache
def output_of(document: Path, folder: Path) -> str:
    """What the document's session prints, run in `folder`."""
    for name in ("configs", "scripts", "tests"):
        (folder / name).symlink_to(ROOT / name)
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        for block in blocks_of(document):
            where = f"{document.name}, line {block.line}"
            name = saved_as(block) if block.language in ("python", "yaml") else None
            if name:
                Path(name).write_text(block.code)
                fight([find_bot(name).bot, "circle+head_on"], 1, Rules(num_rounds=2))
            elif block.language == "python":
                Path("block.py").write_text(block.code)
                runpy.run_path("block.py")
            elif block.language == "sh":
                for command in filter(is_run, commands_of(block)):
                    run_command(command, where)
    return printed.getvalue()


def run_command(command: str, where: str) -> None:
    command, _, target = command.partition(" > ")
    program, *arguments = expanded(command)
    assert program == "beepsim", f"{where}: {command} is not run, and NOT_RUN does not say why"
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, f"{where}: {command}\n{result.output}"
    Path(target).write_text(result.stdout) if target else print(result.stdout)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Path]:
    return {document: tmp_path_factory.mktemp(document.stem) for document in DOCUMENTS}


@pytest.mark.parametrize(
    "document",
    [pytest.param(path, marks=[pytest.mark.slow] * (path.name == "README.md"), id=path.name) for path in DOCUMENTS],
)
def test_every_block_runs(document: Path, folders: dict[Path, Path]) -> None:
    output_of(document, folders[document])


def test_the_learned_gun_of_the_example_hits_more_often_than_chance(folders: dict[Path, Path]) -> None:
    document = ROOT / "docs" / "targeting.md"
    lines = output_of(document, folders[document]).splitlines()
    rates = {line.split()[0]: float(line.split()[1]) for line in lines if re.match(r"[\w ]+ 0\.\d+ ", line)}
    assert rates["mine"] > rates["random"] and any("hit_rate_difference" in line for line in lines)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_says_what_it_is(document: Path) -> None:
    for block in blocks_of(document):
        assert block.language in LANGUAGES, f"line {block.line}: ```{block.language}"
    indented = re.search(r"\n\n(    \S.*)", re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.DOTALL | re.M))
    assert not indented, f"a code block without its fence: {indented and indented[1]}"


def commands() -> list[str]:
    """All commands in the documents: those of shell blocks, and those in running text."""
    found = []
    for document in DOCUMENTS:
        found += [line for block in blocks_of(document) if block.language == "sh" for line in commands_of(block)]
        text = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.DOTALL | re.M)
        found += [one for one in re.findall(r"`([^`\n]+)`", text) if re.match(r"(beepsim|python|bash) ", one)]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("command", commands())
def test_every_command_is_one(command: str) -> None:
    """Names and options are those of the program or the script, whether the command is run or not."""
    program, *arguments = shlex.split(command.partition(" > ")[0])
    if program == "beepsim":
        found = typer.main.get_command(app)
        while hasattr(found, "commands"):
            arguments = getattr(found, "with_default", list)(arguments)
            found = found.commands[arguments.pop(0)]
        found.make_context(found.name, arguments)
    else:
        script = next(word for word in arguments if word.startswith("scripts/"))
        text = (ROOT / script).read_text()
        assert all(word in text for word in arguments if word.startswith("--"))


@pytest.mark.parametrize("beginning", NOT_RUN)
def test_every_exception_is_needed(beginning: str) -> None:
    assert any(command.startswith(beginning) for command in commands())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_named_is_there(document: Path) -> None:
    text = document.read_text()
    links = [link for link in re.findall(r"\]\(([^)#:]+)\)", text)]
    named = re.findall(r"`((?:beepsim|bots|configs|docs|scripts|tests)/[\w./-]*)`", text)
    missing = [link for link in links if not (document.parent / link).exists()]
    missing += [name for name in named if not (ROOT / name).exists()]
    assert not missing


def rows_of(document: str, columns: int) -> list[list[str]]:
    """The cells of the rows of that width in the tables of a document."""
    lines = (ROOT / "docs" / document).read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows if len(row) == columns and not set("".join(row)) <= set("-")]


def number(text: str) -> float:
    """A number as the documents write it, degrees as radians and per cent as a share."""
    value = float(re.match(r"[\d.]+", text.replace("−", "-"))[0])
    return math.radians(value) if "°" in text else value / 100 if "%" in text else value


def test_constants_are_those_of_the_rules() -> None:
    rows = [row for row in rows_of("rules.md", 3) if hasattr(rules, row[2].strip("`"))]
    assert len(rows) > 20
    for what, value, name in rows:
        assert getattr(rules, name.strip("`")) == pytest.approx(number(value), rel=1e-15), what


def test_constants_named_in_the_text_have_its_values() -> None:
    text = (ROOT / "docs" / "rules.md").read_text()
    for value, name in re.findall(r"(\d+(?:\.\d+)?)[^`.|\d]*\(`([A-Z_]+)`\)", text):
        assert getattr(rules, name) == float(value)


def test_laws_hold_in_their_examples() -> None:
    rows = [row for row in rows_of("rules.md", 4) if "→" in row[3]]
    assert len(rows) == 6
    for what, _, name, examples in rows:
        for example in examples.split(", "):
            given, expected = example.split(" → ")
            assert getattr(rules, name.strip("`"))(float(given)) == pytest.approx(float(expected), rel=1e-6), what


def test_defaults_are_those_of_a_battle() -> None:
    rows = [row for row in rows_of("rules.md", 3) if hasattr(battle.Rules, row[2].strip("`"))]
    assert len(rows) == len(battle.Rules.__dataclass_fields__)
    for what, value, name in rows:
        default = {"no": False, "none": None}[value] if value.isalpha() else number(value)
        assert getattr(battle.Rules(), name.strip("`")) == default, what


def test_events_have_the_documented_priorities() -> None:
    rows = [row for row in rows_of("rules.md", 3) if row[0].endswith("Event`")]
    documented = {name.strip("`"): (priority, handler.strip("`")) for name, priority, handler in rows}
    assert documented.keys() == {one.__name__ for one in EVENT_CLASSES}
    for one in EVENT_CLASSES:
        priority, handler = documented[one.__name__]
        assert (int(re.match(r"-?\d+", priority)[0]), handler) == (one.DEFAULT_PRIORITY, one._handler)
        assert ("fixed" in priority) == one._is_system
    priorities = [int(re.match(r"-?\d+", row[1])[0]) for row in rows]
    assert priorities == sorted(priorities, reverse=True)


NOT_THERE = "—"


@cache
def ported() -> dict[str, list[tuple[list[str], list[str], str]]]:
    """The tables of porting.md: for each class its rows of Java names, Python names, remark."""
    text = (ROOT / "docs" / "porting.md").read_text()
    found = {}
    for section in text.split("\n### ")[1:]:
        name, _, body = section.partition("\n")
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line[:1] == "|"]
        found[name] = [
            (re.findall(r"`(\w+)`", java), re.findall(r"`(\w+)`", python), python if python == NOT_THERE else remark)
            for java, python, remark in rows[2:]
        ]
    return found


def in_snake_case(java: str) -> str:
    special = {"equals": "__eq__", "hashCode": "__hash__"}
    return special.get(java) or (java if java.isupper() else re.sub(r"([A-Z])", r"_\1", java).lower())


@pytest.mark.parametrize("name", ported())
def test_every_ported_name_is_there(name: str) -> None:
    one = getattr(robots, name)
    for java, python, _ in ported()[name]:
        if python:
            assert python == [in_snake_case(each) for each in java]
            known = {*dir(one), *typing.get_type_hints(one)}
            assert not set(python) - known
        else:
            assert not {in_snake_case(each) for each in java} & set(dir(one)), "said not to be there, but is"


@pytest.mark.parametrize("name", ported())
def test_every_method_is_in_the_table(name: str) -> None:
    one = getattr(robots, name)
    above = [each.__name__ for each in one.__mro__ if each.__name__ in ported()]
    listed = {each for section in above for _, python, _ in ported()[section] for each in python}
    public = {each for each in dir(one) if not each.startswith("_") and (each != "DEFAULT_PRIORITY")}
    assert {each for each in public if callable(getattr(one, each)) or each.isupper()} <= listed


def test_every_class_is_in_the_tables() -> None:
    text = (ROOT / "docs" / "porting.md").read_text()
    assert {name for name in robots.__all__ if f"`{name}`" not in text and f"### {name}\n" not in text} == set()
