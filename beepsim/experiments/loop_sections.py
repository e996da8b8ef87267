"""What a loop found: live hit rates by generation and class of movers, and what training gained over the references."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from beepsim.experiments import plots
from beepsim.experiments.learning import Learned, model_rows
from beepsim.experiments.live_config import TRAINED, Loop
from beepsim.experiments.live_rates import chosen, difference_row, rate_row
from beepsim.experiments.report import Column, Section
from beepsim.experiments.split import Fold

Row = dict[str, Any]
EVERYONE = "all"
"""The class of all movers together."""
RATE_COLUMNS = (
    Column("shots", "shots"),
    Column("hit_rate", "hit rate, %", "{:.2f}", 100, True),
    Column("damage_per_round", "damage a round", "{:.1f}", 1, True),
)
DIFFERENCE_COLUMNS = (
    Column("hit_rate_difference", "hit rate, points", "{:+.2f}", 100, True),
    Column("hit_rate_difference_is_clear", "clear of 0"),
    Column("damage_per_round_difference", "damage a round", "{:+.1f}", 1, True),
    Column("damage_per_round_difference_is_clear", "clear of 0"),
)


@dataclass(frozen=True)
class Generation:
    """One generation's battles: gun -> FIGURES [U] of the shooter; `learned` are the weights that it fought with."""

    number: int
    series: dict[str, np.ndarray]
    learned: Sequence[Learned]
    faults: int


@dataclass(frozen=True)
class LoopOutcome:
    """All that the report is made of; `units` [U] are (mover, season), the same in every generation."""

    loop: Loop
    folds: Sequence[Fold]
    units: Sequence[tuple[str, int]]
    generations: Sequence[Generation]


def compose_loop(outcome: LoopOutcome) -> tuple[list[str], list[Section]]:
    """Findings, one sentence each, and the sections of the page."""
    rates, gains, growth = rate_rows(outcome), gain_rows(outcome), growth_rows(outcome)
    sections = [
        rate_section(rates),
        gain_section(gains, outcome.loop.references[0]),
        growth_section(growth, outcome.loop.surfing is not None),
        mover_section(outcome),
        model_section(outcome),
        split_section(outcome),
    ]
    last, reference = outcome.generations[-1].number, outcome.loop.references[0]
    findings = [
        *(
            f"{row['class']}: {TRAINED} hits {percent(rate, 'hit_rate')} in generation {last}, "
            f"{points(row)} points over {reference}, {clearly(row)}."
            for row in gains
            if row["generation"] == last and row["reference"] == reference
            for rate in rates
            if (rate["generation"], rate["class"], rate["gun"]) == (last, row["class"], TRAINED)
        ),
        *(
            f"{row['class']}: {points(row)} points from generation 0 to {last}, {clearly(row)}."
            for row in growth
            if row["generation"] == last
        ),
    ]
    faults = sum(generation.faults for generation in outcome.generations)
    if faults:
        findings.append(f"Bots failed {faults} times; `beepsim battle` with the same bots shows where.")
    return findings, sections


def percent(row: Row, name: str) -> str:
    low, high = (100 * row[f"{name}_{end}"] for end in ("low", "high"))
    return f"{100 * row[name]:.1f} % [{low:.1f}, {high:.1f}]"


def points(row: Row) -> str:
    value, low, high = (100 * row[f"hit_rate_difference{end}"] for end in ("", "_low", "_high"))
    return f"{value:+.1f} [{low:+.1f}, {high:+.1f}]"


def clearly(row: Row) -> str:
    return "clear of zero" if row["hit_rate_difference_is_clear"] else "not clear of zero"


def classes_of(loop: Loop) -> dict[str, list[str]]:
    """Movers of each class, all of them first."""
    everyone = [mover for movers in loop.movers.values() for mover in movers]
    return {EVERYONE: everyone, **loop.movers} if len(loop.movers) > 1 else dict(loop.movers)


def rate_rows(outcome: LoopOutcome) -> list[Row]:
    """One row for each class, generation and gun."""
    return [
        {
            "class": name,
            "generation": generation.number,
            "gun": gun,
            **rate_row(chosen(series, outcome.units, movers), outcome.loop.seed),
        }
        for name, movers in classes_of(outcome.loop).items()
        for generation in outcome.generations
        for gun, series in generation.series.items()
    ]


def gain_rows(outcome: LoopOutcome) -> list[Row]:
    """The trained gun minus each reference, by class and generation."""
    return [
        {
            "class": name,
            "generation": generation.number,
            "reference": reference,
            **compared(outcome, movers, generation.series[TRAINED], generation.series[reference]),
        }
        for name, movers in classes_of(outcome.loop).items()
        for generation in outcome.generations
        for reference in outcome.loop.references
    ]


def growth_rows(outcome: LoopOutcome) -> list[Row]:
    """The trained gun in each later generation minus itself in generation 0, paired by mover and season."""
    first, *later = outcome.generations
    return [
        {
            "class": name,
            "generation": generation.number,
            **compared(outcome, movers, generation.series[TRAINED], first.series[TRAINED]),
        }
        for name, movers in classes_of(outcome.loop).items()
        for generation in later
    ]


def compared(outcome: LoopOutcome, movers: Sequence[str], mine: np.ndarray, theirs: np.ndarray) -> Row:
    """The difference at these movers."""
    mine, theirs = (chosen(series, outcome.units, movers) for series in (mine, theirs))
    return difference_row(mine, theirs, outcome.loop.seed)


