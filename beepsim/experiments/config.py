"""One experiment as it stands in YAML: data, split, model, training, sweep, guns to compare with."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Kernel = Literal["gaussian", "laplace"]
Loss = Literal["kde_cross_entropy", "mse_mean", "mse_density"]
Gun = Literal["random", "head_on", "linear", "circular", "histogram", "knn", "beepboop_main", "beepboop_anti_surfer"]
Bandwidth = Annotated[float, Field(gt=0, le=1)] | Literal["learned"]


class Section(BaseModel):
    """Keys that are not named here are mistakes, and a value must have its type as written."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class BattleRules(Section):
    """Rules of simulated battles; Robocode's defaults."""

    width: int = Field(800, ge=400, le=5000, description="px")
    height: int = Field(600, ge=400, le=5000, description="px")
    gun_cooling_rate: float = Field(0.1, ge=0.1, le=10, description="per turn")
    inactivity_time: int = Field(450, ge=1, le=100_000, description="turns")


class Duels(Section):
    """Battles to fight: every shooter against every opponent, once a season."""

    shooters: list[str] = Field(min_length=1)
    opponents: list[str] = Field(min_length=1)
    rounds: int = Field(35, ge=1, le=1000)
    seasons: int = Field(1, ge=1, le=1000)
    rules: BattleRules = BattleRules()


class Recordings(Section):
    """A folder of recordings, `.battle` files or those of the real Robocode; robot 0 is the shooter."""

    folder: str
    opponents: list[str] | None = Field(None, min_length=1)


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

    folds: int = Field(4, ge=2, le=50)
    validation: float = Field(0.2, gt=0, lt=1, description="share of the other opponents kept for early stopping")


class Experiment(Section):
    """A whole experiment; `seed` fixes battles, split, training and bootstrap."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=80)
    seed: int = Field(1, ge=0, lt=2**31)
    data: Data
    split: Split = Split()
