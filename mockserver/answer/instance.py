"""Instances of a JSON Schema: the JSON that the built-in model answers with.

It proposes and checks. A value is proposed from the words of the user where they offer one, else from what
the schema says, else made up; `jsonschema-rs` judges it at its place in the schema, and the first that is
valid stays. What follows `$ref` and `allOf` holds at once; `anyOf`, `oneOf` and `if` are choices, tried in
turn. Every proposal is a step, and the steps are counted, so no schema keeps it busy for long.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, count, islice, repeat
from math import inf
from typing import Any

from mockserver.answer.document import Document, ImpossibleSchemaError, Place, compiled
from mockserver.answer.facts import Choice, DeadEndError, Facts, flatten, same
from mockserver.answer.leaves import MOST, numbers_of, strings
from mockserver.answer.patterns import texts as matching
from mockserver.answer.words import Words

__all__ = ["DEEPEST", "STEPS", "ImpossibleSchemaError", "instance"]

STEPS = 5_000
"""How many proposals one attempt may make."""

DEEPEST = 48
"""How deep an instance may be nested."""

_VARIED = 8
"""How many properties of an object are varied, one at a time, when the object as a whole is refused."""

_OTHERS = 4
"""How many other values each of them is given."""

_FEW = 24
"""How many values of one type are proposed before those of the next type."""


class OutOfStepsError(ValueError):
    """An attempt that made as many proposals as it may."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where in the instance a value stands: the property's name, how deep, and the references passed."""

    name: str = ""
    depth: int = 0
    passed: frozenset[str] = frozenset()
    deep: bool = False
    listed: bool = False


