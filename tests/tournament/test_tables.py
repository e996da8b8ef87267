"""A report's tables against plain definitions, and their files as other programs read them."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_standing import make_standing, tallies_of
from small_tables import HAND_MADE, duel_rows

from beepsim.errors import UserError
from beepsim.tournament import tables
from beepsim.tournament.pairings import Pairings, pair
from beepsim.tournament.ratings import rate
from beepsim.tournament.standing import DUEL, TALLY
from beepsim.tournament.tables import Table


def tally(shots: np.ndarray, hits: np.ndarray) -> np.ndarray:
    """One entrant's TALLY [1] of battles with so many shots and hits."""
    found = np.zeros(1, TALLY)
    found["battles"], found["shots"], found["hits"] = len(shots), shots.sum(), hits.sum()
    found["shots_squared"], found["hits_squared"] = (shots**2).sum(), (hits**2).sum()
    found["shots_times_hits"] = (shots * hits).sum()
    return found


def test_hit_rate_of_two_battles_by_hand() -> None:
    # Rate 40/200; what each battle is off by: 19 - 20 and 21 - 20; variance 2/1 * (1 + 1) / 200^2 = 0.01^2, known from
    # one degree of freedom, for which Student's quantile is 12.7062.
    rate_, low, high = tables.hit_rates(tally(np.array([100, 100]), np.array([19, 21])))
    assert (rate_[0], low[0], high[0]) == pytest.approx((20.0, 20.0 - 12.7062, 20.0 + 12.7062))


def test_interval_of_the_hit_rate_agrees_with_a_plain_bootstrap_over_battles() -> None:
    rng = np.random.default_rng(5)
    shots = rng.integers(100, 900, 60)
    hits = rng.binomial(shots, rng.beta(8, 60, 60))
    _, low, high = tables.hit_rates(tally(shots, hits))
    drawn = rng.integers(0, 60, (20_000, 60))
    rates = 100 * hits[drawn].sum(axis=1) / shots[drawn].sum(axis=1)
    assert (high[0] - low[0]) / (2 * 2.001) == pytest.approx(rates.std(), rel=0.05)
    # Shots taken for independent would claim much more than is known.
    assert high[0] - low[0] > 2 * 2 * 1.96 * 100 * np.sqrt(0.118 * 0.882 / shots.sum())


def test_hit_rates_that_nothing_is_known_of_are_missing() -> None:
    one, none = tally(np.array([10]), np.array([5])), tally(np.array([0, 0]), np.array([0, 0]))
    assert [float(end[0]) for end in tables.hit_rates(one)] == pytest.approx([50.0, np.nan, np.nan], nan_ok=True)
    assert np.isnan(tables.hit_rates(none)).all()


def test_enemies_shots_are_those_of_the_other_robot() -> None:
    duels = duel_rows(HAND_MADE)
    duels["shots_a"], duels["hits_b"] = np.arange(8) + 20, np.arange(8)
    standing = replace(make_standing(4), duels=duels)
    found = tables.enemy_tallies(standing)
    for bot in range(4):
        at = [(row["shots_b"], row["hits_b"]) for row in duels if row["a"] == bot]
        at += [(row["shots_a"], row["hits_a"]) for row in duels if row["b"] == bot]
        expected = tally(*(np.array(column, float) for column in zip(*at, strict=True)))
        assert found[bot] == expected[0]


def test_made_up_tallies_are_the_sums_of_their_duels() -> None:
    # With everybody's shots also shots at somebody, both sides' sums agree.
    standing = make_standing(6)
    own, enemies = tallies_of(standing.duels, 6), tables.enemy_tallies(standing)
    for name in ("shots", "hits", "shots_times_hits"):
        assert own[name].sum() == enemies[name].sum() > 0


def plain_aps(duels: np.ndarray, bot: int) -> float:
    shares: dict[int, list[float]] = {}
    for row in duels:
        if row["a"] == bot:
            shares.setdefault(row["b"], []).append(row["share"])
        elif row["b"] == bot:
            shares.setdefault(row["a"], []).append(100 - row["share"])
    return float(np.mean([np.mean(one) for one in shares.values()])) if shares else np.nan


def test_progress_is_the_aps_of_the_battles_fought_by_then() -> None:
    standing = make_standing(7, 2)
    progress = tables.aps_progress(replace(standing, duels=np.random.default_rng(1).permutation(standing.duels)))
    assert progress.battles.tolist() == sorted(set(range(1, 43)))
    for battles, row in zip(progress.battles, progress.aps, strict=True):
        fought = standing.duels[standing.duels["battle"] <= battles]
        np.testing.assert_allclose(row, [plain_aps(fought, bot) for bot in range(7)])
    ratings, _ = rate(standing, replicates=0)
    np.testing.assert_allclose(progress.aps[-1], ratings["aps"])


