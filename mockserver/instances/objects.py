"""Candidates for objects. Each is to be checked."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count, islice
from math import inf
from typing import Any

from mockserver.instances.document import Document
from mockserver.instances.facts import DeadEndError, Facts, flatten, plain_of, pointers
from mockserver.instances.leaves import MOST, patterned
from mockserver.instances.making import Making
from mockserver.instances.patterns import UnreadablePatternError
from mockserver.instances.spots import DEEPEST, Places, Spot

_VARIED = 8
"""How many properties are varied, one at a time, when the object as a whole is refused."""

_OTHERS = 24
"""How many other values each of them is given."""

_NAMES = 24
"""How many names are tried for each pattern of names, before many are."""


class _Properties:
    """The subschemas of the properties of one object, by their names, and which of them it needs.

    All of it follows from the schema alone.
    """

    def __init__(self, document: Document, facts: Facts) -> None:
        self._document = document
        self._rows = [
            (place.named("properties"), place.named("patternProperties"), place.one("additionalProperties"))
            for place in facts.places
        ]
        self._unevaluated = facts.below("unevaluatedProperties")
        self.ruled = facts.below("propertyNames")
        names = list(dict.fromkeys(name for named, _, _ in self._rows for name in named))
        self.needed = _required(facts, facts.texts("required"))
        self.names = tuple(dict.fromkeys((*_required(facts, names), *self.needed)))
        self.patterns = [pattern for _, patterns, _ in self._rows for pattern in patterns]
        self.free = any(
            isinstance(place.schema, Mapping)
            for _, patterns, additional in self._rows
            for place in (*patterns.values(), *additional)
        )
        self._named = {name: self._found(name) for name in names}
        found = {name: plain_of(document, places) for name, places in self._named.items()}
        self.leaves = {name: plain for name, plain in found.items() if plain and plain.free}
        """The properties that may be any value of their type."""

    def allows(self, name: str, *, formats: bool) -> bool:
        """Whether a property may have this name."""
        return all(self._document.fits(place, name, formats=formats) for place in self.ruled)

    def at(self, name: str) -> Places:
        """The subschemas of a property."""
        return self._named[name] if name in self._named else self._found(name)

    def _found(self, name: str) -> Places:
        found = []
        known = False
        for named, patterns, additional in self._rows:
            direct = [named[name]] if name in named else []
            matches = self._document.matches
            direct += [place for pattern, place in patterns.items() if matches(pattern, name)]
            known = known or bool(direct)
            found += direct or additional
        return tuple(found) if known else (*found, *self._unevaluated)


def _required(facts: Facts, names: Sequence[str]) -> list[str]:
    """Names, and those that they require in turn."""
    needed = dict.fromkeys(names)
    demands = [place.get(word) for place in facts.places for word in ("dependentRequired", "dependencies")]
    todo = list(names)
    while todo:
        name = todo.pop()
        for demand in demands:
            others = demand.get(name) if isinstance(demand, Mapping) else None
            new = [other for other in others if isinstance(other, str)] if isinstance(others, list) else []
            todo += [other for other in new if other not in needed]
            needed |= dict.fromkeys(new)
    return list(needed)


def objects(maker: Making, facts: Facts, spot: Spot) -> Iterator[dict[str, Any]]:
    """Candidates: complete, then with less, then varied. Raises `DeadEndError` where none can be."""
    least, most = facts.span("Properties")
    document = maker.document
    properties = document.known(("properties", *pointers(facts.places)), lambda: _Properties(document, facts))
    needed = properties.needed
    if max(least, len(needed)) > MOST:
        count_needed = max(least, len(needed))
        facts.die(f"it needs {count_needed} properties, more than the {MOST} that the mock makes")
    if len(needed) > most:
        facts.die(f"maxProperties {most:g} is below the {len(needed)} required properties")
    full = _object(maker, facts, spot, properties)
    yield full
    optional = [name for name in full if name not in needed]
    for name in optional[:_VARIED]:
        yield {other: value for other, value in full.items() if other != name}
    kept = {*needed, *optional[: max(least - len(needed), 0)]}
    bare = {name: value for name, value in full.items() if name in kept}
    yield bare
    for name in optional[:_VARIED]:
        yield {other: value for other, value in full.items() if other in kept or other == name}
    for base in (full, bare):
        for name in list(base)[:_VARIED]:
            for value in islice(maker.values(properties.at(name), spot.below(name)), 1 + _OTHERS):
                yield {**base, name: value}


def _misses(maker: Making, facts: Facts, name: str, places: Places) -> bool:
    """Whether a brief object leaves out a property that is not required.

    Many schemas of tools only forget to say what they require: they say so of nothing, and know no default.
    """
    if not maker.brief:
        return False
    says = any(place.get("required") is not None for place in facts.places)
    optional = says or any(isinstance(place.schema, dict) and "default" in place.schema for place in places)
    return optional and not maker.given(places, name) and not _holds(maker, places)


def _holds(maker: Making, places: Places) -> bool:
    """Whether the words give something of what the objects of a list must have."""
    items = [below for place in places for below in place.one("items")]
    if not items:
        return False
    held = flatten(maker.document, tuple(items)).places
    needed = [(name, place.member(name)) for place in held for name in place.texts("required")]
    return any(maker.given(tuple(member), name) for name, member in needed)


def _taking(maker: Making, properties: _Properties, needed: Container[str]) -> Iterable[str]:
    """The order in which properties take what the words give: first what is needed, then what is chosen."""
    if not maker.brief:
        return properties.names

    def rank(name: str) -> int:
        chosen = any(place.get("enum") is not None for place in properties.at(name))
        return 0 if name in needed else 2 - chosen

    return sorted(properties.names, key=rank)


def _made(maker: Making, spot: Spot, name: str, places: Places) -> Any:
    """The value of a property: what it was before where that still fits, else a new one."""
    if name in spot.kept and maker.refusing(places, spot.kept[name]) is None:
        return spot.kept[name]
    return maker.make(places, spot.below(name))


def _leaves_out(maker: Making, facts: Facts, spot: Spot, which: tuple[_Properties, str, Places]) -> bool:
    """Whether an object has no property of a name. Raises `DeadEndError` where it must and cannot."""
    properties, name, places = which
    if name not in properties.needed:
        return (
            spot.recurs(maker.document, places)
            or not properties.allows(name, formats=maker.formats)
            or _misses(maker, facts, name, places)
        )
    if any(place.schema is False for place in places):
        facts.die(f"the property {name!r} is required, and its schema or additionalProperties is false")
    return False


def _object(maker: Making, facts: Facts, spot: Spot, properties: _Properties) -> dict[str, Any]:
    """An object as complete as it may be."""
    needed = set(properties.needed)
    least, most = facts.span("Properties")
    room = most - len(needed)
    made: dict[str, Any] = {}
    plain = not (maker.brief or properties.ruled or spot.kept) and spot.depth < DEEPEST
    for name in _taking(maker, properties, needed):
        if name not in needed and (room <= 0 or (maker.lean and len(made) >= least)):
            continue
        leaf = properties.leaves.get(name) if plain else None
        value = None if leaf is None else maker.leaf(leaf, name)
        if value is not None:
            made[name] = value
            room -= name not in needed
            continue
        places = properties.at(name)
        if _leaves_out(maker, facts, spot, (properties, name, places)):
            continue
        try:
            made[name] = _made(maker, spot, name, places)
        except DeadEndError:
            if name in needed:
                raise
        else:
            room -= name not in needed
    if maker.brief:
        made = {name: made[name] for name in properties.names if name in made}
    wished = max(least, int(min(most, properties.free and not made and not maker.lean)))
    _fill(maker, facts, spot, (properties, made, wished))
    if len(made) < least:
        facts.die(f"minProperties {least} is more than the {len(made)} properties that can be named")
    return made


def _fill(maker: Making, facts: Facts, spot: Spot, wanted: tuple[_Properties, dict[str, Any], int]) -> None:
    """Add properties of names that the schema does not name, as far as they are wished."""
    properties, made, wished = wanted
    if len(made) >= wished:
        return
    for name in islice(_names(maker, facts, spot, properties), wished + MOST):
        maker.step()
        places = properties.at(name)
        if (
            name in made
            or any(place.schema is False for place in places)
            or spot.recurs(maker.document, places)
        ):
            continue
        try:
            made[name] = _made(maker, spot, name, places)
        except DeadEndError:
            continue
        if len(made) >= wished:
            return


def _names(maker: Making, facts: Facts, spot: Spot, properties: _Properties) -> Iterator[str]:
    """New names for properties."""
    ruled = facts.below("propertyNames")
    if ruled:
        strings = maker.values(ruled, replace(spot, name="", kept={}))
        yield from (name for name in _while_found(strings) if isinstance(name, str))
        return
    for some in (_NAMES, MOST):
        for pattern in properties.patterns:
            try:
                names = list(islice(patterned(pattern, maker.numbers, (1, inf)), some))
            except UnreadablePatternError:
                continue
            yield from (name for name in names if maker.document.matches(pattern, name))
    yield from (f"key_{index}" for index in count(1))


def _while_found(values: Iterator[Any]) -> Iterator[Any]:
    try:
        yield from values
    except DeadEndError:
        return
