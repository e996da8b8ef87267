"""Weights of a learned gun: what its file holds and what aiming needs, in numpy and without torch.

Embedding of a normalised feature x: w · (1e-4 + b + x)^p; logit of a candidate: minus its distance to the query in the
embedding. The scale of the logits is part of w, so that no two sets of parameters are the same model. [D] features,
[W] waves; bandwidth in guess factors (GF).
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import ConfigDict, TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from beepsim.errors import UserError
from beepsim.files import replacing
from beepsim.targeting.battles import FEATURE_NAMES
from beepsim.targeting.knn import embed_rows
from beepsim.versions import software_versions
from beepsim.waves.features import FEATURE_VERSION, FEATURES
from beepsim.waves.history import LAST_GUESS_FACTORS, LATERAL

MAX_FILE_BYTES = 10_000_000
LARGEST_W, LARGEST_P = 1e6, 8.0
BANDWIDTHS = (1e-4, 1e3)
"""Of parameters in a file; far beyond what training yields."""
STRICT = ConfigDict(extra="forbid", allow_inf_nan=False)

# Facts read in BeepBoop 2.0's published source: w, b, p of its main model for ordinary bots and of the one for surfers.
BEEPBOOP_MAIN: dict[str, tuple[float, float, float]] = {
    "power": (0.6451, 0.0221, 0.3791),
    "virtuality": (0.6586, 0.5277, 0.7128),
    "bft": (3.8637, 0.0721, 0.5527),
    "accel": (6.1880, 0.0179, 0.1242),
    "vel": (1.5331, 0.3616, 0.4985),
    "vel=8": (0.7015, 0.3663, 1.3652),
    "advDir": (0.9362, 1.1348, 1.6805),
    "dirChangeTimer": (0.7125, 0.0178, 0.3897),
    "decelTimer": (0.5285, 0.0228, 0.2664),
    "distanceLast20": (0.4369, 0.5886, 1.1668),
    "mirrorOffset": (0.3591, 0.3235, 1.2803),
    "maeWallAhead": (2.3051, 0.2179, 1.4084),
    "maeWallReverse": (1.0039, 0.0585, 1.7278),
    "stickWallAhead": (1.9669, 0.3157, 1.6041),
    "stickWallReverse": (0.5608, 0.0414, 0.5860),
    "stickWallAhead2": (1.4668, 0.1155, 0.2835),
    "stickWallReverse2": (0.0646, 0.3137, 0.0688),
    "stickWallAhead=0": (0.0837, 0.0183, 1.0184),
    "stickWallReverse=0": (0.2553, 0.1974, 1.1975),
    "shotsFired": (0.6133, 0.0291, 0.4828),
}
BEEPBOOP_MAIN_SCALE = 0.6551
BEEPBOOP_ANTI_SURFER: dict[str, tuple[float, float, float]] = {
    "virtuality": (0.9153, 0.0360, 0.6818),
    "bft": (3.7350, 0.0171, 1.5420),
    "accel": (5.2902, 0.3806, 0.2463),
    "vel": (1.3547, 0.4297, 0.4006),
    "vel=8": (0.3843, 0.1186, 0.8882),
    "advDir": (0.6976, 0.6359, 1.6764),
    "dirChangeTimer": (0.7867, 0.0168, 0.1116),
    "decelTimer": (1.4397, 0.0128, 0.2504),
    "distanceLast10": (0.0669, 0.5042, 0.7368),
    "mirrorOffset": (0.0610, 0.1139, 1.0781),
    "maeWallAhead": (2.3476, 0.3259, 1.3857),
    "maeWallReverse": (1.3820, 0.3746, 1.3689),
    "stickWallAhead": (0.3754, 0.7164, 0.5154),
    "stickWallReverse": (0.4717, 0.0613, 1.2691),
    "stickWallAhead2": (0.8256, 0.0157, 0.3642),
    "didHit": (2.1621, 0.1432, 1.1444),
    "didCollide": (0.8559, 0.8645, 1.8590),
}
BEEPBOOP_ANTI_SURFER_SCALE = 0.8611
ALL_CANDIDATES_SCALE = 2.8
"""Where all candidates count, and not the nearest 200 only, sharper weights take their place (design, section 8)."""
NEUTRAL = (2.0, 0.1, 0.8)
"""w, b, p of every feature where training starts from no knowledge of which of them matters."""
NEW_FEATURE = (0.3, 0.2, 0.7)
"""Start of a feature that BeepBoop's main model lacks (the study of the design's section 8)."""

RECIPE_FEATURES = (
    *BEEPBOOP_MAIN, *LATERAL, "advVel", "shotTimer", *LAST_GUESS_FACTORS, "distance", "botWidth", "turnRate",
    "lateralChange", "wallAhead", "wallBehind",
)  # fmt: skip
"""Of the default recipe: BeepBoop's features, past motion turn by turn, what the last waves showed, the way ahead."""