def test_progress_of_many_battles_has_few_checkpoints_and_ends_with_the_last() -> None:
    progress = tables.aps_progress(make_standing(12, 3))
    assert len(progress.battles) == tables.CHECKPOINTS
    assert progress.battles[-1] == 198 and (np.diff(progress.battles) > 0).all()
    assert len(tables.aps_progress(make_standing(3, 0)).battles) == 0


def test_a_melee_battle_is_one_step_of_progress() -> None:
    duels = duel_rows([(0, 1, 0, 60.0), (0, 2, 0, 70.0), (1, 2, 0, 50.0)] * 2)
    duels["battle"] = [5, 5, 5, 9, 9, 9]
    progress = tables.aps_progress(replace(make_standing(3), duels=duels))
    assert progress.battles.tolist() == [1, 2]
    np.testing.assert_allclose(progress.aps[0], [65.0, 45.0, 40.0])


@pytest.mark.parametrize("shape", [4.0, 0.0])
def test_intervals_of_pairings_with_few_battles_hold_what_they_promise(shape: float) -> None:
    rng = np.random.default_rng(2)
    for number in (2, 3, 8):
        # Pairings differ in how far their battles differ; a few battles cannot tell which have large variances.
        variances = rng.gamma(shape, 1 / shape, (150, 150)) if shape else 4 / rng.chisquare(6, (150, 150))
        spread = 5.0 * np.sqrt(variances)
        battles = 50.0 + spread * rng.normal(size=(number, 150, 150))
        nothing = np.zeros((150, 150))
        pairings = Pairings(
            share=battles.mean(axis=0),
            share_error=battles.std(axis=0, ddof=1) / np.sqrt(number),
            battles=np.full((150, 150), number),
            round_variance=np.ones((150, 150)),
            survival=nothing,
            shots=nothing,
            hits=nothing,
            npp=nothing,
            knnpbi=nothing,
        )
        inside = np.abs(pairings.share - 50.0) <= tables.share_reaches(pairings)
        assert 0.94 < inside.mean() < 0.985
        plain = np.abs(pairings.share - 50.0) <= 1.96 * pairings.share_error
        assert number > 3 or plain.mean() < 0.9


def test_a_lopsided_pairing_has_the_narrow_interval_that_its_rounds_promise() -> None:
    """Beside pairings whose battles differ by 5 points; the lopsided one's by a tenth of that."""
    rng = np.random.default_rng(3)
    spread = np.full((60, 60), 5.0)
    spread[0] = spread[:, 0] = 0.5
    battles = 50.0 + spread * rng.normal(size=(10, 60, 60))
    fields = dict.fromkeys(("survival", "shots", "hits", "npp", "knnpbi"), np.zeros((60, 60)))
    pairings = Pairings(
        share=battles.mean(axis=0),
        share_error=battles.std(axis=0, ddof=1) / np.sqrt(10),
        battles=np.full((60, 60), 10),
        round_variance=spread**2 / 2.0,
        **fields,
    )
    reaches = tables.share_reaches(pairings)
    assert reaches[0].mean() < 1.0 < 3.0 < reaches[1:, 1:].mean() < 4.0
    assert (np.abs(battles.mean(axis=0) - 50.0) <= reaches)[0].mean() > 0.9


def test_a_single_battle_keeps_the_error_of_its_rounds_and_the_unmet_have_none() -> None:
    reaches = tables.share_reaches(pair(duel_rows(HAND_MADE, variance=4.0), 4))
    assert reaches[0, 3] == pytest.approx(2.0322 * 2.0, rel=1e-3)  # Student's quantile for 34, 35 rounds
    assert np.isnan(reaches[2, 3]) and np.isnan(reaches[0, 0])
    assert reaches[0, 2] > 1.0  # two battles of 50 each are no proof that a third has 50


def test_group_scores_are_means_of_pairing_scores() -> None:
    standing = make_standing(8, 2, references=6, groups=("nano", "surfers"))
    ratings, pairings = rate(standing, replicates=0)
    rows = tables.table_rows(tables.group_table(standing, ratings, pairings))
    assert [row["group"] for row in rows] == ["nano", "surfers"] * 2
    best = int(np.flatnonzero(ratings["rank"] == 1)[0])
    nano = [bot for bot in range(2, 8) if bot % 2 == 0]
    assert rows[0]["bot"] == standing.entrants[best].label and rows[0]["opponents"] == 3
    assert rows[0]["share"] == pytest.approx(pairings.share[best, nano].mean())
    reaches = tables.share_reaches(pairings)[best, nano]
    # Three independent scores with 5 degrees of freedom each: together 15.
    expected = 2.1314 / 2.5706 * np.sqrt((reaches**2).sum()) / 3
    assert rows[0]["share_high"] - rows[0]["share"] == pytest.approx(expected, rel=1e-3)
    alone = make_standing(4)
    assert tables.group_table(alone, *rate(alone, replicates=0)).length == 0


