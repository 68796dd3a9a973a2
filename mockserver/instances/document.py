"""A JSON Schema, compiled for making instances of it: its places, its references, and a yes or no to a value.

Every subschema is a `Place`: the schema and the JSON pointer to it. `jsonschema-rs` judges a value at any
place, so a proposal is checked where it is made. Nothing outside the document is ever opened.
"""

import re
from collections import ChainMap, deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from math import inf
from threading import Lock
from typing import Any, NamedTuple, NoReturn, TypeVar
from urllib.parse import quote, unquote

import jsonschema_rs

from mockserver.base.deadline import Deadline, working_time
from mockserver.base.forgetting import also
from mockserver.base.jsontext import dumps, loads
from mockserver.base.kept import Kept
from mockserver.instances.flaws import brief, flaw
from mockserver.instances.impossible import ImpossibleSchemaError, TakesLongError
from mockserver.instances.places import Place, children
from mockserver.instances.spelling import patterns, strictly, with_siblings

_URI = "mock://schema/root"
_BACKTRACKS = 20_000
"""How often a pattern may step back before it counts as not matching."""

_COMPILED = 4 * 1024 * 1024
"""How many bytes a compiled pattern may take."""

_READING = 0.08
"""How many seconds of work all patterns of a schema may take to compile: nothing else runs meanwhile."""

_CLASS = re.compile(r"\\([dDwWsS])")
_SPELLED_OUT = {"d": 5, "D": 6, "w": 14, "W": 15, "s": 85, "S": 86}
"""How many characters a class takes, as who compiles a pattern spells it out."""

_SPELLING, _LETTERS = 1_500_000, 20_000
"""The most steps in which the classes of a pattern may be spelled out, and how long a pattern may be."""

_REFERRING = {"$ref": 0, "$dynamicRef": 1, "$recursiveRef": 2}.keys()


class _Demand(NamedTuple):
    """What the instances of a place hold: one of the `ways` so often below, or is one itself."""

    ways: tuple[Place, ...]
    below: int = 0


class _Measure(NamedTuple):
    """How deep an instance is at least, and how many values it has."""

    height: float
    size: float


def _summed(demands: list[_Demand], measures: Mapping[str, _Measure]) -> _Measure:
    """The measure of a place whose demands have these measures."""
    height, size, inner = 0.0, 1.0, 1.0
    for ways, below in demands:
        least = [min(found) for found in zip(*(measures[way.pointer] for way in ways), strict=True)]
        height = max(height, least[0] + (below > 0))
        if below:
            size += below * least[1]
        else:
            inner = max(inner, least[1])
    return _Measure(height, max(size, inner))


_LONG = 4_000
"""How many bytes of a schema one step checks."""

_KNOWN = 400
"""How many things a document remembers of its places; beyond that it begins anew."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A draft of JSON Schema; `ignores` says that it ignores what stands beside a `$ref`."""

    name: str
    validator: Any
    number: int
    meta: str
    ignores: bool = False


_DRAFTS = (
    _Draft(
        "2020-12",
        jsonschema_rs.Draft202012Validator,
        jsonschema_rs.Draft202012,
        "https://json-schema.org/draft/2020-12/schema",
    ),
    _Draft(
        "draft-07",
        jsonschema_rs.Draft7Validator,
        jsonschema_rs.Draft7,
        "http://json-schema.org/draft-07/schema#",
        ignores=True,
    ),
    _Draft(
        "2019-09",
        jsonschema_rs.Draft201909Validator,
        jsonschema_rs.Draft201909,
        "https://json-schema.org/draft/2019-09/schema",
    ),
    _Draft(
        "draft-06",
        jsonschema_rs.Draft6Validator,
        jsonschema_rs.Draft6,
        "http://json-schema.org/draft-06/schema#",
        ignores=True,
    ),
    _Draft(
        "draft-04",
        jsonschema_rs.Draft4Validator,
        jsonschema_rs.Draft4,
        "http://json-schema.org/draft-04/schema#",
        ignores=True,
    ),
)
_GUESSES = 2
"""A schema that names no draft is read as the first of these drafts that it is valid in."""


@cache
def _meta(draft: _Draft) -> Any:
    """The judge of schemas of a draft. Formats only annotate: which patterns are read, their reader tells."""
    return draft.validator({"$ref": draft.meta}, validate_formats=False)


