"""An experiment from configuration to report; finished parts are kept, the same command goes on where it stopped."""

import shlex
import sys
from pathlib import Path
from typing import Any

import yaml

from beepsim.experiments.ablation import ablated_guns, by_feature
from beepsim.experiments.config import Experiment, list_variants
from beepsim.experiments.data import extract_battles, gather_battles, gather_further
from beepsim.experiments.evaluation import density_panels, replay_guns
from beepsim.experiments.in_battle import pretrain_networks, replay_in_battle
from beepsim.experiments.learning import learning_rows, train_variants
from beepsim.experiments.live_config import LiveSurfing, Loop
from beepsim.experiments.live_surfing import run_live_surfing
from beepsim.experiments.loop import run_loop
from beepsim.experiments.measuring import measure_models
from beepsim.experiments.page import Outcome, compose, curves_to_draw, rank_variants
from beepsim.experiments.parts import part_key
from beepsim.experiments.report import Report, Section, write_report
from beepsim.experiments.split import split_opponents
from beepsim.experiments.surfing import run_surfing
from beepsim.experiments.tasks import AnyExperiment
from beepsim.targeting.battles import load_battles
from beepsim.targeting.in_battle import NEEDED
from beepsim.targeting.network import NetworkConfig
from beepsim.targeting.replay import summarise
from beepsim.versions import software_versions


def run_experiment(experiment: AnyExperiment, folder: Path, device: str = "cpu") -> tuple[Path, list[str]]:
    """All that its task asks for, and a report; returns the report's page in `folder`/report and what it found.

    Raises UserError for whatever in the data does not fit the configuration.
    """
    if isinstance(experiment, Loop):
        findings, sections, files = run_loop(experiment, folder, device)
    elif isinstance(experiment, LiveSurfing):
        findings, sections, files = run_live_surfing(experiment, folder, device)
    elif experiment.task == "surfing":
        findings, sections, files = run_surfing(experiment, folder, device)
    else:
        findings, sections, files = run_aiming(experiment, folder, device)
    configuration = yaml.safe_dump(experiment.model_dump(exclude_none=True), sort_keys=False, allow_unicode=True)
    origin = provenance(experiment, configuration)
    report = Report(f"Experiment {experiment.name}", findings, sections, origin, configuration, files)
    return write_report(folder / "report", report), findings


def run_aiming(experiment: Experiment, folder: Path, device: str) -> tuple[list[str], list[Section], list[Section]]:
    """Findings, the sections of the page, and the tables that only stand beside it."""
    tables = extract_battles(gather_battles(experiment, folder / "battles"), folder / "waves")
    battles = load_battles(tables)
    split, seed, models = experiment.split, experiment.seed, folder / "models"
    folds = split_opponents([battle.target for battle in battles], split.folds, split.validation, seed, split.surfers)
    everything = train_variants(list_variants(experiment), folds, battles, tables, models, device, split.surfers)
    all_shots = replay_guns(experiment.guns, everything, folds, battles, folder / "shots")
    if experiment.in_battle:
        networks: dict[int, Path] = {}
        if any(NEEDED[name].network for name in experiment.in_battle):
            config = NetworkConfig(steps=experiment.network.steps, seed=seed)
            further = extract_battles(gather_further(experiment, folder / "battles"), folder / "waves")
            known = [*tables, *further]
            networks = pretrain_networks(config, folds, load_battles(known), known, models)
        all_shots |= replay_in_battle(
            experiment.in_battle, everything, networks, folds, battles, tables, folder / "shots", seed
        )
    learned = [one for one in everything if one.restart == 0]
    restarted = {one.gun for one in everything if one.restart}
    shots = {name: found for name, found in all_shots.items() if name not in restarted}
    ranked = rank_variants(summarise(shots, experiment.seed), learned)
    drawn = curves_to_draw(ranked, learned)
    panels = density_panels(learned, drawn, folds, battles, experiment.density_waves, experiment.seed)
    measured = measure_models(learned, folds, battles, tables, folder / "measured", experiment.seed)
    lacking = ablated_guns(learned, ranked[0]) if experiment.ablation else []
    ablated = by_feature(replay_guns([], lacking, folds, battles, folder / "shots")) if lacking else {}
    outcome = Outcome(experiment, folds, battles, learned, shots, panels, measured, ablated, everything, all_shots)
    findings, sections = compose(outcome)
    return findings, sections, [Section("learning_curves", "", "", learning_rows(everything))]


def provenance(experiment: AnyExperiment, configuration: str) -> dict[str, Any]:
    """Seed, configuration's hash, command and versions: what it takes to make the same report again."""
    return {
        "experiment": experiment.name,
        "seed": experiment.seed,
        "configuration": part_key(configuration),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        **software_versions(),
    }
