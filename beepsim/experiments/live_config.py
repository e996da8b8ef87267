"""Experiments that fight with what they train, as they stand in YAML: the loop of generations, and surfing live.

Bots are named as everywhere (see robots/loader.py), with settings where wanted, or given as in robots/description.py;
guns are named: `learned:power=2`.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from beepsim.errors import UserError
from beepsim.experiments.bot_file import find_bot
from beepsim.experiments.config import (
    Bandwidth,
    BotWidths,
    Model,
    Split,
    Sweep,
    Train,
    Variant,
    combine,
    without_repeats,
)
from beepsim.experiments.rule_keys import RuleKeys
from beepsim.experiments.split import split_opponents
from beepsim.experiments.yaml_file import Section
from beepsim.robots.description import described_bot
from beepsim.robots.loader import load_bot
from beepsim.robots.modules import MOVEMENT
from beepsim.robots.prepare import new_memory
from beepsim.robots.settings import File, spec_text, split_spec
from beepsim.targeting.train import LossName
from beepsim.targeting.weights import KernelName

WEIGHTS_KEY = "weights"
"""The setting by which a part is told its weights' file."""
MOVEMENT_PLACE, GUN_PLACE = 0, 1  # among a bot's parts
TRAINED = "learned"
"""How the gun that is trained is called in tables, whatever its part."""


@contextmanager
def as_value_error() -> Iterator[None]:
    """What is wrong with a bot, as pydantic wants to hear it."""
    try:
        yield
    except UserError as error:
        raise ValueError(str(error)) from None


def bot_text(value: Any) -> Any:
    """The text of a bot that is given by name, by the path of a YAML file or by the keys of one.

    Paths are relative to the present folder. Raises ValueError where there is no such bot, or it refuses its settings.
    """
    if not isinstance(value, Mapping | str):
        return value
    with as_value_error():
        found = described_bot(value) if isinstance(value, Mapping) else find_bot(value)
        new_memory(found.bot)
    return found.spec


