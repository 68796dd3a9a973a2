"""The corridor: a request walks it in one direction, and its answer walks back.

    bytes - read - ChatRequest - rules - answer - Reply - meter - usage - render - bytes

Nothing here opens a socket. The clock and the identifiers are given, so that a test is told what to
expect.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from mockserver.answer import recognition, search, speech
from mockserver.answer.acts import with_acts
from mockserver.answer.moderation import INPUT, OUTPUT, Moderation
from mockserver.answer.wordlist import WordList
from mockserver.base.deadline import Timer, working_time
from mockserver.base.masking import mask, without_key
from mockserver.catalogue import errors as error_catalogue
from mockserver.catalogue import models as model_catalogue
from mockserver.catalogue.cutting import kept_of
from mockserver.catalogue.models import Model, Models
from mockserver.corridor.again import Said
from mockserver.corridor.answers import Answer, Answers, Clock, envelope_of
from mockserver.corridor.door import Door
from mockserver.corridor.keeping import Keeping
from mockserver.corridor.known import Asked, Known, Read
from mockserver.corridor.settings import Settings
from mockserver.corridor.showing import teach
from mockserver.corridor.speaker import Speaker
from mockserver.corridor.striking import spoil, strike
from mockserver.corridor.threads import Threads, size_of
from mockserver.corridor.work import LARGE, Steps, aside, at_once, pause, sized
from mockserver.dialects.table import dialect_of
from mockserver.meter.caches import CacheUse, marked
from mockserver.meter.logprobs import with_logprobs
from mockserver.meter.prompt import PromptTokens, prompt_tokens
from mockserver.meter.quotas import QuotaExceededError, Quotas
from mockserver.meter.tokenizer import LazyTokenizer
from mockserver.meter.usage import usage_of
from mockserver.meter.vocabularies import Vocabularies
from mockserver.rules import files, schemas
from mockserver.rules.past import Trail, heard
from mockserver.scenario.props import Room
from mockserver.scripts import miss
from mockserver.scripts.desk import Desk
from mockserver.scripts.match import MatchError
from mockserver.scripts.script import FILES, Scripts
from mockserver.scripts.stage import Stage
from mockserver.state import memory
from mockserver.state.journal import Entry, Journal
from mockserver.state.shelf import FILE, Shelf
from mockserver.state.worlds import World, Worlds
from mockserver.talk.refused import Refused
from mockserver.talk.reply import Raw, Reply, Usage
from mockserver.talk.request import ChatRequest
from mockserver.talk.surface import Surface, Trait
from mockserver.wire.ids import Ids
from mockserver.wire.incoming import key_of, packed

if TYPE_CHECKING:
    from mockserver.corridor.replay import Recorded
    from mockserver.scenario.document import Scenario

__all__ = ["Answer", "Engine"]

_LOGPROBS = 100
"""About how many times as long a reply is with the log probabilities of its tokens."""

_REPEATS = 400
"""Where each event repeats what was said, a reply takes as long as one of its characters squared by this."""

_PACKETS = 16
"""A fault may make a packet of each byte, which takes about so many times as long."""


def _bulk(request: ChatRequest, reply: Reply) -> int:
    """How long a reply is to who writes it, in characters."""
    size = reply.size
    if request.get("logprobs"):
        size *= _LOGPROBS
    return max(size, size * size // _REPEATS) if request.stream and request.cumulative else size


class Engine:
    """Everything that a server knows and does, without its sockets."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        tokenizer: LazyTokenizer | None = None,
        clock: Clock = time.time,
        timer: Timer = working_time,
        ids: Ids | None = None,
        models: Models | None = None,
    ) -> None:
        self.settings = settings or Settings()
        self.tokenizer = tokenizer or LazyTokenizer()
        self.vocabularies = Vocabularies(self.tokenizer)
        self.errors = error_catalogue.load()
        self.models = models or model_catalogue.load(self.settings.region)
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
        self.calls = Journal(entries=self.settings.journal)
        self.clock = clock
        self.ids = ids or Ids(self.settings.seed)
        self.keeping = Keeping(self.scripts, self.faults, self.quotas, self.journal, self.calls)
        self.speaker = Speaker(
            self.keeping, self.scripts, self.stage, self.errors, self.vocabularies, timer=timer
        )
        self.answers = Answers(
            self.errors,
            self.vocabularies,
            unbuffered=self.settings.unbuffered,
            region=self.settings.region,
        )
        self.known = Known()
        self.shelf = Shelf()
        self.threads = Threads(self.shelf, self.errors)

    def reset(self, key: str | None = None) -> None:
        """Forgets scripts, faults, journal, worlds, used quotas and what is kept: of one API key, or all."""
        self.scripts.clear(key)
        self.faults.clear(key)
        self.quotas.reset(key)
        if key is None:
            self.moderation = self._given_moderation()
        self.stage.clear(key)
        world = None if key is None else self.worlds.known(key)
        if key is None or world is not None:
            self.journal.reset(world)
            self.calls.reset(world)
        if self.recorded is not None:
            self.recorded.rewind(None if key is None else mask(key))
        self.worlds.reset(key)
        self.known.forget()
        self.shelf.reset(key)
        self.door.policies.reset(key)
        self.room.reset(key, FILES)

    def _given_moderation(self) -> Moderation:
        words = WordList(self.settings.block_words)
        return Moderation(words, words)

    def play(self, name: str | None, scenario: "Scenario") -> None:
        """Plays a scenario in the place of the one before: for a key, for all (None), or as `FILES`."""
        self.scripts.play(name, scenario.filed())
        self.stage.play(name, scenario.setting)
        self.room.play(name, scenario.props)

    def chat(
        self,
        surface: Surface,
        headers: Mapping[str, str],
        body: bytes,
        *,
        arrived: float,
    ) -> Answer:
        """The answer to a chat request. `arrived` is when it was there, in seconds since 1970."""
        return at_once(self.steps(surface, headers, body, arrived=arrived))

    def steps(
        self,
        surface: Surface,
        headers: Mapping[str, str],
        body: bytes,
        *,
        arrived: float,
        answers: Answers | None = None,
    ) -> Steps[Answer]:
        """The way to that answer: what of it may take long is a step, and it pauses between stretches.

        `answers` render it otherwise than their surface does.
        """
        entry = Entry(
            self.ids.request_id(),
            self.worlds.of(""),
            surface.name,
            dialect_of(surface).streams(headers, {}),
            body,
            arrived,
        )
        entry.headers = packed(headers)
        asked = Asked(entry, (surface, entry.headers, body), large=len(body) > LARGE)
        try:
            if self.keeping.shared:
                yield from self.keeping.current()
            # A large one is not kept, and to look for it would be to go through all of it.
            known = asked.known = None if asked.large else self.known.find(asked.place, self.door.policies)
            key = key_of(surface, headers) if known is None else known.key
            if known is None:
                keep = partial(without_key, body, key)
                entry.body = (yield from aside(keep)) if asked.large else keep()
            if self.recorded is not None:
                played = yield from self._played(surface, headers, body, entry)
                if played is not None:
                    return played
            entry.world = world = self.door.admit(key, headers)
            request, trail = yield from self._understood(asked, headers)
            yield pause
            if self.faults.asked(world.key, headers):
                match = partial(self.faults.matching, world.key, request)
                entered = (yield from aside(match)) if asked.large else match()
                strike(request, entry, (yield from self.keeping.drawn(entry, request, entered)))
            answer = yield from self._converse(asked, request, trail, answers or self.answers)
            yield pause
        except (Refused, MatchError) as ended:
            if isinstance(ended, Refused):
                entry.refusal, entry.findings = ended.refusal, entry.findings + ended.findings
            else:
                entry.refusal = miss.undecided(str(ended))
            answer = self.answers.refused(
                surface, entry, asked.model, headers, stream=entry.stream, clock=self.clock
            )
        except BaseException:
            if asked.admission is not None:
                asked.admission.free()
            self.keeping.lost(entry)
            raise
        self._enter(asked, answer)
        return answer

    def _enter(self, asked: Asked, answer: Answer) -> None:
        """Books what an answer cost, and enters the exchange into the journal."""
        entry = asked.entry
        if asked.admission is not None:
            asked.admission.spend(entry.usage.total if entry.usage else 0, now=self.clock())
            answer.admission = asked.admission
        if entry.findings:
            teach(entry)
        answer.thread = asked.thread
        self.keeping.enter(entry, None if asked.model is None else asked.model.name, answer)

    def _understood(self, asked: Asked, headers: Mapping[str, str]) -> Steps[tuple[ChatRequest, Trail]]:
        """The request, read and judged, and its trail; the entry has what was found. Raises `Refused`."""
        if asked.known is not None:
            request = asked.known.request
            asked.model, asked.entry.stream = request.model, request.stream
            if self.quotas:
                yield from self._admit(asked)
            return request, self._trail(asked.entry, asked.known)
        entry, (surface, _, body), parse = asked.entry, asked.place, self.door.parse
        data = (yield from aside(parse, body)) if asked.large else parse(body)
        entry.stream = dialect_of(surface).streams(headers, data)
        model = self.door.known(data, headers)
        if model is None:  # what is most like it is looked for among all
            model = yield from aside(self.door.model, surface, data, headers, entry.world)
        asked.model = model
        vocabulary = self.vocabularies.of(model)
        if not vocabulary.ready:
            yield from aside(vocabulary.get)
        if self.quotas:
            yield from self._admit(asked)
        if Trait.THREADS in surface.traits:
            asked.thread = self.keeping.thread(self.threads.find(entry.world, data, now=self.clock()))
            asked.large = asked.large or size_of(asked.thread.history) > LARGE
        yield pause
        fits = not asked.large and schemas.fits(f"{surface.name}.request", data)
        read = partial(self._read, asked, data, model, headers, fits=fits)
        return read() if fits else (yield from aside(read))  # to explain a no takes long

    def _trail(self, entry: Entry, read: Read) -> Trail:
        """The trail of a request in which nothing is found but in its history."""
        request = read.request
        entry.model = request.model.name
        trail = read.trail(entry.world.past)
        if trail.deviations:
            entry.findings = self.door.judge(request, entry.world, trail)
        return trail

    def _read(
        self, asked: Asked, data: Mapping[str, Any], model: Model, headers: Mapping[str, str], *, fits: bool
    ) -> tuple[ChatRequest, Trail]:
        entry, world = asked.entry, asked.entry.world
        request, entry.findings = self.door.read(asked.place[0], data, model, headers, world, fits=fits)
        entry.model, entry.stream = model.name, request.stream
        if asked.thread is not None:
            # What was recorded elsewhere goes on from what is not known here.
            lenient = entry.recording is not None
            said = data["input"]
            request = self.threads.recall(asked.thread, request, said, entry.request_id, lenient=lenient)
        trail = world.past.trace(request)
        entry.findings += self.door.judge(request, world, trail)
        if self._keeps_files and files.named(request):
            entry.findings += self.door.judge_files(request, world, partial(self._has_file, world))
        return request, trail

    @property
    def _keeps_files(self) -> bool:
        """Whether what is uploaded lies here: many servers keep none, recordings name those of elsewhere."""
        return not self.keeping.shared and self.recorded is None

    def _has_file(self, world: World, name: str) -> bool:
        return self.shelf.get(world, FILE, name, now=self.clock()) is not None

    def _played(
        self, surface: Surface, headers: Mapping[str, str], body: bytes, entry: Entry
    ) -> Steps[Answer | None]:
        """The recorded bytes that answer a request. Raises `Refused`."""
        assert self.recorded is not None
        answer = yield from self.recorded.answer(self, surface, headers, body, entry)
        if answer is not None:
            self.keeping.enter(entry, None)
        return answer

    def _admit(self, asked: Asked) -> Steps[None]:
        """Lets a request in that its quotas allow. Raises `Refused`."""
        assert asked.model is not None
        entry, model = asked.entry, asked.model.name
        entry.model = model
        try:
            asked.admission = yield from self.keeping.admitted(entry.world.key, model, now=self.clock())
        except QuotaExceededError as exceeded:
            raise Refused(self.errors.refuse(exceeded.refusal)) from None

    def ended(self, answer: Answer) -> None:
        """An answer is sent, or its client is gone: its world rests, and its quotas are free."""
        if answer.admission is not None:
            answer.admission.free()
        if answer.entry is not None:
            self.worlds.rest(answer.entry.world)
            self.keeping.ended(answer.entry, answer)

    def left(self, answer: Answer) -> None:
        """A client left before the end of a stream."""
        entry = answer.entry
        if entry is not None and answer.request is not None and answer.plan is None:
            found = self.door.watch(answer.request, entry.world, answer.sent, len(answer.frames))
            entry.findings += found
            teach(entry, found)

    def _converse(self, asked: Asked, sent: ChatRequest, trail: Trail, answers: Answers) -> Steps[Answer]:
        """Answers a valid request in its whole context, and remembers what is to be remembered."""
        entry, large, moderation = asked.entry, asked.large, self.moderation
        world = entry.world
        if moderation.input:
            look = partial(moderation.blocks, sent)
            if (yield from aside(look)) if large else look():
                raise Refused(self.errors.refuse(INPUT))
        tokenizer = self.vocabularies.tokenizer(sent.model)
        session_id = memory.session_id(sent)
        session = None if session_id is None else self.keeping.session(world, session_id)
        request = memory.recall(sent, session)
        known, alone = asked.known, session is None and request is sent and asked.thread is None
        prompt = known.prompt if known else (yield from self._counted(asked, request, alone=alone))
        prompt = self._weighed(request, entry, prompt)
        reply = yield from self._reply(world, request, entry, large=large)
        if reply.raw is not None:
            return self._raw(request, reply, reply.raw, entry, prompt.total)
        blocked = None
        if moderation.output:
            blocked = yield from sized(reply.size, moderation.places, request, reply)
        if blocked and not request.stream:
            raise Refused(self.errors.refuse(OUTPUT))
        # What is kept of a thread is all that was said before the reply, too.
        long = _bulk(request, reply) > LARGE or (large and asked.thread is not None)
        reply = entry.reply = self._accompanied(request, reply)
        marks = (yield from aside(marked, request, tokenizer)) if large else marked(request, tokenizer)
        yield pause
        left = self.keeping.cache(world, request.model.name)
        cache = left.use(request, prompt, marks, now=self.clock())
        write = partial(self._written, request, reply, asked, prompt, cache, blocked, answers)
        alike = answers is self.answers and not (blocked or asked.thread or request.get("logprobs"))
        given = partial(self._given, asked, request, reply, cache, write) if alike else write
        answer = (yield from aside(write)) if long else given()
        if not blocked and entry.fault is None:
            said = (yield from aside(heard, trail, reply)) if long else heard(trail, reply)
            self.keeping.remember(world, trail, said)
        if session is not None:
            memory.save(sent, reply, session, tokenizer)
        if asked.thread is not None and not blocked:
            self.threads.keep(world, asked.thread, now=self.clock())
        assert entry.usage is not None
        self.book(entry, entry.usage)
        if entry.fault is not None:
            strikes = partial(spoil, answer, entry, entry.fault, request, entry.usage)
            yield from sized(_bulk(request, reply) * _PACKETS, strikes)
        return answer

    def _counted(self, asked: Asked, request: ChatRequest, *, alone: bool) -> Steps[PromptTokens]:
        """What the prompt of a request costs.

        What was read of a small one is kept when nothing was found in it, not even its own key, it names no
        file, which may go, and its context is itself `alone`.
        """
        entry, tokenizer = asked.entry, self.vocabularies.tokenizer(request.model)
        count = partial(prompt_tokens, request, tokenizer)
        prompt = (yield from aside(count)) if asked.large else count()
        sound = not asked.large and not entry.findings and not files.named(request)
        if alone and sound and entry.body is asked.place[2]:
            key = entry.world.key
            self.known.keep(asked.place, Read(request, prompt, key, self.door.policies.of(key)))
        yield pause
        return prompt

    def _written(
        self,
        request: ChatRequest,
        reply: Reply,
        asked: Asked,
        prompt: PromptTokens,
        cache: CacheUse,
        blocked: Mapping[tuple[int, str], int] | None,
        answers: Answers,
    ) -> Answer:
        """A reply as it is sent, its usage counted."""
        entry, tokenizer = asked.entry, self.vocabularies.tokenizer(request.model)
        if request.get("logprobs"):
            # The journal does not show them, and they are a hundred times the text.
            reply = with_logprobs(request, reply, tokenizer)
        entry.usage = usage = usage_of(request, reply, tokenizer, prompt=prompt, cache=cache)
        if asked.thread is not None:
            asked.thread.answered(self.answers.body(request, reply, usage, envelope_of(entry)))
        return answers.rendered(request, reply, usage, entry, clock=self.clock, blocked=blocked)

    def _given(
        self, asked: Asked, request: ChatRequest, reply: Reply, cache: CacheUse, write: Callable[[], Answer]
    ) -> Answer:
        """The answer that `write` makes; what was said before is not counted and written anew."""
        answer = self._again(asked, request, reply, cache)
        if answer is None:
            answer = write()
            self._remember(asked, reply, cache, answer)
        return answer

    def _again(self, asked: Asked, request: ChatRequest, reply: Reply, cache: CacheUse) -> Answer | None:
        """The answer to a request that is known, where the same was said to it before; else None."""
        said = None if asked.known is None else asked.known.said
        if said is None or said.form is None or not said.same(reply, cache):
            return None
        answer = self.answers.again(said.form, request, reply, said.usage, asked.entry, clock=self.clock)
        if answer is not None:
            asked.entry.usage = said.usage
        return answer

    def _remember(self, asked: Asked, reply: Reply, cache: CacheUse, answer: Answer) -> None:
        """Remembers what was said to a request that is known; its form from the second time on."""
        read, usage = asked.known, asked.entry.usage
        if read is None or usage is None:
            return
        said = read.said
        if said is None or not said.same(reply, cache):
            read.said = Said(reply, cache, usage)
        elif not said.formless:
            said.form = self.answers.form(read.request, reply, usage, answer)
            said.formless = said.form is None
        self.known.grew(asked.place, read)

    def _weighed(self, request: ChatRequest, entry: Entry, prompt: PromptTokens) -> PromptTokens:
        """A prompt as the model is shown it: not too long, or cut. Raises `Refused`."""
        entry.findings += self.door.weigh(request, entry.world, prompt.total)
        return prompt.cut(kept_of(request.model)) if Trait.INPUT_CUT in request.surface.traits else prompt

    @staticmethod
    def _accompanied(request: ChatRequest, reply: Reply) -> Reply:
        """A reply with what stands beside its words: sources, what tools of the service did, notes, sound."""
        if Trait.SOURCES in request.surface.traits and search.wanted(request):
            reply = search.with_sources(request, reply)
        if request.get("built_in_tools"):
            reply = with_acts(request, reply)
        if request.model.task != "chat" and recognition.recognizes(request):
            reply = recognition.with_notes(request, reply)
        return speech.spoken(reply) if speech.wanted(request) else reply

    def _raw(self, request: ChatRequest, reply: Reply, raw: Raw, entry: Entry, prompt: int) -> Answer:
        """The answer of a raw reply: it costs nothing, and nothing of it is remembered."""
        entry.reply = reply
        account = entry.world.account(request.model.name)
        account.requests += 1
        account.refusals += raw.status >= HTTPStatus.BAD_REQUEST
        answer = self.answers.raw(request, reply, raw, entry, clock=self.clock)
        if entry.fault is not None:
            # A fault takes it for bytes, whatever a client asked for: what it holds may be of no form.
            spoil(answer, entry, entry.fault, replace(request, stream=False), Usage(prompt, 0))
        return answer

    def _reply(self, world: World, request: ChatRequest, entry: Entry, *, large: bool) -> Steps[Reply]:
        """What is said, with an id on every tool call and the pace of who plays. Raises `Refused`."""
        reply = yield from self.speaker.reply(
            world, request, entry, clock=self.clock, recorded=self.recorded, large=large
        )
        for choice in reply.choices:
            if choice.tool_calls:
                reply = self._with_ids(reply, request)
                break
        if reply.pace is None:
            pace = self.stage.pace(world.key, request)
            reply = reply if pace is None else replace(reply, pace=pace)
        return reply

    def _with_ids(self, reply: Reply, request: ChatRequest) -> Reply:
        """The reply with an id on every tool call."""
        if not any(call.id == "" for choice in reply.choices for call in choice.tool_calls):
            return reply
        prefix, digits = dialect_of(request.surface).call_ids(request, reply)
        return reply.with_tool_ids(lambda: self.ids.tool_call_id(digits, prefix=prefix))

    def book(self, entry: Entry, usage: Usage) -> None:
        """Enters what an exchange cost into its world's ledger."""
        account = entry.world.account(entry.model or "")
        account.requests += 1
        account.input_tokens += usage.input
        account.output_tokens += usage.output
        account.cached_tokens += usage.cached
