"""Answers from a cassette: a link of the chain between what is scripted and the built-in model.

`exact` gives the very bytes in the very chunks. `rechunk` says the same through our own renderer.
`transcode` gives the bytes where it can, and else a recording of another surface, or of the other way to
answer (streamed or not), through the renderer of the one that asks.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Protocol

from mockserver.base.kept import Kept
from mockserver.catalogue.errors import Refusal, Voice, Words
from mockserver.corridor.answers import Answer, Clock
from mockserver.corridor.door import Door
from mockserver.corridor.searching import searched
from mockserver.corridor.work import LARGE, Steps, aside, sized
from mockserver.dialects.table import named
from mockserver.recording import canonical, nearest
from mockserver.recording.fold import Folded
from mockserver.recording.index import Row
from mockserver.recording.interaction import Interaction, Request
from mockserver.recording.library import Library
from mockserver.recording.redaction import Redaction
from mockserver.recording.usage import counts_of, overrides_for
from mockserver.scripts.desk import Desk
from mockserver.scripts.script import Scripts
from mockserver.state.journal import Entry, size_of
from mockserver.state.worlds import World
from mockserver.talk.finding import Finding
from mockserver.talk.refused import Refused
from mockserver.talk.reply import Choice, Pace, Reply, Usage
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface, Trait
from mockserver.wire.incoming import key_of

log = logging.getLogger("mockserver")

Way = Literal["exact", "rechunk", "transcode"]

_COMPARED = frozenset(("accept", "x-dashscope-sse"))
"""The headers that a request is compared by."""

_PREPARED, _ASKED, _TURNS = 512, 1024, 100_000
_BYTES = 32 * 1024 * 1024
"""What is remembered of recordings made ready, and of requests as they are compared: each so many bytes."""

_OF_A_QUERY = 32
"""To read a byte of a query takes as long as so many of a body: each of its parts is looked through."""

_UNAUTHORIZED = 401


class Walked(Protocol):
    """What a replay asks of the corridor that it is a link of."""

    door: Door
    faults: Desk
    scripts: Scripts
    clock: Clock

    def book(self, entry: Entry, usage: Usage) -> None:
        """Enters what an exchange cost into its world's ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Playing:
    """How a cassette is replayed.

    `relaxed`: a conversation matches whatever its parameters; `loose`: whitespace does not count.
    `last`: a repeated request gets the last recording, not each in its turn. `speed` is the factor of the
    recorded times, 0 for none. `strict_miss`: what is not recorded is refused, not answered otherwise.
    `judged`: the rules look at requests that bytes answer, too; what they find is in the journal.
    """

    way: Way = "exact"
    relaxed: bool = False
    loose: bool = False
    last: bool = False
    speed: float = 0.0
    strict_miss: bool = True
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Recordings that answer a request. `same`: they are of the very request, so their bytes may be sent."""

    rows: Sequence[Row]
    key: str
    same: bool
    system_changed: bool = False


@dataclass(frozen=True, slots=True)
class _Prepared:
    """An interaction made ready to be sent."""

    status: int
    headers: list[tuple[bytes, bytes]]
    frames: tuple[bytes, ...]
    at: tuple[float, ...]
    cut: bool
    folded: Folded
    reply: Reply | None
    usage: Usage | None


@dataclass(slots=True)
class Tape:
    """What is compared of one request: redacted, with its keys."""

    request: Request
    keys: canonical.Keys


def _read(
    engine: Walked, surface: Surface, headers: Mapping[str, str], body: bytes, world: World
) -> tuple[ChatRequest, tuple[Finding, ...]]:
    """A request as the engine's door reads it, and what its schema finds in it. Raises `Refused`."""
    data = engine.door.parse(body)
    return engine.door.read(surface, data, engine.door.model(surface, data, headers), headers, world)


