"""Strategies from the project's JSON Schemas.

Ours, because the known library for that stops at draft 7 and reads no reference from one file to another.
It knows the keywords that `schemas/*.request.schema.json` use, and refuses a schema with others.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from mockserver.base import resources

Schema = Mapping[str, Any]

_NOTES = frozenset({"$schema", "$id", "$defs", "title", "description", "x-refusal"})
_KNOWN = frozenset(
    {
        "$ref",
        "type",
        "enum",
        "const",
        "anyOf",
        "if",
        "then",
        "else",
        "properties",
        "required",
        "additionalProperties",
        "propertyNames",
        "items",
        "minItems",
        "minLength",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
    }
)
_FEW = 4
_OTHER = "x-other"
"""The name of a property that no schema knows: unknown keys are ignored by the cloud."""


class UnknownKeywordError(ValueError):
    """A schema has a keyword that values cannot be drawn for."""


def resolve(schema: Schema, document: str) -> tuple[Schema, str]:
    """What a reference points to, and the document it is in; a schema without one is itself."""
    while "$ref" in schema:
        file, _, pointer = schema["$ref"].partition("#")
        document = file.removesuffix(".schema.json") or document
        found: Any = loaded(document)
        for step in pointer.strip("/").split("/") if pointer.strip("/") else ():
            found = found[step]
        schema = found
    return schema, document


@cache
def loaded(name: str) -> dict[str, Any]:
    """A schema document of the project, read once."""
    return resources.schema(name)


@cache
def from_schema(name: str) -> SearchStrategy[Any]:
    """Values that a schema of the project allows. Raises `UnknownKeywordError`."""
    return values(loaded(name), name)


def values(schema: Schema, document: str) -> SearchStrategy[Any]:
    """Values that a schema allows; `document` is where its references start. Raises `UnknownKeywordError`."""
    schema, document = resolve(schema, document)
    unknown = set(schema) - _NOTES - _KNOWN
    if unknown:
        msg = f"{document}: no values can be drawn for the keyword {min(unknown)!r}"
        raise UnknownKeywordError(msg)
    if "if" in schema:
        return _conditional(schema, document)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        base = {key: value for key, value in schema.items() if key != "anyOf"}
        return st.one_of([values(merged(base, part), document) for part in schema["anyOf"]])
    kinds = schema.get("type", ["string", "object"])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    # Null comes last in the schemas; twice as often the value that it stands in for.
    drawn = [_of_type(kind, schema, document) for kind in kinds]
    return st.one_of(*drawn[:1], *drawn)


def merged(base: Schema, part: Schema) -> dict[str, Any]:
    """Both schemas at once, as far as ours need it: properties and demands are united."""
    whole = {**base, **part}
    for key in ("properties",):
        if key in base and key in part:
            names = {**base[key], **part[key]}
            both = {name: merged(base[key][name], part[key][name]) for name in base[key] if name in part[key]}
            whole[key] = {**names, **both}
    if "required" in base and "required" in part:
        whole["required"] = [*base["required"], *part["required"]]
    return whole


def _conditional(schema: Schema, document: str) -> SearchStrategy[Any]:
    """One property with one value decides: that value, or another one."""
    base = {key: value for key, value in schema.items() if key not in ("if", "then", "else")}
    ((name, test),) = schema["if"]["properties"].items()
    options = [value for value in base["properties"][name]["enum"] if value != test["const"]]
    first = merged(merged(base, {"properties": {name: test}}), schema.get("then", {}))
    second = merged(merged(base, {"properties": {name: {"enum": options}}}), schema.get("else", {}))
    return st.one_of(values(first, document), values(second, document))


def _of_type(kind: str, schema: Schema, document: str) -> SearchStrategy[Any]:
    if kind in ("null", "boolean"):
        return st.none() if kind == "null" else st.booleans()
    if kind == "string":
        return st.text(min_size=schema.get("minLength", 0), max_size=max(8, schema.get("minLength", 0)))
    if kind == "integer":
        low = schema.get("minimum", schema.get("exclusiveMinimum", -1001) + 1)
        high = min(schema.get("maximum", schema.get("exclusiveMaximum", 2**31) - 1), 2**53)
        return st.integers(low, high)
    if kind == "number":
        return st.floats(
            schema.get("minimum", schema.get("exclusiveMinimum", -1000)),
            schema.get("maximum", schema.get("exclusiveMaximum", 1000)),
            exclude_min="exclusiveMinimum" in schema,
            exclude_max="exclusiveMaximum" in schema,
            allow_nan=False,
            allow_infinity=False,
        )
    if kind == "array":
        items = values(schema["items"], document) if "items" in schema else st.text(max_size=3)
        return st.lists(items, min_size=schema.get("minItems", 0), max_size=4)
    return _object(schema, document)


def _object(schema: Schema, document: str) -> SearchStrategy[Any]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    required = list(dict.fromkeys(schema.get("required", ())))
    fixed = {name: values(properties.get(name, {"type": "string"}), document) for name in required}
    free = {name: values(part, document) for name, part in properties.items() if name not in fixed}
    more = schema.get("additionalProperties", True)
    if isinstance(more, Mapping) and "propertyNames" in schema:
        keys = st.integers(0, 151_642).map(str)
        return st.dictionaries(keys, values(more, document), max_size=3)
    if more is True and properties:
        free[_OTHER] = st.just("ignored")
    return _some(fixed, free)


@st.composite
def _some(
    draw: st.DrawFn, fixed: Mapping[str, SearchStrategy[Any]], free: Mapping[str, SearchStrategy[Any]]
) -> dict[str, Any]:
    """The fixed properties, and some or all of the free ones."""
    drawn = {name: draw(strategy) for name, strategy in fixed.items()}
    if free:
        for name in draw(_subsets(tuple(free))):
            drawn[name] = draw(free[name])
    return drawn


@cache
def _subsets(names: tuple[str, ...]) -> SearchStrategy[list[str]]:
    some = st.lists(st.sampled_from(names), max_size=8, unique=True)
    whole = st.just(list(names))
    # Of few properties mostly all, or what lies deep would hardly ever be reached.
    return st.one_of(some, whole) if len(names) > _FEW else st.one_of(some, whole, whole, whole)
