"""One experiment as it stands in YAML: data, split, model, training, sweep, guns to compare with."""

from itertools import product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from beepsim.battle import Rules
from beepsim.errors import UserError
from beepsim.experiments.yaml_file import read_config
from beepsim.targeting.train import LossName, TrainConfig
from beepsim.targeting.weights import RECIPE_FEATURES, KernelName, ModelConfig, check_features

Distance = Literal["manhattan", "squared_euclidean"]
Gun = Literal["random", "head_on", "linear", "circular", "histogram", "knn", "beepboop_main", "beepboop_anti_surfer"]
ALL_GUNS: list[Gun] = [
    "random", "head_on", "linear", "circular", "histogram", "knn", "beepboop_main", "beepboop_anti_surfer"
]  # fmt: skip
Bandwidth = Annotated[float, Field(ge=0.005, le=1.0)]
WITHOUT_DENSITY = ("mse_mean", "mse_expected")
"""Losses that know neither kernel nor bandwidth nor floor."""


class Section(BaseModel):
    """Keys that are not named here are mistakes, and a value must have its type as written."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class Duels(Section):
    """Battles to fight: every shooter against every opponent, once a season; sizes in px, times in turns."""

    shooters: list[str] = Field(min_length=1)
    opponents: list[str] = Field(min_length=1)
    rounds: int = 35
    seasons: int = Field(default=1, ge=1, le=1000)
    width: int = 800
    height: int = 600
    gun_cooling_rate: float = 0.1
    inactivity_time: int = 450

    @model_validator(mode="after")
    def rules_allow_it(self) -> "Duels":
        try:
            self.rules()
        except UserError as error:
            raise ValueError(str(error)) from None
        return self

    def rules(self) -> Rules:
        return Rules(self.width, self.height, self.gun_cooling_rate, self.inactivity_time, self.rounds)


class Recordings(Section):
    """A folder of recordings, `.battle` files or tables of the real Robocode; robot 0 is the shooter.

    A relative folder is looked up from the present directory. `opponents` (all, if left out) are names with version.
    """

    folder: str
    opponents: list[str] | None = Field(default=None, min_length=1)


class Data(Section):
    """Exactly one of the two."""

    duels: Duels | None = None
    recordings: Recordings | None = None

    @model_validator(mode="after")
    def one_source(self) -> "Data":
        if (self.duels is None) == (self.recordings is None):
            raise ValueError("data needs exactly one of duels, recordings")
        return self


class Split(Section):
    """By opponent: each is a test opponent in one fold and never trained on there."""

    folds: int = Field(default=4, ge=2, le=50)
    validation: float = Field(default=0.2, gt=0, lt=1)


class Model(Section):
    """What all variants of the sweep share; see targeting/weights.py."""

    features: list[str] = list(RECIPE_FEATURES)
    distance: Distance = "manhattan"
    floor: float = Field(default=0.05, ge=1e-4, le=0.9)
    neighbours: int | None = Field(default=None, ge=1)

    @field_validator("features")
    @classmethod
    def known_features(cls, names: list[str]) -> list[str]:
        try:
            check_features(names)
        except UserError as error:
            raise ValueError(str(error)) from None
        return names


class Train(Section):
    """How each variant is trained; see targeting/train.py."""

    steps: int = Field(default=TrainConfig.steps, ge=1, le=1_000_000)
    queries: int = Field(default=TrainConfig.queries, ge=1, le=100_000)
    candidates: int = Field(default=TrainConfig.candidates, ge=1, le=100_000)
    rate: float = Field(default=TrainConfig.rate, gt=0, le=1)
    evaluations: int = Field(default=TrainConfig.evaluations, ge=1, le=10_000)


class Sweep(Section):
    """Every combination is a variant, trained in every fold; bandwidths in guess factors, or learned."""

    kernel: list[KernelName] = Field(default=["gaussian"], min_length=1)
    loss: list[LossName] = Field(default=["kde_cross_entropy"], min_length=1)
    bandwidth: list[Bandwidth | Literal["learned"]] = Field(default=["learned"], min_length=1)
    start: list[Literal["beepboop", "neutral"]] = Field(default=["beepboop"], min_length=1)
    candidates: list[Literal["points", "intervals"]] = Field(default=["intervals"], min_length=1)

    @field_validator("kernel", "loss", "bandwidth", "start", "candidates")
    @classmethod
    def no_repeats(cls, values: list) -> list:
        if len(set(values)) < len(values):
            raise ValueError(f"a value is given twice in {values}")
        return values


class Experiment(Section):
    """A whole experiment; `seed` fixes battles, split, training and bootstrap."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)
    seed: int = Field(default=1, ge=0, lt=2**31)
    data: Data
    split: Split = Split()
    model: Model = Model()
    train: Train = Train()
    sweep: Sweep = Sweep()
    guns: list[Gun] = Field(default=ALL_GUNS, min_length=1)
    density_waves: int = Field(default=6, ge=0, le=20)


