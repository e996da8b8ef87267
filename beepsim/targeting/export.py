"""Weights as text that bots of other programs take: BeepBoop's arrays in Java, or JSON for any bot; and back again.

Numbers are written so that reading gives the same float64, bit for bit. The scale of the distances is part of w, so
that `distanceScale` is always -1; a file with another one is read all the same. Angles in guess factors (GF).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from beepsim.errors import UserError
from beepsim.rules import HALF_BOT_WIDTH
from beepsim.targeting.guns import BOX_WIDENING
from beepsim.targeting.knn import OFFSET
from beepsim.targeting.mixture import INTERVAL_WINDOW
from beepsim.targeting.weights import MAX_FILE_BYTES, Weights, check_features, check_row, load_weights, weights_of
from beepsim.versions import software_versions
from beepsim.waves.features import FEATURE_VERSION, FEATURES

BEEPBOOP_FEATURES = (
    "virtuality", "power", "bft", "accel", "vel", "vel=8", "latVel", "advVel", "advDir", "vChangeTimer",
    "dirChangeTimer", "decelTimer", "distanceLast10", "distanceLast20", "mirrorOffset", "orbitalWallAhead",
    "orbitalWallReverse", "maeWallAhead", "maeWallReverse", "stickWallAhead", "stickWallReverse", "stickWallAhead2",
    "stickWallReverse2", "stickWallAhead=0", "stickWallReverse=0", "stickWallAhead2=0", "stickWallReverse2=0",
    "shotsFired", "gameTime", "currentGF", "didHit", "didCollide",
)  # fmt: skip
"""What BeepBoop 2.0 computes under these names; any other feature its author would have to add."""
TITLE = "Weights of a gun, by beepsim"
FACTS = ("feature_version", "bandwidth", "floor", "config", "provenance")
"""Besides features, w, b and p, what a file holds and is read back."""
DENSITIES = {
    "gaussian": "exp(-(u/h)^2/2) / (h sqrt(2 pi))",
    "laplace": "exp(-|u|/h) / (2 h)",
    "box": "1 / (2 h) for |u| <= h, else 0",
    "epanechnikov": "3/4 (1 - (u/h)^2) / h for |u| <= h, else 0",
    "cauchy": "1 / (pi h (1 + (u/h)^2))",
    "student_t": "c (1 + (u/h)^2/3)^-2 / h, of integral 1",
    "student_t_5": "c (1 + (u/h)^2/5)^-3 / h, of integral 1",
    "student_t_9": "c (1 + (u/h)^2/9)^-5 / h, of integral 1",
}
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
LARGEST = 1e300
ASCII = str.maketrans({"²": "^2", "·": "*"})


def beepboop_text(weights: Weights) -> str:
    """Java arrays as BeepBoop's models take them: names of features, a row {w, b, p} for each, the distances' scale.

    Raises UserError for a model that BeepBoop's formula cannot compute.
    """
    config = weights.config
    if config.distance != "manhattan":
        raise UserError(
            f"these weights take {config.distance} distances; BeepBoop's are manhattan: train with that distance, or "
            "export as json"
        )
    foreign = [name for name in config.features if name not in BEEPBOOP_FEATURES]
    comments = [TITLE, *(f"{name}: {json.dumps(value)}" for name, value in facts(weights).items()), ""]
    comments += [f"{name}: {text}." for name, text in instructions(weights).items()]
    comments += [
        "BeepBoop itself would lay a box as high as the weight on each wave's hit interval. " + neighbourhood(weights)
    ]
    if foreign:
        comments += ["", "BeepBoop does not compute these features; how beepsim does (docs/waves.md):"]
        comments += [f"  {name}: {description(name)}" for name in foreign]
    rows = zip(config.features, weights.w.tolist(), weights.b.tolist(), weights.p.tolist(), strict=True)
    return "\n".join(
        [
            *(f"// {line}".rstrip() for line in comments),
            "String[] features = {",
            *(f'    "{name}",' for name in config.features),
            "};",
            "double[][] params = {",
            *(f"    {{{w!r}, {b!r}, {p!r}}},  // {name}" for name, w, b, p in rows),
            "};",
            "double distanceScale = -1.0;",
            "",
        ]
    )


def json_text(weights: Weights) -> str:
    """Everything a bot needs, as JSON: features with formula and parameters, kernel, how to aim, provenance."""
    columns = zip(weights.config.features, weights.w.tolist(), weights.b.tolist(), weights.p.tolist(), strict=True)
    rows = [
        {"name": name, "definition": FEATURES[name].definition, "unit": FEATURES[name].unit}
        | {"normalised": FEATURES[name].formula, "w": w, "b": b, "p": p}
        for name, w, b, p in columns
    ]
    kept = facts(weights)
    provenance = kept.pop("provenance")
    parts = {"title": TITLE, **kept, "instructions": instructions(weights)}
    lines = [f" {json.dumps(name)}: {json.dumps(value)}," for name, value in parts.items()]
    listed = ",\n".join("  " + json.dumps(row) for row in rows)
    lines += [' "features": [', listed, " ],", f' "provenance": {json.dumps(provenance)}']
    return "\n".join(["{", *lines, "}", ""])


FORMATS: dict[str, Callable[[Weights], str]] = {"beepboop": beepboop_text, "json": json_text}


def facts(weights: Weights) -> dict[str, Any]:
    config = {name: value for name, value in asdict(weights.config).items() if name != "features"}
    provenance = {"versions": software_versions(), **weights.provenance}
    return dict(zip(FACTS, (FEATURE_VERSION, weights.bandwidth, weights.floor, config, provenance), strict=True))


def instructions(weights: Weights) -> dict[str, str]:
    """From normalised features x to an angle, in words."""
    config = weights.config
    is_interval = config.candidates == "intervals"
    size = "|a - b|" if config.distance == "manhattan" else "(a - b)^2"
    which = "all broken waves of the battle" if config.neighbours is None else f"the {config.neighbours} nearest"
    place = "spread evenly over the wave's own hit interval" if is_interval else "at the middle of its hit interval"
    half = f"{BOX_WIDENING * HALF_BOT_WIDTH:g} px / distance / mean of both escape angles"
    width = "bandwidth" if config.bandwidth_unit == "gf" else f"bandwidth * ({half})"
    window = BOX_WIDENING * HALF_BOT_WIDTH * (INTERVAL_WINDOW if is_interval else 1.0)
    return {
        "embedding": f"a = w (max(0, b + x) + {OFFSET})^p of each feature",
        "distance": f"sum of {size} over the features, a of the wave to be fired, b of a broken wave",
        "weights": f"exp(-distance) over {which}, divided by their sum",
        "density": f"(1 - floor) (each weight {place}, smoothed by the kernel) + floor/2, GF from -1 to 1",
        "kernel": f"{config.kernel}, {DENSITIES[config.kernel]}, h = {width}, u in GF",
        "aim": f"at the GF with the largest mass of the density within {window:g}/distance rad of it",
    }


def neighbourhood(weights: Weights) -> str:
    """BeepBoop's own settings for as many neighbours as these weights were trained with."""
    most = weights.config.neighbours
    if most is None:
        return "For all waves as neighbours set its neighborhoodSizeDivider to 1 and maxNeighbors to maxTreeSize."
    return f"Set its neighborhoodSizeDivider to 1 and maxNeighbors to {most}."


