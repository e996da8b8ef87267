"""Files written whole or not at all, and what is refused before any work is done."""

import os
from pathlib import Path

import pytest

from beepsim.errors import UserError
from beepsim.files import check_output, replacing, write_text


def test_a_block_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_text(path, "before")
    with pytest.raises(ZeroDivisionError), replacing(path) as temporary:
        temporary.write_text("half")
        raise ZeroDivisionError
    assert path.read_text() == "before" and list(tmp_path.iterdir()) == [path]


def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    """Whoever may write to its folder would lose it, as root loses /dev/null."""
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to(pipe)
    for path in (pipe, link):
        with pytest.raises(UserError, match="is no ordinary file; give the path of a file"):
            write_text(path, "text")
    assert pipe.is_fifo() and link.is_symlink()


@pytest.mark.parametrize("path", ["", ".", "..", "/", "folder"])
def test_a_folder_is_no_file_to_write(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    for refuse in (check_output, lambda path: write_text(path, "text")):
        with pytest.raises(UserError, match="is a folder; give the path of a file to write"):
            refuse(Path(path))
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("name", ["x" * 300, "file/below"])
def test_a_path_that_cannot_be_written_is_named_beforehand(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"(x|below): cannot be written \("):
        check_output(tmp_path / name)


def test_an_output_that_is_an_input_is_refused_by_whatever_name(tmp_path: Path) -> None:
    table, link = tmp_path / "table", tmp_path / "link"
    table.write_text("waves")
    link.symlink_to(table)
    for path in (table, link, tmp_path / "folder" / ".." / "table"):
        with pytest.raises(UserError, match="it is what is read"):
            check_output(path, [tmp_path / "other", table][1:])
    check_output(tmp_path / "new", [table])
    assert table.read_text() == "waves" and not (tmp_path / "new").exists()
