"""The page as a reader uses it, in headless Chromium: sorting, filtering, choosing, and no error on the way."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import BROWSERS, find_browser, run_in_page
from made_standing import make_standing

from beepsim.tournament import page_data
from beepsim.tournament.ratings import rate
from beepsim.tournament.report import write_report
from beepsim.tournament.standing import Standing

pytestmark = pytest.mark.skipif(find_browser() is None, reason=f"none of {', '.join(BROWSERS)} is installed")

HELPERS = """
const all = (selector) => [...document.querySelectorAll(selector)];
const texts = (selector) => all(selector).map((one) => one.textContent.trim());
const shownNames = () => texts("#bots tbody tr:not([hidden]):not(.beyond) td.name a");
const heading = (table, text) => all(`${table} th`).find((one) => one.textContent.trim() === text);
const canvas = document.getElementById("matrix");
const inMatrix = (kind, row, column) => {
  const { left, top } = canvas.getBoundingClientRect();
  canvas.dispatchEvent(new PointerEvent(kind, {
    clientX: left + matrix.left + (column - matrix.x + 0.5) * matrix.size,
    clientY: top + matrix.top + (row - matrix.y + 0.5) * matrix.size,
  }));
};
const clickCell = (row, column) => { inMatrix("pointerdown", row, column); inMatrix("pointerup", row, column); };
const type = (id, text) => {
  document.getElementById(id).value = text;
  document.getElementById(id).dispatchEvent(new Event(id === "filter" ? "input" : "change"));
};
"""


def open_page(standing: Standing, folder: Path, script: str) -> dict[str, Any]:
    ratings, pairings = rate(standing, replicates=20)
    page = write_report(standing, ratings, pairings, [], folder / "report", Path("made.db"))
    found = run_in_page(page, HELPERS + script, folder)
    assert found["errors"] == [] and found["console"] == []
    return found


def best_first(standing: Standing) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Ratings, bots by rank, and their labels in that order."""
    ratings, _ = rate(standing, replicates=20)
    order = np.argsort(ratings["rank"])
    return ratings, order, [standing.entrants[bot].label for bot in order]


def test_sorting_and_filtering_the_ranking(tmp_path: Path) -> None:
    standing = make_standing(12, 1, groups=("nano", "surfers"), names=("zz.First", "Aa.Second"))
    found = open_page(
        standing,
        tmp_path,
        """
        found.first = shownNames();
        heading("#bots", "PWIN").click();
        found.by_pwin = shownNames();
        found.sorted = heading("#bots", "PWIN").getAttribute("aria-sort");
        heading("#bots", "PWIN").click();
        found.by_pwin_up = shownNames();
        heading("#bots", "Bot").click();
        found.by_name = shownNames();
        heading("#bots", "Rank").click();
        type("filter", "bOT00");
        found.filtered = shownNames();
        found.shown = document.getElementById("shown").textContent;
        type("group", "surfers");
        found.in_group = shownNames();
        type("filter", ""); type("group", "");
        found.last = shownNames();
        """,
    )
    ratings, order, labels = best_first(standing)
    pwin = dict(zip(labels, ratings["pwin"][order].round(6), strict=True))
    assert found["first"] == found["last"] == labels
    assert found["by_pwin"] == sorted(labels, key=lambda label: -pwin[label]) and found["sorted"] == "descending"
    assert [pwin[name] for name in found["by_pwin_up"]] == sorted(pwin.values())
    assert found["by_name"] == sorted(labels, key=str.lower)
    assert found["filtered"] == [label for label in labels if "Bot00" in label]
    assert found["shown"] == f"{len(found['filtered'])} of 12 bots"
    group = {entrant.label: entrant.group for entrant in standing.entrants}
    assert found["in_group"] == [label for label in found["filtered"] if group[label] == "surfers"] != []