KernelName = Literal[
    "gaussian", "laplace", "box", "epanechnikov", "cauchy", "student_t", "student_t_5", "student_t_9"
]  # fmt: skip
"""Keys of `kernels.KERNELS`, for those who must not load torch."""


@dataclass(frozen=True)
class ModelConfig:
    """What is learned and how its density is made; `bandwidth` and `floor` are fixed values or where learning starts.

    `floor` is the share of the density spread evenly over GF -1 to 1. `neighbours` None: every candidate counts.
    `candidates`: each stands at its angle, or is spread over its own hit interval.
    `start` says whether training begins with BeepBoop's parameters or with the same for every feature. With
    `bandwidth_unit` "bot_width" the bandwidth is a multiple of half the target's width (`BattleWaves.half_bot_widths`).
    """

    __pydantic_config__ = STRICT

    features: tuple[str, ...] = RECIPE_FEATURES
    distance: Literal["manhattan", "squared_euclidean"] = "manhattan"
    kernel: KernelName = "gaussian"
    bandwidth: float = 0.05
    learn_bandwidth: bool = True
    floor: float = 0.05
    learn_floor: bool = True
    neighbours: int | None = None
    candidates: Literal["points", "intervals"] = "intervals"
    start: Literal["beepboop", "neutral"] = "beepboop"
    bandwidth_unit: Literal["gf", "bot_width"] = "gf"


@dataclass(frozen=True)
class Weights:
    """A learned (or shipped) model: embedding parameters w, b, p [D], `bandwidth` in GF, `floor`."""

    config: ModelConfig
    w: np.ndarray
    b: np.ndarray
    p: np.ndarray
    bandwidth: float
    floor: float
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def bandwidths(self, half_bot_widths: np.ndarray) -> np.ndarray:
        """In GF for queries whose targets are that wide [Q] (GF)."""
        unit = half_bot_widths if self.config.bandwidth_unit == "bot_width" else np.ones_like(half_bot_widths)
        return self.bandwidth * unit

    @property
    def bandwidth_text(self) -> str:
        return f"{self.bandwidth:.4f} " + ("GF" if self.config.bandwidth_unit == "gf" else "half widths of a bot")

    @property
    def columns(self) -> list[int]:
        """Which columns of FEATURE_NAMES the model reads."""
        return [FEATURE_NAMES.index(name) for name in self.config.features]

    def embed(self, features: np.ndarray) -> np.ndarray:
        """Embedded features, float32 [W, D], from normalised features [W, len(FEATURE_NAMES)]."""
        embedded = np.empty((len(features), len(self.w)), np.float32)
        columns = np.array(self.columns, np.int64)
        embed_rows(np.ascontiguousarray(features, np.float32), columns, self.w, self.b, self.p, embedded)
        return embedded

    def influence(self, queries: np.ndarray, candidates: np.ndarray) -> np.ndarray:
        """Mean contribution [D] of each feature to the distance between a query and a candidate, in logits.

        Both are normalised features [n, len(FEATURE_NAMES)]; pairs are taken row by row.
        """
        difference = np.abs(self.embed(queries).astype(np.float64) - self.embed(candidates))
        return np.mean(difference**2 if self.config.distance == "squared_euclidean" else difference, axis=0)


def initial_weights(config: ModelConfig) -> Weights:
    """Where training starts; features that BeepBoop's main model lacks start small beside its own.

    Raises UserError for an unknown feature, or a bandwidth, floor or number of neighbours that none can have.
    """
    check_features(config.features)
    if not 0.0 < config.bandwidth < math.inf or not 0.0 <= config.floor <= 1.0:
        raise UserError(f"bandwidth {config.bandwidth} or floor {config.floor} is out of range (above 0; 0 to 1)")
    if config.neighbours is not None and config.neighbours < 1:
        raise UserError(f"neighbours is {config.neighbours}; it must be at least 1, or None for all")
    if config.start == "neutral":
        w, b, p = (np.full(len(config.features), value) for value in NEUTRAL)
        return Weights(config, w, b, p, config.bandwidth, config.floor)
    w, b, p = np.array([BEEPBOOP_MAIN.get(name, NEW_FEATURE) for name in config.features]).T
    scale = np.array([BEEPBOOP_MAIN_SCALE if name in BEEPBOOP_MAIN else 1.0 for name in config.features])
    if config.neighbours is None:
        scale *= ALL_CANDIDATES_SCALE
    return Weights(config, w * scale, b, p, config.bandwidth, config.floor)


def check_features(names: Sequence[str]) -> None:
    """Raises UserError naming a feature that does not exist or stands twice, or for none at all."""
    if not names:
        raise UserError("a model needs at least one feature")
    for name in names:
        if name not in FEATURES:
            raise UserError(f"unknown feature {name!r}; the features are {', '.join(FEATURES)}")
    if len(set(names)) < len(names):
        raise UserError(f"a feature is given twice in {', '.join(names)}")


