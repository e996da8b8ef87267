"""A small network from situation to density (torch): learned on other opponents, it goes on learning in battle.

Normalised features, standardised, through two hidden layers to logits at 65 angles, between which they run linearly to
129 cells of 1/64 GF. Waves of earlier rounds are what it learns from in battle; all of them have broken. Deterministic
given the seed: every random choice is a function of it and the step. [W] waves, [F] inputs, [N] cells.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import ConfigDict, TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from beepsim.errors import UserError
from beepsim.files import replacing
from beepsim.targeting.aiming import GRID
from beepsim.targeting.battles import FEATURE_NAMES, BattleWaves
from beepsim.targeting.densities import aim_with, even_density
from beepsim.targeting.grid_loss import CELL, shares
from beepsim.targeting.grid_loss import REACH as CELL_REACH
from beepsim.targeting.guns import Aims
from beepsim.targeting.train import one_thread
from beepsim.targeting.weights import checked_provenance
from beepsim.versions import software_versions
from beepsim.waves.features import FEATURE_VERSION

NOT_SEEN = ("virtuality", "didHit", "didCollide")  # what only the outcome tells, or what a shot is not yet
INPUTS = tuple(name for name in FEATURE_NAMES if name not in NOT_SEEN)
HIDDEN, LOGITS, OUTPUTS = 96, 65, 129
LARGEST_INPUT = 6.0  # deviations
DROPOUT = 0.3
SMOOTHING, LEAST_SHARE = 0.02, 0.03  # GF; of the even density
PASSES, BATCH, NEWEST_SHARE, NEAR_WEIGHT = 8, 64, 0.3, 2.0
BATTLE_RATE, AVERAGE = 1e-3, 0.998
PRETRAINING, IN_BATTLE = 4, 5


@dataclass(frozen=True)
class NetworkConfig:
    """Pretraining: `steps` of AdamW on `waves` random waves of 8 battles each, at most at `rate`."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    steps: int = 2000
    waves: int = 512
    rate: float = 2e-3
    decay: float = 1e-2
    seed: int = 1


@dataclass(frozen=True)
class Network:
    """`layers`: weight and offset of each, in order; inputs are standardised by `mean` and `deviation` [F]."""

    config: NetworkConfig
    mean: np.ndarray
    deviation: np.ndarray
    layers: tuple[Tensor, ...]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def inputs(self, battle: BattleWaves) -> Tensor:
        """Standardised inputs of all waves, float32 [W, F]."""
        raw = battle.query_features[:, [FEATURE_NAMES.index(name) for name in INPUTS]]
        scaled = (raw - self.mean) / self.deviation
        return torch.as_tensor(np.clip(np.nan_to_num(scaled), -LARGEST_INPUT, LARGEST_INPUT), dtype=torch.float32)


