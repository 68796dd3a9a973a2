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
from mockserver.answer.facts import Alternatives, DeadEndError, Facts, flatten, same
from mockserver.answer.leaves import MOST, numbers_of, strings
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

_NULL_LAST = ("null",)


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
        todo: list[tuple[tuple[Place, ...], tuple[Place, ...], tuple[Alternatives, ...], frozenset[str]]]
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

    def _ordered(self, alternatives: Alternatives, *, deep: bool) -> list[tuple[Place, ...]]:
        """Alternatives in the order of trying: the numbers choose, null comes last, a shallow way first."""
        if len(alternatives) == 1:
            return list(alternatives)
        start = next(self.numbers) % len(alternatives)
        turned = [*alternatives[start:], *alternatives[:start]]
        if any(not alternative for alternative in alternatives) or _conditional(alternatives):
            turned = list(alternatives)

        def rank(alternative: tuple[Place, ...]) -> tuple[float, bool]:
            shallow = deep or self.lean
            height = max((self.document.height(place) for place in alternative), default=0) if shallow else 0
            return height, any(place.texts("type") == ["null"] or place.get("const", ) is None and place.get("type") == "null" for place in alternative)

        return sorted(turned, key=rank)

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
        dead = None
        for name in facts.types:
            try:
                yield from self._typed(name, facts, spot)
            except DeadEndError as error:
                dead = dead or error
        if dead:
            raise dead

    def _offered(self, facts: Facts, spot: _Spot) -> list[Any]:
        """What the user's words offer for this property, if anything."""
        if not spot.name:
            return []
        schema: dict[str, Any] = {"type": facts.types}
        if facts.values is not None:
            schema["enum"] = facts.values
        for keyword in ("format", "default"):
            if facts.first(keyword) is not None:
                schema[keyword] = facts.first(keyword)
        description = str(facts.first("description") or "")
        value = self.words.pick(spot.name, description, schema, taken=self.taken)
        if value is None and "string" in facts.types and not spot.listed:
            value = self.words.pick(spot.name, description, schema)
        if value is None or isinstance(value, list | dict):
            return []
        self.taken.append(value)
        return [value]

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
