"""The command line as a user meets it: the whole way from a battle to a report, and one sentence for each mistake."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from beepsim.cli import app
from beepsim.errors import UserError

ROOT = Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"
SMALL = """\
name: small
seed: 3
data:
  duels:
    shooters: [random_mover+linear]
    opponents: [circle, oscillator, stop_and_go, wall_follower]
    rounds: 3
split: {folds: 2, validation: 0.3}
model: {features: [bft, accel, vel, lateral0]}
train: {steps: 6, queries: 16, candidates: 200, evaluations: 2, restarts: 2}
sweep: {kernel: [gaussian, laplace], loss: [kde_cross_entropy, mse_density], bandwidth: [0.1]}
guns: [random, linear, knn, beepboop_main]
in_battle: [full]
network: {steps: 4}
density_waves: 2
ablation: true
"""


def beepsim(*arguments: object) -> str:
    """Standard output of a command that must succeed."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def mistake(*arguments: object) -> str:
    """The sentence of a command that must refuse what it was given."""
    with pytest.raises(UserError) as caught:
        CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    return str(caught.value)


def test_a_lack_of_memory_is_told_in_a_sentence(tmp_path):
    bot = tmp_path / "greedy.py"
    bot.write_text(
        "from beepsim.robots import Robot\n\n\nclass Greedy(Robot):\n    def run(self):\n        bytearray(1 << 62)\n"
    )
    command = [sys.executable, "-c", "from beepsim.cli import main; main()", "battle", str(bot), "circle"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (result.returncode, result.stderr.strip()) == (1, "beepsim: out of memory")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recorded duels and their wave table."""
    path = tmp_path_factory.mktemp("battles")
    for seed, opponent in enumerate(("stop_and_go", "oscillator+linear", "circle+head_on")):
        name = path / f"{seed}.battle"
        beepsim("battle", "random_mover+linear", opponent, "--rounds", 6, "--seed", seed, "--record", name)
    beepsim("waves", path, "--out", path / "waves.parquet")
    return path


RAISER = """
from beepsim.robots import Robot


class Raiser(Robot):
    def run(self):
        self.ahead(10)
        raise ValueError("no more")
"""


def test_a_battle_prints_robocodes_table_and_the_faults_below_it(tmp_path: Path) -> None:
    path = tmp_path / "raiser.py"
    path.write_text(RAISER)
    battle = ("battle", "sample.Walls", path, "circle+linear", "--rounds", 2, "--positions", "(100,100,0),(?,?,?)")
    lines = beepsim(*battle).splitlines()
    columns = "robot rank score survival surv bonus bullet dmg bullet bonus ram dmg ram bonus 1sts 2nds 3rds shots hits"
    assert " ".join(lines[0].split()) == columns
    assert [line.split()[1] for line in lines[1:4]] == ["1", "2", "3"]
    shares = [int(line.split("(")[1].split("%")[0]) for line in lines[1:4]]
    assert shares == sorted(shares, reverse=True) and 99 <= sum(shares) <= 101
    record = tmp_path / "some.battle"
    found = json.loads(beepsim(*battle, "--json", "--record", record))
    shown = beepsim("recordings", "show", record).splitlines()
    assert shown[4:] == [
        f"{one['name']} {one['version']}: {one['published']['total']:.0f} points" for one in found["robots"]
    ]
    (raiser,) = (robot for robot in found["robots"] if robot["faults"])
    assert lines[5].startswith(f"{raiser['name']}, round 0, turn ") and "raised: Traceback" in lines[5]
    assert f'  File "{path}", line 8, in run' in lines and "ValueError: no more" in lines
    assert [fault["round"] for fault in raiser["faults"]] == [0, 1]
    assert found["rules"]["initial_positions"] == "(100,100,0),(?,?,?)"
    for robot in found["robots"]:
        line = next(line for line in lines if line.startswith(robot["name"] + " "))
        assert line.split()[2] == f"{robot['published']['total']:.0f}" and robot["skipped_turns"] == 0
    hidden = json.loads(beepsim(*battle, "--hide-enemy-names", "--turn-time-limit", 10_000, "--json"))
    assert hidden["rules"]["hide_enemy_names"] and hidden["turns"] == found["turns"]


CHATTY = """
from beepsim.robots import Robot


class Chatty(Robot):
    def run(self):
        print("hello")
        raise ValueError("\\ud800")
"""


def test_what_bots_print_and_raise_spoils_no_output(tmp_path: Path) -> None:
    path = tmp_path / "chatty.py"
    path.write_text(CHATTY)
    battle = ["battle", str(path), "circle", "--rounds", "1"]
    for one in (["--json"], ["--print-turn", "1", "--json"]):
        result = CliRunner().invoke(app, [*battle, *one])
        assert json.loads(result.stdout) and "hello" in result.stderr
    assert beepsim(*battle, "--print-turn", 1).startswith("rules ")
    told = subprocess.run([*program(), *battle], cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 0 and told.stdout.startswith("hello\n") and "ValueError: \\ud800" in told.stdout


def test_bots_with_settings_and_bots_in_yaml(tmp_path: Path) -> None:
    found = json.loads(beepsim("bots", "--json"))
    assert found["settings"]["linear"] == {"power": 0.0} and "linear" in found["guns"]
    assert "  linear                      power=0.0\n" in beepsim("bots")
    (tmp_path / "mine.yaml").write_text("movement: circle\ngun: {kind: linear, power: 1}\nname: mine\n")
    strong, weak = "circle+linear:power=3", tmp_path / "mine.yaml"
    robots = json.loads(beepsim("battle", strong, weak, "--rounds", "1", "--json"))["robots"]
    assert [robot["name"] for robot in robots] == ["circle+linear:power=3.0", "mine"]
    assert robots[0]["shots"] < robots[1]["shots"]  # the gun of the stronger shots cools for longer


def test_from_battle_to_evaluation(folder: Path, tmp_path: Path) -> None:
    shown = json.loads(beepsim("recordings", "show", folder / "0.battle", "--json"))
    assert shown["rounds"] == 6 and shown["header"]["seed"] == 0 and shown["bytes_per_robot_turn"] < 30
    weights = tmp_path / "gun.safetensors"
    trained = json.loads(
        beepsim(
            *("train", folder / "waves.parquet", "--out", weights, "--steps", 4),
            *("--validation", "stop_and_go 1.0", "--json"),
        )
    )
    assert len(trained["history"]) >= 2 and not (tmp_path / "gun.safetensors.checkpoint").exists()
    found = json.loads(beepsim("evaluate", folder / "waves.parquet", "--weights", weights, "--gun", "knn", "--json"))
    assert {row["gun"] for row in found["guns"]} == {"knn", str(weights)}
    assert {row["reference"] for row in found["differences"]} == {"knn"}
    assert "hit_rate" in beepsim("evaluate", folder / "waves.parquet", "--gun", "random", "--gun", "head_on")
    network = tmp_path / "network.safetensors"
    said = json.loads(beepsim("pretrain", folder / "waves.parquet", "--out", network, "--steps", 5, "--json"))
    opponents = ["circle+head_on 1.0", "oscillator+linear 1.0", "stop_and_go 1.0"]
    assert said["opponents"] == opponents and not (tmp_path / "network.safetensors.checkpoint").exists()
    parts = ("--weights", weights, "--weights", weights, "--network", network, "--gun", "knn")
    arguments = ["evaluate", folder / "waves.parquet", *parts, "--in-battle", "full", "--in-battle", "mixed", "--json"]
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    found = json.loads(result.stdout)
    assert {row["gun"] for row in found["guns"]} == {"knn", "full", "mixed", str(weights)}
    assert {"full", "mixed"} < {row["gun"] for row in found["differences"]}
    for source in ("weights", "network"):
        assert f"note: the {source} learned from {', '.join(opponents)}, which" in result.stderr


def test_both_shooters_of_a_battle_are_replayed(folder: Path, tmp_path: Path) -> None:
    for shooter in ("0", "1", "both"):
        beepsim("waves", folder / "1.battle", "--out", tmp_path / f"{shooter}.parquet", "--shooter", shooter)
    shots = {}
    for name in ("0", "1", "both"):
        (row,) = json.loads(beepsim("evaluate", tmp_path / f"{name}.parquet", "--gun", "head_on", "--json"))["guns"]
        shots[name] = row["shots"]
    assert shots["both"] == shots["0"] + shots["1"] > max(shots["0"], shots["1"]) > 0


def test_the_same_seed_is_the_same_file(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.battle"
    beepsim("battle", "random_mover+linear", "stop_and_go", "--rounds", 6, "--seed", 0, "--record", again)
    assert again.read_bytes() == (folder / "0.battle").read_bytes()


def test_waves_of_both_robots(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "both.parquet"
    said = json.loads(beepsim("waves", folder / "1.battle", "--out", out, "--shooter", "both", "--json"))
    table = pq.read_table(out)
    assert said["waves"] == len(table) and set(table["shooter_index"].to_pylist()) == {0, 1}


def test_import_of_real_recordings(tmp_path: Path) -> None:
    said = json.loads(beepsim("recordings", "import", DATA / "recordings", tmp_path, "--json"))
    assert said["failures"] == [] and len(said["files"]) >= 1
    assert "robocode" in beepsim("recordings", "show", said["files"][0]).lower()


def test_what_robocode_recorded_is_imported_shown_and_becomes_waves(tmp_path: Path) -> None:
    file = DATA / "robocode" / "Walls_vs_SpinBot_seed1.br"
    said = json.loads(beepsim("recordings", "import", file, tmp_path, "--json"))
    assert said == {"files": [str(tmp_path / "Walls_vs_SpinBot_seed1.battle")], "failures": []}
    for path in (file, said["files"][0]):
        shown = json.loads(beepsim("recordings", "show", path, "--json"))
        assert (shown["rounds"], shown["robot_turns"], shown["bullets"]) == (2, 5116, 72)
        assert shown["header"]["results"][0]["total"] == pytest.approx(252.36)
    assert "sample.Walls: 252 points" in beepsim("recordings", "show", file)
    tables = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for path, table in zip((file, said["files"][0]), tables, strict=True):
        waves = json.loads(beepsim("waves", path, "--out", table, "--shooter", "both", "--json"))
        assert waves["waves"] == 1976 + 2039 and waves["real_bullets"] == 34 + 32
    assert pq.read_table(tables[0]).drop_columns("battle").equals(pq.read_table(tables[1]).drop_columns("battle"))


def test_parity_of_a_trace_and_of_a_wrong_one(tmp_path: Path) -> None:
    import lzma

    trace = min((DATA / "traces").glob("*.xz"), key=lambda path: path.stat().st_size)
    assert "agrees in" in beepsim("parity", trace)
    lines = lzma.open(trace, "rt").read().splitlines()
    line = json.loads(lines[40])
    line["robots"][1]["x"] = float(np.nextafter(line["robots"][1]["x"], 1e9))
    lines[40] = json.dumps(line)
    wrong = tmp_path / "wrong.jsonl"
    wrong.write_text("\n".join(lines) + "\n")
    result = CliRunner().invoke(app, ["parity", str(wrong)])
    assert result.exit_code == 1
    assert f"round {line['round']}, turn {line['turn']}, robot 1, x: expected" in result.stdout
    assert CliRunner().invoke(app, ["parity", str(wrong), "--tolerance", "1e-9"]).exit_code == 0


@pytest.mark.slow
def test_an_experiment_from_yaml_to_report(tmp_path: Path) -> None:
    config = tmp_path / "small.yaml"
    config.write_text(SMALL)
    said = json.loads(beepsim("experiment", config, "--out", tmp_path / "run", "--json"))
    page = Path(said["report"])
    assert "http" not in page.read_text().replace("http-equiv", "")
    names = {path.name for path in page.parent.iterdir()}
    tables = "guns differences opponents history calibration calibration_totals losses gradient_bound ablation "
    for table in (tables + "restarts features models learning_curves split").split():
        assert {f"{table}.csv", f"{table}.json"} <= names
    plots = "hit_rate lift log_density opponents history calibration densities restarts loss_matrix gradient_lengths "
    assert {f"{plot}.png" for plot in (plots + "ablation features learning_curves gradient_norms").split()} <= names
    models = json.loads((page.parent / "models.json").read_text())["rows"]
    assert len(models) == 2 * 4
    guns = json.loads((page.parent / "guns.json").read_text())
    assert {"full", "beepboop_main"} < {row["gun"] for row in guns["rows"]}
    assert guns["provenance"]["seed"] == 3 and guns["provenance"]["torch"]
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*") if path.parent.name != "report"}
    reports = {path.name: path.read_bytes() for path in page.parent.glob("*.json")}
    beepsim("experiment", config, "--out", tmp_path / "run")
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in before.items() if path.is_file())
    assert {path.name: path.read_bytes() for path in page.parent.glob("*.json")} == reports
    # Losing one part costs that part only, and gives the same result again.
    weights = sorted((tmp_path / "run" / "models").glob("*.safetensors"))
    content = weights[0].read_bytes()
    weights[0].unlink()
    beepsim("experiment", config, "--out", tmp_path / "run")
    assert weights[0].read_bytes() == content
    assert {path.name: path.read_bytes() for path in page.parent.glob("*.json")} == reports


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["battle", "circel+linear", "circle"], "circle"),
        (["battle", "circle+linear:powr=2", "circle"], "linear has no setting 'powr'; did you mean power?"),
        (["battle", "none.yaml", "circle"], "none.yaml: no such file"),
        (["battle", "circle", "circle", "--width", "399"], "399"),
        (["battle", "circle", "circle", "--rounds", "0"], "0"),
        (["battle", "circle", "circle", "--seed", "-1"], "-1"),
        (["battle", "circle", "circle", "--record", "x.txt"], ".battle"),
        (["recordings", "show", "none.battle"], "none.battle"),
        (["recordings", "show", "none.br"], "none.br: no such file"),
        (["recordings", "import", "none.txt", "x"], "none.txt: no such file or folder"),
        (["waves", "none", "--out", "x.parquet"], "no such file or folder"),
        (["train", "none.parquet", "--out", "x.safetensors"], "no such file"),
        (["train", "t", "--out", "x", "--kernel", "gauss"], "--kernel is 'gauss'"),
        (["train", "t", "--out", "x", "--bandwidth", "wide"], "--bandwidth is 'wide'"),
        (["train", "t", "--out", "x", "--steps", "0"], "--steps is 0"),
        (["evaluate", "none.parquet", "--gun", "nkk"], "did you mean 'knn'"),
        (["evaluate", "none.parquet", "--weights", "none.safetensors"], "none.safetensors: no such file"),
        (["evaluate", "t", "--in-battle", "fool"], "did you mean 'full'"),
        (["evaluate", "t", "--in-battle", "full"], "takes --weights FILE and --network FILE; received 0 --weights"),
        (["evaluate", "t", "--in-battle", "network"], "takes --network FILE"),
        (["evaluate", "t", "--network", "n"], "add --in-battle network or full"),
        (["evaluate", "t", "--network", "n", "--in-battle", "network"], "n: no such file"),
        (["pretrain", "none.parquet", "--out", "x.safetensors"], "no such file"),
        (["experiment", "none.yaml"], "no such file"),
        (["parity", "none.jsonl.xz"], "none.jsonl.xz"),
    ],
)
def test_a_mistake_is_one_sentence(arguments: list[str], message: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert message in mistake(*arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_recording_is_named(folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.battle"
    damaged.write_bytes((folder / "0.battle").read_bytes()[:5000])
    assert "damaged.battle" in mistake("waves", damaged, "--out", tmp_path / "x.parquet")
    assert not (tmp_path / "x.parquet").exists()


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("  duels:", "  duel:", "a.yaml:4: unknown key data.duel; did you mean 'duels'?"),
        ("rounds: 3", "rounds: 0", "a.yaml:4: data.duels: "),
        ("    rounds: 3", "    rounds: 3\n    width: 300", "300"),
        ("folds: 2", "folds: 9", "split.folds is 9, but there are only 4 opponents"),
        ("circle,", "cirkle,", "circle"),
        ("[gaussian, laplace]", "[gausian]", "did you mean 'gaussian'?"),
        ("bandwidth: [0.1]", "bandwidth: [0]", "sweep.bandwidth[0] is 0"),
        ("guns: [random,", "guns: [randm,", "did you mean 'random'?"),
        ("name: small", "name: ../small", "name is '../small'"),
        ("steps: 6", "steps: six", "train.steps is 'six'"),
        ("[random_mover+linear]", "[circle]", "the shooters need guns"),
    ],
)
def test_a_mistake_in_yaml_is_named(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in SMALL
    config = tmp_path / "a.yaml"
    config.write_text(SMALL.replace(before, after))
    assert message in mistake("experiment", config, "--out", tmp_path / "run")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    config = tmp_path / "a.yaml"
    config.write_text(SMALL)
    assert "cannot be written" in mistake("experiment", config, "--out", config / "run")
    imported = mistake("recordings", "import", DATA / "recordings", config / "battles")
    assert "cannot be written" in imported


def test_weights_that_cannot_be_written_are_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "gun.safetensors"
    assert "cannot be written" in mistake("train", folder / "waves.parquet", "--out", out, "--steps", 2)


def test_opponents_that_are_not_there_are_named(tmp_path: Path) -> None:
    config = tmp_path / "a.yaml"
    config.write_text("name: a\ndata: {recordings: {folder: none, opponents: [nobody]}}\n")
    assert "no such file or folder" in mistake("experiment", config, "--out", tmp_path / "run")
    assert "'nobody' is in no battle" in mistake(
        "experiment", config, "--out", tmp_path / "run", "--recordings", DATA / "recordings"
    )


def test_the_program_exits_with_2_and_without_a_traceback(tmp_path: Path) -> None:
    for arguments in (["battle", "cirkle", "circle"], ["battle"], ["battle", "circle", "circle", "--rounds", "x"]):
        result = subprocess.run([*program(), *arguments], cwd=tmp_path, capture_output=True, text=True)
        assert result.returncode == 2
        assert "Traceback" not in result.stderr and result.stderr.strip()


def test_ctrl_c_keeps_the_rounds_fought(ctrl_c, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_after_three(done: int) -> None:
        if done == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("beepsim.cli.show_progress", lambda *_: nullcontext(stop_after_three))
    record = tmp_path / "long.battle"
    result = CliRunner().invoke(app, ["battle", "circle", "circle", "--rounds", "50", "--record", str(record)])
    assert result.exit_code == 130 and "the rounds fought until then, if any, are in" in result.stderr
    assert json.loads(beepsim("recordings", "show", record, "--json"))["rounds"] == 3


def program() -> list[str]:
    found = shutil.which("beepsim", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert found
    return [found]


def test_every_command_shows_an_example() -> None:
    for command in (
        "bots",
        "battle",
        "waves",
        "train",
        "pretrain",
        "evaluate",
        "export",
        "import-weights",
        "experiment",
        "parity",
    ):
        assert f"beepsim {command}" in beepsim(command, "--help").replace("Usage: beepsim", "")
    for command in ("import", "show"):
        assert f"beepsim recordings {command}" in beepsim("recordings", command, "--help")
