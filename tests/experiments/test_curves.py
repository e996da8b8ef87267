"""Learning curves: means over folds, the kept step, skipped steps."""

import pytest

from beepsim.errors import UserError
from beepsim.experiments.curves import LOSS_KINDS, aligned, gradient_section, learning_section, over_folds
from beepsim.experiments.learning import read_curve
from beepsim.experiments.plots import short_names, wrapped
from beepsim.targeting.losses import LOSSES

CURVES = [
    {"model": model, "fold": fold, "step": step, "train_loss": loss and loss + 1.0, "validation_loss": loss or 3.0,
     "gradient_norm": loss}
    for model in ("a x", "b x")
    for fold, losses in ((0, (None, 2.0, 1.0)), (1, (None, 4.0, 5.0)))
    for step, loss in zip((0, 10, 20), losses, strict=True)
]  # fmt: skip


def test_means_and_ends_over_folds() -> None:
    mine = [row for row in CURVES if row["model"] == "a x"]
    assert over_folds(mine, "train_loss") == ([10, 20], [4.0, 4.0], [3.0, 2.0], [5.0, 6.0])


def test_folds_are_moved_to_one_mean() -> None:
    """Folds of mean 2 and 4 (validation: 3, 2, 1 and 3, 4, 5) become folds of mean 3, their changes unchanged."""
    moved = aligned([row for row in CURVES if row["model"] == "a x"])
    assert over_folds(moved, "validation_loss") == ([0, 10, 20], [3.0, 3.0, 3.0], [2.0, 3.0, 2.0], [4.0, 3.0, 4.0])
    assert CURVES[1]["validation_loss"] == 2.0


def test_every_loss_has_its_kind() -> None:
    assert set(LOSS_KINDS) == set(LOSSES)


def test_skipped_steps_and_trainings_without_gain_are_counted() -> None:
    models = [
        {"model": model, "fold": fold, "bandwidth": 0.1, "floor": 0.05, "validation_loss": 1.0, "kept_step": kept,
         "steps": 20, "skipped_steps": skipped}
        for model, fold, kept, skipped in (("a x", 0, 20, 0), ("a x", 1, 0, 3))
    ]  # fmt: skip
    section = learning_section(CURVES, models, ["a x", "b x"])
    assert "skipped: 3 of 40" in section.text and "began with: 1 of 2" in section.text
    assert section.plots["learning_curves"].startswith(b"\x89PNG")
    losses = {"a x": "mse_mean", "b x": "kde_cross_entropy"}
    assert gradient_section(CURVES, ["a x", "b x"], losses).plots["gradient_norms"].startswith(b"\x89PNG")


def test_names_are_shown_by_what_differs() -> None:
    names = ["gaussian mse_mean h 0.1", "gaussian mse_mean h 0.2", "gaussian mse_mean h 0.2 points"]
    assert list(short_names(names).values()) == ["h 0.1", "h 0.2", "h 0.2 points"]
    assert short_names(["knn", *names[:2]]) == {"knn": "knn", names[0]: "h 0.1", names[1]: "h 0.2"}
    assert short_names(names[:1]) == {names[0]: names[0]} and short_names([]) == {}
    assert wrapped("gaussian kde_cross_entropy", 14) == "gaussian kde_\ncross_entropy"


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "5", '{"history": 5, "skipped_steps": 0}', '{"history": [5]}'])
def test_a_damaged_curve_is_named_with_what_to_remove(tmp_path, text):
    path = tmp_path / "curve.json"
    path.write_text(text)
    with pytest.raises(UserError, match="curve.json is missing or damaged .* remove the weights beside it"):
        read_curve(path)
