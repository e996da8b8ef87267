"""One experiment as it stands in YAML: data, split, model, training, sweep, guns to compare with."""

import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from beepsim.errors import UserError
from beepsim.experiments.rule_keys import RuleKeys
from beepsim.experiments.yaml_file import Section, read_config
from beepsim.targeting.battles import KNOWN_AFTER_THE_SHOT
from beepsim.targeting.in_battle import NEEDED, InBattle
from beepsim.targeting.network import NetworkConfig
from beepsim.targeting.train import LossName, TrainConfig
from beepsim.targeting.weights import BEEPBOOP_MAIN, RECIPE_FEATURES, KernelName, ModelConfig, check_features
from beepsim.waves.features import FEATURES
from beepsim.waves.history import ADVANCING, LAST_GUESS_FACTORS, LATERAL

Distance = Literal["manhattan", "squared_euclidean"]
Gun = Literal[
    "random", "head_on", "linear", "circular", "histogram", "knn", "beepboop_main", "beepboop_anti_surfer", "beepboop"
]  # fmt: skip
ALL_GUNS: list[Gun] = [
    "random", "head_on", "linear", "circular", "histogram", "knn", "beepboop_main", "beepboop_anti_surfer", "beepboop"
]  # fmt: skip
Group = Literal["beepboop", "past_motion", "last_guess_factors", "shot", "walls"]
FEATURE_GROUPS: dict[Group, tuple[str, ...]] = {
    "beepboop": tuple(BEEPBOOP_MAIN),
    "past_motion": (*LATERAL, *ADVANCING, "advVel", "turnRate", "lateralChange"),
    "last_guess_factors": LAST_GUESS_FACTORS,
    "shot": ("shotTimer", "distance", "botWidth"),
    "walls": (*(name for name in FEATURES if "wall" in name.lower()), "mirrorOffset"),
}
"""What a variant can leave out, to see what it is worth."""
Bandwidth = Annotated[float, Field(ge=0.005, le=1.0)]
LEAST_BOT, MOST_BOT = 0.05, 20.0


def bot_widths(text: str) -> str:
    """The text, if it is a multiple of half the target's width as in "0.5 bot", or "learned bot"."""
    found = re.fullmatch(r"(learned|\d{1,9}(?:\.\d{1,9})?) bot", text, re.ASCII)
    if not found or (found[1] != "learned" and not LEAST_BOT <= float(found[1]) <= MOST_BOT):
        raise ValueError(f"not a multiple of half the target's width, {LEAST_BOT} to {MOST_BOT:g}, as in '0.5 bot'")
    return text


BotWidths = Annotated[str, AfterValidator(bot_widths)]
WITHOUT_DENSITY = ("mse_mean", "mse_expected")
"""Losses that know neither kernel nor bandwidth nor floor."""


class Duels(RuleKeys):
    """Battles to fight: every shooter against every opponent, once a season; sizes in px, times in turns."""

    shooters: list[str] = Field(min_length=1)
    opponents: list[str] = Field(min_length=1)
    seasons: int = Field(default=1, ge=1, le=1000)


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
    """By opponent: each is a test opponent in one fold and never trained on there.

    `surfers` are those that change their movement in answer to bullets: a model of their own is trained on them.
    """

    folds: int = Field(default=4, ge=2, le=50)
    validation: float = Field(default=0.2, gt=0, lt=1)
    surfers: list[str] = []


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
    """How each variant is trained, `restarts` times with different seeds; see targeting/train.py."""

    steps: int = Field(default=TrainConfig.steps, ge=2, le=1_000_000)  # the last half of one step has no mean
    queries: int = Field(default=TrainConfig.queries, ge=1, le=100_000)
    candidates: int = Field(default=TrainConfig.candidates, ge=1, le=100_000)
    rate: float = Field(default=TrainConfig.rate, gt=0, le=1)
    evaluations: int = Field(default=TrainConfig.evaluations, ge=1, le=10_000)
    restarts: int = Field(default=1, ge=1, le=100)