def check_row(source: str, name: str, w: float, b: float, p: float) -> None:
    """Raises UserError, beginning with `source`, unless these can be the parameters of the feature of this name."""
    if not (abs(w) <= LARGEST_W and 0.0 <= b < math.inf and abs(p) <= LARGEST_P):
        raise UserError(
            f"{source}: w, b, p of {name!r} are {w}, {b}, {p}; one is out of range (±{LARGEST_W:g}; at least 0; "
            f"±{LARGEST_P:g})"
        )


def save_weights(path: Path, weights: Weights) -> None:
    """Write a safetensors file: arrays w, b, p, bandwidth, floor; configuration and provenance as JSON metadata."""
    metadata = {
        "kind": "weights",
        "features": FEATURE_VERSION,
        "config": asdict(weights.config),
        "provenance": {"versions": software_versions(), **weights.provenance},
    }
    arrays = {name: np.ascontiguousarray(getattr(weights, name), np.float64) for name in ("w", "b", "p")}
    arrays |= {name: np.array([getattr(weights, name)]) for name in ("bandwidth", "floor")}
    with replacing(path) as temporary:
        temporary.write_bytes(save(arrays, {"beepsim": json.dumps(metadata, sort_keys=True)}))


def load_weights(path: Path) -> Weights:
    """Raises UserError for a missing, foreign or damaged file, for weights of other features, for wild values."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UserError(f"{path}: {path.stat().st_size} bytes; weights have at most {MAX_FILE_BYTES}")
        with safe_open(path, framework="numpy") as file:
            raw = (file.metadata() or {}).get("beepsim")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the path of weights (.safetensors)") from None
    except (SafetensorError, OSError, TypeError) as error:  # a TypeError: of numbers that numpy does not have
        raise UserError(f"{path} is not a safetensors file, or it is damaged: {error}") from None
    try:
        metadata = json.loads(raw or "null")
        if metadata["kind"] != "weights":
            raise UserError(f"{path} holds {metadata['kind']!r}, not weights of a gun")
        version, config, provenance = metadata["features"], metadata["config"], metadata.get("provenance")
    except (ValueError, TypeError, KeyError, RecursionError):
        raise UserError(f"{path} is a safetensors file, but not weights of a gun: it does not say of which") from None
    return weights_of(str(path), version, config, arrays, provenance)


def weights_of(
    source: str, feature_version: Any, config: Any, arrays: Mapping[str, np.ndarray], provenance: Any
) -> Weights:
    """Weights from the parts of a file, `arrays` w, b, p [D], bandwidth [1] and floor [1]; `config` as read from JSON.

    Raises UserError, beginning with `source`, for parts that are missing, foreign, or out of range.
    """
    if feature_version != FEATURE_VERSION:
        raise UserError(
            f"{source}: trained with feature version {feature_version!r}; this version has {FEATURE_VERSION!r}: "
            "train again"
        )
    try:
        model = TypeAdapter(ModelConfig).validate_python(config)
        check_features(model.features)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{source}: its configuration is not a model's: {where}: {first['msg']}") from None
    except UserError as error:
        raise UserError(f"{source}: {error}") from None
    if model.neighbours is not None and model.neighbours < 1:
        raise UserError(f"{source}: neighbours is {model.neighbours}; it must be at least 1, or null for all")
    for name, count in (*((name, len(model.features)) for name in "wbp"), ("bandwidth", 1), ("floor", 1)):
        array = arrays.get(name)
        if array is None or array.shape != (count,) or array.dtype.kind != "f" or not np.isfinite(array).all():
            found = "is missing" if array is None else f"has shape {array.shape}, type {array.dtype}"
            raise UserError(f"{source}: array {name!r} {found}; expected {count} finite numbers")
    bandwidth, floor = float(arrays["bandwidth"][0]), float(arrays["floor"][0])
    for width, share in ((bandwidth, floor), (model.bandwidth, model.floor)):
        if not BANDWIDTHS[0] <= width <= BANDWIDTHS[1] or not 0.0 <= share <= 1.0:
            ends = "{:g} to {:g}".format(*BANDWIDTHS)
            raise UserError(f"{source}: bandwidth {width} or floor {share} is out of range ({ends}; 0 to 1)")
    for name, *row in zip(model.features, *(arrays[each].tolist() for each in "wbp"), strict=True):
        check_row(source, name, *row)
    w, b, p = (arrays[name].astype(np.float64) for name in "wbp")
    return Weights(model, w, b, p, bandwidth, floor, checked_provenance(source, provenance))


def checked_provenance(source: str, provenance: Any) -> Mapping[str, Any]:
    """What a file says of its origin, empty where it says nothing. Raises UserError where it is no such table."""
    if not isinstance(provenance, Mapping | None):
        raise UserError(f"{source}: its provenance is {provenance!r}; it must be a table of names and values")
    for key in ("opponents", "validation_opponents"):
        names = (provenance or {}).get(key, [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise UserError(f"{source}: its provenance has the {key} {names!r}; they must be a list of names")
    return provenance or {}
