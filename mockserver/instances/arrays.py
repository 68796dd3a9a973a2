"""Candidates for arrays. Each is to be checked."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from mockserver.base.values import value
from mockserver.instances.document import Document
from mockserver.instances.facts import DeadEndError, Facts, facts_of, flatten, key, plain_of, pointers
from mockserver.instances.leaves import MOST
from mockserver.instances.making import Making
from mockserver.instances.spots import DEEPEST, Places, Spot


class _Items:
    """The subschemas of the items of one array, by their index."""

    def __init__(self, document: Document, facts: Facts) -> None:
        self._rows = []
        for place in facts.places:
            front = place.each("prefixItems") or place.each("items")
            listed = isinstance(place.get("items"), list)
            self._rows.append((front, tuple(place.one("additionalItems" if listed else "items"))))
        self.front = max((len(front) for front, _ in self._rows), default=0)
        plain = None if self.front else plain_of(document, self.at(0))
        self.leaf = plain if plain and plain.free else None
        """What each item is, where it may be any of its type."""

    def at(self, index: int) -> Places:
        """The subschemas of the item at an index."""
        return tuple(
            place for front, rest in self._rows for place in ((front[index],) if index < len(front) else rest)
        )


_ROUNDS = 3
"""How often the values of an item are gone through for one that differs from the others."""


@value
class _Plan:
    """An array to be made: its items, the least that it must have, and which of them `contains` holds for.

    `offers` are what the words offer for items that are leaves.
    """

    items: _Items
    offers: Sequence[Any]
    least: int
    slots: range
    contained: Places
    unique: bool


def arrays(maker: Making, facts: Facts, spot: Spot) -> Iterator[list[Any]]:
    """Candidates for an array. Raises `DeadEndError` where none can be."""
    least, most = facts.span("Items")
    items = maker.document.known(("items", *pointers(facts.places)), lambda: _Items(maker.document, facts))
    offers = maker.offers(items.leaf.facts, spot) if items.leaf else ()
    contained = facts.below("contains")
    holding = int(max(facts.numbers("minContains"), default=1)) if contained else 0
    if holding > most:
        facts.die(f"contains needs {holding} items, and maxItems {most:g} allows fewer")
    least = max(least, holding)
    if least > MOST:
        facts.die(f"it needs {least} items, more than the {MOST} that the mock makes")
    behind = (
        holding > 0
        and items.front + holding <= most
        and all(place.schema is not False for place in items.at(items.front))
    )
    wished = least if maker.lean else _wished(maker, items, spot, len(offers))
    for start in dict.fromkeys((items.front if behind else 0, 0)) if holding else (0,):
        slots = range(start, start + holding)
        plan = _Plan(items, offers, least, slots, contained, facts.flag("uniqueItems"))
        for size in dict.fromkeys((max(wished, slots.stop), max(least, slots.stop), least + 1, 1, 0)):
            yield _array(maker, facts, spot, (plan, int(min(max(size, least), most, MOST))))


def _wished(maker: Making, items: _Items, spot: Spot, offered: int) -> int:
    """How many items are good to have: as many as the words offer, none more within a recursion.

    What is `offered` is known of leaves.
    """
    if items.leaf:
        return min(offered, MOST) or 1 + next(maker.numbers) % 2
    places = items.at(items.front)
    if spot.recurs(maker.document, places):
        return items.front
    try:
        held = flatten(maker.document, places).places
        facts = facts_of(maker.document, held, "") if held else None
        offered = len(maker.offers(facts, spot)) if facts else 0
        if facts and facts.types == ["object"]:
            offered = maker.told(held)
    except DeadEndError:
        return items.front
    return items.front + (min(offered, MOST) or 1 + next(maker.numbers) % 2)


class _NoOtherError(ValueError):
    """No item that differs from the others was found."""


class _Different:
    """Makes items of which no two are equal."""

    def __init__(self, maker: Making, spot: Spot) -> None:
        self._maker = maker
        self._spot = spot
        self._seen: set[Hashable] = set()
        self._sources: dict[tuple[str, ...], Iterator[Any]] = {}

    def make(self, places: Places) -> Any:
        """A new item. Raises `_NoOtherError`, or `DeadEndError` when there is none at all."""
        pointers = tuple(place.pointer for place in places)
        for _ in range(_ROUNDS):
            source = self._sources.setdefault(pointers, self._maker.values(places, self._spot))
            for item in source:
                if key(item) not in self._seen:
                    self._seen.add(key(item))
                    return item
            del self._sources[pointers]
        raise _NoOtherError


def _array(maker: Making, facts: Facts, spot: Spot, wanted: tuple[_Plan, int]) -> list[Any]:
    plan, length = wanted
    leaf = None if plan.unique or plan.contained or spot.depth >= DEEPEST else plan.items.leaf
    below = Spot(spot.name, spot.depth + 1, spot.passed, spot.deep, listed=True)
    different = _Different(maker, below) if plan.unique else None
    made: list[Any] = []
    for index in range(length):
        easy = None if leaf is None else maker.leaf(leaf, spot.name, listed=plan.offers)
        if easy is not None:
            made.append(easy)
            continue
        places = plan.items.at(index) + (plan.contained if index in plan.slots else ())
        try:
            item = different.make(places) if different else maker.make(places, below)
        except _NoOtherError:
            if index < plan.least:
                facts.die(
                    f"uniqueItems: only {index} different items were found, and {plan.least} are needed"
                )
            break
        except DeadEndError:
            if index < plan.least:
                raise
            break
        made.append(item)
    return made