class Pretraining(Section):
    """How the networks are pretrained; see targeting/network.py.

    `opponents`, of the same recordings, are never tested: the networks of all folds learn from them as well.
    """

    steps: int = Field(default=NetworkConfig.steps, ge=1, le=1_000_000)
    opponents: list[str] = []

    @field_validator("opponents")
    @classmethod
    def no_repeats(cls, values: list) -> list:
        return without_repeats(values)


class Sweep(Section):
    """Every combination is a variant, trained in every fold; bandwidths in guess factors, or learned,
    or multiples of half the target's width ("0.5 bot", "learned bot").

    Each entry of `without` is a list of groups of features that are left out.
    """

    kernel: list[KernelName] = Field(default=["gaussian"], min_length=1)
    loss: list[LossName] = Field(default=["kde_cross_entropy"], min_length=1)
    bandwidth: list[Bandwidth | Literal["learned"] | BotWidths] = Field(default=["learned"], min_length=1)
    start: list[Literal["beepboop", "neutral"]] = Field(default=["beepboop"], min_length=1)
    candidates: list[Literal["points", "intervals"]] = Field(default=["intervals"], min_length=1)
    without: list[list[Group]] = Field(default=[[]], min_length=1)

    @field_validator("kernel", "loss", "bandwidth", "start", "candidates")
    @classmethod
    def no_repeats(cls, values: list) -> list:
        return without_repeats(values)

    @field_validator("without")
    @classmethod
    def each_group_once(cls, values: list[list]) -> list[list]:
        without_repeats([sorted(without_repeats(groups)) for groups in values])  # in any order it is the same variant
        return values


def without_repeats(values: list) -> list:
    if any(value in values[:index] for index, value in enumerate(values)):
        raise ValueError(f"a value is given twice in {values}")
    return values


