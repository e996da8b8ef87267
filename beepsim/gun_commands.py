"""Commands that learn guns from wave tables and judge them; part of the command line (cli.py)."""

import math
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from beepsim.errors import UserError
from beepsim.files import check_output, write_text
from beepsim.progress import show_progress
from beepsim.terminal import Json, interruptible, print_json, print_rows

app = typer.Typer()


@app.command()
def train(
    tables: Annotated[list[Path], typer.Argument(metavar="TABLE...", help="Wave tables.")],
    out: Annotated[Path, typer.Option(help="Weights to write (.safetensors).")],
    validation: Annotated[
        list[str] | None, typer.Option(help="Opponent that decides when to stop; repeatable. Default: a fifth of them.")
    ] = None,
    kernel: Annotated[str, typer.Option(help="Such as gaussian or laplace; all: docs/targeting.md.")] = "gaussian",
    loss: Annotated[str, typer.Option(help="Such as mse_mean; all: docs/targeting.md.")] = "kde_cross_entropy",
    bandwidth: Annotated[str, typer.Option(help="In guess factors, or as in '0.5 bot'; or learned.")] = "learned",
    steps: Annotated[int, typer.Option(help="Steps of the optimiser.")] = 500,
    seed: Annotated[int, typer.Option(help="Fixes every random choice.")] = 1,
    device: Annotated[str, typer.Option(help="Any device of torch: cpu, cuda.")] = "cpu",
    as_json: Json = False,
) -> None:
    """Learn a gun's weights from wave tables. Interrupted, the same command goes on where it stopped.

    Example: beepsim train waves.parquet --out gun.safetensors --kernel gaussian --steps 300
    """
    from beepsim.experiments.config import single_variant
    from beepsim.experiments.split import choose_validation
    from beepsim.targeting.battles import load_battles
    from beepsim.targeting.train import train as train_weights
    from beepsim.targeting.weights import save_weights

    variant = single_variant(kernel, loss, bandwidth, steps, seed)
    battles = load_battles(tables)
    kept = choose_validation([battle.target for battle in battles], validation or [], seed)
    checkpoint = checkpoint_of(out, tables)
    with (
        interruptible(f"the same command goes on from {checkpoint}"),
        show_progress("Training", steps, "steps") as update,
    ):
        result = train_weights(
            [battle for battle in battles if battle.target not in kept],
            [battle for battle in battles if battle.target in kept],
            variant.model,
            variant.train,
            checkpoint,
            update,
            device,
        )
    save_weights(out, result.weights)
    checkpoint.unlink(missing_ok=True)
    if as_json:
        print_json({"weights": out, "history": result.history, "skipped_steps": result.skipped_steps})
        return
    first, last = result.history[0], result.history[-1]
    print(f"{variant.name}: validation loss {first['validation_loss']:.4f} -> {last['validation_loss']:.4f}")
    print(f"({steps} steps), bandwidth {result.weights.bandwidth_text}, in {out}")