@dataclass(slots=True)
class Recorded:
    """The recordings that an engine answers with."""

    library: Library
    redaction: Redaction
    playing: Playing = field(default_factory=Playing)
    _turns: Kept[tuple[str, str], int] = field(default_factory=lambda: Kept(most=_TURNS))
    _ready: Kept[str, _Prepared] = field(
        default_factory=lambda: Kept(most=_PREPARED, size=_BYTES, weigh=lambda _, ready: size_of(ready))
    )
    _asked: Kept[Any, Tape] = field(
        default_factory=lambda: Kept(most=_ASKED, size=_BYTES, weigh=lambda *pair: size_of(pair))
    )
    _warned: set[str] = field(default_factory=set)

    def rewind(self, world: str | None = None) -> None:
        """Begins again with the first recording of each request: for one world, or all."""
        for key in [key for key in self._turns if world in (None, key[0])]:
            self._turns.pop(key)

    def tape(
        self, method: str, path: str, headers: Iterable[tuple[str, str]], body: bytes, query: str = ""
    ) -> Steps[Tape]:
        """The request as it is compared: without its secrets. Remembered, as clients repeat themselves."""
        hides = self.redaction.hides_header
        pairs = [pair for pair in headers if pair[0].lower() in _COMPARED or hides(pair[0])]
        known = (method, path, query, tuple(pairs), body)
        found = self._asked.get(known)
        if found is None:
            size = len(body) + _OF_A_QUERY * len(query)
            found = yield from sized(size, self._taped, method, path, pairs, body, query)
            self._asked.put(known, found)
        return found

    def _taped(self, method: str, path: str, pairs: list[tuple[str, str]], body: bytes, query: str) -> Tape:
        redaction = self.redaction.knowing(pairs)
        request = Request(
            method=method,
            path=redaction.path(path),
            query=redaction.query(query),
            headers=redaction.pairs(pairs),
            body=redaction.readable_body(body),
        )
        return Tape(request, canonical.keys_of(request))

    def match(self, tape: Tape, *, refused: bool = False) -> Match | None:
        """The recordings for a request; for one whose key is refused, only those of a 401."""
        keys, playing = tape.keys, self.playing
        strict = keys.strict_loose if playing.loose else keys.strict
        talk = keys.talk_loose if playing.loose else keys.talk
        rows = self._open(self.library.find(strict), refused=refused)
        if rows:
            return self._by_system(rows, strict, keys.system, same=True)
        if not (playing.relaxed or playing.way == "transcode"):
            return None
        rows = self._open(self.library.find(talk), refused=refused)
        asked = canonical.shape_of(tape.request)
        alike = [row for row in rows if (row.surface, bool(row.stream)) == asked]
        if alike:
            return self._by_system(alike, talk, keys.system, same=True)
        if not rows or playing.way != "transcode":
            return None
        return self._by_system(rows, talk, keys.system, same=False)

    @staticmethod
    def _open(rows: Sequence[Row], *, refused: bool) -> Sequence[Row]:
        """What a request may have: one with a good key takes a 401 only for want of another."""
        denied = [row for row in rows if row.status == _UNAUTHORIZED]
        if refused or not denied:
            return denied if refused else rows
        return [row for row in rows if row.status != _UNAUTHORIZED] or rows

    @staticmethod
    def _by_system(rows: Sequence[Row], key: str, system: str, *, same: bool) -> Match:
        """The recordings with the same system prompt; when there are none, all, and that it changed."""
        steady = [row for row in rows if row.system == system]
        return Match(steady or rows, key + system if steady else key, same, system_changed=not steady)

    def take(self, match: Match, world: str) -> tuple[Row, Interaction]:
        """The recording whose turn it is in a world. Raises `CassetteError` when it cannot be read."""
        turn = self._turns.get((world, match.key)) or 0
        self._turns.put((world, match.key), turn + 1)
        row = match.rows[-1 if self.playing.last else min(turn, len(match.rows) - 1)]
        self.library.used[row.name] += 1
        if match.system_changed and row.name not in self._warned:
            self._warned.add(row.name)
            words = (
                "the system prompt is not the one that %s was recorded with; record it again if that matters"
            )
            log.warning(words, row.name)
        return row, self.library.load(row)

    def answer(
        self, engine: Walked, surface: Surface, headers: Mapping[str, str], body: bytes, entry: Entry
    ) -> Steps["Answer | None"]:
        """The recorded bytes for a chat request; None when something else is to answer.

        A reply to be rendered is left in the entry, for the chain. Raises `Refused` for a request that is
        not recorded, when such are to be refused.
        """
        tape = yield from self.tape("POST", surface.paths[0], headers.items(), body)
        entry.body = tape.request.body
        refused = False
        try:
            entry.world = engine.door.admit(key_of(surface, headers), headers)
        except Refused:
            refused = True
        if (yield from self.scripted(engine, surface, headers, body, entry.world)):
            return None
        match = self.match(tape, refused=refused)
        if match is None:
            if self.playing.strict_miss and not refused:
                raise Refused(missed((yield from aside(nearest.report, self.library, tape.request))))
            return None
        struck = not refused and engine.faults.asked(entry.world.key, headers)
        if self.playing.way == "rechunk" or not match.same or struck:
            entry.recording = match
            return None
        if self.playing.judged and not refused:
            find = partial(self._findings, engine, surface, headers, body, entry.world)
            entry.findings = yield from sized(len(body), find)
        return self._exact(engine, match, entry)

    @staticmethod
    def _findings(
        engine: Walked, surface: Surface, headers: Mapping[str, str], body: bytes, world: World
    ) -> tuple[Finding, ...]:
        """What the rules find in a request that a recording answers, whatever they would do about it."""
        try:
            request, found = _read(engine, surface, headers, body, world)
            return found + engine.door.judge(request, world, world.past.trace(request))
        except Refused as refused:
            return refused.findings

    @staticmethod
    def scripted(
        engine: Walked, surface: Surface, headers: Mapping[str, str], body: bytes, world: World
    ) -> Steps[bool]:
        """Whether a script answers the request: it comes before a recording."""
        if not any(True for _ in engine.scripts):
            return False
        try:
            request, _ = yield from sized(len(body), _read, engine, surface, headers, body, world)
        except Refused:
            return False
        if len(body) <= LARGE:
            return engine.scripts.find(world.key, request) is not None
        return (yield from searched(engine.scripts, world.key, request)) is not None

    def _exact(self, engine: Walked, match: Match, entry: Entry) -> "Answer":
        row, interaction = self.take(match, entry.world.name)
        ready = self._prepared(row, interaction)
        entry.model, entry.stream, entry.status = row.model or None, bool(row.stream), ready.status
        entry.answered_by = _by("exact", row, match)
        entry.reply, entry.usage = ready.reply, ready.usage
        if ready.usage is not None:
            engine.book(entry, ready.usage)
        return self.sent(ready, engine.clock(), entry)

    def sent(self, ready: _Prepared, now: float, entry: Entry | None = None) -> "Answer":
        """A prepared recording as an answer, at the recorded pace if so wished."""
        answer = Answer(ready.status, ready.headers, frames=ready.frames, entry=entry, cut=ready.cut)
        answer.foreign = True
        if self.playing.speed and ready.at:
            answer.delay = ready.at[0] * self.playing.speed / 1000
            answer.due = [(at - ready.at[0]) * self.playing.speed / 1000 for at in ready.at]
        if entry is not None:
            entry.started = now + answer.delay
        return answer

    def prepared(self, match: Match, world: str) -> tuple[str, _Prepared]:
        """The recording whose turn it is, ready to be sent, and its name."""
        row, interaction = self.take(match, world)
        return row.name, self._prepared(row, interaction)

    def _prepared(self, row: Row, interaction: Interaction) -> _Prepared:
        found = self._ready.get(row.name)
        if found is None:
            found = _prepare(interaction)
            self._ready.put(row.name, found)
        return found

    def say(self, request: ChatRequest, entry: Entry) -> Reply | Refusal | None:
        """What the recording found for a request says, to be rendered; None when it says nothing."""
        match: Match = entry.recording
        row, interaction = self.take(match, entry.world.name)
        folded = self._prepared(row, interaction).folded
        entry.answered_by = _by("rechunk" if match.same else "transcode", row, match)
        if folded.error is not None:
            error = folded.error
            return Refusal(error.status, _said(error.code, error.message, error.type), "gateway")
        if not folded.choices:
            return None
        extras = folded.extras if Trait.SOURCES in request.surface.traits else {}
        spoken = named(row.surface).dialect
        usage = overrides_for(request.surface, folded.usage, spoken=spoken) if folded.usage else None
        return Reply(
            folded.choices,
            usage=usage,
            search_info=extras.get("search_info"),
            tool_info=extras.get("tool_info"),
            pace=self._pace(interaction, folded),
        )

    def _pace(self, interaction: Interaction, folded: Folded) -> Pace | None:
        """The recorded times as a pace of our own renderer."""
        chunks = interaction.response.chunks
        if not self.playing.speed or not chunks:
            return None
        usage = counts_of(folded.usage or {})
        tokens = usage.output if usage is not None and usage.output else len(chunks)
        each = (chunks[-1].at - chunks[0].at) / max(tokens, 1)
        return Pace(chunks[0].at * self.playing.speed, each * self.playing.speed)