class Experiment(Section):
    """A whole experiment; `seed` fixes battles, split, training and bootstrap.

    A task of surfing asks what the opponents' guns will do: its surfer is robot 0, and the keys for guns have no place.
    `in_battle` names guns that learn while they fight, made of the first variant (and of a pretrained network).
    `ablation`: the best variant is replayed once more without each of its features, not trained again.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)
    seed: int = Field(default=1, ge=0, lt=2**31)
    task: Literal["aiming", "surfing"] = "aiming"
    data: Data
    split: Split = Split()
    model: Model = Model()
    train: Train = Train()
    sweep: Sweep = Sweep()
    guns: list[Gun] = Field(default=ALL_GUNS, min_length=1)
    in_battle: list[InBattle] = []
    network: Pretraining = Pretraining()
    density_waves: int = Field(default=6, ge=0, le=20)
    ablation: bool = False

    @field_validator("guns", "in_battle")
    @classmethod
    def no_repeats(cls, values: list) -> list:
        return without_repeats(values)

    @model_validator(mode="after")
    def parts_fit(self) -> "Experiment":
        if self.ablation and len(self.model.features) < 2:
            raise ValueError("ablation leaves out one feature at a time; model.features has only one")
        if self.task == "surfing":
            for_guns = {
                "guns": "guns" in self.model_fields_set,
                "in_battle": bool(self.in_battle),
                "ablation": self.ablation,
                "split.surfers": bool(self.split.surfers),
                "train.restarts": self.train.restarts > 1,
            }
            for key, is_there in for_guns.items():
                if is_there:
                    raise ValueError(f"task: surfing has no guns; leave out {key}")
        for name in self.in_battle:
            if NEEDED[name].weights == 2 and not self.split.surfers:
                raise ValueError(f"in_battle: {name} needs a model for surfers; name them in split.surfers")
        if self.network.opponents:
            if self.data.recordings is None or self.data.recordings.opponents is None:
                raise ValueError("network.opponents are those of recordings that data.recordings.opponents leaves out")
            for opponent in self.network.opponents:
                if opponent in self.data.recordings.opponents:
                    raise ValueError(f"network.opponents: {opponent!r} is in data.recordings.opponents, so tested")
        for groups in self.sweep.without:
            for group in groups:
                if not set(FEATURE_GROUPS[group]) & set(self.model.features):
                    raise ValueError(f"sweep.without: model.features has no feature of the group {group}")
            if not kept_features(self.model.features, groups):
                raise ValueError(f"sweep.without: no feature of model.features is left without {', '.join(groups)}")
        return self


def kept_features(features: Sequence[str], without: Sequence[Group]) -> tuple[str, ...]:
    left_out = {name for group in without for name in FEATURE_GROUPS[group]}
    return tuple(name for name in features if name not in left_out)


class Variant(BaseModel):
    """One combination of the sweep, named by what it sets, and one of its restarts."""

    model_config = ConfigDict(frozen=True)

    name: str
    model: ModelConfig
    train: TrainConfig
    without: tuple[Group, ...] = ()
    is_for_surfers: bool = False
    restart: int = 0


FOR_SURFERS = " for surfers"  # behind the name of a variant's model for them
START_BANDWIDTHS = {"gf": ModelConfig.bandwidth, "bot_width": 0.5}
"""Where a learned bandwidth starts."""


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
        is_text = bandwidth == "learned" or bool(bandwidth.endswith(" bot") and bot_widths(bandwidth))
        width: float | str = bandwidth if is_text else float(bandwidth)
    except ValueError:
        raise UserError(
            f"--bandwidth is {bandwidth!r}; it must be a number of guess factors, learned, or a multiple of half the "
            f"target's width from {LEAST_BOT} to {MOST_BOT:g}, as in '0.5 bot'"
        ) from None
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
    """The variants of its sweep, with a model for surfers behind each where there are some."""
    sides = (False, True) if experiment.split.surfers else (False,)
    return combine(experiment.sweep, experiment.model, experiment.train, experiment.seed, sides)


def combine(sweep: Sweep, shared: Model, train: Train, seed: int, sides: Sequence[bool] = (False,)) -> list[Variant]:
    """The sweep's combinations in order, each once, with its model for surfers and its restarts behind it.

    `sides`: whether there is a model for surfers, for others.
    A loss without a density learns neither bandwidth nor floor. Nor does the cross-entropy learn a box's bandwidth: its
    quadrature does not see the edges move. What a shot did to a surfer tells of its next move, as in BeepBoop's model.
    """
    variants: dict[tuple[str, int], Variant] = {}
    parts = (sweep.without, sweep.candidates, sweep.start, sweep.loss, sweep.kernel, sweep.bandwidth)
    for without, candidates, start, loss, kernel, bandwidth, is_for_surfers, restart in product(
        *parts, sides, range(train.restarts)
    ):
        can_learn = loss not in WITHOUT_DENSITY and (kernel, loss) != ("box", "kde_cross_entropy")
        amount, _, bot = str(bandwidth).partition(" ")
        unit: Literal["gf", "bot_width"] = "bot_width" if bot else "gf"
        is_learned = amount == "learned" and can_learn
        width = START_BANDWIDTHS[unit] if amount == "learned" else float(amount)
        name = f"{kernel} {loss} " + ("h learned" if is_learned else f"h {width:g}") + (" bot" if bot else "")
        name += " from neutral" if start == "neutral" else ""
        name += " points" if candidates == "points" else ""
        name += f" without {', '.join(without)}" if without else ""
        name += FOR_SURFERS if is_for_surfers else ""
        features = kept_features(shared.features, without)
        if is_for_surfers:
            features += tuple(feature for feature in KNOWN_AFTER_THE_SHOT if feature not in features)
        variants[name, restart] = Variant(
            name=name,
            model=ModelConfig(
                features=features,
                distance=shared.distance,
                kernel=kernel,
                bandwidth=width,
                bandwidth_unit=unit,
                learn_bandwidth=is_learned,
                floor=shared.floor,
                learn_floor=loss not in WITHOUT_DENSITY,
                neighbours=shared.neighbours,
                candidates=candidates,
                start=start,
            ),
            train=TrainConfig(loss=loss, seed=seed + restart, **train.model_dump(exclude={"restarts"})),
            without=tuple(without),
            is_for_surfers=is_for_surfers,
            restart=restart,
        )
    return list(variants.values())
