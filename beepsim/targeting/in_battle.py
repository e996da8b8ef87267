"""Guns that go on learning while they fight: what each is made of, by name.

Weights come in the order: for opponents of every kind or for ordinary ones, then for surfers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from beepsim.targeting.adaptation import AdaptedGun
from beepsim.targeting.full import full_gun
from beepsim.targeting.guns import ChoosingGun, Gun, learned_gun
from beepsim.targeting.mixing import MixedGun
from beepsim.targeting.network import Network, NetworkGun
from beepsim.targeting.weights import Weights

InBattle = Literal["adapted", "network", "full", "chosen", "mixed"]
VERSION = 1
"""Of what these guns do; shots of another version are not used again."""


@dataclass(frozen=True)
class Needed:
    """How many weights a gun is made of, and whether of a network."""

    weights: int
    network: bool


NEEDED: dict[InBattle, Needed] = {
    "adapted": Needed(1, False),
    "network": Needed(0, True),
    "full": Needed(1, True),
    "chosen": Needed(2, False),
    "mixed": Needed(2, False),
}


def in_battle_gun(name: InBattle, weights: Sequence[Weights], network: Network | None, seed: int) -> Gun:
    """The gun of that name, made of as many of the weights as it needs; `seed` fixes what it draws in battle."""
    if name == "adapted":
        return AdaptedGun(name, weights[0], seed)
    if name == "chosen":
        return ChoosingGun(name, learned_gun(name, weights[0]), learned_gun(name, weights[1]))
    if name == "mixed":
        return MixedGun(name, learned_gun(name, weights[0]), learned_gun(name, weights[1]))
    assert network is not None, name
    return NetworkGun(name, network, seed) if name == "network" else full_gun(name, weights[0], network, seed)
