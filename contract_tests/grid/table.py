"""The table of the grid: what, how and when; and which of their combinations no conversation can show."""

import json
import random
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from contract_tests.grid.operators import OPERATORS, Before, differs

ALWAYS = "always"


@dataclass(frozen=True, slots=True, eq=False)
class Mutation:
    """One broken client: a place, what is done to it, and the tags of the moments at which it is done."""

    layer: str
    what: Mapping[str, Any]
    how: Mapping[str, Any]
    when: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its name."""
        layer = "" if len(self.what["layers"]) == 1 else f"{self.layer}:"
        return f"{layer}{self.what['id']}/{self.how['id']}/{self.when['id']}"

    @property
    def pair(self) -> str:
        """The name of its place and of what is done there."""
        return self.id.rpartition("/")[0]

    def change(self, value: Any, before: Before) -> tuple[Any, ...] | None:
        """What takes the place of a value, or None where it stays as it is."""
        try:
            after = OPERATORS[self.how["id"]](value, before)
        except (TypeError, ValueError, AttributeError):
            return None  # a value of another kind than the place mostly holds
        return after if differs(value, after) else None

    @property
    def tags(self) -> frozenset[str]:
        """What a conversation must have for the place to be there at that moment."""
        return frozenset((*self.what.get("tags", ()), *self.when["tags"], *self.when.get("needs", ())))

    def strikes(self, moment: frozenset[str]) -> bool:
        """Whether it is the moment."""
        return moment.issuperset(self.when["tags"])

    @property
    def hidden(self) -> str:
        """Why no conversation can show it; "" where one can."""
        for rule in table()["exclusive"]:
            if self.tags.issuperset(rule["tags"]):
                return str(rule["why"])
        if self.how["id"] in self.what.get("same", ()):
            return "It always has the same value."
        for rule in table()["invisible"]:
            named = (
                (self.layer, rule.get("layers")),
                (self.what["id"], rule.get("what")),
                (self.how["id"], rule.get("how")),
                (self.when["id"], rule.get("when")),
            )
            if all(allowed is None or name in allowed for name, allowed in named):
                return str(rule["why"])
        return ""


@cache
def table() -> dict[str, Any]:
    """`table.json`."""
    read: dict[str, Any] = json.loads((Path(__file__).parent / "table.json").read_text("utf-8"))
    return read


def pairs() -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Every layer, what and how that go together; another value is put where the table has one."""
    for what in table()["what"]:
        for layer in what["layers"]:
            for how in table()["how"]:
                if what["kind"] in how["kinds"] and (how["id"] != "other" or "other" in what):
                    yield layer, what, how


Places = list[tuple[Mapping[str, Any], list["Mutation"]]]
"""Places, each with what is done there."""


def by_place(mutations: Iterable[Mutation]) -> dict[str, Places]:
    """The places of mutations by their layer, each with every way in which it is broken."""
    found: dict[str, dict[str, tuple[Mapping[str, Any], dict[str, Mutation]]]] = {}
    for one in mutations:
        place = found.setdefault(one.layer, {}).setdefault(one.what["id"], (one.what, {}))
        place[1].setdefault(one.how["id"], one)
    return {
        layer: [(what, list(ways.values())) for what, ways in places.values()]
        for layer, places in found.items()
    }


def moments(layer: str) -> list[Mapping[str, Any]]:
    """The moments at which a layer can be broken."""
    return [
        when
        for when in table()["when"]
        if layer in when.get("layers", (layer,)) and layer not in when.get("not_layers", ())
    ]


def mutations(*, drawn: int | None = 3, seed: int = 0) -> list[Mutation]:
    """The grid: every place broken in every way, at any time and at some moments.

    `drawn` is at how many moments each pair of what and how is tried beside "always"; None: at all of them.
    Those that the rules hide are not drawn.
    """
    found = []
    for layer, what, how in pairs():
        always, *others = [Mutation(layer, what, how, when) for when in moments(layer)]
        possible = [one for one in others if not one.hidden]
        if drawn is not None and len(possible) > drawn:
            draw = random.Random(zlib.crc32(f"{seed} {always.id}".encode()))
            possible = draw.sample(possible, drawn)
        found += [always, *possible]
    return found


def impossible() -> list[Mutation]:
    """What the rules hide, of the whole grid."""
    return [
        one
        for layer, what, how in pairs()
        for one in (Mutation(layer, what, how, when) for when in moments(layer))
        if one.hidden
    ]
