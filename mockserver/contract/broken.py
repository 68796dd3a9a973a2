"""Requests that a schema refuses: valid ones with one place broken."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from mockserver.contract.branches import is_kind
from mockserver.contract.generate import Schema, from_schema, loaded, resolve

_SAMPLES: Mapping[str, Any] = {
    "object": {"x": 1},
    "array": [1],
    "string": "no such value",
    "boolean": True,
    "null": None,
    "number": 0.5,
}

Step = str | int


def wrong_values(schema: Schema, document: str) -> Iterator[Any]:
    """Values that a schema refuses, one for each of its simple demands."""
    schema, document = resolve(schema, document)
    kinds = schema.get("type")
    if kinds is not None:
        allowed = [kinds] if isinstance(kinds, str) else kinds
        yield from (value for value in _SAMPLES.values() if not any(is_kind(kind, value) for kind in allowed))
    for keyword, step in (("minimum", -1), ("exclusiveMinimum", 0), ("maximum", 1), ("exclusiveMaximum", 0)):
        if keyword in schema:
            yield schema[keyword] + step
    if schema.get("minItems"):
        yield []
    if "enum" in schema:
        yield "no such value"


def places(
    schema: Schema, document: str, value: Any, path: tuple[Step, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """Every place of a value that can be broken: a path and a wrong value, or a path to be left out."""
    schema, document = resolve(schema, document)
    if path and "anyOf" not in schema:
        yield from ((path, wrong) for wrong in wrong_values(schema, document))
    if isinstance(value, dict) and "anyOf" not in schema:
        yield from (((*path, name),) for name in schema.get("required", ()))
        for name, part in schema.get("properties", {}).items():
            if name in value:
                yield from places(part, document, value[name], (*path, name))
    if isinstance(value, list) and "items" in schema:
        for at, item in enumerate(value):
            yield from places(schema["items"], document, item, (*path, at))


def _with(value: Any, path: tuple[Step, ...], rest: tuple[Any, ...]) -> Any:
    changed = deepcopy(value)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    if rest:
        holder[path[-1]] = rest[0]
    else:
        del holder[path[-1]]
    return changed


@st.composite
def broken_requests(draw: st.DrawFn, surface: str) -> dict[str, Any]:
    """The body of a request that the schema of its surface refuses, for one reason."""
    name = f"{surface}.request"
    valid = draw(from_schema(name))
    path, *rest = draw(st.sampled_from(list(places(loaded(name), name, valid))))
    changed: dict[str, Any] = _with(valid, path, tuple(rest))
    return changed
