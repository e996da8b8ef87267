"""What a surfing experiment found: how often each surfer is hit, and which loss and kernel avoid more hits.

Figures are means over bullets with 95 % intervals by bootstrap over battles; differences are paired. `hit_rate` is that
of surfers that go to the safest place within reach, `hit_of_two` that of those that may only take the safer of two
random places. A hit that is avoided counts as positive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beepsim.experiments import plots
from beepsim.experiments.config import Experiment
from beepsim.experiments.curves import learning_section
from beepsim.experiments.gun_sections import split_section
from beepsim.experiments.learning import Learned, learning_rows, model_rows
from beepsim.experiments.report import Column, Section
from beepsim.experiments.split import Fold
from beepsim.targeting.replay import Shots, battle_sums, ratio_interval, resample, shared_battles, with_interval
from beepsim.targeting.surfing import SurferWaves

Row = dict[str, Any]
REFERENCES = ("random", "reverse", "histogram", "knn", "beepboop_main")
QUESTION = "kde_cross_entropy"
"""The loss that all others are compared with."""
FIGURES = (("hit_of_two", "hit_of_two"), ("hit", "hit_rate"), ("log_density", "log_density"))
OUTSIDE = 0.05  # GF: the robot's own place is the middle of an interval


@dataclass(frozen=True)
class SurfingOutcome:
    """All that the report of a surfing experiment is made of; `dodges`: surfer -> battle -> DODGE."""

    experiment: Experiment
    folds: Sequence[Fold]
    battles: Sequence[SurferWaves]
    learned: Sequence[Learned]
    dodges: Shots
    panels: Sequence[Row]


def summarise_surfers(dodges: Shots, seed: int) -> list[Row]:
    """One row for each surfer, least `hit_of_two` first; `predicted` is the mean danger seen at the safest place."""
    battles = shared_battles(dodges)
    counts = resample(len(battles), seed)
    rows = []
    for surfer, by_battle in dodges.items():
        bullets = np.array([len(by_battle[battle]) for battle in battles], np.float64)
        row: Row = {"gun": surfer, "battles": len(battles), "bullets": int(bullets.sum())}
        for column, name in FIGURES:
            row |= with_interval(name, ratio_interval(battle_sums(by_battle, battles, column), bullets, counts))
        row["predicted"] = float(battle_sums(by_battle, battles, "predicted").sum() / bullets.sum())
        rows.append(row)
    return sorted(rows, key=lambda row: (np.isnan(row["hit_of_two"]), row["hit_of_two"]))


def rank_surfers(surfers: Sequence[Row], learned: Sequence[Learned]) -> list[str]:
    """Names of the learned surfers, best first."""
    names = {one.variant for one in learned}
    return [row["gun"] for row in surfers if row["gun"] in names]


def compare_surfers(dodges: Shots, pairs: Sequence[tuple[str, str]], seed: int) -> list[Row]:
    """Paired differences of (surfer, reference): hits avoided, and the gain in log density."""
    battles = shared_battles(dodges)
    counts = resample(len(battles), seed)
    rows = []
    for surfer, reference in pairs:
        row: Row = {"surfer": surfer, "reference": reference}
        bullets = np.array([len(dodges[surfer][battle]) for battle in battles], np.float64)
        for column, name in FIGURES:
            mine, theirs = (battle_sums(dodges[which], battles, column) for which in (surfer, reference))
            gain = mine - theirs if column == "log_density" else theirs - mine
            value, low, high = ratio_interval(gain, bullets, counts)
            row |= with_interval(f"{name}_gain", (value, low, high))
            row[f"{name}_gain_is_clear"] = bool(low > 0.0 or high < 0.0)
        rows.append(row)
    return rows


def twin(one: Learned, learned: Sequence[Learned], loss: str, kernel: str) -> str | None:
    """The variant of this loss and kernel that is most like `one` otherwise: bandwidth as given, else learned."""
    mine = one.weights.config

    def unlikeness(other: Learned) -> tuple[bool, ...]:
        config = other.weights.config
        return (
            config.candidates != mine.candidates,
            config.start != mine.start,
            config.bandwidth_unit != mine.bandwidth_unit,
            config.learn_bandwidth != mine.learn_bandwidth,
            not config.learn_bandwidth and config.bandwidth != mine.bandwidth,
        )

    fitting = [other for other in learned if other.loss == loss and other.weights.config.kernel == kernel]
    return min(fitting, key=unlikeness).variant if fitting else None


def question_pairs(ranked: Sequence[str], learned: Sequence[Learned]) -> tuple[list[tuple[str, str]], ...]:
    """Pairs that answer which loss is better (same kernel), and which kernel (same loss, against the first kernel)."""
    first = {one.variant: one for one in reversed(learned)}
    kernels = list(dict.fromkeys(one.weights.config.kernel for one in learned))
    by_loss, by_kernel = [], []
    for name in ranked:
        one = first[name]
        kernel = one.weights.config.kernel
        other = twin(one, learned, QUESTION, kernel)
        if other and one.loss != QUESTION:
            by_loss.append((name, other))
        other = twin(one, learned, one.loss, kernels[0])
        if other and kernel != kernels[0]:
            by_kernel.append((name, other))
    return by_loss, by_kernel


def compose_surfing(outcome: SurfingOutcome) -> tuple[list[str], list[Section]]:
    """Findings, one sentence each, and the sections of the page."""
    dodges, learned, seed = outcome.dodges, outcome.learned, outcome.experiment.seed
    surfers = summarise_surfers(dodges, seed)
    ranked = rank_surfers(surfers, learned)
    by_loss, by_kernel = question_pairs(ranked, learned)
    losses, kernels = compare_surfers(dodges, by_loss, seed), compare_surfers(dodges, by_kernel, seed)
    others = compare_surfers(dodges, [(name, other) for name in ranked for other in REFERENCES], seed)
    sections = [
        surfer_section(surfers, set(ranked)),
        gain_section("losses", f"Every loss against {QUESTION} with the same kernel", losses),
        gain_section("kernels", "Every kernel against the first of the sweep with the same loss", kernels),
        gain_section("references", "Learned surfers against the others", others, plotted=ranked[0]),
        opponent_section(dodges, outcome.battles, ranked[0]),
        density_section(outcome.panels),
        learning_section(learning_rows(learned), model_rows(learned), ranked),
        split_section(outcome.folds, outcome.battles),
    ]
    loss_of = {one.variant: one.loss for one in learned}
    findings = [
        state_best(surfers, ranked, outcome.battles),
        *(state_gain(row) for row in others if row["surfer"] == ranked[0]),
        *(
            state_loss(loss, [row for row in losses if loss_of[row["surfer"]] == loss])
            for loss in ordered(losses, loss_of)
        ),
        *(state_gain(row) for row in kernels if row["surfer"] in best_of_losses(ranked, loss_of)),
        state_context(surfers, outcome.battles),
        "Offline: the enemies aimed at where the recorded robot really was and learned from that, and no place costs "
        "the next bullet anything here; only battles that surfers fight themselves show what they are worth.",
    ]
    return findings, [section for section in sections if section.rows or section.plots]


def ordered(rows: Sequence[Row], loss_of: Mapping[str, str]) -> list[str]:
    """Losses in the order of their best variant."""
    return list(dict.fromkeys(loss_of[row["surfer"]] for row in rows))


def best_of_losses(ranked: Sequence[str], loss_of: Mapping[str, str]) -> set[str]:
    best: dict[str, str] = {}
    for name in ranked:
        best.setdefault(loss_of[name], name)
    return set(best.values())


def state_best(surfers: Sequence[Row], ranked: Sequence[str], battles: Sequence[SurferWaves]) -> str:
    best = next(row for row in surfers if row["gun"] == ranked[0])
    targets = len({battle.target for battle in battles})
    return (
        f"{best['gun']}: least often hit of the {len(ranked)} learned surfers on these same {best['bullets']} bullets "
        f"of {targets} enemies that it was never trained on: {percent(best, 'hit_of_two')} where it may choose one of "
        f"two random places, {percent(best, 'hit_rate')} at the safest place within reach."
    )


def percent(row: Row, name: str) -> str:
    return f"{100 * row[name]:.2f} % [{100 * row[f'{name}_low']:.2f}, {100 * row[f'{name}_high']:.2f}]"


def points(row: Row, name: str) -> str:
    value, low, high = (100 * row[f"{name}_gain{end}"] for end in ("", "_low", "_high"))
    clear = "clear of zero" if row[f"{name}_gain_is_clear"] else "not clear of zero"
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}] ({clear})"


def state_gain(row: Row) -> str:
    return (
        f"{row['surfer']} against {row['reference']}: hits avoided per 100 bullets {points(row, 'hit_of_two')} of two "
        f"places, {points(row, 'hit_rate')} at the safest."
    )


def state_loss(loss: str, rows: Sequence[Row]) -> str:
    each = "; ".join(
        f"{row['surfer']}: {points(row, 'hit_of_two')} of two places, {points(row, 'hit_rate')} at the safest"
        for row in rows
    )
    return f"{loss} against {QUESTION} of the same kernel, hits avoided per 100 bullets: {each}."


def state_context(surfers: Sequence[Row], battles: Sequence[SurferWaves]) -> str:
    """What no surfer learned: chance, constant rules, and the robot of the recording."""
    rows = {row["gun"]: row for row in surfers}
    recorded = percent(rows["recorded"], "hit_rate")
    inside = [
        (battle.stood >= battle.reach[0] - OUTSIDE) & (battle.stood <= battle.reach[1] + OUTSIDE) for battle in battles
    ]
    return (
        f"For comparison, by the same rule: a random place {percent(rows['random'], 'hit_rate')}, always reversing "
        f"{percent(rows['reverse'], 'hit_rate')}, where the recorded robot really was {recorded} "
        f"(hits that it really took: {percent(rows['recorded_scored'], 'hit_rate')}). It was within the reach assumed "
        f"here, ±{OUTSIDE} GF, at {100 * float(np.concatenate(inside).mean()):.1f} % of the bullets."
    )


def surfer_section(surfers: list[Row], learned: set[str]) -> Section:
    of_two = [row for row in surfers if np.isfinite(row["hit_of_two"])]
    with_density = [row for row in surfers if np.isfinite(row["log_density"])]
    return Section(
        "surfers",
        "How often each surfer is hit",
        "Every bullet of the enemies, dodged again by each surfer with what it could know when the bullet was fired. "
        "Of two places: two places within reach are drawn at random, and it takes the one that it thinks less "
        "dangerous (exact expectation). Safest: it takes the safest of all places within reach. Danger seen there: the "
        "mean of its own prediction. Log density: mean over the places where the bullet hits, in nats over the uniform "
        "density. Brackets: 95 % interval by bootstrap over battles. Fewer hits are better: the best are at the bottom "
        "of the pictures of hits. `recorded` is where the robot of the recording really was, `recorded_scored` counts "
        "the hits that it really took (bullets that met another bullet hit nobody).",
        surfers,
        (
            Column("gun", "surfer"),
            Column("bullets", "bullets"),
            Column("hit_of_two", "hit of two places, %", "{:.2f}", 100, True),
            Column("hit_rate", "hit at the safest, %", "{:.2f}", 100, True),
            Column("predicted", "danger seen there, %", "{:.2f}", 100),
            Column("log_density", "log density, nats", "{:.3f}", 1, True),
        ),
        {
            "hit_of_two": plots.plot_guns(of_two, "hit_of_two", "hit of two places, %", learned, 100),
            "hit_rate": plots.plot_guns(surfers, "hit_rate", "hit at the safest place, %", learned, 100),
            "log_density": plots.plot_guns(with_density, "log_density", "mean log density, nats", learned),
        },
    )


def gain_section(name: str, heading: str, rows: list[Row], plotted: str | None = None) -> Section:
    """The picture has every surfer's row, or those of one that is `plotted` against each reference."""
    if plotted:
        drawn = [{**row, "label": f"against {row['reference']}"} for row in rows if row["surfer"] == plotted]
    else:
        drawn = [{**row, "label": row["surfer"]} for row in rows]
    panels = [
        ("hit_of_two_gain", "hits avoided per 100 bullets,\nof two places", 100.0),
        ("hit_rate_gain", "hits avoided per 100 bullets,\nat the safest place", 100.0),
    ]
    return Section(
        name,
        heading,
        "Paired on the same bullets, with the 95 % interval of the difference over resampled battles; a positive "
        "number of hits avoided is better, and one clear of zero is a difference that these battles resolve. Each "
        "variant was trained once a fold: what another seed would change is not part of the intervals.",
        rows,
        (
            Column("surfer", "surfer"),
            Column("reference", "against"),
            Column("hit_of_two_gain", "avoided of two places, per 100", "{:+.2f}", 100, True),
            Column("hit_of_two_gain_is_clear", "clear of 0"),
            Column("hit_rate_gain", "avoided at the safest, per 100", "{:+.2f}", 100, True),
            Column("hit_rate_gain_is_clear", "clear of 0"),
            Column("log_density_gain", "log density, nats", "{:+.3f}", 1, True),
        ),
        {f"{name}_gain": plots.plot_differences(drawn, "label", panels, plotted or "")} if drawn else {},
        folded=True,
    )