def rate_section(rows: list[Row]) -> Section:
    return Section(
        "hit_rates",
        "How often each gun hits, generation by generation",
        f"Battles, not replays. {TRAINED}: the gun that is trained, in generation 0 with the weights that training "
        "starts from, at each mover with weights of the fold that never trained on it. The other guns do not change; "
        "each generation has new seeds, the same for all guns. Rates are means over battles, each with its own rate. "
        "Brackets and bars: 95 % interval by bootstrap over battles.",
        rows,
        (Column("class", "movers"), Column("generation", "generation"), Column("gun", "gun"), *RATE_COLUMNS),
        {"hit_rates": plot_generations(rows, "hit_rate", "hit rate, %", "gun", 100)},
    )


def gain_section(rows: list[Row], reference: str) -> Section:
    text = (
        f"{TRAINED} minus each reference in the same battles (same movers, seeds and places), with the paired 95 % "
        "interval. Clear of 0: these battles resolve the difference; of many, one in twenty is so by chance."
    )
    drawn = [row for row in rows if row["reference"] == reference]
    return Section(
        "gains",
        "What training is worth against the references",
        text,
        rows,
        (
            Column("class", "movers"),
            Column("generation", "generation"),
            Column("reference", "reference"),
            *DIFFERENCE_COLUMNS,
        ),
        {
            "gains": plot_generations(
                drawn, "hit_rate_difference", f"{TRAINED} minus {reference}, points", "reference", 100
            )
        },
    )


def growth_section(rows: list[Row], surfers_learn: bool) -> Section:
    text = f"{TRAINED} of each generation minus that of generation 0, by mover and season (the seeds differ)."
    if surfers_learn:
        text += " The surfers learned as well, so that at them the guns' gain is what is left of it."
    columns = (Column("class", "movers"), Column("generation", "generation"), *DIFFERENCE_COLUMNS)
    return Section("growth", "From generation to generation", text, rows, columns, folded=True)


def mover_section(outcome: LoopOutcome) -> Section:
    """Figures at each mover in the last generation, without intervals: a mover has few battles."""
    last = outcome.generations[-1]
    rows = []
    for name, movers in outcome.loop.movers.items():
        for mover in movers:
            row: Row = {"class": name, "mover": mover}
            for gun, series in last.series.items():
                figures = rate_row(chosen(series, outcome.units, [mover]), outcome.loop.seed)
                row |= {gun: figures["hit_rate"], f"{gun}: damage": figures["damage_per_round"]}
            rows.append(row)
    return Section(
        "movers",
        f"Mover by mover in generation {last.number}",
        "Hit rates in %; a mover has too few battles for an interval. Damage a round is in the files.",
        rows,
        (
            Column("class", "class"),
            Column("mover", "mover"),
            *(Column(gun, gun, "{:.1f}", 100) for gun in last.series),
        ),
        folded=True,
    )


def model_section(outcome: LoopOutcome) -> Section:
    """What each generation's trainings ended with."""
    rows = model_rows([one for generation in outcome.generations for one in generation.learned])
    return Section(
        "models",
        "What was trained",
        "The loss on the validation movers (of a surfer: guns), in the loss's own unit. Each generation learns from "
        "all lessons that the trained gun has fought before.",
        rows,
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


def split_section(outcome: LoopOutcome) -> Section:
    rows = [
        {
            "mover": mover,
            "class": name,
            "fold": next(fold.number for fold in outcome.folds if mover in fold.test),
            "validates_folds": " ".join(str(fold.number) for fold in outcome.folds if mover in fold.validation)
            or "none",
        }
        for name, movers in outcome.loop.movers.items()
        for mover in movers
    ]
    return Section(
        "split",
        "Movers and folds",
        "Each mover is shot at with weights of the fold that tests it, which neither trained on it nor stopped by it.",
        rows,
        (
            Column("mover", "mover"),
            Column("class", "class"),
            Column("fold", "tested in fold"),
            Column("validates_folds", "validates folds"),
        ),
        folded=True,
    )


def plot_generations(rows: Sequence[Row], value: str, label: str, names: str, scale: float) -> bytes:
    """A panel for each class: the value of each name by generation, with its 95 % interval."""
    classes, drawn = plots.unique(rows, "class"), plots.unique(rows, names)
    figure, panels = plots.small_multiples(len(classes), 2, 2.5)
    for axes, name in zip(panels, classes, strict=True):
        axes.set_title(name, fontsize=9)
        if any(row[value] < 0.0 or row[f"{value}_low"] < 0.0 for row in rows):
            axes.axhline(0.0, color="#1c2733", linewidth=0.8)
        for index, one in enumerate(drawn):
            mine = [row for row in rows if row["class"] == name and row[names] == one]
            # Beside each other, so that intervals do not hide each other.
            at = np.array([row["generation"] for row in mine]) + 0.06 * (index - 0.5 * (len(drawn) - 1))
            values = {end: scale * np.array([row[f"{value}{end}"] for row in mine]) for end in ("", "_low", "_high")}
            colour = plots.PALETTE[index % len(plots.PALETTE)]
            axes.plot(at, values[""], "o-", color=colour, markersize=4, linewidth=1.4, label=one)
            axes.vlines(at, values["_low"], values["_high"], color=colour, linewidth=1.6)
        axes.set_xticks(plots.unique(rows, "generation"))
        axes.grid(axis="y", alpha=0.25)
        axes.set_ylabel(label, fontsize=8)
        axes.set_xlabel("generation", fontsize=8)
    if len(drawn) > 1:
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=min(5, len(labels)), frameon=False, fontsize=8)
    return plots.to_png(figure)
