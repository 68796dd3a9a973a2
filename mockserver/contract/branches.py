"""The branches of a JSON Schema, and which of them some values went through.

A branch is one way of holding: a type, a value of an enum, an alternative, a property that is there or not, a
condition that holds or not, a list that is empty or not.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs
import orjson

from mockserver.base import resources
from mockserver.contract.generate import Schema, loaded, resolve

_ALL: Any = object()
"""Stands for every value: all branches are then named, whichever a value would take."""

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


@cache
def _registry() -> jsonschema_rs.Registry:
    documents = [loaded(name) for name in resources.schema_names()]
    return jsonschema_rs.Registry([(document["$id"], document) for document in documents])


@cache
def _holds(text: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(text, registry=_registry())


def _valid(schema: Schema, document: str, value: Any) -> bool:
    """Whether a part of a document holds for a value, its references read from that document."""
    whole = {**schema, "$id": loaded(document)["$id"], "$defs": loaded(document).get("$defs", {})}
    return bool(_holds(orjson.dumps(whole).decode()).is_valid(value))


def is_kind(kind: str, value: Any) -> bool:
    """Whether a value is of a type of JSON Schema."""
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, _KINDS[kind])


def _branches(schema: Schema, document: str, value: Any, place: str) -> Iterator[str]:
    """The names of the branches that a value goes through, or of all of them."""
    if "$ref" in schema:
        place = schema["$ref"].replace(".schema.json#/$defs", "").replace("#/$defs", document)
        schema, document = resolve(schema, document)
    kinds = schema.get("type", [])
    if isinstance(kinds, list):
        yield from (f"{place}: {kind}" for kind in kinds if value is _ALL or is_kind(kind, value))
    yield from (
        f"{place} = {option!r}" for option in schema.get("enum", ()) if value is _ALL or value == option
    )
    for at, part in enumerate(schema.get("anyOf", ())):
        if value is _ALL or _valid(part, document, value):
            yield f"{place} | {at}"
            yield from _branches(part, document, value, f"{place}|{at}")
    if "if" in schema:
        holds = value is not _ALL and _valid(schema["if"], document, value)
        yield from (f"{place} if" for _ in (1,) if value is _ALL or holds)
        yield from (f"{place} else" for _ in (1,) if value is _ALL or not holds)
    if value is _ALL or isinstance(value, dict):
        yield from _properties(schema, document, value, place)
    if "items" in schema and (value is _ALL or isinstance(value, list)):
        if not schema.get("minItems") and (value is _ALL or not value):
            yield f"{place}[]"
        for item in (_ALL,) if value is _ALL else value:
            yield from _branches(schema["items"], document, item, f"{place}[*]")


def _properties(schema: Schema, document: str, value: Any, place: str) -> Iterator[str]:
    required = schema.get("required", ())
    for name, part in schema.get("properties", {}).items():
        inner = f"{place}.{name}"
        if name not in required and (value is _ALL or name not in value):
            yield f"{inner} absent"
        if value is _ALL or name in value:
            yield f"{inner} present"
            yield from _branches(part, document, _ALL if value is _ALL else value[name], inner)


class Coverage:
    """Counts which branches of a schema the values that it sees go through."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._seen: set[str] = set()
        self.branches = frozenset(_branches(loaded(name), name, _ALL, ""))

    def see(self, value: Any) -> None:
        """Takes in a value that the schema allows."""
        self._seen.update(_branches(loaded(self._name), self._name, value, ""))

    @property
    def missing(self) -> list[str]:
        """The branches that no value went through yet."""
        return sorted(self.branches - self._seen)

    @property
    def share(self) -> float:
        """The share of the branches that was gone through, 0 to 1."""
        return len(self.branches & self._seen) / len(self.branches)
