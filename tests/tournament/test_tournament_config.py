"""Tournaments as configured: shipped files are right, mistakes are told with file, line and remedy."""

from pathlib import Path

import pytest

from beepsim.errors import UserError
from beepsim.tournament.config import Tournament, read_tournament
from beepsim.tournament.run import plan_of

CONFIGS = Path(__file__).parents[2] / "configs"


def read(tmp_path: Path, text: str) -> Tournament:
    path = tmp_path / "t.yaml"
    path.write_text(text)
    return read_tournament(path)


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(UserError) as found:
        read(tmp_path, text)
    return [line.removeprefix(f"{tmp_path}/") for line in str(found.value).splitlines()]


def test_the_league_is_what_the_readme_says() -> None:
    tournament = read_tournament(CONFIGS / "league.yaml")
    assert (len(tournament.entries()), plan_of(tournament).total) == (20, 570)
    assert tournament.rules.rules().num_rounds == 35


@pytest.mark.parametrize(
    "path",
    [path for room in ("tournaments", "challenges") for path in sorted((CONFIGS / room).glob("*.yaml"))],
    ids=lambda path: path.name,
)
def test_shipped_tournaments_are_right(path: Path) -> None:
    tournament = read_tournament(path)
    assert tournament.name == path.stem and plan_of(tournament)


def test_bots_by_name_pattern_path_and_keys(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def move(command):\n    command.distance = 100.0\n")
    tournament = read(
        tmp_path,
        f"name: x\nseed: 1\nbots: [circle+linear, 'c*+head*', {tmp_path}/*.py, {{movement: circle, gun: circular}},"
        " {bot: sample.Walls, name: the wall}]\n",
    )
    names = [entry.source.name for entry in tournament.entries()]
    assert names == ["circle+linear", "circle+head_on", "mine", "circle+circular", "the wall"]


def test_all_mistakes_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = """\
name: a b
seed: x
format: swis
seasns: 2
bots:
  - circl+linear
  - {movment: circle}
  - nope*
  - 7
  - {movement: circle, bot: sample.Walls}
"""
    found = mistakes(tmp_path, text)
    assert [line.split(" ")[0] for line in found] == [f"t.yaml:{line}:" for line in (1, 2, 3, 4, 6, 7, 8, 9, 10)]
    for line, word in zip(
        found,
        (
            "name",
            "seed",
            "'swiss'",
            "'seasons'",
            "circle",
            "movement",
            "nope*",
            "received 7",
            "either bot, or movement",
        ),
        strict=True,
    ):
        assert word in line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("bots: [circle, circle]", "2 bots are called 'circle' (circle, circle: the same bot)"),
        ("bots: [circle]", "format round_robin needs 2 bots or more; 1 are named"),
        ("seasons: 2", "format round_robin needs bots or groups"),
        ("bots: [circle, 'o*']\nswiss_rounds: 3", "format round_robin has no swiss_rounds; its own keys are bots,"),
        ("format: swiss\nbots: [circle, oscillator]\nswiss_rounds: 2", "2 bots meet each other in 1 rounds"),
        ("format: melee\nbots: [circle, oscillator]", "format melee needs 10 bots or more; 2 are named"),
        ("format: challenge\nchallengers: [circle]", "format challenge needs references or groups"),
        (
            "format: challenge\nchallengers: [circle]\nreferences: ['o*']\ngroups: {a: {bots: ['w*']}}",
            "needs references or groups; both are there",
        ),
        (
            "format: challenge\nchallengers: [circle+linear]\nreferences: ['o*']\nbaseline: circle+lnear",
            "baseline is 'circle+lnear', which is no challenger; did you mean circle+linear?",
        ),
        (
            "format: challenge\nchallengers: [circle+linear]\nreferences: ['o*']\nscore: damge",
            "score is 'damge'; it must be one of share, damage, hit_rate, damage_taken; did you mean 'damage'?",
        ),
        (
            "format: challenge\nchallengers: [circle+linear]\nreferences: ['o*']\nscore: damage\nsmart: {battles: 9}",
            "smart goes by score shares, but score is damage",
        ),
        ("bots: [circle, 'o*']\nscore: damage", "format round_robin has no score; its own keys are bots,"),
        ("bots: [circle, 'o*']\nseasons: 2\nsmart: {battles: 9}", "leave out seasons"),
        ("bots: [circle, 'o*']\nrules: {rounds: 0}", "rule num_rounds is 0"),
        ("groups: {a: {bots: [circle], weight: 0}, b: {bots: ['o*']}}", "greater than 0"),
        ("bots: [circle, 'o*']\nsmart: {battles: 9, stpe: 2}", "did you mean 'step'?"),
    ],
)
def test_keys_must_go_with_the_format(tmp_path: Path, text: str, told: str) -> None:
    (line,) = mistakes(tmp_path, f"name: x\nseed: 1\n{text}\n")
    assert told in line


def test_a_bot_that_does_not_import_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import nothing_of_this_name\n")
    (line,) = mistakes(tmp_path, f"name: x\nseed: 1\nbots:\n  - circle\n  - {tmp_path}/broken.py\n")
    assert line.startswith("t.yaml:5: bots[1]: ") and "broken.py, line 1: cannot be imported: ModuleNotFound" in line


def test_a_challenge_ranks_its_challengers_only(tmp_path: Path) -> None:
    tournament = read(
        tmp_path,
        "name: x\nseed: 1\nformat: challenge\nchallengers: [circle+linear, circle+circular]\n"
        "groups: {easy: {bots: [sample.Fire], weight: 2}, others: {bots: [oscillator, wall_dodger]}}\n",
    )
    entries = tournament.entries()
    assert [entry.is_ranked for entry in entries] == [True, True, False, False, False]
    assert [entry.group for entry in entries] == ["", "", "easy", "others", "others"]
    assert tournament.group_weights() == {"easy": 2.0, "others": 1.0}
    assert plan_of(tournament).total == 6


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"name: x\nseed: {10**30}\nbots: [circle, oscillator]\n", "t.yaml:2: seed is 1000"),
        ("name: ..\nseed: 1\nbots: [circle, oscillator]\n", "t.yaml:1: name is '..'"),
        (
            'name: x\nseed: 1\ngroups: {"a\\nb": {bots: [circle]}, b: {bots: [oscillator]}}\n',
            "t.yaml:3: groups: a group's name is 'a\\nb'",
        ),
        (f"name: x\nseed: 1\nbots: {'[' * 3000}{']' * 3000}\n", "t.yaml: not valid YAML: its lists"),
        (
            'name: x\nseed: 1\nbots: [circle, {bot: oscillator, name: "a\\nimport os"}]\n',
            "t.yaml:3: bots[1]: a bot's name is 'a\\nimport os'; it must be 1 to 100 letters",
        ),
    ],
)
def test_what_no_table_file_or_database_could_hold_is_a_mistake(tmp_path: Path, text: str, told: str) -> None:
    assert mistakes(tmp_path, text)[0].startswith(told)