@dataclass(slots=True)
class _Maker:
    """One attempt at an instance. `lean` leaves out what may be left out; `formats` says whether they bind."""

    document: Document
    numbers: Iterator[int]
    words: Words
    lean: bool = False
    formats: bool = True
    steps: int = 0
    taken: list[Any] = field(default_factory=list)

    def step(self) -> None:
        self.steps += 1
        if self.steps > STEPS:
            msg = f"no instance was found within {STEPS} proposals; make the schema smaller"
            raise OutOfStepsError(msg)

    def make(self, places: tuple[Place, ...], spot: _Spot) -> Any:
        """The first valid value. Raises `DeadEndError` when there is none."""
        for value in self.values(places, spot):
            return value
        msg = f"{_path(places)}: no value was found"
        raise DeadEndError(msg)

    def values(self, places: tuple[Place, ...], spot: _Spot) -> Iterator[Any]:
        """The valid values, as far as they are proposed. Raises `DeadEndError` when there is none at all."""
        if spot.depth > DEEPEST:
            msg = f"{_path(places)}: its instances are nested deeper than {DEEPEST}"
            raise DeadEndError(msg)
        dead: DeadEndError | None = None
        refused: Any = None
        found = proposed = False
        for flat, refs in self._expand(places, spot):
            below = replace(spot, passed=spot.passed | refs, deep=spot.deep or bool(spot.passed & refs))
            if isinstance(flat, DeadEndError):
                dead = dead or flat
                continue
            try:
                for value in self._candidates(Facts(flat, _path(places)), below):
                    self.step()
                    if all(self.document.fits(place, value, formats=self.formats) for place in places):
                        found = True
                        yield value
                    elif not proposed:
                        proposed, refused = True, value
            except DeadEndError as error:
                dead = dead or error
        if not found:
            raise dead or self._explained(places, refused, proposed=proposed)

    def _explained(self, places: tuple[Place, ...], refused: Any, *, proposed: bool) -> DeadEndError:
        for place in places:
            if proposed and not self.document.fits(place, refused, formats=self.formats):
                return DeadEndError(f"{_path(places)}: {self.document.explain(place, refused)}")
        return DeadEndError(f"{_path(places)}: no value was found")

    def _expand(
        self, places: tuple[Place, ...], spot: _Spot
    ) -> Iterator[tuple[tuple[Place, ...] | DeadEndError, frozenset[str]]]:
        """Every way through the choices: the subschemas that then hold, and the references followed."""
        todo: list[tuple[tuple[Place, ...], tuple[Place, ...], tuple[Choice, ...], frozenset[str]]]
        todo = [(places, (), (), frozenset())]
        while todo:
            self.step()
            new, old, choices, refs = todo.pop()
            try:
                flat = flatten(self.document, new)
            except DeadEndError as error:
                yield error, refs
                continue
            known = {place.pointer for place in old}
            held = (*old, *(place for place in flat.places if place.pointer not in known))
            choices = (*choices, *flat.choices)
            refs |= flat.refs
            endless = spot.passed & refs and any(self.document.height(place) == inf for place in held)
            if endless:
                yield DeadEndError(f"{_path(places)}: it needs itself within itself, without end"), refs
            elif not choices:
                yield held, refs
            else:
                ordered = self._ordered(choices[0], deep=spot.deep or bool(spot.passed & refs))
                todo += [(chosen, held, choices[1:], refs) for chosen in reversed(ordered)]

    def _ordered(self, choice: Choice, *, deep: bool) -> list[tuple[Place, ...]]:
        """The ways of a choice in the order of trying.

        A shallow way comes first within a recursion, one that the user's words name before others, and null last.
        """
        ways = list(choice.ways)
        if choice.free and len(ways) > 1:
            start = next(self.numbers) % len(ways)
            ways = ways[start:] + ways[:start]

        def rank(way: tuple[Place, ...]) -> tuple[float, bool, bool]:
            height = (
                max((self.document.height(place) for place in way), default=0) if deep or self.lean else 0
            )
            null = any(place.texts("type") == ["null"] for place in way)
            return height, null, not any(self.words.name(_members(place)) for place in way)

        return sorted(ways, key=rank) if choice.free else ways

    def _candidates(self, facts: Facts, spot: _Spot) -> Iterator[Any]:
        """Proposals for a value: what is fixed, what the words offer, what the schema suggests, what is made."""
        offered = self._offered(facts, spot)
        if facts.values is not None:
            default = [value for value in facts.values if same(value, facts.first("default"))]
            start = next(self.numbers) % len(facts.values)
            turned = facts.values[start:] + facts.values[:start]
            yield from chain(offered, default, (value for value in turned if value is not None), facts.values)
            return
        yield from offered
        suggested = [place.get("default") for place in facts.places if place.get("default") is not None]
        examples = facts.first("examples")
        if isinstance(examples, list) and examples:
            start = next(self.numbers) % len(examples)
            suggested += examples[start:] + examples[:start]
        yield from suggested
        yield from self._of_types(facts, spot)

    def _of_types(self, facts: Facts, spot: _Spot) -> Iterator[Any]:
        """Made values of every type allowed: a few of each type first, then the rest."""
        types = [name for name in facts.types if name != "integer" or "number" not in facts.types]
        made = [self._typed(name, facts, spot) for name in types]
        dead = None
        for few in (_FEW, None):
            for values in made:
                try:
                    yield from islice(values, few)
                except DeadEndError as error:
                    dead = dead or error
        if dead:
            raise dead

    def _offered(self, facts: Facts, spot: _Spot) -> list[Any]:
        """What the user's words offer for this property, if anything."""
        offers = self._offers(facts, spot)
        left = list(self.taken)
        for value in offers:
            if value not in left:
                self.taken.append(value)
                return [value]
            left.remove(value)
        return [value for value in offers[:1] if isinstance(value, str) and not spot.listed]

    def _offers(self, facts: Facts, spot: _Spot) -> list[Any]:
        if not spot.name:
            return []
        schema: dict[str, Any] = {"type": facts.types}
        if facts.values is not None:
            schema["enum"] = facts.values
        for keyword in ("format", "default"):
            if facts.first(keyword) is not None:
                schema[keyword] = facts.first(keyword)
        return self.words.offers(spot.name, str(facts.first("description") or ""), schema)

    def _typed(self, name: str, facts: Facts, spot: _Spot) -> Iterator[Any]:
        match name:
            case "null":
                yield None
            case "boolean":
                first = next(self.numbers) % 2 == 0
                yield from (first, not first)
            case "integer":
                yield from numbers_of(facts, spot.name, self.numbers, whole=True)
            case "number":
                yield from numbers_of(facts, spot.name, self.numbers, whole=False)
            case "string":
                yield from strings(facts, spot.name, self.words.language, self.numbers)
            case "array":
                yield from self._arrays(facts, spot)
            case _:
                yield from self._objects(facts, spot)

    def _items(self, facts: Facts, index: int) -> tuple[Place, ...]:
        """The subschemas of the item at an index."""
        found: list[Place] = []
        for place in facts.places:
            front = place.each("prefixItems") or place.each("items")
            if index < len(front):
                found.append(front[index])
            else:
                found += place.one("additionalItems" if isinstance(place.get("items"), list) else "items")
        return tuple(found)

    def _arrays(self, facts: Facts, spot: _Spot) -> Iterator[Any]:
        least, most = facts.span("Items")
        front = max(len(place.each("prefixItems") or place.each("items")) for place in facts.places)
        contained = facts.below("contains")
        holding = int(max(facts.numbers("minContains"), default=1)) if contained else 0
        slots = range(front, front + holding) if front + holding <= most else range(holding)
        least = max(least, slots.stop if holding else 0)
        if least > MOST:
            raise facts.dead(f"it needs {least} items, more than the {MOST} that the mock makes")
        wished = least if self.lean else self._wished(self._items(facts, front), spot, front)
        for length in dict.fromkeys(
            int(min(max(size, least), most)) for size in (wished, least, 1, least + 1, 0)
        ):
            yield self._array(facts, spot, (least, length), (slots, contained))

    def _wished(self, items: tuple[Place, ...], spot: _Spot, front: int) -> int:
        """How many items are good to have: as many as the words offer, none within a recursion."""
        try:
            flat = flatten(self.document, items)
            offered = len(self._offers(Facts(tuple(flat.places), ""), spot)) if items else 0
        except DeadEndError:
            return front
        if flat.refs & spot.passed:
            return front
        return front + (min(offered, MOST) or 1 + next(self.numbers) % 2)

    def _array(
        self, facts: Facts, spot: _Spot, span: tuple[int, int], holding: tuple[range, tuple[Place, ...]]
    ) -> list[Any]:
        slots, contained = holding
        unique = facts.flag("uniqueItems")
        sources: dict[tuple[Place, ...], Iterator[Any]] = {}
        below = replace(spot, depth=spot.depth + 1, listed=True)
        made: list[Any] = []
        for index in range(span[1]):
            places = self._items(facts, index) + (contained if index in slots else ())
            try:
                if unique:
                    key = tuple(replace(place, schema=True) for place in places)
                    source = sources.setdefault(key, self.values(places, below))
                    value = next(item for item in source if not any(same(item, other) for other in made))
                else:
                    value = self.make(places, below)
            except (DeadEndError, StopIteration) as error:
                if index >= span[0]:
                    break
                if isinstance(error, DeadEndError):
                    raise
                reason = f"uniqueItems: only {index} different items were found, and {span[0]} are needed"
                raise facts.dead(reason) from None
            made.append(value)
        return made

    def _property(self, facts: Facts, name: str) -> tuple[Place, ...]:
        """The subschemas of a property."""
        found: list[Place] = []
        known = False
        for place in facts.places:
            named = place.named("properties")
            direct = [named[name]] if name in named else []
            patterns = place.named("patternProperties")
            direct += [below for pattern, below in patterns.items() if self.document.matches(pattern, name)]
            known = known or bool(direct)
            found += direct or place.one("additionalProperties")
        return tuple(found) if known else (*found, *facts.below("unevaluatedProperties"))

    def _required(self, facts: Facts) -> list[str]:
        """The required properties, and what they require in turn."""
        needed = dict.fromkeys(facts.texts("required"))
        demands = [
            place.get(word) for place in facts.places for word in ("dependentRequired", "dependencies")
        ]
        grown = True
        while grown:
            before = len(needed)
            for demand in demands:
                for name, others in demand.items() if isinstance(demand, Mapping) else ():
                    if name in needed and isinstance(others, list):
                        needed |= dict.fromkeys(other for other in others if isinstance(other, str))
            grown = len(needed) > before
        return list(needed)

    def _objects(self, facts: Facts, spot: _Spot) -> Iterator[Any]:
        least, most = facts.span("Properties")
        needed = self._required(facts)
        if max(least, len(needed)) > MOST:
            raise facts.dead(
                f"it needs {max(least, len(needed))} properties, more than the {MOST} that the mock makes"
            )
        if len(needed) > most:
            raise facts.dead(f"maxProperties {most:g} is below the {len(needed)} required properties")
        full = self._object(facts, spot, needed, (least, most))
        yield full
        bare = {name: value for name, value in full.items() if name in needed}
        for name, value in full.items():
            if len(bare) < least:
                bare.setdefault(name, value)
        yield {name: full[name] for name in full if name in bare}
        optional = [name for name in full if name not in needed]
        for name in optional[:_VARIED]:
            yield {other: value for other, value in full.items() if other != name}
            yield {other: full[other] for other in full if other in bare or other == name}
        for base in (full, bare):
            for name in list(base)[:_VARIED]:
                below = replace(spot, name=name, depth=spot.depth + 1, listed=False)
                for value in islice(self.values(self._property(facts, name), below), 1, 1 + _OTHERS):
                    yield {**base, name: value}

    def _object(
        self, facts: Facts, spot: _Spot, needed: list[str], span: tuple[int, float]
    ) -> dict[str, Any]:
        named = dict.fromkeys(name for place in facts.places for name in place.named("properties"))
        room = span[1] - len(needed)
        made: dict[str, Any] = {}
        for name in dict.fromkeys([*named, *needed]):
            places = self._property(facts, name)
            if name in needed:
                if any(place.schema is False for place in places):
                    raise facts.dead(
                        f"the property {name!r} is required, but its schema or additionalProperties is false"
                    )
            elif room <= 0 or (self.lean and len(made) >= span[0]) or self._recurs(places, spot):
                continue
            try:
                made[name] = self.make(places, replace(spot, name=name, depth=spot.depth + 1, listed=False))
            except DeadEndError:
                if name in needed:
                    raise
            else:
                room -= name not in needed
        self._fill(facts, spot, made, span)
        return made

    def _recurs(self, places: tuple[Place, ...], spot: _Spot) -> bool:
        """Whether a property leads back to where the instance already is."""
        try:
            return bool(flatten(self.document, places).refs & spot.passed)
        except DeadEndError:
            return False

    def _fill(self, facts: Facts, spot: _Spot, made: dict[str, Any], span: tuple[int, float]) -> None:
        """Add properties of names that the schema does not name, as far as `minProperties` or a map wants them."""
        free = any(
            isinstance(place.get(keyword), Mapping)
            for place in facts.places
            for keyword in ("additionalProperties", "patternProperties")
        )
        wished = max(span[0], int(min(span[1], free and not made and not self.lean)))
        if len(made) >= wished:
            return
        dead: DeadEndError | None = None
        for name in islice(self._names(facts, spot), wished + MOST):
            self.step()
            places = self._property(facts, name)
            if name in made or self._recurs(places, spot):
                continue
            try:
                made[name] = self.make(places, replace(spot, name=name, depth=spot.depth + 1, listed=False))
            except DeadEndError as error:
                dead = dead or error
            if len(made) >= wished:
                return
        if len(made) < span[0]:
            raise dead or facts.dead(
                f"minProperties {span[0]} is more than the {len(made)} that can be named"
            )

    def _names(self, facts: Facts, spot: _Spot) -> Iterator[str]:
        """New names for properties."""
        below = facts.below("propertyNames")
        if below:
            names = (name for name in self.values(below, replace(spot, name="")) if isinstance(name, str))
            yield from names
        for place in facts.places:
            for pattern in place.named("patternProperties"):
                for name in islice(matching(pattern, self.numbers), _FEW):
                    if self.document.matches(pattern, name):
                        yield name
        yield from (f"key_{index}" for index in count(1))


def _path(places: tuple[Place, ...]) -> str:
    return places[0].path if places else "the value"


def _members(place: Place) -> list[Any]:
    members = place.get("enum")
    return members if isinstance(members, list) else [place.get("const")]


def instance(schema: Mapping[str, Any] | bool, *, numbers: Iterable[int], words: Words) -> Any:
    """An instance of a schema, the same for the same numbers and words. Raises `ImpossibleSchemaError`.

    It is as complete as models make theirs: optional properties are there unless that would never end. When
    such an instance takes too many steps, only what is required is made; when a `format` contradicts the rest,
    it gives way, as it only annotates (JSON Schema 2020-12, Validation, 7.2.1).
    """
    document = compiled(schema)
    endless = chain(numbers, repeat(0))
    reason = ""
    for lean, formats in ((False, True), (True, True), (False, False), (True, False)):
        maker = _Maker(document, endless, words, lean=lean, formats=formats)
        try:
            return maker.make((document.root,), _Spot(passed=frozenset(("",))))
        except (DeadEndError, OutOfStepsError) as error:
            reason = reason or str(error)
    raise ImpossibleSchemaError(reason)
