"""Training of the attention model: batches of one battle each, Adam, learning curve, checkpoints that resume exactly.

Every random choice is a function of (seed, step), so a run that was interrupted and resumed ends in the same weights.
[Q] queries, [J] candidates; losses are means over queries.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import ConfigDict
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from beepsim.errors import UserError
from beepsim.files import replacing
from beepsim.targeting.attention import Attention, Batch, model_columns
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.fast import fast_loss
from beepsim.targeting.losses import Loss
from beepsim.targeting.weights import ModelConfig, Weights, initial_weights

BATTLES_PER_STEP = 2
NARROWEST = 1e-3  # GF; an interval clipped at the escape angle may be a point
WARM_UP = 0.3  # share of the steps in which the rate rises
AVERAGED = 0.5  # share of the steps, the last ones, whose parameters are averaged
VALIDATION_STREAM, STEP_STREAM = 1, 2
VALIDATION_QUERIES = 256
BETAS = (0.9, 0.99)
VERSION = 7
"""Of what a training computes and keeps; those of another version are not continued, and not used again."""

LossName = Literal[
    "kde_cross_entropy", "hit_probability", "mse_mean", "mse_expected", "mse_density", "bins_cross_entropy", "bins_kl",
    "bins_kl_smoothed", "bins_margin", "bins_squared", "continuous_categorical", "unhinged",
]  # fmt: skip


@dataclass(frozen=True)
class TrainConfig:
    """`queries` and `candidates` of one battle in one step; `rate` is the highest learning rate of Adam."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    loss: LossName = "kde_cross_entropy"
    steps: int = 500
    queries: int = 96
    candidates: int = 6000
    rate: float = 0.01
    evaluations: int = 10
    seed: int = 1


@dataclass(frozen=True)
class Training:
    """The weights, the learning curve, and how many steps had no finite gradient.

    Each entry of `history`: step; train_loss and gradient_norm, means over the steps since the entry before;
    validation_loss of the parameters of that step, in the last entry of `weights`; rate.
    """

    weights: Weights
    history: tuple[dict[str, float], ...]
    skipped_steps: int


