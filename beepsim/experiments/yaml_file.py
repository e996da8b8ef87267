"""A YAML file checked against a pydantic model: all mistakes at once, each with file, line, key and remedy."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from beepsim.errors import UserError

MAX_BYTES = 1_000_000
"""A configuration larger than this is not one; the limit keeps a foreign file from filling memory."""

Key = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


class Section(BaseModel):
    """Keys that are not named here are mistakes, and a value must have its type as written."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class NoAliasLoader(yaml.SafeLoader):
    """SafeLoader without anchors: nested aliases are how a small file becomes a huge one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not supported", event.start_mark)
        return super().compose_node(parent, index)


def load_yaml(path: Path) -> tuple[Any, dict[Key, int]]:
    """Contents of the file, and the line (from 1) on which each key stands.

    Raises UserError for a missing, too large or malformed file and for a key given twice.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give the path of a YAML configuration") from None
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror})") from None
    if len(raw) > MAX_BYTES:
        raise UserError(f"{path}: {len(raw)} bytes; a configuration has at most {MAX_BYTES}")
    try:
        loader = NoAliasLoader(raw)
        node = loader.get_single_node()
        lines: dict[Key, int] = {(): 1}
        if node is None:
            return None, lines
        for key, line, repeated in walk_keys(node, ()):
            if repeated:
                name = show_key(key)
                raise UserError(f"{path}:{line}: {name} is given twice (first on line {lines[key]}); keep one of them")
            lines[key] = line
        return loader.construct_document(node), lines
    except RecursionError:
        raise UserError(f"{path}: not valid YAML: its lists or keys are nested too deeply") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else str(path)
        problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
        raise UserError(f"{where}: not valid YAML: {problem}") from None


def walk_keys(node: yaml.Node, prefix: Key) -> Iterator[tuple[Key, int, bool]]:
    """Every key below `node` with its line and whether the mapping had it already."""
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key_node, value_node in node.value:
            key = (*prefix, str(key_node.value))
            yield key, key_node.start_mark.line + 1, key in seen
            seen.add(key)
            yield from walk_keys(value_node, key)
    elif isinstance(node, yaml.SequenceNode):
        for index, value_node in enumerate(node.value):
            yield (*prefix, index), value_node.start_mark.line + 1, False
            yield from walk_keys(value_node, (*prefix, index))


def read_config(path: Path, model: type[Model]) -> Model:
    """The file as an instance of `model`.

    Raises UserError whose message has one line for each mistake in the file.
    """
    data, lines = load_yaml(path)
    if not isinstance(data, dict):
        expected = ", ".join(model.model_fields)
        raise UserError(f"{path}:1: expected keys and values ({expected}), received {show_value(data)}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        mistakes = sorted(describe(lines, model, item) for item in error.errors())
        raise UserError("\n".join(dict.fromkeys(f"{path}:{line}: {text}" for line, text in mistakes))) from None


def describe(lines: dict[Key, int], model: type[BaseModel], item: Any) -> tuple[int, str]:
    """Line in the file and sentence for one of pydantic's errors."""
    # pydantic adds the tried union member to the location; only what stands in the file has a line.
    key = tuple(part for part in item["loc"])
    while key not in lines:
        key = drop_unknown_part(key, lines)
    line = lines[key]
    kind, received = item["type"], show_value(item["input"])
    if kind == "extra_forbidden":
        valid = sorted(keys_at(model, key[:-1]))
        near = difflib.get_close_matches(str(key[-1]), valid, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]!r}?" if near else f"valid here: {', '.join(valid)}"
        return line, f"unknown key {show_key(key)}; {hint}"
    if kind == "missing":
        return line, f"key {show_key(tuple(item['loc']))} is missing"
    if kind == "value_error":
        problem = str(item["ctx"]["error"])
        return line, f"{show_key(key)}: {problem}" if key else problem
    if kind == "literal_error":
        valid = [option.strip(" '") for option in item["ctx"]["expected"].replace(" or ", ", ").split(",")]
        near = difflib.get_close_matches(str(item["input"]), valid, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return line, f"{show_key(key)} is {received}; it must be one of {', '.join(valid)}{hint}"
    return line, f"{show_key(key)} is {received}: {item['msg'][0].lower()}{item['msg'][1:]}"


def drop_unknown_part(key: Key, lines: dict[Key, int]) -> Key:
    """`key` without its first part that does not stand in the file (a union member's name, or the missing key)."""
    for end in range(1, len(key) + 1):
        if key[:end] not in lines:
            return (*key[: end - 1], *key[end:])
    return key


def keys_at(model: type[BaseModel], key: Key) -> set[str]:
    """Names of the fields that the mapping at `key` may have."""
    annotations: list[Any] = [model]
    for part in key:
        annotations = [below for annotation in annotations for below in annotations_at(annotation, part)]
    return {name for annotation in annotations for one in models_in(annotation) for name in one.model_fields}


def annotations_at(annotation: Any, part: str | int) -> list[Any]:
    """Types of what stands under a key of a value of this type, or at a place of it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation.model_fields[part].annotation] if part in annotation.model_fields else []
    if get_origin(annotation) is dict:
        return [get_args(annotation)[1]]
    if get_origin(annotation) in (list, tuple) and isinstance(part, int):
        return [one for one in get_args(annotation) if one is not Ellipsis]
    return [below for one in get_args(annotation) for below in annotations_at(one, part)]


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The pydantic models that a value of this type can be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (list, tuple, dict):
        return []
    return [model for one in get_args(annotation) for model in models_in(one)]


def show_key(key: Key) -> str:
    """`('data', 'opponents', 2)` as `data.opponents[2]`."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text or "the file"


def show_value(value: Any) -> str:
    """The value as it would stand in YAML, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
