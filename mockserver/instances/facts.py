"""What the keywords of one or more subschemas demand of one value, taken together."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, wraps
from math import gcd, inf, lcm
from typing import Any, NoReturn, TypeVar

from mockserver.instances.document import Document
from mockserver.instances.kinds import kind_of
from mockserver.instances.places import Place

_TYPES = ("string", "object", "array", "integer", "number", "boolean", "null")
_HINTS = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "contains", "uniqueItems", "maxItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}

_LEAVES = frozenset({"string", "integer", "number", "boolean"})
_TELLING = frozenset({"type", "title", "description"})
_BESIDE = _TELLING | {"$schema", "$defs", "definitions", "$comment"}
_OF_NUMBERS = _BESIDE | set(_HINTS["number"])
_MEASURES = {
    "string": _BESIDE | {"minLength", "maxLength", "pattern", "format"},
    "integer": _OF_NUMBERS,
    "number": _OF_NUMBERS,
    "boolean": _BESIDE,
    "array": _BESIDE | {"items", "minItems", "maxItems"},
    "object": _BESIDE | {"properties", "required", "additionalProperties"},
}
"""The keywords of a plain subschema by its type: none that is a choice, a condition, or says a value."""


class DeadEndError(ValueError):
    """No value meets these demands; the text says where and why."""

    def anew(self) -> "DeadEndError":
        """The same, for who keeps it: one that was raised holds the calls it came through, and they it."""
        return DeadEndError(*self.args)


@dataclass(frozen=True, slots=True)
class Choice:
    """Ways of which one must hold; each is the subschemas that hold in it."""

    ways: tuple[tuple[Place, ...], ...]


@dataclass(frozen=True, slots=True)
class Condition:
    """What else holds for a value that meets a test, and for one that does not.

    The test is a subschema, or the name of a property that an object then has.
    """

    test: Place | str
    then: tuple[Place, ...]
    other: tuple[Place, ...] = ()

    def met(self, document: Document, value: Any, *, formats: bool) -> bool:
        """Whether a value meets the test."""
        if isinstance(self.test, str):
            return isinstance(value, dict) and self.test in value
        return document.fits(self.test, value, formats=formats)

    def demands(self, *, met: bool) -> tuple[Place, ...]:
        """What then holds: of a test that is met, the test itself too."""
        if not met:
            return self.other
        return self.then if isinstance(self.test, str) else (self.test, *self.then)


@dataclass(frozen=True, slots=True)
class Flat:
    """Subschemas that all hold for one value, with the references and `allOf` followed.

    What depends on a choice or on a condition is left to the caller.
    """

    places: tuple[Place, ...]
    choices: tuple[Choice, ...]
    conditions: tuple[Condition, ...]
    refs: frozenset[str]


def pointers(places: Iterable[Place]) -> tuple[str, ...]:
    """What tells some subschemas of one document from others."""
    return tuple([pointer for _, pointer in places])


def flatten(document: Document, places: tuple[Place, ...]) -> Flat:
    """Follow what holds without a choice. Raises `DeadEndError` at a schema that allows nothing."""
    return document.known(("flat", *pointers(places)), lambda: _followed(document, places))


def _followed(document: Document, places: tuple[Place, ...]) -> Flat:
    found: dict[str, Place] = {}
    refs: set[str] = set()
    todo = list(reversed(places))
    while todo:
        place = todo.pop()
        if place.pointer in found:
            continue
        found[place.pointer] = place
        if place.schema is False:
            msg = f"{place.path}: the schema false allows no value"
            raise DeadEndError(msg)
        targets = document.targets(place)
        refs.update(pointers(targets))
        todo += reversed(targets + place.each("allOf"))
    held = tuple(found.values())
    return Flat(
        held,
        tuple(choice for place in held for choice in _choices(place)),
        tuple(condition for place in held for condition in _conditions(place)),
        frozenset(refs),
    )


def _choices(place: Place) -> Iterator[Choice]:
    for keyword in ("anyOf", "oneOf"):
        alternatives = place.each(keyword)
        if alternatives:
            yield Choice(tuple((alternative,) for alternative in alternatives))


def _conditions(place: Place) -> Iterator[Condition]:
    for test in place.one("if"):
        then, other = tuple(place.one("then")), tuple(place.one("else"))
        if then or other:
            yield Condition(test, then, other)
    for keyword in ("dependentSchemas", "dependencies"):
        for name, schema in place.named(keyword).items():
            yield Condition(name, (schema,))


def key(value: Any) -> Hashable:
    """What two equal JSON values have in common: true is not 1, and 1 is 1.0."""
    if isinstance(value, list):
        return ("list", *map(key, value))
    if isinstance(value, dict):
        return ("dict", frozenset((name, key(below)) for name, below in value.items()))
    return (type(value).__name__, value) if isinstance(value, bool | str) else ("other", value)


T = TypeVar("T")


def _once(find: "Callable[[Facts, str], T]") -> "Callable[[Facts, str], T]":
    """Finds what follows from a word once for each facts; what raises is found anew."""
    name = find.__name__

    @wraps(find)
    def found(facts: "Facts", word: str) -> T:
        held = facts.found
        if (name, word) not in held:
            held[name, word] = find(facts, word)
        known: T = held[name, word]
        return known

    return found


class Facts:
    """The demands of subschemas that all hold for one value. The first place gives its name in errors.

    What was asked of them is `found` once: a document remembers its facts, and every instance asks the same.
    """

    def __init__(self, places: tuple[Place, ...], path: str) -> None:
        self.places = places
        self.path = path
        self.found: dict[tuple[str, str], Any] = {}
        self.types = self._types()
        self.values = self._values()

    @_once
    def first(self, keyword: str) -> Any:
        """The value of an annotation, from the first place that has it."""
        return next((value for place in self.places if (value := place.get(keyword)) is not None), None)

    @_once
    def below(self, keyword: str) -> tuple[Place, ...]:
        """The subschemas of a keyword, of all places."""
        return tuple(below for place in self.places for below in place.one(keyword))

    @_once
    def texts(self, keyword: str) -> tuple[str, ...]:
        """The texts of a keyword, of all places, each once."""
        return tuple(dict.fromkeys(text for place in self.places for text in place.texts(keyword)))

    @_once
    def flag(self, keyword: str) -> bool:
        """Whether a keyword is true at any place."""
        return any(place.get(keyword) is True for place in self.places)

    def numbers(self, keyword: str) -> list[int | float]:
        """The numbers of a keyword, of all places."""
        found = (place.number(keyword) for place in self.places)
        return [number for number in found if number is not None]

    @_once
    def span(self, thing: str) -> tuple[int, float]:
        """The least and the most of `Length`, `Items` or `Properties`. Raises `DeadEndError`."""
        least = int(max(self.numbers(f"min{thing}"), default=0))
        most = min(self.numbers(f"max{thing}"), default=inf)
        if least > most:
            self.die(f"min{thing} {least} is above max{thing} {most:g}")
        return least, most

    def die(self, reason: str) -> NoReturn:
        """Raise a `DeadEndError` that names this place."""
        msg = f"{self.path}: {reason}"
        raise DeadEndError(msg)

    def _types(self) -> list[str]:
        """The types allowed, the likeliest first."""
        allowed = list(_TYPES)
        named: list[str] = []
        for place in self.places:
            types = place.texts("type")
            if types:
                wide = {*types, "integer"} if "number" in types else set(types)
                named = named or types
                allowed = [name for name in allowed if name in wide]
        if not allowed:
            shown = " and ".join(str(place.get("type")) for place in self.places if place.texts("type"))
            self.die(f"no value has the types {shown} at once")
        if not named:
            named = [
                name for name, hints in _HINTS.items() if any(self.first(hint) is not None for hint in hints)
            ]
        ranks = {name: index for index, name in enumerate(named)}
        return sorted(allowed, key=lambda name: (name == "null", ranks.get(name, len(ranks))))

    def _values(self) -> list[Any] | None:
        """The values that `enum` and `const` leave; None when there is neither."""
        left: list[Any] | None = None
        for place in self.places:
            if isinstance(place.schema, bool):
                continue
            lists = [place.schema["enum"]] if isinstance(place.schema.get("enum"), list) else []
            lists += [[place.schema["const"]]] if "const" in place.schema else []
            for values in lists:
                keys = set(map(key, values))
                left = values if left is None else [value for value in left if key(value) in keys]
        if left == []:
            self.die("enum and const leave no value")
        return left

    @_once
    def kind(self, name: str) -> str:
        """The kind of a property of that name."""
        return kind_of(name, str(self.first("description") or ""))

    @cached_property
    def wanted(self) -> tuple[str, dict[str, Any]]:
        """The description of a property, and what of its schema says what the words may offer for it."""
        schema: dict[str, Any] = {"type": self.types}
        if self.values is not None:
            schema["enum"] = self.values
        for keyword in ("format", "default"):
            if self.first(keyword) is not None:
                schema[keyword] = self.first(keyword)
        return str(self.first("description") or ""), schema

    def bounds(self) -> "Bounds":
        """The range of a number. Raises `DeadEndError`."""
        bounds = Bounds()
        for place in self.places:
            for keyword, strict in (("minimum", False), ("exclusiveMinimum", True)):
                number = place.number(keyword)
                above = strict or place.get("exclusiveMinimum") is True
                if number is not None and (number, above) > (bounds.low, bounds.above):
                    bounds.low, bounds.above, bounds.low_name = number, above, keyword
            for keyword, strict in (("maximum", False), ("exclusiveMaximum", True)):
                number = place.number(keyword)
                below = strict or place.get("exclusiveMaximum") is True
                if number is not None and (number, not below) < (bounds.high, not bounds.below):
                    bounds.high, bounds.below, bounds.high_name = number, below, keyword
        if bounds.low > bounds.high:
            self.die(f"{bounds.low_name} {bounds.low} is above {bounds.high_name} {bounds.high}")
        if bounds.low == bounds.high and (bounds.above or bounds.below):
            self.die(
                f"{bounds.low_name} {bounds.low} leaves no number within {bounds.high_name} {bounds.high}"
            )
        return bounds

    def step(self, *, whole: bool) -> Fraction | None:
        """What the number must be a multiple of; None when that is free."""
        steps = [Fraction(str(number)) for number in self.numbers("multipleOf") if 0 < number < inf]
        steps += [Fraction(1)] if whole else []
        if not steps:
            return None
        above = lcm(*(step.numerator for step in steps))
        return Fraction(above, gcd(*(step.denominator for step in steps)))


def facts_of(document: Document, places: tuple[Place, ...], path: str) -> Facts:
    """The facts of subschemas of a document, which remembers them. Raises `DeadEndError`."""
    return document.known(("facts", path, *pointers(places)), lambda: Facts(places, path))


@dataclass(frozen=True, slots=True)
class Plain:
    """A subschema of one type without choices: the first value that is made of it is valid but for few.

    `free` is one of a leaf that only names its type, so that any value of it is valid.
    """

    place: Place
    type: str
    facts: Facts
    weight: int
    free: bool


def plain_of(document: Document, places: tuple[Place, ...]) -> Plain | None:
    """What some subschemas are, if they ask for no more than the kind of a value and its measures."""
    if len(places) != 1:
        return None
    known = document.known(("plain", places[0].pointer), lambda: _plain_of(document, places))
    return known[0] if known else None


def _plain_of(document: Document, places: tuple[Place, ...]) -> tuple[Plain, ...]:
    place = places[0]
    schema = place.schema
    if isinstance(schema, bool):
        return ()
    named = schema.get("type")
    if not isinstance(named, str) or not schema.keys() <= _MEASURES.get(named, frozenset()):
        return ()
    free = named in _LEAVES and schema.keys() <= _TELLING
    return (Plain(place, named, facts_of(document, places, place.path), 1 + document.weight(place), free),)


@dataclass(slots=True)
class Bounds:
    """A range of numbers; `above` and `below` say that an end is not part of it."""

    low: float = -inf
    high: float = inf
    above: bool = False
    below: bool = False
    low_name: str = "minimum"
    high_name: str = "maximum"

    def has(self, value: float | Fraction) -> bool:
        """Whether a number lies in the range."""
        return (value > self.low if self.above else value >= self.low) and (
            value < self.high if self.below else value <= self.high
        )
