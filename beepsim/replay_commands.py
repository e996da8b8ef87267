"""The command that shows recorded battles, in a window or as a file; part of the command line (cli.py)."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from beepsim.errors import UserError
from beepsim.files import check_output
from beepsim.terminal import Json, interruptible, print_json

if TYPE_CHECKING:
    from beepsim.viewer.film import Film, Moment
    from beepsim.viewer.view import View

app = typer.Typer()


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A .battle file, or a recording of the real Robocode (.br, .xml).")],
    round_number: Annotated[int, typer.Option("--round", help="Start in this round; the first is 0.")] = 0,
    turn: Annotated[int, typer.Option(help="Start in this turn of it.")] = 0,
    overlay: Annotated[list[str] | None, typer.Option(help="Switch this overlay on; repeatable.")] = None,
    shooter: Annotated[int, typer.Option(help="Whose waves the overlays show: robot 0, 1, …")] = 0,
    gun: Annotated[list[str] | None, typer.Option(help="A gun whose beliefs are drawn; repeatable.")] = None,
    weights: Annotated[list[Path] | None, typer.Option(help="Learned weights, as one more gun; repeatable.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write this file instead: .gif, .mp4, .png or .html.")] = None,
    rounds: Annotated[str | None, typer.Option(help="Rounds to export, as in 0-2,5.")] = None,
    turns: Annotated[str | None, typer.Option(help="Turns of each of them; one turn: a PNG of it.")] = None,
    speed: Annotated[float | None, typer.Option(help="Of the export; 1 (the default): 30 turns a second.")] = None,
    size: Annotated[str | None, typer.Option(help="Of the export: WxH in px.")] = None,
    as_json: Json = False,
) -> None:
    """Watch a recorded battle in a window; ? shows the keys.

    With --export it is drawn into a file instead, without a display: a film (.gif, .mp4), a sheet of key moments
    or one moment (.png), or a page that plays it (.html).

    Example: beepsim replay duel.battle
    """
    from beepsim.recording.robocode import open_recording
    from beepsim.viewer.beliefs import beliefs_of
    from beepsim.viewer.film import film_of

    check_export(file, export, round_number or turn, {"rounds": rounds, "turns": turns, "speed": speed, "size": size})

    film = film_of(open_recording(file))
    view, start = checked_view(film, overlay or [], shooter), checked_start(film, round_number, turn)
    # Where guns are asked for, a mistake is told at once; else they are read when first looked at.
    known = beliefs_of(film, gun or (), weights or ()) if view.overlays or gun or weights else None
    if export is not None:
        from beepsim.viewer.export import export_film, sentence
        from beepsim.viewer.frames import Cut

        with interruptible(f"{export} was not written"):
            cut = Cut(rounds, turns, 1.0 if speed is None else speed)
            exported = export_film(film, export, view, cut, size, known)
        print_json(asdict(exported)) if as_json else print(sentence(exported))
        return
    from beepsim.viewer.controls import State
    from beepsim.viewer.film import frame_of
    from beepsim.viewer.player import play, subject_of

    state = State(frame=frame_of(film, start), view=view)
    with interruptible("the window is closed"):
        play(subject_of(film), state, lambda shown: known or beliefs_of(shown), title=f"{file.name} – beepsim")


def check_export(file: Path, export: Path | None, start: int, options: dict[str, str | float | None]) -> None:
    """Raises UserError, before anything is read, for options of the window with an export or of an export without
    one, and for a file that cannot be written."""
    if export is None:
        given = [name for name, value in options.items() if value is not None]
        if given:
            raise UserError(f"--{given[0]} is for --export FILE; a window has keys for it: ? shows them")
        return
    from beepsim.viewer.export import check_ending

    check_ending(export)
    if start:
        raise UserError("--round and --turn say where the window begins; with --export give --rounds and --turns")
    check_output(export, [file])


def checked_view(film: "Film", overlays: list[str], shooter: int) -> "View":
    """The view that the options describe. Raises UserError for an overlay or a robot that is not there."""
    from beepsim.viewer.overlays import OVERLAYS
    from beepsim.viewer.view import View

    for name in overlays:
        if name not in OVERLAYS:
            raise UserError(f"--overlay is {name!r}; the overlays are {', '.join(sorted(OVERLAYS))}")
    if not 0 <= shooter < len(film.names):
        raise UserError(f"--shooter is {shooter}; the recording's robots are 0 to {len(film.names) - 1}")
    return View(frozenset(overlays), shooter)


def checked_start(film: "Film", round_number: int, turn: int) -> "Moment":
    """The moment with these numbers. Raises UserError where the film does not have it."""
    from beepsim.viewer.film import Moment

    numbers = [part.number for part in film.rounds]
    if round_number not in numbers:
        raise UserError(f"--round is {round_number}; the recording holds rounds {numbers[0]} to {numbers[-1]}")
    index = numbers.index(round_number)
    if not 0 <= turn <= film.rounds[index].last_turn:
        raise UserError(f"--turn is {turn}; round {round_number} has turns 0 to {film.rounds[index].last_turn}")
    return Moment(index, turn)
