"""The corridor: a request walks it in one direction, and its answer walks back.

    bytes - read - ChatRequest - rules - answer - Reply - meter - usage - render - bytes

Nothing here opens a socket. The clock and the identifiers are given, so that a test is told what to
expect.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mockserver import memory
from mockserver.answer import builtin, miss, moderation, search
from mockserver.answer.impossible import ImpossibleSchemaError
from mockserver.answer.moderation import Moderation
from mockserver.answer.script import FILES, Script, ScriptError, Scripts
from mockserver.answer.template import Draft, TemplateError
from mockserver.answer.wordlist import WordList
from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.errors import Refusal
from mockserver.catalogue.models import Model
from mockserver.door import Door, Refused, bearer_key, without_key
from mockserver.faults import Desk, Fault, Frame, Plan, Planned, plan
from mockserver.journal import Entry, Journal
from mockserver.logs import event
from mockserver.meter.caches import CacheUse
from mockserver.meter.logprobs import token_logprobs
from mockserver.meter.prompt import PromptTokens, prompt_tokens
from mockserver.meter.quotas import Admission, QuotaExceededError, Quotas
from mockserver.meter.tokenizer import LazyTokenizer, Tokenizer, newer
from mockserver.meter.usage import usage_of
from mockserver.rules.past import Trail
from mockserver.rules.showing import findings_header, teach
from mockserver.scenario.props import Room
from mockserver.scenario.stage import Stage
from mockserver.settings import Settings
from mockserver.wire import compat, native
from mockserver.wire.chunking import Chunker
from mockserver.wire.encoding import encoded
from mockserver.wire.errors import RenderedError, render_compat, render_native
from mockserver.wire.headers import Headers, response_headers
from mockserver.wire.ids import Ids
from mockserver.wire.jsontext import dumps
from mockserver.wire.messages import read_prompt
from mockserver.wire.pacing import schedule
from mockserver.wire.rendering import Envelope
from mockserver.wire.reply import Reply, Usage
from mockserver.wire.request import ChatRequest, Surface
from mockserver.worlds import World, Worlds, mask

if TYPE_CHECKING:
    from mockserver.recording.replay import Recorded
    from mockserver.scenario.document import Scenario

log = logging.getLogger("mockserver")

Clock = Callable[[], float]


class NotLoadedError(Exception):
    """The model's vocabulary is not loaded yet; `vocabulary` is what to wait for."""

    def __init__(self, vocabulary: LazyTokenizer, request_id: str) -> None:
        self.vocabulary = vocabulary
        self.request_id = request_id
        super().__init__(request_id)