def interpolation() -> Tensor:
    """[LOGITS, OUTPUTS]: each second cell is a logit's, those between are means."""
    table = torch.zeros(LOGITS, OUTPUTS)
    for cell in range(OUTPUTS):
        table[cell // 2, cell] += 1.0 - 0.5 * (cell % 2)
        if cell % 2:
            table[cell // 2 + 1, cell] += 0.5
    return table


INTERPOLATION = interpolation()


def targets(battle: BattleWaves) -> Tensor:
    """How much of each wave's hit interval lies in each cell, float32 [W, OUTPUTS]."""
    low, high = (torch.as_tensor(battle.rows[name]) for name in ("gf_low", "gf_high"))
    middle = OUTPUTS // 2
    return shares(low, high)[:, CELL_REACH - middle : CELL_REACH + middle + 1].float()


def log_shares(layers: Sequence[Tensor], inputs: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Log of the probability of each cell [W, OUTPUTS]; with dropout where a generator is given."""
    x = inputs
    for index in range(0, len(layers), 2):
        x = torch.addmm(layers[index + 1], x, layers[index])
        if index + 2 < len(layers):
            x = torch.relu(x)
            if generator is not None:
                x = x * (torch.rand(x.shape, generator=generator) >= DROPOUT) / (1.0 - DROPOUT)
    return torch.log_softmax(x @ INTERPOLATION, -1)


def seeded(*parts: int) -> torch.Generator:
    seed = np.random.SeedSequence(parts).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(seed >> 1))


def new_layers(seed: int) -> list[Tensor]:
    generator, layers, size = seeded(seed, PRETRAINING), [], len(INPUTS)
    for width in (HIDDEN, HIDDEN, LOGITS):
        scale = (2.0 / size) ** 0.5 * (0.1 if width == LOGITS else 1.0)
        layers += [torch.randn(size, width, generator=generator) * scale, torch.zeros(width)]
        size = width
    return layers


def pretraining_key(battles: Sequence[BattleWaves], config: NetworkConfig) -> str:
    """A hash of everything that the result depends on; a checkpoint of another pretraining must not be continued."""
    text = json.dumps([asdict(config), FEATURE_VERSION, INPUTS, [battle.content_hash for battle in battles]])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@one_thread()
def pretrain(
    battles: Sequence[BattleWaves],
    config: NetworkConfig,
    checkpoint: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Network:
    """Learn from the waves of all battles; continue from `checkpoint` if it is there, to the same result.

    Raises UserError where there is no wave to learn from, or the checkpoint is not of this training.
    """
    battles = [battle for battle in battles if len(battle.rows)]
    if not battles:
        raise UserError("no wave to learn from: the battles are empty")
    columns = [FEATURE_NAMES.index(name) for name in INPUTS]
    sample = np.concatenate([battle.query_features[::7, columns] for battle in battles]).astype(np.float64)
    provenance = {"opponents": sorted({battle.target for battle in battles}), "training": asdict(config)}
    network = Network(config, sample.mean(axis=0), sample.std(axis=0) + 0.02, (), provenance)
    inputs, wanted = [network.inputs(battle) for battle in battles], [targets(battle) for battle in battles]
    layers = [layer.requires_grad_() for layer in new_layers(config.seed)]
    optimiser = torch.optim.AdamW(layers, lr=config.rate, weight_decay=config.decay)
    key = pretraining_key(battles, config)
    first = load_progress(checkpoint, key, layers, optimiser) if checkpoint else 0
    every = max(1, config.steps // 10)
    for step in range(first, config.steps):
        rate = config.rate * min(1.0, (step + 1) / 100) * (0.505 + 0.495 * np.cos(np.pi * step / config.steps))
        optimiser.param_groups[0]["lr"] = rate
        rng = np.random.default_rng([config.seed, PRETRAINING, step])
        parts = [
            (index, rng.integers(0, len(inputs[index]), max(1, config.waves // 8)))
            for index in rng.choice(len(battles), 8)
        ]
        x, u = (torch.cat([source[index][chosen] for index, chosen in parts]) for source in (inputs, wanted))
        optimiser.zero_grad()
        (-(u * log_shares(layers, x, seeded(config.seed, PRETRAINING, step))).sum(-1).mean()).backward()  # type: ignore[no-untyped-call]
        if all(bool(torch.isfinite(layer.grad).all()) for layer in layers if layer.grad is not None):
            optimiser.step()
        if checkpoint and ((step + 1) % every == 0):
            save_progress(checkpoint, key, layers, optimiser, step + 1)
        if progress:
            progress(step + 1)
    return Network(config, network.mean, network.deviation, tuple(layer.detach() for layer in layers), provenance)


@dataclass(frozen=True)
class NetworkGun:
    """Aims with the network's density; after each round it trains on the waves of the battle so far.

    Weighted means of the weights over the steps are what it aims with.
    """

    name: str
    network: Network
    seed: int = 1

    @one_thread()
    def densities(self, battle: BattleWaves) -> np.ndarray:
        inputs, wanted = self.network.inputs(battle), targets(battle)
        near = torch.as_tensor(np.where(battle.rows["virtuality"] <= 1.0, NEAR_WEIGHT, 1.0), dtype=torch.float32)
        layers = [layer.clone().requires_grad_() for layer in self.network.layers]
        average = [layer.detach().clone() for layer in layers]
        optimiser = torch.optim.Adam(layers, lr=BATTLE_RATE)
        rounds, cells = battle.rows["round"], np.zeros((len(battle.queries), OUTPUTS))
        for number in np.unique(rounds):
            chosen = rounds[battle.queries] == number
            with torch.no_grad():
                cells[chosen] = torch.exp(log_shares(average, inputs[battle.queries[chosen]])).numpy()
            newest, earlier = np.flatnonzero(rounds == number), np.flatnonzero(rounds <= number)
            rng = np.random.default_rng([self.seed, IN_BATTLE, int(number)])
            generator = seeded(self.seed, IN_BATTLE, int(number))
            count = int(NEWEST_SHARE * BATCH)
            for _ in range(int(len(newest) * PASSES / BATCH)):
                waves = np.concatenate([rng.choice(newest, count), rng.choice(earlier, BATCH - count)])
                optimiser.zero_grad(set_to_none=True)
                losses = -(wanted[waves] * log_shares(layers, inputs[waves], generator)).sum(-1)
                ((losses * near[waves]).sum() / near[waves].sum()).backward()  # type: ignore[no-untyped-call]
                if all(bool(torch.isfinite(layer.grad).all()) for layer in layers if layer.grad is not None):
                    optimiser.step()
                    with torch.no_grad():
                        for mean, layer in zip(average, layers, strict=True):
                            mean.mul_(AVERAGE).add_(layer, alpha=1.0 - AVERAGE)
        return on_grid(cells)

    def aim(self, battle: BattleWaves) -> Aims:
        return aim_with(self.densities(battle), battle)


def on_grid(cells: np.ndarray) -> np.ndarray:
    """Densities per GF at the nodes of `aiming.GRID` from probabilities of the cells [Q, OUTPUTS], smoothed."""
    centres = (np.arange(OUTPUTS) - OUTPUTS // 2) * CELL
    offset = (GRID[:, None] - centres) / SMOOTHING
    kernel = np.exp(-0.5 * offset**2) / (SMOOTHING * np.sqrt(2.0 * np.pi))
    return (1.0 - LEAST_SHARE) * np.maximum(cells @ kernel.T, 0.0) + LEAST_SHARE * even_density()


def save_network(path: Path, network: Network) -> None:
    """A safetensors file: mean, deviation, layer0, layer1...; configuration and provenance as JSON metadata."""
    arrays = {f"layer{index}": layer.contiguous() for index, layer in enumerate(network.layers)}
    arrays |= {name: torch.as_tensor(getattr(network, name)) for name in ("mean", "deviation")}
    metadata = {
        "kind": "network",
        "features": FEATURE_VERSION,
        "inputs": INPUTS,
        "config": asdict(network.config),
        "provenance": {"versions": software_versions(), **network.provenance},
    }
    with replacing(path) as temporary:
        temporary.write_bytes(save(arrays, {"beepsim": json.dumps(metadata, sort_keys=True)}))


def load_network(path: Path) -> Network:
    """Raises UserError for a missing, foreign or damaged file, or a network of other features."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})["beepsim"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if metadata["kind"] != "network" or metadata["features"] != FEATURE_VERSION:
            raise UserError(
                f"{path} holds {metadata['kind']!r} of feature version {metadata['features']!r}; wanted is a network "
                f"of version {FEATURE_VERSION!r}: train again"
            )
        if tuple(metadata["inputs"]) != INPUTS:
            raise UserError(f"{path} holds a network of {len(metadata['inputs'])} other inputs: train again")
        config = TypeAdapter(NetworkConfig).validate_python(metadata["config"])
        layers = tuple(arrays[f"layer{index}"].float() for index in range(6))
        expected = [tuple(layer.shape) for layer in new_layers(0)]
        mean, deviation = arrays["mean"].numpy(), arrays["deviation"].numpy()
        is_sound = all(bool(torch.isfinite(array).all()) for array in arrays.values()) and bool((deviation > 0.0).all())
        is_sound &= mean.shape == deviation.shape == (len(INPUTS),)
        if [tuple(layer.shape) for layer in layers] != expected or not is_sound:
            raise UserError(f"{path}: its arrays have other shapes than a network's, or values that are no numbers")
        return Network(config, mean, deviation, layers, checked_provenance(str(path), metadata["provenance"]))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the path of a network (.safetensors)") from None
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RecursionError, ValidationError) as error:
        raise UserError(f"{path} is not a network's file, or it is damaged: {error}") from None


def save_progress(path: Path, key: str, layers: Sequence[Tensor], optimiser: torch.optim.AdamW, step: int) -> None:
    arrays = {f"layer.{index}": layer.detach().clone() for index, layer in enumerate(layers)}
    for index, moments in optimiser.state_dict()["state"].items():
        arrays |= {f"adam.{index}.{name}": value.clone() for name, value in moments.items()}
    with replacing(path) as temporary:
        temporary.write_bytes(save(arrays, {"beepsim": json.dumps({"kind": "pretraining", "key": key, "step": step})}))


def load_progress(path: Path, key: str, layers: Sequence[Tensor], optimiser: torch.optim.AdamW) -> int:
    """The step at which a pretraining stood, with layers and moments put back; 0 where there is no checkpoint."""
    if not path.exists():
        return 0
    try:
        with safe_open(path, framework="pt") as file:
            metadata = json.loads((file.metadata() or {})["beepsim"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
        if metadata["kind"] != "pretraining" or metadata["key"] != key:
            raise UserError(f"{path} is not a checkpoint of this pretraining (other data or configuration); remove it")
        moments: dict[int, dict[str, Tensor]] = {}
        with torch.no_grad():
            for name, value in arrays.items():
                kind, index, *rest = name.split(".")
                if kind == "layer":
                    layers[int(index)].copy_(value)
                else:
                    moments.setdefault(int(index), {})[rest[0]] = value
        optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
        return int(metadata["step"])
    except (SafetensorError, OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{path} is not a checkpoint, or it is damaged ({error}); remove it") from None
