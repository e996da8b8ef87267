"""A battle as a surfer sees it: where the enemy's bullets went, which of them it could know of, where it could go.

The mirror image of `battles`: a query is each bullet of the enemy; its candidates are the bullets whose angle the
surfer has learned, because they hit it or met a bullet of its own. [W] bullets in firing order, all of them queries.
Angles in guess factors (GF) of the surfer's escape range, offsets and widths in rad. The features are those of the wave
table: the surfer as the enemy's radar knew it when the bullet was aimed.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from beepsim.errors import UserError
from beepsim.geometry import PI
from beepsim.jit import jit
from beepsim.recording.format import Recording, read_recording
from beepsim.rules import HALF_BOT_WIDTH, MAX_VELOCITY
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.guns import BOX_WIDENING, escape_sides, random_chance
from beepsim.waves.extract import HIT_BULLET, HIT_ROBOT
from beepsim.waves.table import check_rows, extract_waves
from beepsim.waves.wave import MAX_GUESS_FACTOR

FEWEST_HITS = 5
"""A query that knows fewer angles teaches mostly noise."""
NEVER = np.iinfo(np.int64).max
TURNS_UNAWARE = 2.0
"""The state that features describe is that of a turn before the shot, whose cost in energy is seen a turn after it."""
BRAKES, ACCELERATES = 2.0, 1.0  # px/turn²


class SurferWaves(BattleWaves):
    """The enemy's bullets in one battle; `shooter` is the surfer, `target` the enemy, whose gun is to be learned.

    `rows` [W] are those of the enemy's real bullets in the wave table, but for what says where: `gf` is where the
    bullet went; `gf_low`, `gf_high`, `hit_low`, `hit_high` are the places of the surfer's centre at which it would have
    been hit; `hit_offset` is still where the surfer really was. `break_turn` is when the surfer learned the bullet's
    angle, where it did.
    """

    @cached_property
    def broke(self) -> np.ndarray:
        """Time at which the surfer learned of each bullet's angle, int64 [W]; NEVER for most."""
        is_learned = np.isin(self.rows["outcome"], (HIT_ROBOT, HIT_BULLET))
        return np.where(is_learned, super().broke, NEVER)

    @cached_property
    def lessons(self) -> np.ndarray:
        """Indices of the bullets that training asks about, int64 [n]: those that could hit the surfer somewhere."""
        return np.flatnonzero((self.known >= FEWEST_HITS) & (random_chance(self) > 0.0))

    @cached_property
    def reach(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest GF [W] to which the surfer could drive: see `fill_reach`."""
        negative, positive = escape_sides(self.rows)
        low, high = np.empty(len(self.rows)), np.empty(len(self.rows))
        velocity, turns = self.column("lateral0"), self.column("bft")
        fill_reach(
            velocity, turns, np.arcsin(MAX_VELOCITY / self.column("bullet_speed")), negative, positive, low, high
        )
        return low, high

    @cached_property
    def stood(self) -> np.ndarray:
        """GF [W] at which the surfer really was when the bullet's wave passed it."""
        return to_guess_factor(self.rows, self.column("hit_offset"))


def surfer_waves(recording: Recording, surfer: int) -> SurferWaves:
    """The bullets that the other robot of a duel fired at robot `surfer`, those whose wave passed it in time.

    Raises UserError for a battle that is no duel and for values that are not numbers.
    """
    table = extract_waves(recording, 1 - surfer)
    check_rows(table, table.sources[0].battle)
    rows = table.rows[table.rows["real"]].copy()
    place_bullets(rows, recording.bullets[recording.bullets["owner"] == 1 - surfer])
    source = table.sources[0]
    return SurferWaves(source.battle, source.target, source.shooter, rows)


def place_bullets(rows: np.ndarray, bullets: np.ndarray) -> None:
    """Turn the wave table's rows of real bullets into those of SurferWaves, given all of the enemy's bullets."""
    fired = order_in_time(bullets["round"], bullets["turn_first"] - 1)
    by_time = np.argsort(fired)
    place = np.searchsorted(fired[by_time], order_in_time(rows["round"], rows["fire_turn"]))
    bullets = bullets[by_time[place]]
    is_learned = np.isin(rows["outcome"], (HIT_ROBOT, HIT_BULLET))
    rows["break_turn"] = np.where(is_learned, bullets["turn_last"], rows["break_turn"])
    offset = (bullets["heading"] - rows["absolute_bearing"] + PI) % (2.0 * PI) - PI
    half_width = BOX_WIDENING * HALF_BOT_WIDTH / rows["distance"].astype(np.float64)
    rows["hit_low"], rows["hit_high"] = offset - half_width, offset + half_width
    ends = np.sort([to_guess_factor(rows, offset + side * half_width) for side in (-1.0, 1.0)], axis=0)
    rows["gf"], rows["gf_low"], rows["gf_high"] = to_guess_factor(rows, offset), *ends


def load_surfers(recordings: Sequence[Path], surfer: int) -> list[SurferWaves]:
    """What robot `surfer` saw in each of the battles; those in which no bullet's wave passed it are left out.

    Raises UserError where that is so in all of them.
    """
    battles = [surfer_waves(read_recording(path), surfer) for path in recordings]
    battles = [battle for battle in battles if len(battle.rows)]
    if not battles:
        raise UserError("no bullet's wave passed the surfer in these battles; its opponents need guns")
    return battles


def order_in_time(rounds: np.ndarray, turns: np.ndarray) -> np.ndarray:
    return rounds.astype(np.int64) << 32 | turns


def to_guess_factor(rows: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """GF [W] of offsets (rad [W]) from the absolute bearings of the rows, clipped as everywhere."""
    negative, positive = escape_sides(rows)
    across = rows["orbit_direction"] * offset
    return np.clip(across / np.where(across < 0.0, negative, positive), -MAX_GUESS_FACTOR, MAX_GUESS_FACTOR)


@jit
def driven(velocity, turns):
    """Way (px) in `turns` of who goes at `velocity`, cannot act at first, then drives forwards as fast as it can."""
    way, left = 0.0, turns
    while left > 0.0:
        if turns - left >= TURNS_UNAWARE:
            if velocity < 0.0:
                velocity = min(velocity + BRAKES, 0.0)
            else:
                velocity = min(velocity + ACCELERATES, MAX_VELOCITY)
        way += velocity * min(left, 1.0)
        left -= 1.0
    return way


@jit
def fill_reach(velocity, turns, escape, negative, positive, low, high):
    """GF [W] that the surfer reaches at most in either direction until the bullet arrives.

    It orbits: `velocity` is that across the bearing, positive in the orbit direction, and a way of 8 px a turn all the
    time leads to the angle `escape` = asin(8/v), or as far as walls allow: to the escape angle of that side.
    """
    for i in range(len(velocity)):
        for sign in (-1.0, 1.0):
            way = sign * driven(sign * velocity[i], turns[i])
            angle = escape[i] * way / (MAX_VELOCITY * turns[i])
            angle = min(max(angle, -negative[i]), positive[i])
            reached = angle / (negative[i] if angle < 0.0 else positive[i])
            if sign < 0.0:
                low[i] = reached
            else:
                high[i] = reached
