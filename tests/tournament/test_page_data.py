"""The page's arrays unpacked again, and its JSON as a browser's parser cuts it out."""

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_standing import make_standing
from small_tables import HAND_MADE, duel_rows

from beepsim.tournament import page_data
from beepsim.tournament.page_data import Packed, pack, page_arrays, page_frame
from beepsim.tournament.pairings import pair
from beepsim.tournament.ratings import rate
from beepsim.tournament.standing import BATTLE, Standing
from beepsim.tournament.tables import aps_progress


def unpack(packed: Packed) -> np.ndarray:
    """As data.js does it."""
    whole = np.frombuffer(base64.b64decode(packed.base64), "<" + packed.type)
    values = whole.astype(float) / 10**packed.decimals
    if packed.type != "f8":
        values[whole == np.iinfo(packed.type).max] = np.nan
    return values


@given(st.lists(st.floats(-1e7, 1e7) | st.just(float("nan"))), st.integers(0, 2))
def test_numbers_come_back_rounded_once(values: list[float], decimals: int) -> None:
    found = unpack(pack(np.array(values), decimals))
    np.testing.assert_allclose(found, np.array(values, float), atol=0.5000001 * 10.0**-decimals, rtol=1e-12)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0, 254], "u1"),
        ([0, 255], "u2"),  # 255 stands for what is missing
        ([70_000], "u4"),
        ([-1, 5], "i2"),
        ([-40_000], "i4"),
        ([(1 << 48) - 1, 0], "f8"),
        ([], "u1"),
    ],
)
def test_the_smallest_type_that_holds_them_is_taken(values: list[int], kind: str) -> None:
    packed = pack(np.array(values))
    assert packed.type == kind
    assert unpack(packed).tolist() == values


def hand_made() -> Standing:
    duels = duel_rows(HAND_MADE)
    duels["battle"] = [11, 12, 13, 14, 15, 16, 17, 3]
    battles = np.zeros(9, BATTLE)
    battles["battle"] = [3, 11, 12, 13, 14, 15, 16, 17, 99]
    battles["seed"] = (1 << 47) + battles["battle"]
    return replace(make_standing(4), duels=duels, battles=battles)


def test_battles_stand_by_their_pairings() -> None:
    standing = hand_made()
    arrays = page_arrays(standing, pair(standing.duels, 4), aps_progress(standing))
    pairs, places = unpack(arrays["duel_pair"]), unpack(arrays["duel_battle"]).astype(int)
    assert pairs.tolist() == [1, 1, 2, 2, 3, 6, 6, 7]
    assert unpack(arrays["battle_number"])[places].tolist() == [11, 12, 13, 14, 15, 16, 17, 3]
    assert unpack(arrays["battle_seed"])[places].tolist() == [(1 << 47) + n for n in (11, 12, 13, 14, 15, 16, 17, 3)]
    assert unpack(arrays["duel_share"]).tolist() == [80, 60, 50, 50, 90, 30, 50, 75]
    share = unpack(arrays["share"]).reshape(4, 4)
    assert share[0].tolist() == pytest.approx([np.nan, 70, 50, 90], nan_ok=True) and share[1, 0] == 30


def test_a_page_has_no_room_for_too_many_battles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_data, "MOST_DUELS", 7)
    standing = hand_made()
    assert not {"duel_pair", "battle_seed"} & set(
        page_arrays(standing, pair(standing.duels, 4), aps_progress(standing))
    )


def test_battles_of_older_versions_are_not_on_the_page() -> None:
    standing = hand_made()
    old = replace(standing.entrants[3], is_current=False)
    standing = replace(standing, entrants=(*standing.entrants[:3], old))
    arrays = page_arrays(standing, pair(standing.duels, 3), aps_progress(standing))
    assert unpack(arrays["duel_share"]).tolist() == [80, 60, 50, 50, 30, 50]


def test_a_challenge_has_its_references_as_columns() -> None:
    standing = make_standing(7, 1, references=4)
    ratings, pairings = rate(standing, replicates=0)
    frame = page_frame(standing, ratings, pairings, {}, Path("my league.db"))
    assert sorted(frame["rows"]) == [0, 1, 2] and frame["columns"] == [3, 4, 5, 6]
    assert ratings["score"][frame["rows"]].tolist() == sorted(ratings["score"][:3], reverse=True)
    assert frame["order"] == frame["rows"] + frame["columns"]
    assert frame["replay"] == "beepsim tournament replay 'my league.db'"


def test_everybody_is_a_column_in_a_round_robin() -> None:
    standing = make_standing(5, 1)
    ratings, pairings = rate(standing, replicates=0)
    frame = page_frame(standing, ratings, pairings, {}, Path("a.db"))
    assert frame["rows"] == frame["columns"] == np.argsort(ratings["rank"]).tolist()
