"""What of a request is still whole where its schema is broken: later checks read it without the rest."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mockserver.talk.finding import Finding
from mockserver.talk.surface import Surface, Trait

_NAME = re.compile(r"([^.\[]*)(?:\[(\d+)\])?")


def _stand_in(surface: Surface) -> dict[str, Any]:
    """Stands for the messages when none is whole: what is asked of them is a later check than theirs."""
    return {"role": "user", "content": [] if Trait.PARTS in surface.traits else ""}


def _held(data: Mapping[str, Any], place: str) -> Any:
    """What a body holds at a place; the body itself at "", None where there is nothing."""
    held: Any = data
    for step in filter(None, place.split(".")):
        held = held.get(step) if isinstance(held, Mapping) else None
    return held


def _put(data: dict[str, Any], place: str, value: Any) -> None:
    *way, last = place.split(".")
    for step in way:
        data = data.setdefault(step, {})
    data[last] = value


def remainder(surface: Surface, data: Mapping[str, Any], found: Iterable[Finding]) -> dict[str, Any]:
    """A request's body without the messages and the parameters at which something was found.

    Its schema allows it when all places are among those found. What holds the messages keeps nothing else.
    """
    options_at = surface.options_at.removesuffix(".")
    around, _, name_of_all = surface.messages_at.rpartition(".")
    options = _held(data, options_at)
    options = dict(options) if isinstance(options, Mapping) else {}
    messages = _held(data, surface.messages_at)
    whole = dict(enumerate(messages)) if isinstance(messages, list) else {}
    for finding in found:
        place = _NAME.match(_inside(finding.path, (options_at, around)))
        assert place is not None, "every text begins with a name, be it an empty one"
        name, index = place.groups()
        if name == name_of_all and index is not None:
            whole.pop(int(index), None)
        elif name == name_of_all:
            whole.clear()
        else:
            options.pop(name, None)
    rest: dict[str, Any] = {"model": data["model"], options_at: options} if options_at else options
    _put(rest, surface.messages_at, list(whole.values()) or [_stand_in(surface)])
    return rest


def _inside(path: str, holders: Iterable[str]) -> str:
    """A place without what it stands in: parameters and messages are told by their own names."""
    for holder in filter(None, holders):
        if path == holder or path.startswith(f"{holder}."):
            return path[len(holder) + 1 :]
    return path
