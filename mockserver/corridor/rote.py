"""What is said by rote: a request that came before, word for word, is answered by one look-up of its bytes.

What becomes of a request follows from its bytes and from what the server was told: scripts, faults, quotas,
rules, words to look for. Of one to which the same was said a few times a `Lesson` is kept: what was read
and decided, and all bytes of the answer with holes for what each exchange has for itself. Whether a lesson
holds is asked each time, which is cheap: most of it is whether something is still the same object. When in
doubt a request goes its whole way. An exchange by rote is entered, counted and remembered like any other.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from mockserver.corridor.again import MARKS, Form, Holes, Said
from mockserver.corridor.answers import Answer, envelope_of
from mockserver.corridor.booking import Booking, Standing
from mockserver.corridor.engine import Engine
from mockserver.corridor.known import Lesson, Place, Read
from mockserver.corridor.speaker import BUILT_IN
from mockserver.dialects.rendering import Envelope
from mockserver.dialects.table import named
from mockserver.meter.caches import marked, prefixes_of
from mockserver.rules.past import heard
from mockserver.scripts.match import MatchError
from mockserver.scripts.script import Script
from mockserver.state import codec
from mockserver.state.journal import Entry
from mockserver.state.sent import SHOWN, OnWire, weight
from mockserver.state.worlds import World
from mockserver.talk.reply import Reply
from mockserver.wire.chunked import LAST, chunk, chunked
from mockserver.wire.encoding import packed
from mockserver.wire.headers import http_date
from mockserver.wire.template import Compiled

_ARRIVED, _STARTED = MARKS.created + 0.5, 7_912_345_678.25
"""Moments that no exchange has."""


def _values(request_id: str, arrived: float, started: float) -> dict[str, bytes]:
    """What each exchange has for itself in the bytes of its answer (`mockserver.wire.headers`)."""
    arrived_ms, started_ms = int(arrived * 1000), int(started * 1000)
    return {
        "id": request_id.encode(),
        "created": b"%d" % arrived,
        "arrived": b"%d" % arrived_ms,
        "started": b"%d" % started_ms,
        "cost": b"%d" % (started_ms - arrived_ms),
        "date": http_date(started_ms // 1000),
    }


def _told(request_id: str, arrived: float, started: float, sent: OnWire) -> dict[str, bytes]:
    """What each exchange has for itself in what others are told of it."""
    return {
        "id": request_id.encode(),
        "arrived": repr(arrived).encode(),
        "started": repr(started).encode(),
        "size": b"%d" % sent.size,
    }


_MARKS = _values(MARKS.request_id, _ARRIVED, _STARTED)
_HOLES = Holes(_MARKS)
_SIZE = 6_413_207_985
"""A size that no answer has."""
_TOLD = Holes(_told(MARKS.request_id, _ARRIVED, _STARTED, OnWire(b"", _SIZE)))
_SOONEST, _LATEST = 1_000_000_000, 10_000_000_000
"""The sizes of chunks are part of a lesson, so the second of an exchange has as many digits as the mark."""

Head = Callable[[Answer], bytes]
"""Writes the head of an answer whose body is in chunks."""


class Rote:
    """Answers by rote what it has learnt of an engine's exchanges; `head` is how HTTP begins an answer."""

    def __init__(self, engine: Engine, head: Head) -> None:
        self._engine = engine
        self._head = head

    def say(self, whole: bytes) -> bytes | None:
        """All bytes of the answer to a request, of which these are all bytes; None: it goes its whole way."""
        engine = self._engine
        lesson = engine.known.lessons.get(whole)
        if lesson is None or lesson.revision != engine.scripts.revision or not self._open():
            return None
        world = engine.worlds.known(lesson.read.key)
        if world is None or not self._holds(lesson, world):
            return None
        arrived = engine.clock()
        if not (_SOONEST <= arrived < _LATEST and self._finds(lesson, world)):
            return None
        if lesson.script is not None:
            lesson.script.count(world.key)
        world.past.remember(lesson.trail, lesson.heard)
        entry = self._entered(lesson, world, arrived)
        went, sent = _again(lesson, entry)
        entry.finished = engine.clock()
        engine.worlds.rest(world)
        engine.journal.ended(entry, sent)
        return went

    def book(self, whole: bytes) -> Booking | None:
        """The same where many engines are one server: the answer leaves when its exchange is booked.

        There all that `say` asks follows from what is defined, and it is booked as long as that holds.
        """
        engine = self._engine
        lesson = engine.known.lessons.get(whole)
        arrived = engine.clock()
        if lesson is None or lesson.standing is None or not _SOONEST <= arrived < _LATEST:
            return None
        request_id, started = engine.ids.request_id(), max(engine.clock(), arrived)
        values = _values(request_id, arrived, started)
        went, sent = _written(lesson, values, Envelope(request_id, int(arrived)))
        payload = lesson.standing.template.fill(_told(request_id, arrived, started, sent))
        _, headers, body = lesson.place
        return engine.keeping.book(lesson.standing, payload, b"".join((body, headers, went)), went)

    def _open(self) -> bool:
        """Whether nothing is there that has to be asked about each exchange."""
        engine = self._engine
        moderation = engine.moderation
        return not (
            engine.quotas
            or engine.faults
            or moderation.input
            or moderation.output
            or engine.recorded is not None
        )

    def _holds(self, lesson: Lesson, world: World) -> bool:
        """Whether the same is decided as when a lesson was learnt."""
        engine, read, script, key = self._engine, lesson.read, lesson.script, world.key
        if script is None:
            if engine.stage.on_miss(key) != BUILT_IN:
                return False
        elif script.answer(script.used_by(key)) is not lesson.says:
            return False
        return (
            read.policy is engine.door.policies.of(key)
            and read.trail(world.past) == lesson.trail
            and engine.stage.pace(key, read.request) is None
        )

    def _finds(self, lesson: Lesson, world: World) -> bool:
        """Whether a prompt finds the same in the context cache; then it leaves the same there."""
        prompt, model, prefixes = lesson.read.prompt, lesson.read.request.model, lesson.prefixes
        cache, now = self._engine.keeping.cache(world, model.name), self._engine.clock()
        if prefixes is None:
            return True
        found = cache.found(prompt, prefixes, block=model.family.cache_block, now=now)
        if found != lesson.said.cache:
            return False
        cache.leave(prefixes, now=now)
        return True

    def _entered(self, lesson: Lesson, world: World, arrived: float) -> Entry:
        """The exchange, booked, and entered into the journal."""
        engine, request = self._engine, lesson.read.request
        surface, headers, body = lesson.place
        entry = Entry(
            engine.ids.request_id(),
            world,
            surface.name,
            request.stream,
            body,
            arrived,
            request.model.name,
            answered_by=BUILT_IN if lesson.script is None else lesson.script.id,
            reply=lesson.reply,
            usage=lesson.said.usage,
            started=max(engine.clock(), arrived),
            headers=headers,
            size=lesson.size,
        )
        engine.book(entry, lesson.said.usage)
        engine.keeping.enter(entry, request.model.name)
        return entry

    def learn(self, whole: bytes, answer: Answer, went: bytes, *, board: int) -> None:
        """Keeps what these bytes were answered with, if that follows from them and from what is asked later.

        Without any it is not known which they were. It was asked when there was this `board`: what others
        changed since then the answer may not know.
        """
        engine, entry = self._engine, answer.entry
        assert entry is not None, "every chat has its entry"
        if not whole or board != engine.keeping.board or entry.findings or not self._open():
            return
        place = named(entry.surface), entry.headers, entry.body
        read = engine.known.find(place, engine.door.policies)
        # The same usage, not just one like it: it was said again, in its form.
        said = None if read is None else read.said
        if read is None or said is None or said.usage is not entry.usage or said.form is None or said.varies:
            return
        lesson = self._lesson(place, read, said, answer)
        if lesson is None:
            return
        if _again(lesson, entry)[0] == went:
            engine.known.lessons.put(whole, lesson)
        else:
            said.varies = True

    def _lesson(self, place: Place, read: Read, said: Said, answer: Answer) -> Lesson | None:
        """What is the same whenever the same is decided; None where that is not known."""
        engine, request, entry = self._engine, read.request, answer.entry
        assert entry is not None and entry.reply is not None, "it was answered"  # noqa: PT018
        if engine.faults.asked(read.key, request.headers):
            return None
        if marked(request, engine.vocabularies.tokenizer(request.model)) is not None:
            return None
        try:
            lasts, script = engine.scripts.lasting(read.key, request)
        except MatchError:
            return None
        says = None if script is None else _said_by(script, entry.reply)
        if not lasts or entry.answered_by != (BUILT_IN if script is None else script.id):
            return None
        if script is not None and says is None:
            return None
        trail = read.trail(entry.world.past)
        prefixes = None
        if read.prompt.text >= request.model.family.cache_minimum:
            prefixes = prefixes_of(read.prompt)
        template, form = self._template(entry, read, said)
        return Lesson(
            place=place,
            read=read,
            said=said,
            reply=entry.reply,
            script=script,
            says=says,
            revision=engine.scripts.revision,
            trail=trail,
            heard=heard(trail, entry.reply),
            prefixes=prefixes,
            size=entry.size,
            sent_size=answer.went().size,
            template=template,
            packed=form,
            standing=self._standing(entry, script, answer) if engine.keeping.shared else None,
        )

    def _standing(self, entry: Entry, script: Script | None, answer: Answer) -> Standing | None:
        """What others are told of an exchange; None where it is not to be said by rote."""
        sent = OnWire(b"", answer.went().size)
        if sent.size > SHOWN:
            return None
        entry = replace(entry, finished=entry.started)
        marked = replace(
            entry, request_id=MARKS.request_id, arrived=_ARRIVED, started=_STARTED, finished=_STARTED
        )
        template = _TOLD.template(codec.entered(marked, OnWire(b"", _SIZE))[0])
        filled = template.fill(_told(entry.request_id, entry.arrived, entry.started, sent))
        if filled != codec.entered(entry, sent)[0]:
            return None
        return self._engine.keeping.standing(entry, script, template)

    def _template(self, entry: Entry, read: Read, said: Said) -> tuple[Compiled, Form | None]:
        """The bytes of an answer with holes; of a packed one its head, and the form of what is packed."""
        form = said.form
        assert form is not None, "it was said again"
        like = self._engine.answers.again(
            form,
            read.request,
            said.reply,
            said.usage,
            replace(entry, request_id=MARKS.request_id, arrived=_ARRIVED),
            clock=lambda: _STARTED,
        )
        assert like is not None, "the marks fit"
        head = self._head(like)
        if any(name == b"content-encoding" for name, _ in like.headers):
            return _HOLES.template(head), form
        return _HOLES.template(head + chunked(like.frames or (like.body,)) + LAST), None


def _said_by(script: Script, reply: Reply) -> Reply | None:
    """What of a script a reply was made of; None where that is not sure, or not the same each time."""
    for says in script.answers:
        if says is reply or len(script.answers) == 1:
            return says if isinstance(says, Reply) and says.fault is None else None
    return None


def _again(lesson: Lesson, entry: Entry) -> tuple[bytes, OnWire]:
    """All bytes of the answer of an exchange, and what the journal keeps of them."""
    values = _values(entry.request_id, entry.arrived, entry.started)
    return _written(lesson, values, envelope_of(entry))


def _written(lesson: Lesson, values: Mapping[str, bytes], envelope: Envelope) -> tuple[bytes, OnWire]:
    """The same, of what its exchange has for itself, and of what stands around its answer."""
    went = lesson.template.fill(values)
    if lesson.packed is None:
        return went, OnWire(went, lesson.sent_size)
    body = packed(lesson.packed.body(envelope))
    went = b"".join((went, chunk(body), LAST))
    return went, OnWire(went, weight((body,)))