def test_a_click_on_a_cell_shows_the_pairing_and_its_battles(tmp_path: Path) -> None:
    standing = make_standing(8, 3)
    found = open_page(
        standing,
        tmp_path,
        """
        inMatrix("pointermove", 5, 2);
        found.hover = document.getElementById("hover").textContent;
        clickCell(5, 2);
        found.title = texts("#pairing h3");
        found.facts = texts("#pairing dl div");
        found.battles = all("#pairing tbody tr").map((row) => [...row.cells].map((one) => one.textContent));
        found.command = texts("#pairing code");
        document.querySelector("#pairing tbody tr:nth-child(2)").click();
        found.second = texts("#pairing code");
        clickCell(2, 5);
        found.mirrored = texts("#pairing tbody td:nth-child(3)");
        clickCell(3, 3);
        found.diagonal = texts("#pairing h3");
        const { data, width } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const pixel = (index) => Math.floor(index * matrix.size) + 3;
        const colour = (row, column) => {
          const at = 4 * ((Math.floor(matrix.top) + pixel(row)) * width + Math.floor(matrix.left) + pixel(column));
          return [...data.slice(at, at + 4)];
        };
        found.colours = [colour(0, 7), colour(7, 0), colour(3, 3)];
        """,
    )
    _, order, labels = best_first(standing)
    row, column = int(order[5]), int(order[2])
    pairings = rate(standing, replicates=0)[1]
    share = pairings.share[row, column]
    assert found["title"] == [f"{labels[5]} against {labels[2]}"]
    assert found["diagonal"] == [f"{labels[2]} against {labels[5]}"]  # its cell is nobody's
    scores = [float(battle[2]) for battle in found["battles"]]
    assert [float(score) for score in found["mirrored"]] == pytest.approx([100 - score for score in scores])
    assert found["hover"].startswith(f"{labels[5]} against {labels[2]}: {share:.2f} ± ")
    assert found["hover"].endswith("%, 3 battles")
    assert found["facts"][0].startswith(f"Score{share:.2f} % [")
    rate_ = 100 * pairings.hits[row, column] / pairings.shots[row, column]
    assert f"Hit rate{rate_:.1f} % of {pairings.shots[row, column]} shots" in found["facts"]
    duels = standing.duels[(standing.duels["a"] == min(row, column)) & (standing.duels["b"] == max(row, column))]
    seeds = dict(zip(standing.battles["battle"], standing.battles["seed"], strict=True))
    assert found["battles"] == [
        [
            str(duel["battle"]),
            str(duel["season"]),
            f"{duel['share'] if row < column else 100 - duel['share']:.2f}",
            str(duel["turns"]),
            str(seeds[duel["battle"]]),
        ]
        for duel in duels
    ]
    first, second = duels["battle"][:2]
    assert found["command"] == [f"beepsim tournament replay made.db {first} --record battle_{first}.battle"]
    assert found["second"] == [f"beepsim tournament replay made.db {second} --record battle_{second}.battle"]
    better, worse, none = found["colours"]
    assert better[2] > better[0] + 20 and worse[0] > worse[2] + 20 and none == [207, 213, 218, 255]


def test_a_click_on_a_bot_shows_its_problem_bots(tmp_path: Path) -> None:
    standing = make_standing(10, 3)
    found = open_page(
        standing,
        tmp_path,
        """
        document.querySelector("#bots tbody tr:nth-child(4)").click();
        found.bot = Number(document.getElementById("bot").value);
        found.rows = all("#opponents tbody tr").map((row) => [row.cells[0].textContent, row.className,
            ...[1, 2, 3].map((index) => row.cells[index].dataset.value)]);
        found.thick = texts("#curves text[font-weight=bold]");
        found.curves = all("#curves polyline").length;
        document.querySelector("#opponents tbody tr").click();
        found.title = texts("#pairing h3");
        type("bot", String(frame.order[9]));
        found.chosen = texts("#bots tr.chosen td.name a");
        """,
    )
    _, order, labels = best_first(standing)
    pairings = rate(standing, replicates=0)[1]
    bot = int(order[3])
    worst_first = sorted((other for other in range(10) if other != bot), key=lambda one: pairings.knnpbi[bot, one])
    assert found["bot"] == bot and found["thick"] == [labels[3]] and found["curves"] == 8
    assert [row[0] for row in found["rows"]] == [standing.entrants[other].label for other in worst_first]
    for other, (_, kind, index, share, npp) in zip(worst_first, found["rows"], strict=True):
        assert float(index) == pytest.approx(pairings.knnpbi[bot, other], abs=0.006)
        assert float(share) == pytest.approx(pairings.share[bot, other], abs=0.006)
        assert float(npp) == pytest.approx(pairings.npp[bot, other], abs=0.06)
        assert kind in ("", "problem") and (kind == "" or float(index) < 0)
    assert found["rows"][0][1] == "problem"  # the made-up tastes are stronger than three battles' luck
    assert found["title"] == [f"{labels[3]} against {standing.entrants[worst_first[0]].label}"]
    assert found["chosen"] == [labels[9]]