def _by(way: Way, row: Row, match: Match) -> str:
    """Who answered, for the journal."""
    return f"recorded:{way}:{row.name}" + ("; the system prompt changed" if match.system_changed else "")


def _prepare(interaction: Interaction) -> _Prepared:
    response = interaction.response
    folded = interaction.folded().sayable()
    choices = tuple(
        Choice(choice.content, choice.reasoning, choice.tool_calls, choice.finish_reason)
        for choice in folded.choices
    )
    headers = [
        (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
        for name, value in response.headers
    ]
    return _Prepared(
        status=response.status,
        headers=headers,
        frames=tuple(chunk.data for chunk in response.chunks),
        at=tuple(chunk.at for chunk in response.chunks),
        cut=response.end != "complete",
        folded=folded,
        reply=Reply(choices) if choices else None,
        usage=counts_of(folded.usage) if folded.usage else None,
    )


def missed(report: str) -> Refusal:
    """The refusal of a request that is not recorded: 404, with the nearest recording."""
    words = _said("RecordingNotFound", report, "invalid_request_error")
    return Refusal(404, words, "gateway", id="recording.missing")


def _said(code: str | None, message: str, kind: str | None) -> Mapping[Voice, Words]:
    """The same words in every voice."""
    return {"native": Words(code, message), "compat": Words(code, message, kind)}
