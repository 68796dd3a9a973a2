"""The end of the corridor: what goes out, its bytes and its headers."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from mockserver.answer import moderation
from mockserver.base.logs import event
from mockserver.catalogue.errors import Errors
from mockserver.catalogue.models import Model
from mockserver.catalogue.regions import DEFAULT, Region, region_of
from mockserver.corridor.again import MARKS, Form, fits
from mockserver.corridor.showing import findings_header
from mockserver.corridor.threads import Thread
from mockserver.dialects import reshaping
from mockserver.dialects.rendering import Envelope, Stream
from mockserver.dialects.table import dialect_of
from mockserver.faults import Plan
from mockserver.meter.quotas import Admission
from mockserver.meter.vocabularies import Vocabularies
from mockserver.state.journal import Entry
from mockserver.state.sent import Sent
from mockserver.talk.reply import Raw, Reply, Usage
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface
from mockserver.wire.chunking import Chunker
from mockserver.wire.encoding import encoded
from mockserver.wire.headers import UNBUFFERED, Headers, response_headers
from mockserver.wire.incoming import key_of
from mockserver.wire.pacing import schedule

log = logging.getLogger("mockserver")

Clock = Callable[[], float]
"""Gives the seconds since 1970."""


@dataclass(slots=True)
class Answer:
    """What goes out: a whole `body`, or `frames`, each due so many seconds after the first byte.

    `due` is empty when nothing is paced. `delay` is how long the first byte waits. `tokens` is how many
    each frame carries. With a `plan`, a fault's, that is carried out and nothing else is sent. Whoever
    sends it frees its `admission`, when it has one, as soon as it is sent or its client is gone. Of
    a stream there is its `request`, and `sent`, how many of its frames went out when each had its time.
    `cut`: the connection ends behind the frames, as if the answer were not whole. `foreign`: its headers
    are those of a script or a recording. `thread` is what its request went on from.
    """

    status: int
    headers: Headers
    body: bytes = b""
    frames: Sequence[bytes] = ()
    due: Sequence[float] = ()
    delay: float = 0.0
    entry: Entry | None = None
    admission: Admission | None = None
    tokens: Sequence[int] = ()
    plan: Plan | None = None
    request: ChatRequest | None = None
    sent: int = 0
    cut: bool = False
    foreign: bool = False
    thread: Thread | None = None

    @property
    def at_once(self) -> bool:
        """Whether all of it leaves as soon as it may, so that its end is known when it begins."""
        return self.plan is None and not (self.due or self.delay)

    def went(self) -> Sent:
        """What goes out, as the journal keeps it."""
        if self.plan is not None:
            plan = self.plan
            data, at = [piece.data for piece in plan.pieces], [piece.at for piece in plan.pieces]
            return Sent(plan.status, plan.headers, data, at, ending=plan.ending)
        ending = "close" if self.cut else "end"
        return Sent(self.status, self.headers, self.frames or (self.body,), self.due, self.delay, ending)


def envelope_of(entry: Entry) -> Envelope:
    """What stands around the answer of an exchange."""
    return Envelope(entry.request_id, int(entry.arrived))


class Answers:
    """Makes answers of what is said and of what is refused; a `clock` says when each begins.

    `unbuffered`: every stream tells proxies to pass it on at once. `region`: whose help page a refusal
    names where the `Host` of a request names no region.
    """

    def __init__(
        self,
        errors: Errors,
        vocabularies: Vocabularies,
        *,
        unbuffered: bool = False,
        region: Region = DEFAULT,
    ) -> None:
        self._unbuffered, self._region = unbuffered, region
        self._errors = errors
        self._vocabularies = vocabularies
        self._chunkers: dict[str, Chunker] = {}

    def says(self, _: ChatRequest, __: Reply) -> moderation.Says | None:
        """What reads the events of a stream that are not the dialect's own; None: they are."""
        return None

    def rendered(
        self,
        request: ChatRequest,
        reply: Reply,
        usage: Usage,
        entry: Entry,
        *,
        clock: Clock,
        blocked: Mapping[tuple[int, str], int] | None = None,
    ) -> Answer:
        """The answer that a reply makes; `blocked` are the places where moderation cuts a stream off."""
        envelope = envelope_of(entry)
        if not request.stream:
            body = self._shaped_body(request, reply, usage, envelope)
            return self._whole(request, reply, usage, entry, body, clock)
        stream = self._shaped_stream(request, reply, usage, envelope)
        if blocked:
            entry.refusal = self._errors.refuse(moderation.OUTPUT)
            stream = moderation.cut(
                stream,
                blocked,
                entry.refusal,
                request,
                entry.request_id,
                region=self._region_of(request.headers),
                created=envelope.created,
                says=self.says(request, reply),
            )
        return self._streamed(request, reply, entry, stream.frames, stream.tokens, clock)

    def form(self, request: ChatRequest, reply: Reply, usage: Usage, like: Answer) -> Form | None:
        """The form of what a reply makes, which was rendered just now `like` this; None where it has none."""
        assert like.entry is not None, "what was said belongs to an exchange"
        envelope = envelope_of(like.entry)
        if not fits(envelope):
            return None
        if not request.stream:
            form = Form.of_body(self._shaped_body(request, reply, usage, MARKS))
            return form if form.body(envelope) == self._shaped_body(request, reply, usage, envelope) else None
        stream = self._shaped_stream(request, reply, usage, MARKS)
        form = Form.of_stream(stream.frames, stream.tokens)
        return form if form.frames(envelope) == like.frames else None

    def again(
        self, form: Form, request: ChatRequest, reply: Reply, usage: Usage, entry: Entry, *, clock: Clock
    ) -> Answer | None:
        """The answer of an exchange in which the same is said as before; None where it does not fit."""
        envelope = envelope_of(entry)
        if not fits(envelope):
            return None
        if not request.stream:
            return self._whole(request, reply, usage, entry, form.body(envelope), clock)
        return self._streamed(request, reply, entry, form.frames(envelope), form.tokens, clock)

    def _shaped_body(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
        body = self.body(request, reply, usage, envelope)
        return reshaping.body(body, reply, request, envelope) if reshaping.wanted(reply) else body

    def _shaped_stream(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> Stream:
        stream = self.stream(request, reply, usage, envelope)
        return reshaping.stream(stream, reply, request, envelope) if reshaping.wanted(reply) else stream

    def _streamed(
        self,
        request: ChatRequest,
        reply: Reply,
        entry: Entry,
        frames: Sequence[bytes],
        tokens: Sequence[int],
        clock: Clock,
    ) -> Answer:
        answer = Answer(200, [], frames=frames, entry=entry, tokens=tokens, request=request)
        if reply.pace is not None:
            answer.delay = reply.pace.first_ms / 1000
            answer.due = schedule(tokens, reply.pace)
        name = dialect_of(request.surface).headers("sse", request.model)
        answer.headers = self.headers(name, entry, request.model, clock=clock, delay=answer.delay)
        if self._unbuffered and UNBUFFERED not in answer.headers:
            answer.headers.append(UNBUFFERED)
        return answer

    def body(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> bytes:
        """The body of a whole answer, in the dialect of its request."""
        return dialect_of(request.surface).body(request, reply, usage, envelope)

    def stream(self, request: ChatRequest, reply: Reply, usage: Usage, envelope: Envelope) -> Stream:
        """The frames of a streamed answer, in the dialect of its request."""
        chunker = self.chunker(request.model)
        return dialect_of(request.surface).stream(request, reply, usage, envelope, chunker)

    def _whole(
        self, request: ChatRequest, reply: Reply, usage: Usage, entry: Entry, body: bytes, clock: Clock
    ) -> Answer:
        answer = Answer(200, [], entry=entry)
        if reply.pace is not None:
            due = schedule([1] * usage.output, reply.pace)
            answer.delay = reply.pace.first_ms / 1000 + (due[-1] if due else 0.0)
        # A fault strikes the bytes of the JSON, not those of its compressed form.
        encoding, answer.body = encoded(body, request.headers if entry.fault is None else {})
        name = dialect_of(request.surface).headers("json", request.model)
        answer.headers = self.headers(
            name, entry, request.model, clock=clock, delay=answer.delay, encoding=encoding
        )
        return answer

    def raw(self, request: ChatRequest, reply: Reply, raw: Raw, entry: Entry, *, clock: Clock) -> Answer:
        """The answer that a raw reply is: its bytes, its headers over those of the surface."""
        entry.status = raw.status
        answer = Answer(raw.status, [], raw.body, raw.frames, entry=entry, tokens=[1] * len(raw.frames))
        answer.foreign = True
        if reply.pace is not None:
            answer.delay = reply.pace.first_ms / 1000
            answer.due = schedule(answer.tokens, reply.pace) if raw.frames else ()
        kind = "sse" if raw.frames else "json"
        name = dialect_of(request.surface).headers(kind, request.model)
        own = self.headers(name, entry, request.model, clock=clock, delay=answer.delay)
        given = dict(raw.headers)
        answer.headers = [(key, value) for key, value in own if key.decode() not in given]
        answer.headers += [
            (key.encode(), value.encode("latin-1")) for key, values in raw.headers for value in values or ()
        ]
        return answer

    def refused(
        self,
        surface: Surface,
        entry: Entry,
        model: Model | None,
        headers: Mapping[str, str],
        *,
        stream: bool,
        clock: Clock,
    ) -> Answer:
        """The answer that the entry's refusal makes; it is booked and logged."""
        refusal = entry.refusal
        assert refusal is not None
        account = entry.world.account(entry.model or (model.name if model else ""))
        account.requests += 1
        account.refusals += 1
        dialect, region = dialect_of(surface), self._region_of(headers)
        rendered = dialect.refused(
            refusal,
            entry.request_id,
            model,
            stream=stream,
            region=region,
            created=int(entry.arrived),
        )
        entry.status = rendered.status
        event(
            log,
            f"refused {entry.world.name} {surface.name}: {refusal.prefix + refusal.words['compat'].text()}",
            secret=key_of(surface, headers),
            request_id=entry.request_id,
            key=entry.world.name,
            surface=surface.name,
            model=entry.model,
            code=refusal.code,
            status=refusal.status,
        )
        encoding, body = (b"", rendered.body) if rendered.sse else encoded(rendered.body, headers)
        name = dialect.error_headers(rendered, model)
        sent = self.headers(name, entry, model, clock=clock, encoding=encoding)
        return Answer(rendered.status, sent, body, entry=entry)

    def _region_of(self, headers: Mapping[str, str]) -> Region:
        return region_of(headers.get("host", "")) or self._region

    @staticmethod
    def headers(
        name: str,
        entry: Entry,
        model: Model | None,
        *,
        clock: Clock,
        delay: float = 0.0,
        encoding: bytes = b"",
    ) -> Headers:
        """The headers of a set (`fixtures/headers.json`) for an answer that begins `delay` seconds later."""
        entry.started = max(clock(), entry.arrived) + delay
        headers = response_headers(
            name,
            request_id=entry.request_id,
            arrived_ms=int(entry.arrived * 1000),
            started_ms=int(entry.started * 1000),
            timeout_s=298 if model is None else model.family.timeout,
            encoding=encoding,
        )
        if entry.findings:
            headers.append(findings_header(entry.findings))
        return headers

    def chunker(self, model: Model) -> Chunker:
        """What cuts the texts of a model into the pieces of a stream."""
        name = model.family.vocabulary
        found = self._chunkers.get(name)
        if found is None:
            found = self._chunkers[name] = Chunker(self._vocabularies.tokenizer(model))
        return found