def opponent_section(dodges: Shots, battles: Sequence[SurferWaves], best: str) -> Section:
    shown = ("random", "reverse", "recorded", "recorded_scored", "knn", "beepboop_main", best)
    rows = []
    for target in sorted({battle.target for battle in battles}):
        mine = [battle for battle in battles if battle.target == target]
        row: Row = {"target": target, "bullets": sum(len(battle.rows) for battle in mine)}
        row["learned_angles"] = sum(int(np.sum(battle.broke < np.iinfo(np.int64).max)) for battle in mine)
        for surfer, by_battle in dodges.items():
            found = np.concatenate([by_battle[battle.battle] for battle in mine])
            row[f"{surfer}: safest"] = float(found["hit"].mean())
            row[f"{surfer}: of two"] = float(found["hit_of_two"].mean())
        rows.append(row)
    with_choice = [name for name in shown if not name.startswith("recorded")]
    return Section(
        "opponents",
        "Enemy by enemy",
        "Hit rates in % by the bullets of each enemy, at the safest place and at the safer of two; each enemy is "
        "tested in the fold that did not train on it. Known angles: bullets that hit the surfer or met one of its own, "
        "which is all that it may learn from. All surfers are in the files.",
        rows,
        (
            Column("target", "enemy"),
            Column("bullets", "bullets"),
            Column("learned_angles", "known angles"),
            *(Column(f"{name}: safest", f"{name}, safest", "{:.1f}", 100) for name in shown),
            *(Column(f"{name}: of two", f"{name}, of two", "{:.1f}", 100) for name in with_choice),
        ),
        folded=True,
    )


def density_section(panels: Sequence[Row]) -> Section:
    return Section(
        "densities",
        "What the surfers believed",
        "Density over guess factors for single bullets of test enemies, and the places at which the bullet hits "
        "(green). The bullets were drawn at random, one for each of some enemies.",
        plots={"densities": plots.plot_densities(panels)} if panels else {},
    )