@dataclass(slots=True)
class Answer:
    """What goes out: a whole `body`, or `frames`, each due so many seconds after the first byte.

    `due` is empty when nothing is paced. `delay` is how long the first byte waits. `tokens` is how many
    each frame carries. With a `plan`, a fault's, that is carried out and nothing else is sent. Whoever
    sends it frees its `admission`, when it has one, as soon as it is sent or its client is gone. Of
    a stream there is its `request`, and `sent`, how many of its frames went out when each had its time.
    `cut`: the connection ends behind the frames, as if the answer were not whole.
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


class Engine:
    """Everything that a server knows and does, without its sockets."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        tokenizer: LazyTokenizer | None = None,
        clock: Clock = time.time,
        ids: Ids | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.tokenizer = tokenizer or LazyTokenizer()
        self._vocabularies = {"qwen": self.tokenizer, "qwen3.5": LazyTokenizer(newer)}
        self.errors = error_catalogue.load()
        self.models = model_catalogue.load()
        for name, like in self.settings.models.items():
            self.models = self.models.with_model(name, like=like)
        self.worlds = Worlds()
        self.door = Door(self.settings, self.errors, self.models, self.worlds)
        self.quotas = Quotas(self.settings.quotas)
        self.moderation = self._given_moderation()
        self.scripts = Scripts()
        self.faults = Desk(self.errors)
        self.room = Room(self.faults, self.quotas, self.door.policies)
        self.stage = Stage(on_miss=self.settings.on_miss, pace=self.settings.pace)
        self.recorded: Recorded | None = None
        self.journal = Journal(entries=self.settings.journal)
        self.clock = clock
        self.ids = ids or Ids(self.settings.seed)
        self._chunkers: dict[str, Chunker] = {}

    def reset(self, key: str | None = None) -> None:
        """Forgets scripts, faults, journal, worlds and used quotas: of one API key, or all."""
        self.scripts.clear(key)
        self.faults.clear(key)
        self.quotas.reset(key)
        if key is None:
            self.moderation = self._given_moderation()
        self.stage.clear(key)
        world = None if key is None else self.worlds.known(key)
        if key is None or world is not None:
            self.journal.reset(world)
        if self.recorded is not None:
            self.recorded.rewind(None if key is None else mask(key))
        self.worlds.reset(key)
        self.door.policies.reset(key)
        self.room.reset(key, FILES)

    def _given_moderation(self) -> Moderation:
        words = WordList(self.settings.block_words)
        return Moderation(words, words)

    def play(self, name: str | None, scenario: "Scenario") -> None:
        """Plays a scenario in the place of the one before: for a key, for all (None), or as `FILES`."""
        self.scripts.play(name, scenario.scripts)
        self.stage.play(name, scenario.setting)
        self.room.play(name, scenario.props)

    def chat(
        self,
        surface: Surface,
        headers: Mapping[str, str],
        body: bytes,
        *,
        arrived: float,
        request_id: str | None = None,
        wait: bool = True,
    ) -> Answer:
        """The answer to a chat request. `arrived` is when it was there, in seconds since 1970.

        Without `wait`, `NotLoadedError` is raised when the model's vocabulary is not there yet; the
        request is then to be asked again under the same `request_id`.
        """
        request_id = request_id or self.ids.request_id()
        streaming = surface.native and native.wants_stream(headers)
        entry = Entry(request_id, self.worlds.of(""), surface.value, streaming, body, arrived)
        entry.headers = headers
        model: Model | None = None
        admission: Admission | None = None
        try:
            key = bearer_key(headers)
            entry.body = without_key(body, key)
            if self.recorded is not None and (played := self._played(surface, headers, body, entry)):
                return played
            entry.world = world = self.door.admit(key)
            data = self.door.parse(body)
            streaming = entry.stream = streaming if surface.native else data.get("stream") is True
            model = self.door.model(surface, data)
            vocabulary = self._vocabularies[model.family.vocabulary]
            if not (wait or vocabulary.ready):
                raise NotLoadedError(vocabulary, request_id)  # noqa: TRY301 - nothing is held yet
            if self.quotas:
                entry.model = model.name
                admission = self._admit(world, model)
            request, entry.findings = self.door.read(surface, data, model, headers, world)
            entry.model, entry.stream = model.name, request.stream
            trail = world.past.trace(request)
            entry.findings += self.door.judge(request, world, trail)
            if self.faults.asked(world.key, headers):
                self._strike(request, entry, self.faults.draw(world, request))
            answer = self._converse(world, request, entry, trail)
        except Refused as refused:
            entry.refusal = refused.refusal
            entry.findings += refused.findings
            answer = self._refuse(surface, entry, model, headers, stream=streaming)
        except BaseException:
            if admission is not None:
                admission.free()
            raise
        if admission is not None:
            admission.spend(entry.usage.total if entry.usage else 0, now=self.clock())
            answer.admission = admission
        if entry.findings:
            teach(entry)
        self.journal.add(entry)
        return answer

    def _played(
        self, surface: Surface, headers: Mapping[str, str], body: bytes, entry: Entry
    ) -> Answer | None:
        """The recorded bytes that answer a request. Raises `Refused`."""
        assert self.recorded is not None
        answer = self.recorded.answer(self, surface, headers, body, entry)
        if answer is not None:
            self.journal.add(entry)
        return answer

    def _admit(self, world: World, model: Model) -> Admission | None:
        """Lets a request in that its quotas allow. Raises `Refused`."""
        try:
            return self.quotas.admit(world.key, model.name, now=self.clock())
        except QuotaExceededError as exceeded:
            raise Refused(self.errors.refuse(exceeded.refusal)) from None

    def _tokenizer(self, model: Model) -> Tokenizer:
        """The tokenizer of a model's vocabulary; waits until it is loaded."""
        return self._vocabularies[model.family.vocabulary].get()

    def _chunker(self, model: Model) -> Chunker:
        name = model.family.vocabulary
        if name not in self._chunkers:
            self._chunkers[name] = Chunker(self._tokenizer(model))
        return self._chunkers[name]

    def refusal(
        self, entry_id: str, surface: Surface, headers: Mapping[str, str], *, arrived: float, **values: Any
    ) -> Answer:
        """The answer to a chat request that is refused before its body is read, whatever its key."""
        entry = Entry(self.ids.request_id(), self.worlds.of(""), surface.value, False, b"", arrived)
        entry.refusal = self.errors.refuse(entry_id, **values)
        self.journal.add(entry)
        return self._refuse(surface, entry, None, headers, stream=False)

    def simple(
        self,
        surface: Surface,
        headers: Mapping[str, str],
        produce: Callable[[str], Any],
        *,
        arrived: float,
        header_set: str = "compat-door",
    ) -> Answer:
        """The answer of an endpoint beside chat: what `produce` makes of the request id, or its refusal."""
        entry = Entry(self.ids.request_id(), self.worlds.of(""), surface.value, False, b"", arrived)
        try:
            entry.world = self.door.admit(bearer_key(headers))
            content = produce(entry.request_id)
        except Refused as refused:
            entry.refusal = refused.refusal
            return self._refuse(surface, entry, None, headers, stream=False)
        encoding, body = encoded(dumps(content), headers)
        return Answer(200, self._headers(header_set, entry, None, encoding=encoding), body)

    def tokenize(self, body: bytes, request_id: str) -> dict[str, Any]:
        """The tokens of a text, no template around it. Raises `Refused`."""
        data = self.door.parse(body)
        self.door.allow("tokenizer.request", data, Surface.NATIVE_TEXT)
        model = self.door.model(Surface.NATIVE_TEXT, data)
        texts = [message.text for message in read_prompt(data["input"])]
        tokenizer = self._tokenizer(model)
        ids = tokenizer.encode("".join(texts))
        tokens = [token.decode("utf-8", "replace") for token in tokenizer.tokens(ids)]
        return {
            "output": {"token_ids": ids, "tokens": tokens},
            "usage": {"input_tokens": len(ids)},
            "request_id": request_id,
        }

    def left(self, answer: Answer) -> None:
        """A client left before the end of a stream."""
        entry = answer.entry
        if entry is not None and answer.request is not None and answer.plan is None:
            found = self.door.watch(answer.request, entry.world, answer.sent, len(answer.frames))
            entry.findings += found
            teach(entry, found)

    def _converse(self, world: World, sent: ChatRequest, entry: Entry, trail: Trail) -> Answer:
        """Answers a valid request in its whole context, and remembers what is to be remembered."""
        if self.moderation.input and self.moderation.blocks(sent):
            raise Refused(self.errors.refuse(moderation.INPUT))
        tokenizer = self._tokenizer(sent.model)
        session_id = memory.session_id(sent)
        session = None if session_id is None else world.session(session_id)
        request = memory.recall(sent, session)
        prompt = prompt_tokens(request, tokenizer)
        entry.findings += self.door.weigh(request, world, prompt.total)
        reply = self._answer(world, request, entry)
        blocked = self.moderation.places(request, reply) if self.moderation.output else None
        if blocked and not request.stream:
            raise Refused(self.errors.refuse(moderation.OUTPUT))
        if reply.pace is None:
            pace = self.stage.pace(world.key, request)
            reply = reply if pace is None else replace(reply, pace=pace)
        if request.get("logprobs"):
            reply = self._with_logprobs(request, reply, tokenizer)
        usage = usage_of(
            request, reply, tokenizer, prompt=prompt, cache=self._cache(world, request, prompt, tokenizer)
        )
        if not blocked and entry.fault is None:
            world.past.remember(trail, reply)
        if session is not None:
            memory.save(sent, reply, session, tokenizer)
        answer = self._render(request, reply, usage, entry, blocked=blocked)
        if entry.fault is not None:
            answer.plan = self._plan(request, answer, usage, entry.fault)
            entry.started += max(0.0, (answer.plan.head_at or 0.0) - answer.delay)
        return answer

    @staticmethod
    def _strike(request: ChatRequest, entry: Entry, fault: Fault | None) -> None:
        """Notes the fault that strikes a request. Raises `Refused` when it is an error and nothing else."""
        if fault is None:
            return
        entry.fault = fault
        refusal = fault.instead(stream=request.stream)
        if refusal is not None:
            raise Refused(refusal)

    @staticmethod
    def _plan(request: ChatRequest, answer: Answer, usage: Usage, fault: Fault) -> Plan:
        """What is done in the place of sending an answer."""
        frames = answer.frames or [answer.body]
        tokens, due = answer.tokens or [0] * len(frames), answer.due or [0.0] * len(frames)
        planned = Planned(
            status=answer.status,
            headers=answer.headers,
            frames=tuple(map(Frame, frames, tokens, due)),
            streamed=request.stream,
            surface=request.surface,
            request_id=answer.entry.request_id if answer.entry else "",
            delay=answer.delay,
            cumulative=request.surface.native and not request.incremental,
            prompt_tokens=usage.input,
        )
        return plan(planned, fault)

    def _with_logprobs(self, request: ChatRequest, reply: Reply, tokenizer: Tokenizer) -> Reply:
        top = int(request.get("top_logprobs") or 0)
        choices = (
            replace(choice, logprobs=token_logprobs(choice.content, tokenizer, top=top))
            for choice in reply.choices
        )
        return replace(reply, choices=tuple(choices))

    def _cache(
        self, world: World, request: ChatRequest, prompt: PromptTokens, tokenizer: Tokenizer
    ) -> CacheUse:
        cache, now = world.cache(request.model.name), self.clock()
        if any(message.cached for message in request.messages):
            return cache.explicit(request, tokenizer, now=now)
        family = request.model.family
        return cache.implicit(prompt, block=family.cache_block, minimum=family.cache_minimum, now=now)

    def _answer(self, world: World, request: ChatRequest, entry: Entry) -> Reply:
        script = self.scripts.find(world.key, request)
        if script is None and self.recorded is not None and entry.recording is not None:
            said = self.recorded.say(request, entry)
            if isinstance(said, Refusal):
                raise Refused(said)
            if said is not None:
                return self._with_ids(said, request.model)
        if script is None:
            if self.stage.on_miss(world.key) == "error":
                entry.answered_by = "miss"
                report = miss.explain(self.scripts.seen_by(world.key), world.key, request)
                raise Refused(miss.refusal(report))
            entry.answered_by = "built-in"
            return self._with_ids(self._built_in(request), request.model)
        entry.answered_by = script.id
        scripted = script.take(world.key)
        if isinstance(scripted, Draft):
            scripted = self._filled(scripted, script, world, request)
        if isinstance(scripted, Refusal):
            raise Refused(scripted)
        if scripted.fault is not None:
            self._strike(request, entry, scripted.fault.at(script.used_by(world.key) - 1))
        if not scripted.choices:
            scripted = replace(scripted, choices=self._built_in(request).choices)
        return self._with_ids(scripted, request.model)

    def _built_in(self, request: ChatRequest) -> Reply:
        try:
            return builtin.answer(request, self._tokenizer(request.model))
        except ImpossibleSchemaError as impossible:
            raise Refused(self.errors.refuse("schema.impossible", reason=str(impossible))) from None

    def _filled(
        self, draft: Draft[Reply | Refusal], script: Script, world: World, request: ChatRequest
    ) -> Reply | Refusal:
        """A scripted reply with its holes filled. Raises `Refused` when they cannot be."""
        try:
            return draft.fill(
                request,
                now=self.clock(),
                use=script.used_by(world.key),
                counters=world.counters,
                variables=script.variables,
            )
        except (TemplateError, ScriptError) as error:
            raise Refused(miss.broken_template(f"{script.source or script.id}: {error}")) from None

    def _with_ids(self, reply: Reply, model: Model) -> Reply:
        """The reply with an id on every tool call."""
        if not any(call.id == "" for choice in reply.choices for call in choice.tool_calls):
            return reply
        return reply.with_tool_ids(lambda: self.ids.tool_call_id(model.family.tool_id_digits))

    def _render(
        self,
        request: ChatRequest,
        reply: Reply,
        usage: Usage,
        entry: Entry,
        *,
        blocked: Mapping[tuple[int, str], int] | None,
    ) -> Answer:
        if request.surface.native and search.wanted(request):
            reply = search.with_sources(request, reply)
        entry.reply, entry.usage = reply, usage
        self.book(entry, usage)
        envelope = Envelope(entry.request_id, int(entry.arrived))
        dialect = native if request.surface.native else compat
        if not request.stream:
            body = dialect.render_body(request, reply, usage, envelope)
            return self._whole(request, reply, entry, body)
        stream = dialect.render_stream(request, reply, usage, envelope, self._chunker(request.model))
        if blocked:
            entry.refusal = self.errors.refuse(moderation.OUTPUT)
            stream = moderation.cut(stream, blocked, entry.refusal, request, entry.request_id)
        answer = Answer(200, [], frames=stream.frames, entry=entry, tokens=stream.tokens, request=request)
        if reply.pace is not None:
            answer.delay = reply.pace.first_ms / 1000
            answer.due = schedule(stream.tokens, reply.pace)
        answer.headers = self._headers(self._set(request, "sse"), entry, request.model, delay=answer.delay)
        return answer

    def _whole(self, request: ChatRequest, reply: Reply, entry: Entry, body: bytes) -> Answer:
        answer = Answer(200, [], entry=entry)
        if reply.pace is not None and entry.usage is not None:
            due = schedule([1] * entry.usage.output, reply.pace)
            answer.delay = reply.pace.first_ms / 1000 + (due[-1] if due else 0.0)
        # A fault strikes the bytes of the JSON, not those of its compressed form.
        encoding, answer.body = encoded(body, request.headers if entry.fault is None else {})
        name = self._set(request, "json")
        answer.headers = self._headers(name, entry, request.model, delay=answer.delay, encoding=encoding)
        return answer

    @staticmethod
    def _set(request: ChatRequest, kind: str) -> str:
        if request.surface.native:
            return f"native-{kind}"
        return f"compat-{kind}" if request.model.family.compat_era == "2025" else f"compat-{kind}-2026"

    def _headers(
        self, name: str, entry: Entry, model: Model | None, *, delay: float = 0.0, encoding: bytes = b""
    ) -> Headers:
        entry.started = max(self.clock(), entry.arrived) + delay
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

    def book(self, entry: Entry, usage: Usage) -> None:
        """Enters what an exchange cost into its world's ledger."""
        account = entry.world.account(entry.model or "")
        account.requests += 1
        account.input_tokens += usage.input
        account.output_tokens += usage.output
        account.cached_tokens += usage.cached

    def _refuse(
        self, surface: Surface, entry: Entry, model: Model | None, headers: Mapping[str, str], *, stream: bool
    ) -> Answer:
        refusal = entry.refusal
        assert refusal is not None
        account = entry.world.account(entry.model or (model.name if model else ""))
        account.requests += 1
        account.refusals += 1
        if surface.native:
            rendered = render_native(refusal, entry.request_id, model, stream=stream)
        else:
            rendered = render_compat(refusal, entry.request_id, model, stream=stream)
        entry.status = rendered.status
        event(
            log,
            f"refused {entry.world.name} {surface.value}: {refusal.prefix + refusal.compat.message}",
            secret=bearer_key(headers),
            request_id=entry.request_id,
            key=entry.world.name,
            surface=surface.value,
            model=entry.model,
            code=refusal.native.code,
            status=refusal.status,
        )
        encoding, body = (b"", rendered.body) if rendered.sse else encoded(rendered.body, headers)
        name = _error_set(surface, rendered, model)
        answer = Answer(rendered.status, [], body=body, entry=entry)
        answer.headers = self._headers(name, entry, model, encoding=encoding)
        return answer


def _error_set(surface: Surface, rendered: RenderedError, model: Model | None) -> str:
    dialect = "native" if surface.native else "compat"
    if rendered.door:
        return f"{dialect}-door"
    new = not surface.native and model is not None and model.family.compat_era == "2026"
    return f"{dialect}-{'sse' if rendered.sse else 'json'}{'-2026' if new else ''}"
