"""Folds: no opponent is ever tested on by a model that saw it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beepsim.errors import UserError
from beepsim.experiments.split import deal_classes, split_opponents

names = st.sets(st.text("abcdefgh.", min_size=1, max_size=6), min_size=4, max_size=40)


@given(names, st.integers(2, 4), st.floats(0.05, 0.6), st.integers(0, 2**31 - 1))
def test_every_opponent_is_tested_once_and_never_trained_on(opponents, folds, validation, seed):
    dealt = split_opponents(sorted(opponents), folds, validation, seed)
    assert sorted(name for fold in dealt for name in fold.test) == sorted(opponents)
    for fold in dealt:
        parts = [set(fold.train), set(fold.validation), set(fold.test)]
        assert all(parts)
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(opponents)


@given(names, st.integers(0, 2**31 - 1))
def test_order_of_the_names_does_not_matter(opponents, seed):
    assert split_opponents(sorted(opponents), 2, 0.3, seed) == split_opponents(sorted(opponents)[::-1], 2, 0.3, seed)


@pytest.mark.parametrize(("opponents", "folds"), [([], 2), (["a"], 2), (["a", "b"], 3), (["a", "b"], 2)])
def test_too_few_opponents_are_refused(opponents, folds):
    with pytest.raises(UserError, match="opponents"):
        split_opponents(opponents, folds, 0.2, 1)


def test_too_few_surfers_are_called_surfers():
    with pytest.raises(UserError, match=r"only 1 opponents \(b\) in split.surfers; take more opponents"):
        split_opponents("abcdef", 2, 0.2, 1, ["b"])
    with pytest.raises(UserError, match=r"\(a, f\) besides split.surfers in 2 folds leave"):
        split_opponents("abcdef", 2, 0.2, 1, list("bcde"))


@given(names, names, st.integers(2, 4), st.floats(0.01, 0.99), st.integers(0, 2**31 - 1))
def test_surfers_and_others_are_in_every_part_of_every_fold(opponents, surfers, folds, validation, seed):
    opponents = {f"o{name}" for name in opponents}
    surfers = sorted(f"s{name}" for name in surfers)
    dealt = split_opponents(sorted({*opponents, *surfers}), folds, validation, seed, surfers)
    assert sorted(name for fold in dealt for name in fold.test) == sorted({*opponents, *surfers})
    for fold in dealt:
        sides = [fold.of_kind(surfers, is_for_surfers) for is_for_surfers in (False, True)]
        for side, kind in zip(sides, (opponents, set(surfers)), strict=True):
            assert side.train and side.validation and {*side.train, *side.validation} == kind - set(fold.test)
        assert set(fold.test) & opponents and set(fold.test) & set(surfers)
        assert not {*fold.train, *fold.validation} & set(fold.test)
        assert fold.of_kind((), False) == fold


def test_a_surfer_that_is_not_there_is_named():
    with pytest.raises(UserError, match="split.surfers: 'x' is no opponent here; they are a, b, c, d"):
        split_opponents(["a", "b", "c", "d"], 2, 0.2, 1, ["x"])


@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=4).filter(lambda sizes: sum(sizes) >= 4),
    st.integers(2, 4),
    st.floats(0.01, 0.99),
    st.integers(0, 2**31 - 1),
)
def test_classes_are_shared_out_evenly(sizes, folds, validation, seed):
    classes = [[f"{number}.{place}" for place in range(size)] for number, size in enumerate(sizes)]
    everyone = {name for names in classes for name in names}
    dealt = deal_classes(classes, folds, validation, seed)
    assert sorted(name for fold in dealt for name in fold.test) == sorted(everyone)
    for fold in dealt:
        parts = [set(fold.train), set(fold.validation), set(fold.test)]
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(everyone)
        assert parts[1] and parts[2] and (parts[0] or len(everyone) - len(parts[2]) < 2)
    for names in classes:
        tested = [len({*names} & {*fold.test}) for fold in dealt]
        assert max(tested) - min(tested) <= 1
