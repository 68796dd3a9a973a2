"""A JSON Schema, compiled for making instances of it: its places, its references, and a yes or no to a value.

Every subschema is a `Place`: the schema and the JSON pointer to it. `jsonschema-rs` judges a value at any
place, so a proposal is checked where it is made. Nothing outside the document is ever opened.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import quote, unquote

import jsonschema_rs

from mockserver.answer.impossible import ImpossibleSchemaError
from mockserver.wire.jsontext import dumps, loads

_URI = "mock://schema/root"
_BACKTRACKS = 20_000
"""How often a pattern may step back before it counts as not matching."""

_SINGLE = (
    "additionalProperties",
    "propertyNames",
    "contains",
    "items",
    "additionalItems",
    "not",
    "if",
    "then",
    "else",
)
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies")
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_LONG = 4_000
"""How many bytes of a schema one step checks."""

_DRAFTS: tuple[tuple[str, Any, int], ...] = (
    ("2020-12", jsonschema_rs.Draft202012Validator, jsonschema_rs.Draft202012),
    ("draft-07", jsonschema_rs.Draft7Validator, jsonschema_rs.Draft7),
    ("2019-09", jsonschema_rs.Draft201909Validator, jsonschema_rs.Draft201909),
    ("draft-06", jsonschema_rs.Draft6Validator, jsonschema_rs.Draft6),
    ("draft-04", jsonschema_rs.Draft4Validator, jsonschema_rs.Draft4),
)
_GUESSES = 2
"""A schema that names no draft is read as the first of these drafts that it is valid in."""


@dataclass(frozen=True, slots=True)
class Place:
    """A subschema and the pointer to it. Its readers pass over what is no JSON Schema."""

    schema: Mapping[str, Any] | bool
    pointer: str = ""

    def _below(self, schema: Any, *steps: str | int) -> "list[Place]":
        if not isinstance(schema, Mapping | bool):
            return []
        return [Place(schema, self.pointer + "".join(f"/{_step(step)}" for step in steps))]

    def get(self, keyword: str) -> Any:
        """The value of a keyword; None when it is absent."""
        return None if isinstance(self.schema, bool) else self.schema.get(keyword)

    def one(self, keyword: str) -> "list[Place]":
        """The subschema of a keyword, if there is one."""
        return self._below(self.get(keyword), keyword)

    def each(self, keyword: str) -> "list[Place]":
        """The subschemas of a keyword that holds a list of them."""
        listed = self.get(keyword)
        listed = listed if isinstance(listed, list) else []
        return [place for index, schema in enumerate(listed) for place in self._below(schema, keyword, index)]

    def named(self, keyword: str) -> "dict[str, Place]":
        """The subschemas of a keyword that holds them by name."""
        mapped = self.get(keyword)
        mapped = mapped if isinstance(mapped, Mapping) else {}
        return {
            name: place for name, schema in mapped.items() for place in self._below(schema, keyword, name)
        }

    def texts(self, keyword: str) -> list[str]:
        """The texts of a keyword that holds a list of them, or one."""
        value = self.get(keyword)
        listed = value if isinstance(value, list) else [value]
        return [text for text in listed if isinstance(text, str)]

    def number(self, keyword: str) -> int | float | None:
        """The number of a keyword; None when it is absent or no number."""
        value = self.get(keyword)
        return None if isinstance(value, bool) or not isinstance(value, int | float) else value

    @property
    def path(self) -> str:
        """The pointer for people: ``properties.age``."""
        steps = [step.replace("~1", "/").replace("~0", "~") for step in self.pointer.split("/")[1:]]
        return ".".join(steps) or "schema"


def _step(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def children(place: Place) -> list[Place]:
    """Every subschema right below a place, whatever keyword holds it."""
    found = [child for keyword in _SINGLE for child in place.one(keyword)]
    found += [child for keyword in _LISTS for child in place.each(keyword)]
    found += [child for keyword in _MAPS for child in place.named(keyword).values()]
    return found


def _refuse(uri: str) -> NoReturn:
    msg = f"{uri} lies outside the schema, and the mock opens nothing; put it under $defs"
    raise ValueError(msg)


class Document:
    """One schema, compiled. `formats` says whether any `format` is in it."""

    def __init__(self, schema: Any, *, formats: bool = True) -> None:
        self.root = Place(schema)
        self.formats = formats
        self._validators: dict[tuple[str, bool], Any] = {}
        self._weights: dict[str, int] = {}
        self._patterns: dict[str, Any] = {}
        self._anchors: dict[str, Place] | None = None
        self._heights: dict[str, float] | None = None
        if not isinstance(schema, dict | bool):
            msg = f"the schema is not valid: {str(schema)[:80]} is neither an object nor a boolean"
            raise ImpossibleSchemaError(msg)
        named = str(self.root.get("$schema"))
        chosen = [draft for draft in _DRAFTS if draft[0] in named]
        reason = ""
        for _, validator, draft in chosen or _DRAFTS[:_GUESSES]:
            self._validator = validator
            try:
                self._registry = jsonschema_rs.Registry(
                    [(self._id(), schema)], draft=draft, retriever=_refuse
                )
                validator(schema, retriever=_refuse, pattern_options=self._options())
            except ValueError as error:
                reason = reason or _brief(error)
            else:
                return
        msg = f"the schema is not valid: {reason}"
        raise ImpossibleSchemaError(msg)

    @staticmethod
    def _options() -> jsonschema_rs.FancyRegexOptions:
        return jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACKS)

    def validator(self, place: Place, *, formats: bool) -> Any:
        """The compiled validator of a place."""
        key = (place.pointer, formats)
        found = self._validators.get(key)
        if found is None:
            found = self._validators[key] = self._validator(
                {"$ref": f"{self._id()}#{_escaped(place.pointer)}"},
                registry=self._registry,
                retriever=_refuse,
                validate_formats=formats,
                pattern_options=self._options(),
            )
        return found

    def fits(self, place: Place, value: Any, *, formats: bool) -> bool:
        """Whether a value is valid at a place. Text that is not Unicode never is."""
        if isinstance(place.schema, bool):
            return place.schema
        try:
            return bool(self.validator(place, formats=formats).is_valid(value))
        except ValueError:
            return False

    def explain(self, place: Place, value: Any) -> str:
        """Why a value is not valid at a place."""
        try:
            error = next(self.validator(place, formats=True).iter_errors(value), None)
        except ValueError as failure:
            return _brief(failure)
        return "it is refused" if error is None else error.message[:200]

    def weight(self, place: Place) -> int:
        """How many steps a check at a place counts for: more than one where its schema is long."""
        found = self._weights.get(place.pointer)
        if found is None:
            found = self._weights[place.pointer] = 1 + len(dumps(place.schema)) // _LONG
        return found

    def matches(self, pattern: str, text: str) -> bool:
        """Whether a pattern is found in a text."""
        try:
            found = self._patterns.get(pattern)
            if found is None:
                options = self._options()
                found = self._patterns[pattern] = self._validator(
                    {"pattern": pattern}, pattern_options=options
                )
            return bool(found.is_valid(text))
        except ValueError:
            return False

    def follow(self, ref: str, place: Place) -> Place:
        """The place that a reference names."""
        base, _, fragment = ref.partition("#")
        if not base or base == self._id():
            pointer = unquote(fragment)
            if not pointer:
                return self.root
            if pointer.startswith("/"):
                return self._at(pointer, ref, place)
        found = self._named().get(unquote(fragment) if not base else ref)
        if found is None:
            msg = f"{place.path}: $ref {ref!r} names no place that the mock can follow; use #/$defs/name"
            raise ImpossibleSchemaError(msg)
        return found

    def _id(self) -> str:
        """The URI of the document: its own one if it is absolute."""
        named = next(iter(self.root.texts("$id")), _URI).rstrip("#")
        return named if "://" in named else _URI

    def _at(self, pointer: str, ref: str, place: Place) -> Place:
        found: Any = self.root.schema
        for step in pointer.split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            try:
                found = found[int(key) if isinstance(found, list) else key]
            except (KeyError, IndexError, TypeError, ValueError):
                found = None
        if not isinstance(found, Mapping | bool):
            msg = f"{place.path}: $ref {ref!r} names no schema in this document"
            raise ImpossibleSchemaError(msg)
        return Place(found, pointer)

    def _named(self) -> dict[str, Place]:
        """The places that have an `$anchor`, a `$dynamicAnchor` or an `$id`, by that name."""
        if self._anchors is None:
            self._anchors = {}
            todo = [self.root]
            while todo:
                place = todo.pop()
                todo += children(place)
                for keyword in ("$anchor", "$dynamicAnchor", "$id"):
                    for name in place.texts(keyword):
                        self._anchors.setdefault(name.lstrip("#"), place)
        return self._anchors

    def height(self, place: Place) -> float:
        """How deep the shallowest instance of a place is; infinite when it needs itself without end."""
        if self._heights is None:
            self._heights = self._measure()
        return self._heights.get(place.pointer, 0)

    def _measure(self) -> dict[str, float]:
        """The heights of all places: they sink from infinity until none sinks any more."""
        places: dict[str, Place] = {}
        above: dict[str, list[str]] = {}
        todo = [self.root]
        while todo:
            place = todo.pop()
            if place.pointer not in places:
                places[place.pointer] = place
                for below in (*children(place), *self.targets(place)):
                    above.setdefault(below.pointer, []).append(place.pointer)
                    todo.append(below)
        heights = dict.fromkeys(places, float("inf"))
        queue = deque(reversed(places))
        waiting = set(queue)
        while queue:
            pointer = queue.popleft()
            waiting.discard(pointer)
            height = self._height(places[pointer], heights)
            if height < heights[pointer]:
                heights[pointer] = height
                new = [each for each in dict.fromkeys(above.get(pointer, ())) if each not in waiting]
                queue += new
                waiting.update(new)
        return heights

    def targets(self, place: Place) -> list[Place]:
        """Where the references of a place lead."""
        named = [ref for keyword in ("$ref", "$dynamicRef", "$recursiveRef") for ref in place.texts(keyword)]
        return [self.follow(ref, place) for ref in named]

    def _height(self, place: Place, heights: Mapping[str, float]) -> float:
        found = [0.0]
        found += [heights[below.pointer] for below in (*self.targets(place), *place.each("allOf"))]
        for keyword in ("anyOf", "oneOf"):
            found.append(min((heights[below.pointer] for below in place.each(keyword)), default=0))
        types = place.texts("type")
        properties = place.named("properties")
        if types == ["object"] or (properties and not types):
            required = [properties[name] for name in place.texts("required") if name in properties]
            found += [1 + heights[below.pointer] for below in required]
        if types == ["array"] and (place.number("minItems") or 0) > 0:
            found += [1 + heights[below.pointer] for below in place.one("items")]
        return max(found)


def _escaped(pointer: str) -> str:
    """A JSON pointer as the fragment of a URI."""
    return quote(pointer, safe="/~$_-.")


def _with_ascii_references(schema: Any) -> Any:
    """A schema whose references beyond ASCII are spelled as URIs: people write them as they are."""
    todo = [schema]
    while todo:
        value = todo.pop()
        if isinstance(value, dict):
            ref = value.get("$ref")
            if isinstance(ref, str):
                value["$ref"] = quote(ref, safe=_ASCII)
            todo += value.values()
        elif isinstance(value, list):
            todo += value
    return schema


def _brief(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    place = next((line for line in lines if line.startswith("On instance[")), "")
    at = place.removeprefix("On instance").removesuffix(":").replace('"]["', ".").strip('[]"')
    return f"{at}: {lines[0][:200]}" if at else (lines or ["unknown"])[0][:200]


@lru_cache(maxsize=64)
def _parsed(text: bytes) -> Document:
    return Document(_with_ascii_references(loads(text)), formats=b'"format"' in text)


def compiled(schema: Any) -> Document:
    """The compiled schema, the same object for the same schema. Raises `ImpossibleSchemaError`."""
    try:
        text = dumps(schema)
    except (TypeError, ValueError, RecursionError) as error:
        msg = f"the schema is not JSON that can be written: {_brief(error)}"
        raise ImpossibleSchemaError(msg) from None
    return _parsed(text)
