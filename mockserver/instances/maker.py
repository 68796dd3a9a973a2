"""Proposes values for subschemas and keeps those that are valid.

What follows `$ref` and `allOf` holds at once; `anyOf` and `oneOf` are choices, tried in turn. Conditions
(`if`, dependent schemas) are read, not tried: a proposal says which of them it meets, what these demand is
added, and it is made again with all that it had. Every proposal is a step; the steps are counted, so that a
schema with too many choices gets a simpler answer, the same on every machine. A deadline ends the rest.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from math import inf
from typing import Any

from mockserver.base.deadline import Deadline
from mockserver.base.forgetting import memo
from mockserver.instances.arrays import arrays
from mockserver.instances.document import Document, formatted
from mockserver.instances.facts import (
    Choice,
    Condition,
    DeadEndError,
    Facts,
    Plain,
    facts_of,
    flatten,
    key,
    plain_of,
    pointers,
)
from mockserver.instances.leaves import any_text, numbers_of, strings
from mockserver.instances.objects import objects
from mockserver.instances.places import Place
from mockserver.instances.spots import DEEPEST, Places, Spot
from mockserver.instances.words import Words

STEPS = 5_000
"""How many proposals one attempt may make."""

_LOOKS = 16
"""After how many steps the clock is looked at, as at the first: to read that of a thread is slow."""

_FEW = 24
"""How many values of one type, or of one way through the choices, are proposed before those of the next."""


PATIENCE = 0.8
"""How many seconds of work making an instance may take."""

_NOTHING: Any = object()
"""In the place of a value that was not found."""

_ROUNDS = 64
"""How often what a proposal meets may ask for more."""


class OutOfStepsError(ValueError):
    """An attempt that made as many proposals as it may."""


class OutOfTimeError(ValueError):
    """An attempt whose deadline is over."""


@dataclass(frozen=True, slots=True)
class _Way:
    """One way through the choices: what holds, under which conditions, and the references followed.

    The `choices` are those that are still to be made.
    """

    held: Places
    conditions: tuple[Condition, ...]
    passed: frozenset[str]
    choices: tuple[Choice, ...]

    def wants(self, met: Iterable[bool]) -> Places:
        """What the conditions demand that does not hold yet; `met` says of each whether it is met."""
        known = {place.pointer for place in self.held}
        demanded = (
            place
            for condition, is_met in zip(self.conditions, met, strict=True)
            for place in condition.demands(met=is_met)
        )
        return tuple({place.pointer: place for place in demanded if place.pointer not in known}.values())


@dataclass(frozen=True, slots=True)
class _Source:
    """Proposals of one way through the choices, and the steps that the check of one counts for."""

    values: Iterator[Any]
    weight: int


@dataclass(slots=True)
class Maker:
    """One attempt.

    `sparse` leaves out what may be left out, `brief` that of it which the words do not give; `formats` says
    whether formats bind.
    """

    document: Document
    numbers: Iterator[int]
    words: Words
    deadline: Deadline = field(default_factory=lambda: Deadline(PATIENCE))
    sparse: bool = False
    formats: bool = True
    brief: bool = False
    steps: int = 0
    taken: list[Any] = field(default_factory=list)

    @property
    def lean(self) -> bool:
        """Whether to leave out what may be left out: it was asked for, or half of steps or time are gone."""
        return self.sparse or 2 * self.steps > STEPS or self.deadline.near

    def step(self, weight: int = 1) -> None:
        """Count a step, or several for what takes long.

        Raises `OutOfStepsError` after the last one, and `OutOfTimeError` behind the deadline.
        """
        before = self.steps
        after = before + weight
        looks = after // _LOOKS != before // _LOOKS or not (before or self.deadline.hasty)
        if looks and self.deadline.over:
            msg = "no instance was found in time; a schema with fewer choices would do"
            raise OutOfTimeError(msg)
        if after > STEPS:
            msg = f"no instance was found within {STEPS} proposals; a schema with fewer choices would do"
            raise OutOfStepsError(msg)
        self.steps = after

    def make(self, places: Places, spot: Spot) -> Any:
        """The first valid value. Raises `DeadEndError` when there is none."""
        plain = plain_of(self.document, places)
        if plain and spot.depth <= DEEPEST:
            found = self._plain(plain, spot)
            if found is not _NOTHING:
                return found
        return next(self.values(places, spot))

    def leaf(self, leaf: Plain, name: str, *, listed: Sequence[Any] | None = None) -> Any:
        """The value of a property, or of an item, that may be any of its type, as `make` would find it.

        `listed` is for an item: what the words offer for the items of its list, which is looked for once.
        None where the words offer one that is none: a text that is not Unicode.
        """
        before = len(self.taken)
        offers = listed
        if offers is None:
            offers = self.words.offers(name, *leaf.facts.wanted) if name else ()
        offered = self._free(offers, listed=listed is not None) if offers else ()
        self.step(leaf.weight)
        if not offered:
            if leaf.type == "string":
                return any_text(leaf.facts, name, self.words.language, self.numbers)
            return next(self._typed(leaf.type, leaf.facts, _named(name)))
        first = offered[0]
        if (isinstance(first, str) and first.isascii()) or self.document.fits(
            leaf.place, first, formats=self.formats
        ):
            return first
        del self.taken[before:]
        return None

    def _plain(self, plain: Plain, spot: Spot) -> Any:
        """The first value that `values` would propose; nothing where that is refused.

        Raises `DeadEndError` where it cannot even be made.
        """
        before = len(self.taken)
        offered = self._offered(plain.facts, spot) if spot.name else ()
        self.step(plain.weight)
        found = offered[0] if offered else next(self._typed(plain.type, plain.facts, spot), _NOTHING)
        if found is not _NOTHING and self.document.fits(plain.place, found, formats=self.formats):
            return found
        del self.taken[before:]
        return _NOTHING

    def values(self, places: Places, spot: Spot) -> Iterator[Any]:
        """The valid values among those proposed, at least one. Raises `DeadEndError` when there is none."""
        path = places[0].path if places else "schema"
        if spot.depth > DEEPEST:
            msg = f"{path}: its instances are nested deeper than {DEEPEST} levels"
            raise DeadEndError(msg)
        dead: DeadEndError | None = None
        refused: DeadEndError | None = None
        found = False
        begun: list[_Source] = []
        for few, sources in ((_FEW, self._sources(places, spot, path, begun)), (None, begun)):
            for source in sources:
                try:
                    for value in islice(source.values, few):
                        self.step(source.weight)
                        refusing = self.refusing(places, value)
                        if refusing is None:
                            found = True
                            yield value
                        elif refused is None:
                            refused = DeadEndError(f"{path}: {self.document.explain(refusing, value)}")
                except DeadEndError as error:
                    dead = dead or error.anew()
        if not found:
            raise (dead or refused or DeadEndError(f"{path}: no value was found")).anew()

    def _sources(self, places: Places, spot: Spot, path: str, begun: list[_Source]) -> Iterator[_Source]:
        """The proposals of every way through the choices, which are kept in `begun` to go on with."""
        for way in self._ways(places, spot, path):
            if isinstance(way, DeadEndError):
                begun.append(_Source(self._proposals(way, spot, path, set()), 1))
            else:
                below = spot.behind(way.passed) if way.passed else spot
                weight = sum(map(self.document.weight, way.held))
                values = (
                    self._proposals(way, below, path, set())
                    if way.conditions
                    else self._candidates(facts_of(self.document, way.held, path), below)
                )
                begun.append(_Source(values, weight))
            yield begun[-1]

    def _proposals(
        self, way: _Way | DeadEndError, spot: Spot, path: str, seen: set[frozenset[str]]
    ) -> Iterator[Any]:
        """The candidates of a way that have all that its conditions demand of them.

        `seen` are the sets of subschemas that were made before, so none is made twice.
        """
        if isinstance(way, DeadEndError):
            raise way.anew()
        dead: DeadEndError | None = None
        for value in self._candidates(facts_of(self.document, way.held, path), spot):
            asked = self._asked(way, value)
            if not asked:
                yield value
            for more in asked:
                marks = frozenset(place.pointer for place in (*way.held, *more))
                if marks in seen or len(seen) > _ROUNDS:
                    continue
                seen.add(marks)
                try:
                    yield from self._again(way, more, replace(spot, kept=_kept(value)), path, seen)
                except DeadEndError as error:
                    dead = dead or error.anew()
                else:
                    break
        if dead:
            raise dead.anew()

    def _again(
        self, way: _Way, more: Places, spot: Spot, path: str, seen: set[frozenset[str]]
    ) -> Iterator[Any]:
        """The proposals of a way with more subschemas. Raises `DeadEndError` when there are none."""
        dead: DeadEndError | None = None
        found = False
        for next_way in self._ways(more, spot, path, way):
            try:
                for value in islice(self._proposals(next_way, spot, path, seen), _FEW):
                    found = True
                    yield value
            except DeadEndError as error:
                dead = dead or error.anew()
        if not found and dead:
            raise dead.anew()

    def _asked(self, way: _Way, value: Any) -> list[Places]:
        """What the conditions demand of a candidate beyond what holds: nothing, or ways to give it.

        The second way is for an `else` that allows nothing: what is not met yet shall be met.
        """
        met = [each.met(self.document, value, formats=self.formats) for each in way.conditions]
        asked = way.wants(met)
        if not asked:
            return []
        turned = way.wants(
            is_met or bool(each.other) for each, is_met in zip(way.conditions, met, strict=True)
        )
        return [asked, turned] if turned != asked else [asked]

    def refusing(self, places: Places, value: Any) -> Place | None:
        """The first of some subschemas that a value does not fit; None when it fits all."""
        for place in places:
            if not self.document.fits(place, value, formats=self.formats):
                return place
        return None

    def _ways(
        self, places: Places, spot: Spot, path: str, start: _Way | None = None
    ) -> Iterator[_Way | DeadEndError]:
        """Every way through the choices of some subschemas, on top of what holds at the start."""
        todo: list[tuple[Places, _Way | None]] = [(places, start)]
        while todo:
            self.step()
            new, before = todo.pop()
            try:
                way = _onward(self.document, before, new, path)
            except DeadEndError as error:
                yield error
                continue
            recurs = bool(spot.passed & way.passed)
            if recurs and any(self.document.height(place) == inf for place in way.held):
                yield DeadEndError(f"{path}: it needs itself within itself, without end")
            elif way.choices:
                ordered = self._ordered(way.choices[0], spot, deep=spot.deep or recurs)
                chosen = replace(way, choices=way.choices[1:])
                todo += [(places, chosen) for places in reversed(ordered)]
            else:
                yield way

    def _ordered(self, choice: Choice, spot: Spot, *, deep: bool) -> list[Places]:
        """The ways of a choice in the order of trying.

        A shallow way comes first within a recursion, one that the user's words name before others, null last:
        but first where a brief value has no words for anything else.
        """
        ways = list(choice.ways)
        start = next(self.numbers) % len(ways)
        empty = self.brief and bool(spot.name) and not any(self.given(way, spot.name) for way in ways)

        def rank(way: Places) -> tuple[float, bool, bool]:
            height = (
                max((self.document.height(place) for place in way), default=0) if deep or self.lean else 0
            )
            null = any(place.texts("type") == ["null"] for place in way)
            return height, null != empty, not any(self.words.name(_members(place)) for place in way)

        return sorted(ways[start:] + ways[:start], key=rank)

    def _candidates(self, facts: Facts, spot: Spot) -> Iterator[Any]:
        """Proposals: what is fixed, else what the words offer, what the schema suggests, what is made."""
        offered = _cased(self._offered(facts, spot))
        if facts.values is not None:
            default = key(facts.first("default"))
            likely = [value for value in facts.values if value is not None and key(value) == default]
            start = next(self.numbers) % len(facts.values)
            turned = facts.values[start:] + facts.values[:start]
            yield from chain(offered, likely, sorted(turned, key=lambda value: value is None))
            return
        yield from offered
        yield from (value for place in facts.places if (value := place.get("default")) is not None)
        examples = facts.first("examples")
        if isinstance(examples, list) and examples:
            start = next(self.numbers) % len(examples)
            yield from examples[start:] + examples[:start]
        yield from self._of_types(facts, spot)

    def _of_types(self, facts: Facts, spot: Spot) -> Iterator[Any]:
        """Made values of every type allowed: a few of each type first, then the rest."""
        types = [name for name in facts.types if name != "integer" or "number" not in facts.types]
        made = [self._typed(name, facts, spot) for name in types]
        dead: DeadEndError | None = None
        for few in (_FEW, None):
            for values in made:
                try:
                    yield from islice(values, few)
                except DeadEndError as error:
                    dead = dead or error.anew()
        if dead:
            raise dead.anew()

    def _offered(self, facts: Facts, spot: Spot) -> list[Any]:
        """What the user's words offer for this property and no other has; a text may serve twice."""
        return self._free(self.offers(facts, spot), listed=spot.listed)

    def _free(self, offers: Sequence[Any], *, listed: bool) -> list[Any]:
        """The first of some values of the words that no other property has; a text may serve twice."""
        if not offers:
            return []
        left = list(self.taken)
        for value in offers:
            if value not in left:
                self.taken.append(value)
                return [value]
            left.remove(value)
        return [value for value in offers[:1] if isinstance(value, str) and not listed]

    def given(self, places: Places, name: str) -> bool:
        """Whether the user's words give a value for this very property, one that no other has."""
        try:
            flat = flatten(self.document, places)
            ways = [flat.places, *(way for choice in flat.choices for way in choice.ways)]
            taken = {str(value).casefold() for value in self.taken}
            return any(str(value).casefold() not in taken for way in ways for value in self._given(way, name))
        except DeadEndError:
            return False

    def told(self, places: Places) -> int:
        """How many objects the words tell of: as many as they give values for a property that all have."""
        needed = dict.fromkeys(name for place in places for name in place.texts("required"))
        most = 0
        for name in list(needed)[:_FEW]:
            member = tuple(below for place in places for below in place.member(name))
            with suppress(DeadEndError):
                held = flatten(self.document, member).places
                facts = facts_of(self.document, held, "")
                if held and facts.types == ["string"] and facts.values is None:
                    most = max(most, len(self.words.gives(name, *facts.wanted)))
        return min(most, _FEW)

    def _given(self, places: Iterable[Place], name: str) -> list[Any]:
        held = flatten(self.document, tuple(places)).places
        return self.words.gives(name, *facts_of(self.document, held, "").wanted)

    def offers(self, facts: Facts, spot: Spot) -> list[Any]:
        """All that the user's words offer for this property."""
        if not spot.name:
            return []
        found = self.words.offers(spot.name, *facts.wanted)
        forms = facts.texts("format") if found and self.formats else ()
        if not forms:
            return found
        return [each for each in found if all(formatted(form, each) for form in forms)]

    def _typed(self, name: str, facts: Facts, spot: Spot) -> Iterator[Any]:
        match name:
            case "null":
                yield None
            case "boolean":
                first = next(self.numbers) % 2 == 0
                yield from (first, not first)
            case "integer" | "number":
                yield from numbers_of(facts, spot.name, self.numbers, whole=name == "integer")
            case "string":
                yield from strings(facts, spot.name, self.words.language, self.numbers)
            case "array":
                yield from arrays(self, facts, spot)
            case _:
                yield from objects(self, facts, spot)


