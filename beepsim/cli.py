"""The command line: each command reads its arguments, calls the package, prints; a user's mistake exits with code 2."""

import io
import os
import sys
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beepsim import __version__
from beepsim.errors import UserError
from beepsim.files import check_output
from beepsim.gun_commands import app as gun_app
from beepsim.progress import show_progress
from beepsim.replay_commands import app as replay_app
from beepsim.terminal import Json, interruptible, parse_turn, print_json, print_rows, read_start
from beepsim.tournament_commands import app as tournament_app

if TYPE_CHECKING:
    from beepsim.battle import Watch
    from beepsim.results import BattleResult

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Robocode's battles, exactly and fast, and research on learned targeting.",
)
recordings_app = typer.Typer(no_args_is_help=True, help="Recorded battles: import them, see what one holds.")
app.add_typer(recordings_app, name="recordings")
app.add_typer(gun_app)
app.add_typer(replay_app)
app.add_typer(tournament_app, name="tournament")


def main() -> None:
    """The program `beepsim`."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a bot raised may be no text that can be written
    try:
        app()
    except UserError as error:
        print(f"beepsim: {error}", file=sys.stderr)
        sys.exit(2)
    except MemoryError as error:
        print(f"beepsim: out of memory{f' ({error})' if str(error) else ''}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of a pipe (head, less) went away; what it wanted it has.
        sys.stderr.close()
        sys.exit(0)


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version.")] = False) -> None:
    if show:
        print(f"beepsim {__version__}")
        raise typer.Exit


@app.command()
def bots(as_json: Json = False) -> None:
    """List the bots that can be named: movements, guns to combine with them, and classes with their type; then what can
    be set for them, with defaults.

    Example: beepsim bots
    """
    from beepsim.robots.loader import ROBOT, list_parts
    from beepsim.robots.modules import GUN, MOVEMENT, WHOLE
    from beepsim.robots.settings import File, settings_text

    parts = list_parts()
    names = {kind: [part.name for part in parts if part.kind == kind] for kind in (MOVEMENT, GUN, WHOLE)}
    robots = {part.name: part.base for part in parts if part.kind == ROBOT}
    declared = {part.name: part.settings for part in parts if part.settings}
    if as_json:
        settings = {
            name: {key: value.path if isinstance(value, File) else value for key, value in pairs}
            for name, pairs in declared.items()
        }
        kinds = {"movements": names[MOVEMENT], "guns": names[GUN], "whole": names[WHOLE], "robots": robots}
        print_json({**kinds, "settings": settings})
        return
    print("movements:  " + " ".join(names[MOVEMENT]))
    print("guns:       " + " ".join(names[GUN]))
    if names[WHOLE]:
        print("whole bots: " + " ".join(names[WHOLE]))
    print("robots:")
    for name, base in robots.items():
        print(f"  {name:27} {base}")
    print("settings:")
    for name, pairs in declared.items():
        print(f"  {name:27} {settings_text(pairs)}")
    print(
        "A bot is a movement (it does not fire), movement+gun, as in circle+linear, or a robot, as in sample.Walls; or "
        "the path of a .py file. Settings follow a colon: circle+linear:power=2."
    )


@app.command()
def battle(
    names: Annotated[list[str], typer.Argument(metavar="BOT...", help="Bots: names or paths, also of YAML files.")],
    rounds: Annotated[int, typer.Option(help="Rounds to fight.")] = 35,
    seed: Annotated[int, typer.Option(help="The same seed gives the same battle.")] = 1,
    width: Annotated[int, typer.Option(help="Battlefield's width, px.")] = 800,
    height: Annotated[int, typer.Option(help="Battlefield's height, px.")] = 600,
    gun_cooling_rate: Annotated[float, typer.Option(help="Gun heat lost in a turn.")] = 0.1,
    inactivity_time: Annotated[int, typer.Option(help="Turns without activity before energy drains.")] = 450,
    hide_enemy_names: Annotated[bool, typer.Option(help="Others are called #0, #1, … to robots of classes.")] = False,
    positions: Annotated[str | None, typer.Option(help='"(x,y,degrees),(?,?,?)": where each robot starts.')] = None,
    turn_time_limit: Annotated[float | None, typer.Option(help="ms in which a class must end its turn.")] = None,
    record: Annotated[Path | None, typer.Option(help="Write the battle to this .battle file.")] = None,
    uncompiled: Annotated[bool, typer.Option(help="Run the bots as plain Python, for a debugger.")] = False,
    start: Annotated[Path | None, typer.Option(help="Start from this world as text; - reads standard input.")] = None,
    print_turn: Annotated[str | None, typer.Option(help="Print the world after TURN or ROUND:TURN, and stop.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Show the battle in a window while it is fought.")] = False,
    as_json: Json = False,
) -> None:
    """Fight a battle.

    Example: beepsim battle circle+linear random_mover+head_on --rounds 35 --seed 1 --record duel.battle
    """
    from beepsim.battle import Rules, fight, world_at
    from beepsim.engine.text import world_text
    from beepsim.experiments.bot_file import find_bot

    fighters = [find_bot(name).bot for name in names]
    rules = Rules(width, height, gun_cooling_rate, inactivity_time, rounds, hide_enemy_names, positions)
    limit = None if turn_time_limit is None else turn_time_limit / 1000
    kept = f"the rounds fought until then, if any, are in {record}" if record else "nothing was recorded"
    world = None if start is None else read_start(start, seed)
    first = 0 if world is None else int(world.battle[0]["round"])
    # Where the output is to be read by a program, what bots print must not be in it.
    bots_prints = redirect_stdout(sys.stderr) if as_json or print_turn is not None else nullcontext()
    if print_turn is not None:
        if record is not None:
            raise UserError("--print-turn stops the battle in that turn; it cannot be recorded, leave out --record")
        if watch:
            raise UserError("--print-turn stops the battle in that turn; it cannot be watched, leave out --watch")
        with bots_prints:
            text = world_text(world_at(fighters, seed, rules, *parse_turn(print_turn, first), world))
        print_json({"world": text}) if as_json else print(text, end="")
        return
    total = rounds if world is None else int(world.rules[0]["num_rounds"]) - first
    with interruptible(kept), watched(watch) as onlooker:
        with show_progress("Fighting", total, "rounds") as update, bots_prints:
            result = fight(fighters, seed, rules, record, not uncompiled, update, limit, world, onlooker)
        print_result(result, as_json)


def watched(is_asked_for: bool) -> "AbstractContextManager[Watch | None]":
    """A window for the battle, if it is asked for; the block ends when the user has closed it."""
    if not is_asked_for:
        return nullcontext()
    from beepsim.viewer.live import watching

    return watching()


def print_result(result: "BattleResult", as_json: bool) -> None:
    from beepsim.results import fault_lines, result_rows

    if as_json:
        print_json(asdict(result))
        return
    rows = result_rows(result)
    print_rows(rows, dict.fromkeys(rows[0], "{}"))
    turns = sum(result.turns)
    rate = turns * len(rows) / result.elapsed
    print(f"{len(result.turns)} rounds, {turns} turns, seed {result.seed}, {rate:,.0f} robot-turns/s, start included")
    for line in fault_lines(result):
        print(line)


@recordings_app.command("import")
def import_command(
    source: Annotated[Path, typer.Argument(help="A .br, .xml, .xml.zip or .robots.parquet file, or a folder.")],
    destination: Annotated[Path, typer.Argument(help="Folder for the .battle files.")],
    as_json: Json = False,
) -> None:
    """Import battles that the real Robocode recorded: .br, .xml and .xml.zip, or tables (NAME.robots.parquet with
    NAME.bullets.parquet beside it).

    Example: beepsim recordings import rumble/ battles/
    """
    from beepsim.recording.imports import import_recordings, list_inputs

    total = len(list_inputs(source))
    with interruptible("files imported until then are kept"), show_progress("Importing", total, "recordings") as update:
        paths, failures = import_recordings(source, destination, update)
    if as_json:
        print_json({"files": paths, "failures": failures})
    else:
        print(f"{len(paths)} battles in {destination}")
    if failures:
        raise UserError("\n".join(failures))


@recordings_app.command()
def show(
    file: Annotated[Path, typer.Argument(help="A .battle file, or one that Robocode recorded.")],
    as_json: Json = False,
) -> None:
    """Show what a recording holds.

    Example: beepsim recordings show duel.battle
    """
    from beepsim.recording.robocode import open_recording

    recording = open_recording(file)
    header = asdict(recording.header)
    count = len(recording.robots)
    size = file.stat().st_size
    rounds = sorted({int(number) for number in recording.rounds["round"]})
    facts = {"rounds": len(rounds), "robot_turns": count, "bytes": size, "bytes_per_robot_turn": size / max(count, 1)}
    if as_json:
        print_json({"header": header, **facts, "bullets": len(recording.bullets)})
        return
    rules = recording.header.rules
    print(" vs ".join(robot.label for robot in recording.header.robots))
    print(f"{recording.header.source}, rules {recording.header.rules_version}, seed {recording.header.seed}")
    print(
        f"{rules.width}x{rules.height} px, cooling {rules.gun_cooling_rate}, inactivity {rules.inactivity_time} turns"
    )
    print(
        f"{len(rounds)} rounds, {count} robot-turns, {len(recording.bullets)} bullets, {size} bytes "
        f"({size / max(count, 1):.1f} a robot-turn)"
    )
    for robot, scores in zip(recording.header.robots, recording.header.results or (), strict=False):
        print(f"{robot.label}: {scores.total:.0f} points")


@app.command()
def waves(
    sources: Annotated[
        list[Path], typer.Argument(metavar="RECORDING...", help=".battle or Robocode's files; folders of .battle.")
    ],
    out: Annotated[Path, typer.Option(help="Wave table to write (.parquet).")],
    shooter: Annotated[str, typer.Option(help="Whose waves: robot 0, robot 1, or both.")] = "0",
    as_json: Json = False,
) -> None:
    """Extract wave tables from recorded duels: features, guess factors and hit intervals, a row for each wave.

    Example: beepsim waves duel.battle --out duel.parquet --shooter both
    """
    from beepsim.recording.format import list_recordings
    from beepsim.recording.robocode import open_recording
    from beepsim.waves.table import extract_waves, join_tables, save_waves

    if shooter not in ("0", "1", "both"):
        raise UserError(f"--shooter is {shooter!r}; it must be 0, 1 or both")
    files = [file for source in sources for file in list_recordings(source)]
    check_output(out, files)
    tables = []
    with interruptible("no table was written"), show_progress("Extracting waves", len(files), "battles") as update:
        for count, file in enumerate(files, 1):
            recording = open_recording(file)
            tables += [extract_waves(recording, index) for index in (0, 1) if shooter in (str(index), "both")]
            update(count)
    table = join_tables(tables)
    save_waves(out, table)
    facts = {"table": out, "battles": len(files), "waves": len(table), "real_bullets": int(table.rows["real"].sum())}
    if as_json:
        print_json(facts)
    else:
        print(f"{facts['waves']} waves, {facts['real_bullets']} of real bullets, from {len(files)} battles in {out}")


@app.command()
def experiment(
    config: Annotated[Path, typer.Argument(help="An experiment in YAML; see configs/.")],
    out: Annotated[Path | None, typer.Option(help="Folder for everything. Default: runs/NAME.")] = None,
    recordings: Annotated[str | None, typer.Option(help="Read recordings from here, not from the file's.")] = None,
    device: Annotated[str, typer.Option(help="Any device of torch: cpu, cuda.")] = "cpu",
    as_json: Json = False,
) -> None:
    """Run an experiment: battles, waves, training, comparison on opponents never trained on, report.

    Finished parts are kept: the same command goes on where it stopped.

    Example: beepsim experiment configs/quickstart.yaml
    """
    from beepsim.experiments.run import run_experiment
    from beepsim.experiments.tasks import read_task

    read = read_task(config, recordings)
    folder = out or Path("runs") / read.name
    with interruptible(f"finished parts are in {folder}; the same command goes on from there"):
        page, findings = run_experiment(read, folder, device)
    if as_json:
        print_json({"report": page, "findings": findings})
        return
    for finding in findings:
        print(f"- {finding}")
    print(f"\nReport: {page}")


@app.command()
def parity(
    sources: Annotated[list[Path], typer.Argument(metavar="TRACE...", help="Traces (.jsonl.xz), or folders of them.")],
    bots: Annotated[bool, typer.Option("--bots", help="Have our bots fight the battle again.")] = False,
    tolerance: Annotated[float, typer.Option(help="Largest difference of numbers; 0 compares bit for bit.")] = 0.0,
    workers: Annotated[int | None, typer.Option(help="Processes. Default: one for each core.")] = None,
    as_json: Json = False,
) -> None:
    """Replay traces of the real Robocode from their seed and commands, and compare every value of every turn.

    With --bots the commands are not the trace's: our bots of the same names give them, and they are compared too.
    Prints the first difference of each trace; exit code 1 if there is one.

    Example: beepsim parity --bots tests/data/traces/Walls_vs_Walls_positions_1.jsonl.xz
    """
    from beepsim.parity.check import check_traces, list_traces

    traces = list_traces(sources)
    with interruptible("nothing was printed"), show_progress("Checking", len(traces), "traces") as update:
        reports = check_traces(traces, tolerance, bots, os.cpu_count() or 1 if workers is None else workers, update)
    if as_json:
        print_json([asdict(report) for report in reports])
    else:
        for report in reports:
            print(report)
    if any(report.first_difference for report in reports):
        raise typer.Exit(1)
