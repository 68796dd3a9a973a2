"""What was asked and what was answered: a bounded list, newest last, without secrets."""

from collections import OrderedDict, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from sys import getsizeof
from typing import Any

from mockserver.base import secrecy
from mockserver.base.jsontext import loads_bounded
from mockserver.base.logs import without
from mockserver.base.masking import mask
from mockserver.catalogue.errors import Refusal
from mockserver.dialects.table import named
from mockserver.state.sent import OnWire, Sent
from mockserver.state.worlds import World
from mockserver.talk.fault import Fault
from mockserver.talk.finding import Finding
from mockserver.talk.raw import spec_of
from mockserver.talk.reply import Reply, Usage
from mockserver.wire.incoming import unpacked

_BYTES = 32 * 1024 * 1024

_SENT = 8 * 1024 * 1024
"""What is kept of the bytes that went out, the newest."""

_ENTRY, _OBJECT, _CHUNK = 2048, 150, 60
"""About what an exchange takes in bytes beside its texts, each object of it, and each piece of a text."""


@dataclass(slots=True)
class Entry:
    """One exchange. Times are seconds since 1970; `body` is the request as sent, keys masked.

    `number` counts the exchanges of a server from 1. `headers` are packed, for matching, and never shown.
    `recording` is what a cassette holds for the request, when its reply is to be rendered anew. `endpoint`
    is the id of an endpoint beside chat, empty for a chat. `size` is what the exchange was weighed.
    `changed` is the revision of the journal at which it was last written; `sent` are the bytes that went
    out, as long as they are kept.
    """

    request_id: str
    world: World
    surface: str
    stream: bool
    body: bytes
    arrived: float
    model: str | None = None
    findings: tuple[Finding, ...] = ()
    answered_by: str = "mock"
    status: int = 200
    reply: Reply | None = None
    refusal: Refusal | None = None
    usage: Usage | None = None
    started: float = 0.0
    finished: float | None = None
    fault: Fault | None = None
    headers: bytes = field(default=b"", repr=False)
    number: int = 0
    recording: Any = None
    endpoint: str = ""
    size: int = 0
    changed: int = 0
    sent: Sent | OnWire | None = field(default=None, repr=False)

    def weigh(self) -> int:
        """How many bytes it takes, about, all that it keeps together; said again by `size`."""
        self.size = _ENTRY + len(self.body) + len(self.headers)
        if self.findings or self.refusal:
            self.size += size_of((self.findings, self.refusal))
        if self.reply is not None:
            self.size += _size_of_reply(self.reply)
        return self.size

    def shown(self) -> dict[str, Any]:
        """The entry as `GET /_mock/requests` gives it."""
        try:
            body: Any = loads_bounded(self.body)
        except ValueError:
            body = self.body.decode("utf-8", "replace")
        shown = {
            "id": self.request_id,
            "number": self.number,
            "time": self.arrived,
            "key": self.world.name,
            "surface": self.surface,
            "model": self.model,
            "stream": self.stream,
            "body": secrecy.covered(body, mask),
            "findings": [_finding(finding, self.world) for finding in self.findings],
            "answered_by": self.answered_by,
            "status": self.status,
            "answer": None if self.reply is None else [_choice(choice) for choice in self.reply.choices],
            "error": None if self.refusal is None else _refusal(self.refusal, self.surface),
            "usage": None if self.usage is None else _usage(self.usage),
            "fault": None if self.fault is None else str(self.fault),
            "timings": _timings(self),
        }
        if self.reply is not None and self.reply.raw is not None:
            shown["raw"] = spec_of(self.reply.raw)
        if self.endpoint:
            shown["endpoint"] = self.endpoint
        return self.covered(shown)

    def covered(self, shown: dict[str, Any]) -> dict[str, Any]:
        """What is to be shown of it, without secrets, by name.

        A client may repeat its own key in what it asks, and be told it again; so may it other secrets.
        """
        pairs = [
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in unpacked(self.headers).raw
        ]
        shown = {name: without(value, self.world.key) for name, value in shown.items()}
        for secret in secrecy.known(pairs) - {self.world.key}:
            shown = {name: secrecy.uttered(value, secret, mask) for name, value in shown.items()}
        return shown


def size_of(value: Any) -> int:
    """About how many bytes a value of an exchange takes: its texts, and something for each object."""
    size, left = 0, [value]
    while left:
        one = left.pop()
        if isinstance(one, str | bytes):
            size += getsizeof(one)
        elif one is None or isinstance(one, int | float):
            continue  # most are: to ask whether they are mappings takes longer than all the rest
        elif isinstance(one, tuple | list):
            left += one
        elif isinstance(one, Mapping):
            left += [*one, *one.values()]
        elif is_dataclass(one):
            size += _OBJECT
            left += [getattr(one, part.name) for part in fields(one)]
    return size


