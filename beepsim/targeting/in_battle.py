"""Guns that go on learning while they fight: what each is made of, by name.

Weights come in the order: for opponents of every kind or for ordinary ones, then for surfers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Literal

from beepsim.errors import UserError
from beepsim.targeting.adaptation import AdaptedGun
from beepsim.targeting.full import full_gun
from beepsim.targeting.guns import ChoosingGun, Gun, learned_gun
from beepsim.targeting.mixing import MixedGun
from beepsim.targeting.network import Network, NetworkGun, load_network
from beepsim.targeting.weights import Weights, load_weights

InBattle = Literal["adapted", "network", "full", "chosen", "mixed"]
VERSION = 3
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


def choose_in_battle(
    names: Sequence[str], weights: Sequence[Path], network: Path | None, seed: int
) -> tuple[list[Gun], set[str]]:
    """Guns by name, of weights and a network in files, and the opponents that the network learned from.

    Raises UserError for an unknown gun, one whose parts are not given, a network that no gun takes, a damaged file.
    """
    chosen: list[InBattle] = []
    for name in dict.fromkeys(names):
        if name not in NEEDED:
            near = get_close_matches(name, NEEDED, 1, 0.0)[0]
            raise UserError(f"--in-battle is {name!r}; did you mean {near!r}? The guns are {', '.join(NEEDED)}")
        needed = NEEDED[name]
        if len(weights) < needed.weights or (needed.network and network is None):
            parts = [*["--weights FILE"] * needed.weights, *["--network FILE"] * needed.network]
            raise UserError(
                f"--in-battle {name} takes {' and '.join(parts)}; received {len(weights)} --weights and "
                f"{'no --network' if network is None else 'a --network'}"
            )
        chosen.append(name)
    if network is not None and not any(NEEDED[name].network for name in chosen):
        takers = " or ".join(name for name, needed in NEEDED.items() if needed.network)
        raise UserError(f"--network {network} is for a gun that learns in battle; add --in-battle {takers}")
    loaded, found = [load_weights(path) for path in weights], None if network is None else load_network(network)
    guns = [in_battle_gun(name, loaded, found, seed) for name in chosen]
    return guns, set() if found is None else set(found.provenance.get("opponents", ()))
