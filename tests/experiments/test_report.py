"""The report's folder: one page that needs nothing else, and every table and plot with its provenance."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from beepsim.errors import UserError
from beepsim.experiments import plots
from beepsim.experiments.report import Column, Report, Section, write_report

PROVENANCE = {"seed": 7, "beepsim": "0.1.0", "command": "beepsim experiment a.yaml <b>"}
GUNS = [
    {"gun": "random", "hit_rate": 0.1, "hit_rate_low": 0.09, "hit_rate_high": 0.12, "shots": 100},
    {"gun": "knn", "hit_rate": np.float64(0.2), "hit_rate_low": 0.18, "hit_rate_high": 0.22, "shots": 100},
    {"gun": "<none>", "hit_rate": float("nan"), "hit_rate_low": 0.0, "hit_rate_high": 0.0, "shots": 0},
]
COLUMNS = (
    Column("gun", "gun"),
    Column("shots", "shots"),
    Column("hit_rate", "hit rate, %", "{:.1f}", 100, interval=True),
)


def example() -> Report:
    png = plots.plot_guns(GUNS[:2], "hit_rate", "hit rate, %", {"knn"}, 100)
    section = Section("guns", "Guns", "How often.", GUNS, COLUMNS, {"hit_rate": png})
    return Report("A & B", ["knn hits more"], [section], PROVENANCE, "name: a\n")


def test_the_page_stands_alone(tmp_path: Path) -> None:
    page = write_report(tmp_path, example()).read_text()
    assert "A &amp; B" in page and "&lt;none&gt;" in page and "<none>" not in page
    assert "20.0 [18.0, 22.0]" in page
    assert "data:image/png;base64," in page
    assert "http://" not in page and "https://" not in page and "<script" not in page


def test_a_value_of_one_battle_stands_without_an_interval(tmp_path: Path) -> None:
    alone = [{**GUNS[1], "hit_rate_low": float("nan"), "hit_rate_high": float("nan")}]
    page = write_report(tmp_path, Report("A", [], [Section("guns", "Guns", "", alone, COLUMNS)], PROVENANCE, ""))
    assert "<td>20.0</td>" in page.read_text()
    assert json.loads((tmp_path / "guns.json").read_text())["rows"][0]["hit_rate_low"] is None


def test_tables_and_plots_carry_their_provenance(tmp_path: Path) -> None:
    write_report(tmp_path, example())
    comment, *lines = (tmp_path / "guns.csv").read_text().splitlines()
    assert json.loads(comment.removeprefix("# ")) == PROVENANCE
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    assert [row["gun"] for row in rows] == ["random", "knn", "<none>"]
    assert float(rows[1]["hit_rate"]) == 0.2 and rows[2]["hit_rate"] == ""
    as_json = json.loads((tmp_path / "guns.json").read_text())
    assert as_json["provenance"] == PROVENANCE and as_json["rows"][1]["hit_rate"] == 0.2
    with Image.open(tmp_path / "hit_rate.png") as image:
        assert json.loads(image.text["Comment"]) == PROVENANCE


def test_the_same_results_give_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_report(tmp_path / name, example())
    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["guns.csv", "guns.json", "hit_rate.png", "index.html"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot be written"):
        write_report(tmp_path / "file" / "report", example())


def test_every_plot_draws_something() -> None:
    features = [{"model": "a", "fold": 0, "feature": name, "influence": 1.0} for name in ("bft", "vel")]
    grid = np.linspace(-1, 1, 21)
    panel = {"title": "t", "grid": grid, "interval": (0.1, 0.2), "densities": {"knn": np.ones(21)}}
    difference = {"name": "a", "d": 0.1, "d_low": 0.05, "d_high": 0.2}
    for png in (
        plots.plot_features(features, "a"),
        plots.plot_densities([panel, panel, panel]),
        plots.plot_differences([difference, {**difference, "d_low": -0.1}], "name", [("d", "points", 100.0)], "a"),
    ):
        with Image.open(io.BytesIO(png)) as image:
            assert image.width > 400 and image.height > 150
            assert len(image.convert("L").getcolors(256)) > 10