def _refuse(uri: str) -> NoReturn:
    msg = f"{uri} lies outside the schema, and the mock opens nothing; put it under $defs"
    raise ValueError(msg)


def _steps(pattern: str) -> int:
    """How many steps it takes to spell out the classes of a pattern.

    Nobody can stop who does that: 50,000 characters with a class in every eight took three minutes, during
    which nothing else ran.
    """
    classes = _CLASS.findall(pattern)
    return len(classes) * (len(pattern) + sum(map(_SPELLED_OUT.__getitem__, classes)))


class Document:
    """One schema, compiled. `formats` says whether any `format` is in it.

    `siblings` says whether there are constraints beside a `$ref` that its draft ignores: they bind, but in a
    `loose` document. `late` counts how often in a row
    making an instance in haste took too long: `slow` is what did so twice, as once may be a collection of
    garbage that fell into it; it is forgotten when it does not any more. `reading` is how many
    seconds of work it took to compile. The schema is changed: it gets its strict spelling.
    """

    def __init__(self, schema: Any, *, formats: bool = True, loose: bool = False) -> None:
        self.root = Place(schema)
        self.formats = formats
        self.late = 0
        self.reading = 0.0
        self.siblings = False
        self._validators: dict[tuple[str, bool], Any] = {}
        self._weights: dict[str, int] = {}
        self._patterns: dict[str, Any] = {}
        self._anchors: dict[str, Place] | None = None
        self._measures: dict[str, _Measure] = {}
        self._known: dict[Hashable, Any] = {}
        if not isinstance(schema, dict | bool):
            msg = f"the schema is not valid: {str(schema)[:80]} is neither an object nor a boolean"
            raise ImpossibleSchemaError(msg)
        spelled = strictly(schema)
        named = str(self.root.get("$schema"))
        chosen = [draft for draft in _DRAFTS if draft.name in named]
        reason = ""
        for draft in chosen or _DRAFTS[:_GUESSES]:
            self._validator = draft.validator
            self._weigh(patterns(spelled))
            try:
                found = flaw(_meta(draft), schema)
                if found:
                    reason = reason or found
                    continue
                self.siblings = draft.ignores and with_siblings(spelled, binding=not loose)
                self._registry = jsonschema_rs.Registry(
                    [(self._id(), schema)], draft=draft.number, retriever=_refuse
                )
                self.validator(self.root, formats=True)
            except ValueError as error:
                reason = reason or brief(error)
            else:
                return
        msg = f"the schema is not valid: {reason}"
        raise ImpossibleSchemaError(msg)

    @property
    def slow(self) -> bool:
        """Whether no instance is to be made in haste."""
        return self.late > 1

    @staticmethod
    def _options() -> jsonschema_rs.FancyRegexOptions:
        return jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACKS, size_limit=_COMPILED)

    def _weigh(self, found: list[str]) -> None:
        """Compile each pattern alone. Raises `ImpossibleSchemaError` when all would take too long."""
        deadline = Deadline(_READING, timer=working_time)
        for pattern in found:
            long = len(pattern) > _LETTERS or _steps(pattern) > _SPELLING
            if not long:
                self.matches(pattern, "")
            if long or deadline.over:
                msg = f"the schema is not valid: pattern {pattern[:80]!r}: to compile it takes too long"
                raise ImpossibleSchemaError(msg)

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
            return brief(failure)
        return "it is refused" if error is None else error.message[:200]

    def known(self, key: Hashable, find: Callable[[], T]) -> T:
        """What follows from the schema alone, found once for a key; what raises is found anew."""
        found: T | None = self._known.get(key)
        if found is None:
            found = find()
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[key] = found
        return found

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
        if not isinstance(found, dict | bool):
            msg = f"{place.path}: $ref {ref!r} names no schema in this document"
            raise ImpossibleSchemaError(msg)
        return Place(found, pointer)

    def _named(self) -> dict[str, Place]:
        """The places that have an `$anchor`, a `$dynamicAnchor` or an `$id`, by that name."""
        if self._anchors is None:
            anchors: dict[str, Place] = {}
            todo = [self.root]
            while todo:
                place = todo.pop()
                todo += children(place)
                for keyword in ("$anchor", "$dynamicAnchor", "$id"):
                    for name in place.texts(keyword):
                        anchors.setdefault(name.lstrip("#"), place)
            self._anchors = anchors
        return self._anchors

    def height(self, place: Place) -> float:
        """How deep the shallowest instance of a place is; infinite when it needs itself without end."""
        return self._measured(place).height

    def size(self, place: Place) -> float:
        """How many values an instance of a place has at least; infinite when it needs itself without end."""
        return self._measured(place).size

    def _measured(self, place: Place) -> _Measure:
        if place.pointer not in self._measures:
            # At once: another thread may read it.
            self._measures.update(self._measure(place))
        return self._measures[place.pointer]

    def _measure(self, place: Place) -> Mapping[str, _Measure]:
        """The measures of a place and of all that its instances hold: they sink until none does any more."""
        demands: dict[str, list[_Demand]] = {}
        above: dict[str, list[str]] = {}
        todo = [place]
        while todo:
            place = todo.pop()
            if place.pointer not in demands and place.pointer not in self._measures:
                demands[place.pointer] = self._demands(place)
                for below in (below for demand in demands[place.pointer] for below in demand.ways):
                    above.setdefault(below.pointer, []).append(place.pointer)
                    todo.append(below)
        measures = ChainMap(dict.fromkeys(demands, _Measure(inf, inf)), self._measures)
        queue = deque(reversed(demands))
        waiting = set(queue)
        while queue:
            pointer = queue.popleft()
            waiting.discard(pointer)
            measure = _summed(demands[pointer], measures)
            if measure != measures[pointer]:
                measures[pointer] = measure
                new = [each for each in dict.fromkeys(above.get(pointer, ())) if each not in waiting]
                queue += new
                waiting.update(new)
        return measures.maps[0]

    def _demands(self, place: Place) -> list[_Demand]:
        """What the instances of a place hold."""
        found = [_Demand((below,)) for below in (*self.targets(place), *place.each("allOf"))]
        found += [_Demand(ways) for keyword in ("anyOf", "oneOf") if (ways := tuple(place.each(keyword)))]
        types = place.texts("type")
        if types == ["object"] or not types:
            found += [
                _Demand((below,), 1) for name in place.texts("required") for below in place.member(name)
            ]
        least = int(place.number("minItems") or 0)
        if types == ["array"] and least > 0:
            found += [_Demand((below,), least) for below in place.one("items")]
        return found

    def targets(self, place: Place) -> list[Place]:
        """Where the references of a place lead."""
        if isinstance(place.schema, bool) or _REFERRING.isdisjoint(place.schema):
            return []
        return [self.follow(ref, place) for keyword in _REFERRING for ref in place.texts(keyword)]