@memo(most=256)
def _named(name: str) -> Spot:
    """Where a value stands of which only the name is asked."""
    return Spot(name)


def _cased(values: list[Any]) -> Iterator[Any]:
    """Values, and texts in other cases where theirs is refused."""
    yield from values
    texts = (value for value in values if isinstance(value, str))
    yield from (change(text) for text in texts for change in (str.upper, str.lower, str.title))


def _onward(document: Document, way: _Way | None, new: Places, path: str) -> _Way:
    """A way on which more subschemas hold; without one, that of these alone. Raises `DeadEndError`."""
    if way is None:
        return document.known(("way", path, *pointers(new)), lambda: _joined(document, (), new, path))
    more = _joined(document, way.held, new, path)
    return _Way(
        more.held,
        (*way.conditions, *more.conditions),
        way.passed | more.passed,
        (*way.choices, *more.choices),
    )


def _joined(document: Document, held: Places, new: Places, path: str) -> _Way:
    """What subschemas add to those that hold already. Raises `DeadEndError`."""
    flat = flatten(document, new)
    both = tuple({place.pointer: place for place in (*held, *flat.places)}.values())
    facts_of(document, both, path)
    _agree(both, flat.places)
    return _Way(both, flat.conditions, flat.refs, flat.choices)


def _agree(held: Places, new: Iterable[Place]) -> None:
    """Whether new subschemas leave required properties a type and a value. Raises `DeadEndError`.

    So of choices that contradict one another none is followed to its end.
    """
    required = {name for place in held for name in place.texts("required")}
    given = {name for place in new for name in place.get("properties") or () if name in required}
    for name in given:
        places = tuple(place for each in held for place in each.member(name))
        if len(places) > 1:
            Facts(places, places[0].path)


def _kept(value: Any) -> Mapping[str, Any]:
    """The properties of a candidate that is to be made again."""
    return value if isinstance(value, dict) else {}


def _members(place: Place) -> list[Any]:
    members = place.get("enum")
    return members if isinstance(members, list) else [place.get("const")]
