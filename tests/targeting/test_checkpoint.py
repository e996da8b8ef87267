"""Checkpoints: an interrupted training ends as one that was not, and takes no other's checkpoint."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from short_training import MODEL, SHORT, TRAINING, VALIDATION, same

from beepsim.errors import UserError
from beepsim.targeting import train as module
from beepsim.targeting.attention import Attention
from beepsim.targeting.fast import fast_loss
from beepsim.targeting.train import train
from beepsim.targeting.weights import ModelConfig


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("stop", [1, 3, 8, 11])
def test_resumed_training_is_the_uninterrupted_one(tmp_path, stop):
    whole = train(TRAINING, VALIDATION, MODEL, SHORT)

    def interrupt(step):
        if step == stop:
            raise Interrupted

    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Interrupted):
        train(TRAINING, VALIDATION, MODEL, SHORT, path, interrupt)
    assert path.exists() == (stop >= 3)
    resumed_at = []
    resumed = train(TRAINING, VALIDATION, MODEL, SHORT, path, resumed_at.append)
    assert resumed_at[0] == stop // 3 * 3 + 1  # every third step is an evaluation, and its state is kept
    assert same(resumed.weights, whole.weights) and str(resumed.history) == str(whole.history)


def test_the_best_step_so_far_survives_an_interruption(tmp_path, monkeypatch):
    """Validation losses set by hand: those of the start and of steps 3 and 6, then of 9, 12 and of the mean."""
    values, steps = iter(np.repeat([2.0, 1.1, 1.5, 1.3, 1.4, 1.6], len(VALIDATION))), []
    keep_in_range = Attention.keep_in_range

    def loss(*arguments):
        found = fast_loss("kde_cross_entropy")(*arguments)
        return found if torch.is_grad_enabled() else torch.full_like(found, float(next(values)))

    def keep_step(attention):
        keep_in_range(attention)
        steps.append(module.snapshot(attention))

    def interrupt(step):
        if step == 7:
            raise Interrupted

    monkeypatch.setattr(module, "fast_loss", lambda name: loss)
    monkeypatch.setattr(Attention, "keep_in_range", keep_step)
    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(Interrupted):
        train(TRAINING, VALIDATION, MODEL, SHORT, path, interrupt)
    found = train(TRAINING, VALIDATION, MODEL, SHORT, path)
    assert [row["validation_loss"] for row in found.history] == pytest.approx([2.0, 1.1, 1.5, 1.3, 1.1])
    assert found.weights.w == pytest.approx(np.exp(steps[2]["log_w"].numpy()), rel=1e-6)


def test_a_finished_training_resumes_to_itself(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    whole, steps = train(TRAINING, VALIDATION, MODEL, SHORT, path), []
    again = train(TRAINING, VALIDATION, MODEL, SHORT, path, steps.append)
    assert steps == [] and same(again.weights, whole.weights) and str(again.history) == str(whole.history)


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    train(TRAINING, VALIDATION, MODEL, SHORT, path)
    before = path.read_bytes()
    for training, validation, model, config in (
        (TRAINING[:2], VALIDATION, MODEL, SHORT),
        (TRAINING, VALIDATION[:1], MODEL, SHORT),
        (TRAINING, VALIDATION, ModelConfig(("accel", "vel")), SHORT),
        (TRAINING, VALIDATION, MODEL, replace(SHORT, rate=0.03)),
    ):
        with pytest.raises(UserError, match="checkpoint.safetensors is not a checkpoint of this training"):
            train(training, validation, model, config, path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("keep", [0, 7, 200, -1])
def test_a_damaged_checkpoint_is_refused(tmp_path, keep):
    path = tmp_path / "checkpoint.safetensors"
    train(TRAINING, VALIDATION, MODEL, SHORT, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match="checkpoint.safetensors is not a checkpoint"):
        train(TRAINING, VALIDATION, MODEL, SHORT, path)