def _size_of_reply(reply: Reply) -> int:
    """The same for a reply, of which every exchange has one."""
    size = _OBJECT
    for choice in reply.choices:
        size += _OBJECT + getsizeof(choice.content) + getsizeof(choice.reasoning)
        if choice.tool_calls or choice.media or choice.logprobs:
            size += size_of((choice.tool_calls, choice.media, choice.logprobs))
    if reply.chunks:
        # The same text once more, in pieces.
        size += getsizeof(reply.choices[0].content) + _CHUNK * len(reply.chunks)
    rare = (
        reply.usage,
        reply.search_info,
        reply.tool_info,
        reply.plugins,
        reply.raw,
        reply.acts or None,
    )
    return size if rare == _NONE else size + size_of(rare)


_NONE = (None,) * 6
"""What most replies have of what is rare."""


def _finding(finding: Finding, world: World) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "path": world.masked(finding.path),
        "message": world.masked(finding.message),
    }


def _choice(choice: Any) -> dict[str, Any]:
    shown = {"content": choice.content, "finish_reason": choice.finish_reason}
    if choice.reasoning:
        shown["reasoning_content"] = choice.reasoning
    if choice.media:
        shown["media"] = [{part.kind: part.value} for part in choice.media]
    if choice.tool_calls:
        shown["tool_calls"] = [
            {"id": call.id, "name": call.name, "arguments": call.arguments} for call in choice.tool_calls
        ]
    return shown


def _refusal(refusal: Refusal, surface: str) -> dict[str, Any]:
    words = refusal.words[named(surface).voice]
    return {"status": refusal.status, "code": words.code, "message": refusal.prefix + words.message}


def _usage(usage: Usage) -> dict[str, Any]:
    counts = {
        "input_tokens": usage.input,
        "output_tokens": usage.output,
        "total_tokens": usage.total,
        "cached_tokens": usage.cached,
        "reasoning_tokens": usage.reasoning,
        "image_tokens": usage.image,
        "video_tokens": usage.video,
        "audio_tokens": usage.audio,
        "speech_tokens": usage.speech,
    }
    return {name: count for name, count in counts.items() if count is not None}


def _timings(entry: Entry) -> dict[str, Any]:
    finished = None if entry.finished is None else round(1000 * (entry.finished - entry.arrived), 3)
    return {"first_byte_ms": round(1000 * (entry.started - entry.arrived), 3), "finished_ms": finished}


class Journal:
    """The last exchanges of a server, bounded in number and in the bytes of all that they keep.

    `revision` counts every change; `epoch` how often exchanges were forgotten on command. What of the bytes
    that went out is kept has a bound of its own, `sent`, so that looking at them costs no exchange its place.
    `size` and `sent_size` are the bytes that both take now.
    """

    def __init__(self, *, entries: int, size: int = _BYTES, sent: int = _SENT) -> None:
        self._entries: deque[Entry] = deque()
        self._most = entries
        self._limit = size
        self.size = 0
        self._count = 0
        self._sent: OrderedDict[int, tuple[Entry, Sent | OnWire]] = OrderedDict()
        self._sent_limit = sent
        self.sent_size = 0
        self.revision = 0
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def add(self, entry: Entry) -> None:
        """Enters an exchange; the oldest go when there are too many or they are too large."""
        entries = self._entries
        self._count += 1
        self.revision += 1
        entry.number, entry.changed = self._count, self.revision
        entries.append(entry)
        self.size += entry.size or entry.weigh()
        while len(entries) > self._most or (self.size > self._limit and len(entries) > 1):
            gone = entries.popleft()
            self.size -= gone.size
            self._let_go(gone)

    def stand(self, count: int) -> None:
        """So many exchanges came before the next one, wherever."""
        self._count = count

    def ended(self, entry: Entry, sent: Sent | OnWire) -> None:
        """An exchange is over: these bytes went out. The oldest go when they are too many."""
        self.revision += 1
        entry.changed = self.revision
        if sent.size > self._sent_limit or not self._entries or entry.number < self._entries[0].number:
            return
        if entry.sent is not None:
            self._let_go(entry)
        entry.sent = sent
        self._sent[entry.number] = entry, sent
        self.sent_size += sent.size
        while self.sent_size > self._sent_limit:
            self._let_go(next(iter(self._sent.values()))[0])

    def _let_go(self, entry: Entry) -> None:
        """Forgets what went out of an exchange; whoever left the journal is held nowhere."""
        kept = self._sent.pop(entry.number, None)
        if kept is not None:
            self.sent_size -= kept[1].size
            entry.sent = None

    def withdraw(self, number: int) -> Entry | None:
        """Takes out an exchange whose answer never left; None when it is not there."""
        entry = self.numbered(number)
        if entry is not None:
            self._entries.remove(entry)
            self.size -= entry.size
            self._let_go(entry)
            self.revision += 1
        return entry

    def numbered(self, number: int) -> Entry | None:
        """The exchange of this number; None when there is none any more."""
        return next((entry for entry in self._entries if entry.number == number), None)

    def reset(self, world: World | None = None) -> None:
        """Forgets all exchanges, or those of one world."""
        kept = [] if world is None else [entry for entry in self._entries if entry.world is not world]
        self._entries = deque(kept)
        self.size = sum(entry.size for entry in kept)
        for entry, _ in list(self._sent.values()):
            if world is None or entry.world is world:
                self._let_go(entry)
        self.revision += 1
        self.epoch += 1
