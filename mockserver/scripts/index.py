"""Finds the scripts that may match a request without trying all of them.

Every script is filed once, under the rarest thing that a matching request must have: a model, a header,
a text that is equal, or a piece of a text that is contained. A request is looked up by all that it has.
What is found is a superset in the order of arrival: the conditions themselves decide.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from heapq import merge
from itertools import chain
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

from mockserver.scripts.conversation import said
from mockserver.talk.request import ChatRequest

_SIZES = (8, 4, 2, 1)
"""The lengths of the pieces that a contained text is filed under: the longest that fits."""

_PIECES = 1000
"""Among so many pieces of a text the rarest is looked for: all of a long one are sixty times the text."""

_SORTED = 64
"""How many candidates are sorted at once; more are merged as they are tried."""

_GLOB = re.compile(r"[*?\[]")
_SPECIAL = re.compile(r"[\\|()\[\]{}?*+.^$]")

Key = tuple[str, Any]
"""What a script is filed under: a field and the value it must have, or a field and a piece of it."""


class Filed(Protocol):
    """What can be filed."""

    @property
    def order(self) -> int:
        """Its number in the order of arrival."""

    @property
    def conditions(self) -> Mapping[str, Any]:
        """Its `match` as written."""


T = TypeVar("T", bound=Filed)


def _model(request: ChatRequest) -> list[str]:
    return [request.model.name]


def _all_texts(request: ChatRequest) -> list[str]:
    return [message.text for message in request.messages]


def _tool_texts(request: ChatRequest) -> list[str]:
    return [message.text for message in request.messages if message.role == "tool"]


def _last_text(request: ChatRequest) -> list[str]:
    return [request.messages[-1].text] if request.messages else []


def _tool_names(request: ChatRequest) -> list[Any]:
    return [tool.get("function", {}).get("name") for tool in request.tools]


_FIELDS: dict[str, Callable[[ChatRequest], list[Any]]] = {
    "last_user": lambda request: [request.last_user],
    "system": lambda request: [request.system],
    "last": _last_text,
    "tool_result": _tool_texts,
    "any_message": _all_texts,
    "tools": _tool_names,
    "model": _model,
    "turn": lambda request: [request.turn],
    "steps": lambda request: [len(said(request, system=True)), len(said(request, system=False))],
    "surface": lambda request: [request.surface.name],
    "stream": lambda request: [request.stream],
}
"""What a request has, by field. A header is a field of its own name."""


def _values(name: str, request: ChatRequest) -> list[Any]:
    if name.startswith("header "):
        value = request.headers.get(name[7:])
        return [] if value is None else [value]
    return _FIELDS[name](request)


def literal(pattern: str) -> str:
    """The longest text that whatever fits a simple regular expression holds; "" when that is not plain."""
    if re.search(r"[\\|()\[{]", pattern):
        return ""
    # A character before one of these may be absent, so it belongs to no run.
    runs = _SPECIAL.split(re.sub(r".[?*]", ".", pattern, flags=re.DOTALL))
    return max(runs, key=len)


def _pieces(text: str) -> tuple[int, set[str]]:
    size = next((size for size in _SIZES if size <= len(text)), 0)
    number = min(len(text) - size + 1, _PIECES)
    return size, {text[at : at + size] for at in range(number)} if size else set()


def _text_keys(name: str, spec: Any) -> Iterator[Key]:
    if isinstance(spec, str):
        yield name, spec
        return
    part = spec["contains"] if "contains" in spec else literal(spec["regex"])
    size, pieces = _pieces(part)
    for piece in pieces:
        yield f"{name}/{size}", piece


def _last_keys(step: Mapping[str, Any]) -> Iterator[Key]:
    """What the last step of a conversation is filed under, which is never what a model said."""
    role, text = next(iter(step.items()))
    if text is not None and role != "assistant":
        yield from _text_keys("last", text)


def keys_of(match: Mapping[str, Any]) -> Iterator[Key]:
    """Everything that a script may be filed under: whoever matches has all of them."""
    for name, spec in match.items():
        if name in ("last_user", "system", "any_message", "tool_result"):
            yield from _text_keys(name, spec)
        elif name in ("turn", "surface", "stream") or (name == "model" and not _GLOB.search(spec)):
            yield name, spec
        elif name == "header":
            for header, text in spec.items():
                yield from _text_keys(f"header {header.lower()}", text)
        elif name == "conversation":
            yield from _last_keys(spec[-1])
            yield "steps", len(spec)
        elif name == "tools":
            yield from ((name, tool) for tool in spec)


class Index(Generic[T]):
    """The scripts of one world, filed."""

    def __init__(self, filed: Iterable[T] = ()) -> None:
        self._buckets: dict[str, dict[Any, list[T]]] = {}
        self._rest: list[T] = []
        self._places: dict[int, Key | None] = {}
        for one in filed:
            self.add(one)

    def __len__(self) -> int:
        return len(self._places)

    def _load(self, key: Key) -> int:
        return len(self._buckets.get(key[0], {}).get(key[1], ()))

    def add(self, one: T) -> None:
        """Files a script behind all that arrived before it."""
        key = min(keys_of(one.conditions), key=self._load, default=None)
        bucket = self._rest if key is None else self._buckets.setdefault(key[0], {}).setdefault(key[1], [])
        bucket.append(one)
        self._places[one.order] = key

    def remove(self, one: T) -> None:
        """Takes a script out; nothing happens when it is not in."""
        if one.order not in self._places:
            return
        key = self._places.pop(one.order)
        if key is None:
            self._rest.remove(one)
            return
        buckets = self._buckets[key[0]]
        buckets[key[1]].remove(one)
        if not buckets[key[1]]:
            del buckets[key[1]]
        if not buckets:
            del self._buckets[key[0]]

    def candidates(self, request: ChatRequest) -> Iterator[T]:
        """Every script that may match, in the order of arrival."""
        if not self._buckets:
            return iter(self._rest)
        found = [self._rest] if self._rest else []
        for field, buckets in self._buckets.items():
            name, _, size = field.partition("/")
            values = _values(name, request)
            if not size:
                found += [buckets[value] for value in dict.fromkeys(values) if value in buckets]
            else:
                found += _holding(buckets, values, int(size))
        if len(found) == 1:
            return iter(found[0])
        if sum(map(len, found)) <= _SORTED:
            return iter(sorted(chain.from_iterable(found), key=_order))
        return merge(*found, key=_order)


_order = attrgetter("order")


def _holding(buckets: dict[Any, list[T]], texts: list[str], size: int) -> list[list[T]]:
    """The buckets whose piece is in one of the texts: the shorter of both ways is gone."""
    if len(buckets) <= sum(map(len, texts)):
        return [bucket for piece, bucket in buckets.items() if any(piece in text for text in texts)]
    pieces = {text[at : at + size] for text in texts for at in range(len(text) - size + 1)}
    return [buckets[piece] for piece in buckets.keys() & pieces]
