"""One tournament as it stands in YAML: its format, its bots, its rules."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from beepsim.battle_rules import Rules
from beepsim.errors import UserError
from beepsim.experiments.rule_keys import RuleKeys
from beepsim.experiments.yaml_file import Section, read_config
from beepsim.recording.format import MAX_ROBOTS
from beepsim.robots.loader import near_misses
from beepsim.tournament.field import BotSource, check_label, find_bots, inline_bot, refuse_duplicates

MOST_SEED = (1 << 63) - 1  # that the database can hold
Format = Literal["round_robin", "challenge", "melee", "swiss"]
Score = Literal["share", "damage", "hit_rate", "damage_taken"]
OWN_KEYS: dict[str, tuple[str, ...]] = {
    "round_robin": ("bots", "groups", "seasons", "smart"),
    "challenge": ("challengers", "references", "groups", "seasons", "smart", "score", "baseline"),
    "melee": ("bots", "robots", "seasons"),
    "swiss": ("bots", "swiss_rounds"),
}
"""The keys that each format may have beside those that all have."""
NEEDED_KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "round_robin": (("bots", "groups"),),
    "challenge": (("challengers",), ("references", "groups")),
    "melee": (("bots",),),
    "swiss": (("bots",), ("swiss_rounds",)),
}
"""Of each of these exactly one key is needed."""


@dataclass(frozen=True)
class Entry:
    """A bot's place in the tournament: the group of opponents that it belongs to, and whether it is ranked."""

    source: BotSource
    group: str
    is_ranked: bool


def bots_of(entry: Any) -> Any:
    """What one entry of a list of bots stands for: a name, a path, a pattern, or a configuration."""
    try:
        return inline_bot(entry) if isinstance(entry, dict) else find_bots(entry)
    except UserError as error:
        raise ValueError(str(error)) from None


Bots = Annotated[list[Annotated[tuple[BotSource, ...], BeforeValidator(bots_of)]], Field(min_length=1)]


class Group(Section):
    """Opponents whose scores are averaged; `weight` of that mean among the groups' means."""

    bots: Bots
    weight: float = Field(default=1.0, gt=0, le=1e6)


class Smart(Section):
    """Battles go where the ranking is least certain, `battles` of them at most, in steps of `step` at a time.

    `seasons` are the most for one pairing.
    """

    battles: int = Field(ge=1, le=100_000_000)
    step: int = Field(default=16, ge=1, le=10_000)
    seasons: int = Field(default=100, ge=1, le=100_000)


class TournamentRules(RuleKeys):
    hide_enemy_names: bool = False

    def rules(self) -> Rules:
        return replace(super().rules(), hide_enemy_names=self.hide_enemy_names)


class Tournament(Section):
    """A whole tournament; `seed` with the bots' names and the season fixes the seed of each battle.

    Of a challenge `score` is what ranks the challengers, and `baseline` names the one that others are compared with.
    """

    name: str = Field(pattern=r"^[\w+-][\w.+-]{0,79}$")
    seed: int = Field(ge=0, le=MOST_SEED)
    format: Format = "round_robin"
    bots: Bots | None = None
    groups: dict[str, Group] | None = Field(default=None, min_length=1)
    challengers: Bots | None = None
    references: Bots | None = None
    robots: int = Field(default=10, ge=3, le=MAX_ROBOTS)
    swiss_rounds: int | None = Field(default=None, ge=1, le=1000)
    seasons: int = Field(default=1, ge=1, le=100_000)
    smart: Smart | None = None
    score: Score = "share"
    baseline: str | None = None
    rules: TournamentRules = TournamentRules()

    @field_validator("groups")
    @classmethod
    def names_can_be_shown(cls, groups: dict[str, Group] | None) -> dict[str, Group] | None:
        for name in groups or ():
            try:
                check_label("a group's name", name)
            except UserError as error:
                raise ValueError(str(error)) from None
        return groups

    @model_validator(mode="after")
    def keys_fit_the_format(self) -> "Tournament":
        own = OWN_KEYS[self.format]
        for key in sorted({key for keys in OWN_KEYS.values() for key in keys} & self.model_fields_set):
            if key not in own:
                raise ValueError(f"format {self.format} has no {key}; its own keys are {', '.join(own)}")
        for keys in NEEDED_KEYS[self.format]:
            given = [key for key in keys if getattr(self, key) is not None]
            if len(given) != 1:
                found = f"; both are there: {' and '.join(given)}" if given else ""
                raise ValueError(f"format {self.format} needs {' or '.join(keys)}{found}")
        if self.smart and "seasons" in self.model_fields_set:
            raise ValueError("smart decides how often a pairing is fought; leave out seasons (or give smart.seasons)")
        if self.smart and self.score != "share":
            raise ValueError(f"smart goes by score shares, but score is {self.score}; leave out one of them")
        return self

    @model_validator(mode="after")
    def bots_fit_the_format(self) -> "Tournament":
        entries = self.entries()
        refuse_duplicates([entry.source for entry in entries])
        least = self.robots if self.format == "melee" else 2
        if len(entries) < least:
            raise ValueError(f"format {self.format} needs {least} bots or more; {len(entries)} are named")
        if self.format == "swiss" and (self.swiss_rounds or 0) >= len(entries):
            raise ValueError(
                f"swiss_rounds is {self.swiss_rounds}; {len(entries)} bots meet each other in {len(entries) - 1} "
                "rounds: take fewer, or format round_robin"
            )
        challengers = [source.name for source in flat(self.challengers)]
        if self.baseline is not None and self.baseline not in challengers:
            near = near_misses(self.baseline, challengers)
            hint = f"did you mean {' or '.join(near)}?" if near else f"they are {', '.join(challengers[:20])}"
            raise ValueError(f"baseline is {self.baseline!r}, which is no challenger; {hint}")
        return self

    def entries(self) -> tuple[Entry, ...]:
        """The bots in the order of the file, challengers first."""
        ranked = [Entry(source, "", True) for source in flat(self.challengers) + flat(self.bots)]
        ranked += [Entry(source, "", False) for source in flat(self.references)]
        for name, group in (self.groups or {}).items():
            ranked += [Entry(source, name, self.format != "challenge") for source in flat(group.bots)]
        return tuple(ranked)

    def group_weights(self) -> dict[str, float]:
        return {name: group.weight for name, group in self.groups.items()} if self.groups else {"": 1.0}


def flat(bots: Bots | None) -> list[BotSource]:
    return [source for sources in bots or [] for source in sources]


def read_tournament(path: Path) -> Tournament:
    """Raises UserError with one line for each mistake in the file."""
    return read_config(path, Tournament)
