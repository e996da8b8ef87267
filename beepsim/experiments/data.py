"""An experiment's data: battles fought or read, and the wave table of each."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from beepsim.battle import Battle, fight_many
from beepsim.errors import UserError
from beepsim.experiments.bot_file import find_bot
from beepsim.experiments.config import Duels, Experiment, Recordings
from beepsim.experiments.parts import file_hash, part_key, plain_name
from beepsim.progress import show_progress
from beepsim.recording.format import SUFFIX, list_recordings, read_header, read_recording
from beepsim.recording.imports import import_recordings, is_foreign, list_inputs
from beepsim.rules import RULES_VERSION
from beepsim.waves.features import FEATURE_VERSION
from beepsim.waves.table import extract_waves, save_waves

SHOOTER = 0
MOST_WORKERS = 32
LONGEST_NAME = 160  # of a file, without what tells it from others


@dataclass(frozen=True)
class BattleFile:
    """A recorded battle; `target` is the opponent's name, by which the split is made."""

    path: Path
    target: str
    key: str


def gather_battles(experiment: Experiment, folder: Path) -> list[BattleFile]:
    """The battles of the experiment, fought or imported into `folder` where they are not there yet.

    Raises UserError for unknown bots, missing folders, recordings that cannot be read.
    """
    if experiment.data.duels:
        return fight_duels(experiment.data.duels, experiment.seed, folder)
    assert experiment.data.recordings
    return read_recordings(experiment.data.recordings, folder)


def gather_further(experiment: Experiment, folder: Path) -> list[BattleFile]:
    """The battles that only networks learn from."""
    names = experiment.network.opponents
    if not names:
        return []
    assert experiment.data.recordings
    recordings = experiment.data.recordings.model_copy(update={"opponents": names})
    return read_recordings(recordings, folder, "network.opponents")


def fight_duels(duels: Duels, seed: int, folder: Path) -> list[BattleFile]:
    rules = duels.rules()
    files: list[BattleFile] = []
    missing: list[Battle] = []
    for season in range(duels.seasons):
        for shooter in duels.shooters:
            for opponent in duels.opponents:
                number = seed * 1_000_003 + len(files)
                bots = (find_bot(shooter).bot, find_bot(opponent).bot)
                key = part_key(RULES_VERSION, [bot.hash for bot in bots], vars(rules), number)
                name = plain_name(f"{shooter}_vs_{opponent}")[:LONGEST_NAME]
                path = folder / f"{name}_s{season + 1}-{key}{SUFFIX}"
                files.append(BattleFile(path, opponent, key))
                if not path.exists():
                    missing.append(Battle(bots, number, rules, path))
    if missing:
        workers = min(os.cpu_count() or 1, MOST_WORKERS, len(missing))
        with show_progress("Fighting", len(missing), "battles") as update:
            fight_many(missing, workers, update)
    return files


def read_recordings(recordings: Recordings, folder: Path, key: str = "data.recordings.opponents") -> list[BattleFile]:
    """`key` is where the opponents are asked for."""
    source = Path(recordings.folder)
    if source.is_dir() and any(map(is_foreign, source.iterdir())):
        with show_progress("Importing", len(list_inputs(source)), "recordings") as update:
            paths, failures = import_recordings(source, folder, update)
        if failures:
            raise UserError("\n".join(failures))
    else:
        paths = list_recordings(source)
    files = []
    for path in sorted(paths):
        robots = read_header(path).robots
        if len(robots) != 2:
            raise UserError(f"{path}: a battle of {len(robots)} robots; an experiment needs duels")
        files.append(BattleFile(path, robots[1 - SHOOTER].label, file_hash(path)))
    return choose_opponents(files, recordings, key)


def choose_opponents(files: Sequence[BattleFile], recordings: Recordings, key: str) -> list[BattleFile]:
    """The battles against the opponents asked for. Raises UserError for one that has no battle."""
    if recordings.opponents is None:
        return list(files)
    present = {file.target for file in files}
    for name in recordings.opponents:
        if name not in present:
            raise UserError(
                f"{key}: {name!r} is in no battle of {recordings.folder}; "
                f"the opponents there are {', '.join(sorted(present))}"
            )
    return [file for file in files if file.target in recordings.opponents]


def extract_battles(files: Sequence[BattleFile], folder: Path) -> list[Path]:
    """The wave table of each battle, extracted into `folder` where it is not there yet."""
    paths = [folder / f"{file.path.stem}-{part_key(file.key, FEATURE_VERSION, SHOOTER)}.parquet" for file in files]
    missing = [(file, path) for file, path in zip(files, paths, strict=True) if not path.exists()]
    if missing:
        with show_progress("Extracting waves", len(missing), "battles") as update:
            for count, (file, path) in enumerate(missing, 1):
                save_waves(path, extract_waves(read_recording(file.path), SHOOTER))
                update(count)
    return paths
