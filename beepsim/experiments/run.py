"""An experiment from configuration to report; finished parts are kept, the same command goes on where it stopped."""

import shlex
import sys
from pathlib import Path
from typing import Any

import yaml

from beepsim.experiments.config import Experiment, list_variants
from beepsim.experiments.data import extract_battles, gather_battles
from beepsim.experiments.evaluation import density_panels, replay_guns
from beepsim.experiments.learning import learning_rows, train_variants
from beepsim.experiments.page import compose, curves_to_draw, rank_variants
from beepsim.experiments.parts import part_key
from beepsim.experiments.report import Report, Section, write_report
from beepsim.experiments.split import split_opponents
from beepsim.targeting.battles import load_battles
from beepsim.targeting.replay import summarise
from beepsim.versions import software_versions


def run_experiment(experiment: Experiment, folder: Path, device: str = "cpu") -> tuple[Path, list[str]]:
    """Fight or read, extract, train, replay, report; returns the report's page in `folder`/report and what it found.

    Raises UserError for whatever in the data does not fit the configuration.
    """
    tables = extract_battles(gather_battles(experiment, folder / "battles"), folder / "waves")
    battles = load_battles(tables)
    folds = split_opponents(
        [battle.target for battle in battles], experiment.split.folds, experiment.split.validation, experiment.seed
    )
    learned = train_variants(list_variants(experiment), folds, battles, tables, folder / "models", device)
    shots = replay_guns(experiment.guns, learned, folds, battles, folder / "shots")
    ranked = rank_variants(summarise(shots, experiment.seed), learned)
    drawn = curves_to_draw(ranked, learned)
    panels = density_panels(learned, drawn, folds, battles, experiment.density_waves, experiment.seed)
    findings, sections = compose(experiment, folds, battles, learned, shots, panels)
    curves = Section("learning_curves", "", "", learning_rows(learned))
    configuration = yaml.safe_dump(experiment.model_dump(exclude_none=True), sort_keys=False, allow_unicode=True)
    report = Report(
        f"Experiment {experiment.name}",
        findings,
        sections,
        provenance(experiment, configuration),
        configuration,
        [curves],
    )
    return write_report(folder / "report", report), findings


def provenance(experiment: Experiment, configuration: str) -> dict[str, Any]:
    """Seed, configuration's hash, command and versions: what it takes to make the same report again."""
    return {
        "experiment": experiment.name,
        "seed": experiment.seed,
        "configuration": part_key(configuration),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        **software_versions(),
    }
