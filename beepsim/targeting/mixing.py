"""A gun that mixes the densities of a model for ordinary targets and one for surfers, as the battle calls for.

[Q] queries, [N] nodes of `aiming.GRID`; densities per guess factor.
"""

from dataclasses import dataclass

import numpy as np

from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.choosing import surfer_shares
from beepsim.targeting.densities import aim_with
from beepsim.targeting.guns import Aims, MixtureGun


@dataclass(frozen=True)
class MixedGun:
    """The share of each follows how well it foretold the waves that broke (`choosing.surfer_shares`)."""

    name: str
    ordinary: MixtureGun
    surfers: MixtureGun

    def densities(self, battle: BattleWaves) -> np.ndarray:
        """Of each real bullet, from what was known when it was aimed [Q, N]."""
        ordinary, surfers = (gun.densities(battle, battle.queries) for gun in (self.ordinary, self.surfers))
        logs = (aim_with(densities, battle).log_density for densities in (ordinary, surfers))
        share = surfer_shares(battle, *logs)[:, None]
        return (1.0 - share) * ordinary + share * surfers

    def aim(self, battle: BattleWaves) -> Aims:
        return aim_with(self.densities(battle), battle)