BotSpec = Annotated[str, BeforeValidator(bot_text)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


def with_weights(spec: str, path: Path, place: int) -> str:
    """The spec whose part at `place` reads this file."""
    choices = split_spec(spec)
    name, given = choices[place]
    choices[place] = name, {**given, WEIGHTS_KEY: str(path)}
    return spec_text(choices)


def check_takes_weights(spec: str, place: int) -> None:
    """Raises UserError where there is no such bot, it refuses its settings, or its part at `place` has none for a
    weights' file."""
    bot = load_bot(spec)
    new_memory(bot)
    part = bot.parts[place]
    if not isinstance(dict(part.settings).get(WEIGHTS_KEY), File):
        raise UserError(
            f"{part.name} has no setting {WEIGHTS_KEY!r} that names a file, so that nothing can be trained for it"
        )


def single_training(train: Train) -> Train:
    if train.restarts != 1:
        raise ValueError(f"restarts is {train.restarts}; what fights is trained once, leave it out")
    return train


class Recipe(Section):
    """How weights are learned: one combination of an experiment's `sweep`, its `model` and its `train`."""

    kernel: KernelName = "gaussian"
    loss: LossName = "kde_cross_entropy"
    bandwidth: Bandwidth | Literal["learned"] | BotWidths = "learned"
    start: Literal["beepboop", "neutral"] = "beepboop"
    candidates: Literal["points", "intervals"] = "intervals"
    model: Model = Model()
    train: Train = Train()

    @field_validator("train")
    @classmethod
    def trained_once(cls, train: Train) -> Train:
        return single_training(train)

    def variant(self, name: str, seed: int) -> Variant:
        sweep = Sweep(
            kernel=[self.kernel],
            loss=[self.loss],
            bandwidth=[self.bandwidth],
            start=[self.start],
            candidates=[self.candidates],
        )
        (variant,) = combine(sweep, self.model, self.train, seed)
        return variant.model_copy(update={"name": name})


class SurfingRecipe(Recipe):
    """How the surfers among the movers learn: `movers` are those whose movement takes weights."""

    movers: list[str] = Field(min_length=1)
    candidates: Literal["points", "intervals"] = "points"  # a bullet is a point


class LoopBattles(RuleKeys):
    """Every gun on the `shooter`'s movement against every mover, `seasons` times a generation, each with new seeds.

    Training learns from the first `lessons` of these: hit rates need more duels than weights do.
    """

    shooter: BotSpec = "sitting_duck"
    seasons: int = Field(default=6, ge=1, le=1000)
    lessons: int = Field(default=2, ge=1, le=1000, validate_default=True)

    @field_validator("lessons")
    @classmethod
    def of_the_seasons(cls, lessons: int, info: ValidationInfo) -> int:
        if lessons > info.data.get("seasons", lessons):
            raise ValueError(f"{lessons} lessons of {info.data['seasons']} seasons; take at most all of them")
        return lessons

    @field_validator("shooter")
    @classmethod
    def only_a_movement(cls, shooter: str) -> str:
        parts = load_bot(shooter).parts
        if [part.kind for part in parts] != [MOVEMENT]:
            raise ValueError(f"{shooter!r} brings a gun of its own; give a movement, the guns are put on it")
        return shooter


class LoopSplit(Section):
    """By mover: each is tested in the one fold that never trains on it; `validation`: the share that ends training."""

    folds: int = Field(default=3, ge=2, le=50)
    validation: float = Field(default=0.2, gt=0, lt=1)


class Loop(Section):
    """Fight, collect waves, train, fight again: `generations` trainings, one gun for each fold.

    `gun` is a part that takes weights; in generation 0 it has those that training starts from. `references` fight the
    same battles; gains are counted from the first. `movers` by class.
    """

    name: Name
    seed: Seed = 1
    task: Literal["loop"]
    generations: int = Field(default=3, ge=1, le=100)
    battles: LoopBattles = LoopBattles()
    movers: dict[Name, list[BotSpec]] = Field(min_length=1)
    split: LoopSplit = Field(default=LoopSplit(), validate_default=True)
    gun: str = Field(default="learned", validate_default=True)
    references: list[str] = Field(min_length=1)
    aiming: Recipe = Recipe()
    surfing: SurfingRecipe | None = None

    @field_validator("movers")
    @classmethod
    def told_apart(cls, movers: dict[str, list[str]]) -> dict[str, list[str]]:
        for name, members in movers.items():
            if not members:
                raise ValueError(f"class {name} is empty; name a mover or leave the class out")
        names = [load_bot(mover).name for members in movers.values() for mover in members]
        for place, name in enumerate(names):
            if name in names[:place]:
                raise ValueError(f"two movers are called {name!r}; folds tell movers apart by their names")
        return movers

    @field_validator("split")
    @classmethod
    def enough_movers(cls, split: LoopSplit, info: ValidationInfo) -> LoopSplit:
        count = sum(map(len, info.data.get("movers", {}).values()))
        if count and (count < split.folds or count - -(-count // split.folds) < 2):
            raise ValueError(
                f"{count} movers in {split.folds} folds leave a fold without a test, or fewer than two to train on and "
                "to stop by; take more movers"
            )
        return split

    @field_validator("gun")
    @classmethod
    def gun_takes_weights(cls, gun: str, info: ValidationInfo) -> str:
        with as_value_error():
            check_takes_weights(f"{shooter_of(info)}+{gun}", GUN_PLACE)
        return gun

    @field_validator("references")
    @classmethod
    def existing_guns(cls, guns: list[str], info: ValidationInfo) -> list[str]:
        if TRAINED in guns:
            raise ValueError(f"{TRAINED!r} is what the trained gun is called in tables; write it with a setting")
        with as_value_error():
            for gun in guns:
                new_memory(load_bot(f"{shooter_of(info)}+{gun}"))
        return without_repeats(guns)

    @field_validator("surfing")
    @classmethod
    def surfers_are_movers(cls, surfing: SurfingRecipe | None, info: ValidationInfo) -> SurfingRecipe | None:
        movers = [mover for members in info.data.get("movers", {}).values() for mover in members]
        for mover in surfing.movers if surfing and movers else []:
            if mover not in movers:
                raise ValueError(f"{mover!r} is not among the movers ({', '.join(movers)})")
            with as_value_error():
                check_takes_weights(mover, MOVEMENT_PLACE)
        return surfing


def shooter_of(info: ValidationInfo) -> str:
    """The shooter's movement; the default where what was given is a mistake of its own."""
    return info.data.get("battles", LoopBattles()).shooter


class SurfingBattles(RuleKeys):
    """The surfer against every enemy: `training_seasons` times to learn from, `seasons` times, with other seeds, to be
    tested. `others` fight the tests as they are."""

    surfer: BotSpec
    enemies: list[BotSpec] = Field(min_length=3)
    others: list[BotSpec] = []
    training_seasons: int = Field(default=2, ge=1, le=1000)
    seasons: int = Field(default=4, ge=1, le=1000)

    @field_validator("surfer")
    @classmethod
    def surfer_takes_weights(cls, surfer: str) -> str:
        with as_value_error():
            check_takes_weights(surfer, MOVEMENT_PLACE)
        return surfer

    @field_validator("enemies")
    @classmethod
    def all_fire(cls, enemies: list[str]) -> list[str]:
        for enemy in enemies:
            if [part.kind for part in load_bot(enemy).parts] == [MOVEMENT]:
                raise ValueError(f"{enemy!r} never fires, so that a surfer learns nothing from it; give it a gun")
        return enemies

    @field_validator("enemies", "others")
    @classmethod
    def no_repeats(cls, values: list[str]) -> list[str]:
        return without_repeats(values)


class LiveSurfing(Section):
    """One surfer with danger weights of every variant of the sweep, against the same enemies with the same seeds.

    Each enemy is met with weights of the fold that never trained on it.
    """

    name: Name
    seed: Seed = 1
    task: Literal["live_surfing"]
    battles: SurfingBattles
    split: Split = Field(default=Split(), validate_default=True)
    model: Model = Model()
    train: Train = Train()
    sweep: Sweep = Sweep()

    @field_validator("split")
    @classmethod
    def enemies_are_one_kind(cls, split: Split, info: ValidationInfo) -> Split:
        if split.surfers:
            raise ValueError("live_surfing trains one model for all enemies; leave out surfers")
        if "battles" in info.data:
            with as_value_error():
                split_opponents(info.data["battles"].enemies, split.folds, split.validation, info.data.get("seed", 1))
        return split

    @field_validator("train")
    @classmethod
    def trained_once(cls, train: Train) -> Train:
        return single_training(train)

    def variants(self) -> Sequence[Variant]:
        return combine(self.sweep, self.model, self.train, self.seed)