@contextmanager
def one_thread() -> Iterator[None]:
    """Sums over several threads depend on how many there are; on one they are the same on every machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@one_thread()
def train(
    training: Sequence[BattleWaves],
    validation: Sequence[BattleWaves],
    model: ModelConfig,
    config: TrainConfig,
    checkpoint: Path | None = None,
    progress: Callable[[int], None] | None = None,
    device: str = "cpu",
) -> Training:
    """Learn weights on `training`; continue from `checkpoint` if it is there.

    They are the mean of the parameters (as they are learned: logarithms) over the last half of the steps, or those of
    an evaluated step, the start among them, that does better on `validation` than that mean.
    Raises UserError where there is nothing to learn from, or the checkpoint is not of this training.
    """
    check_device(device)
    start = initial_weights(model)
    pools = [battle.lessons for battle in training]
    usable = [index for index, pool in enumerate(pools) if len(pool)]
    if not usable:
        raise UserError(
            f"none of the {len(training)} training battles has a wave that knows enough others before it; "
            "train on more or longer battles"
        )
    attention = Attention(start).to(device)
    optimiser = torch.optim.Adam([p for p in attention.parameters() if p.requires_grad], betas=BETAS)
    loss = fast_loss(config.loss)
    tests = validation_batches(validation, start, config, device)
    if not tests:
        raise UserError(
            f"none of the {len(validation)} validation battles has a wave that knows enough others before it"
        )

    key = training_key(training, validation, model, config)
    state = load_checkpoint(checkpoint, key, attention, optimiser) if checkpoint else None
    if state is None:
        state = first_state(evaluate(attention, loss, tests))
        best = snapshot(attention)
        total = {name: torch.zeros_like(value, dtype=torch.float64) for name, value in best.items()}
    else:
        total, best = state.pop("total_parameters"), state.pop("best_parameters")
    every = max(1, config.steps // config.evaluations)
    for step in range(state["step"], config.steps):
        rate = optimiser.param_groups[0]["lr"] = learning_rate(step, config)
        rng = np.random.default_rng([config.seed, STEP_STREAM, step])
        chosen = rng.choice(usable, min(BATTLES_PER_STEP, len(usable)), replace=False)
        batches = [
            sample_batch(training[index], pools[index], start, config, config.queries, rng, device) for index in chosen
        ]
        taken = take_step(attention, optimiser, loss, batches)
        if taken is None:
            state["skipped"] += 1
        else:
            state["recent"].append(taken[0])
            state["norms"].append(taken[1])
        if step >= (1.0 - AVERAGED) * config.steps:
            total = {name: total[name] + now for name, now in snapshot(attention).items()}
            state["averaged"] += 1
        if (step + 1) % every == 0 or step + 1 == config.steps:
            found = evaluate(attention, loss, tests)
            note_evaluation(state, step + 1, found, rate)
            if found < state["best"]:
                state["best"], best = found, snapshot(attention)
            if checkpoint:
                save_checkpoint(checkpoint, key, attention, optimiser, {"total": total, "best": best}, state)
        if progress:
            progress(step + 1)
    history = state["history"]
    attention.load_state_dict({name: value / state["averaged"] for name, value in total.items()})
    history[-1]["validation_loss"] = evaluate(attention, loss, tests)
    if not history[-1]["validation_loss"] < state["best"]:
        attention.load_state_dict(best)
        history[-1]["validation_loss"] = state["best"]
    provenance = {
        "seed": config.seed,
        "training": asdict(config),
        "opponents": sorted({battle.target for battle in training}),
        "validation_opponents": sorted({battle.target for battle in validation}),
    }
    return Training(attention.to_weights(provenance), tuple(history), state["skipped"])


def evaluate(attention: Attention, loss: Loss, batches: Sequence[Batch]) -> float:
    """Mean over battles of the mean loss of their queries."""
    with torch.no_grad():
        return float(torch.stack([attention.loss(loss, batch).mean() for batch in batches]).mean())


def first_state(loss: float) -> dict[str, Any]:
    """What a training knows of itself before its first step, from its loss on the validation battles.

    Raises UserError where that is not finite.
    """
    if not math.isfinite(loss):
        raise UserError(
            f"the loss on the validation battles is {loss} before the first step; "
            "a feature, angle or interval of theirs is not a finite number: extract the waves again"
        )
    state = {"history": [], "best": loss, "recent": [], "norms": [], "skipped": 0, "averaged": 0}
    note_evaluation(state, 0, loss, 0.0)
    return state


def note_evaluation(state: dict[str, Any], step: int, loss: float, rate: float) -> None:
    """A row of the learning curve; what was gathered since the one before is in it, and gone."""
    mean, norm = (float(np.mean(state[name])) if state[name] else math.nan for name in ("recent", "norms"))
    state["history"].append(
        {"step": step, "train_loss": mean, "validation_loss": loss, "gradient_norm": norm, "rate": rate}
    )
    state["step"], state["recent"], state["norms"] = step, [], []


def take_step(
    attention: Attention, optimiser: torch.optim.Adam, loss: Loss, batches: Sequence[Batch]
) -> tuple[float, float] | None:
    """Loss and length of its gradient before the step; None, and no step, where either is not finite."""
    optimiser.zero_grad()
    value = torch.zeros((), device=batches[0].queries.device)
    for batch in batches:
        value = value + attention.loss(loss, batch).mean() / len(batches)
    value.backward()  # type: ignore[no-untyped-call]
    norm = gradient_norm(attention)
    if not (math.isfinite(norm) and bool(torch.isfinite(value))):
        return None
    optimiser.step()
    attention.keep_in_range()
    return float(value.detach()), norm


def gradient_norm(attention: Attention) -> float:
    """Euclidean length of the loss's gradient by all that is learned, in its own scale (logarithms); NaN or infinite
    where a part of it is."""
    parts = [p.grad.double().square().sum() for p in attention.parameters() if p.grad is not None]
    return float(torch.stack(parts).sum().sqrt())


def check_device(device: str) -> None:
    """Raises UserError for a device that torch does not have here."""
    try:
        torch.zeros(1, device=device).item()
    except (RuntimeError, AssertionError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"device {device!r} is not there ({first}); take cpu, or cuda with a CUDA build") from None


def learning_rate(step: int, config: TrainConfig) -> float:
    """One cycle: from a tenth of the rate up to it, then down to nearly nothing, both along half a cosine."""
    rise = max(1.0, WARM_UP * config.steps)
    if step < rise:
        return config.rate * (0.55 - 0.45 * math.cos(math.pi * step / rise))
    return config.rate * (0.505 + 0.495 * math.cos(math.pi * (step - rise) / max(1.0, config.steps - rise)))


def sample_batch(
    battle: BattleWaves, pool: np.ndarray, weights: Weights, config: TrainConfig, queries: int, rng: Any, device: str
) -> Batch:
    """Random queries of the pool against a random sample of what the last of them knows."""
    chosen = rng.choice(pool, min(queries, len(pool)), replace=False)
    most = int(battle.known[chosen].max())
    places = np.sort(rng.choice(most, min(config.candidates, most), replace=False))
    known = np.searchsorted(places, battle.known[chosen])
    # A query whose whole past fell out of the sample has no density.
    has_past = known > 0
    chosen, known = chosen[has_past], known[has_past]
    candidates = battle.by_break[places]
    low, high = (battle.rows[name][chosen].astype(np.float32) for name in ("gf_low", "gf_high"))
    centre, half = 0.5 * (low + high), np.maximum(0.5 * (high - low), 0.5 * np.float32(NARROWEST))
    return Batch(
        model_columns(weights.config, battle.query_features[chosen], weights).to(device),
        model_columns(weights.config, battle.features[candidates], weights).to(device),
        torch.as_tensor(known).to(device),
        torch.as_tensor(battle.rows["gf"][candidates]).to(device),
        torch.as_tensor(centre - half).to(device),
        torch.as_tensor(centre + half).to(device),
        torch.as_tensor(battle.rows["gf_low"][candidates]).to(device),
        torch.as_tensor(battle.rows["gf_high"][candidates]).to(device),
        torch.as_tensor(battle.half_bot_widths[chosen].astype(np.float32)).to(device),
    )


def validation_batches(
    battles: Sequence[BattleWaves], weights: Weights, config: TrainConfig, device: str
) -> list[Batch]:
    """One fixed batch for each validation battle."""
    batches = []
    for index, battle in enumerate(battles):
        pool = battle.lessons
        if len(pool):
            rng = np.random.default_rng([config.seed, VALIDATION_STREAM, index])
            batches.append(sample_batch(battle, pool, weights, config, VALIDATION_QUERIES, rng, device))
    return batches


def training_key(
    training: Sequence[BattleWaves], validation: Sequence[BattleWaves], model: ModelConfig, config: TrainConfig
) -> str:
    """A hash of everything that the result depends on; a checkpoint of another training must not be continued."""
    data = [[battle.content_hash for battle in battles] for battles in (training, validation)]
    text = json.dumps([VERSION, asdict(model), asdict(config), data], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def snapshot(attention: Attention) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in attention.state_dict().items()}


def save_checkpoint(
    path: Path,
    key: str,
    attention: Attention,
    optimiser: torch.optim.Adam,
    kept: dict[str, dict[str, Tensor]],
    state: dict,
) -> None:
    arrays = {f"now.{name}": value for name, value in snapshot(attention).items()}
    arrays |= {f"{kind}.{name}": value.clone() for kind, part in kept.items() for name, value in part.items()}
    for index, moments in optimiser.state_dict()["state"].items():
        arrays |= {f"adam.{index}.{name}": value.clone() for name, value in moments.items()}
    with replacing(path) as temporary:
        temporary.write_bytes(save(arrays, {"beepsim": json.dumps({"kind": "checkpoint", "key": key, "state": state})}))


def load_checkpoint(path: Path, key: str, attention: Attention, optimiser: torch.optim.Adam) -> dict | None:
    """Where a training stood, with parameters and Adam's moments put back; None where there is no checkpoint."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})["beepsim"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if metadata["kind"] != "checkpoint" or metadata["key"] != key:
            raise UserError(f"{path} is not a checkpoint of this training (other data or configuration); remove it")
        names = list(attention.state_dict())
        attention.load_state_dict({name: arrays[f"now.{name}"] for name in names})
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in arrays.items():
            if name.startswith("adam."):
                _, index, kind = name.split(".")
                moments.setdefault(int(index), {})[kind] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
        kept = {f"{kind}_parameters": {name: arrays[f"{kind}.{name}"] for name in names} for kind in ("total", "best")}
        return {**metadata["state"], **kept}
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{path} is not a checkpoint, or it is damaged ({error}); remove it") from None