def test_the_ranking_begins_with_the_best_and_ends_with_the_references() -> None:
    standing = make_standing(9, 1, references=5)
    ratings, pairings = rate(standing, replicates=0)
    columns = tables.ranking_table(standing, ratings).columns
    assert columns["rank"].tolist() == [1, 2, 3, 4, 0, 0, 0, 0, 0]
    assert columns["is_ranked"].tolist() == [True] * 4 + [False] * 5
    assert columns["score"][:4].tolist() == sorted(ratings["score"][:4], reverse=True)
    assert tables.pairing_table(standing, pairings).length == 20


def test_each_pairing_stands_once_from_the_first_bots_side() -> None:
    standing = replace(make_standing(4), duels=duel_rows(HAND_MADE))
    columns = tables.pairing_table(standing, pair(standing.duels, 4)).columns
    labels = [entrant.label for entrant in standing.entrants]
    assert list(zip(columns["a"], columns["b"], columns["share_a"], strict=True)) == [
        (labels[0], labels[1], 70.0),
        (labels[0], labels[2], 50.0),
        (labels[0], labels[3], 90.0),
        (labels[1], labels[2], 40.0),
        (labels[1], labels[3], 75.0),
    ]
    assert columns["shots_a"].tolist() == [40, 40, 20, 40, 20] and columns["shots_b"].tolist() == [80, 80, 40, 80, 40]
    assert (columns["share_a_low"] < columns["share_a"]).all() and (columns["share_a_high"] <= 100).all()


def test_rows_are_in_pythons_own_types() -> None:
    table = Table("t", {"a": np.array([1, 2]), "b": np.array([0.5, np.nan]), "c": np.array(["x", None], object)})
    first, second = tables.table_rows(table)
    assert first == {"a": 1, "b": 0.5, "c": "x"} and type(first["a"]) is int
    assert second["b"] != second["b"] and second["c"] is None
    assert tables.table_rows(Table("t", {})) == []


def test_files_say_what_the_table_holds_and_where_it_comes_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 2)
    names = ['a,"b"', "}, {", "line\nbreak\r", "100 % {x} %s", "é <&>"]
    columns = {
        "name": np.array(names, object),
        "50 %": np.array([0.1, np.nan, -np.inf, 1e-7, 123456789.125]),
        "count": np.array([1, 2, 3, 4, 1 << 62]),
        "is_so": np.array([True, False, True, False, True]),
        "mixed": np.array([1.5, None, "x", np.nan, 3], object),
    }
    about = {"seed": 3, "configuration": "a: 1\nb: 2\n", "missing": float("nan")}
    tables.write_table(tmp_path, Table("made", columns), about)
    text = (tmp_path / "made.csv").read_bytes().decode()
    first, rest = text.split("\n", 1)
    assert json.loads(first.removeprefix("# ")) == {**about, "missing": None}
    rows = list(csv.DictReader(io.StringIO(rest, newline="")))
    assert [row["name"] for row in rows] == names
    assert [row["50 %"] for row in rows] == ["0.1", "", "", "1e-07", "123456789.125"]
    assert [row["mixed"] for row in rows] == ["1.5", "", "x", "", "3"]
    as_json = json.loads((tmp_path / "made.json").read_text())
    assert as_json["provenance"] == {**about, "missing": None}
    assert [list(row) for row in as_json["rows"]] == [list(columns)] * 5
    assert [row["name"] for row in as_json["rows"]] == names
    assert [row["50 %"] for row in as_json["rows"]] == [0.1, None, None, 1e-7, 123456789.125]
    assert [row["count"] for row in as_json["rows"]] == [1, 2, 3, 4, 1 << 62]
    assert [row["is_so"] for row in as_json["rows"]] == [True, False, True, False, True]
    assert [row["mixed"] for row in as_json["rows"]] == [1.5, None, "x", None, 3]


def test_a_table_without_rows_has_its_headings(tmp_path: Path) -> None:
    tables.write_table(tmp_path, Table("empty", {"a": np.zeros(0), "b": np.zeros(0, DUEL["share"])}), {})
    assert (tmp_path / "empty.csv").read_text() == "# {}\na,b\n"
    assert json.loads((tmp_path / "empty.json").read_text())["rows"] == []
    with pytest.raises(UserError, match="cannot be written"):
        tables.write_table(tmp_path / "empty.csv" / "below", Table("empty", {}), {})