class Variant(BaseModel):
    """One combination of the sweep, named by what it sets."""

    model_config = ConfigDict(frozen=True)

    name: str
    model: ModelConfig
    train: TrainConfig


START_BANDWIDTH = ModelConfig.bandwidth  # GF, where a learned bandwidth starts


def read_experiment(path: Path) -> Experiment:
    """Raises UserError with one line for each mistake in the file."""
    return read_config(path, Experiment)


def with_recordings(experiment: Experiment, folder: str) -> Experiment:
    """The experiment on another folder of recordings. Raises UserError where it does not read any."""
    if experiment.data.recordings is None:
        raise UserError(f"experiment {experiment.name} fights its own duels; it reads no recordings from {folder}")
    data = Data(recordings=experiment.data.recordings.model_copy(update={"folder": folder}))
    return experiment.model_copy(update={"data": data})


def single_variant(kernel: str, loss: str, bandwidth: str, steps: int, seed: int) -> Variant:
    """The variant of a command line's values. Raises UserError naming each value that is not possible."""
    try:
        width: float | str = bandwidth if bandwidth == "learned" else float(bandwidth)
    except ValueError:
        raise UserError(f"--bandwidth is {bandwidth!r}; it must be a number of guess factors, or learned") from None
    values = {
        "name": "train",
        "seed": seed,
        "data": {"recordings": {"folder": "."}},
        "train": {"steps": steps},
        "sweep": {"kernel": [kernel], "loss": [loss], "bandwidth": [width]},
    }
    try:
        return list_variants(Experiment.model_validate(values))[0]
    except ValidationError as error:
        names = {"steps": "--steps", "seed": "--seed", "kernel": "--kernel", "loss": "--loss"}
        messages: dict[str, str] = {}
        for item in error.errors():
            option = next((names[part] for part in item["loc"] if part in names), "--bandwidth")
            messages.setdefault(option, f"{option} is {item['input']!r}: {item['msg'][0].lower()}{item['msg'][1:]}")
        raise UserError("\n".join(messages.values())) from None


def list_variants(experiment: Experiment) -> list[Variant]:
    """The sweep's combinations in order, each once.

    A loss without a density learns neither bandwidth nor floor. Nor does the cross-entropy learn a box's bandwidth: its
    quadrature does not see the edges move.
    """
    variants = {}
    sweep = experiment.sweep
    parts = (sweep.candidates, sweep.start, sweep.loss, sweep.kernel, sweep.bandwidth)
    for candidates, start, loss, kernel, bandwidth in product(*parts):
        can_learn = loss not in WITHOUT_DENSITY and (kernel, loss) != ("box", "kde_cross_entropy")
        is_learned = bandwidth == "learned" and can_learn
        width = START_BANDWIDTH if bandwidth == "learned" else bandwidth
        name = f"{kernel} {loss} " + ("h learned" if is_learned else f"h {width:g}")
        name += " from neutral" if start == "neutral" else ""
        name += " points" if candidates == "points" else ""
        shared = experiment.model
        variants[name] = Variant(
            name=name,
            model=ModelConfig(
                features=tuple(shared.features),
                distance=shared.distance,
                kernel=kernel,
                bandwidth=float(width),
                learn_bandwidth=is_learned,
                floor=shared.floor,
                learn_floor=loss not in WITHOUT_DENSITY,
                neighbours=shared.neighbours,
                candidates=candidates,
                start=start,
            ),
            train=TrainConfig(loss=loss, seed=experiment.seed, **experiment.train.model_dump()),
        )
    return list(variants.values())