def description(name: str) -> str:
    feature = FEATURES[name]
    return f"{feature.definition}, {feature.unit}; x = {feature.formula}".translate(ASCII)


def read_export(path: Path) -> Weights:
    """The weights of a file that `beepboop_text` or `json_text` wrote, or that was edited since.

    Raises UserError with file and line for what is missing, foreign or out of range.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UserError(f"{path}: {path.stat().st_size} bytes; exported weights have at most {MAX_FILE_BYTES}")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({getattr(error, 'strerror', None) or error})") from None
    return from_json(text, str(path)) if text.lstrip().startswith("{") else from_beepboop(text, str(path))


def read_weights(path: Path) -> Weights:
    """Of a .safetensors file, or of exported text. Raises UserError as `load_weights` and `read_export` do."""
    return load_weights(path) if path.suffix == ".safetensors" else read_export(path)


def from_json(text: str, source: str) -> Weights:
    found = parsed(text, source, 1)
    missing = [name for name in ("features", *FACTS) if name not in found]
    if missing:
        raise UserError(f"{source}:1: not weights that beepsim exported; {', '.join(missing)} is missing")
    if not isinstance(found["features"], list) or not all(isinstance(row, dict) for row in found["features"]):
        raise UserError(f"{source}:{line_of(text, 'features')}: features must be a list of tables")
    places = [number for number, line in enumerate(text.split("\n"), 1) for _ in re.finditer(r'"name"\s*:', line)]
    rows = []
    for index, row in enumerate(found["features"]):
        line = places[index] if index < len(places) else 1
        unknown = {"name", "w", "b", "p"} - row.keys()
        if unknown:
            raise UserError(f"{source}:{line}: a feature needs {', '.join(sorted(unknown))}")
        rows.append((line, known(row["name"], source, line), [row[each] for each in "wbp"]))
    lines = {name: line_of(text, name) for name in FACTS}
    return assembled(source, rows, {name: (lines[name], found[name]) for name in FACTS}, 1.0)


def from_beepboop(text: str, source: str) -> Weights:
    kept: dict[str, tuple[int, Any]] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = re.match(r"\s*//\s*(\w+): (.*)", line)
        if match and match[1] in FACTS:
            if match[1] in kept:
                raise UserError(f"{source}:{number}: {match[1]} stands here and in line {kept[match[1]][0]}")
            kept[match[1]] = (number, parsed(match[2], source, number))
    code = "\n".join(line.split("//")[0] for line in lines)
    missing = [name for name in FACTS if name not in kept]
    if missing:
        raise UserError(f"{source}:1: not weights that beepsim exported; a comment '// {missing[0]}: ...' is missing")
    names = [known(name[1:-1], source, line) for line, name in items(code, source, "features", r'"[^"\n]*"')]
    rows = list(items(code, source, "params", r"\{[^{}]*\}"))
    if len(names) != len(rows):
        raise UserError(f"{source}:{rows[-1][0]}: {len(rows)} rows of params for {len(names)} features")
    scales = list(re.finditer(r"\bdistanceScale\s*=\s*([^;\s]*)\s*;", code))
    if len(scales) != 1:
        raise UserError(f"{source}:{len(lines)}: one 'double distanceScale = -1.0;' is needed, {len(scales)} are there")
    at = code.count("\n", 0, scales[0].start()) + 1
    scale = number_of(scales[0][1], source, at)
    if not scale < 0.0:
        raise UserError(f"{source}:{at}: distanceScale is {scale}; it must be below 0")
    features = [
        (line, name, [number_of(value.strip(), source, line) for value in row[1:-1].split(",")])
        for name, (line, row) in zip(names, rows, strict=True)
    ]
    return assembled(source, features, kept, -scale)


def items(code: str, source: str, name: str, item: str) -> Iterator[tuple[int, str]]:
    """(line, text) of what stands between the braces of the array `name`, each matching the pattern `item`."""
    starts = list(re.finditer(rf"\b{name}\s*=\s*\{{", code))
    if len(starts) != 1:
        raise UserError(f"{source}:1: one array '{name} = {{...}}' is needed, {len(starts)} are there")
    space, entry, end = (re.compile(form) for form in (r"\s*", rf"({item})\s*(,|(?=\}}))", r"\}\s*;"))
    place, line, count = starts[0].end(), code.count("\n", 0, starts[0].end()) + 1, 0
    while True:
        before, place = place, space.match(code, place).end()  # type: ignore[union-attr]
        line += code.count("\n", before, place)
        match = entry.match(code, place)
        if not match:
            break
        yield line, match[1]
        place, line, count = match.end(), line + match[0].count("\n"), count + 1
    if not end.match(code, place):
        rest = code[place : place + 40].split("\n")[0]
        raise UserError(f"{source}:{line}: {rest!r} is no entry of the array {name}")
    if not count:
        raise UserError(f"{source}:{line}: the array {name} is empty")


def assembled(source: str, rows: list, kept: Mapping[str, tuple[int, Any]], scale: float) -> Weights:
    """Weights from rows (line, name, [w, b, p]) and facts (line, value); distances count `scale` times."""
    parameters = []
    for line, name, values in rows:
        where = f"{source}:{line}"
        if len(values) != 3 or not all(map(is_number, values)):
            raise UserError(f"{where}: the parameters of {name!r} are {values}; they must be three numbers w, b, p")
        w, b, p = (float(value) for value in values)
        check_row(where, name, w * scale, b, p)
        parameters.append((w * scale, b, p))
    line, config = kept["config"]
    if not isinstance(config, dict) or "features" in config:
        raise UserError(f"{source}:{line}: config is {config!r}; it must be a table, without features")
    arrays = {name: np.array(values) for name, values in zip("wbp", zip(*parameters, strict=True), strict=False)}
    for name in ("bandwidth", "floor"):
        at, value = kept[name]
        if not is_number(value):
            raise UserError(f"{source}:{at}: {name} is {value!r:.40}; it must be a number")
        arrays[name] = np.array([float(value)])
    names = [name for _, name, _ in rows]
    return weights_of(
        f"{source}:{line}", kept["feature_version"][1], {**config, "features": names}, arrays, kept["provenance"][1]
    )


def parsed(text: str, source: str, line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UserError(f"{source}:{line + error.lineno - 1}: not JSON ({error.msg})") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{source}:{line}: not JSON that can be read ({error})") from None


def known(name: Any, source: str, line: int) -> str:
    """The name, if it is a feature's."""
    try:
        check_features([str(name)])
    except UserError as error:
        raise UserError(f"{source}:{line}: {error}") from None
    return str(name)


def is_number(value: Any) -> bool:
    return type(value) in (int, float) and abs(value) <= LARGEST


def number_of(text: str, source: str, line: int) -> float:
    if not NUMBER.fullmatch(text):
        raise UserError(f"{source}:{line}: {text[:40]!r} is not a number")
    return float(text)


def line_of(text: str, key: str) -> int:
    """Where a key of the JSON stands first."""
    match = re.search(rf'"{key}"\s*:', text)
    return text.count("\n", 0, match.start()) + 1 if match else 1
