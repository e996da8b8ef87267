"""The command that shows recorded battles, in a window or as a file; part of the command line (cli.py)."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A .battle file.")],
    round_number: Annotated[int, typer.Option("--round", help="Start in this round; the first is 0.")] = 0,
    turn: Annotated[int, typer.Option(help="Start in this turn of it.")] = 0,
    overlay: Annotated[list[str] | None, typer.Option(help="Switch this overlay on; may be given again.")] = None,
    shooter: Annotated[int, typer.Option(help="Whose waves the overlays show: the robot's number.")] = 0,
    gun: Annotated[list[str] | None, typer.Option(help="Draw this gun's density; may be given again.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Weights of the learned gun.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write this file instead: .gif, .mp4, .png or .html.")] = None,
) -> None:
    """Watch a recorded battle in a window; ? shows the keys. With --export, draw it into a file.

    Example: beepsim replay duel.battle
    """
    from beepsim.recording.format import read_recording
    from beepsim.viewer.film import film_of
    from beepsim.viewer.view import View

    film = film_of(read_recording(file))
    view = View(frozenset(overlay or ()), shooter, None, tuple(gun or ()))
    if export is not None:
        from beepsim.viewer.export import export_film

        export_film(film, export, view)
        return
