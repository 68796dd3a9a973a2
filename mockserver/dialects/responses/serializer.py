"""The forms of a response and its events as tables (`fixtures/serializers.json`)."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from mockserver.base import resources
from mockserver.base.values import value
from mockserver.wire.template import Template

CURRENT = "current"
"""The form that is sent when a script asks for no other."""


@value
class Pieces:
    """The events that bring what an item says: piece by piece, then whole."""

    delta: Template
    done: Template


@value
class ResponsesSerializer:
    """One serializer.

    `items` are the items of an output by type, `opened` the same when they begin in a stream; `part` is the
    text of a message. `pieces` are by type of item: one that has none comes whole with its item. `events` are
    all others.
    """

    response: Template
    error: Template
    usage: Template
    items: Mapping[str, Template]
    opened: Mapping[str, Template]
    part: Template
    events: Mapping[str, Template]
    pieces: Mapping[str, Pieces]


def _entries() -> dict[str, Any]:
    entries: dict[str, Any] = resources.fixture("serializers")["responses"]
    return entries


def names() -> tuple[str, ...]:
    """The names by which a script chooses a form."""
    return tuple(_entries())


def _resolved(name: str) -> dict[str, Any]:
    """An entry over what it is like; its pieces are laid over those of the other."""
    entry = _entries()[name]
    base = _resolved(entry["like"]) if "like" in entry else {"pieces": {}}
    return {**base, **entry, "pieces": {**base["pieces"], **entry["pieces"]}}


@cache
def serializer(name: str | None = None) -> ResponsesSerializer:
    """A serializer by its name in the fixtures; the current one for a name of another dialect."""
    entry = _resolved(name if name in _entries() else CURRENT)

    def templates(key: str) -> dict[str, Template]:
        return {kind: Template(shape) for kind, shape in entry[key].items()}

    return ResponsesSerializer(
        response=Template(entry["response"]),
        error=Template(entry["error"]),
        usage=Template(entry["usage"]),
        items=templates("items"),
        opened=templates("opened"),
        part=Template(entry["part"]),
        events=templates("events"),
        pieces={
            kind: Pieces(Template(pair["delta"]), Template(pair["done"]))
            for kind, pair in entry["pieces"].items()
        },
    )
