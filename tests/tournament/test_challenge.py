"""A whole challenge: its figures recomputed from recordings of the same battles, its seeds, its tables and its page."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from beepsim.recording.columns import HIT_ROBOT
from beepsim.recording.format import Recording, read_recording
from beepsim.rules import bullet_damage
from beepsim.tournament.challenge_tables import challenge_tables
from beepsim.tournament.config import read_tournament
from beepsim.tournament.database import reading
from beepsim.tournament.job import fight_recorded
from beepsim.tournament.ratings import rate
from beepsim.tournament.reading import latest_setup, read_job, read_standing
from beepsim.tournament.report import write_report
from beepsim.tournament.run import run_tournament
from beepsim.tournament.standing import Standing
from beepsim.tournament.tables import table_rows

TEXT = """\
name: small
seed: 5
format: challenge
score: {score}
baseline: linear
challengers:
  - {{bot: "sitting_duck+linear:power=3", name: linear}}
  - {{bot: "sitting_duck+head_on:power=3", name: head on}}
groups:
  plain: {{bots: [circle], weight: 3}}
  random: {{bots: [random_mover, wall_dodger]}}
seasons: 2
rules: {{rounds: 3}}
"""
ENERGY_ERROR = 1e-4  # recordings hold energies in float32


def run(folder: Path, score: str) -> Standing:
    path = folder / "small.yaml"
    path.write_text(TEXT.format(score=score))
    with ThreadPoolExecutor(1) as executor:
        return run_tournament(read_tournament(path), folder / "x.sqlite", executor, configuration=path.read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("challenge")
    run(folder, "damage")
    return folder


@pytest.fixture
def standing(folder: Path) -> Standing:
    with reading(folder / "x.sqlite") as connection:
        return read_standing(connection, folder / "x.sqlite", latest_setup(connection, folder / "x.sqlite"))


def recorded_figures(recording: Recording, shooter: int) -> tuple[float, float]:
    """Bullet damage a round, and the hit rate in per cent, from what the bullets did to the other robot's energy."""
    rows, bullets = recording.robots, recording.bullets[recording.bullets["owner"] == shooter]
    hits = bullets[bullets["state_last"] == HIT_ROBOT]
    other = rows[rows["robot"] == 1 - shooter]
    energy = {(row["round"], row["turn"]): row["energy"] for row in other}
    damage = sum(min(bullet_damage(hit["power"]), energy[hit["round"], hit["turn_last"] - 1]) for hit in hits)
    return damage / len(np.unique(rows["round"])), 100 * len(hits) / len(bullets)


def test_damage_and_hit_rates_are_those_of_the_recordings(folder: Path, standing: Standing) -> None:
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with reading(folder / "x.sqlite") as connection:
        for number in standing.battles["battle"].tolist():
            job, _ = read_job(connection, folder / "x.sqlite", number)
            record = folder / f"{number}.battle"
            fight_recorded(job, record)
            names = [bot.name for bot in job.bots]
            shooter = next(place for place, name in enumerate(names) if name in ("linear", "head on"))
            figures = recorded_figures(read_recording(record), shooter)
            found.setdefault((names[shooter], names[1 - shooter]), []).append(figures)
    assert len(found) == 6 and all(len(battles) == 2 for battles in found.values())
    means = {key: np.mean(battles, axis=0) for key, battles in found.items()}
    by_group, by_target = (table_rows(table) for table in challenge_tables(standing, rate(standing)[0]))
    for row in by_target:
        key = row["bot"].removesuffix(" 1.0"), row["opponent"].removesuffix(" 1.0")
        assert (row["damage"], row["hit_rate"]) == pytest.approx(means[key], abs=ENERGY_ERROR)
        less = means[key] - means["linear", key[1]]
        if key[0] == "head on":
            gained = row["damage_minus_baseline"], row["hit_rate_minus_baseline"]
            assert gained == pytest.approx(less, abs=ENERGY_ERROR)
            assert row["damage_minus_baseline_low"] < row["damage_minus_baseline"] < row["damage_minus_baseline_high"]
        assert row["damage_taken"] == 0.0 and np.isnan(row["enemy_hit_rate"])
    random = (means["head on", "random_mover"] + means["head on", "wall_dodger"]) / 2
    expected = {"all": (3 * means["head on", "circle"] + random) / 4, "plain": means["head on", "circle"]}
    for group, figures in (expected | {"random": random}).items():
        (row,) = [one for one in by_group if one["bot"] == "head on 1.0" and one["group"] == group]
        assert (row["damage"], row["hit_rate"]) == pytest.approx(figures, abs=ENERGY_ERROR)


def test_all_challengers_meet_a_reference_with_the_same_seeds_and_places(standing: Standing) -> None:
    assert standing.challenge is not None
    bouts = standing.challenge.bouts
    own = [bouts[bouts["challenger"] == bot][["reference", "season", "seed", "place"]].tolist() for bot in (0, 1)]
    assert sorted(own[0]) == sorted(own[1]) and len({seed for _, _, seed, _ in own[0]}) == 6
    assert {(season, place) for _, season, _, place in own[0]} == {(0, 0), (1, 1)}


def test_another_score_ranks_anew_without_a_battle(folder: Path, standing: Standing, tmp_path: Path) -> None:
    (tmp_path / "x.sqlite").write_bytes((folder / "x.sqlite").read_bytes())
    again = run(tmp_path, "hit_rate")
    assert again.battles["battle"].tolist() == standing.battles["battle"].tolist()
    assert again.challenge is not None and again.challenge.score == "hit_rate"
    rows = table_rows(challenge_tables(again, rate(again)[0])[0])
    rates = [row["hit_rate"] for row in rows if row["group"] == "all"]
    assert rates == sorted(rates, reverse=True)
    by_share, _ = rate(run(tmp_path, "share"))
    ranked = by_share[by_share["rank"] > 0]
    assert (ranked["rank"][np.argsort(-ranked["score"])] == [1, 2]).all()


def test_the_page_and_its_tables_show_the_challenge(standing: Standing, tmp_path: Path) -> None:
    ratings, pairings = rate(standing)
    page = write_report(standing, ratings, pairings, [], tmp_path, Path("x.sqlite")).read_text()
    text = " ".join(re.sub(r"<[^>]*>", " ", page).split())
    assert "Ranked by damage: bullet damage dealt, energy points a round" in text
    assert "Challenge by reference" in text and "Damage, minus linear" in text
    rows = json.loads((tmp_path / "challenge.json").read_text())["rows"]
    assert [row["group"] for row in rows] == ["all", "plain", "random"] * 2
    best = json.loads((tmp_path / "ranking.json").read_text())["rows"][0]
    assert best["ranked_by"] == max(row["damage"] for row in rows if row["group"] == "all")
    assert f">{best['ranked_by']:.2f}<small>[" in page
    assert (tmp_path / "targets.csv").read_text().count("\n") == 2 + 6


def test_a_challenge_without_battles_has_tables(standing: Standing) -> None:
    assert standing.challenge is not None
    challenge = type(standing.challenge)(
        "damage", "linear", standing.challenge.bouts[:0], standing.challenge.rounds[:0]
    )
    nothing = Standing(**{**vars(standing), "duels": standing.duels[:0], "challenge": challenge})
    tables = challenge_tables(nothing, rate(nothing)[0])
    assert [table.length for table in tables] == [0, 0]
