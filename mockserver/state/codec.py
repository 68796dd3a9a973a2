"""Exchanges as JSON, for those who remember together: values by their names, and nothing that runs."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any

from mockserver.base.jsontext import dumps, loads
from mockserver.catalogue.errors import Refusal, Words
from mockserver.state.journal import Entry
from mockserver.state.sent import Sent
from mockserver.state.worlds import World
from mockserver.talk.fault import Fault, Faults, Kind
from mockserver.talk.finding import Finding, Severity
from mockserver.talk.reply import Choice, Pace, Raw, Reply, Usage
from mockserver.talk.request import Part, ToolCall

_KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        Choice,
        Fault,
        Faults,
        Finding,
        Kind,
        Pace,
        Part,
        Raw,
        Refusal,
        Reply,
        ToolCall,
        Usage,
        Words,
    )
}
"""The values that an exchange is made of."""

_ENUMS: dict[str, type[Enum]] = {"Severity": Severity}

_WRITTEN = (
    "request_id",
    "surface",
    "stream",
    "arrived",
    "model",
    "findings",
    "answered_by",
    "status",
    "reply",
    "refusal",
    "usage",
    "started",
    "finished",
    "fault",
    "endpoint",
)
"""What of an entry is written; its body and headers are bytes beside it."""


def _shape(kind: type[Any]) -> tuple[tuple[str, Any], ...]:
    """The fields that make a value, with what they are when nothing is said."""
    return tuple(
        (field.name, field.default if field.default_factory is MISSING else None)
        for field in fields(kind)
        if field.init
    )


_SHAPES = {kind: _shape(kind) for kind in _KINDS.values()}


def _map(value: Mapping[Any, Any]) -> Any:
    if all(isinstance(name, str) and name[:1] != "$" for name in value):
        return {name: plain(part) for name, part in value.items()}
    return {"$map": [[plain(name), plain(part)] for name, part in value.items()]}


def _value(value: Any) -> Any:
    """A value of several parts, or one that JSON has no form for."""
    kind = type(value)
    if _ENUMS.get(kind.__name__) is kind:
        return {"$enum": [kind.__name__, value.value]}
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return _map(value)
    if kind not in _SHAPES:
        msg = f"{kind.__name__} is no value of an exchange"
        raise TypeError(msg)
    made: dict[str, Any] = {"$": kind.__name__}
    for name, default in _SHAPES[kind]:
        part = getattr(value, name)
        if part is not default:
            made[name] = plain(part)
    return made


_SAME = frozenset({str, int, float, bool, type(None)})

_WRITERS: Mapping[type[Any], Callable[[Any], Any]] = {
    bytes: lambda value: {"$bytes": value.decode("latin-1")},
    tuple: lambda value: {"$tuple": [plain(part) for part in value]},
    list: lambda value: [plain(part) for part in value],
    dict: _map,
}


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    kind = type(value)
    return value if kind in _SAME else _WRITERS.get(kind, _value)(value)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "$tuple": lambda said: tuple(read(part) for part in said),
    "$bytes": lambda said: said.encode("latin-1"),
    "$enum": lambda said: _ENUMS[said[0]](said[1]),
    "$map": lambda said: {read(name): read(part) for name, part in said},
}


def read(value: Any) -> Any:
    """The value that `plain` made this of."""
    if isinstance(value, list):
        return [read(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "$" in value:
        kind = _KINDS[value["$"]]
        return kind(**{name: read(part) for name, part in value.items() if name != "$"})
    mark = next(iter(value), "")
    if mark in _READERS:
        return _READERS[mark](value[mark])
    return {name: read(part) for name, part in value.items()}


def written(value: Any) -> bytes:
    """The JSON of a value."""
    return dumps(plain(value))


_DEFAULTS = {field.name: field.default for field in fields(Entry)}


def entered(entry: Entry) -> tuple[bytes, bytes]:
    """The JSON of an entry, and its body with its headers behind."""
    made: dict[str, Any] = {"bytes": len(entry.body)}
    for name in _WRITTEN:
        value = getattr(entry, name)
        if value is not _DEFAULTS[name]:
            made[name] = plain(value)
    return dumps(made), entry.body + entry.headers


def entry_of(payload: bytes, body: bytes, world: World) -> Entry:
    """The entry that they were made of, in a world of this process."""
    made = loads(payload)
    length = made.pop("bytes")
    values = {name: read(part) for name, part in made.items()}
    return Entry(world=world, body=body[:length], headers=body[length:], **values)


def sent_plain(sent: Sent) -> list[Any]:
    """What went out, as JSON can hold it: flat, for every exchange has one."""
    headers = [text.decode("latin-1") for pair in sent.headers for text in pair]
    frames = [frame.decode("latin-1") for frame in sent.frames]
    return [sent.status, headers, frames, list(sent.due), sent.delay, sent.ending]


def sent_of(made: list[Any]) -> Sent:
    """What went out, of what `sent_plain` made of it."""
    status, headers, frames, due, delay, ending = made
    texts = [text.encode("latin-1") for text in headers]
    pairs = list(zip(texts[::2], texts[1::2], strict=True))
    return Sent(status, pairs, [frame.encode("latin-1") for frame in frames], due, delay, ending)
