"""Exchanges as JSON, for those who remember together: values by their names, and nothing that runs."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from enum import Enum
from functools import partial
from itertools import accumulate, chain, pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from mockserver.base.jsontext import Written, dumps, loads
from mockserver.base.kept import Kept
from mockserver.catalogue.errors import Refusal, Words
from mockserver.state.journal import Entry
from mockserver.state.sent import OnWire, Sent
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


class _Shape(NamedTuple):
    """The fields that make a value, what they are when nothing is said, and what gives all of them."""

    names: Sequence[str]
    defaults: Sequence[Any]
    parts: Callable[[Any], Sequence[Any]]

    def written(self, value: Any) -> dict[str, Any]:
        """A value by its fields, but for those of which nothing is said."""
        return {
            name: part if type(part) in _SAME else plain(part)
            for name, default, part in zip(self.names, self.defaults, self.parts(value), strict=True)
            if part is not default
        }


def _shape(kind: type[Any], only: Collection[str] = ()) -> _Shape:
    made = [field for field in fields(kind) if field.init and (not only or field.name in only)]
    names = [field.name for field in made]
    defaults = [field.default if field.default_factory is MISSING else None for field in made]
    if len(names) == 1:
        return _Shape(names, defaults, lambda value: (getattr(value, names[0]),))
    return _Shape(names, defaults, attrgetter(*names))


def _map(value: Mapping[Any, Any]) -> Any:
    if all(isinstance(name, str) and name[:1] != "$" for name in value):
        return {name: plain(part) for name, part in value.items()}
    return {"$map": [[plain(name), plain(part)] for name, part in value.items()]}


def _value(value: Any) -> Any:
    """A value that JSON has no form for."""
    kind = type(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return _map(value)
    msg = f"{kind.__name__} is no value of an exchange"
    raise TypeError(msg)


def _named(name: str, shape: _Shape, value: Any) -> dict[str, Any]:
    """A value of several parts."""
    return {"$": name, **shape.written(value)}


_SAME = frozenset({str, int, float, bool, type(None)})

_WRITERS: Mapping[type[Any], Callable[[Any], Any]] = {
    bytes: lambda value: {"$bytes": value.decode("latin-1")},
    tuple: lambda value: {"$tuple": [plain(part) for part in value]},
    list: lambda value: [plain(part) for part in value],
    dict: _map,
    **{kind: partial(_named, name, _shape(kind)) for name, kind in _KINDS.items()},
    **{kind: lambda value: {"$enum": [type(value).__name__, value.value]} for kind in _ENUMS.values()},
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


_ENTRY = _shape(Entry, [name for name in _WRITTEN if name not in ("reply", "usage")])

_AGAIN: Kept[int, tuple[Reply | Usage, Written]] = Kept(
    most=1000, size=8 * 1024 * 1024, weigh=lambda _, kept: kept[0].size if type(kept[0]) is Reply else 0
)
"""The JSON of what is said and of what it costs: where the same comes again, as a script's, it is known."""


def _again(value: Reply | Usage) -> Written:
    """The JSON of a value, which may have been written before."""
    known = _AGAIN.get(id(value))
    if known is not None and known[0] is value:
        return known[1]
    made = Written(written(value))
    _AGAIN.put(id(value), (value, made))
    return made


def _written(entry: Entry) -> dict[str, Any]:
    made = _ENTRY.written(entry)
    if entry.reply is not None:
        made["reply"] = _again(entry.reply)
    if entry.usage is not None:
        made["usage"] = _again(entry.usage)
    return made


def _parted(data: bytes, sizes: Iterable[int]) -> list[bytes]:
    """The pieces of some sizes that bytes were joined of."""
    return [data[begin:end] for begin, end in pairwise(accumulate(sizes, initial=0))]


def entered(entry: Entry, sent: Sent | OnWire | None = None) -> tuple[bytes, bytes]:
    """The JSON of an entry, and its bytes: its body, its headers, and what went out when that is known."""
    pieces, made = [entry.body, entry.headers], _written(entry)
    if isinstance(sent, OnWire):
        made["wire"] = sent.size
        pieces.append(sent.data)
    elif sent is not None:
        made["sent"], went = _sent_parts(sent)
        pieces += went
    made["bytes"] = [len(entry.body), len(entry.headers)]
    return dumps(made), b"".join(pieces)


def entry_of(payload: bytes, data: bytes, world: World) -> tuple[Entry, Sent | OnWire | None]:
    """The entry that they were made of, in a world of this process, and what went out."""
    made = loads(payload)
    sizes, sent, wire = made.pop("bytes"), made.pop("sent", None), made.pop("wire", None)
    body, headers = _parted(data, sizes)
    values = {name: read(part) for name, part in made.items()}
    rest = data[sum(sizes) :]
    went = None if sent is None else sent_of(sent, rest)
    entry = Entry(world=world, body=body, headers=headers, **values)
    return entry, went if wire is None else OnWire(rest, wire)


def _sent_parts(sent: Sent) -> tuple[list[Any], list[bytes]]:
    pieces = [*chain.from_iterable(sent.headers), *sent.frames]
    sizes = list(map(len, pieces))
    return [sent.status, 2 * len(sent.headers), sizes, list(sent.due), sent.delay, sent.ending], pieces


def sent_parts(sent: Sent) -> tuple[list[Any], bytes]:
    """What went out: what JSON can hold of it, and its bytes."""
    made, pieces = _sent_parts(sent)
    return made, b"".join(pieces)


def sent_of(made: list[Any], data: bytes) -> Sent:
    """What went out, of what `sent_parts` made of it."""
    status, count, sizes, due, delay, ending = made
    pieces = _parted(data, sizes)
    pairs = list(zip(pieces[:count:2], pieces[1:count:2], strict=True))
    return Sent(status, pairs, pieces[count:], due, delay, ending)
