"""Replicates of the pairing scores: what the same tournament might have come to with other seeds.

A multiplier bootstrap (Wu 1986, "Jackknife, Bootstrap and Other Resampling Methods in Regression Analysis"): the
deviation of each battle from its pairing's mean is multiplied by a normal deviate of its own. That has the unbiased
variance s^2/n even with two battles a pairing, where resampling with replacement would give half of it, and it moves
all pairings of a melee battle together. A pairing's only battle deviates by the standard error known from its rounds.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from beepsim.tournament.pairings import Pairings, among, known_variance, pairing_place

BLOCK = 1 << 20
"""Numbers of a block of replicates: large ones cost memory, small ones time."""


class Layers(NamedTuple):
    """Rows of battles in layers: first each pairing's first battle, then each second one, and so on.

    Pairings with more battles stand before others, so that layer k is that of the first `sizes[k]` of P pairings. M is
    the number of rows, or P where one deviate stands for all rows of a pairing.
    """

    bots: int  # B
    places: np.ndarray  # [P] in a flattened [B, B], above the diagonal
    mirrored: np.ndarray  # [P] below it
    sizes: list[int]
    share: np.ndarray  # f4 [P], of the pairing's first bot
    survival: np.ndarray  # f4 [2, P], of both
    share_moves: np.ndarray  # f4 [M], by one deviate
    survival_moves: np.ndarray  # f4 [2, M]
    draw: np.ndarray  # [M], which deviate
    draws: int


def layers(duels: np.ndarray, pairings: Pairings, rounds: float) -> Layers:
    """The DUEL rows between the bots of `pairings` as layers; battles have so many rounds."""
    count = len(pairings.share)
    duels = among(duels, count)
    all_places, number = np.unique(pairing_place(duels, count), return_counts=True)
    places = all_places[np.argsort(-number, kind="stable")]
    order, sizes = layer_order(pairing_place(duels, count), places, count)
    pairing = np.concatenate([np.arange(size) for size in sizes] or [np.arange(0)])
    a, b = places // count, places % count
    share, survival = pairings.share[a, b], np.stack([pairings.survival[a, b], pairings.survival[b, a]])
    battles = pairings.battles[a, b][pairing]
    is_only = battles == 1
    scale = 1.0 / np.sqrt(np.maximum(battles * (battles - 1.0), 1.0))

    moves = np.empty((3, len(duels)))
    moves[0] = np.where(
        is_only, np.sqrt(known_variance(duels)[order]), (duels["share"][order] - share[pairing]) * scale
    )
    for side, name in ((0, "survival_a"), (1, "survival_b")):
        survived = duels[name][order]
        # Agresti and Coull's two further rounds, half survived: 35 of 35 do not prove that it never dies.
        chance = (survived * rounds / 100.0 + 1.0) / (rounds + 2.0)
        error = 100.0 * np.sqrt(chance * (1.0 - chance) / rounds)
        moves[1 + side] = np.where(is_only, error, (survived - survival[side][pairing]) * scale)

    # Only battles of their pairings have no sign in common, even where they are of one melee.
    battle = np.where(is_only, -1 - np.arange(len(duels)), duels["battle"][order])
    numbers, draw = np.unique(battle, return_inverse=True)
    if len(numbers) == len(duels):
        # No two rows share a deviate: then those of a pairing come to one normal deviate, and one is drawn.
        moves = np.sqrt([np.bincount(pairing, row, len(places)) for row in moves**2])
        draw, sizes = np.arange(len(places)), [len(places)]
    return Layers(
        bots=count,
        places=places,
        mirrored=b * count + a,
        sizes=sizes,
        share=share.astype(np.float32),
        survival=survival.astype(np.float32),
        share_moves=moves[0].astype(np.float32),
        survival_moves=moves[1:].astype(np.float32),
        draw=draw,
        draws=int(draw.max(initial=-1)) + 1,
    )


def layer_order(place: np.ndarray, places: np.ndarray, count: int) -> tuple[np.ndarray, list[int]]:
    """The order of rows, given by their pairings' places, in layers over the pairings `places`; the layers' sizes."""
    position = np.zeros(count * count, np.int64)
    position[places] = np.arange(len(places))
    order = np.argsort(position[place], kind="stable")
    number = np.bincount(position[place], minlength=len(places))
    which = np.arange(len(place)) - np.repeat(number.cumsum() - number, number)
    return order[np.argsort(which, kind="stable")], np.bincount(which).tolist()


def replicated(table: Layers, number: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairing scores and survival of `number` replicates, f4 [r, B, B] a block, 0 where bots have not met.

    The arrays are used again for the next block.
    """
    generator = np.random.default_rng(seed)
    block = max(1, min(number, BLOCK // max(table.draws, table.bots**2, 1)))
    matrices = np.zeros((2, block, table.bots**2), np.float32)
    for first in range(0, number, block):
        size = min(block, number - first)
        deviates = generator.standard_normal((size, table.draws), np.float32)
        share, survival = matrices[:, :size]
        moved = table.share + moved_by(table, deviates, table.share_moves)
        share[:, table.places] = moved
        share[:, table.mirrored] = np.float32(100.0) - moved
        for side, places in enumerate((table.places, table.mirrored)):
            survival[:, places] = table.survival[side] + moved_by(table, deviates, table.survival_moves[side])
        shape = (size, table.bots, table.bots)
        yield share.reshape(shape), survival.reshape(shape)


def moved_by(table: Layers, deviates: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """By how much each pairing's mean moves, f4 [r, P]."""
    total = np.zeros((len(deviates), len(table.places)), np.float32)
    begin = 0
    for size in table.sizes:
        rows = slice(begin, begin + size)
        total[:, :size] += deviates[:, table.draw[rows]] * moves[rows]
        begin += size
    return total
