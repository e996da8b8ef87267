"""What the page's scripts draw from: the tournament as small whole numbers in base64, since a thousand bots make a
million scores. Figures are rounded to the decimals that the page shows, so it shows them rounded once."""

import base64
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from beepsim.tournament.pairings import Pairings
from beepsim.tournament.standing import Standing
from beepsim.tournament.tables import Progress, rank_order, share_reaches

MOST_DUELS = 200_000
"""Battles of pairings that are put on the page, 20 bytes each; where there are more, it names a command instead."""

MOST_ROWS = 100
"""Of a table at once, until all are asked for: browsers take a second to lay out a thousand."""

WHOLE = ("<u1", "<u2", "<u4")
SIGNED = ("<i2", "<i4")


class Packed(NamedTuple):
    """Numbers as text: `type` as numpy names it, multiplied by 10^`decimals`; the type's greatest stands for NaN."""

    type: str
    decimals: int
    base64: str


def pack(values: np.ndarray, decimals: int = 0) -> Packed:
    """The values in the smallest type that holds them; in float64 what no type of 32 bits does, as seeds."""
    numbers = np.rint(np.asarray(values, float).ravel() * 10**decimals)
    there = np.isfinite(numbers)
    least, most = (numbers[there].min(), numbers[there].max()) if there.any() else (0.0, 0.0)
    for kind in WHOLE if least >= 0 else SIGNED:
        limits = np.iinfo(kind)
        if limits.min <= least and most < limits.max:
            whole = np.where(there, numbers, limits.max).astype(kind)
            return Packed(kind[1:], decimals, base64.b64encode(whole.tobytes()).decode("ascii"))
    return Packed("f8", decimals, base64.b64encode(numbers.astype("<f8").tobytes()).decode("ascii"))


def page_arrays(standing: Standing, pairings: Pairings, progress: Progress) -> dict[str, Packed]:
    """Every array of the page by its name; matrices [B, B] by rows, progress [K, B], duels sorted by pairing."""
    arrays = {
        "share": pack(pairings.share, 2),
        "reach": pack(share_reaches(pairings), 2),
        "battles": pack(pairings.battles),
        "survival": pack(pairings.survival, 2),
        "shots": pack(pairings.shots),
        "hits": pack(pairings.hits),
        "npp": pack(pairings.npp, 1),
        "knnpbi": pack(pairings.knnpbi, 2),
        "progress_battles": pack(progress.battles),
        "progress_aps": pack(progress.aps, 2),
    }
    count = standing.current
    duels = standing.duels[(standing.duels["a"] < count) & (standing.duels["b"] < count)]
    if len(duels) > MOST_DUELS:
        return arrays
    pair = duels["a"].astype(np.int64) * count + duels["b"]
    order = np.lexsort((duels["battle"], pair))
    numbers, place = np.unique(duels["battle"][order], return_inverse=True)
    battles = standing.battles[np.argsort(standing.battles["battle"], kind="stable")]
    battles = battles[np.searchsorted(battles["battle"], numbers)]
    return arrays | {
        "duel_pair": pack(pair[order]),
        "duel_share": pack(duels["share"][order], 2),
        "duel_battle": pack(place),
        "battle_number": pack(numbers),
        "battle_season": pack(battles["season"]),
        "battle_seed": pack(battles["seed"]),
        "battle_turns": pack(battles["turns"]),
    }


def page_frame(
    standing: Standing, ratings: np.ndarray, pairings: Pairings, arrays: Mapping[str, Packed], database: Path
) -> dict[str, Any]:
    """What is not numbers: bots, the matrix's rows and columns, the arrays' types, the beginnings of commands.

    Rows are the ranked bots, best first; columns in the same order those that any of them has met, so that a
    challenge has its references there.
    """
    order = rank_order(ratings)
    rows = order[ratings["rank"][order] > 0]
    columns = order[(pairings.battles[rows] > 0).any(axis=0)[order]]
    bots = standing.entrants[: standing.current]
    return {
        "bots": [{"label": bot.label, "shell": shlex.quote(bot.name), "group": bot.group} for bot in bots],
        "ranks": ratings["rank"].tolist(),
        "aps_low": [number if abs(number) < np.inf else None for number in ratings["aps_low"].tolist()],
        "aps_high": [number if abs(number) < np.inf else None for number in ratings["aps_high"].tolist()],
        "order": order.tolist(),
        "rows": rows.tolist(),
        "columns": columns.tolist(),
        "arrays": {name: {"type": packed.type, "decimals": packed.decimals} for name, packed in arrays.items()},
        "most_rows": MOST_ROWS,
        "replay": f"beepsim tournament replay {shlex.quote(str(database))}",
        "show": f"beepsim tournament show {shlex.quote(str(database))} --pairing",
    }