def _escaped(pointer: str) -> str:
    """A JSON pointer as the fragment of a URI."""
    return quote(pointer, safe="/~$_-.")


@lru_cache(maxsize=64)
def _form(name: str) -> Any:
    return jsonschema_rs.Draft202012Validator({"format": name}, validate_formats=True)


def formatted(name: str, value: Any) -> bool:
    """Whether a value is of a format, also of one that the draft of its schema does not know yet."""
    return bool(_form(name).is_valid(value))


_MOST, _TEXTS = 64, 512 * 1024
"""How many compiled schemas are kept, and of how many bytes together, which are a hundred times that."""

_kept: Kept[tuple[bytes, bool], Document] = Kept(most=_MOST, size=_TEXTS, weigh=lambda key, _: len(key[0]))
_keeping = Lock()


def _forget() -> None:
    with _keeping:
        forgotten = list(_kept.values())
        _kept.clear()
    forgotten.clear()  # to let go of them takes its time, in which others may ask


also(_forget)


def compiled(schema: Any, *, loose: bool = False, hasty: bool = False) -> Document:
    """The compiled schema, the same object for the same schema.

    Raises `ImpossibleSchemaError`, and in haste `TakesLongError` for one that is to be compiled first.
    """
    try:
        text = dumps(schema)
    except (TypeError, ValueError, RecursionError) as error:
        msg = f"the schema is not JSON that can be written: {brief(error)}"
        raise ImpossibleSchemaError(msg) from None
    with _keeping:
        found = _kept.get((text, loose))
    if found is not None:
        return found
    if hasty:
        raise TakesLongError
    begun = working_time()
    made = Document(loads(text), formats=b'"format"' in text, loose=loose)
    made.reading = working_time() - begun
    with _keeping:
        _kept.put((text, loose), made)
    return made
