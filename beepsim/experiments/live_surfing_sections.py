"""What live surfing found: how much each surfer is hit, which loss and kernel costs less, enemy by enemy.

Figures are of the enemies: the share of their bullets that hit, the damage of these. Less is better for the surfer:
differences are what it avoids, its reference's figure minus its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beepsim.experiments import plots
from beepsim.experiments.learning import Learned, model_rows
from beepsim.experiments.live_config import LiveSurfing
from beepsim.experiments.live_rates import chosen, difference_row, rate_row
from beepsim.experiments.report import Column, Section

Row = dict[str, Any]
QUESTION, FIRST_KERNEL = "kde_cross_entropy", "gaussian"
"""Loss and kernel that all others are compared with, where the sweep has them."""
RATES = (
    Column("hit_rate", "enemies hit, %", "{:.2f}", 100, True),
    Column("damage_per_round", "damage taken a round", "{:.2f}", 1, True),
)
DIFFERENCES = (
    Column("damage_per_round_avoided", "damage avoided a round", "{:+.2f}", 1, True),
    Column("damage_per_round_avoided_is_clear", "clear of 0"),
    Column("hit_rate_avoided", "hits avoided per 100 bullets", "{:+.2f}", 100, True),
    Column("hit_rate_avoided_is_clear", "clear of 0"),
)


@dataclass(frozen=True)
class LiveOutcome:
    """All that the report is made of: surfer -> FIGURES [U] of the enemies, `units` [U] are (enemy, season);
    `tested`: each enemy and the fold that tests it."""

    experiment: LiveSurfing
    units: Sequence[tuple[str, int]]
    series: dict[str, np.ndarray]
    learned: Sequence[Learned]
    tested: Sequence[tuple[str, int]]


def compose_live_surfing(outcome: LiveOutcome) -> tuple[list[str], list[Section]]:
    """Findings, one sentence each, and the sections of the page."""
    seed, enemies = outcome.experiment.seed, outcome.experiment.battles.enemies
    rates: list[Row] = [{"gun": name, **rate_row(series, seed)} for name, series in outcome.series.items()]
    rates.sort(key=lambda row: row["damage_per_round"])
    pairs = question_pairs(outcome.learned)
    trained = list(dict.fromkeys(one.variant for one in outcome.learned))
    untrained = [(name, other) for name in trained for other in outcome.series if other not in trained]
    differences = [pair_row(outcome, pair, enemies) for pair in pairs]
    against = [pair_row(outcome, pair, enemies) for pair in untrained]
    by_enemy = [{"enemy": enemy, **pair_row(outcome, pair, [enemy])} for enemy in enemies for pair in pairs]
    sections = [
        surfer_section(rates, set(trained)),
        difference_section("losses", "Which loss and kernel is hit less", differences, drawn=True),
        difference_section("untrained", "Trained surfers against the others", against),
        enemy_section(outcome),
        enemy_difference_section(by_enemy),
        model_section(outcome),
        fold_section(outcome),
    ]
    best = next(row for row in rates if row["gun"] in trained)
    findings = [
        f"{best['gun']}: least damage a round of the {len(trained)} trained surfers, "
        f"{interval(best, 'damage_per_round')} ({len(enemies)} enemies, {best['rounds']} rounds).",
        *map(state_difference, differences),
        *(state_difference(row) for row in against if row["surfer"] == best["gun"]),
    ]
    faults = sum(int(series["faults"].sum()) for series in outcome.series.values())
    if faults:
        findings.append(f"Bots failed {faults} times; `beepsim battle` with the same bots shows where.")
    return findings, [section for section in sections if section.rows]


def question_pairs(learned: Sequence[Learned]) -> list[tuple[str, str]]:
    """(variant, reference): each against the cross-entropy of the first kernel, then of its own where that differs."""
    first = {one.variant: one for one in reversed(learned)}
    names = list(dict.fromkeys(one.variant for one in learned))

    def reference(kernel: str) -> str | None:
        return next(
            (name for name in names if first[name].loss == QUESTION and first[name].weights.config.kernel == kernel),
            None,
        )

    main = reference(FIRST_KERNEL) or names[0]
    pairs = [(name, main) for name in names if name != main]
    for name in names:
        twin = reference(first[name].weights.config.kernel)
        if twin and twin not in (name, main):
            pairs.append((name, twin))
    return pairs


def pair_row(outcome: LiveOutcome, pair: tuple[str, str], enemies: Sequence[str]) -> Row:
    mine, theirs = (chosen(outcome.series[name], outcome.units, enemies) for name in pair)
    seed = outcome.experiment.seed
    return {"surfer": pair[0], "reference": pair[1], **difference_row(theirs, mine, seed, "avoided")}


def interval(row: Row, name: str) -> str:
    return f"{row[name]:.2f} [{row[f'{name}_low']:.2f}, {row[f'{name}_high']:.2f}]"


def state_difference(row: Row) -> str:
    damage, low, high = (row[f"damage_per_round_avoided{end}"] for end in ("", "_low", "_high"))
    hits, hits_low, hits_high = (100 * row[f"hit_rate_avoided{end}"] for end in ("", "_low", "_high"))
    clear = "clear of zero" if row["damage_per_round_avoided_is_clear"] else "not clear of zero"
    return (
        f"{row['surfer']} against {row['reference']}: avoids {damage:+.2f} damage a round [{low:+.2f}, {high:+.2f}], "
        f"{clear}, and {hits:+.2f} hits per 100 bullets [{hits_low:+.2f}, {hits_high:+.2f}]."
    )


def surfer_section(rows: list[Row], trained: set[str]) -> Section:
    label = "damage taken a round, by bullets"
    return Section(
        "surfers",
        "How much each surfer is hit",
        "Battles, not replays: every surfer against every enemy with the same seeds, each enemy met with weights of a "
        "fold that never trained on it. Kernel, loss and bandwidth name the danger weights, the surfer's own name "
        "those that it ships with. Rates are means over battles, brackets the 95 % interval by bootstrap over "
        "battles. In the pictures the best are at the bottom.",
        rows,
        (Column("gun", "surfer"), Column("rounds", "rounds"), Column("shots", "bullets"), *RATES),
        {
            "damage": plots.plot_guns(rows, "damage_per_round", label, trained),
            "hit_rate": plots.plot_guns(rows, "hit_rate", "enemies' hit rate, %", trained, 100),
        },
    )


def difference_section(name: str, heading: str, rows: list[Row], drawn: bool = False) -> Section:
    short = plots.short_names(list(dict.fromkeys(row[key] for row in rows for key in ("surfer", "reference"))))
    labelled = [{**row, "label": f"{short[row['surfer']]} against {short[row['reference']]}"} for row in rows]
    panels = [
        ("damage_per_round_avoided", "damage avoided a round", 1.0),
        ("hit_rate_avoided", "hits avoided per 100 bullets", 100.0),
    ]
    text = (
        "Paired: same enemies, seeds and places. Above 0 the surfer is hit less than its reference; an interval that "
        "leaves out 0 is a difference that these battles resolve. Each variant was trained once a fold: what another "
        "seed of the training would change is not part of the intervals."
    )
    plot = {f"{name}_avoided": plots.plot_differences(labelled, "label", panels)} if drawn and rows else {}
    columns = (Column("surfer", "surfer"), Column("reference", "against"), *DIFFERENCES)
    return Section(name, heading, text, rows, columns, plot)


def enemy_section(outcome: LiveOutcome) -> Section:
    """Every surfer against each enemy."""
    rows = [
        {"enemy": enemy, "surfer": name, **rate_row(chosen(series, outcome.units, [enemy]), outcome.experiment.seed)}
        for enemy in outcome.experiment.battles.enemies
        for name, series in outcome.series.items()
    ]
    return Section(
        "enemies",
        "Enemy by enemy",
        "The same figures against each enemy alone; intervals over its battles.",
        rows,
        (Column("enemy", "enemy"), Column("surfer", "surfer"), Column("shots", "bullets"), *RATES),
        {"enemies": plot_enemies(rows, {one.variant for one in outcome.learned})},
        folded=True,
    )


def enemy_difference_section(rows: list[Row]) -> Section:
    return Section(
        "enemy_differences",
        "Which loss and kernel is hit less, enemy by enemy",
        "Paired over the battles against this enemy. Of many intervals, one in twenty misses.",
        rows,
        (Column("enemy", "enemy"), Column("surfer", "surfer"), Column("reference", "against"), *DIFFERENCES),
        folded=True,
    )


def model_section(outcome: LiveOutcome) -> Section:
    return Section(
        "models",
        "What was trained",
        "The loss on the validation enemies, in the loss's own unit.",
        model_rows(outcome.learned),
        (
            Column("model", "weights"),
            Column("fold", "fold"),
            Column("bandwidth", "bandwidth", "{:.4f}"),
            Column("floor", "floor", "{:.4f}"),
            Column("validation_loss", "validation loss", "{:.4f}"),
            Column("kept_step", "step kept"),
            Column("steps", "steps"),
        ),
        folded=True,
    )


def fold_section(outcome: LiveOutcome) -> Section:
    rows = [{"enemy": enemy, "fold": fold} for enemy, fold in outcome.tested]
    return Section(
        "split",
        "Enemies and folds",
        "Each enemy is met with weights of the fold that tests it, which neither trained on it nor stopped by it.",
        rows,
        (Column("enemy", "enemy"), Column("fold", "tested in fold")),
        folded=True,
    )


def plot_enemies(rows: Sequence[Row], trained: set[str]) -> bytes:
    """A panel for each enemy: damage a round of each surfer, with its 95 % interval; blue: `trained`."""
    enemies, surfers = plots.unique(rows, "enemy"), plots.unique(rows, "surfer")
    short = plots.short_names(surfers)
    figure, panels = plots.small_multiples(len(enemies), 2, 0.6 + 0.22 * len(surfers), sharey=True)
    for axes, enemy in zip(panels, enemies, strict=True):
        for place, name in enumerate(surfers):
            row = next(row for row in rows if (row["enemy"], row["surfer"]) == (enemy, name))
            low, middle, high = (row[f"damage_per_round{end}"] for end in ("_low", "", "_high"))
            colour = plots.LEARNED if name in trained else plots.BASELINE
            axes.plot([low, high], [place, place], color=colour, linewidth=1.8, solid_capstyle="butt")
            axes.plot(middle, place, "o", color=colour, markersize=4.5)
        axes.set_title(enemy, fontsize=8)
        axes.set_yticks(range(len(surfers)), [plots.wrapped(short[name], 34) for name in surfers])
        axes.set_ylim(len(surfers) - 0.5, -0.5)
        axes.set_xlim(left=0.0)
        axes.grid(axis="x", alpha=0.25)
    figure.supxlabel("damage taken a round, by bullets, with 95 % interval over battles", fontsize=9)
    return plots.to_png(figure)
