"""A tournament's page as text: it stands alone, escapes strangers' names, and is the same for the same results."""

import base64
import hashlib
import html
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_standing import make_standing

from beepsim.errors import UserError
from beepsim.tournament.ratings import rate
from beepsim.tournament.report import write_report
from beepsim.tournament.standing import Failure, Standing

HOSTILE = "</script><img src=x onerror=alert(1)>"
VERSION = {
    "name": "made.Bot002",
    "old": "made.Bot002 0.9 (0123abcd)",
    "new": "made.Bot002 1.2",
    "opponents": 5,
    "battles": 15,
    "difference": 1.25,
    "difference_low": -0.5,
    "difference_high": 3.0,
}


def report(standing: Standing, folder: Path, versions: tuple[dict, ...] = ()) -> str:
    ratings, pairings = rate(standing, replicates=50)
    page = write_report(standing, ratings, pairings, versions, folder, Path("made.db"))
    assert page == folder / "index.html"
    return page.read_text(encoding="utf-8")


def visible_text(page: str) -> str:
    """What stands outside of scripts, style and tags."""
    bare = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", bare)).split())


def test_the_page_loads_nothing_and_runs_only_its_own_script(tmp_path: Path) -> None:
    page = report(make_standing(6), tmp_path)
    assert re.findall(r"""https?://[^"']*""", page) == ["http://www.w3.org/2000/svg"]  # a name, not an address
    assert "src=" not in page and "@import" not in page and "url(" not in page.replace("url(#inside)", "")
    assert all(target.startswith("#") for target in re.findall(r'href="([^"]*)"', page))
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'" in page


def test_the_head_says_what_was_fought(tmp_path: Path) -> None:
    text = visible_text(report(make_standing(6, 2, references=2), tmp_path))
    assert (
        "Format challenge Bots 4 and 2 references Battles 16 Rounds 35 in a battle Field 800 × 600 Seed 1 "
        "Fought 2026-01-02 03:04 to 2026-01-02 04:05 UTC beepsim 0.1.0"
    ) in text
    assert "could not be fought" not in text and "Older version" not in text and "Scores by group" not in text


def test_the_page_says_what_the_ranking_goes_by(tmp_path: Path) -> None:
    plain, grouped = make_standing(4, 1), make_standing(4, 1, groups=("a", "b"))
    swiss = replace(plain, provenance={**plain.provenance, "format": "swiss"})
    for place, (standing, words) in enumerate(
        ((plain, "APS."), (grouped, "Score."), (swiss, "Bradley–Terry strength"))
    ):
        assert f"Ranked by {words}" in visible_text(report(standing, tmp_path / str(place)))


def test_the_ranking_stands_in_the_page_with_its_intervals(tmp_path: Path) -> None:
    standing = make_standing(6)
    page = report(standing, tmp_path)
    ratings, _ = rate(standing, replicates=50)
    best = ratings[ratings["rank"] == 1][0]
    row = re.findall(r"<tr data-choose.*?</tr>", page, re.DOTALL)[0]
    assert f'<td data-value="1">1<small>[{best["rank_low"]}, {best["rank_high"]}]</small></td>' in row
    assert f">{best['aps']:.2f}<small>[{best['aps_low']:.2f}, {best['aps_high']:.2f}]</small>" in row
    for heading in ("APS", "PWIN", "Survival", "ANPP", "Vote", "Bradley–Terry", "Elo", "Glicko-2", "Hit rate"):
        assert f">{heading}</th>" in page
    assert ">Score</th>" not in page


def test_strangers_names_are_text(tmp_path: Path) -> None:
    names = (HOSTILE, "{{ 7 * 7 }}", "<!--", "a'b\"c&amp;")
    failure = Failure((HOSTILE, "b"), 1, "said <b>no</b>")
    standing = make_standing(6, 1, names=names, groups=("<u>", "y"), failures=(failure,))
    page = report(replace(standing, name="<i>cup</i>"), tmp_path, ({**VERSION, "name": HOSTILE, "old": "<s>"},))
    for sign in ("<img", "<!--", "<u>", "<i>cup", "<b>no", "<s>", "7 * 7 }}&lt;", ">49<"):
        assert sign not in page
    text = visible_text(page)
    for name in (*names, "<i>cup</i>", "said <b>no</b>", "<u>", "<s>"):
        assert name in text
    assert page.count("</script>") == page.count("<script")
    frame = re.search(r'<script type="application/json" id="frame">(.*?)</script>', page, re.DOTALL)
    assert frame and json.loads(frame[1])["bots"][0]["label"] == f"{HOSTILE} 1.0"
    rows = json.loads((tmp_path / "ranking.json").read_text())["rows"]
    assert {row["name"] for row in rows} >= set(names)


def test_failures_groups_and_versions_are_shown_where_there_are_any(tmp_path: Path) -> None:
    failure = Failure(("made.Bot000 1.0", "made.Bot001 1.1"), 2, "its process died twice (signal 9)")
    standing = make_standing(6, 2, groups=("nano", "surfers"), failures=(failure,))
    text = visible_text(report(standing, tmp_path, (VERSION,)))
    assert "not in the figures below: 1" in text and "made.Bot000 1.0, made.Bot001 1.1 2 its process died twice" in text
    assert "Scores by group of opponents" in text and "Score APS PWIN" in text
    assert "made.Bot002 made.Bot002 0.9 (0123abcd) made.Bot002 1.2 5 15 1.25 [−0.50, 3.00]" in text


def test_every_table_stands_beside_the_page(tmp_path: Path) -> None:
    failure = Failure(("made.Bot000 1.0", "made.Bot001 1.1"), 2, "said\nno")
    standing = make_standing(6, 2, groups=("nano", "surfers"), failures=(failure,))
    report(standing, tmp_path, (VERSION,))
    names = ("failures", "groups", "hit_rates", "pairings", "progress", "ranking", "versions")
    files = [f"{name}.{end}" for name in names for end in ("csv", "json")]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*files, "index.html"])
    for name in names:
        found = json.loads((tmp_path / f"{name}.json").read_text())
        assert found["provenance"] == standing.provenance and found["rows"]
        first = (tmp_path / f"{name}.csv").read_text().splitlines()[0]
        assert json.loads(first.removeprefix("# ")) == standing.provenance
    assert json.loads((tmp_path / "versions.json").read_text())["rows"] == [VERSION]
    # Nothing of an earlier report stays beside a page that does not have it.
    report(make_standing(3, 1), tmp_path)
    for name in ("failures", "groups", "versions"):
        assert json.loads((tmp_path / f"{name}.json").read_text())["rows"] == []


@pytest.mark.parametrize(("bots", "seasons"), [(3, 0), (2, 1), (1, 0)])
def test_tournaments_of_next_to_nothing_have_a_page(bots: int, seasons: int, tmp_path: Path) -> None:
    page = report(make_standing(bots, seasons), tmp_path)
    assert page.count("<tr data-choose") == bots
    assert not re.search(r"\bnan\b|\bNone\b", visible_text(page))


def test_the_same_results_give_the_same_files(tmp_path: Path) -> None:
    standing = make_standing(8, 2)
    shuffled = replace(standing, duels=np.random.default_rng(1).permutation(standing.duels))
    ratings, pairings = rate(standing, replicates=50)
    for name, one in (("a", standing), ("b", standing), ("c", shuffled)):
        write_report(one, ratings, pairings, [], tmp_path / name, Path("made.db"))
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert (tmp_path / "a/index.html").read_bytes() == (tmp_path / "c/index.html").read_bytes()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"file.*cannot be written"):
        report(make_standing(3, 1), tmp_path / "file" / "report")
