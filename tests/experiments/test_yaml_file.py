"""Configurations: each mistake is named with file, line, key, what was received and what would be right."""

from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from beepsim.errors import UserError
from beepsim.experiments.yaml_file import read_config


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Inner(Strict):
    kernel: Literal["gaussian", "laplace"] = "laplace"
    rounds: int = Field(35, ge=1)


class Outer(Strict):
    name: str
    inner: Inner = Inner()
    many: list[Inner] | None = None
    named: dict[str, Inner] | None = None


def fails_with(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as caught:
        read_config(path, Outer)
    return [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]


def test_a_right_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("name: x\ninner:\n  rounds: 3\nmany: [{kernel: gaussian}]\n")
    assert read_config(path, Outer) == Outer(name="x", inner=Inner(rounds=3), many=[Inner(kernel="gaussian")])


def test_a_misspelt_key_names_the_nearest(tmp_path: Path) -> None:
    assert fails_with(tmp_path, "name: x\ninner:\n  kernell: laplace\n") == [
        "3: unknown key inner.kernell; did you mean 'kernel'?"
    ]


def test_a_misspelt_key_in_a_list_has_its_line(tmp_path: Path) -> None:
    assert fails_with(tmp_path, "name: x\nmany:\n  - rounds: 1\n  - round: 1\n") == [
        "4: unknown key many[1].round; did you mean 'rounds'?"
    ]


def test_a_strange_key_lists_the_valid_ones(tmp_path: Path) -> None:
    assert fails_with(tmp_path, "name: x\nzzz: 1\n") == ["2: unknown key zzz; valid here: inner, many, name, named"]


def test_a_misspelt_key_below_a_name_of_the_users_choice(tmp_path: Path) -> None:
    assert fails_with(tmp_path, "name: x\nnamed:\n  mine:\n    kernell: laplace\n    zzz: 1\n") == [
        "4: unknown key named.mine.kernell; did you mean 'kernel'?",
        "5: unknown key named.mine.zzz; valid here: kernel, rounds",
    ]


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    lines = fails_with(tmp_path, "inner:\n  kernel: laplase\n  rounds: '5'\n")
    assert lines == [
        "1: key name is missing",
        "2: inner.kernel is 'laplase'; it must be one of gaussian, laplace; did you mean 'laplace'?",
        "3: inner.rounds is '5': input should be a valid integer",
    ]


def test_a_value_out_of_range_is_quoted(tmp_path: Path) -> None:
    assert fails_with(tmp_path, "name: x\ninner: {rounds: 0}\n") == [
        "2: inner.rounds is 0: input should be greater than or equal to 1"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected keys and values (name, inner, many, named), received None"),
        ("- 1\n", "expected keys and values (name, inner, many, named), received [1]"),
        ("name: [\n", "not valid YAML"),
        ("name: x\nname: y\n", "2: name is given twice (first on line 1)"),
        ("name: &a x\ninner: *a\n", "aliases (*name) are not supported"),
        ("name: !!python/object/apply:os.system ['true']\n", "could not determine a constructor"),
    ],
)
def test_what_is_no_configuration_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in "\n".join(fails_with(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_config(tmp_path / "none.yaml", Outer)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"#" * 1_000_001)
    with pytest.raises(UserError, match="1000001 bytes"):
        read_config(path, Outer)
