"""Sections of the report on the two kinds of opponents: surfers, which answer the bullets fired at them, and others."""

from collections.abc import Sequence
from typing import Any

from beepsim.experiments.gun_sections import DIFFERENCES
from beepsim.experiments.report import Column, Section
from beepsim.targeting.battles import BattleWaves
from beepsim.targeting.replay import Shots, compare, summarise

Row = dict[str, Any]
BIAS = (
    "Surfers dodged the bullets that were really fired, those of the gun in the recordings. A gun that aims elsewhere "
    "finds them where they went instead, and would not once they dodged its own bullets: at surfers these figures "
    "flatter every gun but the recorded one, the more the less it aims like it. Only battles judge there."
)


def kind_sections(
    shots: Shots,
    battles: Sequence[BattleWaves],
    surfers: Sequence[str],
    learned: Sequence[str],
    references: Sequence[str],
    seed: int,
) -> list[Section]:
    """How often each gun hits at each kind of opponents, and the learned guns minus each reference; nothing where no
    opponent is a surfer."""
    if not surfers:
        return []
    figures: list[Row] = []
    differences: list[Row] = []
    for kind in ("surfers", "others"):
        chosen = [battle.battle for battle in battles if (battle.target in surfers) == (kind == "surfers")]
        mine = {gun: {battle: by_battle[battle] for battle in chosen} for gun, by_battle in shots.items()}
        ordered = sorted(summarise(mine, seed), key=lambda row: row["hit_rate"], reverse=True)
        figures += [{"kind": kind, **row} for row in ordered]
        differences += [{"kind": kind, **row} for row in compare(mine, learned, references, seed)]
    return [
        Section(
            "kinds",
            "At surfers and at others",
            "Models for surfers are trained on surfers only, the others on the other opponents; each gun is tested on "
            "both kinds, on opponents that it was never trained on. chosen: of the first variant's two models the one "
            "that BeepBoop's rule takes, that for surfers where the gun's own hit rate in this battle may be under "
            f"12 %. mixed: both, weighted by how well each foretold the waves that broke. {BIAS}",
            figures,
            (
                Column("kind", "opponents"),
                Column("gun", "gun"),
                Column("battles", "battles"),
                Column("shots", "shots"),
                Column("hit_rate", "hit rate, %", "{:.2f}", 100, True),
                Column("lift", "lift", "{:.2f}", 1, True),
                Column("log_density", "log density, nats", "{:.3f}", 1, True),
            ),
        ),
        Section(
            "kind_differences",
            "At surfers and at others: learned guns against the rest, paired",
            "Gun minus reference on the same shots, with the 95 % interval of the difference over resampled battles. "
            f"{BIAS}",
            differences,
            (Column("kind", "opponents"), *DIFFERENCES),
            folded=True,
        ),
    ]