@app.command()
def pretrain(
    tables: Annotated[list[Path], typer.Argument(metavar="TABLE...", help="Wave tables.")],
    out: Annotated[Path, typer.Option(help="Network to write (.safetensors).")],
    steps: Annotated[int, typer.Option(min=1, max=1_000_000, help="Steps of the optimiser.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="Fixes every random choice.")] = 1,
    as_json: Json = False,
) -> None:
    """Teach a network all opponents of the tables, for guns that go on learning with it in battle.

    Interrupted, the same command goes on where it stopped.

    Example: beepsim pretrain waves.parquet --out network.safetensors
    """
    from beepsim.targeting.battles import load_battles
    from beepsim.targeting.network import NetworkConfig, save_network
    from beepsim.targeting.network import pretrain as pretrain_network

    battles = load_battles(tables)
    checkpoint = checkpoint_of(out, tables)
    with (
        interruptible(f"the same command goes on from {checkpoint}"),
        show_progress("Pretraining", steps, "steps") as update,
    ):
        network = pretrain_network(battles, NetworkConfig(steps=steps, seed=seed), checkpoint, update)
    save_network(out, network)
    checkpoint.unlink(missing_ok=True)
    opponents = network.provenance["opponents"]
    if as_json:
        print_json({"network": out, "opponents": opponents, "steps": steps, "seed": seed})
    else:
        print(f"{steps} steps on {len(battles)} battles against {len(opponents)} opponents, in {out}")


def checkpoint_of(out: Path, tables: list[Path]) -> Path:
    """Where a training that ends in `out` is kept. Raises UserError where either could not be written."""
    check_output(out, tables)
    checkpoint = out.with_name(out.name + ".checkpoint")
    check_output(checkpoint)
    return checkpoint


@app.command()
def evaluate(
    tables: Annotated[list[Path], typer.Argument(metavar="TABLE...", help="Wave tables.")],
    weights: Annotated[list[Path] | None, typer.Option(help="Weights of a learned gun; repeatable.")] = None,
    gun: Annotated[list[str] | None, typer.Option(help="A gun to compare with; repeatable. Default: all.")] = None,
    in_battle: Annotated[
        list[str] | None,
        typer.Option(
            help="A gun that goes on learning in battle: adapted (of the first --weights), network (of the --network), "
            "full (of both), chosen or mixed (of two --weights, for ordinary targets and for surfers); repeatable."
        ),
    ] = None,
    network: Annotated[Path | None, typer.Option(help="What pretrain wrote, for --in-battle.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap, and of guns that learn in battle.")] = 1,
    as_json: Json = False,
) -> None:
    """Replay every real bullet of the tables with each gun: hit rate, lift, log density, 95 % intervals.

    Example: beepsim evaluate test.parquet --weights gun.safetensors --gun knn --gun beepboop_main
    Example: beepsim evaluate test.parquet --weights gun.safetensors --network network.safetensors --in-battle full
    """
    from beepsim.targeting.battles import load_battles
    from beepsim.targeting.guns import choose_guns
    from beepsim.targeting.replay import compare, replay, summarise

    guns, trained_on = choose_guns(gun or [], weights or [])
    learned = list(dict.fromkeys(str(path) for path in weights or []))
    sources = {"weights": trained_on}
    if in_battle or network:
        from beepsim.targeting.in_battle import choose_in_battle

        learning, sources["network"] = choose_in_battle(in_battle or [], weights or [], network, seed)
        guns += learning
        learned += [one.name for one in learning]
    names = [one.name for one in guns]
    for name in learned:
        if names.count(name) > 1:
            raise UserError(f"--weights {name} has the name of another gun here; rename the file")
    battles = load_battles(tables)
    for source, opponents in sources.items():
        seen = sorted({battle.target for battle in battles} & opponents)
        if seen:
            print(
                f"beepsim: note: the {source} learned from {', '.join(seen)}, which flatters its guns", file=sys.stderr
            )
    shots: dict[str, dict[str, Any]] = {}
    with (
        interruptible("nothing was printed"),
        show_progress("Replaying", len(guns) * len(battles), "battles") as update,
    ):
        for one in guns:
            for one_battle in battles:
                shooter = f"{one_battle.battle} by {one_battle.shooter}"
                shots.setdefault(one.name, {})[shooter] = replay(one_battle, one)
                update(sum(len(done) for done in shots.values()))
    rows = sorted(summarise(shots, seed), key=lambda row: row["hit_rate"], reverse=True)
    if math.isnan(rows[0]["hit_rate_low"]):
        print("beepsim: note: all shots are of one battle, which has no interval; give more battles", file=sys.stderr)
    differences = compare(shots, learned, names, seed)
    if as_json:
        print_json({"guns": rows, "differences": differences})
        return
    ends = ("", "_low", "_high")
    print_rows(
        rows,
        {"gun": "{}", "shots": "{}"}
        | {f"hit_rate{end}": "{:.4f}" for end in ends}
        | {f"lift{end}": "{:.2f}" for end in ends}
        | {f"log_density{end}": "{:.3f}" for end in ends},
    )
    if differences:
        print("\nPaired differences, gun minus reference:")
        names = [f"{name}{end}" for name in ("hit_rate_difference", "log_density_difference") for end in ends]
        print_rows(differences, {"gun": "{}", "reference": "{}"} | dict.fromkeys(names, "{:+.4f}"))


@app.command()
def export(
    weights: Annotated[Path, typer.Argument(help="Weights of a learned gun (.safetensors).")],
    form: Annotated[str, typer.Option("--format", help="beepboop: Java arrays; json: for any other bot.")] = "beepboop",
    out: Annotated[Path | None, typer.Option(help="File to write. Default: standard output.")] = None,
) -> None:
    """Print weights as other bots take them: BeepBoop's arrays in Java, or JSON with every feature's formula.

    Example: beepsim export gun.safetensors --format beepboop --out Gun.java
    """
    from beepsim.targeting.export import FORMATS
    from beepsim.targeting.weights import load_weights

    if form not in FORMATS:
        raise UserError(f"--format is {form!r}; it must be {' or '.join(FORMATS)}")
    text = FORMATS[form](load_weights(weights))
    if out is None:
        print(text, end="")
    else:
        check_output(out, [weights])
        write_text(out, text)


@app.command()
def import_weights(
    file: Annotated[Path, typer.Argument(help="What export wrote, in either format.")],
    out: Annotated[Path, typer.Option(help="Weights to write (.safetensors).")],
    as_json: Json = False,
) -> None:
    """Read exported weights back: the same numbers, bit for bit, unless the file was edited.

    Example: beepsim import-weights Gun.java --out gun.safetensors
    """
    from beepsim.targeting.export import read_export
    from beepsim.targeting.weights import save_weights

    weights = read_export(file)
    check_output(out, [file])
    save_weights(out, weights)
    if as_json:
        print_json({"weights": out, "features": weights.config.features})
    else:
        print(f"{len(weights.config.features)} features, bandwidth {weights.bandwidth_text}, in {out}")
