"""The gun that takes all that replay and a battle allow: which guns it is made of, in one place."""

from beepsim.targeting.adaptation import AdaptedGun
from beepsim.targeting.densities import CombinedGun
from beepsim.targeting.network import Network, NetworkGun
from beepsim.targeting.weights import Weights


def full_gun(name: str, weights: Weights, network: Network, seed: int) -> CombinedGun:
    """Adapts `weights` and `network`, both learned from other opponents, in battle, and mixes their densities."""
    return CombinedGun(name, (AdaptedGun("adapted", weights, seed), NetworkGun("network", network, seed)))
