"""The tasks of an experiment's file: which keys it may have."""

import difflib
from pathlib import Path
from typing import Any

from beepsim.errors import UserError
from beepsim.experiments.config import Experiment, with_recordings
from beepsim.experiments.live_config import LiveSurfing, Loop
from beepsim.experiments.yaml_file import load_yaml, read_config, show_value

AnyExperiment = Experiment | Loop | LiveSurfing
MODELS: dict[Any, type[AnyExperiment]] = {
    "aiming": Experiment,
    "surfing": Experiment,
    "loop": Loop,
    "live_surfing": LiveSurfing,
}


def read_task(path: Path, recordings: str | None = None) -> AnyExperiment:
    """The experiment of the file, which reads its `recordings` from that folder where one is given.

    Raises UserError with one line for each mistake in the file, and where it does not read recordings.
    """
    data, lines = load_yaml(path)
    task = data.get("task", "aiming") if isinstance(data, dict) else "aiming"
    if not isinstance(task, str) or task not in MODELS:
        near = difflib.get_close_matches(str(task), MODELS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise UserError(
            f"{path}:{lines[('task',)]}: task is {show_value(task)}; it must be one of {', '.join(MODELS)}{hint}"
        )
    experiment = read_config(path, MODELS[task])
    if recordings is None:
        return experiment
    if not isinstance(experiment, Experiment):
        raise UserError(
            f"experiment {experiment.name} fights its own battles; it reads no recordings from {recordings}"
        )
    return with_recordings(experiment, recordings)
