"""Keys of a YAML file that set a battle's rules."""

from pydantic import model_validator

from beepsim.battle_rules import Rules
from beepsim.errors import UserError
from beepsim.experiments.yaml_file import Section


class RuleKeys(Section):
    """Sizes in px, times in turns."""

    rounds: int = 35
    width: int = 800
    height: int = 600
    gun_cooling_rate: float = 0.1
    inactivity_time: int = 450

    @model_validator(mode="after")
    def rules_allow_it(self) -> "RuleKeys":
        try:
            self.rules()
        except UserError as error:
            raise ValueError(str(error)) from None
        return self

    def rules(self) -> Rules:
        return Rules(self.width, self.height, self.gun_cooling_rate, self.inactivity_time, self.rounds)
