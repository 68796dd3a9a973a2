"""Parameters that no model could read: where the rules let them in, a request is read without them."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from mockserver.base import resources
from mockserver.talk.finding import Finding
from mockserver.talk.surface import Surface

_PLACE = re.compile(r"(?P<name>[^.\[]+)(?:\[(?P<index>\d+)\])?")


class Part(NamedTuple):
    """What can be left out: a parameter, or an item of one that is a list; without a name all of them."""

    name: str
    item: int | None = None


@cache
def rules() -> frozenset[str]:
    """The ids of the rules whose parameters are left out where they are let in."""
    return frozenset(entry["id"] for entry in resources.fixture("rules")["rules"] if entry.get("left_out"))


@cache
def _needed(surface: Surface) -> frozenset[str]:
    """What no request may lack, messages among it."""
    return frozenset(resources.schema(f"{surface.name}.request")["required"])


def part_at(surface: Surface, path: str) -> Part | None:
    """What has to go so that nothing stands at a place; None where no request can do without it."""
    holder = surface.options_at.removesuffix(".")
    if holder and path == holder:
        return Part("")
    place = _PLACE.match(path, len(surface.options_at)) if path.startswith(surface.options_at) else None
    if place is None or (not holder and place["name"] in _needed(surface)):
        return None
    return Part(place["name"], None if place["index"] is None else int(place["index"]))


def without(surface: Surface, data: Mapping[str, Any], found: Iterable[Finding]) -> dict[str, Any]:
    """A request's body without what can be left out of the places at which such a rule was broken."""
    at = [part_at(surface, finding.path) for finding in found if finding.rule in rules()]
    parts = {part for part in at if part is not None}
    holder = surface.options_at.removesuffix(".")
    if not holder:
        return _less(data, parts)
    if Part("") in parts:
        return {name: held for name, held in data.items() if name != holder}
    return {**data, holder: _less(data[holder], parts)} if parts else dict(data)


def _less(options: Mapping[str, Any], parts: Iterable[Part]) -> dict[str, Any]:
    """Parameters without some of them, or without items; a list that would be empty goes too."""
    kept = dict(options)
    for name in {part.name for part in parts}:
        items = {part.item for part in parts if part.name == name}
        held = kept.pop(name)
        rest = [] if None in items else [item for index, item in enumerate(held) if index not in items]
        if rest:
            kept[name] = rest
    return kept