def test_hostile_names_stay_text_wherever_they_come(tmp_path: Path) -> None:
    names = ("</script><img src=x onerror=alert(1)>", "<b>bold</b>", "$(reboot) 'x'")
    standing = make_standing(5, 1, names=names, groups=("<u>a</u>", "b"))
    found = open_page(
        standing,
        tmp_path,
        """
        for (const row of all("#bots tbody tr")) row.click();
        for (const row of all("#opponents tbody tr")) row.click();
        inMatrix("pointermove", 0, 1);
        document.getElementById("row").value = "0";
        type("column", "1");
        found.title = texts("#pairing h3");
        found.shell = frame.bots[2].shell;
        found.elements = all("img, b, u").length;
        """,
    )
    assert found["title"] == [f"{names[0]} 1.0 against {names[1]} 1.1"]
    assert found["elements"] == 0 and found["shell"] == """'$(reboot) '"'"'x'"'"''"""


def test_large_fields_show_their_first_rows_and_zoom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_data, "MOST_DUELS", 10)
    standing = make_standing(130, 1)
    found = open_page(
        standing,
        tmp_path,
        """
        found.first = shownNames().length;
        found.laid_out = all("#bots tbody tr").filter((row) => row.offsetHeight).length;
        const more = document.querySelector("#bots").parentElement.nextElementSibling;
        found.button = more.textContent;
        more.click();
        found.all = shownNames().length;
        found.size = matrix.size;
        clickCell(129, 0);
        found.code = texts("#pairing code");
        for (let times = 0; times < 5; times++) document.getElementById("closer").click();
        found.zoomed = matrix.size;
        clickCell(Math.ceil(matrix.y), Math.ceil(matrix.x) + 1);
        found.title = texts("#pairing h3");
        found.expected = [frame.rows[Math.ceil(matrix.y)], frame.columns[Math.ceil(matrix.x) + 1]];
        document.getElementById("whole").click();
        found.whole = matrix.size;
        """,
    )
    _, _, labels = best_first(standing)
    assert found["first"] == found["laid_out"] == 100 and found["all"] == 130
    assert found["button"] == "Show all 130 rows"
    last, first = (label.split()[0] for label in (labels[129], labels[0]))
    assert found["code"] == [f"beepsim tournament show made.db --pairing {last} {first}"]
    assert found["whole"] == found["size"] < 11 < found["zoomed"]
    row, column = (standing.entrants[bot].label for bot in found["expected"])
    assert found["title"] == [f"{row} against {column}"]


@pytest.mark.parametrize(
    ("standing", "cells"),
    [
        (make_standing(4, 0), [0, 0]),
        (make_standing(2, 1), [2, 2]),
        (make_standing(9, 1, references=6, groups=("a", "b")), [3, 6]),
    ],
    ids=["empty", "one battle", "challenge"],
)
def test_small_pages_open_without_an_error(standing: Standing, cells: list[int], tmp_path: Path) -> None:
    script = """
        for (const row of all("#bots tbody tr")) row.click();
        for (const one of all("th[data-sorts]")) one.click();
        found.cells = [frame.rows.length, frame.columns.length];
        found.rows = all("#bots tbody tr").length;
        """
    found = open_page(standing, tmp_path, script)
    assert found["cells"] == cells and found["rows"] == len(standing.entrants)
