"""Folds by opponent: who is trained on, who decides when to stop, who is only ever tested on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from beepsim.errors import UserError


@dataclass(frozen=True)
class Fold:
    """Names of opponents; the three sets are disjoint, and each opponent is in `test` of exactly one fold."""

    number: int
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def of_kind(self, surfers: Sequence[str], is_for_surfers: bool) -> "Fold":
        """What a model for surfers, or one for all others, is trained and validated on."""
        train, validation = (
            tuple(name for name in names if (name in surfers) == is_for_surfers)
            for names in (self.train, self.validation)
        )
        return replace(self, train=train, validation=validation)


def split_opponents(
    opponents: Sequence[str], folds: int, validation: float, seed: int, surfers: Sequence[str] = ()
) -> list[Fold]:
    """Deal the opponents into folds by a shuffle that depends on the seed and the set of names only.

    `validation` is the share of a fold's other opponents kept for early stopping, at least one of them. Where some are
    surfers, these and the others are dealt apart: each fold trains, stops and is tested on both kinds.
    Raises UserError where a fold would be left without opponents to train on or to test on.
    """
    names = sorted(set(opponents))
    for name in surfers:
        if name not in names:
            raise UserError(f"split.surfers: {name!r} is no opponent here; they are {', '.join(names)}")
    if surfers:
        kinds = [[name for name in names if (name in surfers) == is_surfer] for is_surfer in (False, True)]
        dealt_kinds = [
            deal_opponents(kind, folds, validation, seed, of_kind)
            for kind, of_kind in zip(kinds, (" besides split.surfers", " in split.surfers"), strict=True)
        ]
        return [
            Fold(
                one.number,
                tuple(sorted(one.train + other.train)),
                tuple(sorted(one.validation + other.validation)),
                tuple(sorted(one.test + other.test)),
            )
            for one, other in zip(*dealt_kinds, strict=True)
        ]
    return deal_opponents(names, folds, validation, seed)


def deal_opponents(names: Sequence[str], folds: int, validation: float, seed: int, of_kind: str = "") -> list[Fold]:
    """`split_opponents` of one kind of opponents, in the order of their names; messages say `of_kind` behind them."""
    if len(names) < folds:
        raise UserError(
            f"split.folds is {folds}, but there are only {len(names)} opponents ({', '.join(names)}){of_kind}; "
            f"take {f'at most {len(names)} folds or ' if len(names) > 1 else ''}more opponents"
        )
    if len(names) - -(-len(names) // folds) < 2:
        raise UserError(
            f"{len(names)} opponents ({', '.join(names)}){of_kind} in {folds} folds leave fewer than two for "
            "training and validation; take more opponents"
        )
    order = [names[index] for index in np.random.default_rng([seed, 0x5917]).permutation(len(names))]
    dealt = []
    for number in range(folds):
        test = tuple(sorted(order[number::folds]))
        # Rotated, so that different folds stop on different opponents.
        others = [name for shift in range(1, folds) for name in order[(number + shift) % folds :: folds]]
        kept = min(max(1, round(validation * len(others))), len(others) - 1)
        dealt.append(Fold(number, tuple(sorted(others[kept:])), tuple(sorted(others[:kept])), test))
    return dealt


def choose_validation(opponents: Sequence[str], named: Sequence[str], seed: int) -> set[str]:
    """The opponents kept for early stopping: those named, else a fifth of all, at least one.

    Raises UserError for a name that is not there, or where nobody would be left to train on.
    """
    names = sorted(set(opponents))
    for name in named:
        if name not in names:
            raise UserError(f"--validation {name!r} is no opponent in these tables; they are {', '.join(names)}")
    order = [names[index] for index in np.random.default_rng([seed, 0x5917]).permutation(len(names))]
    kept = set(named) or set(order[: max(1, round(0.2 * len(names)))])
    if len(kept) == len(names):
        raise UserError(f"all opponents ({', '.join(names)}) would be for validation; give tables with more of them")
    return kept


def deal_classes(classes: Sequence[Sequence[str]], folds: int, validation: float, seed: int) -> list[Fold]:
    """Folds that share each class out as evenly as they can; a class smaller than `folds` is not tested in every one.

    `validation` is the share of all that a fold does not test, at least one, of whatever class.
    """
    order = [name for names in classes for name in np.random.default_rng([seed, 0x5917]).permutation(sorted(names))]
    dealt = []
    for number in range(folds):
        test = tuple(sorted(map(str, order[number::folds])))
        others = [str(name) for name in np.random.default_rng([seed, number]).permutation(sorted({*order} - {*test}))]
        kept = min(max(1, round(validation * len(others))), len(others) - 1)
        dealt.append(Fold(number, tuple(sorted(others[kept:])), tuple(sorted(others[:kept])), test))
    return dealt
